//! From target and connection flags to targets, with the sandbox started where an inventory asks for one.

use super::defaults::RUN_KEYS;
use super::sandbox_on_demand::OnDemand;
use crate::config::{Config, System};
use crate::inventory::{self, Errors, HostSettings, Rehearsal, Request, Resolved};

/// Finds the targets of a request on this machine: its files, environment, terminal.
///
/// # Errors
/// Every mistake at once, or that nobody matches.
pub(super) fn resolve(request: &Request, sandbox: &mut OnDemand, machine: &mut dyn System) -> Result<Resolved, Errors> {
    let config = Config::load(machine, &RUN_KEYS)?;
    inventory::resolve(request, &config, machine, &mut |table| sandbox.start(table))
}

/// Finds the hosts of a request with their settings, and how each would be logged on to; asks for no password.
///
/// # Errors
/// Every mistake at once, or that nobody matches.
pub(super) fn rehearse(
    request: &Request,
    sandbox: &mut OnDemand,
    machine: &mut dyn System,
) -> Result<(Vec<HostSettings>, Rehearsal), Errors> {
    let config = Config::load(machine, &RUN_KEYS)?;
    let hosts = inventory::select(request, &config, machine, &mut |table| sandbox.start(table))?;
    let rehearsal = inventory::rehearse(&hosts, request, machine)?;
    Ok((hosts, rehearsal))
}
