//! What became of an attempt, and how that follows from a session's faults and a pipeline's report.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clixml::Document;
use crate::left_shell::LeftShell;
use crate::outcome::{Outcome, Reason};
use crate::record::error_message;
use crate::schedule::Proof;
use crate::session::{self, Ending, RunReport, Unconfirmed};

/// What became of an attempt: plain data, so that it may have been made elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptEnd {
    /// The outcome of its target, should there be no other attempt.
    pub outcome: Outcome,
    /// The stable code of the cause; `None` for `ok`.
    pub reason: Option<Reason>,
    /// The cause in words; empty for `ok`.
    pub message: String,
    /// What the user can do about it.
    pub hint: Option<String>,
    /// The script's exit code, if it set one.
    pub exit_code: Option<i32>,
    /// Records written to the error stream.
    pub errors: u64,
    /// Objects written to the output stream.
    pub objects: u64,
    /// Another attempt may help, and repeats nothing that must not be repeated.
    pub retryable: bool,
    /// What it says about the credential.
    pub proof: Proof,
    /// The server may still hold our shell.
    pub shell_may_remain: bool,
    /// How to attach to what was left running.
    pub left: Option<Box<LeftShell>>,
}

impl AttemptEnd {
    /// An end of which nothing else is known.
    pub fn new(outcome: Outcome, reason: Option<Reason>, message: impl Into<String>) -> Self {
        Self {
            outcome,
            reason,
            message: message.into(),
            hint: None,
            exit_code: None,
            errors: 0,
            objects: 0,
            retryable: false,
            proof: Proof::Settled,
            shell_may_remain: false,
            left: None,
        }
    }

    /// The end of an attempt that left its work running, kept for so many seconds while nobody attaches to it.
    pub(crate) fn detached(left: LeftShell) -> Self {
        let message = format!("left running; the host keeps it for {} without a client", left.kept_for());
        Self { left: Some(Box::new(left)), ..Self::new(Outcome::Detached, None, message) }
    }

    /// Whether the server was overloaded, or a quota of it used up.
    pub(super) fn is_strain(&self) -> bool {
        self.reason == Some(Reason::Quota) || (self.reason == Some(Reason::ServerFault) && self.retryable)
    }

    /// Whether a quota of the server was used up before anything ran: others give back what it takes.
    pub(super) fn waits_for_quota(&self) -> bool {
        self.reason == Some(Reason::Quota) && self.retryable
    }

    /// The end of an attempt that panicked.
    pub(super) fn panicked() -> Self {
        let message = "a worker panicked: this is a bug in psfleet; please report it";
        Self::new(Outcome::Failed, Some(Reason::Internal), message)
    }

    /// The end of an attempt whose session could not be opened.
    pub(crate) fn not_opened(error: &session::Error) -> Self {
        let reason = error.reason();
        let outcome = match reason {
            Reason::LogonDenied
            | Reason::AccountLocked
            | Reason::NoTicket
            | Reason::NoKdc
            | Reason::ClockSkew
            | Reason::UnknownSpn
            | Reason::TicketRefused
            | Reason::AuthMethod
            | Reason::EndpointDenied => Outcome::Auth,
            Reason::Interrupted => Outcome::Cancelled,
            Reason::CredentialTripped => Outcome::Skipped,
            _ => Outcome::Unreachable,
        };
        Self {
            hint: error.hint(),
            retryable: error.is_retryable(),
            proof: proof_of(error),
            ..Self::new(outcome, Some(reason), error.to_string())
        }
    }

    /// The end of an attempt on an open session that brought no result: refused before anything ran, or broken off.
    pub(crate) fn broken_off(error: &session::Error) -> Self {
        if error.ran_nothing() {
            return Self::not_opened(error);
        }
        if matches!(error, session::Error::TooLarge(_)) {
            return Self {
                hint: error.hint(),
                proof: proof_of(error),
                ..Self::new(Outcome::Failed, Some(error.reason()), error.to_string())
            };
        }
        Self {
            hint: Some("what the script had done by then is unknown; check before you run it again".into()),
            // A connection that is made anew in mid-run proves the credential again.
            proof: proof_of(error),
            ..Self::new(Outcome::Lost, Some(error.reason()), error.to_string())
        }
    }

    /// The end of an attempt whose pipeline ended so, after `errors` error records and within a `timeout`.
    pub(super) fn of(report: &RunReport, errors: u64, timeout: Duration) -> Self {
        let end = match &report.ending {
            Ending::Completed => match report.exit_code {
                Some(code) if code != 0 => {
                    Self::new(Outcome::Failed, Some(Reason::ExitCode), format!("exit code {code}"))
                }
                _ if errors > 0 => {
                    let message = format!("{errors} error record(s)");
                    Self::new(Outcome::OkWithErrors, Some(Reason::ErrorRecords), message)
                }
                _ => Self::new(Outcome::Ok, None, ""),
            },
            Ending::Failed(error) => {
                let message = error.as_ref().map_or_else(|| "the script failed".to_owned(), message_of);
                Self::new(Outcome::Failed, Some(Reason::ScriptError), message)
            }
            Ending::HostStopped(error) => {
                let words = error.as_ref().map_or_else(|| "it gave no reason".to_owned(), message_of);
                let message = format!("the host stopped the script without being asked: {words}");
                Self::new(Outcome::Failed, Some(Reason::HostStopped), message)
            }
            Ending::TimedOut => Self::timed_out(report.unconfirmed, timeout),
            Ending::Stopped => {
                let message = match report.unconfirmed {
                    Some(unconfirmed) => format!("stopped while it was running, but {}", silence(unconfirmed)),
                    None => "stopped while it was running".to_owned(),
                };
                Self::new(Outcome::Cancelled, Some(Reason::Interrupted), message)
            }
        };
        Self { exit_code: report.exit_code, ..end }
    }

    fn timed_out(unconfirmed: Option<Unconfirmed>, timeout: Duration) -> Self {
        let seconds = timeout.as_secs_f32();
        let message = match unconfirmed {
            Some(Unconfirmed::Start) => format!("no result after {seconds} s, and {}", silence(Unconfirmed::Start)),
            Some(Unconfirmed::Stop) => {
                format!("still running after {seconds} s, and {}", silence(Unconfirmed::Stop))
            }
            None => format!("still running after {seconds} s, so it was stopped"),
        };
        let end = Self::new(Outcome::Timeout, Some(Reason::RunTimeout), message);
        Self { hint: Some("raise --timeout to give it longer".into()), ..end }
    }
}

/// What a server did not say, if that is why the script may still run.
fn silence(unconfirmed: Unconfirmed) -> String {
    match unconfirmed {
        Unconfirmed::Start => "the host never confirmed its start: it may still be running".to_owned(),
        Unconfirmed::Stop => {
            let seconds = session::STOP_WAIT.as_secs();
            format!("the host did not confirm the stop within {seconds} s: it may still be running")
        }
    }
}

/// What a fault says about the credential.
fn proof_of(error: &session::Error) -> Proof {
    match error {
        error if error.is_credential_refused() => Proof::Refused,
        error if error.is_proof_unanswered() => Proof::Unanswered,
        _ => Proof::Settled,
    }
}

/// What is said of the error record that ended the script.
pub(super) fn message_of(error: &Document) -> String {
    error_message(error).map_or_else(|| "the script failed without a message".to_owned(), Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_may_travel() {
        let end = AttemptEnd {
            hint: Some("look there".to_owned()),
            exit_code: Some(-1),
            errors: 2,
            retryable: true,
            proof: Proof::Unanswered,
            ..AttemptEnd::new(Outcome::OkWithErrors, Some(Reason::NotWinrm), "two \u{e4} \"errors\"")
        };
        let json = serde_json::to_string(&end).expect("plain data");
        assert!(json.contains(r#""ok_with_errors""#) && json.contains(r#""not_winrm""#), "stable codes: {json}");
        assert_eq!(serde_json::from_str::<AttemptEnd>(&json).expect("what was written"), end);
    }
}
