//! What becomes of a target: its one outcome, the stable code of the cause, and targets counted by outcome.
//!
//! These stand below the run: whoever finds a fault (a server's answer, a socket, a script) names its [`Reason`] here.

/// An enum whose values have a stable code each, and a list of them all.
macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[non_exhaustive]
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

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = <std::borrow::Cow<'_, str> as serde::Deserialize>::deserialize(deserializer)?;
                let known = Self::ALL.iter().copied().find(|value| value.code() == code);
                known.ok_or_else(|| {
                    serde::de::Error::custom(format_args!("'{code}' is not a code of {}", stringify!($name)))
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}
pub(crate) use codes;

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
        /// Left running on the host, to be collected later.
        Detached = "detached",
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
        /// An SSH bastion on the way lets nobody through.
        Bastion = "bastion",
        /// Something answers on the port that is not WinRM.
        NotWinrm = "not_winrm",
        /// The SSH server starts no PowerShell, or the program is not there.
        NoPowershell = "no_powershell",
        /// User or password were refused.
        LogonDenied = "logon_denied",
        /// The account is locked or disabled.
        AccountLocked = "account_locked",
        /// There is no Kerberos ticket, or it has expired.
        NoTicket = "no_ticket",
        /// No KDC answers, or none is known.
        NoKdc = "no_kdc",
        /// Clocks differ by more than Kerberos allows.
        ClockSkew = "clock_skew",
        /// The KDC knows no server of the name that we ask for.
        UnknownSpn = "unknown_spn",
        /// The host refused a ticket that the KDC gave for it.
        TicketRefused = "ticket_refused",
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
        /// The hosts of the step before did not pass the gate.
        Gate = "gate",
        /// The run paused before its turn, and nobody said to go on.
        Paused = "paused",
        /// How it ended could not be written to the run's journal.
        NotKept = "not_kept",
        /// The host has no such shell, or nothing in it that could be received.
        NoShell = "no_shell",
        /// Another client has the shell.
        InUse = "in_use",
        /// A bug in psfleet: a worker panicked.
        Internal = "internal",
    }
}

impl Outcome {
    /// Whether a target with this outcome has had its turn: a run that is resumed leaves it alone.
    pub fn had_turn(self) -> bool {
        !matches!(self, Self::NotStarted | Self::Skipped)
    }

    /// Whether the script may have changed something on a target with this outcome, whole or in part.
    pub fn may_have_run(self) -> bool {
        !matches!(self, Self::NotStarted | Self::Skipped | Self::Unreachable | Self::Auth)
    }
}

impl Reason {
    /// Whether a run that ended early for it is meant to be taken up again later.
    pub fn may_go_on(&self) -> bool {
        matches!(self, Self::Budget | Self::Gate | Self::Paused)
    }
}

/// Targets by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u64; Outcome::ALL.len()]);

impl Counts {
    /// Counts one more target.
    pub fn add(&mut self, outcome: Outcome) {
        self.add_many(outcome, 1);
    }

    /// Counts several more targets of one outcome.
    pub fn add_many(&mut self, outcome: Outcome, count: u64) {
        self.0[outcome as usize] += count;
    }

    /// Counts a target under another outcome than before.
    pub fn change(&mut self, was: Outcome, is: Outcome) {
        self.0[was as usize] = self.0[was as usize].saturating_sub(1);
        self.add(is);
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
