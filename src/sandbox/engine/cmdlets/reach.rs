//! Whether other hosts are there: Test-Connection, Test-NetConnection, Resolve-DnsName, Get-NetIPConfiguration,
//! Test-WSMan.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::super::cim;
use super::super::dotnet::ip_address;
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Flow, Run, Sink};
use super::super::machine::Host;
use super::super::value::{Obj, Schema, Val};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 5] = [
    Spec {
        name: "Test-Connection",
        aliases: &[],
        params: &[
            "TargetName|ComputerName|CN|IPAddress|__SERVER|Server|Destination|Name:string@0<^+",
            "Count",
            "Quiet!",
            "Delay",
            "TimeoutSeconds",
            "BufferSize|Size|Bytes|BS",
            "IPv4!",
            "ResolveDestination!",
            "TcpPort",
            "Ping!",
            "Repeat|Continuous!",
            "Traceroute!",
            "MtuSize!",
            "IPv6!",
            "Source",
            "Detailed!",
            "AsJob!",
            "TimeToLive|TTL|MaxHops",
            "DontFragment!",
        ],
        make: |_, bound| {
            bound.refuse(&["Repeat", "Traceroute", "MtuSize", "IPv6", "Source", "Detailed", "AsJob"])?;
            PerInput::boxed(bound, test_connection)
        },
    },
    Spec {
        name: "Test-NetConnection",
        aliases: &["TNC"],
        params: &[
            "ComputerName|RemoteAddress|cn:string@0<^",
            "CommonTCPPort@1",
            "Port|RemotePort^",
            "InformationLevel",
            "TraceRoute!",
            "Hops",
            "DiagnoseRouting!",
            "ConstrainSourceAddress",
            "ConstrainInterface",
        ],
        make: |_, bound| {
            bound.refuse(&["TraceRoute", "DiagnoseRouting"])?;
            PerInput::boxed(bound, test_net_connection)
        },
    },
    Spec {
        name: "Resolve-DnsName",
        aliases: &[],
        params: &[
            "Name:string@0<^+",
            "Type@1",
            "Server",
            "DnsOnly!",
            "CacheOnly!",
            "NoHostsFile!",
            "QuickTimeout!",
            "NoRecursion!",
            "TcpOnly!",
            "LlmnrOnly!",
            "NetbiosFallback!",
            "LlmnrFallback!",
            "DnssecOk!",
        ],
        make: |_, bound| {
            bound.refuse(&["CacheOnly", "LlmnrOnly", "DnssecOk"])?;
            PerInput::boxed(bound, resolve)
        },
    },
    Spec {
        name: "Get-NetIPConfiguration",
        aliases: &["gip"],
        params: &["InterfaceAlias|ifAlias@0", "InterfaceIndex|ifIndex", "All!", "Detailed!", "CimSession"],
        make: |_, bound| {
            bound.refuse(&["CimSession"])?;
            PerInput::boxed(bound, ip_configuration)
        },
    },
    Spec {
        name: "Test-WSMan",
        aliases: &[],
        params: &["ComputerName|cn:string@0<", "Authentication", "Credential", "Port", "UseSSL!", "ApplicationName"],
        make: |_, bound| {
            bound.refuse(&["Credential", "UseSSL", "ApplicationName"])?;
            PerInput::boxed(bound, test_wsman)
        },
    },
];

/// Most requests of one call.
const MOST_REQUESTS: usize = 1000;

/// The address under which a host is reached from here.
fn seen_from(evaluator: &Evaluator<'_>, host: &Host, name: &str) -> Ipv4Addr {
    let is_local = matches!(name.to_ascii_lowercase().as_str(), "localhost" | "127.0.0.1" | "." | "::1");
    if is_local && host.index() == evaluator.host.index() { Ipv4Addr::LOCALHOST } else { host.address() }
}

fn wait(evaluator: &mut Evaluator<'_>, time: Duration) -> Run<()> {
    if evaluator.runtime.sleep(time).is_break() { Err(Flow::Stopped) } else { Ok(()) }
}

fn test_connection(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let count = bound.count("Count")?.unwrap_or(4).clamp(1, MOST_REQUESTS);
    let delay = bound.count("Delay")?.unwrap_or(1).min(60) as u64;
    for name in bound.texts("TargetName") {
        let found = evaluator.host.fellow(&name);
        let port = bound.count("TcpPort")?;
        if bound.switch("Quiet") || port.is_some() {
            let answers = found.as_ref().is_some_and(|host| port.is_none_or(|port| listens(evaluator, host, port)));
            out.put(evaluator, Val::Bool(answers))?;
            continue;
        }
        let Some(host) = found else {
            let message = format!("Testing connection to computer '{name}' failed: No such host is known");
            let kind = "System.Net.NetworkInformation.PingException";
            let record = ErrorRecord::new(kind, message, "TestConnectionException", 21).with_target(Val::str(name));
            evaluator.write_error(record)?;
            continue;
        };
        let address = seen_from(evaluator, &host, &name);
        for request in 1..=count {
            if request > 1 {
                wait(evaluator, Duration::from_secs(delay))?;
            }
            let status = ping_status(evaluator, &name, address, bound)?;
            out.put(evaluator, status)?;
        }
    }
    Ok(())
}

/// Whether something listens on a port of a host; of others than this one what ran in the beginning is known.
fn listens(evaluator: &Evaluator<'_>, host: &Host, port: usize) -> bool {
    let is_here = host.index() == evaluator.host.index();
    let listening = if is_here { evaluator.machine.listening() } else { host.listening() };
    listening.iter().any(|listener| usize::from(listener.port) == port)
}

/// What Windows PowerShell 5.1 gives for an answer: an object of WMI.
/// Source: learn.microsoft.com, Win32_PingStatus; types.ps1xml of Windows PowerShell adds the addresses.
fn ping_status(evaluator: &Evaluator<'_>, name: &str, address: Ipv4Addr, bound: &Bound) -> Run<Val> {
    const CLASS: &str = "Win32_PingStatus";
    let size = bound.count("BufferSize")?.unwrap_or(32) as u32;
    let life = bound.count("TimeToLive")?.unwrap_or(80) as u32;
    let server = evaluator.host.name().to_uppercase();
    let path = format!(
        "{CLASS}.Address=\"{name}\",BufferSize={size},NoFragmentation=FALSE,RecordRoute=0,ResolveAddressNames=FALSE,\
         SourceRoute=\"\",SourceRouteType=0,Timeout=4000,TimestampRoute=0,TimeToLive={life},TypeofService=0"
    );
    let members = [
        ("__GENUS", Val::I32(2)),
        ("__CLASS", Val::str(CLASS)),
        ("__SUPERCLASS", Val::Null),
        ("__DYNASTY", Val::str(CLASS)),
        ("__RELPATH", Val::str(path.as_str())),
        ("__PROPERTY_COUNT", Val::I32(24)),
        ("__DERIVATION", Val::list("System.String[]", Vec::new())),
        ("__SERVER", Val::str(server.as_str())),
        ("__NAMESPACE", Val::str("root\\cimv2")),
        ("__PATH", Val::str(format!("\\\\{server}\\root\\cimv2:{path}"))),
        ("Address", Val::str(name)),
        ("BufferSize", Val::U32(size)),
        ("NoFragmentation", Val::Bool(false)),
        ("PrimaryAddressResolutionStatus", Val::U32(0)),
        ("ProtocolAddress", Val::str(address.to_string())),
        ("ProtocolAddressResolved", Val::str("")),
        ("RecordRoute", Val::U32(0)),
        ("ReplyInconsistency", Val::Bool(false)),
        ("ReplySize", Val::U32(size)),
        ("ResolveAddressNames", Val::Bool(false)),
        ("ResponseTime", Val::U32(0)),
        ("ResponseTimeToLive", Val::U32(128)),
        ("RouteRecord", Val::Null),
        ("RouteRecordResolved", Val::Null),
        ("SourceRoute", Val::str("")),
        ("SourceRouteType", Val::U32(0)),
        ("StatusCode", Val::U32(0)),
        ("Timeout", Val::U32(4000)),
        ("TimeStampRecord", Val::Null),
        ("TimeStampRecordAddress", Val::Null),
        ("TimeStampRecordAddressResolved", Val::Null),
        ("TimestampRoute", Val::U32(0)),
        ("TimeToLive", Val::U32(life)),
        ("TypeofService", Val::U32(0)),
        ("IPV4Address", ip_address(address)),
        ("IPV6Address", Val::Null),
        ("PSComputerName", Val::str(server.as_str())),
    ];
    let (names, values): (Vec<&str>, Vec<Val>) = members.into_iter().unzip();
    let plain = "System.Management.ManagementObject";
    let types = [
        &*format!("{plain}#root\\cimv2\\{CLASS}"),
        &*format!("{plain}#{CLASS}"),
        plain,
        "System.Management.ManagementBaseObject",
        "System.ComponentModel.Component",
        "System.MarshalByRefObject",
        "System.Object",
    ];
    Ok(Obj::typed(&Schema::new(&types, &names), format!("\\\\{server}\\root\\cimv2:{path}"), values))
}

fn common_port(name: &str) -> Option<usize> {
    Some(match name.to_ascii_uppercase().as_str() {
        "HTTP" => 80,
        "RDP" => 3389,
        "SMB" => 445,
        "WINRM" => 5985,
        _ => return None,
    })
}

fn test_net_connection(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let named = bound.text("CommonTCPPort");
    let port = match (bound.count("Port")?, &named) {
        (Some(port), _) => Some(port),
        (None, Some(name)) => match common_port(name).or_else(|| name.parse().ok()) {
            Some(port) => Some(port),
            None => return Err(ErrorRecord::unsupported(&format!("the TCP port '{name}'")).into()),
        },
        (None, None) => None,
    };
    let is_quiet = bound.text("InformationLevel").is_some_and(|level| level.eq_ignore_ascii_case("quiet"));
    let name = bound.text("ComputerName").unwrap_or_else(|| "internetbeacon.msedge.net".to_owned());
    let host = evaluator.host.fellow(&name);
    let answers = match (&host, port) {
        (Some(host), Some(port)) => Some(listens(evaluator, host, port)),
        (None, Some(_)) => Some(false),
        _ => None,
    };
    let pings = host.is_some();
    if host.is_none() {
        evaluator.write_warning(&format!("Name resolution of {name} failed"))?;
    } else if answers == Some(false)
        && let (Some(host), Some(port)) = (&host, port)
    {
        let address = seen_from(evaluator, host, &name);
        evaluator.write_warning(&format!("TCP connect to ({address} : {port}) failed"))?;
    }
    let succeeded = answers.unwrap_or(pings);
    let value = match is_quiet {
        true => Val::Bool(succeeded),
        false => net_result(evaluator, &name, host.as_ref(), port, answers),
    };
    out.put(evaluator, value)
}

/// Source: learn.microsoft.com, Test-NetConnection (NetTCPIP).
fn net_result(
    evaluator: &Evaluator<'_>,
    name: &str,
    host: Option<&Host>,
    port: Option<usize>,
    answers: Option<bool>,
) -> Val {
    let schema = Schema::new(
        &["TestNetConnectionResult", "System.Object"],
        &[
            "ComputerName",
            "RemoteAddress",
            "RemotePort",
            "ResolvedAddresses",
            "PingSucceeded",
            "PingReplyDetails",
            "TcpTestSucceeded",
            "InterfaceAlias",
            "InterfaceIndex",
            "InterfaceDescription",
            "SourceAddress",
            "NameResolutionSucceeded",
        ],
    );
    let adapter = evaluator.host.adapter();
    let address = host.map(|host| seen_from(evaluator, host, name));
    let is_loopback = address == Some(Ipv4Addr::LOCALHOST);
    let source = if is_loopback { Ipv4Addr::LOCALHOST } else { adapter.address };
    let or_null = |value: Val| if host.is_some() { value } else { Val::Null };
    let alias = if is_loopback { "Loopback Pseudo-Interface 1" } else { adapter.name };
    // The port alone tells; it is pinged only where the port gives no answer.
    let pings = host.is_some() && answers != Some(true);
    let values = vec![
        Val::str(name),
        address.map_or(Val::Null, ip_address),
        Val::U32(port.unwrap_or(0) as u32),
        Val::array(address.into_iter().map(ip_address).collect()),
        Val::Bool(pings),
        if pings { Val::str("System.Net.NetworkInformation.PingReply") } else { Val::Null },
        Val::Bool(answers == Some(true)),
        or_null(Val::str(alias)),
        or_null(Val::U32(if is_loopback { 1 } else { adapter.interface_index })),
        or_null(Val::str(adapter.description)),
        or_null(Val::str(source.to_string())),
        Val::Bool(host.is_some()),
    ];
    Obj::typed(&schema, "TestNetConnectionResult", values)
}

fn resolve(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let kind = bound.text("Type").unwrap_or_else(|| "A_AAAA".to_owned()).to_ascii_uppercase();
    let name = bound.text("Name").unwrap_or_default();
    for server in bound.texts("Server") {
        let answers = |host: Host| listens(evaluator, &host, 53);
        if !evaluator.host.fellow(&server).is_some_and(answers) {
            let message = format!("{name} : This operation returned because the timeout period expired");
            let id = "ERROR_TIMEOUT,Microsoft.DnsClient.Commands.ResolveDnsName";
            let record = ErrorRecord::new("System.ComponentModel.Win32Exception", message, id, 15);
            return evaluator.write_error(record.with_target(Val::str(name)));
        }
    }
    let Some(host) = evaluator.host.fellow(&name) else {
        let message = format!("{name} : DNS name does not exist");
        let id = "DNS_ERROR_RCODE_NAME_ERROR,Microsoft.DnsClient.Commands.ResolveDnsName";
        let record = ErrorRecord::new("System.ComponentModel.Win32Exception", message, id, 21);
        return evaluator.write_error(record.with_target(Val::str(name)));
    };
    let record = match (kind.as_str(), name.parse::<Ipv4Addr>()) {
        ("A_AAAA" | "PTR", Ok(address)) => {
            let [a, b, c, d] = address.octets();
            pointer(&format!("{d}.{c}.{b}.{a}.in-addr.arpa"), &host.full_name())
        }
        ("A" | "A_AAAA" | "ALL", _) => address_record(&host.full_name(), seen_from(evaluator, &host, &name)),
        ("AAAA" | "MX" | "TXT" | "SRV" | "CNAME", _) => return Ok(()),
        _ => return Err(ErrorRecord::unsupported(&format!("DNS records of type {kind}")).into()),
    };
    out.put(evaluator, record)
}

fn record(class: &str, own: Vec<(&'static str, Val)>, name: &str, kind: (&'static str, i32), length: u16) -> Val {
    let types = [format!("Microsoft.DnsClient.Commands.{class}"), "Microsoft.DnsClient.Commands.DnsRecord".to_owned()];
    let mut members = own;
    let kind = Val::of_enum("Microsoft.DnsClient.Commands.RecordType", kind.0, kind.1);
    members.extend([
        ("QueryType", kind.clone()),
        ("Name", Val::str(name)),
        ("Type", kind),
        ("CharacterSet", Val::of_enum("Microsoft.DnsClient.Commands.DNSCharset", "Unicode", 1)),
        ("Section", Val::of_enum("Microsoft.DnsClient.Commands.DNSSection", "Answer", 1)),
        ("DataLength", Val::U16(length)),
        ("TTL", Val::I32(3600)),
    ]);
    let (names, values): (Vec<&str>, Vec<Val>) = members.into_iter().unzip();
    Obj::typed(&Schema::new(&[&types[0], &types[1], "System.Object"], &names), types[0].as_str(), values)
}

fn address_record(name: &str, address: Ipv4Addr) -> Val {
    let text = || Val::str(address.to_string());
    record("DnsRecord_A", vec![("Address", text()), ("IPAddress", text()), ("IP4Address", text())], name, ("A", 1), 4)
}

fn pointer(name: &str, to: &str) -> Val {
    record("DnsRecord_PTR", vec![("Server", Val::str(to)), ("NameHost", Val::str(to))], name, ("PTR", 12), 8)
}

/// Source: learn.microsoft.com, Get-NetIPConfiguration (NetTCPIP).
fn ip_configuration(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let adapter = evaluator.host.adapter();
    if let Some(alias) = bound.text("InterfaceAlias")
        && !evaluator.patterns.like(adapter.name, &alias, false)?
    {
        let message = format!(
            "No MSFT_NetIPInterface objects found with property 'InterfaceAlias' equal to '{alias}'.  Verify the value of the property and retry."
        );
        let kind = "Microsoft.PowerShell.Cmdletization.Cim.CimJobException";
        let id = "CmdletizationQuery_NotFound_InterfaceAlias,Get-NetIPInterface";
        return evaluator.write_error(ErrorRecord::new(kind, message, id, 13).with_target(Val::str(alias)));
    }
    if bound.count("InterfaceIndex")?.is_some_and(|index| index != adapter.interface_index as usize) {
        return Ok(());
    }
    let of_adapter = |evaluator: &mut Evaluator<'_>, class: &str, property: &str, value: &str| {
        let all = cim::all_of(evaluator, class);
        let fits = |object: &Val| {
            let own =
                evaluator.member(object, property).map_or_else(String::new, |own| super::super::convert::text(&own));
            let alias = evaluator.member(object, "InterfaceAlias");
            own == value && alias.is_some_and(|alias| super::super::convert::text(&alias) == adapter.name)
        };
        Val::array(all.into_iter().filter(fits).collect())
    };
    let addresses = of_adapter(evaluator, "MSFT_NetIPAddress", "AddressFamily", "IPv4");
    let gateway = of_adapter(evaluator, "MSFT_NetRoute", "DestinationPrefix", "0.0.0.0/0");
    let dns = of_adapter(evaluator, "MSFT_DNSClientServerAddress", "AddressFamily", "2");
    let profile = cim::all_of(evaluator, "MSFT_NetConnectionProfile").into_iter().next().unwrap_or(Val::Null);
    let net_adapter = cim::all_of(evaluator, "MSFT_NetAdapter").into_iter().next().unwrap_or(Val::Null);
    let none = || Val::array(Vec::new());
    let members = [
        ("ComputerName", Val::str(evaluator.host.name().to_uppercase())),
        ("InterfaceAlias", Val::str(adapter.name)),
        ("InterfaceIndex", Val::U32(adapter.interface_index)),
        ("InterfaceDescription", Val::str(adapter.description)),
        ("NetAdapter", net_adapter),
        ("NetProfile", profile),
        ("AllIPAddresses", addresses.clone()),
        ("IPv6Address", none()),
        ("IPv6LinkLocalAddress", none()),
        ("IPv4Address", addresses),
        ("IPv6DefaultGateway", Val::Null),
        ("IPv4DefaultGateway", gateway),
        ("DNSServer", dns),
        ("Detailed", Val::Bool(bound.switch("Detailed"))),
    ];
    let (names, values): (Vec<&str>, Vec<Val>) = members.into_iter().unzip();
    let schema = Schema::new(&["NetIPConfiguration", "System.Object"], &names);
    out.put(evaluator, Obj::typed(&schema, "NetIPConfiguration", values))
}

fn test_wsman(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let name = bound.text("ComputerName").unwrap_or_else(|| "localhost".to_owned());
    let port = bound.count("Port")?.unwrap_or(5985);
    if !evaluator.host.fellow(&name).is_some_and(|host| listens(evaluator, &host, port)) {
        let message =
            format!("The WinRM client cannot process the request because the server name cannot be resolved. ({name})");
        let id = "WsManError,Microsoft.WSMan.Management.TestWSManCommand";
        let record = ErrorRecord::new("System.InvalidOperationException", message, id, 7);
        return evaluator.write_error(record.with_target(Val::str(name)));
    }
    let schema = Schema::new(
        &[
            "System.Xml.XmlElement#http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd#IdentifyResponse",
            "System.Xml.XmlElement",
            "System.Object",
        ],
        &["wsmid", "ProtocolVersion", "ProductVendor", "ProductVersion"],
    );
    let values = [
        "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd",
        "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
        "Microsoft Corporation",
        "OS: 0.0.0 SP: 0.0 Stack: 3.0",
    ];
    out.put(evaluator, Obj::typed(&schema, "System.Xml.XmlElement", values.map(Val::str).into()))
}
