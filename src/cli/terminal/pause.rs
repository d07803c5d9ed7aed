//! The answer to the question at a pause of whoever sits at the terminal.

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::event::StepEnd;
use crate::fleet::{Interrupt, Step};

/// What answers there are.
pub(super) const ANSWERS: &str =
    "y goes on; n or Enter ends the run here, and psfleet runs resume goes on with it later";

/// Whether a question waits for an answer, and who wants it.
#[derive(Debug, Default)]
pub(super) struct Pause(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    asker: Option<mpsc::Sender<Interrupt>>,
    /// The steps of the run.
    steps: Vec<Step>,
    is_asked: bool,
}

impl Pause {
    /// Answers go to this run, which has these steps.
    pub(super) fn answers_to(&self, asker: mpsc::Sender<Interrupt>, steps: Vec<Step>) {
        let mut state = self.state();
        (state.asker, state.steps) = (Some(asker), steps);
    }

    /// The step that begins where this one has ended.
    pub(super) fn step_after(&self, end: &StepEnd) -> Option<Step> {
        self.state().steps.iter().find(|step| step.number > end.step).copied()
    }

    /// The question has been asked, or it has become pointless.
    pub(super) fn asked(&self, is_asked: bool) {
        self.state().is_asked = is_asked;
    }

    /// A line was typed, or `None`: nothing more will be. Returns whether it was for this question; one that is no
    /// answer leaves it open.
    pub(super) fn line(&self, line: Option<&str>) -> Said {
        let mut state = self.state();
        if !state.is_asked {
            return Said::Unasked;
        }
        let Some(answer) = line.map_or(Some(Interrupt::EndHere), answer) else { return Said::Unclear };
        state.is_asked = false;
        let asker = state.asker.clone();
        drop(state);
        // A run that is over needs no answer.
        asker.map(|asker| asker.blocking_send(answer));
        Said::Answered
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // A question that a panic left is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a line was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing was asked.
    Unasked,
    /// No answer to what was asked.
    Unclear,
    /// An answer.
    Answered,
}

/// What a line means as an answer.
fn answer(line: &str) -> Option<Interrupt> {
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Some(Interrupt::GoOn),
        "" | "n" | "no" => Some(Interrupt::EndHere),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a run hears of lines that are typed at its pause.
    fn heard(lines: &[Option<&str>]) -> (Vec<Said>, Vec<Interrupt>) {
        let (sender, mut receiver) = mpsc::channel(4);
        let pause = Pause::default();
        pause.answers_to(sender, Vec::new());
        pause.asked(true);
        let said = lines.iter().map(|line| pause.line(*line)).collect();
        drop(pause);
        (said, std::iter::from_fn(|| receiver.blocking_recv()).collect())
    }

    #[test]
    fn one_answer_is_heard() {
        for (line, expected) in [
            (Some("\n"), Interrupt::EndHere),
            (Some("y\n"), Interrupt::GoOn),
            (Some("Yes\r\n"), Interrupt::GoOn),
            (Some("n\n"), Interrupt::EndHere),
            (None, Interrupt::EndHere),
        ] {
            assert_eq!(heard(&[line, Some("\n")]), (vec![Said::Answered, Said::Unasked], vec![expected]), "{line:?}");
        }
        let (said, heard) = heard(&[Some("what?\n"), Some("y\n")]);
        assert_eq!((said, heard), (vec![Said::Unclear, Said::Answered], vec![Interrupt::GoOn]));
    }

    #[test]
    fn a_question_that_is_gone_takes_no_answer() {
        let pause = Pause::default();
        assert_eq!(pause.line(Some("y")), Said::Unasked);
        pause.asked(true);
        pause.asked(false);
        assert_eq!(pause.line(Some("y")), Said::Unasked);
    }
}
