//! `--fold`: hosts whose streams are equal, shown once for all of them. `--diff`: how the others differ from most.
//!
//! A host's stream is its objects in order ([`canonical`]), without what does not count ([`Ignore`]), and its errors;
//! how it ended is part of it. It is hashed as it comes. What a host sends waits in [`streams`] until the host has
//! ended: if another has sent the same, it is dropped, so that one host's objects are kept for each [`Group`].
//!
//! Once all hosts have ended, [`Folded`] hands the groups to the sink of a format, the largest first, as a run of its
//! own whose targets are the groups. The formats look up what a group is in [`Groups`]; those for people go through
//! [`Pages`], which puts a line with the hosts over each group. For a diff the objects that it hands on are deltas, made
//! by [`compare()`] of what is kept of two groups.

mod align;
mod canonical;
mod compare;
mod delta;
mod folded;
mod group;
mod ignore;
mod notes;
mod pages;
mod record;
mod streams;
#[cfg(test)]
mod tests;
mod volatile;

pub use compare::{Side, compare};
pub use delta::{Change, Delta, line};
pub use folded::{Diff, Fold, Folded};
pub use group::{Group, Groups};
pub use ignore::Ignore;
pub use notes::Notes;
pub(super) use pages::Pages;
