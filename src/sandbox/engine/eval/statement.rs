//! Statements.

use std::sync::Arc;

use super::super::ast::{Block, Expr, ExprKind, Foreach, Loop, Span, Statement, Subject, Switch, SwitchMode, Try};
use super::super::convert::{cast, text, truth};
use super::super::errors::{ErrorRecord, Exception};
use super::super::ops;
use super::super::types::TypeRef;
use super::super::value::Val;
use super::{Action, Collector, Discard, Evaluator, Flow, RawArg, Run, Sink, Stage};

/// Steps of work for the `finally` blocks of a pipeline that was stopped, or did too much.
const GRACE: u64 = 200_000;

/// What a loop does after its body.
enum Next {
    Again,
    Leave,
}

impl Evaluator<'_> {
    pub(super) fn block(&mut self, block: &[Statement], out: &mut dyn Sink) -> Run<()> {
        if block.iter().any(|statement| matches!(statement, Statement::Enum(_) | Statement::Class(_))) {
            self.define_types(block)?;
        }
        if block.iter().any(|statement| matches!(statement, Statement::Trap { .. })) {
            return self.trapped_block(block, out);
        }
        for statement in block {
            self.statement_reporting(statement, out)?;
        }
        Ok(())
    }

    /// Runs a statement; an error that ends only the statement is reported, and the script goes on.
    pub(super) fn statement_reporting(&mut self, statement: &Statement, out: &mut dyn Sink) -> Run<()> {
        let done = self.statement(statement, out);
        self.reporting(done, span_of(statement))
    }

    /// Takes the error that ended a statement, unless it ends more.
    pub(super) fn reporting(&mut self, done: Run<()>, span: Option<Span>) -> Run<()> {
        let Err(Flow::Throw(mut record)) = done else { return done };
        self.last_succeeded = false;
        self.locate(&mut record, || span.map(|span| self.place(span)));
        if record.ends_script || self.try_depth > 0 {
            return Err(Flow::Throw(record));
        }
        match self.preference("erroractionpreference") {
            Some(Action::Stop) => Err(ErrorRecord { ends_script: true, ..*record }.into()),
            Some(Action::Ignore) => Ok(()),
            Some(Action::SilentlyContinue) => {
                self.keep_error(&record)?;
                self.state.remember_error(Val::Error(Arc::new(*record)));
                Ok(())
            }
            _ => {
                self.keep_error(&record)?;
                self.report(*record)
            }
        }
    }

    pub(super) fn statement(&mut self, statement: &Statement, out: &mut dyn Sink) -> Run<()> {
        self.step(1)?;
        match statement {
            Statement::Pipeline(pipeline) => self.pipeline(pipeline, out),
            Statement::Chain { first, rest } => self.chain(first, rest, out),
            Statement::Assign(assign) => self.assign(assign).map(drop),
            Statement::If { clauses, otherwise } => {
                for (condition, block) in clauses {
                    if self.condition(condition)? {
                        return self.block(block, out);
                    }
                }
                otherwise.as_ref().map_or(Ok(()), |block| self.block(block, out))
            }
            Statement::Loop(inner) => self.run_loop(inner, out),
            Statement::Foreach(inner) => self.foreach(inner, out),
            Statement::Switch(inner) => self.switch(inner, out),
            Statement::Try(inner) => self.try_statement(inner, out),
            // Known since the block began.
            Statement::Trap { .. } | Statement::Enum(_) | Statement::Class(_) => Ok(()),
            Statement::Answer(value) => {
                let value = value.as_deref().map_or(Ok(Val::Void), |value| self.value_of(value))?;
                self.answer = Some(value);
                Err(Flow::Return)
            }
            Statement::Data { name: None, body } => self.block(body, out),
            Statement::Data { name: Some(name), body } => {
                let mut collector = Collector::default();
                self.block(body, &mut collector)?;
                self.set_local(name, Val::of_outputs(collector.0).stored());
                Ok(())
            }
            Statement::Throw { value, span } => self.throw(value.as_deref(), *span),
            Statement::Return(value) => {
                if let Some(value) = value {
                    self.statement(value, out)?;
                }
                Err(Flow::Return)
            }
            Statement::Exit(value) => {
                let value = value.as_deref().map_or(Ok(Val::Null), |value| self.value_of(value))?;
                let code = cast(&value, &TypeRef::named("System.Int32")).ok().and_then(|code| code.as_int());
                Err(Flow::Exit(code.unwrap_or(0) as i32))
            }
            Statement::Break(label) => Err(Flow::Break(label.clone())),
            Statement::Continue(label) => Err(Flow::Continue(label.clone())),
            Statement::Function { name, script } => {
                for alias in &script.binding.aliases {
                    self.state.aliases.insert(alias.to_lowercase().into(), name.clone());
                }
                self.define_function(name, script.clone());
                Ok(())
            }
        }
    }

    /// A statement's output as one value.
    pub(super) fn value_of(&mut self, statement: &Statement) -> Run<Val> {
        if let Some(expr) = statement.as_expression()
            && !matches!(expr.kind, ExprKind::SubExpr(_))
        {
            return self.eval(expr);
        }
        let mut collector = Collector::default();
        self.statement(statement, &mut collector)?;
        Ok(Val::of_outputs(collector.0))
    }

    fn condition(&mut self, statement: &Statement) -> Run<bool> {
        Ok(truth(&self.value_of_or_assigned(statement)?))
    }

    /// The value of a statement, as [`Self::value_of`] finds it; an assignment counts as what it assigned.
    pub(super) fn value_of_or_assigned(&mut self, statement: &Statement) -> Run<Val> {
        match statement {
            Statement::Assign(assign) => self.assign(assign),
            other => self.value_of(other),
        }
    }

    fn run_loop(&mut self, inner: &Loop, out: &mut dyn Sink) -> Run<()> {
        if let Some(init) = &inner.init {
            self.statement(init, &mut Discard)?;
        }
        let mut test = !inner.body_first;
        loop {
            self.step(1)?;
            if test
                && let Some(condition) = &inner.condition
                && self.condition(condition)? == inner.negated
            {
                return Ok(());
            }
            test = true;
            if matches!(self.loop_body(&inner.body, inner.label.as_ref(), out)?, Next::Leave) {
                return Ok(());
            }
            if let Some(step) = &inner.step {
                self.statement(step, &mut Discard)?;
            }
        }
    }

    fn foreach(&mut self, inner: &Foreach, out: &mut dyn Sink) -> Run<()> {
        let items = match self.value_of_or_assigned(&inner.items)? {
            Val::Null => Val::Void,
            other => other,
        };
        self.with_enumerator("foreach", items, |evaluator, walk| {
            while let Some(item) = walk.next()? {
                evaluator.step(1)?;
                evaluator.set_loop_variable(&inner.variable, item)?;
                if matches!(evaluator.loop_body(&inner.body, inner.label.as_ref(), out)?, Next::Leave) {
                    break;
                }
            }
            Ok(())
        })
    }

    fn loop_body(&mut self, body: &Block, label: Option<&Arc<str>>, out: &mut dyn Sink) -> Run<Next> {
        let is_mine = |wanted: &Option<Arc<str>>| wanted.is_none() || wanted.as_ref() == label;
        match self.block(body, out) {
            Ok(()) => Ok(Next::Again),
            Err(Flow::Continue(wanted)) if is_mine(&wanted) => Ok(Next::Again),
            Err(Flow::Break(wanted)) if is_mine(&wanted) => Ok(Next::Leave),
            Err(other) => Err(other),
        }
    }

    fn switch(&mut self, inner: &Switch, out: &mut dyn Sink) -> Run<()> {
        let subject = match &inner.subject {
            Subject::Value(subject) => self.value_of_or_assigned(subject)?,
            Subject::File(path) => {
                let path = self.eval(path)?;
                Val::array(self.lines_of(path)?)
            }
        };
        self.with_enumerator("switch", subject.stored(), |evaluator, walk| {
            let around = evaluator.item.clone();
            while let Some(item) = walk.next()? {
                evaluator.item = item.clone();
                let next = evaluator.switch_item(inner, &item, out);
                evaluator.item = around.clone();
                if matches!(next?, Next::Leave) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// The lines of a file.
    fn lines_of(&mut self, path: Val) -> Run<Vec<Val>> {
        let mut context = super::Context::default();
        let stop = RawArg::Parameter("ErrorAction".into(), Some(Val::str("Stop")));
        let command = self.named("Get-Content", vec![RawArg::Value(path), stop], &mut context)?;
        let mut lines = Collector::default();
        let done = self.run_stages(&mut [Stage::new(command, context, None)], &mut lines, false, |_, _| Ok(()));
        match done {
            // It ends the statement, as other errors do.
            Err(Flow::Throw(record)) => Err(ErrorRecord { ends_script: false, ..*record }.into()),
            done => done.map(|()| lines.0),
        }
    }

    fn switch_item(&mut self, inner: &Switch, item: &Val, out: &mut dyn Sink) -> Run<Next> {
        let mut found = false;
        for (case, block) in &inner.cases {
            self.step(1)?;
            if !self.case_matches(inner, case, item)? {
                continue;
            }
            found = true;
            self.item = item.clone();
            match self.block(block, out) {
                Ok(()) => {}
                Err(Flow::Continue(None)) => return Ok(Next::Again),
                Err(Flow::Break(label)) if label.is_none() || label == inner.label => return Ok(Next::Leave),
                Err(other) => return Err(other),
            }
        }
        match &inner.default {
            Some(block) if !found => self.loop_body(block, inner.label.as_ref(), out),
            _ => Ok(Next::Again),
        }
    }

    fn case_matches(&mut self, inner: &Switch, case: &Expr, item: &Val) -> Run<bool> {
        let pattern = self.eval(case)?;
        if let Val::Script(script) = &pattern {
            return Ok(truth(&self.run_inline(script)?));
        }
        let case_sensitive = inner.case_sensitive;
        Ok(match inner.mode {
            // Texts are compared, whatever the values are: `$true` is neither 1 nor 'yes'.
            SwitchMode::Exact if pattern.is_null() => item.is_null(),
            SwitchMode::Exact => ops::compare_texts(&text(item), &text(&pattern), case_sensitive).is_eq(),
            SwitchMode::Wildcard => self.patterns.like(&text(item), &text(&pattern), case_sensitive)?,
            SwitchMode::Regex => {
                let regex = self.patterns.regex(&text(&pattern), case_sensitive)?;
                let matched = super::super::pattern::matches(&regex, &text(item))?;
                matched.map(|matches| self.set_local("matches", matches)).is_some()
            }
        })
    }

    fn try_statement(&mut self, inner: &Try, out: &mut dyn Sink) -> Run<()> {
        let frames = self.state.frames.len();
        let context = self.context.clone();
        // Without a catch block errors pass as if there were no try.
        let depth = u32::from(!inner.catches.is_empty());
        self.try_depth += depth;
        let mut done = self.block(&inner.body, out);
        self.try_depth -= depth;
        self.state.frames.truncate(frames);
        self.context = context;
        if let Err(Flow::Throw(record)) = done {
            done = self.catch(inner, record, out);
        }
        let Some(finally) = &inner.finally else { return done };
        if matches!(&done, Err(Flow::Stopped))
            || matches!(&done, Err(Flow::Throw(record)) if &*record.id == "SandboxLimit")
        {
            // Nothing more but this, and not for long.
            self.grace.get_or_insert(self.work + GRACE);
            return self.block(finally, out).and(done);
        }
        self.block(finally, out)?;
        done
    }

    fn catch(&mut self, inner: &Try, record: Box<ErrorRecord>, out: &mut dyn Sink) -> Run<()> {
        if &*record.id == "SandboxLimit" {
            return Err(Flow::Throw(record));
        }
        let taken = taken(&record, inner.catches.iter().map(|(types, _)| types.as_slice()));
        let Some((place, exception)) = taken else { return Err(Flow::Throw(record)) };
        let block = &inner.catches[place].1;
        let record = ErrorRecord { ends_script: false, ends_function: false, ..*record };
        self.state.remember_error(Val::Error(Arc::new(record.clone())));
        let around = std::mem::replace(&mut self.item, Val::Error(Arc::new(record.taken_as(exception))));
        let done = self.block(block, out);
        self.item = around;
        done
    }

    fn throw(&mut self, value: Option<&Statement>, span: Span) -> Run<()> {
        let is_bare = value.is_none();
        let value = match value {
            Some(value) => self.value_of(value)?,
            None => match &self.item {
                // A bare throw in a catch block throws the same error again.
                Val::Error(_) => self.item.clone(),
                _ => Val::str("ScriptHalted"),
            },
        };
        let mut record = match &value {
            Val::Error(record) => {
                let exception = record.around.clone().filter(|_| is_bare).unwrap_or_else(|| record.exception.clone());
                ErrorRecord { exception, ends_script: true, around: None, ..(**record).clone() }
            }
            Val::Exception(exception) => {
                ErrorRecord { exception: exception.clone(), ..ErrorRecord::runtime("", "", 14) }
            }
            other => ErrorRecord::runtime(text(other), "", 14).with_target(other.clone().stored()),
        };
        if record.id.is_empty() {
            record.id = record.message().clone();
        }
        record.ends_script = true;
        record.is_thrown = true;
        record.place.get_or_insert_with(|| self.place(span));
        Err(record.into())
    }
}

/// The clause that takes an error, by the types that each names (none: any), and the exception that it takes: of an
/// error that PowerShell made around another exception, first that one.
pub(super) fn taken<'c>(
    record: &ErrorRecord,
    clauses: impl Iterator<Item = &'c [Arc<str>]> + Clone,
) -> Option<(usize, Arc<Exception>)> {
    let own = &record.exception;
    let cause = own.inner.as_ref().filter(|_| own.is_a("System.Management.Automation.RuntimeException"));
    if let Some(cause) = cause
        && let Some(place) = clauses.clone().position(|types| names_one_of(types, cause))
    {
        return Some((place, cause.clone()));
    }
    let place = clauses.clone().position(|types| types.is_empty() || names_one_of(types, own))?;
    Some((place, own.clone()))
}

fn names_one_of(types: &[Arc<str>], exception: &Exception) -> bool {
    types.iter().any(|name| {
        exception.is_a(name)
            || exception.is_a(&format!("System.{name}"))
            || TypeRef::find(name).is_some_and(|kind| exception.is_a(&kind.full))
    })
}

fn span_of(statement: &Statement) -> Option<Span> {
    match statement {
        Statement::Pipeline(pipeline) | Statement::Chain { first: pipeline, .. } => Some(pipeline.span),
        Statement::Assign(assign) => Some(assign.span),
        Statement::If { clauses, .. } => clauses.first().and_then(|(condition, _)| span_of(condition)),
        Statement::Foreach(inner) => span_of(&inner.items),
        Statement::Switch(inner) => match &inner.subject {
            Subject::Value(subject) => span_of(subject),
            Subject::File(path) => Some(path.span),
        },
        Statement::Loop(inner) => inner.condition.as_ref().and_then(span_of),
        Statement::Return(Some(inner)) | Statement::Answer(Some(inner)) | Statement::Exit(Some(inner)) => {
            span_of(inner)
        }
        _ => None,
    }
}
