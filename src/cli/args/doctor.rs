//! What to look at, and what to make of it.

use std::path::PathBuf;

use clap::Args;

use super::connect::ConnectArgs;
use super::output::OutputArgs;
use super::rollout::RolloutArgs;
use super::targets::TargetArgs;

/// Find out why hosts cannot be reached, stage by stage, and what to do there
///
/// Looks at each host's name, port, certificate, WSMan Identify, mechanisms and clock (over SSH its version, key and
/// methods), then logs on as a run does, opens a shell, asks PowerShell who it is, and reads the quotas. Stops at the first
/// stage that is not passed, with the cause, the next step, and the commands to run on the host. Each credential is proven
/// no more often than by a run: one wrong password for many hosts is one failed logon. Nothing is tried again, whatever
/// --retries says.
///
/// As a table, list or text it is a report: hosts that are fine in one line, causes grouped over hosts; -v shows every
/// stage of every host. As json, jsonl or csv, each stage of each host is an object.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Write a script for each cause to this folder, to be run on the hosts that have it; safe to run twice
    #[arg(long, value_name = "DIR")]
    pub fix_script: Option<PathBuf>,

    /// Target flags.
    #[command(flatten)]
    pub targets: TargetArgs,

    /// Connection flags.
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// How it goes over the hosts.
    #[command(flatten)]
    pub rollout: RolloutArgs,

    /// Output flags.
    #[command(flatten)]
    pub output: OutputArgs,
}
