//! Work that takes long leaves the runtime's workers: what one host sends must never cost another host its time.

use std::sync::OnceLock;

use tokio::sync::Semaphore;

/// Below this many bytes, parsing, unsealing or decoding takes a millisecond at the most, and to move it would cost
/// more than it takes. Most answers are smaller.
const SMALL: usize = 128 << 10;

/// Does work whose time grows with a number of bytes: here and now if they are few, else on a thread for such work.
///
/// Dropping the future in the middle loses the result; the work itself goes on to its end.
pub(crate) async fn offload<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
    if bytes <= SMALL { work() } else { elsewhere(work).await }
}

/// Does such work on a state that the caller keeps. It travels to the thread and back; after a drop in the middle, the
/// caller is left with a default one.
pub(crate) async fn offload_on<S, T>(bytes: usize, state: &mut S, work: impl FnOnce(&mut S) -> T + Send + 'static) -> T
where
    S: Default + Send + 'static,
    T: Send + 'static,
{
    if bytes <= SMALL {
        return work(state);
    }
    let mut moved = std::mem::take(state);
    let (moved, result) = elsewhere(move || {
        let result = work(&mut moved);
        (moved, result)
    })
    .await;
    *state = moved;
    result
}

/// On a thread for long work. As many may work at once as there are processors: more would not be faster, and each
/// holds what it works on.
async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    static TURNS: OnceLock<Semaphore> = OnceLock::new();
    let turns =
        TURNS.get_or_init(|| Semaphore::new(std::thread::available_parallelism().map_or(2, |count| count.get())));
    // Nobody closes it.
    let _turn = turns.acquire().await;
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down, and with it whoever waits here.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::{SMALL, offload, offload_on};

    #[tokio::test]
    async fn only_what_takes_long_moves() {
        let here = thread::current().id();
        assert_eq!(offload(SMALL, || thread::current().id()).await, here);
        assert_ne!(offload(SMALL + 1, || thread::current().id()).await, here);
    }

    #[tokio::test]
    async fn what_is_worked_on_comes_back() {
        let mut text = String::from("a");
        for bytes in [0, SMALL, SMALL + 1, usize::MAX] {
            let length = offload_on(bytes, &mut text, |text| {
                text.push('b');
                text.len()
            });
            assert_eq!(length.await, text.len());
        }
        assert_eq!(text, "abbbb");
    }

    #[tokio::test]
    #[should_panic(expected = "a bug in a parser")]
    async fn a_panic_is_the_callers() {
        offload(SMALL + 1, || panic!("a bug in a parser")).await
    }
}
