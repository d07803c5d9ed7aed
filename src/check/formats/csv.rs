//! One row for each verdict.

use crate::check::report::{HostReport, Report};
use crate::output::csv_cell;

pub(super) fn write(report: &Report) -> String {
    let mut text = b"PSComputerName,Check,State,Text,DurationMs,Asked\n".to_vec();
    for check in &report.checks {
        check.hosts.iter().for_each(|host| row(&check.definition.name, host, &mut text));
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn row(check: &str, host: &HostReport, text: &mut Vec<u8>) {
    for cell in [&*host.host, check, host.verdict.state.name(), &host.text()] {
        csv_cell(text, cell);
        text.push(b',');
    }
    text.extend_from_slice(format!("{},{}\n", host.took.as_millis(), host.asked).as_bytes());
}
