//! What is wrong with a host: seeded, so that a health check has something to find and a test knows the right answer.

use std::fmt;

use super::Host;

/// A thing that a health check should find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Illness {
    /// A drive has less than a tenth of its space free.
    DiskFull,
    /// An automatic service is stopped.
    ServiceStopped,
    /// The last monthly updates are missing.
    OldPatches,
    /// A certificate of the machine's store expires within 30 days.
    CertificateExpiring,
    /// The clock is off by more than a minute.
    ClockSkewed,
    /// An update waits for a restart.
    RebootPending,
    /// A scheduled task failed at its last run.
    TaskFailed,
    /// The local group Administrators has a member that does not belong there.
    OddAdministrator,
    /// It was not restarted for more than three months.
    LongUptime,
    /// A disk or a program wrote errors into the logs again and again in the last hours.
    EventErrors,
    /// Less than a twentieth of the memory is free, and the page file is nearly full.
    LowMemory,
    /// The processors are always busy.
    BusyCpu,
    /// SMB 1 or a version of TLS before 1.2 is spoken.
    LegacyProtocols,
    /// The last three backups or more failed.
    OldBackup,
    /// A volume waits for chkdsk.
    DirtyVolume,
    /// The signatures of Microsoft Defender are more than four days old.
    OldSignatures,
}

/// Hosts with an illness, of a thousand; the same for each.
const PER_MILLE: u64 = 80;

impl Illness {
    /// All of them with their names and what they mean.
    pub const ALL: [(Self, &'static str, &'static str); 16] = [
        (Self::DiskFull, "disk-full", "a drive has less than a tenth of its space free"),
        (Self::ServiceStopped, "service-stopped", "an automatic service is stopped"),
        (Self::OldPatches, "old-patches", "the last monthly updates are missing"),
        (Self::CertificateExpiring, "certificate-expiring", "a certificate of LocalMachine\\My ends within 30 days"),
        (Self::ClockSkewed, "clock-skewed", "the clock is off by more than a minute"),
        (Self::RebootPending, "reboot-pending", "an update waits for a restart"),
        (Self::TaskFailed, "task-failed", "a scheduled task failed at its last run"),
        (Self::OddAdministrator, "odd-administrator", "the local Administrators have a member too many"),
        (Self::LongUptime, "long-uptime", "it was not restarted for more than three months"),
        (Self::EventErrors, "event-errors", "dozens of errors in the logs in the last hours"),
        (Self::LowMemory, "low-memory", "memory and page file are nearly used up"),
        (Self::BusyCpu, "busy-cpu", "the processors are always busy"),
        (Self::LegacyProtocols, "legacy-protocols", "SMB 1 or TLS before 1.2 is on"),
        (Self::OldBackup, "old-backup", "no backup succeeded for three nights or more"),
        (Self::DirtyVolume, "dirty-volume", "a volume waits for chkdsk"),
        (Self::OldSignatures, "old-signatures", "Defender's signatures are more than four days old"),
    ];
}

impl fmt::Display for Illness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(kind, ..)| kind == self).map_or("", |(_, name, _)| name);
        f.write_str(name)
    }
}

impl Host {
    /// Whether the host has this illness. The clock of the first domain controller is what the others are set by, so
    /// that it is right by definition.
    pub fn has(&self, illness: Illness) -> bool {
        if illness == Illness::ClockSkewed && self.is_primary_controller() {
            return false;
        }
        self.rng(&format!("illness {illness}")).chance(PER_MILLE)
    }

    /// All illnesses of the host.
    pub fn illnesses(&self) -> impl Iterator<Item = Illness> {
        Illness::ALL.into_iter().map(|(kind, ..)| kind).filter(|kind| self.has(*kind))
    }
}

#[cfg(test)]
mod tests {
    use super::{Host, Illness};

    #[test]
    fn about_eight_hosts_of_a_hundred_have_each() {
        for (illness, name, _) in Illness::ALL {
            let ill = (0..1000).filter(|index| Host::draw(1, *index).has(illness)).count();
            assert!((50..120).contains(&ill), "{name}: {ill} of 1000");
        }
    }
}
