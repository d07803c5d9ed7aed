//! `enum` and `class`.

use std::sync::Arc;

use super::super::ast::{Block, ClassAst, EnumAst, Expr, MethodAst, PropertyAst, Script, Statement};
use super::{Parsed, Parser, leaving};

/// What stands before a member.
#[derive(Default)]
struct Marks {
    is_static: bool,
    is_hidden: bool,
}

impl Parser<'_> {
    /// `[Flags()]` before `enum`; nothing is consumed if it is something else.
    pub(super) fn flags(&mut self) -> bool {
        let start = self.cursor.pos();
        let rest = self.cursor.rest();
        let begins = |text: &&str| rest.get(..text.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(text));
        let found = ["[flags()]", "[system.flags()]", "[flagsattribute()]"].into_iter().find(begins);
        let Some(found) = found else { return false };
        self.cursor.set_pos(start + found.len());
        self.cursor.skip_lines();
        let is_enum = self.cursor.eat_word("enum");
        if !is_enum {
            self.cursor.set_pos(start);
        }
        is_enum
    }

    fn type_name(&mut self, word: &str) -> Parsed<Arc<str>> {
        self.cursor.skip_lines();
        let at = self.cursor.pos();
        let name = self.cursor.take_while(|next| next.is_alphanumeric() || next == '_');
        if name.is_empty() {
            return self.error("MissingNameAfterKeyword", format!("Missing name after {word} keyword."), at);
        }
        let name = name.into();
        self.cursor.skip_lines();
        Ok(name)
    }

    fn open_brace(&mut self) -> Parsed<usize> {
        self.cursor.skip_lines();
        let open = self.cursor.pos();
        if !self.cursor.eat("{") {
            return self.error("MissingTypeBody", "Missing '{' in type definition.", open);
        }
        Ok(open)
    }

    /// After the word.
    pub(super) fn enumeration(&mut self, is_flags: bool) -> Parsed<Statement> {
        let name = self.type_name("enum")?;
        if self.cursor.eat(":") {
            // The number's type is none that a script sees.
            self.type_name("enum")?;
        }
        let open = self.open_brace()?;
        let mut members = Vec::new();
        loop {
            self.cursor.skip_separators();
            if self.cursor.at_end() || self.cursor.peek() == Some('}') {
                break;
            }
            let member = self.type_name_part()?;
            self.cursor.skip_blanks();
            let value = if self.cursor.eat("=") {
                self.cursor.skip_blanks();
                Some(self.expression_without_comma()?)
            } else {
                None
            };
            members.push((member, value));
            self.end_of_member()?;
        }
        self.close_brace(open)?;
        Ok(Statement::Enum(Arc::new(EnumAst { name, is_flags, members })))
    }

    fn type_name_part(&mut self) -> Parsed<Arc<str>> {
        let name = self.cursor.take_while(|next| next.is_alphanumeric() || next == '_');
        if name.is_empty() { self.unexpected() } else { Ok(name.into()) }
    }

    /// After the word.
    pub(super) fn class(&mut self, start: usize) -> Parsed<Statement> {
        let name = self.type_name("class")?;
        let mut base = None;
        if self.cursor.eat(":") {
            self.cursor.skip_lines();
            let at = self.cursor.take_while(|next| next.is_alphanumeric() || matches!(next, '_' | '.'));
            base = Some(at.into());
            self.cursor.skip_lines();
            if self.cursor.peek() == Some(',') {
                let message = "The sandbox's built-in engine knows classes with one base, no interfaces.";
                return self.error("SandboxUnsupportedSyntax", message, start);
            }
        }
        let open = self.open_brace()?;
        let mut class = ClassAst { name, base, properties: Vec::new(), methods: Vec::new() };
        loop {
            self.cursor.skip_separators();
            if self.cursor.at_end() || self.cursor.peek() == Some('}') {
                break;
            }
            self.class_member(&mut class)?;
        }
        self.close_brace(open)?;
        Ok(Statement::Class(Arc::new(class)))
    }

    fn marks(&mut self) -> Marks {
        let mut marks = Marks::default();
        loop {
            self.cursor.skip_lines();
            if self.cursor.eat_word("static") {
                marks.is_static = true;
            } else if self.cursor.eat_word("hidden") {
                marks.is_hidden = true;
            } else {
                return marks;
            }
        }
    }

    fn class_member(&mut self, class: &mut ClassAst) -> Parsed<()> {
        let start = self.cursor.pos();
        let mut marks = self.marks();
        let at = self.cursor.pos();
        let (returns, attributes) = self.attributes()?;
        let more = self.marks();
        marks.is_static |= more.is_static;
        marks.is_hidden |= more.is_hidden;
        if self.cursor.peek() == Some('$') {
            let attributes = self.of_parameter(returns, attributes, at)?;
            let param = self.param_of(attributes)?;
            class.properties.push(PropertyAst { param, is_static: marks.is_static, is_hidden: marks.is_hidden });
            return self.end_of_member();
        }
        let name = self.type_name_part()?;
        self.cursor.skip_lines();
        if self.cursor.peek() != Some('(') {
            return self.unexpected();
        }
        let params = self.param_list()?;
        self.cursor.skip_lines();
        let base_args = self.base_args()?;
        let open = self.open_brace()?;
        let body = self.cursor.pos();
        let around = std::mem::replace(&mut self.in_method, true);
        let end = self.statements(Some(open));
        self.in_method = around;
        let end = end?;
        self.check_answers(&end, returns.as_deref(), body)?;
        let script = Script { params, end, span: self.span_from(body), ..self.empty_script() };
        self.close_brace(open)?;
        let is_first = class
            .methods
            .iter()
            .filter(|known| known.is_static == marks.is_static)
            .all(|known| !(known.name.eq_ignore_ascii_case(&name) && is_same(&known.script, &script)));
        if !is_first {
            return self.error("MemberAlreadyDefined", format!("The member '{name}' is already defined."), start);
        }
        class.methods.push(MethodAst {
            name,
            returns,
            is_static: marks.is_static,
            base_args,
            script: Arc::new(script),
        });
        Ok(())
    }

    /// Members that are no methods stand on lines of their own, or before a semicolon.
    fn end_of_member(&mut self) -> Parsed<()> {
        let at = self.cursor.pos();
        self.cursor.skip_blanks();
        if self.cursor.at_end() || matches!(self.cursor.peek(), Some(';' | '\n' | '\r' | '}')) {
            return Ok(());
        }
        self.cursor.set_pos(at);
        self.error("MissingPropertyTerminator", "Missing ';' or end-of-line in property definition.", at)
    }

    /// A method that has a type answers on every way, and one without it nowhere.
    fn check_answers(&self, body: &Block, returns: Option<&str>, at: usize) -> Parsed<()> {
        let is_void = returns.is_none_or(|name| matches!(&*name.to_ascii_lowercase(), "void" | "system.void"));
        if is_void && leaving::has_answer(body, true) {
            return self.error("VoidMethodHasReturn", "Invalid return statement within void method.", at);
        }
        if !is_void && leaving::has_answer(body, false) {
            let message = "Invalid return statement within non-void method.";
            return self.error("NonVoidMethodMissingReturnValue", message, at);
        }
        if !is_void && !leaving::always_answers(body) {
            return self.error("MethodHasCodePathNotReturn", "Not all code path returns value within method.", at);
        }
        Ok(())
    }

    /// `: base(...)` of a constructor.
    fn base_args(&mut self) -> Parsed<Vec<Expr>> {
        let mut args = Vec::new();
        if !self.cursor.eat(":") {
            return Ok(args);
        }
        self.cursor.skip_lines();
        if !self.cursor.eat_word("base") {
            return self.unexpected();
        }
        self.cursor.skip_lines();
        if !self.cursor.eat("(") {
            return self.unexpected();
        }
        loop {
            self.cursor.skip_lines();
            if self.cursor.eat(")") {
                return Ok(args);
            }
            let arg = self.expression_without_comma()?;
            args.push(arg);
            self.cursor.skip_lines();
            if !self.cursor.eat(",") && self.cursor.peek() != Some(')') {
                return self.unexpected();
            }
        }
    }
}

/// Whether two methods take the same types.
fn is_same(one: &Script, other: &Script) -> bool {
    let types =
        |script: &Script| script.params.iter().map(|param| param.attributes.type_name.clone()).collect::<Vec<_>>();
    types(one) == types(other)
}
