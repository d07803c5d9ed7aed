//! From target and connection flags to targets, with the sandbox started where an inventory asks for one.

use super::defaults::RUN_KEYS;
use super::on_demand::OnDemand;
use super::surroundings::Machine;
use crate::config::Config;
use crate::inventory::{self, Errors, HostSettings, Rehearsal, Request, Resolved};

/// Finds the targets of a request on this machine: its files, environment, terminal.
///
/// # Errors
/// Every mistake at once, or that nobody matches.
pub fn resolve(request: &Request, sandbox: &mut OnDemand) -> Result<Resolved, Errors> {
    let mut machine = Machine::default();
    let config = Config::load(&mut machine, &RUN_KEYS)?;
    inventory::resolve(request, &config, &mut machine, &mut |table| sandbox.start(table))
}

/// Finds the hosts of a request with their settings, and how each would be logged on to; asks for no password.
///
/// # Errors
/// Every mistake at once, or that nobody matches.
pub fn rehearse(request: &Request, sandbox: &mut OnDemand) -> Result<(Vec<HostSettings>, Rehearsal), Errors> {
    let mut machine = Machine::default();
    let config = Config::load(&mut machine, &RUN_KEYS)?;
    let hosts = inventory::select(request, &config, &mut machine, &mut |table| sandbox.start(table))?;
    let rehearsal = inventory::rehearse(&hosts, request, &mut machine)?;
    Ok((hosts, rehearsal))
}
