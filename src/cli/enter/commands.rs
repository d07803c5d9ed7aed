//! Lines on an endpoint that allows no script text (JEA, `NoLanguage`): they go as commands, as Enter-PSSession sends
//! every line that it can.

use crate::psrp::Command;
use crate::script::{Inputs, Parameters, ScriptError, Source, commands, using::Evaluation};

/// The commands of a line; `None` if it is nothing but comments.
///
/// # Errors
/// It cannot go as commands, or does not end yet.
pub(super) fn of_line(text: &str) -> Result<Option<Command>, ScriptError> {
    let source = Source::new(text)?;
    if source.is_blank() {
        return Ok(None);
    }
    let parameters = Parameters::read(&source)?;
    let inputs = Inputs { parameters: &parameters, arguments: &[], using: &Evaluation::default() };
    Ok(Some(Command::interactive_calls(&commands(&source, inputs)?)))
}

/// The code of `exit`, which is for us to obey: there it is not a command.
pub(super) fn exit_code(text: &str) -> Option<i32> {
    let mut words = text.trim().trim_end_matches(';').split_whitespace();
    let is_exit = words.next()?.eq_ignore_ascii_case("exit");
    let code = words.next().map_or(Some(0), |code| code.parse().ok());
    code.filter(|_| is_exit && words.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_is_understood() {
        assert_eq!(exit_code("exit"), Some(0));
        assert_eq!(exit_code(" Exit 7; "), Some(7));
        assert_eq!(exit_code("exit -1"), Some(-1));
        for other in ["", "exits", "exit now", "exit 1 2", "Exit-PSSession"] {
            assert_eq!(exit_code(other), None, "{other}");
        }
    }

    #[test]
    fn a_line_that_goes_on_is_told_from_one_that_cannot_go() {
        assert!(matches!(of_line("Get-Thing -Name 'a' | Show-Thing; Get-Thing"), Ok(Some(_))));
        assert!(matches!(of_line("# Get-Thing\n;"), Ok(None)));
        assert!(matches!(of_line("Get-Thing |"), Err(ScriptError::EndsEarly { .. })));
        assert!(matches!(of_line("1 + 1"), Err(ScriptError::NotCommands { .. })));
    }
}
