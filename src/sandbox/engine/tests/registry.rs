//! Registry, certificates, WinRM's settings and the session's own drives.

use super::{EndState, Stream, Value, run, texts};

fn ids(script: &str) -> Vec<String> {
    let (recorder, _) = run(script);
    let id = |record: &&Value| {
        record.member("FullyQualifiedErrorId").and_then(Value::as_text).map_or_else(String::new, ToString::to_string)
    };
    recorder.of(Stream::Error).iter().map(id).collect()
}

#[test]
fn what_admins_read_of_the_registry() {
    let (recorder, ended) = run("Get-ItemProperty 'HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion' | \
         Select-Object ProductName, CurrentBuild, UBR, ReleaseId; \
         Get-ItemProperty HKLM:\\Software\\Microsoft\\Windows\\CurrentVersion -Name ProgramFilesDir; \
         Get-Item HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run");
    assert_eq!(ended.state, EndState::Completed);
    let output = recorder.of(Stream::Output);
    assert!(matches!(output[0].member("UBR"), Some(Value::I32(_))));
    let product = output[0].member("ProductName").and_then(Value::as_text).expect("a name").to_string();
    assert!(product.starts_with("Windows Server 20"), "{product}");
    for (member, wanted) in [
        ("ProgramFilesDir", "C:\\Program Files"),
        ("PSChildName", "CurrentVersion"),
        (
            "PSPath",
            "Microsoft.PowerShell.Core\\Registry::HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion",
        ),
    ] {
        assert_eq!(output[1].member(member), Some(&Value::str(wanted)), "{member}");
    }
    let key = output[2].as_object().expect("an object");
    assert_eq!(key.type_names.first(), Some("Microsoft.Win32.RegistryKey"));
    assert_eq!(
        output[2].member("Name"),
        Some(&Value::str("HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run"))
    );
    let script = "(Get-ChildItem HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall | ForEach-Object { $_.GetValue('DisplayName') }) -contains 'VMware Tools'; \
                  (Get-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Services\\Spooler).Start; \
                  (Get-ItemProperty 'Registry::HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName').ComputerName; \
                  (Get-Item HKCU:\\Environment).GetValue('TEMP'); (Get-Item HKCU:\\Environment).GetValueKind('TEMP').ToString(); \
                  @(Get-ChildItem HKLM:\\).PSChildName -join ','; (Get-Item HKLM:\\SOFTWARE).OpenSubKey('Microsoft').SubKeyCount -gt 5";
    let (recorder, _) = run(script);
    assert_eq!(recorder.of(Stream::Output)[..2], [&Value::Bool(true), &Value::I32(2)]);
    assert_eq!(
        recorder.texts()[2..6],
        [
            "WEB001",
            "C:\\Users\\sandbox\\AppData\\Local\\Temp",
            "ExpandString",
            "BCD00000000,HARDWARE,SAM,SECURITY,SOFTWARE,SYSTEM"
        ]
    );
}

#[test]
fn keys_and_values_are_made_changed_and_removed() {
    let script = "New-Item HKLM:\\SOFTWARE\\Contoso\\App -Force | Out-Null; \
                  New-ItemProperty HKLM:\\SOFTWARE\\Contoso\\App -Name Level -PropertyType DWord -Value 3 | Out-Null; \
                  Set-ItemProperty HKLM:\\SOFTWARE\\Contoso\\App -Name Level -Value 5; \
                  Set-ItemProperty HKLM:\\SOFTWARE\\Contoso\\App -Name List -Value a, b -Type MultiString; \
                  $p = Get-ItemProperty HKLM:\\SOFTWARE\\Contoso\\App; $p.Level; $p.Level.GetType().Name; $p.List.Count; \
                  Rename-ItemProperty HKLM:\\SOFTWARE\\Contoso\\App -Name Level -NewName Grade; \
                  (Get-Item HKLM:\\SOFTWARE\\Contoso\\App).Property -join ','; \
                  Remove-ItemProperty HKLM:\\SOFTWARE\\Contoso\\App -Name Grade; \
                  (Get-Item HKLM:\\SOFTWARE\\Contoso\\App).GetValueNames() -join ','; \
                  Copy-Item HKLM:\\SOFTWARE\\Contoso\\App HKLM:\\SOFTWARE\\Contoso\\B; Test-Path HKLM:\\SOFTWARE\\Contoso\\B; \
                  Rename-Item HKLM:\\SOFTWARE\\Contoso\\B C; Test-Path HKLM:\\SOFTWARE\\Contoso\\C; \
                  Remove-Item HKLM:\\SOFTWARE\\Contoso -Recurse; Test-Path HKLM:\\SOFTWARE\\Contoso; \
                  cd HKLM:\\SOFTWARE; (Get-Location).Path; cd Microsoft; (Get-Item .).Name; \"$(Test-Path Windows)\"";
    let (recorder, _) = run(script);
    let yes = &Value::Bool(true);
    let output = recorder.of(Stream::Output);
    assert_eq!(output[..3], [&Value::I32(5), &Value::str("Int32"), &Value::I32(2)], "{:?}", recorder.of(Stream::Error));
    assert_eq!(recorder.texts()[3..5], ["List,Grade", "List"]);
    assert_eq!(output[5..8], [yes, yes, &Value::Bool(false)]);
    assert_eq!(recorder.texts()[8..], ["HKLM:\\SOFTWARE", "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft", "True"]);
    for (script, id) in [
        ("Get-ItemProperty HKLM:\\SOFTWARE\\No", "PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand"),
        ("New-Item HKLM:\\SOFTWARE\\Microsoft", "System.IO.IOException,Microsoft.PowerShell.Commands.NewItemCommand"),
        ("New-Item HKLM:\\SOFTWARE\\No\\Way", "System.ArgumentException,Microsoft.PowerShell.Commands.NewItemCommand"),
        (
            "Get-ItemProperty HKLM:\\SOFTWARE\\Microsoft -Name Nothing",
            "System.Management.Automation.PSArgumentException,Microsoft.PowerShell.Commands.GetItemPropertyCommand",
        ),
        (
            "New-ItemProperty HKCU:\\Environment -Name TEMP -Value x",
            "System.IO.IOException,Microsoft.PowerShell.Commands.NewItemPropertyCommand",
        ),
    ] {
        assert_eq!(ids(script), [id], "{script}");
    }
    assert!(ids("Get-ItemProperty HKLM:\\SOFTWARE\\No -ErrorAction SilentlyContinue").is_empty());
}

#[test]
fn certificates_of_the_machine() {
    let (recorder, _) = run("Get-ChildItem Cert:\\LocalMachine\\My | Select-Object -First 1");
    let certificate = recorder.of(Stream::Output)[0];
    let object = certificate.as_object().expect("an object");
    assert_eq!(object.type_names.first(), Some("System.Security.Cryptography.X509Certificates.X509Certificate2"));
    assert_eq!(certificate.member("Subject"), Some(&Value::str("CN=web001.sandbox.test")));
    assert_eq!(
        certificate.member("PSParentPath"),
        Some(&Value::str("Microsoft.PowerShell.Security\\Certificate::LocalMachine\\My"))
    );
    let script = "(Get-ChildItem Cert:\\LocalMachine).Name -contains 'Root'; (Get-ChildItem Cert:\\).LocationName -join ','; \
                  $c = Get-ChildItem Cert:\\LocalMachine\\My -Recurse; $c[0].EnhancedKeyUsageList.FriendlyName -contains 'Server Authentication'; \
                  \"$($c[0].DnsNameList[0])\"; $c[0].NotAfter -gt (Get-Date); (Get-Item \"Cert:\\LocalMachine\\My\\$($c[0].Thumbprint)\").Thumbprint -eq $c[0].Thumbprint; \
                  @(Get-ChildItem Cert:\\LocalMachine\\My -ExpiringInDays 100000).Count -eq @($c).Count; \
                  Remove-Item \"Cert:\\LocalMachine\\My\\$($c[0].Thumbprint)\"; @(Get-ChildItem Cert:\\LocalMachine\\My).Count -eq @($c).Count - 1";
    let (recorder, _) = run(script);
    let (yes, output) = (&Value::Bool(true), recorder.of(Stream::Output));
    let (locations, name) = (Value::str("CurrentUser,LocalMachine"), Value::str("web001.sandbox.test"));
    assert_eq!(output, [yes, &locations, yes, &name, yes, yes, yes, yes], "{:?}", recorder.of(Stream::Error));
}

#[test]
fn settings_of_winrm() {
    let script = "(Get-Item WSMan:\\localhost\\Client\\TrustedHosts).Value; (Get-Item WSMan:\\localhost\\Shell\\MaxMemoryPerShellMB).Value; \
                  Set-Item WSMan:\\localhost\\Client\\TrustedHosts -Value 'web*' -Force; (Get-Item WSMan:\\localhost\\Client\\TrustedHosts).Value; \
                  (Get-ChildItem WSMan:\\localhost).Name -join ','; Test-Path WSMan:\\localhost\\Service\\Auth\\Basic";
    let given = texts(script);
    assert_eq!(given[..3], ["", "2147483647", "web*"]);
    assert!(given[3].ends_with("Client,Service,Shell,Listener,Plugin"), "{given:?}");
}

#[test]
fn drives_are_listed() {
    assert_eq!(
        texts("(Get-PSDrive).Name -join ','"),
        ["Alias,C,Cert,Env,Function,HKCU,HKLM,Variable,WSMan"].map(str::to_owned)
    );
    assert_eq!(
        texts("(Get-Item Env:COMPUTERNAME).Value; $env:windir; (Get-ChildItem Env:Prog*).Count"),
        ["WEB001", "C:\\Windows", ""]
    );
}
