//! A small HTTP/1.1 server that does as it is told, misbehaviour included.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Which connection it came on, from 1.
    pub connection: usize,
    /// Request line and headers.
    pub head: String,
    /// The body, which is text in all these tests.
    pub body: String,
}

/// What to do about it.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answer with status, further header lines and body.
    Answer(u16, String, String),
    /// Send these bytes as they are, and close.
    Raw(Vec<u8>),
    /// Begin an answer, and then send a byte a second for ever.
    Drip,
    /// Send these bytes again and again for ever.
    Endless(&'static [u8]),
    /// Close without a word.
    Close,
}

impl Act {
    /// A SOAP answer; 500 for a fault.
    pub(crate) fn soap(status: u16, text: impl Into<String>) -> Self {
        Self::Answer(status, "Content-Type: application/soap+xml;charset=UTF-8\r\n".into(), text.into())
    }
}

type Handler = Arc<dyn Fn(Request) -> BoxFuture<'static, Act> + Send + Sync>;

/// The server; it ends when this is dropped.
pub(crate) struct HttpServer {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl HttpServer {
    /// Starts it; each request is handled by `handler`.
    pub(crate) async fn start<F>(tls: Option<Arc<ServerConfig>>, handler: F) -> Self
    where
        F: Fn(Request) -> BoxFuture<'static, Act> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, handler): (_, Handler) = (Arc::clone(&connections), Arc::new(handler));
        let task = tokio::spawn(async move {
            let mut tasks = tokio::task::JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                let (handler, tls) = (Arc::clone(&handler), tls.clone());
                tasks.spawn(async move {
                    match tls {
                        None => serve(socket, number, handler).await,
                        Some(config) => {
                            if let Ok(stream) = TlsAcceptor::from(config).accept(socket).await {
                                serve(stream, number, handler).await
                            }
                        }
                    }
                });
            }
        });
        Self { port, connections, task }
    }

    /// Ends it: from now on nobody listens.
    pub(crate) async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, connection: usize, handler: Handler) {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer, connection).await {
        if !request.head.starts_with("POST ") && !request.head.starts_with("GET ") {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            return;
        }
        let bytes = match handler(request).await {
            Act::Answer(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
                [head.into_bytes(), body.into_bytes()].concat()
            }
            Act::Raw(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Act::Drip => {
                let head = b"HTTP/1.1 200 X\r\nContent-Type: application/soap+xml\r\nContent-Length: 1000000\r\n\r\n";
                let mut sent = stream.write_all(head).await;
                while sent.is_ok() {
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                    sent = stream.write_all(b" ").await;
                }
                return;
            }
            Act::Endless(bytes) => {
                let many = bytes.repeat(1000);
                while stream.write_all(&many).await.is_ok() {}
                return;
            }
            Act::Close => return,
        };
        if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>, connection: usize) -> Option<Request> {
    loop {
        if buffer.first().is_some_and(|byte| !byte.is_ascii_uppercase()) {
            return Some(Request { connection, head: String::new(), body: String::new() });
        }
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let lower = head.to_ascii_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            let all = end + 4 + length.unwrap_or(0);
            if buffer.len() >= all {
                let body = String::from_utf8_lossy(&buffer[end + 4..all]).into_owned();
                buffer.drain(..all);
                return Some(Request { connection, head, body });
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}
