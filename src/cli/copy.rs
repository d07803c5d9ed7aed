//! `psfleet copy`: files to and from the hosts.

use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use serde_json::{Value as Json, json};

use super::args::copy::{CopyArgs, Direction, TransferArgs};
use super::earlier::Earlier;
use super::keeping::{self, Keeping, Line, Story};
use super::plan::copy::Plan;
use super::rollout::{self, Hosts, Rollout};
use super::sandbox_on_demand::OnDemand;
use super::terminal::{self, Console};
use super::{args, targets};
use crate::config::{Machine, System};
use crate::copy::{Pull, Push, Selection};
use crate::fleet::Task;
use crate::inventory::{HostSettings, Logon, Request, Resolved};
use crate::job::script::Using;
use crate::output::{sanitize, sanitize_line};
use crate::store::Header;

/// Where the store keeps what a push sent.
const SOURCE: &str = "source";

/// Copies the files and returns the process's exit code.
///
/// # Errors
/// Whatever stops the copy before its first connection, and the failure of an output.
pub(super) fn run(args: &CopyArgs, mut machine: Machine, begin: Begin) -> anyhow::Result<u8> {
    match &args.direction {
        Direction::Push(transfer) => push(transfer, &mut machine, begin),
        Direction::Pull(transfer) => pull(transfer, &mut machine, begin),
    }
}

fn push(args: &TransferArgs, machine: &mut Machine, begin: Begin) -> anyhow::Result<u8> {
    let (sources, destination) = args.split();
    let selection = Selection::find(sources, args.recurse)?;
    let console = Console::detect(&args.output);
    selection.left_out.iter().for_each(|path| console.note(&format!("warning: left out {}", sanitize_line(path))));
    let many = selection.files.len() > 1 || !selection.folders.is_empty();
    let folder = many || destination.ends_with(['/', '\\']);
    if args.plan {
        return show(args, machine, |hosts| {
            Plan::push(hosts, &args.rollout, &selection, destination, folder, args.force)
        });
    }
    let work = json!({ SOURCE: selection.fingerprint()? });
    if let Begin::Earlier(earlier) = &begin {
        unchanged(&earlier.header, &work)?;
    }
    start(args, (&console, machine), (begin, work), |hosts| {
        Arc::new(Push::new(selection, destination, folder, args.force, hosts.len()))
    })
}

fn pull(args: &TransferArgs, machine: &mut Machine, begin: Begin) -> anyhow::Result<u8> {
    let (sources, folder) = args.split();
    let pull = |hosts: &[&str]| Pull::new(sources.to_vec(), Path::new(folder), args.recurse, args.force, hosts);
    if args.plan {
        return show(args, machine, |hosts| {
            let names: Vec<&str> = hosts.0.iter().map(|host| &*host.name).collect();
            Plan::pull(hosts, &args.rollout, &pull(&names), sources, args.recurse, args.force)
        });
    }
    start(args, (&Console::detect(&args.output), machine), (begin, json!({})), |hosts| Arc::new(pull(hosts)))
}

/// Finds the hosts and does on them what is to be done, given their names.
fn start(
    args: &TransferArgs,
    (console, machine): (&Arc<Console>, &mut Machine),
    (begin, kept): (Begin, Json),
    work: impl FnOnce(&[&str]) -> Arc<dyn Task>,
) -> anyhow::Result<u8> {
    let mut sandbox = OnDemand::default();
    let request = Request { provenance: !args.store.no_store, ..args::request(&args.targets, &args.connect) };
    let (resolved, keeping) = match begin {
        Begin::New(line) => {
            let resolved = targets::resolve(&request, &mut sandbox, machine)?;
            let keeping = Keeping::new(&args.store, machine, || story(args, machine, &resolved, (line, kept)))?;
            (resolved, keeping)
        }
        Begin::Earlier(earlier) => {
            let resolved = targets::resolve(&earlier.request(request), &mut sandbox, machine)?;
            let (resolved, notes) = earlier.only(resolved)?;
            notes.iter().for_each(|note| console.note(&format!("note: {note}")));
            (resolved, earlier.keeping())
        }
    };
    resolved.warnings.iter().for_each(|warning| console.note(&format!("warning: {warning}")));
    let (done, no_input) = (keeping.done().len(), args.connect.no_input);
    let given = Hosts { targets: &resolved.targets, done, no_input };
    let rollout = Rollout::prepare(&args.rollout, &given, &Using::default(), machine)?;
    let sinks = args.output.open(console)?;
    let hosts: Vec<&str> = resolved.targets.iter().map(|target| &*target.name).collect();
    rollout::run(work(&hosts), (&resolved, &sandbox), (rollout, &args.store), console, (sinks, keeping))
}

/// All hosts of a run get the same: what a ramp has tried out is what goes on.
fn unchanged(header: &Header, work: &Json) -> anyhow::Result<()> {
    match header.work.get(SOURCE) {
        Some(before) if *before != work[SOURCE] => bail!(
            "what the run {0} copies has changed since it began: psfleet copy push with -t '@run:{0}:not_started' sends it \
             to the others as it is now",
            header.run
        ),
        _ => Ok(()),
    }
}

/// What the store keeps of a copy: its command line says all else.
fn story(
    args: &TransferArgs,
    machine: &Machine,
    resolved: &Resolved,
    (line, work): (Line, Json),
) -> anyhow::Result<Story> {
    let (sources, destination) = args.split();
    let title = format!("copy {} to {destination}", sources.join(" "));
    Ok(Story {
        label: args.store.label.clone(),
        hash: title.clone(),
        title,
        command: "copy",
        work,
        settings: serde_json::to_value(&resolved.settings)?,
        stdin: args.targets.stdin_of(machine),
        line,
    })
}

/// Whether a copy is new.
pub(super) enum Begin {
    /// It is.
    New(Line),
    /// It goes on.
    Earlier(Box<Earlier>),
}

/// Finds the hosts and shows what would be done on them.
fn show(
    args: &TransferArgs,
    machine: &mut dyn System,
    plan: impl FnOnce((&[HostSettings], &[Logon])) -> anyhow::Result<Plan>,
) -> anyhow::Result<u8> {
    let mut sandbox = OnDemand::default();
    let (settings, rehearsal) = targets::rehearse(&args::request(&args.targets, &args.connect), &mut sandbox, machine)?;
    let plan = plan((&settings, &rehearsal.logons))?;
    keeping::rehearse(&args.store, &*machine)?;
    match args.output.is_json() {
        true => terminal::print_json(&plan.json())?,
        false => terminal::print(&sanitize(&plan.text()))?,
    }
    Ok(0)
}
