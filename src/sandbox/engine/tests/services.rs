//! Services: what a script finds, stops, starts and changes.

use std::sync::Arc;

use super::{Recorder, Runspace, error_ids, errors, now, shown};
use crate::sandbox::engine::{Invocation, Machine};

/// Runs scripts one after the other on one host of the fleet of seed 1.
fn on_host(index: u32, scripts: &[&str]) -> Vec<Recorder> {
    let machine = Arc::new(Machine::draw(1, index, now()));
    let one = |script: &&str| {
        let mut recorder = Recorder::default();
        Runspace::new(Arc::clone(&machine)).invoke(&Invocation::script(*script, []), &mut recorder);
        recorder
    };
    scripts.iter().map(one).collect()
}

#[test]
fn a_stopped_service_is_started_again() {
    let all = on_host(
        5,
        &[
            "Stop-Service ContosoSync; \"$((Get-Service ContosoSync).Status)\"",
            "Get-Service | Where-Object { $_.StartType -eq 'Automatic' -and $_.Status -eq 'Stopped' -and $_.Name -like 'Contoso*' } | Restart-Service -WhatIf",
            "\"$((Get-Service ContosoSync).Status) $((Get-CimInstance Win32_Service -Filter \"Name='ContosoSync'\").State)\"",
            "Get-Service ContosoSync | Restart-Service -PassThru | ForEach-Object { \"$($_.Status)\" }",
            "\"$((Get-Service ContosoSync).Status) $(@(Get-Process Contoso.Sync).Count) $((Get-CimInstance Win32_Service -Filter \"Name='ContosoSync'\").State)\"",
        ],
    );
    assert_eq!(all[0].texts(), ["Stopped"]);
    let what_if =
        "What if: Performing the operation \"Restart-Service\" on target \"Contoso Warehouse Sync (ContosoSync)\".";
    assert_eq!(all[1].lines, [what_if]);
    assert_eq!(all[2].texts(), ["Stopped Stopped"]);
    assert_eq!(all[3].texts(), ["Running"]);
    assert_eq!(all[4].texts(), ["Running 1 Running"]);
}

#[test]
fn services_are_chosen_by_name_title_and_input() {
    assert_eq!(shown("(Get-Service -Name winrm, W32Time).Name -join ','"), ["W32Time,WinRM"]);
    assert_eq!(shown("(Get-Service -DisplayName 'print*').Name"), ["Spooler"]);
    assert_eq!(shown("(Get-Service win* -Exclude WinDefend, WinH*).Name -join ','"), ["Winmgmt,WinRM"]);
    assert_eq!(shown("('WinRM', 'Spooler' | Get-Service).Name -join ','"), ["WinRM,Spooler"]);
    assert_eq!(shown("([pscustomobject]@{ Name = 'WinRM' } | Get-Service).DisplayName.Substring(0, 7)"), ["Windows"]);
    assert_eq!(
        shown("(Get-Service W3SVC -RequiredServices).Name; (Get-Service WAS -DependentServices).Name"),
        ["WAS", "W3SVC"]
    );
    assert_eq!(shown("(Get-Service nsi).DependentServices.Name -contains 'Dnscache'"), ["True"]);
    let script = "$s = Get-CimInstance Win32_Service -Filter \"Name='MSDTC'\"; \"$($s.StartMode) $($s.StartName) $($s.DelayedAutoStart)\"; $s.PathName";
    assert_eq!(shown(script), ["Auto NT AUTHORITY\\NetworkService True", "C:\\Windows\\System32\\msdtc.exe"]);
    assert_eq!(
        errors("Get-Service -DisplayName 'no such'"),
        [(
            "NoServiceFoundForGivenDisplayName,Microsoft.PowerShell.Commands.GetServiceCommand".into(),
            "Cannot find any service with display name 'no such'.".into()
        )]
    );
}

#[test]
fn the_manager_refuses_as_windows_does() {
    let class = |verb: &str| format!("Microsoft.PowerShell.Commands.{verb}ServiceCommand");
    assert_eq!(
        errors("Start-Service RemoteRegistry"),
        [(
            format!("CouldNotStartService,{}", class("Start")),
            "Service 'Remote Registry (RemoteRegistry)' cannot be started due to the following error: Cannot start service \
             'RemoteRegistry' on computer '.'."
                .into()
        )]
    );
    assert_eq!(
        errors("Stop-Service WAS"),
        [(
            format!("ServiceHasDependentServices,{}", class("Stop")),
            "Cannot stop service 'Windows Process Activation Service (WAS)' because it has dependent services. It can only be \
             stopped if the Force flag is set."
                .into()
        )]
    );
    assert_eq!(error_ids("Stop-Service RpcSs -Force"), [format!("CouldNotStopService,{}", class("Stop"))]);
    assert_eq!(
        error_ids("Suspend-Service Spooler"),
        [
            format!("CouldNotSuspendServiceNotSupported,{}", class("Suspend")),
            format!("CouldNotSuspendService,{}", class("Suspend"))
        ]
    );
    assert_eq!(
        error_ids("Set-Service nosuch -StartupType Manual"),
        [format!("InvalidOperationException,{}", class("Set"))]
    );
    assert_eq!(error_ids("New-Service WinRM C:\\x.exe"), [format!("CouldNotNewService,{}", class("New"))]);
}

#[test]
fn settings_change_and_services_come_and_go() {
    let script = "Stop-Service WAS -Force; \"$((Get-Service W3SVC, WAS).Status)\"; Start-Service W3SVC; (Get-Service WAS).Status; \
                  Suspend-Service W3SVC -PassThru | % Status; Resume-Service W3SVC; (Get-Service W3SVC).Status; \
                  Set-Service Spooler -StartupType Disabled -Description 'no print'; \"$((Get-Service Spooler).StartType) $((Get-CimInstance Win32_Service -Filter \"Name='Spooler'\").Description)\"; \
                  $n = New-Service -Name mine -BinaryPathName 'C:\\mine.exe -x' -DisplayName 'My own' -StartupType Manual; \"$($n.Status) $($n.DisplayName)\"; \
                  Start-Service mine; (Get-Process mine).Name; Stop-Service mine; Remove-Service mine; @(Get-Service mine*).Count";
    let wanted =
        ["Stopped Stopped", "Running", "Paused", "Running", "Disabled no print", "Stopped My own", "mine", "0"];
    assert_eq!(shown(script), wanted);
    // An object of a service that is gone is no service, and not all of them.
    let script =
        "$n = New-Service mine C:\\mine.exe; Remove-Service mine; @($n | Get-Service -ErrorAction Ignore).Count";
    assert_eq!(shown(script), ["0"]);
}

#[test]
fn controllers_have_methods() {
    let script = "$s = Get-Service Spooler; if ($s.Status -ne 'Running') { $s.Start() }; $s.Stop(); $s.WaitForStatus('Stopped', '00:00:10'); $s.Status; \
                  $s.Start(); \"$($s.Status)\"; $s.Refresh(); \"$($s.Status)\"";
    assert_eq!(shown(script), ["Stopped", "Stopped", "Running"]);
    let script =
        "try { (Get-Service RemoteRegistry).Start() } catch { $_.Exception.Message; $_.FullyQualifiedErrorId }";
    assert_eq!(
        shown(script),
        [
            "Exception calling \"Start\" with \"0\" argument(s): \"Cannot start service 'RemoteRegistry' on computer '.'.\"",
            "InvalidOperationException"
        ]
    );
}

/// The sessions run in WinRM: it is not stopped, whoever asks.
#[test]
fn winrm_goes_on() {
    let script = "Stop-Service WinRM -Force -ErrorAction Ignore; Restart-Service WinRM -ErrorAction Ignore; $null = net stop winrm 2>&1; \
                  $null = sc.exe stop winrm; \"$((Get-CimInstance Win32_Service -Filter \"Name='WinRM'\" | Invoke-CimMethod -MethodName StopService).ReturnValue)\"; \
                  Stop-Service HTTP -Force -ErrorAction Ignore; \"$((Get-Service WinRM).Status)\"";
    assert_eq!(shown(script), ["5", "Running"]);
    assert!(errors("Stop-Service WinRM -Force")[0].1.contains("The sandbox's sessions run in WinRM"));
}
