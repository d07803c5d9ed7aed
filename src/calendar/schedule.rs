//! A schedule: a cron line in a time zone, or an interval.

use std::fmt;
use std::time::Duration;

use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::cron::CronLine;
use crate::config::{Problem, show_duration};

/// The shortest interval.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest interval.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// How far back [`Schedule::latest`] looks: beyond any date that comes again, such as a 29 February on a Monday.
const FAR: SignedDuration = SignedDuration::from_hours(100 * 366 * 24);

/// When something is due, again and again.
#[derive(Debug, Clone)]
pub struct Schedule(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Cron {
        line: Box<CronLine>,
        zone: TimeZone,
    },
    /// So many whole seconds, counted from 1970.
    Every(i64),
}

impl Schedule {
    /// A cron line of five fields, or `@hourly` and the like, in a time zone.
    ///
    /// # Errors
    /// What is wrong with the line: which field, how many there are, or that its date never comes.
    pub fn cron(line: &str, zone: TimeZone) -> Result<Self, Problem> {
        Ok(Self(Kind::Cron { line: Box::new(CronLine::parse(line)?), zone }))
    }

    /// An interval of whole seconds. Its instants are multiples of it since 1970, so that they are the same after a
    /// restart.
    ///
    /// # Errors
    /// It is shorter than a second, longer than a year, or has a fraction of a second.
    pub fn every(interval: Duration) -> Result<Self, Problem> {
        let wrong = |message: &str| {
            let problem = Problem::new(format!("{} {message}", show_duration(interval)));
            Err(problem.with_hint("write an interval of whole seconds such as 30s, 15m or 1d; for dates there is cron"))
        };
        match interval {
            _ if interval < SHORTEST => wrong("is too short for an interval"),
            _ if interval > LONGEST => wrong("is too long for an interval"),
            _ if interval.subsec_nanos() > 0 => wrong("has a fraction of a second"),
            _ => Ok(Self(Kind::Every(i64::try_from(interval.as_secs()).unwrap_or(1)))),
        }
    }

    /// The interval, if it is one.
    pub fn interval(&self) -> Option<Duration> {
        match &self.0 {
            Kind::Every(seconds) => Some(Duration::from_secs(seconds.unsigned_abs())),
            Kind::Cron { .. } => None,
        }
    }

    /// The first instant after a given one; `None` at the end of time.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Kind::Every(seconds) => {
                // The whole second before it, on both sides of 1970.
                let second = after.as_second() - i64::from(after.subsec_nanosecond() < 0);
                Timestamp::from_second((second.div_euclid(*seconds) + 1) * seconds).ok()
            }
            Kind::Cron { line, zone } if line.is_wildcard => on_the_wall(line, zone, after),
            Kind::Cron { line, zone } => once(line, zone, after),
        }
    }

    /// The last instant that is not after a given one; `None` if there was none for a hundred years.
    pub fn latest(&self, at: Timestamp) -> Option<Timestamp> {
        let has_some = |after: Timestamp| self.next(after).is_some_and(|next| next <= at);
        let mut before = at.checked_sub(FAR).unwrap_or(Timestamp::MIN);
        if !has_some(before) {
            return None;
        }
        let mut behind = at;
        while behind.duration_since(before) > SignedDuration::from_millis(500) {
            let middle = before.checked_add(behind.duration_since(before) / 2).ok()?;
            match has_some(middle) {
                true => before = middle,
                false => behind = middle,
            }
        }
        self.next(before)
    }
}

/// As it was written, for people and for the identity of an occurrence.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Every(seconds) => write!(f, "every {}", show_duration(Duration::from_secs(seconds.unsigned_abs()))),
            Kind::Cron { line, zone } => {
                write!(f, "{}", line.written())?;
                zone.iana_name().map_or(Ok(()), |name| write!(f, " {name}"))
            }
        }
    }
}

/// Fixed times of the day: each once. One that the clock skips is the end of the gap, one that it repeats is the first.
fn once(line: &CronLine, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let mut wall = zone.to_datetime(after).with().subsec_nanosecond(0).build().ok()?;
    loop {
        wall = line.next(wall, false)?;
        let instant = match zone.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                offset.to_timestamp(wall).ok()?
            }
            AmbiguousOffset::Gap { after: later, .. } => {
                zone.following(later.to_timestamp(wall).ok()?).next()?.timestamp()
            }
        };
        if instant > after {
            return Some(instant);
        }
    }
}

/// Times as the clock on the wall shows them, between one change of the clock and the next.
fn on_the_wall(line: &CronLine, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let (mut from, mut inclusive) = (after, false);
    loop {
        let offset = zone.to_offset(from);
        let wall = offset.to_datetime(from).with().subsec_nanosecond(0).build().ok()?;
        let instant = offset.to_timestamp(line.next(wall, inclusive)?).ok()?;
        match zone.following(from).next().map(|change| change.timestamp()) {
            Some(change) if change <= instant => (from, inclusive) = (change, true),
            _ => return Some(instant),
        }
    }
}
