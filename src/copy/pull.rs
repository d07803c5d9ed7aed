//! Pulling files from the hosts to this machine, one folder for each host.

mod arriving;
mod replies;
mod requester;

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::digest::Context;
use tokio::sync::mpsc;
use tokio::time::Instant;
use uuid::Uuid;

use self::replies::Replies;
use self::requester::Requester;
use super::answer::Listed;
use super::cause::Cause;
use super::place::Place;
use super::report::{Action, Ledger, Totals};
use super::watched::Watched;
use super::{SideChannel, chunk, name};
use crate::clixml::Value;
use crate::fleet::{Site, Task, TaskEnd};
use crate::psrp::message::build;
use crate::psrp::{Argument, Command, Invocation};
use crate::session::{self, Ending, RunOptions};

const SCRIPT: &str = include_str!("pull.ps1");

/// Fetches files from every host.
pub struct Pull {
    sources: Vec<String>,
    recurse: bool,
    force: bool,
    /// The folder of each host, in the order of the run's targets.
    homes: Vec<Place>,
    /// The command by the length of the chunks that it asks for: hosts of one transport share it.
    commands: Mutex<HashMap<usize, Command>>,
    totals: Totals,
}

impl Pull {
    /// Fetches what names and patterns stand for on the hosts into a folder, below it into one for each host: the names
    /// of the hosts come in the order of the run's targets. With `force`, equal files are fetched too.
    pub fn new(sources: Vec<String>, folder: &Path, recurse: bool, force: bool, hosts: &[&str]) -> Self {
        let (mut taken, destination) = (HashSet::new(), Arc::from(folder));
        let folder_of = |host: &&str| {
            let plain = name::folder(host);
            let numbered = (2..).map(|number| format!("{plain}~{number}"));
            let mut names = std::iter::once(plain.clone()).chain(numbered);
            // Without regard to case, as some file systems have it; the numbers never run out.
            let free = names.find(|name| taken.insert(name.to_lowercase()));
            Place::of_host(&destination, free.unwrap_or(plain))
        };
        Self {
            homes: hosts.iter().map(folder_of).collect(),
            sources,
            recurse,
            force,
            commands: Mutex::default(),
            totals: Totals::default(),
        }
    }

    /// The folder of each host here, in the order of the run's targets.
    pub fn folders(&self) -> impl Iterator<Item = PathBuf> {
        self.homes.iter().map(Place::path)
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
    fn open_files(&self) -> u64 {
        super::OPEN_FILES
    }

    async fn perform(&self, site: Site<'_>) -> Result<TaskEnd, session::Error> {
        let home = &self.homes[site.id.index()];
        let mut ledger = Ledger::new(site.forward, &self.totals, 0);
        if let Err(cause) = home.make().await {
            ledger.failure(cause).await;
        }
        if let Some(end) = ledger.end_if_failed() {
            return Ok(end);
        }
        let slot = ledger.forward.slot();
        let ledger = tokio::sync::Mutex::new(ledger);
        let shared = Watched::new(State::default());
        let beside = SideChannel::new(Arc::clone(site.session.carrier()));
        let options = RunOptions { deadline: site.deadline, stop: site.stop.clone(), reuse: true };
        let command = self.command(chunk(site.session.max_fragment()));
        let (input, objects) = mpsc::channel(1);
        let mut replies = Replies { ledger: &ledger, shared: &shared, home, current: None, slot };
        let talk = async {
            let ran = site.session.converse(&command, Uuid::new_v4(), &options, &mut replies, objects).await;
            shared.change(|state| state.closed = true);
            ran
        };
        let requester = Requester { force: self.force, shared: &shared, ledger: &ledger, input, beside };
        let (ran, ()) = tokio::join!(talk, requester.run());
        let report = ran?;
        let (mut ledger, state) = (ledger.into_inner(), shared.into_inner());
        if report.ending != Ending::Completed && !state.given_up {
            return Ok(TaskEnd::Ran(report));
        }
        let missing = state.requests.len() + state.listed.len() + state.beside.len();
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
    listed: VecDeque<(Listed, Place)>,
    count: usize,
    /// Files that are asked for.
    requests: HashMap<usize, Request>,
    /// Files that the host has opened, and whose bytes are to be fetched beside.
    begun: VecDeque<Begun>,
    /// What the host says of them, and of the one that is being fetched.
    beside: HashMap<usize, Verdict>,
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
    /// Its bytes are fetched beside; the pipeline gives their hash.
    beside: bool,
    asked: Instant,
}

/// What the host says of a file whose bytes it does not send.
enum Verdict {
    /// Nothing yet.
    Awaited,
    /// It has this hash.
    Hash(String),
    /// It failed there.
    Failed,
}

/// A file that the host has opened, and whose bytes are to be fetched beside.
struct Begun {
    request: Request,
    action: Action,
    /// From where on they come, and the hash of what is before.
    offset: u64,
    hash: Context,
    /// How long the file is.
    length: u64,
}

impl Request {
    /// Tells the readers that it is in its place.
    async fn report(&self, ledger: &mut Ledger<'_>, action: Action, length: u64, sha256: &str) {
        let to = self.place.path().display().to_string();
        ledger.file(action, &self.listed.path, &to, length, sha256, self.asked.elapsed()).await;
    }
}
