//! Health checks: `psfleet check`, against the sandbox and a real PowerShell.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use psfleet::sandbox::Options;

use crate::support::folder::Folder;
use crate::support::pwsh;
use crate::support::sandbox::{assert_clean, fleet};

fn psfleet(folder: &Folder, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(args).current_dir(folder.path()).env("HOME", folder.path()).stdin(Stdio::null());
    command.env("PSFLEET_STATE_DIR", folder.path().join("state"));
    let output = command.output().expect("psfleet starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Writes checks that return numbers, each with its limits.
fn checks(folder: &Folder, checks: &[(&str, &str, &str)]) {
    std::fs::create_dir_all(folder.path().join("checks")).expect("made");
    for (name, code, rule) in checks {
        let text = format!("title = '{name}'\ncode = '''{code}'''\ntimeout = '20s'\n[[rules]]\n{rule}\n");
        std::fs::write(folder.path().join(format!("checks/{name}.toml")), text).expect("written");
    }
}

#[test]
fn one_that_fails_or_hangs_takes_no_other_along() {
    let Some(pwsh) = pwsh() else { return };
    let folder = Folder::new("check-pwsh");
    let value = "property = 'Value'\nwarn = '10'";
    checks(
        &folder,
        &[
            ("a-fine", "5", value),
            ("b-throws", "throw 'no such thing'", value),
            ("d-high", "50", value),
            ("e-nothing", "& { }", value),
            ("f-unknown", "[pscustomobject]@{ Unknown = 'no Defender' }", value),
        ],
    );
    std::fs::write(
        folder.path().join("checks/c-hangs.toml"),
        "title = 'Hangs'\ncode = 'Start-Sleep 60'\ntimeout = '2s'\n[[rules]]\nproperty = 'Value'\nwarn = '10'\n",
    )
    .expect("written");
    let pwsh = pwsh.to_str().expect("text");
    let target = ["-t", "localhost", "--transport", "local", "--pwsh", pwsh, "--no-input", "-q"];
    let (code, stdout, stderr) = psfleet(&folder, &[&["check", "checks"][..], &target, &["-o", "jsonl"]].concat());
    assert_eq!(code, Some(3), "{stdout}{stderr}");
    let lines: Vec<serde_json::Value> = stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let verdict = |name: &str| {
        let line = lines.iter().find(|line| line["type"] == "verdict" && line["check"] == name);
        let line = line.unwrap_or_else(|| panic!("{name}: {stdout}{stderr}"));
        (line["state"].as_str().expect("a state").to_owned(), line["text"].as_str().expect("a text").to_owned())
    };
    let of = |state: &str, text: &str| (state.to_owned(), text.to_owned());
    assert_eq!(verdict("a-fine"), of("ok", "Value 5"));
    assert_eq!(verdict("b-throws"), of("unknown", "no such thing"));
    assert_eq!(verdict("c-hangs").0, "unknown");
    assert!(verdict("c-hangs").1.contains("still running after 2 s"), "{stdout}");
    assert_eq!(verdict("d-high"), of("warning", "Value is 50 (alarm below 0 or above 10)"));
    assert_eq!(verdict("e-nothing").0, "unknown");
    assert!(verdict("e-nothing").1.contains("returned nothing"), "{stdout}");
    assert_eq!(verdict("f-unknown"), of("unknown", "no Defender"));
    // The run is kept, and its records with it.
    let (code, replayed, stderr) = psfleet(&folder, &["runs", "replay", "last", "-o", "csv"]);
    assert!(code.is_some() && replayed.contains("localhost,50"), "{replayed}{stderr}");
    // By name, as one line.
    let (code, line, stderr) = psfleet(&folder, &[&["check", "d-high"][..], &target, &["-o", "nagios"]].concat());
    assert_eq!(code, Some(1), "{stderr}");
    assert_eq!(line, "WARNING - d-high on localhost: Value is 50 (alarm below 0 or above 10) | Value=50;10\n");
}

#[test]
fn what_cannot_be_checked_is_unknown_to_monitoring() {
    let folder = Folder::new("check-usage");
    checks(&folder, &[("a", "1", "property = 'Value'\nwarn = 'x'"), ("b", "1", "porperty = 'Value'")]);
    for (args, said) in [
        (&["check", "-t", "x"][..], "FILE|DIR|NAME"),
        (&["check", "checks", "-t", "x"], "checks/a.toml:6:8: rules 1: warn: 'x' is not a range"),
        (&["check", "checks", "-t", "x"], "checks/b.toml:5:1: rules 1: unknown key 'porperty'"),
        (&["check", "nothing", "-t", "x"], "there is no check called 'nothing'"),
        (&["check", "checks", "--frobnicate"], "--frobnicate"),
    ] {
        let (code, _, stderr) = psfleet(&folder, args);
        assert!(code == Some(3) && stderr.contains(said), "{args:?}: {code:?} {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_of_a_fleet_are_checked_and_those_that_are_gone_are_unknown() {
    let fleet = fleet(Options { hosts: 4, ..Options::default() }).await;
    let folder = Folder::new("check-fleet");
    checks(
        &folder,
        &[("services", "Start-Sleep -Milliseconds 10; @(Get-Service).Count", "property = 'Value'\ncrit = '1:'")],
    );
    let inventory = folder.path().join("lab.toml");
    let gone = "\n[hosts.gone]\naddress = '127.0.0.1'\nport = 9\n";
    std::fs::write(&inventory, fleet.inventory_toml() + gone).expect("written");
    std::fs::set_permissions(&inventory, PermissionsExt::from_mode(0o600)).expect("made private");
    let line = ["check", "services", "-i", "lab.toml", "-t", "@all", "-q", "--out", "r.xml", "--out", "r.prom"];
    let (code, table, stderr) = psfleet(&folder, &[&line[..], &["-o", "table"]].concat());
    assert_eq!(code, Some(3), "{table}{stderr}");
    assert!(table.starts_with("UNKNOWN   services, gone: "), "{table}");
    assert!(table.ends_with("1 check, 5 verdicts: 1 UNKNOWN, 4 OK\n"), "{table}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("a file");
    assert!(read("r.xml").contains("<testsuite name=\"services\" tests=\"5\" failures=\"0\" errors=\"1\""));
    assert_eq!(read("r.prom").matches("psfleet_check_state{").count(), 5);
    assert_clean(fleet).await;
}

/// What it runs on the hosts is not for others of this machine to say.
#[test]
fn a_check_that_others_could_have_written_is_not_found_by_its_name() {
    let folder = Folder::new("check-others");
    checks(&folder, &[("mine", "1", "property = 'Value'\nwarn = '10'")]);
    let all = |mode| {
        let open = std::fs::set_permissions(folder.path().join("checks/mine.toml"), PermissionsExt::from_mode(mode));
        open.expect("ours");
        let explained = |name: &str| psfleet(&folder, &["check", name, "-t", "x", "--explain"]);
        [explained("mine"), explained("checks/mine.toml"), explained("checks")]
    };
    for (code, _, stderr) in all(0o644) {
        assert_eq!(code, Some(0), "{stderr}");
    }
    let [found, named, in_named] = all(0o666);
    assert!(found.0 == Some(3) && found.2.contains("was found by its name, and others can write "), "{}", found.2);
    assert_eq!((named.0, in_named.0), (Some(0), Some(0)), "{}{}", named.2, in_named.2);
}
