//! The views of the types that scripts return most, with the titles, widths and properties of PowerShell 7's own.
//!
//! A type that is not here is shown like any object: in a table if it has few properties, else as a list.

use super::cell::{self, Numbers};
use super::cim;
use super::date::Moment;
use super::described::Described;
use super::modules;
use super::number;
use super::view::{Column, Group, Shape, View};
use super::windows;
use crate::clixml::{Content, ListKind, Object, Value};

const MIB: f64 = 1024.0 * 1024.0;
const GIB: f64 = 1024.0 * MIB;

/// The view of an object: that of its most derived type that has one.
pub(super) fn find(object: &Described<'_>) -> Option<&'static View> {
    object.types.iter().find_map(|name| {
        let fits =
            |view: &&View| view.types.contains(name) && view.needs.iter().all(|need| object.value(need).is_some());
        VIEWS.iter().chain(modules::VIEWS).chain(windows::VIEWS).find(fits).or_else(|| cim::view(name))
    })
}

/// The properties that are shown of types without a view that have too many, or that PowerShell makes live objects of.
pub(super) fn display_set(object: &Described<'_>) -> Option<&'static [&'static str]> {
    object.types.iter().find_map(|name| {
        let own = SETS.iter().find(|(kind, _)| kind == name).map(|(_, set)| *set);
        own.or_else(|| cim::set(name))
    })
}

const SETS: &[(&str, &[&str])] = &[
    ("System.Diagnostics.Process", &["Id", "Handles", "CPU", "Name"]),
    ("System.ServiceProcess.ServiceController", &["Status", "Name", "DisplayName"]),
    (
        "System.Net.IPAddress",
        &[
            "AddressFamily",
            "ScopeId",
            "IsIPv6Multicast",
            "IsIPv6LinkLocal",
            "IsIPv6SiteLocal",
            "IsIPv6Teredo",
            "IsIPv6UniqueLocal",
            "IsIPv4MappedToIPv6",
            "Address",
            "IPAddressToString",
        ],
    ),
];

const fn table(types: &'static [&'static str], columns: &'static [Column]) -> View {
    View { types, needs: &[], shape: Shape::Table { columns, wrap: false }, group: None }
}

const fn list(types: &'static [&'static str], names: &'static [&'static str]) -> View {
    View { types, needs: &[], shape: Shape::List(names), group: None }
}

const FILES: &[&str] = &["System.IO.DirectoryInfo", "System.IO.FileInfo"];
const FOLDER: Option<Group> = Some(Group { title: "    Directory: ", value: folder });

const VIEWS: &[View] = &[
    View { types: &["System.DateTime"], needs: &[], shape: Shape::Text(|object| object.text("DateTime")), group: None },
    View {
        types: &["Microsoft.PowerShell.Commands.MatchInfo"],
        needs: &[],
        shape: Shape::Text(|object| object.text("Line")),
        group: None,
    },
    list(
        &["System.TimeSpan"],
        &[
            "Days",
            "Hours",
            "Minutes",
            "Seconds",
            "Milliseconds",
            "Ticks",
            "TotalDays",
            "TotalHours",
            "TotalMinutes",
            "TotalSeconds",
            "TotalMilliseconds",
        ],
    ),
    list(
        &["Microsoft.PowerShell.Commands.GenericMeasureInfo"],
        &["Count", "Average", "Sum", "Maximum", "Minimum", "Property"],
    ),
    table(&["System.Guid"], &[Column::left("Guid", 0)]),
    table(
        &["System.Version"],
        &[Column::left("Major", 6), Column::left("Minor", 6), Column::left("Build", 6), Column::left("Revision", 8)],
    ),
    table(
        &["System.Management.Automation.SemanticVersion"],
        &[
            Column::left("Major", 6),
            Column::left("Minor", 6),
            Column::left("Patch", 6),
            Column::left("PreReleaseLabel", 15),
            Column::left("BuildLabel", 11),
        ],
    ),
    table(&["System.Collections.DictionaryEntry"], &[Column::left("Name", 30), Column::left("Value", 0)]),
    table(&["System.Management.Automation.PSVariable"], &[Column::left("Name", 30), Column::left("Value", 0)]),
    View {
        types: FILES,
        needs: &["UnixMode", "User", "Group"],
        shape: Shape::Table {
            columns: &[
                Column::left("UnixMode", 10),
                Column::right("User", 10),
                Column::left("Group", 10),
                Column::right("LastWriteTime", 16).made(|object| written(object, " ")),
                Column::right("Size", 12),
                Column::left("Name", 0).made(file_name),
            ],
            wrap: true,
        },
        group: FOLDER,
    },
    View {
        types: FILES,
        needs: &[],
        shape: Shape::Table {
            columns: &[
                Column::left("Mode", 7).made(|object| first_of(object, &["ModeWithoutHardLink", "Mode"])),
                Column::right("LastWriteTime", 26).made(|object| match object.text("LastWriteTimeString") {
                    text if text.is_empty() => written(object, "    "),
                    text => text,
                }),
                Column::right("Length", 14).made(|object| first_of(object, &["LengthString", "Length"])),
                Column::left("Name", 0).made(file_name),
            ],
            wrap: true,
        },
        group: FOLDER,
    },
    table(
        &["System.Diagnostics.Process"],
        &[
            Column::right("NPM(K)", 7)
                .made(|object| format!("{:.0}", (object.number("NPM") / 1024.0).round_ties_even())),
            Column::right("PM(M)", 8).made(|object| number::grouped(object.number("PM") / MIB)),
            Column::right("WS(M)", 10).made(|object| number::grouped(object.number("WS") / MIB)),
            Column::right("CPU(s)", 10).made(|object| number::grouped(object.number("CPU"))),
            Column::right("Id", 7),
            Column::right("SI", 3),
            Column::left("ProcessName", 0),
        ],
    ),
    table(
        &["System.ServiceProcess.ServiceController"],
        &[Column::left("Status", 8), Column::left("Name", 18), Column::left("DisplayName", 38)],
    ),
    table(
        &["Microsoft.PowerShell.Commands.GroupInfo"],
        &[Column::right("Count", 5), Column::left("Name", 25), Column::left("Group", 0)],
    ),
    table(
        &["Microsoft.PowerShell.Commands.GroupInfoNoElement"],
        &[Column::right("Count", 5), Column::left("Name", 25)],
    ),
    table(
        &["Microsoft.PowerShell.Commands.TextMeasureInfo"],
        &[
            Column::left("Lines", 0),
            Column::left("Words", 0),
            Column::left("Characters", 0),
            Column::left("Property", 0),
        ],
    ),
    View {
        types: &["Microsoft.PowerShell.Commands.MemberDefinition"],
        needs: &[],
        shape: Shape::Table {
            columns: &[Column::left("Name", 0), Column::left("MemberType", 0), Column::left("Definition", 0)],
            wrap: false,
        },
        group: Some(Group { title: "   TypeName: ", value: |object| object.text("TypeName") }),
    },
    View {
        types: &["System.Diagnostics.Eventing.Reader.EventLogRecord"],
        needs: &[],
        shape: Shape::Table {
            columns: &[
                Column::left("TimeCreated", 26),
                Column::right("Id", 8),
                Column::left("LevelDisplayName", 16),
                Column::left("Message", 0),
            ],
            wrap: false,
        },
        group: Some(Group { title: "   ProviderName: ", value: |object| object.text("ProviderName") }),
    },
    table(
        &["System.Management.Automation.PSDriveInfo"],
        &[
            Column::left("Name", 10),
            Column::right("Used (GB)", 13).made(|object| gigabytes(object, "Used")),
            Column::right("Free (GB)", 13).made(|object| gigabytes(object, "Free")),
            Column::left("Provider", 13).made(|object| member(object, "Provider", "Name")),
            Column::left("Root", 35).made(|object| first_of(object, &["DisplayRoot", "Root"])),
            Column::right("CurrentLocation", 0),
        ],
    ),
    table(
        &[
            "System.Management.Automation.AliasInfo",
            "System.Management.Automation.ApplicationInfo",
            "System.Management.Automation.CmdletInfo",
            "System.Management.Automation.ExternalScriptInfo",
            "System.Management.Automation.FilterInfo",
            "System.Management.Automation.FunctionInfo",
            "System.Management.Automation.ScriptInfo",
        ],
        &[
            Column::left("CommandType", 15),
            Column::left("Name", 50).made(|object| match object.text("CommandType").as_str() {
                "Alias" => object.text("DisplayName"),
                _ => object.text("Name"),
            }),
            Column::left("Version", 10),
            Column::left("Source", 0),
        ],
    ),
    table(
        &["System.Management.Automation.PSModuleInfo"],
        &[
            Column::left("ModuleType", 10),
            Column::left("Version", 10),
            Column::left("PreRelease", 10).made(|_| String::new()),
            Column::left("Name", 35),
            Column::left("ExportedCommands", 0).made(commands),
        ],
    ),
    table(&["System.Management.Automation.PathInfo"], &[Column::left("Path", 0)]),
    table(
        &["System.Management.Automation.ProviderInfo"],
        &[Column::left("Name", 20), Column::left("Capabilities", 0), Column::left("Drives", 0)],
    ),
    table(
        &["Microsoft.PowerShell.Commands.FileHashInfo"],
        &[Column::left("Algorithm", 15), Column::left("Hash", 70), Column::left("Path", 0)],
    ),
    table(
        &["System.Globalization.CultureInfo"],
        &[Column::left("LCID", 16), Column::left("Name", 16), Column::left("DisplayName", 0)],
    ),
    table(&["System.Reflection.AssemblyName"], &[Column::left("Version", 14), Column::left("Name", 0)]),
    table(
        &["System.RuntimeType"],
        &[
            Column::left("IsPublic", 8),
            Column::left("IsSerial", 8).of("IsSerializable"),
            Column::left("Name", 40),
            Column::left("BaseType", 0),
        ],
    ),
    table(
        &["System.Management.Automation.Job"],
        &[
            Column::left("Id", 6),
            Column::left("Name", 15),
            Column::left("PSJobTypeName", 15),
            Column::left("State", 13),
            Column::left("HasMoreData", 15),
            Column::left("Location", 20),
            Column::left("Command", 25),
        ],
    ),
];

/// The folder of a file, without the name of its provider.
fn folder(object: &Described<'_>) -> String {
    let path = object.text("PSParentPath");
    path.split_once("::").map_or(path.as_str(), |(_, folder)| folder).to_owned()
}

fn written(object: &Described<'_>, gap: &str) -> String {
    match object.value("LastWriteTime") {
        Some(Value::DateTime(text)) => Moment::read(text).map(|moment| moment.minutes(gap)).unwrap_or_default(),
        _ => String::new(),
    }
}

fn file_name(object: &Described<'_>) -> String {
    first_of(object, &["NameString", "Name"])
}

/// The first of these properties that the object has. Windows PowerShell knows the later ones only.
fn first_of(object: &Described<'_>, names: &[&str]) -> String {
    names.iter().find(|name| object.value(name).is_some()).map(|name| object.text(name)).unwrap_or_default()
}

fn gigabytes(object: &Described<'_>, name: &str) -> String {
    match object.number("Used") + object.number("Free") {
        0.0 => String::new(),
        _ => format!("{:.2}", object.number(name) / GIB),
    }
}

/// The names of a module's commands; one name stands without braces.
fn commands(object: &Described<'_>) -> String {
    let entries = object.value("ExportedCommands").and_then(Value::as_dict).unwrap_or_default();
    let names = entries.iter().map(|(name, _)| name.clone());
    let names: Vec<_> = names.take(cell::ITEMS + 1).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => cell::alone(object.document, one),
        _ => {
            let list = Object { content: Content::List(ListKind::List, names), ..Object::default() };
            cell::property(object.document, &list.into(), Numbers::Plain)
        }
    }
}

/// The text of a property's own property.
fn member(object: &Described<'_>, name: &str, inner: &str) -> String {
    let value = object.value(name).and_then(Value::as_object);
    value.map(|value| Described::of(object.document, value).text(inner)).unwrap_or_default()
}
