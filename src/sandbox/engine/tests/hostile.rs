//! Scripts that would break an engine which trusts them.

use super::{Recorder, failure_id, run, runspace, shown};
use crate::sandbox::engine::{EndState, Invocation};

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

/// An expression that tries without end ends in a sentence, whatever catches it.
#[test]
fn expressions_that_try_too_much_are_errors() {
    for script in [
        "try { ('a' * 40) + '!' -match '^(?=(a+)+$)b\\1' } catch { 'caught' }",
        "try { ('ab' * 2000000) -match '(\\w{1,10}\\W?){1,5}z' } catch { 'caught' }",
        "('a' * 30) + 'b' -replace '(?<=(a|aa)+)(?=c)(a*)*\\2$', 'x'; ('a' * 5000) -match '(a*)*\\1b'",
    ] {
        let (recorder, ended) = run(script);
        let is_limit = failure_id(&ended) == "SandboxLimit";
        assert!(is_limit || ended.state == EndState::Completed, "{script}");
        assert!(!recorder.texts().contains(&"caught".to_owned()), "{script}");
    }
    let (_, ended) = run("('ab' * 2000000) -match '(\\w{1,10}\\W?){1,5}z'");
    assert_eq!(failure_id(&ended), "SandboxLimit");
}

/// Matching and splitting stop when the pipeline does.
#[test]
fn searches_obey_the_stop() {
    for work in ["$t -replace 'x', 'y'", "$t -split 'x'", "[regex]::Matches($t, 'x').Count", "$t -replace 'x', { 'y' }"]
    {
        let mut recorder = Recorder { stop_after_polls: Some(20), ..Recorder::default() };
        let script = format!("$t = 'x' * 300000; {work}; 'unreached'");
        let ended = runspace().invoke(&Invocation::script(script, []), &mut recorder);
        assert!(matches!(ended.state, EndState::Stopped(_)), "{work}");
        assert!(recorder.texts().is_empty(), "{work}");
    }
}

#[test]
fn a_pipeline_makes_no_more_than_its_share() {
    for script in [
        "while ($true) { $null = 'x' * 30000000 }",
        "while ($true) { $a = @(1) * 1000000 }",
        "while ($true) { $null = ('z' * 9000000).ToUpper() }",
    ] {
        assert_eq!(failure_id(&run(script).1), "SandboxLimit", "{script}");
    }
}

/// `finally` has its turn when a pipeline is stopped, or did too much; but not for ever.
#[test]
fn finally_runs_behind_the_end() {
    let mut recorder = Recorder { stop_after_polls: Some(3), ..Recorder::default() };
    let mut runspace = runspace();
    let script =
        "try { while ($true) { } } finally { $global:cleaned = 'yes'; foreach ($i in 1..100) { $global:rounds = $i } }";
    let ended = runspace.invoke(&Invocation::script(script, []), &mut recorder);
    assert!(matches!(ended.state, EndState::Stopped(_)));
    let mut after = Recorder::default();
    runspace.invoke(&Invocation::script("\"$cleaned $rounds\"", []), &mut after);
    assert_eq!(after.texts(), ["yes 100"]);

    let mut recorder = Recorder { stop_after_polls: Some(3), ..Recorder::default() };
    let script = "try { while ($true) { } } finally { try { while ($true) { } } finally { while ($true) { } } }";
    let ended = runspace.invoke(&Invocation::script(script, []), &mut recorder);
    assert!(matches!(ended.state, EndState::Stopped(_)));
}
