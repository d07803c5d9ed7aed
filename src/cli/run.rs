//! `psfleet run`: a script on the hosts.

use std::collections::HashSet;
use std::sync::Arc;

use anyhow::{Context, bail};

use super::args::{self, run::RunArgs};
use super::earlier::Earlier;
use super::keeping::{self, Keeping, Line, Story};
use super::plan::script::Plan;
use super::rerun::Rerun;
use super::rollout::{self, Hosts, Rollout};
use super::sandbox_on_demand::OnDemand;
use super::terminal::Console;
use super::{detach, targets, terminal};
use crate::config::{Machine, System};
use crate::hostlist::fold;
use crate::inventory::{HostSettings, Rehearsal, Request, Resolved};
use crate::job::Gates;
use crate::job::script::{Call, HostVariables, KeptCall, Origins, Scripts, Using};
use crate::output::{sanitize, sanitize_line};

/// Runs the script on the targets and returns the process's exit code.
///
/// # Errors
/// Whatever stops the run before its first connection, and the failure of an output.
pub(super) fn run(args: &RunArgs, mut machine: Machine, mut line: Line) -> anyhow::Result<u8> {
    let mut rerun = args.rerun.as_deref().map(|what| Rerun::find(what, args, &mut line, &machine)).transpose()?;
    if let Some(text) = rerun.as_mut().and_then(|rerun| rerun.stdin.take()) {
        machine = machine.with_stdin(text);
    }
    let kept = rerun.as_mut().and_then(|rerun| rerun.call.take());
    let hosts = rerun.as_ref().map(|rerun| rerun.hosts.clone());
    let expected = rerun.as_ref().filter(|rerun| rerun.expects_all).map(|rerun| rerun.hosts.clone());
    if let (Some(what), Some(Rerun { hosts, nobody, .. })) = (&args.rerun, &rerun)
        && hosts.is_empty()
    {
        machine.warn(&format!("--rerun {what}: {nobody}"));
    }
    let note = rerun.as_mut().and_then(|rerun| rerun.note.take());
    let args = rerun.as_ref().map_or(args, |rerun| &rerun.args);
    detach::keep_for(args, Some(&line))?;
    one_reader_of_stdin(args)?;
    args.fold.check(&args.output)?;
    let console = Console::detect(&args.output);
    note.iter().for_each(|note| console.note(&format!("note: {}", sanitize_line(note))));
    let scripts = match kept {
        Some(kept) => kept.scripts(&mut machine)?.changed(&args.script(), &args.execute.then, &mut machine)?,
        None => Scripts::read(&args.script(), &args.execute.then, &mut machine)?,
    };
    let gates = scripts.gates(&args.execute.rollout.ramp.gate, &mut machine);
    scripts.notes(&gates).iter().for_each(|note| console.note(&format!("note: {}", sanitize_line(note))));
    let mut sandbox = OnDemand::default();
    let request =
        Request { only: hosts, provenance: !args.store.no_store, ..args::request(&args.targets, &args.connect) };
    if args.execute.plan {
        keeping::rehearse(&args.store, &machine)?;
        let (settings, rehearsal) = targets::rehearse(&request, &mut sandbox, &mut machine)?;
        return plan(args, (scripts, &gates), (&settings, &rehearsal), &mut machine);
    }
    let found = targets::resolve(&request, &mut sandbox, &mut machine);
    if let Some(expected) = expected {
        let found = found.iter().flat_map(|resolved| &resolved.targets).map(|target| &*target.name).collect();
        missing(&expected, &found).iter().for_each(|missing| console.note(missing));
    }
    let resolved = found?;
    args.fold.check_hosts(resolved.targets.iter().map(|target| &*target.name))?;
    resolved.warnings.iter().for_each(|warning| console.note(&format!("warning: {}", sanitize(warning))));
    let keeping = Keeping::new(&args.store, &machine, || {
        let kept = KeptCall::from(&scripts);
        Ok(Story {
            label: args.store.label.clone(),
            title: kept.title(),
            command: "run",
            hash: kept.hash(),
            work: serde_json::to_value(&kept)?,
            settings: serde_json::to_value(&resolved.settings)?,
            stdin: args.targets.stdin_of(&machine),
            line,
        })
    })?;
    perform(args, (scripts, machine), (&resolved, &sandbox), &console, keeping)
}

/// Goes on with a run that has begun earlier, as its command line said; `output` says what is shown of it.
///
/// # Errors
/// Those of [`run`].
pub(super) fn go_on(args: &RunArgs, mut machine: Machine, earlier: Earlier) -> anyhow::Result<u8> {
    let console = Console::detect(&args.output);
    let kept: KeptCall = serde_json::from_value(earlier.header.work.clone()).context("the run is damaged")?;
    let scripts = kept.scripts(&mut machine)?;
    let mut sandbox = OnDemand::default();
    let request = earlier.request(args::request(&args.targets, &args.connect));
    let resolved = targets::resolve(&request, &mut sandbox, &mut machine)?;
    let (resolved, notes) = earlier.only(resolved)?;
    let warnings = resolved.warnings.iter().map(|warning| format!("warning: {warning}"));
    warnings.chain(notes.iter().map(|note| format!("note: {note}"))).for_each(|line| console.note(&line));
    perform(args, (scripts, machine), (&resolved, &sandbox), &console, earlier.keeping())
}

/// Runs the scripts on the targets.
fn perform(
    args: &RunArgs,
    (scripts, mut machine): (Scripts, Machine),
    (resolved, sandbox): (&Resolved, &OnDemand),
    console: &Arc<Console>,
    keeping: Keeping,
) -> anyhow::Result<u8> {
    let no_input = args.connect.no_input;
    let keep_for = detach::keep_for(args, None)?;
    if keep_for.is_some() {
        detach::check(sandbox)?;
    }
    let using = Using::from(&scripts);
    let script = scripts.task(&resolved.targets, no_input, &mut machine)?;
    let hosts = Hosts { targets: &resolved.targets, done: keeping.done().len(), no_input };
    let rollout = Rollout::prepare(&args.execute.rollout, &hosts, &using, &mut machine)?;
    // What was read from stdin is not kept for the whole run.
    drop(machine);
    let sinks = args.output.open_for_script(console, args.execute.depth, &args.fold)?;
    let no_language = Arc::new(keeping::no_language(&args.store)?);
    let script = script.native_errors(args.execute.native_errors).knowing(Arc::clone(&no_language));
    let script = match keep_for {
        Some(keep_for) => script.left_running(keep_for),
        None => script,
    };
    let code = rollout::run(Arc::new(script), (resolved, sandbox), (rollout, &args.store), console, (sinks, keeping))?;
    keeping::learn(&args.store, &no_language, console);
    Ok(code)
}

/// Shows what would be done, once it is known that it could be.
fn plan(
    args: &RunArgs,
    (scripts, gates): (Scripts, &[Call]),
    (settings, rehearsal): (&[HostSettings], &Rehearsal),
    machine: &mut Machine,
) -> anyhow::Result<u8> {
    let hosts: Vec<HostVariables> = settings.iter().map(HostVariables::from).collect();
    let ends = settings.iter().zip(&rehearsal.endpoints).map(|(host, endpoint)| (&*host.name, endpoint));
    let origins = Origins::rehearse(scripts.all(), ends, args.connect.no_input, machine)?;
    let plan = Plan::new((&scripts, gates), (settings, &rehearsal.logons), &hosts, &origins, &args.execute)?;
    let using = Using::from(&scripts);
    scripts.rehearse(&hosts)?;
    Gates::rehearse(&args.execute.rollout.ramp.gate, &using, &hosts, machine)?;
    if args.output.is_json() {
        terminal::print_json(&plan.json())?
    } else {
        terminal::say(&sanitize(&plan.text()))?
    }
    Ok(0)
}

/// Refuses to read stdin for two purposes: the second would find nothing.
fn one_reader_of_stdin(args: &RunArgs) -> anyhow::Result<()> {
    let is_stdin = |texts: &[String]| texts.iter().any(|text| text == "-");
    let uses = [
        ("the script", args.code.as_deref() == Some("-")),
        ("--input", args.execute.input.as_deref() == Some("-")),
        // These two share what they read.
        ("the list of hosts", is_stdin(&args.targets.inventory) || is_stdin(&args.targets.targets)),
    ];
    let readers: Vec<&str> = uses.into_iter().filter_map(|(name, reads)| reads.then_some(name)).collect();
    match readers.as_slice() {
        [one, other, ..] => bail!("{one} and {other} cannot both be read from stdin (-): put one of them into a file"),
        _ => Ok(()),
    }
}

/// What is said of hosts of an earlier run that are not found any more.
fn missing(expected: &HashSet<String>, found: &HashSet<&str>) -> Option<String> {
    let mut missing: Vec<&str> = expected.iter().map(String::as_str).filter(|host| !found.contains(host)).collect();
    missing.sort_unstable();
    let hosts = fold(missing.iter().copied());
    let said = format!("warning: left out: the inventory does not give {} any more", sanitize_line(&hosts));
    (!missing.is_empty()).then_some(said)
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn hosts_that_are_not_found_any_more_are_named() {
        let expected = ["web1", "web2", "web3"].map(str::to_owned).into();
        assert_eq!(missing(&expected, &["web3", "web1", "web2", "db"].into()), None);
        let said = missing(&expected, &["web3"].into());
        assert_eq!(said.as_deref(), Some("warning: left out: the inventory does not give web[1-2] any more"));
    }
}
