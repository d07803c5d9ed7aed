//! What a run that leaves its script running cannot do besides.

use std::time::Duration;

use anyhow::bail;

use super::args::run::RunArgs;
use super::keeping::Line;
use super::sandbox_on_demand::OnDemand;

/// How long hosts keep what is left running, if nobody says otherwise.
const KEEP_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// How long hosts shall keep what is left running, if it is to be; `line` is what a new run was asked for with.
///
/// # Errors
/// It is to be left running, and something else is wanted that needs its end; or it is not, and for so long.
pub(super) fn keep_for(args: &RunArgs, line: Option<&Line>) -> anyhow::Result<Option<Duration>> {
    let execute = &args.execute;
    if !execute.detach {
        // One that was given beside the command line is for the runs that use it.
        let is_given = |line: &Line| line.given.iter().any(|flag| flag.starts_with("--detach-for="));
        if execute.detach_for.is_some() && line.is_some_and(|line| !is_given(line)) {
            bail!("--detach-for says how long hosts keep what --detach leaves running: write --detach, too");
        }
        return Ok(None);
    }
    let ramp = &execute.rollout.ramp;
    let refused = [
        ("--no-store", args.store.no_store, "nobody could collect what is left running"),
        ("--then", !execute.then.is_empty(), "the next script begins when the one before has ended"),
        ("--native-errors", execute.native_errors, "the exit code is asked for when the script has ended"),
        ("--ramp", ramp.ramp.is_some(), "a step ends with its scripts, and nobody waits for them"),
        ("--max-fail", ramp.max_fail.is_some(), "nobody waits to see whether scripts fail"),
        ("--fail-fast", ramp.fail_fast, "nobody waits to see whether scripts fail"),
    ];
    if let Some((flag, _, why)) = refused.iter().find(|(_, is_given, _)| *is_given) {
        bail!("--detach and {flag} cannot be used together: {why}");
    }
    Ok(Some(execute.detach_for.unwrap_or(KEEP_FOR)))
}

/// Whether a script can be left running on these targets.
///
/// # Errors
/// They end with this command.
pub(super) fn check(sandbox: &OnDemand) -> anyhow::Result<()> {
    if sandbox.has_hosts() {
        bail!("--detach: the sandbox of an inventory ends with this command; psfleet sandbox starts one that stays");
    }
    Ok(())
}
