//! The command line: what was typed, what it means, and the terminal.

pub mod args;
pub mod hosts;
pub mod sandbox;
pub mod surroundings;
pub mod terminal;
