//! How many logons are under way on one bastion: an sshd turns away connections while too many of them have not logged
//! on (MaxStartups, 10 by default), and behind a bastion stands a whole fleet.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::super::Clock;

/// As many logons as one bastion has under way, unless it shows that it takes fewer.
const MOST: usize = 8;

/// The bastions of a process, by address and port.
#[derive(Debug, Default)]
pub(super) struct Bastions(Mutex<HashMap<(String, u16), Arc<Bastion>>>);

impl Bastions {
    /// The bastion at an address.
    pub(super) fn at(&self, address: &str, port: u16) -> Arc<Bastion> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry((address.to_owned(), port)).or_default())
    }
}

/// One bastion.
#[derive(Debug)]
pub(super) struct Bastion(watch::Sender<Room>);

#[derive(Debug, Clone, Copy)]
struct Room {
    limit: usize,
    under_way: usize,
    /// The last one that came met a server.
    answers: bool,
}

impl Default for Bastion {
    fn default() -> Self {
        Self(watch::Sender::new(Room { limit: MOST, under_way: 0, answers: false }))
    }
}

impl Bastion {
    /// Waits until there is room for one more logon. Meanwhile the attempt's clock stands still if the bastion answers;
    /// one that does not fails everybody behind it at the same time, and holds up nobody else for longer.
    ///
    /// Whoever is under way may itself wait for leave that only we can bring about, so where nothing moves for as long
    /// as `patience`, the wait is over too.
    pub(super) async fn enter(self: Arc<Self>, patience: Duration, clock: &Clock) -> Visit {
        let mut changes = self.0.subscribe();
        loop {
            let mut answers = false;
            let entered = self.0.send_if_modified(|room| {
                let is_free = room.under_way < room.limit;
                room.under_way += usize::from(is_free);
                answers = room.answers;
                is_free
            });
            if entered {
                return Visit { bastion: self, met: AtomicBool::new(false) };
            }
            let moved = tokio::time::timeout(patience, changes.changed());
            let moved = if answers { clock.halted(moved).await.0 } else { moved.await };
            if moved.is_err() {
                self.0.send_modify(|room| room.under_way += 1);
                return Visit { bastion: self, met: AtomicBool::new(false) };
            }
        }
    }
}

/// A logon under way; over when it is dropped.
#[derive(Debug)]
pub(super) struct Visit {
    bastion: Arc<Bastion>,
    /// It is known whether a server was met; if it never is, the time for that was over.
    met: AtomicBool,
}

impl Visit {
    /// Whether a server was met.
    pub(super) fn met(&self, answers: bool) {
        self.met.store(true, Ordering::Relaxed);
        self.bastion.0.send_if_modified(|room| std::mem::replace(&mut room.answers, answers) != answers);
    }

    /// The bastion has turned the connection away: it takes no more than the others that are under way.
    pub(super) fn turned_away(self) {
        self.bastion.0.send_modify(|room| room.limit = room.limit.min(room.under_way - 1).max(1));
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let met = self.met.load(Ordering::Relaxed);
        self.bastion.0.send_modify(|room| {
            room.under_way -= 1;
            room.answers &= met;
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures::FutureExt;
    use tokio::time::Instant;

    use super::{Bastion, Bastions, MOST, Visit};
    use crate::transport::Clock;

    const PATIENCE: Duration = Duration::from_secs(15);

    fn entered(bastion: &Arc<Bastion>) -> Option<Visit> {
        Arc::clone(bastion).enter(PATIENCE, &Clock::default()).now_or_never()
    }

    #[tokio::test(start_paused = true)]
    async fn one_more_enters_when_one_has_left() {
        let bastions = Bastions::default();
        let bastion = bastions.at("gate", 22);
        let mut inside: Vec<_> = (0..MOST).map(|_| entered(&bastion).expect("room")).collect();
        assert!(entered(&bastion).is_none());
        assert!(entered(&bastions.at("gate", 2222)).is_some(), "another port is another bastion");
        let gate = bastions.at("gate", 22);
        let waiting = tokio::spawn(async move { gate.enter(PATIENCE, &Clock::default()).await });
        tokio::task::yield_now().await;
        inside.pop();
        drop(waiting.await.expect("enters"));
        assert!(entered(&bastion).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_was_turned_away_shows_how_much_room_there_is() {
        let bastion = Arc::new(Bastion::default());
        let inside: Vec<_> = (0..MOST).map(|_| entered(&bastion).expect("room")).collect();
        let mut inside = inside.into_iter();
        inside.by_ref().take(5).for_each(Visit::turned_away);
        assert!(entered(&bastion).is_none(), "three are under way, and three are taken");
        inside.next();
        let another = entered(&bastion).expect("room");
        // At least one is tried always.
        [Some(another), inside.next(), inside.next()].into_iter().flatten().for_each(Visit::turned_away);
        let _one = entered(&bastion).expect("room");
        assert!(entered(&bastion).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_when_nothing_moves() {
        let bastion = Arc::new(Bastion::default());
        let mut inside: Vec<_> = (0..MOST).map(|_| entered(&bastion).expect("room")).collect();
        let begin = Instant::now();
        inside.push(Arc::clone(&bastion).enter(PATIENCE, &Clock::default()).await);
        assert_eq!((begin.elapsed(), inside.len()), (PATIENCE, MOST + 1));
    }

    #[tokio::test(start_paused = true)]
    async fn time_stands_still_behind_a_bastion_that_answers() {
        let bastion = Arc::new(Bastion::default());
        let inside: Vec<_> = (0..MOST).map(|_| entered(&bastion).expect("room")).collect();
        let limit = PATIENCE / 3;
        let late = |clock: Clock| {
            let bastion = Arc::clone(&bastion);
            async move { clock.within(limit, bastion.enter(PATIENCE, &clock)).await.is_none() }
        };
        let begin = Instant::now();
        assert!(late(Clock::default()).await, "a silent one is nobody's excuse");
        assert_eq!(begin.elapsed(), limit);
        inside[0].met(true);
        assert!(!late(Clock::default()).await);
        assert_eq!(begin.elapsed(), limit + PATIENCE);
        inside[1].met(false);
        assert!(late(Clock::default()).await, "it has gone");
    }
}
