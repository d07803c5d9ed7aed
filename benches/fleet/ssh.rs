//! Over SSH, beside PowerShell's own client on the same server.

use std::path::PathBuf;
use std::process::Command;

use crate::Scale;
use crate::measure::row;
use crate::process::{PSFLEET, watch};
use crate::sshd::{Setup, Sshd, user};

const SCRIPT: &str = "1..100 | ForEach-Object { [pscustomobject]@{ Id = $_ } }";

/// Wall time, client CPU and memory of both clients for the same script on the same server.
pub(crate) fn compare(scale: Scale) {
    let Some(pwsh) = std::env::var_os("PSFLEET_TEST_PWSH").map(PathBuf::from) else {
        println!("skipped: the comparison over SSH needs PSFLEET_TEST_PWSH");
        return;
    };
    let Some(sshd) = Sshd::start(&Setup::with_powershell(&pwsh)) else {
        println!("skipped: the comparison over SSH needs OpenSSH's server");
        return;
    };
    let endpoint = sshd.endpoint();
    let port = endpoint.server.port.to_string();
    let key = sshd.user_key().display().to_string();
    let known_hosts = sshd.known_hosts().display().to_string();
    let inventory = inventory(&endpoint.server.address, &port, &key, &known_hosts, scale.ssh_hosts);
    let file = sshd.file("inventory.toml");
    std::fs::write(&file, inventory).expect("the inventory");
    let ours = watch(Command::new(PSFLEET).args(["run", "-i"]).arg(&file).args([
        "-t",
        "@all",
        "-o",
        "none",
        "--progress",
        "none",
        SCRIPT,
    ]));
    let connections = vec!["'127.0.0.1'"; scale.ssh_hosts].join(",");
    let theirs = format!(
        "$null = Invoke-Command -HostName {connections} -Port {port} -UserName {} -KeyFilePath '{key}' \
         -Options @{{ UserKnownHostsFile = '{known_hosts}' }} -ScriptBlock {{ {SCRIPT} }}",
        user()
    );
    let theirs = watch(Command::new(&pwsh).args(["-NoLogo", "-NoProfile", "-c", &theirs]));
    let name = |client: &str, figure: &str| format!("ssh, {} sessions, {client}: {figure}", scale.ssh_hosts);
    for (client, used) in [("psfleet", ours), ("Invoke-Command", theirs)] {
        row(&name(client, "wall"), used.wall.as_secs_f64(), "s");
        row(&name(client, "client CPU, without ssh children"), used.cpu.as_secs_f64(), "s");
        row(&name(client, "VmHWM, without ssh children"), used.peak as f64 / f64::from(1 << 20), "MiB");
    }
}

/// The same server under many names.
fn inventory(address: &str, port: &str, key: &str, known_hosts: &str, hosts: usize) -> String {
    let names: Vec<String> = (1..=hosts).map(|number| format!("\"lin{number}\"")).collect();
    format!(
        "[defaults]\ntransport = \"ssh\"\naddress = \"{address}\"\nport = {port}\nidentity = [\"{key}\"]\n\
         known_hosts = [\"{known_hosts}\"]\n[groups.lin]\nhosts = [{}]\n",
        names.join(", ")
    )
}
