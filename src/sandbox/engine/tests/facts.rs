//! What different ways say of one host must agree.

use super::{errors, shown, shown_on};

/// dc001, dc002 and a member.
#[test]
fn domain_controllers_have_their_roles() {
    let script = "$c = Get-CimInstance Win32_ComputerSystem; $c.DomainRole; \
                  (net accounts | Select-String 'Computer role').Line.Split(':')[1].Trim(); \
                  \"$((Get-ComputerInfo).CsDomainRole)\"";
    assert_eq!(shown_on(9, script), ["5", "PRIMARY", "PrimaryDomainController"]);
    assert_eq!(shown_on(19, script), ["4", "BACKUP", "BackupDomainController"]);
    assert_eq!(shown_on(0, script), ["3", "SERVER", "MemberServer"]);
    // The accounts of a controller are those of the domain.
    let script = "(Get-LocalUser Administrator).SID.Value -replace '-\\d+$'; \
                  (Get-LocalGroupMember Administrators | where Name -eq 'SANDBOX\\Administrator').ObjectClass";
    let shown = shown_on(9, script);
    assert_eq!(shown[1..], ["User"]);
    assert!(
        shown_on(0, "(Get-LocalGroupMember Administrators -Member SANDBOX\\sandbox).SID.Value")[0]
            .starts_with(&shown[0])
    );
}

#[test]
fn identities_agree() {
    let script = "$cv = Get-ItemProperty 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'; \
                  $os = Get-CimInstance Win32_OperatingSystem; $os.RegisteredUser -eq $cv.RegisteredOwner; $os.SerialNumber -eq $cv.ProductId; \
                  (Get-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation).TimeZoneKeyName -eq (Get-TimeZone).Id; \
                  $own = (Get-LocalGroupMember Administrators -Member SANDBOX\\sandbox).SID.Value; \
                  [bool]((whoami /user) -match \"$own`$\"); \
                  Test-Path \"HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\$own\"; \
                  (Get-CimInstance Win32_UserProfile -Filter \"SID='$own'\").LocalPath; \
                  (Get-CimInstance Win32_Processor | select -First 1).Name -eq (Get-ItemProperty HKLM:\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0).ProcessorNameString; \
                  [Environment]::ProcessId -eq $PID";
    let wanted = ["True", "True", "True", "True", "True", "C:\\Users\\sandbox", "True", "True"];
    assert_eq!(shown(script), wanted);
}

#[test]
fn keys_of_services_tell_what_they_are() {
    let script = "$bad = foreach ($s in Get-CimInstance Win32_Service) { \
                    $k = Get-ItemProperty \"HKLM:\\SYSTEM\\CurrentControlSet\\Services\\$($s.Name)\"; \
                    if ($k.ImagePath -ne $s.PathName -or $k.ObjectName -ne $s.StartName -or $k.DisplayName -ne $s.DisplayName) { $s.Name } }; \
                  \"bad: $bad\"; Set-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Services\\Spooler -Name Mine -Value 1; \
                  Set-Service Spooler -StartupType Disabled; \
                  $k = Get-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Services\\Spooler; \"$($k.Start) $($k.Mine)\"; \
                  Set-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Services\\Spooler -Name Description -Value mine; \
                  (Get-CimInstance Win32_Service -Filter \"Name='Spooler'\").Description; \
                  Test-Path HKLM:\\SYSTEM\\CurrentControlSet\\Services\\sppsvc\\TriggerInfo";
    assert_eq!(shown(script), ["bad: ", "4 1", "mine", "True"]);
}

#[test]
fn what_a_service_gives_goes_with_it() {
    let script = "$null = Start-Service W3SVC -ErrorAction SilentlyContinue; $open = { @(Get-NetTCPConnection -LocalPort 443 -ErrorAction SilentlyContinue).Count }; \
                  & $open; Stop-Service W3SVC -Force; & $open; (Test-NetConnection localhost -Port 443 -WarningAction SilentlyContinue).TcpTestSucceeded; \
                  [bool](netstat -an | Select-String ':443 '); @(Get-CimInstance Win32_Printer).Count -gt 0; \
                  Stop-Service Spooler -Force; @(Get-CimInstance Win32_Printer).Count; \
                  (Get-NetTCPConnection -LocalPort 3389 -State Listen).OwningProcess -eq (Get-CimInstance Win32_Service -Filter \"Name='TermService'\").ProcessId";
    assert_eq!(shown(script), ["1", "0", "False", "False", "True", "0", "True"]);
}

#[test]
fn software_and_features_are_listed_alike() {
    let script = "$p = Get-CimInstance Win32_Product; \
                  $k = Get-ItemProperty HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\*, HKLM:\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\* | where WindowsInstaller -eq 1; \
                  $p.Count -gt 2; -not (Compare-Object $p.Name $k.DisplayName); \
                  $f = { (Get-CimInstance Win32_OptionalFeature -Filter \"Name='TelnetClient'\").InstallState }; \
                  $null = Install-WindowsFeature Telnet-Client; & $f; $null = Uninstall-WindowsFeature Telnet-Client; & $f";
    assert_eq!(shown(script), ["True", "True", "1", "2"]);
}

#[test]
fn disks_hold_their_partitions() {
    for host in [0, 5, 7, 8] {
        let script = "foreach ($d in Get-CimInstance Win32_DiskDrive) { \
                        $p = Get-CimInstance Win32_DiskPartition -Filter \"DiskIndex=$($d.Index)\"; \
                        @($p).Count -eq $d.Partitions; ($p | Measure-Object Size -Sum).Sum -le (Get-Disk $d.Index).Size }";
        let shown = shown_on(host, script);
        assert!(shown.len() >= 2 && shown.iter().all(|line| line == "True"), "{host}: {shown:?}");
    }
}

#[test]
fn processes_keep_their_start() {
    let script = "$a = Get-Process svchost | select -First 1; Start-Sleep 5; (Get-Process -Id $a.Id).StartTime -eq $a.StartTime; \
                  (Get-CimInstance Win32_Process -Filter \"ProcessId=$($a.Id)\").CreationDate -eq $a.StartTime; \
                  $null -eq (Get-Process -Id 0).StartTime; @(tasklist | findstr /b /c:'System Idle Process').Count; \
                  @(Get-CimInstance Win32_Process -Filter 'ProcessId=0').Count";
    assert_eq!(shown(script), ["True", "True", "True", "1", "1"]);
}

#[test]
fn texts_have_their_length() {
    let (ids, _): (Vec<_>, Vec<_>) = errors("New-LocalUser x -NoPassword -Description ('x' * 49)").into_iter().unzip();
    assert_eq!(ids, ["ParameterArgumentValidationError,Microsoft.PowerShell.Commands.NewLocalUserCommand"]);
    let (ids, _): (Vec<_>, Vec<_>) = errors(
        "New-EventLog -LogName Application -Source mine; Write-EventLog Application mine 1 -EntryType Strange -Message x",
    )
    .into_iter()
    .unzip();
    assert_eq!(ids, ["CannotConvertArgumentNoMessage,Microsoft.PowerShell.Commands.WriteEventLogCommand"]);
}

#[test]
fn other_cultures_than_that_of_the_united_states_are_refused() {
    let formats = "(-1234.5).ToString('C', [cultureinfo]'en-US'); ([datetime]'2020-01-31 15:04').ToString('g', (Get-Culture)); \
                   [string]::Format([cultureinfo]::InvariantCulture, '{0:d}', [datetime]'2020-01-31')";
    assert_eq!(super::shown(formats), ["($1,234.50)", "1/31/2020 3:04 PM", "01/31/2020"]);
    for script in [
        "(1.5).ToString('N2', [cultureinfo]'de-DE')",
        "[double]::Parse('1,5', [cultureinfo]'de-DE')",
        "'i'.ToUpper([cultureinfo]'sv-SE')",
        "[string]::Format(([cultureinfo]'de-DE').NumberFormat, '{0:N2}', 1.5)",
        "[System.Threading.Thread]::CurrentThread.CurrentCulture = 'de-DE'",
    ] {
        assert_eq!(super::errors(script)[0].0, "SandboxUnsupported", "{script}");
    }
}
