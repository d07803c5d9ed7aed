//! When a run holds or ends before its last target.

use super::{Budgets, Step};

/// When a run holds or ends before its last target, by how many have ended and how. Never unless set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Brake {
    /// Where it looks at what it has done before others start ([`ramp`](super::ramp) makes them); empty: nowhere.
    pub steps: Vec<Step>,
    /// How much may fail before no other starts.
    pub budgets: Budgets,
}
