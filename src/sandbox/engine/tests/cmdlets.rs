//! Cmdlets of everyday scripts, where no PowerShell on Linux can say what is right.

use std::sync::Arc;

use super::{Invocation, Machine, Recorder, Runspace, error_ids, now, shown};

/// Numbers are nothing but their value; still their side is known.
#[test]
fn sides_of_numbers() {
    let script = "$d = Compare-Object 1,2 2,3 -PassThru; $d | Where-Object SideIndicator -eq '=>'; \
                  $d | ForEach-Object { \"$_$($_.SideIndicator)\" }; ($d | Measure-Object -Sum).Sum; \
                  $null -eq (7).SideIndicator";
    assert_eq!(shown(script), ["3", "3=>", "1<=", "4", "True"]);
}

#[test]
fn select_string_shows_the_lines_around() {
    let lines = "'a','b','c','d','b','e','f'";
    let script = format!(
        "$m = {lines} | Select-String b -Context 1, 2; $m.LineNumber -join ','; $m[0].Context.PreContext; \
         $m[0].Context.PostContext -join ','; $m[0].Context.DisplayPostContext -join ','; \
         $m[1].Context.PreContext -join ','; $m[1].Context.DisplayPreContext.Count; ($m | Out-String) -replace '\\r?\\n', '|'"
    );
    assert_eq!(shown(&script), ["2,5", "a", "c,d", "c,d", "d", "0", "  a|> b|  c|  d|> b|  e|  f|"]);
    let script = "Set-Content C:\\lines.txt 'x','y','z'; Set-Location C:\\; \
                  (Select-String y C:\\lines.txt | Out-String).Trim(); (Select-String y lines.txt -Context 1 | Out-String).Trim(); \
                  Set-Location C:\\Windows; (Select-String y C:\\lines.txt | Out-String).Trim()";
    assert_eq!(
        shown(script),
        ["lines.txt:2:y", "lines.txt:1:x\r\n> lines.txt:2:y\r\n  lines.txt:3:z", "C:\\lines.txt:2:y"]
    );
}

/// Scripts loop over names of computers, their own among them.
#[test]
fn the_host_itself_by_name() {
    let script = "foreach ($c in 'localhost', '.', $env:COMPUTERNAME) { $s = Get-Service W32Time -ComputerName $c; \
                  $s.MachineName; (Get-Process -ComputerName $c -Id $PID).MachineName }; \
                  @(Get-HotFix -ComputerName localhost).Count -gt 0; \
                  @(Get-EventLog System -ComputerName . -Newest 1).Count; @(Get-WinEvent System -MaxEvents 1 -ComputerName localhost).Count; \
                  @(Get-WindowsFeature -ComputerName localhost).Count -gt 0";
    let own = ["localhost", "localhost", ".", ".", "WEB001", "WEB001", "True", "1", "1", "True"];
    assert_eq!(shown(script), own);
    for refused in [
        "Get-Service -ComputerName other",
        "Get-Process -ComputerName localhost, other",
        "[pscustomobject]@{ ComputerName = 'other' } | Get-HotFix",
    ] {
        assert!(error_ids(refused)[0].starts_with("SandboxUnsupported"), "{refused}");
    }
}

/// A process has the variables with which it began.
#[test]
fn variables_of_the_machine_reach_new_sessions() {
    let machine = Arc::new(Machine::draw(1, 0, now()));
    let said = |script: &str| {
        let mut recorder = Recorder::default();
        Runspace::new(Arc::clone(&machine)).invoke(&Invocation::script(script, []), &mut recorder);
        recorder.texts()
    };
    let script = "[Environment]::SetEnvironmentVariable('FOO', 'bar', 'Machine'); \"[$env:FOO]\"; \
                  [Environment]::GetEnvironmentVariable('FOO', 'Machine'); \"[$([Environment]::GetEnvironmentVariable('FOO'))]\"";
    assert_eq!(said(script), ["[]", "bar", "[]"]);
    assert_eq!(said("$env:FOO"), ["bar"]);
}

#[test]
fn parameters_of_cmdlets() {
    let script = "$c = Get-Command Get-Service; $c.Parameters.ContainsKey('ComputerName'); $c.Parameters['Name'].Aliases; \
                  $c.Parameters['RequiredServices'].SwitchParameter; $c.ParameterSets.Count; \
                  @(Get-Command -ParameterName CimSession).Name -contains 'Get-Disk'; @(Get-Command -ParameterName Nosuch*).Count; \
                  & (Get-Command hostname)";
    assert_eq!(shown(script), ["True", "ServiceName", "True", "1", "True", "0", "WEB001"]);
}
