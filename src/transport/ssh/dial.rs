//! The TCP connection: name, address, socket; and a stream that can be cut from outside.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::super::{Error, tcp};
use super::fault;
use crate::target::{AddressFamily, SshServer};

/// How much of a server's greeting is kept, in bytes: its lines have at most 255 (RFC 4253 4.2).
const GREETING: usize = 255;

/// What a server said first. It arrives in pieces of any size.
#[derive(Debug, Default)]
pub(super) struct Greeting(Mutex<Vec<u8>>);

impl Greeting {
    fn add(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = GREETING.saturating_sub(kept.len());
        kept.extend(bytes.iter().take(room));
    }

    /// The words, with whatever is not text in them made visible later.
    pub(super) fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }
}

/// Connects to the first address of a server's name that answers.
///
/// # Errors
/// [`Reason::Dns`](crate::outcome::Reason), `Refused`, `ConnectTimeout` or `Network`, of the last address.
pub(super) async fn dial(server: &SshServer, deadline: Instant) -> Result<TcpStream, Error> {
    let SshServer { address, port, family, .. } = server;
    let takes = |socket: &SocketAddr| match family {
        AddressFamily::Any => true,
        AddressFamily::V4 => socket.is_ipv4(),
        AddressFamily::V6 => socket.is_ipv6(),
    };
    tcp::dial_some(address, *port, deadline, takes).await.map_err(|cause| match cause {
        tcp::Fault::Name(_, cause) if *family != AddressFamily::Any && cause.kind() == io::ErrorKind::NotFound => {
            fault::no_address_of(address, *family)
        }
        tcp::Fault::Name(_, cause) => tcp::no_address(address, &cause),
        tcp::Fault::Silence(socket, limit) => fault::no_answer(socket, limit),
        tcp::Fault::Refusal(socket, cause) => fault::connecting(socket, &cause),
    })
}

/// A stream that ends at once when its token is cancelled: a session task that waits for a silent server would
/// otherwise stay for as long as the connection does. It also keeps the first bytes that came.
pub(super) struct Severable<S> {
    stream: S,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    greeting: Arc<Greeting>,
    /// How many bytes have come, up to the greeting's length and a little more.
    greeted: usize,
}

impl<S> Severable<S> {
    pub(super) fn new(stream: S, cut: CancellationToken, greeting: Arc<Greeting>) -> Self {
        Self { stream, cut: Box::pin(cut.cancelled_owned()), greeting, greeted: 0 }
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Severable<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if self.greeted < GREETING
            && let Some(new) = buf.filled().get(before..)
        {
            self.greeted += new.len();
            self.greeting.add(new);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Severable<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
