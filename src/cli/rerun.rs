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
    /// They are all of the run that are wanted, so that none of them may be missing.
    pub(super) expects_all: bool,
    /// What to know about the hosts that are left out.
    pub(super) note: Option<String>,
}

impl Rerun {
    /// Finds what `RUN` or `RUN:OUTCOME,...` stands for; without outcomes those hosts that were not ok, but for those
    /// whose turn has not come: a ramp or a budget may hold them back. The flags that are taken from the run stand in the
    /// line from then on; what the environment says of today replaces none of them.
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
        let store = Store::open_to_read(&keeping::folder(around)?)?;
        let run = store.find(name).context("--rerun")?;
        run.made_here().context("--rerun")?;
        let header = store.header(&run)?;
        let before = matches_of(&header.words, &header.given)
            .with_context(|| format!("the command line of the run {} is not one any more", run.id))?;
        let Some(of_run) = before.subcommand_matches("run") else {
            bail!("--rerun: the run {} was not made by psfleet run", run.id);
        };
        let is_strict = of_run.get_one::<bool>("strict").copied().unwrap_or_default();
        let is_wanted = |outcome: Outcome| match (&wanted, outcome) {
            (Some(wanted), outcome) => wanted.contains(&outcome),
            (None, Outcome::OkWithErrors) => is_strict,
            (None, outcome) => !matches!(outcome, Outcome::Ok | Outcome::Detached | Outcome::NotStarted),
        };
        let call = match args.code {
            Some(_) => None,
            None => Some(serde_json::from_value(header.work).context("the run is damaged")?),
        };
        // What is not whole without the environment is taken as it is with it.
        let typed = matches_of(&line.words, &[]).or_else(|_| matches_of(&line.words, &line.given))?;
        let is_typed = |id: &str| {
            let source = typed.subcommand_matches("run").and_then(|of_run| of_run.value_source(id));
            source == Some(ValueSource::CommandLine)
        };
        take(&mut line.given, taken(&is_typed, &before, &header.folder), &is_typed);
        let names_hosts = is_typed("targets");
        if !names_hosts {
            // They mean what they meant then.
            let mut names = line.names.borrow_mut();
            for (name, run) in &header.names {
                names.entry(name.clone()).or_insert(*run);
            }
        }
        let expects_all = !["targets", "exclude", "pick"].into_iter().any(is_typed);
        let Command::Run(args) = Cli::from_arg_matches(&matches_of(&line.words, &line.given)?)?.command else {
            bail!("--rerun belongs to psfleet run");
        };
        let mut waiting = 0;
        let count = |outcome: Outcome| {
            waiting += usize::from(wanted.is_none() && outcome == Outcome::NotStarted);
            is_wanted(outcome)
        };
        // Of hosts that are named beside outcomes, those are meant that had one of these.
        let hosts = match names_hosts && wanted.is_none() {
            true => None,
            false => Some(hosts_of(&store, &run, count)?.into_iter().collect()),
        };
        let stdin = if names_hosts { None } else { header.stdin };
        let note = (waiting > 0).then(|| still_waiting(waiting, &run.id.to_string()));
        Ok(Self { args: *args, call, stdin, hosts, expects_all, note })
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

/// The flags of a run that one of its hosts needs again: those that say which hosts, and how they are reached. What is
/// typed today is not taken from the run.
fn taken(is_typed: &dyn Fn(&str) -> bool, before: &ArgMatches, folder: &Path) -> Vec<String> {
    let connects = ConnectArgs::augment_args(clap::Command::new("connect"));
    let is_wanted = |arg: &Arg| match arg.get_id().as_str() {
        "targets" | "exclude" => !is_typed("targets"),
        "ask_pass" | "no_input" => false,
        // Another way to the hosts has other ports and mechanisms.
        id if is_typed("transport") && id != "inventory" && !id.ends_with("timeout") => false,
        "tls" | "no_tls" => !is_typed("tls") && !is_typed("no_tls"),
        id => !is_typed(id) && (id == "inventory" || connects.get_arguments().any(|flag| flag.get_id() == id)),
    };
    let flags = environment::flags(&Cli::command(), before, ValueSource::CommandLine, &is_wanted);
    flags.into_iter().map(|flag| from(folder, flag)).collect()
}

/// Puts what was taken from a run in place of what the environment and configuration say of the same.
fn take(given: &mut Vec<String>, taken: Vec<String>, is_typed: &dyn Fn(&str) -> bool) {
    let name = |flag: &str| flag.split('=').next().unwrap_or_default().to_owned();
    let mut names: HashSet<String> = taken.iter().map(|flag| name(flag)).collect();
    // The hosts are those of the run, and are where it found them.
    names.extend(["targets", "inventory"].into_iter().filter(|id| !is_typed(id)).map(|id| format!("--{id}")));
    if ["--tls", "--no-tls"].iter().any(|flag| names.contains(*flag)) {
        names.extend(["--tls", "--no-tls"].map(str::to_owned));
    }
    // What is left out today is left out.
    names.remove("--exclude");
    given.retain(|flag| !names.contains(&name(flag)));
    given.extend(taken);
}

/// A flag that was given in another folder.
fn from(folder: &Path, flag: String) -> String {
    const FILES: [&str; 7] =
        ["--inventory", "--identity", "--known-hosts", "--ca", "--certificate", "--certificate-key", "--keytab"];
    match flag.split_once('=') {
        Some((name, file)) if FILES.contains(&name) && file != "-" && !file.starts_with('~') => {
            format!("{name}={}", folder.join(file).display())
        }
        _ => flag,
    }
}
