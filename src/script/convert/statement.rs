//! Statements, pipelines and the names of commands.

use super::number;
use super::reader::Reader;
use crate::clixml::Value;
use crate::psrp::CommandCall;
use crate::script::ScriptError;
use crate::script::lexer::TokenKind;

impl Reader<'_> {
    /// All statements. What stands in the one block `end` is the same as what stands in none.
    pub(super) fn script(&mut self) -> Result<Vec<Vec<CommandCall>>, ScriptError> {
        self.skip_using_statements();
        if self.is_keyword("end") {
            self.next();
            self.skip_ends(false);
            self.take(TokenKind::Open, "{").ok_or_else(|| self.ends_early("the opening brace of the block"))?;
            self.drop_last(TokenKind::Close).ok_or_else(|| self.ends_early("the closing brace of the block"))?;
        }
        self.statements()
    }

    /// They load types here, not there.
    fn skip_using_statements(&mut self) {
        self.skip_ends(true);
        while self.is_keyword("using") {
            self.skip_statement();
            self.skip_ends(true);
        }
    }

    fn statements(&mut self) -> Result<Vec<Vec<CommandCall>>, ScriptError> {
        let mut statements = Vec::new();
        self.skip_ends(true);
        while self.peek().is_some() {
            statements.push(self.pipeline()?);
            // A job in the background is none on the wire.
            self.take(TokenKind::Operator, "&");
            self.skip_ends(true);
        }
        match statements.is_empty() {
            true => Err(ScriptError::NotCommands { at: self.position(0), reason: "there is no command".to_owned() }),
            false => Ok(statements),
        }
    }

    fn pipeline(&mut self) -> Result<Vec<CommandCall>, ScriptError> {
        let mut calls = Vec::new();
        loop {
            calls.push(self.command()?);
            if !self.take_behind_lines(TokenKind::Operator, "|") {
                return Ok(calls);
            }
            self.skip_ends(false);
        }
    }

    fn command(&mut self) -> Result<CommandCall, ScriptError> {
        let Some(first) = self.next() else { return Err(self.ends_early("a command")) };
        let text = self.text(first);
        let name = match first.kind {
            TokenKind::Word if number::read(text, false).is_none() => self.literal(first, false)?,
            TokenKind::Keyword => return Err(self.not_commands(first, format!("`{text}` is not a command"))),
            TokenKind::Operator if text == "&" => self.invoked_name()?,
            TokenKind::Operator if text == "." => {
                return Err(self.not_commands(first, "a command that is run in the script's own scope"));
            }
            _ => return Err(self.not_commands(first, "an expression where a command must be")),
        };
        if name.trim().is_empty() {
            return Err(self.not_commands(first, "the command has no name"));
        }
        let (arguments, merge) = self.arguments()?;
        Ok(CommandCall { name, arguments, merge })
    }

    /// What follows `&`.
    fn invoked_name(&mut self) -> Result<String, ScriptError> {
        let Some(token) = self.peek() else { return Err(self.ends_early("a command")) };
        match self.operand(true)? {
            Value::Str(name) => Ok(name.to_str_lossy().into_owned()),
            _ => Err(self.not_commands(token, "not the name of a command")),
        }
    }
}
