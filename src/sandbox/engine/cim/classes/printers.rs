//! Printers.

use super::super::super::eval::Evaluator;
use super::{Row, number, numbers, s, texts, yes};

pub(super) fn rows(_: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    Some(match class {
        "Win32_Printer" => vec![
            printer("Microsoft Print to PDF", "Microsoft Print To PDF", "PORTPROMPT:"),
            printer("Microsoft XPS Document Writer", "Microsoft XPS Document Writer v4", "PORTPROMPT:"),
        ],
        _ => return None,
    })
}

fn printer(name: &str, driver: &str, port: &str) -> Row {
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
        ("Attributes", number(576)),
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
        ("Shared", yes(false)),
        ("SpoolEnabled", yes(true)),
        ("WorkOffline", yes(false)),
    ]
}
