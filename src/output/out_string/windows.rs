//! The views of types that only PowerShell on Windows has: entries of the classic logs, keys of the registry, processes
//! with their accounts, local accounts, tasks, shares, printers, features.
//!
//! Source: PowerShell's own format files (MIT), as public transcripts show them. The view of a key shows the names of its
//! values alone: what is in them is not part of the object.

use super::date::Moment;
use super::described::Described;
use super::number;
use super::view::{Column, Group, Shape, View};
use crate::clixml::Value;

const MIB: f64 = 1024.0 * 1024.0;

const fn table(types: &'static [&'static str], columns: &'static [Column]) -> View {
    View { types, needs: &[], shape: Shape::Table { columns, wrap: false }, group: None }
}

pub(super) const VIEWS: &[View] = &[
    table(
        &["System.Diagnostics.EventLogEntry"],
        &[
            Column::right("Index", 8),
            Column::left("Time", 13).made(generated),
            Column::left("EntryType", 11),
            Column::left("Source", 20),
            Column::right("InstanceID", 12).of("InstanceId"),
            Column::left("Message", 0),
        ],
    ),
    table(
        &["System.Diagnostics.EventLog"],
        &[
            Column::right("Max(K)", 8).made(|object| whole(object.number("MaximumKilobytes"))),
            Column::right("Retain", 6).of("MinimumRetentionDays"),
            Column::left("OverflowAction", 18),
            Column::right("Entries", 10).made(entries),
            Column::left("Log", 0),
        ],
    ),
    View {
        types: &["Microsoft.Win32.RegistryKey"],
        needs: &[],
        shape: Shape::Table {
            columns: &[Column::left("Name", 30).of("PSChildName"), Column::left("Property", 0)],
            wrap: true,
        },
        group: Some(Group { title: "    Hive: ", value: hive }),
    },
    View {
        types: &["System.Security.Cryptography.X509Certificates.X509Certificate2"],
        needs: &["PSParentPath"],
        shape: Shape::Table { columns: &[Column::left("Thumbprint", 41), Column::left("Subject", 0)], wrap: false },
        group: Some(Group { title: "   PSParentPath: ", value: |object| object.text("PSParentPath") }),
    },
    View {
        types: &["NetIPConfiguration"],
        needs: &[],
        shape: Shape::List(&[
            "InterfaceAlias",
            "InterfaceIndex",
            "InterfaceDescription",
            "IPv4Address",
            "IPv6DefaultGateway",
            "IPv4DefaultGateway",
            "DNSServer",
        ]),
        group: None,
    },
    table(
        &["System.Diagnostics.Process#IncludeUserName"],
        &[
            Column::right("WS(M)", 10).made(|object| number::grouped(object.number("WS") / MIB)),
            Column::right("CPU(s)", 8).made(|object| number::grouped(object.number("CPU"))),
            Column::right("Id", 7),
            Column::left("UserName", 30),
            Column::left("ProcessName", 0),
        ],
    ),
    table(
        &["Microsoft.PowerShell.Commands.LocalUser"],
        &[Column::left("Name", 0), Column::left("Enabled", 0), Column::left("Description", 0)],
    ),
    table(&["Microsoft.PowerShell.Commands.LocalGroup"], &[Column::left("Name", 0), Column::left("Description", 0)]),
    table(
        &["Microsoft.PowerShell.Commands.LocalPrincipal"],
        &[Column::left("ObjectClass", 0), Column::left("Name", 0), Column::left("PrincipalSource", 0)],
    ),
    table(
        &["Microsoft.Management.Infrastructure.CimInstance#Root/Microsoft/Windows/TaskScheduler/MSFT_ScheduledTask"],
        &[Column::left("TaskPath", 46), Column::left("TaskName", 33), Column::left("State", 0)],
    ),
    table(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/Microsoft/Windows/SMB/MSFT_SmbShare"],
        &[
            Column::left("Name", 0),
            Column::left("ScopeName", 0),
            Column::left("Path", 0),
            Column::left("Description", 0),
        ],
    ),
    table(
        &["Microsoft.Management.Infrastructure.CimInstance#ROOT/StandardCimv2/MSFT_Printer"],
        &[
            Column::left("Name", 30),
            Column::left("ComputerName", 15),
            Column::left("Type", 12),
            Column::left("DriverName", 25),
            Column::left("PortName", 15),
            Column::left("Shared", 8),
            Column::left("Published", 10),
            Column::left("DeviceType", 0),
        ],
    ),
    table(
        &["Microsoft.Windows.ServerManager.Commands.Feature"],
        &[
            Column::left("Display Name", 55).made(feature),
            Column::left("Name", 26),
            Column::right("Install State", 13).of("InstallState"),
        ],
    ),
];

/// `    [X] Web Server`, by its depth.
fn feature(object: &Described<'_>) -> String {
    let mark = if object.text("Installed") == "True" { 'X' } else { ' ' };
    let depth = (object.number("Depth") as usize).clamp(1, 9);
    format!("{}[{mark}] {}", "    ".repeat(depth - 1), object.text("DisplayName"))
}

/// `Jan 17 19:16`
fn generated(object: &Described<'_>) -> String {
    match object.value("TimeGenerated") {
        Some(Value::DateTime(text)) => Moment::read(text).map(|moment| moment.of_a_log()).unwrap_or_default(),
        _ => String::new(),
    }
}

/// A number without its fraction, digits in groups.
fn whole(number: f64) -> String {
    let shown = number::grouped(number);
    shown.split_once('.').map_or(shown.as_str(), |(whole, _)| whole).to_owned()
}

/// How many entries a log has: a collection that the wire makes a list or an object of.
fn entries(object: &Described<'_>) -> String {
    let value = object.value("Entries").and_then(Value::as_object);
    value.map(|value| whole(Described::of(object.document, value).number("Count"))).unwrap_or_default()
}

/// Where a key is, without the name of its provider.
fn hive(object: &Described<'_>) -> String {
    let path = object.text("PSParentPath");
    path.split_once("::").map_or(path.as_str(), |(_, hive)| hive).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tests::printed;
    use crate::clixml::{Object, TypeNames, Value};

    fn typed(name: &str, members: Vec<(&str, Value)>) -> Value {
        let notes = members.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Object { type_names: TypeNames::new([name]), notes, ..Object::default() }.into()
    }

    #[test]
    fn entries_of_logs_and_keys_have_tables() {
        let entry = typed(
            "Deserialized.System.Diagnostics.EventLogEntry",
            vec![
                ("Index", Value::I32(13_820)),
                ("TimeGenerated", Value::DateTime("2026-01-17T19:16:05+01:00".into())),
                ("EntryType", Value::str("Error")),
                ("Source", Value::str("DCOM")),
                ("InstanceId", Value::I64(10_016)),
                ("Message", Value::str("refused")),
            ],
        );
        let wanted = "\n   Index Time          EntryType   Source                 InstanceID Message\n   \
                      ----- ----          ---------   ------                 ---------- -------\n   \
                      13820 Jan 17 19:16  Error       DCOM                        10016 refused\n\n";
        assert_eq!(printed(vec![entry]), wanted);
        let key = typed(
            "Deserialized.Microsoft.Win32.RegistryKey",
            vec![
                ("Property", Value::str("Level")),
                ("PSParentPath", Value::str("Microsoft.PowerShell.Core\\Registry::HKEY_CURRENT_USER\\Software")),
                ("PSChildName", Value::str("Mine")),
            ],
        );
        let shown = printed(vec![key]);
        assert!(
            shown.starts_with("\n    Hive: HKEY_CURRENT_USER\\Software\n\nName                           Property\n"),
            "{shown}"
        );
    }
}
