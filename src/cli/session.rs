//! `psfleet session`: the shells that hosts hold.

use std::sync::Arc;

use super::args::session::{SessionArgs, SessionCommand, ShellArgs};
use super::args::store::{RetentionArgs, StoreArgs};
use super::keeping::Keeping;
use super::rollout::{self, Hosts, Rollout};
use super::sandbox_on_demand::OnDemand;
use super::terminal::{Console, NothingNote};
use super::{args, targets};
use crate::config::Machine;
use crate::hostlist::fold;
use crate::job::script::ScriptInput;
use crate::output::sanitize_line;
use crate::shells::{Cleaning, Shells};
use crate::target::Endpoint;

/// What is said of hosts that hold no shells.
const NOTHING: &str = "PowerShell ends with its connection there, so there is nothing to list";
/// Nothing of it is a run that could be looked at later.
const NOT_KEPT: StoreArgs =
    StoreArgs { label: None, no_store: true, retention: RetentionArgs { keep_for: None, keep_size: None } };

/// Does what was asked for and returns the process's exit code.
///
/// # Errors
/// Whatever stops it before its first connection, and the failure of an output.
pub(super) fn run(args: &SessionArgs, machine: Machine) -> anyhow::Result<u8> {
    match &args.command {
        SessionCommand::Ls(args) => {
            let mut args = args.clone();
            // Who only looks need not confirm that.
            args.rollout.ramp.yes = true;
            go(&args, machine, Shells::list(), "no shell is open")
        }
        SessionCommand::Clean(args) => {
            let mut shells = args.shells.clone();
            shells.rollout.ramp.yes |= args.plan;
            let cleaning = Cleaning { older: args.older, in_use: args.force, plan: args.plan };
            go(&shells, machine, Shells::clean(cleaning), "psfleet has left no shell")
        }
    }
}

/// `none` says what it means that no host had anything to tell.
fn go(args: &ShellArgs, mut machine: Machine, work: Shells, none: &'static str) -> anyhow::Result<u8> {
    let console = Console::detect(&args.output);
    let mut sandbox = OnDemand::default();
    let mut resolved = targets::resolve(&args::request(&args.targets, &args.connect), &mut sandbox, &mut machine)?;
    resolved.warnings.iter().for_each(|warning| console.note(&format!("warning: {warning}")));
    let (shells, others) = resolved.targets.drain(..).partition(|target| matches!(target.endpoint, Endpoint::Winrm(_)));
    resolved.targets = shells;
    if !others.is_empty() {
        let names = fold(others.iter().map(|target| &*target.name));
        console.note(&format!("note: not reached over WinRM: {}; {NOTHING}", sanitize_line(&names)));
    }
    if resolved.targets.is_empty() {
        return Ok(0);
    }
    let hosts = Hosts { targets: &resolved.targets, done: 0, no_input: args.connect.no_input };
    let rollout = Rollout::prepare(&args.rollout, &hosts, &ScriptInput::default(), &mut machine)?;
    let mut sinks = args.output.open(&console)?;
    sinks.followers.push(Box::new(NothingNote::new(&console, none)));
    rollout::run(Arc::new(work), (&resolved, &sandbox), (rollout, &NOT_KEPT), &console, (sinks, Keeping::Not))
}
