//! The first proof of a credential is sent by one target alone: a wrong password must not lock an account.

use std::collections::HashMap;

use crate::target::TargetId;

/// Names a credential within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CredentialId(pub usize);

/// Whether a target may prove its credential now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Go,
    /// Another target is proving it, and no host has accepted it yet; ask again when that one has an answer.
    Wait,
    /// It was refused too often in this run and is not sent again.
    Tripped,
}

/// Why a credential is not sent any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trip {
    /// The target that refused it last.
    pub refused_by: TargetId,
    /// The refusals in a row by then.
    pub refusals: u32,
    /// A host had accepted it before.
    pub was_proven: bool,
}

/// Refusals in a row, without an acceptance between them, that trip a credential which a host has accepted: one host
/// may have another password, five of them mean that it was changed.
const PROVEN_LIMIT: u32 = 5;

/// Keeps the state of every credential of a run.
///
/// Until a host has accepted a credential, one target at a time proves it, and `limit` refusals trip it. From then on
/// all may, and a refusal is the affair of the host that refuses; only several in a row trip it.
#[derive(Debug)]
pub struct Gate {
    limit: u32,
    credentials: HashMap<CredentialId, State>,
}

#[derive(Debug, Default)]
struct State {
    proven: bool,
    proving: Option<TargetId>,
    /// Refusals since the last acceptance.
    refusals: u32,
    trip: Option<Trip>,
}

impl Gate {
    /// A gate that trips a credential which no host has accepted at its `limit`th refusal.
    pub fn new(limit: u32) -> Self {
        Self { limit: limit.max(1), credentials: HashMap::new() }
    }

    /// Whether a target may prove this credential; changes nothing.
    pub fn verdict(&self, credential: CredentialId) -> Verdict {
        match self.credentials.get(&credential) {
            Some(State { trip: Some(_), .. }) => Verdict::Tripped,
            Some(State { proven: false, proving: Some(_), .. }) => Verdict::Wait,
            _ => Verdict::Go,
        }
    }

    /// Why a credential is not sent any more, if it is not.
    pub fn trip(&self, credential: CredentialId) -> Option<Trip> {
        self.credentials.get(&credential)?.trip
    }

    /// A target proves the credential: after [`Verdict::Go`]. The caller owes one of the answers below.
    pub fn proves(&mut self, credential: CredentialId, target: TargetId) {
        let state = self.credentials.entry(credential).or_default();
        if !state.proven {
            state.proving = Some(target);
        }
    }

    /// A server has accepted it.
    pub fn accepted(&mut self, credential: CredentialId) {
        let state = self.credentials.entry(credential).or_default();
        state.proven = true;
        state.proving = None;
        state.refusals = 0;
    }

    /// A target's server has refused it.
    pub fn refused(&mut self, credential: CredentialId, target: TargetId) {
        let state = self.credentials.entry(credential).or_default();
        state.refusals += 1;
        let limit = if state.proven { self.limit.max(PROVEN_LIMIT) } else { self.limit };
        if state.refusals >= limit {
            let trip = Trip { refused_by: target, refusals: state.refusals, was_proven: state.proven };
            state.trip.get_or_insert(trip);
        }
        self.ended(credential, target);
    }

    /// The target's attempt has ended. If it was the one to prove it and has no answer, the next one may.
    pub fn ended(&mut self, credential: CredentialId, target: TargetId) {
        let state = self.credentials.entry(credential).or_default();
        if state.proving == Some(target) {
            state.proving = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADMIN: CredentialId = CredentialId(0);
    const A: TargetId = TargetId(0);
    const B: TargetId = TargetId(1);

    #[test]
    fn one_alone_until_accepted() {
        let mut gate = Gate::new(1);
        assert_eq!(gate.verdict(ADMIN), Verdict::Go);
        gate.proves(ADMIN, A);
        assert_eq!((gate.verdict(ADMIN), gate.verdict(CredentialId(1))), (Verdict::Wait, Verdict::Go));
        gate.ended(ADMIN, B);
        assert_eq!(gate.verdict(ADMIN), Verdict::Wait, "B was not the one to prove it");
        gate.ended(ADMIN, A);
        assert_eq!(gate.verdict(ADMIN), Verdict::Go);
        gate.proves(ADMIN, B);
        gate.accepted(ADMIN);
        gate.proves(ADMIN, A);
        assert_eq!(gate.verdict(ADMIN), Verdict::Go);
    }

    #[test]
    fn refusals_before_the_first_acceptance_trip_it() {
        let mut gate = Gate::new(2);
        gate.proves(ADMIN, A);
        gate.refused(ADMIN, A);
        assert_eq!((gate.verdict(ADMIN), gate.trip(ADMIN)), (Verdict::Go, None));
        gate.proves(ADMIN, B);
        assert_eq!(gate.verdict(ADMIN), Verdict::Wait);
        gate.refused(ADMIN, B);
        let trip = Trip { refused_by: B, refusals: 2, was_proven: false };
        assert_eq!((gate.verdict(ADMIN), gate.trip(ADMIN)), (Verdict::Tripped, Some(trip)));
    }

    /// What an accepted credential's answers end in: `+` is an acceptance, `-` a refusal.
    fn after(limit: u32, answers: &str) -> Verdict {
        let mut gate = Gate::new(limit);
        for answer in answers.chars() {
            gate.proves(ADMIN, A);
            if answer == '+' { gate.accepted(ADMIN) } else { gate.refused(ADMIN, A) }
        }
        gate.verdict(ADMIN)
    }

    #[test]
    fn refusals_of_a_proven_credential_are_the_hosts_own_until_five_in_a_row() {
        assert_eq!(after(1, "+----"), Verdict::Go);
        assert_eq!(after(1, "+-----"), Verdict::Tripped);
        assert_eq!(after(1, "+----+----+----"), Verdict::Go);
        assert_eq!(after(3, "--+----"), Verdict::Go, "those before the acceptance are forgotten");
        assert_eq!(after(8, "+-------"), Verdict::Go, "who allows more at first allows more later");
        assert_eq!(after(8, "+--------"), Verdict::Tripped);
    }

    #[test]
    fn a_late_acceptance_does_not_open_it_again() {
        assert_eq!(after(1, "-+"), Verdict::Tripped);
        assert_eq!(after(1, "+-----+"), Verdict::Tripped);
    }
}
