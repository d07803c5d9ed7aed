//! Old protocols: which of them a host speaks.

use super::{Host, Illness};

/// What an ill host speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Old {
    Tls,
    Smb,
    Both,
}

impl Host {
    fn old_protocols(&self) -> Option<Old> {
        self.has(Illness::LegacyProtocols).then(|| self.rng("legacy").pick(&[Old::Tls, Old::Smb, Old::Both]))
    }

    /// Whether TLS 1.0 and 1.1 are on.
    pub(super) fn speaks_old_tls(&self) -> bool {
        matches!(self.old_protocols(), Some(Old::Tls | Old::Both))
    }

    /// Whether SMB 1 is installed and on.
    pub(super) fn speaks_smb1(&self) -> bool {
        matches!(self.old_protocols(), Some(Old::Smb | Old::Both))
    }

    /// Whether its Windows has TLS 1.0 and 1.1 off where nobody said anything.
    ///
    /// Source: Windows IT Pro Blog, "TLS 1.0 and TLS 1.1 soon to be disabled in Windows": systems of the market keep
    /// their defaults, those that came after 2023 have both off.
    pub(super) fn has_new_tls_defaults(&self) -> bool {
        self.operating_system().build.parse::<u32>().is_ok_and(|build| build >= 26_100)
    }
}
