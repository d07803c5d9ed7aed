//! Files, registry keys and other items of a drawn host.

use super::{EndState, Invocation, Recorder, Stream, Value, run, runspace, shown, texts};

fn ids(script: &str) -> Vec<String> {
    let (recorder, _) = run(script);
    let id = |record: &&Value| {
        record.member("FullyQualifiedErrorId").and_then(Value::as_text).map_or_else(String::new, ToString::to_string)
    };
    recorder.of(Stream::Error).iter().map(id).collect()
}

#[test]
fn files_are_in_the_encodings_of_windows_powershell() {
    let size = |script: &str| shown(&format!("{script}; (Get-Item C:\\f.txt).Length"));
    assert_eq!(size("'abc' > C:\\f.txt"), ["12"]);
    assert_eq!(size("'abc' > C:\\f.txt; 'd' >> C:\\f.txt"), ["18"]);
    assert_eq!(size("Set-Content C:\\f.txt \"\u{e9}\""), ["3"]);
    assert_eq!(size("'abc' | Out-File C:\\f.txt -Encoding utf8"), ["8"]);
    assert_eq!(size("Set-Content C:\\f.txt 'a'; 'b' >> C:\\f.txt"), ["6"]);
    assert_eq!(shown("'\u{e9}' | Set-Content C:\\f.txt; 'x' >> C:\\f.txt; Get-Content C:\\f.txt"), ["\u{e9}", "x"]);
}

#[test]
fn the_examples_of_remoting_remove_what_is_there() {
    let mut invocation = Invocation::script(
        "Remove-Item -Path $args[1] -ErrorAction SilentlyContinue -Force; Test-Path $args[1]; Test-Path $args[0]",
        [Value::str("C:\\Windows"), Value::str("C:\\Temp\\install.log")],
    );
    let mut recorder = Recorder::default();
    let mut runspace = runspace();
    assert_eq!(runspace.invoke(&invocation, &mut recorder).state, EndState::Completed);
    assert_eq!(recorder.of(Stream::Output), [&Value::Bool(false), &Value::Bool(true)]);
    invocation.commands[0].text = "Remove-Item -Path $args[1] -ErrorAction SilentlyContinue -Force".into();
    let mut again = Recorder::default();
    runspace.invoke(&invocation, &mut again);
    assert!(again.records.is_empty(), "it is gone, and nobody wants to hear of it");
}

#[test]
fn cleaning_a_temporary_folder_gives_space_back() {
    let old = "Get-ChildItem C:\\Windows\\Temp -Recurse -File | Where-Object LastWriteTime -lt (Get-Date).AddDays(-30)";
    let (recorder, _) = run(&format!("{old} | Remove-Item -WhatIf"));
    assert!(recorder.lines.len() > 3, "{:?}", recorder.lines);
    let start = "What if: Performing the operation \"Remove File\" on target \"C:\\Windows\\Temp\\";
    assert!(recorder.lines.iter().all(|line| line.starts_with(start)), "{:?}", recorder.lines);
    let script = format!(
        "$free = (Get-PSDrive C).Free; $size = ({old} | Measure-Object Length -Sum).Sum; {old} | Remove-Item; \
         @({old}).Count; (Get-PSDrive C).Free - $free -ge $size; \
         (Get-CimInstance Win32_LogicalDisk -Filter \"DeviceID='C:'\").FreeSpace -eq (Get-PSDrive C).Free; \
         @(Get-ChildItem C:\\Windows\\Temp).Count -gt 0"
    );
    let (recorder, _) = run(&script);
    let yes = &Value::Bool(true);
    assert_eq!(recorder.of(Stream::Output), [&Value::I32(0), yes, yes, yes], "{:?}", recorder.of(Stream::Error));
}

#[test]
fn files_have_the_properties_of_dotnet() {
    let (recorder, _) = run("Get-Item C:\\Windows\\notepad.exe; Get-Item C:\\Windows; Get-Item C:\\");
    let output = recorder.of(Stream::Output);
    let names =
        |value: &Value| value.as_object().expect("an object").type_names.iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(names(output[0])[..2], ["System.IO.FileInfo", "System.IO.FileSystemInfo"]);
    assert_eq!(names(output[1])[0], "System.IO.DirectoryInfo");
    for (member, wanted) in [
        ("FullName", "C:\\Windows\\notepad.exe"),
        ("Directory", "C:\\Windows"),
        ("Extension", ".exe"),
        ("Mode", "-a----"),
        ("Attributes", "Archive"),
        ("PSPath", "Microsoft.PowerShell.Core\\FileSystem::C:\\Windows\\notepad.exe"),
        ("PSParentPath", "Microsoft.PowerShell.Core\\FileSystem::C:\\Windows"),
        ("BaseName", "notepad"),
    ] {
        assert_eq!(output[0].member(member), Some(&Value::str(wanted)), "{member}");
    }
    assert_eq!(output[1].member("Mode"), Some(&Value::str("d-----")));
    assert_eq!(output[2].member("FullName"), Some(&Value::str("C:\\")));
    let script = "$f = Get-Item C:\\Windows\\notepad.exe; $f.Directory.Parent.FullName; $f.Directory.GetType().Name; \
                  $f.VersionInfo.ProductVersion -match '^10\\.0\\.'; \"$f\"";
    assert_eq!(texts(script)[..2], ["C:\\", "DirectoryInfo"]);
    assert_eq!(texts(script)[3], "C:\\Windows\\notepad.exe");
}

#[test]
fn paths_in_all_their_forms() {
    for path in [
        "C:\\Windows\\System32\\drivers\\etc\\hosts",
        "c:/windows/SYSTEM32/drivers/etc/HOSTS",
        "\\Windows\\System32\\drivers\\etc\\hosts",
        "..\\..\\..\\Windows\\System32\\drivers\\etc\\hosts",
        "FileSystem::C:\\Windows\\System32\\drivers\\etc\\hosts",
        "Microsoft.PowerShell.Core\\FileSystem::C:\\Windows\\System32\\drivers\\etc\\hosts",
        "~\\..\\..\\Windows\\.\\System32\\drivers\\etc\\hosts",
        "C:\\Win*\\Sys*32\\drivers\\e?c\\[h]osts",
    ] {
        let script = format!("(Get-Item '{path}').FullName");
        assert_eq!(texts(&script), ["C:\\Windows\\System32\\drivers\\etc\\hosts"], "{path}");
    }
    assert_eq!(
        texts(
            "\"$pwd\"; (Get-Location).Path; cd C:\\Windows; cd Temp; $pwd.Path; cd ..; (pwd).ProviderPath; cd -; $PWD.Path"
        ),
        [
            "C:\\Users\\sandbox\\Documents",
            "C:\\Users\\sandbox\\Documents",
            "C:\\Windows\\Temp",
            "C:\\Windows",
            "C:\\Windows\\Temp"
        ]
    );
    assert_eq!(ids("Get-Item \\\\other\\c$\\x"), ["SandboxUnsupported"]);
}

#[test]
fn windows_says_no() {
    for (script, id) in [
        ("Get-Item C:\\ProgramData", "ItemNotFound,Microsoft.PowerShell.Commands.GetItemCommand"),
        (
            "Remove-Item C:\\pagefile.sys",
            "RemoveFileSystemItemUnAuthorizedAccess,Microsoft.PowerShell.Commands.RemoveItemCommand",
        ),
        (
            "Remove-Item C:\\pagefile.sys -Force",
            "RemoveFileSystemItemIOError,Microsoft.PowerShell.Commands.RemoveItemCommand",
        ),
        (
            "Get-ChildItem 'C:\\System Volume Information'",
            "DirUnauthorizedAccessError,Microsoft.PowerShell.Commands.GetChildItemCommand",
        ),
        ("Get-Item Q:\\x", "DriveNotFound,Microsoft.PowerShell.Commands.GetItemCommand"),
        (
            "Set-Content C:\\x ('y' * 9000000)",
            "GetContentWriterIOError,Microsoft.PowerShell.Commands.SetContentCommand",
        ),
    ] {
        assert_eq!(ids(script), [id], "{script}");
    }
    assert_eq!(
        texts(
            "(Get-Item C:\\ProgramData -Force).Mode; @(Get-ChildItem C:\\ | ? Name -eq ProgramData).Count; @(Get-ChildItem C:\\ -Hidden).Count -gt 3; @(dir C:\\ -Force | ? Name -eq ProgramData).Mode"
        )[0],
        "d--h--"
    );
}

#[test]
fn logs_read_as_they_are_listed() {
    let script = "$f = Get-ChildItem C:\\inetpub\\logs\\LogFiles\\W3SVC1\\*.log | Select-Object -First 1; \
                  (Get-Content $f.FullName -Raw).Length -eq $f.Length; \
                  @(Get-Content $f -TotalCount 1)[0]; @(Get-Content $f | Where-Object { $_ -like '* 500 0 0 *' }).Count -gt 0; \
                  (Get-Content $f -Tail 1) -match '^\\d{4}-\\d\\d-\\d\\d '";
    let (recorder, _) = run(script);
    let yes = &Value::Bool(true);
    let head = Value::str("#Software: Microsoft Internet Information Services 10.0");
    assert_eq!(recorder.of(Stream::Output), [yes, &head, yes, yes], "{:?}", recorder.of(Stream::Error));
    assert_eq!(ids("Get-Content C:\\Windows\\notepad.exe"), ["SandboxUnsupported"]);
}

#[test]
fn changes_outlive_a_session() {
    let machine = std::sync::Arc::new(super::Machine::draw(1, 0, super::now()));
    let mut first = super::Runspace::new(std::sync::Arc::clone(&machine));
    let mut recorder = Recorder::default();
    first.invoke(
        &Invocation::script(
            "New-Item C:\\Deploy\\a\\b -ItemType Directory | Out-Null; Set-Content C:\\Deploy\\a\\v.txt 1, 2",
            [],
        ),
        &mut recorder,
    );
    let mut second = super::Runspace::new(machine);
    second.invoke(
        &Invocation::script("Get-Content C:\\Deploy\\a\\v.txt; (Get-ChildItem C:\\Deploy -Recurse).Name -join ','", []),
        &mut recorder,
    );
    assert_eq!(recorder.texts(), ["1", "2", "a,b,v.txt"]);
}

#[test]
fn times_and_attributes_can_be_set() {
    let script = "$f = New-Item x.txt -Value abc; $f.LastWriteTime = '2020-01-02'; $f.IsReadOnly = $true; \
                  $g = Get-Item x.txt; $g.LastWriteTime.Year; $g.IsReadOnly; $g.Mode; $g.Length";
    let (recorder, _) = run(script);
    assert_eq!(
        recorder.of(Stream::Output),
        [&Value::I32(2020), &Value::Bool(true), &Value::str("-ar---"), &Value::I64(3)],
        "{:?}",
        recorder.of(Stream::Error)
    );
}

#[test]
fn drives() {
    let script = "$d = Get-PSDrive C; $d.Used + $d.Free -eq (Get-CimInstance Win32_LogicalDisk -Filter \"DeviceID='C:'\").Size; \
                  $d.Root; (New-PSDrive -Name T -PSProvider FileSystem -Root C:\\Windows\\Temp).Name; Set-Content T:\\q.txt 5; \
                  Get-Content C:\\Windows\\Temp\\q.txt; (Get-Item T:\\q.txt).FullName; cd T:; (Get-Location).Path; cd C:; Remove-PSDrive T; Test-Path T:\\";
    assert_eq!(texts(script)[1..6], ["C:\\", "T", "5", "C:\\Windows\\Temp\\q.txt", "T:\\"]);
    assert_eq!(
        ids("Get-PSDrive nosuch"),
        ["GetLocationNoMatchingDrive,Microsoft.PowerShell.Commands.GetPSDriveCommand"]
    );
}

#[test]
fn objects_go_to_files_as_they_print() {
    let script = "Get-Service Spooler | Out-File C:\\Windows\\Temp\\s.txt; \
                  @(Select-String -Path C:\\Windows\\Temp\\s.txt -Pattern 'Print Spooler').Count; \
                  Get-Service Spooler > s2.txt; (Get-Content s2.txt -Raw) -eq (Get-Content C:\\Windows\\Temp\\s.txt -Raw)";
    let (recorder, _) = run(script);
    assert_eq!(recorder.of(Stream::Output), [&Value::I32(1), &Value::Bool(true)], "{:?}", recorder.of(Stream::Error));
}

/// Programs of Windows are TrustedInstaller's; files of a database are open while its server runs.
#[test]
fn what_windows_holds_stays() {
    let first = |script: &str| ids(script).first().map(|id| id.split(',').next().unwrap_or_default().to_owned());
    let ntdll = "C:\\Windows\\System32\\ntdll.dll";
    assert_eq!(
        first(&format!("Remove-Item {ntdll} -Force")).as_deref(),
        Some("RemoveFileSystemItemUnAuthorizedAccess")
    );
    assert_eq!(first(&format!("Set-Content {ntdll} x")).as_deref(), Some("GetContentWriterUnauthorizedAccessError"));
    assert_eq!(first(&format!("Move-Item {ntdll} C:\\")).as_deref(), Some("MoveFileInfoItemUnauthorizedAccessError"));
    assert_eq!(ids("Rename-Item C:\\Windows Fenster").len(), 1);
    let script = format!(
        "Set-Content C:\\x.txt 1; Copy-Item C:\\x.txt {ntdll} -Force -ErrorAction Ignore; \
                  Remove-Item C:\\Windows -Recurse -Force -ErrorAction Ignore; Test-Path {ntdll}; (Get-Item {ntdll}).Length -gt 100; \
                  Copy-Item {ntdll} C:\\copy.dll; Remove-Item C:\\copy.dll; Test-Path C:\\copy.dll"
    );
    assert_eq!(shown(&script), ["True", "True", "False"]);
}

#[test]
fn a_file_gets_no_folders_name() {
    for (verb, id) in [("Copy", "CopyFileInfoItemIOError"), ("Move", "MoveFileInfoItemIOError")] {
        let all = ids(&format!("Set-Content C:\\x.txt 1; {verb}-Item C:\\x.txt C:\\nodir\\"));
        assert_eq!(all, [format!("{id},Microsoft.PowerShell.Commands.{verb}ItemCommand")]);
    }
    assert_eq!(
        shown("mkdir C:\\d | Out-Null; Set-Content C:\\x.txt 1; Copy-Item C:\\x.txt C:\\d\\; Test-Path C:\\d\\x.txt"),
        ["True"]
    );
}
