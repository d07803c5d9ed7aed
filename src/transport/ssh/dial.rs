//! The TCP connection: name, address, socket; and a stream that can be cut from outside.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::super::{Error, tcp};
use super::fault;

/// How much of a server's greeting is kept, in bytes.
const GREETING: usize = 32;

/// Connects to the first address of a name that answers.
///
/// # Errors
/// [`Reason::Dns`](crate::event::Reason), `Refused`, `ConnectTimeout` or `Network`, of the last address.
pub(super) async fn dial(address: &str, port: u16, deadline: Instant) -> Result<TcpStream, Error> {
    tcp::dial(address, port, deadline).await.map_err(|cause| match cause {
        tcp::Fault::Name(_, cause) => fault::dns(address, &cause),
        tcp::Fault::Silence(socket, limit) => fault::no_answer(socket, limit),
        tcp::Fault::Refusal(socket, cause) => fault::connecting(socket, &cause),
    })
}

/// A stream that ends at once when its token is cancelled: a session task that waits for a silent server would
/// otherwise stay for as long as the connection does. It also keeps the first bytes that came.
pub(super) struct Severable<S> {
    stream: S,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    greeting: Arc<OnceLock<Vec<u8>>>,
}

impl<S> Severable<S> {
    pub(super) fn new(stream: S, cut: CancellationToken, greeting: Arc<OnceLock<Vec<u8>>>) -> Self {
        Self { stream, cut: Box::pin(cut.cancelled_owned()), greeting }
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
        if let (Some(new), true) = (buf.filled().get(before..), self.greeting.get().is_none())
            && !new.is_empty()
        {
            self.greeting.get_or_init(|| new.iter().copied().take(GREETING).collect());
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
