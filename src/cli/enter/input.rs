//! Lines from the user: a terminal with line editing and history, or a pipe.

use std::io::{self, BufRead, IsTerminal};

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

/// What the user typed.
#[derive(Debug)]
pub(super) enum Line {
    /// A line without its end.
    Text(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the end of the pipe.
    End,
}

/// Where lines come from.
pub(super) enum Input {
    /// A terminal; the history lives as long as the session.
    Terminal(Box<DefaultEditor>),
    /// A pipe or a file: nobody looks at prompts.
    Piped,
}

impl Input {
    /// Looks at stdin.
    ///
    /// # Errors
    /// The terminal cannot be used.
    pub(super) fn detect() -> io::Result<Self> {
        if io::stdin().is_terminal() {
            Ok(Self::Terminal(Box::new(DefaultEditor::new().map_err(io::Error::other)?)))
        } else {
            Ok(Self::Piped)
        }
    }

    /// Reads a command; it is remembered.
    ///
    /// # Errors
    /// The terminal's or the pipe's own.
    pub(super) fn command(&mut self, prompt: &str) -> io::Result<Line> {
        let line = self.line(prompt)?;
        if let (Self::Terminal(editor), Line::Text(text)) = (self, &line)
            && !text.trim().is_empty()
        {
            editor.add_history_entry(text).map_err(io::Error::other)?;
        }
        Ok(line)
    }

    /// Reads an answer to a question of a script; it is not remembered.
    ///
    /// # Errors
    /// Those of [`command`](Self::command).
    pub(super) fn line(&mut self, prompt: &str) -> io::Result<Line> {
        match self {
            Self::Terminal(editor) => match editor.readline(prompt) {
                Ok(text) => Ok(Line::Text(text)),
                Err(ReadlineError::Interrupted) => Ok(Line::Interrupted),
                Err(ReadlineError::Eof) => Ok(Line::End),
                Err(ReadlineError::Io(error)) => Err(error),
                Err(error) => Err(io::Error::other(error)),
            },
            Self::Piped => piped(),
        }
    }

    /// Reads a line that is not shown.
    ///
    /// # Errors
    /// Those of [`command`](Self::command).
    pub(super) fn hidden(&mut self, prompt: &str) -> io::Result<Line> {
        match self {
            Self::Terminal(_) => match rpassword::prompt_password(prompt) {
                Ok(text) => Ok(Line::Text(text)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Line::Interrupted),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Line::End),
                Err(error) => Err(error),
            },
            Self::Piped => piped(),
        }
    }
}

fn piped() -> io::Result<Line> {
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        return Ok(Line::End);
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(Line::Text(line))
}
