//! CIM and WMI.

use super::{run, shown};
use crate::clixml::Value;
use crate::stream::Stream;

/// The texts of what a script gives.
fn texts(script: &str) -> Vec<String> {
    super::texts(&format!("& {{ {script} }} | ForEach-Object {{ \"$_\" }}"))
}

fn error_id(script: &str) -> String {
    let (recorder, _) = run(script);
    let errors = recorder.of(Stream::Error);
    let error = errors.first().unwrap_or_else(|| panic!("{script} has no error"));
    error.member("FullyQualifiedErrorId").and_then(Value::as_text).map_or_else(String::new, ToString::to_string)
}

/// A reference is compared with a path by what it refers to.
#[test]
fn references_are_compared_with_paths() {
    for (path, is_it) in [
        ("Win32_Group.Domain='WEB001',Name='Administrators'", true),
        ("win32_group.Name='administrators',Domain='web001'", true),
        (r"\\WEB001\root\cimv2:Win32_Group.Domain='WEB001',Name='Administrators'", true),
        ("Win32_Group.Domain='WEB001',Name='Guests'", false),
        ("Win32_UserAccount.Domain='WEB001',Name='Administrators'", false),
        ("no path", false),
    ] {
        let script = format!(
            "$found = Get-CimInstance Win32_GroupUser -Filter \"GroupComponent = `\"{path}`\"\"; \
             @($found.PartComponent.Name) -contains 'Domain Admins'"
        );
        assert_eq!(shown(&script), [if is_it { "True" } else { "False" }], "{path}");
    }
}

#[test]
fn queries_and_filters_choose_the_same() {
    let by_filter = texts("(Get-CimInstance Win32_Service -Filter \"Name LIKE 'W%' AND State='Running'\").Name");
    assert!(by_filter.contains(&"WinRM".to_owned()), "{by_filter:?}");
    let by_query =
        "(Get-CimInstance -Query \"select Name from Win32_Service where Name like 'W%' and Started = true\").Name";
    assert_eq!(texts(by_query), by_filter);
    let by_wmi =
        "(gwmi -Query 'SELECT * FROM Win32_Service WHERE Name LIKE \"W%\" AND NOT (State <> \"Running\")').Name";
    assert_eq!(texts(by_wmi), by_filter);
    assert_eq!(
        texts("(Get-CimInstance Win32_LogicalDisk -Filter 'DriveType = 3 AND ProviderName IS NULL').DeviceID"),
        ["C:"]
    );
    assert_eq!(texts("@(Get-CimInstance Win32_LogicalDisk -Filter 'Size IS NOT NULL AND 5 = DriveType').Count"), ["0"]);
}

#[test]
fn associations_lead_from_drives_to_letters_and_from_services_to_those_that_need_them() {
    let script = "Get-CimInstance Win32_DiskDrive | Get-CimAssociatedInstance -ResultClassName Win32_DiskPartition | \
                  Get-CimAssociatedInstance -Association Win32_LogicalDiskToPartition | ForEach-Object DeviceID";
    assert_eq!(texts(script), ["C:"]);
    let script =
        "(Get-CimInstance Win32_Service -Filter \"Name='WAS'\" | Get-CimAssociatedInstance).Name -contains 'W3SVC'";
    assert_eq!(texts(script), ["True"]);
    assert_eq!(error_id("Get-CimInstance Win32_BIOS | Get-CimAssociatedInstance"), "SandboxUnsupported");
    let script =
        "Get-WmiObject Win32_Service -Filter \"Nam = 'x'\" -ErrorAction SilentlyContinue; $Error[0].Exception.Message";
    assert_eq!(texts(script), ["Invalid query \"select * from Win32_Service where Nam = 'x'\""]);
}

#[test]
fn what_was_not_asked_for_is_null() {
    let script = "$s = Get-CimInstance Win32_Service -Property Name, State -Filter \"Name='WinRM'\"; \
                  \"$($s.Name) $($s.State) [$($s.StartMode)]\"; $k = Get-CimInstance Win32_Service -KeyOnly; \
                  \"$($k[0].Name.Length -gt 0) [$($k[0].State)]\"";
    assert_eq!(texts(script), ["WinRM Running []", "True []"]);
}

#[test]
fn objects_have_the_types_and_texts_of_windows() {
    let (recorder, _) = run("Get-CimInstance Win32_Service -Filter \"Name='Winmgmt'\"");
    let service = recorder.of(Stream::Output)[0].as_object().expect("an object");
    let names: Vec<&str> = service.type_names.iter().collect();
    assert_eq!(
        names[..6],
        [
            "Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Service",
            "Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_BaseService",
            "Microsoft.Management.Infrastructure.CimInstance#root/cimv2/CIM_Service",
            "Microsoft.Management.Infrastructure.CimInstance#root/cimv2/CIM_LogicalElement",
            "Microsoft.Management.Infrastructure.CimInstance#root/cimv2/CIM_ManagedSystemElement",
            "Microsoft.Management.Infrastructure.CimInstance#Win32_Service",
        ]
    );
    let text = "Win32_Service: Windows Management Instrumentation (Name = \"Winmgmt\")";
    assert_eq!(service.to_string.as_ref().map(ToString::to_string).as_deref(), Some(text));
    let (recorder, _) = run("Get-WmiObject -Class win32_printer | Select-Object -First 1");
    let printer = recorder.of(Stream::Output)[0];
    let object = printer.as_object().expect("an object");
    assert_eq!(object.type_names.first(), Some("System.Management.ManagementObject#root\\cimv2\\Win32_Printer"));
    let path = "\\\\WEB001\\root\\cimv2:Win32_Printer.DeviceID=\"Microsoft Print to PDF\"";
    assert_eq!(printer.member("__PATH"), Some(&Value::str(path)));
    assert_eq!(printer.member("__SUPERCLASS"), Some(&Value::str("CIM_Printer")));
    assert_eq!(printer.member("HorizontalResolution"), Some(&Value::U32(600)));
}

#[test]
fn dates_of_wmi_are_texts() {
    let script = "$os = Get-WmiObject Win32_OperatingSystem; $os.LastBootUpTime -match '^\\d{14}\\.\\d{6}[+-]\\d{3}$'; \
                  $os.ConvertToDateTime($os.LastBootUpTime) -eq (Get-CimInstance Win32_OperatingSystem).LastBootUpTime; \
                  $os.ConvertFromDateTime($os.ConvertToDateTime($os.LastBootUpTime)) -eq $os.LastBootUpTime";
    assert_eq!(texts(script), ["True"; 3]);
}

#[test]
fn unknown_names_have_the_errors_of_windows() {
    let cim = "Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand";
    assert_eq!(error_id("Get-CimInstance Win32_Nothing"), format!("HRESULT 0x80041010,{cim}"));
    assert_eq!(
        error_id("Get-CimInstance -Namespace root/SecurityCenter2 -ClassName AntiVirusProduct"),
        format!("HRESULT 0x8004100e,{cim}")
    );
    assert_eq!(error_id("Get-CimInstance Win32_Service -Filter 'Name = '"), format!("HRESULT 0x80041017,{cim}"));
    assert_eq!(error_id("Get-CimInstance Win32_Service -Filter 'Nothing = 1'"), format!("HRESULT 0x80041017,{cim}"));
    let wmi = "GetWMIManagementException,Microsoft.PowerShell.Commands.GetWmiObjectCommand";
    assert_eq!(error_id("Get-WmiObject Win32_Nothing"), wmi);
    assert_eq!(
        texts("try { gwmi Win32_Prozess -ea Stop } catch { $_.Exception.Message }"),
        ["Invalid class \"Win32_Prozess\". Did you mean 'Win32_Process'?"]
    );
    let (_, ended) =
        run("Get-CimInstance -Query \"SELECT * FROM Win32_Service WHERE __CLASS ISA 'x'\" -ErrorAction Stop");
    assert_eq!(super::failure_id(&ended), "SandboxUnsupported");
}

#[test]
fn services_obey_methods() {
    let script = "$s = Get-CimInstance Win32_Service -Filter \"Name='Spooler'\"; \
                  ($s | Invoke-CimMethod -MethodName StopService).ReturnValue; \
                  (Invoke-CimMethod -InputObject $s -MethodName StopService).ReturnValue; (Get-Service Spooler).Status; \
                  ($s | Get-CimInstance).State; \
                  (Invoke-CimMethod $s ChangeStartMode @{ StartMode = 'Disabled' }).ReturnValue; \
                  (Get-WmiObject Win32_Service -Filter \"Name='Spooler'\").StartService().ReturnValue; \
                  (gwmi Win32_Service | where Name -eq Spooler).ChangeStartMode('Manual').ReturnValue; \
                  $s | Invoke-CimMethod -MethodName StartService | Select-Object -ExpandProperty ReturnValue; \
                  \"$((Get-Service Spooler).Status)\"";
    assert_eq!(texts(script), ["0", "5", "Stopped", "Stopped", "0", "14", "0", "0", "Running"]);
    assert_eq!(run("Get-WmiObject Win32_OperatingSystem | % { $_.Reboot() }").0.went_down, Some(true));
    assert_eq!(run("(gwmi Win32_OperatingSystem).Win32Shutdown(6)").0.went_down, Some(true));
    let (recorder, _) = run("Invoke-CimMethod -ClassName Win32_OperatingSystem -MethodName Shutdown -WhatIf");
    assert_eq!(recorder.went_down, None);
    assert_eq!(
        error_id("Get-CimInstance Win32_BIOS | Invoke-CimMethod -MethodName Nothing"),
        "HRESULT 0x8004102e,Microsoft.Management.Infrastructure.CimCmdlets.InvokeCimMethodCommand"
    );
}

#[test]
fn classes_are_listed() {
    assert_eq!(texts("(Get-CimClass Win32_Service).CimClassName"), ["Win32_Service"]);
    assert_eq!(texts("(Get-CimClass -MethodName Reboot).CimClassName"), ["Win32_OperatingSystem"]);
    assert_eq!(texts("(gwmi -List win32_bios).Name"), ["Win32_BIOS"]);
    assert_eq!(texts("'Caption' -in (Get-CimClass Win32_Share).CimClassProperties.Name"), ["True"]);
    assert_eq!(
        texts("(Get-CimClass -ClassName MSFT_Disk -Namespace root/Microsoft/Windows/Storage).CimClassName"),
        ["MSFT_Disk"]
    );
}

/// What different ways say of the same thing agrees.
#[test]
fn classes_agree_with_each_other() {
    let script = "$d = Get-CimInstance Win32_LogicalDisk -Filter \"DeviceID='C:'\"; \
                  $v = Get-CimInstance Win32_Volume -Filter \"DriveLetter='C:'\"; $d.FreeSpace -eq $v.FreeSpace; \
                  $d.Size -in (Get-CimInstance Win32_DiskPartition).Size; \
                  (Get-CimInstance Win32_PhysicalMemory | Measure-Object Capacity -Sum).Sum -gt \
                  (Get-CimInstance Win32_ComputerSystem).TotalPhysicalMemory; \
                  (Get-CimInstance Win32_Process | where Name -eq svchost.exe).Count -eq (Get-Process svchost).Count; \
                  $s = Get-CimInstance Win32_Service -Filter \"Name='Winmgmt'\"; \
                  (Get-Process -Id $s.ProcessId).Name -eq 'svchost'; \
                  (Get-CimInstance Win32_BIOS).SerialNumber -eq (gwmi Win32_ComputerSystemProduct).IdentifyingNumber";
    assert_eq!(texts(script), ["True"; 6]);
}

/// The audit of local administrators, by each of its usual ways.
#[test]
fn references_lead_to_their_objects() {
    let script = "$m = @(Get-CimInstance Win32_GroupUser | Where-Object { $_.GroupComponent.Name -eq 'Administrators' }); \
                  ($m | ForEach-Object { $_.PartComponent.Name }) -contains 'Administrator'; \
                  \"$($m[0].GroupComponent)\" -like 'Win32_Group (Name = \"Administrators\", Domain = \"*\")'; \
                  $a = @(Get-CimInstance Win32_Group -Filter \"Name='Administrators'\" | Get-CimAssociatedInstance); \
                  $a.Count -eq $m.Count; $a.Name -contains 'Administrator'; \
                  @(Get-CimInstance Win32_Group -Filter \"Name='Administrators'\" | Get-CimAssociatedInstance -ResultClassName Win32_UserAccount).Count -gt 0; \
                  @($m[0] | Get-CimInstance).Count; \
                  (Get-CimInstance Win32_LogicalDiskToPartition)[0].Dependent.DeviceID; (Get-CimInstance Win32_LoggedOnUser).Antecedent.Name; \
                  (Get-WmiObject Win32_GroupUser | Select-Object -First 1).GroupComponent -is [string]; \
                  @(Get-CimInstance Win32_ServerFeature).Count -eq @(Get-WindowsFeature | Where-Object Installed).Count; \
                  (Get-CimInstance Win32_SystemAccount -Filter \"Name='SYSTEM'\").SID; \
                  $o = Get-CimInstance Win32_OperatingSystem; $o.CimClass.CimClassName; $o.CimSystemProperties.Namespace; \
                  ($o.CimInstanceProperties | Where-Object Name -eq 'Version').Value -eq $o.Version; \
                  (Get-WmiObject Win32_OperatingSystem).CimClass -eq $null";
    let mut expected = vec!["True"; 5];
    expected.extend(["1", "C:", "sandbox", "True", "True", "S-1-5-18"]);
    expected.extend(["Win32_OperatingSystem", "ROOT/cimv2", "True", "True"]);
    assert_eq!(shown(script), expected);
}

#[test]
fn accounts_and_logs_are_classes_too() {
    let script = "(Get-CimInstance Win32_UserAccount -Filter \"LocalAccount=True AND Name='Administrator'\").SID -like '*-500'; \
                  @(Get-CimInstance Win32_GroupUser | where GroupComponent -like '*Administrators*').Count -gt 1; \
                  $l = Get-CimInstance Win32_NTEventlogFile -Filter \"LogfileName='System'\"; $l.NumberOfRecords -gt 10; \
                  (Get-CimInstance Win32_NTLogEvent -Filter \"Logfile='System' AND EventCode=6005\").Count -ge 0; \
                  (net localgroup Administrators) -contains 'Administrator'; \
                  (gwmi Win32_OperatingSystem | Get-Member -Name Win32Shutdown).Definition";
    let definition = "System.Management.ManagementBaseObject Win32Shutdown(System.Int32 Flags, System.Int32 Reserved)";
    assert_eq!(texts(script), ["True", "True", "True", "True", "True", definition]);
}
