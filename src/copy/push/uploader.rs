//! The half that announces files and sends them.

use std::io;

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;

use super::{State, Verdict, Wanted};
use crate::clixml::Document;
use crate::copy::cause::Cause;
use crate::copy::report::Ledger;
use crate::copy::watched::Watched;
use crate::copy::{CHUNK, Selection, SideChannel, Source, frame, hash};
use crate::transport::FileWriter;

/// Bytes of one pipeline's input. Windows takes 50 MB of a command's messages (PSMaximumReceivedDataSizePerCommandMB),
/// in which bytes travel as base64.
const PIPELINE: u64 = 32 << 20;

/// Bytes on their way that the host has not written yet.
const WINDOW: usize = 8 << 20;

/// Files that are announced before the one that is sent, so that small ones need no round trip each.
const AHEAD: usize = 64;

/// How far one host is, over all its pipelines.
pub(super) struct Cursor {
    folders_sent: bool,
    /// The file to resume, and how much of it this run has sent.
    next: usize,
    sent: Option<u64>,
    beside: SideChannel,
}

impl Cursor {
    pub(super) fn new(beside: SideChannel) -> Self {
        Self { folders_sent: false, next: 0, sent: None, beside }
    }
}

/// What the feeding half is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fed {
    /// Everything is sent.
    All,
    /// This pipeline has had its share: another goes on.
    Pause,
    /// The pipeline takes no more.
    Closed,
}

/// Feeds one pipeline.
pub(super) struct Uploader<'a, 'b> {
    /// The host's name in this run.
    host: &'a str,
    selection: &'a Selection,
    shared: &'a Watched<State>,
    ledger: &'a Mutex<Ledger<'b>>,
    input: mpsc::Sender<Document>,
    /// Bytes of a frame.
    chunk: usize,
    /// Bytes that the pipeline still takes.
    left: u64,
}

impl<'a, 'b> Uploader<'a, 'b> {
    pub(super) fn new(
        host: &'a str,
        selection: &'a Selection,
        shared: &'a Watched<State>,
        ledger: &'a Mutex<Ledger<'b>>,
        input: mpsc::Sender<Document>,
        chunk: usize,
    ) -> Self {
        Self { host, selection, shared, ledger, input, chunk, left: PIPELINE }
    }

    /// Announces and sends files, from where the cursor stands, until the pipeline has had its share.
    pub(super) async fn run(mut self, cursor: &mut Cursor) -> Fed {
        if !std::mem::replace(&mut cursor.folders_sent, true) {
            for parts in &self.selection.folders {
                if self.input.send(frame::folder(parts)).await.is_err() {
                    return Fed::Closed;
                }
            }
        }
        let count = self.selection.files.len();
        let mut announced = cursor.next;
        while cursor.next < count {
            while announced < count && announced <= cursor.next + AHEAD {
                let going_on = announced == cursor.next && cursor.sent.is_some();
                if let Some(fed) = self.announce(announced, going_on).await {
                    return fed;
                }
                announced += 1;
            }
            match self.send(cursor).await {
                Some(fed) => return fed,
                None => (cursor.next, cursor.sent) = (cursor.next + 1, None),
            }
        }
        Fed::All
    }

    async fn announce(&self, number: usize, going_on: bool) -> Option<Fed> {
        let source = &self.selection.files[number];
        match source.sha256().await {
            Ok(sha256) => self.give(frame::file(self.host, number, source, sha256, going_on)).await,
            Err(error) => {
                self.unreadable(number, &error);
                None
            }
        }
    }

    /// Gives the pipeline a frame; `Some` if it takes no more.
    async fn give(&self, frame: Document) -> Option<Fed> {
        self.input.send(frame).await.err().map(|_| Fed::Closed)
    }

    fn unreadable(&self, number: usize, error: &io::Error) {
        self.shared.change(|state| {
            state.here.push(Cause::here(&self.selection.files[number].path, error));
            state.settle(number);
            state.verdicts.insert(number, Verdict::Skip);
        });
    }

    /// Sends the cursor's file, if it is wanted. `None` when it is done with.
    async fn send(&mut self, cursor: &mut Cursor) -> Option<Fed> {
        let number = cursor.next;
        let verdict = self.shared.wait_for(|state| match state.verdicts.get(&number) {
            Some(verdict) => Some(Some(verdict.clone())),
            None => state.closed.then_some(None),
        });
        let wanted = match verdict.await {
            None => return Some(Fed::Closed),
            Some(Verdict::Skip) => return None,
            Some(Verdict::Want(wanted)) => wanted,
        };
        match self.send_wanted(cursor, &wanted).await {
            Ok(fed) => fed,
            Err(error) => {
                self.unreadable(number, &error);
                None
            }
        }
    }

    async fn send_wanted(&mut self, cursor: &mut Cursor, wanted: &Wanted) -> io::Result<Option<Fed>> {
        let number = cursor.next;
        let selection = self.selection;
        let source = &selection.files[number];
        let fits = match (cursor.sent, &wanted.hash) {
            (Some(sent), _) => sent == wanted.there,
            (None, Some(theirs)) => hash::finish(hash::prefix(&source.path, wanted.there).await?) == *theirs,
            (None, None) => false,
        };
        let offset = if fits { wanted.there } else { 0 };
        let resumed = cursor.sent.is_none() && offset > 0;
        self.shared.change(|state| *state.begun.entry(number).or_insert((Instant::now(), resumed)));
        if resumed {
            self.ledger.lock().await.moved(offset).await;
        }
        let sent = match self.send_beside(cursor, wanted, offset).await? {
            Carried::All => None,
            Carried::Closed => Some(Fed::Closed),
            Carried::Not => self.send_frames(cursor, source, offset).await?,
        };
        Ok(match sent {
            Some(fed) => Some(fed),
            None => self.give(frame::end(number)).await,
        })
    }

    /// Sends a file from an offset on through the pipeline, or as much of it as the pipeline still takes.
    async fn send_frames(&mut self, cursor: &mut Cursor, source: &Source, offset: u64) -> io::Result<Option<Fed>> {
        let number = cursor.next;
        let mut offset = offset;
        let mut file = open(source, offset).await?;
        while offset < source.size {
            if self.left == 0 {
                cursor.sent = Some(offset);
                return Ok(Some(Fed::Pause));
            }
            let room = self.shared.wait_for(|state| {
                let over = state.closed || state.failed.contains(&number);
                (over || state.on_way_bytes < WINDOW).then_some(!over)
            });
            if !room.await {
                return Ok(self.shared.change(|state| state.closed).then_some(Fed::Closed));
            }
            let wanted = (self.chunk as u64).min(source.size - offset);
            let mut bytes = Vec::with_capacity(self.chunk);
            (&mut file).take(wanted).read_to_end(&mut bytes).await?;
            if bytes.is_empty() {
                // It has become shorter. The host will find that it is not what was announced.
                break;
            }
            let length = bytes.len();
            self.shared.change(|state| {
                state.on_way.push_back(length);
                state.on_way_bytes += length;
            });
            if let Some(fed) = self.give(frame::data(number, offset, bytes)).await {
                return Ok(Some(fed));
            }
            offset += length as u64;
            self.left = self.left.saturating_sub(length as u64);
        }
        Ok(None)
    }

    /// Sends the file from an offset on beside the pipeline.
    async fn send_beside(&self, cursor: &mut Cursor, wanted: &Wanted, offset: u64) -> io::Result<Carried> {
        let selection = self.selection;
        let source = &selection.files[cursor.next];
        let Some(temporary) = &wanted.temporary else { return Ok(Carried::Not) };
        let rest = source.size - offset;
        let mut sent = 0;
        let carry = async {
            let Some(files) = cursor.beside.channel(rest).await else { return Ok(Carried::Not) };
            let mut file = open(source, offset).await.map_err(Broken::Here)?;
            let writer = files.writer(temporary, wanted.there, offset).await.map_err(Broken::There)?;
            self.pour(&mut file, rest, writer, &mut sent).await
        };
        let carried = tokio::select! {
            carried = carry => carried,
            () = self.input.closed() => return Ok(Carried::Closed),
        };
        match carried {
            Ok(carried) => Ok(carried),
            Err(Broken::Here(error)) => Err(error),
            Err(Broken::There(error)) => {
                cursor.beside.give_up(temporary, &error);
                self.ledger.lock().await.expect(sent);
                Ok(Carried::Not)
            }
        }
    }

    /// Writes the rest of a file, and waits until it is there. `sent` counts what was handed over.
    async fn pour(
        &self,
        file: &mut File,
        rest: u64,
        mut writer: FileWriter,
        sent: &mut u64,
    ) -> Result<Carried, Broken> {
        let mut bytes = Vec::with_capacity(CHUNK);
        while *sent < rest {
            bytes.clear();
            let wanted = (CHUNK as u64).min(rest - *sent);
            (&mut *file).take(wanted).read_to_end(&mut bytes).await.map_err(Broken::Here)?;
            if bytes.is_empty() {
                break;
            }
            writer.write_all(&bytes).await.map_err(Broken::There)?;
            *sent += bytes.len() as u64;
            self.ledger.lock().await.moved(bytes.len() as u64).await;
        }
        writer.shutdown().await.map_err(Broken::There)?;
        Ok(Carried::All)
    }
}

/// What became of a file beside the pipeline.
enum Carried {
    /// All of it is there.
    All,
    /// The pipeline has ended meanwhile.
    Closed,
    /// The pipeline has to take it, from where it was begun: what went wrong may have left gaps.
    Not,
}

/// Which end a transfer broke at.
enum Broken {
    Here(io::Error),
    There(io::Error),
}

/// Opens a file at an offset.
async fn open(source: &Source, offset: u64) -> io::Result<File> {
    let mut file = File::open(&source.path).await?;
    file.seek(io::SeekFrom::Start(offset)).await?;
    Ok(file)
}
