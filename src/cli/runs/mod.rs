//! `psfleet runs`: what was kept of earlier runs.

mod close;
mod collect;
mod diff;
mod export;
mod import;
mod list;
mod replay;
mod resume;
mod show;
mod trend;

use jiff::Timestamp;

use super::args::runs::{LsArgs, PruneArgs, RunsArgs, RunsCommand};
use super::keeping;
use super::terminal::{self, wording};
use crate::config::{Machine, System};
use crate::hostlist::fold;
use crate::store::{Run, Store};

/// Does what was asked for and returns the process's exit code.
///
/// # Errors
/// No such run, or the store cannot be used.
pub(super) fn run(args: &RunsArgs, machine: Machine) -> anyhow::Result<u8> {
    match &args.command {
        None => viewed(&machine, |store| list::run(&LsArgs::default_list(), store)),
        Some(RunsCommand::Ls(args)) => viewed(&machine, |store| list::run(args, store)),
        Some(RunsCommand::Show(args)) => viewed(&machine, |store| show::run(args, store)),
        Some(RunsCommand::Replay(args)) => replay::run(args, to_read(&machine)?),
        Some(RunsCommand::Resume(args)) => resume::run(args, machine),
        Some(RunsCommand::Close(args)) => close::run(args, &open(&machine)?),
        Some(RunsCommand::Collect(args)) => collect::run(args, machine),
        Some(RunsCommand::Diff(args)) => viewed(&machine, |store| diff::run(args, store)),
        Some(RunsCommand::Trend(args)) => viewed(&machine, |store| trend::run(args, store)),
        Some(RunsCommand::Export(args)) => export::run(args, &to_read(&machine)?),
        Some(RunsCommand::Import(args)) => import::run(args, &open(&machine)?),
        Some(RunsCommand::Prune(args)) => prune(args, open(&machine)?),
    }
}

/// The store of this user.
fn open(machine: &dyn System) -> anyhow::Result<Store> {
    Ok(Store::open(&keeping::folder(machine)?)?)
}

/// The store of this user, for a look.
fn to_read(machine: &dyn System) -> anyhow::Result<Store> {
    Ok(Store::open_to_read(&keeping::folder(machine)?)?)
}

/// Asks the store of this user, as it is at one moment.
fn viewed(machine: &dyn System, ask: impl FnOnce(&Store) -> anyhow::Result<u8>) -> anyhow::Result<u8> {
    let store = to_read(machine)?;
    let _view = store.view()?;
    ask(&store)
}

/// What is kept of attempts before the last one of their host, in words, if there is any.
fn of_earlier_attempts(store: &Store, run: &Run) -> anyhow::Result<Option<String>> {
    let earlier = store.earlier_records(run)?;
    if earlier.is_empty() {
        return Ok(None);
    }
    let targets = store.targets(run)?;
    let hosts =
        fold(earlier.keys().filter_map(|target| targets.get(target.index())).map(|target| target.name.as_str()));
    let records = earlier.values().fold(0, |sum: u64, count| sum.saturating_add(*count));
    Ok(Some(format!("{} of {hosts}, of attempts before the last one", wording::counted(records, "record"))))
}

fn prune(args: &PruneArgs, mut store: Store) -> anyhow::Result<u8> {
    let pruned = store.prune(args.retention.retention(), None, Timestamp::now())?;
    let mut notes: Vec<String> = keeping::pruned_note(&pruned).into_iter().collect();
    notes.extend(pruned.awaited.iter().map(|Run { id, .. }| {
        format!("note: the run {id} stays: hosts keep what it left running there (psfleet runs collect {id})")
    }));
    if notes.is_empty() {
        notes.push("note: nothing is old enough to be removed".to_owned());
    }
    terminal::say(&(notes.join("\n") + "\n"))?;
    Ok(0)
}

/// The begin of a run's id that no other of these has; at least eight characters.
pub(super) fn short_id(run: &Run, all: &[Run]) -> String {
    const SHORTEST: usize = 8;
    let id = run.id.to_string();
    let others: Vec<String> = all.iter().filter(|other| other.id != run.id).map(|other| other.id.to_string()).collect();
    let shared = |other: &String| id.bytes().zip(other.bytes()).take_while(|(one, two)| one == two).count();
    let length = others.iter().map(shared).max().unwrap_or(0) + 1;
    id[..length.clamp(SHORTEST, id.len())].to_owned()
}
