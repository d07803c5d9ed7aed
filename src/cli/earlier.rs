//! Earlier runs: one that goes on, and hosts of others that targets are named by.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use uuid::Uuid;

use super::keeping::{GoOn, Keeping, NamesOfRuns};
use crate::config::{EarlierRuns, FactsOfHost};
use crate::event::Finished;
use crate::hostlist::fold;
use crate::inventory::{Request, Resolved};
use crate::outcome::Outcome;
use crate::store::{Claim, Header, HostFacts, Run, Store};
use crate::target::{Endpoint, Target, TargetId, TargetSnapshot, WinrmEndpoint};

/// A run that is to go on.
pub(super) struct Earlier {
    store: Store,
    run: Run,
    claim: Claim,
    /// What was known of it when it began.
    pub(super) header: Header,
    targets: Vec<TargetSnapshot>,
    done: Vec<(TargetId, Outcome)>,
    lost: Vec<TargetId>,
    /// Targets that were lost before and run once more.
    again: Vec<TargetId>,
}

impl Earlier {
    /// Finds the run of a name, or the last unfinished one. With `again` those run once more of which nobody knows what
    /// became of them.
    ///
    /// # Errors
    /// There is none, somebody is at work on it, or nothing of it is left to be run.
    pub(super) fn find(store: Store, name: Option<&str>, again: bool) -> anyhow::Result<Self> {
        let run = match name {
            Some(name) => store.find(name)?,
            None => store.last_unfinished(again)?,
        };
        run.made_here()?;
        // Before anything is read that another process could change.
        let claim = store.claim(&run)?;
        let (header, targets) = (store.header(&run)?, store.targets(&run)?);
        let mut done = store.ends(&run)?;
        let mut lost = store.lost(&run)?;
        // It was at work, as far as we knew, if it ended between being found and being claimed.
        done.extend(lost.iter().map(|&target| (target, Outcome::Lost)));
        let mut repeated = Vec::new();
        if again {
            repeated.extend(done.iter().filter(|(_, outcome)| **outcome == Outcome::Lost).map(|(target, _)| *target));
            lost.clear();
        }
        done.retain(|_, outcome| outcome.had_turn() && !(again && *outcome == Outcome::Lost));
        if done.len() >= targets.len() && lost.is_empty() {
            let count = done.values().filter(|&&outcome| outcome == Outcome::Lost).count();
            let hint = if count > 0 { "; --lost runs the lost ones once more" } else { "" };
            bail!("every host of the run {} has had its turn: nothing is left to resume{hint}", run.id);
        }
        let done = done.into_iter().collect();
        Ok(Self { store, run, claim, header, targets, done, lost, again: repeated })
    }

    /// Which run goes on, with how many hosts; `is_found`: nobody has named it.
    pub(super) fn note(&self, is_found: bool) -> String {
        let Header { run, title, begun, .. } = &self.header;
        let left = self.targets.len() - self.done.len();
        let hosts = if left == 1 { "1 host".to_owned() } else { format!("{left} hosts") };
        let begun = begun.strftime("%Y-%m-%d %H:%M UTC");
        let other = if is_found {
            format!("; to leave it alone, and go on with an older one: psfleet runs close {run}")
        } else {
            String::new()
        };
        format!("going on with the run {run} of {begun}, '{title}': {hosts} left{other}")
    }

    /// Finds the run of a name, or the last one of which something was left running; and the ends of what was left. All
    /// other targets count as done.
    ///
    /// # Errors
    /// There is none, somebody is at work on it, or nothing of it was left running.
    pub(super) fn left(store: Store, name: Option<&str>) -> anyhow::Result<(Self, Vec<Finished>)> {
        let run = match name {
            Some(name) => store.find(name)?,
            None => store.last_left()?,
        };
        // Before anything is read that another process could change.
        let claim = store.claim(&run)?;
        let (header, targets) = (store.header(&run)?, store.targets(&run)?);
        let left = store.left(&run)?;
        if left.is_empty() {
            bail!("nothing of the run {} was left running, or all of it was collected", run.id);
        }
        let (ends, lost) = (store.ends(&run)?, store.lost(&run)?);
        let all = (0..targets.len()).map(|place| TargetId(place as u32));
        let end = |target| (target, ends.get(&target).copied().unwrap_or(Outcome::NotStarted));
        let done = all.map(end).filter(|(_, outcome)| *outcome != Outcome::Detached).collect();
        Ok((Self { store, run, claim, header, targets, done, lost, again: Vec::new() }, left))
    }

    /// The run, and the targets of which something was left running, as they were then.
    pub(super) fn left_targets(&self) -> impl Iterator<Item = &TargetSnapshot> {
        let done: BTreeSet<TargetId> = self.done.iter().map(|(target, _)| *target).collect();
        let is_left = move |place: usize| !done.contains(&TargetId(place as u32));
        self.targets.iter().enumerate().filter(move |(place, _)| is_left(*place)).map(|(_, target)| target)
    }

    /// Whether it was made on another machine.
    pub(super) fn is_imported(&self) -> bool {
        self.run.imported.is_some()
    }

    /// How many records are kept of each target that has any.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn records(&self) -> anyhow::Result<BTreeMap<TargetId, u64>> {
        Ok(self.store.records(&self.run)?)
    }

    /// Whether psfleet was killed while it was at work on the run.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn was_killed(&self) -> anyhow::Result<bool> {
        Ok(self.store.parts(&self.run)?.iter().any(|part| part.ended.is_none()))
    }

    /// The targets of which a part of the run that broke off may have received what is not kept.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn left_unclear(&self) -> anyhow::Result<BTreeSet<TargetId>> {
        Ok(self.store.left_unclear(&self.run)?)
    }

    /// The targets of the run, reached as they were then, by those who are allowed to today.
    pub(super) fn as_they_were(&self, today: &[Arc<Target>]) -> Vec<Arc<Target>> {
        let found: HashMap<&str, &Arc<Target>> = today.iter().map(|target| (&*target.name, target)).collect();
        let target = |kept: &TargetSnapshot| {
            let today = found.get(kept.name.as_str());
            let mut target = kept.clone().with(today.and_then(|today| today.credential.clone()));
            if let Some(today) = today {
                target.timeouts = today.timeouts;
                if self.is_imported() {
                    target.endpoint = trusted_as_today(target.endpoint, &today.endpoint);
                }
            }
            Arc::new(target)
        };
        self.targets.iter().map(target).collect()
    }

    /// What to ask of the inventory: all that the run asked, since its hosts are among what that gives.
    pub(super) fn request(&self, request: Request) -> Request {
        Request { pick: None, order: None, provenance: false, ..request }
    }

    /// Of what the inventory gives today, the hosts of the run in their order; and what the user should know of it.
    ///
    /// # Errors
    /// Hosts that are still to be run and that it does not give any more.
    pub(super) fn only(&self, resolved: Resolved) -> anyhow::Result<(Resolved, Vec<String>)> {
        let mut found: HashMap<Arc<str>, _> =
            resolved.targets.into_iter().map(|target| (Arc::clone(&target.name), target)).collect();
        let done: BTreeMap<TargetId, Outcome> = self.done.iter().copied().collect();
        let (mut targets, mut missing, mut changed) = (Vec::new(), Vec::new(), Vec::new());
        for (place, kept) in self.targets.iter().enumerate() {
            let is_done = done.contains_key(&TargetId(place as u32));
            match found.remove(&*kept.name) {
                Some(target) => {
                    if !is_done && target.endpoint != kept.endpoint {
                        changed.push(kept.name.as_str());
                    }
                    targets.push(target);
                }
                None => {
                    if !is_done {
                        missing.push(kept.name.as_str());
                    }
                    targets.push(Arc::new(kept.clone().with(None)));
                }
            }
        }
        if !missing.is_empty() {
            bail!(
                "the inventory does not give {} any more, which the run {} has not run: put them back, or start a new run",
                fold(missing),
                self.run.id
            );
        }
        let mut notes = Vec::new();
        if !self.lost.is_empty() {
            let hosts = fold(self.lost.iter().map(|target| self.targets[target.index()].name.as_str()));
            notes.push(format!(
                "lost: psfleet ended, or could keep no more, while {hosts} ran; --lost runs what is lost once more"
            ));
        }
        if !changed.is_empty() {
            let are = if changed.len() == 1 { "is" } else { "are" };
            notes.push(format!("{} {are} reached in another way than when the run began", fold(changed)));
        }
        Ok((Resolved { targets, ..resolved }, notes))
    }

    /// The run is kept as a part of itself.
    pub(super) fn keeping(self) -> Keeping {
        let Self { store, run, claim, done, lost, again, header, .. } = self;
        Keeping::GoOn(Box::new(GoOn { store, run, claim, done, lost, again, command: header.command }))
    }
}

/// How this user reaches a host today, with the endpoint on it that a bundle names: where a host is and whom to trust is not
/// for a bundle to say, nor what to start, nor which keys to show; whoever made it would be sent a proof of the password.
fn trusted_as_today(kept: Endpoint, today: &Endpoint) -> Endpoint {
    match (kept, today) {
        (Endpoint::Winrm(WinrmEndpoint { configuration_name, .. }), Endpoint::Winrm(today)) => {
            Endpoint::Winrm(WinrmEndpoint { configuration_name, ..today.clone() })
        }
        (_, today) => today.clone(),
    }
}

/// The name under which it is kept which run was the latest that facts were taken from.
const LATEST_FACTS: &str = "fact:";

/// The runs that targets may be named by.
pub(super) struct Runs {
    /// Where they are kept; nowhere if that cannot be known.
    pub(super) folder: Option<PathBuf>,
    /// Filled as names are used; a name that has its run already keeps it.
    pub(super) names: NamesOfRuns,
}

impl EarlierRuns for Runs {
    fn hosts(&mut self, run: &str, outcome: Option<&str>) -> Result<Vec<String>, String> {
        let wanted = outcome.map(outcome_of).transpose()?;
        let store = self.store()?;
        let known = self.names.borrow().get(run).map(Uuid::to_string);
        let found = store.find(known.as_deref().unwrap_or(run)).map_err(|error| error.to_string())?;
        self.names.borrow_mut().insert(run.to_owned(), found.id);
        if wanted == Some(Outcome::NotStarted) {
            waiting(&found)?;
        }
        let hosts = || hosts_of(&store, &found, |outcome| wanted.is_none_or(|wanted| wanted == outcome));
        hosts().map_err(|error| error.to_string())
    }

    fn facts(&mut self, kind: &str, property: &str, hosts: Option<&[String]>) -> Result<Vec<FactsOfHost>, String> {
        let store = self.store()?;
        // A run that goes on must find the hosts that it found when it began, though it has told more of them since.
        let known = self.names.borrow().get(LATEST_FACTS).map(Uuid::to_string);
        let latest = match store.find(known.as_deref().unwrap_or("last")) {
            Ok(latest) => latest,
            Err(_) if known.is_none() => return Ok(Vec::new()),
            Err(error) => return Err(error.to_string()),
        };
        self.names.borrow_mut().insert(LATEST_FACTS.to_owned(), latest.id);
        let only = hosts.map(|hosts| hosts.iter().map(|host| host.to_lowercase()).collect());
        let _view = store.view().map_err(|error| error.to_string())?;
        let found = store.facts(kind, property, only.as_ref(), &latest).map_err(|error| error.to_string())?;
        let fact = |HostFacts { host, values, run }| FactsOfHost {
            host,
            values,
            origin: format!("run {} of {:.0}", run.id, run.begun),
        };
        Ok(found.into_iter().map(fact).collect())
    }
}

impl Runs {
    fn store(&self) -> Result<Store, String> {
        let folder = self.folder.as_ref().ok_or("there is no home folder that runs would be kept in")?;
        Store::open_to_read(folder).map_err(|error| error.to_string())
    }
}

/// The names of a run's hosts whose outcomes are wanted; a host without one has not been started.
pub(super) fn hosts_of(
    store: &Store,
    run: &Run,
    mut wanted: impl FnMut(Outcome) -> bool,
) -> Result<Vec<String>, crate::store::Error> {
    let (targets, ends) = (store.targets(run)?, store.ends(run)?);
    let outcome = |place: usize| ends.get(&TargetId(place as u32)).copied().unwrap_or(Outcome::NotStarted);
    let hosts = targets.into_iter().enumerate().filter(|(place, _)| wanted(outcome(*place)));
    Ok(hosts.map(|(_, target)| target.name).collect())
}

/// Refuses hosts that have not started of a run that is at work: they would run its script twice.
///
/// # Errors
/// It is at work.
pub(super) fn waiting(run: &Run) -> Result<(), String> {
    let what =
        "which starts the hosts that wait for their turn by itself; psfleet runs resume goes on with what it leaves";
    run.at_rest().map_err(|error| format!("{error}, {what}"))
}

/// The outcome that somebody has written.
pub(super) fn outcome_of(text: &str) -> Result<Outcome, String> {
    let written = text.trim().replace('-', "_").to_ascii_lowercase();
    Outcome::ALL.iter().copied().find(|outcome| outcome.code() == written).ok_or_else(|| {
        let all: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.code()).collect();
        format!("'{text}' is not an outcome; those are {}", all.join(", "))
    })
}
