//! What runs by the success or failure of what ran before it: `&&`, `||` and `trap`.

use std::sync::Arc;

use super::super::ast::{ChainOp, Pipeline, Statement};
use super::super::errors::ErrorRecord;
use super::super::value::Val;
use super::statement::taken;
use super::{Evaluator, Flow, Run, Sink};

impl Evaluator<'_> {
    /// `a && b || c`, from left to right by `$?`. An error that ends a pipeline is reported before the next operator.
    pub(super) fn chain(&mut self, first: &Pipeline, rest: &[(ChainOp, Pipeline)], out: &mut dyn Sink) -> Run<()> {
        self.chained(first, out)?;
        for (op, pipeline) in rest {
            if self.last_succeeded == (*op == ChainOp::And) {
                self.chained(pipeline, out)?;
            }
        }
        Ok(())
    }

    fn chained(&mut self, pipeline: &Pipeline, out: &mut dyn Sink) -> Run<()> {
        let done = self.pipeline(pipeline, out);
        self.reporting(done, Some(pipeline.span))
    }

    /// A block with `trap` statements, which hold for all of it, wherever they stand.
    pub(super) fn trapped_block(&mut self, block: &[Statement], out: &mut dyn Sink) -> Run<()> {
        for statement in block {
            let frames = self.state.frames.len();
            let context = self.context.clone();
            self.try_depth += 1;
            let done = self.statement_reporting(statement, out);
            self.try_depth -= 1;
            let Err(Flow::Throw(record)) = done else {
                done?;
                continue;
            };
            self.state.frames.truncate(frames);
            self.context = context;
            self.trap(block, record, out)?;
        }
        Ok(())
    }

    /// Runs the trap of an error: `continue` in it goes on after the statement, `break` throws on, else the error is
    /// reported.
    fn trap(&mut self, block: &[Statement], record: Box<ErrorRecord>, out: &mut dyn Sink) -> Run<()> {
        let traps = block.iter().filter_map(|statement| match statement {
            Statement::Trap { type_name, body } => Some((type_name.as_slice(), body)),
            _ => None,
        });
        let taken = taken(&record, traps.clone().map(|(types, _)| types)).filter(|_| !record.is_limit());
        let found = taken.and_then(|(place, exception)| Some((traps.clone().nth(place)?.1, exception)));
        let Some((body, exception)) = found else { return Err(Flow::Throw(record)) };
        let seen = ErrorRecord { ends_script: false, ..(*record).clone() };
        let error = Val::Error(Arc::new(seen.taken_as(exception)));
        let around = std::mem::replace(&mut self.item, error);
        let done = self.block(body, out);
        self.item = around;
        match done {
            Ok(()) => self.report(*record),
            Err(Flow::Continue(None)) => Ok(()),
            Err(Flow::Break(None)) => Err(Flow::Throw(Box::new(ErrorRecord { ends_script: true, ..*record }))),
            Err(other) => Err(other),
        }
    }
}
