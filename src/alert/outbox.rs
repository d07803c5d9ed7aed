//! The outbox: notices on their way, until they are delivered or given up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::group::later;
use super::notice::Notice;
use super::observation::clean_line;
use super::rules::Retry;

/// No notice is given up before so many attempts: a machine that slept for days has tried it once.
const LEAST_ATTEMPTS: u32 = 10;
/// The most notices that wait for one channel; the oldest are given up for newer ones.
const MOST_WAITING: usize = 1_000;
/// The most notices that are remembered as given up.
const MOST_DEAD: usize = 200;

/// Notices on their way. Delivery is at least once: whoever sends keeps the outbox before each attempt and after it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outbox {
    /// By their identities, as long as one channel waits for them.
    notices: BTreeMap<String, Notice>,
    /// In the order in which they were made.
    waiting: Vec<Delivery>,
    dead: Vec<DeadLetter>,
    /// What is being sent just now. A new process begins without.
    #[serde(skip)]
    in_flight: BTreeSet<(String, String)>,
}

/// One notice to one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The notice's identity.
    pub notice: String,
    /// The channel's name.
    pub channel: String,
    /// How many attempts were begun.
    pub attempts: u32,
    /// When the next attempt may begin.
    pub next: Timestamp,
    /// When the first one failed.
    pub failed: Option<Timestamp>,
}

/// A notice that was given up. It is told to whoever runs the program, and kept for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The notice's identity.
    pub notice: String,
    /// The channel's name.
    pub channel: String,
    /// When it was made.
    pub made: Timestamp,
    /// When it was given up.
    pub at: Timestamp,
    /// How many attempts there were.
    pub attempts: u32,
    /// Why: the last failure, on one line.
    pub error: String,
}

/// How an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the receiver or the network said.
    pub error: String,
    /// Whether another attempt can help: not if the receiver does not take such a notice at all.
    pub may_pass: bool,
    /// How long the receiver has asked to be left alone.
    pub wait: Option<Duration>,
}

impl Outbox {
    pub(super) fn put(&mut self, notice: Notice, channels: &BTreeSet<String>, now: Timestamp) -> Vec<DeadLetter> {
        for channel in channels {
            let notice = notice.id.clone();
            self.waiting.push(Delivery { notice, channel: channel.clone(), attempts: 0, next: now, failed: None });
        }
        if !channels.is_empty() {
            self.notices.insert(notice.id.clone(), notice);
        }
        let error = format!("more than {MOST_WAITING} notices waited for this channel");
        let surplus = channels.iter().filter_map(|channel| {
            let mut waiting = self.waiting.iter().filter(|delivery| delivery.channel == *channel);
            let is_idle = |delivery: &&Delivery| !self.in_flight.contains(&delivery.key());
            let count = waiting.clone().count();
            (count > MOST_WAITING).then(|| waiting.find(is_idle).cloned()).flatten()
        });
        let surplus: Vec<Delivery> = surplus.collect();
        surplus.iter().filter_map(|delivery| self.give_up(&delivery.key(), &error, now)).collect()
    }

    /// What may be sent now: of each channel the oldest notice, so that none overtakes another. It counts as an attempt
    /// from now on: keep the outbox before sending.
    pub fn take(&mut self, now: Timestamp) -> Vec<(Delivery, Notice)> {
        let mut seen = BTreeSet::new();
        let mut taken = Vec::new();
        for delivery in &mut self.waiting {
            let is_oldest = seen.insert(delivery.channel.clone());
            if is_oldest && delivery.next <= now && self.in_flight.insert(delivery.key()) {
                delivery.attempts = delivery.attempts.saturating_add(1);
                let notice = self.notices.get(&delivery.notice);
                taken.extend(notice.map(|notice| (delivery.clone(), notice.clone())));
            }
        }
        taken
    }

    /// Notes that a delivery has arrived.
    pub fn delivered(&mut self, delivery: &Delivery) {
        self.remove(&delivery.key());
    }

    /// Notes that an attempt has failed. What was given up is returned once.
    ///
    /// `chance` is a random number from 0 to 1: deliveries that failed together are not repeated together.
    pub fn failed(
        &mut self,
        delivery: &Delivery,
        failure: &Failure,
        retry: Retry,
        now: Timestamp,
        chance: f64,
    ) -> Option<DeadLetter> {
        let key = delivery.key();
        self.in_flight.remove(&key);
        let waiting = self.waiting.iter_mut().find(|waiting| waiting.key() == key)?;
        let first = *waiting.failed.get_or_insert(now);
        let is_enough = waiting.attempts >= LEAST_ATTEMPTS && later(first, retry.give_up_after) <= now;
        if !failure.may_pass || is_enough {
            return self.give_up(&key, &failure.error, now);
        }
        let wait = backoff(retry, waiting.attempts, chance);
        waiting.next = later(now, wait.max(failure.wait.unwrap_or_default().min(retry.give_up_after)));
        None
    }

    /// How many notices wait, by channel.
    pub fn waiting(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for delivery in &self.waiting {
            *counts.entry(delivery.channel.as_str()).or_default() += 1;
        }
        counts
    }

    /// The notices on their way, each once.
    pub fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.notices.values()
    }

    /// What was given up lately, the oldest first.
    pub fn dead_letters(&self) -> &[DeadLetter] {
        &self.dead
    }

    /// Gives up what waits for channels that are none any more.
    pub(super) fn keep_channels(&mut self, known: &BTreeSet<&str>, now: Timestamp) -> Vec<DeadLetter> {
        let is_lost = |delivery: &&Delivery| !known.contains(delivery.channel.as_str());
        let lost: Vec<Delivery> = self.waiting.iter().filter(is_lost).cloned().collect();
        let error = "the configuration has no such channel any more";
        lost.iter().filter_map(|delivery| self.give_up(&delivery.key(), error, now)).collect()
    }

    /// When something may be sent next.
    pub(super) fn wake(&self) -> Option<Timestamp> {
        let mut seen = BTreeSet::new();
        let oldest = self.waiting.iter().filter(|delivery| seen.insert(&delivery.channel));
        oldest.filter(|delivery| !self.in_flight.contains(&delivery.key())).map(|delivery| delivery.next).min()
    }

    /// Takes all instants with it when the clock was put back.
    pub(super) fn shift(&mut self, by: SignedDuration) {
        for delivery in &mut self.waiting {
            delivery.next = delivery.next.checked_add(by).unwrap_or(delivery.next);
            delivery.failed = delivery.failed.map(|failed| failed.checked_add(by).unwrap_or(failed));
        }
    }

    fn give_up(&mut self, key: &(String, String), error: &str, now: Timestamp) -> Option<DeadLetter> {
        let made = self.notices.get(&key.0)?.at;
        let Delivery { notice, channel, attempts, .. } = self.remove(key)?;
        let letter = DeadLetter { notice, channel, made, at: now, attempts, error: clean_line(error) };
        self.dead.push(letter.clone());
        self.dead.drain(..self.dead.len().saturating_sub(MOST_DEAD));
        Some(letter)
    }

    fn remove(&mut self, key: &(String, String)) -> Option<Delivery> {
        self.in_flight.remove(key);
        let at = self.waiting.iter().position(|delivery| delivery.key() == *key)?;
        let delivery = self.waiting.remove(at);
        if self.waiting.iter().all(|other| other.notice != delivery.notice) {
            self.notices.remove(&delivery.notice);
        }
        Some(delivery)
    }
}

impl Delivery {
    /// Notice and channel.
    fn key(&self) -> (String, String) {
        (self.notice.clone(), self.channel.clone())
    }
}

/// The wait after so many attempts: from half of it to all of it.
fn backoff(retry: Retry, attempts: u32, chance: f64) -> Duration {
    let doubled = retry.first.saturating_mul(1_u32 << attempts.saturating_sub(1).min(20));
    doubled.min(retry.longest).mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::rules::Retry;
    use super::backoff;

    #[test]
    fn waits_double_up_to_the_longest_and_are_spread() {
        let seconds = |attempts, chance| backoff(Retry::default(), attempts, chance).as_secs_f64();
        assert_eq!([1, 2, 3, 4].map(|attempts| seconds(attempts, 1.0)), [5.0, 10.0, 20.0, 40.0]);
        assert_eq!((seconds(1, 0.0), seconds(u32::MAX, 1.0), seconds(9, 0.0)), (2.5, 900.0, 450.0));
        assert_eq!(backoff(Retry { first: Duration::MAX, ..Retry::default() }, 3, 7.0), Duration::from_secs(900));
    }
}
