//! Ways out of a statement, and ways for objects.

use std::sync::Arc;

use super::super::errors::ErrorRecord;
use super::super::ops::MAX_ITEMS;
use super::super::value::Val;
use super::Evaluator;

/// Why evaluation does not simply go on.
#[derive(Debug)]
pub(in super::super) enum Flow {
    Break(Option<Arc<str>>),
    Continue(Option<Arc<str>>),
    Return,
    Exit(i32),
    /// A terminating error.
    Throw(Box<ErrorRecord>),
    /// A command of a pipeline has what it wants; which one is filled in on the way.
    StopUpstream(Option<(u64, usize)>),
    /// The client stopped the pipeline.
    Stopped,
}

pub(in super::super) type Run<T> = Result<T, Flow>;

impl From<ErrorRecord> for Flow {
    fn from(record: ErrorRecord) -> Self {
        Self::Throw(Box::new(record))
    }
}

impl Flow {
    /// As an error of a cmdlet: its id names the class behind a comma.
    pub(in super::super) fn of_command(self, name: &str) -> Self {
        match self {
            Self::Throw(record) => Self::Throw(Box::new(record.of_class(&super::super::cmdlets::class(name)))),
            other => other,
        }
    }

    /// An error that no script can go on after.
    pub(super) fn limit(message: &str) -> Self {
        let record = ErrorRecord::new("System.InvalidOperationException", message, "SandboxLimit", 29);
        Self::from(ErrorRecord { ends_script: true, ..record })
    }
}

/// Where output goes.
pub(in super::super) trait Sink {
    /// Takes one object.
    fn put(&mut self, evaluator: &mut Evaluator<'_>, value: Val) -> Run<()>;
}

/// Keeps everything.
#[derive(Default)]
pub(in super::super) struct Collector(pub(in super::super) Vec<Val>);

impl Sink for Collector {
    fn put(&mut self, evaluator: &mut Evaluator<'_>, value: Val) -> Run<()> {
        evaluator.step(1)?;
        if self.0.len() >= MAX_ITEMS {
            return Err(super::super::ops::too_big("list").into());
        }
        evaluator.made(24 + if let Val::Str(text) = &value { text.len() } else { 0 })?;
        self.0.push(value.stored());
        Ok(())
    }
}

/// Drops everything.
pub(in super::super) struct Discard;

impl Sink for Discard {
    fn put(&mut self, _evaluator: &mut Evaluator<'_>, _value: Val) -> Run<()> {
        Ok(())
    }
}
