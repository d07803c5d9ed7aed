//! `psfleet run`: a script on the hosts.

use std::sync::Arc;

use anyhow::bail;

use super::args::{self, run::RunArgs};
use super::plan::script::Plan;
use super::sandbox_on_demand::OnDemand;
use super::terminal::Console;
use super::{rollout, targets, terminal};
use crate::config::Machine;
use crate::fleet::Script;
use crate::inventory::{HostSettings, Rehearsal};
use crate::job::script::{Call, CommandSets, HostVariables, Origins, Secrets};
use crate::output::sanitize_line;

/// Runs the script on the targets and returns the process's exit code.
///
/// # Errors
/// Whatever stops the run before its first connection, and the failure of an output.
pub(super) fn run(args: &RunArgs, mut machine: Machine) -> anyhow::Result<u8> {
    one_reader_of_stdin(args)?;
    let console = Console::detect(&args.output);
    let call = Call::read(&args.script(), &mut machine)?;
    call.notes().iter().for_each(|note| console.note(&format!("note: {}", sanitize_line(note))));
    let mut sandbox = OnDemand::default();
    let request = args::request(&args.targets, &args.connect);
    if args.execute.plan {
        let (settings, rehearsal) = targets::rehearse(&request, &mut sandbox, &mut machine)?;
        return plan(args, call, (&settings, &rehearsal), &machine);
    }
    let resolved = targets::resolve(&request, &mut sandbox, &mut machine)?;
    resolved.warnings.iter().for_each(|warning| console.note(&format!("warning: {warning}")));
    let commands = call.commands(&resolved.targets, request.no_input, &mut machine)?;
    // What was read from stdin is not kept for the whole run.
    drop(machine);
    let sinks = args.output.open_for_script(&console, args.execute.depth)?;
    let script = Script::new(Arc::new(commands)).native_errors(args.execute.native_errors);
    rollout::run(Arc::new(script), (&resolved, &sandbox), &args.execute.rollout, &console, sinks)
}

/// Shows what would be done, once it is known that it could be.
fn plan(
    args: &RunArgs,
    call: Call,
    (settings, rehearsal): (&[HostSettings], &Rehearsal),
    machine: &Machine,
) -> anyhow::Result<u8> {
    let hosts: Vec<HostVariables> = settings.iter().map(HostVariables::from).collect();
    let ends = settings.iter().zip(&rehearsal.endpoints).map(|(host, endpoint)| (&*host.name, endpoint));
    let origins = Origins::rehearse(&call, ends, args.connect.no_input, machine)?;
    let plan = Plan::new(&call, (settings, &rehearsal.logons), &hosts, &origins, args.execute.input.as_deref());
    CommandSets::new(call, &Secrets::default(), &hosts)?;
    terminal::print(&if args.output.is_json() { plan.json() } else { plan.text() })?;
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
