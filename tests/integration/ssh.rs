//! The SSH transport against OpenSSH with real PowerShell behind it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use psfleet::outcome::Reason;
use psfleet::secret::Secret;
use psfleet::target::{Credential, HostKeyPolicy, SshEndpoint, SshHop, SshServer};
use psfleet::transport::ssh::{Client, connect};
use psfleet::transport::{Admission, Carrier, Channel, Error};
use uuid::Uuid;

use crate::support::folder::Folder;
use crate::support::processes;
use crate::support::pwsh;
use crate::support::sshd::{Setup, Sshd, free_port, generate, user};

const TIMEOUT: Duration = Duration::from_secs(20);

/// A server with PowerShell, or `None` where one of the two is missing.
fn server() -> Option<Sshd> {
    Sshd::start(&Setup::with_powershell(&pwsh()?))
}

async fn dial(server: &Sshd, endpoint: &SshEndpoint) -> Result<Box<dyn Carrier>, Error> {
    connect(endpoint, None, TIMEOUT, &server.client(), &Admission::free()).await
}

async fn refusal(server: &Sshd, endpoint: &SshEndpoint) -> Error {
    dial(server, endpoint).await.err().expect("the connection is refused")
}

fn credential(password: &str) -> Credential {
    Credential::of(user(), Some(Secret::new(password.to_owned())))
}

/// Opens a runspace pool, as far as a carrier can see it, and closes it again.
async fn talk(carrier: &dyn Carrier) -> Result<(), Error> {
    carrier.create(Uuid::new_v4(), opening_messages()).await?;
    let answer = carrier.receive(Channel::Pool).await?;
    assert!(String::from_utf8_lossy(&answer.payload).contains("protocolversion"), "a SESSION_CAPABILITY comes first");
    carrier.close().await
}

/// SESSION_CAPABILITY and INIT_RUNSPACEPOOL, one fragment each (MS-PSRP 2.2.2.1 and 2.2.2.2).
fn opening_messages() -> Vec<Bytes> {
    let capability = r#"<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>"#;
    let pool = r#"<Obj RefId="0"><MS><I32 N="MinRunspaces">1</I32><I32 N="MaxRunspaces">1</I32><I32 N="PSThreadOptions">0</I32><I32 N="ApartmentState">2</I32><Obj N="HostInfo" RefId="1"><MS><B N="_isHostNull">true</B><B N="_isHostUINull">true</B><B N="_isHostRawUINull">true</B><B N="_useRunspaceHost">true</B></MS></Obj><Nil N="ApplicationArguments"/></MS></Obj>"#;
    vec![fragment(1, 0x0001_0002, capability), fragment(2, 0x0001_0004, pool)]
}

fn fragment(object: u64, kind: u32, xml: &str) -> Bytes {
    let mut message = 2u32.to_le_bytes().to_vec();
    message.extend(kind.to_le_bytes());
    message.extend([0; 32]);
    message.extend(xml.as_bytes());
    let mut fragment = object.to_be_bytes().to_vec();
    fragment.extend([0; 8]);
    fragment.push(3);
    fragment.extend(u32::try_from(message.len()).expect("a short message").to_be_bytes());
    fragment.extend(message);
    fragment.into()
}

/// Waits until nothing runs for the server's sessions any more.
async fn assert_nothing_runs(server: &Sshd) {
    let start = Instant::now();
    while !server.children().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(10), "still running: {:?}", server.children());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn opens_powershell_and_leaves_nothing_behind() {
    let Some(server) = server() else { return };
    let carrier = dial(&server, &server.endpoint()).await.expect("connects");
    carrier.create(Uuid::new_v4(), opening_messages()).await.expect("opens a pool");
    assert!(server.children().iter().any(|command| command.contains("-sshs")), "{:?}", server.children());
    carrier.close().await.expect("closes");
    assert_nothing_runs(&server).await;
}

#[tokio::test]
async fn a_dropped_carrier_ends_powershell_too() {
    let Some(server) = server() else { return };
    let carrier = dial(&server, &server.endpoint()).await.expect("connects");
    carrier.create(Uuid::new_v4(), opening_messages()).await.expect("opens a pool");
    drop(carrier);
    assert_nothing_runs(&server).await;
}

#[tokio::test]
async fn keys_of_every_kind_log_on() {
    let Some(server) = server() else { return };
    for kind in ["rsa", "ecdsa", "ed25519"] {
        let key = server.add_key(&format!("user_{kind}"), kind, "", true);
        let endpoint = server.endpoint_with(|at| at.identities = Some(vec![key]));
        let carrier = dial(&server, &endpoint).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
        carrier.close().await.expect("closes");
    }
    assert!(server.log().contains("RSA SHA256:"), "{}", server.log());
}

#[tokio::test]
async fn an_encrypted_key_takes_the_password_as_its_passphrase() {
    let Some(server) = server() else { return };
    let key = server.add_key("locked", "ed25519", "correct horse", true);
    let endpoint = server.endpoint_with(|at| at.identities = Some(vec![key]));
    let right =
        connect(&endpoint, Some(&credential("correct horse")), TIMEOUT, &server.client(), &Admission::free()).await;
    right.expect("the passphrase fits").close().await.expect("closes");

    let wrong =
        connect(&endpoint, Some(&credential("battery staple")), TIMEOUT, &server.client(), &Admission::free()).await;
    let wrong = wrong.err().expect("the passphrase is wrong");
    assert_eq!(wrong.reason, Reason::AuthMethod, "{wrong}");
    assert!(wrong.message.contains("locked (the passphrase is wrong)"), "{wrong}");
    let none = refusal(&server, &endpoint).await;
    assert!(none.message.contains("locked (needs a passphrase)"), "{none}");
}

#[tokio::test]
async fn a_default_key_and_an_agent_log_on() {
    let Some(server) = server() else { return };
    let key = server.add_key("in_agent", "ecdsa", "", true);
    let endpoint = server.endpoint_with(|at| at.identities = None);
    let agent = Agent::start(&server.file("agent"), &key);
    let client = Client::new(Some(server.file("")), Some(user()), Some(agent.socket.clone()));
    let carrier = connect(&endpoint, None, TIMEOUT, &client, &Admission::free()).await.expect("the agent signs");
    carrier.close().await.expect("closes");

    std::fs::create_dir(server.file(".ssh")).expect(".ssh");
    let missing = refusal(&server, &endpoint).await;
    assert_eq!(missing.reason, Reason::AuthMethod, "{missing}");
    std::fs::copy(server.user_key(), server.file(".ssh/id_ed25519")).expect("a default key");
    dial(&server, &endpoint).await.expect("the default key is found").close().await.expect("closes");
}

/// OpenSSH's agent with one key.
struct Agent {
    process: std::process::Child,
    socket: PathBuf,
}

impl Agent {
    fn start(socket: &Path, key: &Path) -> Self {
        let mut command = Command::new("ssh-agent");
        let process = command.arg("-D").arg("-a").arg(socket).stdout(Stdio::null()).spawn().expect("ssh-agent starts");
        let start = Instant::now();
        while !socket.exists() {
            assert!(start.elapsed() < TIMEOUT, "the agent makes no socket");
            std::thread::sleep(Duration::from_millis(10));
        }
        let added = Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", socket).status();
        assert!(added.expect("ssh-add runs").success());
        Self { process, socket: socket.to_owned() }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_key_that_the_server_does_not_know_is_refused() {
    let Some(server) = server() else { return };
    let key = server.add_key("stranger", "ed25519", "", false);
    let endpoint = server.endpoint_with(|at| at.identities = Some(vec![key.clone()]));
    let error = refusal(&server, &endpoint).await;
    assert_eq!(error.reason, Reason::LogonDenied, "{error}");
    assert!(error.message.contains(&format!("key {}", key.display())), "{error}");
    assert!(error.message.contains("the server goes on with publickey"), "{error}");
    let endpoint = server.endpoint_with(|at| at.identities = Some(vec![server.file("nowhere")]));
    let error = refusal(&server, &endpoint).await;
    assert_eq!(error.reason, Reason::AuthMethod, "{error}");
    assert!(error.message.contains("nowhere (no such file)"), "{error}");
}

#[tokio::test]
async fn an_unknown_host_key_is_refused_with_the_line_to_add() {
    let Some(server) = server() else { return };
    let empty = server.file("empty");
    let endpoint = server.endpoint_with(|at| at.known_hosts = vec![empty.clone()]);
    let error = refusal(&server, &endpoint).await;
    assert_eq!(error.reason, Reason::HostKey, "{error}");
    assert!(error.message.contains("ssh-ed25519 SHA256:"), "{error}");
    let hint = error.hint.expect("a hint");
    let line = hint.rsplit_once(": ").expect("a line").1;
    assert!(server.host_lines().starts_with(line), "{line}");
    assert!(!empty.exists(), "nothing was remembered");

    // The line is what it takes.
    std::fs::write(&empty, line).expect("known_hosts");
    dial(&server, &endpoint).await.expect("the key is known now").close().await.expect("closes");
}

#[tokio::test]
async fn accept_new_remembers_and_still_refuses_a_changed_key() {
    let Some(server) = server() else { return };
    let file = server.file("folder/known_hosts");
    let mut endpoint = server.endpoint();
    endpoint.server.known_hosts = vec![file.clone()];
    endpoint.server.host_keys = HostKeyPolicy::AcceptNew;
    dial(&server, &endpoint).await.expect("a new host is accepted").close().await.expect("closes");
    let remembered = std::fs::read_to_string(&file).expect("the file was made");
    assert!(server.host_lines().starts_with(remembered.trim()), "{remembered}");
    endpoint.server.host_keys = HostKeyPolicy::Strict;
    dial(&server, &endpoint).await.expect("and is known").close().await.expect("closes");

    let other = server.file("other");
    generate(&other, "ed25519", "");
    let other = std::fs::read_to_string(other.with_extension("pub")).expect("a key");
    std::fs::write(&file, format!("[127.0.0.1]:{} {other}", server.port)).expect("known_hosts");
    for policy in [HostKeyPolicy::Strict, HostKeyPolicy::AcceptNew] {
        endpoint.server.host_keys = policy;
        let error = refusal(&server, &endpoint).await;
        assert_eq!(error.reason, Reason::HostKey, "{error}");
        assert!(error.message.contains("CHANGED"), "{error}");
        assert!(error.message.contains("folder/known_hosts:1"), "{error}");
    }
    assert_eq!(std::fs::read_to_string(&file).expect("known_hosts").lines().count(), 1, "nothing was added");
}

#[tokio::test]
async fn hashed_names_and_revoked_keys_are_read() {
    let Some(server) = server() else { return };
    let hashed = Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(server.known_hosts()).output();
    assert!(hashed.expect("ssh-keygen runs").status.success());
    let text = std::fs::read_to_string(server.known_hosts()).expect("known_hosts");
    assert!(text.starts_with("|1|"), "{text}");
    dial(&server, &server.endpoint()).await.expect("a hashed name").close().await.expect("closes");

    let key = server.host_lines().split_once(' ').expect("a line").1.to_owned();
    std::fs::write(server.known_hosts(), format!("{text}@revoked * {key}")).expect("known_hosts");
    let error = refusal(&server, &server.endpoint()).await;
    assert_eq!(error.reason, Reason::HostKey, "{error}");
    assert!(error.message.contains("revoked"), "{error}");
}

#[tokio::test]
async fn a_server_with_several_keys_is_asked_for_the_known_one() {
    let Some(pwsh) = pwsh() else { return };
    let setup = Setup { host_keys: &["ed25519", "ecdsa", "rsa"], ..Setup::with_powershell(&pwsh) };
    let Some(server) = Sshd::start(&setup) else { return };
    for kind in ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"] {
        let line = server.host_lines().lines().find(|line| line.contains(kind)).expect("a key").to_owned();
        std::fs::write(server.known_hosts(), line).expect("known_hosts");
        let carrier = dial(&server, &server.endpoint()).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
        carrier.close().await.expect("closes");
    }
}

#[tokio::test]
async fn without_the_subsystem_the_command_is_executed() {
    let Some(pwsh) = pwsh() else { return };
    let setup = Setup { subsystem: None, ..Setup::with_powershell(&pwsh) };
    let Some(server) = Sshd::start(&setup) else { return };
    let exec = format!("{} -sshs -NoLogo -NoProfile", pwsh.display());
    let carrier = dial(&server, &SshEndpoint { exec, ..server.endpoint() }).await.expect("connects");
    talk(carrier.as_ref()).await.expect("PowerShell answers");
    assert_nothing_runs(&server).await;
}

#[tokio::test]
async fn a_missing_powershell_is_named() {
    let setup = Setup::with_powershell(Path::new("/nowhere/pwsh"));
    let Some(server) = Sshd::start(&setup) else { return };
    let carrier = dial(&server, &server.endpoint()).await.expect("the shell starts");
    let error = talk(carrier.as_ref()).await.expect_err("there is no PowerShell");
    assert_eq!(error.reason, Reason::NoPowershell, "{error}");
    assert!(error.message.contains("subsystem powershell ended with exit status 127"), "{error}");
    assert!(error.hint.expect("a hint").contains("Subsystem powershell"));

    let endpoint =
        SshEndpoint { subsystem: "nothing".to_owned(), exec: "/nowhere/pwsh -sshs".to_owned(), ..server.endpoint() };
    let carrier = dial(&server, &endpoint).await.expect("the shell starts");
    let error = talk(carrier.as_ref()).await.expect_err("there is no PowerShell");
    assert_eq!(error.reason, Reason::NoPowershell, "{error}");
    assert!(error.message.contains("`/nowhere/pwsh -sshs` ended with exit status 127"), "{error}");
    assert!(error.message.contains("/nowhere/pwsh: "), "the shell's own words: {error}");
}

#[tokio::test]
async fn unreachable_servers_are_told_apart() {
    let Some(server) = server() else { return };
    let at = |address: &str, port: u16| server.endpoint_with(|at| (at.address, at.port) = (address.to_owned(), port));
    let error = refusal(&server, &at("127.0.0.1", free_port())).await;
    assert_eq!((error.reason, error.retryable), (Reason::Refused, true), "{error}");
    let error = refusal(&server, &at("no-such-host.invalid", 22)).await;
    assert_eq!(error.reason, Reason::Dns, "{error}");

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").expect("writes");
        stream.shutdown(std::net::Shutdown::Write).expect("shuts down");
        stream.read_to_end(&mut Vec::new())
    });
    let error = refusal(&server, &at("127.0.0.1", port)).await;
    assert_eq!(error.reason, Reason::Protocol, "{error}");
    assert!(error.message.contains("not an SSH server"), "{error}");
}

#[tokio::test]
async fn a_silent_server_runs_into_the_connect_timeout_and_is_left() {
    let Some(server) = server() else { return };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    let peer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        // A greeting, so that the client's session task exists, and then nothing.
        stream.write_all(b"SSH-2.0-tarpit\r\n").expect("writes");
        stream.read_to_end(&mut Vec::new())
    });
    let endpoint = server.endpoint_with(|at| at.port = port);
    let error = connect(&endpoint, None, Duration::from_millis(500), &server.client(), &Admission::free())
        .await
        .err()
        .expect("too late");
    assert_eq!((error.reason, error.retryable), (Reason::ConnectTimeout, true), "{error}");
    assert!(error.message.contains("exchanging keys"), "{error}");
    // The client has hung up: the peer sees the end of its input.
    tokio::task::spawn_blocking(|| peer.join()).await.expect("joins").expect("no panic").expect("an end");
}

#[tokio::test]
async fn goes_through_bastions() {
    let Some(server) = server() else { return };
    let Some(bastion) = Sshd::start(&Setup { subsystem: None, ..Setup::with_powershell(Path::new("")) }) else {
        return;
    };
    let mut endpoint = server.endpoint();
    let strange = SshServer { known_hosts: vec![server.known_hosts()], ..bastion.endpoint().server };
    endpoint.jump = vec![SshHop { user: None, server: strange }];
    let error = refusal(&server, &endpoint).await;
    assert_eq!(error.reason, Reason::HostKey, "the bastion's key counts too: {error}");
    endpoint.jump = vec![SshHop { user: None, server: bastion.endpoint().server }];
    let carrier = dial(&server, &endpoint).await.expect("connects");
    talk(carrier.as_ref()).await.expect("PowerShell answers");
    assert!(bastion.log().contains("Accepted publickey"), "{}", bastion.log());
    assert_nothing_runs(&server).await;

    endpoint.server.port = free_port();
    let error = refusal(&server, &endpoint).await;
    assert_eq!(error.reason, Reason::Network, "{error}");
    assert!(error.message.contains("bastion 127.0.0.1"), "{error}");
}

#[tokio::test]
async fn a_broken_connection_ends_what_waits() {
    let Some(server) = server() else { return };
    let carrier = dial(&server, &server.endpoint()).await.expect("connects");
    carrier.create(Uuid::new_v4(), opening_messages()).await.expect("opens a pool");
    processes::kill(&server.sessions());
    let broken = loop {
        match carrier.receive(Channel::Pool).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(broken.reason, Reason::LinkBroken, "{broken}");
    carrier.close().await.expect("closes what is left");
}

#[tokio::test]
async fn the_remote_side_waits_while_nobody_reads() {
    let Some(_) = pwsh() else { return };
    let folder = Folder::new("flood");
    let script = folder.path().join("flood");
    let packet = format!("<Data Stream='Default' PSGuid='{}'>{}</Data>", Uuid::nil(), "AAAA".repeat(10_000));
    std::fs::write(&script, format!("exec yes \"{packet}\"\n")).expect("a script");
    let subsystem = Some(format!("sh {}", script.display()));
    let Some(server) = Sshd::start(&Setup { subsystem, ..Setup::with_powershell(Path::new("")) }) else { return };
    let carrier = dial(&server, &server.endpoint()).await.expect("connects");
    let writer = server.process("yes").await;
    let stopped = settled(&writer).await;
    assert!(stopped < 64 << 20, "{stopped} bytes were taken though nobody reads");
    // Reading lets it go on.
    for _ in 0..2000 {
        carrier.receive(Channel::Pool).await.expect("a packet");
    }
    assert!(settled(&writer).await > stopped);
    drop(carrier);
    assert_nothing_runs(&server).await;
}

/// How many bytes a process has written, once it writes no more.
async fn settled(process: &processes::Process) -> u64 {
    let mut last = 0;
    let mut same = 0;
    while same < 5 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = processes::written(process.id).expect("it runs");
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}
