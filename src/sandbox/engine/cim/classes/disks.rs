//! Drives, disks, partitions, volumes. Each drive letter lies on a disk of its own, C: beside the partitions that start it.

use super::super::super::eval::Evaluator;
use super::super::super::machine::{Disk, PartitionKind};
use super::super::super::value::Val;
use super::{Row, computer, number, numbers, s, texts, yes};

pub(super) fn rows(evaluator: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    let each = |row: fn(&Evaluator<'_>, usize, &Disk) -> Row| {
        local(evaluator).iter().enumerate().map(|(place, disk)| row(evaluator, place, disk)).collect()
    };
    Some(match class {
        "Win32_LogicalDisk" => evaluator.machine.disks().iter().map(|disk| logical(evaluator, disk)).collect(),
        "Win32_DiskDrive" => each(drive),
        "Win32_DiskPartition" => with_places(evaluator).flat_map(|(place, disk)| partitions(place, &disk)).collect(),
        "Win32_LogicalDiskToPartition" => each(to_partition),
        "Win32_DiskDriveToDiskPartition" => {
            with_places(evaluator).flat_map(|(place, disk)| drive_to_partitions(evaluator, place, &disk)).collect()
        }
        "Win32_Volume" => evaluator.machine.disks().iter().map(|disk| volume(evaluator, disk)).collect(),
        "Win32_CDROMDrive" => optical(evaluator).iter().map(cdrom).collect(),
        _ => return None,
    })
}

/// The drives that are not optical.
pub(super) fn local(evaluator: &Evaluator<'_>) -> Vec<Disk> {
    evaluator.machine.disks().into_iter().filter(|disk| disk.drive_type == 3).collect()
}

fn with_places(evaluator: &Evaluator<'_>) -> impl Iterator<Item = (usize, Disk)> {
    local(evaluator).into_iter().enumerate()
}

fn optical(evaluator: &Evaluator<'_>) -> Vec<Disk> {
    evaluator.machine.disks().into_iter().filter(|disk| disk.drive_type == 5).collect()
}

/// `\\?\Volume{...}\`
pub(super) fn volume_path(evaluator: &Evaluator<'_>, disk: &Disk) -> String {
    format!("\\\\?\\Volume{{{}}}\\", evaluator.host.part_guid(disk.id))
}

fn logical(evaluator: &Evaluator<'_>, disk: &Disk) -> Row {
    let is_local = disk.drive_type == 3;
    let or_null = |value: Val| if is_local { value } else { Val::Null };
    vec![
        ("Caption", s(disk.id)),
        ("Description", s(if is_local { "Local Fixed Disk" } else { "CD-ROM Disc" })),
        ("Name", s(disk.id)),
        ("DeviceID", s(disk.id)),
        ("Access", number(0)),
        ("FreeSpace", or_null(number(disk.free_bytes))),
        ("Size", or_null(number(disk.size_bytes))),
        ("Compressed", or_null(yes(false))),
        ("DriveType", number(disk.drive_type)),
        ("FileSystem", or_null(s("NTFS"))),
        ("MaximumComponentLength", or_null(number(255))),
        ("MediaType", number(if is_local { 12 } else { 11 })),
        ("QuotasDisabled", or_null(yes(true))),
        ("QuotasIncomplete", or_null(yes(false))),
        ("QuotasRebuilding", or_null(yes(false))),
        ("SupportsDiskQuotas", or_null(yes(true))),
        ("SupportsFileBasedCompression", or_null(yes(true))),
        ("VolumeDirty", or_null(yes(disk.is_dirty))),
        ("VolumeName", or_null(s(disk.label))),
        ("VolumeSerialNumber", or_null(s(format!("{:08X}", evaluator.host.volume_serial(disk.id))))),
    ]
}

fn drive(evaluator: &Evaluator<'_>, place: usize, disk: &Disk) -> Row {
    let id = format!("\\\\.\\PHYSICALDRIVE{place}");
    let size = disk.physical_bytes(place);
    // WMI counts whole cylinders.
    let cylinders = size / 8_225_280;
    vec![
        ("Caption", s("VMware Virtual disk SCSI Disk Device")),
        ("Description", s("Disk drive")),
        ("Name", s(id.as_str())),
        ("Status", s("OK")),
        ("ConfigManagerErrorCode", number(0)),
        ("ConfigManagerUserConfig", yes(false)),
        ("DeviceID", s(id)),
        ("PNPDeviceID", s(format!("SCSI\\DISK&VEN_VMWARE&PROD_VIRTUAL_DISK\\5&1EC51BF7&0&0000{place:02}"))),
        ("Capabilities", numbers(&[3, 4])),
        ("CapabilityDescriptions", texts(["Random Access", "Supports Writing"])),
        ("BytesPerSector", number(512)),
        ("FirmwareRevision", s("2.0 ")),
        ("Index", number(place as i64)),
        ("InterfaceType", s("SCSI")),
        ("Manufacturer", s("(Standard disk drives)")),
        ("MediaLoaded", yes(true)),
        ("MediaType", s("Fixed hard disk media")),
        ("Model", s("VMware Virtual disk SCSI Disk Device")),
        ("Partitions", number(shown(place, disk).len() as i64)),
        ("SCSIBus", number(0)),
        ("SCSILogicalUnit", number(0)),
        ("SCSIPort", number(2)),
        ("SCSITargetId", number(place as i64)),
        ("SectorsPerTrack", number(63)),
        ("SerialNumber", s(evaluator.host.part_guid(&format!("disk {place}")).replace('-', ""))),
        ("Signature", Val::Null),
        ("Size", number(cylinders * 8_225_280)),
        ("TotalCylinders", number(cylinders)),
        ("TotalHeads", number(255)),
        ("TotalSectors", number(cylinders * 16_065)),
        ("TotalTracks", number(cylinders * 255)),
        ("TracksPerCylinder", number(255)),
    ]
}

fn partition_id(place: usize, index: usize) -> String {
    format!("Disk #{place}, Partition #{index}")
}

/// The partitions that WMI shows: not the reserved ones.
fn shown(place: usize, disk: &Disk) -> Vec<(PartitionKind, u64, u64)> {
    disk.partitions(place).into_iter().filter(|(kind, ..)| *kind != PartitionKind::Reserved).collect()
}

fn partitions(place: usize, disk: &Disk) -> Vec<Row> {
    let row = |(index, (kind, offset, size)): (usize, (PartitionKind, u64, u64))| {
        let id = partition_id(place, index);
        let is_system = kind == PartitionKind::System;
        let about = match kind {
            PartitionKind::Basic => "GPT: Basic Data",
            PartitionKind::System => "GPT: System",
            _ => "GPT: Unknown",
        };
        vec![
            ("Caption", s(id.as_str())),
            ("Description", s(about)),
            ("Name", s(id.as_str())),
            ("DeviceID", s(id)),
            ("BlockSize", number(512)),
            ("NumberOfBlocks", number(size / 512)),
            ("Bootable", yes(is_system)),
            ("BootPartition", yes(is_system)),
            ("PrimaryPartition", yes(kind == PartitionKind::Basic)),
            ("DiskIndex", number(place as i64)),
            ("Index", number(index as i64)),
            ("Size", number(size)),
            ("StartingOffset", number(offset)),
            ("Type", s(about)),
        ]
    };
    shown(place, disk).into_iter().enumerate().map(row).collect()
}

fn path(evaluator: &Evaluator<'_>, class: &str, id: &str) -> Val {
    let id = id.replace('\\', "\\\\");
    s(format!("\\\\{}\\root\\cimv2:{class}.DeviceID=\"{id}\"", computer(evaluator)))
}

fn to_partition(evaluator: &Evaluator<'_>, place: usize, disk: &Disk) -> Row {
    let all = shown(place, disk);
    let start = all.last().map_or(0, |(_, offset, _)| *offset);
    vec![
        ("Antecedent", path(evaluator, "Win32_DiskPartition", &partition_id(place, all.len() - 1))),
        ("Dependent", path(evaluator, "Win32_LogicalDisk", disk.id)),
        ("EndingAddress", number(start + disk.size_bytes - 1)),
        ("StartingAddress", number(start)),
    ]
}

fn drive_to_partitions(evaluator: &Evaluator<'_>, place: usize, disk: &Disk) -> Vec<Row> {
    let drive = format!("\\\\.\\PHYSICALDRIVE{place}");
    let row = |index| {
        vec![
            ("Antecedent", path(evaluator, "Win32_DiskDrive", &drive)),
            ("Dependent", path(evaluator, "Win32_DiskPartition", &partition_id(place, index))),
        ]
    };
    (0..shown(place, disk).len()).map(row).collect()
}

fn volume(evaluator: &Evaluator<'_>, disk: &Disk) -> Row {
    let is_local = disk.drive_type == 3;
    let or_null = |value: Val| if is_local { value } else { Val::Null };
    let is_system = disk.id == "C:";
    vec![
        ("Caption", s(format!("{}\\", disk.id))),
        ("Name", s(format!("{}\\", disk.id))),
        ("DeviceID", s(volume_path(evaluator, disk))),
        ("BlockSize", or_null(number(4096))),
        ("FreeSpace", or_null(number(disk.free_bytes))),
        ("Automount", yes(true)),
        ("BootVolume", or_null(yes(is_system))),
        ("Capacity", or_null(number(disk.size_bytes))),
        ("Compressed", or_null(yes(false))),
        ("DirtyBitSet", or_null(yes(disk.is_dirty))),
        ("DriveLetter", s(disk.id)),
        ("DriveType", number(disk.drive_type)),
        ("FileSystem", or_null(s("NTFS"))),
        ("IndexingEnabled", or_null(yes(true))),
        ("Label", or_null(s(disk.label))),
        ("MaximumFileNameLength", or_null(number(255))),
        ("PageFilePresent", or_null(yes(is_system))),
        ("QuotasEnabled", or_null(yes(false))),
        ("QuotasIncomplete", or_null(yes(false))),
        ("QuotasRebuilding", or_null(yes(false))),
        ("SerialNumber", or_null(number(evaluator.host.volume_serial(disk.id)))),
        ("SupportsDiskQuotas", or_null(yes(true))),
        ("SupportsFileBasedCompression", or_null(yes(true))),
        ("SystemVolume", or_null(yes(false))),
    ]
}

fn cdrom(disk: &Disk) -> Row {
    vec![
        ("Caption", s("NECVMWar VMware SATA CD00")),
        ("Description", s("CD-ROM Drive")),
        ("Name", s("NECVMWar VMware SATA CD00")),
        ("Status", s("OK")),
        ("Availability", number(3)),
        ("DeviceID", s("SCSI\\CDROM&VEN_NECVMWAR&PROD_VMWARE_SATA_CD00\\5&280B647&0&000000")),
        ("Drive", s(disk.id)),
        ("Id", s(disk.id)),
        ("Manufacturer", s("(Standard CD-ROM drives)")),
        ("MediaLoaded", yes(false)),
        ("MediaType", s("DVD-ROM")),
        ("SCSIBus", number(0)),
        ("SCSILogicalUnit", number(0)),
        ("SCSIPort", number(1)),
        ("SCSITargetId", number(0)),
        ("TransferRate", number(-1)),
    ]
}
