//! `--rerun`: some hosts of an earlier run again, with what the command line does not say taken from that run.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, bail};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches};

use super::args::connect::ConnectArgs;
use super::args::run::RunArgs;
use super::earlier::{hosts_of, outcome_of, waiting};
use super::keeping::Line;
use super::{Cli, Command, environment, keeping, matches_of};
use crate::config::System;
use crate::inventory::anchored;
use crate::job::script::KeptCall;
use crate::outcome::{Counts, Outcome};
use crate::store::{Run, State, Store};

/// What of an earlier run is to be run again.
pub(super) struct Rerun {
    /// The command line, with what was taken from the run.
    pub(super) args: RunArgs,
    /// The script of the run, where the command line has none.
    pub(super) call: Option<KeptCall>,
    /// What stdin held, where it names hosts of the run.
    pub(super) stdin: Option<String>,
    /// Only those hosts, of those that the command line names.
    pub(super) hosts: HashSet<String>,
    /// They are all of the run that are wanted, so that none of them may be missing.
    pub(super) expects_all: bool,
    /// What to know about the hosts that are left out.
    pub(super) note: Option<String>,
    /// Why there are no such hosts, and who could be run again.
    pub(super) nobody: String,
}

impl Rerun {
    /// Finds what `RUN` or `RUN:OUTCOME,...` stands for; without outcomes those hosts that were not ok, but for those
    /// whose turn has not come: a ramp or a budget may hold them back. The flags that are taken from the run stand in the
    /// line from then on; what the environment says of today replaces none of them.
    ///
    /// # Errors
    /// No such run, no such outcome, a run of another command, or hosts that another process is about to start.
    pub(super) fn find(what: &str, args: &RunArgs, line: &mut Line, around: &dyn System) -> anyhow::Result<Self> {
        let (name, outcomes) = match what.split_once(':') {
            Some((name, outcomes)) => (name, Some(outcomes)),
            None => (what, None),
        };
        let refused = |what: String| anyhow::anyhow!("--rerun: {what}");
        let wanted = outcomes.map(|outcomes| outcomes.split(',').map(outcome_of).collect::<Result<Vec<_>, _>>());
        let wanted = wanted.transpose().map_err(refused)?;
        let store = Store::open_to_read(&keeping::folder(around)?)?;
        let run = store.find(name).context("--rerun")?;
        run.made_here().context("--rerun")?;
        if wanted.iter().flatten().any(|outcome| *outcome == Outcome::NotStarted) {
            waiting(&run).map_err(refused)?;
        }
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
        let mut left_out = Counts::default();
        let hosts = hosts_of(&store, &run, |outcome| {
            if !is_wanted(outcome) {
                left_out.add(outcome);
            }
            is_wanted(outcome)
        })?;
        let call = match args.code {
            Some(_) => None,
            None => Some(serde_json::from_value(header.work).context("the run is damaged")?),
        };
        // What is not whole without the environment is taken as it is with it.
        let typed = matches_of(&line.words, &[]).or_else(|_| matches_of(&line.words, &line.given))?;
        let typed = TypedToday { typed: &typed, has_script: call.is_none() };
        take(&mut line.given, typed.taken(&before, &header.folder).map_err(refused)?, &typed);
        let names_hosts = typed.has("targets");
        if !names_hosts {
            // They mean what they meant then.
            let mut names = line.names.borrow_mut();
            for (name, run) in &header.names {
                names.entry(name.clone()).or_insert(*run);
            }
        }
        let expects_all = !["targets", "exclude", "pick"].into_iter().any(|id| typed.has(id));
        let Command::Run(args) = Cli::from_arg_matches(&matches_of(&line.words, &line.given)?)?.command else {
            bail!("--rerun belongs to psfleet run");
        };
        let stdin = if names_hosts { None } else { header.stdin };
        let note = match (&wanted, left_out.of(Outcome::NotStarted)) {
            (Some(_), _) | (None, 0) => None,
            (None, waiting) => Some(still_waiting(waiting, &run)),
        };
        let nobody = nobody(name, wanted.is_some(), &left_out);
        let hosts = hosts.into_iter().collect();
        Ok(Self { args: *args, call, stdin, hosts, expects_all, note, nobody })
    }
}

/// Of the hosts whose turn has not come.
fn still_waiting(count: u64, run: &Run) -> String {
    let hosts = if count == 1 { "1 host of that run has" } else { &format!("{count} hosts of that run have") };
    if run.state == State::AtWork {
        return format!("{hosts} no outcome yet and are left out; another psfleet is at work on that run");
    }
    let run = run.id;
    format!(
        "{hosts} not had a turn yet and are left out; psfleet runs resume {run} goes on with them, --rerun \
         {run}:not_started runs the script there at once"
    )
}

/// Why nobody is run again, and who could be: `is_asked` for certain outcomes, which no host has.
fn nobody(run: &str, is_asked: bool, left_out: &Counts) -> String {
    if is_asked {
        return format!("no host of that run has such an outcome; psfleet runs show {run} lists them");
    }
    let well = left_out.of(Outcome::Ok) + left_out.of(Outcome::OkWithErrors);
    match (left_out.of(Outcome::Detached), well) {
        (0, 0) => format!("no host of that run has had its turn; psfleet runs show {run} lists them"),
        (0, _) => format!("every host of that run that had its turn ended well; --rerun {run}:ok runs those once more"),
        _ => format!(
            "no host of that run has ended otherwise than well; what was left running on some is for psfleet \
             runs collect {run}"
        ),
    }
}

/// What stands in the command line of today: that is not taken from the run.
struct TypedToday<'a> {
    typed: &'a ArgMatches,
    /// Another script than that of the run.
    has_script: bool,
}

impl TypedToday<'_> {
    /// How what a script does is judged, and what is shown of it.
    const JUDGED: [&'static str; 3] = ["strict", "native_errors", "depth"];

    /// What a script is given besides arguments and values: the run has it with its script.
    const GIVEN: [&'static str; 4] = ["then", "args_file", "input", "using_lenient"];

    fn has(&self, id: &str) -> bool {
        let source = self.typed.subcommand_matches("run").and_then(|of_run| of_run.value_source(id));
        source == Some(ValueSource::CommandLine)
    }

    /// The flags of a run that one of its hosts needs again: those that say which hosts, how they are reached, and what
    /// its script is taken for.
    ///
    /// # Errors
    /// A file that cannot be named from here.
    fn taken(&self, before: &ArgMatches, folder: &Path) -> Result<Vec<String>, String> {
        let connects = ConnectArgs::augment_args(clap::Command::new("connect"));
        let is_wanted = |arg: &Arg| match arg.get_id().as_str() {
            "targets" | "exclude" => !self.has("targets"),
            "ask_pass" | "no_input" => false,
            // Another way to the hosts has other ports and mechanisms.
            id if self.has("transport") && connects.get_arguments().any(|flag| flag.get_id() == id) => {
                id.ends_with("timeout") && !self.has(id)
            }
            "tls" | "no_tls" => !self.has("tls") && !self.has("no_tls"),
            id if Self::JUDGED.contains(&id) => !self.has_script && !self.has(id),
            id => !self.has(id) && (id == "inventory" || connects.get_arguments().any(|flag| flag.get_id() == id)),
        };
        let flags = environment::flags(&Cli::command(), before, ValueSource::CommandLine, &is_wanted);
        flags.into_iter().map(|flag| from(folder, flag)).collect()
    }

    /// The flags that the run has, so that what the environment and configuration say of them today does not count.
    fn of_run(&self) -> impl Iterator<Item = String> {
        let of_script = Self::JUDGED.into_iter().chain(Self::GIVEN).filter(|_| !self.has_script);
        let ids = ["targets", "inventory"].into_iter().chain(of_script).filter(|id| !self.has(id));
        ids.map(|id| format!("--{}", id.replace('_', "-")))
    }
}

/// Puts what was taken from a run in place of what the environment and configuration say of the same.
fn take(given: &mut Vec<String>, taken: Vec<String>, typed: &TypedToday<'_>) {
    let name = |flag: &str| flag.split('=').next().unwrap_or_default().to_owned();
    let mut names: HashSet<String> = taken.iter().map(|flag| name(flag)).collect();
    // The hosts are those of the run, and are where it found them.
    names.extend(typed.of_run());
    if names.contains("--input") {
        names.insert("--input-format".to_owned());
    }
    if ["--tls", "--no-tls"].iter().any(|flag| names.contains(*flag)) {
        names.extend(["--tls", "--no-tls"].map(str::to_owned));
    }
    // What is left out today is left out.
    names.remove("--exclude");
    given.retain(|flag| !names.contains(&name(flag)));
    given.extend(taken);
}

/// A flag that was given in another folder.
fn from(folder: &Path, flag: String) -> Result<String, String> {
    const FILES: [&str; 7] =
        ["--inventory", "--identity", "--known-hosts", "--ca", "--certificate", "--certificate-key", "--keytab"];
    Ok(match flag.split_once('=') {
        Some((name @ ("--targets" | "--exclude"), hosts)) => format!("{name}={}", anchored(hosts, folder)?),
        Some((name, file)) if FILES.contains(&name) && file != "-" && !file.starts_with('~') => {
            format!("{name}={}", folder.join(file).display())
        }
        _ => flag,
    })
}

#[cfg(test)]
mod tests {
    use super::nobody;
    use crate::outcome::{Counts, Outcome};

    #[test]
    fn who_finds_nobody_learns_who_there_is() {
        let left_out = |outcomes: &[Outcome]| {
            let mut counts = Counts::default();
            outcomes.iter().for_each(|outcome| counts.add(*outcome));
            counts
        };
        let said = |outcomes: &[Outcome]| nobody("last", false, &left_out(outcomes));
        assert!(said(&[Outcome::Ok, Outcome::NotStarted]).ends_with("--rerun last:ok runs those once more"));
        assert!(said(&[Outcome::Ok, Outcome::Detached]).ends_with("psfleet runs collect last"));
        assert!(said(&[Outcome::NotStarted]).starts_with("no host of that run has had its turn"));
        assert!(nobody("last", true, &left_out(&[Outcome::Ok])).ends_with("psfleet runs show last lists them"));
    }
}
