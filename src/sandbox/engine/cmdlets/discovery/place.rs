//! The culture and the host program of a session.

use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::value::Val;
use super::super::Bound;

/// Windows as it is installed in the sandbox speaks American English.
pub(super) fn culture(evaluator: &mut Evaluator<'_>, _: &Bound, out: &mut dyn Sink) -> Run<()> {
    out.put(evaluator, super::super::super::dotnet::current_culture())
}

pub(super) fn host(evaluator: &mut Evaluator<'_>, _: &Bound, out: &mut dyn Sink) -> Run<()> {
    let host = evaluator.known_variable("host").unwrap_or(Val::Null);
    out.put(evaluator, host)
}
