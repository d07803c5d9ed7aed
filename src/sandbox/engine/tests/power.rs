//! Hosts that go down.

use super::run;

#[test]
fn a_restart_takes_the_host_down_and_what_if_does_not() {
    let (recorder, _) = run("Restart-Computer -Force -WhatIf");
    assert_eq!(recorder.went_down, None);
    let told = "What if: Performing the operation \"Enable the Local shutdown access rights and restart the computer.\" \
                on target \"localhost (WEB001)\".";
    assert_eq!(recorder.lines, [told]);
    assert_eq!(run("Restart-Computer -Force; 'after'").0.went_down, Some(true));
    assert_eq!(run("Stop-Computer -Force").0.went_down, Some(false));
    assert_eq!(run("'web001' | Restart-Computer").0.went_down, Some(true));
}

#[test]
fn other_hosts_are_out_of_reach() {
    let (recorder, _) = run("Restart-Computer -ComputerName web999");
    assert_eq!(recorder.went_down, None);
    let error = recorder.of(crate::stream::Stream::Error)[0].clone();
    let id = error.member("FullyQualifiedErrorId").and_then(crate::clixml::Value::as_text).expect("an id").to_string();
    assert_eq!(id, "RestartcomputerFailed,Microsoft.PowerShell.Commands.RestartComputerCommand");
}
