//! Cmdlets of modules that are made of a CIM class: all objects of it, chosen by properties.

use super::super::cim;
use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Run, Sink};
use super::super::value::Val;
use super::{Bound, PerInput, Spec};

/// What such a cmdlet lists.
struct Listing {
    cmdlet: &'static str,
    class: &'static str,
    /// Names of parameters and of the properties that they choose by.
    filters: &'static [(&'static str, &'static str)],
    /// How it says that nothing was found.
    miss: Miss,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Miss {
    /// By the property that had no match.
    Property,
    /// By the query that it made.
    Query,
}

/// Parameters that every cmdlet of such a module has.
const COMMON: [&str; 3] = ["CimSession", "AsJob", "ThrottleLimit"];

const NET_ADAPTER: Listing = Listing {
    cmdlet: "Get-NetAdapter",
    class: "MSFT_NetAdapter",
    filters: &[
        ("Name", "Name"),
        ("InterfaceDescription", "InterfaceDescription"),
        ("InterfaceIndex", "InterfaceIndex"),
    ],
    miss: Miss::Property,
};

const NET_IP_ADDRESS: Listing = Listing {
    cmdlet: "Get-NetIPAddress",
    class: "MSFT_NetIPAddress",
    filters: &[
        ("IPAddress", "IPAddress"),
        ("InterfaceIndex", "InterfaceIndex"),
        ("InterfaceAlias", "InterfaceAlias"),
        ("AddressFamily", "AddressFamily"),
        ("Type", "Type"),
        ("PrefixLength", "PrefixLength"),
        ("PrefixOrigin", "PrefixOrigin"),
        ("SuffixOrigin", "SuffixOrigin"),
        ("AddressState", "AddressState"),
        ("SkipAsSource", "SkipAsSource"),
    ],
    miss: Miss::Query,
};

const NET_ROUTE: Listing = Listing {
    cmdlet: "Get-NetRoute",
    class: "MSFT_NetRoute",
    filters: &[
        ("DestinationPrefix", "DestinationPrefix"),
        ("InterfaceIndex", "InterfaceIndex"),
        ("InterfaceAlias", "InterfaceAlias"),
        ("NextHop", "NextHop"),
        ("AddressFamily", "AddressFamily"),
        ("RouteMetric", "RouteMetric"),
        ("Protocol", "Protocol"),
    ],
    miss: Miss::Query,
};

const TCP: Listing = Listing {
    cmdlet: "Get-NetTCPConnection",
    class: "MSFT_NetTCPConnection",
    filters: &[
        ("LocalAddress", "LocalAddress"),
        ("LocalPort", "LocalPort"),
        ("RemoteAddress", "RemoteAddress"),
        ("RemotePort", "RemotePort"),
        ("State", "State"),
        ("AppliedSetting", "AppliedSetting"),
        ("OwningProcess", "OwningProcess"),
    ],
    miss: Miss::Query,
};

const UDP: Listing = Listing {
    cmdlet: "Get-NetUDPEndpoint",
    class: "MSFT_NetUDPEndpoint",
    filters: &[("LocalAddress", "LocalAddress"), ("LocalPort", "LocalPort"), ("OwningProcess", "OwningProcess")],
    miss: Miss::Query,
};

const DNS_SERVERS: Listing = Listing {
    cmdlet: "Get-DnsClientServerAddress",
    class: "MSFT_DNSClientServerAddress",
    filters: &[
        ("InterfaceAlias", "InterfaceAlias"),
        ("InterfaceIndex", "InterfaceIndex"),
        ("AddressFamily", "AddressFamily"),
    ],
    miss: Miss::Property,
};

const DNS_CLIENT: Listing = Listing {
    cmdlet: "Get-DnsClient",
    class: "MSFT_DNSClient",
    filters: &[("InterfaceAlias", "InterfaceAlias"), ("InterfaceIndex", "InterfaceIndex")],
    miss: Miss::Property,
};

const DNS_CACHE: Listing = Listing {
    cmdlet: "Get-DnsClientCache",
    class: "MSFT_DNSClientCache",
    filters: &[("Entry", "Entry"), ("Name", "Name"), ("Type", "Type"), ("Data", "Data")],
    miss: Miss::Query,
};

const CONNECTION_PROFILE: Listing = Listing {
    cmdlet: "Get-NetConnectionProfile",
    class: "MSFT_NetConnectionProfile",
    filters: &[
        ("Name", "Name"),
        ("InterfaceAlias", "InterfaceAlias"),
        ("InterfaceIndex", "InterfaceIndex"),
        ("NetworkCategory", "NetworkCategory"),
    ],
    miss: Miss::Property,
};

const FIREWALL_PROFILE: Listing = Listing {
    cmdlet: "Get-NetFirewallProfile",
    class: "MSFT_NetFirewallProfile",
    filters: &[("Name", "Name")],
    miss: Miss::Property,
};

const FIREWALL_RULE: Listing = Listing {
    cmdlet: "Get-NetFirewallRule",
    class: "MSFT_NetFirewallRule",
    filters: &[
        ("Name", "Name"),
        ("DisplayName", "DisplayName"),
        ("DisplayGroup", "DisplayGroup"),
        ("Group", "Group"),
        ("Enabled", "Enabled"),
        ("Direction", "Direction"),
        ("Action", "Action"),
    ],
    miss: Miss::Property,
};

const VOLUME: Listing = Listing {
    cmdlet: "Get-Volume",
    class: "MSFT_Volume",
    filters: &[
        ("DriveLetter", "DriveLetter"),
        ("FileSystemLabel", "FileSystemLabel"),
        ("Path", "Path"),
        ("UniqueId", "UniqueId"),
    ],
    miss: Miss::Property,
};

const DISK: Listing = Listing {
    cmdlet: "Get-Disk",
    class: "MSFT_Disk",
    filters: &[
        ("Number", "Number"),
        ("FriendlyName", "FriendlyName"),
        ("SerialNumber", "SerialNumber"),
        ("UniqueId", "UniqueId"),
        ("Path", "Path"),
    ],
    miss: Miss::Property,
};

const PARTITION: Listing = Listing {
    cmdlet: "Get-Partition",
    class: "MSFT_Partition",
    filters: &[
        ("DiskNumber", "DiskNumber"),
        ("PartitionNumber", "PartitionNumber"),
        ("DriveLetter", "DriveLetter"),
        ("DiskId", "DiskId"),
    ],
    miss: Miss::Property,
};

const PHYSICAL_DISK: Listing = Listing {
    cmdlet: "Get-PhysicalDisk",
    class: "MSFT_PhysicalDisk",
    filters: &[
        ("FriendlyName", "FriendlyName"),
        ("SerialNumber", "SerialNumber"),
        ("UniqueId", "UniqueId"),
        ("HealthStatus", "HealthStatus"),
        ("CanPool", "CanPool"),
    ],
    miss: Miss::Property,
};

const STORAGE_POOL: Listing = Listing {
    cmdlet: "Get-StoragePool",
    class: "MSFT_StoragePool",
    filters: &[
        ("FriendlyName", "FriendlyName"),
        ("UniqueId", "UniqueId"),
        ("IsPrimordial", "IsPrimordial"),
        ("HealthStatus", "HealthStatus"),
    ],
    miss: Miss::Property,
};

macro_rules! spec {
    ($listing:ident, [$($param:literal),* $(,)?], refuse [$($refused:literal),* $(,)?]) => {
        Spec {
            name: $listing.cmdlet,
            aliases: &[],
            params: &[$($param,)* $($refused,)* "CimSession", "AsJob!", "ThrottleLimit"],
            make: |_, bound| {
                bound.refuse(&COMMON)?;
                bound.refuse(&[$($refused),*])?;
                PerInput::boxed(bound, |evaluator, bound, out| list(evaluator, bound, out, &$listing))
            },
        }
    };
}

pub(super) static SPECS: [Spec; 17] = [
    spec!(
        NET_ADAPTER,
        ["Name|ifAlias|InterfaceAlias@0^", "InterfaceDescription|ifDesc", "InterfaceIndex|ifIndex", "IncludeHidden!", "Physical!"],
        refuse []
    ),
    spec!(
        NET_IP_ADDRESS,
        [
            "IPAddress|LocalAddress@0",
            "InterfaceIndex|ifIndex",
            "InterfaceAlias|ifAlias",
            "AddressFamily",
            "Type",
            "PrefixLength",
            "PrefixOrigin",
            "SuffixOrigin",
            "AddressState",
            "SkipAsSource",
        ],
        refuse ["PolicyStore", "AssociatedIPInterface", "IncludeAllCompartments", "ValidLifetime", "PreferredLifetime"]
    ),
    spec!(
        NET_ROUTE,
        [
            "DestinationPrefix@0",
            "InterfaceIndex|ifIndex",
            "InterfaceAlias|ifAlias",
            "NextHop",
            "AddressFamily",
            "RouteMetric",
            "Protocol",
        ],
        refuse ["PolicyStore", "AssociatedIPInterface", "IncludeAllCompartments", "InterfaceMetric", "State", "Publish"]
    ),
    spec!(
        TCP,
        [
            "LocalAddress|IPAddress@0",
            "LocalPort@1",
            "RemoteAddress",
            "RemotePort",
            "State",
            "AppliedSetting",
            "OwningProcess",
        ],
        refuse ["CreationTime", "OffloadState"]
    ),
    spec!(UDP, ["LocalAddress|IPAddress@0", "LocalPort@1", "OwningProcess"], refuse["CreationTime"]),
    spec!(DNS_SERVERS, ["InterfaceAlias@0^", "InterfaceIndex^", "AddressFamily"], refuse []),
    spec!(DNS_CLIENT, ["InterfaceAlias@0^", "InterfaceIndex^"], refuse["ConnectionSpecificSuffix"]),
    spec!(DNS_CACHE, ["Entry@0", "Name|RecordName", "Type|RecordType", "Data"], refuse ["Status", "Section", "TimeToLive"]),
    Spec {
        name: "Clear-DnsClientCache",
        aliases: &[],
        params: &["CimSession", "AsJob!", "ThrottleLimit", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| {
            bound.refuse(&COMMON)?;
            PerInput::boxed(bound, |evaluator, bound, _| {
                evaluator.should_process(bound, "DNS Client Cache", "Clear-DnsClientCache").map(drop)
            })
        },
    },
    spec!(
        CONNECTION_PROFILE,
        ["Name", "InterfaceAlias", "InterfaceIndex", "NetworkCategory"],
        refuse ["IPv4Connectivity", "IPv6Connectivity"]
    ),
    spec!(FIREWALL_PROFILE, ["Name|Profile@0", "All!"], refuse["PolicyStore", "GPOSession"]),
    spec!(
        FIREWALL_RULE,
        ["Name|ID@0", "DisplayName", "DisplayGroup", "Group", "Enabled", "Direction", "Action", "All!"],
        refuse ["PolicyStore", "GPOSession", "TracePolicyStore", "AssociatedNetFirewallPortFilter", "Description"]
    ),
    spec!(
        VOLUME,
        ["DriveLetter@0^", "FileSystemLabel|FriendlyName", "Path", "UniqueId"],
        refuse ["ObjectId", "Partition", "DiskImage", "FilePath", "StoragePool"]
    ),
    spec!(
        DISK,
        ["Number|DeviceId@0^", "FriendlyName", "SerialNumber", "UniqueId|Id", "Path"],
        refuse ["Partition", "VirtualDisk", "iSCSISession"]
    ),
    spec!(
        PARTITION,
        ["DiskNumber|DeviceId@0^", "PartitionNumber|Number@1", "DriveLetter", "DiskId"],
        refuse ["Disk", "Volume", "UniqueId", "Offset"]
    ),
    spec!(
        PHYSICAL_DISK,
        ["FriendlyName@0", "SerialNumber", "UniqueId|Id", "HealthStatus", "CanPool"],
        refuse ["StoragePool", "VirtualDisk", "Usage", "PhysicalLocation"]
    ),
    spec!(
        STORAGE_POOL,
        ["FriendlyName@0", "UniqueId|Id", "IsPrimordial", "HealthStatus"],
        refuse ["Name", "Usage", "OtherUsageDescription", "ResiliencySetting", "PhysicalDisk", "VirtualDisk", "Volume"]
    ),
];

fn list(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink, listing: &Listing) -> Run<()> {
    let given: Vec<(&str, &str, Vec<String>)> = listing
        .filters
        .iter()
        .filter(|(param, _)| bound.get(param).is_some())
        .map(|(param, property)| (*param, *property, bound.texts(param).iter().map(|value| wanted(value)).collect()))
        .collect();
    let all = cim::all_of(evaluator, listing.class);
    let mut matched = false;
    for object in all {
        let mut fits = true;
        for (_, property, values) in &given {
            let own = shown(&evaluator.member(&object, property).unwrap_or(Val::Null));
            let mut any = false;
            for value in values {
                any = any || evaluator.patterns.like(&own, value, false)?;
            }
            fits = fits && any;
        }
        if fits {
            matched = true;
            out.put(evaluator, object)?;
        }
    }
    let Some((param, _, values)) = given.first() else { return Ok(()) };
    let is_pattern = values.iter().any(|value| value.contains(['*', '?']));
    if matched || is_pattern {
        return Ok(());
    }
    evaluator.write_error(missing(listing, param, &values.join(", "), &given))
}

/// The values that stand for others: the family by its number, letters without colon.
fn wanted(value: &str) -> String {
    let letter = value.strip_suffix(":\\").or_else(|| value.strip_suffix(':'));
    letter.filter(|letter| letter.len() == 1).unwrap_or(value).to_owned()
}

fn shown(value: &Val) -> String {
    match value {
        // Address families of DNS are numbers.
        Val::U16(2) => "IPv4".into(),
        Val::U16(23) => "IPv6".into(),
        other => text(other),
    }
}

/// Source: public transcripts of these cmdlets with a name that is not there.
fn missing(listing: &Listing, param: &str, value: &str, given: &[(&str, &str, Vec<String>)]) -> ErrorRecord {
    let (class, cmdlet) = (listing.class, listing.cmdlet);
    let kind = "Microsoft.PowerShell.Cmdletization.Cim.CimJobException";
    if listing.miss == Miss::Property {
        let property = given.first().map_or(param, |(_, property, _)| property);
        let message = format!(
            "No {class} objects found with property '{property}' equal to '{value}'.  Verify the value of the property and retry."
        );
        let id = format!("CmdletizationQuery_NotFound_{property},{cmdlet}");
        return ErrorRecord::new(kind, message, id, 13).with_target(Val::str(value));
    }
    let condition = |(_, property, values): &(&str, &str, Vec<String>)| {
        let one = |value: &String| match value.parse::<u64>() {
            Ok(number) => format!("({property} = {number})"),
            Err(_) => format!("({property} LIKE '{value}')"),
        };
        format!("({})", values.iter().map(one).collect::<Vec<_>>().join(" OR "))
    };
    let conditions: Vec<String> = given.iter().map(condition).collect();
    let message = format!(
        "No matching {class} objects found by CIM query for instances of the ROOT/StandardCimv2/{class} class on the  CIM \
         server: SELECT * FROM {class}  WHERE {}. Verify query parameters and retry.",
        conditions.join(" AND ")
    );
    ErrorRecord::new(kind, message, format!("CmdletizationQuery_NotFound,{cmdlet}"), 13).with_target(Val::str(class))
}
