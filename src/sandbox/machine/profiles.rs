//! Profiles of users: who has a folder under `C:\\Users`, or where the system keeps its own.

use jiff::{SignedDuration, Timestamp};

use super::{Machine, domain_sid};

/// A profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Whose it is.
    pub sid: String,
    /// Its folder.
    pub path: String,
    /// Whether it is of the system.
    pub is_special: bool,
    /// Whether somebody uses it.
    pub is_loaded: bool,
    /// When it was used last.
    pub used: Timestamp,
}

/// Of the system: identifiers and folders.
pub(super) const SPECIAL: [(&str, &str); 3] = [
    ("S-1-5-20", "C:\\Windows\\ServiceProfiles\\NetworkService"),
    ("S-1-5-19", "C:\\Windows\\ServiceProfiles\\LocalService"),
    ("S-1-5-18", "C:\\Windows\\system32\\config\\systemprofile"),
];

impl Machine {
    /// Profiles of people: identifiers and folders.
    pub(super) fn own_profiles(&self) -> [(String, &'static str); 2] {
        [(domain_sid("sandbox"), "C:\\Users\\sandbox"), (format!("{}-500", self.sid()), "C:\\Users\\Administrator")]
    }

    /// Its profiles, at a time of its own clock.
    pub fn profiles(&self, now: Timestamp) -> Vec<Profile> {
        let accounts = self.accounts();
        let administrator = accounts.users.iter().find(|user| user.sid.ends_with("-500"));
        let left = administrator.and_then(|user| user.last_logon);
        let before = now.checked_sub(SignedDuration::from_hours(24 * 30)).unwrap_or(now);
        let of_people = self.own_profiles().into_iter().map(|(sid, path)| {
            let is_loaded = path.ends_with("sandbox");
            let used = if is_loaded { now } else { left.unwrap_or(before) };
            Profile { sid, path: path.into(), is_special: false, is_loaded, used }
        });
        let of_system = SPECIAL.iter().map(|(sid, path)| Profile {
            sid: (*sid).into(),
            path: (*path).into(),
            is_special: true,
            is_loaded: true,
            used: now,
        });
        of_people.chain(of_system).collect()
    }
}
