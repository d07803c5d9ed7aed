//! Alerts through time: what is told, what is not, and that nothing is lost.

mod grouping;
mod reading;
mod silencing;
mod simulation;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::tz::TimeZoneDatabase;
use jiff::{SignedDuration, Timestamp};

use super::{Alerts, Ledger, Notice, Observation, Rules, Subject, read_rules};
use crate::check::State;
use crate::config::{Problem, parse_toml};

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn read(toml: &str) -> Result<Rules, Vec<Problem>> {
    let (node, errors) = parse_toml(toml);
    assert!(errors.is_empty(), "{errors:?}");
    read_rules(&node, Path::new("alerts.toml"), &TimeZoneDatabase::bundled())
}

fn rules(toml: &str) -> Rules {
    read(toml).unwrap_or_else(|problems| panic!("{problems:?}"))
}

const ONE_HOOK: &str = "
[channels.hook]
kind = 'webhook'
url = 'https://hooks.example/x'

[[routes]]
name = 'all'
to = 'hook'
";

/// Alerts on a clock of seconds, whose channels take everything.
struct Scene {
    alerts: Alerts,
    start: Timestamp,
    now: i64,
}

impl Scene {
    fn new(toml: &str) -> Self {
        let alerts = Alerts::open(rules(toml), Ledger::new("t"));
        Self { alerts, start: at("2026-05-01T12:00:00Z"), now: 0 }
    }

    fn time(&self) -> Timestamp {
        self.start + SignedDuration::from_secs(self.now)
    }

    fn see(&mut self, check: &str, host: &str, state: State) {
        self.see_labelled(check, host, state, &[]);
    }

    fn see_labelled(&mut self, check: &str, host: &str, state: State, labels: &[(&str, &str)]) {
        self.alerts.observe(Observation {
            subject: subject(check, host),
            state,
            text: format!("{check} is {state}"),
            at: self.time(),
            labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            owner: None,
            runbook: None,
        });
        self.advance();
    }

    fn advance(&mut self) -> Vec<super::DeadLetter> {
        let now = self.time();
        self.alerts.advance(now)
    }

    /// Goes on to a second, stopping wherever the alerts want to be asked. Everything that is told, in short:
    /// `30 hook: new disk@web01=CRITICAL`.
    fn until(&mut self, second: i64) -> Vec<String> {
        let mut told = self.deliver();
        while let Some(wake) = self.alerts.wake().map(|wake| (wake.duration_since(self.start).as_secs()).max(self.now))
        {
            if wake > second {
                break;
            }
            self.now = wake;
            self.advance();
            let more = self.deliver();
            let is_due = self.alerts.wake().is_some_and(|wake| wake <= self.time());
            assert!(!is_due || !more.is_empty(), "woken at {wake} for nothing");
            told.extend(more);
        }
        self.now = second;
        self.advance();
        told.extend(self.deliver());
        told
    }

    fn deliver(&mut self) -> Vec<String> {
        let now = self.time();
        let mut told = Vec::new();
        loop {
            let taken = self.alerts.take(now);
            if taken.is_empty() {
                return told;
            }
            for (delivery, notice) in taken {
                told.push(format!("{} {}: {}", self.now, delivery.channel, short(&notice)));
                self.alerts.delivered(&delivery);
            }
        }
    }
}

fn subject(check: &str, host: &str) -> Subject {
    Subject { check: check.to_owned(), host: host.to_owned() }
}

fn short(notice: &Notice) -> String {
    let items = notice.items.iter().map(|item| {
        let flapping = if item.flapping { "~" } else { "" };
        format!("{} {}@{}={flapping}{}", item.change.word(), item.subject.check, item.subject.host, item.state)
    });
    items.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_ledger_is_plain_data() {
    let mut scene = Scene::new(ONE_HOOK);
    scene.see_labelled("disk", "web01", State::Critical, &[("site", "ber")]);
    scene.now = 31;
    scene.advance();
    scene.see("disk", "web02", State::Warning);
    let kept = serde_json::to_string(scene.alerts.ledger()).expect("plain data");
    let ledger: Ledger = serde_json::from_str(&kept).expect("what was written");
    assert_eq!(&ledger, scene.alerts.ledger());
    let waiting: BTreeMap<&str, usize> = ledger.outbox.waiting();
    assert_eq!(waiting, BTreeMap::from([("hook", 1)]));
}
