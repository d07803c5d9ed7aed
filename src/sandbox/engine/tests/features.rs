//! Roles, features, printers and shares.

use std::sync::Arc;

use super::{Recorder, Runspace, error_ids, now, shown};
use crate::sandbox::engine::{Invocation, Machine};

/// What a script gives on file001.
fn on_file_server(script: &str) -> Vec<String> {
    let machine = Arc::new(Machine::draw(1, 8, now()));
    let mut recorder = Recorder::default();
    let script = format!("& {{ {script} }} | ForEach-Object {{ \"$_\" }}");
    Runspace::new(machine).invoke(&Invocation::script(script, []), &mut recorder);
    recorder.texts()
}

#[test]
fn features_are_installed_and_removed() {
    let script = "(Get-WindowsFeature Web-Server).InstallState; (Get-WindowsFeature Hyper-V).Installed; \
                  $r = Install-WindowsFeature RSAT-AD-PowerShell; \"$($r.Success) $($r.ExitCode) $($r.FeatureResult.Count)\"; \
                  (Get-WindowsFeature RSAT-AD-PowerShell).Installed; (Install-WindowsFeature RSAT).ExitCode; \
                  $null = Uninstall-WindowsFeature RSAT; @(Get-WindowsFeature RSAT* | Where-Object Installed).Count; \
                  (Get-WindowsOptionalFeature -Online -FeatureName IIS-WebServer).State; (Get-WindowsFeature Web-Http-Logging).Depth";
    let wanted = ["Installed", "False", "True Success 4", "True", "NoChangeNeeded", "0", "Enabled", "4"];
    assert_eq!(shown(script), wanted);
    let class = "Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand";
    assert_eq!(error_ids("Install-WindowsFeature nosuch"), [format!("NameDoesNotExist,{class}")]);
}

#[test]
fn printers_need_the_spooler() {
    assert_eq!(on_file_server("(Get-Printer | Where-Object Shared).Count"), ["2"]);
    assert_eq!(on_file_server("(Get-PrinterPort IP_*).PrinterHostAddress"), ["10.20.3.51", "10.20.3.52"]);
    let printer = on_file_server("foreach ($p in Get-Printer PRN*) { $p.JobCount - @($p | Get-PrintJob).Count }");
    assert_eq!(printer, ["0", "0"]);
    assert_eq!(error_ids("Get-Printer nosuch"), ["CmdletizationQuery_NotFound_Name,Get-Printer"]);
    assert_eq!(error_ids("Stop-Service Spooler; Get-Printer"), ["HRESULT 0x800706ba,Get-Printer"]);
}

#[test]
fn shares_are_those_of_the_role() {
    assert_eq!(shown("(Get-SmbShare).Name -join ','"), ["ADMIN$,C$,IPC$"]);
    assert_eq!(on_file_server("(Get-SmbShare -Special $false).Name -join ','"), ["Home,Projects,Public"]);
    assert_eq!(
        on_file_server("(Get-SmbSession).Count; (Get-SmbOpenFile -ClientUserName *jsmith).Path"),
        ["3", "E:\\Shares\\Projects\\Budget\\2026.xlsx"]
    );
    assert_eq!(error_ids("Get-SmbShare nosuch"), ["CmdletizationQuery_NotFound_Name,Get-SmbShare"]);
}
