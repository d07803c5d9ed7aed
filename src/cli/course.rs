//! The course of a run: from resolved targets to the exit code, whatever is done on them.

use std::sync::Arc;

use anyhow::Context;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::args::course::CourseArgs;
use super::descriptors::{self, Need};
use super::feed::{Feed, Written};
use super::on_demand::OnDemand;
use super::signals;
use super::terminal::Console;
use crate::event::{RunHeader, SIGINT_CODE};
use crate::fleet::{self, Limits, RunSpec, Work};
use crate::inventory::Resolved;
use crate::output::Sink;
use crate::transport::network::Network;

/// Does the work on the targets, feeds the sinks and returns the process's exit code.
///
/// # Errors
/// Too few files that the process may open, and the failure of an output.
pub fn run(
    work: Work,
    (resolved, sandbox): (&Resolved, &OnDemand),
    args: &CourseArgs,
    console: &Arc<Console>,
    sinks: Vec<Box<dyn Sink>>,
) -> anyhow::Result<u8> {
    let need = Need::of(&work, &resolved.targets, sandbox.ends());
    let limits = descriptors::limits(args.limits(), need, console)?;
    let spec = spec(work, resolved, args, limits);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let header = Arc::clone(&spec.header);
    let (mut summary, written) = runtime.block_on(async {
        let (interrupt, interrupts) = mpsc::channel(4);
        console.watch_enter();
        let told = Arc::clone(console);
        let left = signals::watch(interrupt.clone(), move || told.interrupted()).context("cannot watch for Ctrl-C")?;
        let (feed, events) = Feed::start(sinks, interrupt);
        let summary = fleet::run(spec, Arc::new(Network::default()), events, interrupts).await;
        anyhow::Ok((summary, feed.finish(&left).await))
    })?;
    // Name look-ups cannot be interrupted; they must not hold up the end.
    runtime.shutdown_background();
    if written.context("the output could not be written")? == Written::Abandoned {
        summary.exit.interrupted.get_or_insert(SIGINT_CODE);
        console.left_unwritten(&header, &summary);
    }
    Ok(summary.exit_code())
}

fn spec(work: Work, resolved: &Resolved, args: &CourseArgs, limits: Limits) -> RunSpec {
    RunSpec {
        header: Arc::new(RunHeader { run: Uuid::now_v7(), targets: resolved.targets.clone() }),
        work,
        limits,
        retries: args.retries,
        retry_delay: args.retry_delay,
        auth_fail_limit: args.auth_fail_limit,
        deadline: args.deadline,
        strict: args.strict,
        exit_zero: args.exit_zero,
        native_errors: args.native_errors,
        sessions: None,
    }
}
