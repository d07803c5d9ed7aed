//! What was typed: one clap group of flags per part of a command.

pub mod connect;
pub mod copy;
pub mod course;
pub mod number;
pub mod output;
pub mod run;
pub mod targets;

use crate::inventory::Request;

use connect::ConnectArgs;
use targets::TargetArgs;

/// Joins the target and the connection flags to what `inventory::resolve` wants.
pub fn request(targets: &TargetArgs, connect: &ConnectArgs) -> Request {
    Request {
        targets: targets.targets.clone(),
        exclude: targets.exclude.clone(),
        inventories: targets.inventory.clone(),
        pick: targets.pick,
        order: targets.order.clone(),
        settings: connect.settings.clone(),
        ask_pass: connect.ask_pass,
        no_input: connect.no_input,
    }
}
