//! The stack of open brackets, each with its mode.

/// What a bracket opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The script, or a sub-expression of a string.
    Top,
    /// Statements in braces: script blocks, bodies of functions and of keywords.
    Block,
    /// `$(` and `@(`: statements.
    Sub,
    /// `(`: one pipeline.
    Paren,
    /// `(` after a member, in attributes and in `param`: expressions with commas.
    Args,
    /// `[`: a type, an attribute or an index.
    Bracket,
    /// `@{`
    Hash,
    /// The clauses of `switch`.
    Switch,
    /// The members of a class or enum.
    Class,
}

/// How the next token is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// A statement begins: keywords count.
    Start,
    /// A pipeline element begins: a command or an expression.
    Piped,
    /// Inside an expression.
    Expr,
    /// Among the arguments of a command.
    Cmd,
    /// Between a keyword and its block.
    Header,
    /// A key of a hashtable begins.
    Key,
    /// Between the members of a class.
    Member,
}

/// The keyword whose header is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    /// `if`, `while`, `try` and all others with a plain block.
    Plain,
    Switch,
    Do,
    /// A `do` block has ended, `while` or `until` follows.
    AfterDo,
    /// The `while` or `until` of a `do`.
    Until,
    /// `function`, `filter`, `workflow`; the number of the body's block.
    Function(u32),
    /// `class`, `enum`
    Class,
    /// `param`
    Param,
}

/// An open bracket.
#[derive(Debug)]
pub(super) struct Frame {
    pub kind: Kind,
    pub state: State,
    /// The script block that it belongs to.
    pub block: u32,
    pub keyword: Option<Keyword>,
    /// The last token wants another one, so that a newline ends nothing.
    pub pending: bool,
    /// Where the last operand ended: what stands there without a blank may be an accessor of it.
    pub operand: Option<usize>,
    /// The last token was `.` or `::`.
    pub member: bool,
    /// The last operand was a member's name, so that `(` begins its arguments.
    pub callable: bool,
    /// A `[` that is an index, or the type arguments of a method.
    pub is_index: bool,
    /// A clause of `switch` has its condition.
    pub has_condition: bool,
    /// The block of such a clause is open.
    pub in_clause: bool,
    /// The next token is the file of a redirection: read as in a command.
    pub redirecting: bool,
}

impl Frame {
    pub(super) fn new(kind: Kind, block: u32) -> Self {
        Self {
            kind,
            state: home(kind),
            block,
            keyword: None,
            pending: false,
            operand: None,
            member: false,
            callable: false,
            is_index: false,
            has_condition: false,
            in_clause: false,
            redirecting: false,
        }
    }

    /// Whether newlines and semicolons separate statements here.
    pub(super) fn has_statements(&self) -> bool {
        !matches!(self.kind, Kind::Paren | Kind::Args | Kind::Bracket)
    }

    /// Whether `param` may follow an attribute here.
    pub(super) fn may_begin_params(&self) -> bool {
        !self.member && self.has_statements()
    }

    /// A statement, entry or member ends.
    pub(super) fn end_statement(&mut self) {
        self.state = home(self.kind);
        self.pending = false;
        self.forget_operand();
        if self.keyword != Some(Keyword::AfterDo) {
            self.keyword = None;
        }
    }

    pub(super) fn forget_operand(&mut self) {
        self.operand = None;
        self.member = false;
        self.callable = false;
    }

    /// An operand has been read up to an index.
    pub(super) fn set_operand(&mut self, end: usize) {
        self.operand = Some(end);
        self.callable = self.member;
        self.member = false;
        self.pending = false;
        self.redirecting = false;
        self.has_condition = true;
        if !matches!(self.state, State::Cmd | State::Header | State::Key | State::Member) {
            self.state = State::Expr;
        }
    }

    /// An operator has been read that wants an operand.
    pub(super) fn set_operator(&mut self) {
        self.forget_operand();
        self.pending = true;
    }

    /// Reads as in a command: barewords are strings.
    pub(super) fn is_command(&self) -> bool {
        self.redirecting || matches!(self.state, State::Cmd | State::Header)
    }
}

fn home(kind: Kind) -> State {
    match kind {
        Kind::Top | Kind::Block | Kind::Sub => State::Start,
        Kind::Paren => State::Piped,
        Kind::Args | Kind::Bracket => State::Expr,
        Kind::Hash => State::Key,
        Kind::Switch => State::Cmd,
        Kind::Class => State::Member,
    }
}
