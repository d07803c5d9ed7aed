//! Whether the user has left, and how long others may hold up the end from then on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::SetOnce;
use tokio::time::Instant;

/// How long closes may take once the user has left: a server that is there deletes a shell in far less.
const CLOSES: Duration = Duration::from_secs(2);

/// How long readers that read no more may hold up the end after the closes: they have what a pipe holds to take.
const READERS: Duration = Duration::from_secs(1);

/// How long a disk may hold up the end after the readers: a journal that is not written by then is on none that works.
const JOURNAL: Duration = Duration::from_secs(2);

/// A user who leaves: the same one for everybody who may hold up the end of a run. Clones are of one user.
#[derive(Debug, Clone, Default)]
pub struct Departure(Arc<Moments>);

#[derive(Debug, Default)]
struct Moments {
    left: SetOnce<Instant>,
    /// Nothing is left to be closed.
    closed: SetOnce<Instant>,
}

impl Departure {
    /// The user leaves, now; whoever has left already leaves no later.
    pub fn leave(&self) {
        // Only the first time counts.
        let _ = self.0.left.set(Instant::now());
    }

    /// Waits until the user leaves.
    pub async fn left(&self) {
        self.0.left.wait().await;
    }

    /// All closes are over: nobody waits for them any more.
    pub(super) fn all_closed(&self) {
        let _ = self.0.closed.set(Instant::now());
    }

    /// Waits until the user has left and attempts had their time to close what they opened.
    pub(super) async fn gives_up_closes(&self) {
        tokio::time::sleep_until(*self.0.left.wait().await + CLOSES).await;
    }

    /// Waits until the user has left and, after the closes, readers of events and writers of output had their time.
    pub(crate) async fn gives_up_readers(&self) {
        let left = *self.0.left.wait().await;
        let latest = left + CLOSES;
        let begin = self.0.closed.get().map_or(latest, |closed| latest.min(left.max(*closed)));
        tokio::time::sleep_until(begin + READERS).await;
    }

    /// Waits until the user has left and, after the readers, the journal had its time.
    pub(super) async fn gives_up_journal(&self) {
        self.gives_up_readers().await;
        tokio::time::sleep(JOURNAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Duration = Duration::from_millis(500);

    #[tokio::test(start_paused = true)]
    async fn all_count_from_the_first_time() {
        let departure = Departure::default();
        let begin = Instant::now();
        let user = departure.clone();
        tokio::spawn(async move {
            for _ in 0..2 {
                tokio::time::sleep(HALF).await;
                user.leave();
            }
        });
        departure.left().await;
        assert_eq!(begin.elapsed(), HALF);
        departure.gives_up_closes().await;
        assert_eq!(begin.elapsed(), HALF + CLOSES);
        departure.gives_up_readers().await;
        assert_eq!(begin.elapsed(), HALF + CLOSES + READERS);
    }

    #[tokio::test(start_paused = true)]
    async fn readers_get_their_time_from_the_last_close_on() {
        for (closed, left, gone) in [(0, 4, 6), (4, 0, 6), (4, 2, 6), (9, 0, 6), (9, 8, 11)] {
            let departure = Departure::default();
            let begin = Instant::now();
            let at = |halves: u32, act: fn(&Departure)| {
                let departure = departure.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(HALF * halves).await;
                    act(&departure);
                })
            };
            tokio::join!(at(closed, Departure::all_closed), at(left, Departure::leave)).0.expect("no panic");
            departure.gives_up_readers().await;
            // Nobody asks before the last close.
            assert_eq!(begin.elapsed(), HALF * gone.max(closed), "closed {closed}, left {left}");
        }
    }
}
