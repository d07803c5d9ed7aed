//! Files from here to the hosts.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::ops::ControlFlow;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use super::answer::Answer;
use super::cause::Cause;
use super::report::{Action, Ledger, Totals};
use super::shared::Shared;
use super::{Selection, Source, chunk, frame, hash};
use crate::clixml::{Document, Value};
use crate::fleet::{Site, Task, TaskEnd};
use crate::psrp::{Argument, Command, Invocation};
use crate::record::Stream;
use crate::session::{self, Ending, Records, RunOptions};

const SCRIPT: &str = include_str!("push.ps1");

/// Bytes of one pipeline's input. Windows takes 50 MB of a command's messages (PSMaximumReceivedDataSizePerCommandMB), in
/// which bytes travel as base64.
const PIPELINE: u64 = 32 << 20;

/// Bytes on their way that the host has not written yet.
const WINDOW: usize = 8 << 20;

/// Files that are announced before the one that is sent, so that small ones need no round trip each.
const AHEAD: usize = 64;

/// Sends files to every host.
pub struct Push {
    selection: Selection,
    command: Command,
    totals: Totals,
}

impl Push {
    /// Sends a selection to a destination, which the hosts understand as a path of theirs. It is a folder, made if need
    /// be, if `folder`; else only if it is one there. With `force`, equal files are sent too.
    pub fn new(selection: Selection, destination: &str, folder: bool, force: bool, hosts: usize) -> Self {
        let arguments = [Value::str(destination), Value::Bool(folder), Value::Bool(force)];
        let arguments = arguments.into_iter().map(|value| Argument { name: None, value }).collect();
        let command = Command::new(&Invocation { script: SCRIPT.to_owned(), arguments, input: true }, &[]);
        let totals = Totals::new(selection.size().saturating_mul(hosts as u64));
        Self { selection, command, totals }
    }

    fn files(&self) -> &[Source] {
        &self.selection.files
    }
}

#[async_trait]
impl Task for Push {
    async fn perform(&self, site: Site<'_>) -> Result<TaskEnd, session::Error> {
        let mut ledger = Ledger::new(site.forward, &self.totals, self.selection.size());
        let shared = Shared::new(State { settled: vec![false; self.files().len()], ..State::default() });
        let mut cursor = Cursor::default();
        let chunk = chunk(site.session.max_fragment());
        loop {
            let timeout = site.deadline.saturating_duration_since(Instant::now());
            let options = RunOptions { timeout, stop: site.stop.clone(), reuse: true };
            let (input, objects) = mpsc::channel(1);
            shared.change(State::begin);
            let mut replies = Replies { push: self, ledger: &mut ledger, shared: &shared };
            let talk = async {
                let ran = site.session.converse(&self.command, Uuid::new_v4(), &options, &mut replies, objects).await;
                shared.change(|state| state.closed = true);
                ran
            };
            let (ran, fed) = tokio::join!(talk, self.feed(&mut cursor, input, &shared, chunk));
            for cause in shared.change(|state| std::mem::take(&mut state.here)) {
                ledger.failure(cause).await;
            }
            let report = ran?;
            if report.ending != Ending::Completed && !shared.change(|state| state.nonsense) {
                return Ok(TaskEnd::Ran(report));
            }
            if fed != Fed::Pause {
                let unsettled = shared.into_inner().settled.iter().filter(|settled| !**settled).count();
                if unsettled > 0 && !ledger.has_failed() {
                    let message = format!("the script on the host left {unsettled} files without an answer");
                    ledger.failure(Cause { path: String::new(), message, hint: None }).await;
                }
                return Ok(ledger.end_if_failed().unwrap_or(TaskEnd::Ran(report)));
            }
        }
    }
}

/// How far one host is, over all its pipelines.
#[derive(Debug, Default)]
struct Cursor {
    folders_sent: bool,
    /// The file to go on with, and how much of it this run has sent.
    next: usize,
    sent: Option<u64>,
}

/// What the feeding half is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fed {
    /// Everything is sent.
    All,
    /// This pipeline has had its share: another goes on.
    Pause,
    /// The pipeline takes no more.
    Closed,
}

/// What the halves share about one host.
#[derive(Debug, Default)]
struct State {
    /// The pipeline has ended.
    closed: bool,
    verdicts: HashMap<usize, Verdict>,
    failed: HashSet<usize>,
    /// Lengths of the chunks on their way, oldest first.
    on_way: VecDeque<usize>,
    on_way_bytes: usize,
    /// When a file was begun, and whether a beginning of it was there.
    begun: HashMap<usize, (Instant, bool)>,
    /// Bytes that were there and need not be sent.
    spared: u64,
    /// Which files are done with.
    settled: Vec<bool>,
    /// What went wrong on this machine.
    here: Vec<Cause>,
    /// The host's answer makes no sense.
    nonsense: bool,
}

#[derive(Debug, Clone)]
enum Verdict {
    Skip,
    Want { offset: u64, hash: Option<String> },
}

impl State {
    /// Gets ready for another pipeline.
    fn begin(&mut self) {
        self.closed = false;
        self.verdicts.clear();
        self.on_way.clear();
        self.on_way_bytes = 0;
    }

    fn settle(&mut self, number: usize) {
        if let Some(settled) = self.settled.get_mut(number) {
            *settled = true;
        }
    }
}

impl Push {
    /// Announces and sends files, from where the cursor stands, until the pipeline has had its share.
    async fn feed(
        &self,
        cursor: &mut Cursor,
        input: mpsc::Sender<Document>,
        shared: &Shared<State>,
        chunk: usize,
    ) -> Fed {
        if !std::mem::replace(&mut cursor.folders_sent, true) {
            for parts in &self.selection.folders {
                if input.send(frame::folder(parts)).await.is_err() {
                    return Fed::Closed;
                }
            }
        }
        let mut left = PIPELINE;
        let mut announced = cursor.next;
        while cursor.next < self.files().len() {
            while announced < self.files().len() && announced <= cursor.next + AHEAD {
                let going_on = announced == cursor.next && cursor.sent.is_some();
                if let Some(fed) = self.announce(announced, going_on, &input, shared).await {
                    return fed;
                }
                announced += 1;
            }
            match self.send(cursor, &mut left, &input, shared, chunk).await {
                Some(fed) => return fed,
                None => (cursor.next, cursor.sent) = (cursor.next + 1, None),
            }
        }
        Fed::All
    }

    async fn announce(
        &self,
        number: usize,
        going_on: bool,
        input: &mpsc::Sender<Document>,
        shared: &Shared<State>,
    ) -> Option<Fed> {
        let source = &self.files()[number];
        match source.sha256().await {
            Ok(sha256) => {
                let frame = frame::file(number, source, sha256, going_on);
                input.send(frame).await.err().map(|_| Fed::Closed)
            }
            Err(error) => {
                self.unreadable(number, &error, shared);
                None
            }
        }
    }

    fn unreadable(&self, number: usize, error: &io::Error, shared: &Shared<State>) {
        shared.change(|state| {
            state.here.push(Cause::here(&self.files()[number].path, error));
            state.settle(number);
            state.verdicts.insert(number, Verdict::Skip);
        });
    }

    /// Sends the cursor's file, if it is wanted. `None` when it is done with.
    async fn send(
        &self,
        cursor: &mut Cursor,
        left: &mut u64,
        input: &mpsc::Sender<Document>,
        shared: &Shared<State>,
        chunk: usize,
    ) -> Option<Fed> {
        let number = cursor.next;
        let verdict = shared.wait_for(|state| match state.verdicts.get(&number) {
            Some(verdict) => Some(Some(verdict.clone())),
            None => state.closed.then_some(None),
        });
        let (offset, hash) = match verdict.await {
            None => return Some(Fed::Closed),
            Some(Verdict::Skip) => return None,
            Some(Verdict::Want { offset, hash }) => (offset, hash),
        };
        match self.send_from(cursor, (offset, hash), left, input, shared, chunk).await {
            Ok(fed) => fed,
            Err(error) => {
                self.unreadable(number, &error, shared);
                None
            }
        }
    }

    async fn send_from(
        &self,
        cursor: &mut Cursor,
        there: (u64, Option<String>),
        left: &mut u64,
        input: &mpsc::Sender<Document>,
        shared: &Shared<State>,
        chunk: usize,
    ) -> io::Result<Option<Fed>> {
        let number = cursor.next;
        let source = &self.files()[number];
        let (offset, hash) = there;
        let fits = match (cursor.sent, hash) {
            (Some(sent), _) => sent == offset,
            (None, Some(theirs)) => hash::finish(hash::prefix(&source.path, offset).await?) == theirs,
            (None, None) => false,
        };
        let mut offset = if fits { offset } else { 0 };
        shared.change(|state| {
            let resumed = cursor.sent.is_none() && offset > 0;
            state.begun.entry(number).or_insert((Instant::now(), resumed));
            state.spared += if resumed { offset } else { 0 };
        });
        let mut file = tokio::fs::File::open(&source.path).await?;
        file.seek(io::SeekFrom::Start(offset)).await?;
        while offset < source.size {
            if *left == 0 {
                cursor.sent = Some(offset);
                return Ok(Some(Fed::Pause));
            }
            let room = shared.wait_for(|state| {
                let over = state.closed || state.failed.contains(&number);
                (over || state.on_way_bytes < WINDOW).then_some(!over)
            });
            if !room.await {
                return Ok(shared.change(|state| state.closed).then_some(Fed::Closed));
            }
            let wanted = (chunk as u64).min(source.size - offset);
            let mut bytes = Vec::with_capacity(chunk);
            (&mut file).take(wanted).read_to_end(&mut bytes).await?;
            if bytes.is_empty() {
                // It has become shorter. The host will find that it is not what was announced.
                break;
            }
            let length = bytes.len();
            shared.change(|state| {
                state.on_way.push_back(length);
                state.on_way_bytes += length;
            });
            if input.send(frame::data(number, offset, bytes)).await.is_err() {
                return Ok(Some(Fed::Closed));
            }
            offset += length as u64;
            *left = left.saturating_sub(length as u64);
        }
        Ok(input.send(frame::end(number)).await.err().map(|_| Fed::Closed))
    }
}

/// Takes what the script on a host answers.
struct Replies<'a, 'b> {
    push: &'a Push,
    ledger: &'a mut Ledger<'b>,
    shared: &'a Shared<State>,
}

impl Records for Replies<'_, '_> {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        if stream != Stream::Output {
            return self.ledger.forward.take(stream, value).await;
        }
        let taken = match Answer::read(value) {
            Some(answer) => self.answer(answer).await,
            None => None,
        };
        if taken.is_none() {
            self.shared.change(|state| state.nonsense = true);
            let message = "the host answered something that makes no sense here".to_owned();
            self.ledger.failure(Cause { path: String::new(), message, hint: None }).await;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

impl Replies<'_, '_> {
    /// Acts on an answer; `None` if it makes no sense.
    async fn answer(&mut self, answer: Answer) -> Option<()> {
        let files = self.push.files();
        match answer {
            Answer::Want { number, offset, hash } => {
                let source = files.get(number)?;
                let offset = offset.min(source.size);
                self.shared.change(|state| drop(state.verdicts.insert(number, Verdict::Want { offset, hash })));
            }
            Answer::Same { number, path } => {
                let source = files.get(number)?;
                self.shared.change(|state| {
                    state.settle(number);
                    state.verdicts.insert(number, Verdict::Skip);
                });
                self.ledger.moved(source.size).await;
                self.report(source, Action::Same, &path, Instant::now()).await;
            }
            Answer::Took => {
                let (length, spared) = self.shared.change(|state| {
                    let length = state.on_way.pop_front()?;
                    state.on_way_bytes -= length;
                    Some((length, std::mem::take(&mut state.spared)))
                })?;
                self.ledger.moved(length as u64 + spared).await;
            }
            Answer::Done { number, path, hash } => {
                let source = files.get(number)?;
                let begun = self.shared.change(|state| {
                    state.settle(number);
                    state.begun.remove(&number)
                });
                let (begun, resumed) = begun?;
                let ours = source.sha256().await.ok()?;
                if hash != ours {
                    self.ledger.failure(Cause::damaged(path, &hash, ours)).await;
                    return Some(());
                }
                let action = if resumed { Action::Resumed } else { Action::Copied };
                self.report(source, action, &path, begun).await;
            }
            Answer::Fail { number, cause } => {
                if let Some(number) = number {
                    files.get(number)?;
                    self.shared.change(|state| {
                        state.settle(number);
                        state.failed.insert(number);
                        state.verdicts.insert(number, Verdict::Skip);
                    });
                }
                self.ledger.failure(cause).await;
            }
            _ => return None,
        }
        Some(())
    }

    async fn report(&mut self, source: &Source, action: Action, path: &str, begun: Instant) {
        // It was computed before the file was announced.
        let Ok(sha256) = source.sha256().await else { return };
        let from = source.path.display().to_string();
        self.ledger.file(action, &from, path, source.size, sha256, begun.elapsed()).await;
    }
}
