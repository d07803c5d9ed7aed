//! A mistake in what the user gave us: where, what, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use super::node::Place;

/// One mistake in a file, a flag or an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file it stands in, if it stands in one.
    pub file: Option<PathBuf>,
    /// The place in the file; [`Place::NONE`] where unknown.
    pub at: Place,
    /// The path of tables or groups that leads there, such as `groups > web`.
    pub path: String,
    /// What is wrong, one line, without secrets.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A mistake outside any file.
    pub fn new(message: impl Into<String>) -> Self {
        Self { file: None, at: Place::NONE, path: String::new(), message: message.into(), hint: None }
    }

    /// A mistake at a place of a file.
    pub fn at(file: &Path, at: Place, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: Some(file.to_owned()), at, path: path.into(), message: message.into(), hint: None }
    }

    /// Adds a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}", file.display())?;
            if self.at.line > 0 {
                write!(f, ":{}", self.at.line)?;
            }
            if self.at.column > 0 {
                write!(f, ":{}", self.at.column)?;
            }
            f.write_str(": ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}
