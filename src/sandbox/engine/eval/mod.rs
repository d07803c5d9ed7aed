//! Walks the tree: statements, expressions, pipelines, scopes.

mod access;
mod arguments;
mod assign;
mod automatic;
mod call;
mod called;
mod chain;
mod class_methods;
mod classes;
mod context;
mod defaults;
mod dns;
mod enumerator;
mod environment;
mod expression;
mod flow;
mod input;
mod intrinsics;
mod list_methods;
mod marks;
mod members;
mod methods;
mod own_functions;
mod parameters;
mod pipeline;
mod properties;
mod regexes;
mod scope;
mod script_stage;
mod splat;
mod statement;
mod statics;
mod statics_host;
mod statics_path;
mod statics_text;
mod streams;
mod strict;
mod validate;

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::Span;
use super::errors::{ErrorRecord, Place};
use super::pattern::Patterns;
use super::stack::StackGuard;
use super::value::Val;
use super::{Host, Machine, Runtime};

pub(super) use call::RawArg;
pub(super) use context::{Action, Context};
pub(super) use flow::{Collector, Discard, Flow, Run, Sink};
pub(super) use pipeline::{Cmdlet, Stage};
pub(super) use properties::properties;
pub(super) use scope::State;
pub(super) use script_stage::{invoke_script, script_command};
pub(super) use streams::ToClient;
pub(super) use strict::version_of as strict_version;

/// Steps of work that one invocation may take; some seconds of a busy loop.
const WORK_LIMIT: u64 = 60_000_000;

/// Scopes inside each other: some thousand, as Windows PowerShell bears them.
const DEEPEST: usize = 5000;

/// Calls that the stack of an error names.
const MOST_TRACED: usize = 100;

/// Bytes of text and lists that one invocation may make, all told; what it holds at once is less.
const MADE_LIMIT: u64 = 2 << 30;

/// One invocation while it runs.
pub(super) struct Evaluator<'r> {
    /// What never changes of the machine.
    pub(super) host: Host,
    pub(super) machine: Arc<Machine>,
    pub(super) state: &'r mut State,
    pub(super) runtime: &'r mut dyn Runtime,
    /// Values of using expressions by their text.
    pub(super) using: HashMap<String, Val>,
    pub(super) patterns: Patterns,
    /// Input of the invocation is still to come, for whoever asks for `$input`.
    unread_input: bool,
    /// `$_`
    pub(super) item: Val,
    /// The command that runs.
    pub(super) context: Arc<Context>,
    /// The text of the script that runs.
    source: Arc<str>,
    /// What `return` of the method that runs said.
    answer: Option<Val>,
    /// `try` blocks around; inside, every error ends its statement's whole block.
    try_depth: u32,
    /// Expandable strings around.
    text_depth: u32,
    /// How many lists of lists it calls a method of.
    list_depth: u32,
    /// A block runs in a scope that is not its own, as those of ForEach-Object do.
    is_inline: bool,
    last_succeeded: bool,
    pipelines: u64,
    work: u64,
    /// Bytes that were made.
    made: u64,
    /// How far work may go, of `finally` blocks behind the end.
    grace: Option<u64>,
    stack: StackGuard,
}

impl<'r> Evaluator<'r> {
    pub(super) fn new(
        machine: Arc<Machine>,
        state: &'r mut State,
        runtime: &'r mut dyn Runtime,
        using: HashMap<String, Val>,
    ) -> Self {
        let stack = StackGuard::of_stack(runtime.stack());
        Self {
            host: machine.host().clone(),
            machine,
            state,
            runtime,
            using,
            patterns: Patterns::default(),
            unread_input: false,
            item: Val::Null,
            context: Arc::default(),
            source: "".into(),
            answer: None,
            try_depth: 0,
            text_depth: 0,
            list_depth: 0,
            is_inline: false,
            last_succeeded: true,
            pipelines: 0,
            work: 0,
            made: 0,
            grace: None,
            stack,
        }
    }

    /// Counts work, and stops when there was too much of it, when the stack is used up, or when the client says so.
    pub(super) fn step(&mut self, cost: u64) -> Run<()> {
        let before = self.work;
        self.work += cost;
        let is_stopped = match self.grace {
            Some(end) => self.work > end,
            None => self.work >> 8 != before >> 8 && self.runtime.poll_stop().is_break(),
        };
        if is_stopped {
            return Err(Flow::Stopped);
        }
        if self.work > WORK_LIMIT && self.grace.is_none() {
            let message = "The sandbox limits the work of one pipeline; this script did too much.";
            return Err(Flow::limit(message));
        }
        if self.stack.is_low() || self.state.depth() > DEEPEST {
            // Nothing may go on with what a call did not give.
            let record = ErrorRecord::runtime("The script failed due to call depth overflow.", "CallDepthOverflow", 7);
            return Err(Flow::from(ErrorRecord { ends_script: true, ..record }));
        }
        Ok(())
    }

    /// Counts what was made, and stops when it was too much.
    pub(in super::super) fn made(&mut self, bytes: usize) -> Run<()> {
        self.made += bytes as u64;
        if self.made > MADE_LIMIT && self.grace.is_none() {
            let message =
                "The sandbox limits what one pipeline makes to 2 GiB of text and lists; this script made more.";
            return Err(Flow::limit(message));
        }
        Ok(())
    }

    /// Tells an error where it is, unless it knows.
    fn locate(&self, record: &mut ErrorRecord, place: impl FnOnce() -> Option<Arc<Place>>) {
        if record.place.is_none() {
            record.place = place();
        }
        if record.told.as_ref().is_none_or(|told| told.trace.is_none())
            && let Some(trace) = record.place.as_ref().and_then(|place| self.trace(place))
        {
            record.told.get_or_insert_default().trace = Some(trace);
        }
    }

    /// The calls around a place, innermost first, as PowerShell writes a stack; nothing if there is one alone.
    fn trace(&self, place: &Place) -> Option<Arc<str>> {
        let mut line = Some(place.line_and_column().0);
        let mut lines = Vec::new();
        let calls = self.state.frames.iter().rev().filter_map(|frame| frame.call.as_deref());
        for call in calls.take(MOST_TRACED) {
            let name = if call.name.is_empty() { "<ScriptBlock>" } else { &*call.name };
            lines.push(format!("at {name}, <No file>: line {}", line.unwrap_or(1)));
            line = call.context.place.as_ref().map(|place| place.line_and_column().0);
        }
        (lines.len() > 1).then(|| lines.join("\n").into())
    }

    fn place(&self, span: Span) -> Arc<Place> {
        Arc::new(Place { source: self.source.clone(), span })
    }
}
