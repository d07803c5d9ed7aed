//! Values as JSON: the plain profile for people and tools, the typed one that loses nothing, and JSON as arguments.
//!
//! The mapping is a documented part of the product: see [`PlainJson`] and [`write_typed`].

mod argument;
mod array_type;
mod plain;
mod read;
mod text;
mod typed;
mod typed_error;
mod typed_read;

pub use argument::{JsonError, value_from_json};
pub use plain::{Diagnostic, DiagnosticKind, Diagnostics, PlainJson, write_plain};
pub use read::Json;
pub use typed::write_typed;
pub use typed_error::TypedError;
pub use typed_read::read_typed;
