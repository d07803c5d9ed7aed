//! Who is asked and warned before a run.

use std::io;

/// Somebody who can be asked and warned.
pub trait Prompter {
    /// Whether anybody would see a question.
    fn can_ask(&self) -> bool;

    /// Asks for one line; `hidden` when it is a secret.
    ///
    /// # Errors
    /// The terminal's own.
    fn ask(&mut self, question: &str, hidden: bool) -> io::Result<String>;

    /// Says one sentence before the run.
    fn warn(&mut self, warning: &str);
}

/// Where nobody can be asked: a library, a service. Warnings go to the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Prompter for Nobody {
    fn can_ask(&self) -> bool {
        false
    }

    fn ask(&mut self, question: &str, _hidden: bool) -> io::Result<String> {
        Err(io::Error::new(io::ErrorKind::Unsupported, format!("nobody can be asked: {question}")))
    }

    fn warn(&mut self, warning: &str) {
        tracing::warn!("{warning}");
    }
}
