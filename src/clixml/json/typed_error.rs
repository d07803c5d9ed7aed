//! What is wrong with a text that should be typed JSON.

use thiserror::Error;

/// A text that is not typed JSON.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TypedError {
    /// The text breaks the rules of JSON.
    #[error("typed value is not valid JSON at byte {offset}")]
    Syntax {
        /// Where.
        offset: usize,
    },
    /// Arrays and objects nest too deep.
    #[error("typed value nests more than {limit} arrays and objects")]
    Depth {
        /// How many may nest.
        limit: usize,
    },
    /// JSON that has none of the typed forms.
    #[error("typed value has {what} of no known form; write it as `-o json --types` does")]
    Form {
        /// What was expected there, such as `"I64"`.
        what: &'static str,
    },
}
