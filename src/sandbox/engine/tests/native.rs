//! Windows' own programs.

use super::{run, texts};
use crate::clixml::Value;
use crate::stream::Stream;

#[test]
fn programs_say_who_and_where() {
    assert_eq!(texts("whoami"), ["sandbox\\sandbox"]);
    assert_eq!(texts("whoami.exe; $LASTEXITCODE.ToString()"), ["sandbox\\sandbox", "0"]);
    let lines = texts("ipconfig | Where-Object { $_ -match 'IPv4' }");
    assert_eq!(lines, ["   IPv4 Address. . . . . . . . . . . : 10.20.1.20"]);
    let lines = texts("ipconfig /all | Where-Object { $_ -match 'Host Name|DNS Servers' }");
    assert_eq!(
        lines,
        ["   Host Name . . . . . . . . . . . . : WEB001", "   DNS Servers . . . . . . . . . . . : 10.20.1.29"]
    );
    let lines = texts("systeminfo | Where-Object { $_ -like 'Host Name*' -or $_ -like 'Domain:*' }");
    assert_eq!(lines, ["Host Name:                 WEB001", "Domain:                    sandbox.test"]);
}

#[test]
fn services_start_and_stop_by_text() {
    let states = texts("sc.exe query Spooler | Where-Object { $_ -match 'STATE' }");
    assert_eq!(states, ["        STATE              : 4  RUNNING "]);
    let script = "net stop Spooler | Out-Null; \"$((Get-Service Spooler).Status)\"; sc.exe start Spooler | Out-Null; \
                  \"$((Get-Service Spooler).Status) $LASTEXITCODE\"; sc.exe config Spooler start= disabled; \
                  \"$((Get-Service Spooler).StartType)\"; sc.exe query nosuch; \"$LASTEXITCODE $?\"";
    assert_eq!(
        texts(script),
        [
            "Stopped",
            "Running 0",
            "[SC] ChangeServiceConfig SUCCESS",
            "Disabled",
            "[SC] EnumQueryServicesStatus:OpenService FAILED 1060:",
            "",
            "The specified service does not exist as an installed service.",
            "",
            "1060 False"
        ]
    );
    let (recorder, _) = run("net start nosuch; \"$LASTEXITCODE\"");
    let errors = recorder.of(Stream::Error);
    assert_eq!(errors[0].member("FullyQualifiedErrorId"), Some(&Value::str("NativeCommandError")));
    assert_eq!(recorder.texts(), ["2"]);
}

#[test]
fn other_hosts_answer_by_name() {
    let lines = texts("ping dc001 -n 2 | Where-Object { $_ -match 'Reply|Packets' }");
    assert_eq!(lines[0], "Reply from 10.20.1.29: bytes=32 time<1ms TTL=128");
    assert_eq!(lines.len(), 3);
    assert_eq!(texts("ping nosuch; \"$LASTEXITCODE\"").last().map(String::as_str), Some("1"));
    let lines = texts("nslookup sql001 | Where-Object { $_ -match '^Address' }");
    assert_eq!(lines, ["Address:  10.20.1.29", "Address:  10.20.1.27"]);
}

#[test]
fn processes_are_listed_and_ended() {
    let script = "$id = (Get-Process vmtoolsd).Id; (tasklist /fi \"PID eq $id\" /fo csv /nh) -like '*vmtoolsd.exe*'; \
                  taskkill /f /pid $id; @(Get-Process vmtoolsd -ErrorAction SilentlyContinue).Count";
    let lines = texts(&format!("& {{ {script} }} | ForEach-Object {{ \"$_\" }}"));
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[1].starts_with("SUCCESS: The process with PID"), "{lines:?}");
    assert_eq!(lines[2], "0");
}

#[test]
fn what_is_not_there_is_refused_in_a_sentence() {
    for script in [
        "wmic os list brief",
        "bcdedit",
        "netsh interface show interface",
        "ipconfig /release",
        "cmd /c dir",
        "net time",
    ] {
        let (recorder, ended) = run(script);
        let id = recorder.of(Stream::Error).first().and_then(|error| error.member("FullyQualifiedErrorId").cloned());
        let failure = super::failure_id(&ended);
        assert!(id == Some(Value::str("SandboxUnsupported")) || failure == "SandboxUnsupported", "{script}");
    }
    assert_eq!(run("shutdown /r /t 0").0.went_down, Some(true));
    assert_eq!(texts("cmd /c ver")[1], texts("cmd.exe /c ver")[1]);
}

#[test]
fn older_programs_say_what_the_machine_has() {
    let same = "(wmic os get caption)[2].Trim() -eq (Get-CimInstance Win32_OperatingSystem).Caption; \
                (wmic logicaldisk where \"DeviceID='C:'\" get DriveType /value) -like 'DriveType*'; \
                (schtasks /query /fo csv | ConvertFrom-Csv).Count -eq @(Get-ScheduledTask).Count; \
                @(certutil -store my | Select-String 'Cert Hash').Count -eq @(Get-ChildItem Cert:\\LocalMachine\\My).Count; \
                @(dism /online /get-features /format:table | Select-String '\\| (Enabled|Disabled)$').Count -eq \
                @(Get-WindowsOptionalFeature -Online).Count; (wevtutil el) -contains 'System'";
    assert_eq!(
        texts(&format!("& {{ {same} }} | ForEach-Object {{ \"$_\" }}")),
        ["True", "DriveType=3", "True", "True", "True", "True"]
    );
    let lines = texts("netsh advfirewall show allprofiles state");
    assert_eq!(lines.iter().filter(|line| line.starts_with("State  ")).count(), 3, "{lines:?}");
    let lines = texts("netsh interface ip show config");
    assert!(lines.iter().any(|line| line.starts_with("    IP Address:") && line.ends_with("10.20.1.20")), "{lines:?}");
    assert_eq!(texts("wmic nope get x; \"$LASTEXITCODE\""), ["44124"]);
}

#[test]
fn the_registry_is_read_and_written_by_text() {
    let script = "reg query 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion' /v CurrentMajorVersionNumber; \
                  reg add HKCU\\Software\\Mine /v Level /t REG_DWORD /d 12 /f; (Get-ItemProperty HKCU:\\Software\\Mine).Level.ToString(); \
                  reg query HKCU\\Software\\Mine /s; reg delete HKCU\\Software\\Mine /f; reg query HKCU\\Software\\Mine; \"$LASTEXITCODE\"";
    assert_eq!(
        texts(script),
        [
            "",
            "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
            "    CurrentMajorVersionNumber    REG_DWORD    0xa",
            "",
            "The operation completed successfully.",
            "12",
            "",
            "HKEY_CURRENT_USER\\Software\\Mine",
            "    Level    REG_DWORD    0xc",
            "",
            "The operation completed successfully.",
            "1"
        ]
    );
    assert!(
        texts("reg query HKLM\\SYSTEM\\CurrentControlSet")
            .contains(&"HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control".to_owned())
    );
}

#[test]
fn every_service_of_a_process_is_one_that_runs() {
    let script = "(tasklist /svc /fo csv | ConvertFrom-Csv | Where-Object PID -eq 0).Services; \
                  $s = Get-CimInstance Win32_Service -Filter \"Name='Spooler'\"; \
                  (tasklist /svc /fo csv | ConvertFrom-Csv | Where-Object PID -eq $s.ProcessId).Services";
    assert_eq!(texts(script), ["N/A", "Spooler"]);
}

#[test]
fn services_come_and_go_by_text() {
    let script = "sc.exe create mine binPath= 'C:\\Own\\x.exe -a' start= auto; (Get-CimInstance Win32_Service -Filter \"Name='mine'\").PathName; \
                  sc.exe start mine | Out-Null; \"$((Get-Service mine).Status)\"; sc.exe delete mine; @(Get-Service mine -ErrorAction SilentlyContinue).Count.ToString(); \
                  sc.exe delete mine | Out-Null; \"$LASTEXITCODE\"";
    let wanted =
        ["[SC] CreateService SUCCESS", "C:\\Own\\x.exe -a", "Running", "[SC] DeleteService SUCCESS", "0", "1060"];
    assert_eq!(texts(script), wanted);
}

#[test]
fn open_ports_and_memory_are_the_same_everywhere() {
    let script = "$udp = @(netstat -ano | Select-String '^ +UDP +0.0.0.0:(\\d+) +\\*:\\* +(\\d+)$' | ForEach-Object { $_.Matches[0].Groups[1].Value + ' ' + $_.Matches[0].Groups[2].Value }); \
                  $known = @(Get-NetUDPEndpoint | ForEach-Object { \"$($_.LocalPort) $($_.OwningProcess)\" }); \
                  \"$($udp.Count -gt 0) $(($udp -join ',') -eq ($known -join ','))\"; @(netstat -n | Select-String UDP).Count.ToString(); \
                  $os = Get-CimInstance Win32_OperatingSystem; $own = (Get-CimInstance Win32_ComputerSystem).TotalPhysicalMemory; \
                  \"$($os.TotalVisibleMemorySize * 1kb -eq $own)\"; \
                  \"$([bool](systeminfo | Select-String ('Total Physical Memory: +{0:N0} MB' -f ($own / 1mb))))\"";
    assert_eq!(texts(script), ["True True", "0", "True", "True"]);
}

#[test]
fn lines_are_found() {
    let script = "ipconfig /all | findstr /i 'dns.*servers'; netstat -ano | findstr ':445' | ForEach-Object { $_.Trim().Split(' ')[0] }; \
                  Set-Content C:\\Windows\\Temp\\a.txt 'one two','three','four'; findstr /n /c:'one two' C:\\Windows\\Temp\\a.txt; \
                  findstr 'two four' C:\\Windows\\Temp\\a.txt; findstr /v o C:\\Windows\\Temp\\a.txt; \"$LASTEXITCODE\"; \
                  findstr nothing C:\\Windows\\Temp\\a.txt; \"$LASTEXITCODE\"; @(Get-Service | findstr /i spooler).Count.ToString(); \
                  sc.exe query | find /c /i 'spooler'";
    let wanted = [
        "   DNS Servers . . . . . . . . . . . : 10.20.1.29",
        "TCP",
        "1:one two",
        "one two",
        "four",
        "three",
        "0",
        "1",
        "1",
        "2",
    ];
    assert_eq!(texts(script), wanted);
}

#[test]
fn accounts_and_guards_answer_by_text() {
    let script = "(net user Administrator | findstr /c:'Account active').Split(' ')[-1]; net localgroup 'Remote Desktop Users' svc-task /add | Out-Null; \
                  (Get-LocalGroupMember 'Remote Desktop Users').Name; net localgroup 'Remote Desktop Users' svc-task /delete | Out-Null; \
                  @(Get-LocalGroupMember 'Remote Desktop Users').Count.ToString(); fsutil dirty query C:; \
                  sc.exe qtriggerinfo Spooler | Select-Object -Last 1";
    let wanted = [
        "Yes",
        "WEB001\\svc-task",
        "0",
        "Volume - c: is NOT Dirty",
        "The service Spooler has not registered for any start or stop triggers.",
    ];
    assert_eq!(texts(script), wanted);
    let (recorder, _) = run("taskkill /f /im csrss.exe; \"$LASTEXITCODE\"");
    let text = |error: &&Value| error.member("Exception").and_then(|error| error.member("Message")).cloned();
    let said: Vec<_> = recorder.of(Stream::Error).iter().filter_map(text).collect();
    assert!(
        said.contains(&Value::str("Reason: This is critical system process. Taskkill cannot end this process.")),
        "{said:?}"
    );
}
