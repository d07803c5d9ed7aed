//! `psfleet runs replay`.

use anyhow::Context;

use crate::cli::args::runs::ReplayArgs;
use crate::cli::signals;
use crate::cli::terminal::Console;
use crate::job::{self, Interrupts};
use crate::output::sanitize_line;
use crate::store::{Attempts, Store};

/// Shows a run again.
pub(super) fn run(args: &ReplayArgs, store: Store) -> anyhow::Result<u8> {
    args.fold.check(&args.output)?;
    let run = store.find(&args.run)?;
    let console = Console::detect(&args.output);
    let attempts = if args.all_attempts { Attempts::All } else { Attempts::Last };
    if let (Attempts::Last, Some(earlier)) = (attempts, super::of_earlier_attempts(&store, &run)?) {
        console.note(&format!("note: left out: {}; --all-attempts shows them too", sanitize_line(&earlier)));
    }
    let sinks = args.output.open_for_script(&console, None, &args.fold)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let code = runtime.block_on(async {
        let interrupts = Interrupts::new();
        let signal = signals::watch(&interrupts, || {}).context("cannot watch for Ctrl-C")?;
        job::replay(store, (run, attempts), sinks.data, sinks.followers, interrupts).await?;
        anyhow::Ok(signal.get().copied().unwrap_or_default())
    });
    runtime.shutdown_background();
    code
}
