//! What happens in a run, for the log: who, when and how it ended, and nothing of what hosts or scripts say.

use crate::event::{RunEventKind, RunHeader};
use crate::outcome::Outcome;

/// Logs an event, if it is one of the run's course.
pub(super) fn log(kind: &RunEventKind, header: &RunHeader) {
    match kind {
        RunEventKind::RunStarted(header) => {
            tracing::info!(run = %header.run, targets = header.targets.len(), "the run starts");
        }
        RunEventKind::TargetStarted { target, attempt } => {
            tracing::debug!(host = header.host(*target), attempt, "an attempt starts");
        }
        RunEventKind::AttemptFailed { target, attempt, reason, message, .. } => {
            tracing::info!(
                host = header.host(*target),
                attempt,
                reason = reason.code(),
                cause = message,
                "an attempt failed"
            );
        }
        RunEventKind::TargetFinished(end) => {
            let (host, outcome) = (header.host(end.target), end.outcome.code());
            let reason = end.reason.as_ref().map(|reason| reason.code());
            // What a script's own error says is output, which is no matter of the log.
            let cause = match end.outcome {
                Outcome::Unreachable | Outcome::Auth | Outcome::Lost | Outcome::Skipped | Outcome::Detached => {
                    Some(end.message.as_str())
                }
                _ => None,
            };
            let duration_ms = end.duration.as_millis() as u64;
            let (auth, attempts) = (end.auth.as_deref(), end.attempts);
            tracing::info!(host, outcome, reason, cause, auth, attempts, duration_ms, "a host is done");
        }
        RunEventKind::RunClosed { reason, .. } => tracing::info!(reason = reason.code(), "no other host starts"),
        RunEventKind::RunStopping { reason } => tracing::info!(reason = reason.code(), "the run stops early"),
        RunEventKind::RunFinished(summary) => {
            tracing::info!(run = %summary.run, exit_code = summary.exit_code(), "the run is over");
        }
        _ => {}
    }
}
