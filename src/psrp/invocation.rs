//! What is to be run: a script or commands, with arguments.

use crate::clixml::Value;

/// A script with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// The text of the script block.
    pub script: String,
    /// Arguments in order.
    pub arguments: Vec<Argument>,
    /// Whether input objects will follow.
    pub input: bool,
}

/// One argument of a script.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// The parameter's name; `None` for a positional argument.
    pub name: Option<String>,
    /// The value.
    pub value: Value,
}

/// One command of a pipeline, called by its name: what endpoints take that allow no script text.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandCall {
    /// The command's name or path.
    pub name: String,
    /// Arguments in order. A name without a value (null) is a switch, or is followed by its value without a name; a
    /// name with a value ends in `:` or `: `, as PowerShell itself sends it.
    pub arguments: Vec<Argument>,
    /// The stream whose records become output.
    pub merge: Option<MergedStream>,
}

/// A stream whose records a command sends where its output goes (`2>&1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergedStream {
    /// `2>&1`
    Error,
    /// `3>&1`
    Warning,
    /// `4>&1`
    Verbose,
    /// `5>&1`
    Debug,
    /// `6>&1`
    Information,
    /// `*>&1`
    All,
}
