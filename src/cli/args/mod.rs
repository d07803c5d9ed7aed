//! What was typed: one clap group of flags per part of a command.

pub mod bundle;
pub mod check;
pub mod compare;
pub mod connect;
pub mod copy;
pub mod doctor;
pub mod fold;
pub mod log;
pub mod number;
pub mod output;
pub mod ramp;
pub mod rollout;
pub mod run;
pub mod runs;
#[cfg(feature = "secrets")]
pub mod secret;
pub mod session;
pub mod store;
pub mod targets;

use crate::inventory::Request;

use connect::ConnectArgs;
use targets::TargetArgs;

/// Joins the target and the connection flags to what `inventory::resolve` wants.
pub fn request(targets: &TargetArgs, connect: &ConnectArgs) -> Request {
    Request {
        targets: targets.targets.clone(),
        targets_variable: variable("PSFLEET_TARGETS", &targets.targets),
        exclude: targets.exclude.clone(),
        exclude_variable: variable("PSFLEET_EXCLUDE", &targets.exclude),
        only: None,
        inventories: targets.inventory.clone(),
        pick: targets.pick,
        order: targets.order.clone(),
        settings: connect.settings.clone(),
        provenance: false,
        ask_pass: connect.ask_pass,
        no_input: connect.no_input,
    }
}

/// The variable, if it is what gave these expressions.
fn variable(name: &'static str, given: &[String]) -> Option<&'static str> {
    std::env::var(name).is_ok_and(|text| text.split('\n').eq(given)).then_some(name)
}
