//! psfleet: PowerShell's Invoke-Command at scale.

pub mod auth;
pub mod cli;
pub mod clixml;
pub mod config;
pub mod event;
pub mod fleet;
pub mod inventory;
pub mod outofproc;
pub mod output;
pub mod psrp;
pub mod record;
pub mod report;
pub mod sandbox;
pub mod schedule;
pub mod secret;
pub mod session;
pub mod target;
pub mod transport;
pub mod wsman;
