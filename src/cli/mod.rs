//! The command line: what was typed, what it means, and the terminal.
//!
//! [`main`] parses, makes the plan, runs it and turns the summary into an exit code. The one place that prints.

pub mod args;
mod check;
mod completions;
mod config;
mod confirm;
mod copy;
mod defaults;
mod descriptors;
mod detach;
mod directories;
mod doctor;
mod earlier;
mod enter;
mod environment;
mod exit;
pub mod hosts;
mod keeping;
mod log;
mod man;
mod plan;
mod refusal;
mod rerun;
mod rollout;
mod run;
mod runs;
#[cfg(feature = "sandbox")]
pub mod sandbox;
#[cfg_attr(not(feature = "sandbox"), path = "no_sandbox.rs")]
mod sandbox_on_demand;
mod script_help;
#[cfg(feature = "secrets")]
mod secret;
mod session;
mod signals;
mod single_dash;
mod sinks;
mod targets;
pub mod terminal;
mod typed;
mod unknown_flag;
mod version;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use anyhow::Context;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use uuid::Uuid;

use args::check::CheckArgs;
use args::copy::{CopyArgs, Direction};
use args::doctor::DoctorArgs;
use args::log::LogArgs;
use args::run::RunArgs;
use args::runs::{RunsArgs, RunsCommand};
#[cfg(feature = "secrets")]
use args::secret::SecretArgs;
use args::session::SessionArgs;
use completions::CompletionsArgs;
use config::ConfigArgs;
use defaults::RUN_KEYS;
use earlier::Runs;
use enter::EnterArgs;
use hosts::HostsArgs;
use keeping::{Line, NamesOfRuns};
use man::ManArgs;
#[cfg(feature = "sandbox")]
use sandbox::SandboxArgs;
use sandbox_on_demand::OnDemand;
use terminal::TerminalPrompter;
use typed::Typed;
use version::VersionArgs;

use crate::config::{Config, Machine, System};
use crate::store::{Header, state_folder};

/// PowerShell's Invoke-Command at scale: script blocks on hundreds of hosts over WinRM and SSH, objects back.
#[derive(Debug, Parser)]
#[command(name = "psfleet", version, about, propagate_version = true, args_override_self = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Box<RunArgs>),
    /// Check the health of hosts; the exit code is 0 OK, 1 WARNING, 2 CRITICAL or 3 UNKNOWN
    Check(Box<CheckArgs>),
    Copy(CopyArgs),
    Enter(Box<EnterArgs>),
    Doctor(Box<DoctorArgs>),
    Hosts(Box<HostsArgs>),
    Runs(RunsArgs),
    Session(SessionArgs),
    #[cfg(feature = "secrets")]
    Secret(SecretArgs),
    #[cfg(feature = "sandbox")]
    Sandbox(Box<SandboxArgs>),
    Config(ConfigArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
    Version(VersionArgs),
}

impl Command {
    /// What it logs, and where.
    fn log(&self) -> LogArgs {
        match self {
            Self::Run(args) => args.output.log.clone(),
            Self::Check(args) => args.output.log.clone(),
            Self::Copy(CopyArgs { direction: Direction::Push(args) | Direction::Pull(args), .. }) => {
                args.output.log.clone()
            }
            Self::Enter(args) => args.log.clone(),
            Self::Doctor(args) => args.output.log.clone(),
            Self::Runs(RunsArgs { command: Some(RunsCommand::Replay(args)) }) => args.output.log.clone(),
            Self::Runs(RunsArgs { command: Some(RunsCommand::Resume(args)) }) => args.output.log.clone(),
            Self::Runs(RunsArgs { command: Some(RunsCommand::Collect(args)) }) => args.output.log.clone(),
            _ => LogArgs::default(),
        }
    }
}

/// The whole program.
pub fn main() -> ExitCode {
    psfleet_malloc::return_large_blocks();
    signals::outlive_limits_on_files();
    let words: Vec<OsString> = std::env::args_os().collect();
    let command = Cli::command();
    if let Some(completions) = completions::answer(command.clone(), &words) {
        // A shell that has gone needs no answer.
        let _ = terminal::print(&completions);
        return ExitCode::SUCCESS;
    }
    // What is wrong in a file is reported by the command itself, which reads it again.
    let state = state_folder(&Machine::default());
    let (runs, names) = known_runs(state.clone(), BTreeMap::new());
    let mut machine = Machine::new(TerminalPrompter).with_runs(runs).with_directories(directories::Asked::new(state));
    #[cfg(feature = "secrets")]
    let places = crate::secret_places::Places::of(&mut machine);
    #[cfg(feature = "secrets")]
    let mut machine = machine.with_secrets(places);
    let config = Config::load(&mut machine, &RUN_KEYS).unwrap_or_default();
    let is_set = |variable: &str| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    let typed = Typed::of(&command, &words);
    if let Some(mistake) = single_dash::mistake(&typed) {
        return exit::of(&typed, exit::usage(&[mistake]));
    }
    let mut given = defaults::of(&typed, &config, is_set);
    let with_defaults = typed.with(&given);
    let cli = match parse(&with_defaults) {
        Ok((cli, of_environment)) => {
            given.extend(of_environment);
            cli
        }
        Err(error) if error.use_stderr() => return exit::of(&typed, refuse(&typed, &words, &error)),
        Err(error) => return explain(&with_defaults, &error),
    };
    if let Err(error) = log::begin(&cli.command.log()) {
        return ExitCode::from(exit::failure(&error));
    }
    if matches!(cli.command, Command::Run(_) | Command::Check(_) | Command::Copy(_)) {
        environment::unknown(&command, &machine).iter().for_each(|warning| machine.warn(warning));
    }
    let words = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let line = Line { words, given, names };
    let is_check = matches!(cli.command, Command::Check(_));
    let result = match cli.command {
        Command::Run(args) => run::run(&args, machine, line),
        Command::Check(args) => check::run(&args, machine, line),
        Command::Copy(args) => copy::run(&args, machine, copy::Begin::New(line)),
        Command::Enter(args) => enter::run(&args, machine),
        Command::Doctor(args) => doctor::run(&args, machine),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => sandbox::run(&args),
        Command::Runs(args) => runs::run(&args, machine),
        Command::Session(args) => session::run(&args, machine),
        #[cfg(feature = "secrets")]
        Command::Secret(args) => secret::run(&args, machine),
        Command::Config(args) => config::run(args, machine),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args, command),
        Command::Version(args) => version::run(&args),
        Command::Hosts(args) => {
            let mut sandbox = OnDemand::default();
            args.run(&RUN_KEYS, &mut machine, &mut |table| sandbox.start(table)).map(|()| 0)
        }
    };
    ExitCode::from(result.unwrap_or_else(|error| {
        let code = exit::failure(&error);
        if is_check { check::UNKNOWN } else { code }
    }))
}

/// Reads a command line; a variable that is empty counts as absent. What the environment gave comes as flags too.
fn parse(words: &[OsString]) -> Result<(Cli, Vec<String>), clap::Error> {
    let mut command = environment::without_empty(Cli::command());
    let mut matches = command.try_get_matches_from_mut(words)?;
    let given = environment::flags(&command, &matches, ValueSource::EnvVariable, &|_| true);
    let cli = Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))?;
    Ok((cli, given))
}

/// What words mean where configuration and environment give these flags and no other.
fn matches_of(words: &[String], given: &[String]) -> Result<ArgMatches, clap::Error> {
    let words: Vec<OsString> =
        std::iter::once("psfleet").chain(words.iter().map(String::as_str)).map(OsString::from).collect();
    let command = environment::without_variables(Cli::command());
    let words = Typed::of(&command, &words).with(given);
    command.try_get_matches_from(words)
}

/// The command of an earlier run, with what configuration and environment said of it then.
fn command_of(header: &Header) -> anyhow::Result<Command> {
    let read = || Cli::from_arg_matches(&matches_of(&header.words, &header.given)?);
    let cli = read().with_context(|| format!("the command line of the run {} is not one any more", header.run))?;
    Ok(cli.command)
}

/// The runs that targets may be named by, and what their names turn out to stand for.
fn known_runs(folder: Option<PathBuf>, names: BTreeMap<String, Uuid>) -> (Runs, NamesOfRuns) {
    let names = Rc::new(RefCell::new(names));
    (Runs { folder, names: Rc::clone(&names) }, names)
}

/// Says what is wrong with what was typed, or in the environment: clap would tell that as if it had been typed.
fn refuse(typed: &Typed<'_>, words: &[OsString], error: &clap::Error) -> ExitCode {
    let variables = environment::mistakes(&Cli::command(), words);
    if !variables.is_empty() {
        return exit::usage(&variables);
    }
    match refusal::words(typed, error) {
        Some(mistake) => exit::usage(&[mistake]),
        None => {
            // Nobody is left to be told that it cannot be told.
            let _ = error.print();
            exit::usage(&[])
        }
    }
}

/// Shows what a script takes where help was asked for together with one, else what clap has to say.
fn explain(typed: &[OsString], error: &clap::Error) -> ExitCode {
    let without = match error.kind() {
        ErrorKind::DisplayHelp => script_help::without_help(typed),
        _ => None,
    };
    if let Some(Ok((Cli { command: Command::Run(args) }, _))) = without.map(|words| parse(&words))
        && let Some(help) = script_help::of_code(args.code.as_deref())
    {
        let shown = help.and_then(|help| Ok(terminal::print(&help)?));
        return ExitCode::from(shown.map_or_else(|error| exit::failure(&error), |()| 0));
    }
    error.exit()
}
