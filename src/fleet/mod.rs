//! The run: a dispatcher that owns its state, and one worker for each attempt on a target.
//!
//! In: a [`RunSpec`], complete and validated, a [`Connector`] and a channel of [`Interrupt`]s. Out: [`Emission`]s on a
//! bounded channel, and the [`Summary`]. Every target gets exactly one outcome, whatever happens: a
//! panic, a drop and a timeout are outcomes too. The fleet formats nothing and prints nothing.
//!
//! What is done on a target is a [`Task`]: a [`Script`], or anything else. Who does it is an [`Executor`]: [`Local`]
//! today.

mod attempt_end;
mod checkpoint;
mod cohort;
mod commands;
mod credentials;
mod departure;
mod dispatcher;
mod emission;
mod entrance;
mod executor;
mod forward;
mod gatekeeper;
mod interrupt;
mod journal;
mod local;
mod log;
mod native;
mod no_language;
mod room;
mod run;
mod script;
mod spec;
mod task;
#[cfg(test)]
mod tests;
mod trip;
mod worker;

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::event::Summary;
use crate::transport::Connector;

pub use crate::schedule::{Brake, Budgets, Limits, RetryRule, Share, Step, ramp};
pub use attempt_end::AttemptEnd;
pub use checkpoint::Checkpoint;
pub use cohort::LabelLimit;
pub use commands::{Commands, NoCommands};
pub use departure::Departure;
pub use emission::{Emission, Taken};
pub use executor::{Executor, Order};
pub use forward::Forward;
pub use gatekeeper::{Reports, ThrottleSlot};
pub use interrupt::Interrupt;
pub use journal::Journal;
pub use local::Local;
pub use no_language::{EndpointKey, NoLanguage};
pub use run::Run;
pub use script::Script;
pub use spec::RunSpec;
pub use task::{Approach, Refusal, Site, Task, TaskEnd};

/// Makes a run in this process and returns when each target has its outcome and all pools are closed. To keep open
/// sessions for another run, make a [`Run`] with a [`Local`] that has them.
///
/// `events` is bounded: when the readers are slow, so are the targets. When it closes, the run stops in order.
pub async fn run(
    spec: RunSpec,
    connector: Arc<dyn Connector>,
    events: mpsc::Sender<Emission>,
    interrupts: mpsc::Receiver<Interrupt>,
) -> Summary {
    let executor = Local::new(connector, None);
    Run::new(spec, Arc::new(executor)).go(events, interrupts).await
}
