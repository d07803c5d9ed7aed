//! `psfleet doctor`: why hosts cannot be reached.

mod diagnoses;
mod fix_scripts;
mod report;

use std::sync::Arc;

use super::args::doctor::DoctorArgs;
use super::args::store::{RetentionArgs, StoreArgs};
use super::keeping::Keeping;
use super::rollout::{self, Hosts, Rollout};
use super::sandbox_on_demand::OnDemand;
use super::terminal::Console;
use super::{args, targets};
use crate::config::Machine;
use crate::doctor::Doctor;
use crate::job::script::Using;

use fix_scripts::FixScripts;
use report::Report;

/// A diagnosis is not one of the user's runs, and is not kept.
const NOT_KEPT: StoreArgs =
    StoreArgs { label: None, no_store: true, retention: RetentionArgs { keep_for: None, keep_size: None } };

/// Looks at the hosts and returns the process's exit code.
///
/// # Errors
/// Whatever stops it before its first connection, and the failure of an output.
pub(super) fn run(args: &DoctorArgs, mut machine: Machine) -> anyhow::Result<u8> {
    let console = Console::detect(&args.output);
    let mut sandbox = OnDemand::default();
    let resolved = targets::resolve(&args::request(&args.targets, &args.connect), &mut sandbox, &mut machine)?;
    resolved.warnings.iter().for_each(|warning| console.note(&format!("warning: {warning}")));
    let mut how = args.rollout.clone();
    // Who only looks need not confirm that.
    how.ramp.yes = true;
    let hosts = Hosts { targets: &resolved.targets, done: 0, no_input: args.connect.no_input };
    let rollout = Rollout::prepare(&how, &hosts, &Using::default(), &mut machine)?;
    let scripts = args.fix_script.as_deref().map(|folder| FixScripts::into(folder, &console)).transpose()?;
    let mut sinks = args.output.open_for_report(&console, |console| Box::new(Report::new(console)))?;
    if let Some(scripts) = scripts {
        sinks.followers.push(Box::new(scripts));
    }
    let work = Arc::new(Doctor::default());
    rollout::run(work, (&resolved, &sandbox), (rollout, &NOT_KEPT), &console, (sinks, Keeping::Not))
}
