//! Event logs: Get-WinEvent, and the older cmdlets of the EventLog noun.
//!
//! Those are of Windows PowerShell alone; the sandbox's endpoint is one of that name.

mod classic;
mod entry;
mod list;
mod query;
mod record;
mod winevent;
mod xpath;

use super::super::machine::LOGS;
use super::{PerInput, Spec};

pub(super) use record::method;

pub(super) static SPECS: [Spec; 6] = [
    Spec {
        name: "Get-WinEvent",
        aliases: &[],
        params: &[
            "LogName:string@0<^",
            "FilterHashtable",
            "FilterXPath",
            "FilterXml",
            "ListLog",
            "ListProvider",
            "ProviderName",
            "Path",
            "MaxEvents",
            "Oldest!",
            "Force!",
            "ComputerName|Cn",
            "Credential",
        ],
        make: |_, bound| {
            bound.refuse(&["Path", "ComputerName", "Credential"])?;
            PerInput::boxed(bound, winevent::get)
        },
    },
    Spec {
        name: "Get-EventLog",
        aliases: &[],
        params: &[
            "LogName|LN@0",
            "InstanceId@1",
            "Newest",
            "After",
            "Before",
            "UserName",
            "Index",
            "EntryType|ET",
            "Source|ABO",
            "Message|MSG",
            "AsBaseObject!",
            "List!",
            "AsString!",
            "ComputerName|Cn",
        ],
        make: |_, bound| {
            bound.refuse(&["ComputerName"])?;
            PerInput::boxed(bound, entry::get)
        },
    },
    Spec {
        name: "Write-EventLog",
        aliases: &[],
        params: &[
            "LogName|LN@0+",
            "Source|SRC@1+",
            "EventId|ID|EID@2+",
            "EntryType|ET@3",
            "Message|MSG@4+",
            "Category",
            "RawData|RD",
            "ComputerName|CN",
        ],
        make: |_, bound| {
            bound.refuse(&["RawData", "ComputerName"])?;
            PerInput::boxed(bound, classic::write)
        },
    },
    Spec {
        name: "New-EventLog",
        aliases: &[],
        params: &[
            "LogName|LN@0+",
            "Source|SRC@1+",
            "CategoryResourceFile|CRF",
            "MessageResourceFile|MRF",
            "ParameterResourceFile|PRF",
            "ComputerName|CN",
        ],
        make: |_, bound| {
            bound.refuse(&["ComputerName"])?;
            PerInput::boxed(bound, classic::new)
        },
    },
    Spec {
        name: "Clear-EventLog",
        aliases: &[],
        params: &["LogName|LN:string@0+", "ComputerName|Cn", "WhatIf|wi!", "Confirm|cf!"],
        make: |_, bound| {
            bound.refuse(&["ComputerName"])?;
            PerInput::boxed(bound, classic::clear)
        },
    },
    Spec {
        name: "Limit-EventLog",
        aliases: &[],
        params: &[
            "LogName|LN@0+",
            "MaximumSize|mks",
            "OverflowAction|ofa",
            "RetentionDays|RD",
            "ComputerName|CN",
            "WhatIf|wi!",
            "Confirm|cf!",
        ],
        make: |_, bound| {
            bound.refuse(&["MaximumSize", "OverflowAction", "RetentionDays", "ComputerName"])?;
            PerInput::boxed(bound, |_, _, _| Ok(()))
        },
    },
];

/// The names of all logs.
fn log_names() -> impl Iterator<Item = &'static str> {
    LOGS.iter().map(|log| log.name)
}
