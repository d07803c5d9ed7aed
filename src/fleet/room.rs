//! Room for the records that wait for the sinks: their number is bounded by the channel, their bytes here.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::emission::{Emission, Taken};
use crate::event::RunEventKind;
use crate::record::Record;

/// Bytes of records that may wait for the sinks at once, those of all targets together; a larger record waits alone.
const BYTES: u32 = 16 << 20;

/// The room of a run.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<Semaphore>);

impl Room {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(BYTES as usize)))
    }

    /// The emission of a record, once there is room for it: in the order of asking, so that no target starves.
    pub(super) async fn admit(&self, record: Record) -> Emission {
        let bytes = u32::try_from(record.value.memory()).map_or(BYTES, |bytes| bytes.min(BYTES));
        let permit = Arc::clone(&self.0).acquire_many_owned(bytes).await.ok();
        let room = permit.map(Taken::new);
        Emission { room, ..Emission::now(RunEventKind::Record(record)) }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::Room;
    use crate::clixml::{Document, Value};
    use crate::record::Record;
    use crate::stream::Stream;
    use crate::target::TargetId;

    fn record(bytes: usize) -> Record {
        let value = Document::new(Value::str("x".repeat(bytes)));
        Record { target: TargetId(0), stream: Stream::Output, value, terminating: false }
    }

    #[test]
    fn bytes_are_bounded_and_not_only_records() {
        let room = Room::new();
        let mut waiting: Vec<_> = (0..3).filter_map(|_| room.admit(record(5_000_000)).now_or_never()).collect();
        assert_eq!(waiting.len(), 3);
        assert!(room.admit(record(5_000_000)).now_or_never().is_none());
        assert!(room.admit(record(1_000)).now_or_never().is_some(), "there is room for a small one");
        // Taken apart, it still waits for the sinks.
        let first = waiting.pop().and_then(|emission| emission.room);
        assert!(room.admit(record(5_000_000)).now_or_never().is_none());
        drop(first);
        assert!(room.admit(record(5_000_000)).now_or_never().is_some());
    }

    #[test]
    fn what_is_larger_than_the_room_waits_alone() {
        let room = Room::new();
        let large = room.admit(record(40_000_000)).now_or_never();
        assert!(large.is_some());
        assert!(room.admit(record(1)).now_or_never().is_none());
        drop(large);
        assert!(room.admit(record(1)).now_or_never().is_some());
    }

    #[test]
    fn small_records_are_many() {
        let room = Room::new();
        let waiting: Vec<_> = (0..10_000).filter_map(|_| room.admit(record(100)).now_or_never()).collect();
        assert_eq!(waiting.len(), 10_000);
    }
}
