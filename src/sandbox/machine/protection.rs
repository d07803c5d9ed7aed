//! What protects a host: Microsoft Defender and backups.

use jiff::{SignedDuration, Timestamp};

use super::{Host, Illness, Machine};

/// The state of Microsoft Defender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defender {
    /// Whether its service runs.
    pub is_running: bool,
    /// Whether it watches what programs do.
    pub watches: bool,
    /// The third part of the signatures' version.
    pub signature: u32,
    /// When the signatures came.
    pub updated: Timestamp,
    /// When the last quick scan ended.
    pub quick_scan: Timestamp,
    /// When the last full scan ended, if there was one.
    pub full_scan: Option<Timestamp>,
}

/// What Windows Server Backup tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backups {
    /// When the last one succeeded.
    pub last_success: Timestamp,
    /// When the last one was tried.
    pub last: Timestamp,
    /// What it returned.
    pub result: u32,
    /// When the next one is due.
    pub next: Timestamp,
    /// How many are kept.
    pub count: u32,
}

const HOUR: i64 = 3600;

fn ago(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

impl Host {
    /// When the signatures came that it had when the sandbox started. They come several times a day, except where
    /// updates of them fail.
    pub(super) fn signatures_came(&self, since: Timestamp) -> Timestamp {
        let mut rng = self.rng("signature age");
        let hours = if self.has(Illness::OldSignatures) { rng.between(100, 400) } else { rng.between(1, 20) };
        ago(self.now(since), hours as i64 * HOUR)
    }

    /// How many of its last backups failed.
    pub(super) fn failed_nights(&self) -> i64 {
        if self.has(Illness::OldBackup) { self.rng("failed nights").between(3, 12) as i64 } else { 0 }
    }
}

impl Machine {
    /// Microsoft Defender, at a time of its own clock.
    pub fn defender(&self, now: Timestamp) -> Defender {
        let mut rng = self.host.rng("defender");
        let is_running = self.runs("WinDefend");
        let (signature, updated) = self.signatures();
        Defender {
            is_running,
            watches: is_running && !rng.chance(40),
            signature,
            updated,
            quick_scan: ago(now, rng.between(2, 30) as i64 * HOUR),
            full_scan: rng.chance(300).then(|| ago(now, rng.between(100, 900) as i64 * HOUR)),
        }
    }

    /// The third part of the version of Defender's signatures, and when they came.
    pub(super) fn signatures(&self) -> (u32, Timestamp) {
        let by_script = *self.signatures.read(|| None);
        let number = self.host.rng("signature").between(100, 900) as u32 + u32::from(by_script.is_some());
        (number, by_script.unwrap_or_else(|| self.host.signatures_came(self.since)))
    }

    /// Brings the signatures of Microsoft Defender up to date.
    pub fn update_signatures(&self, now: Timestamp) {
        self.forget_drawn_registry();
        self.signatures.change(|| None, |updated| *updated = Some(now));
    }

    /// Windows Server Backup: each night at nine.
    pub fn backups(&self, now: Timestamp) -> Backups {
        let mut rng = self.host.rng("backups");
        let shift = i64::from(self.host.utc_offset_minutes()) * 60;
        let since = (now.as_second() + shift - 21 * HOUR).rem_euclid(24 * HOUR);
        let last = ago(now, since);
        let failed_nights = self.host.failed_nights();
        Backups {
            last_success: ago(last, failed_nights * 24 * HOUR),
            last,
            result: if failed_nights > 0 { 0x8078_0049 } else { 0 },
            next: ago(last, -24 * HOUR),
            count: rng.between(5, 60) as u32,
        }
    }
}
