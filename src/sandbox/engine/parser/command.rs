//! Pipelines and commands: the mode in which words need no quotes.

use super::super::ast::{
    Arg, CallKind, ChainOp, CommandAst, Element, ElementKind, Expr, ExprKind, Part, Pipeline, RedirectTo, Redirection,
};
use super::super::cmdlets::END_OF_PARAMETERS;
use super::cursor::{is_double_quote, is_single_quote};
use super::literal::parse_number;
use super::string::Closer;
use super::{Parsed, Parser};

impl Parser<'_> {
    /// A pipeline whose first expression may have been read already.
    pub(super) fn pipeline(&mut self, first: Option<Expr>, start: usize) -> Parsed<Pipeline> {
        let outer_files = std::mem::take(&mut self.files);
        let mut elements = vec![match first {
            Some(expr) => {
                let redirections = self.redirections()?;
                Element { span: expr.span, kind: ElementKind::Expr(expr), redirections }
            }
            None => self.element()?,
        }];
        elements.extend(self.out_file()?);
        while self.pipe()? {
            let at = self.cursor.pos();
            let next = self.element()?;
            if matches!(next.kind, ElementKind::Expr(_)) {
                let message = "Expressions are only allowed as the first element of a pipeline.";
                return self.error("ExpressionsMustBeFirstInPipeline", message, at);
            }
            elements.push(next);
            elements.extend(self.out_file()?);
        }
        self.files = outer_files;
        let end = elements.last().map_or(start as u32, |last| last.span.end);
        Ok(Pipeline { elements, span: super::Span { start: start as u32, end } })
    }

    /// What a redirection into a file is: Out-File behind the command, as PowerShell itself has it.
    fn out_file(&mut self) -> Parsed<Option<Element>> {
        let Some((file, append)) = self.files.pop() else { return Ok(None) };
        let span = file.span;
        if !self.files.is_empty() {
            let message = "The sandbox's built-in engine writes a command's output to one file.";
            return self.error("SandboxUnsupportedSyntax", message, span.start as usize);
        }
        let name = Expr { kind: ExprKind::Bare("Out-File".into()), span };
        let mut args = vec![Arg::Parameter { name: "LiteralPath".into(), value: Some(file) }];
        if append {
            args.push(Arg::Parameter { name: "Append".into(), value: None });
        }
        let command = CommandAst { name, call: CallKind::Name, args };
        Ok(Some(Element { kind: ElementKind::Command(command), redirections: Vec::new(), span }))
    }

    /// `|`, also at the start of the next line.
    fn pipe(&mut self) -> Parsed<bool> {
        let end = self.cursor.pos();
        self.cursor.skip_lines();
        let at = self.cursor.pos();
        if self.cursor.rest().starts_with("||") || !self.cursor.eat("|") {
            self.cursor.set_pos(end);
            return Ok(false);
        }
        self.cursor.skip_lines();
        if self.at_argument_end() && self.cursor.peek() != Some('&') {
            return self.error("EmptyPipeElement", "An empty pipe element is not allowed.", at);
        }
        Ok(true)
    }

    /// `&&` or `||`, on the line of the pipeline before it.
    pub(super) fn chain_operator(&mut self) -> Parsed<Option<ChainOp>> {
        self.cursor.skip_blanks();
        let at = self.cursor.pos();
        let op = match self.cursor.rest() {
            rest if rest.starts_with("&&") => ChainOp::And,
            rest if rest.starts_with("||") => ChainOp::Or,
            _ => return Ok(None),
        };
        self.cursor.set_pos(at + 2);
        self.cursor.skip_lines();
        if self.at_argument_end() && self.cursor.peek() != Some('&') {
            return self.error("EmptyPipelineChainElement", "A pipeline was expected after the operator.", at);
        }
        Ok(Some(op))
    }

    fn element(&mut self) -> Parsed<Element> {
        self.cursor.skip_blanks();
        let start = self.cursor.pos();
        if self.at_expression() {
            let expr = self.expression()?;
            let redirections = self.redirections()?;
            return Ok(Element { kind: ElementKind::Expr(expr), redirections, span: self.span_from(start) });
        }
        let (command, redirections) = self.command()?;
        let text = self.cursor.slice(start, self.cursor.pos());
        let span = super::Span { start: start as u32, end: (start + text.trim_end().len()) as u32 };
        Ok(Element { kind: ElementKind::Command(command), redirections, span })
    }

    fn command(&mut self) -> Parsed<(CommandAst, Vec<Redirection>)> {
        let call = match self.cursor.peek() {
            Some('&') => CallKind::Ampersand,
            Some('.') if !self.cursor.peek_second().is_some_and(|next| matches!(next, '\\' | '/')) => CallKind::Dot,
            _ => CallKind::Name,
        };
        if call != CallKind::Name {
            self.cursor.bump();
            self.cursor.skip_blanks();
        }
        if self.at_argument_end() {
            return self.unexpected();
        }
        let name = if call == CallKind::Name { self.word()? } else { self.command_argument_primary()? };
        let (mut args, mut redirections) = (Vec::new(), Vec::new());
        let mut knows_parameters = true;
        loop {
            self.cursor.skip_blanks();
            if let Some(redirection) = self.redirection()? {
                redirections.push(redirection);
            } else if self.at_argument_end() {
                break;
            } else {
                let next = if knows_parameters { self.argument()? } else { self.plain_argument()? };
                knows_parameters &= !matches!(&next, Arg::Parameter { name, .. } if &**name == END_OF_PARAMETERS);
                args.push(next);
            }
        }
        if self.cursor.peek() == Some('&') && !self.cursor.rest().starts_with("&&") {
            let at = self.cursor.pos();
            let message = "The sandbox's built-in engine does not know background jobs.";
            return self.error("SandboxUnsupportedSyntax", message, at);
        }
        Ok((CommandAst { name, call, args }, redirections))
    }

    fn at_argument_end(&self) -> bool {
        matches!(self.cursor.peek(), None | Some('|' | ';' | ')' | '}' | '\n' | '\r' | '&'))
    }

    fn argument(&mut self) -> Parsed<Arg> {
        let start = self.cursor.pos();
        let second = self.cursor.peek_second();
        match self.cursor.sign() {
            Some('-') if second.is_some_and(|next| next.is_alphabetic() || matches!(next, '_' | '?')) => {
                self.parameter()
            }
            Some('@') if second.is_some_and(|next| next.is_alphabetic() || next == '_') => {
                self.cursor.bump();
                let name = self.cursor.take_while(|next| next.is_alphanumeric() || matches!(next, '_' | ':'));
                Ok(Arg::Splat(name.to_lowercase().into()))
            }
            Some('-') if self.cursor.second_sign() == Some('-') => {
                self.cursor.bump();
                self.cursor.bump();
                if self.at_word_end() {
                    return Ok(Arg::Parameter { name: END_OF_PARAMETERS.into(), value: None });
                }
                self.cursor.set_pos(start);
                self.plain_argument()
            }
            _ => self.plain_argument(),
        }
    }

    fn plain_argument(&mut self) -> Parsed<Arg> {
        let start = self.cursor.pos();
        let value = self.argument_list()?;
        if self.cursor.pos() == start {
            return self.unexpected();
        }
        Ok(Arg::Value(value))
    }

    fn parameter(&mut self) -> Parsed<Arg> {
        self.cursor.bump();
        let name = self.cursor.take_while(|next| next.is_alphanumeric() || matches!(next, '_' | '?' | '-')).into();
        let mut value = None;
        if self.cursor.eat(":") {
            self.cursor.skip_blanks();
            value = Some(self.argument_list()?);
        }
        Ok(Arg::Parameter { name, value })
    }

    /// `a, b, c`
    fn argument_list(&mut self) -> Parsed<Expr> {
        let missing = ("MissingArgument", "Missing argument in parameter list.");
        self.commas(Self::command_argument_primary, |parser| !parser.at_argument_end(), missing)
    }

    /// One argument: a value with its postfix operators, or a word.
    pub(super) fn command_argument_primary(&mut self) -> Parsed<Expr> {
        self.check_depth()?;
        let start = self.cursor.pos();
        let second = self.cursor.peek_second();
        let is_value = match self.cursor.peek() {
            Some('(' | '{') => true,
            Some('@') => matches!(second, Some('(' | '{' | '\'' | '"')),
            Some('$') => {
                second.is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '{' | '(' | '?' | '$'))
            }
            Some(next) => is_double_quote(next) || is_single_quote(next),
            None => false,
        };
        if !is_value {
            return self.word();
        }
        let primary = self.primary()?;
        let end = self.cursor.pos();
        let is_variable = matches!(primary.kind, ExprKind::Variable(_));
        let value = self.postfix(primary, start)?;
        // A member ends the argument; a variable alone may begin a word, as in `$home/x` and `$i++`.
        let is_word = match value.kind {
            ExprKind::Step { .. } => true,
            _ => self.cursor.pos() == end && !self.at_word_end() && !self.cursor.rest().starts_with('='),
        };
        if is_variable && is_word {
            self.cursor.set_pos(start);
            return self.word();
        }
        Ok(value)
    }

    fn at_word_end(&self) -> bool {
        self.at_argument_end()
            || self
                .cursor
                .peek()
                .is_some_and(|next| next.is_whitespace() || matches!(next, ',' | '(' | '{' | '<' | '>'))
    }

    /// A word without quotes; a number if it reads as one.
    fn word(&mut self) -> Parsed<Expr> {
        let start = self.cursor.pos();
        // A line that goes on with nothing.
        if self.cursor.rest() == "`" {
            return self.unexpected();
        }
        let parts = self.expandable(Closer::Word)?;
        if parts.is_empty() && self.cursor.pos() == start {
            return self.unexpected();
        }
        let span = self.span_from(start);
        let kind = match parts.as_slice() {
            [Part::Text(text)] => word_value(text),
            _ => ExprKind::Expandable(parts),
        };
        Ok(Expr { kind, span })
    }

    fn redirections(&mut self) -> Parsed<Vec<Redirection>> {
        let mut all = Vec::new();
        loop {
            let end = self.cursor.pos();
            self.cursor.skip_blanks();
            match self.redirection()? {
                Some(redirection) => all.push(redirection),
                None => {
                    self.cursor.set_pos(end);
                    return Ok(all);
                }
            }
        }
    }

    /// `2>&1`, `>$null` and their like.
    fn redirection(&mut self) -> Parsed<Option<Redirection>> {
        let start = self.cursor.pos();
        let from = match self.cursor.peek() {
            Some('>') => 1,
            Some('*') if self.cursor.peek_second() == Some('>') => 0,
            Some(digit @ '1'..='6') if self.cursor.peek_second() == Some('>') => digit as u8 - b'0',
            _ => return Ok(None),
        };
        self.cursor.take_while(|next| next != '>');
        self.cursor.bump();
        if self.cursor.eat("&1") {
            return Ok(Some(Redirection { from, to: RedirectTo::Output }));
        }
        let append = self.cursor.eat(">");
        self.cursor.skip_blanks();
        if self.cursor.eat("$null") {
            return Ok(Some(Redirection { from, to: RedirectTo::Null }));
        }
        if from > 1 {
            let message = "The sandbox's built-in engine writes output to files, and with *> all streams.";
            return self.error("SandboxUnsupportedSyntax", message, start);
        }
        if self.at_argument_end() {
            return self.error(
                "MissingFileSpecification",
                "Missing file specification after redirection operator.",
                start,
            );
        }
        let file = self.command_argument_primary()?;
        self.files.push((file, append));
        // All streams become output first; output alone needs nothing more.
        Ok(Some(Redirection { from, to: RedirectTo::Output }))
    }
}

/// With a sign it stays a text, as in PowerShell; parameters that want a number convert it.
fn word_value(text: &str) -> ExprKind {
    parse_number(text).map_or_else(|| ExprKind::Bare(text.into()), ExprKind::Const)
}
