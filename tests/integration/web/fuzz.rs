//! Bytes that nobody sends who means well: each connection is answered or closed, and nothing panics.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use psfleet::web::{Limits, hash_token};

use super::Server;
use super::sample::Sample;

/// The name of the server's threads: panics of other tests are not ours.
const THREAD: &str = "fuzzed-server";
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Pieces of paths, names and values that somebody once wrote a parser for.
const PIECES: [&str; 24] = [
    "/",
    "hosts",
    "checks",
    "web001",
    "disk-space",
    "matrix",
    "probe",
    "events",
    "api/v1",
    "runs",
    "login",
    "assets",
    "..",
    "%",
    "%00",
    "%FF",
    "?",
    "&",
    "=",
    "page",
    "state",
    "target=web001&check=uptime",
    "#",
    "é",
];

const HEADERS: [&str; 12] = [
    "Host: localhost",
    "Host: [",
    "Content-Length: 3",
    "Content-Length: -1",
    "Transfer-Encoding: chunked",
    "Cookie: psfleet=1.x",
    "Authorization: Bearer x",
    "Accept: text/html",
    "Expect: 100-continue",
    "Connection: Upgrade, HTTP2-Settings",
    "Content-Type: application/x-www-form-urlencoded",
    "X-Prometheus-Scrape-Timeout-Seconds: 1e308",
];

/// Bytes that begin like a request.
fn request() -> impl Strategy<Value = Vec<u8>> {
    let method =
        prop_oneof![4 => Just("GET"), 1 => Just("HEAD"), 2 => Just("POST"), 1 => Just("get"), 1 => Just("PRI")];
    let path = vec(proptest::sample::select(PIECES.to_vec()), 0..8).prop_map(|pieces| pieces.concat());
    let headers = vec(proptest::sample::select(HEADERS.to_vec()), 0..6);
    let version = prop_oneof![8 => Just("HTTP/1.1"), 1 => Just("HTTP/1.0"), 1 => Just("HTTP/9")];
    (method, path, version, headers, vec(any::<u8>(), 0..40), any::<bool>()).prop_map(
        |(method, path, version, headers, body, ends)| {
            let mut bytes = format!("{method} /{path} {version}\r\n").into_bytes();
            headers.iter().for_each(|header| bytes.extend_from_slice(format!("{header}\r\n").as_bytes()));
            bytes.extend_from_slice(if ends { b"Connection: close\r\n\r\n" } else { b"" });
            bytes.extend_from_slice(&body);
            bytes
        },
    )
}

/// Requests with bytes changed, and bytes that are no request.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let damaged =
        (request(), vec((any::<proptest::sample::Index>(), any::<u8>()), 0..6)).prop_map(|(mut bytes, changes)| {
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            bytes
        });
    prop_oneof![3 => request(), 3 => damaged, 1 => vec(any::<u8>(), 0..400)]
}

#[test]
fn no_bytes_make_the_server_panic_or_hang() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some(THREAD) {
            PANICS.fetch_add(1, Ordering::SeqCst);
        }
        before(panic);
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(THREAD)
        .enable_all()
        .build()
        .expect("a runtime");
    let limits = Limits { head: std::time::Duration::from_millis(50), ..Limits::default() };
    let hash = hash_token("a token of some length").expect("a hash");
    let open = runtime.block_on(Server::start(Sample::fleet(), limits));
    let locked = runtime.block_on(Server::with_token(Sample::fleet(), limits, Some(&hash)));
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let passed = runner.run(&bytes(), |bytes| {
        for server in [&open, &locked] {
            // Whoever follows events is sent some for as long as the connection lasts.
            let answer = runtime.block_on(server.send_and_leave(&bytes));
            assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "{:?}", String::from_utf8_lossy(&answer));
            assert_eq!(PANICS.load(Ordering::SeqCst), 0);
        }
        Ok(())
    });
    passed.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(runtime.block_on(open.get("/healthz")).status, 200);
    runtime.block_on(async { tokio::join!(open.end(), locked.end()) });
}
