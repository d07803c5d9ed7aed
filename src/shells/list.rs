//! The shells that hosts hold: listed, and removed where they are ours, as the task of a run.
//!
//! A psfleet that is killed, or loses its host, leaves shells behind until the host takes them for idle, after two
//! hours by default; until then they count against the quotas of the user. Ours have a
//! [label](crate::transport::wsman::our_label) with user, machine and process. Only those of this user on this machine are
//! removed, and only when their process has ended and no run has [left them running](Uncollected), unless told
//! otherwise.
//!
//! Out: an object for each shell. Over SSH, and in a child process, PowerShell ends with its connection: what is listed
//! there are the decks that `--detach` leaves, through a session that is opened for that.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::uncollected::Owned;
use super::{DISCONNECTED, ENDED, RUNNING, Uncollected};
use crate::clixml::{Document, Object, TypeNames, Value};
use crate::fleet::{Approach, AttemptEnd, Forward, Task, TaskEnd};
use crate::outcome::{Outcome, Reason};
use crate::session::{self, Deck, DeckEnd, Records, Session};
use crate::stream::Stream;
use crate::target::{Endpoint, Target};
use crate::transport::http::TlsCache;
use crate::transport::network::Network;
use crate::transport::wsman::{HostShells, ListedShell, Opener};
use crate::transport::{self, Admission};

/// Lists the shells of each target, and removes those that a [`Cleaning`] finds.
#[derive(Default)]
pub struct Shells {
    tls_cache: TlsCache,
    network: Network,
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
            Opener::Ended if [DISCONNECTED, RUNNING].contains(&&*shell.state) && !self.in_use => Some(Fate::Detached),
            // It has a client while somebody collects it, and a while longer if that one was killed. What an ended script
            // has written is wanted by whoever left it, though perhaps not by a run that is kept here.
            Opener::Ended if (is_uncollected || shell.state == ENDED) && !self.in_use => Some(Fate::Uncollected),
            _ if !is_old => Some(Fate::TooYoung),
            _ if self.plan => Some(Fate::Planned),
            _ => Some(Fate::Removed),
        }
    }
}

impl Shells {
    /// Lists all shells, of which runs have left some running.
    pub fn list(uncollected: Uncollected) -> Self {
        Self { uncollected, ..Self::default() }
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
    ) -> Result<Left, session::Error> {
        let mut left = Left::default();
        let (host, shells) = self.connect(target, admission).await?;
        for shell in &shells {
            let Some(fate) = self.fate(shell) else { continue };
            match fate {
                Some(Fate::Removed) => match host.delete(shell).await {
                    Ok(()) => self.show(shell, fate, forward).await,
                    Err(error) => left.add(error.into()),
                },
                _ => self.show(shell, fate, forward).await,
            }
        }
        Ok(left)
    }

    /// Does it with decks, through a session of its own.
    async fn work_on_decks(&self, approach: Approach<'_>) -> Result<Left, session::Error> {
        let Approach { target, admission, stop, forward, .. } = approach;
        let mut session = Session::to_decks(&self.network, target, &admission, stop).await?;
        let done = stop.run_until_cancelled(self.with_decks(&mut session, forward)).await;
        session.close().await;
        done.ok_or(session::Error::Stopped)?
    }

    async fn with_decks(&self, session: &mut Session, forward: &mut Forward) -> Result<Left, session::Error> {
        let mut left = Left::default();
        for deck in session.decks(Uuid::new_v4()).await? {
            let (pool, shell) = (deck.pool, of_deck(deck));
            let Some(fate) = self.fate(&shell) else { continue };
            if fate == Some(Fate::Removed) {
                let why = match session.end_deck(pool, Uuid::new_v4()).await? {
                    DeckEnd::Removed => None,
                    DeckEnd::Gone => continue,
                    DeckEnd::Busy => Some((Reason::InUse, "somebody is collecting it right now")),
                    DeckEnd::Stays => Some((Reason::Internal, "its process does not end")),
                };
                if let Some((reason, why)) = why {
                    left.add(transport::Error::new(reason, why).behind_proof().into());
                    continue;
                }
            }
            self.show(&shell, fate, forward).await;
        }
        Ok(left)
    }

    /// What becomes of a shell, where some are removed; `None` if it is of no interest.
    fn fate(&self, shell: &ListedShell) -> Option<Option<Fate>> {
        let Some(cleaning) = self.cleaning else { return Some(None) };
        let is_uncollected = self.uncollected.owner(shell).is_some();
        cleaning.fate(shell, Opener::of(shell), is_uncollected).map(Some)
    }

    async fn show(&self, shell: &ListedShell, fate: Option<Fate>, forward: &mut Forward) {
        let object = object(shell, Opener::of(shell), fate, self.uncollected.owner(shell));
        // Whoever reads no more still wants the rest removed.
        let _ = forward.take(Stream::Output, Document::new(object.into())).await;
    }
}

/// A deck as a shell among others.
fn of_deck(deck: Deck) -> ListedShell {
    let Deck { pool, is_running, age, idle, owner, label } = deck;
    ListedShell {
        shell_id: pool.to_string().to_uppercase(),
        state: if is_running { RUNNING } else { ENDED }.to_owned(),
        age: Some(age),
        idle: Some(idle),
        owner,
        name: label,
        ..ListedShell::default()
    }
}

/// Shells that could not be removed.
#[derive(Default)]
struct Left {
    count: usize,
    first: Option<session::Error>,
}

impl Left {
    fn add(&mut self, error: session::Error) {
        self.count += 1;
        self.first.get_or_insert(error);
    }

    fn end(self) -> AttemptEnd {
        let Some(error) = self.first else { return AttemptEnd::new(Outcome::Ok, None, "") };
        let end = AttemptEnd::not_opened(&error);
        let what = if self.count == 1 { "a shell".to_owned() } else { format!("{} shells", self.count) };
        let message = format!("{what} could not be removed: {}", end.message);
        AttemptEnd { outcome: Outcome::Failed, retryable: false, message, ..end }
    }
}

#[async_trait]
impl Task for Shells {
    async fn approach(&self, approach: Approach<'_>) -> Option<TaskEnd> {
        let done = match approach.target.endpoint {
            Endpoint::Winrm(_) => {
                let Approach { target, forward, admission, stop, .. } = approach;
                let done = stop.run_until_cancelled(self.work(target, forward, &admission)).await;
                done.unwrap_or(Err(session::Error::Stopped))
            }
            Endpoint::Ssh(_) | Endpoint::Local(_) => self.work_on_decks(approach).await,
        };
        Some(TaskEnd::Ended(match done {
            Ok(left) => left.end(),
            Err(error) => AttemptEnd::not_opened(&error),
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
fn object(shell: &ListedShell, opener: Opener, fate: Option<Fate>, owned: Option<Owned>) -> Object {
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
            ("Run", owned.map_or(Value::Null, |owned| Value::str(owned.run.to_string()))),
        ]),
    }
    Object {
        type_names: TypeNames::new(["System.Management.Automation.PSCustomObject", "System.Object"]),
        notes: members.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        ..Object::default()
    }
}

/// A duration in whole seconds as CLIXML writes it, `P1DT2H3M4S`, without what is zero of it.
fn iso(time: Duration) -> String {
    let seconds = time.as_secs();
    let part = |count: u64, unit: char| if count == 0 { String::new() } else { format!("{count}{unit}") };
    let days = part(seconds / 86_400, 'D');
    let rest = part(seconds / 3600 % 24, 'H') + &part(seconds / 60 % 60, 'M') + &part(seconds % 60, 'S');
    match (days.is_empty(), rest.is_empty()) {
        (true, true) => "PT0S".to_owned(),
        (false, true) => format!("P{days}"),
        _ => format!("P{days}T{rest}"),
    }
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
        for state in [RUNNING, ENDED] {
            let deck = ListedShell { state: state.to_owned(), ..old.clone() };
            let spared = if state == RUNNING { Fate::Detached } else { Fate::Uncollected };
            assert_eq!(clean.fate(&deck, Opener::Ended, false), Some(spared));
            assert_eq!(clean.fate(&deck, Opener::Other, false), None);
            let forced = Cleaning { in_use: true, ..clean };
            assert_eq!(forced.fate(&deck, Opener::Ended, true), Some(Fate::Removed));
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
        for (seconds, text) in [(0, "PT0S"), (5, "PT5S"), (3600, "PT1H"), (86_400, "P1D"), (86_401, "P1DT1S")] {
            assert_eq!(iso(Duration::from_secs(seconds)), text);
        }
    }
}
