//! The part of psfleet that is fuzzed, from its own sources.

#[path = "../../../src/clixml/mod.rs"]
pub mod clixml;

/// What the decoder's errors need.
#[path = "../../../src/error_text/mod.rs"]
pub mod error_text;
