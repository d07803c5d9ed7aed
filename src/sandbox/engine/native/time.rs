//! w32tm.

use std::net::Ipv4Addr;

use super::super::datetime;
use super::super::eval::{Evaluator, Run};
use super::{Said, refuse, switch};

pub(super) fn w32tm(evaluator: &mut Evaluator<'_>, args: &[String]) -> Run<Said> {
    let switches: Vec<String> = args.iter().filter_map(|arg| switch(arg)).collect();
    let has = |name: &str| switches.iter().any(|given| given == name);
    if has("query") || has("resync") {
        if !evaluator.machine.runs("W32Time") {
            return Ok(
                Said::text("The following error occurred: The service has not been started. (0x80070426)").failed(1062)
            );
        }
    } else if has("stripchart") {
        return stripchart(evaluator, args, &switches);
    } else {
        return refuse("w32tm", args);
    }
    let source = source(evaluator);
    Ok(if has("resync") {
        Said::text("Sending resync command to local computer\nThe command completed successfully.")
    } else if has("source") {
        Said::lines([source])
    } else if has("status") {
        status(evaluator, &source)
    } else if has("peers") {
        Said::lines([
            "#Peers: 1".to_owned(),
            String::new(),
            format!("Peer: {source}"),
            "State: Active".into(),
            "Mode: 1 (Symmetric Active)".into(),
            "Stratum: 3 (secondary reference - syncd by (S)NTP)".into(),
        ])
    } else {
        return refuse("w32tm", args);
    })
}

/// The server that the first domain controller takes the time from, which is right, and its address.
const OUTSIDE: (&str, Ipv4Addr) = ("time.windows.com", Ipv4Addr::new(40, 119, 148, 38));

/// Whom the host takes the time from: the members of a domain from its first controller.
fn source(evaluator: &Evaluator<'_>) -> String {
    match evaluator.host.is_primary_controller() {
        true => OUTSIDE.0.to_owned(),
        false => format!("dc001.{}", evaluator.host.domain()),
    }
}

/// Compares the clock with that of another host, at once instead of every two seconds.
/// Source: public transcripts of w32tm /stripchart.
fn stripchart(evaluator: &Evaluator<'_>, args: &[String], switches: &[String]) -> Run<Said> {
    let value = |name: &str| switches.iter().find_map(|given| given.strip_prefix(name));
    let known = ["stripchart", "dataonly"];
    let is_known = |given: &String| {
        known.contains(&given.as_str()) || ["computer:", "samples:"].iter().any(|name| given.starts_with(name))
    };
    let samples = value("samples:").and_then(|count| count.parse::<usize>().ok());
    let (Some(name), Some(samples)) = (value("computer:"), samples.filter(|count| (1..=MOST_SAMPLES).contains(count)))
    else {
        return refuse("w32tm", args);
    };
    if !switches.iter().all(is_known) || !switches.iter().any(|given| given == "dataonly") {
        return refuse("w32tm", args);
    }
    // The domain's own name leads to its controllers.
    let controller = if name.eq_ignore_ascii_case(evaluator.host.domain()) { "dc001" } else { name };
    let (skew, address) = match evaluator.host.fellow(controller) {
        Some(other) => (other.clock_skew().as_secs_f64(), other.address()),
        None if name.eq_ignore_ascii_case(OUTSIDE.0) => (0.0, OUTSIDE.1),
        None => {
            return Ok(Said::text("The following error occurred: No such host is known. (0x80072AF9)").failed(0x2AF9));
        }
    };
    let offset = skew - evaluator.host.clock_skew().as_secs_f64();
    let sign = if offset < 0.0 { '-' } else { '+' };
    let now = evaluator.now();
    let mut lines = vec![
        format!("Tracking {name} [{address}:123]."),
        format!("Collecting {samples} samples."),
        format!("The current time is {}.", datetime::format(&now, "M/d/yyyy h:mm:ss tt")),
    ];
    for sample in 0..samples {
        let at = now.plus(2 * sample as i64 * datetime::SECOND).unwrap_or(now);
        lines.push(format!("{}, {sign}{:010.7}s", datetime::format(&at, "HH:mm:ss"), offset.abs()));
    }
    Ok(Said::lines(lines))
}

const MOST_SAMPLES: usize = 100;

fn status(evaluator: &Evaluator<'_>, source: &str) -> Said {
    // A clock that is off has not been set for long.
    let skew = evaluator.host.clock_skew();
    let since = if skew.abs().as_secs() >= 60 { 86_400 * 9 } else { 1_700 };
    let now = evaluator.now();
    let last = now.plus(-since * datetime::SECOND).unwrap_or(now);
    let address = evaluator.host.adapter().dns[0];
    let id = u32::from(address);
    Said::lines([
        "Leap Indicator: 0(no warning)".to_owned(),
        "Stratum: 4 (secondary reference - syncd by (S)NTP)".into(),
        "Precision: -23 (119.209ns per tick)".into(),
        "Root Delay: 0.0312500s".into(),
        format!("Root Dispersion: {:.7}s", 7.7 + since as f64 / 10_000.0),
        format!("ReferenceId: 0x{id:08X} (source IP:  {address})"),
        format!("Last Successful Sync Time: {}", datetime::format(&last, "M/d/yyyy h:mm:ss tt")),
        format!("Source: {source}"),
        "Poll Interval: 10 (1024s)".into(),
    ])
}
