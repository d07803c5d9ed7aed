//! Parameters of scripts and functions.

use super::super::ast::{Attributes, Binding, Expr, ExprKind, Param};
use super::{Parsed, Parser};

impl Parser<'_> {
    /// `param( ... )` with attributes before it; nothing if there is none.
    pub(super) fn param_block(&mut self) -> Parsed<(Vec<Param>, Binding)> {
        self.cursor.skip_separators();
        let start = self.cursor.pos();
        let (_, attributes) = self.attributes()?;
        if !self.cursor.eat_word("param") {
            self.cursor.set_pos(start);
            return Ok(Default::default());
        }
        let mut binding = self.of_script(&attributes, start)?;
        self.cursor.skip_lines();
        let params = self.param_list()?;
        binding.is_advanced |= params.iter().any(Param::has_role);
        Ok((params, binding))
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
        let start = self.cursor.pos();
        let (kind, attributes) = self.attributes()?;
        let attributes = self.of_parameter(kind, attributes, start)?;
        self.param_of(attributes)
    }

    /// The name and default of what has these attributes.
    pub(super) fn param_of(&mut self, attributes: Attributes) -> Parsed<Param> {
        let start = self.cursor.pos();
        let (variable, span) = match self.variable()? {
            Some(Expr { kind: ExprKind::Variable(variable), span }) => (variable, span),
            _ => return self.error("MissingParameterName", "A parameter needs a name.", start),
        };
        self.cursor.skip_lines();
        let default = if self.cursor.eat("=") {
            self.cursor.skip_lines();
            Some(self.expression_without_comma()?)
        } else {
            None
        };
        let written = span.of(&self.source).trim_matches(|next| matches!(next, '$' | '{' | '}'));
        let written = written.rsplit(':').next().unwrap_or(written).into();
        Ok(Param { name: variable.name, written, default, attributes })
    }
}

impl Param {
    /// Whether it has a `[Parameter()]`.
    pub(super) fn has_role(&self) -> bool {
        !self.attributes.roles.is_empty()
    }
}
