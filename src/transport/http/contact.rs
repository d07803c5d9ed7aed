//! How far the connections to a target have come, over all its lanes.

use std::sync::atomic::{AtomicU8, Ordering};

/// A step on the way to a WinRM server, each behind the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reached {
    /// Nobody has answered.
    Nothing,
    /// There was a TCP connection.
    Port,
    /// There was a connection, with TLS where it belongs.
    Connection,
    /// An answer in HTTP has come.
    Http,
    /// A message of WSMan's has come.
    Wsman,
}

/// The farthest step so far: it tells a host that is slow from a port where nobody speaks our language.
#[derive(Debug, Default)]
pub(super) struct Contact(AtomicU8);

impl Contact {
    pub(super) fn reached(&self, step: Reached) {
        self.0.fetch_max(step as u8, Ordering::Relaxed);
    }

    pub(super) fn farthest(&self) -> Reached {
        match self.0.load(Ordering::Relaxed) {
            0 => Reached::Nothing,
            1 => Reached::Port,
            2 => Reached::Connection,
            3 => Reached::Http,
            _ => Reached::Wsman,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Contact, Reached};

    #[test]
    fn the_farthest_step_stays() {
        let contact = Contact::default();
        assert_eq!(contact.farthest(), Reached::Nothing);
        for step in [Reached::Port, Reached::Connection, Reached::Http, Reached::Wsman] {
            contact.reached(step);
            assert_eq!(contact.farthest(), step);
            contact.reached(Reached::Nothing);
            assert_eq!(contact.farthest(), step);
        }
    }
}
