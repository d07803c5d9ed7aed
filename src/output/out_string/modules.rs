//! The views of types that modules of Windows bring: networking, storage, performance counters, CIM classes.
//!
//! Source: the format files of these modules, as public transcripts of their cmdlets show them; of PowerShell's own
//! modules (counters, Test-Connection) PowerShell's source (MIT).

use super::described::Described;
use super::number;
use super::view::{Column, Group, Shape, View};

const fn table(types: &'static [&'static str], columns: &'static [Column]) -> View {
    View { types, needs: &[], shape: Shape::Table { columns, wrap: false }, group: None }
}

const fn list(types: &'static [&'static str], names: &'static [&'static str]) -> View {
    View { types, needs: &[], shape: Shape::List(names), group: None }
}

pub(super) const VIEWS: &[View] = &[
    table(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetTCPConnection"],
        &[
            Column::left("LocalAddress", 35),
            Column::left("LocalPort", 9),
            Column::left("RemoteAddress", 35),
            Column::left("RemotePort", 10),
            Column::left("State", 11),
            Column::left("AppliedSetting", 14),
            Column::left("OwningProcess", 0),
        ],
    ),
    table(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetUDPEndpoint"],
        &[Column::left("LocalAddress", 40), Column::left("LocalPort", 0)],
    ),
    table(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetAdapter"],
        &[
            Column::left("Name", 25),
            Column::left("InterfaceDescription", 39),
            Column::right("ifIndex", 7),
            Column::left("Status", 12),
            Column::left("MacAddress", 17),
            Column::right("LinkSpeed", 14),
        ],
    ),
    list(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetIPAddress"],
        &[
            "IPAddress",
            "InterfaceIndex",
            "InterfaceAlias",
            "AddressFamily",
            "Type",
            "PrefixLength",
            "PrefixOrigin",
            "SuffixOrigin",
            "AddressState",
            "ValidLifetime",
            "PreferredLifetime",
            "SkipAsSource",
            "PolicyStore",
        ],
    ),
    table(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetRoute"],
        &[
            Column::left("ifIndex", 7),
            Column::left("DestinationPrefix", 46),
            Column::left("NextHop", 40),
            Column::right("RouteMetric", 11),
            Column::right("ifMetric", 8).of("InterfaceMetric"),
            Column::left("PolicyStore", 0),
        ],
    ),
    table(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_DNSClientServerAddress"],
        &[
            Column::left("InterfaceAlias", 28),
            Column::right("Interface Index", 9).of("InterfaceIndex"),
            Column::left("Address Family", 7).made(family),
            Column::left("ServerAddresses", 0),
        ],
    ),
    list(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetConnectionProfile"],
        &["Name", "InterfaceAlias", "InterfaceIndex", "NetworkCategory", "IPv4Connectivity", "IPv6Connectivity"],
    ),
    list(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_NetFirewallRule"],
        &[
            "Name",
            "DisplayName",
            "Description",
            "DisplayGroup",
            "Group",
            "Enabled",
            "Profile",
            "Platform",
            "Direction",
            "Action",
            "EdgeTraversalPolicy",
            "LooseSourceMapping",
            "LocalOnlyMapping",
            "Owner",
            "PrimaryStatus",
            "Status",
            "EnforcementStatus",
            "PolicyStoreSource",
            "PolicyStoreSourceType",
        ],
    ),
    table(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/MSFT_Volume"],
        &[
            Column::left("DriveLetter", 11),
            Column::left("FriendlyName", 15).of("FileSystemLabel"),
            Column::left("FileSystemType", 14),
            Column::left("DriveType", 9),
            Column::left("HealthStatus", 12),
            Column::left("OperationalStatus", 17),
            Column::right("SizeRemaining", 13).made(|object| size(object, "SizeRemaining")),
            Column::right("Size", 10).made(|object| size(object, "Size")),
        ],
    ),
    table(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/MSFT_Disk"],
        &[
            Column::left("Number", 6),
            Column::left("Friendly Name", 20).of("FriendlyName"),
            Column::left("Serial Number", 34).of("SerialNumber"),
            Column::left("HealthStatus", 12),
            Column::left("OperationalStatus", 17),
            Column::right("Total Size", 10).made(|object| size(object, "Size")),
            Column::left("Partition Style", 15).of("PartitionStyle"),
        ],
    ),
    View {
        types: &["Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/MSFT_Partition"],
        needs: &[],
        shape: Shape::Table {
            columns: &[
                Column::left("PartitionNumber", 16),
                Column::left("DriveLetter", 11).made(|object| object.text("DriveLetter").replace('\0', "")),
                Column::left("Offset", 30),
                Column::right("Size", 19).made(|object| size(object, "Size")),
                Column::left("Type", 0),
            ],
            wrap: false,
        },
        group: Some(Group { title: "   DiskPath: ", value: |object| object.text("DiskId") }),
    },
    table(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/MSFT_StoragePool"],
        &[
            Column::left("FriendlyName", 12),
            Column::left("OperationalStatus", 17),
            Column::left("HealthStatus", 12),
            Column::left("IsPrimordial", 12),
            Column::left("IsReadOnly", 10),
            Column::right("Size", 10).made(|object| size(object, "Size")),
            Column::right("AllocatedSize", 13).made(|object| size(object, "AllocatedSize")),
        ],
    ),
    table(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/MSFT_PhysicalDisk"],
        &[
            Column::left("Number", 6).of("DeviceId"),
            Column::left("FriendlyName", 20),
            Column::left("SerialNumber", 34),
            Column::left("MediaType", 11),
            Column::left("CanPool", 7),
            Column::left("OperationalStatus", 17),
            Column::left("HealthStatus", 12),
            Column::left("Usage", 11),
            Column::right("Size", 10).made(|object| size(object, "Size")),
        ],
    ),
    View {
        types: &["Microsoft.Management.Infrastructure.CimClass"],
        needs: &[],
        shape: Shape::Table {
            columns: &[
                Column::left("CimClassName", 35),
                Column::left("CimClassMethods", 20),
                Column::left("CimClassProperties", 0),
            ],
            wrap: false,
        },
        group: None,
    },
    View {
        types: &["Microsoft.PowerShell.Commands.TestConnectionCommand+PingStatus"],
        needs: &[],
        shape: Shape::Table {
            columns: &[
                Column::right("Ping", 4),
                Column::left("Source", 16),
                Column::left("Address", 25).of("DisplayAddress"),
                Column::right("Latency(ms)", 7).of("Latency"),
                Column::right("BufferSize(B)", 10).of("BufferSize"),
                Column::left("Status", 16),
            ],
            wrap: false,
        },
        group: Some(Group { title: "   Destination: ", value: |object| object.text("Destination") }),
    },
    list(
        &["TestNetConnectionResult"],
        &["ComputerName", "RemoteAddress", "RemotePort", "InterfaceAlias", "SourceAddress", "TcpTestSucceeded"],
    ),
    View {
        types: &["Microsoft.PowerShell.Commands.GetCounter.PerformanceCounterSampleSet"],
        needs: &["Readings"],
        shape: Shape::Table {
            columns: &[Column::left("Timestamp", 25), Column::left("CounterSamples", 100).of("Readings")],
            wrap: true,
        },
        group: None,
    },
    table(
        &["Microsoft.DnsClient.Commands.DnsRecord_A"],
        &[
            Column::left("Name", 42),
            Column::left("Type", 4),
            Column::left("TTL", 5),
            Column::left("Section", 10),
            Column::left("IPAddress", 0),
        ],
    ),
    table(
        &["Microsoft.DnsClient.Commands.DnsRecord_PTR"],
        &[
            Column::left("Name", 30),
            Column::left("Type", 4),
            Column::left("TTL", 5),
            Column::left("Section", 10),
            Column::left("NameHost", 0),
        ],
    ),
];

/// `45.12 GB`, in the unit that leaves the fewest digits.
fn size(object: &Described<'_>, name: &str) -> String {
    let bytes = object.number(name);
    let (unit, factor) = match bytes {
        bytes if bytes >= 1_099_511_627_776.0 => ("TB", 1_099_511_627_776.0),
        bytes if bytes >= 1_073_741_824.0 => ("GB", 1_073_741_824.0),
        bytes if bytes >= 1_048_576.0 => ("MB", 1_048_576.0),
        bytes if bytes >= 1024.0 => ("KB", 1024.0),
        _ => ("B", 1.0),
    };
    let number = number::grouped(bytes / factor);
    format!("{} {unit}", number.strip_suffix(".00").unwrap_or(&number))
}

fn family(object: &Described<'_>) -> String {
    match object.text("AddressFamily").as_str() {
        "2" => "IPv4".into(),
        "23" => "IPv6".into(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::clixml::{TypeNames, Value};
    use crate::outcome::Outcome;
    use crate::output::testing::{Script, bag, settings, written};
    use crate::output::{Format, Settings};
    use crate::stream::Stream;

    #[test]
    fn volumes_show_their_sizes() {
        let mut volume = bag(vec![
            ("DriveLetter", Value::Char(u16::from(b'C'))),
            ("FileSystemLabel", Value::str("Windows")),
            ("FileSystemType", Value::str("NTFS")),
            ("DriveType", Value::str("Fixed")),
            ("HealthStatus", Value::str("Healthy")),
            ("OperationalStatus", Value::str("OK")),
            ("SizeRemaining", Value::U64(48_445_628_416)),
            ("Size", Value::U64(1_099_511_627_776)),
        ]);
        let kind =
            "Deserialized.Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/Storage/MSFT_Volume";
        volume.type_names = TypeNames::new([kind]);
        let mut script = Script::new(&["web01"]);
        let started = script.started();
        let record = script.record(0, Stream::Output, volume);
        let events = [started, record, script.finished(0, Outcome::Ok), script.run_finished()];
        let shown = written(Format::Text, &Settings { width: 140, ..settings() }, &events);
        assert!(shown.contains("DriveLetter FriendlyName"), "{shown}");
        assert!(shown.contains("45.12 GB") && shown.contains(" 1 TB"), "{shown}");
    }
}
