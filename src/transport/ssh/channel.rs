//! The channel with PowerShell behind it, as a pair of byte streams, and what becomes of it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use russh::client::{Handle, Msg};
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Disconnect, Sig};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};

use super::super::files::Files;
use super::super::outofproc::Peer;
use super::super::tail::Tail;
use super::fault::{ENDED_HINT, START_HINT};
use super::host_key::Gate;
use super::notes::Notes;
use super::sftp::Sftp;

/// How long the remote PowerShell may take to leave after the end of its input.
const EXIT_WAIT: Duration = Duration::from_secs(3);

/// How long a polite goodbye to the server may take.
const GOODBYE_WAIT: Duration = Duration::from_secs(1);

/// Packets that wait for the reader, besides those in the session's own buffer. When both are full, the session
/// stops reading its connection, and TCP makes the server wait.
const QUEUED: usize = 4;

/// SSH's number for stderr (RFC 4254 5.2).
const STDERR: u32 = 1;

/// The open sessions on the way to a channel: the target's last. Dropping it cuts the connection.
pub(super) struct Way {
    /// What was asked to start PowerShell: a subsystem or a command.
    pub(super) started: String,
    pub(super) sessions: Vec<Handle<Gate>>,
    pub(super) notes: Arc<Notes>,
    pub(super) _cut: DropGuard,
}

/// Splits a channel on which PowerShell was started.
pub(super) fn open(channel: russh::Channel<Msg>, way: Way) -> (Reader, Writer, SshPeer) {
    let (read_half, write_half) = channel.split();
    let (sender, receiver) = mpsc::channel(QUEUED);
    let end = CancellationToken::new();
    let log = Arc::new(Mutex::new(Log::default()));
    tokio::spawn(pump(read_half, sender, Arc::clone(&log), end.clone().drop_guard()));
    let writer = Writer { channel: Box::pin(write_half.make_writer()), ended: Box::pin(end.clone().cancelled_owned()) };
    (Reader { receiver, chunk: Bytes::new() }, writer, SshPeer { way, write_half, log, end })
}

/// What the remote side said besides its output.
#[derive(Default)]
struct Log {
    exit: Option<String>,
    stderr: Tail,
}

/// Takes the channel's messages apart until it is closed.
async fn pump(mut channel: ChannelReadHalf, output: mpsc::Sender<Bytes>, log: Arc<Mutex<Log>>, _end: DropGuard) {
    let log = || log.lock().unwrap_or_else(PoisonError::into_inner);
    let mut output = Some(output);
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { data } => {
                let delivered = match &output {
                    Some(output) => output.send(data).await.is_ok(),
                    None => true,
                };
                if !delivered {
                    // Nobody reads any more. Going on, the exit is still noticed.
                    output = None;
                }
            }
            ChannelMsg::ExtendedData { data, ext: STDERR } => log().stderr.write(&data),
            ChannelMsg::ExitStatus { exit_status } => log().exit = Some(format!("exit status {exit_status}")),
            ChannelMsg::ExitSignal { signal_name, .. } => log().exit = Some(format!("signal {}", signal(&signal_name))),
            ChannelMsg::Eof => output = None,
            ChannelMsg::Close => break,
            _ => {}
        }
    }
    log().stderr.end_line();
}

/// The name of a signal as the server sent it (RFC 4254 6.10).
fn signal(name: &Sig) -> String {
    let known = match name {
        Sig::ABRT => "ABRT",
        Sig::ALRM => "ALRM",
        Sig::FPE => "FPE",
        Sig::HUP => "HUP",
        Sig::ILL => "ILL",
        Sig::INT => "INT",
        Sig::KILL => "KILL",
        Sig::PIPE => "PIPE",
        Sig::QUIT => "QUIT",
        Sig::SEGV => "SEGV",
        Sig::TERM => "TERM",
        Sig::USR1 => "USR1",
        Sig::Custom(other) => return other.escape_debug().to_string(),
    };
    known.to_owned()
}

/// The remote PowerShell's output.
pub(super) struct Reader {
    receiver: mpsc::Receiver<Bytes>,
    chunk: Bytes,
}

impl AsyncRead for Reader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.chunk.is_empty() {
            match ready!(self.receiver.poll_recv(cx)) {
                Some(chunk) => self.chunk = chunk,
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = self.chunk.len().min(buf.remaining());
        buf.put_slice(&self.chunk.split_to(length));
        Poll::Ready(Ok(()))
    }
}

/// The remote PowerShell's input. Its end is written by [`SshPeer::end`].
pub(super) struct Writer {
    channel: Pin<Box<dyn AsyncWrite + Send>>,
    /// A writer that waits for the window of a channel that is gone would wait for ever.
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Writer {
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.ended.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::BrokenPipe.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncWrite for Writer {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        self.channel.as_mut().poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        self.channel.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        self.channel.as_mut().poll_shutdown(cx)
    }
}

/// What stands behind the two streams.
pub(super) struct SshPeer {
    way: Way,
    write_half: ChannelWriteHalf<Msg>,
    log: Arc<Mutex<Log>>,
    end: CancellationToken,
}

impl SshPeer {
    async fn leave(&self, mute: bool) {
        // Errors mean that the session is gone, which is what we are after.
        let _ = self.write_half.eof().await;
        if !mute {
            let _ = tokio::time::timeout(EXIT_WAIT, self.end.cancelled()).await;
        }
        let _ = self.write_half.close().await;
        for session in self.way.sessions.iter().rev() {
            let _ = session.disconnect(Disconnect::ByApplication, "", "").await;
        }
    }
}

#[async_trait]
impl Peer for SshPeer {
    async fn obituary(&self) -> Option<String> {
        tokio::time::timeout(EXIT_WAIT, self.end.cancelled()).await.ok()?;
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = || self.way.notes.farewell().map(|cause| format!("SSH connection lost: {cause}"));
        let exit = log.exit.as_ref().map(|exit| format!("{} ended with {exit}", self.way.started));
        let end = exit.or_else(lost);
        let stderr = Some(log.stderr.text()).filter(|text| !text.is_empty());
        Some([end, stderr].into_iter().flatten().collect::<Vec<_>>().join(": ")).filter(|text| !text.is_empty())
    }

    fn never_started(&self) -> Option<&'static str> {
        let ended = self.log.lock().unwrap_or_else(PoisonError::into_inner).exit.is_some();
        self.way.notes.farewell().is_none().then_some(if ended { ENDED_HINT } else { START_HINT })
    }

    fn started_by(&self) -> Option<&str> {
        Some(&self.way.started)
    }

    async fn end(&self, mute: bool) {
        // The session may be stuck behind a network that swallows everything.
        let _ = tokio::time::timeout(EXIT_WAIT + GOODBYE_WAIT, self.leave(mute)).await;
    }

    async fn open_files(&self) -> Option<Box<dyn Files>> {
        match Sftp::open(self.way.sessions.last()?).await {
            Ok(sftp) => Some(Box::new(sftp)),
            Err(error) => {
                tracing::debug!(%error, "no SFTP");
                None
            }
        }
    }
}
