//! First use of a credential on one host alone: a wrong password must not lock an account.

use std::collections::HashMap;

use crate::target::TargetId;

/// Names a credential within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CredentialId(pub usize);

/// Whether a target may use its credential now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Go,
    /// Another target is trying it for the first time; ask again when that one has an answer.
    Wait,
    /// It was refused too often in this run and is not tried again.
    Tripped,
}

/// Keeps the state of every credential of a run.
#[derive(Debug)]
pub struct Gate {
    limit: u32,
    credentials: HashMap<CredentialId, State>,
}

#[derive(Debug, Default)]
struct State {
    proven: bool,
    trying: Option<TargetId>,
    refusals: u32,
}

impl Gate {
    /// A gate that trips a credential at its `limit`th refusal.
    pub fn new(limit: u32) -> Self {
        Self { limit: limit.max(1), credentials: HashMap::new() }
    }

    /// Whether a target with this credential may start. After [`Verdict::Go`] for a credential that is not proven the
    /// caller owes one of the answers below.
    pub fn ask(&mut self, credential: CredentialId, target: TargetId) -> Verdict {
        let limit = self.limit;
        let state = self.credentials.entry(credential).or_default();
        if state.refusals >= limit {
            Verdict::Tripped
        } else if state.proven {
            Verdict::Go
        } else if state.trying.is_some() {
            Verdict::Wait
        } else {
            state.trying = Some(target);
            Verdict::Go
        }
    }

    /// A server has accepted it.
    pub fn accepted(&mut self, credential: CredentialId) {
        let state = self.credentials.entry(credential).or_default();
        state.proven = true;
        state.trying = None;
    }

    /// A server has refused it.
    pub fn refused(&mut self, credential: CredentialId) {
        let state = self.credentials.entry(credential).or_default();
        state.refusals += 1;
        state.trying = None;
        // What another host accepted may be wrong here; from now on one at a time again.
        state.proven = false;
    }

    /// The target has ended. If it was the one to try and has no answer (unreachable), the next one tries.
    pub fn ended(&mut self, credential: CredentialId, target: TargetId) {
        let state = self.credentials.entry(credential).or_default();
        if state.trying == Some(target) {
            state.trying = None;
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
        assert_eq!(gate.ask(ADMIN, A), Verdict::Go);
        assert_eq!(gate.ask(ADMIN, B), Verdict::Wait);
        assert_eq!(gate.ask(CredentialId(1), B), Verdict::Go);
        gate.ended(ADMIN, B);
        assert_eq!(gate.ask(ADMIN, B), Verdict::Wait);
        gate.ended(ADMIN, A);
        assert_eq!(gate.ask(ADMIN, B), Verdict::Go);
        gate.accepted(ADMIN);
        assert_eq!((gate.ask(ADMIN, A), gate.ask(ADMIN, B)), (Verdict::Go, Verdict::Go));
    }

    #[test]
    fn refusals_trip_it() {
        let mut gate = Gate::new(2);
        assert_eq!(gate.ask(ADMIN, A), Verdict::Go);
        gate.refused(ADMIN);
        assert_eq!((gate.ask(ADMIN, B), gate.ask(ADMIN, A)), (Verdict::Go, Verdict::Wait));
        gate.refused(ADMIN);
        assert_eq!(gate.ask(ADMIN, A), Verdict::Tripped);
    }
}
