//! Lists that are being read.

use crate::clixml::account::{ALLOCATION, Account};

/// Longer lists are kept apart, so that none is moved when it is complete.
const SHORT: usize = 32;

/// Where the lists lie that are not complete, the outer ones below: a short one takes in the end no more than it needs,
/// and costs one allocation.
#[derive(Debug)]
pub(super) struct Pile<T>(Vec<T>);

/// One of the lists, while it is the topmost one.
#[derive(Debug)]
pub(super) struct Part<T> {
    /// Where it begins in the pile.
    from: usize,
    /// All of it, once it is long.
    long: Vec<T>,
}

impl<T> Pile<T> {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    /// Begins a list.
    pub(super) fn begin(&self) -> Part<T> {
        Part { from: self.0.len(), long: Vec::new() }
    }

    /// Adds an item to the topmost list.
    pub(super) fn push(&mut self, part: &mut Part<T>, item: T, account: &mut Account) {
        if part.long.is_empty() && self.0.len() - part.from < SHORT {
            account.charge(size_of::<T>());
            return self.0.push(item);
        }
        if part.long.is_empty() {
            account.charge(SHORT * size_of::<T>() + ALLOCATION);
            part.long.reserve_exact(2 * SHORT);
            part.long.extend(self.0.drain(part.from..));
        }
        account.grow(&part.long);
        part.long.push(item);
    }

    /// Ends the topmost list.
    pub(super) fn end(&mut self, part: Part<T>, account: &mut Account) -> Vec<T> {
        if !part.long.is_empty() {
            return part.long;
        }
        if self.0.len() > part.from {
            account.charge(ALLOCATION);
        }
        self.0.drain(part.from..).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, Pile};

    #[test]
    fn lists_come_off_as_they_were_laid() {
        let account = &mut Account::new(usize::MAX, 0);
        let mut pile = Pile::new();
        let (mut outer, mut inner) = (pile.begin(), None);
        for number in 0..100 {
            pile.push(&mut outer, number, account);
            let mut part = pile.begin();
            (0..number).for_each(|number| pile.push(&mut part, number, account));
            inner = Some(pile.end(part, account));
            assert!(inner.as_ref().is_some_and(|list| list.iter().copied().eq(0..number)), "{number}");
        }
        assert_eq!(inner.map(|list| list.len()), Some(99));
        assert_eq!(pile.end(outer, account), (0..100).collect::<Vec<_>>());
        assert!(pile.0.is_empty());
    }

    #[test]
    fn short_lists_take_what_they_need() {
        let account = &mut Account::new(usize::MAX, 0);
        let mut pile = Pile::new();
        for length in [0, 1, 5, 32] {
            let mut part = pile.begin();
            (0..length).for_each(|number| pile.push(&mut part, number, account));
            assert_eq!(pile.end(part, account).capacity(), length);
        }
    }
}
