//! `psfleet run` over SSH, on endpoints that let a role do a few things, and on one that lets nobody do anything.

use std::process::Command;

use serde_json::Value;

use crate::support::program::{Ended, Running};
use crate::support::sshd::{Setup, Sshd, user};
use crate::support::{pwsh, skip};

/// A server with a subsystem for each configuration file, which is a host of its own.
struct Place(Sshd);

impl Place {
    fn start() -> Option<Self> {
        let pwsh = pwsh()?;
        let subsystem = |name: &str| {
            let file = format!("{}/tests/integration/constrained/{name}.pssc", env!("CARGO_MANIFEST_DIR"));
            format!("Subsystem {name} {} -sshs -NoLogo -NoProfile -ConfigurationFile {file}\n", pwsh.display())
        };
        let config = ["role", "empty"].map(subsystem).concat();
        let server = Sshd::start(&Setup { config, ..Setup::with_powershell(&pwsh) })?;
        let hosts = ["role", "empty"].map(|name| format!("[hosts.{name}]\nsubsystem = '{name}'\n")).concat();
        let inventory = format!(
            "[defaults]\ntransport = 'ssh'\naddress = '127.0.0.1'\nport = {}\nuser = '{}'\nidentity = ['{}']\nknown_hosts = \
             ['{}']\n{hosts}",
            server.port,
            user(),
            server.user_key().display(),
            server.known_hosts().display()
        );
        std::fs::write(server.file("fleet.toml"), inventory).expect("written");
        Some(Self(server))
    }

    fn ended(&self, verb: &str, host: &str, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args([verb, "-o", "jsonl", "--no-input", "-t", host, "-i"]).arg(self.0.file("fleet.toml"));
        command.args(arguments).env("PSFLEET_STATE_DIR", self.0.file("state"));
        Running::start(&mut command).end()
    }

    fn run(&self, host: &str, code: &str) -> Ended {
        self.ended("run", host, &[code])
    }
}

fn objects(ended: &Ended) -> Vec<&Value> {
    ended.events.iter().filter(|event| event["type"] == "object").map(|event| &event["data"]).collect()
}

/// What became of the one host.
fn done(ended: &Ended) -> [&str; 4] {
    let outcomes = ended.outcomes();
    let [(_, data)] = &outcomes[..] else { panic!("one host: {ended:#?}") };
    ["outcome", "reason", "message", "hint"].map(|key| data[key].as_str().unwrap_or_default())
}

#[test]
fn a_role_does_what_it_may_and_is_told_what_it_may_not() {
    let Some(place) = Place::start() else { return skip("no endpoint with a configuration file") };
    for (code, given) in [("Restart-Site -Name www", "restarted www"), ("Get-Site api", "site api")] {
        let ended = place.run("role", code);
        assert_eq!((ended.code, objects(&ended)), (Some(0), vec![&given.into()]), "{code}: {ended:#?}");
    }
    for (code, reason, message, hint) in [
        ("Restart-Site -Name db", "script_error", "The argument \"db\" does not belong to the set \"www,api\"", ""),
        (
            "Get-Site api | Select-Object Length",
            "script_error",
            "The argument \"Length\" does not belong to the set",
            "",
        ),
        ("Get-Random -Minimum 5 -Maximum 6", "script_error", "does not belong to the set \"1,2\"", ""),
        ("Get-Random -Minimum 1 -Maximum x", "script_error", "The argument \"x\" does not match the \"", ""),
        ("Get-Random -Count 5", "script_error", "'Count'", ""),
        ("Get-Process", "script_error", "The term 'Get-Process' is not recognized", "the commands that it offers"),
        ("if ($true) { Get-Site api }", "no_language", "line 1, column 1: `if` is not a command", "must be a function"),
        ("1 + 1", "no_language", "line 1, column 1: an expression where a command must be", "must be a function"),
    ] {
        let ended = place.run("role", code);
        let [outcome, found, said, next] = done(&ended);
        assert_eq!((ended.code, outcome, found), (Some(1), "failed", reason), "{code}: {ended:#?}");
        assert!(said.contains(message) && next.contains(hint), "{code}: {said} / {next}");
        assert_eq!((objects(&ended), hint.is_empty()), (vec![], next.is_empty()), "{code}: {next}");
    }
}

#[test]
fn an_endpoint_that_offers_nothing_says_so() {
    let Some(place) = Place::start() else { return skip("no endpoint with a configuration file") };
    // The first run is refused for its text, the second knows.
    for code in ["Get-Command", "Get-Date"] {
        let ended = place.run("empty", code);
        let [outcome, _, message, hint] = done(&ended);
        assert_eq!((ended.code, outcome), (Some(1), "failed"), "{ended:#?}");
        assert!(message.contains(&format!("The term '{code}' is not recognized")), "{message}");
        assert!(hint.contains("only the commands that it offers"), "{hint}");
    }
    let ended = place.ended("doctor", "empty", &[]);
    let found = objects(&ended);
    let last = found.last().expect("a finding");
    assert_eq!((ended.code, &last["Stage"], &last["Status"]), (Some(0), &"pipeline".into(), &"warning".into()));
    assert!(last["Detail"].as_str().expect("a detail").contains("takes no script text"), "{last}");
}
