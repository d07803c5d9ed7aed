//! Values as JSON: the plain profile for people and tools, the typed one that loses nothing, and JSON as arguments.
//!
//! The mapping is a documented part of the product: see the table at [`PlainJson`] and `--types`.

mod plain;
mod text;

pub use plain::{Diagnostic, DiagnosticKind, Diagnostics, PlainJson, write_plain};
