//! `secret:NAME`, `credential:NAME` and `--depth` of `psfleet run`, with real PowerShell on this machine.

use std::process::{Command, Output, Stdio};

#[cfg(unix)]
use psfleet::sandbox::Options;
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::pwsh;
#[cfg(unix)]
use crate::support::sandbox::{assert_clean, fleet};

fn run(folder: &Folder, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.current_dir(folder.path()).env_clear().env("HOME", folder.path());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).envs(variables.iter().copied());
    command.args(["run", "-o", "jsonl", "--no-input"]).args(arguments).stdin(Stdio::null());
    command.output().expect("psfleet runs")
}

fn events(output: &Output) -> Vec<Value> {
    let lines = output.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("a line of JSON")).collect()
}

fn data(output: &Output, kind: &str) -> Vec<Value> {
    events(output).into_iter().filter(|event| event["type"] == kind).map(|event| event["data"].clone()).collect()
}

/// Uses secrets in each of their forms.
const USED: &str = "param([securestring]$Pin, [pscredential]$Login) \
    [pscredential]::new('x', $Pin).GetNetworkCredential().Password; $Login.UserName; \
    $Login.GetNetworkCredential().Password; ($using:pin).Length; $Login.Password.GetType().FullName; $Pin; \
    @(Get-ChildItem env: | Where-Object Name -like 'PSFLEET_*').Count";

/// What the script gives on a target.
fn used(folder: &Folder, target: &[&str]) -> Vec<Value> {
    let variables = [
        ("PSFLEET_SECRET_DB_1", "hunter2"),
        ("PSFLEET_CREDENTIAL_SVC_USER", "CONTOSO\\svc"),
        ("PSFLEET_CREDENTIAL_SVC_PASSWORD", "swordfish"),
    ];
    let flags = ["-p", "Pin=secret:db-1", "-p", "Login=credential:svc", "--using", "pin=secret:db-1", USED];
    let output = run(folder, &variables, &[target, &flags[..]].concat());
    let objects = data(&output, "object");
    assert_eq!(objects.len(), 7, "{output:?}");
    objects
}

fn expected() -> Vec<Value> {
    let texts = ["hunter2", "CONTOSO\\svc", "swordfish"].map(|text| json!(text));
    let [pin, user, password] = texts;
    vec![pin, user, password, json!(7), json!("System.Security.SecureString"), Value::Null, json!(0)]
}

#[test]
fn secrets_come_from_variables_and_reach_no_child() {
    let Some(pwsh) = pwsh() else { return };
    let folder = Folder::new("secret-flags");
    let target = ["-t", "localhost", "--transport", "local", "--pwsh", pwsh.to_str().expect("a path")];
    assert_eq!(used(&folder, &target), expected());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn secrets_reach_the_engine_of_the_sandbox() {
    use std::os::unix::fs::PermissionsExt;

    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let folder = Folder::new("secret-flags");
    let inventory = folder.path().join("fleet.toml");
    std::fs::write(&inventory, fleet.inventory_toml()).expect("written");
    // It holds the password.
    std::fs::set_permissions(&inventory, std::fs::Permissions::from_mode(0o600)).expect("made private");
    assert_eq!(used(&folder, &["-t", "@all", "-i", "fleet.toml"]), expected());
    assert_clean(fleet).await;
}

#[test]
fn what_is_missing_or_exposed_stops_before_the_first_connection() {
    let folder = Folder::new("secret-flags");
    let arguments = ["-t", "h", "$args", "-a", "secret:db", "-a", "credential:svc", "-u", "u"];
    let variables = [("PSFLEET_PASSWORD", "x")];
    let output = run(&folder, &variables, &arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{stderr}");
    for name in ["PSFLEET_SECRET_DB", "PSFLEET_CREDENTIAL_SVC_USER", "PSFLEET_CREDENTIAL_SVC_PASSWORD"] {
        assert!(stderr.contains(&format!("{name} is not set")), "{stderr}");
    }
    let clear = ["--auth", "basic", "--trusted-hosts", "*", "--allow-unencrypted"];
    let output = run(
        &folder,
        &[variables[0], ("PSFLEET_SECRET_DB", "hunter2")],
        &[&arguments[..5], &["-u", "u"], &clear].concat(),
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("secrets are never sent without encryption, but h would be reached"), "{stderr}");
    assert!(!stderr.contains("hunter2"), "{stderr}");
}

#[test]
fn members_come_down_to_the_depth_that_is_asked_for() {
    let Some(pwsh) = pwsh() else { return };
    let folder = Folder::new("depth");
    let script = "param($Text) [IO.DirectoryInfo]\"/a/$Text/c/d\"; \
                  $null; $using:n; Write-Warning 'careful'; Write-Error 'bad'; exit 3";
    let flags = ["-p", "Text=core", "--using", "n=7"];
    let target = ["-t", "localhost", "--transport", "local", "--pwsh", pwsh.to_str().expect("a path"), script];
    let cut = run(&folder, &[], &[&target[..], &flags[..]].concat());
    assert!(data(&cut, "object")[0]["Parent"].is_string(), "{cut:?}");
    let deep = run(&folder, &[], &[&target[..], &flags[..], &["--depth", "3"]].concat());
    let objects = data(&deep, "object");
    assert_eq!(objects[0]["Parent"]["Parent"]["Name"], json!("core"), "{deep:?}");
    assert_eq!(objects[1..], [Value::Null, json!(7)], "{deep:?}");
    for kind in ["warning", "error"] {
        assert_eq!(data(&cut, kind)[0]["message"], data(&deep, kind)[0]["message"], "{kind}");
    }
    let done = &data(&deep, "host_done")[0];
    assert_eq!((&done["exit_code"], &done["outcome"]), (&json!(3), &json!("failed")), "{done}");
}
