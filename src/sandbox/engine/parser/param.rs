//! Parameters of scripts and functions.

use std::sync::Arc;

use super::super::ast::{Expr, ExprKind, Param};
use super::{Parsed, Parser};

impl Parser<'_> {
    /// `param( ... )` with attributes before it; nothing if there is none.
    pub(super) fn param_block(&mut self) -> Parsed<Vec<Param>> {
        self.cursor.skip_separators();
        let start = self.cursor.pos();
        self.attributes()?;
        if !self.cursor.eat_word("param") {
            self.cursor.set_pos(start);
            return Ok(Vec::new());
        }
        self.cursor.skip_lines();
        self.param_list()
    }

    /// `( [type]$name = default, ... )`
    pub(super) fn param_list(&mut self) -> Parsed<Vec<Param>> {
        if !self.cursor.eat("(") {
            return self.unexpected();
        }
        let mut params = Vec::new();
        loop {
            self.cursor.skip_lines();
            if self.cursor.eat(")") {
                return Ok(params);
            }
            params.push(self.param()?);
            self.cursor.skip_lines();
            if !self.cursor.eat(",") && self.cursor.peek() != Some(')') {
                return self
                    .missing_parenthesis("MissingEndParenthesisInFunctionParameterList", "function parameter list");
            }
        }
    }

    fn param(&mut self) -> Parsed<Param> {
        let (type_name, mandatory) = self.attributes()?;
        let start = self.cursor.pos();
        let variable = match self.variable()? {
            Some(Expr { kind: ExprKind::Variable(variable), .. }) => variable,
            _ => return self.error("MissingParameterName", "A parameter needs a name.", start),
        };
        self.cursor.skip_lines();
        let default = if self.cursor.eat("=") {
            self.cursor.skip_lines();
            Some(self.expression_without_comma()?)
        } else {
            None
        };
        Ok(Param { name: variable.name, type_name, default, mandatory })
    }

    /// `[Parameter(Mandatory)]`, `[CmdletBinding()]`, `[int]`: the last type, and whether Mandatory was among them.
    fn attributes(&mut self) -> Parsed<(Option<Arc<str>>, bool)> {
        let (mut type_name, mut mandatory) = (None, false);
        loop {
            self.cursor.skip_lines();
            let start = self.cursor.pos();
            if self.cursor.peek() != Some('[') {
                return Ok((type_name, mandatory));
            }
            self.cursor.bump();
            let name = self.cursor.take_while(|next| !matches!(next, '(' | ']' | '[')).trim().to_owned();
            if self.cursor.eat("(") {
                self.has_attributes = true;
                let text = self.cursor.take_while(|next| next != ']');
                let text: String = text.to_ascii_lowercase().split_whitespace().collect();
                mandatory |= text.contains("mandatory") && !text.contains("mandatory=$false");
                self.cursor.eat("]");
            } else {
                self.cursor.set_pos(start);
                match self.type_literal()? {
                    Some(found) => type_name = Some(found),
                    None => return self.error("TypeNotFound", format!("'{name}' is not a type name."), start),
                }
            }
        }
    }
}
