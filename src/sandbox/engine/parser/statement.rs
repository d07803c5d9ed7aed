//! Statements and blocks.

use std::sync::Arc;

use super::super::ast::{
    Assign, Block, Expr, ExprKind, Param, Script, Span, Statement, Subject, Switch, SwitchMode, Try,
};
use super::{Parsed, Parser, leaving};

/// Statements that PowerShell has and the subset has not.
const UNKNOWN: [&str; 7] =
    ["workflow", "configuration", "dynamicparam", "parallel", "sequence", "inlinescript", "clean"];

impl Parser<'_> {
    /// The inside of a script or script block up to `}` (exclusive) or, without `open`, the end of the text.
    pub(super) fn script_body(&mut self, open: Option<usize>) -> Parsed<Script> {
        self.check_depth()?;
        let start = self.cursor.pos();
        let around = std::mem::take(&mut self.in_method);
        let namespaces = if open.is_none() { self.namespaces()? } else { Vec::new() };
        let (params, binding) = self.param_block()?;
        let mut script = Script { params, binding, namespaces, ..self.empty_script() };
        if !self.named_blocks(&mut script)? {
            script.end = self.statements(open)?;
        }
        script.span = self.span_from(start);
        self.in_method = around;
        Ok(script)
    }

    /// `begin`, `process` and `end` blocks, if there are any.
    fn named_blocks(&mut self, script: &mut Script) -> Parsed<bool> {
        let mut found = false;
        loop {
            self.cursor.skip_separators();
            let Some(word) = ["begin", "process", "end"].into_iter().find(|word| self.at_block_word(word)) else {
                if found && !self.cursor.at_end() && self.cursor.peek() != Some('}') {
                    return self.unexpected();
                }
                return Ok(found);
            };
            found = true;
            self.cursor.eat_word(word);
            let block = self.block()?;
            match word {
                "begin" => script.begin = block,
                "process" => script.process = Some(block),
                _ => script.end = block,
            }
        }
    }

    fn at_block_word(&mut self, word: &str) -> bool {
        let start = self.cursor.pos();
        let found = self.cursor.eat_word(word) && {
            self.cursor.skip_lines();
            self.cursor.peek() == Some('{')
        };
        self.cursor.set_pos(start);
        found
    }

    /// After a pipeline that should end with `)`: what stands there instead is blamed, unless it ends the pipeline.
    pub(super) fn missing_end_of_pipeline<T>(&mut self, id: &'static str, place: &str) -> Parsed<T> {
        if matches!(self.cursor.peek(), None | Some(';' | '}')) {
            return self.missing_parenthesis(id, place);
        }
        self.unexpected()
    }

    pub(super) fn missing_parenthesis<T>(&mut self, id: &'static str, place: &str) -> Parsed<T> {
        let at = self.cursor.pos();
        self.error(id, format!("Missing closing ')' in {place}."), at)
    }

    /// Statements up to `}` or `)` (exclusive) when `open` names an opening bracket, else up to the end of the text.
    pub(super) fn statements(&mut self, open: Option<usize>) -> Parsed<Block> {
        let mut all = Vec::new();
        loop {
            self.cursor.skip_separators();
            if self.cursor.at_end() || (open.is_some() && matches!(self.cursor.peek(), Some('}' | ')'))) {
                return Ok(all);
            }
            let statement = self.statement()?;
            let is_block = ends_with_block(&statement);
            all.push(statement);
            self.cursor.skip_blanks();
            let done = self.cursor.at_end() || matches!(self.cursor.peek(), Some(';' | '\n' | '\r' | '}' | ')'));
            if !done && !is_block {
                return self.unexpected();
            }
        }
    }

    /// `{ statements }`
    pub(super) fn block(&mut self) -> Parsed<Block> {
        self.cursor.skip_lines();
        let open = self.cursor.pos();
        if !self.cursor.eat("{") {
            return self.error("MissingStatementBlock", "Missing statement block.", open);
        }
        let block = self.statements(Some(open))?;
        self.close_brace(open)?;
        Ok(block)
    }

    pub(super) fn close_brace(&mut self, open: usize) -> Parsed<()> {
        if self.cursor.eat("}") {
            return Ok(());
        }
        if self.cursor.at_end() {
            let message = "Missing closing '}' in statement block or type definition.";
            return Err(super::ParseError {
                id: "MissingEndCurlyBrace",
                message: message.into(),
                span: Span { start: open as u32, end: open as u32 + 1 },
                incomplete: true,
            });
        }
        self.unexpected()
    }

    pub(super) fn statement(&mut self) -> Parsed<Statement> {
        self.check_depth()?;
        let label = self.label();
        let start = self.cursor.pos();
        if self.cursor.peek() == Some('[') && self.flags() {
            return self.enumeration(true);
        }
        let word = self.cursor.take_while(|next| next.is_ascii_alphabetic()).to_ascii_lowercase();
        let ends = !self
            .cursor
            .peek()
            .is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '-' | '.' | '\\' | ':'));
        if ends {
            match word.as_str() {
                "if" => return self.if_statement(),
                "while" => return self.while_loop(label),
                "do" => return self.do_loop(label),
                "for" => return self.for_loop(label),
                "foreach" if self.at_parenthesis() => return self.foreach_loop(label),
                "foreach" if self.cursor.peek() == Some('$') => {
                    let message = "Missing opening '(' after keyword 'foreach'.";
                    return self.error("MissingOpenParenthesisAfterKeyword", message, start);
                }
                "switch" => return self.switch(label),
                "try" => return self.try_statement(),
                "function" => return self.function(false),
                "filter" => return self.function(true),
                "trap" => return self.trap(),
                "data" => return self.data(start),
                "using" => {
                    let message = "A 'using' statement must appear before any other statements in a script.";
                    return self.error("UsingMustBeAtStartOfScript", message, start);
                }
                "throw" => {
                    let value = self.optional_statement()?;
                    let end = start + self.source[start..self.cursor.pos()].trim_end().len();
                    return Ok(Statement::Throw { value, span: Span { start: start as u32, end: end as u32 } });
                }
                "return" if self.in_method => return Ok(Statement::Answer(self.optional_statement()?)),
                "return" => return Ok(Statement::Return(self.optional_statement()?)),
                "enum" => return self.enumeration(false),
                "class" => return self.class(start),
                "exit" => return Ok(Statement::Exit(self.optional_statement()?)),
                "break" => return Ok(Statement::Break(self.jump_label())),
                "continue" => return Ok(Statement::Continue(self.jump_label())),
                word if UNKNOWN.contains(&word) => {
                    let message = format!("The sandbox's built-in engine does not know the statement '{word}'.");
                    return self.error("SandboxUnsupportedSyntax", message, start);
                }
                _ => {}
            }
        }
        self.cursor.set_pos(start);
        self.pipeline_or_assignment()
    }

    fn at_parenthesis(&mut self) -> bool {
        self.cursor.skip_lines();
        self.cursor.peek() == Some('(')
    }

    /// `:name` before a loop.
    fn label(&mut self) -> Option<Arc<str>> {
        let start = self.cursor.pos();
        if self.cursor.eat(":") {
            let name = self.cursor.take_while(|next| next.is_alphanumeric() || next == '_').to_lowercase();
            self.cursor.skip_lines();
            if !name.is_empty() {
                return Some(name.into());
            }
        }
        self.cursor.set_pos(start);
        None
    }

    fn jump_label(&mut self) -> Option<Arc<str>> {
        self.cursor.skip_blanks();
        let name = self.cursor.take_while(|next| next.is_alphanumeric() || next == '_');
        (!name.is_empty()).then(|| name.to_lowercase().into())
    }

    pub(super) fn optional_statement(&mut self) -> Parsed<Option<Box<Statement>>> {
        self.cursor.skip_blanks();
        if self.cursor.at_end() || matches!(self.cursor.peek(), Some(';' | '\n' | '\r' | '}' | ')')) {
            return Ok(None);
        }
        Ok(Some(Box::new(self.pipeline_or_assignment()?)))
    }

    /// `( pipeline )` of `if`, `while` and their like.
    pub(super) fn condition(&mut self, word: &str) -> Parsed<Statement> {
        self.cursor.skip_lines();
        let open = self.cursor.pos();
        if !self.cursor.eat("(") {
            return self.error("MissingOpenParenthesisInIfStatement", format!("Missing '(' after '{word}'."), open);
        }
        self.cursor.skip_lines();
        if self.cursor.peek() == Some(')') || self.cursor.at_end() {
            let message = format!("Missing condition in {word} statement after '{word} ('.");
            return self.error("IfStatementMissingCondition", message, open);
        }
        let condition = self.pipeline_or_assignment()?;
        self.cursor.skip_lines();
        if !self.cursor.eat(")") {
            let place = format!("expression after '{word}'");
            return self.missing_end_of_pipeline("MissingEndParenthesisAfterStatement", &place);
        }
        Ok(condition)
    }

    fn if_statement(&mut self) -> Parsed<Statement> {
        let mut clauses = vec![(self.condition("if")?, self.block()?)];
        loop {
            let end = self.cursor.pos();
            self.cursor.skip_lines();
            if self.cursor.eat_word("elseif") {
                clauses.push((self.condition("elseif")?, self.block()?));
            } else if self.cursor.eat_word("else") {
                return Ok(Statement::If { clauses, otherwise: Some(self.block()?) });
            } else {
                self.cursor.set_pos(end);
                return Ok(Statement::If { clauses, otherwise: None });
            }
        }
    }

    fn switch(&mut self, label: Option<Arc<str>>) -> Parsed<Statement> {
        let (mut mode, mut case_sensitive, mut file) = (SwitchMode::Exact, false, None);
        loop {
            self.cursor.skip_lines();
            let start = self.cursor.pos();
            if !self.cursor.eat_dash() {
                break;
            }
            match self.cursor.take_while(|next| next.is_alphanumeric()).to_ascii_lowercase().as_str() {
                "wildcard" => mode = SwitchMode::Wildcard,
                "regex" => mode = SwitchMode::Regex,
                "exact" => mode = SwitchMode::Exact,
                "casesensitive" => case_sensitive = true,
                "file" => {
                    self.cursor.skip_blanks();
                    file = Some(self.command_argument_primary()?);
                }
                _ => return self.error("InvalidSwitchFlag", "The switch flag is not known.", start),
            }
        }
        let subject = match file {
            Some(file) => Subject::File(file),
            None => Subject::Value(self.condition("switch")?),
        };
        self.cursor.skip_lines();
        let open = self.cursor.pos();
        if !self.cursor.eat("{") {
            return self.error("MissingCurlyBraceInSwitchStatement", "Missing opening '{' in switch statement.", open);
        }
        let (mut cases, mut default) = (Vec::new(), None);
        loop {
            self.cursor.skip_separators();
            if self.cursor.at_end() || self.cursor.peek() == Some('}') {
                break;
            }
            let at = self.cursor.pos();
            if self.cursor.eat_word("default") {
                if default.is_some() {
                    let message = "A switch statement can have only one default clause.";
                    return self.error("MultipleSwitchDefaultClauses", message, at);
                }
                default = Some(self.block()?);
            } else {
                let case = self.command_argument_primary()?;
                cases.push((case, self.block()?));
            }
        }
        self.close_brace(open)?;
        Ok(Statement::Switch(Box::new(Switch { label, mode, case_sensitive, subject, cases, default })))
    }

    fn try_statement(&mut self) -> Parsed<Statement> {
        let start = self.cursor.pos();
        let body = self.block()?;
        let (mut catches, mut finally) = (Vec::new(), None);
        loop {
            let end = self.cursor.pos();
            self.cursor.skip_lines();
            if self.cursor.eat_word("catch") {
                let mut types = Vec::new();
                self.cursor.skip_lines();
                while let Some(name) = self.type_literal()? {
                    types.push(name);
                    self.cursor.skip_lines();
                    self.cursor.eat(",");
                    self.cursor.skip_lines();
                }
                catches.push((types, self.block()?));
            } else if self.cursor.eat_word("finally") {
                self.cursor.skip_lines();
                let at = self.cursor.pos();
                let block = self.block()?;
                if leaving::is_left(&block) {
                    let message = "Flow of control cannot leave a Finally block.";
                    return self.error("ControlLeavingFinally", message, at);
                }
                finally = Some(block);
                break;
            } else {
                self.cursor.set_pos(end);
                break;
            }
        }
        if catches.is_empty() && finally.is_none() {
            let message = "The Try statement is missing its Catch or Finally block.";
            return self.error("MissingCatchOrFinally", message, start);
        }
        Ok(Statement::Try(Box::new(Try { body, catches, finally })))
    }

    fn trap(&mut self) -> Parsed<Statement> {
        self.cursor.skip_lines();
        let type_name = self.type_literal()?;
        Ok(Statement::Trap { type_name, body: self.block()? })
    }

    fn data(&mut self, start: usize) -> Parsed<Statement> {
        self.cursor.skip_blanks();
        let name = self.cursor.take_while(|next| next.is_alphanumeric() || next == '_').to_lowercase();
        self.cursor.skip_lines();
        if self.cursor.sign() == Some('-') {
            let message = "The sandbox's built-in engine does not know -SupportedCommand of data sections.";
            return self.error("SandboxUnsupportedSyntax", message, start);
        }
        Ok(Statement::Data { name: (!name.is_empty()).then(|| name.into()), body: self.block()? })
    }

    /// `using namespace ...`, with which a script may begin.
    fn namespaces(&mut self) -> Parsed<Vec<Arc<str>>> {
        let mut all = Vec::new();
        loop {
            self.cursor.skip_separators();
            let start = self.cursor.pos();
            if !self.cursor.eat_word("using") {
                return Ok(all);
            }
            self.cursor.skip_blanks();
            if !self.cursor.eat_word("namespace") {
                let message = "The sandbox's built-in engine knows 'using namespace' and no other using statement.";
                return self.error("SandboxUnsupportedSyntax", message, start);
            }
            self.cursor.skip_blanks();
            all.push(self.cursor.take_while(|next| next.is_alphanumeric() || matches!(next, '_' | '.')).into());
        }
    }

    /// A function, or a filter, whose body is a `process` block.
    fn function(&mut self, is_filter: bool) -> Parsed<Statement> {
        self.cursor.skip_lines();
        let start = self.cursor.pos();
        let name = self.cursor.take_while(|next| !next.is_whitespace() && !matches!(next, '(' | '{' | ';' | '}'));
        if name.is_empty() {
            return self.error("MissingNameAfterKeyword", "Missing name after function keyword.", start);
        }
        let name: Arc<str> = name.strip_prefix("global:").unwrap_or(name).into();
        self.cursor.skip_lines();
        let params = if self.cursor.peek() == Some('(') { Some(self.param_list()?) } else { None };
        self.cursor.skip_lines();
        let open = self.cursor.pos();
        if !self.cursor.eat("{") {
            return self.error("MissingFunctionBody", "Missing function body in function declaration.", open);
        }
        let mut script = self.script_body(Some(open))?;
        self.close_brace(open)?;
        if let Some(params) = params {
            script.binding.is_advanced |= params.iter().any(Param::has_role);
            script.params = params;
        }
        if is_filter && script.process.is_none() {
            script.process = Some(std::mem::take(&mut script.end));
        }
        Ok(Statement::Function { name, script: Arc::new(script) })
    }

    /// A pipeline, or several with `&&` and `||` between them.
    fn chain(&mut self, target: Option<Expr>, start: usize) -> Parsed<Statement> {
        let first = self.pipeline(target, start)?;
        let mut rest = Vec::new();
        loop {
            let end = self.cursor.pos();
            let Some(op) = self.chain_operator()? else {
                self.cursor.set_pos(end);
                break;
            };
            let start = self.cursor.pos();
            rest.push((op, self.pipeline(None, start)?));
        }
        Ok(if rest.is_empty() { Statement::Pipeline(first) } else { Statement::Chain { first, rest } })
    }

    /// A pipeline, or `target = statement`.
    pub(super) fn pipeline_or_assignment(&mut self) -> Parsed<Statement> {
        self.check_depth()?;
        self.cursor.skip_blanks();
        let start = self.cursor.pos();
        if !self.at_expression() {
            return self.chain(None, start);
        }
        let target = self.expression()?;
        self.cursor.skip_blanks();
        let Some(op) = self.assignment_operator() else {
            return self.chain(Some(target), start);
        };
        if !is_assignable(&target) {
            let message = "The assignment expression is not valid. The input to an assignment operator must be an object \
                           that is able to accept assignments, such as a variable or a property.";
            return self.error("InvalidLeftHandSide", message, start);
        }
        self.cursor.skip_lines();
        if self.cursor.at_end() {
            let message = "You must provide a value expression following the '=' operator.";
            return self.error("ExpectedValueExpression", message, start);
        }
        let value = self.statement()?;
        Ok(Statement::Assign(Box::new(Assign { target, op, value, span: self.span_from(start) })))
    }
}

/// Whether the next statement may follow on the same line.
fn ends_with_block(statement: &Statement) -> bool {
    match statement {
        Statement::Assign(assign) => ends_with_block(&assign.value),
        Statement::Pipeline(_)
        | Statement::Chain { .. }
        | Statement::Throw { .. }
        | Statement::Return(_)
        | Statement::Answer(_)
        | Statement::Exit(_)
        | Statement::Break(_)
        | Statement::Continue(_) => false,
        _ => true,
    }
}

fn is_assignable(target: &Expr) -> bool {
    match &target.kind {
        ExprKind::Variable(_) | ExprKind::Index { .. } | ExprKind::Member { .. } => true,
        ExprKind::Cast(_, inner) => is_assignable(inner),
        ExprKind::Comma(all) => all.iter().all(is_assignable),
        ExprKind::Paren(inner) => inner.as_expression().is_some_and(is_assignable),
        _ => false,
    }
}
