//! Whether the user has left, and how long others may hold up the end from then on.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long closes may take once the user has left.
const CLOSES: Duration = Duration::from_secs(2);

/// How long readers that read no more may hold up the end after the closes.
const READERS: Duration = Duration::from_secs(1);

/// A user who leaves: the same for everybody who may hold up the end of a run, so that all count from the same moment.
/// Clones are of one user.
#[derive(Debug, Clone, Default)]
pub struct Departure(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    at: OnceLock<Instant>,
    left: CancellationToken,
}

impl Departure {
    /// The user leaves, now; whoever has left already leaves no later.
    pub fn leave(&self) {
        self.0.at.get_or_init(Instant::now);
        self.0.left.cancel();
    }

    /// Waits until the user leaves.
    pub async fn left(&self) {
        self.0.left.cancelled().await;
    }

    /// Waits until the user has left and attempts had their time to close what they opened.
    pub async fn gives_up_closes(&self) {
        tokio::time::sleep_until(self.at().await + CLOSES).await;
    }

    /// Waits until the user has left and the readers of events had their time, too.
    pub async fn gives_up_readers(&self) {
        tokio::time::sleep_until(self.at().await + CLOSES + READERS).await;
    }

    /// Waits until the user has left and who writes the last events, from now on, had the time of a reader.
    pub async fn gives_up_writers(&self) {
        self.left().await;
        tokio::time::sleep(READERS).await;
    }

    async fn at(&self) -> Instant {
        self.left().await;
        // Set before the token is cancelled.
        *self.0.at.get_or_init(Instant::now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_count_from_the_first_time() {
        let departure = Departure::default();
        let begin = Instant::now();
        let user = departure.clone();
        tokio::spawn(async move {
            for _ in 0..2 {
                tokio::time::sleep(Duration::from_millis(500)).await;
                user.leave();
            }
        });
        departure.left().await;
        assert_eq!(begin.elapsed(), Duration::from_millis(500));
        departure.gives_up_closes().await;
        assert_eq!(begin.elapsed(), Duration::from_millis(2500));
        departure.gives_up_readers().await;
        assert_eq!(begin.elapsed(), Duration::from_millis(3500));
        departure.gives_up_writers().await;
        assert_eq!(begin.elapsed(), Duration::from_millis(4500));
    }
}
