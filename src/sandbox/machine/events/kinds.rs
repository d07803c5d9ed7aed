//! The kinds of events that the logs hold.

use std::borrow::Cow;

/// A kind of event: who writes it where, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventKind {
    /// The log's name.
    pub log: &'static str,
    /// Who writes it.
    pub provider: Cow<'static, str>,
    /// The event's number.
    pub id: u32,
    /// How grave it is.
    pub level: Level,
    /// The number and name of its task or category.
    pub task: (u16, Cow<'static, str>),
    /// Whether it is written by the old interface, whose ids carry a severity.
    pub is_classic: bool,
    /// The security identifier of the account it is written for.
    pub user: Option<&'static str>,
    /// Its text, with `%1` and so on for its values.
    pub text: Cow<'static, str>,
}

/// How grave an event is, with the numbers of `System.Diagnostics.Eventing.Reader.StandardEventLevel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// An audit that failed; its number is 0.
    AuditFailure,
    /// An audit that succeeded; its number is 0.
    AuditSuccess,
    /// The system or a program fell.
    Critical,
    /// Something failed.
    Error,
    /// Something may fail.
    Warning,
    /// Something happened.
    Information,
}

impl Level {
    /// Its number.
    pub fn number(self) -> u8 {
        match self {
            Self::AuditFailure | Self::AuditSuccess => 0,
            Self::Critical => 1,
            Self::Error => 2,
            Self::Warning => 3,
            Self::Information => 4,
        }
    }
}

/// The old interface names some providers otherwise.
fn source(provider: &str) -> &str {
    match provider {
        "Microsoft-Windows-DistributedCOM" => "DCOM",
        provider => provider,
    }
}

impl EventKind {
    /// The old interface names some providers otherwise.
    pub fn source(&self) -> &str {
        source(&self.provider)
    }

    /// Whether a name is its provider's or its source's.
    pub fn is_of(&self, name: &str) -> bool {
        self.provider.eq_ignore_ascii_case(name) || self.source().eq_ignore_ascii_case(name)
    }

    /// The id with severity that the old interface gives.
    pub fn instance_id(&self) -> i64 {
        let severity: i64 = match self.level {
            _ if !self.is_classic => 0,
            // The service's own have that of warnings. Source: public transcripts, 6005 is 2147489653.
            _ if self.provider == "EventLog" => 0x8000_0000,
            Level::Information => 0x4000_0000,
            Level::Warning => 0x8000_0000,
            Level::Error | Level::Critical => 0xC000_0000,
            _ => 0,
        };
        severity | i64::from(self.id)
    }
}

/// A kind that the sandbox itself writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) log: &'static str,
    pub(super) provider: &'static str,
    pub(super) id: u32,
    pub(super) level: Level,
    pub(super) task: (u16, &'static str),
    pub(super) is_classic: bool,
    pub(super) user: Option<&'static str>,
    pub(super) text: &'static str,
}

impl Known {
    /// Whether a name is its provider's or its source's.
    pub(super) fn is_of(&self, name: &str) -> bool {
        self.provider.eq_ignore_ascii_case(name) || source(self.provider).eq_ignore_ascii_case(name)
    }
}

impl From<Known> for EventKind {
    fn from(known: Known) -> Self {
        let Known { log, provider, id, level, task: (task, name), is_classic, user, text } = known;
        let task = (task, name.into());
        Self { log, provider: provider.into(), id, level, task, is_classic, user, text: text.into() }
    }
}
