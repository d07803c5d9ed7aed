//! `psfleet run`.

use std::sync::Arc;

use anyhow::Context;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::args::{self, run::RunArgs};
use super::feed::{Feed, Written};
use super::on_demand::OnDemand;
use super::script::{Call, Commands};
use super::terminal::Console;
use super::{exit, signals, targets};
use crate::event::RunHeader;
use crate::fleet::{self, RunSpec, Work};
use crate::inventory::Resolved;
use crate::transport::network::Network;

/// Runs the script on the targets and returns the process's exit code.
///
/// # Errors
/// Whatever stops the run before its first connection, and the failure of an output.
pub fn run(args: &RunArgs) -> anyhow::Result<u8> {
    let console = Console::detect(&args.output);
    let call = Call::read(args.code.as_deref(), &args.execute)?;
    let mut sandbox = OnDemand::default();
    let resolved = targets::resolve(&args::request(&args.targets, &args.connect), &mut sandbox)?;
    resolved.warnings.iter().for_each(|warning| console.note(&format!("warning: {warning}")));
    let commands = Commands::new(call, &resolved.targets)?;
    let sinks = args.output.open(&console)?;
    let spec = spec(args, &resolved, Arc::new(commands));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let header = Arc::clone(&spec.header);
    let (summary, written) = runtime.block_on(async {
        let (interrupt, interrupts) = mpsc::channel(4);
        console.watch_enter();
        let left = signals::watch(interrupt.clone()).context("cannot watch for Ctrl-C")?;
        let (feed, events) = Feed::start(sinks, interrupt);
        let summary = fleet::run(spec, Arc::new(Network::default()), events, interrupts).await;
        anyhow::Ok((summary, feed.finish(&left).await))
    })?;
    // Name look-ups cannot be interrupted; they must not hold up the end.
    runtime.shutdown_background();
    if written.context("the output could not be written")? == Written::Abandoned {
        console.left_unwritten(&header, &summary);
    }
    Ok(exit::code(&summary, args.execute.course.exit_zero))
}

fn spec(args: &RunArgs, resolved: &Resolved, commands: Arc<Commands>) -> RunSpec {
    RunSpec {
        header: Arc::new(RunHeader { run: Uuid::now_v7(), targets: resolved.targets.clone() }),
        work: Work::Script(commands),
        throttle: args.execute.course.throttle,
        retries: args.execute.course.retries,
        retry_delay: args.execute.course.retry_delay,
        auth_fail_limit: args.execute.course.auth_fail_limit,
        deadline: args.execute.course.deadline,
        strict: args.execute.course.strict,
        sessions: None,
    }
}
