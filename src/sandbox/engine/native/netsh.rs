//! netsh: what it shows of the firewall's profiles and of addresses.

use std::net::Ipv4Addr;

use super::super::cim;
use super::super::convert::text;
use super::super::eval::{Evaluator, Run};
use super::super::machine::{PREFIX_LENGTH, SUBNET_MASK};
use super::{Said, refuse};

pub(super) fn netsh(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let words: Vec<String> = args.iter().map(|arg| arg.to_ascii_lowercase()).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["advfirewall", "show", profile, "state"] => match profiles(profile) {
            Some(wanted) => Ok(Said::lines(states(evaluator, wanted))),
            None => refuse("netsh", args),
        },
        ["interface" | "int", "ip" | "ipv4", "show", "config" | "addresses" | "address"] => {
            Ok(Said::lines(addresses(evaluator, words[3] == "config")))
        }
        _ => refuse("netsh", args),
    }
}

fn profiles(word: &str) -> Option<&'static [&'static str]> {
    Some(match word {
        "allprofiles" => &["Domain", "Private", "Public"],
        "domainprofile" | "currentprofile" => &["Domain"],
        "privateprofile" => &["Private"],
        "publicprofile" => &["Public"],
        _ => return None,
    })
}

fn states(evaluator: &mut Evaluator<'_>, wanted: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    for profile in cim::all_of(evaluator, "MSFT_NetFirewallProfile") {
        let of = |name: &str| evaluator.member(&profile, name).map_or_else(String::new, |value| text(&value));
        let name = of("Name");
        if !wanted.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            continue;
        }
        let state = if matches!(of("Enabled").as_str(), "1" | "True") { "ON" } else { "OFF" };
        lines.extend([
            String::new(),
            format!("{name} Profile Settings: "),
            "-".repeat(70),
            format!("{:<38}{state}", "State"),
        ]);
    }
    lines.extend(["Ok.".to_owned(), String::new()]);
    lines
}

/// Source: public transcripts of netsh on Windows Server.
fn addresses(evaluator: &Evaluator<'_>, is_whole: bool) -> Vec<String> {
    let adapter = evaluator.host.adapter();
    let line = |label: &str, value: &str| format!("    {label:<38}{value}");
    let network = Ipv4Addr::from(u32::from(adapter.address) & u32::from(SUBNET_MASK));
    let mut lines = vec![
        String::new(),
        format!("Configuration for interface \"{}\"", adapter.name),
        line("DHCP enabled:", "No"),
        line("IP Address:", &adapter.address.to_string()),
        line("Subnet Prefix:", &format!("{network}/{PREFIX_LENGTH} (mask {SUBNET_MASK})")),
        line("Default Gateway:", &adapter.gateway.to_string()),
        line("Gateway Metric:", "1"),
        line("InterfaceMetric:", "15"),
    ];
    if is_whole {
        for (place, server) in adapter.dns.iter().enumerate() {
            let label = if place == 0 { "Statically Configured DNS Servers:" } else { "" };
            lines.push(line(label, &server.to_string()));
        }
        lines.push(line("Register with which suffix:", "Primary only"));
        lines.push(line("Statically Configured WINS Servers:", "None"));
    }
    lines.extend([
        String::new(),
        "Configuration for interface \"Loopback Pseudo-Interface 1\"".to_owned(),
        line("DHCP enabled:", "No"),
        line("IP Address:", "127.0.0.1"),
        line("Subnet Prefix:", "127.0.0.0/8 (mask 255.0.0.0)"),
        line("InterfaceMetric:", "75"),
    ]);
    if is_whole {
        lines.push(line("Statically Configured DNS Servers:", "None"));
        lines.push(line("Register with which suffix:", "Primary only"));
        lines.push(line("Statically Configured WINS Servers:", "None"));
    }
    lines.push(String::new());
    lines
}
