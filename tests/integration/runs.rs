//! Runs beside each other, and on other machines.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use psfleet::sandbox::Options;

use crate::store::{Place, told};
use crate::support::program::{PATIENCE, Running};
use crate::support::sandbox::{assert_clean, fleet};

/// Says one thing on most streams.
const TALKATIVE: &str = "param($n) [pscustomobject]@{ Name = 'C:'; FreeGB = [int]$n }; Write-Warning 'careful'; \
    Write-Error 'bad'; if ($env:COMPUTERNAME -like '*2') { throw 'two' }";

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_carried_to_another_machine() {
    let fleet = fleet(Options { hosts: 6, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let (code, _, stderr) = told(
        place.run(&["-q", "-o", "none", "--label", "disks", "-a", "7", TALKATIVE]).output().expect("psfleet starts"),
    );
    assert_eq!(code, Some(1), "{stderr}");
    let (code, said, stderr) = place.output(&["runs", "export", "disks"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(said.starts_with("disks.psfleet ("), "{said}");
    let file = place.path().join("disks.psfleet");
    assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
    let (code, _, stderr) = place.output(&["runs", "export", "disks"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("is there already: --force overwrites it"), "{stderr}");
    let (code, _, stderr) = place.output(&["runs", "export", "--force"]);
    assert_eq!(code, Some(0), "{stderr}");
    let piped = place.command(&["runs", "export", "last", "--out", "-"]).output().expect("psfleet starts");
    assert_eq!(piped.stdout, std::fs::read(&file).expect("a file"), "{}", String::from_utf8_lossy(&piped.stderr));
    let there = |args: &[&str]| {
        told(place.command(args).env("PSFLEET_STATE_DIR", place.path().join("there")).output().expect("psfleet starts"))
    };
    let (code, said, stderr) = there(&["runs", "import", "disks.psfleet"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(said.starts_with("imported: the run "), "{said}");
    let (_, again, _) = there(&["runs", "import", "disks.psfleet"]);
    assert_eq!(again, said.replace("imported", "already here"));
    for format in ["jsonl", "csv", "json", "list"] {
        let args = ["runs", "replay", "disks", "-o", format, "--streams", "all"];
        let (here, there) = (place.output(&args), there(&args));
        assert_eq!((here.0, &here.1), (there.0, &there.1), "{format}");
        assert!(here.1.len() > 50, "{format}");
    }
    let (code, _, stderr) = there(&["runs", "resume", "disks"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("was made on another machine and imported"), "{stderr}");
    let (code, _, stderr) = there(&["runs", "import", "fleet.toml"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("cannot import fleet.toml: it is not a file of psfleet runs export"), "{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_followed_from_run_to_run() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let run = |args: &[&str]| {
        let (code, _, stderr) =
            told(place.run(&[&["-q", "-o", "none"], args].concat()).output().expect("psfleet starts"));
        assert_eq!(code, Some(1), "{stderr}");
    };
    for free in ["50", "20", "40"] {
        run(&["-a", free, TALKATIVE]);
    }
    let (code, csv, stderr) = place.output(&["runs", "trend", "FreeGB", "-o", "csv"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("Run,Begun,PSComputerName,Value"));
    let values: Vec<&str> = lines.filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(values, ["50", "50", "50", "20", "20", "20", "40", "40", "40"]);
    let table = place.command(&["runs", "trend", "sum(freegb)", "--by", "Name"]).env("LANG", "C.UTF-8").output();
    let (_, table, _) = told(table.expect("psfleet starts"));
    let row: Vec<&str> = table.lines().nth(1).expect("a row").split_whitespace().collect();
    assert_eq!(row, ["C:", "150", "60", "120", "120", "-30", "█▁▆"], "{table}");
    let (_, ascii, _) = place.output(&["runs", "trend", "sum(freegb)", "--by", "Name", "--last", "2"]);
    assert!(ascii.is_ascii() && ascii.ends_with("+60  _#\n"), "{ascii}");
    let (_, json, _) = place.output(&["runs", "trend", "count", "last~1", "last", "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(json.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&json["last"], &json["change"]), (&1.0.into(), &0.0.into()));
    let (code, _, stderr) = place.output(&["runs", "trend", "count", "--by", "Nmae,PSComputerName"]);
    assert_eq!(code, Some(0));
    assert!(stderr.contains("warning: --by: no object has a property 'Nmae'; did you mean 'Name'?"), "{stderr}");
    assert_eq!(stderr.matches("warning").count(), 1, "{stderr}");
    let (code, _, stderr) = place.output(&["runs", "trend", "Size"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("no object of the 3 runs has a number 'Size'"), "{stderr}");
    let (code, _, stderr) = place.output(&["runs", "trend", "median(FreeGB)"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("is no number to follow; give a property"), "{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_off_is_not_counted_beside_what_ran_again() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let script = "'begin'; 'more'; \
        if (!(Test-Path C:\\again)) { Set-Content C:\\again x; Start-Sleep 60 }; 'end'";
    let mut running = Running::start(&mut place.run(&["-o", "jsonl", script]));
    running.wait_for("object", 6);
    let begun = Instant::now();
    let kept = || place.store().query_row("SELECT total(records) FROM chunks", [], |row| row.get::<_, f64>(0));
    while kept().expect("the store") < 6.0 {
        assert!(begun.elapsed() < PATIENCE, "records are kept a second after the last one");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.signal("KILL");
    assert_eq!(running.end().code, None);
    let rows = |args: &[&str]| {
        let (code, rows, stderr) = place.output(args);
        assert_eq!(code, Some(0), "{stderr}");
        (rows, stderr)
    };
    let (cut_off, said) = rows(&["runs", "replay", "-o", "csv"]);
    let counts = |rows: &str| ["begin", "more", "end"].map(|text| rows.matches(text).count());
    assert_eq!(counts(&cut_off), [3, 3, 0], "{cut_off}");
    assert!(!said.contains("left out"), "{said}");
    rows(&["runs", "resume", "last", "--lost", "-q", "-o", "none"]);
    let whole = place.run(&["-q", "-o", "none", script]).status().expect("psfleet starts");
    assert!(whole.success());
    let (again, said) = rows(&["runs", "replay", "last~1", "-o", "csv"]);
    assert_eq!(counts(&again), [3, 3, 3], "{again}");
    assert!(said.contains("note: left out: ") && said.contains("--all-attempts"), "{said}");
    let (all, said) = rows(&["runs", "replay", "last~1", "-o", "csv", "--all-attempts"]);
    assert!(counts(&all) == [6, 6, 3] && !said.contains("left out"), "{all}{said}");
    let (trend, _) = rows(&["runs", "trend", "count", "-o", "csv"]);
    let values: Vec<&str> = trend.lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(values, ["3"; 6], "{trend}");
    let (diff, _) = rows(&["runs", "diff", "-o", "text"]);
    assert_eq!(diff.lines().skip(2).collect::<Vec<_>>(), ["3 hosts are the same in both"], "{diff}");
    let (shown, _) = rows(&["runs", "show", "last~1"]);
    assert!(shown.contains("of attempts before the last one"), "{shown}");
    fleet.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_compared_host_by_host() {
    let fleet = fleet(Options { hosts: 5, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let names: Vec<String> = fleet.hosts().map(|(name, ..)| name.to_owned()).collect();
    let script = "param($status) \
        [pscustomobject]@{ Name = 'Spooler'; Status = $status }; [pscustomobject]@{ Name = 'W32Time'; Status = 'Running' }; \
        if ($status -eq 'Stopped') { [pscustomobject]@{ Name = 'New'; Status = 'x' }; throw 'no' }";
    let run = |targets: &str, args: &[&str]| {
        let common = ["run", "--no-input", "-i", "fleet.toml", "-q", "-o", "none", "-t", targets];
        place.output(&[&common, args].concat())
    };
    let (first, last) = (&names[0], &names[4]);
    assert_eq!(run(&format!("@all,!{last}"), &["-a", "Running", script]).0, Some(0));
    assert_eq!(run(&format!("@all,!{first}"), &["-a", "Stopped", script]).0, Some(1));
    let (code, text, stderr) = place.output(&["runs", "diff", "-o", "text"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let hosts = psfleet::hostlist::fold(names[1..4].iter().map(String::as_str));
    let rest: Vec<&str> = text.lines().skip(2).collect();
    let expected = [
        format!("new: {last}"),
        format!("gone: {first}"),
        format!("ok -> failed: {hosts}"),
        hosts,
        "  ~ Spooler.Status: Running -> Stopped".to_owned(),
        "  + New".to_owned(),
        "  + error: no".to_owned(),
        "0 hosts are the same in both".to_owned(),
    ];
    assert_eq!(rest, expected, "{text}");
    let (_, csv, _) = place.output(&["runs", "diff", "last~1", "last", "-o", "csv"]);
    assert!(csv.contains(&format!("{},changed,Spooler,Status,Running,Stopped\r\n", names[1])), "{csv}");
    assert_eq!(csv.lines().count(), 1 + 1 + 1 + 3 + 3 * 3, "{csv}");
    let (_, json, _) = place.output(&["runs", "diff", "last~1", "last", "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["new"][0], &json["changes"][0]["hosts"][0]), (&last.as_str().into(), &names[1].as_str().into()));
    let (_, _, stderr) = place.output(&["runs", "diff", "last~1", "last", "--force", "--select", "Nmae"]);
    assert!(stderr.contains("warning: --select: no object has a property 'Nmae'"), "{stderr}");
    let (_, one, _) = place.output(&["runs", "diff", "last", "-o", "text"]);
    assert_eq!(one, text, "the last run alone is compared with the one before it, and not with itself");
    let (_, same, _) = place.output(&["runs", "diff", "last", "last", "-o", "text"]);
    assert_eq!(same.lines().skip(2).collect::<Vec<_>>(), ["4 hosts are the same in both"]);
    assert_eq!(run("@all", &["'other'"]).0, Some(0));
    let (code, _, stderr) = place.output(&["runs", "diff", "last~1", "last"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("these runs did different things, '") && stderr.contains("--force"), "{stderr}");
    assert_eq!(place.output(&["runs", "diff", "last~1", "last", "--force"]).0, Some(0));
    let (code, _, stderr) = place.output(&["runs", "diff"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("did the same, ''other'': name two runs"), "{stderr}");
    // Whatever ran in between.
    assert_eq!(run("@all", &["'other'"]).0, Some(0));
    assert_eq!(run("@all", &["'between'"]).0, Some(0));
    assert_eq!(run("@all", &["'other'"]).0, Some(0));
    let (code, same, stderr) = place.output(&["runs", "diff", "-o", "text"]);
    assert!(code == Some(0) && same.contains("the same in both"), "{same}{stderr}");
    assert_clean(fleet).await;
}
