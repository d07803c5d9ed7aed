//! The person at the terminal, who is asked for passwords and warned before a run.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::config::Prompter;
use crate::output::sanitize_line;

/// Asks on stderr, reads from stdin.
#[derive(Debug, Clone, Copy, Default)]
pub struct TerminalPrompter;

impl Prompter for TerminalPrompter {
    fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    fn ask(&mut self, question: &str, hidden: bool) -> io::Result<String> {
        if hidden {
            return rpassword::prompt_password(question);
        }
        let mut stderr = io::stderr().lock();
        stderr.write_all(question.as_bytes())?;
        stderr.flush()?;
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn warn(&mut self, warning: &str) {
        // Names of files and hosts are in it: what a terminal would obey is shown, not sent.
        super::complain(&format!("warning: {}", sanitize_line(warning)));
    }
}
