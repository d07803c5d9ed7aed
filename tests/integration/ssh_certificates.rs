//! Certificates of OpenSSH's own authorities, of users and of hosts: who is let in, and what is said to the others.
//!
//! What is said stands in `ssh_certificates/`; `PSFLEET_TEST_BLESS=1` writes it anew.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use psfleet::outcome::Reason;
use psfleet::target::{SshAgent, SshEndpoint};
use psfleet::transport::ssh::{Client, connect};
use psfleet::transport::{Admission, Error};

use crate::support::agent::Agent;
use crate::support::sshd::{Setup, Sshd, generate, sign, user};

const TIMEOUT: Duration = Duration::from_secs(20);
const OVER: &str = "20200101:20200102";
const AHEAD: &str = "20990101:20990201";

fn setup(config: &str) -> Setup {
    let subsystem = Some("/bin/cat".to_owned());
    Setup { subsystem, config: config.to_owned(), ..Setup::with_powershell(Path::new("")) }
}

async fn log_on(server: &Sshd, endpoint: &SshEndpoint) -> Result<(), Error> {
    let client = Client::new(Some(server.file("")), Some(user()), None);
    connect(endpoint, None, TIMEOUT, &client, &Admission::free()).await.map(drop)
}

/// What was said of each case.
#[derive(Default)]
struct Table(String);

impl Table {
    fn add(&mut self, server: &Sshd, case: &str, end: Result<(), Error>) {
        let end = match end {
            Ok(()) => "in".to_owned(),
            Err(Error { reason, message, hint, .. }) => {
                format!("{reason}: {message}\n    hint: {}", hint.unwrap_or_default())
            }
        };
        writeln!(self.0, "{case}\n    {}", Self::plain(server, &end)).expect("a string");
    }

    /// Without what changes from run to run.
    fn plain(server: &Sshd, text: &str) -> String {
        let folder = server.file("").display().to_string();
        let text = text.replace(folder.trim_end_matches('/'), "FOLDER").replace(&server.port.to_string(), "PORT");
        let words = text.split(' ').map(|word| {
            let is_key = word.starts_with("AAAA");
            match word.split_once("SHA256:") {
                Some((before, after)) => {
                    let end = after.find([',', ')', ';', '\n']).unwrap_or(after.len());
                    format!("{before}SHA256:...{}", &after[end..])
                }
                None if is_key => "AAAA...".to_owned(),
                None => word.to_owned(),
            }
        });
        let text = words.collect::<Vec<_>>().join(" ").replace(&format!("user {} ", user()), "user USER ");
        // Years go by.
        ["expired ", "another "].iter().fold(text, |text, before| match text.split_once(before) {
            Some((start, rest)) => {
                let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                let number = if after.len() < rest.len() { "N" } else { "" };
                format!("{start}{before}{number}{after}")
            }
            None => text,
        })
    }

    fn check(&self, part: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/ssh_certificates");
        let file = folder.join(format!("{part}.txt"));
        if std::env::var_os("PSFLEET_TEST_BLESS").is_some() {
            std::fs::write(&file, &self.0).expect("written");
        }
        assert_eq!(self.0, std::fs::read_to_string(&file).unwrap_or_default(), "{}", file.display());
    }
}

/// A server that lets in whom its authority vouches for, and nobody else.
fn of_users() -> Option<Sshd> {
    Sshd::prepared(&setup("TrustedUserCAKeys {folder}/ca.pub\n"), |folder| {
        generate(&folder.join("ca"), "ed25519", "");
        generate(&folder.join("stranger"), "ed25519", "");
        std::fs::write(folder.join("authorized_keys"), "").expect("nobody is authorized");
    })
}

#[tokio::test]
async fn users_log_on_by_certificates() {
    let Some(server) = of_users() else { return };
    let (folder, me) = (server.file(""), user());
    let mut table = Table::default();
    let with = |key: &Path| server.endpoint_with(|at| at.identities = Some(vec![key.to_owned()]));
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let key = server.add_key(&format!("id_{kind}"), kind, "", false);
        sign(&folder, "ca", &["-n", &me, "-V", "+1h"], &format!("id_{kind}"));
        table.add(&server, &format!("a certificate beside its {kind} key"), log_on(&server, &with(&key)).await);
    }
    let cases: [(&str, &str, &[&str]); 5] = [
        ("expired", "ca", &["-n", &me, "-V", OVER]),
        ("not yet valid", "ca", &["-n", &me, "-V", AHEAD]),
        ("for another user", "ca", &["-n", "somebody,else", "-V", "+1h"]),
        ("of another authority", "stranger", &["-n", &me, "-V", "+1h"]),
        ("for a host", "ca", &["-h", "-n", &me, "-V", "+1h"]),
    ];
    for (number, (case, authority, arguments)) in cases.into_iter().enumerate() {
        let name = format!("id_{number}");
        let key = server.add_key(&name, "ed25519", "", false);
        sign(&folder, authority, arguments, &name);
        table.add(&server, case, log_on(&server, &with(&key)).await);
    }
    // Elsewhere than beside its key, and for a key that the agent has.
    let moved = server.file("elsewhere.pub");
    std::fs::rename(server.file("id_ed25519-cert.pub"), &moved).expect("moved");
    let key = server.file("id_ed25519");
    let named = server.endpoint_with(|at| {
        at.identities = Some(vec![key.clone()]);
        at.certificates = vec![moved.clone()];
    });
    table.add(&server, "named, elsewhere", log_on(&server, &named).await);
    table.add(&server, "its key alone", log_on(&server, &with(&key)).await);
    let agent = Agent::start(server.file("agent.sock"), &[server.file("id_rsa")]);
    let in_agent = |identities: Option<Vec<PathBuf>>| {
        server.endpoint_with(|at| {
            at.agent = SshAgent::At(agent.socket.clone());
            at.identities = identities;
        })
    };
    table.add(&server, "of an agent", log_on(&server, &in_agent(None)).await);
    let public = Some(vec![server.file("id_rsa.pub")]);
    table.add(&server, "beside the public half of an agent's key", log_on(&server, &in_agent(public)).await);
    table.check("users");
}

/// A server whose key an authority has signed in some way, or not at all.
fn of_host(authority: &str, arguments: Option<&[&str]>) -> Option<Sshd> {
    let config = if arguments.is_some() { "HostCertificate {folder}/host_ed25519-cert.pub\n" } else { "" };
    Sshd::prepared(&setup(config), |folder| {
        generate(&folder.join("ca"), "ed25519", "");
        generate(&folder.join("stranger"), "ecdsa", "");
        if let Some(arguments) = arguments {
            sign(folder, authority, &[&["-h"], arguments].concat(), "host_ed25519");
        }
    })
}

#[tokio::test]
async fn hosts_are_known_by_certificates() {
    let mut table = Table::default();
    let trusted = "@cert-authority 127.0.0.*,[127.0.0.*]:* {CA}";
    let now: &[&str] = &["-n", "127.0.0.1", "-V", "+1h"];
    let cases: [(&str, &str, Option<&[&str]>, &str); 9] = [
        ("of a trusted authority", "ca", Some(now), trusted),
        ("for a pattern of names", "ca", Some(&["-n", "127.*", "-V", "+1h"]), trusted),
        ("no certificate", "ca", None, trusted),
        ("expired", "ca", Some(&["-n", "127.0.0.1", "-V", OVER]), trusted),
        (
            "expired, and the key itself is known",
            "ca",
            Some(&["-n", "127.0.0.1", "-V", OVER]),
            "@cert-authority * {CA}\n{KEY}",
        ),
        ("for another host", "ca", Some(&["-n", "web02", "-V", "+1h"]), trusted),
        ("of another authority", "stranger", Some(now), trusted),
        (
            "of an authority for other hosts",
            "ca",
            Some(now),
            "@cert-authority *.contoso.com {CA}\n@cert-authority * {OTHER}",
        ),
        ("of an authority that is revoked", "ca", Some(now), "@cert-authority * {CA}\n@revoked * {CA}"),
    ];
    for (case, authority, arguments, lines) in cases {
        let Some(server) = of_host(authority, arguments) else { return };
        let read = |name: &str| {
            let text = std::fs::read_to_string(server.file(name)).expect("a public key");
            text.split(' ').take(2).collect::<Vec<_>>().join(" ")
        };
        // In braces, which no base64 has: a key in it may well spell "CA".
        let lines = [("{OTHER}", read("stranger.pub")), ("{CA}", read("ca.pub")), ("{KEY}", server.host_lines())]
            .iter()
            .fold(lines.to_owned(), |lines, (name, key)| lines.replace(name, key));
        std::fs::write(server.known_hosts(), lines).expect("known_hosts");
        table.add(&server, case, log_on(&server, &server.endpoint()).await);
    }
    let Some(server) = of_host("ca", None) else { return };
    let line = std::fs::read_to_string(server.file("ca.pub")).expect("a public key");
    std::fs::write(server.known_hosts(), format!("# old\n[127.0.0.1]:{} {line}", server.port)).expect("known_hosts");
    let changed = log_on(&server, &server.endpoint()).await;
    assert_eq!(changed.as_ref().err().map(|error| error.reason), Some(Reason::HostKey));
    table.add(&server, "another key than the known one", changed);
    table.check("hosts");
}
