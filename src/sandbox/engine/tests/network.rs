//! The network and the system's settings.

use super::run;
use super::shown;
use crate::clixml::Value;
use crate::stream::Stream;

fn texts(script: &str) -> Vec<String> {
    super::texts(&format!("& {{ {script} }} | ForEach-Object {{ \"$_\" }}"))
}

fn error_id(script: &str) -> String {
    let (recorder, _) = run(script);
    let errors = recorder.of(Stream::Error);
    let error = errors.first().unwrap_or_else(|| panic!("{script} has no error"));
    error.member("FullyQualifiedErrorId").and_then(Value::as_text).map_or_else(String::new, ToString::to_string)
}

/// The network's own view shows addresses.
#[test]
fn configurations_are_shown_with_their_addresses() {
    let script = "Get-NetIPConfiguration | Out-String; (Get-Process -Id $PID | Format-List | Out-String).Trim().Split(\"`n\").Count; \
                  Get-ChildItem Cert:\\LocalMachine\\My | Out-String";
    let found = shown(script);
    assert!(found[0].contains("IPv4Address          : {10.20.1.") && found[0].contains(": {10.20.0.1}"), "{found:?}");
    assert_eq!(found[1], "5");
    assert!(found[2].contains("Certificate::LocalMachine\\My") && found[2].contains("Thumbprint     "), "{found:?}");
}

#[test]
fn addresses_agree() {
    let script = "(Get-NetIPAddress -AddressFamily IPv4 -InterfaceAlias Ethernet0).IPAddress; \
                  (Get-NetIPConfiguration).IPv4Address.IPAddress; \
                  (Get-CimInstance Win32_NetworkAdapterConfiguration -Filter 'IPEnabled = true').IPAddress; \
                  (Resolve-DnsName web001 -Type A).IPAddress; \
                  [System.Net.Dns]::GetHostAddresses('web001').IPAddressToString";
    assert_eq!(texts(script), ["10.20.1.20"; 5]);
    assert_eq!(texts("(Get-NetIPConfiguration).IPv4DefaultGateway.NextHop"), ["10.20.0.1"]);
    assert_eq!(texts("(Get-DnsClientServerAddress -AddressFamily IPv4 -InterfaceAlias Eth*).ServerAddresses").len(), 2);
    assert_eq!(texts("(Get-NetAdapter).Status; (Get-NetAdapter Ethernet0).LinkSpeed"), ["Up", "10 Gbps"]);
}

#[test]
fn ports_have_owners() {
    let script = "(Get-NetTCPConnection -State Listen -LocalPort 443).OwningProcess; \
                  (Get-NetTCPConnection -LocalPort 3389).State; \
                  (Get-Process -Id (Get-NetTCPConnection -LocalPort 135).OwningProcess).Name";
    assert_eq!(texts(script), ["4", "Listen", "svchost"]);
    assert_eq!(error_id("Get-NetTCPConnection -LocalPort 4711"), "CmdletizationQuery_NotFound,Get-NetTCPConnection");
    assert_eq!(error_id("Get-NetAdapter -Name nosuch"), "CmdletizationQuery_NotFound_Name,Get-NetAdapter");
    assert_eq!(error_id("Get-Volume -DriveLetter Q"), "CmdletizationQuery_NotFound_DriveLetter,Get-Volume");
}

#[test]
fn other_hosts_are_seen_by_name() {
    let script = "(Test-NetConnection dc001 -Port 389).TcpTestSucceeded; \
                  (Test-NetConnection sql001.sandbox.test -Port 80 -WarningAction SilentlyContinue).TcpTestSucceeded; \
                  Test-Connection web002 -Quiet; Test-Connection nosuch -Quiet -Count 1; \
                  (Test-Connection app001 -Count 2).Count; (Test-NetConnection localhost -CommonTCPPort WINRM).RemotePort; \
                  (Resolve-DnsName 10.20.1.29).NameHost; [System.Net.Dns]::GetHostEntry('dc001').HostName";
    assert_eq!(
        texts(script),
        ["True", "False", "True", "False", "2", "5985", "dc001.sandbox.test", "dc001.sandbox.test"]
    );
    assert_eq!(
        error_id("Resolve-DnsName nosuchhost.sandbox.test"),
        "DNS_ERROR_RCODE_NAME_ERROR,Microsoft.DnsClient.Commands.ResolveDnsName"
    );
    assert_eq!(
        error_id("Test-Connection nosuch -Count 1"),
        "TestConnectionException,Microsoft.PowerShell.Commands.TestConnectionCommand"
    );
    assert_eq!(error_id("[System.Net.Dns]::GetHostEntry('nosuch')"), "SocketException");
}

#[test]
fn storage_adds_up() {
    let script = "(Get-Volume -DriveLetter C).SizeRemaining -eq (Get-CimInstance Win32_LogicalDisk -Filter \"DeviceID='C:'\").FreeSpace; \
                  (Get-Disk).Count -eq (Get-PhysicalDisk).Count; (Get-Disk -Number 0).PartitionStyle; \
                  (Get-Partition -DriveLetter C).Size -eq (Get-Volume C).Size; (Get-Partition -DiskNumber 0).Count";
    assert_eq!(texts(script), ["True", "True", "GPT", "True", "4"]);
}

#[test]
fn counters_are_read() {
    let (recorder, _) =
        run("(Get-Counter '\\Processor(_Total)\\% Processor Time' -SampleInterval 2 -MaxSamples 3).Count");
    assert_eq!(recorder.slept, std::time::Duration::from_secs(6));
    let script = "(Get-Counter '\\Memory\\Available MBytes').CounterSamples.Path; \
                  (Get-Counter '\\LogicalDisk(*)\\% Free Space').CounterSamples.InstanceName -join ','; \
                  (Get-Counter -ListSet Mem*).CounterSetName; \
                  (Get-Counter '\\Memory\\Available MBytes').CounterSamples[0].CookedValue -eq \
                  (Get-CimInstance Win32_PerfFormattedData_PerfOS_Memory).AvailableMBytes";
    assert_eq!(texts(script), ["\\\\web001\\memory\\available mbytes", "c:,_total", "Memory", "True"]);
    assert_eq!(
        error_id("Get-Counter '\\Nothing\\Here'"),
        "CounterApiError,Microsoft.PowerShell.Commands.GetCounterCommand"
    );
}

#[test]
fn settings_of_the_system() {
    let script = "$i = Get-ComputerInfo; $i.CsName; $i.OsName -eq (Get-CimInstance Win32_OperatingSystem).Caption; \
                  $i.BiosSerialNumber -eq (Get-CimInstance Win32_BIOS).SerialNumber; \
                  (Get-ComputerInfo -Property OsProductType, Cs*Role).OsProductType; \
                  (Get-ComputerInfo OsUptime).OsUptime.TotalSeconds -gt 0; (Get-Uptime).TotalDays -gt 0; \
                  (Get-TimeZone).BaseUtcOffset.TotalMinutes -eq (Get-CimInstance Win32_OperatingSystem).CurrentTimeZone; \
                  Get-ExecutionPolicy; Set-ExecutionPolicy Bypass -Scope Process -Force; Get-ExecutionPolicy; \
                  (Get-ExecutionPolicy -List).Count";
    assert_eq!(
        texts(script),
        ["WEB001", "True", "True", "Server", "True", "True", "True", "RemoteSigned", "Bypass", "5"]
    );
    for script in
        ["Rename-Computer -NewName x", "Add-Computer -DomainName y", "Get-Credential", "Set-Date '2030-01-01'"]
    {
        let (_, ended) = run(script);
        let (recorder, _) = run(script);
        let told = recorder.of(Stream::Error).len() + usize::from(super::failure_id(&ended) == "SandboxUnsupported");
        assert_eq!(told, 1, "{script}");
    }
}
