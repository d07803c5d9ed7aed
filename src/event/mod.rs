//! The closed list of what can happen in a run: the contract between the run side and the reading side.
//!
//! Events carry numbers and names, never finished sentences; every sink, the store and the terminal are fed from
//! this one list.

mod exit;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

pub use exit::{ExitFacts, SIGINT_CODE, SIGTERM_CODE};

use crate::record::Record;
use crate::target::{Target, TargetId};

/// Something that happened in a run.
#[derive(Debug, Clone)]
pub struct RunEvent {
    /// Place among the events that a reader is given: it rises with each of them.
    pub seq: u64,
    /// When it happened, on this machine's clock.
    pub at: Timestamp,
    /// What happened.
    pub kind: RunEventKind,
}

/// What can happen in a run.
#[derive(Debug, Clone)]
pub enum RunEventKind {
    /// The run begins; always the first event.
    RunStarted(Arc<RunHeader>),
    /// An attempt on a target begins.
    TargetStarted {
        /// Which target.
        target: TargetId,
        /// 1 for the first attempt.
        attempt: u32,
    },
    /// A target's pool is open and its pipeline starts.
    TargetRunning {
        /// Which target.
        target: TargetId,
    },
    /// A target sent an object.
    Record(Record),
    /// An attempt failed on a connection fault and will be repeated.
    AttemptFailed {
        /// Which target.
        target: TargetId,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Stable code of the cause.
        reason: Reason,
        /// The cause in words.
        message: String,
        /// Time until the next attempt.
        retry_in: Duration,
    },
    /// The run stops early: nothing starts any more, and what is at work is being stopped. At most once.
    RunStopping {
        /// Why: the user, a deadline, or readers that want no more.
        reason: Reason,
    },
    /// A target has its outcome; exactly once for each target of the header.
    TargetFinished(Finished),
    /// Something the user should know that belongs to no record (one line, no end of line).
    Notice(Notice),
    /// The run ends; always the last event.
    RunFinished(Arc<Summary>),
}

/// What a run is, known before its first target starts.
#[derive(Debug)]
pub struct RunHeader {
    /// The run's name for ever: a UUIDv7.
    pub run: Uuid,
    /// Every matched target, in inventory order; [`TargetId`] is the index.
    pub targets: Vec<Arc<Target>>,
}

impl RunHeader {
    /// The name of a target as the user addressed it.
    pub fn host(&self, target: TargetId) -> &str {
        &self.targets[target.index()].name
    }
}

/// A diagnostic beside the data.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The target it is about, if one.
    pub target: Option<TargetId>,
    /// The text, one line.
    pub text: String,
}

/// How a target ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Which target.
    pub target: TargetId,
    /// The one outcome.
    pub outcome: Outcome,
    /// Stable code of the cause; `None` for `ok`.
    pub reason: Option<Reason>,
    /// Host, cause and next step in words; empty for `ok`.
    pub message: String,
    /// What to do about it, apart from the message.
    pub hint: Option<String>,
    /// The script's exit code, if it called `exit`.
    pub exit_code: Option<i32>,
    /// Attempts begun; 0 if it never started.
    pub attempts: u32,
    /// From the first attempt's begin to the end; zero if it never started.
    pub duration: Duration,
    /// Records written to the error stream.
    pub errors: u64,
    /// Objects written to the output stream.
    pub objects: u64,
    /// Our shell may still be open on the target: it was asked for, and its end could not be confirmed.
    pub shell_may_remain: bool,
}

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every value, in the order in which they are listed and counted.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code, as JSON and users write it.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}

codes! {
    /// The one outcome of a target.
    Outcome {
        /// Ran to the end without an error record.
        Ok = "ok",
        /// Ran to the end and wrote error records.
        OkWithErrors = "ok_with_errors",
        /// A terminating error, or an exit code other than 0.
        Failed = "failed",
        /// Stopped because its time was up.
        Timeout = "timeout",
        /// No session could be had.
        Unreachable = "unreachable",
        /// The credential was refused, or must not be tried.
        Auth = "auth",
        /// Stopped while it was running.
        Cancelled = "cancelled",
        /// Decided not to run it: breaker, gate, limit.
        Skipped = "skipped",
        /// The run ended before its turn.
        NotStarted = "not_started",
        /// It was running when the link broke: effect unknown, never retried.
        Lost = "lost",
    }
}

codes! {
    /// The stable code of a cause (`host_done.data.reason`).
    Reason {
        /// The name has no address.
        Dns = "dns",
        /// Nobody listens on the port.
        Refused = "refused",
        /// No connection within the connect timeout.
        ConnectTimeout = "connect_timeout",
        /// No opened pool within the open timeout.
        OpenTimeout = "open_timeout",
        /// Another network fault before the session was open.
        Network = "network",
        /// The TLS certificate has expired or is not yet valid.
        TlsExpired = "tls_expired",
        /// The TLS certificate is for another name.
        TlsName = "tls_name",
        /// The TLS certificate is signed by nobody we trust.
        TlsUntrusted = "tls_untrusted",
        /// Another TLS fault, such as plain HTTP on the port.
        Tls = "tls",
        /// The SSH host key is unknown or has changed.
        HostKey = "host_key",
        /// Something answers on the port that is not WinRM.
        NotWinrm = "not_winrm",
        /// The SSH server starts no PowerShell, or the program is not there.
        NoPowershell = "no_powershell",
        /// User or password were refused.
        LogonDenied = "logon_denied",
        /// The account is locked or disabled.
        AccountLocked = "account_locked",
        /// The server does not offer the mechanism, or our policy forbids it.
        AuthMethod = "auth_method",
        /// Logged on, but not allowed to use the endpoint.
        EndpointDenied = "endpoint_denied",
        /// No session configuration of that name.
        NoEndpoint = "no_endpoint",
        /// A quota of the server.
        Quota = "quota",
        /// The server answered against the protocol.
        Protocol = "protocol",
        /// The server sent an object that is larger than we take.
        TooLarge = "too_large",
        /// Another fault that the server reported.
        ServerFault = "server_fault",
        /// The link broke while the script ran.
        LinkBroken = "link_broken",
        /// The script threw, or failed to parse.
        ScriptError = "script_error",
        /// The host stopped the script, though nobody here asked.
        HostStopped = "host_stopped",
        /// The endpoint allows no script text, and the script is more than commands.
        NoLanguage = "no_language",
        /// The script set an exit code.
        ExitCode = "exit_code",
        /// The script wrote error records.
        ErrorRecords = "error_records",
        /// A file could not be copied.
        CopyFailed = "copy_failed",
        /// The script ran past its timeout.
        RunTimeout = "run_timeout",
        /// The user interrupted the run.
        Interrupted = "interrupted",
        /// The credential was refused on another host of this run, so it is not tried here.
        CredentialTripped = "credential_tripped",
        /// The run's deadline passed.
        Deadline = "deadline",
        /// A failure budget was used up.
        Budget = "budget",
        /// A bug of ours: a worker panicked.
        Internal = "internal",
    }
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The run.
    pub run: Uuid,
    /// Targets by outcome, in the order of [`Outcome::ALL`].
    pub counts: Counts,
    /// All matched targets; equals the sum of `counts`.
    pub target_count: u64,
    /// From start to end.
    pub duration: Duration,
    /// What besides the counts decides the exit code.
    pub exit: ExitFacts,
    /// The targets whose shell may still be open, in inventory order.
    pub shells_left: Vec<TargetId>,
}

impl Summary {
    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        self.exit.code(&self.counts)
    }
}

/// Targets by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u64; Outcome::ALL.len()]);

impl Counts {
    /// Counts one more target.
    pub fn add(&mut self, outcome: Outcome) {
        self.0[outcome as usize] += 1;
    }

    /// How many targets had this outcome.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0[outcome as usize]
    }

    /// All counted targets.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Every outcome with its count, zeros included.
    pub fn iter(&self) -> impl Iterator<Item = (Outcome, u64)> + '_ {
        Outcome::ALL.iter().map(|&outcome| (outcome, self.of(outcome)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Outcome};

    #[test]
    fn counts_by_outcome() {
        let mut counts = Counts::default();
        counts.add(Outcome::Lost);
        counts.add(Outcome::Ok);
        counts.add(Outcome::Ok);
        assert_eq!((counts.of(Outcome::Ok), counts.of(Outcome::Lost), counts.total()), (2, 1, 3));
        assert_eq!(counts.iter().count(), Outcome::ALL.len());
        assert!(Outcome::ALL.iter().enumerate().all(|(place, &outcome)| outcome as usize == place));
    }
}
