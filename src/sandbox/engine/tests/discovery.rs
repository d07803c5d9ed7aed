//! What there is: commands, aliases, modules, help in short, members and formats of the host's objects.

use super::{error_ids, shown};

#[test]
fn commands_are_found_by_name_noun_and_kind() {
    assert_eq!(
        shown("(Get-Command Get-Service).ModuleName; (gcm gsv).Definition; (Get-Command hostname).CommandType"),
        ["Microsoft.PowerShell.Management", "Get-Service", "Application"]
    );
    let found = shown("Get-Command -Noun Service | Select-Object -ExpandProperty Name");
    assert!(found.contains(&"Get-Service".to_owned()) && !found.contains(&"gsv".to_owned()), "{found:?}");
    assert_eq!(
        shown("function Get-Mine { 1 }; (Get-Command Get-Mine).CommandType; (Get-Command Get-Mi*).Name"),
        ["Function", "Get-Mine"]
    );
    let script = "Get-Command No-Such; Get-Alias nosuch; Import-Module NoSuch; Get-Help NoSuchThing";
    assert_eq!(
        error_ids(script),
        [
            "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand",
            "ItemNotFoundException,Microsoft.PowerShell.Commands.GetAliasCommand",
            "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand",
            "HelpNotFound,Microsoft.PowerShell.Commands.GetHelpCommand",
        ]
    );
}

#[test]
fn aliases_run_what_they_stand_for() {
    assert_eq!(
        shown("Set-Alias hn hostname; hn; (Get-Alias hn).Definition; (Get-Alias -Definition Get-Service).Name"),
        ["WEB001", "hostname", "gsv"]
    );
}

#[test]
fn modules_and_help() {
    assert_eq!(
        shown("(Get-Module).Name; (Get-Help Get-Service).Name; (Get-Help gsv).Category"),
        ["Microsoft.PowerShell.Management", "Microsoft.PowerShell.Utility", "Get-Service", "Cmdlet"]
    );
    assert_eq!(
        shown("Import-Module CimCmdlets; (Get-Module -Name Cim*).Name; (Get-Culture).Name"),
        ["CimCmdlets", "en-US"]
    );
}

#[test]
fn members_of_what_windows_alone_has() {
    let found = shown("Get-Service | Get-Member -MemberType Method | ForEach-Object Name");
    assert!(found.contains(&"WaitForStatus".to_owned()), "{found:?}");
    let found = shown(
        "Get-CimInstance Win32_OperatingSystem | Get-Member -Name FreePhysicalMemory | ForEach-Object Definition",
    );
    assert_eq!(found, ["uint64 FreePhysicalMemory {get;}"]);
}

#[test]
fn services_are_printed_by_their_view() {
    let printed = shown("(Get-Service WinRM | Out-String).Trim() -split '\\s+' | Select-Object -First 3");
    assert_eq!(printed, ["Status", "Name", "DisplayName"]);
    let printed = shown("(Get-Service WinRM | Format-List Name, Status | Out-String).Trim() -replace '\\s+', ' '");
    assert_eq!(printed, ["Name : WinRM Status : Running"]);
    assert_eq!(
        shown("(Get-Service WinRM | Select-Object Name).PSTypeNames[0]"),
        ["Selected.System.ServiceProcess.ServiceController"]
    );
}
