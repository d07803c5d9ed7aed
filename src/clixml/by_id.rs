//! A table by reference id: ids come in ascending order from every known writer, so a sorted list is enough.

use std::collections::HashMap;

/// What stands for each id.
#[derive(Debug)]
pub(super) struct ById<T> {
    ascending: Vec<(u32, T)>,
    /// Ids that came out of order.
    others: HashMap<u32, T>,
}

impl<T> ById<T> {
    pub(super) fn new() -> Self {
        Self { ascending: Vec::new(), others: HashMap::new() }
    }

    /// Sets what stands for an id; the last one counts.
    pub(super) fn insert(&mut self, id: u32, value: T) {
        if self.ascending.last().is_none_or(|(last, _)| *last < id) {
            return self.ascending.push((id, value));
        }
        match self.ascending.binary_search_by_key(&id, |(known, _)| *known) {
            Ok(place) => {
                if let Some(known) = self.ascending.get_mut(place) {
                    known.1 = value;
                }
            }
            Err(_) => drop(self.others.insert(id, value)),
        }
    }

    pub(super) fn get(&self, id: u32) -> Option<&T> {
        match self.ascending.binary_search_by_key(&id, |(known, _)| *known) {
            Ok(place) => self.ascending.get(place).map(|(_, value)| value),
            Err(_) => self.others.get(&id),
        }
    }

    pub(super) fn clear(&mut self) {
        self.ascending.clear();
        self.others.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::ById;

    #[test]
    fn any_order_does_and_the_last_counts() {
        let mut table = ById::new();
        for (id, value) in [(5, 'a'), (9, 'b'), (2, 'c'), (9, 'd'), (2, 'e'), (7, 'f'), (10, 'g')] {
            table.insert(id, value);
        }
        assert_eq!(
            [2, 5, 7, 9, 10, 3].map(|id| table.get(id).copied()),
            [Some('e'), Some('a'), Some('f'), Some('d'), Some('g'), None]
        );
        table.clear();
        assert_eq!((table.get(5), table.get(2)), (None, None));
    }
}
