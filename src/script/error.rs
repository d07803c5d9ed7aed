//! What can be wrong with a script and what it was given, known before any connection.

use super::position::Position;

/// A mistake in a script, or in what it was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// Strings with `$(...)` inside `$(...)` in strings, too many levels of them.
    #[error("{at}: strings and sub-expressions are nested deeper than {limit} levels")]
    TooDeep {
        /// Where the level begins that is too much.
        at: Position,
        /// The limit.
        limit: u32,
    },
    /// A `$using:` variable that nobody defined.
    #[error(
        "{at}: {}: there is no value for `{name}`{}; give one with --using {name}=VALUE{}",
        before_colon(text),
        nearest.as_ref().map(|near| format!(" (the nearest given name is `{near}`)")).unwrap_or_default(),
        if *nested { ", or use --using-lenient if the script itself sets it" } else { "" }
    )]
    Undefined {
        /// Where it stands.
        at: Position,
        /// The expression as written.
        text: String,
        /// The variable's name.
        name: String,
        /// A defined name that looks like it.
        nearest: Option<String>,
        /// It stands in a script block inside the script, whose caller may supply it.
        nested: bool,
    },
    /// A `$using:` expression that PowerShell allows nowhere, or that has no value on this side.
    #[error("{at}: {}: {reason}", before_colon(text))]
    Using {
        /// Where it stands.
        at: Position,
        /// The expression as written.
        text: String,
        /// What is wrong and what to write instead.
        reason: String,
    },
    /// The `param()` block cannot be read.
    #[error("{at}: {reason}")]
    ParamBlock {
        /// Where.
        at: Position,
        /// What is wrong.
        reason: String,
    },
    /// A named argument that the script has no parameter for.
    #[error("the script has no parameter `{name}`; {}", taken(nearest.as_deref(), known))]
    UnknownParameter {
        /// The name as given.
        name: String,
        /// A parameter that looks like it.
        nearest: Option<String>,
        /// All parameters of the script.
        known: Vec<String>,
    },
    /// A shortened name that fits several parameters.
    #[error("`{name}` could be any of the script's parameters {}", candidates.join(", "))]
    AmbiguousParameter {
        /// The name as given.
        name: String,
        /// The parameters that it fits.
        candidates: Vec<String>,
    },
    /// A parameter that is given twice.
    #[error("the parameter `{name}` is given twice")]
    Twice {
        /// The parameter.
        name: String,
    },
    /// A mandatory parameter without an argument.
    #[error("the script needs a value for the parameter `{name}` ({at}); give it with -p {name}=VALUE")]
    Missing {
        /// The parameter.
        name: String,
        /// Where it is declared.
        at: Position,
    },
    /// A positional argument that no parameter takes.
    #[error("the script takes {takes} positional arguments but {given} are given")]
    TooMany {
        /// How many it takes.
        takes: usize,
        /// How many there are.
        given: usize,
    },
    /// A script that cannot go as commands without text; PowerShell would send text, too.
    #[error("{at}: {reason}")]
    NotCommands {
        /// Where.
        at: Position,
        /// What stands there.
        reason: String,
    },
    /// The text of commands ends where something must follow: more of it may make them whole.
    #[error("{at}: {missing} is missing")]
    EndsEarly {
        /// Where.
        at: Position,
        /// What must follow.
        missing: String,
    },
    /// An argument of a command that PowerShell would compute before it sends it, and whose value is not known here.
    #[error("{at}: {reason}")]
    NotConstant {
        /// Where.
        at: Position,
        /// What stands there.
        reason: String,
    },
    /// An argument that its parameter cannot take.
    #[error("the parameter `{name}` ({at}) {reason}")]
    Argument {
        /// The parameter.
        name: String,
        /// Where it is declared.
        at: Position,
        /// Why not, and what it takes. Never the value of a secret.
        reason: String,
    },
}

/// An expression that ends in a colon, in front of one.
fn before_colon(text: &str) -> &str {
    text.trim_end_matches(':')
}

fn taken(nearest: Option<&str>, known: &[String]) -> String {
    match (nearest, known) {
        (Some(near), _) => format!("the nearest is `{near}`"),
        (None, []) => "it takes none".to_owned(),
        (None, known) => format!("it takes {}", known.join(", ")),
    }
}
