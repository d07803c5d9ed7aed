//! `--rerun`: some hosts of an earlier run again, with what the command line does not say taken from that run.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, bail};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches};

use super::args::connect::ConnectArgs;
use super::args::run::RunArgs;
use super::earlier::{hosts_of, outcome_of};
use super::keeping::Line;
use super::{Cli, Command, environment, keeping, matches_of};
use crate::config::System;
use crate::job::script::KeptCall;
use crate::outcome::Outcome;
use crate::store::Store;

/// What of an earlier run is to be run again.
pub(super) struct Rerun {
    /// The command line, with what was taken from the run.
    pub(super) args: RunArgs,
    /// The script of the run, where the command line has none.
    pub(super) call: Option<KeptCall>,
    /// What stdin held, where it names hosts of the run.
    pub(super) stdin: Option<String>,
    /// Only those hosts, where the command line names none.
    pub(super) hosts: Option<HashSet<String>>,
    /// What to know about the hosts that are left out.
    pub(super) note: Option<String>,
}

impl Rerun {
    /// Finds what `RUN` or `RUN:OUTCOME,...` stands for; without outcomes those hosts that were not ok, but for those
    /// whose turn has not come: a ramp or a budget may hold them back. The flags that are taken from the run stand in the
    /// line from then on.
    ///
    /// # Errors
    /// No such run, no such outcome, or a run of another command.
    pub(super) fn find(what: &str, args: &RunArgs, line: &mut Line, around: &dyn System) -> anyhow::Result<Self> {
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
            None => !matches!(outcome, Outcome::Ok | Outcome::OkWithErrors | Outcome::Detached | Outcome::NotStarted),
        };
        let store = Store::open_to_read(&keeping::folder(around)?)?;
        let run = store.find(name).context("--rerun")?;
        run.made_here().context("--rerun")?;
        let header = store.header(&run)?;
        let before = matches_of(&header.words, &header.given)
            .with_context(|| format!("the command line of the run {} is not one any more", run.id))?;
        if before.subcommand_name() != Some("run") {
            bail!("--rerun: the run {} was not made by psfleet run", run.id);
        }
        let call = match args.code {
            Some(_) => None,
            None => Some(serde_json::from_value(header.work).context("the run is damaged")?),
        };
        line.given.extend(taken(args, &before, &header.folder));
        let names_hosts = !args.targets.targets.is_empty();
        let Command::Run(args) = Cli::from_arg_matches(&matches_of(&line.words, &line.given)?)?.command else {
            bail!("--rerun belongs to psfleet run");
        };
        let mut waiting = 0;
        let count = |outcome: Outcome| {
            waiting += usize::from(wanted.is_none() && outcome == Outcome::NotStarted);
            is_wanted(outcome)
        };
        let (stdin, hosts) = match names_hosts {
            true => (None, None),
            false => (header.stdin, Some(hosts_of(&store, &run, count)?.into_iter().collect())),
        };
        let note = (waiting > 0).then(|| still_waiting(waiting, &run.id.to_string()));
        Ok(Self { args: *args, call, stdin, hosts, note })
    }
}

/// Of the hosts whose turn has not come.
fn still_waiting(count: usize, run: &str) -> String {
    let hosts = if count == 1 { "1 host of that run has" } else { &format!("{count} hosts of that run have") };
    format!(
        "{hosts} not had a turn yet and are left out; psfleet runs resume {run} goes on with them, --rerun \
         {run}:not_started runs the script there at once"
    )
}

/// The flags of a run that one of its hosts needs again: those that say which hosts, and how they are reached. What a
/// group of them says anew is not taken from the run.
fn taken(args: &RunArgs, before: &ArgMatches, folder: &Path) -> Vec<String> {
    let connects = ConnectArgs::augment_args(clap::Command::new("connect"));
    let is_wanted = |arg: &Arg| match arg.get_id().as_str() {
        "targets" | "exclude" => args.targets.targets.is_empty(),
        "inventory" => args.targets.inventory.is_empty(),
        "ask_pass" | "no_input" => false,
        id => args.connect.typed().next().is_none() && connects.get_arguments().any(|flag| flag.get_id() == id),
    };
    let flags = environment::flags(&Cli::command(), before, ValueSource::CommandLine, &is_wanted);
    flags.into_iter().map(|flag| from(folder, flag)).collect()
}

/// A flag that was given in another folder.
fn from(folder: &Path, flag: String) -> String {
    const FILES: [&str; 4] = ["--inventory", "--identity", "--known-hosts", "--ca"];
    match flag.split_once('=') {
        Some((name, file)) if FILES.contains(&name) && file != "-" && !file.starts_with('~') => {
            format!("{name}={}", folder.join(file).display())
        }
        _ => flag,
    }
}
