//! WinRM behind an SSH bastion: one connection for all hosts, one cause when it fails, nothing of the hosts' own.

#![cfg(unix)]

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use psfleet::event::RunEventKind;
use psfleet::fleet::RunSpec;
use psfleet::outcome::{Outcome, Reason};
use psfleet::sandbox::{Engine, Fleet, Options};
use psfleet::stream::Stream;
use psfleet::target::{AuthMethod, Endpoint, HostKeyPolicy, SshHop, SshServer, Target, Timeouts};
use psfleet::transport::network::Network;
use psfleet::transport::{Admission, Connector};
use russh::keys::PrivateKey;
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session, VerifiedPublicKey};
use russh::{ChannelOpenFailure, MethodKind, MethodSet};
use tokio::sync::Semaphore;

#[cfg(target_os = "linux")]
use crate::support::core;
use crate::support::folder::Folder;
use crate::support::program::{PATIENCE, Running};
use crate::support::run::{self, run};
use crate::support::sandbox::{assert_clean, fleet};
use crate::support::sshd::{Setup, Sshd, free_port, generate, user};
use crate::support::{processes, pwsh};

/// A server that only passes connections on.
fn bastion(config: &str) -> Option<Sshd> {
    Sshd::start(&Setup { host_keys: &["ed25519"], subsystem: None, config: config.to_owned() })
}

fn hop(server: &Sshd) -> SshHop {
    SshHop { user: None, server: server.endpoint().server }
}

/// How often a server has seen somebody leave who could not log on; waits for the first.
async fn refusals(server: &Sshd) -> usize {
    let begin = Instant::now();
    loop {
        match server.log().matches("Connection closed by authenticating user").count() {
            0 => assert!(begin.elapsed() < PATIENCE, "{}", server.log()),
            count => return count,
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Targets of a fleet, behind bastions.
fn behind(hops: &[SshHop], mut targets: Vec<Target>) -> Vec<Target> {
    for target in &mut targets {
        if let Endpoint::Winrm(winrm) = &mut target.endpoint {
            winrm.jump = hops.to_vec();
        }
    }
    targets
}

/// How often somebody has logged on to a server.
fn logons(server: &Sshd) -> usize {
    server.log().matches("Accepted publickey").count()
}

#[tokio::test]
async fn a_fleet_shares_one_connection() {
    let Some(server) = bastion("MaxSessions 0\n") else { return };
    let fleet = fleet(Options { hosts: 12, ..Options::default() }).await;
    let targets = behind(&[hop(&server)], run::targets(&fleet, AuthMethod::Ntlm, None));
    let ran =
        run(run::spec(targets, "$env:COMPUTERNAME; 'x' * 300000 | Measure-Object -Character | % Characters")).await;
    assert!(ran.ends.iter().all(|end| end.outcome == Outcome::Ok), "{:?}", ran.ends);
    assert_eq!(ran.objects().len(), 24);
    assert_eq!(logons(&server), 1, "{}", server.log());
    assert_clean(fleet).await;
}

#[tokio::test]
async fn tls_is_with_the_host_through_a_chain_of_bastions() {
    let (Some(outer), Some(inner)) = (bastion(""), bastion("")) else { return };
    let fleet = fleet(Options { hosts: 2, tls: true, ..Options::default() }).await;
    let way = [hop(&outer), hop(&inner)];
    let ran = run(run::spec(behind(&way, run::targets(&fleet, AuthMethod::Basic, None)), "1")).await;
    assert!(ran.ends.iter().all(|end| end.outcome == Outcome::Ok), "{:?}", ran.ends);
    assert_eq!((logons(&outer), logons(&inner)), (1, 1));
    // The certificate is the host's, whoever stands in between.
    let mut targets = behind(&way, run::targets(&fleet, AuthMethod::Basic, None));
    if let Endpoint::Winrm(winrm) = &mut targets[0].endpoint {
        winrm.tls = psfleet::target::Tls::On { ca: None, insecure: false, pins: Vec::new(), min: Default::default() };
    }
    let ran = run(run::spec(targets, "1")).await;
    assert_eq!(ran.ends[0].reason, Some(Reason::TlsUntrusted), "{:?}", ran.ends);
    assert_clean(fleet).await;
}

/// The one cause of all targets, and that no host has seen anything.
async fn one_cause(fleet: &Fleet, hop: SshHop) -> (Outcome, Reason, String, String) {
    let targets = behind(&[hop], run::targets(fleet, AuthMethod::Ntlm, None));
    let ran = run(run::spec(targets, "1")).await;
    let end = |end: &psfleet::event::Finished| (end.outcome, end.reason, end.message.clone(), end.hint.clone());
    let first = end(&ran.ends[0]);
    assert!(ran.ends.iter().all(|one| end(one) == first), "{:?}", ran.ends);
    assert_eq!((fleet.stats().logons, fleet.stats().failed_logons), (0, 0));
    let (outcome, reason, message, hint) = first;
    (outcome, reason.expect("a reason"), message, hint.unwrap_or_default())
}

#[tokio::test]
async fn a_bastion_that_lets_nobody_in_is_one_cause() {
    let Some(server) = bastion("") else { return };
    let fleet = fleet(Options { hosts: 6, ..Options::default() }).await;
    let stranger = server.add_key("id_stranger", "ed25519", "", false);
    let locked = server.add_key("id_locked", "ed25519", "secret", true);
    let known = |change: &dyn Fn(&mut SshServer)| {
        let mut hop = hop(&server);
        change(&mut hop.server);
        hop
    };
    let place = format!("bastion 127.0.0.1:{}", server.port);

    let refused = known(&|server| server.identities = Some(vec![stranger.clone()]));
    let (outcome, reason, message, _) = one_cause(&fleet, refused).await;
    assert_eq!((outcome, reason), (Outcome::Unreachable, Reason::Bastion));
    assert!(message.starts_with(&format!("{place} did not let user {} in: tried key ", user())), "{message}");
    assert_eq!(refusals(&server).await, 1, "{}", server.log());

    let needs_passphrase = known(&|server| server.identities = Some(vec![locked.clone()]));
    let (_, reason, message, hint) = one_cause(&fleet, needs_passphrase).await;
    assert_eq!(reason, Reason::Bastion);
    assert!(message.contains("needs a passphrase"), "{message}");
    assert_eq!(hint, "load the bastion's key into the agent with ssh-add");

    let strange = known(&|server| server.known_hosts = vec!["/dev/null".into()]);
    let (_, reason, message, hint) = one_cause(&fleet, strange).await;
    assert_eq!(reason, Reason::Bastion);
    assert!(message.starts_with(&format!("{place}: the host key is unknown: ssh-ed25519 ")), "{message}");
    assert!(hint.contains("add this line to known_hosts"), "{hint}");

    let nobody = free_port();
    let (outcome, reason, message, _) = one_cause(&fleet, known(&|server| server.port = nobody)).await;
    assert_eq!((outcome, reason), (Outcome::Unreachable, Reason::Bastion));
    assert_eq!(message, format!("nobody listens on bastion 127.0.0.1:{nobody}: connection refused"));
    assert_clean(fleet).await;
}

#[tokio::test]
async fn what_the_bastion_does_not_reach_is_the_hosts_own() {
    let Some(server) = bastion("") else { return };
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let mut targets = behind(&[hop(&server)], run::targets(&fleet, AuthMethod::Ntlm, None));
    let nobody = free_port();
    if let Endpoint::Winrm(winrm) = &mut targets[0].endpoint {
        (winrm.address, winrm.port) = ("no.such.name.invalid".to_owned(), nobody);
    }
    let ran = run(run::spec(targets, "1")).await;
    let [gone, there] = ran.ends.as_slice() else { panic!("two ends") };
    assert_eq!((gone.reason, there.outcome), (Some(Reason::Network), Outcome::Ok), "{:?}", ran.ends);
    let words = format!("bastion 127.0.0.1:{} cannot connect to no.such.name.invalid:{nobody}", server.port);
    assert_eq!(gone.message, words);
    assert_clean(fleet).await;

    let Some(server) = bastion("AllowTcpForwarding no\n") else { return };
    let fleet = self::fleet(Options::default()).await;
    let targets = behind(&[hop(&server)], run::targets(&fleet, AuthMethod::Ntlm, None));
    let ran = run(run::spec(targets, "1")).await;
    let words = format!("bastion 127.0.0.1:{} forbids connections to 127.0.0.1:", server.port);
    assert!(ran.ends[0].message.starts_with(&words), "{:?}", ran.ends);
    assert!(ran.ends[0].hint.as_deref().is_some_and(|hint| hint.contains("AllowTcpForwarding")), "{:?}", ran.ends);
    assert_clean(fleet).await;
}

#[tokio::test]
async fn a_bastion_that_breaks_is_connected_anew_in_mid_run() {
    let Some(server) = bastion("") else { return };
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let targets = behind(&[hop(&server)], run::targets(&fleet, AuthMethod::Ntlm, None));
    let cut = async || processes::kill(&server.sessions());
    assert_eq!((broken_in_mid_run(targets, cut).await, logons(&server)), (6, 2));
    assert_clean(fleet).await;
}

/// Runs a script of two objects to its end on all targets, and breaks something when all have given the first; says how
/// many objects came.
async fn broken_in_mid_run(targets: Vec<Target>, cut: impl AsyncFn()) -> usize {
    let count = targets.len();
    let spec = run::spec(targets, "'begun'; Start-Sleep 3; 'done'");
    let (events, mut received) = tokio::sync::mpsc::channel(64);
    let (_interrupts, interrupts) = tokio::sync::mpsc::channel(1);
    let running = tokio::spawn(psfleet::fleet::run(spec, Arc::new(Network::default()), events, interrupts));
    let (mut objects, mut ends) = (0, Vec::new());
    while let Some(emission) = received.recv().await {
        match emission.kind {
            RunEventKind::Record(record) if record.stream == Stream::Output => {
                objects += 1;
                if objects == count {
                    cut().await;
                }
            }
            RunEventKind::TargetFinished(end) => ends.push(end),
            _ => {}
        }
    }
    running.await.expect("no panic");
    assert!(ends.len() == count && ends.iter().all(|end| end.outcome == Outcome::Ok), "{ends:?}");
    objects
}

/// A server of ours for every connection, with one way to log on; its port.
async fn listen<H>(folder: &Folder, method: MethodKind, server: impl Fn() -> H + Send + 'static) -> u16
where
    H: Handler<Error = russh::Error> + Send + 'static,
{
    generate(&folder.path().join("host"), "ed25519", "");
    let config = Arc::new(Config {
        methods: MethodSet::from([method].as_slice()),
        auth_rejection_time: Duration::from_millis(1),
        keys: vec![PrivateKey::read_openssh_file(folder.path().join("host")).expect("a key")],
        ..Config::default()
    });
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let session = russh::server::run_stream(Arc::clone(&config), stream, server());
            tokio::spawn(async move { session.await?.await });
        }
    });
    port
}

/// A server that takes passwords, none of which is right.
struct Counting(Arc<AtomicUsize>);

impl Handler for Counting {
    type Error = russh::Error;

    async fn auth_password(&mut self, _: &str, _: &str) -> Result<Auth, Self::Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Auth::reject())
    }
}

#[tokio::test]
async fn a_wrong_password_is_shown_to_the_bastion_once() {
    let folder = Folder::new("bastion");
    let shown = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&shown);
    let port = listen(&folder, MethodKind::Password, move || Counting(Arc::clone(&counter))).await;
    let fleet = fleet(Options { hosts: 20, ..Options::default() }).await;
    let hop = |user: Option<&str>| SshHop {
        user: user.map(str::to_owned),
        server: SshServer {
            identities: Some(Vec::new()),
            identities_only: true,
            host_keys: HostKeyPolicy::AcceptNew,
            known_hosts: vec![folder.path().join("known_hosts")],
            ..SshServer::new("127.0.0.1", port)
        },
    };
    // A bastion that names the user of the hosts is shown their password, and its refusal counts for them.
    let targets = behind(&[hop(Some(fleet.user()))], run::targets(&fleet, AuthMethod::Ntlm, None));
    let ran = run(run::spec(targets, "1")).await;
    let count = |reason| ran.ends.iter().filter(|end| end.reason == Some(reason)).count();
    assert_eq!(shown.load(Ordering::SeqCst), 1);
    assert_eq!(count(Reason::LogonDenied) + count(Reason::CredentialTripped), 20, "{:?}", ran.ends);
    assert!(count(Reason::LogonDenied) >= 1);
    // No other is.
    let targets = behind(&[hop(None)], run::targets(&fleet, AuthMethod::Ntlm, None));
    let ran = run(run::spec(targets, "1")).await;
    assert!(ran.ends.iter().all(|end| end.reason == Some(Reason::Bastion)), "{:?}", ran.ends);
    assert_eq!((shown.load(Ordering::SeqCst), fleet.stats().failed_logons), (1, 0));
    assert_clean(fleet).await;
}

/// A bastion that takes one password, counts how often it is shown any, and can cut its connections.
#[derive(Clone, Default)]
struct Keeper {
    password: String,
    shown: Arc<AtomicUsize>,
    handles: Arc<Mutex<Vec<russh::server::Handle>>>,
}

impl Keeper {
    async fn cut(&self) {
        let handles = std::mem::take(&mut *self.handles.lock().expect("not poisoned"));
        for handle in handles {
            handle.disconnect(russh::Disconnect::ByApplication, String::new(), String::new()).await.expect("open");
        }
    }
}

impl Handler for Keeper {
    type Error = russh::Error;

    async fn auth_password(&mut self, _: &str, password: &str) -> Result<Auth, Self::Error> {
        self.shown.fetch_add(1, Ordering::SeqCst);
        Ok(if password == self.password { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_succeeded(&mut self, session: &mut Session) -> Result<(), Self::Error> {
        self.handles.lock().expect("not poisoned").push(session.handle());
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: russh::Channel<Msg>,
        host: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        let mut there = tokio::net::TcpStream::connect(format!("{host}:{port}")).await?;
        reply.accept().await;
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut channel.into_stream(), &mut there).await });
        Ok(())
    }
}

/// Hosts that need one password, behind a bastion that takes the same.
async fn kept(folder: &Folder, fleet: &Fleet) -> (Keeper, Vec<Target>) {
    let keeper = Keeper { password: fleet.password().expose().clone(), ..Keeper::default() };
    let server = keeper.clone();
    let port = listen(folder, MethodKind::Password, move || server.clone()).await;
    let server = SshServer {
        identities: Some(Vec::new()),
        identities_only: true,
        host_keys: HostKeyPolicy::AcceptNew,
        known_hosts: vec![folder.path().join("known_hosts")],
        ..SshServer::new("127.0.0.1", port)
    };
    let hop = SshHop { user: Some(fleet.user().to_owned()), server };
    (keeper, behind(&[hop], run::targets(fleet, AuthMethod::Ntlm, None)))
}

#[tokio::test]
async fn a_password_is_shown_again_to_a_bastion_that_broke_once_for_all() {
    let folder = Folder::new("keeper");
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let (keeper, targets) = kept(&folder, &fleet).await;
    let objects = broken_in_mid_run(targets, async || keeper.cut().await).await;
    assert_eq!((objects, keeper.shown.load(Ordering::SeqCst)), (6, 2));
    assert_clean(fleet).await;
}

#[tokio::test]
async fn a_password_that_was_refused_elsewhere_is_not_shown_again() {
    let folder = Folder::new("keeper");
    let good = fleet(Options { hosts: 1, ..Options::default() }).await;
    // Slow, so that the good one is the first to be asked.
    let bad = fleet(Options { hosts: 12, seed: 2, latency: Duration::from_millis(300), ..Options::default() }).await;
    let (keeper, mut targets) = kept(&folder, &good).await;
    let credential = targets[0].credential.clone();
    for target in run::targets(&bad, AuthMethod::Ntlm, None) {
        targets.push(Target { credential: credential.clone(), ..target });
    }
    let spec = RunSpec { auth_fail_limit: 6, ..run::spec(targets, "'begun'; Start-Sleep 60; 'done'") };
    let (events, mut received) = tokio::sync::mpsc::channel(64);
    let (_interrupts, interrupts) = tokio::sync::mpsc::channel(1);
    let running = tokio::spawn(psfleet::fleet::run(spec, Arc::new(Network::default()), events, interrupts));
    let (mut ends, mut has_begun) = (Vec::new(), false);
    while let Some(emission) = received.recv().await {
        match emission.kind {
            RunEventKind::Record(_) => has_begun = true,
            RunEventKind::TargetFinished(end) => ends.push(end),
            _ => continue,
        }
        if has_begun && ends.len() == 12 {
            keeper.cut().await;
        }
    }
    running.await.expect("no panic");
    let count = |reason| ends.iter().filter(|end| end.reason == Some(reason)).count();
    assert!(count(Reason::LogonDenied) >= 6, "{ends:?}");
    let last = ends.last().expect("thirteen ends");
    assert_eq!((last.target.index(), last.reason), (0, Some(Reason::CredentialTripped)), "{ends:?}");
    assert!(last.message.contains("hosts in a row refused the credential"), "{}", last.message);
    assert_eq!(keeper.shown.load(Ordering::SeqCst), 1);
    good.shutdown().await;
    assert_clean(bad).await;
}

/// Beside the one that WinRM keeps, russh leaves up to three, however many hosts there are: it makes text of the
/// password, and messages of that, and wipes none of them.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_core_image_holds_few_copies_of_a_password_that_ssh_was_given() {
    let folder = Folder::new("keeper");
    let fleet = fleet(Options { hosts: 8, ..Options::default() }).await;
    let (keeper, targets) = kept(&folder, &fleet).await;
    let Endpoint::Winrm(winrm) = &targets[0].endpoint else { panic!("WinRM") };
    let port = winrm.jump[0].server.port;
    let file = |name: &str| folder.path().join(name);
    let toml = fleet.inventory_toml();
    let lines: Vec<_> = toml.lines().filter(|line| !line.starts_with("password")).collect();
    std::fs::write(file("fleet.toml"), lines.join("\n")).expect("an inventory");
    let key = std::fs::read_to_string(file("host.pub")).expect("a key");
    std::fs::write(file("known_hosts"), format!("[127.0.0.1]:{port} {key}")).expect("written");
    std::fs::write(file("password"), fleet.password().expose()).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["run", "'begun'; Start-Sleep 120", "-t", "@all", "-o", "jsonl", "--no-store", "-i", "fleet.toml"]);
    command.args(["--password-from", "command:cat password", "--known-hosts", "known_hosts"]);
    command.arg("--jump").arg(format!("ssh://{}@127.0.0.1:{port}", fleet.user()));
    command.current_dir(folder.path()).env("HOME", folder.path()).env_remove("SSH_AUTH_SOCK");
    let mut running = Running::start(&mut command);
    running.wait_for("object", 8);
    assert_eq!(keeper.shown.load(Ordering::SeqCst), 1);
    let password = fleet.password().expose();
    let forms = [("password", password.clone().into_bytes(), 4), ("password in UTF-16", core::wide(password), 0)];
    core::assert_copies(running.id(), &forms, "SSH");
    running.signal("INT");
    running.end();
    assert_clean(fleet).await;
}

/// A server that passes on so many connections at once and no more.
struct Narrow(Arc<Semaphore>);

impl Handler for Narrow {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: russh::Channel<Msg>,
        host: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        let Ok(room) = Arc::clone(&self.0).try_acquire_owned() else {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        };
        let mut there = tokio::net::TcpStream::connect(format!("{host}:{port}")).await?;
        reply.accept().await;
        tokio::spawn(async move {
            // However it ends, there is room again.
            let _ = tokio::io::copy_bidirectional(&mut channel.into_stream(), &mut there).await;
            drop(room);
        });
        Ok(())
    }
}

#[tokio::test]
async fn who_finds_no_room_at_the_bastion_waits_for_it() {
    let folder = Folder::new("narrow");
    let room = Arc::new(Semaphore::new(2));
    let port = listen(&folder, MethodKind::PublicKey, move || Narrow(Arc::clone(&room))).await;
    generate(&folder.path().join("id"), "ed25519", "");
    let server = SshServer {
        identities: Some(vec![folder.path().join("id")]),
        host_keys: HostKeyPolicy::AcceptNew,
        known_hosts: vec![folder.path().join("known_hosts")],
        ..SshServer::new("127.0.0.1", port)
    };
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let targets = behind(&[SshHop { user: None, server }], run::targets(&fleet, AuthMethod::Ntlm, None));
    let network = Network::default();
    let admission = Admission::free();
    let [one, two, three] = targets.as_slice() else { panic!("three targets") };
    // Each holds the connection on which it is about to log on.
    let first = network.connect(one, &admission).await.expect("room for one");
    let second = network.connect(two, &admission).await.expect("room for two");
    let hurried =
        Target { timeouts: Timeouts { connect: Duration::from_millis(300), ..three.timeouts }, ..three.clone() };
    let error = network.connect(&hurried, &admission).await.err().expect("no room");
    let words = format!("bastion 127.0.0.1:{port} has no room for another connection, to 127.0.0.1:");
    assert!(error.message.starts_with(&words) && error.retryable, "{error:?}");
    let waiting = network.connect(three, &admission);
    let (third, ()) = tokio::join!(waiting, async { drop(first) });
    third.expect("room once the first has left");
    drop(second);
    assert_clean(fleet).await;
}

/// The program in a bastion's folder, on a fleet behind it.
fn psfleet(server: &Sshd, words: &[&str]) -> Output {
    psfleet_typing(server, words, "")
}

/// The same with what somebody types.
fn psfleet_typing(server: &Sshd, words: &[&str], typed: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(words).args(["--no-input", "-i", "fleet.toml"]);
    command.arg("--jump").arg(format!("ssh://{}@127.0.0.1:{}", user(), server.port));
    command.arg("--identity").arg(server.user_key()).arg("--known-hosts").arg(server.known_hosts());
    command.env("HOME", server.file("")).env("PSFLEET_STATE_DIR", server.file("state")).current_dir(server.file(""));
    command.env_remove("SSH_AUTH_SOCK").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("psfleet starts");
    child.stdin.take().expect("piped").write_all(typed.as_bytes()).expect("taken");
    child.wait_with_output().expect("psfleet ends")
}

fn said(output: &Output) -> String {
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&said).into_owned()
}

fn write_inventory(fleet: &Fleet, file: &Path) {
    std::fs::write(file, fleet.inventory_toml()).expect("written");
    // It holds the password.
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("made private");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_goes_through_the_bastion() {
    let Some(server) = bastion("") else { return };
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    write_inventory(&fleet, &server.file("fleet.toml"));
    let commands: [&[&str]; 3] =
        [&["run", "-t", "@all", "-o", "jsonl", "1"], &["session", "ls", "-t", "@all"], &["doctor", "-t", "@all"]];
    for (number, words) in commands.into_iter().enumerate() {
        let output = psfleet(&server, words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", said(&output));
        assert_eq!(logons(&server), number + 1, "{words:?}: one connection");
    }
    let findings = psfleet(&server, &["doctor", "-t", "@all", "-o", "jsonl"]);
    let unseen = format!("DNS, port, TLS, mechanisms and clock behind 127.0.0.1:{} are not looked at", server.port);
    assert_eq!(said(&findings).matches(&unseen).count(), 2, "{}", said(&findings));
    let plan = psfleet(&server, &["run", "-t", "@all", "--plan", "1"]);
    let through = format!("through ssh://{}@127.0.0.1:{}", user(), server.port);
    assert!(said(&plan).contains(&through), "{}", said(&plan));
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_and_prompts_go_through_it_too() {
    let Some(pwsh) = pwsh() else { return };
    let Some(server) = bastion("") else { return };
    let fleet = fleet(Options { hosts: 1, engine: Engine::Pwsh, pwsh, ..Options::default() }).await;
    write_inventory(&fleet, &server.file("fleet.toml"));
    std::fs::write(server.file("a.txt"), "through").expect("written");
    let output = psfleet(&server, &["copy", "push", "a.txt", "~/b.txt", "-t", "@all"]);
    assert_eq!((output.status.code(), logons(&server)), (Some(0), 1), "{}", said(&output));
    let (name, ..) = fleet.hosts().next().expect("a host");
    let output = psfleet_typing(&server, &["enter", name], "Get-Content ~/b.txt\n");
    assert!(said(&output).contains("through"), "{}", said(&output));
    assert_eq!(logons(&server), 2);
    assert_clean(fleet).await;
}
