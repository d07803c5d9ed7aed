//! Fragments on their way into requests.

use bytes::Bytes;

/// Fragments that are still to be sent, in order.
pub(super) struct Queue {
    fragments: Vec<Bytes>,
}

impl Queue {
    pub(super) fn new(fragments: Vec<Bytes>) -> Self {
        Self { fragments: fragments.into_iter().filter(|fragment| !fragment.is_empty()).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fragments.is_empty()
    }

    /// As many whole fragments as fit, but never nothing: the receiver takes a stream of bytes, so a fragment that is
    /// too large for the server is cut.
    pub(super) fn take(&mut self, capacity: usize) -> Bytes {
        let mut size = 0;
        let count = self.fragments.iter().take_while(|fragment| {
            size += fragment.len();
            size <= capacity
        });
        match (count.count(), self.fragments.first_mut()) {
            (0, Some(first)) => first.split_to(capacity.min(first.len())),
            (1, Some(_)) => self.fragments.remove(0),
            (count, _) => self.fragments.drain(..count).collect::<Vec<_>>().concat().into(),
        }
    }

    pub(super) fn put_back(&mut self, chunk: Bytes) {
        self.fragments.insert(0, chunk);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::Queue;

    fn chunks(sizes: &[usize], capacity: usize) -> Vec<usize> {
        let mut queue = Queue::new(sizes.iter().map(|&size| Bytes::from(vec![7; size])).collect());
        let mut taken = Vec::new();
        while !queue.is_empty() {
            taken.push(queue.take(capacity).len());
        }
        taken
    }

    #[test]
    fn packs_whole_fragments_and_cuts_only_what_cannot_fit() {
        assert_eq!(chunks(&[3, 3, 3], 10), [9]);
        assert_eq!(chunks(&[6, 3, 4], 10), [9, 4]);
        assert_eq!(chunks(&[10, 1], 10), [10, 1]);
        assert_eq!(chunks(&[25, 2], 10), [10, 10, 7]);
        assert_eq!(chunks(&[0], 10), [0_usize; 0]);
    }
}
