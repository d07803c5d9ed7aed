//! Lists in order.

use std::sync::Arc;

use super::super::super::ast::Script;
use super::super::super::convert;
use super::super::super::eval::Evaluator;
use super::super::super::value::Val;
use super::super::{Fault, Flow, thrown};

/// Items in the order that a script block says of two of them: merged, so that no answer of it does harm.
pub(super) fn sorted_by(
    evaluator: &mut Evaluator<'_>,
    mut items: Vec<Val>,
    order: &Arc<Script>,
) -> Result<Vec<Val>, Fault> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let (left, right) = (sorted_by(evaluator, items, order)?, sorted_by(evaluator, right, order)?);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        evaluator.step(1)?;
        let is_after = is_after(evaluator, order, first, second)?;
        merged.extend(if is_after { right.next() } else { left.next() });
    }
    merged.extend(left.chain(right));
    Ok(merged)
}

fn is_after(evaluator: &mut Evaluator<'_>, order: &Arc<Script>, first: &Val, second: &Val) -> Result<bool, Fault> {
    let answer = evaluator.call_script(order, vec![first.clone(), second.clone()]);
    match answer.map_err(Fault::from).and_then(|answer| Ok(convert::index(&answer.stored())?)) {
        Ok(answer) => Ok(answer > 0),
        // What stops the script is no fault of the comparison.
        Err(Fault::Flow(flow)) if !matches!(&flow, Flow::Throw(record) if &*record.id != "SandboxLimit") => {
            Err(Fault::Flow(flow))
        }
        Err(_) => thrown("InvalidOperationException", "Failed to compare two elements in the array."),
    }
}
