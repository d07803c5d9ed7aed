//! Sessions with hosts of the sandbox that block, with the built-in engine and with a real PowerShell behind it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use psfleet::clixml::{Document, Value};
use psfleet::psrp::{Argument, Command, Invocation, Opening, SecretArgument};
use psfleet::sandbox::{Engine, Fleet, Options};
use psfleet::secret::Secret;
use psfleet::session::{Ending, Records, RunOptions, Session};
use psfleet::stream::Stream;
use psfleet::target::AuthMethod;
use psfleet::transport::network::Network;
use psfleet::transport::{Admission, Connector};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::run::{run, spec, targets};
use crate::support::{pwsh, sandbox};

/// The output of a pipeline.
#[derive(Default)]
struct Output(Vec<Value>);

impl Records for Output {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        assert_eq!(stream, Stream::Output, "{value:?}");
        self.0.push(value.root);
        ControlFlow::Continue(())
    }
}

/// A fleet of one host, which blocks; Basic needs TLS wherever there are secrets.
async fn blocking(auth: AuthMethod, engine: Engine) -> Option<Fleet> {
    let pwsh = if engine == Engine::Pwsh { pwsh()? } else { "pwsh".into() };
    let faults = vec!["blocking".parse().expect("a fault")];
    let tls = auth == AuthMethod::Basic;
    Some(sandbox::fleet(Options { hosts: 1, auth: vec![auth], engine, pwsh, faults, tls, ..Options::default() }).await)
}

async fn open(fleet: &Fleet, auth: AuthMethod) -> Session {
    let target = targets(fleet, auth, None).remove(0);
    let carrier = Network::default().connect(&target, &Admission::free()).await.expect("carrier");
    let stop = CancellationToken::new();
    Session::open(Opening::of_a_run(), carrier.into(), Uuid::new_v4(), Duration::from_secs(60), &stop)
        .await
        .expect("session")
}

async fn output(session: &mut Session, command: &Command) -> Vec<Value> {
    // Shorter than the patience with a Command or a Send.
    let options = RunOptions::within(Duration::from_secs(50), CancellationToken::new(), true);
    let mut output = Output::default();
    let report = session.run(command, Uuid::new_v4(), &options, &mut output).await.expect("runs");
    assert_eq!(report.ending, Ending::Completed);
    output.0
}

fn command(script: &str) -> Command {
    Command::new(&Invocation { script: script.into(), arguments: Vec::new(), input: false }, &[])
}

/// Ends the session and the fleet; nothing remains, and every logon was accepted.
async fn end(session: Session, fleet: Fleet) {
    let carrier = Arc::clone(session.carrier());
    session.close().await;
    assert!(!carrier.shell_may_remain(), "Delete was answered");
    assert_eq!(sandbox::assert_clean(fleet).await.failed_logons, 0);
}

/// The two kinds of lanes: with a logon in each request, and with one that belongs to the connection and seals.
const METHODS: [AuthMethod; 2] = [AuthMethod::Basic, AuthMethod::Ntlm];

async fn early_command(engine: Engine) {
    for auth in METHODS {
        let Some(fleet) = blocking(auth, engine).await else { return };
        let mut session = open(&fleet, auth).await;
        for round in 0..3 {
            let found = output(&mut session, &command(&format!("{round}; 'end'"))).await;
            assert_eq!(found, [Value::I32(round), Value::str("end")], "{auth}");
        }
        end(session, fleet).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_before_the_pool_has_told_that_it_is_open() {
    early_command(Engine::Builtin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_before_a_real_pool_has_told_that_it_is_open() {
    early_command(Engine::Pwsh).await;
}

/// Secrets there and back.
async fn key_exchange(engine: Engine) {
    for auth in METHODS {
        let Some(fleet) = blocking(auth, engine).await else { return };
        let mut session = open(&fleet, auth).await;
        let pin = SecretArgument::new(Uuid::new_v4(), Secret::new("hunter2".to_owned()));
        let arguments = vec![Argument { name: None, value: pin.secure_string() }];
        let invocation = Invocation { script: "$args[0]".into(), arguments, input: false };
        let command = Command::new(&invocation, &[]).with_secrets(std::slice::from_ref(&pin));
        let found = output(&mut session, &command).await;
        let [Value::SecureString(bytes)] = &found[..] else { panic!("{auth}: {found:?}") };
        assert_eq!(session.reveal(bytes).await.expect("a key").expose(), "hunter2");
        end(session, fleet).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exchange_of_a_key() {
    key_exchange(Engine::Builtin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exchange_of_a_key_with_a_real_pool() {
    key_exchange(Engine::Pwsh).await;
}

/// More input than one Send takes.
async fn input(engine: Engine) {
    for auth in METHODS {
        let Some(fleet) = blocking(auth, engine).await else { return };
        let mut session = open(&fleet, auth).await;
        let objects: Vec<_> = (0..20).map(|_| Document::new(Value::str("x".repeat(50_000)))).collect();
        let script = "$n = 0; foreach ($text in $input) { $n += $text.Length }; $n";
        let invocation = Invocation { script: script.into(), arguments: Vec::new(), input: true };
        let found = output(&mut session, &Command::new(&invocation, &objects)).await;
        assert_eq!(found, [Value::I32(1_000_000)], "{auth}");
        end(session, fleet).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn input_in_several_sends() {
    input(Engine::Builtin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn input_in_several_sends_to_a_real_pipeline() {
    input(Engine::Pwsh).await;
}

/// The built-in engine calls no host that must answer.
#[tokio::test(flavor = "multi_thread")]
async fn answers_to_host_calls_of_a_real_pipeline() {
    for auth in METHODS {
        let Some(fleet) = blocking(auth, Engine::Pwsh).await else { return };
        let mut session = open(&fleet, auth).await;
        let script = "1..3 | ForEach-Object { try { Read-Host 'Name' } catch { 'refused' } }";
        assert_eq!(output(&mut session, &command(script)).await, ["refused"; 3].map(Value::str), "{auth}");
        end(session, fleet).await;
    }
}

/// The server keeps a Delete for longer than we wait for it, unless the shell is listened to.
async fn delete(engine: Engine) {
    for auth in METHODS {
        let Some(fleet) = blocking(auth, engine).await else { return };
        let session = open(&fleet, auth).await;
        end(session, fleet).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_is_deleted() {
    delete(Engine::Builtin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_shell_is_deleted() {
    delete(Engine::Pwsh).await;
}

/// The first lane's logon is the one that counts for the credential; those of further lanes follow it.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_over_hosts_of_which_some_block() {
    let faults = vec!["blocking=4".parse().expect("a fault")];
    let fleet = sandbox::fleet(Options { hosts: 8, faults, ..Options::default() }).await;
    let ran = run(spec(targets(&fleet, AuthMethod::Ntlm, None), "'here'")).await;
    assert_eq!((ran.summary.exit_code(), ran.records.len()), (0, 8), "{:?}", ran.ends);
    let slowest = ran.ends.iter().map(|end| end.duration).max();
    assert!(slowest < Some(Duration::from_secs(10)), "{slowest:?}");
    let stats = sandbox::assert_clean(fleet).await;
    assert_eq!(stats.failed_logons, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_do_not_block_are_asked_five_times_on_one_connection() {
    for auth in METHODS {
        let tls = auth == AuthMethod::Basic;
        let fleet = sandbox::fleet(Options { hosts: 3, tls, auth: vec![auth], ..Options::default() }).await;
        let ran = run(spec(targets(&fleet, auth, None), "'here'")).await;
        assert_eq!(ran.summary.exit_code(), 0, "{:?}", ran.ends);
        let stats = sandbox::assert_clean(fleet).await;
        // Create, Receive, Command, Receive, Delete.
        assert_eq!((stats.requests, stats.logons), (3 * 5, 3), "{auth}");
    }
}
