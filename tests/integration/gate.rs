//! The first proof of a credential, and dead hosts beside living ones, on real sockets.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpStream};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt;
use psfleet::event::Finished;
use psfleet::fleet::Limits;
use psfleet::outcome::{Outcome, Reason};
use psfleet::sandbox::{FaultKind, Fleet, Options};
use psfleet::secret::Secret;
use psfleet::target::{AuthMethod, Credential, Endpoint, HostKeyPolicy, SshEndpoint, SshServer, Target, Timeouts};
use psfleet::transport::ssh::Client;
use russh::keys::PrivateKey;
use russh::server::{Auth, Config, Handler};
use russh::{MethodKind, MethodSet};
use tokio::sync::mpsc;

use crate::support::folder::Folder;
use crate::support::http::{Act, HttpServer};
use crate::support::ntlm::{challenge, message, negotiate, token};
use crate::support::run::{Ran, run, run_over, spec, targets};
use crate::support::sandbox::{assert_clean, fleet};
use crate::support::ssh_only::SshOnly;
use crate::support::sshd::generate;
use crate::support::winrm::target_with;

/// A listener that swallows connections: its queue is full, so that nobody gets an answer any more.
struct Swallower {
    listener: socket2::Socket,
    _queued: Vec<TcpStream>,
}

impl Swallower {
    fn new() -> Self {
        let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        listener.bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("loopback");
        listener.listen(0).expect("listens");
        let address = listener.local_addr().expect("bound").as_socket().expect("IPv4");
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(100));
        Self { _queued: (0..8).map_while(|place| connect(place).ok()).collect(), listener }
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().expect("bound").as_socket().expect("IPv4").port()
    }
}

/// The same host under another name and port.
fn elsewhere(target: &Target, name: &str, port: u16) -> Target {
    let Endpoint::Winrm(endpoint) = target.endpoint.clone() else { panic!("not over WinRM") };
    let endpoint = psfleet::target::WinrmEndpoint { port, ..endpoint };
    Target { name: name.into(), endpoint: Endpoint::Winrm(endpoint), ..target.clone() }
}

fn count(ends: &[Finished], outcome: Outcome, reason: Option<Reason>) -> usize {
    ends.iter().filter(|end| (end.outcome, end.reason) == (outcome, reason)).count()
}

/// A fleet's hosts in another order: those with a fault at this place.
fn with_faulty_at(fleet: &Fleet, auth: AuthMethod, place: usize) -> Vec<Target> {
    let faulty: Vec<bool> = fleet.hosts().map(|(_, _, fault)| fault.is_some()).collect();
    let all = targets(fleet, auth, None).into_iter().zip(faulty);
    let (bad, good): (Vec<_>, Vec<_>) = all.partition(|(_, faulty)| *faulty);
    let mut targets: Vec<Target> = good.into_iter().map(|(target, _)| target).collect();
    targets.splice(place..place, bad.into_iter().map(|(target, _)| target));
    targets
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_hosts_first_hold_back_nobody() {
    for auth in [AuthMethod::Negotiate, AuthMethod::Basic] {
        let fleet = fleet(Options { hosts: 54, ..Options::default() }).await;
        let swallower = Swallower::new();
        let living = targets(&fleet, auth, None);
        let dead = |number| elsewhere(&living[0], &format!("dead{number}"), swallower.port());
        let mut all: Vec<Target> = (0..6).map(dead).collect();
        all.extend(living.iter().cloned());
        for target in &mut all {
            target.timeouts.connect = Duration::from_secs(5);
        }
        let mut spec = spec(all, "'here'");
        spec.retry.retries = 1;
        let ran = run(spec).await;
        assert_eq!(count(&ran.ends, Outcome::Ok, None), 54, "{:?}", ran.ends);
        assert_eq!(count(&ran.ends, Outcome::Unreachable, Some(Reason::ConnectTimeout)), 6);
        // None of them waited for the first attempt of a dead one, let alone for the second.
        assert!(ran.order[..54].iter().all(|target| target.index() >= 6), "{:?}", ran.order);
        assert_clean(fleet).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refuser_in_the_middle_is_its_own_affair() {
    for (auth, fault) in [
        (AuthMethod::Negotiate, FaultKind::WrongPassword),
        (AuthMethod::Negotiate, FaultKind::RejectToken),
        (AuthMethod::Ntlm, FaultKind::WrongPassword),
        (AuthMethod::Basic, FaultKind::WrongPassword),
    ] {
        let faults = vec![fault.to_string().parse().expect("a fault")];
        let fleet = fleet(Options { hosts: 40, faults, ..Options::default() }).await;
        let mut spec = spec(with_faulty_at(&fleet, auth, 20), "'here'");
        // It must not be among the first that connect: whoever is quickest proves the credential.
        spec.limits = Limits::new(NonZeroUsize::new(4).expect("not 0"));
        let ran = run(spec).await;
        let denied = count(&ran.ends, Outcome::Auth, Some(Reason::LogonDenied));
        assert_eq!((count(&ran.ends, Outcome::Ok, None), denied), (39, 1), "{auth} {fault}: {:?}", ran.ends);
        assert_eq!(assert_clean(fleet).await.failed_logons, 1);
    }
}

fn assert_one_refusal(ran: &Ran, hosts: usize) {
    let skipped = count(&ran.ends, Outcome::Skipped, Some(Reason::CredentialTripped));
    let denied = count(&ran.ends, Outcome::Auth, Some(Reason::LogonDenied));
    assert_eq!((denied, skipped), (1, hosts - 1), "{:?}", ran.ends);
    let skipped = ran.ends.iter().find(|end| end.outcome == Outcome::Skipped).expect("skipped");
    assert!(skipped.message.contains("--auth-fail-limit 2"), "{}", skipped.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_on_500_hosts_is_one_failed_logon() {
    let fleet = fleet(Options { hosts: 500, ..Options::default() }).await;
    for (tried, auth) in (1..).zip([AuthMethod::Ntlm, AuthMethod::Negotiate, AuthMethod::Basic]) {
        let mut spec = spec(targets(&fleet, auth, Some("wrong")), "'here'");
        spec.retry.retries = 2;
        assert_one_refusal(&run(spec).await, 500);
        assert_eq!(fleet.stats().failed_logons, tried, "{auth}");
    }
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reject_token_is_a_refused_logon() {
    let faults = vec!["reject-token=100%".parse().expect("a fault")];
    let fleet = fleet(Options { hosts: 60, faults, ..Options::default() }).await;
    assert_one_refusal(&run(spec(targets(&fleet, AuthMethod::Negotiate, None), "'here'")).await, 60);
    assert_eq!(assert_clean(fleet).await.failed_logons, 1);
}

/// An SSH server that takes passwords, all of them wrong.
struct Refuser {
    passwords: Arc<AtomicU64>,
}

impl Handler for Refuser {
    type Error = russh::Error;

    async fn auth_password(&mut self, _user: &str, _password: &str) -> Result<Auth, Self::Error> {
        self.passwords.fetch_add(1, Ordering::SeqCst);
        Ok(Auth::reject())
    }
}

async fn serve(listener: tokio::net::TcpListener, config: Arc<Config>, passwords: Arc<AtomicU64>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (config, handler) = (Arc::clone(&config), Refuser { passwords: Arc::clone(&passwords) });
        tokio::spawn(async move { russh::server::run_stream(config, stream, handler).await?.await });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_one_failed_logon_over_ssh() {
    let folder = Folder::new("gate");
    let host_key = folder.path().join("host");
    generate(&host_key, "ed25519", "");
    let config = Arc::new(Config {
        methods: MethodSet::from(&[MethodKind::Password][..]),
        auth_rejection_time: Duration::from_millis(1),
        keys: vec![PrivateKey::read_openssh_file(&host_key).expect("a key")],
        ..Config::default()
    });
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    let passwords = Arc::new(AtomicU64::new(0));
    let serving = tokio::spawn(serve(listener, config, Arc::clone(&passwords)));
    let credential = Arc::new(Credential::of("svc", Some(Secret::new("wrong".to_owned()))));
    let target = |number: usize| Target {
        name: format!("ssh{number}").into(),
        endpoint: Endpoint::Ssh(SshEndpoint {
            server: SshServer {
                host_keys: HostKeyPolicy::AcceptNew,
                known_hosts: vec![folder.path().join("known_hosts")],
                ..SshServer::new("127.0.0.1", port)
            },
            jump: Vec::new(),
            subsystem: "powershell".to_owned(),
            exec: "pwsh".to_owned(),
        }),
        credential: Some(Arc::clone(&credential)),
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts: Timeouts { connect: Duration::from_secs(120), open: Duration::from_secs(240), ..Timeouts::default() },
    };
    let mut spec = spec((0..500).map(target).collect(), "'here'");
    // Key exchanges cost more than all the rest.
    spec.limits = Limits::new(NonZeroUsize::new(4).expect("not 0"));
    let client = Client::new(Some(folder.path().to_owned()), None, None);
    let ran = run_over(spec, Arc::new(SshOnly(client)), mpsc::channel(1).1).await;
    assert_one_refusal(&ran, 500);
    assert_eq!(passwords.load(Ordering::SeqCst), 1);
    serving.abort();
}

/// Runs hosts of which some are bad and come first, and asserts that no other waits for them.
async fn assert_others_first(bad: FaultKind, auth: AuthMethod) {
    let faults = vec![format!("{bad}=6").parse().expect("a fault")];
    let fleet = fleet(Options { hosts: 30, faults, ..Options::default() }).await;
    let mut all = with_faulty_at(&fleet, auth, 0);
    for target in &mut all {
        target.timeouts.connect = Duration::from_secs(15);
        target.timeouts.open = Duration::from_secs(15);
    }
    let ran = run(spec(all, "'here'")).await;
    assert_eq!(count(&ran.ends, Outcome::Ok, None), 24, "{auth} {bad}: {:?}", ran.ends);
    assert_eq!(ran.summary.counts.of(Outcome::Unreachable), 6, "{auth} {bad}: {:?}", ran.ends);
    assert!(ran.order[..24].iter().all(|target| target.index() >= 6), "{auth} {bad}: {:?}", ran.order);
    assert_eq!(fleet.stats().failed_logons, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_never_start_a_shell_hold_back_nobody() {
    let each = [AuthMethod::Negotiate, AuthMethod::Ntlm, AuthMethod::Basic];
    futures::future::join_all(each.map(|auth| assert_others_first(FaultKind::NoStart, auth))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_never_say_a_word_hold_back_nobody() {
    let each = [AuthMethod::Negotiate, AuthMethod::Basic];
    futures::future::join_all(each.map(|auth| assert_others_first(FaultKind::Hung, auth))).await;
}

/// Sends a password to eight hosts that ask for it and then close, and returns how many got it, and a message of the
/// rest.
async fn with_servers_that_close(auth: AuthMethod) -> (usize, String) {
    let proofs = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&proofs);
    let server = HttpServer::start(None, move |request| {
        let begins = token(&request).is_some_and(|token| message(&token, 1).is_some());
        let act = match request.head.contains("uthorization: ") {
            false => Act::Answer(401, "WWW-Authenticate: Basic realm=\"WSMAN\"\r\n".into(), String::new()),
            true if begins => Act::Answer(401, negotiate(&challenge()), String::new()),
            true => {
                seen.fetch_add(1, Ordering::SeqCst);
                Act::Close
            }
        };
        async move { act }.boxed()
    })
    .await;
    let first = target_with(server.port, |endpoint| endpoint.auth = auth);
    let named = |number| Target { name: format!("h{number}").into(), ..first.clone() };
    let mut spec = spec((0..8).map(named).collect(), "'here'");
    spec.retry.retries = 2;
    let ran = run(spec).await;
    let skipped = ran.ends.iter().find(|end| end.outcome == Outcome::Skipped).map(|end| end.message.clone());
    (proofs.load(Ordering::SeqCst) as usize, skipped.unwrap_or_else(|| format!("{:?}", ran.ends)))
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_close_on_a_proof_get_three() {
    for auth in [AuthMethod::Ntlm, AuthMethod::Basic] {
        let (proofs, message) = with_servers_that_close(auth).await;
        assert_eq!(proofs, 3, "{auth}: {message}");
        assert!(message.contains("was sent 3 times"), "{auth}: {message}");
    }
}

/// Sends a wrong password to twelve hosts of which one finds something else to complain of, and returns the refusals.
async fn beside_one_that_answers(auth: AuthMethod, status: u16) -> u64 {
    let refusals = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&refusals);
    let server = HttpServer::start(None, move |request| {
        let begins = token(&request).is_some_and(|token| message(&token, 1).is_some());
        let is_first = request.head.contains("/first");
        let act = match request.head.contains("uthorization: ") {
            false => Act::Answer(401, "WWW-Authenticate: Basic realm=\"WSMAN\"\r\n".into(), String::new()),
            true if begins => Act::Answer(401, negotiate(&challenge()), String::new()),
            true if is_first => Act::Answer(status, String::new(), String::new()),
            true => {
                counter.fetch_add(1, Ordering::SeqCst);
                Act::Answer(401, String::new(), String::new())
            }
        };
        async move { act }.boxed()
    })
    .await;
    let named = |number: usize| Target {
        name: format!("h{number}").into(),
        ..target_with(server.port, |endpoint| {
            endpoint.auth = auth;
            endpoint.path = if number == 0 { "/first".into() } else { "/wsman".into() };
        })
    };
    let credential = target_with(server.port, |_| ()).credential;
    let all = (0..12).map(|number| Target { credential: credential.clone(), ..named(number) }).collect();
    let mut spec = spec(all, "'here'");
    // The first is the one to prove it.
    spec.limits = Limits { connecting: NonZeroUsize::MIN, throttle: NonZeroUsize::MIN };
    run(spec).await;
    refusals.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_answer_is_taken_for_an_acceptance() {
    for auth in [AuthMethod::Ntlm, AuthMethod::Basic] {
        for status in [500, 400, 403, 404, 407, 503] {
            assert_eq!(beside_one_that_answers(auth, status).await, 1, "{auth} HTTP {status}");
        }
    }
}
