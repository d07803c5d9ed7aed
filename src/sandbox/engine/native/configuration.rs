//! ipconfig, gpupdate, gpresult.

use super::super::cim::mac;
use super::super::datetime;
use super::super::eval::{Evaluator, Run};
use super::super::machine::SUBNET_MASK;
use super::{Said, refuse, switch};

pub(super) fn ipconfig(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let given = args.first().map(|arg| switch(arg).unwrap_or_default());
    Ok(match given.as_deref() {
        None => Said::lines(addresses(evaluator)),
        Some("all") => Said::lines(all(evaluator)),
        Some("flushdns") => Said::text("\nWindows IP Configuration\n\nSuccessfully flushed the DNS Resolver Cache."),
        Some("registerdns") => Said::text(
            "\nWindows IP Configuration\n\nRegistration of the DNS resource records for all adapters of this computer has \
             been initiated. Any errors will be reported in the Event Viewer in 15 minutes.",
        ),
        Some("displaydns" | "release" | "renew" | "showclassid" | "release6" | "renew6") => {
            return refuse("ipconfig", args);
        }
        _ => {
            let wrong = args.first().map_or("", String::as_str);
            Said::text(&format!("\nError: unrecognized or incomplete command line.\n\nUSAGE:\n    ipconfig [/all | /flushdns | /registerdns]\n    ('{wrong}' is not known)"))
                .failed(1)
        }
    })
}

/// `   IPv4 Address. . . . . . . . . . . : 10.20.1.20`: dots on every second column, up to the colon.
fn line(label: &str, value: &str) -> String {
    let mut start = format!("   {label}");
    while start.len() < 37 {
        // The colon stands in column 37, under those of the other lines.
        start.push(if start.len() % 2 == 1 { '.' } else { ' ' });
    }
    format!("{start}: {value}").trim_end().to_owned()
}

fn head(evaluator: &Evaluator<'_>) -> Vec<String> {
    vec![String::new(), format!("Ethernet adapter {}:", evaluator.host.adapter().name), String::new()]
}

fn addresses(evaluator: &Evaluator<'_>) -> Vec<String> {
    let adapter = evaluator.host.adapter();
    let mut lines = vec![String::new(), "Windows IP Configuration".into(), String::new()];
    lines.extend(head(evaluator));
    lines.extend([
        line("Connection-specific DNS Suffix", evaluator.host.domain()),
        line("IPv4 Address", &adapter.address.to_string()),
        line("Subnet Mask", &SUBNET_MASK.to_string()),
        line("Default Gateway", &adapter.gateway.to_string()),
    ]);
    lines
}

fn all(evaluator: &Evaluator<'_>) -> Vec<String> {
    let host = &evaluator.host;
    let adapter = host.adapter();
    let mut lines = vec![String::new(), "Windows IP Configuration".into(), String::new()];
    lines.extend([
        line("Host Name", &host.name().to_uppercase()),
        line("Primary Dns Suffix", host.domain()),
        line("Node Type", "Hybrid"),
        line("IP Routing Enabled", "No"),
        line("WINS Proxy Enabled", "No"),
        line("DNS Suffix Search List", host.domain()),
    ]);
    lines.extend(head(evaluator));
    lines.extend([
        line("Connection-specific DNS Suffix", ""),
        line("Description", adapter.description),
        line("Physical Address", &mac(adapter.mac, "-")),
        line("DHCP Enabled", "No"),
        line("Autoconfiguration Enabled", "Yes"),
        line("IPv4 Address", &format!("{}(Preferred)", adapter.address)),
        line("Subnet Mask", &SUBNET_MASK.to_string()),
        line("Default Gateway", &adapter.gateway.to_string()),
    ]);
    for (place, server) in adapter.dns.iter().enumerate() {
        lines.push(match place {
            0 => line("DNS Servers", &server.to_string()),
            _ => format!("{:39}{server}", ""),
        });
    }
    lines.push(line("NetBIOS over Tcpip", "Enabled"));
    lines
}

pub(super) fn gpupdate(_: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let known = ["force", "target:computer", "target:user", "wait:0", "wait:-1", "wait:30"];
    if args.iter().any(|arg| !switch(arg).is_some_and(|arg| known.contains(&arg.as_str()))) {
        return refuse("gpupdate", args);
    }
    let of = |what: &str| args.iter().any(|arg| arg.to_ascii_lowercase().ends_with(what));
    let mut lines = vec!["Updating policy...".to_owned(), String::new()];
    if !of("target:user") {
        lines.push("Computer Policy update has completed successfully.".into());
    }
    if !of("target:computer") {
        lines.push("User Policy update has completed successfully.".into());
    }
    Ok(Said::lines(lines))
}

pub(super) fn gpresult(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    if !args.iter().any(|arg| switch(arg).as_deref() == Some("r")) {
        return refuse("gpresult", args);
    }
    let now = evaluator.now();
    let name = evaluator.host.name().to_uppercase();
    let domain = evaluator.host.domain();
    let system = evaluator.host.operating_system();
    let applied = datetime::format(&now.plus(-36_000_000_000).unwrap_or(now), "M/d/yyyy 'at' h:mm:ss tt");
    Ok(Said::lines([
        String::new(),
        "COMPUTER SETTINGS".into(),
        "------------------".into(),
        format!("    CN={name},OU=Servers,DC=sandbox,DC=test"),
        format!("    Last time Group Policy was applied: {applied}"),
        format!("    Group Policy was applied from:      dc001.{domain}"),
        "    Group Policy slow link threshold:   500 kbps".into(),
        "    Domain Name:                        SANDBOX".into(),
        format!("    OS Version:                         {}", system.version),
        String::new(),
        "    Applied Group Policy Objects".into(),
        "    -----------------------------".into(),
        "        Server Baseline".into(),
        "        Default Domain Policy".into(),
    ]))
}
