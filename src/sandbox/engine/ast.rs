//! The tree that the parser makes of a script.

mod class;

use std::sync::Arc;

use super::value::Val;
pub(super) use class::{ClassAst, EnumAst, MethodAst, PropertyAst};

/// Byte offsets into the source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A script, function body or script block. All blocks of one text share the text.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) source: Arc<str>,
    /// The block without its braces, for its text.
    pub(super) span: Span,
    /// `using namespace`, before all else.
    pub(super) namespaces: Vec<Arc<str>>,
    pub(super) params: Vec<Param>,
    pub(super) binding: Binding,
    pub(super) begin: Block,
    /// `Some` if there is a `process` block (or it is a filter).
    pub(super) process: Option<Block>,
    pub(super) end: Block,
    /// Of `GetNewClosure()`: what it stands for.
    pub(super) closure: Option<Closure>,
}

/// A script block with the variables that it was closed over.
#[derive(Debug)]
pub(super) struct Closure {
    pub(super) script: Arc<Script>,
    pub(super) variables: Vec<(Arc<str>, Val)>,
}

/// A parameter of a `param()` block or function.
#[derive(Debug)]
pub(super) struct Param {
    /// In lower case.
    pub(super) name: Arc<str>,
    pub(super) written: Arc<str>,
    pub(super) default: Option<Expr>,
    pub(super) attributes: Attributes,
}

/// What the attributes of a script or function say.
#[derive(Debug, Default)]
pub(super) struct Binding {
    /// `[CmdletBinding()]`, or a `[Parameter()]`: it knows the common parameters, and no others than its own.
    pub(super) is_advanced: bool,
    /// `SupportsShouldProcess`
    pub(super) should_process: bool,
    /// `PositionalBinding = $false`
    pub(super) names_only: bool,
    /// `DefaultParameterSetName`
    pub(super) default_set: Option<Arc<str>>,
    /// `ConfirmImpact = 'High'`
    pub(super) is_grave: bool,
    pub(super) aliases: Vec<String>,
}

/// What the attributes of a parameter say.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub(super) type_name: Option<Arc<str>>,
    /// `[Parameter(...)]`, each of a parameter set or of all.
    pub(super) roles: Vec<Role>,
    /// `[Alias(...)]`
    pub(super) aliases: Vec<String>,
    /// `[ValidateSet(...)]` and its like.
    pub(super) checks: Vec<Check>,
    /// `[AllowNull()]`, `[AllowEmptyString()]` and `[AllowEmptyCollection()]`.
    pub(super) allows: Allows,
}

/// What a parameter is in one parameter set.
#[derive(Debug, Default)]
pub(super) struct Role {
    /// `None` is all sets.
    pub(super) set: Option<Arc<str>>,
    pub(super) mandatory: bool,
    /// `ValueFromPipeline`
    pub(super) by_value: bool,
    /// `ValueFromPipelineByPropertyName`
    pub(super) by_name: bool,
    /// `ValueFromRemainingArguments`
    pub(super) takes_rest: bool,
    pub(super) place: Option<i32>,
    /// `HelpMessage`
    pub(super) help: Option<Arc<str>>,
}

/// What a mandatory parameter takes though it is nothing.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Allows {
    pub(super) null: bool,
    pub(super) empty_text: bool,
    pub(super) empty_list: bool,
}

/// A demand on the values of a parameter.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) kind: CheckKind,
    pub(super) args: Vec<Expr>,
    /// `ErrorMessage`
    pub(super) message: Option<Arc<str>>,
    /// Not `IgnoreCase = $false`.
    pub(super) ignore_case: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckKind {
    Set,
    Range,
    Pattern,
    Length,
    Count,
    Script,
    NotNull,
    NotNullOrEmpty,
    NotNullOrWhiteSpace,
}

pub(super) type Block = Vec<Statement>;

#[derive(Debug)]
pub(super) enum Statement {
    Pipeline(Pipeline),
    /// `a && b || c`: each pipeline after the first runs if `$?` is as its operator wants it.
    Chain {
        first: Pipeline,
        rest: Vec<(ChainOp, Pipeline)>,
    },
    Assign(Box<Assign>),
    If {
        clauses: Vec<(Statement, Block)>,
        otherwise: Option<Block>,
    },
    Loop(Box<Loop>),
    Foreach(Box<Foreach>),
    Switch(Box<Switch>),
    Try(Box<Try>),
    /// Type name of an exception (none: any) and what to do with errors of the block around.
    Trap {
        type_name: Option<Arc<str>>,
        body: Block,
    },
    /// `data [name] { ... }`
    Data {
        name: Option<Arc<str>>,
        body: Block,
    },
    Throw {
        value: Option<Box<Statement>>,
        span: Span,
    },
    Return(Option<Box<Statement>>),
    /// `return` in a method of a class: nothing else that it writes counts.
    Answer(Option<Box<Statement>>),
    Enum(Arc<EnumAst>),
    Class(Arc<ClassAst>),
    Exit(Option<Box<Statement>>),
    Break(Option<Arc<str>>),
    Continue(Option<Arc<str>>),
    Function {
        name: Arc<str>,
        script: Arc<Script>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChainOp {
    And,
    Or,
}

#[derive(Debug)]
pub(super) struct Assign {
    pub(super) target: Expr,
    /// The operator before `=`, if any.
    pub(super) op: Option<BinaryOp>,
    pub(super) value: Statement,
    pub(super) span: Span,
}

/// `while`, `do` and `for`.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) label: Option<Arc<str>>,
    pub(super) init: Option<Statement>,
    /// `None` loops until a break.
    pub(super) condition: Option<Statement>,
    /// `until`: goes on while the condition is false.
    pub(super) negated: bool,
    /// `do`: tests after the body.
    pub(super) body_first: bool,
    pub(super) step: Option<Statement>,
    pub(super) body: Block,
}

#[derive(Debug)]
pub(super) struct Foreach {
    pub(super) label: Option<Arc<str>>,
    pub(super) variable: Arc<str>,
    pub(super) items: Statement,
    pub(super) body: Block,
}

#[derive(Debug)]
pub(super) struct Switch {
    pub(super) label: Option<Arc<str>>,
    pub(super) mode: SwitchMode,
    pub(super) case_sensitive: bool,
    pub(super) subject: Subject,
    pub(super) cases: Vec<(Expr, Block)>,
    pub(super) default: Option<Block>,
}

/// What a switch looks at.
#[derive(Debug)]
pub(super) enum Subject {
    Value(Statement),
    /// `-File path`: the lines of a file.
    File(Expr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SwitchMode {
    Exact,
    Wildcard,
    Regex,
}

#[derive(Debug)]
pub(super) struct Try {
    pub(super) body: Block,
    /// Type names of exceptions (none: any) and what to do.
    pub(super) catches: Vec<(Vec<Arc<str>>, Block)>,
    pub(super) finally: Option<Block>,
}

#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) elements: Vec<Element>,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) struct Element {
    pub(super) kind: ElementKind,
    pub(super) redirections: Vec<Redirection>,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum ElementKind {
    Expr(Expr),
    Command(CommandAst),
}

#[derive(Debug)]
pub(super) struct CommandAst {
    /// The name, or after `&` and `.` anything.
    pub(super) name: Expr,
    pub(super) call: CallKind,
    pub(super) args: Vec<Arg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallKind {
    Name,
    Ampersand,
    Dot,
}

#[derive(Debug)]
pub(super) enum Arg {
    /// `-Name` or `-Name:value`.
    Parameter {
        name: Arc<str>,
        value: Option<Expr>,
    },
    Value(Expr),
    /// `@name`
    Splat(Arc<str>),
}

/// `n>&1` and `n>$null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Redirection {
    /// 1 to 6; 0 is `*`.
    pub(super) from: u8,
    pub(super) to: RedirectTo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RedirectTo {
    Output,
    Null,
}

#[derive(Debug)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum ExprKind {
    Const(Val),
    /// A word of a command line that is not quoted; a number stays a number.
    Bare(Arc<str>),
    Expandable(Vec<Part>),
    Variable(Variable),
    /// `a, b`
    Comma(Vec<Expr>),
    /// `@( ... )`
    ArraySub(Block),
    /// `$( ... )`
    SubExpr(Block),
    /// `( ... )`
    Paren(Box<Statement>),
    Hash(Vec<(Expr, Statement)>),
    ScriptBlock(Arc<Script>),
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Xor(Box<Expr>, Box<Expr>),
    /// `condition ? then : otherwise`
    Ternary(Box<Expr>, Box<Expr>, Box<Expr>),
    Cast(Arc<str>, Box<Expr>),
    Type(Arc<str>),
    Member {
        object: Box<Expr>,
        name: Box<Expr>,
        access: Access,
    },
    Call {
        object: Box<Expr>,
        name: Box<Expr>,
        args: Vec<Expr>,
        access: Access,
    },
    Index {
        object: Box<Expr>,
        index: Box<Expr>,
        access: Access,
    },
    /// `++` and `--`: by how much, and whether the old value is the result.
    Step {
        target: Box<Expr>,
        by: i32,
        postfix: bool,
    },
}

/// How a member is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// `.` and `[`
    Plain,
    /// `::`
    Static,
    /// `?.` and `?[`: null has null.
    IfNotNull,
}

/// A piece of a double-quoted string.
#[derive(Debug)]
pub(super) enum Part {
    Text(Box<str>),
    Expr(Expr),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) scope: Scope,
    /// In lower case, but for what is not a variable: names don't regard case.
    pub(super) name: Arc<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The innermost scope that has it.
    Nearest,
    Local,
    /// The innermost one, and what is made there the scopes inside do not see.
    Private,
    Global,
    Env,
    /// `$function:name`
    Function,
    Using,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnaryOp {
    Not,
    BitNot,
    Minus,
    Plus,
    /// `,x`
    Comma,
    Join,
    Split,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BinaryOp {
    pub(super) kind: Op,
    /// `-ceq` and its like.
    pub(super) case_sensitive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// `??`
    Coalesce,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Format,
    Range,
    Eq,
    Ne,
    Lt,
    Gt,
    Le,
    Ge,
    Like,
    NotLike,
    Match,
    NotMatch,
    Contains,
    NotContains,
    In,
    NotIn,
    Replace,
    Split,
    Join,
    Is,
    IsNot,
    As,
    BitAnd,
    BitOr,
    BitXor,
    Shl,
    Shr,
}

impl Statement {
    /// The expression that it is, if it is nothing more.
    pub(super) fn as_expression(&self) -> Option<&Expr> {
        let Self::Pipeline(pipeline) = self else { return None };
        match pipeline.elements.as_slice() {
            [Element { kind: ElementKind::Expr(expr), redirections, .. }] if redirections.is_empty() => Some(expr),
            _ => None,
        }
    }
}

impl Span {
    /// The text it covers.
    pub(super) fn of(self, source: &str) -> &str {
        source.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

impl From<Op> for BinaryOp {
    fn from(kind: Op) -> Self {
        Self { kind, case_sensitive: false }
    }
}
