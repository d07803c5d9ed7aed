//! The WinRM carrier against a scripted server: which requests it makes, what it repeats, what it says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use psfleet::left_shell::LeftShell;
use psfleet::outcome::Reason;
use psfleet::transport::http::TlsCache;
use psfleet::transport::wsman::WsmanCarrier;
use psfleet::transport::{Carrier, Channel, Priority, Received};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::support::http::{Act, HttpServer, Request};
use crate::support::winrm::{action, attribute, between, envelope, fault, target};

const SHELL: &str = "5E11-SERVER";

/// A server that behaves, except where a test steps in; it writes down what it was asked.
#[derive(Default)]
struct Script {
    asked: Mutex<Vec<String>>,
}

impl Script {
    fn note(&self, request: &Request) -> String {
        let name = action(&request.body).to_owned();
        self.asked.lock().expect("lock").push(format!("{}:{name}", request.connection));
        name
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("lock").clone()
    }
}

fn created() -> String {
    envelope(&format!("<rsp:Shell><rsp:ShellId>{SHELL}</rsp:ShellId><rsp:State>Connected</rsp:State></rsp:Shell>"))
}

fn started(request: &Request) -> String {
    let id = attribute(&request.body, "CommandId").unwrap_or_default();
    envelope(&format!("<rsp:CommandResponse><rsp:CommandId>{id}</rsp:CommandId></rsp:CommandResponse>"))
}

fn output(command_id: Option<&str>, base64: &str, done: bool) -> String {
    let id = command_id.map(|id| format!(r#" CommandId="{id}""#)).unwrap_or_default();
    let state = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done";
    let state = if done { format!(r#"<rsp:CommandState{id} State="{state}"/>"#) } else { String::new() };
    envelope(&format!(
        r#"<rsp:ReceiveResponse><rsp:Stream Name="stdout"{id}>{base64}</rsp:Stream>{state}</rsp:ReceiveResponse>"#
    ))
}

/// The answer of a server in order.
fn usual(request: &Request) -> Act {
    let text = match action(&request.body) {
        "Create" => created(),
        "Command" => started(request),
        "Receive" => match attribute(&request.body, "CommandId") {
            Some(id) => output(Some(id), "AAEC", true),
            None => output(None, "/w==", false),
        },
        _ => envelope(""),
    };
    Act::soap(200, text)
}

/// A carrier on a server whose answers `answer` may replace.
async fn scripted<F>(answer: F) -> (WsmanCarrier, Arc<Script>, HttpServer)
where
    F: Fn(&str, &Request) -> Option<Act> + Send + Sync + 'static,
{
    let script = Arc::new(Script::default());
    let (notes, answer) = (Arc::clone(&script), Arc::new(answer));
    let server = HttpServer::start(None, move |request| {
        let name = notes.note(&request);
        let act = answer(&name, &request).unwrap_or_else(|| usual(&request));
        async move { act }.boxed()
    })
    .await;
    let carrier = WsmanCarrier::new(&target(server.port), &TlsCache::new()).expect("carrier");
    (carrier, script, server)
}

fn fragments(sizes: &[usize]) -> Vec<Bytes> {
    sizes.iter().map(|&size| Bytes::from(vec![7; size])).collect()
}

#[tokio::test]
async fn a_one_shot_takes_four_exchanges_and_a_delete_on_one_connection() {
    let (carrier, script, server) = scripted(|_, _| None).await;
    let pipeline = Uuid::from_u128(0xabcdef);
    carrier.create(Uuid::from_u128(1), fragments(&[100])).await.expect("create");
    assert_eq!(carrier.receive(Channel::Pool).await, Ok(Received { payload: vec![0xff], done: false }));
    carrier.command(pipeline, fragments(&[100, 50])).await.expect("command");
    let end = Received { payload: vec![0, 1, 2], done: true };
    assert_eq!(carrier.receive(Channel::Pipeline(pipeline)).await, Ok(end));
    carrier.close().await.expect("close");
    carrier.close().await.expect("close again");
    assert_eq!(script.asked(), ["1:Create", "1:Receive", "1:Command", "1:Receive", "1:Delete"]);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn every_request_after_create_names_the_servers_shell() {
    let (carrier, _, _server) = scripted(|name, request| {
        let selector = between(&request.body, "<w:Selector Name=\"ShellId\">", "<");
        assert_eq!(selector.unwrap_or("none"), if name == "Create" { "none" } else { SHELL });
        None
    })
    .await;
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    carrier.command(Uuid::from_u128(2), fragments(&[10])).await.expect("command");
    carrier.close().await.expect("close");
}

#[tokio::test]
async fn headers_are_those_of_winrm_and_cookies_are_kept() {
    let (carrier, _, _server) = scripted(|name, request| {
        let head = request.head.to_ascii_lowercase();
        for line in [
            "post /wsman http/1.1",
            "content-type: application/soap+xml;charset=utf-8",
            "authorization: basic dxnlcjpwyxnzd29yza==",
            "accept-encoding: identity",
        ] {
            assert!(head.lines().any(|found| found == line), "no {line} in {head}");
        }
        assert!(!head.contains("transfer-encoding"));
        let Act::Answer(status, headers, body) = usual(request) else { return None };
        let headers = if name == "Create" { format!("{headers}Set-Cookie: node=7; Path=/\r\n") } else { headers };
        assert_eq!(head.contains("cookie: node=7"), name != "Create");
        Some(Act::Answer(status, headers, body))
    })
    .await;
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    carrier.receive(Channel::Pool).await.expect("receive");
}

#[tokio::test]
async fn a_quiet_poll_is_repeated() {
    let polls = AtomicUsize::new(0);
    let (carrier, script, _server) = scripted(move |name, _| {
        let quiet = name == "Receive" && polls.fetch_add(1, Ordering::SeqCst) < 3;
        quiet.then(|| Act::soap(500, fault(2_150_858_793)))
    })
    .await;
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    assert_eq!(carrier.receive(Channel::Pool).await.expect("receive").payload, [0xff]);
    assert_eq!(script.asked().len(), 5);
}

#[tokio::test]
async fn a_broken_receive_is_repeated_on_a_new_connection() {
    let polls = AtomicUsize::new(0);
    let (carrier, script, _server) =
        scripted(move |name, _| (name == "Receive" && polls.fetch_add(1, Ordering::SeqCst) == 0).then_some(Act::Close))
            .await;
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    assert_eq!(carrier.receive(Channel::Pool).await.expect("receive").payload, [0xff]);
    assert_eq!(script.asked(), ["1:Create", "1:Receive", "2:Receive"]);
}

/// The server has not noticed yet that the connection of the first one has gone.
#[tokio::test]
async fn a_receive_is_repeated_while_the_server_holds_an_earlier_one() {
    let polls = AtomicUsize::new(0);
    let (carrier, script, _server) = scripted(move |name, _| {
        let polls = if name == "Receive" { polls.fetch_add(1, Ordering::SeqCst) } else { usize::MAX };
        match polls {
            0 => Some(Act::Close),
            1 | 2 => Some(Act::soap(500, fault(2_150_858_802))),
            _ => None,
        }
    })
    .await;
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    assert_eq!(carrier.receive(Channel::Pool).await.expect("receive").payload, [0xff]);
    assert_eq!(script.asked(), ["1:Create", "1:Receive", "2:Receive", "2:Receive", "2:Receive"]);
}

#[tokio::test]
async fn a_broken_command_is_never_repeated() {
    let (carrier, script, _server) = scripted(|name, _| (name == "Command").then_some(Act::Close)).await;
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    let error = carrier.command(Uuid::from_u128(2), fragments(&[10])).await.expect_err("broken");
    assert!(error.is_link_broken() && !error.retryable, "{error:?}");
    assert_eq!(script.asked(), ["1:Create", "1:Command"]);
}

/// Answers like a server that then closes the connection, without having said so.
fn and_close(request: &Request) -> Act {
    let Act::Answer(status, headers, body) = usual(request) else { unreachable!("usual answers") };
    let length = body.len();
    Act::Raw(format!("HTTP/1.1 {status} OK\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes())
}

#[tokio::test]
async fn a_command_on_a_fresh_connection_is_not_repeated_either() {
    let (carrier, script, _server) = scripted(|name, request| match name {
        "Create" => Some(and_close(request)),
        "Command" => Some(Act::Close),
        _ => None,
    })
    .await;
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    let error = carrier.command(Uuid::from_u128(2), fragments(&[10])).await.expect_err("broken");
    assert!(error.is_link_broken() && !error.retryable, "{error:?}");
    assert_eq!(script.asked(), ["1:Create", "2:Command"]);
}

#[tokio::test]
async fn a_command_that_finds_nobody_may_be_tried_again() {
    let (carrier, _, server) = scripted(|_, request| Some(and_close(request))).await;
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    server.stop().await;
    let error = carrier.command(Uuid::from_u128(2), fragments(&[10])).await.expect_err("nobody");
    assert!(error.is_link_broken() && error.retryable, "{error:?}");
}

#[tokio::test]
async fn a_shell_whose_create_had_no_answer_is_deleted_by_the_id_we_chose() {
    let (carrier, script, _server) = scripted(|name, request| match name {
        "Create" => Some(Act::Close),
        _ => {
            let selector = between(&request.body, "<w:Selector Name=\"ShellId\">", "<");
            assert_eq!(selector, Some("00000000-0000-0000-0000-0000000000AB"));
            None
        }
    })
    .await;
    let error = carrier.create(Uuid::from_u128(0xab), fragments(&[10])).await.expect_err("no answer");
    assert_eq!((error.reason, error.retryable), (Reason::Network, true));
    carrier.close().await.expect("close");
    assert_eq!(script.asked(), ["1:Create", "2:Delete"]);
}

#[tokio::test]
async fn an_idle_connection_that_the_server_closed_costs_nothing_but_a_new_one() {
    let (carrier, script, _server) = scripted(|name, request| (name == "Create").then(|| and_close(request))).await;
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    carrier.command(Uuid::from_u128(2), fragments(&[10])).await.expect("command");
    assert_eq!(script.asked(), ["1:Create", "2:Command"]);
}

#[tokio::test]
async fn a_gone_shell_is_a_broken_link_in_clear_words() {
    let (carrier, _, _server) =
        scripted(|name, _| (name == "Receive").then(|| Act::soap(500, fault(2_150_858_843)))).await;
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    let error = carrier.receive(Channel::Pool).await.expect_err("gone");
    assert!(error.is_link_broken() && error.message.contains("shell is gone"), "{error:?}");
    assert_eq!(error.fault, Some(2_150_858_843));
}

#[tokio::test]
async fn signals_while_a_receive_waits_use_a_second_connection() {
    let gate = Arc::new(Semaphore::new(0));
    let script = Arc::new(Script::default());
    let (notes, held) = (Arc::clone(&script), Arc::clone(&gate));
    let server = HttpServer::start(None, move |request| {
        let (notes, held) = (Arc::clone(&notes), Arc::clone(&held));
        async move {
            match notes.note(&request).as_str() {
                "Receive" => drop(held.acquire().await),
                "Signal" => held.add_permits(1),
                _ => {}
            }
            usual(&request)
        }
        .boxed()
    })
    .await;
    let carrier = Arc::new(WsmanCarrier::new(&target(server.port), &TlsCache::new()).expect("carrier"));
    let pipeline = Uuid::from_u128(2);
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    carrier.command(pipeline, fragments(&[10])).await.expect("command");
    let receiver = Arc::clone(&carrier);
    let receiving = tokio::spawn(async move { receiver.receive(Channel::Pipeline(pipeline)).await });
    while !script.asked().contains(&"1:Receive".to_owned()) {
        tokio::task::yield_now().await;
    }
    carrier.signal(pipeline).await.expect("signal");
    assert!(receiving.await.expect("task").expect("receive").done);
    carrier.release(pipeline).await.expect("release");
    carrier.close().await.expect("close");
    assert_eq!(server.connections(), 2);
    assert!(script.asked().contains(&"2:Signal".to_owned()), "{:?}", script.asked());
}

#[tokio::test]
async fn a_large_command_goes_on_in_sends_of_whole_fragments() {
    let (carrier, script, _server) = scripted(|_, _| None).await;
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    let largest = carrier.max_fragment();
    assert!(largest > 380_000 && largest % 3 == 0, "{largest}");
    let command = fragments(&[largest, largest, 1000]);
    carrier.command(Uuid::from_u128(2), command).await.expect("command");
    assert_eq!(script.asked(), ["1:Create", "1:Command", "1:Send", "1:Send"]);
}

#[tokio::test]
async fn smaller_envelopes_are_tried_when_the_server_wants_them() {
    let (carrier, script, _server) =
        scripted(|_, request| (request.body.len() > 100_000).then(|| Act::soap(500, fault(2_150_858_790)))).await;
    carrier.create(Uuid::from_u128(1), fragments(&[10])).await.expect("create");
    carrier.command(Uuid::from_u128(2), fragments(&[150_000])).await.expect("command");
    let sent = script.asked().iter().filter(|name| name.ends_with("Send")).count();
    assert!(sent >= 2, "{:?}", script.asked());
    carrier.send(Channel::Pool, Priority::PromptResponse, fragments(&[1])).await.expect("send");
}

#[tokio::test]
async fn closing_waits_for_a_create_that_was_given_up_and_deletes_its_shell() {
    let gate = Arc::new(Semaphore::new(0));
    let script = Arc::new(Script::default());
    let (notes, held) = (Arc::clone(&script), Arc::clone(&gate));
    let server = HttpServer::start(None, move |request| {
        let (notes, held) = (Arc::clone(&notes), Arc::clone(&held));
        async move {
            if notes.note(&request) == "Create" {
                drop(held.acquire().await);
            }
            usual(&request)
        }
        .boxed()
    })
    .await;
    let carrier = WsmanCarrier::new(&target(server.port), &TlsCache::new()).expect("carrier");
    let creating = carrier.create(Uuid::from_u128(1), fragments(&[10]));
    let given_up = async {
        while script.asked().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = creating => panic!("the server holds it back"),
        () = given_up => {}
    }
    gate.add_permits(1);
    carrier.close().await.expect("close");
    assert_eq!(script.asked().last().map(String::as_str), Some("1:Delete"));
}

#[tokio::test]
async fn closing_is_bounded_and_needs_no_shell() {
    let (carrier, script, _server) = scripted(|_, _| None).await;
    carrier.close().await.expect("nothing to close");
    assert!(script.asked().is_empty());
    let refused = WsmanCarrier::new(&target(1), &TlsCache::new()).expect("carrier");
    refused.create(Uuid::from_u128(1), fragments(&[1])).await.expect_err("nobody listens");
    let closing = tokio::time::timeout(Duration::from_secs(1), refused.close()).await;
    assert_eq!(closing, Ok(Ok(())));
}

#[tokio::test]
async fn a_refused_logon_is_not_tried_again_to_close() {
    let (carrier, script, _server) =
        scripted(|_, _| Some(Act::Answer(401, "WWW-Authenticate: Basic realm=\"WSMAN\"\r\n".into(), String::new())))
            .await;
    let error = carrier.create(Uuid::from_u128(1), fragments(&[1])).await.expect_err("refused");
    assert_eq!(error.reason, Reason::LogonDenied);
    carrier.close().await.expect("close");
    assert_eq!(script.asked(), ["1:Create"]);
}

#[tokio::test]
async fn a_shell_that_is_refused_is_neither_left_nor_deleted_and_one_in_doubt_is_left_again() {
    let (pool, pipeline) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let (shell, command) = (SHELL.to_owned(), pipeline.to_string());
    let left = LeftShell { pool, shell, pipeline, command, wrapped: false, keep_for: 60, process: None };
    // Another client has it, another user's, gone, and no answer that could be read.
    for (answer, is_ours) in [
        (Act::soap(500, fault(2_150_858_802)), false),
        (Act::soap(500, fault(5)), false),
        (Act::soap(500, fault(2_150_858_843)), false),
        (Act::soap(500, fault(995)), true),
        (Act::Close, true),
    ] {
        let answer = Mutex::new(Some(answer));
        let (carrier, script, _server) = scripted(move |name, _| match name {
            "Connect" => answer.lock().expect("lock").take(),
            _ => None,
        })
        .await;
        let error = carrier.attach(&left, fragments(&[10])).await.expect_err("refused");
        assert_eq!(carrier.shell_may_remain(), is_ours, "{error}");
        carrier.close().await.expect("close");
        assert!(!script.asked().iter().any(|name| name.ends_with("Delete")), "{error}: {:?}", script.asked());
    }
}
