//! What `psfleet run` says of members that PowerShell cut, with real PowerShell on this machine behind it.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::pwsh;

/// What a run shows.
struct Ran {
    /// The objects, with `--types` where that is asked for.
    objects: Vec<Value>,
    stderr: String,
}

impl Ran {
    /// What is said of cut members.
    fn notes(&self) -> Vec<&str> {
        self.stderr.lines().filter_map(|line| line.strip_prefix("warning: `")).collect()
    }

    /// The members that are named.
    fn told(&self) -> BTreeSet<String> {
        let notes = self.stderr.lines().filter(|line| line.contains("cut at depth"));
        notes.flat_map(|line| line.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
    }
}

/// Runs a script on this machine; `None` without PowerShell.
fn run(script: &str, flags: &[&str]) -> Option<Ran> {
    let pwsh = pwsh()?;
    let folder = Folder::new("cuts");
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.current_dir(folder.path()).env_clear().env("HOME", folder.path()).stdin(Stdio::null());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.args(["run", "-t", "localhost", "--transport", "local", "--pwsh"]).arg(pwsh).arg(script).args(flags);
    let output = command.output().expect("psfleet runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let is_jsonl = flags.contains(&"jsonl");
    let lines = output.stdout.split(|&byte| byte == b'\n').filter(|line| is_jsonl && !line.is_empty());
    let events = lines.map(|line| serde_json::from_slice::<Value>(line).expect("a line of JSON"));
    let objects = events.filter(|event| event["type"] == "object").map(|event| event["data"].clone()).collect();
    Some(Ran { objects, stderr })
}

#[test]
fn a_process_is_cut_and_comes_whole_when_asked_for() {
    let process = "Get-Process -Id $PID";
    let Some(cut) = run(process, &["-o", "jsonl"]) else { return };
    let said = "Modules`, `Threads`, `MainModule`, `Parent` were cut at depth 1 on localhost; rerun with --depth 3";
    assert_eq!(cut.notes(), [said], "{}", cut.stderr);
    let Some(deep) = run(process, &["-o", "jsonl", "--depth", "3"]) else { return };
    for member in cut.told() {
        let value = match &deep.objects[0][&member] {
            Value::Array(items) => &items[0],
            value => value,
        };
        assert!(value.is_object(), "{member}: {value}");
    }
    // The process of a process of a process is what is left.
    assert!(deep.told().iter().all(|member| member.starts_with("Parent.Parent.")), "{}", deep.stderr);
    assert!(deep.notes().iter().all(|note| note.ends_with("; rerun with --depth 4")), "{}", deep.stderr);
}

#[test]
fn the_note_does_not_hang_on_the_format_but_on_whether_anybody_misses_it() {
    let process = "Get-Process -Id $PID";
    for format in ["json", "csv", "table", "text"] {
        let Some(ran) = run(process, &["-o", format]) else { return };
        assert_eq!(ran.notes().len(), 1, "{format}: {}", ran.stderr);
    }
    let other = "Get-Process -Id $PID | Select-Object Name, Id";
    for (script, flags) in [
        (process, &["-o", "none"][..]),
        (process, &["-o", "csv", "-q"]),
        (process, &["-o", "csv", "--select", "Name,Id"]),
        (other, &["-o", "csv"]),
    ] {
        let Some(ran) = run(script, flags) else { return };
        assert!(ran.notes().is_empty(), "{flags:?}: {}", ran.stderr);
    }
}

/// Objects of many kinds, all with properties that are objects, names of types or texts.
const KINDS: &str = r#"
    Get-Process -Id $PID
    (Get-Process -Id $PID).MainModule
    Get-ChildItem / | Select-Object -First 2
    Get-Item /etc/passwd, env:PATH, function:prompt
    Get-Command Get-Process, Where-Object
    Get-Module
    Get-Alias ls
    Get-PSDrive
    Get-PSProvider
    Get-Variable PWD, Host, ErrorActionPreference
    Get-Culture
    Get-TimeZone
    Get-Member -InputObject 1
    Get-Process -Id $PID | Group-Object Name
    Select-String root /etc/passwd | Select-Object -First 1
    [string], 'x'.GetType().GetMethods()[0]
    try { 1 / 0 } catch { $_; $_.Exception; $_.InvocationInfo }
    $Host
    $MyInvocation
    $ExecutionContext.SessionState.Drive
    [AppDomain]::CurrentDomain
    [Text.Encoding]::UTF8
    [Diagnostics.FileVersionInfo]::GetVersionInfo([psobject].Assembly.Location)
    [Net.Sockets.TcpClient]::new()
    [Net.Http.HttpClient]::new()
    [IO.DriveInfo]::new('/')
    [Security.Cryptography.RSA]::Create()
    [Timers.Timer]::new()
    [Threading.Tasks.Task]::CompletedTask
    [datetime]::UnixEpoch, [guid]::Empty, [version]'1.0', [uri]'http://x/a', [regex]'a', [ipaddress]'::1'
    class Server { $Name = 'System.Server' }
    class Rack { $One = [Server]::new(); [Server[]]$All = @([Server]::new()); $Kind = 'Contoso.Racks.Rack' }
    [Rack]::new()
    [pscustomobject]@{ Kind = 'Contoso.Racks.Rack'; Process = [Diagnostics.ProcessStartInfo]::new('x') }
    @{ Module = 'System.Diagnostics.ProcessModule (x)' }
"#;

/// The members of which the first run has a type's name and the second an object of that type.
fn brought(cut: &Value, deep: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for kind in ["props", "notes"] {
        let members = |object: &Value| object[kind].as_object().cloned().unwrap_or_default();
        let deep = members(deep);
        for (name, value) in members(cut) {
            // An item of a list, the value of a dictionary's entry, or the value itself.
            let first = |value: &Value| match value["items"].get(0) {
                Some(Value::Array(entry)) => entry[1].clone(),
                Some(item) => item.clone(),
                None => value.clone(),
            };
            let (text, object) = (first(&value), first(deep.get(&name).unwrap_or(&Value::Null)));
            let Some(text) = text.as_str() else { continue };
            // The module that is in the list of modules, too.
            if object["$"] == "ref" && name == "MainModule" {
                names.insert(name);
                continue;
            }
            let Some(of) = object["tn"][0].as_str() else { continue };
            let of = of.split('`').next().unwrap_or(of);
            if text.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with(['`', ' '])) {
                names.insert(name);
            }
        }
    }
    names
}

#[test]
fn what_is_told_is_what_more_depth_brings() {
    let Some(cut) = run(KINDS, &["-o", "jsonl", "--types", "-v", "--exit-zero"]) else { return };
    let Some(deep) = run(KINDS, &["-o", "jsonl", "--types", "--depth", "2", "--exit-zero"]) else { return };
    assert_eq!(cut.objects.len(), deep.objects.len());
    let pairs = cut.objects.iter().zip(&deep.objects);
    let brought: BTreeSet<String> = pairs.flat_map(|(cut, deep)| brought(cut, deep)).collect();
    let told = cut.told();
    let missed: Vec<String> = brought.difference(&told).cloned().collect();
    let wrong: Vec<String> = told.difference(&brought).cloned().collect();
    // Handles hold nothing, types are data, and a class of a script has no namespace to know it by.
    let known = ["MethodHandle", "One", "SafeHandle", "StructLayoutAttribute", "TypeHandle"];
    assert_eq!((missed, wrong), (known.iter().map(|name| String::from(*name)).collect(), vec![]), "{told:?}");
}

#[test]
fn objects_of_the_sandbox_are_whole() {
    let folder = Folder::new("cuts-sandbox");
    let inventory = concat!(env!("CARGO_MANIFEST_DIR"), "/inventories/sandbox.toml");
    let script = "Get-Service; Get-Process; Get-HotFix; Get-CimInstance Win32_OperatingSystem; Get-Date; \
                  Get-CimInstance Win32_LogicalDisk; $PSVersionTable; Get-Service | Group-Object Status";
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.current_dir(folder.path()).env("HOME", folder.path()).stdin(Stdio::null());
    let output = command.args(["run", "-i", inventory, "-t", "@all", "--pick", "3", "-o", "csv", script]).output();
    let output = output.expect("psfleet runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(!stderr.contains("cut at depth"), "{stderr}");
}
