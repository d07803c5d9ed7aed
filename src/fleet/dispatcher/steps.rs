//! Between the steps of a run: checkpoints, pauses, and the end of a run that starts no others.

use std::ops::Range;
use std::sync::Arc;

use tokio::task::{JoinError, JoinHandle};
use uuid::Uuid;

use super::Dispatcher;
use crate::event::{RunEventKind, StepEnd};
use crate::outcome::{Outcome, Reason};
use crate::schedule::{Overrun, Spent, Step};
use crate::target::TargetId;

/// A checkpoint at work.
pub(super) struct Check {
    step: Step,
    answer: JoinHandle<Result<(), String>>,
}

/// What a checkpoint has said.
pub(super) type Answer = Result<Result<(), String>, JoinError>;

/// Waits for the answer of a checkpoint, if one is at work.
pub(super) async fn answer(check: Option<&mut Check>) -> Answer {
    match check {
        Some(check) => (&mut check.answer).await,
        None => std::future::pending().await,
    }
}

fn nobody(step: Step, run: Uuid, gated: bool) -> String {
    let goes_on = if gated { "has the gate look at them, and goes on if they pass" } else { "goes on all the same" };
    format!(
        "no host of step {} has ended well; once that is mended, psfleet run --rerun {run} runs the script there again; \
         psfleet runs resume {run} {goes_on}",
        step.number
    )
}

impl Dispatcher {
    /// All targets of a step have their outcome: a checkpoint looks at them, if there is one.
    pub(super) fn check(&mut self, step: Step) {
        let mut hosts = self.ended(step, Outcome::may_have_run);
        let is_from_before = |place: usize| self.spec.header.done.iter().any(|(target, _)| target.index() == place);
        let is_well = |outcome| matches!(outcome, Outcome::Ok | Outcome::OkWithErrors);
        if self.ended(step, is_well).is_empty() {
            if !self.of(step).all(is_from_before) {
                let why = nobody(step, self.spec.header.run, self.checkpoint.is_some());
                return self.checked(step, Err(why));
            }
            // Whoever goes on with a run has seen how its steps ended, and may have mended them: the gate looks.
            hosts = self.of(step).map(|place| TargetId(place as u32)).collect();
        }
        let Some(checkpoint) = self.checkpoint.clone() else { return self.checked(step, Ok(())) };
        let stop = self.stop.clone();
        let answer = tokio::spawn(async move { checkpoint.pass(hosts, stop).await });
        self.checking = Some(Check { step, answer });
    }

    /// The places of a step's targets.
    fn of(&self, step: Step) -> Range<usize> {
        let before = self.spec.brake.steps.iter().map(|step| step.end).take_while(|end| *end < step.end).last();
        before.unwrap_or(0)..step.end
    }

    /// The targets of a step with such outcomes.
    fn ended(&self, step: Step, is_meant: impl Fn(Outcome) -> bool) -> Vec<TargetId> {
        let is_one = |place: &usize| {
            let outcome = self.progress.get(*place).and_then(|progress| progress.outcome);
            outcome.is_some_and(|outcome| is_meant(self.judged(outcome)))
        };
        self.of(step).filter(is_one).map(|place| TargetId(place as u32)).collect()
    }

    /// The checkpoint at work has said whether the run may go on.
    pub(super) fn answered(&mut self, answer: Answer) {
        let Some(Check { step, .. }) = self.checking.take() else { return };
        let panicked = |_| Err("the gate panicked: this is a bug in psfleet; please report it".to_owned());
        let answer = answer.unwrap_or_else(panicked);
        if self.halted.is_none() {
            self.checked(step, answer);
        }
    }

    fn checked(&mut self, step: Step, answer: Result<(), String>) {
        self.emit(RunEventKind::StepFinished(StepEnd {
            refusal: answer.as_ref().err().cloned(),
            ..self.step_end(step)
        }));
        match answer {
            Ok(()) => self.schedule.passed(),
            Err(why) => {
                self.exit.stopped_early = true;
                self.close(Reason::Gate, &format!("the run ended after step {}: {why}", step.number));
            }
        }
    }

    fn step_end(&self, step: Step) -> StepEnd {
        let steps = self.spec.brake.steps.last().map_or(step.number, |last| last.number);
        StepEnd { step: step.number, steps, targets: step.end as u64, refusal: None }
    }

    /// The run pauses behind a step: somebody says whether it goes on, or it ends here.
    pub(super) fn pause(&mut self, step: Step) {
        if self.spec.attended {
            self.emit(RunEventKind::RunPaused(self.step_end(step)));
        } else {
            self.end_at_pause(&format!("the run paused after step {}", step.number));
        }
    }

    /// Nobody says to go on, or somebody says not to.
    pub(super) fn end_at_pause(&mut self, why: &str) {
        self.exit.stopped_early = true;
        self.close(Reason::Paused, why);
    }

    /// A budget is used up.
    pub(super) fn overrun(&mut self, overrun: Overrun) {
        self.exit.stopped_early = true;
        self.close(Reason::Budget, &words(overrun));
    }

    /// Starts no more and lets what is at work go on to its end.
    pub(super) fn close(&mut self, reason: Reason, why: &str) {
        if self.halted.is_none() {
            let at_work = self.progress.iter().filter(|progress| progress.is_at_work()).count() as u64;
            self.emit(RunEventKind::RunClosed { reason, message: why.to_owned(), at_work });
        }
        self.start_no_more(reason, why);
    }

    /// Starts no more: who waits has its outcome, and who is not at work yet is called back; `why` is what they say.
    pub(super) fn start_no_more(&mut self, reason: Reason, why: &str) {
        if self.halted.is_none() {
            self.halted = Some((reason, Arc::from(why)));
        }
        for (place, progress) in self.progress.iter().enumerate().filter(|(_, progress)| !progress.admitted) {
            if let Some(stop) = &progress.stop {
                let target = TargetId(place as u32);
                stop.cancel();
                self.questions.remove(&target);
                self.schedule.withdraw(target);
            }
        }
        for (target, attempts) in self.schedule.close() {
            self.not_started(target, attempts);
        }
    }
}

/// What a budget that is used up allows, and what came instead.
fn words(Overrun { spent, count, ended, limit }: Overrun) -> String {
    let (what, flag) = match spent {
        Spent::Failed => ("failed", "--max-fail"),
        Spent::Unreachable => ("could not be reached or logged on to", "--max-unreachable"),
    };
    let hosts = if ended == 1 { "host" } else { "hosts" };
    format!("{count} of {ended} {hosts} {what}, which is where {flag} {limit} ends the run")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overrun_names_its_flag() {
        let overrun = Overrun { spent: Spent::Failed, count: 1, ended: 1, limit: "1".parse().expect("a share") };
        assert_eq!(words(overrun), "1 of 1 host failed, which is where --max-fail 1 ends the run");
        let limit = "20%".parse().expect("a share");
        let said = words(Overrun { spent: Spent::Unreachable, count: 3, ended: 13, limit });
        assert!(said.starts_with("3 of 13 hosts could not be reached or logged on to,"), "{said}");
        assert!(said.ends_with("--max-unreachable 20% ends the run"), "{said}");
    }
}
