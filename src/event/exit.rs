//! The exit code of a run, a documented interface, decided in this one place.

use crate::outcome::{Counts, Outcome};

/// The user pressed Ctrl-C.
pub const SIGINT_CODE: u8 = 130;
/// SIGTERM, or the terminal went away.
pub const SIGTERM_CODE: u8 = 143;

/// What besides the counts decides the exit code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExitFacts {
    /// A part of the output could not be written.
    pub output_failed: bool,
    /// A signal interrupted the run, and this is its exit code: 130 for Ctrl-C, 143 for SIGTERM.
    pub interrupted: Option<u8>,
    /// A deadline, a budget or a reader ended it before its last target.
    pub stopped_early: bool,
    /// `ok_with_errors` counts as failed.
    pub strict: bool,
    /// What the hosts did is forgiven (`--exit-zero`).
    pub exit_zero: bool,
}

impl ExitFacts {
    /// 2, 130 or 143, 5, 1, 3, 0 in this order, where several apply.
    pub fn code(&self, counts: &Counts) -> u8 {
        let any = |outcomes: &[Outcome]| outcomes.iter().any(|&outcome| counts.of(outcome) > 0);
        if self.output_failed {
            2
        } else if let Some(code) = self.interrupted {
            code
        } else if self.stopped_early {
            5
        } else if self.exit_zero {
            0
        } else if any(&[Outcome::Failed, Outcome::Timeout, Outcome::Lost, Outcome::Cancelled])
            || (self.strict && any(&[Outcome::OkWithErrors]))
        {
            1
        } else if any(&[Outcome::Unreachable, Outcome::Auth, Outcome::Skipped]) {
            3
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(outcomes: &[Outcome], facts: ExitFacts) -> u8 {
        let mut counts = Counts::default();
        outcomes.iter().for_each(|&outcome| counts.add(outcome));
        facts.code(&counts)
    }

    #[test]
    fn the_worst_decides() {
        let plain = ExitFacts::default();
        assert_eq!(code(&[Outcome::Ok, Outcome::OkWithErrors], plain), 0);
        assert_eq!(code(&[Outcome::OkWithErrors], ExitFacts { strict: true, ..plain }), 1);
        assert_eq!(code(&[Outcome::Ok, Outcome::Unreachable], plain), 3);
        assert_eq!(code(&[Outcome::Auth, Outcome::Skipped], plain), 3);
        assert_eq!(code(&[Outcome::Skipped], plain), 3, "nothing was done there");
        assert_eq!(code(&[Outcome::Unreachable, Outcome::Lost], plain), 1);
        let early = ExitFacts { stopped_early: true, ..plain };
        assert_eq!(code(&[Outcome::Failed, Outcome::NotStarted], early), 5);
        assert_eq!(code(&[Outcome::Cancelled], ExitFacts { interrupted: Some(SIGINT_CODE), ..early }), 130);
    }

    #[test]
    fn what_hosts_did_is_forgiven_and_nothing_else() {
        let forgiving = ExitFacts { exit_zero: true, ..ExitFacts::default() };
        assert_eq!(code(&[Outcome::Failed, Outcome::Unreachable], forgiving), 0);
        assert_eq!(code(&[Outcome::Failed], ExitFacts { stopped_early: true, ..forgiving }), 5);
        assert_eq!(code(&[Outcome::Failed], ExitFacts { interrupted: Some(SIGTERM_CODE), ..forgiving }), 143);
        let unwritten = ExitFacts { output_failed: true, interrupted: Some(SIGINT_CODE), ..forgiving };
        assert_eq!(code(&[Outcome::Ok], unwritten), 2);
    }
}
