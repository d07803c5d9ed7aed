//! Parameters of scripts and functions.

use super::super::ast::{Attributes, Expr, ExprKind, Param};
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
        let attributes = self.attributes()?;
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
        Ok(Param { name: variable.name, default, attributes })
    }

    /// `[Parameter(Mandatory)]`, `[Alias('x')]`, `[CmdletBinding()]`, `[int]`; of types the last.
    fn attributes(&mut self) -> Parsed<Attributes> {
        let mut found = Attributes::default();
        loop {
            self.cursor.skip_lines();
            let start = self.cursor.pos();
            if self.cursor.peek() != Some('[') {
                return Ok(found);
            }
            self.cursor.bump();
            let name = self.cursor.take_while(|next| !matches!(next, '(' | ']' | '[')).trim().to_owned();
            if self.cursor.eat("(") {
                self.has_attributes = true;
                let text = self.cursor.take_while(|next| next != ']').to_ascii_lowercase();
                found.read(&name, &text);
                self.cursor.eat("]");
            } else {
                self.cursor.set_pos(start);
                match self.type_literal()? {
                    Some(kind) => found.type_name = Some(kind),
                    None => return self.error("TypeNotFound", format!("'{name}' is not a type name."), start),
                }
            }
        }
    }
}

impl Attributes {
    /// Reads what stands between the parentheses of an attribute, in lower case.
    fn read(&mut self, name: &str, text: &str) {
        if name.eq_ignore_ascii_case("alias") {
            self.aliases.extend(text.split(['\'', '"']).skip(1).step_by(2).map(str::to_owned));
            return;
        }
        for argument in text.trim_end().trim_end_matches(')').split(',') {
            let (key, value) = argument.split_once('=').unwrap_or((argument, "$true"));
            let holds = value.trim() != "$false";
            match key.trim() {
                "mandatory" => self.mandatory |= holds,
                "valuefrompipeline" => self.by_value |= holds,
                "valuefrompipelinebypropertyname" => self.by_name |= holds,
                _ => {}
            }
        }
    }
}
