//! Hosts with equal output shown once: live, and from the store.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use psfleet::hostlist::{expand, split_top};
use psfleet::sandbox::{Fleet, Options};
use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::sandbox::{assert_clean, fleet};

/// The program in a folder with a fleet's inventory.
struct Place(Folder);

impl Place {
    fn of(fleet: &Fleet) -> Self {
        let folder = Folder::new("fold");
        let file = folder.path().join("fleet.toml");
        std::fs::write(&file, fleet.inventory_toml()).expect("written");
        // It holds the password.
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("made private");
        Self(folder)
    }

    /// Exit code, stdout, stderr.
    fn output(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(args).current_dir(self.0.path()).env_clear().env("HOME", self.0.path());
        let output = command.stdin(Stdio::null()).output().expect("psfleet starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        self.output(&[&["run", "--no-input", "-i", "fleet.toml", "-t", "@all"], args].concat())
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.path().join(file)).expect("written")
    }
}

fn count(folded: &str) -> usize {
    split_top(folded, ',').into_iter().map(|names| expand(names).expect("names").len()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_say_the_same_are_one_group_live_and_from_the_store() {
    let faults = vec!["refused=2".parse().expect("a fault")];
    let fleet = fleet(Options { hosts: 24, faults, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let key = "HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
    let script = format!("(Get-ItemProperty '{key}').ProductName; Write-Warning \"I am $env:COMPUTERNAME\"");
    let outs = |prefix: &str| ["json", "csv", "txt"].map(|suffix| format!("{prefix}.{suffix}"));
    let live = outs("live");
    let flags: Vec<&str> = live.iter().flat_map(|out| ["--out", out]).collect();
    let (code, text, stderr) =
        place.run(&[&["--fold", "-o", "table", "--retries", "0", script.as_str()], &flags[..]].concat());
    assert_eq!(code, Some(3), "{stderr}");
    let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("--- ")).collect();
    let versions = headings.len() - 1;
    assert!((2..10).contains(&versions), "{text}");
    assert!(headings.iter().any(|heading| heading.ends_with(" (2 hosts, unreachable: refused)")), "{text}");
    let folded = |heading: &&str| heading.split_once(" (").map_or(0, |(hosts, _)| count(hosts));
    let counts: Vec<usize> = headings.iter().map(folded).collect();
    assert!(counts.is_sorted_by(|one, next| one >= next) && counts.iter().sum::<usize>() == 24, "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("Windows Server")).count(), versions, "{text}");
    assert_eq!(stderr.matches("I am ").count(), 22, "{stderr}");

    let json: Value = serde_json::from_str(&place.read("live.json")).expect("JSON");
    let groups = json["groups"].as_array().expect("groups");
    assert_eq!(groups.iter().map(|group| group["count"].as_u64().expect("a number")).sum::<u64>(), 24);
    assert_eq!(json["records"].as_array().map(Vec::len), Some(versions));
    assert_eq!(place.read("live.csv").lines().next(), Some("Hosts,Count,Value"));

    let again = outs("again");
    let flags: Vec<&str> = again.iter().flat_map(|out| ["--out", out]).collect();
    let (code, replayed, stderr) = place.output(&[&["runs", "replay", "--fold", "-o", "table"], &flags[..]].concat());
    assert_eq!((code, replayed), (Some(0), text), "{stderr}");
    for (one, other) in live.iter().zip(&again) {
        assert_eq!(place.read(one), place.read(other), "{one}");
    }
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_by_itself_does_not_count_and_is_named() {
    let fleet = fleet(Options { hosts: 6, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let groups = |args: &[&str]| {
        let (code, text, stderr) = place.run(&[&["--fold", "-o", "csv"], args].concat());
        assert_eq!(code, Some(0), "{stderr}");
        let hosts: std::collections::BTreeSet<_> =
            text.lines().skip(1).filter_map(|line| line.rsplit_once(',')).map(|(row, _)| row.to_owned()).collect();
        (hosts.len(), stderr)
    };
    let script = "Get-CimInstance Win32_OperatingSystem";
    let (few, stderr) = groups(&[script, "--select", "BuildNumber,Free*"]);
    let named = "(Win32_OperatingSystem.FreePhysicalMemory";
    assert!(stderr.contains(named) && stderr.contains("--ignore none"), "{stderr}");
    let (all, stderr) = groups(&[script, "--select", "BuildNumber,Free*", "--ignore", "none"]);
    assert!(few < all && !stderr.contains("ignored"), "{few} {all} {stderr}");
    let (one, _) = groups(&["[pscustomobject]@{ Name = $env:COMPUTERNAME; N = 1 }", "--ignore", "n*e"]);
    assert_eq!(one, 1);
    assert_clean(fleet).await;
}

#[test]
fn flags_that_do_nothing_are_refused_before_anything_is_done() {
    for (args, why) in [
        (&["--ignore", "Name"] as &[&str], "--ignore chooses what --fold and --diff compare: write one of them, too"),
        (&["--fold", "-o", "none"], "-o none shows no groups"),
        (&["--diff-to", "web01"], "--diff-to web01: the run has no host of this name"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_psfleet"))
            .args(["run", "--no-input", "-t", "localhost", "--transport", "local", "1"])
            .args(args)
            .current_dir(std::env::temp_dir())
            .output()
            .expect("psfleet starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && stderr.contains(why), "{args:?}: {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diff_names_hotfixes_and_lines_live_and_from_the_store() {
    let fleet = fleet(Options { hosts: 24, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let flags = ["--diff", "--select", "HotFixID,Description", "-o", "text", "--out"];
    let (code, text, stderr) = place.run(&[&flags[..], &["live.csv", "Get-HotFix"]].concat());
    assert_eq!(code, Some(0), "{stderr}");
    let mut lines = text.lines();
    assert!(lines.next().is_some_and(|line| line.ends_with(", reference)")), "{text}");
    let is_delta = |line: &str| line.starts_with("+ KB") || line.starts_with("- KB");
    let rest: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with("--- ")).collect();
    assert!(!rest.is_empty() && rest.iter().all(|line| is_delta(line)), "{text}");
    let csv = place.read("live.csv");
    assert_eq!(csv.lines().next(), Some("Hosts,Count,Change,Object,Property,Reference,Value"));
    assert_eq!(csv.lines().count(), rest.len() + 1);

    let (code, replayed, stderr) = place.output(&[&["runs", "replay"], &flags[..], &["again.csv"]].concat());
    assert_eq!((code, replayed), (Some(0), text), "{stderr}");
    assert_eq!(csv, place.read("again.csv"));
    let (code, shown, stderr) = place.output(&["runs", "replay", "--diff-to", "nobody"]);
    assert!(code != Some(0) && shown.is_empty(), "{code:?} {shown}");
    assert!(stderr.contains("--diff-to nobody: the run has no host of this name"), "{stderr}");
    assert_clean(fleet).await;
}
