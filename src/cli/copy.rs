//! `psfleet copy`.

use std::path::Path;
use std::sync::Arc;

use super::args::copy::{CopyArgs, TransferArgs, Way};
use super::on_demand::OnDemand;
use super::terminal::Console;
use super::{args, course, targets};
use crate::copy::{Pull, Push, Selection};
use crate::fleet::Work;
use crate::output::sanitize_line;

/// Copies the files and returns the process's exit code.
///
/// # Errors
/// Whatever stops the copy before its first connection, and the failure of an output.
pub fn run(args: &CopyArgs) -> anyhow::Result<u8> {
    match &args.way {
        Way::Push(transfer) => {
            let (sources, destination) = transfer.split();
            let selection = Selection::find(sources, transfer.recurse)?;
            let many = selection.files.len() > 1 || !selection.folders.is_empty();
            let folder = many || destination.ends_with(['/', '\\']);
            start(transfer, &selection.left_out.clone(), |hosts| {
                Work::Task(Arc::new(Push::new(selection, destination, folder, transfer.force, hosts.len())))
            })
        }
        Way::Pull(transfer) => {
            let (sources, folder) = transfer.split();
            start(transfer, &[], |hosts| {
                let pull = Pull::new(sources.to_vec(), Path::new(folder), transfer.recurse, transfer.force, hosts);
                Work::Task(Arc::new(pull))
            })
        }
    }
}

/// Finds the hosts and does on them what is to be done, given their names.
fn start(args: &TransferArgs, left_out: &[String], work: impl FnOnce(&[&str]) -> Work) -> anyhow::Result<u8> {
    let console = Console::detect(&args.output);
    let mut sandbox = OnDemand::default();
    let resolved = targets::resolve(&args::request(&args.targets, &args.connect), &mut sandbox)?;
    resolved.warnings.iter().for_each(|warning| console.note(&format!("warning: {warning}")));
    left_out.iter().for_each(|path| console.note(&format!("warning: left out {}", sanitize_line(path))));
    let sinks = args.output.open(&console)?;
    let hosts: Vec<&str> = resolved.targets.iter().map(|target| &*target.name).collect();
    course::run(work(&hosts), &resolved, &args.course, &console, sinks)
}
