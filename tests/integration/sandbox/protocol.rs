//! The sandbox answers as a WinRM service does, also to what a client must not do.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use psfleet::auth::{Choice, Mechanism};
use psfleet::clixml::{Document, Value, encode};
use psfleet::psrp::message::{Destination, Header, MessageType, capability, create_pipeline, init_pool};
use psfleet::psrp::{HostInfo, Invocation, cut};
use psfleet::sandbox::{Engine, Fleet, Options};
use psfleet::secret::Secret;
use psfleet::target::{AuthMethod, Credential};
use psfleet::wsman::names::{self, SIGNAL_STOP, SIGNAL_TERMINATE, code};
use uuid::Uuid;

use crate::support::sandbox::{assert_clean, fleet};
use crate::support::wire::{Answer, Envelope, Wire, basic};

const SHELL: &str = "11111111-AAAA-4000-8000-000000000001";
const COMMAND: &str = "22222222-BBBB-4000-8000-000000000002";

/// One host with the built-in engine, and a connection that logs on by Basic.
struct Setup {
    fleet: Fleet,
    address: SocketAddr,
    authorization: String,
    wire: Wire,
}

impl Setup {
    async fn new(options: Options) -> Self {
        let fleet = fleet(Options { hosts: 1, engine: Engine::Builtin, ..options }).await;
        let (_, address, _) = fleet.hosts().next().expect("a host");
        let authorization = basic(fleet.user(), fleet.password().expose());
        Self { fleet, address, authorization, wire: Wire::connect(address).await }
    }

    async fn send(&mut self, envelope: Envelope) -> Answer {
        self.wire.wsman(&self.authorization, &envelope.text()).await
    }

    async fn fault(&mut self, envelope: Envelope) -> u32 {
        let answer = self.send(envelope).await;
        assert_eq!(answer.status, 500, "{}", answer.text());
        answer.fault()
    }

    async fn ok(&mut self, envelope: Envelope) -> String {
        let answer = self.send(envelope).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    }

    /// Opens a shell and waits until its pool says that it is open.
    async fn open(&mut self) {
        self.ok(Envelope::create(SHELL, &creation())).await;
        self.ok(Envelope::receive(SHELL, None)).await;
    }

    async fn end(mut self) {
        self.send(Envelope::delete(SHELL)).await;
        assert_clean(self.fleet).await;
    }
}

fn message(message_type: MessageType, pipeline: Uuid, data: Value) -> Vec<u8> {
    let header = Header::write(Destination::Server, message_type, Uuid::from_u128(1), pipeline);
    cut(1, &[&header, encode(&Document::new(data)).as_bytes()], usize::MAX).concat()
}

/// What opens a pool.
pub(crate) fn creation() -> Vec<u8> {
    let capability = message(MessageType::SessionCapability, Uuid::nil(), capability::session_capability());
    let init =
        message(MessageType::InitRunspacePool, Uuid::nil(), init_pool::init_runspace_pool(1, 1, &HostInfo::default()));
    [capability, init].concat()
}

fn pipeline(script: &str) -> Vec<u8> {
    let invocation = Invocation { script: script.to_owned(), arguments: Vec::new(), input: false };
    let id = Uuid::parse_str(COMMAND).expect("a GUID");
    message(MessageType::CreatePipeline, id, create_pipeline::create_pipeline(&invocation))
}

/// A pipeline that stays until its input ends, which never comes.
fn waiting_pipeline() -> Vec<u8> {
    let invocation = Invocation { script: "$input".to_owned(), arguments: Vec::new(), input: true };
    let id = Uuid::parse_str(COMMAND).expect("a GUID");
    message(MessageType::CreatePipeline, id, create_pipeline::create_pipeline(&invocation))
}

#[tokio::test]
async fn create_demands_what_windows_demands() {
    let mut setup = Setup::new(Options::default()).await;
    let create = || Envelope::create(SHELL, &creation());
    assert_eq!(setup.fault(create().without_version()).await, code::PROTOCOL_VERSION_NOT_FOUND);
    assert_eq!(setup.fault(create().configuration("Nowhere")).await, code::INVALID_RESOURCE_URI);
    // A cmd shell, as winrs asks for one, has no protocolversion either.
    let cmd = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd";
    assert_eq!(setup.fault(create().without_version().resource(cmd)).await, code::INVALID_RESOURCE_URI);
    assert_eq!(setup.fault(Envelope::create(SHELL, b"")).await, code::SCHEMA_VALIDATION);
    assert!(setup.ok(create()).await.contains(&format!("<rsp:ShellId>{SHELL}</rsp:ShellId>")));
    assert_eq!(setup.fault(create()).await, code::SHELL_ID_CONFLICT);
    setup.end().await;
}

#[tokio::test]
async fn shells_and_commands_that_are_not_there_are_faults() {
    let mut setup = Setup::new(Options::default()).await;
    assert_eq!(setup.fault(Envelope::receive(SHELL, None)).await, code::UNEXPECTED_SELECTORS);
    assert_eq!(setup.fault(Envelope::delete(SHELL)).await, code::UNEXPECTED_SELECTORS);
    setup.open().await;
    assert_eq!(setup.fault(Envelope::receive(SHELL, Some(COMMAND))).await, code::UNEXPECTED_SELECTORS);
    // Ids of shells are compared with their case.
    assert_eq!(setup.fault(Envelope::receive(&SHELL.to_lowercase(), None)).await, code::UNEXPECTED_SELECTORS);
    setup.end().await;
}

#[tokio::test]
async fn the_opening_comes_in_two_answers_and_then_polls_end_quietly() {
    let mut setup = Setup::new(Options::default()).await;
    setup.ok(Envelope::create(SHELL, &creation())).await;
    let first = setup.ok(Envelope::receive(SHELL, None)).await;
    assert_eq!(first.matches("<rsp:Stream ").count(), 2, "capability and private data");
    let second = setup.ok(Envelope::receive(SHELL, None)).await;
    assert_eq!(second.matches("<rsp:Stream ").count(), 1, "state");
    let quiet = setup.fault(Envelope::receive(SHELL, None).timeout("PT0.05S")).await;
    assert_eq!(quiet, code::OPERATION_TIMED_OUT);
    setup.end().await;
}

#[tokio::test]
async fn a_second_receive_on_the_same_stream_is_refused() {
    let mut setup = Setup::new(Options::default()).await;
    setup.open().await;
    setup.ok(Envelope::receive(SHELL, None)).await;
    let mut other = Wire::connect(setup.address).await;
    let waiting = Envelope::receive(SHELL, None).timeout("PT1S").text();
    let (one, two) =
        tokio::join!(other.wsman(&setup.authorization, &waiting), setup.wire.wsman(&setup.authorization, &waiting));
    let mut faults = [one.fault(), two.fault()];
    faults.sort_unstable();
    assert_eq!(faults, [code::OPERATION_TIMED_OUT, code::CONCURRENCY]);
    setup.end().await;
}

#[tokio::test]
async fn a_command_before_the_pool_is_open_costs_the_shell() {
    let mut setup = Setup::new(Options::default()).await;
    setup.ok(Envelope::create(SHELL, &creation())).await;
    assert_eq!(setup.fault(Envelope::command(SHELL, COMMAND, &pipeline("1"))).await, code::OPERATION_ABORTED);
    assert_eq!(setup.fleet.stats().open_shells, 0);
    setup.end().await;
}

#[tokio::test]
async fn commands_hold_their_slot_until_they_are_released() {
    let mut setup = Setup::new(Options { commands_per_shell: 1, ..Options::default() }).await;
    setup.open().await;
    setup.ok(Envelope::command(SHELL, COMMAND, &pipeline("1"))).await;
    let done = setup.ok(Envelope::receive(SHELL, Some(COMMAND))).await;
    assert!(done.contains(names::STATE_DONE), "{done}");
    let again = || Envelope::command(SHELL, COMMAND, &pipeline("1"));
    assert_eq!(setup.fault(again()).await, code::COMMAND_ID_CONFLICT);
    let next = "33333333-CCCC-4000-8000-000000000003";
    assert_eq!(setup.fault(Envelope::command(SHELL, next, &[])).await, code::QUOTA_COMMANDS_PER_SHELL);
    setup.ok(Envelope::signal(SHELL, COMMAND, SIGNAL_TERMINATE)).await;
    setup.ok(again()).await;
    setup.end().await;
}

#[tokio::test]
async fn a_stopped_pipeline_says_so_and_a_terminated_one_does_not() {
    let mut setup = Setup::new(Options::default()).await;
    setup.open().await;
    setup.ok(Envelope::command(SHELL, COMMAND, &waiting_pipeline())).await;
    let quiet = setup.fault(Envelope::receive(SHELL, Some(COMMAND)).timeout("PT0.05S")).await;
    assert_eq!(quiet, code::OPERATION_TIMED_OUT);
    setup.ok(Envelope::signal(SHELL, COMMAND, SIGNAL_STOP)).await;
    let stopped = setup.ok(Envelope::receive(SHELL, Some(COMMAND))).await;
    assert!(stopped.contains(names::STATE_DONE), "{stopped}");
    setup.ok(Envelope::signal(SHELL, COMMAND, SIGNAL_TERMINATE)).await;
    setup.ok(Envelope::command(SHELL, COMMAND, &waiting_pipeline())).await;
    let mut other = Wire::connect(setup.address).await;
    let (receive, signal) =
        (Envelope::receive(SHELL, Some(COMMAND)), Envelope::signal(SHELL, COMMAND, SIGNAL_TERMINATE));
    let (receive, signal) = (receive.text(), signal.text());
    let received = other.wsman(&setup.authorization, &receive);
    let signalled = setup.wire.wsman(&setup.authorization, &signal);
    let (received, signalled) = tokio::join!(received, signalled);
    assert_eq!(signalled.status, 200);
    // The Receive was pending, or came after the command was gone.
    assert!([code::COMMAND_TERMINATED, code::UNEXPECTED_SELECTORS].contains(&received.fault()), "{}", received.text());
    setup.end().await;
}

#[tokio::test]
async fn who_is_not_logged_on_learns_the_mechanisms_and_nothing_else() {
    let mut setup = Setup::new(Options::default()).await;
    let answer = setup.wire.send("POST /wsman", &[], b"").await.expect("an answer");
    assert_eq!(answer.status, 401);
    assert!(answer.head.contains("www-authenticate: Negotiate\n"), "{}", answer.head);
    assert!(answer.head.contains("www-authenticate: Basic realm=\"WSMAN\""), "{}", answer.head);
    assert_eq!(setup.wire.send("GET /stats", &[], b"").await.expect("an answer").status, 401);
    assert_eq!(setup.wire.send("GET /", &[], b"").await.expect("an answer").status, 404);
    let authorization = setup.authorization.clone();
    let stats = setup.wire.send("GET /stats", &[("Authorization", &authorization)], b"").await.expect("an answer");
    let stats: serde_json::Value = serde_json::from_slice(&stats.body).expect("JSON");
    assert_eq!((&stats["open_shells"], &stats["failed_logons"]), (&0.into(), &0.into()), "{stats}");
    setup.end().await;
}

/// Logs on by NTLM over the wire, with an empty last leg.
async fn logged_on(setup: &mut Setup, method: AuthMethod) -> Box<dyn Mechanism> {
    let password = Secret::new(setup.fleet.password().expose().clone());
    let credential = Credential::of(setup.fleet.user().to_owned(), Some(password));
    let mut context = Choice::new(method, Arc::new(credential), "sandbox").mechanism().expect("a context");
    let mut token = context.step(None).expect("a step").leg().expect("a leg").token;
    while let Some(bytes) = token.take() {
        let header = format!("Negotiate {}", base64_simd::STANDARD.encode_to_string(bytes));
        let headers = [("Authorization", &*header)];
        let answer = setup.wire.send("POST /wsman", &headers, b"").await.expect("an answer");
        let challenge =
            answer.header("www-authenticate").and_then(|value| value.strip_prefix("Negotiate ").map(str::to_owned));
        let Some(challenge) = challenge else { break };
        let challenge = base64_simd::STANDARD.decode_to_vec(challenge.trim()).expect("base64");
        token = context.step(Some(&challenge)).expect("a step").leg().expect("a leg").token;
    }
    context
}

async fn sealed(wire: &mut Wire, body: &[u8]) -> Option<Answer> {
    let content_type = psfleet::auth::sealed::content_type(psfleet::auth::sealed::SPNEGO, 0);
    wire.send("POST /wsman", &[("Content-Type", &*content_type)], body).await
}

#[tokio::test]
async fn sealed_requests_get_sealed_answers() {
    for method in [AuthMethod::Ntlm, AuthMethod::Negotiate] {
        let mut setup = Setup::new(Options::default()).await;
        let mut context = logged_on(&mut setup, method).await;
        for _ in 0..3 {
            let request = context.seal(Envelope::receive(SHELL, None).text().as_bytes()).expect("sealed");
            let answer = sealed(&mut setup.wire, &request).await.expect("an answer");
            assert_eq!(answer.status, 500);
            let body = Bytes::from(context.unseal(&answer.body).expect("sealed"));
            let plain = Answer { body: body.to_vec(), ..answer };
            assert_eq!(plain.fault(), code::UNEXPECTED_SELECTORS, "{method}");
        }
        setup.end().await;
    }
}

#[tokio::test]
async fn a_plain_body_ends_a_sealed_connection() {
    let mut setup = Setup::new(Options::default()).await;
    logged_on(&mut setup, AuthMethod::Negotiate).await;
    let envelope = Envelope::receive(SHELL, None).text();
    let headers = [("Content-Type", names::CONTENT_TYPE)];
    let answer = setup.wire.send("POST /wsman", &headers, envelope.as_bytes()).await.expect("an answer");
    assert_eq!((answer.status, answer.body.len()), (500, 0));
    assert!(setup.wire.is_closed().await);
    setup.wire = Wire::connect(setup.address).await;
    setup.end().await;
}

#[tokio::test]
async fn an_altered_or_repeated_body_ends_a_sealed_connection() {
    for altered in [true, false] {
        let mut setup = Setup::new(Options::default()).await;
        let mut context = logged_on(&mut setup, AuthMethod::Ntlm).await;
        let mut request = context.seal(Envelope::receive(SHELL, None).text().as_bytes()).expect("sealed");
        if altered {
            let middle = request.len() / 2;
            request[middle] ^= 1;
        } else {
            assert!(sealed(&mut setup.wire, &request).await.is_some_and(|answer| !answer.body.is_empty()));
        }
        let answer = sealed(&mut setup.wire, &request).await.expect("an answer");
        assert_eq!((answer.status, answer.body.len()), (500, 0));
        assert!(setup.wire.is_closed().await);
        setup.wire = Wire::connect(setup.address).await;
        setup.end().await;
    }
}

#[tokio::test]
async fn fields_of_the_version_table_are_those_of_windows_powershell() {
    let mut setup = Setup::new(Options::default()).await;
    setup.ok(Envelope::create(SHELL, &creation())).await;
    let text = setup.ok(Envelope::receive(SHELL, None)).await;
    let payload = text.split("<rsp:Stream Name=\"stdout\">").nth(2).and_then(|rest| rest.split('<').next());
    let payload = base64_simd::STANDARD.decode_to_vec(payload.expect("the second stream")).expect("base64");
    let payload = String::from_utf8_lossy(&payload).into_owned();
    assert!(payload.contains("PSVersionTable") && payload.contains(">5.1."), "{payload}");
    setup.end().await;
}
