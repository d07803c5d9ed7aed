//! Channels of an SSH session: how they are asked for, what they run, and how they are given back.

use std::time::Duration;

use russh::client::{Handle, Msg};
use russh::{ChannelMsg, ChannelOpenFailure};

use super::super::Error;
use super::fault;
use super::host_key::Gate;
use super::notes::Notes;
use crate::outcome::Reason;

/// How long a server may take to close a channel that it is asked to.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// Gives a channel back, and waits for a moment until the server has done so too: it may give one at a time only.
pub(super) async fn leave(channel: &mut russh::Channel<Msg>) {
    // Some servers have closed it already.
    let _ = channel.close().await;
    let closed = async { while !matches!(channel.wait().await, None | Some(ChannelMsg::Close)) {} };
    let _ = tokio::time::timeout(CLOSE_WAIT, closed).await;
}

/// Opens a channel of a session on `place`.
///
/// # Errors
/// [`Reason::Quota`], [`Reason::EndpointDenied`], or what the end of the session says.
pub(super) async fn open_channel(
    session: &Handle<Gate>,
    place: &str,
    notes: &Notes,
) -> Result<russh::Channel<Msg>, Error> {
    session.channel_open_session().await.map_err(|error| match error {
        russh::Error::ChannelOpenFailure(ChannelOpenFailure::ResourceShortage) => {
            Error::new(Reason::Quota, format!("{place} has no room for another channel")).retryable()
        }
        russh::Error::ChannelOpenFailure(cause) => {
            Error::new(Reason::EndpointDenied, format!("{place} opens no session channel: {}", fault::refusal(&cause)))
                .with_hint("its sshd_config may say MaxSessions 0 for this user")
        }
        _ => fault::gone(place, "a channel was opened", notes),
    })
}

/// The answer to a request on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Granted,
    /// The channel may be asked for something else.
    Refused,
    Closed,
}

/// Waits for the answer to a request on a channel.
pub(super) async fn answer(channel: &mut russh::Channel<Msg>) -> Answer {
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => return Answer::Granted,
            Some(ChannelMsg::Failure) => return Answer::Refused,
            Some(ChannelMsg::Close) | None => return Answer::Closed,
            Some(_) => {}
        }
    }
}
