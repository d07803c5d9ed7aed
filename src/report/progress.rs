//! The live state of a run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::slow::{Slow, Slowness};
use crate::event::{Finished, RunEvent, RunEventKind, RunHeader, Summary};
use crate::outcome::{Counts, Outcome};
use crate::target::TargetId;

/// What a run has done so far, folded from its events.
#[derive(Debug, Default)]
pub struct Progress {
    header: Option<Arc<RunHeader>>,
    running: BTreeMap<TargetId, Working>,
    stopping: bool,
    slowness: Slowness,
    counts: Counts,
    objects: u64,
    errors: u64,
}

#[derive(Debug)]
struct Working {
    since: Timestamp,
    attempt: u32,
    phase: Phase,
    /// What it last said of its own progress.
    remote: String,
}

/// How far a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is being connected to.
    Opening,
    /// Its pipeline runs.
    Running,
    /// It waits for its next attempt.
    Waiting,
    /// The run stops early, and this target with it.
    Stopping,
}

/// A target that has begun and has no outcome yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its name.
    pub host: String,
    /// Since its first attempt began.
    pub elapsed: Duration,
    /// The attempt under way, from 1.
    pub attempt: u32,
    /// How far it is.
    pub phase: Phase,
    /// What it last said of its own progress; empty if nothing.
    pub remote: String,
}

/// The events and the run's own summary disagree: a bug in psfleet that must not pass unseen.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the outcomes do not add up: {matched} targets matched, {counted} have an outcome in the summary, {seen} outcomes were seen; please report this"
)]
pub struct Mismatch {
    /// Targets of the run.
    pub matched: u64,
    /// Sum of the summary's counts.
    pub counted: u64,
    /// Outcomes among the events.
    pub seen: u64,
}

impl Progress {
    /// Takes the next event.
    pub fn apply(&mut self, event: &RunEvent) {
        match &event.kind {
            RunEventKind::RunStarted(header) => {
                self.header = Some(Arc::clone(header));
                header.done.iter().for_each(|(_, outcome)| self.counts.add(*outcome));
            }
            RunEventKind::TargetStarted { target, attempt } => {
                let phase = Phase::Opening;
                let started = Working { since: event.at, attempt: *attempt, phase, remote: String::new() };
                let working = self.running.entry(*target).or_insert(started);
                (working.attempt, working.phase) = (*attempt, Phase::Opening);
            }
            RunEventKind::TargetRunning { target } => self.enter(*target, Phase::Running),
            // What was left running is attached to, and begins nothing.
            RunEventKind::Record(record) => self.enter(record.target, Phase::Running),
            RunEventKind::AttemptFailed { target, .. } => self.enter(*target, Phase::Waiting),
            RunEventKind::TargetFinished(finished) => self.finish(finished),
            RunEventKind::RunStopping { .. } => self.stop(),
            RunEventKind::RecordsDue { .. }
            | RunEventKind::StepFinished(_)
            | RunEventKind::RunPaused(_)
            | RunEventKind::RunClosed { .. }
            | RunEventKind::RunFinished(_) => {}
        }
    }

    /// The run stops early. Told apart from its event, which may wait behind a slow reader.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    fn enter(&mut self, target: TargetId, phase: Phase) {
        if let Some(working) = self.running.get_mut(&target) {
            working.phase = phase;
        }
    }

    fn finish(&mut self, finished: &Finished) {
        self.running.remove(&finished.target);
        // Others never came to the script, or were told to end.
        if matches!(finished.outcome, Outcome::Ok | Outcome::OkWithErrors | Outcome::Failed) {
            self.slowness.ended(finished.duration);
        }
        self.counts.add(finished.outcome);
        self.objects = self.objects.saturating_add(finished.objects);
        self.errors = self.errors.saturating_add(finished.errors);
    }

    /// All targets of the run; 0 before it starts.
    pub fn target_count(&self) -> u64 {
        self.header.as_ref().map_or(0, |header| header.targets.len() as u64)
    }

    /// Targets that have their outcome, by outcome.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Objects that finished targets sent.
    pub fn objects(&self) -> u64 {
        self.objects
    }

    /// Error records that finished targets sent.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// How many targets are in a phase, whether they are being stopped or not.
    pub fn count(&self, phase: Phase) -> u64 {
        self.running.values().filter(|working| working.phase == phase).count() as u64
    }

    /// The targets that have begun and have no outcome yet, longest first.
    pub fn running(&self, now: Timestamp) -> Vec<Running> {
        let Some(header) = &self.header else { return Vec::new() };
        let mut running: Vec<_> = self
            .running
            .iter()
            .map(|(&target, working)| Running {
                host: header.host(target).to_owned(),
                elapsed: now.duration_since(working.since).try_into().unwrap_or_default(),
                attempt: working.attempt,
                phase: if self.stopping { Phase::Stopping } else { working.phase },
                remote: working.remote.clone(),
            })
            .collect();
        running.sort_by_key(|running| std::cmp::Reverse(running.elapsed));
        running
    }

    /// What a target says of its own progress.
    pub fn said(&mut self, target: TargetId, remote: String) {
        if let Some(working) = self.running.get_mut(&target) {
            working.remote = remote;
        }
    }

    /// Targets whose script runs for much longer than those of most took; each is named once, and few times any is.
    pub fn slow(&mut self, now: Timestamp) -> Option<Slow> {
        if self.stopping {
            return None;
        }
        let at_work = self.running.iter().filter(|(_, working)| working.phase == Phase::Running);
        let elapsed = |working: &Working| now.duration_since(working.since).try_into().unwrap_or_default();
        let at_work: Vec<_> = at_work.map(|(target, working)| (*target, elapsed(working))).collect();
        self.slowness.look(now, &at_work)
    }

    /// The name of a target; empty before the run starts.
    pub fn host(&self, target: TargetId) -> &str {
        self.header.as_ref().map_or("", |header| header.host(target))
    }

    /// Checks a run's own summary against what was seen: every target has exactly one outcome.
    ///
    /// # Errors
    /// [`Mismatch`] with the numbers.
    pub fn check(&self, summary: &Summary) -> Result<(), Mismatch> {
        let counted = summary.counts.total();
        let (matched, seen) = (summary.target_count, self.counts.total());
        if counted == matched && self.counts == summary.counts && self.running.is_empty() {
            Ok(())
        } else {
            Err(Mismatch { matched, counted, seen })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Phase, Progress};
    use crate::event::RunEventKind;
    use crate::outcome::{Outcome, Reason};
    use crate::output::testing::{Script, at};
    use crate::target::TargetId;

    #[test]
    fn follows_a_run() {
        let mut script = Script::new(&["web01", "web02"]);
        let mut progress = Progress::default();
        progress.apply(&script.started());
        progress.apply(&script.event(1, RunEventKind::TargetStarted { target: TargetId(1), attempt: 1 }));
        progress.apply(&script.event(2, RunEventKind::TargetStarted { target: TargetId(0), attempt: 1 }));
        progress.apply(&script.event(3, RunEventKind::TargetRunning { target: TargetId(0) }));
        let running = progress.running(at(5));
        let seen: Vec<_> = running.iter().map(|one| (one.host.as_str(), one.elapsed.as_secs(), one.phase)).collect();
        assert_eq!(seen, [("web02", 4, Phase::Opening), ("web01", 3, Phase::Running)]);

        progress.apply(&script.finished(0, Outcome::Ok));
        let counts = (progress.count(Phase::Running), progress.count(Phase::Opening), progress.counts().total());
        assert_eq!((counts, progress.target_count()), ((0, 1, 1), 2));
        assert_eq!(progress.running(at(0))[0].elapsed, Duration::ZERO);
        progress.apply(&script.event(4, RunEventKind::RunStopping { reason: Reason::Deadline }));
        assert_eq!(progress.running(at(5))[0].phase, Phase::Stopping);
    }

    #[test]
    fn outcomes_must_add_up() {
        let mut script = Script::new(&["web01", "web02"]);
        let mut progress = Progress::default();
        for event in [script.started(), script.finished(0, Outcome::Ok)] {
            progress.apply(&event);
        }
        let mismatch = progress.check(&script.summary()).unwrap_err();
        assert_eq!((mismatch.matched, mismatch.counted, mismatch.seen), (2, 1, 1));
        progress.apply(&script.finished(1, Outcome::Lost));
        assert_eq!(progress.check(&script.summary()), Ok(()));
    }
}
