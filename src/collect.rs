//! What was left running on hosts is attached to, and what it has written is handed on, as the task of a run.
//!
//! In: how each target was [left](LeftShell). Out: its records, and its outcome. A target that cannot be attached to
//! stays what it was, `detached`; one whose shell is gone is lost. What still runs when its time is up, or when the user
//! wants no more, is left again.

mod tape;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::event::Finished;
use crate::fleet::{Approach, AttemptEnd, Task, TaskEnd};
use crate::left_shell::LeftShell;
use crate::outcome::{Outcome, Reason};
use crate::psrp::Opening;
use crate::session::{self, Followed, Session};
use crate::target::{Endpoint, TargetId};
use crate::transport::network::Network;
use crate::transport::{self, Carrier, Connector};

/// Collects what was left running.
pub struct Collect {
    left: BTreeMap<TargetId, Known>,
    /// How long to wait for the end on each target.
    wait: Option<Duration>,
    network: Network,
    /// Targets whose output went to a client that is gone, and then to us.
    taken_over: Mutex<BTreeSet<TargetId>>,
    /// Targets that have not confirmed that the shell is gone.
    unclosed: Mutex<BTreeSet<TargetId>>,
}

/// What is known of a target that was left running.
struct Known {
    shell: LeftShell,
    /// Errors and objects that were collected before.
    errors: u64,
    objects: u64,
    /// All records of it that are kept.
    records: u64,
    /// Whoever collected it for this run was cut off, so the host may hold it for a client that is gone.
    was_cut_off: bool,
    /// Nor may all be kept that this client had received.
    is_unclear: bool,
}

/// What is said of a host on which output went to a client that was cut off.
pub const TAKEN_OVER: &str = "a collect before this one was cut off: what it had received last may be missing";

impl Collect {
    /// Collects what these targets were left with; `records` has how many of each are kept, `unclear` those of which not
    /// all may be that was received, and `was_killed` says that a process was which had to do with them.
    pub fn new(
        left: Vec<Finished>,
        (records, unclear): (&BTreeMap<TargetId, u64>, &BTreeSet<TargetId>),
        wait: Option<Duration>,
        was_killed: bool,
    ) -> Self {
        let known = |end: Finished| {
            let Finished { target, errors, objects, left, reason, .. } = end;
            let was_cut_off = was_killed || matches!(reason, Some(Reason::LinkBroken | Reason::Network));
            let records = records.get(&target).copied().unwrap_or_default();
            let is_unclear = unclear.contains(&target);
            Some((target, Known { shell: *left?, errors, objects, records, was_cut_off, is_unclear }))
        };
        let left = left.into_iter().filter_map(known).collect();
        Self { left, wait, network: Network::default(), taken_over: Mutex::default(), unclosed: Mutex::default() }
    }

    /// The targets on which the shell may remain, though all of it was collected.
    pub fn shells_left(&self) -> BTreeSet<TargetId> {
        self.unclosed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The targets of which output went to a client that was cut off, so that [some may be missing](TAKEN_OVER).
    pub fn taken_over(&self) -> BTreeSet<TargetId> {
        self.taken().clone()
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<TargetId>> {
        self.taken_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn attach(&self, known: &Known, approach: &Approach<'_>) -> Result<Session, session::Error> {
        let (shell, limit) = (&known.shell, approach.target.timeouts.open);
        let carrier = self.connect(approach).await?;
        // What a host hands out from here on it has no more: whoever goes on after a kill has to know that.
        if !approach.forward.running().await {
            return Err(session::Error::Stopped);
        }
        let session = Session::attach(carrier, shell, limit, approach.stop).await;
        match session {
            Err(error) if error.reason() == Reason::InUse && known.was_cut_off => {
                // The client that has it is most likely ours, and gone: the host has not found that out yet.
                let carrier = self.connect(approach).await?;
                let leaving = carrier.leave_for(shell);
                let parted = approach.stop.run_until_cancelled(tokio::time::timeout(limit, leaving)).await;
                match parted.ok_or(session::Error::Stopped)? {
                    Ok(Ok(())) => {
                        self.taken().insert(approach.id);
                        Session::attach(carrier, shell, limit, approach.stop).await
                    }
                    _ => Err(error),
                }
            }
            session => {
                if known.is_unclear && session.is_ok() {
                    self.taken().insert(approach.id);
                }
                session
            }
        }
    }

    async fn connect(&self, approach: &Approach<'_>) -> Result<Arc<dyn Carrier>, session::Error> {
        let Approach { target, admission, stop, .. } = approach;
        let limit = target.timeouts.open;
        let connecting = admission.clock().within(limit, self.network.connect(target, admission));
        let connected = stop.run_until_cancelled(connecting).await.ok_or(session::Error::Stopped)?;
        Ok(connected.unwrap_or_else(|| Err(late(limit)))?.into())
    }

    async fn collect(&self, known: &Known, approach: Approach<'_>) -> Result<TaskEnd, session::Error> {
        let mut session = self.attach(known, &approach).await?;
        let shell = &known.shell;
        match session.follow(shell, self.wait, approach.stop, approach.forward).await? {
            Followed::Ended(report) => {
                // Before it is gone there: the process may be killed in between.
                approach.forward.kept().await;
                let carrier = Arc::clone(session.carrier());
                session.close().await;
                if carrier.shell_may_remain() {
                    self.unclosed.lock().unwrap_or_else(PoisonError::into_inner).insert(approach.id);
                }
                Ok(TaskEnd::Ran(report))
            }
            Followed::Left(keep_for) => Ok(TaskEnd::Ended(still_running(LeftShell { keep_for, ..shell.clone() }))),
        }
    }

    /// Collects what a deck keeps, through a session of its own.
    async fn play(&self, known: &Known, approach: Approach<'_>) -> Result<TaskEnd, session::Error> {
        let Approach { target, admission, stop, forward, .. } = approach;
        let opening = Opening::of_a_run();
        let mut session = Session::connect(&self.network, target, &admission, opening, stop, |_| {}).await?;
        let played = tape::play(&mut session, known, target, (self.wait, stop), forward).await;
        session.close().await;
        played.map(TaskEnd::Ended)
    }
}

#[async_trait]
impl Task for Collect {
    async fn approach(&self, approach: Approach<'_>) -> Option<TaskEnd> {
        let known = self.left.get(&approach.id)?;
        let collected = match (&approach.target.endpoint, known.shell.process) {
            (Endpoint::Winrm(_), None) => self.collect(known, approach).await,
            (Endpoint::Ssh(_) | Endpoint::Local(_), Some(_)) => self.play(known, approach).await,
            (endpoint, _) => return Some(TaskEnd::Ended(reached_otherwise(endpoint))),
        };
        Some(collected.unwrap_or_else(|error| TaskEnd::Ended(not_collected(&error))))
    }

    fn leaves(&self) -> bool {
        true
    }

    fn awaits_end(&self) -> bool {
        true
    }

    fn settled(&self, target: TargetId, end: AttemptEnd) -> AttemptEnd {
        match self.left.get(&target) {
            Some(known) => settled(known, end, self.taken().contains(&target)),
            None => end,
        }
    }
}

/// The end of a target, with what was known of it before.
fn settled(known: &Known, end: AttemptEnd, is_taken_over: bool) -> AttemptEnd {
    // A tape has all of it, from its beginning.
    let end = match known.shell.process {
        Some(_) => AttemptEnd { errors: end.errors.max(known.errors), objects: end.objects.max(known.objects), ..end },
        None => AttemptEnd {
            errors: end.errors.saturating_add(known.errors),
            objects: end.objects.saturating_add(known.objects),
            ..end
        },
    };
    let errors = end.errors;
    let end = match (end.outcome, end.reason) {
        (Outcome::Ok, _) if errors > 0 => AttemptEnd {
            outcome: Outcome::OkWithErrors,
            reason: Some(Reason::ErrorRecords),
            message: format!("{errors} error record(s)"),
            ..end
        },
        (Outcome::Failed, Some(Reason::Internal)) => stays(known, end),
        (Outcome::Ok | Outcome::OkWithErrors | Outcome::Failed | Outcome::Lost | Outcome::Detached, _) => end,
        _ => stays(known, end),
    };
    let has_ended = matches!(end.outcome, Outcome::Ok | Outcome::OkWithErrors | Outcome::Failed);
    if !has_ended || !is_taken_over {
        return end;
    }
    let separator = if end.message.is_empty() { "" } else { "; " };
    AttemptEnd { message: format!("{}{separator}{TAKEN_OVER}", end.message), ..end }
}

/// The end of a target that nobody could attach to: nothing is known to have changed there.
fn stays(known: &Known, end: AttemptEnd) -> AttemptEnd {
    let left = Some(Box::new(known.shell.clone()));
    let message = format!("not collected, and left as it is: {}", end.message);
    AttemptEnd { outcome: Outcome::Detached, message, left, shell_may_remain: false, ..end }
}

fn still_running(left: LeftShell) -> AttemptEnd {
    let end = AttemptEnd::detached(left);
    AttemptEnd { message: format!("still running: {}", end.message), ..end }
}

/// The end of an attempt that could not follow to the end.
fn not_collected(error: &session::Error) -> AttemptEnd {
    if error.is_gone() {
        return gone();
    }
    if matches!(error, session::Error::Vanished) {
        return nothing_more();
    }
    if error.reason() == Reason::InUse {
        let hint = "if that client is gone, its host finds that out in some minutes: collect it then; psfleet session clean \
                    --force removes it with what it wrote";
        return AttemptEnd { hint: Some(hint.to_owned()), ..AttemptEnd::not_opened(error) };
    }
    match error {
        session::Error::Transport(_) | session::Error::OpenTimeout(_) | session::Error::Stopped => {
            AttemptEnd::not_opened(error)
        }
        // Whoever attaches again gets what follows.
        error => AttemptEnd { retryable: false, ..AttemptEnd::not_opened(error) },
    }
}

/// The end of what is not there any more.
fn gone() -> AttemptEnd {
    lost(
        "what was left running is gone: another client received its output, it was removed, the host restarted, or \
         nobody came for it in time",
    )
}

/// The end of what ran in a shell that is still there.
fn nothing_more() -> AttemptEnd {
    lost(
        "its shell is still there, but nothing runs in it any more: another client received its output, or it was \
         interrupted there",
    )
}

fn lost(message: &str) -> AttemptEnd {
    let hint = "what it had done by then is unknown; check before you run it again";
    let end = AttemptEnd::new(Outcome::Lost, Some(Reason::LinkBroken), message);
    AttemptEnd { hint: Some(hint.to_owned()), ..end }
}

/// The end of a target that is reached in another way than the one in which it was left.
fn reached_otherwise(endpoint: &Endpoint) -> AttemptEnd {
    let (way, hint) = match endpoint {
        Endpoint::Winrm(_) => {
            ("WinRM", "it was left over SSH, or on its own machine: say so with -i FILE or --transport")
        }
        Endpoint::Ssh(_) => ("SSH", "it was left over WinRM: say so with -i FILE or --transport"),
        Endpoint::Local(_) => ("this machine", "it was left over WinRM: say so with -i FILE or --transport"),
    };
    let message = format!("over {way} nothing is known of it");
    let end = AttemptEnd::new(Outcome::Unreachable, Some(Reason::NotWinrm), message);
    AttemptEnd { hint: Some(hint.to_owned()), ..end }
}

/// The error of a connection that was not made within this limit.
fn late(limit: Duration) -> transport::Error {
    let message = format!("no connection within the open timeout of {} s", limit.as_secs_f32());
    let hint = "the host is down, or what listens there does not answer; --open-timeout waits longer";
    transport::Error::new(Reason::ConnectTimeout, message).with_hint(hint).behind_proof()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn known() -> Known {
        let (shell, command) = ("S".to_owned(), "C".to_owned());
        let (pool, pipeline) = (Uuid::nil(), Uuid::nil());
        Known {
            shell: LeftShell { pool, shell, pipeline, command, wrapped: false, keep_for: 60, process: None },
            errors: 1,
            objects: 2,
            records: 3,
            was_cut_off: false,
            is_unclear: false,
        }
    }

    #[test]
    fn what_a_killed_collect_had_is_not_passed_over() {
        let taken = || Known { errors: 0, ..known() };
        for (outcome, message) in [(Outcome::Ok, ""), (Outcome::Failed, "no")] {
            let end = settled(&taken(), AttemptEnd::new(outcome, None, message), true);
            assert_eq!(end.outcome, outcome);
            assert!(end.message.starts_with(message) && end.message.ends_with(TAKEN_OVER), "{}", end.message);
        }
        let end = settled(&known(), AttemptEnd::new(Outcome::Ok, None, ""), true);
        assert_eq!(end.message, format!("1 error record(s); {TAKEN_OVER}"));
    }

    #[test]
    fn a_target_is_left_as_it_is_unless_its_end_is_known() {
        for (outcome, reason, is_left) in [
            (Outcome::Failed, Some(Reason::ScriptError), false),
            (Outcome::Lost, Some(Reason::LinkBroken), false),
            (Outcome::Failed, Some(Reason::Internal), true),
            (Outcome::Unreachable, Some(Reason::Refused), true),
            (Outcome::Auth, Some(Reason::LogonDenied), true),
            (Outcome::Skipped, Some(Reason::CredentialTripped), true),
            (Outcome::NotStarted, None, true),
            (Outcome::Cancelled, Some(Reason::Interrupted), true),
        ] {
            let end = settled(&known(), AttemptEnd::new(outcome, reason, "why"), false);
            assert_eq!(end.outcome == Outcome::Detached && end.left.is_some(), is_left, "{outcome}");
            assert_eq!(end.reason, reason);
        }
    }

    #[test]
    fn counts_of_a_host_do_not_overflow() {
        let many = AttemptEnd { errors: u64::MAX, objects: u64::MAX, ..AttemptEnd::new(Outcome::Ok, None, "") };
        let end = settled(&known(), many, false);
        assert_eq!((end.errors, end.objects), (u64::MAX, u64::MAX));
    }

    #[test]
    fn what_was_collected_before_counts() {
        let end = settled(&known(), AttemptEnd { objects: 3, ..AttemptEnd::new(Outcome::Ok, None, "") }, false);
        assert_eq!((end.outcome, end.errors, end.objects), (Outcome::OkWithErrors, 1, 5));
    }
}
