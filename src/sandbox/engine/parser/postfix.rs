//! What follows an operand without a blank: members, calls, indexes, steps.

use super::super::ast::{Access, Expr, ExprKind};
use super::cursor::{is_double_quote, is_single_quote};
use super::{Parsed, Parser};

impl Parser<'_> {
    /// As [`Self::postfix`], where a line may end after the dot.
    pub(super) fn postfix_over_lines(&mut self, expr: Expr, start: usize) -> Parsed<Expr> {
        let mut expr = self.postfix(expr, start)?;
        let mut links = 0;
        loop {
            self.check_links(&mut links)?;
            let end = self.cursor.pos();
            if !self.cursor.eat(".") || !self.cursor.peek().is_some_and(char::is_whitespace) {
                self.cursor.set_pos(end);
                return Ok(expr);
            }
            self.cursor.skip_lines();
            if !self.cursor.peek().is_some_and(is_member_start) {
                self.cursor.set_pos(end);
                return Ok(expr);
            }
            let kind = self.member(expr, Access::Plain)?;
            let member = Expr { kind, span: self.span_from(start) };
            expr = self.postfix(member, start)?;
        }
    }

    /// Member accesses, calls, indexes and steps that follow without a blank.
    pub(super) fn postfix(&mut self, mut expr: Expr, start: usize) -> Parsed<Expr> {
        let mut links = 0;
        loop {
            self.check_links(&mut links)?;
            let second = self.cursor.peek_second();
            let (sign, second_sign) = (self.cursor.sign(), self.cursor.second_sign());
            let kind = match sign {
                Some('.') if second.is_some_and(is_member_start) => {
                    self.cursor.bump();
                    self.member(expr, Access::Plain)?
                }
                Some('?') if self.at_null_conditional() => {
                    self.cursor.bump();
                    if self.cursor.eat(".") {
                        self.member(expr, Access::IfNotNull)?
                    } else {
                        self.index(expr, Access::IfNotNull)?
                    }
                }
                Some(':') if second == Some(':') => {
                    self.cursor.bump();
                    self.cursor.bump();
                    self.member(expr, Access::Static)?
                }
                Some('[') => self.index(expr, Access::Plain)?,
                Some(sign @ ('+' | '-')) if second_sign == Some(sign) && is_step_target(&expr) => {
                    self.cursor.bump();
                    self.cursor.bump();
                    ExprKind::Step { target: Box::new(expr), by: if sign == '+' { 1 } else { -1 }, postfix: true }
                }
                _ => return Ok(expr),
            };
            expr = Expr { kind, span: self.span_from(start) };
        }
    }

    /// `?.name` or `?[index]`; any other question mark belongs to a ternary.
    fn at_null_conditional(&self) -> bool {
        let rest = self.cursor.rest();
        rest.starts_with("?[") || rest.strip_prefix("?.").is_some_and(|after| after.starts_with(is_member_start))
    }

    fn index(&mut self, object: Expr, access: Access) -> Parsed<ExprKind> {
        let open = self.cursor.pos();
        self.cursor.bump();
        self.cursor.skip_lines();
        if self.cursor.peek() == Some(']') {
            return self.error("MissingArrayIndexExpression", "Array index expression is missing or not valid.", open);
        }
        let index = self.expression()?;
        self.cursor.skip_lines();
        if !self.cursor.eat("]") {
            let at = self.cursor.pos();
            return self.error("MissingEndSquareBracket", "Missing ] at end of attribute or type literal.", at);
        }
        Ok(ExprKind::Index { object: Box::new(object), index: Box::new(index), access })
    }

    fn member(&mut self, object: Expr, access: Access) -> Parsed<ExprKind> {
        let start = self.cursor.pos();
        let name = match self.cursor.peek() {
            Some(next) if next.is_alphabetic() || next == '_' => {
                let word = self.cursor.take_while(|next| next.is_alphanumeric() || next == '_');
                Expr { kind: ExprKind::Bare(word.into()), span: self.span_from(start) }
            }
            Some(_) if is_member_start(self.cursor.peek().unwrap_or(' ')) => self.primary()?,
            _ => return self.error("MissingPropertyName", "Missing property name after reference operator.", start),
        };
        let (object, name) = (Box::new(object), Box::new(name));
        if self.cursor.peek() == Some('{') {
            // `.Where{ ... }`
            let args = vec![self.script_block()?];
            return Ok(ExprKind::Call { object, name, args, access });
        }
        if self.cursor.peek() != Some('(') {
            return Ok(ExprKind::Member { object, name, access });
        }
        let args = self.call_arguments()?;
        Ok(ExprKind::Call { object, name, args, access })
    }

    fn call_arguments(&mut self) -> Parsed<Vec<Expr>> {
        self.cursor.bump();
        let mut args = Vec::new();
        loop {
            self.cursor.skip_lines();
            if self.cursor.eat(")") {
                return Ok(args);
            }
            if !args.is_empty() {
                let comma = self.cursor.pos();
                if !self.cursor.eat(",") {
                    return self.missing_parenthesis("MissingEndParenthesisInMethodCall", "method call");
                }
                self.cursor.skip_lines();
                if matches!(self.cursor.peek(), Some(',' | ')')) {
                    return self.error("MissingExpressionAfterToken", "Missing expression after ','.", comma);
                }
            }
            args.push(self.expression_without_comma()?);
        }
    }
}

fn is_member_start(next: char) -> bool {
    next.is_alphabetic() || matches!(next, '_' | '$' | '(') || is_double_quote(next) || is_single_quote(next)
}

fn is_step_target(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Variable(_) | ExprKind::Member { .. } | ExprKind::Index { .. })
}
