//! Runs that are kept: replayed, resumed after any end, and never told of more than what is kept.

#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use psfleet::hostlist::{expand, split_top};
use psfleet::sandbox::{Fleet, Options};
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::program::Running;
use crate::support::sandbox::{assert_clean, fleet};

/// The program in a folder with a fleet's inventory, with a store of its own.
pub(crate) struct Place(Folder);

impl Place {
    pub(crate) fn of(fleet: &Fleet) -> Self {
        let folder = Folder::new("store");
        let file = folder.path().join("fleet.toml");
        std::fs::write(&file, fleet.inventory_toml()).expect("written");
        // It holds the password.
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("made private");
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(args).current_dir(self.path()).env_clear().env("HOME", self.path());
        command.stdin(Stdio::null());
        command
    }

    /// `run` on the fleet.
    pub(crate) fn run(&self, args: &[&str]) -> Command {
        self.command(&[&["run", "--no-input", "-i", "fleet.toml", "-t", "@all"], args].concat())
    }

    pub(crate) fn output(&self, args: &[&str]) -> (Option<i32>, String, String) {
        told(self.command(args).output().expect("psfleet starts"))
    }

    /// What `runs show` says of the last run.
    fn last(&self) -> Value {
        let (code, stdout, stderr) = self.output(&["runs", "show", "-o", "json"]);
        assert_eq!(code, Some(0), "{stderr}");
        serde_json::from_str(&stdout).expect("JSON")
    }

    /// The hosts of the last run by outcome.
    pub(crate) fn kept(&self) -> BTreeMap<String, String> {
        let last = self.last();
        let mut kept = BTreeMap::new();
        for (outcome, hosts) in last["hosts"].as_object().expect("an object") {
            let folded = split_top(hosts.as_str().expect("folded"), ',');
            for host in folded.into_iter().flat_map(|names| expand(names).expect("names")) {
                assert!(kept.insert(host, outcome.clone()).is_none(), "one outcome for each host");
            }
        }
        kept
    }

    pub(crate) fn store(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path().join(".local/state/psfleet/runs.db")).expect("the store")
    }
}

pub(crate) fn told(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Says something on most streams, and something else on each host.
const TALKATIVE: &str = "foreach ($n in 1..30) { [pscustomobject]@{ Host = $env:COMPUTERNAME; N = $n; Text = 'x' * $n } }; \
    Write-Warning 'careful'; Write-Verbose 'more' -Verbose; Write-Error 'bad'; Write-Host 'said'; Get-Date; \
    if ($env:COMPUTERNAME -like '*2') { throw 'two' }";

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_gives_the_same_bytes_in_every_format() {
    let faults = vec!["refused=1".parse().expect("a fault"), "slow=1".parse().expect("a fault")];
    let fleet = fleet(Options { hosts: 8, faults, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let files = ["a.json", "a.csv", "a.txt", "a.tsv"];
    let outs = |prefix: &str| files.map(|file| format!("{prefix}{file}"));
    let flags = |prefix: &str| outs(prefix).into_iter().flat_map(|out| ["--out".to_owned(), out]).collect::<Vec<_>>();
    let streams = ["-o", "jsonl", "--streams", "all", "--retries", "1", "--retry-delay", "10ms"];
    let live = place.run(&streams).arg(TALKATIVE).args(flags("live-")).output().expect("psfleet starts");
    let (code, live, _) = told(live);
    assert_eq!(code, Some(1));
    let again = place.command(&["runs", "replay", "-o", "jsonl", "--streams", "all"]).args(flags("again-")).output();
    let (code, again, stderr) = told(again.expect("psfleet starts"));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(live.lines().count() > 8 * 30, "{live}");
    assert_eq!(live, again);
    for (one, other) in outs("live-").iter().zip(outs("again-")) {
        let read = |file: &str| std::fs::read(place.path().join(file)).expect("written");
        assert_eq!(read(one), read(&other), "{one}");
    }
    // Other flags than those of the run.
    let (_, filtered, _) =
        place.output(&["runs", "replay", "last", "-o", "csv", "--where", "N -eq 7", "--select", "N,Text"]);
    assert_eq!(filtered.lines().next(), Some("PSComputerName,N,Text"));
    assert_eq!(filtered.lines().filter(|line| line.ends_with(",7,xxxxxxx")).count(), filtered.lines().count() - 1);
    assert_clean(fleet).await;
}

/// Draws without a generator of the system: the same moments each time, as far as the machine is as fast.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Kills of the test below.
const KILLS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_a_run_is_resumed_and_runs_no_host_twice() {
    let fleet = fleet(Options { hosts: 200, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let mut draw = Draw(42);
    let mut kills = 0;
    let mut round = 0;
    while kills < KILLS {
        round += 1;
        let script = format!("Add-Content C:\\ran{round}.txt x; Start-Sleep -Milliseconds 30; 'ran'");
        // Every outcome that was shown, by its host.
        let mut shown: BTreeMap<String, String> = BTreeMap::new();
        let mut command = place.run(&["-c", "8", "-o", "jsonl", "-q", &script]);
        loop {
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("psfleet starts");
            let stdout = child.stdout.take().expect("piped");
            let reader = std::thread::spawn(move || std::io::read_to_string(stdout).unwrap_or_default());
            let killed = if kills < KILLS {
                tokio::time::sleep(Duration::from_millis(draw.below(900))).await;
                kills += 1;
                let ended = child.try_wait().expect("a child");
                // It may be too late for it.
                let _ = child.kill();
                ended.is_none()
            } else {
                false
            };
            let status = child.wait().expect("a child");
            let lines = reader.join().expect("no panic");
            // The last line may be cut.
            let events = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            for event in events.filter(|event| event["type"] == "host_done") {
                let host = event["host"].as_str().expect("a host").to_owned();
                let outcome = event["data"]["outcome"].as_str().expect("an outcome").to_owned();
                assert_ne!(outcome, "failed", "{event}");
                assert!(shown.insert(host.clone(), outcome).is_none(), "{host} ran twice");
            }
            if !killed {
                assert!(matches!(status.code(), Some(0..=2)), "{status:?}");
                break;
            }
            // Killed before the run was kept, it is another one that begins.
            let (_, last, _) = place.output(&["runs", "show", "-o", "json"]);
            let is_kept = last.contains(&format!("ran{round}.txt"));
            command = match is_kept {
                true => place.command(&["runs", "resume", "-o", "jsonl", "-q"]),
                false => place.run(&["-c", "8", "-o", "jsonl", "-q", &script]),
            };
        }
        let kept = place.kept();
        assert_eq!(kept.len(), 200, "every host has its outcome");
        for (host, outcome) in &shown {
            assert_eq!(kept.get(host), Some(outcome), "{host}: what was shown is kept");
        }
        let lost = kept.values().filter(|outcome| *outcome == "lost").count();
        assert!(kept.values().all(|outcome| outcome == "ok" || outcome == "lost"), "{kept:?}");
        check_runs(&place, round, &kept);
        if lost > 0 {
            let (code, _, stderr) = place.output(&["runs", "resume", "last", "--lost", "-o", "none", "-q"]);
            assert_eq!(code, Some(0), "{stderr}");
            assert!(place.kept().values().all(|outcome| outcome == "ok"));
        }
    }
    fleet.shutdown().await;
}

/// Compares how often each host ran with what is kept of it.
fn check_runs(place: &Place, round: usize, kept: &BTreeMap<String, String>) {
    let count = format!("@(Get-Content C:\\ran{round}.txt -ErrorAction SilentlyContinue).Count");
    let (code, counts, stderr) =
        told(place.run(&["-o", "csv", "-q", "--no-store", &count]).output().expect("psfleet starts"));
    assert_eq!(code, Some(0), "{stderr}");
    let counts: BTreeMap<&str, &str> = counts.lines().skip(1).filter_map(|line| line.split_once(',')).collect();
    assert_eq!(counts.len(), 200);
    for (host, outcome) in kept {
        match outcome.as_str() {
            "ok" => assert_eq!(counts[host.as_str()], "1", "{host}"),
            _ => assert!(["0", "1"].contains(&counts[host.as_str()]), "{host}: {}", counts[host.as_str()]),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_breaks_ends_the_run_in_order() {
    let fleet = fleet(Options { hosts: 12, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let mut running = Running::start(&mut place.run(&["-c", "4", "-o", "jsonl", "'begun'; Start-Sleep 2; 'ended'"]));
    running.wait_for("object", 4);
    // From here on no outcome can be written.
    place.store().execute_batch("ALTER TABLE outcomes RENAME TO gone").expect("renamed");
    let ended = running.end();
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("the run could not be kept to its end"), "{}", ended.stderr);
    place.store().execute_batch("ALTER TABLE gone RENAME TO outcomes").expect("renamed");
    let outcomes = ended.outcomes();
    assert_eq!(outcomes.len(), 12);
    let of = |wanted: &str| -> BTreeSet<&str> {
        outcomes.iter().filter(|(_, data)| data["outcome"] == wanted).map(|(host, _)| *host).collect()
    };
    assert!(!of("lost").is_empty() && of("ok").is_empty(), "{outcomes:?}");
    assert_eq!(of("lost").len() + of("not_started").len(), 12);
    assert!(
        ended.events.iter().filter(|event| event["data"] == "ended").count() >= of("lost").len(),
        "what ran went on to its end"
    );
    // What was told is what resume sees.
    let (code, _, stderr) = place.output(&["runs", "resume", "-o", "none", "-q"]);
    assert_eq!(code, Some(1), "{stderr}");
    let kept = place.kept();
    let lost: BTreeSet<&str> =
        kept.iter().filter(|(_, outcome)| *outcome == "lost").map(|(host, _)| host.as_str()).collect();
    assert_eq!(lost, of("lost"));
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_files_is_a_full_disk() {
    let fleet = fleet(Options { hosts: 4, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let run = |blocks: u32, flags: &[&str]| {
        let mut command = Command::new("sh");
        let limited = format!("ulimit -f {blocks} && exec \"$@\"");
        command.args(["-c", &limited, "sh", env!("CARGO_BIN_EXE_psfleet"), "run", "--no-input", "-i", "fleet.toml"]);
        command.args(["-t", "@all", "-o", "none"]).args(flags);
        command.arg("1..6000 | ForEach-Object { \"$_ $(Get-Random) $(Get-Random) $(Get-Random)\" }");
        command.current_dir(place.path()).env_clear().env("HOME", place.path()).env("PSFLEET_LOG", "trace");
        told(command.stdin(Stdio::null()).output().expect("sh starts"))
    };
    let (code, _, stderr) = run(600, &[]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("the run could not be kept to its end"), "{stderr}");
    let (code, _, stderr) = run(600, &["--no-store", "--out", "rows.csv"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("rows.csv: ") && stderr.contains("File too large"), "{stderr}");
    let (code, _, stderr) = run(8, &["--no-store", "--log-file", "psfleet.log"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("psfleet.log: File too large; nothing more is logged there"), "{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_used_stops_the_run_before_it_begins() {
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let place = Place::of(&fleet);
    std::fs::create_dir_all(place.path().join(".local/state")).expect("made");
    std::fs::write(place.path().join(".local/state/psfleet"), "a file").expect("written");
    std::fs::write(place.path().join("out.csv"), "precious").expect("written");
    let (code, stdout, stderr) = told(place.run(&["1", "--out", "out.csv"]).output().expect("psfleet starts"));
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("cannot be kept, so it was not started (--no-store runs without)"), "{stderr}");
    assert_eq!(std::fs::read_to_string(place.path().join("out.csv")).expect("there"), "precious");
    assert_eq!(fleet.stats().logons, 0);
    let (code, stdout, stderr) = told(place.run(&["1", "--no-store", "-o", "csv"]).output().expect("psfleet starts"));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.trim_end().ends_with(",1"), "{stdout}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_are_named_by_what_became_of_them() {
    let fleet = fleet(Options { hosts: 20, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let run = |args: &[&str]| told(place.run(args).output().expect("psfleet starts"));
    let (code, ..) =
        run(&["-q", "-o", "none", "--label", "monday", "if ($env:COMPUTERNAME -like '*2') { throw 'two' }"]);
    assert_eq!(code, Some(1));
    let on = |targets: &str| {
        place.output(&["run", "--no-input", "--no-store", "-i", "fleet.toml", "-t", targets, "-o", "csv", "-q", "1"])
    };
    let hosts = |targets: &str| -> Vec<String> {
        let (_, stdout, _) = on(targets);
        let mut hosts: Vec<String> =
            stdout.lines().skip(1).filter_map(|line| Some(line.split_once(',')?.0.to_owned())).collect();
        hosts.sort_unstable();
        hosts
    };
    let failed = hosts("@last:failed");
    assert!(!failed.is_empty() && failed.iter().all(|host| host.ends_with('2')), "{failed:?}");
    assert_eq!(hosts("@run:monday:failed"), failed);
    assert_eq!(hosts("@last!@last:ok"), failed);
    assert_eq!(hosts("@last:ok").len() + failed.len(), 20);
    assert_eq!(on("@last:lost").0, Some(4), "nobody");
    let (code, _, stderr) = on("@last:broken");
    assert_eq!(code, Some(2));
    assert!(stderr.contains("'broken' is not an outcome"), "{stderr}");
    let (code, _, stderr) = on("@run:tuesday");
    assert_eq!(code, Some(2));
    assert!(stderr.contains("no run is called 'tuesday'"), "{stderr}");
    let (_, list, _) = place.output(&["runs"]);
    assert!(list.contains("monday") && list.lines().count() == 2, "{list}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_resumed_as_it_was_begun() {
    let fleet = fleet(Options { hosts: 8, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let write = |file: &str, text: &str| std::fs::write(place.path().join(file), text).expect("written");
    write("job.ps1", "param([string]$Id, $Key) process { \"$Id $($null -ne $Key) $_ $Using:limit\" }");
    write("in.txt", "one\ntwo\n");
    let args = [
        "job.ps1",
        "-c",
        "2",
        "-p",
        "Id=007",
        "-p",
        "Key=secret:db",
        "--input",
        "in.txt",
        "--using",
        "limit=[1]",
        "-o",
        "jsonl",
    ];
    let mut running = Running::start(place.run(&args).env("PSFLEET_SECRET_DB", "hunter2"));
    running.wait_for("host_done", 2);
    running.signal("INT");
    let ended = running.end();
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(ended.stderr.contains("psfleet runs resume"), "{}", ended.stderr);
    // Files may change meanwhile.
    write("job.ps1", "throw 'another script'");
    std::fs::remove_file(place.path().join("in.txt")).expect("removed");
    let store = std::fs::read(place.path().join(".local/state/psfleet/runs.db")).expect("the store");
    assert!(!store.windows(7).any(|bytes| bytes == b"hunter2"), "secrets are not kept");
    let resume = |folder: &Path| {
        let mut command = place.command(&["runs", "resume", "-o", "csv"]);
        told(command.current_dir(folder).env("PSFLEET_SECRET_DB", "hunter2").output().expect("psfleet starts"))
    };
    let (code, stdout, stderr) = resume(Path::new("/"));
    let kept = place.kept();
    let cancelled = kept.values().filter(|outcome| *outcome == "cancelled").count();
    assert_eq!(code, Some(if cancelled > 0 { 1 } else { 0 }), "{stderr}");
    assert!(
        stdout.lines().skip(1).all(|line| line.ends_with(",007 True one 1") || line.ends_with(",007 True two 1")),
        "{stdout}"
    );
    assert_eq!(kept.len(), 8);
    let (code, _, stderr) = resume(place.path());
    assert_eq!(code, Some(2));
    assert!(stderr.contains("no run is unfinished"), "{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_chatty_host_has_said_is_kept_before_it_ends() {
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let script = "1..2000 | ForEach-Object { \"$env:COMPUTERNAME $_\"; Start-Sleep -Milliseconds 50 }";
    let mut running = Running::start(&mut place.run(&["-o", "jsonl", script]));
    // Three seconds of it, with never a pause.
    running.wait_for("object", 120);
    running.signal("KILL");
    running.end();
    let (code, csv, stderr) = place.output(&["runs", "replay", "-o", "csv"]);
    assert!(csv.lines().filter(|line| line.contains(" 1\r") || line.ends_with(" 1")).count() == 2, "{code:?} {stderr}");
    fleet.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_goes_on_with_the_files_that_it_began_with() {
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let file = place.path().join("f.txt");
    std::fs::write(&file, "one").expect("written");
    let copy = ["copy", "push", "f.txt", "C:\\Temp\\", "-i", "fleet.toml", "-t", "@all", "--ramp", "1", "--label", "c"];
    // The built-in engine takes no files: the first host fails, and the ramp ends there.
    let (code, _, stderr) = place.output(&copy);
    assert_eq!(code, Some(5), "{stderr}");
    std::fs::write(&file, "others").expect("written");
    let (code, _, stderr) = place.output(&["runs", "resume", "c"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("copies has changed since it began: psfleet copy push with -t '@run:"), "{stderr}");
    assert_eq!(place.kept().into_values().collect::<BTreeSet<_>>().len(), 2, "one has failed, one has not started");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_were_not_ok_run_again() {
    let fleet = fleet(Options { hosts: 12, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let script = "param($Mark) if ($env:COMPUTERNAME -like '*2' -and -not (Test-Path C:\\$Mark)) { \
        Set-Content C:\\$Mark x; throw 'not yet' }; \"$env:COMPUTERNAME $Mark\"";
    let first = ["-q", "-o", "none", "--label", "first", script, "-p", "Mark=m1"];
    let (code, ..) = told(place.run(&first).output().expect("psfleet starts"));
    assert_eq!(code, Some(1));
    let again = |args: &[&str]| place.output(&[&["run", "--no-input", "-q", "-o", "csv", "--rerun"], args].concat());
    let (code, ..) = again(&["last:ok_with_errors,lost"]);
    assert_eq!(code, Some(4), "nobody");
    let failed: Vec<String> =
        place.kept().into_iter().filter(|(_, outcome)| outcome == "failed").map(|(host, _)| host).collect();
    let (code, stdout, stderr) = again(&["last"]);
    assert_eq!(code, Some(0), "{stderr}");
    let mut hosts: Vec<&str> = stdout.lines().skip(1).filter_map(|line| Some(line.split_once(',')?.0)).collect();
    hosts.sort_unstable();
    assert_eq!(hosts, failed);
    assert!(stdout.lines().skip(1).all(|line| line.ends_with(" m1")), "with the arguments of that run: {stdout}");
    let (_, stdout, _) = again(&["last~1:ok", "'other'"]);
    assert_eq!(stdout.lines().filter(|line| line.ends_with(",other")).count(), 12 - failed.len());
    let (code, _, stderr) = again(&["last:fine"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("--rerun: 'fine' is not an outcome"), "{stderr}");
    // Neither the environment nor names beside an outcome bring in others.
    let names = |csv: &str| {
        let mut names: Vec<String> =
            csv.lines().skip(1).filter_map(|line| Some(line.split_once(',')?.0.to_owned())).collect();
        names.sort_unstable();
        names
    };
    let mut other = place.command(&["run", "--no-input", "-q", "-o", "csv", "--rerun", "first:failed", "1"]);
    let (code, stdout, stderr) = told(other.env("PSFLEET_TARGETS", "localhost").output().expect("psfleet starts"));
    assert_eq!((code, names(&stdout)), (Some(0), failed.clone()), "{stderr}");
    let (code, stdout, stderr) = again(&["first:failed", "-t", "@all", "1"]);
    assert_eq!((code, names(&stdout)), (Some(0), failed), "{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_again_is_made_as_the_first_was() {
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let strict = ["-q", "-o", "none", "--label", "first", "--strict", "--auth", "ntlm", "Write-Error e; 1"];
    let (code, _, stderr) = told(place.run(&strict).output().expect("psfleet starts"));
    assert_eq!(code, Some(1), "{stderr}");
    // One flag more, and a variable, do not make another connection of it.
    let words = ["run", "--no-input", "--plan", "--rerun", "first", "--timeout", "1m", "-o", "json"];
    let plan = place.command(&words).env("PSFLEET_AUTH", "basic").output().expect("psfleet starts");
    let (code, stdout, stderr) = told(plan);
    assert_eq!(code, Some(0), "{stderr}");
    let plan: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((plan["target_count"].as_u64(), &plan["targets"][0]["auth"]), (Some(2), &json!("ntlm")), "{stdout}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_keeps_what_its_surroundings_said_of_it() {
    let fleet = fleet(Options { hosts: 6, ..Options::default() }).await;
    let place = Place::of(&fleet);
    std::fs::write(place.path().join("psfleet.toml"), "ramp = '1,3'\nmax_fail = 2\n").expect("written");
    let mut paused = place.run(&["-q", "-o", "none", "--pause-after", "1", "$env:COMPUTERNAME"]);
    let (code, _, stderr) = told(paused.env("PSFLEET_THROTTLE", "2").output().expect("psfleet starts"));
    assert_eq!(code, Some(5), "{stderr}");
    // Neither what the file says today, nor a gate that would make no sense without a ramp.
    std::fs::write(place.path().join("psfleet.toml"), "throttle = 1\n").expect("written");
    let mut resumed = place.command(&["runs", "resume", "-o", "jsonl"]);
    let resumed = resumed.env("PSFLEET_GATE", "$false").env("PSFLEET_MAX_FAIL", "1").output();
    let (code, stdout, stderr) = told(resumed.expect("psfleet starts"));
    assert_eq!(code, Some(0), "{stderr}");
    let steps = stdout.lines().filter(|line| line.contains("\"step_done\"")).count();
    assert_eq!((steps, place.kept().values().filter(|outcome| *outcome == "ok").count()), (2, 6), "{stdout}");
    // What was taken from a run is part of the run that took it.
    for (args, hosts) in [(&["--rerun", "last:ok", "-x", "last~9"][..], 0), (&["--rerun", "last:ok"], 6)] {
        let (code, stdout, stderr) = place.output(&[&["run", "--no-input", "-q", "-o", "csv"], args].concat());
        assert_eq!(
            (code, stdout.lines().skip(1).count()),
            (if hosts == 0 { Some(2) } else { Some(0) }, hosts),
            "{stderr}"
        );
    }
    let all = place.kept().into_keys().collect::<Vec<_>>();
    let (code, stdout, stderr) =
        place.output(&["run", "--no-input", "-o", "csv", "--rerun", "last:ok", "-x", &all[0], "--pick", "2"]);
    assert_eq!((code, stdout.lines().skip(1).count()), (Some(0), 2), "{stderr}");
    assert!(!stdout.contains(&all[0]), "{stdout}");
    let (code, stdout, stderr) = place.output(&["run", "--no-input", "--plan", "--rerun", "last~1:ok", "-o", "json"]);
    assert_eq!(code, Some(0), "{stderr}");
    let plan: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(plan["target_count"].as_u64(), Some(6), "{stdout}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_do_not_resume_one_run() {
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let mut running = Running::start(&mut place.run(&["-o", "jsonl", "'begun'; Start-Sleep 600"]));
    running.wait_for("object", 2);
    let (code, _, stderr) = place.output(&["runs", "resume", "last"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("another psfleet is at work on the run"), "{stderr}");
    assert_eq!(place.last()["state"], "running");
    running.signal("INT");
    assert_eq!(running.end().code, Some(130));
    assert_eq!(place.last()["state"], "done", "what was cancelled has had its turn");
    assert_clean(fleet).await;
}
