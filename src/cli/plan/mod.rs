//! `--plan`: what a command would do, for people and for programs. No connection is made.

mod connections;
pub(super) mod copy;
mod rollout;
pub(super) mod script;

pub(super) use connections::identity;
