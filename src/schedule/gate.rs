//! Until a host has accepted a credential, one target after the other proves it: a wrong password must not lock an
//! account.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::target::TargetId;

/// Names a credential within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CredentialId(pub usize);

/// Whether a target may prove its credential now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Go,
    /// Another target is proving it, and no host has accepted it yet; ask again when that one has an answer, or, if
    /// there is a time, from then on.
    Wait(Option<Duration>),
    /// It was refused too often in this run and is not sent again.
    Tripped,
}

/// What an attempt's end says about its credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Nothing new: no proof was sent, or it was accepted.
    Settled,
    /// A proof was sent, and nobody knows what the server thinks of it.
    Unanswered,
    /// The server has refused it.
    Refused,
}

/// Why a credential is not sent any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trip {
    /// The target whose answer, or silence, was the last straw.
    pub last: TargetId,
    /// How often that had happened by then.
    pub count: u32,
    /// What had happened.
    pub cause: TripCause,
}

/// What trips a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TripCause {
    /// It was refused before any host had accepted it.
    NeverAccepted,
    /// It was refused several times in a row, after a host had accepted it.
    RefusedInARow,
    /// Several servers broke off or fell silent once it was sent, and none has accepted it.
    Unanswered,
}

/// Refusals in a row, without an acceptance between them, that trip a credential which a host has accepted: one host
/// may have another password, five of them mean that it was changed.
const PROVEN_LIMIT: u32 = 5;

/// Proofs without an answer that trip a credential which no host has accepted: each may have been a failed logon, of
/// which an account seldom has more than five.
const UNANSWERED_LIMIT: u32 = 3;

/// How long a server may take to answer a proof before another target may send one. Longer than a refusal takes, with
/// all delays that servers put before it, and shorter than hosts with a right password should wait for one that hangs.
pub const PROOF_PATIENCE: Duration = Duration::from_secs(5);

/// Proofs of a credential that may be without an answer at once: one that is overdue, and one more.
const OPEN_PROOFS: usize = 2;

/// Keeps the state of every credential of a run.
///
/// Until a host has accepted a credential, one target at a time proves it, and `limit` refusals trip it. A server that
/// takes a proof and hangs gives way to one other. Once a host has accepted it all may, and a refusal is the affair of
/// the host that refuses; only several in a row trip it.
#[derive(Debug)]
pub struct Gate {
    limit: u32,
    credentials: HashMap<CredentialId, State>,
}

#[derive(Debug, Default)]
struct State {
    proven: bool,
    /// Whose proofs are under way, each since when; the last came last.
    proving: Vec<(TargetId, Duration)>,
    /// Refusals since the last acceptance.
    refusals: u32,
    /// Proofs to which no answer will come.
    unanswered: u32,
    trip: Option<Trip>,
}

impl State {
    fn trip(&mut self, last: TargetId, count: u32, cause: TripCause) {
        self.trip.get_or_insert(Trip { last, count, cause });
    }
}

impl Gate {
    /// A gate that trips a credential which no host has accepted at its `limit`th refusal.
    pub fn new(limit: u32) -> Self {
        Self { limit: limit.max(1), credentials: HashMap::new() }
    }

    /// Whether a target may prove this credential; changes nothing.
    pub fn verdict(&self, credential: CredentialId, now: Duration) -> Verdict {
        let Some(state) = self.credentials.get(&credential) else { return Verdict::Go };
        let open = state.proving.len();
        match state.proving.last() {
            _ if state.trip.is_some() => Verdict::Tripped,
            // Each proof under way may be a further refusal in a row.
            _ if state.proven
                && state.refusals > 0
                && open + state.refusals as usize >= self.proven_limit() as usize =>
            {
                Verdict::Wait(None)
            }
            _ if state.proven => Verdict::Go,
            Some(_) if open >= OPEN_PROOFS => Verdict::Wait(None),
            Some((_, since)) if now < *since + PROOF_PATIENCE => Verdict::Wait(Some(*since + PROOF_PATIENCE)),
            _ => Verdict::Go,
        }
    }

    fn proven_limit(&self) -> u32 {
        self.limit.max(PROVEN_LIMIT)
    }

    /// Why a credential is not sent any more, if it is not.
    pub fn trip(&self, credential: CredentialId) -> Option<Trip> {
        self.credentials.get(&credential)?.trip
    }

    /// A target proves the credential: after [`Verdict::Go`]. The caller owes one of the answers below. Returns whether
    /// others have to wait for that answer.
    pub fn proves(&mut self, credential: CredentialId, target: TargetId, now: Duration) -> bool {
        let state = self.credentials.entry(credential).or_default();
        state.proving.push((target, now));
        !state.proven
    }

    /// The target's server has accepted it.
    pub fn accepted(&mut self, credential: CredentialId, target: TargetId) {
        let state = self.credentials.entry(credential).or_default();
        state.proven = true;
        state.proving.retain(|(one, _)| *one != target);
        (state.refusals, state.unanswered) = (0, 0);
    }

    /// The target's attempt has ended. If it was one to prove it, the next one may.
    pub fn ended(&mut self, credential: CredentialId, target: TargetId, proof: Proof) {
        let proven_limit = self.proven_limit();
        let state = self.credentials.entry(credential).or_default();
        let was_proving = state.proving.iter().any(|(one, _)| *one == target);
        state.proving.retain(|(one, _)| *one != target);
        match proof {
            Proof::Refused => {
                state.refusals += 1;
                let (limit, cause) = match state.proven {
                    true => (proven_limit, TripCause::RefusedInARow),
                    false => (self.limit, TripCause::NeverAccepted),
                };
                if state.refusals >= limit {
                    state.trip(target, state.refusals, cause);
                }
            }
            Proof::Unanswered if was_proving && !state.proven => {
                state.unanswered += 1;
                if state.unanswered >= self.limit.max(UNANSWERED_LIMIT) {
                    state.trip(target, state.unanswered, TripCause::Unanswered);
                }
            }
            Proof::Unanswered | Proof::Settled => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADMIN: CredentialId = CredentialId(0);
    const A: TargetId = TargetId(0);
    const B: TargetId = TargetId(1);
    const C: TargetId = TargetId(2);
    const T0: Duration = Duration::ZERO;

    #[test]
    fn one_alone_until_accepted() {
        let mut gate = Gate::new(1);
        let wait = Verdict::Wait(Some(PROOF_PATIENCE));
        assert_eq!(gate.verdict(ADMIN, T0), Verdict::Go);
        gate.proves(ADMIN, A, T0);
        assert_eq!((gate.verdict(ADMIN, T0), gate.verdict(CredentialId(1), T0)), (wait, Verdict::Go));
        gate.ended(ADMIN, B, Proof::Settled);
        assert_eq!(gate.verdict(ADMIN, T0), wait, "B was not the one to prove it");
        gate.ended(ADMIN, A, Proof::Settled);
        assert_eq!(gate.verdict(ADMIN, T0), Verdict::Go);
        gate.proves(ADMIN, B, T0);
        gate.accepted(ADMIN, B);
        gate.proves(ADMIN, A, T0);
        assert_eq!(gate.verdict(ADMIN, T0), Verdict::Go);
    }

    #[test]
    fn refusals_before_the_first_acceptance_trip_it() {
        let mut gate = Gate::new(2);
        gate.proves(ADMIN, A, T0);
        gate.ended(ADMIN, A, Proof::Refused);
        assert_eq!((gate.verdict(ADMIN, T0), gate.trip(ADMIN)), (Verdict::Go, None));
        gate.proves(ADMIN, B, T0);
        assert_eq!(gate.verdict(ADMIN, T0), Verdict::Wait(Some(PROOF_PATIENCE)));
        gate.ended(ADMIN, B, Proof::Refused);
        let trip = Trip { last: B, count: 2, cause: TripCause::NeverAccepted };
        assert_eq!((gate.verdict(ADMIN, T0), gate.trip(ADMIN)), (Verdict::Tripped, Some(trip)));
    }

    #[test]
    fn one_that_hangs_gives_way_to_one_other() {
        let mut gate = Gate::new(1);
        gate.proves(ADMIN, A, T0);
        let overdue = PROOF_PATIENCE;
        assert_eq!(gate.verdict(ADMIN, overdue), Verdict::Go);
        gate.proves(ADMIN, B, overdue);
        assert_eq!(gate.verdict(ADMIN, overdue * 9), Verdict::Wait(None), "two proofs are without an answer");
        gate.ended(ADMIN, A, Proof::Unanswered);
        assert_eq!(gate.verdict(ADMIN, overdue), Verdict::Wait(Some(overdue * 2)));
        gate.accepted(ADMIN, B);
        assert_eq!(gate.verdict(ADMIN, overdue), Verdict::Go);
    }

    #[test]
    fn three_without_an_answer_trip_it() {
        let mut gate = Gate::new(1);
        for target in [A, B, C] {
            gate.ended(ADMIN, target, Proof::Unanswered);
        }
        assert_eq!(gate.trip(ADMIN), None, "none of them was given leave to send it");
        for target in [A, B, C] {
            assert_eq!(gate.verdict(ADMIN, T0), Verdict::Go);
            gate.proves(ADMIN, target, T0);
            gate.ended(ADMIN, target, Proof::Unanswered);
        }
        let trip = Trip { last: C, count: 3, cause: TripCause::Unanswered };
        assert_eq!((gate.verdict(ADMIN, T0), gate.trip(ADMIN)), (Verdict::Tripped, Some(trip)));
    }

    /// What answers to a credential end in: `+` accepts, `-` refuses, `?` says nothing.
    fn after(limit: u32, answers: &str) -> Verdict {
        let mut gate = Gate::new(limit);
        for answer in answers.chars() {
            gate.proves(ADMIN, A, T0);
            match answer {
                '+' => gate.accepted(ADMIN, A),
                '-' => gate.ended(ADMIN, A, Proof::Refused),
                _ => gate.ended(ADMIN, A, Proof::Unanswered),
            }
        }
        gate.verdict(ADMIN, T0)
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
    fn after_a_refusal_few_proofs_are_under_way() {
        let mut gate = Gate::new(1);
        gate.proves(ADMIN, A, T0);
        gate.accepted(ADMIN, A);
        for place in 1..9 {
            assert_eq!(gate.verdict(ADMIN, T0), Verdict::Go);
            gate.proves(ADMIN, TargetId(place), T0);
        }
        gate.ended(ADMIN, TargetId(1), Proof::Refused);
        assert_eq!(gate.verdict(ADMIN, T0), Verdict::Wait(None), "seven more may be refused");
        for place in 2..6 {
            gate.ended(ADMIN, TargetId(place), Proof::Settled);
        }
        assert_eq!(gate.verdict(ADMIN, T0), Verdict::Go, "three of four");
        gate.proves(ADMIN, B, T0);
        assert_eq!(gate.verdict(ADMIN, T0), Verdict::Wait(None));
        gate.accepted(ADMIN, TargetId(6));
        assert_eq!(gate.verdict(ADMIN, T0), Verdict::Go);
    }

    #[test]
    fn silence_of_some_is_forgotten_once_it_is_proven() {
        assert_eq!(after(1, "??+????????"), Verdict::Go);
        assert_eq!(after(1, "??-"), Verdict::Tripped);
        assert_eq!(after(4, "???"), Verdict::Go, "who allows more refusals allows more silence");
        assert_eq!(after(4, "????"), Verdict::Tripped);
    }

    #[test]
    fn a_late_acceptance_does_not_open_it_again() {
        assert_eq!(after(1, "-+"), Verdict::Tripped);
        assert_eq!(after(1, "???+"), Verdict::Tripped);
        assert_eq!(after(1, "+-----+"), Verdict::Tripped);
    }
}
