//! OpenSSH's server, with PAM that judges passwords by a file (pam_wrapper) and a real PowerShell behind it.

use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::runtime::Handle;

use super::cell::{Place, Row, inventory, psfleet, row};
use crate::support::agent::Agent;
use crate::support::skip;
use crate::support::sshd::{Setup, Sshd, generate, sign, user};

const PASSWORD: &str = "right-5ecret";
const WRAPPER: &str = "libpam_wrapper.so";

/// Where Debian has a library of PAM's.
fn library(name: &str) -> Option<PathBuf> {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    folders.map(|folder| Path::new(folder).join(name)).into_iter().find(|path| path.is_file())
}

/// The server, and what PAM says of accounts.
struct Site {
    server: Sshd,
    matrix: PathBuf,
}

impl Site {
    /// One that takes keys, and passwords by one method alone.
    fn start(pwsh: &Path, method: &str) -> Option<Self> {
        let found = (library(WRAPPER), library("pam_wrapper/pam_matrix.so"));
        let (Some(wrapper), Some(matrix)) = found else {
            skip("no libpam_wrapper (Debian: libpam-wrapper)");
            return None;
        };
        if user() != "root" {
            skip("a server with PAM needs root");
            return None;
        }
        let is = |name: &str| if name == method { "yes" } else { "no" };
        let config = format!(
            "UsePAM yes\nPasswordAuthentication {}\nKbdInteractiveAuthentication {}\n\
             TrustedUserCAKeys {{folder}}/users_ca.pub\n",
            is("password"),
            is("keyboard-interactive")
        );
        let setup = Setup { config, ..Setup::with_powershell(pwsh) };
        let prepare = |folder: &Path| {
            generate(&folder.join("users_ca"), "ed25519", "");
            std::fs::create_dir(folder.join("pam")).expect("a folder");
            std::fs::write(folder.join("passdb"), format!("root:{PASSWORD}:sshd\n")).expect("written");
            std::fs::write(folder.join("pam/sshd"), "").expect("written");
        };
        let server = Sshd::started(&setup, prepare, |folder, command| {
            command
                .env("LD_PRELOAD", &wrapper)
                .env("PAM_WRAPPER", "1")
                .env("PAM_WRAPPER_SERVICE_DIR", folder.join("pam"));
        })?;
        let site = Self { server, matrix };
        site.account("pam_permit.so");
        Some(site)
    }

    /// What PAM's module says of every account from now on.
    fn account(&self, module: &str) {
        let folder = self.server.file("");
        let text = format!(
            "auth required {matrix} passdb={passdb}\naccount required {module}\n\
             password required {matrix} passdb={passdb}\nsession required pam_permit.so\n",
            matrix = self.matrix.display(),
            passdb = folder.join("passdb").display()
        );
        for service in ["sshd", "other"] {
            std::fs::write(folder.join("pam").join(service), &text).expect("written");
        }
    }

    /// A cell, on hosts that are all this server. Where it shall succeed one is enough: each starts a PowerShell.
    fn row(&self, mechanism: &'static str, given: &str, variable: Option<(&str, &str)>, arguments: &[&str]) -> Row {
        let folder = self.server.file("");
        let hosts = folder.join("hosts.toml");
        let names = ["h1", "h2", "h3"].map(|name| (name, self.server.port));
        let names = &names[..if given.starts_with("good") { 1 } else { 3 }];
        let known = self.server.known_hosts();
        let defaults = format!("transport = \"ssh\"\nuser = \"root\"\nknown_hosts = ['{}']", known.display());
        inventory(&hosts, &defaults, names.iter().copied());
        let mut command: Command = psfleet(&[], &folder, &hosts, &[&["--connect-timeout", "60s"], arguments].concat());
        command.envs(variable);
        let place = Place { mechanism, security: "SSH", peer: "OpenSSH" };
        let failed = || {
            let log = self.server.log();
            log.lines().filter(|line| line.starts_with("Failed ") && !line.starts_with("Failed none")).count()
        };
        row(place, given, &mut command, failed)
    }
}

pub(super) fn rows(_: &Handle, pwsh: Option<&Path>) -> Option<Vec<Row>> {
    let pwsh = pwsh?;
    let mut rows = Vec::new();
    for (mechanism, method) in [("SSH: password", "password"), ("SSH: keyboard-interactive", "keyboard-interactive")] {
        let site = Site::start(pwsh, method)?;
        let row = |given, password| site.row(mechanism, given, Some(("PSFLEET_PASSWORD", password)), &[]);
        rows.push(row("good", PASSWORD));
        rows.push(row("wrong", "wrong"));
        site.account("pam_debug.so acct=new_authtok_reqd");
        rows.push(row("expired: the password", PASSWORD));
        site.account("pam_debug.so acct=acct_expired");
        rows.push(row("locked, or expired: the account", PASSWORD));
    }
    let site = Site::start(pwsh, "no method")?;
    let file = |name: &str| site.server.file(name);
    site.server.add_key("stranger", "ed25519", "", false);
    site.server.add_key("encrypted", "ed25519", "open 5esame", true);
    let named = |mechanism, given, name: &str| {
        site.row(mechanism, given, None, &["--identity", &file(name).display().to_string()])
    };
    let key = |given, name| named("SSH: key", given, name);
    rows.push(key("good", "id_user"));
    rows.push(key("wrong: the server does not know it", "stranger"));
    rows.push(key("wrong: encrypted, and no passphrase", "encrypted"));
    rows.push(key("no key: no such file", "nowhere"));
    site.account("pam_debug.so acct=acct_expired");
    rows.push(key("locked, or expired: the account", "id_user"));
    site.account("pam_permit.so");
    for (given, name, arguments) in [
        ("good", "signed", &["-n", "root", "-V", "+1d"][..]),
        ("wrong: for another user", "another", &["-n", "somebody", "-V", "+1d"]),
        ("expired", "over", &["-n", "root", "-V", "20200101:20200102"]),
        ("skewed clock: not valid yet", "early", &["-n", "root", "-V", "20990101:20990201"]),
    ] {
        site.server.add_key(name, "ed25519", "", false);
        sign(&file(""), "users_ca", arguments, name);
        rows.push(named("SSH: certificate", given, name));
    }
    let with_agent = |given, socket: &str, key: &str| {
        let agent = Agent::start(file(socket), &[file(key)]);
        let socket = agent.socket.display().to_string();
        site.row("SSH: agent", given, Some(("SSH_AUTH_SOCK", &socket)), &[])
    };
    rows.push(with_agent("good", "agent1", "id_user"));
    rows.push(with_agent("wrong: the server does not know its key", "agent2", "stranger"));
    rows.push(site.row("SSH: agent", "no agent, and no key", None, &[]));
    Some(rows)
}
