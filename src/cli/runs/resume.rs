//! `psfleet runs resume`.

use anyhow::{Context, bail};

use super::open;
use crate::cli::args::fold::FoldArgs;
use crate::cli::args::runs::ResumeArgs;
use crate::cli::directories::Asked;
use crate::cli::earlier::Earlier;
use crate::cli::terminal::{Console, TerminalPrompter};
use crate::cli::{Command, command_of, copy, keeping, known_runs, run};
use crate::config::Machine;
use crate::output::sanitize_line;

/// Goes on with a run.
pub(super) fn run(args: &ResumeArgs, machine: Machine) -> anyhow::Result<u8> {
    let earlier = Earlier::find(open(&machine)?, args.run.as_deref(), args.lost)?;
    let header = earlier.header.clone();
    let note = earlier.note(args.run.is_none());
    Console::detect(&args.output).note(&format!("note: {}", sanitize_line(&note)));
    let output = args.output.anchored().context("cannot find the files of --out")?;
    // Files that its command line names are below that folder.
    std::env::set_current_dir(&header.folder)
        .with_context(|| format!("cannot go to the folder of the run, {}", header.folder.display()))?;
    let command = command_of(&header)?;
    let state = keeping::folder(&machine)?;
    let (runs, _) = known_runs(Some(state.clone()), header.names);
    let mut machine = Machine::new(TerminalPrompter).with_runs(runs).with_directories(Asked::new(Some(state)));
    if let Some(text) = header.stdin {
        machine = machine.with_stdin(text);
    }
    match command {
        Command::Run(mut run) => {
            run.output = output;
            args.change(&mut run.execute.rollout);
            // Groups are of all hosts of a run: a replay has them.
            run.fold = FoldArgs::default();
            run::go_on(&run, machine, earlier)
        }
        Command::Copy(mut copy) => {
            let transfer = copy.direction.transfer_mut();
            transfer.output = output;
            args.change(&mut transfer.rollout);
            copy::run(&copy, machine, copy::Begin::Earlier(Box::new(earlier)))
        }
        _ => bail!("the run {} is of a command that cannot be resumed: give that once more", header.run),
    }
}
