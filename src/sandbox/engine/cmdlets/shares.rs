//! Shared folders: functions of the module SmbShare.

use super::super::eval::{Evaluator, Run, Sink};
use super::super::machine::Role;
use super::super::value::Val;
use super::cdxml::{CimClass, is_any, is_literal};
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 3] = [
    Spec {
        name: "Get-SmbShare",
        aliases: &[],
        params: &["Name:string@0^", "ScopeName@1", "Special", "CimSession|Session", "ThrottleLimit", "AsJob!"],
        make: |_, bound| {
            bound.refuse(&["ScopeName", "CimSession", "AsJob"])?;
            PerInput::boxed(bound, shares)
        },
    },
    Spec {
        name: "Get-SmbSession",
        aliases: &[],
        params: &["SessionId@0", "ClientUserName", "CimSession|Session", "ThrottleLimit", "AsJob!"],
        make: |_, bound| {
            bound.refuse(&["SessionId", "CimSession", "AsJob"])?;
            PerInput::boxed(bound, sessions)
        },
    },
    Spec {
        name: "Get-SmbOpenFile",
        aliases: &[],
        params: &["FileId@0", "SessionId@1", "ClientUserName", "CimSession|Session", "ThrottleLimit", "AsJob!"],
        make: |_, bound| {
            bound.refuse(&["FileId", "SessionId", "CimSession", "AsJob"])?;
            PerInput::boxed(bound, files)
        },
    },
];

const NAMESPACE: &str = "ROOT/Microsoft/Windows/SMB";
const TYPES: &str = "Microsoft.PowerShell.Cmdletization.GeneratedTypes.SmbShare";

// Source: learn.microsoft.com, MSFT_SmbShare, MSFT_SmbSession and MSFT_SmbOpenFile classes.
const SHARE: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_SmbShare",
    properties: &[
        "AvailabilityType",
        "CachingMode",
        "CATimeout",
        "ConcurrentUserLimit",
        "ContinuouslyAvailable",
        "CurrentUsers",
        "Description",
        "EncryptData",
        "FolderEnumerationMode",
        "Name",
        "Path",
        "ScopeName",
        "SecurityDescriptor",
        "ShadowCopy",
        "ShareState",
        "ShareType",
        "Special",
        "Temporary",
    ],
};
const SESSION: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_SmbSession",
    properties: &[
        "ClientComputerName",
        "ClientUserName",
        "Dialect",
        "NumOpens",
        "ScopeName",
        "SecondsExists",
        "SecondsIdle",
        "SessionId",
    ],
};
const FILE: CimClass = CimClass {
    namespace: NAMESPACE,
    name: "MSFT_SmbOpenFile",
    properties: &["ClientComputerName", "ClientUserName", "FileId", "Path", "SessionId", "ShareRelativePath"],
};

fn shares(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let (names, schema, all) = (bound.texts("Name"), SHARE.schema(), evaluator.host.shares());
    let special = bound.get("Special").map(super::super::convert::truth);
    for share in &all {
        if special.is_some_and(|special| special != share.is_special) || !is_any(evaluator, &names, &share.name)? {
            continue;
        }
        let enumeration =
            |kind: &str, name: &'static str, number| Val::of_enum(format!("{TYPES}.{kind}"), name, number);
        let values = vec![
            enumeration("AvailabilityType", "NonClustered", 0),
            enumeration("CachingMode", "Manual", 0),
            Val::U32(0),
            Val::U32(0),
            Val::Bool(false),
            Val::U32(0),
            Val::str(share.description),
            Val::Bool(false),
            enumeration("FolderEnumerationMode", "Unrestricted", 1),
            Val::str(share.name.as_str()),
            Val::str(share.path.as_str()),
            Val::str("*"),
            Val::Null,
            Val::Bool(false),
            enumeration("ShareState", "Online", 1),
            if share.name == "IPC$" {
                enumeration("ShareType", "InterprocessCommunication", 3)
            } else {
                enumeration("ShareType", "FileSystemDirectory", 0)
            },
            Val::Bool(share.is_special),
            Val::Bool(false),
        ];
        out.put(evaluator, SHARE.instance(&schema, values))?;
    }
    for name in names.iter().filter(|name| is_literal(name)) {
        if !all.iter().any(|share| share.name.eq_ignore_ascii_case(name)) {
            evaluator.write_error(SHARE.not_found("Get-SmbShare", "Name", name))?;
        }
    }
    Ok(())
}

/// Who is connected to a file server: computer, user, file that is open, share.
const GUESTS: [(&str, &str, &str, &str); 3] = [
    ("10.20.5.41", "SANDBOX\\jsmith", "Budget\\2026.xlsx", "Projects"),
    ("10.20.5.77", "SANDBOX\\adavis", "Plans\\move.docx", "Projects"),
    ("10.20.6.12", "SANDBOX\\mjones", "mjones\\notes.txt", "Home"),
];

fn sessions(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let users = bound.texts("ClientUserName");
    let guests = if evaluator.host.role() == Role::File { &GUESTS[..] } else { &[] };
    let schema = SESSION.schema();
    for (place, (computer, user, ..)) in guests.iter().enumerate() {
        if is_any(evaluator, &users, user)? {
            let values = vec![
                Val::str(*computer),
                Val::str(*user),
                Val::str("3.1.1"),
                Val::U64(1),
                Val::str("*"),
                Val::U32(900 + 700 * place as u32),
                Val::U32(12 * place as u32),
                Val::U64(4_398_046_511_129 + 4 * place as u64),
            ];
            out.put(evaluator, SESSION.instance(&schema, values))?;
        }
    }
    Ok(())
}

fn files(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let users = bound.texts("ClientUserName");
    let guests = if evaluator.host.role() == Role::File { &GUESTS[..] } else { &[] };
    let schema = FILE.schema();
    for (place, (computer, user, file, share)) in guests.iter().enumerate() {
        if is_any(evaluator, &users, user)? {
            let values = vec![
                Val::str(*computer),
                Val::str(*user),
                Val::U64(4_415_226_380_557 + 8 * place as u64),
                Val::str(format!("E:\\Shares\\{share}\\{file}")),
                Val::U64(4_398_046_511_129 + 4 * place as u64),
                Val::str(*file),
            ];
            out.put(evaluator, FILE.instance(&schema, values))?;
        }
    }
    Ok(())
}
