//! The exit code of a run, a documented interface.

use crate::event::{Counts, Outcome};

/// What besides the counts decides the exit code.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Course {
    /// A signal interrupted the run, and this is its exit code: 130 for Ctrl-C, 143 for SIGTERM.
    pub interrupted: Option<u8>,
    /// A deadline, a budget or a reader ended it before its last target.
    pub stopped_early: bool,
    /// `ok_with_errors` counts as failed.
    pub strict: bool,
}

/// 130 or 143, 5, 1, 3, 0 in this order, where several apply.
pub(super) fn exit_code(counts: &Counts, course: Course) -> u8 {
    let any = |outcomes: &[Outcome]| outcomes.iter().any(|&outcome| counts.of(outcome) > 0);
    if let Some(code) = course.interrupted {
        code
    } else if course.stopped_early {
        5
    } else if any(&[Outcome::Failed, Outcome::Timeout, Outcome::Lost, Outcome::Cancelled])
        || (course.strict && any(&[Outcome::OkWithErrors]))
    {
        1
    } else if any(&[Outcome::Unreachable, Outcome::Auth]) {
        3
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(outcomes: &[Outcome], course: Course) -> u8 {
        let mut counts = Counts::default();
        outcomes.iter().for_each(|&outcome| counts.add(outcome));
        exit_code(&counts, course)
    }

    #[test]
    fn the_worst_decides() {
        let plain = Course::default();
        assert_eq!(code(&[Outcome::Ok, Outcome::OkWithErrors], plain), 0);
        assert_eq!(code(&[Outcome::OkWithErrors], Course { strict: true, ..plain }), 1);
        assert_eq!(code(&[Outcome::Ok, Outcome::Unreachable], plain), 3);
        assert_eq!(code(&[Outcome::Auth, Outcome::Skipped], plain), 3);
        assert_eq!(code(&[Outcome::Unreachable, Outcome::Lost], plain), 1);
        assert_eq!(code(&[Outcome::Failed, Outcome::NotStarted], Course { stopped_early: true, ..plain }), 5);
        assert_eq!(code(&[Outcome::Cancelled], Course { interrupted: Some(130), stopped_early: true, ..plain }), 130);
    }
}
