//! `psfleet run`.

use std::sync::Arc;

use super::args::{self, run::RunArgs};
use super::on_demand::OnDemand;
use super::script::{Call, Commands, Secrets};
use super::surroundings::Machine;
use super::terminal::Console;
use super::{course, targets};
use crate::fleet::Work;

/// Runs the script on the targets and returns the process's exit code.
///
/// # Errors
/// Whatever stops the run before its first connection, and the failure of an output.
pub fn run(args: &RunArgs) -> anyhow::Result<u8> {
    let console = Console::detect(&args.output);
    let call = Call::read(args.code.as_deref(), &args.execute)?;
    let mut sandbox = OnDemand::default();
    let request = args::request(&args.targets, &args.connect);
    let resolved = targets::resolve(&request, &mut sandbox)?;
    resolved.warnings.iter().for_each(|warning| console.note(&format!("warning: {warning}")));
    let secrets = Secrets::find(&call, &resolved.targets, request.no_input, &mut Machine::default())?;
    let commands = Commands::new(call, &secrets, &resolved.targets)?;
    let sinks = args.output.open(&console)?;
    course::run(Work::Script(Arc::new(commands)), &resolved, &args.execute.course, &console, sinks)
}
