//! `psfleet session`: the shells that hosts hold.

use std::sync::Arc;

use super::args::connect::ConnectArgs;
use super::args::fold::FoldArgs;
use super::args::rollout::RolloutArgs;
use super::args::session::{ConnectShellArgs, SessionArgs, SessionCommand, ShellArgs};
use super::args::store::{RetentionArgs, StoreArgs};
use super::args::targets::TargetArgs;
use super::keeping::Keeping;
use super::rollout::{self, Hosts, Rollout};
use super::sandbox_on_demand::OnDemand;
use super::sinks::Sinks;
use super::terminal::{Console, NothingNote};
use super::{args, targets};
use crate::config::Machine;
use crate::exit;
use crate::fleet::Task;
use crate::hostlist::fold;
use crate::job::script::Using;
use crate::output::sanitize_line;
use crate::shells::{Cleaning, Connect, Shells, Stays, Uncollected, Which};
use crate::store::{Store, state_folder};
use crate::target::Endpoint;

/// What is said of hosts that hold no shells to connect to.
const NOTHING: &str = "a session ends with its connection there, and psfleet runs collect has what --detach left";
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
            let uncollected = uncollected(&machine)?;
            show(&args, machine, Shells::list(uncollected), "no shell is open")
        }
        SessionCommand::Clean(args) => {
            let mut shells = args.shells.clone();
            shells.rollout.ramp.yes |= args.plan;
            let cleaning = Cleaning { older: args.older, in_use: args.force, plan: args.plan };
            // Whoever forces it removes those, too.
            let uncollected = if args.force { Uncollected::default() } else { uncollected(&machine)? };
            show(&shells, machine, Shells::clean(cleaning, uncollected), "psfleet has left no shell")
        }
        SessionCommand::Connect(args) => connect(args, machine),
    }
}

/// What runs that are kept here left running.
fn uncollected(machine: &Machine) -> anyhow::Result<Uncollected> {
    let Some(folder) = state_folder(machine).filter(|folder| Store::is_in(folder)) else {
        return Ok(Uncollected::default());
    };
    Ok(Store::open_to_read(&folder)?.left_by_all()?.into_iter().collect())
}

/// `none` says what it means that no host had anything to tell.
fn show(args: &ShellArgs, machine: Machine, work: Shells, none: &'static str) -> anyhow::Result<u8> {
    let console = Console::detect(&args.output);
    let sinks = || {
        let mut sinks = args.output.open(&console)?;
        sinks.followers.push(Box::new(NothingNote::new(&console, none)));
        Ok(sinks)
    };
    let what = (&args.targets, &args.connect, &args.rollout, Over::All);
    go(what, machine, Arc::new(work), &console, sinks)
}

/// Receives from a shell of each host that is named, of which there is one as a rule.
fn connect(args: &ConnectShellArgs, machine: Machine) -> anyhow::Result<u8> {
    let (host, shell) = args.host_and_shell();
    let targets =
        TargetArgs { targets: vec![host.to_owned()], inventory: args.inventory.clone(), ..TargetArgs::default() };
    let console = Console::detect(&args.output);
    let which = shell.map_or(Which::Only, |shell| Which::Named(shell.to_owned()));
    let stays = if args.close { Stays::No } else { Stays::Yes };
    let wait = args.connect.settings.timeout.as_ref().map(|timeout| timeout.value);
    let work = Arc::new(Connect::new(which, stays, wait, uncollected(&machine)?));
    let sinks = || args.output.open_for_script(&console, None, &FoldArgs::default());
    let what = (&targets, &args.connect, &args.rollout, Over::WinrmAlone);
    let code = go(what, machine, Arc::clone(&work) as Arc<dyn Task>, &console, sinks)?;
    if work.idle() > 0 && !args.output.quiet {
        console.note(
            "note: the shell stays on its host, without a client; --close removes it next time it is connected to",
        );
    }
    Ok(if code == exit::OK && work.running() > 0 { exit::STOPPED } else { code })
}

/// How hosts may be reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    All,
    WinrmAlone,
}

/// Does it on those hosts that are reached so.
fn go(
    (hosts, connection, how, over): (&TargetArgs, &ConnectArgs, &RolloutArgs, Over),
    mut machine: Machine,
    work: Arc<dyn Task>,
    console: &Arc<Console>,
    sinks: impl FnOnce() -> anyhow::Result<Sinks>,
) -> anyhow::Result<u8> {
    let mut sandbox = OnDemand::default();
    let mut resolved = targets::resolve(&args::request(hosts, connection), &mut sandbox, &mut machine)?;
    resolved.warnings.iter().for_each(|warning| console.note(&format!("warning: {warning}")));
    let (shells, others) = resolved
        .targets
        .drain(..)
        .partition(|target| over == Over::All || matches!(target.endpoint, Endpoint::Winrm(_)));
    resolved.targets = shells;
    if !others.is_empty() {
        let names = fold(others.iter().map(|target| &*target.name));
        console.note(&format!("note: not reached over WinRM: {}; {NOTHING}", sanitize_line(&names)));
    }
    if resolved.targets.is_empty() {
        return Ok(0);
    }
    let hosts = Hosts { targets: &resolved.targets, done: 0, no_input: connection.no_input };
    let rollout = Rollout::prepare(how, &hosts, &Using::default(), &mut machine)?;
    rollout::run(work, (&resolved, &sandbox), (rollout, &NOT_KEPT), console, (sinks()?, Keeping::Not))
}
