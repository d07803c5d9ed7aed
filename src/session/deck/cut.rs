//! Why a tape ends before its command did.

/// Why a tape ends without the command's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nobody came in time, so the deck stopped the command.
    Expired,
    /// The command's PowerShell ended, with this exit code if it is known.
    Exited(Option<i32>),
    /// The tape could not be written.
    Full,
    /// The command wrote more than a tape may have.
    Large,
    /// The deck met a fault of its own.
    Broken,
    /// The deck is gone.
    Dead,
}

impl Cut {
    /// The last word of a tape; `None` for one that has its command's end before it.
    pub(super) fn read(word: &str) -> Option<Self> {
        let (word, code) = word.split_once(' ').unwrap_or((word, ""));
        match word {
            "ended" => None,
            "expired" => Some(Self::Expired),
            "gone" => Some(Self::Exited(code.parse().ok())),
            "broken" => Some(Self::Broken),
            "full" => Some(Self::Full),
            "large" => Some(Self::Large),
            _ => Some(Self::Dead),
        }
    }
}
