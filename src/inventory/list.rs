//! A plain list: one name, range or URL per line; `#` begins a comment.

use crate::config::{Place, Problem};
use crate::hostlist::split_top;

use super::context::FileContext;
use super::model::Inventory;
use super::row::mention;

/// Reads a list into the inventory.
pub(super) fn read_list(text: &str, context: &FileContext, inventory: &mut Inventory) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (line, text) in (1_u32..).zip(text.lines()) {
        let text = text.split('#').next().unwrap_or_default();
        for word in text.split_whitespace().flat_map(|word| split_top(word, ',')).filter(|word| !word.is_empty()) {
            mention(word, Place { line, column: 1 }, "", context, inventory, &mut problems);
        }
    }
    problems
}
