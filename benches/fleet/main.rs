//! The run as a whole: against the sandbox in another process, and over SSH beside PowerShell's own client.
//!
//! `cargo bench --bench fleet` runs everything briefly; `-- --full` takes the sizes of the README's figures. Names of
//! sections (`fragments start throughput idle target scale kerberos many counts ssh copy`) as further arguments select some of them;
//! `--hold` fails where one more host costs more instructions or allocations than counts.rs allows.

mod copy;
mod counts;
#[path = "../../tests/integration/support/folder.rs"]
#[allow(dead_code, reason = "the bench uses a part of what the tests share")]
mod folder;
#[path = "../../tests/integration/support/kdc.rs"]
#[allow(dead_code, reason = "the bench uses a part of what the tests share")]
mod kdc;
mod kerberos;
mod many;
mod measure;
mod process;
#[path = "../../tests/integration/support/processes.rs"]
#[allow(dead_code, reason = "the bench uses a part of what the tests share")]
mod processes;
mod sections;
mod ssh;
#[path = "../../tests/integration/support/sshd.rs"]
#[allow(dead_code, reason = "the bench uses a part of what the tests share")]
mod sshd;

/// How large to measure.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Hosts of a throughput figure.
    pub hosts: u32,
    /// Repetitions; the median counts.
    pub runs: usize,
    /// Fleets whose memory is measured.
    pub fleets: &'static [u32],
    /// Targets that share a few listeners.
    pub targets: &'static [u32],
    /// Sessions of the SSH comparison.
    pub ssh_hosts: usize,
    /// Hosts and mebibytes of a copy.
    pub copy: (u32, usize),
    /// Whether a count above what is allowed is a failure.
    pub hold: bool,
}

type Section = fn(Scale);

/// What the tests' peers say where they cannot be had.
fn skip(why: impl std::fmt::Display) {
    eprintln!("skipped: {why}");
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [command, auth, hosts] = &arguments[..]
        && command == sections::IDLE
    {
        println!("{}", sections::idle_session(auth, hosts.parse().expect("a number")));
        return;
    }
    let flag = |name: &str| arguments.iter().any(|argument| argument == name);
    let hold = flag("--hold");
    let scale = if flag("--full") {
        Scale {
            hosts: 1000,
            runs: 5,
            fleets: &[1000, 5000],
            targets: &[500, 5_000, 50_000],
            ssh_hosts: 20,
            copy: (20, 100),
            hold,
        }
    } else {
        Scale { hosts: 100, runs: 1, fleets: &[200], targets: &[100, 500], ssh_hosts: 3, copy: (3, 8), hold }
    };
    let sections: Vec<&str> = arguments.iter().map(String::as_str).filter(|name| !name.starts_with('-')).collect();
    let wanted = |name: &str| sections.is_empty() || sections.contains(&name);
    let all: [(&str, Section); 11] = [
        ("fragments", sections::fragments),
        ("start", sections::start),
        ("throughput", sections::throughput),
        ("idle", sections::idle),
        ("target", sections::target),
        ("scale", sections::scale),
        ("kerberos", kerberos::beside_ntlm),
        ("many", many::targets),
        ("counts", counts::per_host),
        ("ssh", ssh::compare),
        ("copy", copy::compare),
    ];
    for (name, section) in all {
        if wanted(name) {
            section(scale);
        }
    }
}
