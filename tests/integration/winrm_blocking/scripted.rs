//! Single operations against a scripted server that keeps the answer to one of them back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use psfleet::transport::http::TlsCache;
use psfleet::transport::wsman::WsmanCarrier;
use psfleet::transport::{Carrier, Channel, Error, Priority};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::support::http::{Act, HttpServer, Request};
use crate::support::winrm::{action, attribute, envelope, fault, target};

const PIPELINE: Uuid = Uuid::from_u128(0xabc);
/// Longer than an answer is awaited alone, shorter than everything that would end a wait by itself.
const PATIENCE: Duration = Duration::from_secs(8);

/// What the server knows.
#[derive(Default)]
struct Plugin {
    /// The action whose answers are kept back.
    blocked: &'static str,
    /// It is answered although reports are left, as long as a Receive waits.
    needs_only_a_receive: bool,
    /// What it has to report of the pool, as base64 of one byte each.
    reports: Mutex<VecDeque<&'static str>>,
    receiving: Mutex<bool>,
    asked: Mutex<Vec<String>>,
    /// Something above has changed.
    changed: Notify,
}

impl Plugin {
    fn reports(&self) -> MutexGuard<'_, VecDeque<&'static str>> {
        self.reports.lock().expect("no panic")
    }

    fn is_receiving(&self) -> bool {
        *self.receiving.lock().expect("no panic")
    }

    /// Waits until something is as it should be.
    async fn until(&self, wanted: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if wanted(self) {
                return;
            }
            changed.await;
        }
    }

    fn report(&self, report: &'static str) {
        self.reports().push_back(report);
        self.changed.notify_waiters();
    }

    async fn receive(&self) -> String {
        if std::mem::replace(&mut *self.receiving.lock().expect("no panic"), true) {
            return fault(2_150_858_802);
        }
        self.changed.notify_waiters();
        self.until(|plugin| !plugin.reports().is_empty()).await;
        let report = self.reports().pop_front().expect("there is one");
        *self.receiving.lock().expect("no panic") = false;
        self.changed.notify_waiters();
        envelope(&format!(
            r#"<rsp:ReceiveResponse><rsp:Stream Name="stdout">{report}</rsp:Stream></rsp:ReceiveResponse>"#
        ))
    }

    async fn answer(&self, request: Request) -> Act {
        let name = action(&request.body).to_owned();
        self.asked.lock().expect("no panic").push(name.clone());
        if name == self.blocked {
            self.until(|plugin| plugin.is_receiving() && (plugin.needs_only_a_receive || plugin.reports().is_empty()))
                .await;
        }
        let text = match &*name {
            "Create" => envelope("<rsp:Shell><rsp:ShellId>S</rsp:ShellId></rsp:Shell>"),
            "Command" => {
                let id = attribute(&request.body, "CommandId").unwrap_or_default();
                envelope(&format!("<rsp:CommandResponse><rsp:CommandId>{id}</rsp:CommandId></rsp:CommandResponse>"))
            }
            "Receive" => self.receive().await,
            _ => envelope(""),
        };
        Act::soap(if text.contains("s:Fault") { 500 } else { 200 }, text)
    }

    fn asked(&self, wanted: &str) -> usize {
        self.asked.lock().expect("no panic").iter().filter(|name| *name == wanted).count()
    }
}

/// A carrier with a shell in which a command runs.
async fn opened(plugin: Plugin) -> (Arc<WsmanCarrier>, Arc<Plugin>, HttpServer) {
    let plugin = Arc::new(plugin);
    let served = Arc::clone(&plugin);
    let server = HttpServer::start(None, move |request| {
        let plugin = Arc::clone(&served);
        async move { plugin.answer(request).await }.boxed()
    })
    .await;
    let carrier = Arc::new(WsmanCarrier::new(&target(server.port), &TlsCache::new()).expect("carrier"));
    carrier.create(Uuid::from_u128(1), bytes()).await.expect("create");
    if plugin.blocked != "Command" {
        carrier.command(PIPELINE, bytes()).await.expect("command");
    }
    (carrier, plugin, server)
}

fn bytes() -> Vec<Bytes> {
    vec![Bytes::from_static(&[7; 10])]
}

/// Does what makes the request of this name.
async fn perform(carrier: &WsmanCarrier, operation: &str) -> Result<(), Error> {
    match operation {
        "Command" => carrier.command(PIPELINE, bytes()).await,
        "Send" => carrier.send(Channel::Pool, Priority::Default, bytes()).await,
        "Send to a command" => carrier.send(Channel::Pipeline(PIPELINE), Priority::Default, bytes()).await,
        "Send of an answer" => carrier.send(Channel::Pipeline(PIPELINE), Priority::PromptResponse, bytes()).await,
        "Signal" => carrier.signal(PIPELINE).await,
        _ => carrier.close().await,
    }
}

const OPERATIONS: [(&str, &str); 6] = [
    ("Command", "Command"),
    ("Send", "Send"),
    ("Send", "Send to a command"),
    ("Send", "Send of an answer"),
    ("Signal", "Signal"),
    ("Delete", "Delete"),
];

async fn report(carrier: &WsmanCarrier) -> Vec<u8> {
    let received = tokio::time::timeout(PATIENCE, carrier.receive(Channel::Pool)).await;
    received.expect("a report").expect("received").payload
}

#[tokio::test]
async fn an_answer_that_waits_for_reports_to_be_taken_comes_and_the_reports_too() {
    for (blocked, operation) in OPERATIONS {
        let reports = Mutex::new(["AQ==", "Ag==", "Aw=="].into());
        let (carrier, plugin, server) = opened(Plugin { blocked, reports, ..Plugin::default() }).await;
        let performed = tokio::time::timeout(PATIENCE, perform(&carrier, operation)).await;
        assert_eq!(performed, Ok(Ok(())), "{operation}");
        assert_eq!((server.connections(), plugin.asked(blocked)), (2, 1), "{operation}");
        for expected in [1, 2, 3] {
            assert_eq!(report(&carrier).await, [expected], "{operation}");
        }
    }
}

#[tokio::test]
async fn a_receive_that_is_pending_when_the_answer_comes_is_taken_over() {
    for (blocked, operation) in OPERATIONS.into_iter().filter(|(blocked, _)| *blocked != "Delete") {
        let plugin = Plugin { blocked, needs_only_a_receive: true, ..Plugin::default() };
        let (carrier, plugin, server) = opened(plugin).await;
        perform(&carrier, operation).await.expect("answered");
        assert!(plugin.is_receiving(), "{operation}");
        // Further answers are not kept back any more, and nobody receives twice at once.
        perform(&carrier, operation).await.expect("answered");
        let (received, ()) = tokio::join!(report(&carrier), async { plugin.report("AQ==") });
        assert_eq!(received, [1], "{operation}");
        plugin.report("Ag==");
        assert_eq!(carrier.news().await.expect("news").payload, [2], "{operation}");
        assert_eq!(server.connections(), 2, "{operation}");
    }
}

#[tokio::test]
async fn a_receive_whose_caller_gave_up_is_taken_over() {
    let (carrier, plugin, _server) = opened(Plugin::default()).await;
    let given_up = async { plugin.until(Plugin::is_receiving).await };
    tokio::select! {
        _ = carrier.receive(Channel::Pool) => panic!("nothing is reported"),
        () = given_up => {}
    }
    plugin.report("AQ==");
    assert_eq!(report(&carrier).await, [1]);
    assert_eq!(plugin.asked("Receive"), 1);
}

/// A quick answer costs no further lane, and what does not come by itself is not waited for.
#[tokio::test]
async fn a_server_that_answers_is_not_listened_to() {
    let (carrier, plugin, server) = opened(Plugin { reports: Mutex::new(["AQ=="].into()), ..Plugin::default() }).await;
    for (_, operation) in OPERATIONS {
        perform(&carrier, operation).await.expect("answered");
    }
    assert!(carrier.news().now_or_never().is_none());
    assert_eq!((plugin.asked("Receive"), server.connections()), (0, 1));
}

/// The lane of the listener has a logon of its own. Where that is refused, the account must not be tried again and
/// again.
#[tokio::test]
async fn a_second_lane_whose_logon_is_refused_is_tried_once() {
    let refusals = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&refusals);
    let release = Arc::new(Notify::new());
    let released = Arc::clone(&release);
    let server = HttpServer::start(None, move |request| {
        let (refusals, release) = (Arc::clone(&counted), Arc::clone(&released));
        async move {
            if request.connection > 1 {
                *refusals.lock().expect("no panic") += 1;
                release.notify_one();
                return Act::Answer(401, "WWW-Authenticate: Basic realm=\"WSMAN\"\r\n".into(), String::new());
            }
            match action(&request.body) {
                "Create" => Act::soap(200, envelope("<rsp:Shell><rsp:ShellId>S</rsp:ShellId></rsp:Shell>")),
                "Receive" => Act::soap(
                    200,
                    envelope(
                        r#"<rsp:ReceiveResponse><rsp:Stream Name="stdout">AQ==</rsp:Stream></rsp:ReceiveResponse>"#,
                    ),
                ),
                _ => {
                    // A slow server, which would have answered in any case.
                    let _ = tokio::time::timeout(Duration::from_millis(1500), release.notified()).await;
                    Act::soap(200, envelope(""))
                }
            }
        }
        .boxed()
    })
    .await;
    let carrier = WsmanCarrier::new(&target(server.port), &TlsCache::new()).expect("carrier");
    carrier.create(Uuid::from_u128(1), bytes()).await.expect("create");
    for _ in 0..2 {
        perform(&carrier, "Send").await.expect("the answer came");
    }
    assert_eq!(*refusals.lock().expect("no panic"), 1);
    assert_eq!(report(&carrier).await, [1], "the first lane is as good as before");
}
