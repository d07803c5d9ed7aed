//! Scheduled tasks: what a script finds, runs and switches off.

use super::{error_ids, errors, run, shown};

#[test]
fn tasks_run_and_rest() {
    let script = "(Get-ScheduledTask -TaskPath '\\Contoso\\').Count -ge 4; (Get-ScheduledTask 'Clean temp*').State; \
                  (Get-ScheduledTask 'Clean temp folders').Actions[0].Execute; \
                  $i = Get-ScheduledTask 'Clean temp folders' | Get-ScheduledTaskInfo; $i.LastRunTime -lt (Get-Date); $i.NextRunTime -gt (Get-Date); \
                  Disable-ScheduledTask 'Clean temp folders' | ForEach-Object State; Enable-ScheduledTask 'Clean temp folders' | ForEach-Object State; \
                  Start-ScheduledTask -TaskName 'Clean temp folders' -TaskPath '\\Contoso\\'; \
                  ((Get-Date) - (Get-ScheduledTaskInfo 'Clean temp folders').LastRunTime).TotalSeconds; \
                  Unregister-ScheduledTask 'Clean temp folders' -Confirm:$false; @(Get-ScheduledTask 'Clean temp*').Count";
    let wanted = ["True", "Ready", "powershell.exe", "True", "True", "Disabled", "Ready", "0", "0"];
    assert_eq!(shown(script), wanted);
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
