//! `--rerun`: some hosts of an earlier run again, with what the command line does not say taken from that run.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, bail};

use super::args::run::RunArgs;
use super::args::targets::TargetArgs;
use super::earlier::{hosts_of, outcome_of};
use super::{Command, keeping, read_words};
use crate::config::{Connection, System};
use crate::inventory::{Errors, Resolved};
use crate::job::script::KeptCall;
use crate::outcome::Outcome;
use crate::store::{Header, Store};

/// What of an earlier run is to be run again.
pub(super) struct Rerun {
    /// The command line, with what was taken from the run.
    pub(super) args: RunArgs,
    /// The script of the run, where the command line has none.
    pub(super) call: Option<KeptCall>,
    /// What stdin held, where it names hosts of the run.
    pub(super) stdin: Option<String>,
    /// The hosts, where the command line names none.
    hosts: Option<HashSet<String>>,
}

impl Rerun {
    /// Finds what `RUN` or `RUN:OUTCOME,...` stands for; without outcomes those hosts that were not ok.
    ///
    /// # Errors
    /// No such run, no such outcome, or a run of another command.
    pub(super) fn find(what: &str, args: &RunArgs, around: &dyn System) -> anyhow::Result<Self> {
        let (name, outcomes) = match what.split_once(':') {
            Some((name, outcomes)) => (name, Some(outcomes)),
            None => (what, None),
        };
        let wanted = outcomes
            .map(|outcomes| outcomes.split(',').map(outcome_of).collect::<Result<Vec<_>, _>>())
            .transpose()
            .map_err(|what| anyhow::anyhow!("--rerun: {what}"))?;
        let is_wanted = |outcome: Outcome| match &wanted {
            Some(wanted) => wanted.contains(&outcome),
            None => !matches!(outcome, Outcome::Ok | Outcome::OkWithErrors),
        };
        let store = Store::open(&keeping::folder(around)?)?;
        let run = store.find(name).context("--rerun")?;
        let header = store.header(&run)?;
        let Command::Run(before) = before(&header)? else {
            bail!("--rerun: the run {} was not made by psfleet run", run.id);
        };
        let mut args = args.clone();
        let call = match args.code {
            Some(_) => None,
            None => Some(serde_json::from_value(header.work).context("the run is damaged")?),
        };
        let mut hosts = None;
        let mut stdin = None;
        if args.targets.targets.is_empty() {
            hosts = Some(hosts_of(&store, &run, is_wanted)?.into_iter().collect());
            stdin = header.stdin;
            let inventory = match args.targets.inventory.is_empty() {
                true => before.targets.inventory.iter().map(|file| from(&header.folder, file)).collect(),
                false => args.targets.inventory,
            };
            args.targets = TargetArgs { inventory, pick: None, order: None, ..before.targets };
        }
        if args.connect.settings == Connection::default() {
            args.connect.settings = before.connect.settings;
        }
        Ok(Self { args, call, stdin, hosts })
    }

    /// Leaves those hosts that are meant.
    ///
    /// # Errors
    /// Nobody is left.
    pub(super) fn only(&self, mut resolved: Resolved) -> Result<Resolved, Errors> {
        if let Some(hosts) = &self.hosts {
            resolved.targets.retain(|target| hosts.contains(&*target.name));
        }
        if resolved.targets.is_empty() { Err(Errors { problems: Vec::new() }) } else { Ok(resolved) }
    }
}

/// The command line of a run.
fn before(header: &Header) -> anyhow::Result<Command> {
    let words = std::iter::once("psfleet").chain(header.words.iter().map(String::as_str)).map(OsString::from);
    read_words(&words.collect::<Vec<_>>()).with_context(|| format!("the command line of the run {}", header.run))
}

/// A file of a command line that was given in another folder.
fn from(folder: &Path, file: &str) -> String {
    if file == "-" { file.to_owned() } else { folder.join(file).to_string_lossy().into_owned() }
}
