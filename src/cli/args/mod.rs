//! What was typed: one clap group of flags per part of a command.

pub mod output;
