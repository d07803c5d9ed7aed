//! Drives.

use super::{Host, Illness, Role};

/// A drive, as `Win32_LogicalDisk` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// The letter with its colon.
    pub id: &'static str,
    /// The volume's label.
    pub label: &'static str,
    /// Size in bytes; 0 for an empty optical drive.
    pub size_bytes: u64,
    /// Free space in bytes.
    pub free_bytes: u64,
    /// 3 is a local disk, 5 an optical drive.
    pub drive_type: u32,
    /// Whether it waits for chkdsk.
    pub is_dirty: bool,
}

const GIB: u64 = 1 << 30;

const MIB: u64 = 1 << 20;

/// What a partition is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionKind {
    /// Repairs Windows.
    Recovery,
    /// Starts Windows (EFI).
    System,
    /// Windows' own.
    Reserved,
    /// A drive.
    Basic,
}

use PartitionKind::{Basic, Recovery, Reserved, System};

/// Where the partition of a drive starts, by the place of the drive: behind those that start Windows on the first disk.
fn offset(place: usize) -> u64 {
    if place == 0 { 567 * MIB } else { 16 * MIB }
}

impl Disk {
    /// Bytes of the physical disk that the drive lies on: whole GiB, the drive and what lies before it.
    pub fn physical_bytes(&self, place: usize) -> u64 {
        (self.size_bytes + offset(place)).div_ceil(GIB) * GIB
    }

    /// The partitions of the disk, the drive's own at last: kind, offset, size. Each drive has a disk of its own.
    pub fn partitions(&self, place: usize) -> Vec<(PartitionKind, u64, u64)> {
        let mut all = match place {
            0 => vec![(Recovery, MIB, 450 * MIB), (System, 451 * MIB, 100 * MIB), (Reserved, 551 * MIB, 16 * MIB)],
            _ => vec![(Reserved, 17_408, 16 * MIB - 17_408)],
        };
        all.push((Basic, offset(place), self.size_bytes));
        all
    }
}

pub(super) fn draw(host: &Host) -> Vec<Disk> {
    let mut rng = host.rng("disks");
    let mut disks = Vec::new();
    let data: &[(&str, &str, &[u64])] = match host.role() {
        Role::Web | Role::DomainController => &[],
        Role::App => &[("D:", "Data", &[50, 100])],
        Role::Sql => &[("D:", "SQLData", &[200, 500]), ("L:", "SQLLogs", &[100, 200])],
        Role::File => &[("E:", "Shares", &[1000, 2000, 4000])],
    };
    let full = host.has(Illness::DiskFull).then(|| rng.between(0, data.len() as u64) as usize);
    for (place, &(id, label, sizes)) in [("C:", "Windows", &[80, 100, 128][..])].iter().chain(data).enumerate() {
        let size_bytes = rng.pick(sizes) * GIB - offset(place) - rng.between(1, 900) * 4096;
        let per_mille = if full == Some(place) { rng.between(2, 95) } else { rng.between(180, 820) };
        let free_bytes = size_bytes / 1000 * per_mille / 4096 * 4096;
        disks.push(Disk { id, label, size_bytes, free_bytes, drive_type: 3, is_dirty: false });
    }
    if host.has(Illness::DirtyVolume) {
        let place = host.rng("dirty volume").between(0, data.len() as u64) as usize;
        disks[place].is_dirty = true;
    }
    if rng.chance(300) {
        disks.push(Disk { id: "Z:", label: "", size_bytes: 0, free_bytes: 0, drive_type: 5, is_dirty: false });
    }
    disks
}

#[cfg(test)]
mod tests {
    use crate::sandbox::machine::Host;

    #[test]
    fn partitions_fill_their_disk() {
        for disks in (0..200).map(|index| Host::draw(1, index).disks()) {
            for (place, disk) in disks.iter().filter(|disk| disk.drive_type == 3).enumerate() {
                let mut end = 0;
                for (kind, offset, size) in disk.partitions(place) {
                    assert!(offset >= end, "{kind:?}");
                    end = offset + size;
                }
                let left = disk.physical_bytes(place).checked_sub(end).expect("no partition beyond the end");
                assert!(left < 4 << 20, "{}: {left} bytes of nothing", disk.id);
            }
        }
    }
}
