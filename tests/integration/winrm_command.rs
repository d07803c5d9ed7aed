//! Commands that a host refused: what the run says of it, and whether it tries again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use psfleet::event::Finished;
use psfleet::fleet::Script;
use psfleet::outcome::{Outcome, Reason};
use psfleet::psrp::message::{Destination, Header, MessageType};
use psfleet::psrp::{Argument, Command, Invocation, SecretArgument, cut};
use psfleet::secret::Secret;
use psfleet::target::Tls;
use uuid::Uuid;

use crate::support::http::{Act, HttpServer, Request};
use crate::support::run::{run, spec};
use crate::support::tls::self_signed;
use crate::support::winrm::{action, attribute, envelope, fault, target, target_with};

/// Messages of a server as base64.
fn messages(messages: &[(MessageType, &str)]) -> String {
    let fragments = (1..).zip(messages).flat_map(|(id, (kind, data))| {
        cut(id, &[&Header::write(Destination::Client, *kind, Uuid::nil(), Uuid::nil()), data.as_bytes()], 32_768)
    });
    base64_simd::STANDARD.encode_to_string(fragments.collect::<Vec<_>>().concat())
}

/// What proves that a pool takes pipelines.
const OPENING: [(MessageType, &str); 2] = [
    (
        MessageType::SessionCapability,
        r#"<Obj RefId="0"><MS><Version N="PSVersion">2.0</Version><Version N="protocolversion">2.3</Version></MS></Obj>"#,
    ),
    (MessageType::ApplicationPrivateData, r#"<Obj RefId="0"><MS><Nil N="ApplicationPrivateData"/></MS></Obj>"#),
];

/// What a pool says when it is open.
const OPENED: (MessageType, &str) =
    (MessageType::RunspacePoolState, r#"<Obj RefId="0"><MS><I32 N="RunspaceState">2</I32></MS></Obj>"#);

/// What a server has done.
#[derive(Default)]
struct Done {
    shells: AtomicUsize,
    commands: AtomicUsize,
    /// Receives of the shell.
    receives: AtomicUsize,
}

impl Done {
    fn count(counter: &AtomicUsize) -> usize {
        counter.fetch_add(1, Ordering::SeqCst)
    }

    fn shells(&self) -> usize {
        self.shells.load(Ordering::SeqCst)
    }

    fn commands(&self) -> usize {
        self.commands.load(Ordering::SeqCst)
    }

    /// The usual answer to a request; every pipeline completes at once. `early`: the pool tells of its state when it is
    /// asked a second time.
    fn usual(&self, request: &Request, early: bool) -> Act {
        let received = |found: &[(MessageType, &str)]| {
            let found = messages(found);
            format!(r#"<rsp:ReceiveResponse><rsp:Stream Name="stdout">{found}</rsp:Stream></rsp:ReceiveResponse>"#)
        };
        let command = attribute(&request.body, "CommandId");
        let text = match (action(&request.body), command) {
            ("Create", _) => {
                Self::count(&self.shells);
                "<rsp:Shell><rsp:ShellId>S</rsp:ShellId></rsp:Shell>".to_owned()
            }
            ("Command", Some(id)) => {
                format!("<rsp:CommandResponse><rsp:CommandId>{id}</rsp:CommandId></rsp:CommandResponse>")
            }
            ("Receive", Some(_)) => {
                let completed = r#"<Obj RefId="0"><MS><I32 N="PipelineState">4</I32></MS></Obj>"#;
                received(&[(MessageType::PipelineState, completed)])
            }
            ("Receive", None) => match (Self::count(&self.receives), early) {
                (0, true) => received(&OPENING),
                (_, true) => received(&[OPENED]),
                (_, false) => received(&[OPENING[0], OPENING[1], OPENED]),
            },
            _ => String::new(),
        };
        Act::soap(200, envelope(&text))
    }
}

/// How a server refuses a Command.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    /// A fault with this code.
    Fault(u32),
    /// A fault that has nothing but this subcode.
    Subcode(&'static str),
    /// A status without a body.
    Status(u16),
    /// A status with a page of text.
    Page(u16),
    /// The connection ends.
    Close,
    /// A SOAP answer to something else.
    Other,
    /// Something that is not SOAP, with SOAP's content type.
    Garbage,
}

impl Refusal {
    fn act(self) -> Act {
        match self {
            Self::Fault(code) => Act::soap(500, fault(code)),
            Self::Subcode(subcode) => Act::soap(
                500,
                envelope(&format!(
                    "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:{subcode}</s:Value></s:Subcode></s:Code>\
                     <s:Reason><s:Text>scripted</s:Text></s:Reason></s:Fault>"
                )),
            ),
            Self::Status(401) => Act::Answer(401, "WWW-Authenticate: Basic realm=\"WSMAN\"\r\n".into(), String::new()),
            Self::Status(status) => Act::Answer(status, String::new(), String::new()),
            Self::Page(status) => {
                Act::Answer(status, "Content-Type: text/html\r\n".into(), "<html>sorry</html>".into())
            }
            Self::Close => Act::Close,
            Self::Other => Act::soap(200, envelope("<rsp:SignalResponse/>")),
            Self::Garbage => Act::soap(200, "not XML at all"),
        }
    }
}

/// Runs a script on a server that refuses the first `times` Commands; how it ends, and what the server did.
async fn end(refusal: Refusal, times: usize, early: bool) -> (Finished, Arc<Done>) {
    let done = Arc::new(Done::default());
    let served = Arc::clone(&done);
    let server = HttpServer::start(None, move |request| {
        let refused = action(&request.body) == "Command" && Done::count(&served.commands) < times;
        let act = if refused { refusal.act() } else { served.usual(&request, early) };
        async move { act }.boxed()
    })
    .await;
    let mut target = target(server.port);
    if times == usize::MAX {
        // Whoever waits for a quota has that much patience.
        target.timeouts.open = Duration::from_secs(2);
    }
    let mut spec = spec(vec![target], "1");
    spec.retry.retries = 1;
    spec.retry.delay = Duration::from_millis(1);
    let mut ran = run(spec).await;
    (ran.ends.remove(0), done)
}

/// Commands that were refused: nothing ran. Each row: the refusal, outcome, reason, and whether another attempt may
/// help.
const REFUSED: [(Refusal, Outcome, Reason, bool); 30] = {
    use Outcome::{Auth, Unreachable};
    use Reason::*;
    use Refusal::{Fault, Page, Status, Subcode};
    [
        // Quotas pass: MaxConcurrentOperationsPerUser, shells, users, the endpoint's own, not said which, commands in
        // the shell.
        (Fault(2_150_858_815), Unreachable, Quota, true),
        (Fault(2_150_859_173), Unreachable, Quota, true),
        (Fault(2_150_859_174), Unreachable, Quota, true),
        (Fault(2_150_859_176), Unreachable, Quota, true),
        (Fault(2_150_859_240), Unreachable, Quota, true),
        (Fault(2_150_859_241), Unreachable, Quota, true),
        // The shell is gone, closed, not initialized, disconnected, or on another server.
        (Fault(2_150_858_843), Unreachable, LinkBroken, true),
        (Fault(2_150_859_082), Unreachable, LinkBroken, true),
        (Fault(2_150_859_118), Unreachable, LinkBroken, true),
        (Fault(2_150_859_204), Unreachable, ServerFault, true),
        (Fault(2_150_858_813), Unreachable, ServerFault, true),
        (Subcode("InvalidSelectors"), Unreachable, ServerFault, true),
        // No domain controller, a service that does not run.
        (Fault(1311), Unreachable, ServerFault, true),
        (Fault(1722), Unreachable, ServerFault, true),
        (Status(503), Unreachable, ServerFault, true),
        // Who may not, may not a second time.
        (Fault(5), Auth, EndpointDenied, false),
        (Subcode("AccessDenied"), Auth, EndpointDenied, false),
        (Fault(1326), Auth, LogonDenied, false),
        (Fault(1909), Auth, AccountLocked, false),
        (Fault(2_150_859_177), Auth, EndpointDenied, false),
        (Status(401), Auth, LogonDenied, false),
        (Status(403), Auth, EndpointDenied, false),
        // Whatever else is refused will be again.
        (Fault(2_150_858_817), Unreachable, Protocol, false),
        (Fault(2_150_858_825), Unreachable, ServerFault, false),
        (Fault(2_152_991_684), Unreachable, ServerFault, false),
        (Subcode("InternalError"), Unreachable, ServerFault, false),
        (Status(400), Unreachable, Protocol, false),
        (Page(404), Unreachable, Protocol, false),
        (Status(413), Unreachable, ServerFault, false),
        (Status(500), Auth, AuthMethod, false),
    ]
};

/// Commands of which nobody knows what became.
const UNKNOWN: [Refusal; 13] = [
    Refusal::Fault(995),
    Refusal::Fault(1726),
    Refusal::Fault(2_150_858_793),
    Refusal::Fault(2_150_858_883),
    Refusal::Fault(2_150_859_212),
    Refusal::Fault(2_150_859_222),
    Refusal::Fault(2_152_992_673),
    Refusal::Subcode("TimedOut"),
    Refusal::Close,
    Refusal::Other,
    Refusal::Garbage,
    Refusal::Page(200),
    Refusal::Page(504),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_command_is_never_failed_or_lost() {
    for (refusal, outcome, reason, retryable) in REFUSED {
        let (end, done) = end(refusal, usize::MAX, false).await;
        assert_eq!((end.outcome, end.reason), (outcome, Some(reason)), "{refusal:?}: {}", end.message);
        assert_eq!(end.attempts as usize, done.shells(), "{refusal:?}");
        match (reason, retryable) {
            // More than retries allow: others may give back what it needs.
            (Reason::Quota, _) => assert!(end.attempts > 4, "{refusal:?}: {}", end.attempts),
            (_, retryable) => assert_eq!(end.attempts, if retryable { 2 } else { 1 }, "{refusal:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_pass_is_tried_again_in_another_shell() {
    for (refusal, ..) in REFUSED.into_iter().filter(|(.., retryable)| *retryable) {
        let (end, done) = end(refusal, 1, false).await;
        assert_eq!((end.outcome, end.reason), (Outcome::Ok, None), "{refusal:?}: {}", end.message);
        assert_eq!((end.attempts, done.shells(), done.commands()), (2, 2, 2), "{refusal:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_fate_is_unknown_is_lost_and_not_repeated() {
    for refusal in UNKNOWN {
        for early in [false, true] {
            let (end, done) = end(refusal, usize::MAX, early).await;
            assert_eq!((end.outcome, end.attempts), (Outcome::Lost, 1), "{refusal:?}: {}", end.message);
            assert_eq!((done.shells(), done.commands()), (1, 1), "{refusal:?}");
            assert!(end.hint.as_deref().is_some_and(|hint| hint.contains("unknown")), "{refusal:?}: {:?}", end.hint);
        }
    }
}

/// A server may want its state to be taken before it takes a Command.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_command_that_is_refused_is_sent_again_when_the_pool_is_open() {
    for refusal in [Refusal::Fault(2_150_858_817), Refusal::Fault(2_152_992_672), Refusal::Fault(2_150_859_174)] {
        let (end, done) = end(refusal, 1, true).await;
        assert_eq!((end.outcome, end.attempts), (Outcome::Ok, 1), "{refusal:?}: {}", end.message);
        assert_eq!((done.shells(), done.commands()), (1, 2), "{refusal:?}");
    }
}

/// A logon that was refused on one lane is not tried on another, not even to delete the shell.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_logon_is_counted_once() {
    let refused = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&refused);
    let done = Done::default();
    let server = HttpServer::start(None, move |request| {
        let changed = counted.load(Ordering::SeqCst) > 0 || action(&request.body) == "Command";
        let act = if changed {
            // The first is the old lane's, whose logon the server has forgotten; what follows is a password tried.
            Done::count(&counted);
            Refusal::Status(401).act()
        } else {
            done.usual(&request, false)
        };
        async move { act }.boxed()
    })
    .await;
    let ran = run(spec(vec![target(server.port)], "1")).await;
    let end = &ran.ends[0];
    assert_eq!((end.outcome, end.reason, end.shell_may_remain), (Outcome::Auth, Some(Reason::LogonDenied), true));
    assert_eq!(refused.load(Ordering::SeqCst), 2);
}

/// Runs a command where the first `times` Sends find their connection closed.
async fn end_at_send(command: Command, times: usize) -> Finished {
    let (done, sends) = (Done::default(), AtomicUsize::new(0));
    let (config, _) = self_signed(|_| {});
    let server = HttpServer::start(Some(config), move |request| {
        let breaks = action(&request.body) == "Send" && Done::count(&sends) < times;
        let act = if breaks { Act::Close } else { done.usual(&request, false) };
        async move { act }.boxed()
    })
    .await;
    let target = target_with(server.port, |endpoint| {
        endpoint.tls = Tls::On { ca: None, insecure: true, pins: Vec::new(), min: Default::default() }
    });
    let mut spec = spec(vec![target], "");
    spec.work = Arc::new(Script::new(Arc::new(command)));
    spec.retry.retries = 1;
    spec.retry.delay = Duration::from_millis(1);
    run(spec).await.ends.remove(0)
}

/// A pipeline begins when the server has all of the message that makes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_breaks_off_before_its_last_part_has_not_begun() {
    let invocation = Invocation { script: "#".repeat(300_000), arguments: Vec::new(), input: false };
    let end = end_at_send(Command::new(&invocation, &[]), 1).await;
    assert_eq!((end.outcome, end.attempts), (Outcome::Ok, 2), "{}", end.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_secrets_find_no_key_because_the_link_breaks_has_not_begun() {
    let secret = SecretArgument::new(Uuid::from_u128(7), Secret::new("s".to_owned()));
    let arguments = vec![Argument { name: None, value: secret.secure_string() }];
    let invocation = Invocation { script: "1".into(), arguments, input: false };
    let command = Command::new(&invocation, &[]).with_secrets(std::slice::from_ref(&secret));
    let end = end_at_send(command, usize::MAX).await;
    let found = (end.outcome, end.reason, end.attempts);
    assert_eq!(found, (Outcome::Unreachable, Some(Reason::LinkBroken), 2), "{}", end.message);
}
