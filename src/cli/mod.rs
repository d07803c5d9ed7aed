//! The command line: what was typed, what it means, and the terminal.

pub mod args;
pub mod sandbox;
pub mod terminal;
