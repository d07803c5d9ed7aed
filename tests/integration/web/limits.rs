//! What one client may take from the others.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use psfleet::web::Limits;
use psfleet::web::view::Snapshot;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream as Stream;

use super::sample::Sample;
use super::{Answer, LONG, Server, skipped};

const SHORT: Duration = Duration::from_millis(300);

/// Everything that comes until the server closes, whether in order or not.
async fn rest(stream: &mut Stream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = tokio::time::timeout(LONG, stream.read_to_end(&mut bytes)).await.expect("the server closes");
    bytes
}

/// An answer of known length, on a connection that stays.
async fn answered(stream: &mut Stream, path: &str) -> bool {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    if stream.write_all(request.as_bytes()).await.is_err() {
        return false;
    }
    let mut bytes = [0; 4096];
    let read = tokio::time::timeout(LONG, stream.read(&mut bytes)).await.expect("an answer or an end");
    read.is_ok_and(|read| bytes[..read].starts_with(b"HTTP/1.1 200"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_an_end_is_not_waited_for() {
    let server = Server::start(Sample::fleet(), Limits { head: SHORT, ..Limits::default() }).await;
    for bytes in ["", "GET", "GET / HTTP/1.1\r\nHost: localhost\r\nX: "] {
        let mut stream = server.connect().await;
        stream.write_all(bytes.as_bytes()).await.expect("written");
        let said = rest(&mut stream).await;
        assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 408"), "{:?}", String::from_utf8_lossy(&said));
    }
    let mut stream = server.connect().await;
    assert!(answered(&mut stream, "/healthz").await);
    assert!(rest(&mut stream).await.is_empty(), "whoever asks for nothing more is let go");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_long_is_refused() {
    let server = Server::start(Sample::fleet(), Limits::default()).await;
    let header = format!("X: {}\r\n", "x".repeat(12_000));
    assert_eq!(server.ask("GET", "/healthz", &header, "").await.status, 200);
    assert_eq!(server.ask("GET", "/healthz", &header.repeat(2), "").await.status, 431);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_is_slow_gets_the_latest_and_no_backlog() {
    let sample = Sample::of(Snapshot::default());
    let server = Server::start(sample.clone(), Limits::default()).await;
    let mut stream = server.connect().await;
    let begun = Instant::now();
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("written");
    (0..5000).for_each(|_| sample.step());
    let mut text = String::new();
    while !text.contains("id: 5000\n") {
        let mut bytes = [0; 4096];
        let read = tokio::time::timeout(LONG, stream.read(&mut bytes)).await.expect("the latest comes").expect("read");
        assert_ne!(read, 0, "the stream goes on: {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    // One every half second, however many changes there were.
    let most = begun.elapsed().as_millis() / 500 + 2;
    assert!((text.matches("id: ").count() as u128) <= most, "{text}");
    assert!(text.contains("content-type: text/event-stream"), "{text}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_places_are_short_the_longest_wait_makes_room() {
    let server = Server::start(Sample::fleet(), Limits { connections: 3, ..Limits::default() }).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut stream = server.connect().await;
        assert!(answered(&mut stream, "/healthz").await);
        waiting.push(stream);
    }
    // The first has asked again, so that the second has waited the longest.
    assert!(answered(&mut waiting[0], "/healthz").await);
    assert_eq!(server.get("/healthz").await.status, 200);
    assert!(rest(&mut waiting[1]).await.is_empty());
    assert!(answered(&mut waiting[0], "/healthz").await && answered(&mut waiting[2], "/healthz").await);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_do_not_hold_up_the_end() {
    let server = Server::start(Sample::fleet(), Limits { ending: SHORT, ..Limits::default() }).await;
    let (mut follower, _idle) = (server.connect().await, server.connect().await);
    assert!(answered(&mut follower, "/events").await);
    let begun = Instant::now();
    server.end().await;
    assert!(begun.elapsed() < LONG / 4, "{:?}", begun.elapsed());
}

/// Another process, since one has not descriptors for both ends. It is told the address, and ends with its input.
#[test]
#[ignore = "a helper of the test below, which starts it"]
fn idle_clients() {
    let Ok(address) = std::env::var("PSFLEET_TEST_IDLE") else { return };
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let some = || (0..IDLE / 50).map(|_| TcpStream::connect(&address).expect("a connection")).collect::<Vec<_>>();
    // Side by side: whom the system's queue has no room for waits a second for his next try.
    let clients = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..50).map(|_| scope.spawn(some)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
    });
    println!("\n{} connected", clients.len());
    let _ = std::io::stdin().read(&mut [0]);
}

const IDLE: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_connections_do_not_hold_up_a_probe() {
    if rlimit::increase_nofile_limit(u64::MAX).unwrap_or(0) < IDLE as u64 + 200 {
        return skipped("fewer descriptors than 10,200 may be open: ulimit -Hn");
    }
    let server = Server::start(Sample::fleet(), Limits { head: LONG * 10, ..Limits::default() }).await;
    let mut helper = Command::new(std::env::current_exe().expect("this program"));
    helper.args(["--exact", "web::limits::idle_clients", "--ignored", "--nocapture"]);
    helper.env("PSFLEET_TEST_IDLE", server.address.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut helper = helper.spawn().expect("it starts");
    let mut lines = BufReader::new(helper.stdout.take().expect("a pipe")).lines();
    let connected = tokio::task::spawn_blocking(move || {
        let connected = lines.any(|line| line.is_ok_and(|line| line == "10000 connected"));
        (connected, lines)
    });
    let (connected, _open) = connected.await.expect("read");
    assert!(connected, "the helper has connected");
    let mut took = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        let answer: Answer = server.get("/probe?target=web001&check=disk-space").await;
        assert_eq!(answer.status, 200);
        took.push(begun.elapsed());
    }
    took.sort();
    assert!(took[10] < Duration::from_secs(1), "half of the probes took longer than {:?}", took[10]);
    helper.stdin.take().expect("a pipe").write_all(b".").expect("told");
    assert!(helper.wait().expect("it ends").success());
    server.end().await;
}
