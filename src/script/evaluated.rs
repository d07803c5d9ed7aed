//! A using expression with its value.

use super::lexer::Occurrence;
use crate::clixml::Value;

/// The value of one expression, or of a prefix of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Evaluated {
    pub occurrence: Occurrence,
    /// The expression's own value.
    pub value: Value,
    /// Values of the bare variable and of each longer prefix, with the byte offsets of their ends.
    pub prefixes: Vec<(usize, Value)>,
}
