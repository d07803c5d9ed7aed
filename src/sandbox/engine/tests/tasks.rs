//! Scheduled tasks: what a script finds, runs and switches off.

use super::{error_ids, errors, run, shown};

#[test]
fn tasks_run_and_rest() {
    let script = "(Get-ScheduledTask -TaskPath '\\Contoso\\').Count -ge 4; (Get-ScheduledTask 'Clean temp*').State; \
                  (Get-ScheduledTask 'Clean temp folders').Actions[0].Execute; \
                  $i = Get-ScheduledTask 'Clean temp folders' | Get-ScheduledTaskInfo; $i.LastRunTime -lt (Get-Date); $i.NextRunTime -gt (Get-Date); \
                  Disable-ScheduledTask 'Clean temp folders' '\\Contoso\\' | ForEach-Object State; Enable-ScheduledTask 'Clean temp folders' -TaskPath '\\Contoso\\' | ForEach-Object State; \
                  Start-ScheduledTask -TaskName 'Clean temp folders' -TaskPath '\\Contoso\\'; \
                  ((Get-Date) - (Get-ScheduledTask 'Clean temp folders' | Get-ScheduledTaskInfo).LastRunTime).TotalSeconds; \
                  Unregister-ScheduledTask 'Clean temp folders' -Confirm:$false; @(Get-ScheduledTask 'Clean temp*').Count";
    let wanted = ["True", "Ready", "powershell.exe", "True", "True", "Disabled", "Ready", "0", "0"];
    assert_eq!(shown(script), wanted);
}

/// Without a folder these functions look in the root alone.
#[test]
fn tasks_in_folders_are_named_with_them() {
    for function in ["Start-ScheduledTask", "Stop-ScheduledTask", "Disable-ScheduledTask", "Get-ScheduledTaskInfo"] {
        let ids = error_ids(&format!("{function} 'Clean temp folders'"));
        assert_eq!(ids, [format!("HRESULT 0x80070002,{function}")]);
    }
}

#[test]
fn tasks_are_made() {
    let script = "$a = New-ScheduledTaskAction -Execute powershell.exe -Argument '-File C:\\x.ps1'; \
                  $t = New-ScheduledTaskTrigger -Weekly -DaysOfWeek Sunday -At 3:30am; \
                  $p = New-ScheduledTaskPrincipal -UserId 'NT AUTHORITY\\SYSTEM' -RunLevel Highest; \
                  (Register-ScheduledTask -TaskName mine -TaskPath Own -Action $a -Trigger $t -Principal $p).URI; \
                  $i = Get-ScheduledTaskInfo -TaskName mine -TaskPath \\Own\\; $i.LastTaskResult; \"$($i.NextRunTime.DayOfWeek) $($i.NextRunTime.Hour)\"; \
                  (Get-ScheduledTask mine).Actions[0].Arguments; Start-ScheduledTask mine -TaskPath \\Own\\; (Get-ScheduledTask mine | Get-ScheduledTaskInfo).LastTaskResult";
    let wanted = ["\\Own\\mine", "267011", "Sunday 3", "-File C:\\x.ps1", "0"];
    assert_eq!(shown(script), wanted);
    let again = "$a = New-ScheduledTaskAction cmd.exe; Register-ScheduledTask 'Nightly inventory' Contoso -Action $a";
    assert_eq!(error_ids(again), ["HRESULT 0x800700b7,Register-ScheduledTask"]);
}

#[test]
fn tasks_that_are_not_there() {
    assert_eq!(
        errors("Get-ScheduledTask NoSuchTask"),
        [(
            "CmdletizationQuery_NotFound_TaskName,Get-ScheduledTask".into(),
            "No MSFT_ScheduledTask objects found with property 'TaskName' equal to 'NoSuchTask'.  Verify the value of the \
             property and retry."
                .into()
        )]
    );
    assert_eq!(error_ids("Start-ScheduledTask NoSuchTask"), ["HRESULT 0x80070002,Start-ScheduledTask"]);
    let (recorder, _) = run("Unregister-ScheduledTask 'Nightly inventory' -WhatIf");
    assert_eq!(recorder.lines.len(), 1);
}

/// Unregister-ScheduledTask asks, and nobody answers.
#[test]
fn grave_changes_ask() {
    let script = "Unregister-ScheduledTask 'Nightly inventory'";
    let all = errors(script);
    assert_eq!(all[0].0, "InvalidOperation,Unregister-ScheduledTask");
    assert!(all[0].1.contains("The question was: Performing the operation \"Delete\""), "{all:?}");
    let quiet = "$ConfirmPreference = 'None'; Unregister-ScheduledTask 'Nightly inventory'; @(Get-ScheduledTask 'Nightly*').Count";
    assert_eq!(shown(quiet), ["0"]);
    let low = "$ConfirmPreference = 'Low'; try { Stop-Service Spooler } catch { 'asked' }; \"$((Get-Service Spooler).Status)\"; \
               New-Item C:\\n.txt -Confirm:$false | ForEach-Object Name; New-Item C:\\m.txt -Confirm -ErrorAction Ignore; Test-Path C:\\m.txt";
    assert_eq!(shown(low), ["asked", "Running", "n.txt", "False"]);
}

#[test]
fn triggers_begin_when_they_were_told() {
    let script = "(New-ScheduledTaskTrigger -Daily -At '2030-12-24 03:00').StartBoundary.Substring(0, 19); \
                  (New-ScheduledTaskTrigger -Daily -At 3am).StartBoundary.Substring(0, 10) -eq (Get-Date -Format yyyy-MM-dd); \
                  $t = New-ScheduledTaskTrigger -Weekly -DaysOfWeek Tuesday -At '2030-12-24 04:30'; $t.WeeksInterval; \
                  $a = New-ScheduledTaskAction cmd.exe; $null = Register-ScheduledTask later -Action $a -Trigger $t; \
                  (Get-ScheduledTask later).Triggers[0].StartBoundary.Substring(0, 16); \
                  Get-ScheduledTaskInfo later | ForEach-Object { $_.NextRunTime.ToString('s') }";
    let wanted = ["2030-12-24T03:00:00", "True", "1", "2030-12-24T04:30", "2030-12-24T04:30:00"];
    assert_eq!(shown(script), wanted);
}
