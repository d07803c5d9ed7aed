//! Why a directory gave no answer.

use crate::transport;

/// Why a directory gave no answer, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The cause.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Error {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    #[must_use]
    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl From<transport::Error> for Error {
    fn from(error: transport::Error) -> Self {
        Self { message: error.message, hint: error.hint }
    }
}
