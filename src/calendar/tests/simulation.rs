//! A driver as `serve` is one, on a clock that is put forward and back, with a process that dies at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::super::{CatchUp, Entry, Missed, Occurrence, Planner, State, Step};
use super::{at, cron, every};

/// What may happen between two looks at the clock.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// The driver sleeps until the planner wants to be asked, or for so many seconds at most.
    Wait(u32),
    /// The clock is put forward, or the machine sleeps.
    Forward(u32),
    /// The clock is put back.
    Back(u32),
    /// The process ends, and a new one starts after so many seconds.
    Restart(u32),
    /// The process ends after it has decided and before that is kept.
    Crash,
    /// The oldest run ends.
    Finish,
    Pause(bool),
}

struct Driver {
    now: Timestamp,
    entries: Vec<Entry>,
    planner: Planner,
    /// What is on the disk.
    kept: String,
    started: BTreeSet<Occurrence>,
    missed: Vec<Missed>,
}

impl Driver {
    fn new(now: Timestamp) -> Self {
        let entries = entries();
        let planner = Planner::open(entries.clone(), State::default(), now);
        let kept = serde_json::to_string(planner.state()).expect("plain data");
        Self { now, entries, planner, kept, started: BTreeSet::new(), missed: Vec::new() }
    }

    fn keep(&mut self) {
        self.kept = serde_json::to_string(self.planner.state()).expect("plain data");
    }

    fn open(&mut self) {
        let state = serde_json::from_str(&self.kept).expect("what was written");
        self.planner = Planner::open(self.entries.clone(), state, self.now);
    }

    /// Asks, keeps, starts.
    fn ask(&mut self) {
        let before: BTreeMap<String, usize> = self.running();
        let steps = self.planner.due(self.now);
        self.keep();
        for step in steps {
            match step {
                Step::Start(occurrence) => self.start(occurrence, &before),
                Step::Missed(missed) => self.missed.push(missed),
            }
        }
        assert!(self.running().values().all(|&count| count == 1), "two of one key at a time");
    }

    fn start(&mut self, occurrence: Occurrence, before: &BTreeMap<String, usize>) {
        let entry = self.entries.iter().find(|entry| entry.name == occurrence.entry).expect("it is planned");
        assert!(entry.start(occurrence.at) <= self.now, "{occurrence} is early at {}", self.now);
        let just_before = occurrence.at - SignedDuration::from_nanos(1);
        assert_eq!(entry.schedule.next(just_before), Some(occurrence.at), "{occurrence} is none");
        assert!(!before.contains_key(&entry.key), "{occurrence} overlaps");
        assert!(self.started.insert(occurrence.clone()), "{occurrence} twice");
    }

    fn running(&self) -> BTreeMap<String, usize> {
        let mut keys = BTreeMap::new();
        for running in self.planner.running() {
            let entry = self.entries.iter().find(|entry| entry.name == running.entry).expect("it is planned");
            *keys.entry(entry.key.clone()).or_default() += 1;
        }
        keys
    }

    fn later(&mut self, seconds: u32) {
        self.now += SignedDuration::from_secs(i64::from(seconds));
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Wait(seconds) => {
                let limit = self.now + SignedDuration::from_secs(i64::from(seconds));
                self.now = self.planner.wake().map_or(limit, |wake| wake.clamp(self.now, limit));
            }
            Event::Forward(seconds) => self.later(seconds),
            Event::Back(seconds) => self.now -= SignedDuration::from_secs(i64::from(seconds)),
            Event::Restart(seconds) => {
                self.later(seconds);
                self.open();
            }
            Event::Crash => {
                self.planner.due(self.now);
                self.open();
            }
            Event::Finish => {
                let oldest = self.planner.running().next().cloned();
                oldest.iter().for_each(|occurrence| self.planner.finished(occurrence));
                self.keep();
            }
            Event::Pause(paused) => {
                self.planner.set_paused("hourly", paused);
                self.keep();
            }
        }
        self.ask();
    }

    /// Every occurrence between the first and the last instant is started or told to be missed, and none is both.
    fn covers_all(&self, from: Timestamp) {
        for entry in &self.entries {
            let of = |occurrence: &&Occurrence| occurrence.entry == entry.name;
            let begin = self
                .started
                .iter()
                .filter(of)
                .map(|started| started.at)
                .chain(self.missed.iter().filter(|missed| missed.entry == entry.name).map(|missed| missed.first))
                .min();
            let Some(begin) = begin else { continue };
            assert!(begin <= entry.schedule.next(from).expect("one comes"), "{} begins with {begin}", entry.name);
            let times = std::iter::successors(Some(begin), |time| entry.schedule.next(*time));
            for time in times.take_while(|time| entry.start(*time) <= self.now) {
                let occurrence =
                    Occurrence { entry: entry.name.clone(), schedule: entry.schedule.to_string(), at: time };
                let is_told =
                    |missed: &&Missed| missed.entry == entry.name && (missed.first..=missed.last).contains(&time);
                let told = self.missed.iter().filter(is_told).count();
                let waits = entry.catch_up == all() || self.planner.is_paused(&entry.name);
                match (self.started.contains(&occurrence), told) {
                    (true, 0) | (false, 1) => {}
                    (false, 0) if waits => {}
                    (started, told) => panic!("{occurrence}: started {started}, told to be missed {told} times"),
                }
            }
        }
    }
}

fn all() -> CatchUp {
    CatchUp::All(NonZeroU32::new(5).expect("a limit"))
}

fn entries() -> Vec<Entry> {
    let entry = |name: &str, schedule, jitter: Option<u64>, catch_up, key: &str| Entry {
        name: name.to_owned(),
        schedule,
        jitter: jitter.map(Duration::from_secs),
        catch_up,
        key: key.to_owned(),
    };
    vec![
        entry("hourly", cron("0 * * * *", "Europe/Berlin"), None, CatchUp::Once, "a"),
        entry("nightly", cron("30 2 * * *", "Europe/Berlin"), Some(900), CatchUp::Once, "b"),
        entry("half", cron("*/30 * * * *", "Australia/Lord_Howe"), Some(60), CatchUp::Skip, "c"),
        entry("morning", cron("15 1 * * MON-FRI", "America/New_York"), Some(300), all(), "d"),
        entry("often", every("2h"), None, CatchUp::Once, "a"),
        entry("long", every("6h"), Some(3_600), all(), "e"),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (60_u32..20_000).prop_map(Event::Wait),
        6 => Just(Event::Finish),
        1 => (1_u32..200_000).prop_map(Event::Forward),
        1 => (1_u32..200_000).prop_map(Event::Back),
        1 => (1_u32..50_000).prop_map(Event::Restart),
        1 => Just(Event::Crash),
        1 => any::<bool>().prop_map(Event::Pause),
    ]
}

/// A change of the clock is near.
fn beginnings() -> impl Strategy<Value = Timestamp> {
    let changes = ["2026-03-28T20:00:00Z", "2026-10-24T20:00:00Z", "2026-03-07T22:00:00Z", "2026-04-04T10:00:00Z"];
    (0..changes.len()).prop_map(move |index| at(changes[index]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_early_doubled_or_overlapping(from in beginnings(), events in proptest::collection::vec(event(), 1..80)) {
        let mut driver = Driver::new(from);
        driver.ask();
        events.into_iter().for_each(|event| driver.handle(event));
    }

    #[test]
    fn nothing_is_forgotten(from in beginnings(), events in proptest::collection::vec(event(), 1..80)) {
        let mut driver = Driver::new(from);
        driver.ask();
        events.into_iter().filter(|event| !matches!(event, Event::Back(_))).for_each(|event| driver.handle(event));
        driver.covers_all(from);
    }
}

#[test]
fn a_year_has_every_occurrence_on_time() {
    let (from, until) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let mut driver = Driver::new(from);
    let mut asked = 0_u32;
    loop {
        driver.ask();
        asked += 1;
        let running: Vec<_> = driver.planner.running().cloned().collect();
        running.iter().for_each(|occurrence| driver.planner.finished(occurrence));
        if asked.is_multiple_of(97) {
            driver.keep();
            driver.open();
        }
        match driver.planner.wake().expect("there is always a next one") {
            wake if wake > until => break,
            wake => driver.now = wake.max(driver.now),
        }
    }
    driver.covers_all(from);
    let missed: Vec<_> =
        driver.missed.iter().filter(|missed| !matches!(missed.entry.as_str(), "hourly" | "often")).collect();
    assert!(missed.is_empty(), "{missed:?}");
    let count = |name: &str| driver.started.iter().filter(|started| started.entry == name).count();
    assert_eq!((count("nightly"), count("long")), (365, 365 * 4 + 1));
    // Half an hour of Lord Howe's autumn comes twice, half an hour of spring never: two times each.
    assert_eq!(count("half"), 365 * 48);
    assert_eq!(count("morning"), 261);
}
