//! What `psfleet serve` shows, over real connections: pages, limits, hostile bytes, and a real browser.

mod browser;
mod fuzz;
mod limits;
mod markup;
mod pages;
mod sample;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use psfleet::web::{Access, Limits, Source, router, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// More than any answer takes, on a busy machine too.
const LONG: Duration = Duration::from_secs(60);

/// A server on loopback.
struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    ended: JoinHandle<std::io::Result<()>>,
}

/// What it answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Server {
    async fn start(source: Arc<dyn Source>, limits: Limits) -> Self {
        Self::with_token(source, limits, None).await
    }

    async fn with_token(source: Arc<dyn Source>, limits: Limits, hash: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let access = Access::new(address, hash, false).expect("loopback is served");
        let stop = CancellationToken::new();
        let ended = tokio::spawn(serve(listener, None, router(source, access), limits, stop.clone()));
        Self { address, stop, ended }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }

    /// Sends bytes, and reads until the server closes.
    async fn send(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect().await;
        // A server that has said no to the head of a request need not read the rest.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(LONG, stream.read_to_end(&mut answer)).await.expect("an end");
        assert!(read.is_ok() || answer.is_empty() || answer.starts_with(b"HTTP/1.1 "), "{answer:?}");
        answer
    }

    /// Sends bytes and no more, and reads until the server closes, or has nothing to say for a while.
    async fn send_and_leave(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect().await;
        let _ = stream.write_all(bytes).await;
        let (mut answer, mut part) = (Vec::new(), vec![0; 65_536]);
        while let Ok(Ok(read @ 1..)) = tokio::time::timeout(LONG, stream.read(&mut part)).await {
            answer.extend_from_slice(&part[..read]);
            if answer.windows(17).any(|bytes| bytes == b"text/event-stream") {
                break;
            }
        }
        answer
    }

    async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}{length}\r\n{body}");
        Answer::of(&self.send(request.as_bytes()).await)
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "").await
    }

    async fn end(self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(LONG, self.ended).await.expect("it ends");
        ended.expect("no panic").expect("the listener was sound");
    }
}

impl Answer {
    fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// What a test says whose peer is missing.
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
