//! The shells that hosts hold: listed, and removed where they are ours, as the task of a run that opens none itself.
//!
//! A psfleet that is killed, or loses its host, leaves shells behind until the host takes them for idle, after two
//! hours by default; until then they count against the quotas of the user. Ours have a
//! [label](crate::transport::wsman::our_label) with user, machine and process. Only those of this user on this machine are
//! removed, and only when their process has ended and no run has [left them running](Uncollected), unless told
//! otherwise.
//!
//! Out: an object for each shell. Over SSH, and in a child process, PowerShell ends with its connection: there is
//! nothing to list.

use std::time::Duration;

use async_trait::async_trait;

use super::{DISCONNECTED, Uncollected};
use crate::clixml::{Document, Object, TypeNames, Value};
use crate::fleet::{Approach, AttemptEnd, Forward, Task, TaskEnd};
use crate::outcome::{Outcome, Reason};
use crate::session::{self, Records};
use crate::stream::Stream;
use crate::target::Target;
use crate::transport::http::TlsCache;
use crate::transport::wsman::{HostShells, ListedShell, Opener};
use crate::transport::{self, Admission};

/// Lists the shells of each target, and removes those that a [`Cleaning`] finds.
#[derive(Default)]
pub struct Shells {
    tls_cache: TlsCache,
    cleaning: Option<Cleaning>,
    uncollected: Uncollected,
}

/// Which of our shells are removed.
#[derive(Debug, Clone, Copy)]
pub struct Cleaning {
    /// None that is younger.
    pub older: Duration,
    /// Also those whose psfleet still runs.
    pub in_use: bool,
    /// None at all: only say which.
    pub plan: bool,
}

/// What becomes of a shell of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Removed,
    Planned,
    InUse,
    Detached,
    Uncollected,
    TooYoung,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Planned => "would be removed",
            Self::InUse => "left: in use",
            Self::Detached => "left: runs without a client",
            Self::Uncollected => "left: was left running, and is not collected",
            Self::TooYoung => "left: younger than --older",
        }
    }
}

impl Cleaning {
    /// What is to be done with a shell; `None` if it is not ours.
    fn fate(&self, shell: &ListedShell, opener: Opener, is_uncollected: bool) -> Option<Fate> {
        // A host that does not tell the age has none that is old enough, unless every age is.
        let is_old = shell.age.unwrap_or_default() >= self.older;
        match opener {
            Opener::Other => None,
            Opener::Running if !self.in_use => Some(Fate::InUse),
            // It was left running on purpose: psfleet runs collect wants it.
            Opener::Ended if shell.state == DISCONNECTED && !self.in_use => Some(Fate::Detached),
            // It has a client while somebody collects it, and a while longer if that one was killed.
            Opener::Ended if is_uncollected && !self.in_use => Some(Fate::Uncollected),
            _ if !is_old => Some(Fate::TooYoung),
            _ if self.plan => Some(Fate::Planned),
            _ => Some(Fate::Removed),
        }
    }
}

impl Shells {
    /// Lists all shells.
    pub fn list() -> Self {
        Self::default()
    }

    /// Removes ours, of which runs have left some running.
    pub fn clean(cleaning: Cleaning, uncollected: Uncollected) -> Self {
        Self { cleaning: Some(cleaning), uncollected, ..Self::default() }
    }

    async fn connect(
        &self,
        target: &Target,
        admission: &Admission,
    ) -> Result<(HostShells, Vec<ListedShell>), transport::Error> {
        let limit = target.timeouts.open;
        let listing = async {
            let host = HostShells::connect(target, &self.tls_cache, admission).await?;
            let shells = host.list(admission).await?;
            Ok((host, shells))
        };
        admission.clock().within(limit, listing).await.unwrap_or_else(|| Err(late(limit)))
    }

    async fn work(
        &self,
        target: &Target,
        forward: &mut Forward,
        admission: &Admission,
    ) -> Result<Left, transport::Error> {
        let mut left = Left::default();
        let (host, shells) = self.connect(target, admission).await?;
        for shell in &shells {
            let opener = Opener::of(shell);
            let is_uncollected = self.uncollected.owner(shell).is_some();
            let fate = match self.cleaning.map(|cleaning| cleaning.fate(shell, opener, is_uncollected)) {
                // Not ours, and only ours are of interest.
                Some(None) => continue,
                fate => fate.flatten(),
            };
            if fate == Some(Fate::Removed)
                && let Err(error) = host.delete(shell).await
            {
                left.count += 1;
                left.first.get_or_insert(error);
                continue;
            }
            // Whoever reads no more still wants the rest removed.
            let _ = forward.take(Stream::Output, Document::new(object(shell, opener, fate).into())).await;
        }
        Ok(left)
    }
}

/// Shells that could not be removed.
#[derive(Default)]
struct Left {
    count: usize,
    first: Option<transport::Error>,
}

impl Left {
    fn end(self) -> AttemptEnd {
        let Some(error) = self.first else { return AttemptEnd::new(Outcome::Ok, None, "") };
        let end = AttemptEnd::not_opened(&error.into());
        let what = if self.count == 1 { "a shell".to_owned() } else { format!("{} shells", self.count) };
        let message = format!("{what} could not be removed: {}", end.message);
        AttemptEnd { outcome: Outcome::Failed, retryable: false, message, ..end }
    }
}

#[async_trait]
impl Task for Shells {
    async fn approach(&self, approach: Approach<'_>) -> Option<TaskEnd> {
        let Approach { target, forward, admission, stop, .. } = approach;
        let done = stop.run_until_cancelled(self.work(target, forward, &admission)).await;
        Some(TaskEnd::Ended(match done {
            Some(Ok(left)) => left.end(),
            Some(Err(error)) => AttemptEnd::not_opened(&error.into()),
            None => AttemptEnd::not_opened(&session::Error::Stopped),
        }))
    }
}

/// The error of a host that does not list its shells within this limit.
pub(super) fn late(limit: Duration) -> transport::Error {
    let message = format!("no list of shells within the open timeout of {} s", limit.as_secs_f32());
    let hint = "the host is down, or what listens there does not answer; --open-timeout waits longer";
    transport::Error::new(Reason::ConnectTimeout, message).with_hint(hint).behind_proof()
}

/// What readers get of a shell.
fn object(shell: &ListedShell, opener: Opener, fate: Option<Fate>) -> Object {
    let is_ours = opener != Opener::Other;
    let span = |time: Option<Duration>| time.map_or(Value::Null, |time| Value::TimeSpan(iso(time).into()));
    let mut members = vec![
        ("ShellId", Value::str(&*shell.shell_id)),
        ("State", Value::str(&*shell.state)),
        ("Age", span(shell.age)),
        ("Idle", span(shell.idle)),
        ("Owner", Value::str(&*shell.owner)),
        ("ClientIP", Value::str(&*shell.client_ip)),
        ("Name", shell.name.as_deref().map_or(Value::Null, Value::str)),
    ];
    match fate {
        Some(fate) => members.insert(0, ("Action", Value::str(fate.word()))),
        None => members.extend([
            ("Ours", Value::Bool(is_ours)),
            ("InUse", if is_ours { Value::Bool(opener == Opener::Running) } else { Value::Null }),
        ]),
    }
    Object {
        type_names: TypeNames::new(["System.Management.Automation.PSCustomObject", "System.Object"]),
        notes: members.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        ..Object::default()
    }
}

/// A duration in whole seconds as CLIXML writes it, `P1DT2H3M4S`.
fn iso(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    format!("P{days}DT{hours}H{}M{}S", seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ours_of_an_age_that_nobody_uses_are_removed() {
        let hour = Duration::from_secs(3600);
        let clean = Cleaning { older: hour, in_use: false, plan: false };
        let aged = |age| ListedShell { age, ..ListedShell::default() };
        let (old, young, ageless) = (aged(Some(hour)), aged(Some(hour - Duration::from_secs(1))), aged(None));
        let left = ListedShell { state: "Disconnected".to_owned(), ..old.clone() };
        for (cleaning, shell, opener, fate) in [
            (clean, &old, Opener::Ended, Some(Fate::Removed)),
            (clean, &young, Opener::Ended, Some(Fate::TooYoung)),
            (clean, &ageless, Opener::Ended, Some(Fate::TooYoung)),
            (clean, &old, Opener::Running, Some(Fate::InUse)),
            (clean, &old, Opener::Other, None),
            (Cleaning { in_use: true, ..clean }, &old, Opener::Running, Some(Fate::Removed)),
            (Cleaning { in_use: true, ..clean }, &young, Opener::Running, Some(Fate::TooYoung)),
            (Cleaning { in_use: true, ..clean }, &old, Opener::Other, None),
            (clean, &left, Opener::Ended, Some(Fate::Detached)),
            (Cleaning { in_use: true, ..clean }, &left, Opener::Ended, Some(Fate::Removed)),
            (Cleaning { plan: true, ..clean }, &old, Opener::Ended, Some(Fate::Planned)),
            (Cleaning { older: Duration::ZERO, ..clean }, &ageless, Opener::Ended, Some(Fate::Removed)),
        ] {
            assert_eq!(cleaning.fate(shell, opener, false), fate, "{cleaning:?} {shell:?} {opener:?}");
        }
        // Whoever collects it, or did so until a moment ago.
        let collected = ListedShell { state: "Connected".to_owned(), ..old.clone() };
        assert_eq!(clean.fate(&collected, Opener::Ended, true), Some(Fate::Uncollected));
        let forced = Cleaning { in_use: true, ..clean };
        assert_eq!(forced.fate(&collected, Opener::Ended, true), Some(Fate::Removed));
    }

    #[test]
    fn times_are_those_of_clixml() {
        assert_eq!(iso(Duration::from_millis(93_784_900)), "P1DT2H3M4S");
        assert_eq!(iso(Duration::ZERO), "P0DT0H0M0S");
    }
}
