//! Pipelines: objects go one by one from stage to stage.

use std::sync::Arc;

use super::super::ast::{Element, ElementKind, Expr, ExprKind, Pipeline};
use super::super::errors::ErrorRecord;
use super::super::value::{Val, Walk};
use super::context::{OUTPUT, Redirect};
use super::{Context, Evaluator, Flow, Run, Sink};

/// A command of a pipeline. What it writes goes to `out` at once.
pub(in super::super) trait Cmdlet {
    /// Before the first object. Commands that take no input do their work here.
    fn begin(&mut self, _evaluator: &mut Evaluator<'_>, _out: &mut dyn Sink) -> Run<()> {
        Ok(())
    }

    /// For each object of the command before it.
    fn process(&mut self, _evaluator: &mut Evaluator<'_>, _input: Val, _out: &mut dyn Sink) -> Run<()> {
        Ok(())
    }

    /// Objects may come, even if none does.
    fn expect_input(&mut self) {}

    /// Whether it asks for the input of the invocation by itself, when it needs it.
    fn reads_input(&self) -> bool {
        false
    }

    /// After the last object.
    fn end(&mut self, _evaluator: &mut Evaluator<'_>, _out: &mut dyn Sink) -> Run<()> {
        Ok(())
    }
}

/// A command at its place in a pipeline.
pub(in super::super) struct Stage {
    pub(super) command: Box<dyn Cmdlet>,
    pub(super) context: Arc<Context>,
    /// The redirection of this very command.
    pub(super) redirect: Option<Arc<Redirect>>,
    /// Number of the pipeline and place in it.
    id: (u64, usize),
}

/// The rest of a pipeline as a sink.
struct Chain<'a> {
    stages: &'a mut [Stage],
    sink: &'a mut dyn Sink,
    outer: &'a Arc<Context>,
    /// The redirection of the command that writes here.
    from: Option<Arc<Redirect>>,
}

#[derive(Clone, Copy)]
enum Phase {
    Begin,
    Process,
    End,
}

impl Sink for Chain<'_> {
    fn put(&mut self, evaluator: &mut Evaluator<'_>, value: Val) -> Run<()> {
        evaluator.keep(OUTPUT, || value.clone())?;
        evaluator.name_output(&value);
        if self.from.is_some() {
            self.flush(evaluator)?;
            if self.from.as_ref().is_some_and(|from| from.drops_output()) {
                return Ok(());
            }
        }
        self.deliver(evaluator, value)
    }
}

impl Chain<'_> {
    fn deliver(&mut self, evaluator: &mut Evaluator<'_>, value: Val) -> Run<()> {
        match self.stages.split_first_mut() {
            Some((stage, rest)) => stage.run(evaluator, Phase::Process, value, rest, self.sink, self.outer),
            None => {
                let inner = std::mem::replace(&mut evaluator.context, self.outer.clone());
                let done = self.sink.put(evaluator, value);
                evaluator.context = inner;
                done
            }
        }
    }

    /// Delivers records that a redirection made output.
    fn flush(&mut self, evaluator: &mut Evaluator<'_>) -> Run<()> {
        let Some(from) = self.from.clone() else { return Ok(()) };
        for record in from.take_pending() {
            self.deliver(evaluator, record)?;
        }
        Ok(())
    }
}

impl Stage {
    pub(super) fn new(command: Box<dyn Cmdlet>, context: Context, redirect: Option<Arc<Redirect>>) -> Self {
        Self { command, context: Arc::new(context), redirect, id: (0, 0) }
    }

    fn run(
        &mut self,
        evaluator: &mut Evaluator<'_>,
        phase: Phase,
        value: Val,
        rest: &mut [Self],
        sink: &mut dyn Sink,
        outer: &Arc<Context>,
    ) -> Run<()> {
        let around = std::mem::replace(&mut evaluator.context, self.context.clone());
        let item = evaluator.item.clone();
        let mut out = Chain { stages: rest, sink, outer, from: self.redirect.clone() };
        let mut done = match phase {
            Phase::Begin => {
                evaluator.begin_keeping();
                self.command.begin(evaluator, &mut out)
            }
            Phase::Process => {
                let is_fresh = if self.context.is_cmdlet { evaluator.refresh(&value) } else { Ok(()) };
                is_fresh.and_then(|()| self.command.process(evaluator, value, &mut out))
            }
            Phase::End => self.command.end(evaluator, &mut out),
        };
        // What was redirected before an error still comes before it.
        let flushed = out.flush(evaluator);
        if done.is_ok() {
            done = flushed;
        }
        if let Err(Flow::StopUpstream(id @ None)) = &mut done {
            *id = Some(self.id);
        }
        if let Err(Flow::Throw(record)) = &mut done {
            // An error of the cmdlet itself has no place yet; one of a script block in it has.
            if record.place.is_none() {
                record.place = self.context.place.clone();
                if self.context.is_cmdlet {
                    let class = super::super::cmdlets::class(&self.context.command);
                    **record = std::mem::replace(record, ErrorRecord::stopped().into()).of_class(&class);
                }
            }
            let is_named = self.context.is_cmdlet || self.context.is_advanced;
            if record.activity.is_empty() && !record.is_thrown && is_named {
                record.activity = self.context.command.clone();
                if self.context.is_advanced {
                    **record = std::mem::replace(record, ErrorRecord::stopped().into()).of_class(&self.context.command);
                }
            }
        }
        evaluator.item = item;
        evaluator.context = around;
        done
    }
}

impl Evaluator<'_> {
    pub(super) fn pipeline(&mut self, pipeline: &Pipeline, out: &mut dyn Sink) -> Run<()> {
        self.step(1)?;
        let (first, commands) = match pipeline.elements.split_first() {
            Some((Element { kind: ElementKind::Expr(expr), redirections, .. }, rest)) => {
                if rest.is_empty() && redirections.is_empty() {
                    return self.expression_statement(expr, out);
                }
                (Some((expr, redirections)), rest)
            }
            _ => (None, &pipeline.elements[..]),
        };
        let mut stages = Vec::with_capacity(commands.len());
        for element in commands {
            let ElementKind::Command(command) = &element.kind else {
                let message = "Expressions are only allowed as the first element of a pipeline.";
                return Err(ErrorRecord::runtime(message, "ExpressionsMustBeFirstInPipeline", 17).into());
            };
            stages.push(self.stage(command, &element.redirections, element.span)?);
        }
        let outer = self.context.clone();
        let from = first.and_then(|(_, redirections)| Redirect::new(redirections, None));
        self.run_stages(&mut stages, out, first.is_some(), |evaluator, chain| {
            let Some((expr, _)) = first else { return Ok(()) };
            if from.is_none() {
                return evaluator.expression_statement(expr, chain);
            }
            let redirect = Redirect::new(first.map_or(&[], |(_, redirections)| redirections), outer.redirect.clone());
            let context = Context { redirect: redirect.clone(), ..Context::default() };
            evaluator.redirected_expression(expr, context, redirect, chain)
        })
    }

    /// `1/0 2>$null`
    fn redirected_expression(
        &mut self,
        expr: &Expr,
        context: Context,
        redirect: Option<Arc<Redirect>>,
        out: &mut dyn Sink,
    ) -> Run<()> {
        let outer = std::mem::replace(&mut self.context, Arc::new(context));
        let done = {
            let mut chain = Chain { stages: &mut [], sink: out, outer: &outer, from: redirect };
            let done = self.expression_statement(expr, &mut chain);
            let flushed = chain.flush(self);
            done.and(flushed)
        };
        self.context = outer;
        done
    }

    /// Runs commands that are piped into each other; `feed` brings what goes into the first, if it is `fed`.
    pub(in super::super) fn run_stages(
        &mut self,
        stages: &mut [Stage],
        out: &mut dyn Sink,
        fed: bool,
        feed: impl FnOnce(&mut Self, &mut dyn Sink) -> Run<()>,
    ) -> Run<()> {
        let frames = self.state.frames.len();
        for stage in stages.iter_mut().skip(usize::from(!fed)) {
            stage.command.expect_input();
        }
        let done = self.run_stages_inner(stages, out, feed);
        if done.is_err() {
            self.state.frames.truncate(frames);
        }
        done
    }

    fn run_stages_inner(
        &mut self,
        stages: &mut [Stage],
        out: &mut dyn Sink,
        feed: impl FnOnce(&mut Self, &mut dyn Sink) -> Run<()>,
    ) -> Run<()> {
        self.pipelines += 1;
        let pipeline = self.pipelines;
        let outer = self.context.clone();
        for (place, stage) in stages.iter_mut().enumerate() {
            stage.id = (pipeline, place);
        }
        let done = self.run_phases(stages, pipeline, out, &outer, feed);
        self.last_succeeded = !stages.iter().any(|stage| stage.context.has_failed());
        done
    }

    fn run_phases(
        &mut self,
        stages: &mut [Stage],
        pipeline: u64,
        out: &mut dyn Sink,
        outer: &Arc<Context>,
        feed: impl FnOnce(&mut Self, &mut dyn Sink) -> Run<()>,
    ) -> Run<()> {
        let fed = (|| {
            for place in (0..stages.len()).rev() {
                self.phase(stages, place, Phase::Begin, out, outer)?;
            }
            feed(self, &mut Chain { stages, sink: out, outer, from: None })?;
            self.phase_all(stages, 0, out, outer)
        })();
        match fed {
            Err(Flow::StopUpstream(Some((stopped, place)))) if stopped == pipeline => {
                self.context = outer.clone();
                self.phase_all(stages, place + 1, out, outer)
            }
            done => done,
        }
    }

    fn phase_all(&mut self, stages: &mut [Stage], first: usize, out: &mut dyn Sink, outer: &Arc<Context>) -> Run<()> {
        for place in first..stages.len() {
            self.phase(stages, place, Phase::End, out, outer)?;
        }
        Ok(())
    }

    fn phase(
        &mut self,
        stages: &mut [Stage],
        place: usize,
        phase: Phase,
        out: &mut dyn Sink,
        outer: &Arc<Context>,
    ) -> Run<()> {
        let Some((stage, rest)) = stages.get_mut(place..).and_then(<[Stage]>::split_first_mut) else { return Ok(()) };
        stage.run(self, phase, Val::Void, rest, out, outer)
    }

    /// An expression as a statement: its value's items go out; `$x++` gives nothing.
    fn expression_statement(&mut self, expr: &Expr, out: &mut dyn Sink) -> Run<()> {
        if let ExprKind::SubExpr(block) = &expr.kind {
            return self.block(block, out);
        }
        let value = self.eval(expr)?;
        // What a pipeline in parentheses left holds on.
        if !matches!(expr.kind, ExprKind::Paren(_)) {
            self.last_succeeded = true;
        }
        if matches!(expr.kind, ExprKind::Step { .. }) {
            return Ok(());
        }
        self.put_items(value, out)
    }

    /// Writes the items of a list, or the value.
    pub(in super::super) fn put_items(&mut self, value: Val, out: &mut dyn Sink) -> Run<()> {
        match value {
            Val::Void => Ok(()),
            Val::List(_) => {
                let mut walk = Walk::through(value);
                while let Some(item) = walk.next().map_err(ErrorRecord::bad_enumeration)? {
                    out.put(self, item)?;
                }
                Ok(())
            }
            other => out.put(self, other),
        }
    }
}
