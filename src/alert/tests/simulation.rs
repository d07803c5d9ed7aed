//! A driver as `serve` is one: receivers that fail, a process that dies at any moment, silences, other rules.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::super::{Alerts, Change, Delivery, Failure, Ledger, Matcher, Notice, Observation, Rules, Silence, Subject};
use super::{at, rules, subject};
use crate::check::State;

const RULES: &str = "
[channels.hook]
kind = 'command'
command = 'a'
[channels.mail]
kind = 'command'
command = 'b'
[[routes]]
name = 'critical'
match = { host = 'web*' }
states = ['critical']
to = ['hook', 'mail']
continue = true
[[routes]]
name = 'all'
to = 'mail'
group_by = 'check'
[flapping]
changes = 4
window = '20m'
[retry]
give_up_after = '9999d'
";

#[derive(Debug, Clone, Copy)]
enum Event {
    /// A check has found a state on a host.
    See(usize, usize, State),
    /// So many seconds pass.
    Pass(u32),
    /// The clock is put back by so many seconds.
    Back(u32),
    /// What may be sent is sent; the bits say which attempts fail, and which of them after the receiver has had it.
    Send(u16, u16),
    /// The process ends between sending and noting that it has arrived.
    CrashAfterSending,
    /// The process ends before what it has decided is kept.
    CrashBeforeKeeping,
    Silence(usize, u32),
    EndSilence(usize),
}

struct Driver {
    now: Timestamp,
    rules: Rules,
    alerts: Alerts,
    kept: String,
    /// Per channel, what its receiver has had, in order, each identity once.
    had: BTreeMap<String, Vec<Notice>>,
    seen: BTreeSet<(String, String)>,
    made: BTreeSet<String>,
    states: BTreeMap<Subject, State>,
}

impl Driver {
    fn new() -> Self {
        let rules = rules(RULES);
        let alerts = Alerts::open(rules.clone(), Ledger::new("t"));
        let kept = serde_json::to_string(alerts.ledger()).expect("plain data");
        let now = at("2026-05-01T12:00:00Z");
        let (had, seen, made, states) = Default::default();
        Self { now, rules, alerts, kept, had, seen, made, states }
    }

    fn keep(&mut self) {
        self.kept = serde_json::to_string(self.alerts.ledger()).expect("plain data");
    }

    fn reopen(&mut self) {
        let ledger = serde_json::from_str(&self.kept).expect("what was written");
        self.alerts = Alerts::open(self.rules.clone(), ledger);
    }

    fn advance(&mut self) {
        let before: BTreeSet<String> = self.made.clone();
        let letters = self.alerts.advance(self.now);
        assert_eq!(letters, [], "nothing is given up");
        for notice in self.alerts.ledger().outbox.notices() {
            if before.contains(&notice.id) {
                continue;
            }
            assert_eq!(notice.at, self.now);
            for item in &notice.items {
                assert!(!self.alerts.is_silenced(&item.subject, self.now), "{item:?} is silenced");
            }
        }
    }

    /// The notices of the outbox are made once they are kept.
    fn keep_made(&mut self) {
        self.keep();
        self.made.extend(self.alerts.ledger().outbox.notices().map(|notice| notice.id.clone()));
    }

    fn receive(&mut self, delivery: &Delivery, notice: &Notice) {
        if self.seen.insert((delivery.channel.clone(), notice.id.clone())) {
            self.had.entry(delivery.channel.clone()).or_default().push(notice.clone());
        }
    }

    fn send(&mut self, fails: u16, lost: u16) {
        let taken = self.alerts.take(self.now);
        self.keep();
        for (number, (delivery, notice)) in taken.iter().enumerate() {
            let bit = |bits: u16| bits >> (number % 16) & 1 == 1;
            if !bit(fails) || bit(lost) {
                self.receive(delivery, notice);
            }
            if bit(fails) {
                let failure = Failure { error: "down".to_owned(), may_pass: true, wait: None };
                assert_eq!(self.alerts.failed(delivery, &failure, self.now, f64::from(fails) / 65_536.0), None);
            } else {
                self.alerts.delivered(delivery);
            }
            self.keep();
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::See(check, host, state) => {
                let subject = subject(["disk", "cpu"][check % 2], ["web01", "web02", "db01"][host % 3]);
                self.states.insert(subject.clone(), state);
                let (text, labels) = (state.to_string(), BTreeMap::new());
                let (owner, runbook) = (None, None);
                self.alerts.observe(Observation { subject, state, text, at: self.now, labels, owner, runbook });
                self.keep();
            }
            Event::Pass(seconds) => self.now += SignedDuration::from_secs(i64::from(seconds)),
            Event::Back(seconds) => self.now -= SignedDuration::from_secs(i64::from(seconds)),
            Event::Send(fails, lost) => self.send(fails, lost),
            Event::CrashAfterSending => {
                let taken = self.alerts.take(self.now);
                self.keep();
                taken.iter().for_each(|(delivery, notice)| self.receive(delivery, notice));
                self.reopen();
            }
            Event::CrashBeforeKeeping => {
                self.advance();
                self.reopen();
            }
            Event::Silence(host, seconds) => {
                let host = ["web01", "web*", "db01"][host % 3].to_owned();
                let (starts, ends) = (self.now, self.now + SignedDuration::from_secs(i64::from(seconds)));
                let matcher = Matcher { host: vec![host.clone()], ..Matcher::default() };
                self.alerts.silence(Silence {
                    id: host,
                    matcher,
                    starts,
                    ends,
                    author: "a".into(),
                    reason: "r".into(),
                });
                self.keep();
            }
            Event::EndSilence(host) => {
                self.alerts.end_silence(["web01", "web*", "db01"][host % 3]);
                self.keep();
            }
        }
        self.advance();
        self.keep_made();
    }

    /// Everything gets well, silences end, receivers take everything.
    fn wind_down(&mut self) {
        for id in ["web01", "web*", "db01"] {
            self.alerts.end_silence(id);
        }
        for subject in self.states.keys().cloned().collect::<Vec<_>>() {
            let (text, labels) = (String::new(), BTreeMap::new());
            let (state, owner, runbook) = (State::Ok, None, None);
            self.alerts.observe(Observation { subject, state, text, at: self.now, labels, owner, runbook });
        }
        for _ in 0..400 {
            self.advance();
            self.keep_made();
            self.send(0, 0);
            let Some(wake) = self.alerts.wake() else { break };
            self.now = wake.max(self.now);
        }
        assert_eq!(self.alerts.wake(), None, "nothing is left to do");
        self.now += SignedDuration::from_hours(1);
        self.advance();
        assert_eq!(self.alerts.subjects().count(), 0);
    }

    /// What each receiver has had of each subject and route: new, changes, resolved, new again.
    fn check_stories(&self) {
        let notices: usize =
            self.had.values().flatten().map(|notice| notice.id.as_str()).collect::<BTreeSet<_>>().len();
        assert_eq!(notices, self.made.len(), "each notice has arrived");
        for (channel, notices) in &self.had {
            let mut open: BTreeMap<(&str, &Subject), State> = BTreeMap::new();
            for notice in notices {
                for item in &notice.items {
                    let key = (notice.route.as_str(), &item.subject);
                    let was = open.get(&key).copied();
                    let what = format!("{channel} {} {item:?}", notice.id);
                    assert_eq!(was, item.was, "{what}");
                    match item.change {
                        Change::New => assert!(was.is_none() && item.state != State::Ok, "{what}"),
                        Change::Worse => assert!(was < Some(item.state), "{what}"),
                        Change::Better => assert!(was > Some(item.state) && item.state != State::Ok, "{what}"),
                        Change::Still => assert!(was == Some(item.state), "{what}"),
                        Change::Resolved => assert!(was.is_some(), "{what}"),
                    }
                    match item.change {
                        Change::Resolved => drop(open.remove(&key)),
                        _ => drop(open.insert(key, item.state)),
                    }
                }
            }
            assert!(open.is_empty(), "{channel} was never told that it is over: {open:?}");
        }
    }
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![Just(State::Ok), Just(State::Warning), Just(State::Critical), Just(State::Unknown)]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0..2_usize, 0..3_usize, state()).prop_map(|(check, host, state)| Event::See(check, host, state)),
        6 => (1..900_u32).prop_map(Event::Pass),
        1 => (1_000..40_000_u32).prop_map(Event::Pass),
        1 => (1..20_000_u32).prop_map(Event::Back),
        4 => any::<(u16, u16)>().prop_map(|(fails, lost)| Event::Send(fails, lost)),
        1 => Just(Event::CrashAfterSending),
        1 => Just(Event::CrashBeforeKeeping),
        1 => (0..3_usize, 1..5_000_u32).prop_map(|(host, seconds)| Event::Silence(host, seconds)),
        1 => (0..3_usize).prop_map(Event::EndSilence),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn each_notice_arrives_and_each_story_has_its_end(events in proptest::collection::vec(event(), 1..120)) {
        let mut driver = Driver::new();
        events.into_iter().for_each(|event| driver.handle(event));
        driver.wind_down();
        driver.check_stories();
    }
}
