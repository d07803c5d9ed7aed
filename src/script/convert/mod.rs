//! A script without script text: the commands that endpoints take which allow no language (JEA, `NoLanguage`).
//!
//! In: a [`Source`] with the values of its arguments and using expressions. Out: [`CommandCall`]s, each argument with
//! its value, one list for each statement; or an error that says what stands in the way, and where.
//!
//! What can be converted is what PowerShell's own client converts, which every `Invoke-Command` does before it sends
//! anything: statements that are pipelines of commands, whose arguments it can compute. The rules are those that 7.6.9
//! shows on the wire, where it differs from what is written about it: several statements are converted, of several
//! redirections only that of the lowest stream is, `&` at the end of a statement is dropped.
//! [`ScriptError::NotCommands`] is where PowerShell sends text. It computes any expression, though; here are constants,
//! variables with members and indexes, arrays and hashtables of them, strings that hold them, and operators and casts
//! whose results are certain without .NET. The rest is [`ScriptError::NotConstant`].
//!
//! No lexer of its own: [`reader::Reader`] walks over the tokens of [`super::lexer`].

mod argument;
mod conversion;
mod expression;
mod literal;
mod number;
mod operator;
mod reader;
mod scope;
mod statement;
#[cfg(test)]
mod tests;
mod text;
mod types;

use crate::psrp::{Argument, CommandCall};

use super::lexer::{Token, TokenKind};
use super::using::Evaluation;
use super::{Parameters, ScriptError, Source, param};
use reader::Reader;
use scope::Scope;

/// What a script is given: the same that goes with its text.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'i> {
    /// The script's own parameters.
    pub parameters: &'i Parameters,
    /// Its arguments, in order.
    pub arguments: &'i [Argument],
    /// The values of its using expressions.
    pub using: &'i Evaluation,
}

/// The statements of a script, each as the commands of its pipeline.
///
/// # Errors
/// [`ScriptError::NotCommands`], [`ScriptError::NotConstant`] and [`ScriptError::TooDeep`], with the place.
pub fn commands(source: &Source, inputs: Inputs<'_>) -> Result<Vec<Vec<CommandCall>>, ScriptError> {
    let begin = param::behind(source)?;
    // In an attribute such as ValidateScript, or in a default.
    let is_block = |token: &&Token| token.kind == TokenKind::Open && source.slice(token.start, token.end) == "{";
    if let Some(block) = source.scan().tokens.iter().take(begin).find(is_block) {
        let reason = "a script block in param()".to_owned();
        return Err(ScriptError::NotCommands { at: source.position(block.start), reason });
    }
    let scope = Scope::bind(inputs)?;
    Reader::new(source, begin, &scope, None, 0).script()
}
