//! Printers.

use super::super::super::eval::Evaluator;
use super::super::super::machine::Printer;
use super::{Row, number, numbers, s, texts, yes};

pub(super) fn rows(evaluator: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    Some(match class {
        // Without the spooler nobody knows of printers.
        "Win32_Printer" if !evaluator.machine.runs("Spooler") => Vec::new(),
        "Win32_Printer" => evaluator.host.printers().iter().map(printer).collect(),
        _ => return None,
    })
}

fn printer(printer: &Printer) -> Row {
    let Printer { name, driver, port, share, location, .. } = *printer;
    // Local (0x40), spooled and complete first (0x200), shared (0x8).
    let attributes = if share.is_some() { 584 } else { 576 };
    vec![
        ("Caption", s(name)),
        ("Name", s(name)),
        ("Status", s("Unknown")),
        ("DeviceID", s(name)),
        ("Capabilities", numbers(&[4, 2, 5])),
        ("CapabilityDescriptions", texts(["Copies", "Color", "Collate"])),
        ("DetectedErrorState", number(0)),
        ("HorizontalResolution", number(600)),
        ("PaperSizesSupported", numbers(&[7, 8, 1])),
        ("PrinterStatus", number(3)),
        ("VerticalResolution", number(600)),
        ("Attributes", number(attributes)),
        ("AveragePagesPerMinute", number(0)),
        ("Default", yes(false)),
        ("DefaultPriority", number(0)),
        ("Direct", yes(false)),
        ("DoCompleteFirst", yes(true)),
        ("DriverName", s(driver)),
        ("EnableBIDI", yes(false)),
        ("EnableDevQueryPrint", yes(false)),
        ("ExtendedDetectedErrorState", number(0)),
        ("ExtendedPrinterStatus", number(2)),
        ("Hidden", yes(false)),
        ("JobCountSinceLastReset", number(0)),
        ("KeepPrintedJobs", yes(false)),
        ("Local", yes(true)),
        ("Network", yes(false)),
        ("PortName", s(port)),
        ("PrinterState", number(0)),
        ("PrintJobDataType", s("RAW")),
        ("PrintProcessor", s("winprint")),
        ("Priority", number(1)),
        ("Published", yes(false)),
        ("Queued", yes(false)),
        ("RawOnly", yes(false)),
        ("Shared", yes(share.is_some())),
        ("ShareName", s(share.unwrap_or_default())),
        ("Location", s(location)),
        ("SpoolEnabled", yes(true)),
        ("WorkOffline", yes(false)),
    ]
}
