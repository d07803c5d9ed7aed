//! Types in expressions: casts, and the constants that types have.

use super::conversion::convert;
use super::operator::truth;
use super::reader::Reader;
use crate::clixml::Value;
use crate::script::ScriptError;
use crate::script::lexer::{Token, TokenKind};

impl Reader<'_> {
    /// What follows a type's opening bracket: a static member, or the value that the type is for.
    pub(super) fn typed(&mut self, open: Token) -> Result<Value, ScriptError> {
        let name = self.type_name(open)?;
        if let Some(token) = self.adjacent(TokenKind::Operator).filter(|token| self.text(*token) == "::") {
            self.next();
            let member = self.next().filter(|member| member.kind == TokenKind::Word);
            let is_call = self.adjacent(TokenKind::Open).is_some();
            let value = member.filter(|_| !is_call).and_then(|member| constant(&name, self.text(member)));
            let value = value.ok_or_else(|| self.not_constant(token, "a static member"))?;
            return self.accessors(value);
        }
        let value = self.inner_operand(open)?;
        let reason = || format!("only PowerShell knows what becomes of the value as a [{name}]");
        cast(&value, &name).ok_or_else(|| self.not_constant(open, reason()))
    }

    /// The name up to the closing bracket, those of arrays and generic types with their own brackets.
    fn type_name(&mut self, open: Token) -> Result<String, ScriptError> {
        let mut levels = 1;
        while let Some(token) = self.next() {
            match token.kind {
                TokenKind::Open => levels += 1,
                TokenKind::Close => levels -= 1,
                _ => {}
            }
            if levels == 0 {
                let name = self.source.slice(open.end, token.start);
                return Ok(name.split_whitespace().collect());
            }
        }
        Err(self.ends_early("a closing bracket"))
    }
}

/// A cast is what a parameter of the type does, but for truth: no parameter takes a text for that.
fn cast(value: &Value, type_name: &str) -> Option<Value> {
    match type_name.to_ascii_lowercase().as_str() {
        "bool" | "boolean" | "system.boolean" => truth(value).map(Value::Bool),
        _ => convert(value, type_name),
    }
}

/// The constants that people write.
fn constant(type_name: &str, member: &str) -> Option<Value> {
    let lower = type_name.to_ascii_lowercase();
    let short = lower.strip_prefix("system.").unwrap_or(&lower);
    Some(match (short, member.to_ascii_lowercase().as_str()) {
        ("int" | "int32", "maxvalue") => Value::I32(i32::MAX),
        ("int" | "int32", "minvalue") => Value::I32(i32::MIN),
        ("long" | "int64", "maxvalue") => Value::I64(i64::MAX),
        ("long" | "int64", "minvalue") => Value::I64(i64::MIN),
        ("string", "empty") => Value::str(""),
        ("math", "pi") => Value::F64(std::f64::consts::PI),
        ("math", "e") => Value::F64(std::f64::consts::E),
        _ => return None,
    })
}
