//! Files from the hosts to here, one folder for each host.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::digest::Context;
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use super::answer::{Answer, Listed};
use super::cause::Cause;
use super::partial::{Partial, Place};
use super::report::{Action, Ledger, Totals};
use super::shared::Shared;
use super::{chunk, frame, hash, name};
use crate::clixml::{Document, Value};
use crate::fleet::{Site, Task, TaskEnd};
use crate::psrp::message::build;
use crate::psrp::{Argument, Command, Invocation};
use crate::record::Stream;
use crate::session::{self, Ending, Records, RunOptions};

const SCRIPT: &str = include_str!("pull.ps1");

/// Files that are asked for at once, so that small ones need no round trip each.
const AHEAD: usize = 64;

/// Files that one host may list.
const MOST_FILES: usize = 1_000_000;

/// Fetches files from every host.
pub struct Pull {
    sources: Vec<String>,
    recurse: bool,
    force: bool,
    folders: Vec<PathBuf>,
    /// The command by the length of the chunks that it asks for: hosts of one transport share it.
    commands: Mutex<HashMap<usize, Command>>,
    totals: Totals,
}

impl Pull {
    /// Fetches what names and patterns stand for on the hosts into a folder, below it into one for each host: the names
    /// of the hosts come in the order of the run's targets. With `force`, equal files are fetched too.
    pub fn new(sources: Vec<String>, folder: &Path, recurse: bool, force: bool, hosts: &[&str]) -> Self {
        let mut taken = HashSet::new();
        let folder_of = |host: &&str| {
            let plain = name::folder(host);
            let numbered = (2..).map(|number| format!("{plain}~{number}"));
            let mut names = std::iter::once(plain.clone()).chain(numbered);
            // Without regard to case, as some file systems have it; the numbers never run out.
            folder.join(names.find(|name| taken.insert(name.to_lowercase())).unwrap_or(plain))
        };
        Self {
            folders: hosts.iter().map(folder_of).collect(),
            sources,
            recurse,
            force,
            commands: Mutex::default(),
            totals: Totals::default(),
        }
    }

    fn command(&self, chunk: usize) -> Command {
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        commands.entry(chunk).or_insert_with(|| self.serialize(chunk)).clone()
    }

    fn serialize(&self, chunk: usize) -> Command {
        let sources = build::array(self.sources.iter().map(|source| Value::str(source.as_str())).collect());
        let chunk = Value::I32(i32::try_from(chunk).unwrap_or(i32::MAX));
        let arguments = [sources, Value::Bool(self.recurse), chunk];
        let arguments = arguments.into_iter().map(|value| Argument { name: None, value }).collect();
        Command::new(&Invocation { script: SCRIPT.to_owned(), arguments, input: true }, &[])
    }
}

#[async_trait]
impl Task for Pull {
    async fn perform(&self, site: Site<'_>) -> Result<TaskEnd, session::Error> {
        let folder = &self.folders[site.id.index()];
        let mut ledger = Ledger::new(site.forward, &self.totals, 0);
        if let Err(error) = tokio::fs::create_dir_all(folder).await {
            ledger.failure(Cause::here(folder, &error)).await;
        }
        if let Some(end) = ledger.end_if_failed() {
            return Ok(end);
        }
        let shared = Shared::new(State::default());
        let timeout = site.deadline.saturating_duration_since(Instant::now());
        let options = RunOptions { timeout, stop: site.stop.clone(), reuse: true };
        let command = self.command(chunk(site.session.max_fragment()));
        let (input, objects) = mpsc::channel(1);
        let mut replies = Replies { ledger: &mut ledger, shared: &shared, folder, current: None };
        let talk = async {
            let ran = site.session.converse(&command, Uuid::new_v4(), &options, &mut replies, objects).await;
            shared.change(|state| state.closed = true);
            ran
        };
        let (ran, ()) = tokio::join!(talk, self.ask(folder, input, &shared));
        let report = ran?;
        let state = shared.into_inner();
        if report.ending != Ending::Completed && !state.given_up {
            return Ok(TaskEnd::Ran(report));
        }
        let missing = state.requests.len() + state.listed.len();
        if missing > 0 && !ledger.has_failed() {
            let message = format!("the script on the host left {missing} files without an answer");
            ledger.failure(Cause { path: String::new(), message, hint: None }).await;
        }
        Ok(ledger.end_if_failed().unwrap_or(TaskEnd::Ran(report)))
    }
}

/// What the halves share about one host.
#[derive(Default)]
struct State {
    /// The pipeline has ended.
    closed: bool,
    /// No more files will be listed.
    complete: bool,
    /// Files to ask for.
    listed: VecDeque<(Listed, PathBuf)>,
    count: usize,
    /// Files that are asked for.
    requests: HashMap<usize, Request>,
    /// We want no more: this machine failed, or the host makes no sense.
    given_up: bool,
}

/// A file that is asked for.
struct Request {
    listed: Listed,
    place: Place,
    /// What an earlier try has left.
    begun: Option<(u64, Context)>,
    whole: Option<String>,
    asked: Instant,
}

impl Pull {
    /// Asks for files as they are listed.
    async fn ask(&self, folder: &Path, input: mpsc::Sender<Document>, shared: &Shared<State>) {
        loop {
            let next = shared.wait_for(|state| {
                if state.closed {
                    return Some(None);
                }
                let room = state.requests.len() < AHEAD;
                match state.listed.pop_front() {
                    Some(next) if room => Some(Some(next)),
                    Some(next) => {
                        state.listed.push_front(next);
                        None
                    }
                    None => state.complete.then_some(None),
                }
            });
            let Some((listed, path)) = next.await else { return };
            let parent = path.parent().unwrap_or(folder);
            let place = Place::new(parent, listed.parts.last().map_or("", String::as_str));
            let begun = place.begun().await.filter(|(length, _)| *length <= listed.size);
            let whole = if self.force { None } else { whole(&place.path, listed.size).await };
            let beginning = begun.as_ref().map(|(length, hash)| (*length, hash::finish(hash.clone())));
            let number = listed.number;
            let request = Request { listed, place, begun, whole: whole.clone(), asked: Instant::now() };
            shared.change(|state| drop(state.requests.insert(number, request)));
            if input.send(frame::request(number, beginning, whole)).await.is_err() {
                return;
            }
        }
    }
}

/// The hash of a file that is here, if it has this length.
async fn whole(path: &Path, length: u64) -> Option<String> {
    let metadata = tokio::fs::metadata(path).await.ok()?;
    if !metadata.is_file() || metadata.len() != length {
        return None;
    }
    Some(hash::finish(hash::prefix(path, length).await.ok()?))
}

/// Takes what the script on a host lists and sends.
struct Replies<'a, 'b> {
    ledger: &'a mut Ledger<'b>,
    shared: &'a Shared<State>,
    folder: &'a Path,
    /// The file whose bytes are coming.
    current: Option<(Request, Partial, Action)>,
}

impl Records for Replies<'_, '_> {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        if stream != Stream::Output {
            return self.ledger.forward.take(stream, value).await;
        }
        let taken = match Answer::read(value) {
            Some(answer) => self.answer(answer).await,
            None => Err(nonsense()),
        };
        match taken {
            Ok(()) => ControlFlow::Continue(()),
            Err(cause) => {
                self.shared.change(|state| state.given_up = true);
                self.ledger.failure(cause).await;
                if let Some((_, partial, _)) = self.current.take() {
                    partial.discard().await;
                }
                ControlFlow::Break(())
            }
        }
    }
}

fn nonsense() -> Cause {
    let message = "the host answered something that makes no sense here".to_owned();
    Cause { path: String::new(), message, hint: None }
}

impl Replies<'_, '_> {
    /// Acts on an answer; `Err` when no more can be taken.
    async fn answer(&mut self, answer: Answer) -> Result<(), Cause> {
        match answer {
            Answer::Folder { parts } => match self.local(&parts, &parts.join("/")) {
                Ok(path) => make(&path).await?,
                Err(cause) => self.ledger.failure(cause).await,
            },
            Answer::File(listed) => match self.local(&listed.parts, &listed.path) {
                Ok(path) => self.list(listed, path).await?,
                Err(cause) => self.ledger.failure(cause).await,
            },
            Answer::Complete => self.shared.change(|state| state.complete = true),
            Answer::Same { number, .. } => {
                let request = self.request(number)?;
                let sha256 = request.whole.clone().ok_or_else(nonsense)?;
                self.ledger.moved(request.listed.size).await;
                self.report(&request, Action::Same, request.listed.size, &sha256).await;
            }
            Answer::Begin { number, offset } => self.begin(number, offset).await?,
            Answer::Data(bytes) => {
                let (_, partial, _) = self.current.as_mut().ok_or_else(nonsense)?;
                let written = partial.write(&bytes).await;
                written.map_err(|error| Cause::here(partial.path(), &error))?;
                self.ledger.moved(bytes.len() as u64).await;
            }
            Answer::Done { number, hash, .. } => self.done(number, &hash).await?,
            Answer::Fail { number, cause } => {
                if let Some(number) = number {
                    match self.current.take() {
                        Some((_, partial, _)) => partial.discard().await,
                        None => drop(self.request(number)?),
                    }
                }
                self.ledger.failure(cause).await;
            }
            Answer::Want { .. } | Answer::Took => return Err(nonsense()),
        }
        Ok(())
    }

    /// The path of a file or folder below the host's own, or why there is none.
    fn local(&self, parts: &[String], shown: &str) -> Result<PathBuf, Cause> {
        let refused = |why| {
            let message = format!("its name is not taken: {why}");
            Cause { path: shown.to_owned(), message, hint: Some("rename it on the host, or copy it alone") }
        };
        if parts.is_empty() {
            return Err(refused("it names no file"));
        }
        let mut path = self.folder.to_owned();
        for part in parts {
            name::check(part, cfg!(windows)).map_err(refused)?;
            path.push(part);
        }
        Ok(path)
    }

    async fn list(&mut self, listed: Listed, path: PathBuf) -> Result<(), Cause> {
        self.ledger.expect(listed.size);
        let many = self.shared.change(|state| {
            state.listed.push_back((listed, path));
            state.count += 1;
            state.count > MOST_FILES
        });
        if many {
            let message = format!("the host lists more than {MOST_FILES} files");
            return Err(Cause { path: String::new(), message, hint: Some("copy fewer at once") });
        }
        Ok(())
    }

    fn request(&self, number: usize) -> Result<Request, Cause> {
        self.shared.change(|state| state.requests.remove(&number)).ok_or_else(nonsense)
    }

    async fn begin(&mut self, number: usize, offset: u64) -> Result<(), Cause> {
        if self.current.is_some() {
            return Err(nonsense());
        }
        let request = self.request(number)?;
        let (hash, action) = match &request.begun {
            Some((length, hash)) if *length == offset && offset > 0 => (hash.clone(), Action::Resumed),
            _ if offset == 0 => (hash::new(), Action::Copied),
            _ => return Err(nonsense()),
        };
        let partial = Partial::open(request.place.clone(), offset, hash).await;
        let partial = partial.map_err(|error| Cause::here(&request.place.path, &error))?;
        self.ledger.moved(offset).await;
        self.current = Some((request, partial, action));
        Ok(())
    }

    async fn done(&mut self, number: usize, theirs: &str) -> Result<(), Cause> {
        let (request, partial, action) =
            self.current.take().filter(|(request, ..)| request.listed.number == number).ok_or_else(nonsense)?;
        let (ours, length) = (partial.sha256(), partial.length);
        if ours != theirs {
            let path = partial.path().display().to_string();
            partial.discard().await;
            self.ledger.failure(Cause::damaged(path, &ours, theirs)).await;
            return Ok(());
        }
        match partial.finish(request.listed.modified, request.listed.mode).await {
            Ok(()) => self.report(&request, action, length, &ours).await,
            Err(error) => {
                let _ = tokio::fs::remove_file(&request.place.temporary).await;
                self.ledger.failure(Cause::here(&request.place.path, &error)).await;
            }
        }
        Ok(())
    }

    async fn report(&mut self, request: &Request, action: Action, length: u64, sha256: &str) {
        let to = request.place.path.display().to_string();
        self.ledger.file(action, &request.listed.path, &to, length, sha256, request.asked.elapsed()).await;
    }
}

/// Makes a folder, with those above it.
async fn make(path: &Path) -> Result<(), Cause> {
    tokio::fs::create_dir_all(path).await.map_err(|error: io::Error| Cause::here(path, &error))
}
