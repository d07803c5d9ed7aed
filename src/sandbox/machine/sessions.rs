//! Who is logged on at a host besides those who come by the network.

use std::sync::PoisonError;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Machine;

/// A session that somebody left behind at a remote desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DesktopSession {
    /// Whose it is.
    pub user: &'static str,
    /// Its number.
    pub id: u32,
    /// When it began.
    pub since: Timestamp,
    /// For how long nobody has worked in it.
    pub idle: Duration,
}

impl Machine {
    /// The session of an administrator who forgot to log off, on some hosts; a restart ends it.
    pub fn desktop_session(&self, now: Timestamp) -> Option<DesktopSession> {
        let mut rng = self.host.rng("desktop session");
        if !rng.chance(120) || self.restarted.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return None;
        }
        let minutes = rng.between(40, 9_000) as i64;
        let worked = rng.between(5, 39) as i64;
        let start = self.host.now(self.since);
        let since = start.checked_sub(SignedDuration::from_mins(minutes)).ok()?.max(self.boot_time());
        let left = since.checked_add(SignedDuration::from_mins(worked)).ok()?.min(start);
        Some(DesktopSession { user: "administrator", id: 2, since, idle: now.duration_since(left).unsigned_abs() })
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Machine;

    #[test]
    fn sessions_age_and_end_with_a_restart() {
        let now = Timestamp::from_second(1_790_000_000).expect("a valid time");
        let later = now.checked_add(SignedDuration::from_hours(2)).expect("a valid time");
        let all = (0..200).map(|index| Machine::draw(1, index, now));
        let machine = all.into_iter().find(|machine| machine.desktop_session(now).is_some()).expect("a session");
        let (first, second) = (machine.desktop_session(now), machine.desktop_session(later));
        let (first, second) = (first.expect("a session"), second.expect("a session"));
        assert_eq!(first.since, second.since);
        assert_eq!((second.idle - first.idle).as_secs(), 7_200);
        machine.restart(later);
        assert_eq!(machine.desktop_session(later), None);
    }
}
