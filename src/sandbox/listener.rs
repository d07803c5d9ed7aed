//! One host's listener: accepts connections and serves HTTP/1.1 on each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::certificate::HostTls;
use super::connection::Connection;
use super::fault::FaultKind;
use super::host::Host;

/// How long a client may take for its TLS handshake.
const HANDSHAKE_WAIT: Duration = Duration::from_secs(30);
/// How long to wait after an accept that failed, which happens when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until the fleet ends.
pub(super) async fn listen(listener: TcpListener, host: Arc<Host>, tls: Option<Arc<HostTls>>) {
    let closing = host.shared.closing.clone();
    loop {
        let accepted = tokio::select! {
            () = closing.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, client)) => {
                let Some(power) = host.power.connection() else {
                    // Nobody is there to answer: the connection is reset, as by a machine that starts.
                    let _ = stream.set_zero_linger();
                    continue;
                };
                let serving = serve(stream, client, Arc::clone(&host), tls.clone());
                host.shared.tasks.spawn(until_closed(Arc::clone(&host), power, serving));
            }
            Err(error) => {
                tracing::warn!(host = %host.name, %error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn until_closed(host: Arc<Host>, power: CancellationToken, serving: impl Future<Output = ()>) {
    let _open = Open::new(&host.shared.counters.connections);
    tokio::select! {
        () = host.shared.closing.cancelled() => {}
        () = power.cancelled() => {}
        () = serving => {}
    }
}

async fn serve(stream: TcpStream, client: SocketAddr, host: Arc<Host>, tls: Option<Arc<HostTls>>) {
    // Both only tune the socket; a connection that refuses is about to fail anyway.
    let _ = stream.set_nodelay(true);
    match host.fault {
        Some(FaultKind::Hung) => return std::future::pending().await,
        Some(FaultKind::Reset | FaultKind::Loss) => drop(stream.set_zero_linger()),
        _ => {}
    }
    let Some(tls) = tls else {
        return speak(stream, Connection::new(host, client.ip(), None, None)).await;
    };
    let acceptor = TlsAcceptor::from(Arc::clone(&tls.config));
    match timeout(HANDSHAKE_WAIT, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()).cloned();
            let binding = Some(tls.binding.clone());
            speak(stream, Connection::new(host, client.ip(), binding, shown.as_deref())).await
        }
        Ok(Err(error)) => tracing::debug!(host = %host.name, %error, "no TLS handshake"),
        Err(_) => tracing::debug!(host = %host.name, "the TLS handshake took too long"),
    }
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin>(stream: S, connection: Connection) {
    let connection = Arc::new(connection);
    let service = service_fn(move |request| {
        let connection = Arc::clone(&connection);
        async move { connection.serve(request).await }
    });
    // Ends with an error when the client leaves in the middle, or when the connection is broken on request.
    if let Err(error) =
        http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(stream), service).await
    {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Counts an open connection for as long as it lives.
struct Open<'a>(&'a AtomicU64);

impl<'a> Open<'a> {
    fn new(counter: &'a AtomicU64) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
