//! Runs of the library's own fleet: targets, events, outcomes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use psfleet::clixml::{Document, write_plain};
use psfleet::event::{Finished, RunEventKind, Summary};
use psfleet::fleet::{Emission, Executor, Interrupt, Local, RetryRule, Run, RunSpec, Script};
use psfleet::psrp::{Command, Invocation};
use psfleet::sandbox::Fleet;
use psfleet::secret::Secret;
use psfleet::stream::Stream;
use psfleet::target::{AuthMethod, Credential, Endpoint, Target, TargetId, Timeouts, Tls, WinrmEndpoint};
use psfleet::transport::Connector;
use psfleet::transport::network::Network;
use tokio::sync::mpsc;

/// Everything that a run gave.
#[derive(Debug)]
pub(crate) struct Ran {
    /// How it ended.
    pub summary: Summary,
    /// Every record in order of arrival.
    pub records: Vec<(String, Stream, Document)>,
    /// Every target's end, in order of the targets.
    pub ends: Vec<Finished>,
    /// The targets in the order of their ends.
    pub order: Vec<TargetId>,
}

impl Ran {
    /// The objects on the output stream of all hosts, as plain JSON.
    pub(crate) fn objects(&self) -> Vec<serde_json::Value> {
        let output = self.records.iter().filter(|(_, stream, _)| *stream == Stream::Output);
        output.map(|(_, _, value)| plain(value)).collect()
    }
}

/// A value as plain JSON.
pub(crate) fn plain(value: &Document) -> serde_json::Value {
    let mut json = Vec::new();
    write_plain(value, &mut json);
    serde_json::from_slice(&json).expect("JSON")
}

/// A run of a script on targets with the defaults of the command line.
pub(crate) fn spec(targets: Vec<Target>, script: &str) -> RunSpec {
    RunSpec {
        retry: RetryRule { retries: 0, delay: Duration::from_millis(50) },
        ..RunSpec::new(Arc::new(self::script(script)), targets.into_iter().map(Arc::new).collect())
    }
}

/// A script without arguments.
pub(crate) fn script(text: &str) -> Script {
    let invocation = Invocation { script: text.to_owned(), arguments: Vec::new(), input: false };
    Script::new(Arc::new(Command::new(&invocation, &[])))
}

/// Runs it to its end.
pub(crate) async fn run(spec: RunSpec) -> Ran {
    run_until(spec, mpsc::channel(1).1).await
}

/// Runs it to its end or to an interrupt.
pub(crate) async fn run_until(spec: RunSpec, interrupts: mpsc::Receiver<Interrupt>) -> Ran {
    run_over(spec, Arc::new(Network::default()), interrupts).await
}

/// Runs it over a connector of the caller's.
pub(crate) async fn run_over(
    spec: RunSpec,
    connector: Arc<dyn Connector>,
    interrupts: mpsc::Receiver<Interrupt>,
) -> Ran {
    run_by(spec, Local::new(connector, None), interrupts).await
}

/// Runs it by an executor of the caller's.
pub(crate) async fn run_by(
    spec: RunSpec,
    executor: impl Executor + 'static,
    interrupts: mpsc::Receiver<Interrupt>,
) -> Ran {
    let header = Arc::clone(&spec.header);
    let (events, mut received) = mpsc::channel::<Emission>(64);
    let reader = tokio::spawn(async move {
        let (mut records, mut ends) = (Vec::new(), Vec::new());
        while let Some(emission) = received.recv().await {
            match emission.kind {
                RunEventKind::Record(record) => {
                    records.push((header.host(record.target).to_owned(), record.stream, record.value));
                }
                RunEventKind::TargetFinished(end) => ends.push(end),
                _ => {}
            }
        }
        let order = ends.iter().map(|end: &Finished| end.target).collect();
        ends.sort_by_key(|end| end.target);
        (records, ends, order)
    });
    let summary = Run::new(spec, Arc::new(executor)).go(events, interrupts).await;
    let (records, ends, order) = reader.await.expect("the reader reads to the end");
    assert_eq!(ends.len() as u64, summary.target_count, "one outcome per target");
    Ran { summary, records, ends, order }
}

/// The hosts of a sandbox fleet as targets; `password` is the right one unless given.
pub(crate) fn targets(fleet: &Fleet, auth: AuthMethod, password: Option<&str>) -> Vec<Target> {
    let password = password.unwrap_or(fleet.password().expose()).to_owned();
    let credential = Arc::new(Credential::of(fleet.user().to_owned(), Some(Secret::new(password))));
    let tls = match fleet.authority() {
        Some(ca) => Tls::On { ca: Some(ca.to_owned()), insecure: false, pins: Vec::new(), min: Default::default() },
        None => Tls::Off,
    };
    let target = |name: &str, port| Target {
        name: name.into(),
        endpoint: Endpoint::Winrm(WinrmEndpoint {
            address: "127.0.0.1".to_owned(),
            port,
            path: "/wsman".to_owned(),
            tls: tls.clone(),
            auth,
            configuration_name: "Microsoft.PowerShell".to_owned(),
            workstation: Default::default(),
            kerberos: Default::default(),
            trusted: true,
            allow_unencrypted: auth == AuthMethod::Basic && fleet.authority().is_none(),
            jump: Vec::new(),
        }),
        credential: Some(Arc::clone(&credential)),
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts: Timeouts::default(),
    };
    fleet.hosts().map(|(name, address, _)| target(name, address.port())).collect()
}
