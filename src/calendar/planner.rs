//! The planner: what is due now, and when to ask again.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::entry::{CatchUp, Entry};
use super::state::{Occurrence, Progress, Running, Span, State};

/// What starts later than this was missed, to those who leave out what was missed.
const LATE: SignedDuration = SignedDuration::from_mins(1);

/// What the planner has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// This is to be started, once the state is kept.
    Start(Occurrence),
    /// This is not started.
    Missed(Missed),
}

/// Occurrences of an entry that were left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// The entry's name.
    pub entry: String,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them; there may be only one.
    pub last: Timestamp,
    /// Why.
    pub why: WhyMissed,
}

/// Why occurrences were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyMissed {
    /// The same check on the same hosts was still running.
    StillRunning,
    /// They passed while nothing could be started, and the entry does not catch up on all of them.
    Passed,
}

/// Plans many entries. See the module for the order in which it is used.
#[derive(Debug)]
pub struct Planner {
    entries: BTreeMap<String, Entry>,
    state: State,
    /// Each entry's first occurrence that is not decided.
    next: BTreeMap<String, Next>,
}

/// An occurrence that is not decided, and its start.
#[derive(Debug, Clone, Copy)]
struct Next {
    at: Timestamp,
    start: Timestamp,
}

impl Planner {
    /// A planner of entries, with what was kept of an earlier one. What was started then and not finished counts as
    /// running: whoever opens the planner goes on with it, or says that it is [`finished`](Self::finished).
    ///
    /// An entry that is new begins with its next occurrence, an interval with the present one.
    pub fn open(entries: Vec<Entry>, state: State, now: Timestamp) -> Self {
        let mut planner = Self { entries: BTreeMap::new(), state, next: BTreeMap::new() };
        planner.replace(entries, now);
        planner
    }

    /// Takes other entries, as after a change of the configuration. Of two with one name the later counts. An entry
    /// with another schedule than before begins anew.
    pub fn replace(&mut self, entries: Vec<Entry>, now: Timestamp) {
        self.entries = entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
        let mut known = std::mem::take(&mut self.state.entries);
        for (name, entry) in &self.entries {
            let progress = match known.remove(name) {
                Some(progress) if progress.schedule == entry.schedule.to_string() => progress,
                other => Progress::new(&entry.schedule, begin(entry, now), other.is_some_and(|before| before.paused)),
            };
            self.state.entries.insert(name.clone(), progress);
        }
        self.next.clear();
        self.entries.keys().cloned().collect::<Vec<_>>().iter().for_each(|name| self.look_ahead(name));
    }

    /// What is to be kept before what was started begins, and after each call that changes something.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What was started and is not finished.
    pub fn running(&self) -> impl Iterator<Item = &Occurrence> {
        self.state.running.iter().map(|running| &running.occurrence)
    }

    /// Decides what is due, in the order of their starts.
    pub fn due(&mut self, now: Timestamp) -> Vec<Step> {
        if self.state.seen.is_some_and(|seen| now < seen) {
            self.put_back(now);
        }
        self.state.seen = Some(now);
        let mut due: Vec<(Timestamp, String)> = self
            .entries
            .keys()
            .filter_map(|name| {
                let progress = self.state.entries.get(name).filter(|progress| !progress.paused)?;
                let next = self.next.get(name).map_or(Timestamp::MAX, |next| next.start);
                (next <= now || !progress.backlog.is_empty()).then(|| (next.min(now), name.clone()))
            })
            .collect();
        due.sort();
        let mut steps = Vec::new();
        for (_, name) in due {
            self.decide(&name, now, &mut steps);
            self.look_ahead(&name);
        }
        steps
    }

    /// When to ask again, if nothing else happens; an instant that has passed means at once.
    pub fn wake(&self) -> Option<Timestamp> {
        let waits = |(name, progress): (&String, &Progress)| {
            let entry = self.entries.get(name).filter(|_| !progress.paused)?;
            match progress.backlog.first() {
                Some(missed) if !self.is_running(&entry.key) => Some(*missed),
                _ => self.next_start(name),
            }
        };
        self.state.entries.iter().filter_map(waits).min()
    }

    /// Notes that a run has ended, whatever became of it. Others of its key may start from now on.
    pub fn finished(&mut self, occurrence: &Occurrence) {
        self.state.running.retain(|running| running.occurrence != *occurrence);
    }

    /// Pauses an entry, or goes on with it; what passes meanwhile is caught up on, or not, as after a restart. Whether
    /// there is such an entry.
    pub fn set_paused(&mut self, entry: &str, paused: bool) -> bool {
        self.state.entries.get_mut(entry).map(|progress| progress.paused = paused).is_some()
    }

    /// Whether an entry is paused.
    pub fn is_paused(&self, entry: &str) -> bool {
        self.state.entries.get(entry).is_some_and(|progress| progress.paused)
    }

    /// When an entry starts next, as far as it is known now.
    pub fn next_start(&self, entry: &str) -> Option<Timestamp> {
        self.next.get(entry).map(|next| next.start)
    }

    fn is_running(&self, key: &str) -> bool {
        self.state.running.iter().any(|running| running.key == key)
    }

    /// The clock was put back: what has not come yet comes again, but for what was begun.
    fn put_back(&mut self, now: Timestamp) {
        for (name, entry) in &self.entries {
            let Some(progress) = self.state.entries.get_mut(name) else { continue };
            progress.settled = progress.settled.min(entry.latest_started(now).unwrap_or(now));
            progress.backlog.retain(|missed| entry.start(*missed) <= now);
        }
        self.entries.keys().cloned().collect::<Vec<_>>().iter().for_each(|name| self.look_ahead(name));
    }

    fn look_ahead(&mut self, name: &str) {
        let (Some(entry), Some(progress)) = (self.entries.get(name), self.state.entries.get(name)) else { return };
        match first_open(entry, progress) {
            Some(at) => self.next.insert(name.to_owned(), Next { at, start: entry.start(at) }),
            None => self.next.remove(name),
        };
    }

    fn decide(&mut self, name: &str, now: Timestamp, steps: &mut Vec<Step>) {
        let Some(entry) = self.entries.get(name) else { return };
        let is_running = self.is_running(&entry.key);
        let next = self.next.get(name).filter(|next| next.start <= now).copied();
        let Some(progress) = self.state.entries.get_mut(name) else { return };
        let missed = |first, last, why| Step::Missed(Missed { entry: name.to_owned(), first, last, why });
        let mut start = None;
        match next.and_then(|next| open(entry, progress, next.at, now)) {
            Some(Span { first, last }) if is_running => {
                progress.settled = last;
                // Its time has come and gone: a clock that is put back does not bring it again.
                progress.begin(&entry.schedule, Span { first, last });
                steps.push(missed(first, last, WhyMissed::StillRunning));
            }
            Some(span) => {
                progress.settled = span.last;
                let wanted = wanted(entry, progress, span, now);
                let left_out = match wanted.first() {
                    Some(oldest) if *oldest <= span.first => None,
                    Some(oldest) => entry.before(*oldest).map(|last| (span.first, last)),
                    None => Some((span.first, span.last)),
                };
                steps.extend(left_out.map(|(first, last)| missed(first, last, WhyMissed::Passed)));
                progress.backlog.extend(wanted);
                if let CatchUp::All(limit) = entry.catch_up {
                    let surplus = progress.backlog.len().saturating_sub(limit.get() as usize);
                    let dropped = progress.backlog.drain(..surplus);
                    steps.extend(dropped.map(|occurrence| missed(occurrence, occurrence, WhyMissed::Passed)));
                }
                start = (!progress.backlog.is_empty()).then(|| progress.backlog.remove(0));
            }
            None if !is_running && !progress.backlog.is_empty() => start = Some(progress.backlog.remove(0)),
            None => {}
        }
        if let Some(at) = start {
            progress.begin(&entry.schedule, Span { first: at, last: at });
            let occurrence = Occurrence { entry: name.to_owned(), schedule: progress.schedule.clone(), at };
            self.state.running.push(Running { key: entry.key.clone(), occurrence: occurrence.clone() });
            steps.push(Step::Start(occurrence));
        }
    }
}

/// Up to where an entry that is new counts as decided.
fn begin(entry: &Entry, now: Timestamp) -> Timestamp {
    let Some(latest) = entry.latest_started(now) else { return now };
    match entry.schedule.interval() {
        Some(_) => entry.before(latest).unwrap_or(latest),
        None => latest,
    }
}

/// The first occurrence that is not decided.
fn first_open(entry: &Entry, progress: &Progress) -> Option<Timestamp> {
    let mut occurrence = entry.schedule.next(progress.settled)?;
    while let Some(span) = progress.span_of(occurrence) {
        occurrence = entry.schedule.next(span.last)?;
    }
    Some(occurrence)
}

/// The occurrences that are not decided and whose starts have come: from the first one, which is known, to the last.
fn open(entry: &Entry, progress: &Progress, first: Timestamp, now: Timestamp) -> Option<Span> {
    let following = entry.schedule.next(first);
    if following.is_none_or(|following| entry.start(following) > now) {
        return Some(Span { first, last: first });
    }
    let mut last = entry.latest_started(now)?;
    while let Some(span) = progress.span_of(last) {
        last = entry.before(span.first)?;
    }
    (last >= first).then_some(Span { first, last })
}

/// Which occurrences of a span are to be started, oldest first.
fn wanted(entry: &Entry, progress: &Progress, span: Span, now: Timestamp) -> Vec<Timestamp> {
    match entry.catch_up {
        CatchUp::Skip if now.duration_since(entry.start(span.last)) > LATE => Vec::new(),
        CatchUp::Skip | CatchUp::Once => vec![span.last],
        CatchUp::All(limit) => {
            let earlier = std::iter::successors(Some(span.last), |occurrence| entry.before(*occurrence));
            let open = earlier.take_while(|occurrence| *occurrence >= span.first);
            let open = open.filter(|occurrence| progress.span_of(*occurrence).is_none());
            let mut wanted: Vec<_> = open.take(limit.get() as usize).collect();
            wanted.reverse();
            wanted
        }
    }
}
