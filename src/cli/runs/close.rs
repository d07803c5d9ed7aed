//! `psfleet runs close`.

use jiff::Timestamp;

use crate::cli::args::runs::CloseArgs;
use crate::cli::terminal;
use crate::store::Store;

/// Has a run not offered to go on any more.
pub(super) fn run(args: &CloseArgs, store: &Store) -> anyhow::Result<u8> {
    let run = store.find(&args.run)?;
    let rest: u64 = run.counts.iter().filter(|(outcome, _)| !outcome.had_turn()).map(|(_, count)| count).sum();
    let id = run.id;
    terminal::say(&match store.close(&run, Timestamp::now())? {
        true => {
            let hosts =
                if rest == 1 { "1 host stays as it is".to_owned() } else { format!("{rest} hosts stay as they are") };
            format!("closed: the run {id}; {hosts} (psfleet runs resume {id} would still go on)\n")
        }
        false => format!("nothing is left of the run {id}: it is {}\n", run.state.name()),
    })?;
    Ok(0)
}
