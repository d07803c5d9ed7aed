//! `psfleet config`: written, checked and shown, through the program.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::folder::Folder;

/// The exit code, stdout and stderr of the program in a folder that is its user's home, too.
fn psfleet(folder: &Path, variables: &[(&str, &str)], args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(args).current_dir(folder).env_clear().env("HOME", folder).envs(variables.iter().copied());
    let output = command.output().expect("psfleet starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Every key with its value and origin.
fn shown(folder: &Path, variables: &[(&str, &str)], args: &[&str]) -> Vec<(String, Value, String)> {
    let (code, stdout, stderr) = psfleet(folder, variables, &[&["config", "show", "-o", "json"], args].concat());
    assert_eq!(code, Some(0), "{stderr}");
    let rows: Vec<Value> = serde_json::from_str(&stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    rows.iter().map(|row| (text(&row["key"]), row["value"].clone(), text(&row["source"]))).collect()
}

#[test]
fn a_written_file_has_every_key_and_each_may_be_used() {
    let folder = Folder::new("config-init");
    let (code, stdout, stderr) = psfleet(folder.path(), &[], &["config", "init"]);
    let file = folder.path().join(".config/psfleet/psfleet.toml");
    assert_eq!((code, stdout.trim()), (Some(0), file.to_str().expect("a path")), "{stderr}");
    let written = std::fs::read_to_string(&file).expect("written");
    let (code, _, stderr) = psfleet(folder.path(), &[], &["config", "init"]);
    assert!(code == Some(2) && stderr.contains("is there already"), "{stderr}");
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), written);
    let (code, stdout, stderr) = psfleet(folder.path(), &[], &["config", "check"]);
    assert_eq!((code, stdout), (Some(0), format!("{}: read\n", file.display())), "{stderr}");
    let defaults = shown(folder.path(), &[], &[]);
    assert!(defaults.iter().all(|(.., source)| source == "default"), "{defaults:?}");
    // As its reader would: without the comment signs in front of the keys.
    let used = written.lines().map(|line| line.strip_prefix('#').filter(|key| !key.starts_with(' ')).unwrap_or(line));
    std::fs::write(&file, used.map(|line| format!("{line}\n")).collect::<String>()).expect("written");
    let (code, _, stderr) = psfleet(folder.path(), &[], &["config", "check"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let used = shown(folder.path(), &[], &[]);
    assert_eq!(used.len(), defaults.len());
    for (key, value, source) in used {
        assert!(source.starts_with(&format!("{}:", file.display())) && !value.is_null(), "{key} = {value}: {source}");
    }
}

#[test]
fn each_value_is_shown_with_its_origin() {
    let folder = Folder::new("config-show");
    let file = folder.path().join("psfleet.toml");
    std::fs::write(&file, "throttle = 7\nretries = 1\nport = 5986\ninventory = \"a.toml\"\nuser = 'x'\n")
        .expect("written");
    let variables = [("PSFLEET_RETRIES", "3"), ("PSFLEET_USER", "ada"), ("PSFLEET_PASSWORD", "hunter2")];
    let rows = shown(folder.path(), &variables, &["--", "--deadline", "1h", "--tls"]);
    let row = |key: &str| {
        let (_, value, source) = rows.iter().find(|(name, ..)| name == key).expect("the key");
        (value.as_str().unwrap_or("null").to_owned(), source.clone())
    };
    let pair = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    let line = |number: u32| format!("{}:{number}", file.display());
    assert_eq!(row("throttle"), pair("7", &line(1)));
    assert_eq!(row("retries"), pair("3", "PSFLEET_RETRIES"));
    assert_eq!(row("port"), pair("5986", &line(3)));
    assert_eq!(row("inventory"), pair(folder.path().join("a.toml").to_str().expect("a path"), &line(4)));
    assert_eq!(row("user"), pair("ada", "PSFLEET_USER"));
    assert_eq!(row("deadline"), pair("1h", "--deadline"));
    assert_eq!(row("tls"), pair("true", "--tls"));
    assert_eq!(row("timeout"), pair("10m", "default"));
    assert_eq!(row("strict"), pair("false", "default"));
    assert_eq!(row("password"), pair("<secret>", "PSFLEET_PASSWORD"));
    let (_, text, _) = psfleet(folder.path(), &variables, &["config"]);
    assert!(text.contains("password") && !text.contains("hunter2"), "{text}");
    let (_, text, _) = psfleet(folder.path(), &variables, &["config", "show", "retries"]);
    assert_eq!(text, "retries  3  PSFLEET_RETRIES\n");
    let (code, _, stderr) = psfleet(folder.path(), &[], &["config", "show", "retrys"]);
    assert_eq!((code, stderr.as_str()), (Some(2), "error: there is no key 'retrys'; did you mean 'retries'?\n"));
}

#[test]
fn every_mistake_of_every_file_is_told_at_once() {
    let folder = Folder::new("config-check");
    let (near, users) = (folder.path().join("psfleet.toml"), folder.path().join(".config/psfleet/psfleet.toml"));
    std::fs::create_dir_all(users.parent().expect("a folder")).expect("a folder");
    std::fs::write(&near, "throtle = 3\nport = 0\n").expect("written");
    std::fs::write(&users, "\nquiet = 'ja'\npassword = 'hunter2'\n").expect("written");
    let variables = [("PSFLEET_RETRIES", "many"), ("PSFLEET_TROTTLE", "9")];
    let (code, stdout, stderr) = psfleet(folder.path(), &variables, &["config", "check"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    for part in [
        format!("{}:1:1: unknown key 'throtle'", near.display()),
        "did you mean 'throttle'?".to_owned(),
        format!("{}:2:8: port: expected a port", near.display()),
        format!("{}:2:9: quiet: expected true or false", users.display()),
        format!("{}:3:1: password: ", users.display()),
        "PSFLEET_RETRIES: invalid value 'many'".to_owned(),
        "warning: PSFLEET_TROTTLE: no flag has this variable; did you mean 'PSFLEET_THROTTLE'?".to_owned(),
    ] {
        assert!(stderr.contains(&part), "no {part}\n{stderr}");
    }
    assert!(!stderr.contains("hunter2"), "{stderr}");
}

#[test]
fn a_file_that_others_could_have_written_is_warned_of() {
    let folder = Folder::new("config-trust");
    let file = folder.path().join("psfleet.toml");
    std::fs::write(&file, "insecure = true\nthrottle = 5\n").expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).expect("opened to others");
    let (code, stdout, stderr) = psfleet(folder.path(), &[], &["config", "check"]);
    assert_eq!((code, stdout), (Some(0), format!("{}: read\n", file.display())));
    assert!(stderr.contains("ignored insecure, because others can write "), "{stderr}");
    let rows = shown(folder.path(), &[], &["insecure", "throttle"]);
    let sources: Vec<&str> = rows.iter().map(|(.., source)| source.as_str()).collect();
    assert_eq!(sources, ["default", &format!("{}:2", file.display())]);
}
