//! Hosts of an earlier run that run again: which, with what, and never beside another process.

#![cfg(unix)]

use psfleet::sandbox::Options;

use crate::store::{Place, told};
use crate::support::program::Running;
use crate::support::sandbox::{assert_clean, fleet};

/// Exit code, sorted rows of CSV and stderr of a run again.
fn again(place: &Place, args: &[&str]) -> (Option<i32>, Vec<String>, String) {
    let (code, csv, stderr) = place.output(&[&["run", "--no-input", "-o", "csv", "--rerun"], args].concat());
    let mut rows: Vec<String> = csv.lines().skip(1).map(str::to_owned).collect();
    rows.sort_unstable();
    (code, rows, stderr)
}

fn first(place: &Place, args: &[&str], code: i32) {
    let (ended, _, stderr) = told(place.run(&[&["-q", "-o", "none"], args].concat()).output().expect("psfleet starts"));
    assert_eq!(ended, Some(code), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_wait_for_their_turn_do_not_run_twice() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let script = "if ($env:COMPUTERNAME -like '*1') { throw 'no' }; 'begun'; Start-Sleep 600";
    let mut running = Running::start(&mut place.run(&["-o", "jsonl", "--label", "long", "-c", "1", script]));
    running.wait_for("object", 1);
    let at_work = "another psfleet is at work on the run ";
    let (code, rows, stderr) = again(&place, &["long:failed,not_started"]);
    assert_eq!((code, rows.len()), (Some(2), 0), "{stderr}");
    assert!(stderr.contains(at_work) && stderr.contains("which starts the hosts that wait"), "{stderr}");
    for line in [&["run", "--no-input", "-t", "@run:long:not_started", "1"][..], &["hosts", "@last:not-started"]] {
        let (code, stdout, stderr) = place.output(&[line, &["-i", "fleet.toml"]].concat());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains(at_work), "{stderr}");
    }
    let (_, _, stderr) = again(&place, &["long", "'mended'"]);
    assert!(!stderr.contains("not_started"), "{stderr}");
    assert!(stderr.contains("no outcome yet and are left out; another psfleet is at work"), "{stderr}");
    running.signal("INT");
    assert_eq!(running.end().code, Some(130));
    let (code, rows, stderr) = again(&place, &["long:not_started", "'now'"]);
    assert_eq!((code, rows.is_empty()), (Some(0), false), "{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_today_counts_and_the_rest_is_as_it_was() {
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let script = "param($A = 'none', $B) \"$A $B $($using:u) $input\"; throw 'no'";
    first(&place, &["--label", "r1", script, "-a", "1", "-p", "B=2", "--using", "u=3"], 1);
    std::fs::write(place.path().join("args.json"), "{\"B\": 20}").expect("written");
    std::fs::write(place.path().join("in.txt"), "fed\n").expect("written");
    for (today, said) in [
        (&[][..], "1 2 3 "),
        (&["-p", "A=5"], "5 2 3 "),
        (&["-a", "5", "--using", "u=7"], "5 2 7 "),
        (&["--args-file", "args.json"], "1 20 3 "),
        (&["--input", "in.txt"], "1 2 3 fed"),
    ] {
        let (code, rows, stderr) = again(&place, &[&["r1"], today].concat());
        assert_eq!((code, rows.len()), (Some(1), 2), "{stderr}");
        assert!(
            rows.iter().all(|row| row.ends_with(said) || row.ends_with(&format!("{said}\""))),
            "{today:?}: {rows:?}"
        );
    }
    let (code, _, stderr) = again(&place, &["r1", "-p", "Nope=3"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("Nope"), "{stderr}");
    let (_, plan, stderr) = place.output(&["run", "--rerun", "r1", "-p", "A=5", "--plan", "-o", "json", "--no-input"]);
    let plan: serde_json::Value = serde_json::from_str(&plan).expect(&stderr);
    assert_eq!((&plan["arguments"][1]["value"], &plan["using"][0]["value"]), (&5.into(), &3.into()), "{plan}");
    first(&place, &["--label", "t1", "'one'; $x = 4"], 0);
    let (code, rows, stderr) = again(&place, &["t1:ok", "--then", "\"two $x\""]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(rows.iter().filter(|row| row.ends_with("two 4")).count(), 2, "{rows:?}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_runs_again_is_judged_as_it_was() {
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let place = Place::of(&fleet);
    first(&place, &["--label", "native", "--native-errors", "cmd /c 'exit 3'; 'x'"], 1);
    first(&place, &["--label", "strict", "--strict", "Write-Error no"], 1);
    for label in ["native", "strict"] {
        let (code, _, stderr) = again(&place, &[label, "--label", "again"]);
        assert_eq!(code, Some(1), "{stderr}");
        // Again as a run again.
        let (code, _, stderr) = again(&place, &["again"]);
        assert_eq!(code, Some(1), "{stderr}");
    }
    let (code, rows, stderr) = again(&place, &["strict", "Write-Error 'a look'; 1"]);
    assert_eq!((code, rows.len()), (Some(0), 2), "another script: {stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_named_are_those_of_the_run_that_were_not_ok() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let place = Place::of(&fleet);
    first(&place, &["--label", "fl", "if ($env:COMPUTERNAME -like '*1') { throw 'no' }"], 1);
    let (_, hosts, _) = place.output(&["hosts", "-i", "fleet.toml"]);
    let hosts: Vec<&str> = hosts.lines().collect();
    let all = hosts.join(",");
    let (code, rows, stderr) = again(&place, &["fl", "-t", &all, "1"]);
    assert_eq!((code, rows.len()), (Some(0), 1), "{stderr}");
    let ok = hosts.iter().find(|host| !rows[0].starts_with(**host)).expect("one that was ok");
    let (code, rows, stderr) = again(&place, &["fl", "-t", ok, "1"]);
    assert_eq!((code, rows.len()), (Some(4), 0), "{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_name_hosts_are_found_from_elsewhere() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let (_, hosts, _) = place.output(&["hosts", "-i", "fleet.toml"]);
    let hosts: Vec<&str> = hosts.lines().collect();
    let elsewhere = place.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("made");
    std::fs::write(place.path().join("some.txt"), hosts[..2].join("\n")).expect("written");
    std::fs::write(place.path().join("out.txt"), hosts[1]).expect("written");
    // Whoever is looked for here is another one.
    std::fs::write(elsewhere.join("some.txt"), hosts[2]).expect("written");
    let line = ["run", "--no-input", "-q", "-o", "none", "-i", "fleet.toml", "-t", "@some.txt", "-x", "@out.txt", "1"];
    assert_eq!(place.output(&line).0, Some(0));
    let mut there = place.command(&["run", "--no-input", "-o", "csv", "--rerun", "last:ok"]);
    let (code, csv, stderr) = told(there.current_dir(&elsewhere).output().expect("psfleet starts"));
    assert_eq!((code, csv.lines().count()), (Some(0), 2), "{stderr}");
    assert!(csv.contains(&format!("{},1", hosts[0])) && !stderr.contains("warning"), "{csv}{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_running_is_collected_and_not_run_again() {
    let fleet = fleet(Options { hosts: 2, ..Options::default() }).await;
    let place = Place::of(&fleet);
    first(&place, &["--label", "d1", "--detach", "'x'"], 0);
    let (code, rows, stderr) = again(&place, &["d1"]);
    assert_eq!((code, rows.len()), (Some(4), 0), "{stderr}");
    assert!(stderr.contains("psfleet runs collect d1") && !stderr.contains("d1:ok"), "{stderr}");
    let (code, _, stderr) = place.output(&["runs", "collect", "d1", "-o", "none"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_clean(fleet).await;
}
