//! Scripts as text: what can be known about PowerShell source before any connection.
//!
//! In: the source of a script, and what the user gave (arguments, `--using` definitions, an environment). Out: every
//! live `$using:` occurrence with its place ([`Source::occurrences`]), the arguments or the rewritten text that carry
//! their values ([`using`]), the parameters of the script's `param()` block with its help ([`Parameters`]), the
//! commands of a script that is nothing but commands ([`commands()`]), and errors that name line and column. Nothing
//! here runs PowerShell, reads files or the environment, or knows targets.
//!
//! The lexer follows PowerShell's own rules of tokens and of command and expression mode as far as they decide what is
//! live code; it is not a parser and does not reject wrong scripts. It is compared with the engine's parser by the
//! integration tests.

mod argument_value;
mod arithmetic;
mod chars;
mod check;
mod convert;
mod error;
mod evaluate;
mod evaluated;
mod help;
mod lexer;
mod name;
mod param;
mod position;
mod quoted;
mod rewrite;
mod sent;
mod source;
mod tokens;
pub mod using;
mod variable_path;
mod wire_form;
mod written;

pub use argument_value::ArgumentValue;
pub use check::{Given, Offer, check};
pub use convert::{Inputs, commands};
pub use error::ScriptError;
pub use help::Help;
pub use lexer::{Accessor, AccessorKind, Constant, Misread, Occurrence};
pub use param::{Parameter, Parameters, Validation};
pub use position::Position;
pub use quoted::quoted;
pub use source::Source;

pub use written::{Written, parameters_of};
