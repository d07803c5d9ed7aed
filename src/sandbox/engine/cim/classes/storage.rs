//! The storage classes, whose numbers the Storage module shows as names.

use super::super::super::eval::Evaluator;
use super::super::super::machine::{Disk, PartitionKind};
use super::super::super::value::Val;
use super::disks::{local, volume_path};
use super::{Row, number, s, texts, yes};

pub(super) fn rows(evaluator: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    let each = |row: fn(&Evaluator<'_>, usize, &Disk) -> Row| {
        local(evaluator).iter().enumerate().map(|(place, disk)| row(evaluator, place, disk)).collect()
    };
    Some(match class {
        "MSFT_Disk" => each(disk),
        "MSFT_PhysicalDisk" => each(physical),
        "MSFT_Partition" => {
            local(evaluator).iter().enumerate().flat_map(|(place, disk)| partitions(evaluator, place, disk)).collect()
        }
        "MSFT_StoragePool" => vec![pool(evaluator)],
        "MSFT_Volume" => evaluator.machine.disks().iter().map(|disk| volume(evaluator, disk)).collect(),
        _ => return None,
    })
}

fn object_id(evaluator: &Evaluator<'_>, kind: &str, of: &str) -> Val {
    let host = evaluator.host.name().to_uppercase();
    let guid = evaluator.host.part_guid("storage");
    s(format!("{{1}}\\\\{host}\\root/Microsoft/Windows/Storage/Providers_v2\\WSP_{kind}.ObjectId=\"{{{guid}}}:{of}\""))
}

fn disk(evaluator: &Evaluator<'_>, place: usize, disk: &Disk) -> Row {
    let size = disk.physical_bytes(place);
    let is_system = place == 0;
    vec![
        ("ObjectId", object_id(evaluator, "Disk", &format!("DI:{place}"))),
        ("UniqueId", s(evaluator.host.part_guid(&format!("disk {place}")).replace('-', "").to_uppercase())),
        ("AllocatedSize", number(size)),
        ("BootFromDisk", yes(is_system)),
        ("BusType", s("SAS")),
        ("FirmwareVersion", s("2.0 ")),
        ("FriendlyName", s("VMware Virtual disk")),
        ("Guid", s(format!("{{{}}}", evaluator.host.part_guid(&format!("table {place}"))))),
        ("HealthStatus", s("Healthy")),
        ("IsBoot", yes(is_system)),
        ("IsClustered", yes(false)),
        ("IsHighlyAvailable", yes(false)),
        ("IsOffline", yes(false)),
        ("IsReadOnly", yes(false)),
        ("IsScaleOut", yes(false)),
        ("IsSystem", yes(is_system)),
        ("LargestFreeExtent", number(0)),
        ("Location", s(format!("PCI Slot 160 : Adapter 0 : Port 0 : Target {place} : LUN 0"))),
        ("LogicalSectorSize", number(512)),
        ("Manufacturer", s("VMware")),
        ("Model", s("Virtual disk")),
        ("Number", number(place as i64)),
        ("NumberOfPartitions", number(disk.partitions(place).len() as i64)),
        ("OperationalStatus", s("Online")),
        ("PartitionStyle", s("GPT")),
        (
            "Path",
            s(format!(
                "\\\\?\\scsi#disk&ven_vmware&prod_virtual_disk#5&1ec51bf7&0&0000{place:02}#{{53f56307-b6bf-11d0-94f2-00a0c91efb8b}}"
            )),
        ),
        ("PhysicalSectorSize", number(512)),
        ("ProvisioningType", s("Fixed")),
        ("SerialNumber", s(evaluator.host.part_guid(&format!("disk {place}")).replace('-', ""))),
        ("Size", number(size)),
        ("UniqueIdFormat", s("FCPH Name")),
    ]
}

fn physical(evaluator: &Evaluator<'_>, place: usize, disk: &Disk) -> Row {
    let size = disk.physical_bytes(place);
    vec![
        ("ObjectId", object_id(evaluator, "PhysicalDisk", &format!("PD:{place}"))),
        ("UniqueId", s(evaluator.host.part_guid(&format!("disk {place}")).replace('-', "").to_uppercase())),
        ("FriendlyName", s("VMware Virtual disk")),
        ("HealthStatus", s("Healthy")),
        ("Manufacturer", s("VMware")),
        ("Model", s("Virtual disk")),
        ("OperationalStatus", s("OK")),
        ("PhysicalLocation", s(format!("SCSI0:{place}"))),
        ("SerialNumber", s(evaluator.host.part_guid(&format!("disk {place}")).replace('-', ""))),
        ("AllocatedSize", number(size)),
        ("BusType", s("SAS")),
        ("CannotPoolReason", s("Insufficient Capacity")),
        ("CanPool", yes(false)),
        ("DeviceId", s(place.to_string())),
        ("FirmwareVersion", s("2.0 ")),
        ("IsPartial", yes(true)),
        ("LogicalSectorSize", number(512)),
        ("MediaType", s("SSD")),
        ("PhysicalSectorSize", number(512)),
        ("Size", number(size)),
        ("SpindleSpeed", number(0)),
        ("Usage", s("Auto-Select")),
        ("VirtualDiskFootprint", number(0)),
    ]
}

/// Of the first disk also those that start it, of the others the reserved one.
fn partitions(evaluator: &Evaluator<'_>, place: usize, disk: &Disk) -> Vec<Row> {
    let row = |(number_from_0, (kind, offset, size)): (usize, (PartitionKind, u64, u64))| {
        let is_drive = kind == PartitionKind::Basic;
        let letter = disk.id.encode_utf16().next().unwrap_or(0);
        let path = volume_path(evaluator, disk);
        let paths = if is_drive { texts([format!("{}\\", disk.id), path]) } else { Val::Null };
        vec![
            ("ObjectId", object_id(evaluator, "Partition", &format!("PR:{place}:{number_from_0}"))),
            ("UniqueId", s(evaluator.host.part_guid(&format!("partition {place} {number_from_0}")))),
            ("AccessPaths", paths),
            ("DiskId", s(format!("\\\\?\\scsi#disk&ven_vmware&prod_virtual_disk#5&1ec51bf7&0&0000{place:02}"))),
            ("DiskNumber", number(place as i64)),
            ("DriveLetter", Val::Char(if is_drive { letter } else { 0 })),
            ("GptType", s(gpt_type(kind))),
            ("Guid", s(format!("{{{}}}", evaluator.host.part_guid(&format!("partition {place} {number_from_0}"))))),
            ("IsActive", yes(false)),
            ("IsBoot", yes(is_drive && place == 0)),
            ("IsDAX", yes(false)),
            ("IsHidden", yes(!is_drive)),
            ("IsOffline", yes(false)),
            ("IsReadOnly", yes(false)),
            ("IsShadowCopy", yes(false)),
            ("IsSystem", yes(kind == PartitionKind::System)),
            ("NoDefaultDriveLetter", yes(!is_drive)),
            ("Offset", number(offset)),
            ("OperationalStatus", s("Online")),
            ("PartitionNumber", number(number_from_0 as i64 + 1)),
            ("Size", number(size)),
            ("TransitionState", number(1)),
            ("Type", s(kind_name(kind))),
        ]
    };
    disk.partitions(place).into_iter().enumerate().map(row).collect()
}

/// The pool of disks that are in no other: those of a server without storage spaces.
fn pool(evaluator: &Evaluator<'_>) -> Row {
    let size: u64 = local(evaluator).iter().enumerate().map(|(place, disk)| disk.physical_bytes(place)).sum();
    vec![
        ("ObjectId", object_id(evaluator, "StoragePool", "SP:{primordial}")),
        ("UniqueId", s(format!("{{{}}}", evaluator.host.part_guid("pool")))),
        ("AllocatedSize", number(size)),
        ("FriendlyName", s("Primordial")),
        ("HealthStatus", s("Healthy")),
        ("IsClustered", yes(false)),
        ("IsPowerProtected", yes(false)),
        ("IsPrimordial", yes(true)),
        ("IsReadOnly", yes(false)),
        ("LogicalSectorSize", number(512)),
        ("OperationalStatus", s("OK")),
        ("PhysicalSectorSize", number(512)),
        ("Size", number(size)),
        ("SupportsDeduplication", yes(true)),
        ("Usage", s("Other")),
        ("Version", Val::Null),
    ]
}

/// What the module's own property makes of the partition's GUID.
fn kind_name(kind: PartitionKind) -> &'static str {
    match kind {
        PartitionKind::Recovery => "Recovery",
        PartitionKind::System => "System",
        PartitionKind::Reserved => "Reserved",
        PartitionKind::Basic => "Basic",
    }
}

fn gpt_type(kind: PartitionKind) -> &'static str {
    match kind {
        PartitionKind::Recovery => "{de94bba4-06d1-4d40-a16a-bfd50179d6ac}",
        PartitionKind::System => "{c12a7328-f81f-11d2-ba4b-00a0c93ec93b}",
        PartitionKind::Reserved => "{e3c9e316-0b5c-4db8-817d-f92df00215ae}",
        PartitionKind::Basic => "{ebd0a0a2-b9e5-4433-87c0-68b6b72699c7}",
    }
}

fn volume(evaluator: &Evaluator<'_>, disk: &Disk) -> Row {
    let is_local = disk.drive_type == 3;
    let letter = disk.id.encode_utf16().next().unwrap_or(0);
    vec![
        ("ObjectId", object_id(evaluator, "Volume", &format!("VO:{}", volume_path(evaluator, disk)))),
        ("UniqueId", s(volume_path(evaluator, disk))),
        ("AllocationUnitSize", number(if is_local { 4096 } else { 0 })),
        ("DedupMode", s("NotAvailable")),
        ("DriveLetter", Val::Char(letter)),
        ("DriveType", s(if is_local { "Fixed" } else { "CD-ROM" })),
        ("FileSystem", s(if is_local { "NTFS" } else { "" })),
        ("FileSystemLabel", s(disk.label)),
        ("FileSystemType", s(if is_local { "NTFS" } else { "Unknown" })),
        ("HealthStatus", s("Healthy")),
        ("OperationalStatus", s(if is_local { "OK" } else { "Unknown" })),
        ("Path", s(volume_path(evaluator, disk))),
        ("Size", number(disk.size_bytes)),
        ("SizeRemaining", number(disk.free_bytes)),
    ]
}
