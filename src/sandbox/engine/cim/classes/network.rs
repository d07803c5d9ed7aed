//! Network adapters.

use super::super::super::eval::Evaluator;
use super::super::super::machine::SUBNET_MASK;
use super::super::super::value::Val;
use super::{Row, number, numbers, s, texts, yes};

pub(super) fn rows(evaluator: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    Some(match class {
        "Win32_NetworkAdapter" => vec![kernel_debugger(), adapter(evaluator)],
        "Win32_NetworkAdapterConfiguration" => vec![unbound(), configuration(evaluator)],
        _ => return None,
    })
}

/// `00:50:56:80:01:02`
pub(in super::super::super) fn mac(bytes: [u8; 6], separator: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(separator)
}

/// The adapter that every Windows has, without connection.
fn kernel_debugger() -> Row {
    let name = "Microsoft Kernel Debug Network Adapter";
    vec![
        ("Caption", s(format!("[00000000] {name}"))),
        ("Description", s(name)),
        ("Name", s(name)),
        ("Availability", number(3)),
        ("ConfigManagerErrorCode", number(0)),
        ("ConfigManagerUserConfig", yes(false)),
        ("DeviceID", s("0")),
        ("PNPDeviceID", s("ROOT\\KDNIC\\0000")),
        ("Index", number(0)),
        ("Installed", yes(true)),
        ("InterfaceIndex", number(2)),
        ("Manufacturer", s("Microsoft")),
        ("MaxNumberControlled", number(0)),
        ("PhysicalAdapter", yes(false)),
        ("ProductName", s(name)),
        ("ServiceName", s("kdnic")),
    ]
}

fn adapter(evaluator: &Evaluator<'_>) -> Row {
    let adapter = evaluator.host.adapter();
    vec![
        ("Caption", s(format!("[00000001] {}", adapter.description))),
        ("Description", s(adapter.description)),
        ("Name", s(adapter.description)),
        ("Availability", number(3)),
        ("ConfigManagerErrorCode", number(0)),
        ("ConfigManagerUserConfig", yes(false)),
        ("DeviceID", s("1")),
        ("PNPDeviceID", s("PCI\\VEN_15AD&DEV_07B0&SUBSYS_07B015AD&REV_01\\FF565000FFB6B4FE00")),
        ("Speed", number(10_000_000_000_u64)),
        ("AdapterType", s("Ethernet 802.3")),
        ("AdapterTypeID", number(0)),
        ("GUID", s(adapter.guid)),
        ("Index", number(1)),
        ("Installed", yes(true)),
        ("InterfaceIndex", number(adapter.interface_index)),
        ("MACAddress", s(mac(adapter.mac, ":"))),
        ("Manufacturer", s("VMware, Inc.")),
        ("MaxNumberControlled", number(0)),
        ("NetConnectionID", s(adapter.name)),
        ("NetConnectionStatus", number(2)),
        ("NetEnabled", yes(true)),
        ("PhysicalAdapter", yes(true)),
        ("ProductName", s(adapter.description)),
        ("ServiceName", s("vmxnet3ndis6")),
    ]
}

fn unbound() -> Row {
    let name = "Microsoft Kernel Debug Network Adapter";
    vec![
        ("Caption", s(format!("[00000000] {name}"))),
        ("Description", s(name)),
        ("DHCPEnabled", yes(true)),
        ("Index", number(0)),
        ("InterfaceIndex", number(2)),
        ("IPEnabled", yes(false)),
        ("ServiceName", s("kdnic")),
    ]
}

fn configuration(evaluator: &Evaluator<'_>) -> Row {
    let host = &evaluator.host;
    let adapter = host.adapter();
    let dns = adapter.dns.iter().map(ToString::to_string);
    vec![
        ("Caption", s(format!("[00000001] {}", adapter.description))),
        ("Description", s(adapter.description)),
        ("SettingID", s(adapter.guid.as_str())),
        ("DatabasePath", s("%SystemRoot%\\System32\\drivers\\etc")),
        ("DefaultIPGateway", texts([adapter.gateway.to_string()])),
        ("DHCPEnabled", yes(false)),
        ("DNSDomain", Val::Null),
        ("DNSDomainSuffixSearchOrder", texts([host.domain()])),
        ("DNSEnabledForWINSResolution", yes(false)),
        ("DNSHostName", s(host.name().to_uppercase())),
        ("DNSServerSearchOrder", texts(dns)),
        ("DomainDNSRegistrationEnabled", yes(false)),
        ("FullDNSRegistrationEnabled", yes(true)),
        ("GatewayCostMetric", numbers(&[256])),
        ("Index", number(1)),
        ("InterfaceIndex", number(adapter.interface_index)),
        ("IPAddress", texts([adapter.address.to_string()])),
        ("IPConnectionMetric", number(15)),
        ("IPEnabled", yes(true)),
        ("IPFilterSecurityEnabled", yes(false)),
        ("IPSecPermitIPProtocols", texts(Vec::<String>::new())),
        ("IPSecPermitTCPPorts", texts(Vec::<String>::new())),
        ("IPSecPermitUDPPorts", texts(Vec::<String>::new())),
        ("IPSubnet", texts([SUBNET_MASK.to_string()])),
        ("MACAddress", s(mac(adapter.mac, ":"))),
        ("ServiceName", s("vmxnet3ndis6")),
        ("TcpipNetbiosOptions", number(0)),
        ("WINSEnableLMHostsLookup", yes(true)),
        ("WINSScopeID", s("")),
    ]
}
