//! Events as they are kept: all but records, which are chunks.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{Finished, RunEventKind, StepEnd, Summary};
use crate::exit::ExitFacts;
use crate::left_shell::LeftShell;
use crate::outcome::{Counts, Outcome, Reason};
use crate::target::TargetId;

use super::error::Error;

/// An event between the begin of a run and its end, besides records and outcomes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum KeptEvent {
    Started {
        target: u32,
        attempt: u32,
    },
    Running {
        target: u32,
    },
    Failed {
        target: u32,
        attempt: u32,
        reason: Reason,
        message: String,
        retry_ms: u64,
    },
    Stepped(StepEnd),
    Paused(StepEnd),
    Closed {
        reason: Reason,
        message: String,
        #[serde(default)]
        at_work: u64,
    },
    Stopping {
        reason: Reason,
    },
}

impl KeptEvent {
    /// The form in which an event is kept; `None` for those that are kept elsewhere.
    pub(super) fn of(kind: &RunEventKind) -> Option<Self> {
        Some(match kind {
            RunEventKind::TargetStarted { target, attempt } => Self::Started { target: target.0, attempt: *attempt },
            RunEventKind::TargetRunning { target } => Self::Running { target: target.0 },
            RunEventKind::AttemptFailed { target, attempt, reason, message, retry_in } => Self::Failed {
                target: target.0,
                attempt: *attempt,
                reason: *reason,
                message: message.clone(),
                retry_ms: millis(*retry_in),
            },
            RunEventKind::StepFinished(end) => Self::Stepped(end.clone()),
            RunEventKind::RunPaused(end) => Self::Paused(end.clone()),
            RunEventKind::RunClosed { reason, message, at_work } => {
                Self::Closed { reason: *reason, message: message.clone(), at_work: *at_work }
            }
            RunEventKind::RunStopping { reason } => Self::Stopping { reason: *reason },
            RunEventKind::RunStarted(_)
            | RunEventKind::Record(_)
            | RunEventKind::RecordsDue { .. }
            | RunEventKind::TargetFinished(_)
            | RunEventKind::RunFinished(_) => return None,
        })
    }

    /// The event again.
    pub(super) fn kind(self) -> RunEventKind {
        match self {
            Self::Started { target, attempt } => RunEventKind::TargetStarted { target: TargetId(target), attempt },
            Self::Running { target } => RunEventKind::TargetRunning { target: TargetId(target) },
            Self::Failed { target, attempt, reason, message, retry_ms } => RunEventKind::AttemptFailed {
                target: TargetId(target),
                attempt,
                reason,
                message,
                retry_in: Duration::from_millis(retry_ms),
            },
            Self::Stepped(end) => RunEventKind::StepFinished(end),
            Self::Paused(end) => RunEventKind::RunPaused(end),
            Self::Closed { reason, message, at_work } => RunEventKind::RunClosed { reason, message, at_work },
            Self::Stopping { reason } => RunEventKind::RunStopping { reason },
        }
    }
}

/// How a target ended, besides its number and its outcome.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptEnd {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth: Option<String>,
    attempts: u32,
    micros: u64,
    errors: u64,
    objects: u64,
    #[serde(default, skip_serializing_if = "is_false")]
    shell_may_remain: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<Box<LeftShell>>,
}

impl From<&Finished> for KeptEnd {
    fn from(end: &Finished) -> Self {
        Self {
            reason: end.reason,
            message: end.message.clone(),
            hint: end.hint.clone(),
            exit_code: end.exit_code,
            auth: end.auth.clone(),
            attempts: end.attempts,
            micros: micros(end.duration),
            errors: end.errors,
            objects: end.objects,
            shell_may_remain: end.shell_may_remain,
            left: end.left.clone(),
        }
    }
}

impl KeptEnd {
    /// The end again.
    pub(super) fn finished(self, target: TargetId, outcome: Outcome) -> Finished {
        Finished {
            target,
            outcome,
            reason: self.reason,
            message: self.message,
            hint: self.hint,
            exit_code: self.exit_code,
            auth: self.auth,
            attempts: self.attempts,
            duration: Duration::from_micros(self.micros),
            errors: self.errors,
            objects: self.objects,
            shell_may_remain: self.shell_may_remain,
            left: self.left,
        }
    }
}

/// How a run, or a part of it, ended.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptSummary {
    /// Of each outcome that occurs.
    counts: Vec<(Outcome, u64)>,
    micros: u64,
    #[serde(default)]
    shells_left: Vec<u32>,
    #[serde(default)]
    interrupted: Option<u8>,
    #[serde(default)]
    stopped_early: bool,
    #[serde(default)]
    output_failed: bool,
    #[serde(default)]
    strict: bool,
    #[serde(default)]
    exit_zero: bool,
    #[serde(default)]
    awaits_end: bool,
}

impl From<&Summary> for KeptSummary {
    fn from(summary: &Summary) -> Self {
        let ExitFacts { output_failed, journal_failed: _, interrupted, stopped_early, strict, exit_zero, awaits_end } =
            summary.exit;
        Self {
            counts: summary.counts.iter().filter(|&(_, count)| count > 0).collect(),
            micros: micros(summary.duration),
            shells_left: summary.shells_left.iter().map(|target| target.0).collect(),
            interrupted,
            stopped_early,
            output_failed,
            strict,
            exit_zero,
            awaits_end,
        }
    }
}

impl KeptSummary {
    /// The summary again.
    pub(super) fn summary(self, run: Uuid, target_count: u64) -> Arc<Summary> {
        let mut counts = Counts::default();
        self.counts.iter().for_each(|&(outcome, count)| counts.add_many(outcome, count));
        Arc::new(Summary {
            run,
            counts,
            target_count,
            duration: Duration::from_micros(self.micros),
            exit: ExitFacts {
                output_failed: self.output_failed,
                // What could not be written is not kept.
                journal_failed: false,
                interrupted: self.interrupted,
                stopped_early: self.stopped_early,
                strict: self.strict,
                exit_zero: self.exit_zero,
                awaits_end: self.awaits_end,
            },
            shells_left: self.shells_left.into_iter().map(TargetId).collect(),
        })
    }
}

/// JSON that we made.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::damaged)
}

/// JSON that we made, unless somebody else has been there.
pub(super) fn of_json<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(Error::damaged)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this form")]
fn is_false(value: &bool) -> bool {
    !value
}
