//! Secrets as arguments and as results, over every transport.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use psfleet::clixml::{Document, Value};
use psfleet::psrp::{Argument, Command, Invocation, Opening, SecretArgument};
use psfleet::sandbox::Options;
use psfleet::secret::Secret;
use psfleet::session::{Ending, Error, Records, RunOptions, Session};
use psfleet::stream::Stream;
use psfleet::target::{AuthMethod, Target, Timeouts};
use psfleet::transport::network::Network;
use psfleet::transport::{Admission, Connector};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::route::Route;
use crate::support::{run, sandbox};

#[derive(Default)]
struct Kept(Vec<(Stream, Value)>);

impl Records for Kept {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        self.0.push((stream, value.root));
        ControlFlow::Continue(())
    }
}

async fn open(target: &Target, connector: &dyn Connector) -> Session {
    let carrier = connector.connect(target, &Admission::free()).await.expect("connects");
    let stop = CancellationToken::new();
    Session::open(Opening::of_a_run(), carrier.into(), Uuid::new_v4(), target.timeouts.open, &stop)
        .await
        .expect("opens")
}

async fn run_in(session: &mut Session, command: &Command) -> Result<Vec<Value>, Error> {
    let options = RunOptions::within(Duration::from_secs(120), CancellationToken::new(), true);
    let mut kept = Kept::default();
    let report = session.run(command, Uuid::new_v4(), &options, &mut kept).await?;
    assert_eq!(report.ending, Ending::Completed);
    assert!(kept.0.iter().all(|(stream, _)| *stream == Stream::Output), "{:?}", kept.0);
    Ok(kept.0.into_iter().map(|(_, value)| value).collect())
}

fn secret(text: &str) -> SecretArgument {
    SecretArgument::new(Uuid::new_v4(), Secret::new(text.to_owned()))
}

fn command(script: &str, arguments: Vec<Value>, secrets: &[SecretArgument]) -> Command {
    let arguments = arguments.into_iter().map(|value| Argument { name: None, value }).collect();
    Command::new(&Invocation { script: script.into(), arguments, input: false }, &[]).with_secrets(secrets)
}

fn bytes(value: &Value) -> &[u8] {
    let Value::SecureString(bytes) = value else { panic!("no SecureString: {value:?}") };
    bytes
}

/// Sends a SecureString and a PSCredential twice, and gets a SecureString of the server's own.
async fn travel(route: Option<Route>) {
    let Some(route) = route else { return };
    let timeouts = Timeouts { connect: Duration::from_secs(60), open: Duration::from_secs(120), ..Timeouts::default() };
    let target = Target {
        name: "host".into(),
        endpoint: route.endpoint(),
        credential: route.credential(),
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts,
    };
    let mut session = open(&target, &*route.connector()).await;
    let (pin, password) = (secret("grüße 🗝"), secret("hunter2"));
    let script = "param($pin, $credential) $pin.GetType().Name; [pscredential]::new('u', $pin).GetNetworkCredential().Password; \
                  $credential.GetType().Name; $credential.UserName; $credential.GetNetworkCredential().Password";
    let both = [pin.clone(), password.clone()];
    let command = command(script, vec![pin.secure_string(), password.credential("CONTOSO\\svc")], &both);
    let expected = ["SecureString", "grüße 🗝", "PSCredential", "CONTOSO\\svc", "hunter2"].map(Value::str);
    for round in 0..2 {
        assert_eq!(run_in(&mut session, &command).await.expect("runs"), expected, "{}, round {round}", route.name());
    }
    let script = "$s = [securestring]::new(); 'own'.ToCharArray() | ForEach-Object { $s.AppendChar($_) }; $s";
    let command = self::command(script, vec![], &[]);
    let output = run_in(&mut session, &command).await.expect("runs");
    assert_eq!(session.reveal(bytes(&output[0])).await.expect("decrypts").expose(), "own");
    session.close().await;
    route.assert_nothing_remains().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn local() {
    travel(Route::local()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh() {
    travel(Route::ssh()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn winrm_over_tls() {
    travel(Route::winrm("winrm, Basic over TLS", AuthMethod::Basic, true).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn winrm_sealed() {
    travel(Route::winrm("winrm, NTLM sealed over HTTP", AuthMethod::Ntlm, false).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_encrypts_before_it_is_asked() {
    let Some(route) = Route::local() else { return };
    let target = Target {
        name: "host".into(),
        endpoint: route.endpoint(),
        credential: None,
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts: Timeouts::default(),
    };
    let mut session = open(&target, &*route.connector()).await;
    let script = "$s = [securestring]::new(); $s.AppendChar('x'); $s";
    let output = run_in(&mut session, &command(script, vec![], &[])).await.expect("runs");
    assert_eq!(session.reveal(bytes(&output[0])).await.expect("decrypts").expose(), "x");
    session.close().await;
    route.assert_nothing_remains().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_builtin_server_and_no_way_in_the_clear() {
    let fleet = sandbox::fleet(Options { hosts: 1, ..Options::default() }).await;
    let pin = secret("hunter2");
    let command = command("$args[0]", vec![pin.secure_string()], std::slice::from_ref(&pin));
    let mut session = open(&run::targets(&fleet, AuthMethod::Ntlm, None)[0], &Network::default()).await;
    let output = run_in(&mut session, &command).await.expect("runs");
    assert_eq!(session.reveal(bytes(&output[0])).await.expect("decrypts").expose(), "hunter2");
    session.close().await;
    // One of the server's own, before the client has asked for a key; in a credential too.
    let own = "$s = ConvertTo-SecureString own -AsPlainText -Force; $s; [pscredential]::new('u', $s)";
    let mut session = open(&run::targets(&fleet, AuthMethod::Ntlm, None)[0], &Network::default()).await;
    let output = run_in(&mut session, &self::command(own, vec![], &[])).await.expect("runs");
    let Value::Object(credential) = &output[1] else { panic!("{output:?}") };
    let inside = credential.props.iter().find(|(name, _)| &**name == "Password").expect("a password");
    for sealed in [&output[0], &inside.1] {
        assert_eq!(session.reveal(bytes(sealed)).await.expect("decrypts").expose(), "own");
    }
    session.close().await;
    let mut clear = open(&run::targets(&fleet, AuthMethod::Basic, None)[0], &Network::default()).await;
    assert!(matches!(run_in(&mut clear, &command).await, Err(Error::Exposed)));
    clear.close().await;
    sandbox::assert_clean(fleet).await;
}
