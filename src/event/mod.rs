//! The closed list of what can happen in a run: the contract between the run side and the reading side.
//!
//! Events carry numbers and names, never finished sentences; every sink, the store and the terminal are fed from
//! this one list.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exit::ExitFacts;
use crate::left_shell::LeftShell;
use crate::outcome::{Counts, Outcome, Reason};
use crate::record::Record;
use crate::target::{Target, TargetId, TargetSnapshot};

/// Something that happened in a run.
#[derive(Debug, Clone)]
pub struct RunEvent {
    /// Place among the events that a reader is given: it rises with each of them.
    pub seq: u64,
    /// When it happened, on this machine's clock.
    pub at: Timestamp,
    /// What happened.
    pub kind: RunEventKind,
}

/// What can happen in a run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RunEventKind {
    /// The run begins; always the first event.
    RunStarted(Arc<RunHeader>),
    /// An attempt on a target begins.
    TargetStarted {
        /// Which target.
        target: TargetId,
        /// 1 for the first attempt.
        attempt: u32,
    },
    /// A target's pool is open and its pipeline starts.
    TargetRunning {
        /// Which target.
        target: TargetId,
    },
    /// A target sent an object.
    Record(Record),
    /// Whoever attempts a target must know that all its records so far are kept: for the journal alone, no reader gets it.
    RecordsDue {
        /// Which target.
        target: TargetId,
    },
    /// An attempt failed on a connection fault and will be repeated.
    AttemptFailed {
        /// Which target.
        target: TargetId,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Stable code of the cause.
        reason: Reason,
        /// The cause in words.
        message: String,
        /// Time until the next attempt.
        retry_in: Duration,
    },
    /// All targets up to the end of a step have their outcome, and it is known whether others may start.
    StepFinished(StepEnd),
    /// The run pauses behind a step until somebody says whether it goes on.
    RunPaused(StepEnd),
    /// Nothing starts any more; what is at work goes on to its end.
    RunClosed {
        /// Why: a budget, a gate, a pause.
        reason: Reason,
        /// The cause in words.
        message: String,
        /// How many targets have leave to go on at their hosts, and do.
        at_work: u64,
    },
    /// The run stops early: nothing starts any more, and what is at work is being stopped. At most once.
    RunStopping {
        /// Why: the user, a deadline, or readers that want no more.
        reason: Reason,
    },
    /// A target has its outcome; exactly once for each target of the header.
    TargetFinished(Finished),
    /// The run ends; always the last event.
    RunFinished(Arc<Summary>),
}

/// What a run is, known before its first target starts.
#[derive(Debug)]
pub struct RunHeader {
    /// The run's name for ever: a UUIDv7.
    pub run: Uuid,
    /// Every matched target, in inventory order; [`TargetId`] is the index.
    pub targets: Vec<Arc<Target>>,
    /// Targets that have their outcome from an earlier part of this run: they count, and are left alone.
    pub done: Vec<(TargetId, Outcome)>,
    /// Others that were lost in an earlier part and run once more: until their turn comes, that is what they are.
    pub lost: Vec<TargetId>,
}

impl RunHeader {
    /// The header of a run that begins with its first target.
    pub fn new(run: Uuid, targets: Vec<Arc<Target>>) -> Self {
        Self { run, targets, done: Vec::new(), lost: Vec::new() }
    }

    /// The targets without their secrets, in the same order: what may be kept of them.
    pub fn snapshot(&self) -> Vec<TargetSnapshot> {
        self.targets.iter().map(|target| TargetSnapshot::from(&**target)).collect()
    }

    /// The name of a target as the user addressed it.
    pub fn host(&self, target: TargetId) -> &str {
        &self.targets[target.index()].name
    }
}

/// The end of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepEnd {
    /// Its number, from 1.
    pub step: usize,
    /// The number of the last step.
    pub steps: usize,
    /// Targets of this step and those before it.
    pub targets: u64,
    /// Why no others may start; `None` where they may.
    pub refusal: Option<String>,
}

/// How a target ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Which target.
    pub target: TargetId,
    /// The one outcome.
    pub outcome: Outcome,
    /// Stable code of the cause; `None` for `ok`.
    pub reason: Option<Reason>,
    /// Host, cause and next step in words; empty for `ok`.
    pub message: String,
    /// What to do about it, apart from the message.
    pub hint: Option<String>,
    /// The script's exit code, if it called `exit`.
    pub exit_code: Option<i32>,
    /// What proved the user to the host, by the name that people use (`Kerberos`, `NTLM`); `None` where nobody logged
    /// on, or an earlier session was used.
    pub auth: Option<String>,
    /// Attempts begun; 0 if it never started.
    pub attempts: u32,
    /// From the first attempt's begin to the end; zero if it never started.
    pub duration: Duration,
    /// Records written to the error stream.
    pub errors: u64,
    /// Objects written to the output stream.
    pub objects: u64,
    /// Our shell may still be open on the target: it was asked for, and its end could not be confirmed.
    pub shell_may_remain: bool,
    /// Of a target that was left running: how to attach to it.
    pub left: Option<Box<LeftShell>>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The run.
    pub run: Uuid,
    /// Targets by outcome, in the order of [`Outcome::ALL`].
    pub counts: Counts,
    /// All matched targets; equals the sum of `counts`.
    pub target_count: u64,
    /// From start to end.
    pub duration: Duration,
    /// What besides the counts decides the exit code.
    pub exit: ExitFacts,
    /// The targets whose shell may still be open, in inventory order.
    pub shells_left: Vec<TargetId>,
}

impl Summary {
    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        self.exit.code(&self.counts)
    }
}
