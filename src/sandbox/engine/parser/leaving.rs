//! Which ways lead out of a block: methods must answer on all of them, `finally` blocks must not be left.

use super::super::ast::{Block, Statement};

/// Whether a method's block ends with an answer or an error on every way that PowerShell follows: loops and `switch`
/// may be passed by.
pub(super) fn always_answers(block: &Block) -> bool {
    block.iter().any(|statement| match statement {
        Statement::Answer(_) | Statement::Throw { .. } | Statement::Exit(_) => true,
        Statement::If { clauses, otherwise: Some(otherwise) } => {
            clauses.iter().all(|(_, block)| always_answers(block)) && always_answers(otherwise)
        }
        Statement::Loop(inner) => (inner.body_first || inner.condition.is_none()) && always_answers(&inner.body),
        Statement::Try(inner) => {
            let caught = inner.catches.iter().all(|(_, block)| always_answers(block));
            let is_last = inner.finally.as_ref().is_some_and(always_answers);
            is_last || (always_answers(&inner.body) && caught)
        }
        _ => false,
    })
}

/// Whether a `return` of a method says something, or says nothing, as `has_value` wants it.
pub(super) fn has_answer(block: &Block, has_value: bool) -> bool {
    find(block, false, &|statement, _| matches!(statement, Statement::Answer(value) if value.is_some() == has_value))
}

/// Whether a statement leads out of the block: `return`, or `break` and `continue` of a loop around.
pub(super) fn is_left(block: &Block) -> bool {
    find(block, false, &|statement, in_loop| match statement {
        Statement::Return(_) | Statement::Answer(_) => true,
        Statement::Break(None) | Statement::Continue(None) => !in_loop,
        _ => false,
    })
}

/// Whether a block has such a statement of its own, which is told whether it stands in a loop.
fn find(block: &Block, in_loop: bool, is_it: &dyn Fn(&Statement, bool) -> bool) -> bool {
    block.iter().any(|statement| is_it(statement, in_loop) || inner(statement, in_loop, is_it))
}

fn inner(statement: &Statement, in_loop: bool, is_it: &dyn Fn(&Statement, bool) -> bool) -> bool {
    let find = |block: &Block, in_loop| find(block, in_loop, is_it);
    match statement {
        Statement::If { clauses, otherwise } => {
            clauses.iter().map(|(_, block)| block).chain(otherwise).any(|block| find(block, in_loop))
        }
        Statement::Loop(inner) => find(&inner.body, true),
        Statement::Foreach(inner) => find(&inner.body, true),
        Statement::Switch(inner) => {
            inner.cases.iter().map(|(_, block)| block).chain(&inner.default).any(|block| find(block, true))
        }
        Statement::Try(inner) => {
            let catches = inner.catches.iter().map(|(_, block)| block);
            std::iter::once(&inner.body).chain(catches).chain(&inner.finally).any(|block| find(block, in_loop))
        }
        Statement::Trap { body, .. } => find(body, in_loop),
        _ => false,
    }
}
