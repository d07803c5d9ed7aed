//! What Format-List shows of types that have a table of their own.
//!
//! Source: PowerShell's own format and type files (MIT), as public transcripts show them.

use super::super::described::Described;

/// What Format-List shows of an object whose view is a table.
pub(super) fn list_of(object: &Described<'_>) -> Option<&'static [&'static str]> {
    let of = |name: &&str| LISTS.iter().find(|(kind, _)| kind == name).map(|(_, names)| *names);
    object.types.iter().find_map(of)
}

const LISTS: &[(&str, &[&str])] = &[
    ("System.Diagnostics.Process", &["Id", "Handles", "CPU", "SI", "Name"]),
    (
        "System.ServiceProcess.ServiceController",
        &[
            "Name",
            "DisplayName",
            "Status",
            "DependentServices",
            "ServicesDependedOn",
            "CanPauseAndContinue",
            "CanShutdown",
            "CanStop",
            "ServiceType",
        ],
    ),
    (
        "System.Diagnostics.EventLogEntry",
        &[
            "Index",
            "EntryType",
            "InstanceId",
            "Message",
            "Category",
            "CategoryNumber",
            "ReplacementStrings",
            "Source",
            "TimeGenerated",
            "TimeWritten",
            "UserName",
        ],
    ),
    ("System.Diagnostics.Eventing.Reader.EventLogRecord", &["TimeCreated", "ProviderName", "Id", "Message"]),
];
