//! SSH by IPv6 addresses, with and without a zone, however they are written.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use psfleet::outcome::Reason;
use psfleet::transport::ssh::connect;
use psfleet::transport::{Admission, Error};
use serde_json::Value;

use crate::support::pwsh;
use crate::support::skip;
use crate::support::sshd::{Setup, Sshd, user};

const TIMEOUT: Duration = Duration::from_secs(60);

/// An address of one of this machine's own interfaces that needs a zone, with it.
fn link_local() -> Option<String> {
    let table = std::fs::read_to_string("/proc/net/if_inet6").ok()?;
    let address = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [digits, _, _, _, flags, interface] = fields.as_slice() else { return None };
        // Neither one that another machine has too, nor one that is still being looked into.
        let is_usable = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 0x48 == 0);
        let ip = std::net::Ipv6Addr::from(u128::from_str_radix(digits, 16).ok()?);
        (is_usable && ip.is_unicast_link_local()).then(|| format!("{ip}%{interface}"))
    };
    table.lines().find_map(address)
}

fn has_ipv6() -> bool {
    let has = std::net::TcpListener::bind("[::1]:0").is_ok();
    if !has {
        skip("no IPv6 on loopback");
    }
    has
}

/// A server on `::1` and on a link-local address, if there is one; with the addresses.
fn server(subsystem: String) -> Option<(Sshd, Vec<String>)> {
    if !has_ipv6() {
        return None;
    }
    let addresses: Vec<String> = ["::1".to_owned()].into_iter().chain(link_local()).collect();
    let listen: String = addresses.iter().map(|address| format!("ListenAddress {address}\n")).collect();
    let setup = Setup { host_keys: &["ed25519"], subsystem: Some(subsystem), config: listen };
    Some((Sshd::start(&setup)?, addresses))
}

/// A known_hosts file that OpenSSH's own client wrote when it met the server at these addresses.
fn known_to_openssh(server: &Sshd, addresses: &[String]) -> PathBuf {
    let file = server.file("known_by_ssh");
    for address in addresses {
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new"]);
        ssh.args(["-o", "GlobalKnownHostsFile=none", "-o", "IdentitiesOnly=yes", "-i"]).arg(server.user_key());
        ssh.arg("-o").arg(format!("UserKnownHostsFile={}", file.display()));
        ssh.args(["-p", &server.port.to_string(), "-l", &user(), address, "true"]);
        let output = ssh.stdin(Stdio::null()).output().expect("ssh runs");
        assert!(output.status.success(), "{address}: {}", String::from_utf8_lossy(&output.stderr));
    }
    file
}

#[tokio::test]
async fn known_hosts_has_addresses_as_openssh_writes_them() {
    // Whatever stands behind the subsystem: the way to it is what counts.
    let Some((server, addresses)) = server("/bin/cat".to_owned()) else { return };
    let known = known_to_openssh(&server, &addresses);
    let attempt = async |address: &str| {
        let endpoint = server.endpoint_with(|server| {
            server.address = address.to_owned();
            server.known_hosts = vec![known.clone()];
        });
        let carrier = connect(&endpoint, None, TIMEOUT, &server.client(), &Admission::free()).await?;
        carrier.close().await
    };
    for address in &addresses {
        assert_eq!(attempt(address).await, Ok(()), "{address}");
    }
    // Another way to write the same address is another name, as for OpenSSH.
    let unknown = attempt("0:0:0:0:0:0:0:1").await.expect_err("not known by this name");
    assert_eq!(unknown.reason, Reason::HostKey, "{unknown}");
    let Error { reason, message, .. } = attempt("fe80::1%nope0").await.expect_err("no such interface");
    assert_eq!(reason, Reason::Dns);
    assert!(message.contains("'fe80::1%nope0' has a zone that is not an interface"), "{message}");
}

#[test]
fn every_way_to_write_an_address_leads_there() {
    let Some(pwsh) = pwsh() else { return };
    let Some((server, addresses)) = server(format!("{} -sshs -NoLogo -NoProfile", pwsh.display())) else { return };
    let known = known_to_openssh(&server, &addresses);
    let (port, user) = (server.port, user());
    let mut toml = String::new();
    let mut config = String::new();
    let mut urls = Vec::new();
    let mut count = 0;
    for (number, address) in addresses.iter().enumerate() {
        let encoded = address.replace('%', "%25");
        toml += &format!(
            "[hosts.plain{number}]\naddress = '{address}'\n[hosts.bracketed{number}]\naddress = '[{address}]'\n"
        );
        toml += &format!("[hosts.encoded{number}]\naddress = '{encoded}'\n");
        config += &format!("Host alias{number}\n  HostName {}\n  Port {port}\n", address.replace('%', "%%"));
        urls.push(format!("ssh://{user}@[{encoded}]:{port}"));
        count += 5;
    }
    std::fs::write(server.file("i.toml"), format!("[defaults]\ntransport = 'ssh'\n{toml}")).expect("an inventory");
    std::fs::write(server.file("ssh_config"), config).expect("a configuration");
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["run", "-o", "jsonl", "--no-input", "-c", "2", "-i", "i.toml", "-i", "ssh_config", "-t"]);
    command.arg(format!("@all,{}", urls.join(","))).args(["--port", &port.to_string(), "--user", &user]);
    command.arg("--identity").arg(server.user_key()).arg("--known-hosts").arg(known);
    command.args(["--connect-timeout", "60s", "'in'"]);
    command.env("HOME", server.file("")).current_dir(server.file("")).env_remove("SSH_AUTH_SOCK").stdin(Stdio::null());
    let output = command.output().expect("psfleet runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let ok = events.filter(|event| event["type"] == "host_done" && event["data"]["outcome"] == "ok").count();
    assert_eq!(ok, count, "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
}
