//! What follows the name of a command: arguments, parameters and redirections.

use super::number;
use super::reader::Reader;
use crate::clixml::Value;
use crate::psrp::{Argument, MergedStream};
use crate::script::evaluate::array;
use crate::script::lexer::{Token, TokenKind};
use crate::script::{ScriptError, chars};

impl Reader<'_> {
    /// All of them, up to the end of the command.
    pub(super) fn arguments(&mut self) -> Result<(Vec<Argument>, Option<MergedStream>), ScriptError> {
        let mut arguments = Vec::new();
        let mut merges = Vec::new();
        // Behind `--` nothing is a parameter.
        let mut literal = false;
        while let Some(token) = self.peek() {
            let text = self.text(token);
            match (token.kind, text) {
                (TokenKind::End, _) | (TokenKind::Operator, "|" | "&") => break,
                (TokenKind::Operator, "&&" | "||") => {
                    return Err(self.not_commands(token, format!("`{text}` chains pipelines")));
                }
                (TokenKind::Operator, _) => {
                    self.next();
                    merges.push(self.merge(token)?);
                }
                (TokenKind::Word, "--%") => {
                    self.next();
                    arguments.push(positional(Value::str("--%")));
                    arguments.push(positional(Value::str(self.verbatim(token))));
                }
                (TokenKind::Word, "--") if !literal => {
                    self.next();
                    literal = true;
                    arguments.push(Argument { name: Some("--".to_owned()), value: Value::Null });
                }
                (TokenKind::Word, _) if !literal && is_parameter(text) => arguments.push(self.parameter()?),
                (TokenKind::Variable, _) if text.starts_with('@') => {
                    self.next();
                    arguments.extend(self.splatted(token)?);
                }
                _ => arguments.push(positional(self.argument(token)?)),
            }
        }
        // PowerShell's client keeps one of them, that of the lowest stream.
        Ok((arguments, merges.into_iter().min_by_key(|(rank, _)| *rank).map(|(_, stream)| stream)))
    }

    /// A redirection: only those into the output are not files.
    fn merge(&self, token: Token) -> Result<(usize, MergedStream), ScriptError> {
        const MERGES: [(&str, MergedStream); 6] = [
            ("*>&1", MergedStream::All),
            ("2>&1", MergedStream::Error),
            ("3>&1", MergedStream::Warning),
            ("4>&1", MergedStream::Verbose),
            ("5>&1", MergedStream::Debug),
            ("6>&1", MergedStream::Information),
        ];
        let text = self.text(token);
        let found = MERGES.iter().enumerate().find(|(_, (known, _))| *known == text);
        match found {
            Some((rank, (_, stream))) => Ok((rank, *stream)),
            None => Err(self.not_commands(token, format!("`{text}` redirects a stream; only N>&1 is possible"))),
        }
    }

    /// What stands behind `--%`.
    fn verbatim(&self, token: Token) -> &str {
        let end = self.peek().map_or(self.source.text().len(), |next| next.start);
        self.source.slice(token.end, end).trim_start_matches(chars::is_blank)
    }

    /// `-Name`, or `-Name:` with its value.
    fn parameter(&mut self) -> Result<Argument, ScriptError> {
        let Some(token) = self.next() else { return Err(self.ends_early("a parameter")) };
        // Whatever dash it is written with.
        let name = format!("-{}", self.text(token).trim_start_matches(chars::is_dash));
        if !name.ends_with(':') {
            return Ok(Argument { name: Some(name), value: Value::Null });
        }
        let Some(next) = self.peek().filter(|next| next.kind != TokenKind::End) else {
            return Err(self.not_commands(token, format!("`{name}` has no value")));
        };
        let name = if next.start == token.end { name } else { format!("{name} ") };
        Ok(Argument { name: Some(name), value: self.list(true)? })
    }

    /// An argument by itself: the one place where a number keeps how it was written.
    fn argument(&mut self, token: Token) -> Result<Value, ScriptError> {
        let value = self.list(true)?;
        let text = self.text(token);
        let is_alone = token.kind == TokenKind::Word && number::read(text, false).is_some();
        Ok(if is_alone { number::as_written(value, text) } else { value })
    }

    /// The entries of a dictionary as parameters, the items of a list as arguments.
    fn splatted(&mut self, token: Token) -> Result<Vec<Argument>, ScriptError> {
        let value = self.variable(token)?;
        let is_using = self.occurrence(token).is_some();
        if let Some(entries) = value.as_dict() {
            let argument = |(key, value): &(Value, Value)| {
                let key = key.as_text()?.to_str_lossy();
                // As 7.6.9 does, which treats the two unlike.
                let name = if is_using { key.into_owned() } else { format!("-{key}:") };
                Some(Argument { name: Some(name), value: value.clone() })
            };
            let arguments: Option<Vec<_>> = entries.iter().map(argument).collect();
            return arguments.ok_or_else(|| self.not_constant(token, "a key of what is splatted is not a string"));
        }
        if is_using && value.as_text().is_some() {
            // PowerShell's client sends each character as an argument, where the same text there means one argument.
            return Err(self.not_constant(token, "a string is splatted; write it with $"));
        }
        match value.as_list() {
            Some(items) => Ok(items.iter().cloned().map(positional).collect()),
            None => Ok(vec![positional(value)]),
        }
    }

    /// Values with commas between them are an array. In a command newlines end it.
    pub(super) fn list(&mut self, in_command: bool) -> Result<Value, ScriptError> {
        let first = self.operand(in_command)?;
        let mut items = vec![first];
        while self.comma(in_command) {
            self.skip_ends(false);
            items.push(self.operand(in_command)?);
        }
        match <[Value; 1]>::try_from(items) {
            Ok([single]) => Ok(single),
            Err(items) => Ok(array(items)),
        }
    }

    fn comma(&mut self, in_command: bool) -> bool {
        match in_command {
            true => self.take(TokenKind::Comma, ",").is_some(),
            false => self.take_behind_lines(TokenKind::Comma, ","),
        }
    }
}

fn positional(value: Value) -> Argument {
    Argument { name: None, value }
}

/// `-Name`; with a quote in it, it is text.
fn is_parameter(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(chars::is_dash)
        && chars.next().is_some_and(|second| chars::is_identifier_start(second) || second == '?')
        && !text.contains(|c| chars::is_single_quote(c) || chars::is_double_quote(c))
}
