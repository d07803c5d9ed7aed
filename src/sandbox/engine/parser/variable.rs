//! Variables, with their scopes.

use super::super::ast::{Expr, ExprKind, Scope, Variable};
use super::{Parsed, Parser};

impl Parser<'_> {
    /// A variable, at its `$`; `None` (and nothing consumed) when no name follows.
    pub(super) fn variable(&mut self) -> Parsed<Option<Expr>> {
        let start = self.cursor.pos();
        if !self.cursor.eat("$") {
            return Ok(None);
        }
        let name = if self.cursor.eat("{") {
            let name = self.cursor.take_while(|next| next != '}').to_owned();
            if !self.cursor.eat("}") {
                return self.error("IncompleteDollarBrace", "Missing closing '}' of a variable name.", start);
            }
            name
        } else if let Some(special @ ('$' | '?' | '^')) = self.cursor.peek() {
            self.cursor.bump();
            special.to_string()
        } else {
            self.plain_name(start)?
        };
        if name.is_empty() {
            self.cursor.set_pos(start);
            return Ok(None);
        }
        let variable = match scoped(&name) {
            Some(variable) => variable,
            None => {
                let message = format!("The sandbox's built-in engine does not know the drive of '${name}'.");
                return self.error("SandboxUnsupportedSyntax", message, start);
            }
        };
        Ok(Some(Expr { kind: ExprKind::Variable(variable), span: self.span_from(start) }))
    }

    fn plain_name(&mut self, start: usize) -> Parsed<String> {
        let is_name = |next: char| next.is_alphanumeric() || matches!(next, '_' | '?');
        let mut name = self.cursor.take_while(is_name).to_owned();
        if !name.is_empty() && self.cursor.peek() == Some(':') && self.cursor.peek_second().is_some_and(is_name) {
            self.cursor.bump();
            name.push(':');
            name.push_str(self.cursor.take_while(is_name));
        } else if !name.is_empty() && self.cursor.peek() == Some(':') && self.cursor.peek_second() != Some(':') {
            self.cursor.bump();
            let message = "Variable reference is not valid. ':' was not followed by a valid variable name character. \
                           Consider using ${} to delimit the name.";
            let is_scope =
                ["global", "local", "private", "script"].iter().any(|scope| name.eq_ignore_ascii_case(scope));
            let id = if is_scope { "InvalidVariableReference" } else { "InvalidVariableReferenceWithDrive" };
            return self.error(id, message, start);
        }
        Ok(name)
    }
}

fn scoped(name: &str) -> Option<Variable> {
    // An environment variable that is made keeps the case in which it was written.
    if let Some((_, rest)) = name.split_once(':').filter(|(scope, _)| scope.eq_ignore_ascii_case("env")) {
        return Some(Variable { scope: Scope::Env, name: rest.into() });
    }
    if let Some((_, rest)) = name.split_once(':').filter(|(scope, _)| scope.eq_ignore_ascii_case("function")) {
        return Some(Variable { scope: Scope::Function, name: rest.into() });
    }
    let name = name.to_lowercase();
    let (scope, rest) = match name.split_once(':') {
        None => (Scope::Nearest, name.as_str()),
        Some(("variable", rest)) => (Scope::Nearest, rest),
        Some(("local", rest)) => (Scope::Local, rest),
        Some(("private", rest)) => (Scope::Private, rest),
        Some(("global" | "script", rest)) => (Scope::Global, rest),
        Some(("using", rest)) => (Scope::Using, rest),
        Some(_) => return None,
    };
    Some(Variable { scope, name: rest.into() })
}
