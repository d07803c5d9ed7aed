//! From resolved targets to the exit code, whatever is done on them: limits of the process, signals, a runtime.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::{Context, bail};

use super::args::ramp::RampArgs;
use super::args::rollout::{RolloutArgs, Throttle};
use super::args::store::StoreArgs;
use super::confirm::confirm;
use super::descriptors::{self, Need};
use super::keeping::{self, Keeping, Rest};
use super::sandbox_on_demand::OnDemand;
use super::signals;
use super::sinks::Sinks;
use super::terminal::Console;
use crate::config::System;
use crate::event::RunHeader;
use crate::fleet::{Brake, Journal, Limits, RetryRule, RunSpec, Task};
use crate::inventory::Resolved;
use crate::job::script::Using;
use crate::job::{Gates, Interrupts, Job, Written, execute};
use crate::store::Broken;
use crate::target::Target;

/// How long the last words may take once the user has left: whoever does not read the output may not read them either.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The targets of a run.
pub(super) struct Hosts<'a> {
    pub targets: &'a [Arc<Target>],
    /// How many of them have their outcome from before.
    pub done: usize,
    /// Nobody is asked for anything.
    pub no_input: bool,
}

/// How a run goes over its targets, as far as that can be wrong before it starts.
pub(super) struct Rollout<'a> {
    args: &'a RolloutArgs,
    brake: Brake,
    gates: Option<Arc<Gates>>,
    attended: bool,
}

impl<'a> Rollout<'a> {
    /// Reads steps and gates, and has the number of hosts confirmed where that is due. Gates may use the `$using:`
    /// values of a script.
    ///
    /// # Errors
    /// A pause that there cannot be, a label that no target has, a gate that is no script, or no confirmation.
    pub(super) fn prepare(
        args: &'a RolloutArgs,
        &Hosts { targets, done, no_input }: &Hosts<'_>,
        using: &Using,
        around: &mut dyn System,
    ) -> anyhow::Result<Self> {
        let RampArgs { gate, yes, confirm_above, .. } = &args.ramp;
        let brake = args.ramp.brake(targets.len())?;
        args.ramp.check_labels(|limit| targets.iter().any(|target| limit.value(target).is_some()))?;
        let gates = Gates::read(gate, using, (targets, no_input), around)?;
        let attended = !no_input && around.can_ask();
        confirm(targets.len() - done, if *yes { 0 } else { *confirm_above }, no_input, around)?;
        Ok(Self { args, brake, gates, attended })
    }
}

/// Does the work on the targets, hands what happens to the sinks and returns the process's exit code.
///
/// # Errors
/// Too few files that the process may open, and the failure of an output.
pub(super) fn run(
    work: Arc<dyn Task>,
    (resolved, sandbox): (&Resolved, &OnDemand),
    (rollout, store): (Rollout<'_>, &StoreArgs),
    console: &Arc<Console>,
    (sinks, keeping): (Sinks, Keeping),
) -> anyhow::Result<u8> {
    let need = Need::of(&*work, &resolved.targets, sandbox.ends());
    let need = if rollout.gates.is_some() { need.keeping(rollout.args.max_sessions) } else { need };
    let limits = descriptors::limits(rollout.args.limits(), need, console)?;
    let gates = rollout.gates.clone();
    let leaves = work.leaves();
    let spec = spec(work, resolved, rollout, limits, &keeping);
    let kept = keeping.begin(&spec.header)?;
    let (rest, broken) = kept.as_ref().map(|kept| (kept.rest.clone(), kept.broken.clone())).unzip();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let header = Arc::clone(&spec.header);
    let (mut finished, signal) = runtime.block_on(async {
        let interrupts = Interrupts::new();
        let is_asked = spec.attended && spec.brake.steps.iter().any(|step| step.pauses);
        console.watch_enter(is_asked.then(|| (interrupts.sender(), spec.brake.steps.clone())));
        let told = Arc::clone(console);
        let signal =
            signals::watch(&interrupts, move || told.interrupted(leaves)).context("cannot watch for Ctrl-C")?;
        let journal = kept.map(|kept| Box::new(kept.recorder) as Box<dyn Journal>);
        let job = Job { spec, data: sinks.data, followers: sinks.followers, journal, gates, sessions: None };
        anyhow::Ok((execute(job, interrupts).await, signal))
    })?;
    // Name look-ups cannot be interrupted; they must not hold up the end.
    runtime.shutdown_background();
    if matches!(finished.written, Ok(Written::Abandoned)) {
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
    let failed = finished.written.context("the output could not be written");
    if let Some(why) = broken.as_ref().and_then(Broken::why) {
        failed?;
        let rest = rest.as_ref().map(Rest::once_mended).unwrap_or_default();
        bail!("the run could not be kept to its end: {why}{rest}");
    }
    if let Some(rest) = rest {
        rest.note(&finished.summary, console);
        keeping::prune(store, rest.run(), console);
    }
    // It is known by then what goes on with the hosts that have not run.
    failed?;
    Ok(finished.summary.exit_code())
}

fn spec(work: Arc<dyn Task>, resolved: &Resolved, rollout: Rollout<'_>, limits: Limits, keeping: &Keeping) -> RunSpec {
    let Rollout { args, brake, attended, .. } = rollout;
    let new = RunSpec::new(work, resolved.targets.clone());
    let run = keeping.run().unwrap_or(new.header.run);
    let (done, lost) = (keeping.done(), keeping.again());
    let header = Arc::new(RunHeader { run, targets: resolved.targets.clone(), done, lost });
    RunSpec {
        header,
        limits,
        limits_per: args.ramp.limit_per.clone(),
        max_sessions: args.max_sessions,
        adaptive: args.throttle == Throttle::Auto,
        brake,
        attended,
        retry: RetryRule { retries: args.retries, delay: args.retry_delay },
        auth_fail_limit: args.auth_fail_limit,
        deadline: args.deadline,
        strict: args.strict,
        exit_zero: args.exit_zero,
        ..new
    }
}
