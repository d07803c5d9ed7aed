//! From resolved targets to the exit code, whatever is done on them: limits of the process, signals, a runtime.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::{Context, bail};

use super::args::rollout::RolloutArgs;
use super::args::store::StoreArgs;
use super::descriptors::{self, Need};
use super::keeping::{self, Keeping};
use super::sandbox_on_demand::OnDemand;
use super::signals;
use super::sinks::Sinks;
use super::terminal::Console;
use crate::event::RunHeader;
use crate::fleet::{Journal, Limits, RetryRule, RunSpec, Task};
use crate::inventory::Resolved;
use crate::job::{Interrupts, Job, Written, execute};
use crate::store::Broken;

/// How long the last words may take once the user has left: whoever does not read the output may not read them either.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Does the work on the targets, hands what happens to the sinks and returns the process's exit code.
///
/// # Errors
/// Too few files that the process may open, and the failure of an output.
pub(super) fn run(
    work: Arc<dyn Task>,
    (resolved, sandbox): (&Resolved, &OnDemand),
    (args, store): (&RolloutArgs, &StoreArgs),
    console: &Arc<Console>,
    (sinks, keeping): (Sinks, Keeping),
) -> anyhow::Result<u8> {
    let need = Need::of(&*work, &resolved.targets, sandbox.ends());
    let limits = descriptors::limits(args.limits(), need, console)?;
    let spec = spec(work, resolved, args, limits, &keeping);
    let kept = keeping.begin(&spec.header)?;
    let (run, broken) = kept.as_ref().map(|kept| (kept.run(), kept.broken.clone())).unzip();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let header = Arc::clone(&spec.header);
    let (mut finished, signal) = runtime.block_on(async {
        let interrupts = Interrupts::new();
        console.watch_enter();
        let told = Arc::clone(console);
        let signal = signals::watch(&interrupts, move || told.interrupted()).context("cannot watch for Ctrl-C")?;
        let journal = kept.map(|kept| Box::new(kept.recorder) as Box<dyn Journal>);
        let job = Job { spec, data: sinks.data, followers: sinks.followers, journal };
        anyhow::Ok((execute(job, interrupts).await, signal))
    })?;
    // Name look-ups cannot be interrupted; they must not hold up the end.
    runtime.shutdown_background();
    if finished.written.context("the output could not be written")? == Written::Abandoned {
        // It may have come when the run was over.
        finished.summary.exit.interrupted = finished.summary.exit.interrupted.or(signal.get().copied());
        let (console, summary) = (Arc::clone(console), finished.summary.clone());
        let (done, told) = mpsc::channel();
        std::thread::spawn(move || {
            console.left_unwritten(&header, &summary);
            let _ = done.send(());
        });
        let _ = told.recv_timeout(LAST_WORDS);
    }
    if let Some(why) = broken.as_ref().and_then(Broken::why) {
        bail!("the run could not be kept to its end: {why}");
    }
    if let Some(run) = run {
        keeping::note_rest(run, &finished.summary, console);
        keeping::prune(store, console);
    }
    Ok(finished.summary.exit_code())
}

fn spec(work: Arc<dyn Task>, resolved: &Resolved, args: &RolloutArgs, limits: Limits, keeping: &Keeping) -> RunSpec {
    let new = RunSpec::new(work, resolved.targets.clone());
    let run = keeping.run().unwrap_or(new.header.run);
    let header = Arc::new(RunHeader { run, targets: resolved.targets.clone(), done: keeping.done() });
    RunSpec {
        header,
        limits,
        retry: RetryRule { retries: args.retries, delay: args.retry_delay },
        auth_fail_limit: args.auth_fail_limit,
        deadline: args.deadline,
        strict: args.strict,
        exit_zero: args.exit_zero,
        ..new
    }
}
