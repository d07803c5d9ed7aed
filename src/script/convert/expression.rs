//! The values of arguments.

use super::operator::{self, Binary};
use super::reader::Reader;
use super::{conversion, number};
use crate::clixml::Value;
use crate::script::evaluate::{Miss, access, array, hashtable};
use crate::script::lexer::{Occurrence, Token, TokenKind};
use crate::script::{Accessor, AccessorKind, Constant, ScriptError};

impl Reader<'_> {
    /// One value with its members and indexes. Words of commands are strings; in expressions they are commands.
    pub(super) fn operand(&mut self, in_command: bool) -> Result<Value, ScriptError> {
        let Some(token) = self.next() else { return Err(self.ends_early("a value")) };
        let text = self.text(token);
        let value = match token.kind {
            TokenKind::Word | TokenKind::Keyword => return self.word(token, in_command),
            TokenKind::Text => Value::str(self.literal(token, true)?),
            TokenKind::Variable if self.occurrence(token).is_some_and(|found| found.splatted) => {
                return Err(self.not_constant(token, format!("`{text}` is not an argument by itself; write it with $")));
            }
            TokenKind::Variable if text.starts_with('@') => {
                return Err(self.not_commands(token, format!("`{text}` can only be an argument by itself")));
            }
            TokenKind::Variable => self.variable(token)?,
            TokenKind::Open if text == "[" && !in_command => return self.typed(token),
            TokenKind::Open => self.group(token)?,
            TokenKind::Operator if !in_command => return self.prefixed(token),
            TokenKind::Comma if !in_command => return Ok(array(vec![self.inner_operand(token)?])),
            _ => return Err(self.not_commands(token, format!("`{text}` is not a value"))),
        };
        self.accessors(value)
    }

    fn word(&mut self, token: Token, in_command: bool) -> Result<Value, ScriptError> {
        let text = self.text(token);
        match number::read(text, false) {
            Some(Some(number)) => Ok(number),
            Some(None) => {
                Err(self.not_constant(token, format!("the number `{text}` is of a kind that is not supported here")))
            }
            None if in_command => Ok(Value::str(self.literal(token, true)?)),
            None => Err(self.not_commands(token, format!("`{text}` would run inside an argument"))),
        }
    }

    /// An operand behind something that belongs to it.
    pub(super) fn inner_operand(&mut self, token: Token) -> Result<Value, ScriptError> {
        self.enter(token)?;
        let value = self.operand(false)?;
        self.leave();
        Ok(value)
    }

    /// A value behind an operator of its own; a number behind its sign is one number.
    fn prefixed(&mut self, token: Token) -> Result<Value, ScriptError> {
        let text = self.text(token);
        if matches!(text, "-" | "+") {
            let number = self.peek().filter(|token| token.kind == TokenKind::Word);
            if let Some(value) = number.and_then(|number| number::read(self.text(number), text == "-").flatten()) {
                self.next();
                return Ok(value);
            }
        }
        if !operator::is_unary(text) {
            return Err(self.operator(token));
        }
        let value = self.inner_operand(token)?;
        operator::unary(text, &value).ok_or_else(|| self.operator(token))
    }

    /// An operator that would have to be computed.
    fn operator(&self, token: Token) -> ScriptError {
        match self.text(token) {
            "|" | "&" | "&&" | "||" => self.not_commands(token, "a pipeline inside an argument"),
            text if text.ends_with('=') => self.not_commands(token, format!("`{text}` assigns to a variable")),
            text => self.not_constant(token, format!("`{text}` would have to be computed")),
        }
    }

    /// An expression up to where it must end.
    pub(super) fn expression(&mut self) -> Result<Value, ScriptError> {
        let value = self.computed(1)?;
        match self.peek() {
            None => Ok(value),
            Some(token) if matches!(token.kind, TokenKind::End | TokenKind::Close) => Ok(value),
            Some(token) if token.kind == TokenKind::Operator => Err(self.operator(token)),
            Some(token) => Err(self.not_commands(token, format!("`{}` is not expected here", self.text(token)))),
        }
    }

    /// Lists with operators between them, as far as these bind at least so tightly.
    fn computed(&mut self, level: u8) -> Result<Value, ScriptError> {
        let mut value = self.list(false)?;
        while let Some(token) = self.peek().filter(|token| token.kind == TokenKind::Operator)
            && let Some(operator) = Binary::read(self.text(token)).filter(|operator| operator.level() >= level)
        {
            self.next();
            self.skip_ends(false);
            let right = self.computed(operator.level() + 1)?;
            value = operator.apply(&value, &right).ok_or_else(|| self.operator(token))?;
        }
        Ok(value)
    }

    /// The value of a variable; a using expression with the members that belong to it.
    pub(super) fn variable(&self, token: Token) -> Result<Value, ScriptError> {
        if let Some(occurrence) = self.occurrence(token) {
            let mut value = self.look_up(token, &format!("using:{}", occurrence.variable))?;
            for accessor in &occurrence.accessors {
                value = access(&value, accessor).map_err(|miss| self.not_constant(token, miss.reason()))?;
            }
            return Ok(value);
        }
        let text = self.text(token).trim_start_matches(['$', '@']);
        self.look_up(token, text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text))
    }

    /// The using expression that a token is.
    pub(super) fn occurrence(&self, token: Token) -> Option<&Occurrence> {
        let occurrences = self.source.occurrences();
        let at = occurrences.binary_search_by_key(&token.start, |occurrence| occurrence.start).ok()?;
        occurrences.get(at)
    }

    fn look_up(&self, token: Token, path: &str) -> Result<Value, ScriptError> {
        self.scope.variable(path, self.position(token.start))
    }

    /// What a bracket opens.
    fn group(&mut self, open: Token) -> Result<Value, ScriptError> {
        self.enter(open)?;
        let value = match self.text(open) {
            "(" => {
                self.skip_ends(false);
                self.expression()?
            }
            "$(" => unrolled(self.statements_inside()?),
            "@(" => array(self.statements_inside()?),
            "@{" => self.entries()?,
            "{" => return Err(self.not_commands(open, "a script block")),
            // In a command.
            _ => return Err(self.not_constant(open, "a type, whose values are made by PowerShell")),
        };
        self.skip_ends(false);
        self.close()?;
        self.leave();
        Ok(value)
    }

    fn close(&mut self) -> Result<(), ScriptError> {
        match self.next() {
            Some(token) if token.kind == TokenKind::Close => Ok(()),
            Some(token) => Err(self.not_commands(token, format!("`{}` is not expected here", self.text(token)))),
            None => Err(self.ends_early("a closing bracket")),
        }
    }

    /// What the statements of `$(...)` and `@(...)` give together: of arrays, the items.
    fn statements_inside(&mut self) -> Result<Vec<Value>, ScriptError> {
        let mut found = Vec::new();
        self.skip_ends(true);
        while self.peek().is_some_and(|token| token.kind != TokenKind::Close) {
            let value = self.expression()?;
            match value.as_list() {
                Some(items) => found.extend(items.iter().cloned()),
                None => found.push(value),
            }
            self.skip_ends(true);
        }
        Ok(found)
    }

    /// The value of a whole source: a part of a string.
    pub(super) fn whole(&mut self) -> Result<Value, ScriptError> {
        let value = self.expression()?;
        match self.peek() {
            None => Ok(value),
            Some(token) => Err(self.not_commands(token, "more than one expression")),
        }
    }

    /// The entries of a hashtable.
    fn entries(&mut self) -> Result<Value, ScriptError> {
        let mut entries: Vec<(Value, Value)> = Vec::new();
        self.skip_ends(true);
        while let Some(token) = self.peek().filter(|token| token.kind != TokenKind::Close) {
            let key = self.operand(true)?;
            self.skip_ends(false);
            if self.take(TokenKind::Operator, "=").is_none() {
                return Err(self.not_commands(token, "an entry without `=`"));
            }
            self.skip_ends(false);
            let value = self.expression()?;
            if entries.iter().any(|(known, _)| is_same_key(known, &key)) {
                return Err(self.not_commands(token, format!("the key `{}` appears twice", self.text(token))));
            }
            entries.push((key, value));
            self.skip_ends(true);
        }
        Ok(hashtable(entries))
    }

    /// Members and indexes behind a value.
    pub(super) fn accessors(&mut self, value: Value) -> Result<Value, ScriptError> {
        let mut value = value;
        loop {
            let (token, found) = if let Some(token) = self.adjacent(TokenKind::Operator) {
                match self.text(token) {
                    "." | "?." => (token, access(&value, &self.member()?)),
                    "::" => return Err(self.not_constant(token, "a static member")),
                    _ => return Ok(value),
                }
            } else if let Some(token) = self.adjacent(TokenKind::Open) {
                match self.text(token) {
                    "[" | "?[" => (token, items(&value, &self.index()?, self.text(token).starts_with('?'))),
                    _ => return Ok(value),
                }
            } else {
                return Ok(value);
            };
            value = found.map_err(|miss| self.not_constant(token, miss.reason()))?;
        }
    }

    fn member(&mut self) -> Result<Accessor, ScriptError> {
        let Some(operator) = self.next() else { return Err(self.ends_early("a member")) };
        let name = match self.peek() {
            Some(token) if token.kind == TokenKind::Word => self.text(token).to_owned(),
            Some(token) if token.kind == TokenKind::Text => self.literal(token, true)?,
            _ => return Err(self.not_constant(operator, "the name of the member would have to be computed")),
        };
        self.next();
        if let Some(call) = self.adjacent(TokenKind::Open).filter(|token| self.text(*token) == "(") {
            return Err(self.not_constant(call, format!("the method `{name}` would have to be called")));
        }
        let null_conditional = self.text(operator).starts_with('?');
        Ok(Accessor { kind: AccessorKind::Member(name), null_conditional, end: operator.end })
    }

    fn index(&mut self) -> Result<Value, ScriptError> {
        let Some(open) = self.next() else { return Err(self.ends_early("an index")) };
        self.enter(open)?;
        self.skip_ends(false);
        let index = self.expression()?;
        self.skip_ends(false);
        self.close()?;
        self.leave();
        Ok(index)
    }
}

/// What stands at an index; at several, the items that are there.
fn items(target: &Value, index: &Value, null_conditional: bool) -> Result<Value, Miss> {
    let Some(length) = target.as_list().map(|items| i64::try_from(items.len()).unwrap_or(i64::MAX)) else {
        return item(target, index, null_conditional);
    };
    match index.as_list() {
        None => item(target, index, null_conditional),
        Some(indexes) => {
            let is_there = |index: &&Value| {
                let index = conversion::convert(index, "long").and_then(|index| index.as_i64());
                index.is_none_or(|index| (-length..length).contains(&index))
            };
            let found: Result<Vec<Value>, Miss> =
                indexes.iter().filter(is_there).map(|index| item(target, index, null_conditional)).collect();
            found.map(array)
        }
    }
}

fn item(target: &Value, index: &Value, null_conditional: bool) -> Result<Value, Miss> {
    let constant = match (index, target.as_list()) {
        (Value::Str(key), None) => Constant::Text(key.to_str_lossy().into_owned()),
        _ => match conversion::convert(index, "long").and_then(|index| index.as_i64()) {
            Some(index) => Constant::Integer(index),
            None => return Err(Miss::Unknown("the index is neither an integer nor a string".to_owned())),
        },
    };
    access(target, &Accessor { kind: AccessorKind::Index(constant), null_conditional, end: 0 })
}

/// What a sub-expression is: nothing, its one object, or an array.
fn unrolled(found: Vec<Value>) -> Value {
    match <[Value; 1]>::try_from(found) {
        Ok([single]) => single,
        Err(found) if found.is_empty() => Value::Null,
        Err(found) => array(found),
    }
}

/// Strings that differ in case are the same key.
fn is_same_key(one: &Value, other: &Value) -> bool {
    match (one.as_text(), other.as_text()) {
        (Some(one), Some(other)) => one.to_str_lossy().to_lowercase() == other.to_str_lossy().to_lowercase(),
        _ => one == other,
    }
}
