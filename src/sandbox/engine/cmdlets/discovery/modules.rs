//! Modules: which command is of which, and the objects of Get-Module.

use std::sync::{Arc, LazyLock};

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::value::{Obj, Schema, Val};
use super::super::{Bound, names};

/// Name, version, whether it is loaded from the start, and its commands: whole names, or nouns behind a `-`, with a
/// `*` at their end.
///
/// Source: learn.microsoft.com, the reference of each module; versions are those of Windows Server 2022.
const MODULES: [(&str, [i32; 4], bool, &[&str]); 21] = [
    ("Microsoft.PowerShell.Security", [3, 0, 0, 0], false, &["-Acl", "-ExecutionPolicy", "-AuthenticodeSignature"]),
    ("CimCmdlets", [1, 0, 0, 0], false, &["-Cim*"]),
    ("Microsoft.PowerShell.LocalAccounts", [1, 0, 0, 0], false, &["-LocalUser", "-LocalGroup*"]),
    ("Microsoft.PowerShell.Diagnostics", [3, 0, 0, 0], false, &["-WinEvent", "-Counter"]),
    ("NetTCPIP", [1, 0, 0, 0], false, &["-NetIP*", "-NetTCP*", "-NetUDP*", "-NetRoute", "Test-NetConnection"]),
    ("NetAdapter", [2, 0, 0, 0], false, &["-NetAdapter*"]),
    ("NetSecurity", [2, 0, 0, 0], false, &["-NetFirewall*"]),
    ("NetConnection", [1, 0, 0, 0], false, &["-NetConnectionProfile"]),
    ("DnsClient", [1, 0, 0, 0], false, &["-Dns*"]),
    ("Storage", [2, 0, 0, 0], false, &["-Volume", "-Disk", "-Partition", "-PhysicalDisk"]),
    ("ScheduledTasks", [1, 0, 0, 0], false, &["-ScheduledTask*"]),
    ("PrintManagement", [1, 1, -1, -1], false, &["-Print*"]),
    ("SmbShare", [2, 0, 0, 0], false, &["-Smb*"]),
    ("ServerManager", [2, 0, 0, 0], false, &["-WindowsFeature"]),
    ("Dism", [3, 0, -1, -1], false, &["-WindowsOptionalFeature"]),
    ("Defender", [1, 0, -1, -1], false, &["-Mp*"]),
    ("WindowsServerBackup", [1, 0, 0, 0], false, &["-WB*"]),
    (
        "Microsoft.PowerShell.Core",
        [3, 0, 0, 0],
        false,
        &[
            "-Command",
            "-Help",
            "-Module",
            "-Job",
            "Where-Object",
            "ForEach-Object",
            "Out-Null",
            "Out-Host",
            "Out-Default",
        ],
    ),
    (
        "Microsoft.PowerShell.Management",
        [3, 1, 0, 0],
        true,
        &[
            "-Service",
            "-Process",
            "-Item*",
            "-ChildItem",
            "-Content",
            "-Location",
            "-PSDrive",
            "-PSProvider",
            "-Path",
            "-EventLog",
            "-HotFix",
            "-Computer*",
            "-TimeZone",
            "-Wmi*",
            "-Clipboard",
            "Test-Connection",
        ],
    ),
    ("Microsoft.WSMan.Management", [3, 0, 0, 0], false, &["-WSMan*"]),
    ("Microsoft.PowerShell.Utility", [3, 1, 0, 0], true, &["-*"]),
];

/// The module of a command and its version; none of native programs.
pub(super) fn of_command(name: &str) -> Option<(&'static str, [i32; 4])> {
    let (_, noun) = name.split_once('-')?;
    // Only Invoke-Command is of the core among the commands called after the noun of a measure.
    let is_it = |pattern: &&str| match pattern.strip_prefix('-') {
        Some(start) => match start.strip_suffix('*') {
            Some(start) => noun.starts_with(start),
            None => noun == start && name != "Measure-Command",
        },
        None => *pattern == name,
    };
    let found = MODULES.iter().find(|(.., commands)| commands.iter().any(&is_it))?;
    Some((found.0, found.1))
}

static MODULE: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Schema::new(
        &["System.Management.Automation.PSModuleInfo", "System.Object"],
        &["Name", "Path", "ModuleBase", "Version", "ModuleType", "AccessMode", "ExportedCommands"],
    )
});

fn module(name: &str, version: [i32; 4]) -> Val {
    let folder = format!("C:\\Windows\\system32\\WindowsPowerShell\\v1.0\\Modules\\{name}");
    let commands = names().filter(|command| of_command(command).is_some_and(|(module, _)| module == name));
    let commands = commands.map(|command| (Val::str(command), Val::str(command))).collect();
    let values = vec![
        Val::str(name),
        Val::str(format!("{folder}\\{name}.psd1")),
        Val::str(folder),
        Val::Version(version),
        Val::of_enum("System.Management.Automation.ModuleType", "Manifest", 2),
        Val::of_enum("System.Management.Automation.ModuleAccessMode", "ReadWrite", 0),
        Val::hash(true, commands),
    ];
    Obj::typed(&MODULE, name, values)
}

/// Get-Module: those that are loaded, or all with `-ListAvailable`.
pub(super) fn get(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let patterns = bound.texts("Name");
    let mut found: Vec<_> = MODULES.iter().filter(|module| module.0 != "Microsoft.PowerShell.Core").collect();
    found.sort_by_key(|module| module.0);
    for (name, version, is_loaded, _) in found {
        let is_here = bound.switch("ListAvailable")
            || *is_loaded
            || evaluator.state.modules.iter().any(|loaded| loaded.eq_ignore_ascii_case(name));
        let mut is_wanted = patterns.is_empty();
        for pattern in &patterns {
            is_wanted |= evaluator.patterns.like(name, pattern, false)?;
        }
        if is_here && is_wanted {
            out.put(evaluator, module(name, *version))?;
        }
    }
    Ok(())
}

/// Import-Module: commands are there anyway; a module that is not is an error.
pub(super) fn import(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    for name in bound.texts("Name") {
        let Some((known, version, ..)) = MODULES.iter().find(|module| module.0.eq_ignore_ascii_case(&name)) else {
            let message = format!(
                "The specified module '{name}' was not loaded because no valid module file was found in any module directory."
            );
            let kind = "System.IO.FileNotFoundException";
            let record = ErrorRecord::new(kind, message, "Modules_ModuleNotFound", 21).with_target(Val::str(name));
            evaluator.write_error(record)?;
            continue;
        };
        if !evaluator.state.modules.iter().any(|loaded| **loaded == **known) {
            evaluator.state.modules.push((*known).into());
        }
        if bound.switch("PassThru") {
            out.put(evaluator, module(known, *version))?;
        }
    }
    Ok(())
}
