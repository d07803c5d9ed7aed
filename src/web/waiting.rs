//! The connections whose clients have asked for nothing yet, or for nothing more: when places or descriptors are short,
//! the one that has been so for the longest makes room.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// They all, by the number of the moment since which they wait.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    next: u64,
    ends: BTreeMap<u64, CancellationToken>,
}

/// A connection's place among them.
#[derive(Debug)]
pub(super) struct Seat {
    waiting: Arc<Waiting>,
    /// Since when it waits; `None` while it is at work.
    since: Mutex<Option<u64>>,
    end: CancellationToken,
}

/// A connection that is at work: it is not ended until this is dropped.
#[derive(Debug)]
pub(super) struct Busy(Arc<Seat>);

impl Waiting {
    /// Ends the connection that has waited for the longest; `false` if all are at work.
    pub(super) fn end_longest(&self) -> bool {
        let found = self.queue().ends.pop_first();
        found.map(|(_, end)| end.cancel()).is_some()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// A place for a new connection, which waits.
    pub(super) fn new(waiting: &Arc<Waiting>) -> Arc<Self> {
        let seat =
            Arc::new(Self { waiting: Arc::clone(waiting), since: Mutex::default(), end: CancellationToken::new() });
        seat.wait();
        seat
    }

    /// Ends once the connection is to.
    pub(super) async fn ended(&self) {
        self.end.cancelled().await;
    }

    /// Marks the connection as at work.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.leave();
        Busy(Arc::clone(self))
    }

    fn wait(&self) {
        let mut queue = self.waiting.queue();
        let number = queue.next;
        queue.next += 1;
        queue.ends.insert(number, self.end.clone());
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Some(number);
    }

    fn leave(&self) {
        let mut queue = self.waiting.queue();
        if let Some(number) = self.since.lock().unwrap_or_else(PoisonError::into_inner).take() {
            queue.ends.remove(&number);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Seat, Waiting};

    #[test]
    fn the_longest_wait_ends_first_and_work_never() {
        let waiting = Arc::new(Waiting::default());
        let [one, two, three] = [(); 3].map(|()| Seat::new(&waiting));
        let work = one.busy();
        drop(two.busy());
        assert!(waiting.end_longest());
        assert_eq!([&one, &two, &three].map(|seat| seat.end.is_cancelled()), [false, false, true]);
        drop(two);
        assert!(!waiting.end_longest(), "one is at work, the others are gone");
        drop(work);
        assert!(waiting.end_longest() && one.end.is_cancelled());
    }
}
