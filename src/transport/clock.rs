//! The time of an attempt.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Counts an attempt's time, and stands still while the attempt waits for something that is not its host's fault.
///
/// A clone is the same clock.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<watch::Sender<Time>>);

#[derive(Debug, Clone, Copy, Default)]
struct Time {
    /// For how long it has stood still.
    stood: Duration,
    /// It stands still since then.
    since: Option<Instant>,
}

impl Clock {
    /// Runs `work` for at most `limit` of this clock's time; `None` when that is over.
    pub async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut changes = self.0.subscribe();
        let end = Instant::now() + limit;
        let before = changes.borrow().stood;
        let mut work = pin!(work);
        loop {
            let Time { stood, since } = *changes.borrow_and_update();
            tokio::select! {
                biased;
                done = &mut work => return Some(done),
                _ = changes.changed() => {}
                () = tokio::time::sleep_until(end + (stood - before)), if since.is_none() => return None,
            }
        }
    }

    /// Stands still while `waiting`; also says for how long that was.
    pub async fn halted<T>(&self, waiting: impl Future<Output = T>) -> (T, Duration) {
        let begin = Instant::now();
        self.0.send_modify(|time| time.since = Some(begin));
        let done = waiting.await;
        let waited = begin.elapsed();
        self.0.send_modify(|time| *time = Time { stood: time.stood + waited, since: None });
        (done, waited)
    }

    /// For how long it has stood still by now.
    pub fn stood(&self) -> Duration {
        self.0.borrow().stood
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn counts_what_is_not_waiting() {
        let clock = Clock::default();
        let work = |seconds| {
            let clock = &clock;
            async move {
                tokio::time::sleep(SECOND).await;
                let ((), waited) = clock.halted(tokio::time::sleep(SECOND * 60)).await;
                assert_eq!(waited, SECOND * 60);
                tokio::time::sleep(SECOND * seconds).await;
            }
        };
        let begin = Instant::now();
        assert_eq!(clock.within(SECOND * 5, work(3)).await, Some(()));
        assert_eq!((begin.elapsed(), clock.stood()), (SECOND * 64, SECOND * 60));
        // What it stood still before counts for nothing.
        let begin = Instant::now();
        assert_eq!(clock.within(SECOND * 5, work(30)).await, None);
        assert_eq!(begin.elapsed(), SECOND * 65);
    }

    #[tokio::test(start_paused = true)]
    async fn never_ends_while_it_stands_still() {
        let clock = Clock::default();
        let waiting = clock.within(SECOND, clock.halted(std::future::pending::<()>()));
        assert!(tokio::time::timeout(SECOND * 3600, waiting).await.is_err());
    }
}
