//! Lists in order.

use std::sync::Arc;

use super::super::super::ast::Script;
use super::super::super::convert;
use super::super::super::eval::Evaluator;
use super::super::super::value::Val;
use super::super::Fault;

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
        let answer = evaluator.call_script(order, vec![first.clone(), second.clone()])?;
        let is_after = convert::index(&answer)? > 0;
        merged.extend(if is_after { right.next() } else { left.next() });
    }
    merged.extend(left.chain(right));
    Ok(merged)
}
