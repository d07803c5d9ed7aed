//! The exit codes of the process: one table, a documented interface; and which of them a run has.

use crate::outcome::{Counts, Outcome};

/// Everything went well.
pub const OK: u8 = 0;
/// Some host failed or timed out, or nobody knows what it did.
pub const FAILED: u8 = 1;
/// Usage, configuration and inventory errors, and outputs or journals that cannot be written.
pub const USAGE: u8 = 2;
/// No host failed, but some could not be reached or logged on to.
pub const UNREACHABLE: u8 = 3;
/// The targets are right, and nobody is left of them.
pub const NOBODY: u8 = 4;
/// A deadline, a budget or a reader ended the run before its last target.
pub const STOPPED: u8 = 5;
/// The user pressed Ctrl-C.
pub const SIGINT_CODE: u8 = 130;
/// SIGTERM, or the terminal went away.
pub const SIGTERM_CODE: u8 = 143;

/// What besides the counts decides the exit code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExitFacts {
    /// A part of the output could not be written.
    pub output_failed: bool,
    /// The run's journal could not be written.
    pub journal_failed: bool,
    /// A signal interrupted the run, and this is its exit code: 130 for Ctrl-C, 143 for SIGTERM.
    pub interrupted: Option<u8>,
    /// A deadline, a budget or a reader ended it before its last target.
    pub stopped_early: bool,
    /// `ok_with_errors` counts as failed.
    pub strict: bool,
    /// What the hosts did is forgiven (`--exit-zero`).
    pub exit_zero: bool,
    /// Hosts on which something is left running still have to end (`psfleet runs collect`).
    pub awaits_end: bool,
}

impl ExitFacts {
    /// 2, 130 or 143, 5, 1, 3, 0 in this order, where several apply: a caller who comes again as long as it is 5 learns
    /// only then what failed.
    pub fn code(&self, counts: &Counts) -> u8 {
        let any = |outcomes: &[Outcome]| outcomes.iter().any(|&outcome| counts.of(outcome) > 0);
        if self.output_failed || self.journal_failed {
            USAGE
        } else if let Some(code) = self.interrupted {
            code
        } else if self.stopped_early || (self.awaits_end && any(&[Outcome::Detached])) {
            STOPPED
        } else if self.exit_zero {
            OK
        } else if any(&[Outcome::Failed, Outcome::Timeout, Outcome::Lost, Outcome::Cancelled])
            || (self.strict && any(&[Outcome::OkWithErrors]))
        {
            FAILED
        } else if any(&[Outcome::Unreachable, Outcome::Auth, Outcome::Skipped]) {
            UNREACHABLE
        } else {
            OK
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
        let collecting = ExitFacts { awaits_end: true, ..plain };
        assert_eq!(code(&[Outcome::Ok, Outcome::Detached], plain), 0);
        assert_eq!(code(&[Outcome::Ok, Outcome::Detached], collecting), 5);
        assert_eq!(code(&[Outcome::Failed, Outcome::Unreachable, Outcome::Detached], collecting), 5);
        assert_eq!(code(&[Outcome::Failed, Outcome::Detached], ExitFacts { exit_zero: true, ..collecting }), 5);
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
        assert_eq!(code(&[Outcome::Ok], ExitFacts { output_failed: false, journal_failed: true, ..unwritten }), 2);
    }
}
