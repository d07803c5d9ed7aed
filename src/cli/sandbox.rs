//! `psfleet sandbox`: an embedded fleet that runs until Ctrl-C.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::args::number::whole;
use crate::config::Word;
use crate::sandbox::machine::{Host, Illness};
use crate::sandbox::{Engine, FaultKind, FaultSpec, Fleet, Options, delay};
use crate::target::AuthMethod;

/// Start an embedded fleet on loopback: real HTTP, WSMan and PSRP, nothing to install
#[derive(Debug, Args)]
#[command(after_help = fault_help())]
pub struct SandboxArgs {
    /// How many hosts, each on a port of 127.0.0.1
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = whole::<u32>)]
    hosts: u32,

    /// Seed for names, services, disks, clocks and the hosts with faults; the same seed gives the same fleet
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u64>)]
    seed: u64,

    /// What runs the scripts: a built-in subset of PowerShell, or a real PowerShell for each session
    #[arg(long, value_name = "builtin|pwsh", default_value = "builtin", value_parser = engine)]
    engine: Engine,

    /// PowerShell for --engine pwsh
    #[arg(long, value_name = "PATH", env = "PSFLEET_PWSH", default_value = "pwsh")]
    pwsh: PathBuf,

    /// PowerShell processes at once with --engine pwsh; more sessions wait
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = whole::<usize>)]
    engine_processes: usize,

    /// HTTPS instead of HTTP, with certificates from the fleet's own CA
    #[arg(long)]
    tls: bool,

    /// Authentication mechanisms that the hosts accept; the inventory asks for the first
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "negotiate,basic",
        value_parser = AuthMethod::parse
    )]
    auth: Vec<AuthMethod>,

    /// Keytab with the hosts' keys (HTTP/NAME of your KDC): the hosts then take tickets of the user psfleet
    #[arg(long, value_name = "FILE")]
    keytab: Option<PathBuf>,

    /// Time added to every answer
    #[arg(long, value_name = "DURATION", default_value = "0ms", value_parser = delay)]
    latency: Duration,

    /// By how much the latency varies, in both directions
    #[arg(long, value_name = "DURATION", default_value = "0ms", value_parser = delay)]
    jitter: Duration,

    /// Hosts with a fault, by count or share (repeatable): reset=3, slow=10%
    #[arg(long, value_name = "KIND=N|N%")]
    fault: Vec<FaultSpec>,

    /// List the hosts that a health check should find something on, with what is wrong, and start nothing
    #[arg(long, conflicts_with = "write_inventory")]
    faults: bool,

    /// Commands that a session may hold (MaxConcurrentCommandsPerShell)
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = whole::<usize>)]
    commands_per_shell: usize,

    /// Shells that the user may have on each host (MaxShellsPerUser)
    #[arg(long, value_name = "N", default_value_t = i32::MAX as usize, value_parser = whole::<usize>)]
    shells_per_user: usize,

    /// The PowerShell version that the hosts report, if not the engine's own; clients then send $using: values in its
    /// form
    #[arg(long, value_name = "VERSION", value_parser = crate::sandbox::version)]
    reported_version: Option<String>,

    /// Where to write the inventory, readable only by you: it holds the password
    #[arg(long, value_name = "FILE")]
    write_inventory: Option<PathBuf>,
}

fn engine(text: &str) -> Result<Engine, crate::sandbox::Error> {
    text.parse()
}

fn fault_help() -> String {
    let mut help = String::from("Faults:\n");
    for (_, name, meaning) in FaultKind::ALL {
        // A String takes everything.
        let _ = writeln!(help, "  {name:<16}{meaning}");
    }
    help.push_str("\nWhat --faults lists, on about 8 hosts of 100 each (same seed, same hosts):\n");
    for (_, name, meaning) in Illness::ALL {
        let _ = writeln!(help, "  {name:<22}{meaning}");
    }
    help.push_str(
        "\nThe keys of an inventory's [sandbox] table are these flags with _. GET /stats on any host (with user and\n\
         password) reports open shells, logons and failed logons as JSON.",
    );
    help
}

impl SandboxArgs {
    fn options(&self) -> Options {
        Options {
            hosts: self.hosts,
            seed: self.seed,
            engine: self.engine,
            pwsh: self.pwsh.clone(),
            engine_processes: self.engine_processes,
            tls: self.tls,
            auth: self.auth.clone(),
            keytab: self.keytab.clone(),
            latency: self.latency,
            jitter: self.jitter,
            faults: self.fault.clone(),
            commands_per_shell: self.commands_per_shell,
            shells_per_user: self.shells_per_user,
            reported_version: self.reported_version.clone(),
        }
    }
}

/// Runs a fleet until Ctrl-C or SIGTERM.
///
/// # Errors
/// The fleet cannot start, or its inventory cannot be written.
pub fn run(args: &SandboxArgs) -> anyhow::Result<u8> {
    if args.faults {
        anstream::print!("{}", illnesses(args.seed, args.hosts));
        return Ok(0);
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        let fleet = Fleet::start(args.options()).await.context("the sandbox cannot start")?;
        let file = args.write_inventory.clone().unwrap_or_else(|| fleet.folder().join("inventory.toml"));
        write_private(&file, &fleet.inventory_toml()).with_context(|| file.display().to_string())?;
        anstream::eprintln!("{}", announcement(&fleet, &file));
        interrupted().await.context("cannot watch for Ctrl-C")?;
        let open = fleet.shutdown().await.open_shells;
        if open > 0 {
            anstream::eprintln!("sandbox: closed {open} sessions that were still open");
        }
        Ok(0)
    })
}

/// A line for each thing that is wrong with a host on the built-in engine: the host, a tab, the illness.
fn illnesses(seed: u64, hosts: u32) -> String {
    let mut list = String::new();
    for host in (0..hosts).map(|index| Host::draw(seed, index)) {
        for illness in host.illnesses() {
            // A String takes everything.
            let _ = writeln!(list, "{}\t{illness}", host.name());
        }
    }
    list
}

fn announcement(fleet: &Fleet, inventory: &Path) -> String {
    let options = fleet.options();
    let engine = match options.engine {
        Engine::Builtin => "built-in engine".to_owned(),
        Engine::Pwsh => format!("real PowerShell ({})", options.pwsh.display()),
    };
    let scheme = if options.tls { "HTTPS" } else { "HTTP" };
    let faulty = fleet.hosts().filter(|(_, _, fault)| fault.is_some()).count();
    let faulty = if faulty > 0 { format!(", {faulty} with faults") } else { String::new() };
    format!(
        "sandbox: {} hosts on 127.0.0.1 over {scheme}{faulty}, {engine}, seed {}; Ctrl-C ends it; \
         try: psfleet run -i {} -t @all '$env:COMPUTERNAME'",
        options.hosts,
        options.seed,
        inventory.display()
    )
}

/// Writes a file that only its owner can read. An existing one is replaced, not opened: it may be readable for others.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// Waits for Ctrl-C or SIGTERM.
async fn interrupted() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: SandboxArgs,
    }

    fn parse(arguments: &[&str]) -> Result<Options, clap::Error> {
        Command::try_parse_from([&["sandbox"], arguments].concat()).map(|command| command.args.options())
    }

    #[test]
    fn flags_and_table_have_the_same_defaults() {
        let (flags, table) = (parse(&[]).expect("defaults"), Options::default());
        assert_eq!(format!("{flags:?}"), format!("{table:?}"));
    }

    #[test]
    fn reads_faults_and_mechanisms() {
        let options = parse(&["--fault", "reset=3", "--fault", "slow=10%", "--auth", "basic,ntlm"]).expect("valid");
        assert_eq!((options.faults.len(), options.auth), (2, vec![AuthMethod::Basic, AuthMethod::Ntlm]));
        let error = parse(&["--fault", "flood=1"]).expect_err("unknown").to_string();
        assert!(error.contains("wrong-password"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn an_inventory_is_private_even_if_the_file_was_not() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("psfleet-test-{}", uuid::Uuid::new_v4()));
        fs::write(&path, "old").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("ours");
        write_private(&path, "new").expect("written");
        let mode = fs::metadata(&path).expect("there").permissions().mode() & 0o777;
        let text = fs::read_to_string(&path).expect("readable");
        fs::remove_file(&path).expect("ours");
        assert_eq!((mode, &*text), (0o600, "new"));
    }
}
