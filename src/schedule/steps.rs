//! The steps of a run: so many targets at first, and more once these have their outcomes.

use super::Share;
use crate::target::TargetId;

/// A step of a run. The first ends before target `end`, each other begins where the one before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Its number among those that were asked for, from 1.
    pub number: usize,
    /// Targets of this step and all before it.
    pub end: usize,
    /// The run pauses after it.
    pub pauses: bool,
}

/// The steps of a run over so many targets, from the sizes of a ramp; a last one takes whoever is left. A step that
/// adds nobody is joined to the one before it.
pub fn ramp(sizes: &[Share], pauses: &[usize], targets: usize) -> Vec<Step> {
    let rest = (sizes.len() + 1, targets);
    let sizes = sizes.iter().enumerate().map(|(place, size)| (place + 1, size.of(targets).min(targets)));
    let mut steps: Vec<Step> = Vec::new();
    for (number, end) in sizes.chain([rest]) {
        let pauses = pauses.contains(&number);
        match steps.last_mut() {
            Some(last) if end <= last.end => last.pauses |= pauses,
            _ if end == 0 => {}
            _ => steps.push(Step { number, end, pauses }),
        }
    }
    steps
}

/// The steps of a run under way.
#[derive(Debug, Default)]
pub(super) struct Stepping {
    steps: Vec<Step>,
    /// The step under way.
    place: usize,
    state: State,
    /// The run has been taken up again behind the step under way: that answers its pause.
    is_resumed: bool,
}

/// What a step under way waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Its targets.
    #[default]
    Open,
    /// Whoever looks at what its targets have done.
    Checking,
    /// Leave to pause.
    Checked,
    /// Somebody who says to go on.
    Pausing,
}

/// What is due when all targets of a step have their outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// To look at what they have done.
    Check(Step),
    /// To wait until somebody says to go on.
    Pause(Step),
    /// Nothing new.
    Nothing,
}

impl Stepping {
    /// Steps whose first target without an outcome is this one.
    pub(super) fn new(steps: Vec<Step>, first: Option<TargetId>) -> Self {
        let reached = first.map_or(0, |first| steps.partition_point(|step| step.end <= first.index()));
        Self { steps, place: reached.saturating_sub(1), state: State::Open, is_resumed: reached > 0 }
    }

    /// Whether this target belongs to the step under way, or to one before it.
    pub(super) fn has_reached(&self, target: TargetId) -> bool {
        self.steps.get(self.place).is_none_or(|step| target.index() < step.end)
    }

    /// What is due now that every target that this step has reached has its outcome.
    pub(super) fn due(&mut self) -> Due {
        let Some(step) = self.steps.get(self.place).copied() else { return Due::Nothing };
        match self.state {
            State::Open => {
                self.state = State::Checking;
                Due::Check(step)
            }
            State::Checked => {
                self.state = State::Pausing;
                Due::Pause(step)
            }
            State::Checking | State::Pausing => Due::Nothing,
        }
    }

    /// What the targets of the step have done is fine.
    pub(super) fn passed(&mut self) {
        if self.state == State::Checking {
            let pauses = self.steps.get(self.place).is_some_and(|step| step.pauses);
            if pauses && !self.is_resumed { self.state = State::Checked } else { self.advance() }
        }
    }

    /// Somebody says to go on. Said at another time, it means nothing.
    pub(super) fn go_on(&mut self) {
        if self.state == State::Pausing {
            self.advance();
        }
    }

    fn advance(&mut self) {
        (self.place, self.state, self.is_resumed) = (self.place + 1, State::Open, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(sizes: &str, pauses: &[usize], targets: usize) -> Vec<(usize, usize, bool)> {
        let sizes: Vec<Share> = sizes.split(',').map(|size| size.parse().expect(size)).collect();
        ramp(&sizes, pauses, targets).iter().map(|step| (step.number, step.end, step.pauses)).collect()
    }

    #[test]
    fn a_ramp_is_cumulative_and_takes_everybody() {
        let expected = [(1, 1, false), (2, 5, true), (3, 40, false), (4, 200, false)];
        assert_eq!(steps("1,5,20%,100%", &[2], 200), expected);
        assert_eq!(steps("1,10%", &[1], 50), [(1, 1, true), (2, 5, false), (3, 50, false)], "the rest is a step");
    }

    #[test]
    fn steps_that_add_nobody_are_joined_to_those_before_them() {
        assert_eq!(steps("1,5,20%,100%", &[3], 10), [(1, 1, false), (2, 5, true), (4, 10, false)]);
        assert_eq!(steps("5,10", &[], 3), [(1, 3, false)]);
        assert_eq!(steps("5,10", &[], 0), []);
    }

    #[test]
    fn a_step_is_checked_before_it_pauses() {
        let step = |number, end, pauses| Step { number, end, pauses };
        let all = vec![step(1, 1, true), step(2, 3, false), step(3, 5, false)];
        let mut stepping = Stepping::new(all.clone(), Some(TargetId(0)));
        assert!(stepping.has_reached(TargetId(0)) && !stepping.has_reached(TargetId(1)));
        stepping.go_on();
        assert_eq!(stepping.due(), Due::Check(all[0]), "to go on means nothing before a pause");
        assert_eq!(stepping.due(), Due::Nothing);
        stepping.go_on();
        stepping.passed();
        assert_eq!([stepping.due(), stepping.due()], [Due::Pause(all[0]), Due::Nothing]);
        stepping.passed();
        assert!(!stepping.has_reached(TargetId(1)));
        stepping.go_on();
        assert!(stepping.has_reached(TargetId(2)) && !stepping.has_reached(TargetId(3)));
        assert_eq!(stepping.due(), Due::Check(all[1]));
        stepping.passed();
        assert!(stepping.has_reached(TargetId(4)), "without a pause it goes on at once");
    }

    #[test]
    fn taken_up_again_the_last_whole_step_is_checked_and_not_paused_after() {
        let step = |number, end, pauses| Step { number, end, pauses };
        let all = vec![step(1, 1, true), step(2, 3, true), step(3, 5, false)];
        let mut stepping = Stepping::new(all.clone(), Some(TargetId(1)));
        assert_eq!(stepping.due(), Due::Check(all[0]));
        stepping.passed();
        assert!(stepping.has_reached(TargetId(2)) && !stepping.has_reached(TargetId(3)));
        assert_eq!(stepping.due(), Due::Check(all[1]));
        stepping.passed();
        assert_eq!(stepping.due(), Due::Pause(all[1]), "this pause nobody has answered");
    }
}
