//! One session through every mechanism, against the sandbox with a real PowerShell behind it.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use psfleet::clixml::Document;
use psfleet::psrp::{Command, Invocation, Opening};
use psfleet::sandbox::{Engine, Options};
use psfleet::session::{Ending, Records, RunOptions, Session};
use psfleet::stream::Stream;
use psfleet::target::{AuthMethod, Credential, Target, Tls};
use psfleet::transport::http::TlsCache;
use psfleet::transport::network::Network;
use psfleet::transport::wsman::WsmanCarrier;
use psfleet::transport::{self, Admission, Authenticated, Connector, Gatekeeper, Leave, Step};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{pwsh, sandbox, winrm};

/// Keeps all records.
#[derive(Default)]
struct Kept(Vec<(Stream, Document)>);

impl Records for Kept {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        self.0.push((stream, value));
        ControlFlow::Continue(())
    }
}

fn target(fleet: &psfleet::sandbox::Fleet, auth: AuthMethod) -> Target {
    let (_, address, _) = fleet.hosts().next().expect("a host");
    let mut target = winrm::target_with(address.port(), |endpoint| {
        endpoint.auth = auth;
        if let Some(ca) = fleet.authority() {
            endpoint.tls =
                Tls::On { ca: Some(ca.to_owned()), insecure: false, pins: Vec::new(), min: Default::default() };
        }
    });
    let password = Some(fleet.password().clone());
    target.credential = Some(Arc::new(Credential::of(fleet.user().to_owned(), password)));
    target
}

async fn open(target: &Target) -> Session {
    let carrier = WsmanCarrier::new(target, &TlsCache::new()).expect("carrier");
    let stop = CancellationToken::new();
    Session::open(Opening::of_a_run(), Arc::new(carrier), Uuid::new_v4(), Duration::from_secs(60), &stop)
        .await
        .expect("session")
}

async fn run(session: &mut Session, script: &str, timeout: Duration) -> (Ending, Vec<(Stream, Document)>) {
    let command = Command::new(&Invocation { script: script.into(), arguments: Vec::new(), input: false }, &[]);
    let options = RunOptions::within(timeout, CancellationToken::new(), true);
    let mut kept = Kept::default();
    let report = session.run(&command, Uuid::new_v4(), &options, &mut kept).await.expect("runs");
    (report.ending, kept.0)
}

#[tokio::test]
async fn every_mechanism_carries_the_same_session() {
    let Some(pwsh) = pwsh() else { return };
    let methods = [AuthMethod::Negotiate, AuthMethod::Ntlm, AuthMethod::Basic];
    for tls in [false, true] {
        let fleet = sandbox::fleet(Options {
            engine: Engine::Pwsh,
            hosts: 1,
            pwsh: pwsh.clone(),
            tls,
            auth: methods.to_vec(),
            ..Options::default()
        });
        let fleet = fleet.await;
        for auth in methods {
            let mut session = open(&target(&fleet, auth)).await;
            let minute = Duration::from_secs(60);
            let (ending, records) = run(&mut session, "1..3; 'x' * 400kb; Write-Error e", minute).await;
            assert_eq!(ending, Ending::Completed, "{auth}");
            let streams: Vec<Stream> = records.iter().map(|(stream, _)| *stream).collect();
            let (output, error) = (Stream::Output, Stream::Error);
            assert_eq!(streams, [output, output, output, output, error], "{auth}");
            let (ending, _) = run(&mut session, "Start-Sleep 600", Duration::from_secs(1)).await;
            assert_eq!(ending, Ending::TimedOut, "{auth}");
            let (ending, records) = run(&mut session, "42", minute).await;
            assert_eq!((ending, records[0].1.root.as_i64()), (Ending::Completed, Some(42)), "{auth}");
            session.close().await;
        }
        let stats = sandbox::assert_clean(fleet).await;
        assert_eq!(stats.failed_logons, 0);
    }
}

/// Gives the same leave at once, and remembers what it hears.
struct Hears(Leave, Mutex<Vec<Authenticated>>);

#[async_trait]
impl Gatekeeper for Hears {
    async fn ask(&self, _: Step) -> Result<Leave, transport::Error> {
        Ok(self.0)
    }

    fn is_proven(&self) -> bool {
        false
    }

    fn accepted(&self, how: Authenticated) {
        self.1.lock().expect("not poisoned").push(how);
    }

    fn again(&self) -> Result<(), transport::Error> {
        Ok(())
    }
}

#[tokio::test]
async fn who_gives_leave_hears_what_proved_the_user() {
    let methods = [AuthMethod::Negotiate, AuthMethod::Ntlm, AuthMethod::Basic];
    let fleet = sandbox::fleet(Options { hosts: 1, auth: methods.to_vec(), ..Options::default() }).await;
    for auth in methods {
        for leave in [Leave::Freely, Leave::Alone] {
            let hears = Arc::new(Hears(leave, Mutex::default()));
            let admission = Admission::new(Arc::clone(&hears) as Arc<dyn Gatekeeper>);
            let target = target(&fleet, auth);
            let carrier = Network::default().connect(&target, &admission).await.expect("a way");
            let (stop, id, timeout) = (CancellationToken::new(), Uuid::new_v4(), Duration::from_secs(60));
            let session =
                Session::open(Opening::of_a_run(), carrier.into(), id, timeout, &stop).await.expect("session");
            session.close().await;
            let heard = hears.1.lock().expect("not poisoned").clone();
            let name = if auth == AuthMethod::Negotiate { "NTLM" } else { auth.name() };
            let is_right = |how: &Authenticated| *how == Authenticated::By(name);
            assert!(!heard.is_empty() && heard.iter().all(is_right), "{auth}, {leave:?}: {heard:?}");
        }
    }
    sandbox::assert_clean(fleet).await;
}
