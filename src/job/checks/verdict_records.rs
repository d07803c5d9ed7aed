//! The records of a check, on their way to the readers and to its verdict.

use std::ops::ControlFlow;

use crate::check::Judgement;
use crate::clixml::Document;
use crate::fleet::Forward;
use crate::record::error_message;
use crate::session::Records;
use crate::stream::Stream;

/// Judges what passes through to the readers.
pub(super) struct VerdictRecords<'a> {
    pub forward: &'a mut Forward,
    pub judgement: &'a mut Judgement,
}

/// Judges a record.
pub(super) fn judge(judgement: &mut Judgement, stream: Stream, value: &Document) {
    match stream {
        Stream::Output => judgement.object(value),
        Stream::Error => judgement.error(&error_message(value).unwrap_or_default()),
        _ => {}
    }
}

impl Records for VerdictRecords<'_> {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        judge(self.judgement, stream, &value);
        self.forward.take(stream, value).await
    }

    async fn caught_up(&mut self) -> ControlFlow<()> {
        self.forward.caught_up().await
    }

    fn stopping(&mut self) {
        self.forward.stopping();
    }
}
