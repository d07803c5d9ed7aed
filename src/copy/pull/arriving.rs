//! A file whose bytes are arriving.

use std::io;

use aws_lc_rs::digest::Context;
use tokio::io::AsyncReadExt;
use tokio::sync::Mutex;

use super::Request;
use crate::copy::CHUNK;
use crate::copy::cause::Cause;
use crate::copy::partial::Partial;
use crate::copy::report::{Action, Ledger};
use crate::transport::Files;

/// A file whose bytes are arriving.
pub(super) struct Arriving {
    request: Request,
    partial: Partial,
    action: Action,
}

impl Arriving {
    /// Opens the file here, to take bytes from an offset on; `hash` is that of what is before.
    pub(super) async fn open(request: Request, action: Action, offset: u64, hash: Context) -> Result<Self, Cause> {
        let partial = Partial::open(request.place.clone(), offset, hash).await?;
        Ok(Self { request, partial, action })
    }

    /// Adds bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Cause> {
        self.partial.write(bytes).await.map_err(|error| Cause::here(&self.partial.path(), &error))
    }

    /// Fetches what is missing of the file, up to a length, by a channel beside the session. The inner error is the
    /// channel's, and leaves what has come so far.
    pub(super) async fn fetch(
        &mut self,
        files: &dyn Files,
        length: u64,
        ledger: &Mutex<Ledger<'_>>,
    ) -> Result<io::Result<()>, Cause> {
        let missing = length.saturating_sub(self.length());
        let mut reader = match files.reader(&self.request.listed.path, length, self.length()).await {
            Ok(reader) => reader.take(missing),
            Err(error) => return Ok(Err(error)),
        };
        let mut bytes = Vec::with_capacity(CHUNK);
        loop {
            bytes.clear();
            match (&mut reader).take(CHUNK as u64).read_to_end(&mut bytes).await {
                Ok(0) => return Ok(Ok(())),
                Ok(_) => self.write(&bytes).await?,
                Err(error) => return Ok(Err(error)),
            }
            ledger.lock().await.moved(bytes.len() as u64).await;
        }
    }

    /// Bytes that are here.
    pub(super) fn length(&self) -> u64 {
        self.partial.length
    }

    /// Which file it is on the host.
    pub(super) fn number(&self) -> usize {
        self.request.listed.number
    }

    /// The hash of what has arrived.
    pub(super) fn sha256(&self) -> String {
        self.partial.sha256()
    }

    /// All of it is here: moves it to its place if its hash is the host's, and tells the readers either way.
    pub(super) async fn finish(self, theirs: &str, ledger: &mut Ledger<'_>) {
        let Self { request, partial, action } = self;
        let (ours, length) = (partial.sha256(), partial.length);
        if ours != theirs {
            let path = partial.path().display().to_string();
            partial.discard().await;
            ledger.failure(Cause::damaged(path, &ours, theirs)).await;
            return;
        }
        match partial.finish(request.listed.modified, request.listed.mode).await {
            Ok(()) => request.report(ledger, action, length, &ours).await,
            Err(cause) => ledger.failure(cause).await,
        }
    }

    /// Leaves what has arrived under its temporary name.
    pub(super) fn leave(self) -> Request {
        self.request
    }

    /// Removes what has arrived.
    pub(super) async fn discard(self) -> Request {
        self.partial.discard().await;
        self.request
    }
}
