//! The output of a shell or of one command, between its producer and the client's Receive.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::wsman::{Fault, OVERHEAD, chunk_size};

/// Above this many waiting bytes the producer has to wait.
const FULL: usize = 4 << 20;
/// With this many bytes an answer is worth sending, whether or not more would come soon.
const PLENTY: usize = 32 << 10;
/// How long output that is not urgent waits for company, as WinRM packs its answers.
const LINGER: Duration = Duration::from_millis(25);

/// Output of one stream in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    /// Something came in, or the end.
    filled: Notify,
    /// Something was taken out, or the end.
    drained: Notify,
    /// A Receive waits for what is not there yet, or the end.
    awaited: Notify,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Chunk>,
    bytes: usize,
    end: Option<End>,
    receiving: bool,
    opened: bool,
    done_told: bool,
    broken: bool,
}

#[derive(Debug)]
struct Chunk {
    payload: Bytes,
    urgency: Urgency,
}

/// How soon a piece of output should leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Together with what follows.
    Linger,
    /// At once; the answer ends behind it.
    Flush,
    /// As `Flush`, and it tells the client that the pool is open.
    Opens,
}

/// Why nothing follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The command has ended.
    Done,
    /// The client closed the command.
    Terminated,
    /// What is behind the shell is gone.
    Gone,
}

/// What one Receive gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batch {
    /// Pieces in order.
    pub chunks: Vec<Bytes>,
    /// Nothing follows.
    pub done: bool,
}

impl Outbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a piece, unless the end has come.
    pub(super) fn push(&self, payload: Bytes, urgency: Urgency) {
        let mut state = self.state();
        if state.end.is_none() {
            state.bytes += payload.len();
            state.chunks.push_back(Chunk { payload, urgency });
            self.filled.notify_one();
        }
    }

    /// Ends the stream; the first end counts. What is in it stays deliverable, but not after a termination.
    pub(super) fn end(&self, end: End) {
        let mut state = self.state();
        if end == End::Terminated {
            state.chunks.clear();
            state.bytes = 0;
            state.end = Some(end);
        }
        state.end.get_or_insert(end);
        self.filled.notify_one();
        self.drained.notify_waiters();
        self.awaited.notify_waiters();
    }

    /// Whether the end has come.
    pub(super) fn has_ended(&self) -> bool {
        self.state().end.is_some()
    }

    /// Whether the client was told that the pool is open.
    pub(super) fn is_opened(&self) -> bool {
        self.state().opened
    }

    /// Waits until there is room for more output, or nobody wants it any more.
    pub(super) async fn room(&self) {
        self.until(&self.drained, |state| state.bytes < FULL || state.end.is_some()).await;
    }

    /// Waits until a Receive has taken all there is and waits for more, or nothing follows.
    pub(super) async fn awaited(&self) {
        let awaited = |state: &State| state.receiving && state.chunks.is_empty() || state.end.is_some();
        self.until(&self.awaited, awaited).await;
    }

    /// Waits until the state is as it should be; `changed` tells of changes.
    async fn until(&self, changed: &Notify, wanted: impl Fn(&State) -> bool) {
        loop {
            let changed = changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if wanted(&self.state()) {
                return;
            }
            changed.await;
        }
    }

    /// Waits for output that fits into an envelope of `max_envelope` bytes.
    ///
    /// # Errors
    /// Faults: nothing came in time, another Receive waits already, or there is no such stream any more.
    pub(super) async fn receive(&self, patience: Duration, max_envelope: usize) -> Result<Batch, Fault> {
        let _turn = Turn::take(self)?;
        let deadline = Instant::now() + patience;
        self.wait_for_something(deadline).await?;
        self.wait_for_plenty(deadline).await;
        self.take(max_envelope)
    }

    async fn wait_for_something(&self, deadline: Instant) -> Result<(), Fault> {
        while self.is_empty() {
            self.awaited.notify_waiters();
            if timeout_at(deadline, self.filled.notified()).await.is_err() && self.is_empty() {
                return Err(Fault::timed_out());
            }
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        let state = self.state();
        state.chunks.is_empty() && state.end.is_none()
    }

    async fn wait_for_plenty(&self, deadline: Instant) {
        let deadline = deadline.min(Instant::now() + LINGER);
        while !self.has_plenty() {
            if timeout_at(deadline, self.filled.notified()).await.is_err() {
                return;
            }
        }
    }

    fn has_plenty(&self) -> bool {
        let state = self.state();
        state.end.is_some()
            || state.bytes >= PLENTY
            || state.chunks.iter().any(|chunk| chunk.urgency != Urgency::Linger)
    }

    fn take(&self, max_envelope: usize) -> Result<Batch, Fault> {
        let mut state = self.state();
        if state.chunks.is_empty() {
            match state.end {
                Some(End::Terminated) => return Err(Fault::command_terminated()),
                Some(End::Done) if !state.done_told => {}
                _ => return Err(Fault::not_found()),
            }
        }
        let mut room = max_envelope.saturating_sub(OVERHEAD);
        let mut chunks = Vec::new();
        while let Some(first) = state.chunks.front() {
            let size = chunk_size(first.payload.len());
            if size > room && !chunks.is_empty() {
                break;
            }
            room = room.saturating_sub(size);
            let Some(chunk) = state.chunks.pop_front() else { break };
            state.bytes -= chunk.payload.len();
            state.opened |= chunk.urgency == Urgency::Opens;
            chunks.push(chunk.payload);
            if chunk.urgency != Urgency::Linger {
                break;
            }
        }
        let done = state.chunks.is_empty() && state.end == Some(End::Done);
        state.done_told |= done;
        self.drained.notify_waiters();
        Ok(Batch { chunks, done })
    }

    /// Says yes once: this answer shall break.
    pub(super) fn break_once(&self) -> bool {
        !std::mem::replace(&mut self.state().broken, true)
    }

    /// Puts a batch back that could not be delivered.
    pub(super) fn restore(&self, batch: Batch) {
        let mut state = self.state();
        for payload in batch.chunks.into_iter().rev() {
            state.bytes += payload.len();
            state.chunks.push_front(Chunk { payload, urgency: Urgency::Linger });
        }
        state.done_told = false;
        self.filled.notify_one();
    }
}

/// The right to receive, held by one Receive at a time.
struct Turn<'a>(&'a Outbox);

impl<'a> Turn<'a> {
    fn take(outbox: &'a Outbox) -> Result<Self, Fault> {
        let mut state = outbox.state();
        if state.receiving {
            return Err(Fault::concurrent_receive());
        }
        state.receiving = true;
        Ok(Self(outbox))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state().receiving = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wsman::names::code;

    const PATIENCE: Duration = Duration::from_millis(40);
    const ENVELOPE: usize = 153_600;

    fn bytes(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[tokio::test]
    async fn output_and_end_come_in_one_answer() {
        let outbox = Outbox::default();
        outbox.push(bytes("a"), Urgency::Linger);
        outbox.push(bytes("b"), Urgency::Linger);
        outbox.end(End::Done);
        let batch = outbox.receive(PATIENCE, ENVELOPE).await;
        assert_eq!(batch, Ok(Batch { chunks: vec![bytes("a"), bytes("b")], done: true }));
        let after = outbox.receive(PATIENCE, ENVELOPE).await.expect_err("a fault");
        assert_eq!(after.code, code::UNEXPECTED_SELECTORS);
    }

    #[tokio::test]
    async fn a_quiet_poll_times_out_and_loses_nothing() {
        let outbox = Outbox::default();
        let fault = outbox.receive(PATIENCE, ENVELOPE).await.expect_err("nothing is there");
        assert_eq!(fault.code, code::OPERATION_TIMED_OUT);
        outbox.push(bytes("late"), Urgency::Linger);
        assert_eq!(outbox.receive(PATIENCE, ENVELOPE).await.expect("output").chunks, [bytes("late")]);
    }

    #[tokio::test]
    async fn a_flush_ends_the_answer() {
        let outbox = Outbox::default();
        outbox.push(bytes("capability"), Urgency::Linger);
        outbox.push(bytes("private data"), Urgency::Opens);
        outbox.push(bytes("state"), Urgency::Flush);
        assert!(!outbox.is_opened());
        assert_eq!(outbox.receive(PATIENCE, ENVELOPE).await.expect("output").chunks.len(), 2);
        assert!(outbox.is_opened());
        assert_eq!(outbox.receive(PATIENCE, ENVELOPE).await.expect("output").chunks, [bytes("state")]);
    }

    #[tokio::test]
    async fn only_one_receive_may_wait() {
        let outbox = Outbox::default();
        let (first, second) = tokio::join!(outbox.receive(PATIENCE, ENVELOPE), outbox.receive(PATIENCE, ENVELOPE));
        assert_eq!(first.expect_err("nothing came").code, code::OPERATION_TIMED_OUT);
        assert_eq!(second.expect_err("one too many").code, code::CONCURRENCY);
    }

    #[tokio::test]
    async fn it_is_awaited_by_a_receive_that_has_taken_all() {
        let outbox = Outbox::default();
        let awaited = || tokio::time::timeout(PATIENCE / 4, outbox.awaited());
        assert!(awaited().await.is_err(), "nobody receives");
        outbox.push(bytes("a"), Urgency::Flush);
        outbox.receive(PATIENCE, ENVELOPE).await.expect("output");
        assert!(awaited().await.is_err(), "nobody receives any more");
        let (quiet, waits) = tokio::join!(outbox.receive(PATIENCE, ENVELOPE), awaited());
        assert!(quiet.is_err() && waits.is_ok());
        outbox.end(End::Gone);
        assert!(awaited().await.is_ok(), "nothing follows");
    }

    #[tokio::test]
    async fn a_termination_drops_what_waits() {
        let outbox = Outbox::default();
        outbox.push(bytes("a"), Urgency::Linger);
        outbox.end(End::Terminated);
        let fault = outbox.receive(PATIENCE, ENVELOPE).await.expect_err("terminated");
        assert_eq!(fault.code, code::COMMAND_TERMINATED);
    }

    #[tokio::test]
    async fn what_has_arrived_comes_before_the_news_of_a_death() {
        let outbox = Outbox::default();
        outbox.push(bytes("last words"), Urgency::Linger);
        outbox.end(End::Gone);
        assert_eq!(outbox.receive(PATIENCE, ENVELOPE).await.expect("output").chunks, [bytes("last words")]);
        let fault = outbox.receive(PATIENCE, ENVELOPE).await.expect_err("gone");
        assert_eq!(fault.code, code::UNEXPECTED_SELECTORS);
    }

    #[tokio::test]
    async fn answers_keep_to_the_envelope_and_producers_wait_for_room() {
        let outbox = Outbox::default();
        for _ in 0..FULL / 32_768 {
            outbox.push(Bytes::from(vec![0; 32_768]), Urgency::Linger);
        }
        assert!(tokio::time::timeout(PATIENCE, outbox.room()).await.is_err(), "full");
        let batch = outbox.receive(PATIENCE, ENVELOPE).await.expect("output");
        assert_eq!(batch.chunks.len(), 3);
        outbox.room().await;
        outbox.restore(batch);
        assert!(tokio::time::timeout(PATIENCE, outbox.room()).await.is_err(), "full again");
    }
}
