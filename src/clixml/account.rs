//! What the decoding of one text takes in memory.
//!
//! Remote text is hostile: six bytes of it make an object of two hundred. So what is built is charged, not what is read,
//! by what the allocator hands out and not by what is asked of it.

use super::{Object, TypeNames, Value};

/// What an allocation takes beside its bytes.
const ALLOCATION: usize = 16;

/// What an object takes without its texts and members; its place in a collection is charged as the collection grows.
pub(super) const OBJECT: usize = size_of::<Object>() + ALLOCATION;

// What a value costs stands in the documentation of the limits.
const _: () = assert!(size_of::<Value>() <= 32 && size_of::<Object>() <= 200 && size_of::<TypeNames>() == 16);

/// The account of one text.
#[derive(Debug)]
pub(super) struct Account {
    limit: usize,
    spent: usize,
}

impl Account {
    /// An account from which the text itself is already paid.
    pub(super) fn new(limit: usize, text: usize) -> Self {
        Self { limit, spent: text }
    }

    /// Charges bytes.
    pub(super) fn charge(&mut self, bytes: usize) {
        self.spent = self.spent.saturating_add(bytes);
    }

    /// Replaces what was charged at most by what it came to.
    pub(super) fn correct(&mut self, charged: usize, bytes: usize) {
        self.spent = self.spent.saturating_sub(charged).saturating_add(bytes);
    }

    /// Charges what a list takes more if it has to grow for one more item: lists double.
    pub(super) fn grow<T>(&mut self, list: &Vec<T>) {
        if list.len() == list.capacity() {
            self.charge(list.len().max(4) * size_of::<T>() + ALLOCATION);
        }
    }

    /// More was charged than the limit allows.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.spent > self.limit
    }
}
