//! The side channel for a host's files: their bytes travel beside its session where the transport has a way for that.

use std::fmt::Display;
use std::sync::Arc;

use super::CHUNK;
use crate::transport::{Carrier, Files};

/// A host's channel for the bytes of files, opened when the first file is worth it, and left alone once it was of no
/// use: the session takes what it does not.
pub(super) struct SideChannel {
    carrier: Arc<dyn Carrier>,
    channel: Channel,
}

enum Channel {
    /// Nobody has asked for it yet.
    Untried,
    Open(Box<dyn Files>),
    /// The host has none, or it does not see what PowerShell sees.
    Useless,
}

impl SideChannel {
    pub(super) fn new(carrier: Arc<dyn Carrier>) -> Self {
        Self { carrier, channel: Channel::Untried }
    }

    /// The channel, if there is one and this many bytes are worth it: a file that fits into one frame travels faster
    /// than it is opened here, as that takes round trips.
    pub(super) async fn channel(&mut self, bytes: u64) -> Option<&dyn Files> {
        if bytes <= CHUNK as u64 {
            return None;
        }
        if matches!(self.channel, Channel::Untried) {
            self.channel = self.carrier.open_files().await.map_or(Channel::Useless, Channel::Open);
        }
        match &self.channel {
            Channel::Open(files) => Some(&**files),
            Channel::Untried | Channel::Useless => None,
        }
    }

    /// Closes the channel for good.
    pub(super) fn give_up(&mut self, path: &str, why: &dyn Display) {
        tracing::debug!(path, %why, "files of this host go over its session from here on");
        self.channel = Channel::Useless;
    }
}
