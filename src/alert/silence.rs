//! Silences and maintenance: what nobody is to be told of for a while.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::matcher::{Candidate, Matcher};
use crate::calendar::Schedule;

/// Says that nobody is to be told of something, from an instant to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its identity, to end it by.
    pub id: String,
    /// What it is about; what matches everything silences everything.
    pub matcher: Matcher,
    /// From when on.
    pub starts: Timestamp,
    /// Until when: not any more at this instant.
    pub ends: Timestamp,
    /// Who has asked for it.
    pub author: String,
    /// Why.
    pub reason: String,
}

/// Work on hosts that comes again and again, and of which nobody is to be told.
#[derive(Debug, Clone)]
pub struct Maintenance {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub matcher: Matcher,
    /// When it begins.
    pub schedule: Schedule,
    /// How long it takes.
    pub lasts: Duration,
}

impl Silence {
    /// Whether it is in force.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.starts <= now && now < self.ends
    }

    pub(super) fn silences(&self, candidate: Candidate<'_>, now: Timestamp) -> bool {
        self.is_active(now) && self.matcher.holds(candidate)
    }

    /// When it begins or ends next.
    pub(super) fn turns(&self, now: Timestamp) -> Option<Timestamp> {
        [self.starts, self.ends].into_iter().find(|turn| *turn > now)
    }
}

impl Maintenance {
    /// Whether it is under way.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.begun(now).is_some()
    }

    pub(super) fn silences(&self, candidate: Candidate<'_>, now: Timestamp) -> bool {
        self.is_active(now) && self.matcher.holds(candidate)
    }

    /// When it begins or ends next.
    pub(super) fn turns(&self, now: Timestamp) -> Option<Timestamp> {
        let ends = self.begun(now).and_then(|begun| begun.checked_add(self.length()).ok());
        [ends, self.schedule.next(now)].into_iter().flatten().min()
    }

    /// The latest beginning that is not over.
    fn begun(&self, now: Timestamp) -> Option<Timestamp> {
        let over = now.checked_sub(self.length()).ok()?;
        self.schedule.next(over).filter(|begun| *begun <= now)
    }

    fn length(&self) -> SignedDuration {
        SignedDuration::try_from(self.lasts).unwrap_or(SignedDuration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use jiff::tz::TimeZoneDatabase;

    use super::super::matcher::Matcher;
    use super::Maintenance;
    use crate::calendar::{Schedule, find_zone};

    #[test]
    fn maintenance_begins_and_ends_by_its_calendar() {
        let zone = find_zone("Europe/Berlin", &TimeZoneDatabase::bundled()).expect("a zone");
        let schedule = Schedule::cron("0 22 * * SAT", zone).expect("a line");
        let lasts = Duration::from_secs(4 * 3_600);
        let maintenance = Maintenance { name: "patches".to_owned(), matcher: Matcher::default(), schedule, lasts };
        let at = |text: &str| text.parse::<Timestamp>().expect(text);
        for (now, is_active, turns) in [
            ("2026-05-02T19:59:59Z", false, "2026-05-02T20:00:00Z"),
            ("2026-05-02T20:00:00Z", true, "2026-05-03T00:00:00Z"),
            ("2026-05-02T23:59:59.9Z", true, "2026-05-03T00:00:00Z"),
            ("2026-05-03T00:00:00Z", false, "2026-05-09T20:00:00Z"),
        ] {
            assert_eq!(maintenance.is_active(at(now)), is_active, "{now}");
            assert_eq!(maintenance.turns(at(now)), Some(at(turns)), "{now}");
        }
    }
}
