//! The command line: what was typed, what it means, and the terminal.
//!
//! [`main`] parses, makes the plan, runs it and turns the summary into an exit code. The one place that prints.

pub mod args;
mod exit;
mod feed;
pub mod hosts;
mod on_demand;
mod run;
pub mod sandbox;
mod script;
mod signals;
pub mod surroundings;
mod targets;
pub mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use args::run::RunArgs;
use hosts::HostsArgs;
use on_demand::OnDemand;
use sandbox::SandboxArgs;

/// PowerShell's Invoke-Command at scale: script blocks on hundreds of hosts over WinRM and SSH, objects back.
#[derive(Debug, Parser)]
#[command(name = "psfleet", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<RunArgs>),
    Hosts(Box<HostsArgs>),
    Sandbox(Box<SandboxArgs>),
}

/// The whole program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr();
    let result = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Sandbox(args) => sandbox::run(&args),
        Command::Hosts(args) => {
            let mut sandbox = OnDemand::default();
            args.run(&[], &mut |table| sandbox.start(table)).map(|()| 0)
        }
    };
    ExitCode::from(result.unwrap_or_else(|error| exit::failure(&error)))
}

/// Logs what `RUST_LOG` asks for, nothing by default: what users must know comes as events and errors.
fn log_to_stderr() {
    let mut filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off"));
    // It logs messages before it seals them, and tokens.
    if let Ok(never) = "sspi=off".parse() {
        filter = filter.add_directive(never);
    }
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
