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
}

const GIB: u64 = 1 << 30;

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
        let size_bytes = rng.pick(sizes) * GIB - rng.between(1, 900) * 4096;
        let per_mille = if full == Some(place) { rng.between(2, 95) } else { rng.between(180, 820) };
        let free_bytes = size_bytes / 1000 * per_mille / 4096 * 4096;
        disks.push(Disk { id, label, size_bytes, free_bytes, drive_type: 3 });
    }
    if rng.chance(300) {
        disks.push(Disk { id: "Z:", label: "", size_bytes: 0, free_bytes: 0, drive_type: 5 });
    }
    disks
}
