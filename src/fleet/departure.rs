//! Whether the user has left, and how long others may hold up the end from then on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::SetOnce;
use tokio::time::Instant;

/// How long closes may take once the user has left: a server that is there deletes a shell in far less.
const CLOSES: Duration = Duration::from_secs(2);

/// How long readers that read no more may hold up the end after the closes: they have what a pipe holds to take.
const READERS: Duration = Duration::from_secs(1);

/// A user who leaves: the same one for everybody who may hold up the end of a run. Clones are of one user.
#[derive(Debug, Clone, Default)]
pub struct Departure(Arc<SetOnce<Instant>>);

impl Departure {
    /// The user leaves, now; whoever has left already leaves no later.
    pub fn leave(&self) {
        // Only the first time counts.
        let _ = self.0.set(Instant::now());
    }

    /// Waits until the user leaves.
    pub async fn left(&self) {
        self.0.wait().await;
    }

    /// Waits until the user has left and attempts had their time to close what they opened.
    pub(super) async fn gives_up_closes(&self) {
        tokio::time::sleep_until(*self.0.wait().await + CLOSES).await;
    }

    /// Waits until the user has left and the readers of events had their time, too.
    pub(super) async fn gives_up_readers(&self) {
        tokio::time::sleep_until(*self.0.wait().await + CLOSES + READERS).await;
    }

    /// Waits until the user has left and whoever writes what is left of a run that is over had the time of a reader,
    /// from now on: nobody could write it before.
    pub(crate) async fn gives_up_writers(&self) {
        self.left().await;
        tokio::time::sleep(READERS).await;
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
