//! Scripts that would break an engine which trusts them.

use super::{run, shown};
use crate::sandbox::engine::EndState;

/// What is nested deeper than the stack is looked into, sent and freed without recursion.
#[test]
fn nesting_of_every_kind_ends_well() {
    for nest in ["$a = ,$a", "$a = @{ a = $a }", "$a = [pscustomobject]@{ a = $a }", "$a = ,@{ a = $a }"] {
        let script =
            format!("$a = 1; for ($i = 0; $i -lt 50000; $i++) {{ {nest} }}; $null = $a.Foo; $a = $null; 'done'");
        assert_eq!(shown(&script), ["done"], "{nest}");
    }
    assert_eq!(
        shown("$a = 'x'; for ($i = 0; $i -lt 30000; $i++) { $a = [Exception]::new('x', $a) }; 'done'"),
        ["done"]
    );
}

#[test]
fn circles_are_references() {
    let script = "$l = [Collections.ArrayList]@(); [void]$l.Add($l); [void]$l.Add($l); $null = $l.Foo; $null = $l.GetHashCode(); $l.Count";
    assert_eq!(shown(script), ["2"]);
    let (recorder, ended) = run("$h = @{}; 1..6 | ForEach-Object { $h[\"k$_\"] = $h }; $h");
    assert_eq!((ended.state, recorder.records.len()), (EndState::Completed, 1));
    let (recorder, _) = run("$s = @{ z = 1 }; ,@($s, $s)");
    assert_eq!(recorder.records.len(), 1);
}

#[test]
fn long_chains_are_errors_before_they_are_trees() {
    let script = "$s = ('1+' * 50000) + '1'; try { Invoke-Expression $s } catch { 'refused' }";
    assert_eq!(shown(script), ["refused"]);
    let script = "try { Invoke-Expression ('$x' + '.a' * 50000) } catch { 'refused' }";
    assert_eq!(shown(script), ["refused"]);
}

#[test]
fn programs_do_not_call_themselves() {
    let (_, ended) = run("cmd /c ('cmd.exe /c ' * 1500 + 'ver')");
    assert!(matches!(ended.state, EndState::Failed(_) | EndState::Completed));
}

#[test]
fn numbers_that_are_too_big_are_errors() {
    for script in
        ["Get-Date -Hour 9223372036854775807", "(Get-Date).AddYears(1e18)", "Get-Date -Millisecond 9223372036854775807"]
    {
        let (recorder, _) = run(&format!("try {{ {script} }} catch {{ 'refused' }}"));
        assert_eq!(recorder.texts(), ["refused"], "{script}");
    }
}

/// What a script makes without end ends in a sentence.
#[test]
fn every_family_has_its_limit() {
    for script in [
        "1..300 | ForEach-Object { New-EventLog -LogName Application -Source \"own$_\" -ErrorAction Stop }",
        "1..1100 | ForEach-Object { $null = New-LocalGroup \"own$_\" -ErrorAction Stop }",
        "Set-Service Spooler -Description ('x' * 2000000) -ErrorAction Stop",
        "$a = New-ScheduledTaskAction x.exe ('x' * 2000000); Register-ScheduledTask own -Action $a -ErrorAction Stop",
    ] {
        let said = shown(&format!("try {{ {script} }} catch {{ $_.FullyQualifiedErrorId.Split(',')[0] }}"));
        assert_eq!(said, ["SandboxFull"], "{script}");
    }
    let script = "1..500 | ForEach-Object { Write-EventLog Application 'Application Error' 1 -Message ('x' * 30000) }; \
                  @(Get-EventLog Application -InstanceId 1).Count -lt 100";
    assert_eq!(shown(script), ["True"]);
}

#[test]
fn temporary_files_leave_nothing_behind() {
    let script = "1..30 | ForEach-Object { Set-Content C:\\Temp\\t$_.txt x; Remove-Item C:\\Temp\\t$_.txt }; (Get-ChildItem C:\\Temp -Filter t*.txt).Count";
    let script = format!("$null = New-Item -ItemType Directory C:\\Temp -Force; {script}");
    assert_eq!(shown(&script), ["0"]);
    assert_eq!(
        shown("try { New-Item ('C:\\' + 'a' * 300) -ErrorAction Stop } catch { $_.Exception.GetType().Name }"),
        ["PathTooLongException"]
    );
}
