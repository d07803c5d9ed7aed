//! Addresses, routes, connections, name resolution, firewall, as the networking modules show them: with names instead of
//! numbers.

use super::super::super::eval::Evaluator;
use super::super::super::machine::{Listening, PREFIX_LENGTH, Role};
use super::super::super::value::Val;
use super::network::mac;
use super::{Row, number, s, texts, yes};

pub(super) fn rows(evaluator: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    Some(match class {
        "MSFT_NetAdapter" => vec![adapter(evaluator)],
        "MSFT_NetIPAddress" => addresses(evaluator),
        "MSFT_NetRoute" => routes(evaluator),
        "MSFT_NetTCPConnection" => connections(evaluator),
        "MSFT_NetUDPEndpoint" => endpoints(evaluator),
        "MSFT_DNSClientServerAddress" => server_addresses(evaluator),
        "MSFT_DNSClient" => vec![client(evaluator)],
        "MSFT_DNSClientCache" => cache(evaluator),
        "MSFT_NetConnectionProfile" => vec![profile(evaluator)],
        "MSFT_NetFirewallProfile" => ["Domain", "Private", "Public"].map(firewall_profile).into(),
        "MSFT_NetFirewallRule" => firewall_rules(evaluator),
        _ => return None,
    })
}

/// A value of an enumeration that a module made of a CIM class has.
fn named(of: &'static str, name: &'static str, value: i32) -> Val {
    Val::of_enum(format!("Microsoft.PowerShell.Cmdletization.GeneratedTypes.{of}"), name, value)
}

const LOOPBACK: &str = "Loopback Pseudo-Interface 1";

fn adapter(evaluator: &Evaluator<'_>) -> Row {
    let adapter = evaluator.host.adapter();
    vec![
        ("MacAddress", s(mac(adapter.mac, "-"))),
        ("LinkSpeed", s("10 Gbps")),
        ("MediaType", s("802.3")),
        ("PhysicalMediaType", s("802.3")),
        ("AdminStatus", named("NetAdapter.NET_IF_ADMIN_STATUS", "Up", 1)),
        ("MediaConnectionState", named("NetAdapter.NET_IF_MEDIA_CONNECT_STATE", "Connected", 1)),
        ("DriverInformation", s("Driver Date 2023-04-11 Version 1.9.11.0 NDIS 6.82")),
        ("DriverFileName", s("vmxnet3.sys")),
        ("NdisVersion", s("6.82")),
        ("ifOperStatus", named("NetAdapter.NET_IF_OPER_STATUS", "Up", 1)),
        ("ifAlias", s(adapter.name)),
        ("InterfaceAlias", s(adapter.name)),
        ("ifIndex", number(adapter.interface_index)),
        ("ifDesc", s(adapter.description)),
        ("ifName", s("ethernet_32769")),
        ("DriverVersion", s("1.9.11.0")),
        ("LinkLayerAddress", s(mac(adapter.mac, "-"))),
        ("Name", s(adapter.name)),
        ("Status", s("Up")),
        ("DeviceID", s(adapter.guid.as_str())),
        ("PNPDeviceID", s("PCI\\VEN_15AD&DEV_07B0&SUBSYS_07B015AD&REV_01\\FF565000FFB6B4FE00")),
        ("SystemName", s(evaluator.host.full_name())),
        ("Speed", number(10_000_000_000_u64)),
        ("FullDuplex", yes(true)),
        ("NetworkAddresses", texts([mac(adapter.mac, "")])),
        ("PermanentAddress", s(mac(adapter.mac, ""))),
        ("ConnectorPresent", yes(true)),
        ("DriverDate", s("2023-04-11")),
        ("DriverDescription", s(adapter.description)),
        ("DriverName", s("\\SystemRoot\\System32\\drivers\\vmxnet3.sys")),
        ("DriverProvider", s("VMware, Inc.")),
        ("DriverVersionString", s("1.9.11.0")),
        ("HardwareInterface", yes(true)),
        ("Hidden", yes(false)),
        ("InterfaceAdminStatus", number(1)),
        ("InterfaceDescription", s(adapter.description)),
        ("InterfaceGuid", s(adapter.guid)),
        ("InterfaceIndex", number(adapter.interface_index)),
        ("InterfaceName", s("ethernet_32769")),
        ("InterfaceOperationalStatus", number(1)),
        ("InterfaceType", number(6)),
        ("MediaConnectState", number(1)),
        ("MediaDuplexState", number(2)),
        ("MtuSize", number(1500)),
        ("ReceiveLinkSpeed", number(10_000_000_000_u64)),
        ("State", number(2)),
        ("TransmitLinkSpeed", number(10_000_000_000_u64)),
        ("Virtual", yes(false)),
        ("VlanID", number(0)),
    ]
}

fn family(is_v6: bool) -> Val {
    let (name, value) = if is_v6 { ("IPv6", 23) } else { ("IPv4", 2) };
    named("NetIPAddress.AddressFamily", name, value)
}

fn addresses(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let adapter = evaluator.host.adapter();
    let row = |address: String, alias: &str, index: u32, prefix: u8, origin: (&'static str, i32)| {
        let is_v6 = address.contains(':');
        let own = |wanted: bool| if wanted { s(address.as_str()) } else { Val::Null };
        vec![
            ("ifIndex", number(index)),
            ("PolicyStore", s("ActiveStore")),
            ("Address", s(address.as_str())),
            ("AddressType", number(0)),
            ("IPv4Address", own(!is_v6)),
            ("IPv6Address", own(is_v6)),
            ("IPVersionSupport", number(if is_v6 { 1 } else { 0 })),
            ("PrefixLength", number(prefix)),
            ("AddressFamily", family(is_v6)),
            ("AddressState", named("NetIPAddress.AddressState", "Preferred", 4)),
            ("InterfaceAlias", s(alias)),
            ("InterfaceIndex", number(index)),
            ("IPAddress", s(address.as_str())),
            ("PreferredLifetime", Val::TimeSpan(i64::MAX)),
            ("PrefixOrigin", named("NetIPAddress.PrefixOrigin", origin.0, origin.1)),
            ("SkipAsSource", yes(false)),
            ("Store", named("NetIPAddress.Store", "ActiveStore", 1)),
            ("SuffixOrigin", named("NetIPAddress.SuffixOrigin", origin.0, origin.1)),
            ("Type", named("NetIPAddress.Type", "Unicast", 1)),
            ("ValidLifetime", Val::TimeSpan(i64::MAX)),
        ]
    };
    let (manual, known) = (("Manual", 1), ("WellKnown", 2));
    vec![
        row("::1".into(), LOOPBACK, 1, 128, known),
        row(adapter.address.to_string(), adapter.name, adapter.interface_index, PREFIX_LENGTH, manual),
        row("127.0.0.1".into(), LOOPBACK, 1, 8, known),
    ]
}

fn routes(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let adapter = evaluator.host.adapter();
    let index = adapter.interface_index;
    let row = |to: String, by: String, alias: &str, index: u32, metric: u32| {
        vec![
            ("ifIndex", number(index)),
            ("PolicyStore", s("ActiveStore")),
            ("InterfaceMetric", number(if index == 1 { 75 } else { 15 })),
            ("RouteMetric", number(metric)),
            ("TypeOfRoute", number(3)),
            ("AddressFamily", family(false)),
            ("DestinationPrefix", s(to)),
            ("InterfaceAlias", s(alias)),
            ("InterfaceIndex", number(index)),
            ("NextHop", s(by)),
            ("PreferredLifetime", Val::TimeSpan(i64::MAX)),
            ("Protocol", named("NetRoute.Protocol", "NetMgmt", 3)),
            ("Publish", named("NetRoute.Publish", "No", 0)),
            ("Store", named("NetRoute.Store", "ActiveStore", 1)),
            ("ValidLifetime", Val::TimeSpan(i64::MAX)),
        ]
    };
    let direct = || "0.0.0.0".to_owned();
    vec![
        row(format!("{}/32", adapter.address), direct(), adapter.name, index, 256),
        row("127.0.0.0/8".into(), direct(), LOOPBACK, 1, 256),
        row("10.20.0.0/16".into(), direct(), adapter.name, index, 256),
        row("0.0.0.0/0".into(), adapter.gateway.to_string(), adapter.name, index, 256),
    ]
}

fn connections(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let host = &evaluator.host;
    let state = |name, value| named("NetTCPConnection.State", name, value);
    let row = |local: String, port: u16, remote: &str, remote_port: u16, state: Val, id: u32| {
        vec![
            ("LocalAddress", s(local)),
            ("LocalPort", number(port)),
            (
                "AppliedSetting",
                if remote_port == 0 { Val::Null } else { named("NetTCPConnection.AppliedSetting", "Datacenter", 4) },
            ),
            ("OffloadState", named("NetTCPConnection.OffloadState", "InHost", 0)),
            ("OwningProcess", number(id)),
            ("RemoteAddress", s(remote)),
            ("RemotePort", number(remote_port)),
            ("State", state),
        ]
    };
    let listens = evaluator.machine.listening().into_iter().map(|listener| {
        // What the kernel serves listens on both families at once.
        let (local, remote) = match listener.port {
            139 => (host.address().to_string(), "0.0.0.0"),
            _ if listener.is_kernel => ("::".to_owned(), "::"),
            _ => ("0.0.0.0".to_owned(), "0.0.0.0"),
        };
        row(local, listener.port, remote, 0, state("Listen", 2), listener.process_id)
    });
    let client = row(host.address().to_string(), 5985, "10.20.0.50", 52_114, state("Established", 5), 4);
    listens.chain([client]).collect()
}

fn endpoints(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let row = |listening: Listening| {
        vec![
            ("LocalAddress", s("0.0.0.0")),
            ("LocalPort", number(listening.port)),
            ("OwningProcess", number(listening.process_id)),
        ]
    };
    evaluator.machine.udp_listening().into_iter().map(row).collect()
}

fn server_addresses(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let adapter = evaluator.host.adapter();
    let row = |alias: &str, index: u32, is_v6: bool, servers: Vec<String>| {
        vec![
            ("Address", texts(servers.clone())),
            ("AddressFamily", number(if is_v6 { 23 } else { 2 })),
            ("InterfaceAlias", s(alias)),
            ("InterfaceIndex", number(index)),
            ("ServerAddresses", texts(servers)),
        ]
    };
    let servers = adapter.dns.iter().map(ToString::to_string).collect();
    vec![
        row(adapter.name, adapter.interface_index, false, servers),
        row(adapter.name, adapter.interface_index, true, Vec::new()),
        row(LOOPBACK, 1, false, Vec::new()),
        row(LOOPBACK, 1, true, Vec::new()),
    ]
}

fn client(evaluator: &Evaluator<'_>) -> Row {
    let adapter = evaluator.host.adapter();
    vec![
        ("ConnectionSpecificSuffix", s("")),
        ("ConnectionSpecificSuffixSearchList", texts(Vec::<String>::new())),
        ("Hostname", s(evaluator.host.name().to_uppercase())),
        ("InterfaceAlias", s(adapter.name)),
        ("InterfaceIndex", number(adapter.interface_index)),
        ("RegisterThisConnectionsAddress", yes(true)),
        ("Suffix", s(evaluator.host.domain())),
        ("UseSuffixWhenRegistering", yes(false)),
    ]
}

/// The domain controller is always known.
fn cache(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let controller = evaluator.host.fellow("dc001");
    let row = |host: super::super::super::machine::Host| {
        vec![
            ("Data", s(host.address().to_string())),
            ("DataLength", number(4)),
            ("Entry", s(host.full_name())),
            ("Name", s(host.full_name())),
            ("Section", named("DnsClientCache.Section", "Answer", 1)),
            ("Status", named("DnsClientCache.Status", "Success", 0)),
            ("TimeToLive", number(3600 - evaluator.host_time().as_second() % 3600)),
            ("Type", named("DnsClientCache.Type", "A", 1)),
        ]
    };
    controller.map(row).into_iter().collect()
}

fn profile(evaluator: &Evaluator<'_>) -> Row {
    let adapter = evaluator.host.adapter();
    vec![
        ("InstanceID", s(adapter.guid)),
        ("InterfaceAlias", s(adapter.name)),
        ("InterfaceIndex", number(adapter.interface_index)),
        ("IPv4Connectivity", named("NetConnectionProfile.IPv4Connectivity", "LocalNetwork", 3)),
        ("IPv6Connectivity", named("NetConnectionProfile.IPv6Connectivity", "NoTraffic", 1)),
        ("Name", s(evaluator.host.domain())),
        ("NetworkCategory", named("NetConnectionProfile.NetworkCategory", "DomainAuthenticated", 2)),
    ]
}

fn gpo(value: bool) -> Val {
    if value { named("NetSecurity.GpoBoolean", "True", 1) } else { named("NetSecurity.GpoBoolean", "False", 0) }
}

fn firewall_profile(name: &'static str) -> Row {
    let unset = || named("NetSecurity.GpoBoolean", "NotConfigured", 2);
    let action = || named("NetSecurity.Action", "NotConfigured", 0);
    vec![
        ("Profile", s(name)),
        ("InstanceID", s(format!("MSFT|FW|FirewallProfile|{name}"))),
        ("AllowInboundRules", unset()),
        ("AllowLocalFirewallRules", unset()),
        ("AllowLocalIPsecRules", unset()),
        ("AllowUnicastResponseToMulticast", unset()),
        ("AllowUserApps", unset()),
        ("AllowUserPorts", unset()),
        ("DefaultInboundAction", action()),
        ("DefaultOutboundAction", action()),
        ("DisabledInterfaceAliases", texts(["NotConfigured"])),
        ("Enabled", gpo(true)),
        ("EnableStealthModeForIPsec", unset()),
        ("LogAllowed", gpo(false)),
        ("LogBlocked", gpo(false)),
        ("LogFileName", s("%systemroot%\\system32\\LogFiles\\Firewall\\pfirewall.log")),
        ("LogIgnored", unset()),
        ("LogMaxSizeKilobytes", number(4096)),
        ("Name", s(name)),
        ("NotifyOnListen", gpo(false)),
    ]
}

/// Name, display name, group, whether it is on.
const RULES: [(&str, &str, &str, bool); 12] = [
    ("FPS-ICMP4-ERQ-In", "File and Printer Sharing (Echo Request - ICMPv4-In)", "File and Printer Sharing", true),
    ("FPS-SMB-In-TCP", "File and Printer Sharing (SMB-In)", "File and Printer Sharing", true),
    ("RemoteDesktop-UserMode-In-TCP", "Remote Desktop - User Mode (TCP-In)", "Remote Desktop", true),
    ("RemoteDesktop-UserMode-In-UDP", "Remote Desktop - User Mode (UDP-In)", "Remote Desktop", true),
    ("RemoteEventLogSvc-In-TCP", "Remote Event Log Management (RPC)", "Remote Event Log Management", false),
    ("RemoteSvcAdmin-In-TCP", "Remote Service Management (RPC)", "Remote Service Management", false),
    (
        "vm-monitoring-icmpv4",
        "Virtual Machine Monitoring (Echo Request - ICMPv4-In)",
        "Virtual Machine Monitoring",
        false,
    ),
    ("WINRM-HTTP-In-TCP", "Windows Remote Management (HTTP-In)", "Windows Remote Management", true),
    ("WINRM-HTTP-In-TCP-PUBLIC", "Windows Remote Management (HTTP-In)", "Windows Remote Management", true),
    (
        "WMI-RPCSS-In-TCP",
        "Windows Management Instrumentation (DCOM-In)",
        "Windows Management Instrumentation (WMI)",
        false,
    ),
    (
        "WMI-WINMGMT-In-TCP",
        "Windows Management Instrumentation (WMI-In)",
        "Windows Management Instrumentation (WMI)",
        false,
    ),
    ("CoreNet-DNS-Out-UDP", "Core Networking - DNS (UDP-Out)", "Core Networking", true),
];

fn of_role(role: Role) -> &'static [(&'static str, &'static str, &'static str, bool)] {
    match role {
        Role::Web => &[
            (
                "IIS-WebServerRole-HTTP-In-TCP",
                "World Wide Web Services (HTTP Traffic-In)",
                "World Wide Web Services (HTTP)",
                true,
            ),
            (
                "IIS-WebServerRole-HTTPS-In-TCP",
                "World Wide Web Services (HTTPS Traffic-In)",
                "Secure World Wide Web Services (HTTPS)",
                true,
            ),
        ],
        Role::App => &[("Contoso-Orders-In-TCP", "Contoso Orders (TCP-In)", "Contoso", true)],
        Role::Sql => &[("SQL-In-TCP", "SQL Server (TCP-In)", "", true)],
        Role::File => &[(
            "FSRM-WMI-WINMGMT-In-TCP",
            "Remote File Server Resource Manager Management (WMI-In)",
            "Remote File Server Resource Manager Management",
            true,
        )],
        Role::DomainController => &[
            (
                "ADDS-LDAP-TCP-In",
                "Active Directory Domain Controller - LDAP (TCP-In)",
                "Active Directory Domain Services",
                true,
            ),
            ("DNSSrv-DNS-UDP-In", "DNS (UDP, Incoming)", "DNS Service", true),
        ],
    }
}

fn firewall_rules(evaluator: &Evaluator<'_>) -> Vec<Row> {
    let row = |&(name, shown, group, is_on): &(&'static str, &'static str, &'static str, bool)| {
        let is_out = name.contains("-Out-");
        let direction = if is_out { ("Outbound", 2) } else { ("Inbound", 1) };
        vec![
            ("Name", s(name)),
            ("Group", s(group)),
            ("Profile", named("NetSecurity.Profile", if name.ends_with("PUBLIC") { "Public" } else { "Any" }, 0)),
            ("Platform", texts(Vec::<String>::new())),
            ("Description", s(shown)),
            ("DisplayName", s(shown)),
            ("DisplayGroup", s(group)),
            ("ElementName", s(shown)),
            ("InstanceID", s(name)),
            ("RuleGroup", s(group)),
            ("CreationClassName", s(format!("MSFT|FW|FirewallRule|{name}"))),
            ("Action", named("NetSecurity.Action", "Allow", 2)),
            ("Direction", named("NetSecurity.Direction", direction.0, direction.1)),
            ("EdgeTraversalPolicy", named("NetSecurity.EdgeTraversal", "Block", 0)),
            (
                "Enabled",
                if is_on { named("NetSecurity.Enabled", "True", 1) } else { named("NetSecurity.Enabled", "False", 2) },
            ),
            ("LocalOnlyMapping", yes(false)),
            ("LooseSourceMapping", yes(false)),
            ("PolicyStoreSource", s("PersistentStore")),
            ("PolicyStoreSourceType", named("NetSecurity.PolicyStoreType", "Local", 1)),
            ("PrimaryStatus", named("NetSecurity.PrimaryStatus", "OK", 1)),
            ("Status", s("The rule was parsed successfully from the store. (65536)")),
        ]
    };
    RULES.iter().chain(of_role(evaluator.host.role())).map(row).collect()
}
