//! Event logs: what a script reads, filters and writes.

use super::{error_ids, errors, shown, shown_on};
use crate::sandbox::machine::{Host, Illness};

#[test]
fn queries_of_xml_choose_as_filters_do() {
    let xml = "<QueryList><Query Id='0' Path='System'><Select Path='System'>*[System[(EventID=6005)]]</Select></Query></QueryList>";
    let script = format!(
        "$a = @(Get-WinEvent -FilterXml \"{xml}\").RecordId; \
         $b = @(Get-WinEvent -FilterHashtable @{{ LogName = 'System'; Id = 6005 }}).RecordId; \
         \"$($a.Count -gt 0) $(\"$a\" -eq \"$b\")\"; @(Get-EventLog -AsString) -contains 'System'"
    );
    assert_eq!(shown(&script), ["True True", "True"]);
}

/// Reports of logons read the data by name.
#[test]
fn xml_of_events_names_their_data() {
    let script = "$x = [xml](Get-WinEvent -FilterHashtable @{ LogName = 'Security'; Id = 4624 } -MaxEvents 1).ToXml(); \
                  $d = $x.Event.EventData.Data; $d.Count; $d[0].Name; ($d | Where-Object Name -eq 'LogonType').'#text' -in '3','4','5','10'; \
                  ($d | Where-Object Name -eq 'TargetUserName').'#text' -ne ''; $x.Event.System.Version; \
                  [int]$x.Event.System.Execution.ProcessID -gt 0";
    assert_eq!(shown(script), ["27", "SubjectUserSid", "True", "True", "2", "True"]);
    let script = "$e = Get-WinEvent -FilterHashtable @{ LogName = 'System'; Id = 7040 } -MaxEvents 1; \
                  $e.Properties[3].Value; ([xml]$e.ToXml()).Event.EventData.Data[3].Name; \
                  $u = [xml](Get-WinEvent Microsoft-Windows-TerminalServices-LocalSessionManager/Operational -MaxEvents 1).ToXml(); \
                  $u.Event.UserData.EventXML.User; $u.Event.EventData.Data.Count; \
                  $p = Get-WinEvent -FilterHashtable @{ LogName = 'Security'; Id = 4672 } -MaxEvents 1; $p.Properties[4].Value -match '^SeSec'; \
                  $m = [xml](Get-WinEvent -FilterHashtable @{ ProviderName = 'MsiInstaller' } -MaxEvents 1).ToXml(); \
                  @($m.Event.EventData.Data)[0] -is [string]";
    assert_eq!(shown(script), ["BITS", "param4", "SANDBOX\\sandbox", "0", "True", "True"]);
}

/// Who restarted a host, as everybody asks it.
#[test]
fn a_restart_says_who_wanted_it() {
    let script = "Restart-Computer; $e = Get-WinEvent -FilterHashtable @{ LogName = 'System'; Id = 1074 } -MaxEvents 1; \
                  $e.Properties[6].Value; $e.Properties[4].Value; $e.Message -like '*has initiated the restart of computer WEB001 on behalf of user*'";
    let found = shown(script);
    assert_eq!(found[1..], ["restart", "True"], "{found:?}");
    assert!(found[0].contains('\\'), "{found:?}");
}

#[test]
fn logs_are_read_newest_first() {
    let script = "$e = Get-WinEvent -LogName System -MaxEvents 20; $e.Count; ($e[0].TimeCreated -ge $e[19].TimeCreated); \
                  ($e[0].RecordId -gt $e[19].RecordId); $e[0].LogName; $e[0].MachineName";
    assert_eq!(shown(script), ["20", "True", "True", "System", "WEB001.sandbox.test"]);
    assert_eq!(shown("$e = Get-WinEvent System -Oldest -MaxEvents 2; $e[0].RecordId -lt $e[1].RecordId"), ["True"]);
    let script = "$e = Get-EventLog System -Newest 3; $e.Count; $e[0].Index - $e[2].Index; $e[0].GetType().Name";
    assert_eq!(shown(script)[..2], ["3", "2"]);
}

#[test]
fn filters_choose_events() {
    let script = "$all = Get-WinEvent -FilterHashtable @{ LogName = 'System'; Level = 2, 3; StartTime = (Get-Date).AddDays(-20) }; \
                  ($all.Level | Sort-Object -Unique) -join ','; ($all | Where-Object { $_.TimeCreated -lt (Get-Date).AddDays(-20) }).Count";
    assert_eq!(shown(script), ["2,3", "0"]);
    let script = "(Get-WinEvent @{ ProviderName = 'EventLog'; Id = 6013 } -MaxEvents 3).Message -like 'The system uptime is * seconds.'";
    // One a day since its start.
    let long_up = (0..200).find(|index| Host::draw(1, *index).has(Illness::LongUptime)).expect("one");
    assert_eq!(shown_on(long_up, script).len(), 3);
    let xpath = "(Get-WinEvent -LogName Security -FilterXPath '*[System[(EventID=4625) and TimeCreated[timediff(@SystemTime) <= 2592000000]]]').Id | Sort-Object -Unique";
    assert_eq!(shown(xpath), ["4625"]);
    let both = "$x = Get-WinEvent System -FilterXPath \"*[System[Provider[@Name='Service Control Manager'] and (Level=4 or Level=2)]]\"; \
                $h = Get-WinEvent -FilterHashtable @{ LogName = 'System'; ProviderName = 'Service Control Manager' }; $x.Count -eq $h.Count";
    assert_eq!(shown(both), ["True"]);
    assert_eq!(
        shown("(Get-EventLog System -EntryType Error -Source 'Sch*').Source | Sort-Object -Unique"),
        ["Schannel"]
    );
}

#[test]
fn nothing_found_is_an_error() {
    let class = "Microsoft.PowerShell.Commands.GetWinEventCommand";
    let text = "No events were found that match the specified selection criteria.";
    assert_eq!(
        errors("Get-WinEvent -FilterHashtable @{ LogName = 'Application'; Id = 60999 }"),
        [(format!("NoMatchingEventsFound,{class}"), text.to_owned())]
    );
    assert_eq!(error_ids("Get-WinEvent -LogName nosuch"), [format!("NoMatchingLogsFound,{class}")]);
    assert_eq!(error_ids("Get-WinEvent -ProviderName nosuch"), [format!("NoMatchingProvidersFound,{class}")]);
    assert_eq!(error_ids("Get-WinEvent -FilterHashtable @{ Id = 1 }"), [format!("LogProviderOrPathNeeded,{class}")]);
    let class = "Microsoft.PowerShell.Commands.GetEventLogCommand";
    assert_eq!(
        errors("Get-EventLog System -Source nosuch"),
        [(format!("GetEventLogNoEntriesFound,{class}"), "No matches found".to_owned())]
    );
    assert_eq!(error_ids("Get-EventLog NoSuchLog"), [format!("System.InvalidOperationException,{class}")]);
}

#[test]
fn scripts_write_and_clear() {
    let script = "New-EventLog -LogName Application -Source mine; Write-EventLog -LogName Application -Source mine -EventId 7 -EntryType Warning -Message 'all is %1 well'; \
                  $e = Get-EventLog Application -Newest 1; \"$($e.Source) $($e.EventID) $($e.EntryType) $($e.Message)\"; \
                  (Get-WinEvent -ProviderName mine).Message; Clear-EventLog Application; @(Get-WinEvent Application -ErrorAction SilentlyContinue).Count; \
                  (Get-WinEvent System -MaxEvents 1).Message";
    let wanted = ["mine 7 Warning all is %1 well", "all is %1 well", "0", "The Application log file was cleared."];
    assert_eq!(shown(script), wanted);
    assert_eq!(error_ids("Write-EventLog Application nosuch 1 -Message x").len(), 1);
    assert_eq!(error_ids("New-EventLog Application MsiInstaller").len(), 1);
}

#[test]
fn a_service_that_stops_is_noted() {
    let script = "Stop-Service W32Time; Start-Service W32Time; Set-Service W32Time -StartupType Manual; \
                  (Get-WinEvent -FilterHashtable @{ LogName = 'System'; Id = 7036, 7040 } -MaxEvents 3).Message";
    let wanted = [
        "The start type of the Windows Time service was changed from auto start to demand start.",
        "The Windows Time service entered the running state.",
        "The Windows Time service entered the stopped state.",
    ];
    let got = shown(script);
    for line in wanted {
        assert!(got.iter().any(|own| own == line), "{line}: {got:?}");
    }
}

#[test]
fn logs_are_listed() {
    let script = "(Get-WinEvent -ListLog System, Setup).LogName -join ','; (Get-WinEvent -ListLog System).RecordCount -gt 200; \
                  (Get-EventLog -List | Where-Object Log -eq Application).Entries.Count -gt 200; \
                  (Get-WinEvent -ListProvider EventLog).LogLinks.LogName; (Get-WinEvent System -MaxEvents 1).ToXml().StartsWith('<Event ')";
    assert_eq!(shown(script), ["System,Setup", "True", "True", "System", "True"]);
}
