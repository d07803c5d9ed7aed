//! `--plan`: what a command would do, for people and for programs. Nothing is connected to.

mod connections;
pub mod copy;
pub mod script;
