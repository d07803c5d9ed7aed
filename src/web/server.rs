//! The server: connections in, each with its limits.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, server};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::patient::Patient;
use super::waiting::{Seat, Waiting};

/// What one client may take from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many connections there may be. One more ends the one that has waited the longest for its client; where all
    /// are at work, the new one is closed.
    pub connections: usize,
    /// How long a client may take for the TLS handshake, for the head of a request, and until it sends another one.
    pub head: Duration,
    /// How long a client may take nothing of what it has asked for.
    pub stall: Duration,
    /// How long connections may take to end once the server stops.
    pub ending: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connections: 16_384, head: seconds(30), stall: seconds(30), ending: seconds(2) }
    }
}

/// The longest head of a request, in bytes.
const LONGEST: usize = 16 << 10;
/// What is waited when the system has no more descriptors, for those of connections that are ended.
const BREATH: Duration = Duration::from_millis(20);

/// Answers on a listener until it is told to stop, with TLS if there is an acceptor.
///
/// # Errors
/// The listener is broken.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) -> io::Result<()> {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    let waiting = Arc::new(Waiting::default());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(LONGEST);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // One client's trouble, or too many of them: the others are not to suffer.
                Err(error) if is_passing(&error) => {
                    waiting.end_longest();
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
                Err(error) => return Err(error),
            },
            () = stop.cancelled() => break,
        };
        if places.available_permits() == 0 && !waiting.end_longest() {
            continue;
        }
        // The one that was ended gives its place back at once.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let client = Client { http: http.clone(), router: router.clone(), seat: Seat::new(&waiting), limits };
        let (tls, stop) = (tls.clone(), stop.clone());
        connections.spawn(async move {
            client.answer(stream, tls, stop).await;
            drop(place);
        });
    }
    connections.close();
    connections.wait().await;
    Ok(())
}

/// One connection.
struct Client {
    http: server::conn::http1::Builder,
    router: Router,
    seat: Arc<Seat>,
    limits: Limits,
}

impl Client {
    /// Answers what comes. How it ends is the client's business.
    async fn answer(self, stream: TcpStream, tls: Option<TlsAcceptor>, stop: CancellationToken) {
        let seat = Arc::clone(&self.seat);
        let stream = Patient::new(stream, self.limits.stall);
        let answered = async {
            match tls {
                None => self.http_over(stream, &stop).await,
                Some(tls) => {
                    let shaken = tokio::select! {
                        shaken = timeout(self.limits.head, tls.accept(stream)) => shaken,
                        () = stop.cancelled() => return,
                    };
                    if let Ok(Ok(stream)) = shaken {
                        self.http_over(stream, &stop).await;
                    }
                }
            }
        };
        tokio::select! {
            () = answered => {}
            () = seat.ended() => {}
        }
    }

    async fn http_over<S>(self, stream: S, stop: &CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let service = Seated { router: TowerToHyperService::new(self.router), seat: self.seat };
        let mut connection = std::pin::pin!(self.http.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            _ = connection.as_mut() => {}
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                let _ = timeout(self.limits.ending, connection).await;
            }
        }
    }
}

/// Answers requests, and says of the connection that it is at work until the answer has begun.
struct Seated {
    router: TowerToHyperService<Router>,
    seat: Arc<Seat>,
}

impl Service<Request<Incoming>> for Seated {
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let busy = self.seat.busy();
        let answer = self.router.call(request);
        Box::pin(async move {
            let answer = answer.await;
            drop(busy);
            answer
        })
    }
}

/// Whether accepting may go well the next time: the client has gone, or descriptors are short.
fn is_passing(error: &io::Error) -> bool {
    let kinds = [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::Interrupted];
    // EMFILE, ENFILE, ENOBUFS and ENOMEM have no kind of their own.
    kinds.contains(&error.kind()) || matches!(error.raw_os_error(), Some(23 | 24 | 105 | 12 | 10024 | 10055))
}
