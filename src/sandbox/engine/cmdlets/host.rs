//! The host's name.

use super::super::eval::{Evaluator, Run, Sink};
use super::super::value::Val;
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 1] =
    [Spec { name: "hostname", aliases: &["hostname.exe"], params: &[], make: |_, bound| PerInput::boxed(bound, name) }];

fn name(evaluator: &mut Evaluator<'_>, _bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let name = Val::str(evaluator.host.name().to_uppercase());
    out.put(evaluator, name)
}
