//! `psfleet copy ... --plan` says what it would do, and connects to nothing.

use std::fs;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::folder::Folder;

/// A folder with an inventory whose hosts nobody has, and files to copy.
fn planted() -> Folder {
    let folder = Folder::new("copy-plan");
    let at = |name: &str| folder.path().join(name);
    let inventory = "[groups.web]\nhosts = ['web[1-3]']\ntransport = 'winrm'\nuser = 'op'\n\
                     [hosts.lin]\ntransport = 'ssh'\naddress = '192.0.2.1'\n";
    fs::write(at("fleet.toml"), inventory).expect("an inventory");
    fs::create_dir_all(at("app/empty")).expect("folders");
    fs::write(at("app/a.txt"), "hello").expect("a file");
    fs::write(at("app/b\u{1b}[2J"), vec![0; 3 << 10]).expect("a file");
    folder
}

fn copy(folder: &Folder, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.current_dir(folder.path()).arg("copy").args(args).args(["-i", "fleet.toml", "-t", "@all"]);
    // Whoever asked for a password or connected would find out that there is nobody.
    command.args(["--no-input"]).env("PSFLEET_PASSWORD", "secret").env("PSFLEET_STATE_DIR", folder.path());
    command.output().expect("psfleet runs")
}

fn planned(folder: &Folder, args: &[&str]) -> String {
    let output = copy(folder, args);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_push_lists_targets_files_and_sizes() {
    let folder = planted();
    let text = planned(&folder, &["push", "-r", "app", "C:\\apps\\", "--dry-run", "-o", "table"]);
    let expected = "Plan: no connection is made, nothing is copied.\n\n\
                    Targets: 4\n  web[1-3]: winrm, auth negotiate, user op, password from PSFLEET_PASSWORD\n  lin: \
                    ssh, your own user, by key or agent\n\
                    At once: 32 at work, 128 connecting\n\
                    Push: 2 files, 3.0 KiB for each host, 12.0 KiB in all\n  app/\n  app/empty/\n  \
                    app/a.txt  5 B  (from app/a.txt)\n  app/b  3.0 KiB  (from app/b)\n\
                    To: C:\\apps\\ (a folder)\n\
                    A file that is already there, with the same length and SHA-256, is left alone.\n";
    assert_eq!(text, expected);

    let json: Value =
        serde_json::from_str(&planned(&folder, &["push", "app/a.txt", "~/x", "--plan", "--force", "-o", "json"]))
            .expect("JSON");
    assert_eq!(
        json,
        json!({
            "v": 1, "target_count": 4, "way": "push", "force": true,
            "targets": [
                {
                    "hosts": "web[1-3]", "transport": "winrm", "auth": "negotiate", "jump": null, "user": "op",
                    "password": {"from": "variable", "name": "PSFLEET_PASSWORD"},
                },
                {"hosts": "lin", "transport": "ssh", "auth": null, "jump": null, "user": null,
                 "password": {"from": "keys"}},
            ],
            "rollout": {
                "throttle": 32, "connect_throttle": 128, "steps": [{"number": 1, "hosts": 4, "pauses": false}],
                "gates": [], "limit_per": [], "max_fail": null, "max_unreachable": null, "deadline_ms": null,
            },
            "destination": "~/x", "is_folder": false, "folders": [],
            "files": [{"source": "app/a.txt", "path": "a.txt", "bytes": 5}],
            "bytes_per_host": 5, "bytes_in_all": 20,
        })
    );
}

#[test]
fn a_pull_lists_targets_sources_and_folders() {
    let folder = planted();
    let text = planned(&folder, &["pull", "/var/log/*.log", "logs", "--what-if", "-o", "table"]);
    let expected =
        "Pull: /var/log/*.log\nTo:\n  web1: logs/web1\n  web2: logs/web2\n  web3: logs/web3\n  lin: logs/lin\n";
    assert!(text.contains(expected), "{text}");
    assert!(!folder.path().join("logs").exists());

    let json = planned(&folder, &["pull", "-r", "/etc", "/var/x", "logs", "--plan", "-o", "json"]);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["way"], &json["recurse"]), (&json!("pull"), &json!(true)));
    assert_eq!(json["sources"], json!(["/etc", "/var/x"]));
    assert_eq!(json["folders"][2], json!({"host": "web3", "folder": "logs/web3"}));
}

#[test]
fn a_plan_is_refused_where_the_copy_would_be() {
    let folder = planted();
    let refused = copy(&folder, &["push", "none", "there", "--plan"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no such file"), "{refused:?}");
}
