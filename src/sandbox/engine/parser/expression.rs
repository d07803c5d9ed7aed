//! Expressions.

use std::sync::Arc;

use super::super::ast::{Expr, ExprKind, Span, UnaryOp};
use super::super::ops;
use super::super::value::Val;
use super::cursor::{is_double_quote, is_single_quote};
use super::operator::Infix;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// Whether a statement here is an expression and not a command.
    pub(super) fn at_expression(&mut self) -> bool {
        let second = self.cursor.peek_second();
        match self.cursor.sign() {
            Some('$' | '(' | '[' | '{' | '+' | '-' | '!' | ',') => true,
            Some('@') => matches!(second, Some('(' | '{' | '\'' | '"')),
            Some('.') => second.is_some_and(|next| next.is_ascii_digit()),
            Some(next) if next.is_ascii_digit() => {
                let start = self.cursor.pos();
                // One that is not known is one.
                let is_number = !matches!(self.number(), Ok(None));
                self.cursor.set_pos(start);
                is_number
            }
            Some(next) => is_double_quote(next) || is_single_quote(next),
            None => false,
        }
    }

    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.ternary(true)
    }

    pub(super) fn expression_without_comma(&mut self) -> Parsed<Expr> {
        self.ternary(false)
    }

    /// `condition ? then : otherwise`, or what binds more tightly.
    fn ternary(&mut self, comma: bool) -> Parsed<Expr> {
        self.check_depth()?;
        self.cursor.skip_blanks();
        let start = self.cursor.pos();
        let condition = self.binary(0, comma)?;
        let end = self.cursor.pos();
        self.cursor.skip_blanks();
        let at = self.cursor.pos();
        if self.cursor.rest().starts_with("??") || !self.cursor.eat("?") {
            self.cursor.set_pos(end);
            return Ok(condition);
        }
        let then = self.branch(comma, "?", at)?;
        self.cursor.skip_lines();
        let colon = self.cursor.pos();
        if !self.cursor.eat(":") {
            let message = "The ternary expression is missing ':' and what follows it.";
            return self.error("MissingColonInTernaryExpression", message, colon);
        }
        let otherwise = self.branch(comma, ":", colon)?;
        let kind = ExprKind::Ternary(Box::new(condition), Box::new(then), Box::new(otherwise));
        Ok(Expr { kind, span: self.span_from(start) })
    }

    fn branch(&mut self, comma: bool, operator: &str, at: usize) -> Parsed<Expr> {
        self.cursor.skip_lines();
        if !self.at_operand() {
            let message = format!("You must provide a value expression following the '{operator}' operator.");
            return self.error("ExpectedValueExpression", message, at);
        }
        self.ternary(comma)
    }

    fn binary(&mut self, min: u8, comma: bool) -> Parsed<Expr> {
        self.check_depth()?;
        self.cursor.skip_blanks();
        let start = self.cursor.pos();
        let mut left = if comma { self.comma_list()? } else { self.unary()? };
        let mut links = 0;
        loop {
            self.check_links(&mut links)?;
            self.cursor.skip_blanks();
            let operator = self.cursor.pos();
            let Some((infix, level)) = self.infix(min) else { return Ok(left) };
            let text = self.cursor.slice(operator, self.cursor.pos()).to_owned();
            self.cursor.skip_lines();
            if !self.at_operand() {
                let message = format!("You must provide a value expression following the '{text}' operator.");
                return self.error("ExpectedValueExpression", message, operator);
            }
            let right = Box::new(self.binary(level + 1, comma)?);
            let left_box = Box::new(left);
            let kind = match infix {
                Infix::And => ExprKind::And(left_box, right),
                Infix::Or => ExprKind::Or(left_box, right),
                Infix::Xor => ExprKind::Xor(left_box, right),
                Infix::Op(op) => ExprKind::Binary(op, left_box, right),
            };
            left = Expr { kind, span: self.span_from(start) };
        }
    }

    fn at_operand(&mut self) -> bool {
        self.at_expression()
    }

    /// `a, b, c`
    fn comma_list(&mut self) -> Parsed<Expr> {
        let missing = ("MissingExpressionAfterToken", "Missing expression after ','.");
        self.commas(Self::unary, Self::at_operand, missing)
    }

    /// Elements between commas; a comma with nothing behind it is the error `missing`.
    pub(super) fn commas(
        &mut self,
        element: impl Fn(&mut Self) -> Parsed<Expr>,
        at_element: impl Fn(&mut Self) -> bool,
        missing: (&'static str, &str),
    ) -> Parsed<Expr> {
        let start = self.cursor.pos();
        let mut all = vec![element(self)?];
        loop {
            let end = self.cursor.pos();
            self.cursor.skip_blanks();
            if !self.cursor.eat(",") {
                self.cursor.set_pos(end);
                break;
            }
            self.cursor.skip_lines();
            if !at_element(self) {
                return self.error(missing.0, missing.1, end);
            }
            all.push(element(self)?);
        }
        match all.len() {
            1 => Ok(all.remove(0)),
            _ => Ok(Expr { kind: ExprKind::Comma(all), span: self.span_from(start) }),
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        self.check_depth()?;
        self.cursor.skip_blanks();
        let start = self.cursor.pos();
        let second = self.cursor.second_sign();
        match self.cursor.sign() {
            Some('!') => self.prefix(UnaryOp::Not, start),
            Some(',') => self.prefix(UnaryOp::Comma, start),
            Some(sign @ ('+' | '-')) if second == Some(sign) => {
                self.cursor.bump();
                self.cursor.bump();
                let target = Box::new(self.unary()?);
                let kind = ExprKind::Step { target, by: if sign == '+' { 1 } else { -1 }, postfix: false };
                Ok(Expr { kind, span: self.span_from(start) })
            }
            Some('-') if second.is_some_and(char::is_alphabetic) => match self.unary_word() {
                Some(op) => self.unary_operand(op, start),
                None => self.unexpected(),
            },
            Some('-') => self.prefix(UnaryOp::Minus, start),
            Some('+') => self.prefix(UnaryOp::Plus, start),
            Some('[') => self.type_or_cast(start),
            _ => self.primary_with_postfix(),
        }
    }

    fn prefix(&mut self, op: UnaryOp, start: usize) -> Parsed<Expr> {
        self.cursor.bump();
        self.unary_operand(op, start)
    }

    fn unary_operand(&mut self, op: UnaryOp, start: usize) -> Parsed<Expr> {
        let operand = self.unary()?;
        let span = self.span_from(start);
        if let (UnaryOp::Minus, ExprKind::Const(number)) = (op, &operand.kind)
            && let Some(negated) = ops::negate_literal(number)
        {
            return Ok(Expr { kind: ExprKind::Const(negated), span });
        }
        Ok(Expr { kind: ExprKind::Unary(op, Box::new(operand)), span })
    }

    fn type_or_cast(&mut self, start: usize) -> Parsed<Expr> {
        let Some(name) = self.type_literal()? else { return self.unexpected() };
        let after = self.cursor.pos();
        self.cursor.skip_blanks();
        if self.at_cast_operand() {
            let operand = Box::new(self.unary()?);
            return Ok(Expr { kind: ExprKind::Cast(name, operand), span: self.span_from(start) });
        }
        self.cursor.set_pos(after);
        let expr = Expr { kind: ExprKind::Type(name), span: self.span_from(start) };
        self.postfix_over_lines(expr, start)
    }

    /// After `[type]`: an operand, or an operator for which the type itself is one?
    fn at_cast_operand(&mut self) -> bool {
        let second = self.cursor.peek_second();
        match self.cursor.sign() {
            Some('-' | '+') => second.is_some_and(|next| next.is_ascii_digit() || matches!(next, '$' | '(' | '.')),
            Some(',') => false,
            _ => self.at_expression(),
        }
    }

    /// `[name]`, also with brackets and commas inside; `None` (and nothing consumed) if it is something else.
    pub(super) fn type_literal(&mut self) -> Parsed<Option<Arc<str>>> {
        let start = self.cursor.pos();
        if !self.cursor.eat("[") {
            return Ok(None);
        }
        let mut depth = 1;
        let name = self.cursor.take_while(|next| {
            depth += match next {
                '[' => 1,
                ']' => -1,
                _ => 0,
            };
            depth > 0 && (next.is_alphanumeric() || matches!(next, '.' | '_' | '+' | '`' | '[' | ']' | ',' | ' '))
        });
        if !name.is_empty() && self.cursor.peek() == Some('(') {
            let message = "The sandbox's built-in engine knows attributes of parameters, not of other variables.";
            return self.error("SandboxUnsupportedSyntax", message, start);
        }
        if name.is_empty() || !self.cursor.eat("]") {
            self.cursor.set_pos(start);
            return self.error("MissingTypename", "Missing type name after '['.", start);
        }
        let name: String = name.chars().filter(|next| *next != ' ').collect();
        Ok(Some(name.into()))
    }

    fn primary_with_postfix(&mut self) -> Parsed<Expr> {
        let start = self.cursor.pos();
        let primary = self.primary()?;
        self.postfix_over_lines(primary, start)
    }

    pub(super) fn primary(&mut self) -> Parsed<Expr> {
        let start = self.cursor.pos();
        let second = self.cursor.peek_second();
        match self.cursor.peek() {
            Some('$') if second == Some('(') => {
                self.cursor.bump();
                self.sub_expression(start, ExprKind::SubExpr)
            }
            Some('@') if second == Some('(') => {
                self.cursor.bump();
                self.sub_expression(start, ExprKind::ArraySub)
            }
            Some('$') => match self.variable()? {
                Some(variable) => Ok(variable),
                None => self.unexpected(),
            },
            Some('@') if second == Some('{') => self.hash(),
            Some('@') if second.is_some_and(|next| is_double_quote(next) || is_single_quote(next)) => {
                self.here_string()
            }
            Some('(') => self.paren(),
            Some('{') => self.script_block(),
            Some(next) if is_single_quote(next) => self.single_quoted(),
            Some(next) if is_double_quote(next) => self.double_quoted(),
            Some(next) if next.is_ascii_digit() || next == '.' => match self.number()? {
                Some(number) => Ok(Expr { kind: ExprKind::Const(number), span: self.span_from(start) }),
                None => self.unexpected(),
            },
            _ => self.unexpected(),
        }
    }

    fn sub_expression(
        &mut self,
        start: usize,
        make: fn(Vec<super::super::ast::Statement>) -> ExprKind,
    ) -> Parsed<Expr> {
        let open = self.cursor.pos();
        self.cursor.bump();
        let block = self.statements(Some(open))?;
        if !self.cursor.eat(")") {
            return self.missing_parenthesis("MissingEndParenthesisInSubexpression", "subexpression");
        }
        Ok(Expr { kind: make(block), span: self.span_from(start) })
    }

    fn paren(&mut self) -> Parsed<Expr> {
        let open = self.cursor.pos();
        self.cursor.bump();
        self.cursor.skip_lines();
        if self.cursor.peek() == Some(')') || self.cursor.at_end() {
            return self.error("ExpectedExpression", "An expression was expected after '('.", open);
        }
        let inner = self.pipeline_or_assignment()?;
        self.cursor.skip_lines();
        if !self.cursor.eat(")") {
            return self.missing_end_of_pipeline("MissingEndParenthesisInExpression", "expression");
        }
        Ok(Expr { kind: ExprKind::Paren(Box::new(inner)), span: self.span_from(open) })
    }

    pub(super) fn script_block(&mut self) -> Parsed<Expr> {
        let open = self.cursor.pos();
        self.cursor.bump();
        let script = self.script_body(Some(open))?;
        self.close_brace(open)?;
        let mut script = script;
        script.span = Span { start: open as u32 + 1, end: self.cursor.pos() as u32 - 1 };
        Ok(Expr { kind: ExprKind::ScriptBlock(Arc::new(script)), span: self.span_from(open) })
    }

    fn hash(&mut self) -> Parsed<Expr> {
        let start = self.cursor.pos();
        self.cursor.bump();
        self.cursor.bump();
        let mut entries: Vec<(Expr, _)> = Vec::new();
        loop {
            self.cursor.skip_separators();
            if self.cursor.eat("}") {
                return Ok(Expr { kind: ExprKind::Hash(entries), span: self.span_from(start) });
            }
            let key_start = self.cursor.pos();
            let key = self.hash_key()?;
            if let Some(name) = literal_key(&key)
                && entries.iter().any(|(known, _)| {
                    literal_key(known).is_some_and(|known| known.to_lowercase() == name.to_lowercase())
                })
            {
                let message = format!("Duplicate keys '{name}' are not allowed in hash literals.");
                return self.error("DuplicateKeyInHashLiteral", message, key_start);
            }
            self.cursor.skip_lines();
            if !self.cursor.eat("=") {
                let message = "Missing '=' operator after key in hash literal.";
                return self.error("MissingEqualsInHashLiteral", message, key_start);
            }
            self.cursor.skip_lines();
            entries.push((key, self.statement()?));
            self.cursor.skip_blanks();
            if !matches!(self.cursor.peek(), Some(';' | '\n' | '\r' | '}')) {
                let message = "The hash literal was incomplete.";
                return self.error("IncompleteHashLiteral", message, start);
            }
        }
    }

    fn hash_key(&mut self) -> Parsed<Expr> {
        let start = self.cursor.pos();
        if self.cursor.peek().is_some_and(|next| next.is_alphabetic() || next == '_') {
            let word = self.cursor.take_while(|next| next.is_alphanumeric() || matches!(next, '_' | '-' | '.'));
            return Ok(Expr { kind: ExprKind::Bare(word.into()), span: self.span_from(start) });
        }
        if !self.at_expression() {
            return self.error("MissingKeyInHashLiteral", "A key was expected in the hash literal.", start);
        }
        self.unary()
    }
}

/// The key of a hash literal, if it is plain text.
fn literal_key(key: &Expr) -> Option<&str> {
    match &key.kind {
        ExprKind::Bare(word) => Some(word),
        ExprKind::Const(Val::Str(text)) => Some(text),
        _ => None,
    }
}
