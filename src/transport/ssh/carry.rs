//! The bytes of a channel, moved to and from a pipe.

use std::time::Duration;

use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf};
use tokio::io::{AsyncWrite, AsyncWriteExt, BufReader, DuplexStream};

/// How long whoever reads a stream may be behind by the whole of its buffer. All streams of a session come over one
/// connection: while one waits, so do all others.
const STALL: Duration = Duration::from_secs(5);

/// What goes into one packet, in bytes.
const PACKET: usize = 32 << 10;

/// Moves bytes until either side ends, and gives the channel back.
pub(super) async fn carry(channel: Channel<Msg>, pipe: DuplexStream) {
    let (read_half, write_half) = channel.split();
    let (from_pipe, to_pipe) = tokio::io::split(pipe);
    let mut from_pipe = BufReader::with_capacity(PACKET, from_pipe);
    let mut to_channel = Box::pin(write_half.make_writer());
    tokio::select! {
        () = receive(read_half, to_pipe) => {}
        // The channel may be gone: its other direction says so.
        _ = tokio::io::copy_buf(&mut from_pipe, &mut to_channel) => {}
    }
    // A session that is gone has no channels.
    let _ = write_half.close().await;
}

async fn receive(mut channel: ChannelReadHalf, mut pipe: impl AsyncWrite + Unpin) {
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Data { data } => match tokio::time::timeout(STALL, pipe.write_all(&data)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(_) => {
                    tracing::debug!("nobody reads a stream through the bastion: it is cut");
                    return;
                }
            },
            ChannelMsg::Eof | ChannelMsg::Close => return,
            _ => {}
        }
    }
}
