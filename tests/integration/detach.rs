//! Scripts that are left running on their hosts, and collected later, by the same user or on another machine.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Instant;

use psfleet::sandbox::{Engine, Fleet, Options};
use serde_json::{Value, json};

use crate::store::{Place, told};
use crate::support::program::PATIENCE;
use crate::support::pwsh;
use crate::support::sandbox::{assert_clean, fleet, has_pypsrp, pypsrp_job};

/// Writes before it is left and long after, on all streams that count.
const LONG: &str = "param($n) \"one $n\"; Start-Sleep -Milliseconds 1500; Write-Error 'careful'; 'x' * 100000; 'last'";

/// The outcomes and the texts of a command's events.
struct Told {
    code: Option<i32>,
    events: Vec<Value>,
    stderr: String,
}

impl Told {
    fn of((code, stdout, stderr): (Option<i32>, String, String)) -> Self {
        let events = stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        Self { code, events, stderr }
    }

    fn of_type(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |event| event["type"] == kind)
    }

    fn outcomes(&self) -> Vec<&str> {
        self.of_type("host_done").map(|event| event["data"]["outcome"].as_str().expect("an outcome")).collect()
    }

    fn objects(&self, host: &str) -> Vec<&str> {
        let objects = self.of_type("object").filter(|event| event["host"] == host);
        objects.map(|event| event["data"].as_str().expect("a text")).collect()
    }
}

fn detach(place: &Place, args: &[&str]) -> Told {
    Told::of(told(place.run(&[&["-o", "jsonl", "--detach"], args].concat()).output().expect("psfleet starts")))
}

fn collect(place: &Place, args: &[&str]) -> Told {
    let all = [&["runs", "collect", "--no-input", "-o", "jsonl"], args].concat();
    Told::of(place.output(&all))
}

async fn two_hosts() -> Fleet {
    fleet(Options { hosts: 2, ..Options::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_left_running_and_collected() {
    let fleet = two_hosts().await;
    let place = Place::of(&fleet);
    let begin = Instant::now();
    let left = detach(&place, &["--detach-for", "2h", "-a", "7", LONG]);
    assert_eq!((left.code, left.outcomes()), (Some(0), vec!["detached", "detached"]), "{}", left.stderr);
    assert!(left.of_type("host_done").all(|event| event["data"]["shell"].is_string()), "{:?}", left.events);
    assert!(left.objects("web001").is_empty() && begin.elapsed() < PATIENCE);
    assert!(left.stderr.contains("note: 2 hosts were left running; psfleet runs collect "), "{}", left.stderr);
    assert_eq!(fleet.stats().open_commands, 2);
    let (code, _, stderr) = place.output(&["runs", "resume", "last"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("nothing is left to resume"), "{stderr}");

    std::fs::create_dir(place.path().join("elsewhere")).expect("a folder");
    let all = ["runs", "collect", "--no-input", "-o", "jsonl", "--out", "all.csv"];
    let mut command = place.command(&all);
    let came = Told::of(told(command.current_dir(place.path().join("elsewhere")).output().expect("psfleet starts")));
    assert_eq!((came.code, came.outcomes()), (Some(0), vec!["ok_with_errors"; 2]), "{}", came.stderr);
    assert!(place.path().join("elsewhere/all.csv").exists(), "where it was asked for");
    for host in ["web001", "web002"] {
        let objects = came.objects(host);
        assert_eq!((objects[0], objects[1].len(), objects[2]), ("one 7", 100_000, "last"));
    }
    let (_, replayed, stderr) = place.output(&["runs", "replay", "last", "-o", "csv"]);
    assert_eq!(replayed.lines().count(), 1 + 6, "{stderr}");
    let again = collect(&place, &["last"]);
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("was left running, or all of it was collected"), "{}", again.stderr);
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_powershell_is_left_running_and_collected() {
    let Some(pwsh) = pwsh() else { return };
    let fleet = fleet(Options { hosts: 1, engine: Engine::Pwsh, pwsh, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let left = detach(&place, &["-a", "7", LONG]);
    assert_eq!((left.code, left.outcomes()), (Some(0), vec!["detached"]), "{}", left.stderr);
    let came = collect(&place, &[]);
    assert_eq!((came.code, came.outcomes()), (Some(0), vec!["ok_with_errors"]), "{}", came.stderr);
    let objects = came.objects("web001");
    assert_eq!((objects[0], objects[1].len(), objects[2]), ("one 7", 100_000, "last"));
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_still_runs_is_left_again_and_loses_nothing() {
    let fleet = two_hosts().await;
    let place = Place::of(&fleet);
    let script = "'first'; while (-not (Test-Path C:\\go)) { Start-Sleep -Milliseconds 50 }; 'second'";
    let left = detach(&place, &["-x", "web002", script]);
    assert_eq!(left.outcomes(), ["detached"], "{}", left.stderr);
    let early = collect(&place, &["--timeout", "1s"]);
    assert_eq!((early.code, early.outcomes()), (Some(5), vec!["detached"]), "{}", early.stderr);
    assert_eq!(early.objects("web001"), ["first"]);
    let (code, _, stderr) = told(
        place
            .run(&["-q", "-o", "none", "--no-store", "-x", "web002", "$null = New-Item C:\\go"])
            .output()
            .expect("psfleet starts"),
    );
    assert_eq!(code, Some(0), "{stderr}");
    let late = collect(&place, &[]);
    assert_eq!((late.code, late.outcomes()), (Some(0), vec!["ok"]), "{}", late.stderr);
    assert_eq!(late.objects("web001"), ["second"]);
    let end = late.of_type("host_done").next().expect("an end");
    assert_eq!(end["data"]["objects"], 2, "those of before count");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_collect_locks_nobody_out_and_is_told() {
    let fleet = two_hosts().await;
    let place = Place::of(&fleet);
    let script = "1..60 | ForEach-Object { \"n$_\"; Start-Sleep -Milliseconds 50 }
                  while (-not (Test-Path C:\\go)) { Start-Sleep -Milliseconds 50 }; 'second'";
    assert_eq!(detach(&place, &["-x", "web002", script]).outcomes(), ["detached"]);
    let mut collecting = place.command(&["runs", "collect", "--no-input", "-o", "jsonl"]);
    let mut collecting = collecting.stdout(Stdio::piped()).spawn().expect("psfleet starts");
    let lines = BufReader::new(collecting.stdout.take().expect("piped")).lines();
    let is_object = |line: &std::io::Result<String>| line.as_ref().expect("a line").contains(r#""type":"object""#);
    assert_eq!(lines.into_iter().filter(|line| is_object(line)).take(30).count(), 30, "it receives");
    collecting.kill().expect("it is there");
    collecting.wait().expect("it ends");
    // Whatever it asked for next, it had kept what came before.
    let kept = Told::of(place.output(&["runs", "replay", "last", "-o", "jsonl"])).objects("web001").len();
    assert!(kept >= 15, "{kept} of 30");
    // Its host still holds the shell for it, and nobody may take that for one that is left over.
    let (code, stdout, stderr) =
        place.output(&["session", "clean", "--no-input", "-i", "fleet.toml", "-t", "web001", "--older", "1ms"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("was left running, and is not collected"), "{stdout}");
    let go = place.run(&["-q", "-o", "none", "--no-store", "-x", "web002", "$null = New-Item C:\\go"]).output();
    assert_eq!(told(go.expect("psfleet starts")).0, Some(0));
    // What is typed of a connection stands beside the run's own inventory.
    let late = collect(&place, &["--connect-timeout", "20s"]);
    assert_eq!((late.code, late.outcomes()), (Some(0), vec!["ok"]), "{}", late.stderr);
    assert_eq!(late.objects("web001").last(), Some(&"second"));
    assert!(late.stderr.contains("warning: on web001: a collect before this one was cut off"), "{}", late.stderr);
    let end = late.of_type("host_done").next().expect("an end");
    assert!(end["data"]["message"].as_str().is_some_and(|text| text.contains("may be missing")), "{end}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_leaves_no_shell_of_what_has_ended() {
    let fleet = fleet(Options { hosts: 12, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let left = detach(&place, &["'x' * 3000; 'done'"]);
    assert_eq!(left.code, Some(0), "{}", left.stderr);
    let mut command = place.command(&["runs", "collect", "--no-input", "-o", "text"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("psfleet starts");
    let mut first = [0];
    child.stdout.take().expect("piped").read_exact(&mut first).expect("a byte");
    child.wait().expect("a child");
    let detached = place.kept().values().filter(|outcome| *outcome == "detached").count();
    assert_eq!(fleet.stats().open_shells, detached as u64, "those that have an end have no shell");
    let rest = collect(&place, &[]);
    assert!(rest.code == Some(0) || detached == 0, "{}", rest.stderr);
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_collects() {
    let fleet = two_hosts().await;
    let place = Place::of(&fleet);
    let left = detach(&place, &["-a", "1", LONG]);
    assert_eq!(left.code, Some(0), "{}", left.stderr);
    let (code, _, stderr) = place.output(&["runs", "export", "last", "--out", "bundle"]);
    assert_eq!(code, Some(0), "{stderr}");
    let there = |args: &[&str], password: &str| {
        let mut command = place.command(args);
        command.env("PSFLEET_STATE_DIR", place.path().join("there")).env("PSFLEET_PASSWORD", password);
        told(command.output().expect("psfleet starts"))
    };
    let (code, _, stderr) = there(&["runs", "import", "bundle"], "");
    assert_eq!(code, Some(0), "{stderr}");
    // Where its hosts are is not for a bundle to say.
    let inventory = fleet.inventory_toml();
    let keyless: Vec<_> = inventory.lines().filter(|line| !line.starts_with("password")).collect();
    assert!(keyless.len() < inventory.lines().count(), "{inventory}");
    std::fs::write(place.path().join("hosts.toml"), keyless.join("\n")).expect("written");
    let words = ["runs", "collect", "--no-input", "-o", "jsonl", "-i", "hosts.toml"];
    let nowhere = Told::of(there(&words[..5], fleet.password().expose()));
    assert_eq!((nowhere.code, nowhere.outcomes()), (Some(5), vec!["detached"; 2]), "{}", nowhere.stderr);
    let reasons: Vec<_> = nowhere.of_type("host_done").map(|event| &event["data"]["reason"]).collect();
    assert!(!reasons.contains(&&json!("logon_denied")), "nobody was asked for anything: {reasons:?}");
    let refused = Told::of(there(&words, "wrong"));
    assert_eq!((refused.code, refused.outcomes()), (Some(5), vec!["detached"; 2]), "{}", refused.stderr);
    let reasons: Vec<_> = refused.of_type("host_done").map(|event| &event["data"]["reason"]).collect();
    assert!(reasons.contains(&&json!("logon_denied")), "{reasons:?}");
    let came = Told::of(there(&words, fleet.password().expose()));
    assert_eq!((came.code, came.outcomes()), (Some(0), vec!["ok_with_errors"; 2]), "{}", came.stderr);
    assert_eq!(came.objects("web002").last(), Some(&"last"));
    // Here nobody knows of that yet.
    let gone = collect(&place, &[]);
    assert_eq!((gone.code, gone.outcomes()), (Some(1), vec!["lost"; 2]), "{}", gone.stderr);
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_collects_in_time_ends_on_its_host() {
    let fleet = two_hosts().await;
    let place = Place::of(&fleet);
    let told = detach(&place, &["1; Start-Sleep 3600", "--detach-for", "1s"]);
    assert_eq!(told.outcomes(), ["detached", "detached"]);
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while fleet.stats().open_shells > 0 {
        assert!(std::time::Instant::now() < limit, "{:?}", fleet.stats());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(collect(&place, &[]).outcomes(), ["lost", "lost"]);
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_with_another_client_stays_as_it_is() {
    if !has_pypsrp().await {
        return;
    }
    let fleet = two_hosts().await;
    let place = Place::of(&fleet);
    let left = detach(&place, &["-x", "web002", "'one'; Start-Sleep -Milliseconds 300; 'two'"]);
    assert_eq!(left.outcomes(), ["detached"], "{}", left.stderr);
    let password = fleet.password().expose();
    let taken = pypsrp_job(&fleet, json!({ "password": password, "auth": "negotiate", "take": true })).await;
    assert_eq!(taken["output"], json!(["one", "two"]));
    let busy = collect(&place, &[]);
    let end = busy.of_type("host_done").next().expect("an end");
    assert_eq!((&end["data"]["outcome"], &end["data"]["reason"]), (&json!("detached"), &json!("in_use")), "{end}");
    fleet.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_left_running_is_refused() {
    let fleet = two_hosts().await;
    let place = Place::of(&fleet);
    for (flags, why) in [
        (&["--no-store"][..], "nobody could collect"),
        (&["--then", "1"], "--then"),
        (&["--ramp", "1"], "--ramp"),
        (&["--native-errors"], "--native-errors"),
    ] {
        let refused = detach(&place, &[flags, &["1"]].concat());
        assert_eq!(refused.code, Some(2), "{flags:?}");
        assert!(refused.stderr.contains(why), "{flags:?}: {}", refused.stderr);
    }
    let (code, _, stderr) = place.output(&["run", "--detach-for", "2h", "-t", "h", "1"]);
    assert!(code == Some(2) && stderr.contains("write --detach, too"), "{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_collected_can_be_folded() {
    let fleet = two_hosts().await;
    let place = Place::of(&fleet);
    let left = detach(&place, &["'same'"]);
    assert_eq!(left.code, Some(0), "{}", left.stderr);
    let (code, stdout, stderr) = place.output(&["runs", "collect", "--no-input", "-o", "table", "--fold"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("web[001-002]") && stdout.matches("same").count() == 1, "{stdout}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_that_does_not_go_is_named_once_all_is_collected() {
    let faults = vec!["stuck=1".parse().expect("a fault")];
    let fleet = fleet(Options { hosts: 2, faults, ..Options::default() }).await;
    let place = Place::of(&fleet);
    assert_eq!(detach(&place, &["'done'"]).outcomes(), ["detached"; 2]);
    let came = collect(&place, &[]);
    assert_eq!((came.code, came.outcomes()), (Some(0), vec!["ok"; 2]), "{}", came.stderr);
    assert_eq!(came.stderr.matches("the remote shell may remain on web00").count(), 1, "{}", came.stderr);
    fleet.shutdown().await;
}
