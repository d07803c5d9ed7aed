//! Pushing files from this machine to the hosts.

mod replies;
mod uploader;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;
use uuid::Uuid;

use self::replies::Replies;
use self::uploader::{Cursor, Fed, Uploader};
use super::cause::Cause;
use super::report::{Ledger, Totals};
use super::watched::Watched;
use super::{Selection, SideChannel, Source, chunk};
use crate::clixml::Value;
use crate::fleet::{Site, Task, TaskEnd};
use crate::psrp::{Argument, Command, Invocation};
use crate::session::{self, Ending, RunOptions};

const SCRIPT: &str = include_str!("push.ps1");

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
    fn open_files(&self) -> u64 {
        super::OPEN_FILES
    }

    async fn perform(&self, site: Site<'_>) -> Result<TaskEnd, session::Error> {
        let slot = site.forward.slot();
        let ledger = Mutex::new(Ledger::new(site.forward, &self.totals, self.selection.size()));
        let shared = Watched::new(State { settled: vec![false; self.files().len()], ..State::default() });
        let mut cursor = Cursor::new(SideChannel::new(Arc::clone(site.session.carrier())));
        let chunk = chunk(site.session.max_fragment());
        loop {
            let options = RunOptions { deadline: site.deadline, stop: site.stop.clone(), reuse: true };
            let (input, objects) = mpsc::channel(1);
            shared.change(State::begin);
            let mut replies = Replies { files: self.files(), ledger: &ledger, shared: &shared, slot: slot.clone() };
            let talk = async {
                let ran = site.session.converse(&self.command, Uuid::new_v4(), &options, &mut replies, objects).await;
                shared.change(|state| state.closed = true);
                ran
            };
            let uploader = Uploader::new(&site.target.name, &self.selection, &shared, &ledger, input, chunk);
            let (ran, fed) = tokio::join!(talk, uploader.run(&mut cursor));
            let mut ledger = ledger.lock().await;
            for cause in shared.change(|state| std::mem::take(&mut state.here)) {
                ledger.failure(cause).await;
            }
            let report = ran?;
            if report.ending != Ending::Completed && !shared.change(|state| state.nonsense) {
                return Ok(TaskEnd::Ran(report));
            }
            if fed != Fed::Pause {
                let unsettled = shared.change(|state| state.settled.iter().filter(|settled| !**settled).count());
                if unsettled > 0 && !ledger.has_failed() {
                    let message = format!("the script on the host left {unsettled} files without an answer");
                    ledger.failure(Cause { path: String::new(), message, hint: None }).await;
                }
                return Ok(ledger.end_if_failed().unwrap_or(TaskEnd::Ran(report)));
            }
        }
    }
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
    /// Which files are done with.
    settled: Vec<bool>,
    /// What went wrong on this machine.
    here: Vec<Cause>,
    /// The host's answer makes no sense.
    nonsense: bool,
}

/// What the host says of a file that was announced.
#[derive(Debug, Clone)]
enum Verdict {
    Skip,
    Want(Wanted),
}

/// A file that a host wants, and what it has of it.
#[derive(Debug, Clone)]
struct Wanted {
    /// Bytes that are there already.
    there: u64,
    /// Their hash, unless they are known to fit.
    hash: Option<String>,
    /// Where they are.
    temporary: Option<String>,
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
