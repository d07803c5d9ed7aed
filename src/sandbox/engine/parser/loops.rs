//! Loops: while, do, for, foreach.

use std::sync::Arc;

use super::super::ast::{Expr, ExprKind, Foreach, Loop, Statement};
use super::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn while_loop(&mut self, label: Option<Arc<str>>) -> Parsed<Statement> {
        let condition = Some(self.condition("while")?);
        let body = self.block()?;
        Ok(Statement::Loop(Box::new(Loop {
            label,
            init: None,
            condition,
            negated: false,
            body_first: false,
            step: None,
            body,
        })))
    }

    pub(super) fn do_loop(&mut self, label: Option<Arc<str>>) -> Parsed<Statement> {
        let body = self.block()?;
        self.cursor.skip_separators();
        let negated = self.cursor.at_word("until");
        if !self.cursor.eat_word("until") && !self.cursor.eat_word("while") {
            let at = self.cursor.pos();
            return self.error("MissingWhileOrUntilInDoWhile", "The while or until keyword was expected.", at);
        }
        let condition = Some(self.condition(if negated { "until" } else { "while" })?);
        Ok(Statement::Loop(Box::new(Loop {
            label,
            init: None,
            condition,
            negated,
            body_first: true,
            step: None,
            body,
        })))
    }

    pub(super) fn for_loop(&mut self, label: Option<Arc<str>>) -> Parsed<Statement> {
        self.cursor.skip_lines();
        let open = self.cursor.pos();
        if !self.cursor.eat("(") {
            return self.error("MissingOpenParenthesisAfterKeyword", "Missing '(' after 'for'.", open);
        }
        let mut clauses = [None, None, None];
        for (place, clause) in clauses.iter_mut().enumerate() {
            self.cursor.skip_lines();
            if !matches!(self.cursor.peek(), Some(';' | ')')) {
                *clause = Some(self.pipeline_or_assignment()?);
            }
            self.cursor.skip_lines();
            if place < 2 && !self.cursor.eat(";") {
                break;
            }
        }
        if !self.cursor.eat(")") {
            return self.missing_parenthesis("MissingEndParenthesisAfterStatement", "expression after 'for'");
        }
        let [init, condition, step] = clauses;
        let body = self.block()?;
        Ok(Statement::Loop(Box::new(Loop { label, init, condition, negated: false, body_first: false, step, body })))
    }

    pub(super) fn foreach_loop(&mut self, label: Option<Arc<str>>) -> Parsed<Statement> {
        let open = self.cursor.pos();
        self.cursor.eat("(");
        self.cursor.skip_lines();
        let Some(Expr { kind: ExprKind::Variable(variable), .. }) = self.variable()? else {
            return self.error("MissingVariableNameAfterForeach", "Missing variable name after foreach.", open);
        };
        self.cursor.skip_lines();
        if !self.cursor.eat_word("in") {
            return self.error("MissingInInForeach", "Missing 'in' after variable in foreach loop.", open);
        }
        self.cursor.skip_lines();
        let items = self.pipeline_or_assignment()?;
        self.cursor.skip_lines();
        if !self.cursor.eat(")") {
            return self.missing_parenthesis("MissingEndParenthesisAfterForeach", "foreach loop");
        }
        let body = self.block()?;
        Ok(Statement::Foreach(Box::new(Foreach { label, variable: variable.name, items, body })))
    }
}
