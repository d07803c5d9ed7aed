//! ping, nslookup, netstat, route, arp, getmac.

use std::net::Ipv4Addr;

use super::super::cim::mac;
use super::super::eval::{Evaluator, Flow, Run};
use super::super::machine::{Host, SUBNET_MASK};
use super::{Said, columns, refuse, switch};

/// Most requests of one ping.
const MOST_REQUESTS: u32 = 100;

pub(super) fn ping(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let (mut target, mut count) = (None, 4_u32);
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match switch(arg).as_deref() {
            None => target = Some(arg),
            Some("n") => match rest.next().and_then(|count| count.parse().ok()) {
                Some(given) if given > 0 => count = given,
                _ => {
                    return Ok(Said::lines(["Bad value for option -n, valid range is from 1 to 4294967295."]).failed(1));
                }
            },
            Some("w" | "l") => drop(rest.next()),
            Some("4" | "a") => {}
            _ => return refuse("ping", args),
        }
    }
    let Some(target) = target else {
        return Ok(Said::text("\nUsage: ping [-n count] [-w timeout] target_name\n").failed(1));
    };
    let Some(host) = evaluator.host.fellow(target) else {
        let text = format!("Ping request could not find host {target}. Please check the name and try again.");
        return Ok(Said::lines([text]).failed(1));
    };
    let count = count.min(MOST_REQUESTS);
    let address = host.address();
    let shown = if target.parse::<Ipv4Addr>().is_ok() {
        format!("Pinging {address} with 32 bytes of data:")
    } else {
        format!("Pinging {} [{address}] with 32 bytes of data:", host.full_name())
    };
    let mut lines = vec![String::new(), shown];
    for request in 0..count {
        if request > 0 && evaluator.runtime.sleep(std::time::Duration::from_secs(1)).is_break() {
            return Err(Flow::Stopped);
        }
        lines.push(format!("Reply from {address}: bytes=32 time<1ms TTL=128"));
    }
    lines.extend([
        String::new(),
        format!("Ping statistics for {address}:"),
        format!("    Packets: Sent = {count}, Received = {count}, Lost = 0 (0% loss),"),
        "Approximate round trip times in milli-seconds:".into(),
        "    Minimum = 0ms, Maximum = 0ms, Average = 0ms".into(),
    ]);
    Ok(Said::lines(lines))
}

pub(super) fn nslookup(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let [name, rest @ ..] = args else { return refuse("nslookup", args) };
    if switch(name).is_some() || rest.len() > 1 {
        return refuse("nslookup", args);
    }
    let server = evaluator.host.adapter().dns[0];
    let server_name =
        evaluator.host.fellow(&server.to_string()).map_or_else(|| "UnKnown".into(), |host| host.full_name());
    let mut lines = vec![format!("Server:  {server_name}"), format!("Address:  {server}"), String::new()];
    Ok(match evaluator.host.fellow(name) {
        Some(host) => {
            lines.extend([
                format!("Name:    {}", host.full_name()),
                format!("Address:  {}", host.address()),
                String::new(),
            ]);
            Said::lines(lines)
        }
        None => {
            let error = format!("*** {server_name} can't find {name}: Non-existent domain");
            Said { lines, errors: vec![error], code: 0 }
        }
    })
}

pub(super) fn netstat(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let switches: String = args.iter().filter_map(|arg| switch(arg)).collect();
    let is_known = args.iter().all(|arg| switch(arg).is_some_and(|arg| arg.chars().all(|one| "anofp".contains(one))));
    if !is_known || switches.contains('p') {
        return refuse("netstat", args);
    }
    let (all, owner) = (switches.contains('a'), switches.contains('o'));
    let mut lines = vec![String::new(), "Active Connections".into(), String::new()];
    let row = |cells: [&str; 4], id: &str| {
        let line = format!("  {:<6} {:<22} {:<22} {:<15} {id}", cells[0], cells[1], cells[2], cells[3]);
        line.trim_end().to_owned()
    };
    lines.push(row(["Proto", "Local Address", "Foreign Address", "State"], if owner { "PID" } else { "" }));
    let address = evaluator.host.address();
    for listener in evaluator.machine.listening() {
        let id = if owner { listener.process_id.to_string() } else { String::new() };
        let local = match listener.port {
            139 => format!("{address}:139"),
            port => format!("0.0.0.0:{port}"),
        };
        if all {
            lines.push(row(["TCP", &local, "0.0.0.0:0", "LISTENING"], &id));
        }
    }
    let client = Ipv4Addr::new(10, 20, 0, 50);
    let id = if owner { "4" } else { "" };
    lines.push(row(["TCP", &format!("{address}:5985"), &format!("{client}:52114"), "ESTABLISHED"], id));
    for listener in evaluator.machine.udp_listening().iter().filter(|_| all) {
        let id = if owner { listener.process_id.to_string() } else { String::new() };
        lines.push(row(["UDP", &format!("0.0.0.0:{}", listener.port), "*:*", ""], &id));
    }
    Ok(Said::lines(lines))
}

pub(super) fn route(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    if args.first().map(|verb| verb.to_ascii_lowercase()).as_deref() != Some("print") {
        return refuse("route", args);
    }
    let adapter = evaluator.host.adapter();
    let rule = "=".repeat(75);
    let row = |to: &str, mask: &str, by: &str, from: &str, metric: &str| {
        format!("{to:>17}{mask:>17}{by:>17}{from:>17}{metric:>7}")
    };
    let own = adapter.address.to_string();
    let mask = SUBNET_MASK.to_string();
    Ok(Said::lines([
        rule.clone(),
        "Interface List".into(),
        format!(
            " {:>2}...{} ......{}",
            adapter.interface_index,
            mac(adapter.mac, " ").to_lowercase(),
            adapter.description
        ),
        "  1...........................Software Loopback Interface 1".into(),
        rule.clone(),
        String::new(),
        "IPv4 Route Table".into(),
        rule.clone(),
        "Active Routes:".into(),
        "Network Destination        Netmask          Gateway       Interface  Metric".into(),
        row("0.0.0.0", "0.0.0.0", &adapter.gateway.to_string(), &own, "271"),
        row("10.20.0.0", &mask, "On-link", &own, "271"),
        row(&own, "255.255.255.255", "On-link", &own, "271"),
        row("127.0.0.0", "255.0.0.0", "On-link", "127.0.0.1", "331"),
        rule,
    ]))
}

pub(super) fn arp(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    if args.first().and_then(|arg| switch(arg)).as_deref() != Some("a") {
        return refuse("arp", args);
    }
    let adapter = evaluator.host.adapter();
    let neighbors = adapter.dns.iter().filter_map(|server| evaluator.host.fellow(&server.to_string()));
    let line = |address: Ipv4Addr, mac: String| format!("  {:<22}{mac:<22}dynamic", address.to_string());
    let mut lines = vec![
        String::new(),
        format!("Interface: {} --- 0x{:x}", adapter.address, adapter.interface_index),
        "  Internet Address      Physical Address      Type".into(),
        line(adapter.gateway, "00-50-56-c0-00-01".into()),
    ];
    lines.extend(neighbors.map(|host: Host| line(host.address(), mac(host.adapter().mac, "-").to_lowercase())));
    Ok(Said::lines(lines))
}

pub(super) fn getmac(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    if !args.is_empty() {
        return refuse("getmac", args);
    }
    let adapter = evaluator.host.adapter();
    Ok(Said::lines([
        String::new(),
        columns(&[("Physical Address", 19), ("Transport Name", 58)]),
        format!("{} {}", "=".repeat(19), "=".repeat(58)),
        format!("{:<19} \\Device\\Tcpip_{}", mac(adapter.mac, "-"), adapter.guid),
    ]))
}
