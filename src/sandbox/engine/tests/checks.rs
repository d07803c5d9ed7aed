//! What the checks of a health report ask: each question has an answer, and the answer finds the host that is ill.

use jiff::Timestamp;

use super::{Machine, now, shown, shown_on};
use crate::sandbox::machine::{Host, Illness};

/// Some hosts with an illness and some without.
fn hosts(illness: Illness) -> Vec<(u32, bool)> {
    let with = |wanted: bool| (0..200).filter(move |index| Host::draw(1, *index).has(illness) == wanted).take(4);
    with(true).map(|index| (index, true)).chain(with(false).map(|index| (index, false))).collect()
}

fn finds(illness: Illness, script: &str) {
    for (index, is_ill) in hosts(illness) {
        let found = shown_on(index, &format!("[bool]({script})"));
        assert_eq!(found, [if is_ill { "True" } else { "False" }], "{illness} on {index}");
    }
}

#[test]
fn checks_find_what_is_wrong() {
    finds(
        Illness::DiskFull,
        "Get-CimInstance Win32_LogicalDisk -Filter 'DriveType=3' | Where-Object { $_.FreeSpace / $_.Size -lt 0.1 }",
    );
    finds(
        Illness::ServiceStopped,
        "Get-CimInstance Win32_Service -Filter \"StartMode='Auto' AND State<>'Running'\" | \
         Where-Object { -not (Test-Path \"HKLM:\\SYSTEM\\CurrentControlSet\\Services\\$($_.Name)\\TriggerInfo\") }",
    );
    finds(
        Illness::OldPatches,
        "(Get-HotFix | Sort-Object InstalledOn | Select-Object -Last 1).InstalledOn -lt (Get-Date).AddDays(-40)",
    );
    finds(
        Illness::CertificateExpiring,
        "Get-ChildItem Cert:\\LocalMachine\\My | Where-Object { $_.NotAfter -lt (Get-Date).AddDays(30) }",
    );
    finds(
        Illness::RebootPending,
        "Test-Path 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending'",
    );
    finds(
        Illness::TaskFailed,
        "Get-ScheduledTask | Where-Object State -ne Disabled | Get-ScheduledTaskInfo | \
         Where-Object { $_.LastTaskResult -notin 0, 267011, 267009 }",
    );
    finds(
        Illness::OddAdministrator,
        "Get-LocalGroupMember Administrators | Where-Object { $_.Name -notmatch '\\\\(Administrator|Domain Admins|sandbox)$' }",
    );
}

/// The first controller's own clock is right.
#[test]
fn a_skewed_clock_shows_against_the_controllers() {
    for reference in ["dc001", "sandbox.test", "time.windows.com"] {
        let asked = format!("w32tm /stripchart /computer:{reference} /samples:1 /dataonly | Select-Object -Last 1");
        finds(Illness::ClockSkewed, &format!("[math]::Abs([double](({asked}) -replace '^.*, |s$')) -ge 60"));
    }
    assert_eq!(shown_on(9, "w32tm /query /source"), ["time.windows.com"]);
}

/// Each way of asking finds the same hosts.
#[test]
fn every_way_of_asking_finds_what_is_wrong() {
    let tls = "HKLM:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.0\\Server";
    let kept = "[datetime]::FromFileTimeUtc([BitConverter]::ToInt64((Get-ItemProperty 'HKLM:\\SOFTWARE\\Microsoft\\Windows \
                Defender\\Signature Updates').SignaturesLastUpdated, 0)) -lt (Get-Date).ToUniversalTime().AddDays(-3)";
    let defaults = "[int](Get-CimInstance Win32_OperatingSystem).BuildNumber -lt 26100";
    let asked: [(Illness, &[&str]); 8] = [
        (
            Illness::LongUptime,
            &[
                "((Get-Date) - (Get-CimInstance Win32_OperatingSystem).LastBootUpTime).TotalDays -gt 90",
                "(Get-Uptime).TotalDays -gt 90",
                "(Get-CimInstance Win32_PerfFormattedData_PerfOS_System).SystemUpTime -gt 90 * 86400",
                "(Get-Counter '\\System\\System Up Time').CounterSamples[0].CookedValue -gt 90 * 86400",
            ],
        ),
        (
            Illness::EventErrors,
            &[
                "@(Get-WinEvent -FilterHashtable @{ LogName = 'System', 'Application'; Level = 1, 2; StartTime = (Get-Date).AddHours(-24) } -ErrorAction SilentlyContinue).Count -gt 30",
                "@(@('System', 'Application') | ForEach-Object { Get-EventLog $_ -EntryType Error -After (Get-Date).AddHours(-24) -ErrorAction SilentlyContinue }).Count -gt 30",
            ],
        ),
        (
            Illness::LowMemory,
            &[
                "$o = Get-CimInstance Win32_OperatingSystem; $o.FreePhysicalMemory / $o.TotalVisibleMemorySize -lt 0.05",
                "$o = Get-CimInstance Win32_OperatingSystem; $o.FreeVirtualMemory / $o.TotalVirtualMemorySize -lt 0.1",
                "$p = Get-CimInstance Win32_PageFileUsage; $p.CurrentUsage / $p.AllocatedBaseSize -gt 0.8",
                "(Get-Counter '\\Memory\\% Committed Bytes In Use').CounterSamples[0].CookedValue -gt 88",
                "(Get-Counter '\\Memory\\Available MBytes').CounterSamples[0].CookedValue * 1MB / (Get-CimInstance Win32_ComputerSystem).TotalPhysicalMemory -lt 0.05",
                "(Get-Counter '\\Memory\\Pages/sec').CounterSamples[0].CookedValue -gt 100",
            ],
        ),
        (
            Illness::BusyCpu,
            &[
                "(Get-CimInstance Win32_Processor | Measure-Object LoadPercentage -Average).Average -gt 80",
                "(Get-CimInstance Win32_PerfFormattedData_PerfOS_Processor | Where-Object Name -eq _Total).PercentProcessorTime -gt 80",
                "(Get-Counter '\\Processor(_Total)\\% Processor Time').CounterSamples[0].CookedValue -gt 80",
            ],
        ),
        (
            Illness::OldBackup,
            &[
                "(Get-WBSummary).LastSuccessfulBackupTime -lt (Get-Date).AddDays(-2)",
                "(Get-WBSummary).LastBackupResultHR -ne 0",
                "Get-WinEvent -FilterHashtable @{ LogName = 'Application'; ProviderName = 'Microsoft-Windows-Backup'; Id = 517 } -MaxEvents 1 -ErrorAction SilentlyContinue",
            ],
        ),
        (
            Illness::DirtyVolume,
            &[
                "Get-CimInstance Win32_Volume -Filter 'DriveType = 3' | Where-Object DirtyBitSet",
                "Get-CimInstance Win32_LogicalDisk -Filter 'DriveType = 3' | Where-Object VolumeDirty",
                "Get-CimInstance Win32_LogicalDisk -Filter 'DriveType = 3' | Where-Object { (fsutil dirty query $_.DeviceID) -match 'is Dirty' }",
            ],
        ),
        (
            Illness::OldSignatures,
            // Without its service Defender tells nothing, and the registry does.
            &[
                kept,
                &format!(
                    "$m = Get-MpComputerStatus -ErrorAction SilentlyContinue; if ($m) {{ $m.AntivirusSignatureAge -ge 4 }} else {{ {kept} }}"
                ),
            ],
        ),
        (
            Illness::LegacyProtocols,
            &[&format!(
                "(Get-SmbServerConfiguration).EnableSMB1Protocol -or $(if (Test-Path '{tls}') {{ (Get-ItemProperty '{tls}').Enabled }} else {{ {defaults} }})"
            )],
        ),
    ];
    for (illness, questions) in asked {
        for question in questions {
            finds(illness, &format!("& {{ {question} }}"));
        }
    }
}

/// A restart mends what Windows mends at a start, and an update of the signatures reaches the registry.
#[test]
fn remedies_help() {
    let dirty = hosts(Illness::DirtyVolume)[0].0;
    let machine = Machine::draw(1, dirty, now());
    assert!(machine.disks().iter().any(|disk| disk.is_dirty));
    machine.restart(now());
    assert!(machine.disks().iter().all(|disk| !disk.is_dirty));
    let is_old = |(index, is_ill): &(u32, bool)| *is_ill && Machine::draw(1, *index, now()).runs("WinDefend");
    let (index, _) = hosts(Illness::OldSignatures).into_iter().find(is_old).expect("one whose Defender runs");
    let age = "[int]((Get-Date).ToUniversalTime() - [datetime]::FromFileTimeUtc([BitConverter]::ToInt64((Get-ItemProperty \
               'HKLM:\\SOFTWARE\\Microsoft\\Windows Defender\\Signature Updates').AVSignatureApplied, 0))).TotalHours";
    assert_eq!(shown_on(index, &format!("Update-MpSignature; {age}")), ["0"]);
}

/// Questions whose answers no illness changes.
#[test]
fn every_question_has_an_answer() {
    let questions = [
        "(Get-Uptime).TotalHours -gt 0",
        "((Get-Date) - (Get-CimInstance Win32_OperatingSystem).LastBootUpTime).TotalHours -gt 0",
        "@(Get-WinEvent -FilterHashtable @{ LogName = 'System'; Level = 1, 2; StartTime = (Get-Date).AddDays(-30) } -MaxEvents 5 -ErrorAction SilentlyContinue).Count -ge 0",
        "(Get-CimInstance Win32_OperatingSystem).FreePhysicalMemory -gt 0",
        "(Get-CimInstance Win32_PageFileUsage).AllocatedBaseSize -gt (Get-CimInstance Win32_PageFileUsage).CurrentUsage",
        "(Get-Counter '\\Memory\\Available MBytes').CounterSamples[0].CookedValue -gt 0",
        "(Get-CimInstance Win32_Processor | Measure-Object LoadPercentage -Average).Average -ge 0",
        "(Get-SmbServerConfiguration).EnableSMB1Protocol -eq ((Get-WindowsFeature FS-SMB1).Installed -and (Get-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters).SMB1 -ne 0)",
        "$null = Install-WindowsFeature FS-SMB1; Set-SmbServerConfiguration -EnableSMB1Protocol $false -Force; -not (Get-SmbServerConfiguration).EnableSMB1Protocol",
        "(Get-ItemProperty 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Server' -ErrorAction SilentlyContinue).Enabled -in $null, 1",
        "(Get-WBSummary).LastSuccessfulBackupTime -lt (Get-Date)",
        "(fsutil dirty query C:) -match 'NOT Dirty'",
        "(Get-CimInstance Win32_Volume -Filter \"DriveLetter='C:'\").DirtyBitSet -is [bool]",
        "(Get-MpComputerStatus).AntivirusSignatureAge -ge 0",
        "(Get-StoragePool -IsPrimordial $true).HealthStatus -eq 'Healthy'",
        "(w32tm /query /source) -match 'dc001'",
    ];
    for question in questions {
        assert_eq!(shown(&format!("[bool](& {{ {question} }})")), ["True"], "{question}");
    }
}

#[test]
fn a_forgotten_session_holds_back_a_restart() {
    let has_session = |index: &u32| {
        let at: Timestamp = now();
        Machine::draw(1, *index, at).desktop_session(at).is_some()
    };
    let index = (0..200).find(has_session).expect("a session");
    let (recorder, _) = super::run_on(index, "Restart-Computer");
    assert_eq!(recorder.went_down, None);
    assert_eq!(super::run_on(index, "Restart-Computer -Force").0.went_down, Some(true));
    assert!(shown_on(index, "quser")[1].contains("administrator"));
    assert_eq!(shown("@(quser 2>$null).Count"), ["0"]);
}

#[test]
fn parameters_are_obeyed() {
    let script = "$a = New-ScheduledTaskAction powershell.exe -WorkingDirectory C:\\Temp; \
                  $t = Register-ScheduledTask own -Action $a -User SANDBOX\\svc -Password x -RunLevel Highest; \
                  \"$($t.Principal.RunLevel) $($t.Principal.LogonType) $($t.Actions[0].WorkingDirectory)\"; \
                  try { Get-Counter '\\\\sql001\\Memory\\Available MBytes' -ErrorAction Stop } catch { 'refused' }; \
                  (Resolve-DnsName web002 -Server dc001).IPAddress; \
                  try { Resolve-DnsName web002 -Server web003 -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }; \
                  @(Enable-PSRemoting -WhatIf).Count";
    let wanted = [
        "Highest Password C:\\Temp",
        "refused",
        "10.20.1.21",
        "ERROR_TIMEOUT,Microsoft.DnsClient.Commands.ResolveDnsName",
        "0",
    ];
    assert_eq!(shown(script), wanted);
}

#[test]
fn logs_and_keys_are_shown_as_tables() {
    let lines = shown("(Get-EventLog System -Newest 2 | Out-String).Trim() -split '\\r?\\n' | Select-Object -First 1");
    assert_eq!(lines, ["Index Time          EntryType   Source                 InstanceID Message"]);
    let lines = shown("(Get-EventLog -List | Out-String) -match 'OverwriteAsNeeded +[\\d,]+ System'");
    assert_eq!(lines, ["True"]);
    for (script, pattern) in [
        ("Get-LocalUser", "(?m)^Administrator +True +Built-in"),
        ("Get-LocalGroupMember Administrators", "(?m)^User +SANDBOX.sandbox +ActiveDirectory"),
        ("Get-ScheduledTask -TaskPath '\\Contoso\\'", "(?m)^.Contoso. +Clean temp folders +Ready"),
        ("Get-SmbShare", "(?m)^ADMIN\\$ +\\* +C:.Windows +Remote Admin"),
        ("Get-Printer", "(?m)^Microsoft Print to PDF +WEB001 +Local"),
        ("Get-WindowsFeature Web-WebServer", "(?m)^    \\[X\\] Web Server +Web-WebServer +Installed"),
    ] {
        assert_eq!(shown(&format!("({script} | Out-String) -match '{pattern}'")), ["True"], "{script}");
    }
    assert_eq!(shown("(Get-HotFix | Out-String) -match '(?m)^WEB001 +(Security )?Update +KB'"), ["True"]);
    assert_eq!(shown("(Get-Partition | Out-String) -match '(?m)^4 +C +\\d+ +[\\d.]+ GB Basic'"), ["True"]);
    assert_eq!(shown("(Get-StoragePool | Out-String) -match 'Primordial +OK +Healthy +True'"), ["True"]);
    let lines = shown("(Get-ChildItem HKLM:\\SYSTEM | Out-String) -match '    Hive: HKEY_LOCAL_MACHINE\\\\SYSTEM'");
    assert_eq!(lines, ["True"]);
    assert_eq!(
        shown("(Get-Process lsass -IncludeUserName | Out-String) -match 'WS\\(M\\).*UserName.*ProcessName'"),
        ["True"]
    );
}
