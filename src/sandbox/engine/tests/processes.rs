//! Processes: what a script finds, starts and ends.

use std::sync::Arc;

use super::{EndState, Invocation, Machine, Recorder, Runspace, error_ids, now, run, shown};

#[test]
fn processes_start_and_end() {
    let script = "$p = Start-Process notepad -ArgumentList 'a.txt' -PassThru; $p.Name; (Get-Process -Id $p.Id).CommandLine; \
                  $p | Stop-Process; $p.HasExited; @(Get-Process notepad*).Count; \
                  Start-Process notepad.exe; Stop-Process -Name notepad -PassThru | ForEach-Object { $_.HasExited }; \
                  $q = Start-Process C:\\Windows\\System32\\notepad.exe -PassThru; $q.Kill(); $q.WaitForExit(); $q.HasExited";
    let wanted = ["notepad", "\"C:\\Windows\\System32\\notepad.exe\" a.txt", "True", "0", "True", "True"];
    assert_eq!(shown(script), wanted);
    assert_eq!(
        error_ids("Start-Process nosuch"),
        ["InvalidOperationException,Microsoft.PowerShell.Commands.StartProcessCommand"]
    );
}

/// An exit code of 0 would say that something was installed.
#[test]
fn what_would_have_to_do_something_is_refused() {
    let id = "SandboxUnsupported";
    for script in [
        "Start-Process msiexec.exe -ArgumentList '/i C:\\x.msi /qn' -Wait -PassThru",
        "Start-Process cmd '/c exit 3'",
        "Start-Process 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe' -ArgumentList '-File', 'x.ps1'",
    ] {
        assert_eq!(error_ids(script), [id], "{script}");
    }
    for script in [
        "Invoke-CimMethod Win32_Process Create @{ CommandLine = 'cmd /c echo hi > C:\\hi.txt' }",
        "Invoke-CimMethod Win32_Process Create @{ CommandLine = '\"C:\\Windows\\System32\\cmd.exe\" /c echo hi' }",
        "([wmiclass]'Win32_Process').Create('powershell -File x.ps1')",
    ] {
        let (_, ended) = run(&format!("$ErrorActionPreference = 'Stop'; {script}"));
        assert!(matches!(ended.state, EndState::Failed(_)), "{script}");
    }
}

#[test]
fn a_program_that_is_nowhere_has_no_process() {
    let script = "$r = Invoke-CimMethod Win32_Process Create @{ CommandLine = 'C:\\nosuch.exe' }; $r.ReturnValue; $null -eq $r.ProcessId; \
                  (Invoke-CimMethod Win32_Process Create @{ CommandLine = 'nosuch.exe -x' }).ReturnValue; \
                  Set-Content C:\\mine.exe 1; (Invoke-CimMethod Win32_Process Create @{ CommandLine = 'C:\\mine.exe /q' }).ReturnValue";
    assert_eq!(shown(script), ["9", "True", "9", "0"]);
}

/// What a session started ends with it, as under WinRM; what CIM started does not.
#[test]
fn processes_end_with_their_runspace() {
    let machine = Arc::new(Machine::draw(1, 0, now()));
    let said = |runspace: &mut Runspace, script: &str| {
        let mut recorder = Recorder::default();
        runspace.invoke(&Invocation::script(script, []), &mut recorder);
        recorder.texts()
    };
    let count =
        "\"$(@(Get-Process notepad -ErrorAction Ignore).Count) $(@(Get-Process calc -ErrorAction Ignore).Count)\"";
    let mut first = Runspace::new(Arc::clone(&machine));
    said(&mut first, "Start-Process notepad");
    said(&mut first, "$null = Invoke-CimMethod Win32_Process Create @{ CommandLine = 'calc.exe' }");
    let mut second = Runspace::new(machine);
    assert_eq!(said(&mut second, count), ["1 1"]);
    drop(first);
    assert_eq!(said(&mut second, count), ["0 1"]);
}

#[test]
fn processes_are_chosen_and_guarded() {
    assert_eq!(shown("(Get-Process -Name lsass, wininit).Name -join ','"), ["lsass,wininit"]);
    assert_eq!(shown("(Get-Process lsass -IncludeUserName).UserName"), ["NT AUTHORITY\\SYSTEM"]);
    assert_eq!(
        shown("(Get-Process -Id 4).Name; ([pscustomobject]@{ Id = 4 } | Get-Process).Name"),
        ["System", "System"]
    );
    assert_eq!(error_ids("Stop-Process -Name csrss -Force").len(), 2);
    assert_eq!(
        error_ids("Wait-Process -Name lsass -Timeout 1"),
        ["ProcessNotTerminated,Microsoft.PowerShell.Commands.WaitProcessCommand"]
    );
    let (recorder, _) = run("Stop-Process -Name spoolsv, lsass -WhatIf; @(Get-Process spoolsv).Count");
    assert!(recorder.lines.iter().all(|line| line.contains("Performing the operation \"Stop-Process\" on target")));
    assert_eq!(recorder.lines.len(), 2);
}

#[test]
fn services_live_in_processes() {
    let script = "Start-Service Spooler; Stop-Process -Name spoolsv -Force; (Get-Service Spooler).Status; Start-Service Spooler; @(Get-Process spoolsv).Count";
    assert_eq!(shown(script), ["Stopped", "1"]);
}
