//! A change rolled out over the sandbox, as the program itself does it: steps, gates, pauses, budgets, limits.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use psfleet::sandbox::{Fleet, Options};
use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::program::{Ended, Running};
use crate::support::sandbox::{assert_clean, fleet};
use crate::support::tmux::Tmux;

/// A fleet, and a folder with its inventory in `fleet.toml`: the first half of the hosts is in `ber`, the other in `muc`.
struct Site {
    fleet: Fleet,
    folder: Folder,
    hosts: Vec<String>,
}

impl Site {
    async fn new(options: Options) -> Self {
        let fleet = fleet(options).await;
        let mut hosts: Vec<String> = fleet.hosts().map(|(name, ..)| name.to_owned()).collect();
        // As they stand in the inventory.
        hosts.sort_unstable();
        let folder = Folder::new("rollout");
        let mut inventory = fleet.inventory_toml();
        for (site, hosts) in ["ber", "muc"].iter().zip(hosts.chunks(hosts.len().div_ceil(2))) {
            inventory.push_str(&format!("\n[groups.{site}]\nhosts = {hosts:?}\nlabels = {{ site = \"{site}\" }}\n"));
        }
        let file = folder.path().join("fleet.toml");
        std::fs::write(&file, inventory).expect("written");
        // It holds the password.
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("made private");
        Self { fleet, folder, hosts }
    }

    /// `psfleet`, away from the settings of whoever runs the tests.
    fn psfleet(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(args).current_dir(self.folder.path()).env("HOME", self.folder.path());
        command.env("PSFLEET_STATE_DIR", self.folder.path().join("state")).stdin(Stdio::null());
        command
    }

    /// A run on all hosts.
    fn run(&self, args: &[&str]) -> Ended {
        let on_all = ["run", "-i", "fleet.toml", "-t", "@all", "-o", "jsonl", "--retries", "0"];
        Running::start(&mut self.psfleet(&[&on_all, args].concat())).end()
    }

    /// The name that a script on this host sees.
    fn computer(&self, place: usize) -> String {
        self.hosts[place].to_uppercase()
    }
}

/// How many hosts have each of these outcomes.
fn count<const N: usize>(ended: &Ended, outcomes: [&str; N]) -> [usize; N] {
    let done = ended.outcomes();
    outcomes.map(|outcome| done.iter().filter(|(_, data)| data["outcome"] == outcome).count())
}

/// How many objects came.
fn objects(ended: &Ended) -> usize {
    ended.events.iter().filter(|event| event["type"] == "object").count()
}

/// The numbers of the steps that ended, each with how many hosts had their outcome before it, and its refusal.
fn steps(ended: &Ended) -> Vec<(u64, usize, Option<String>)> {
    let mut done = 0;
    let mut steps = Vec::new();
    for event in &ended.events {
        done += usize::from(event["type"] == "host_done");
        if event["type"] == "step_done" {
            let refusal = event["data"]["refusal"].as_str().map(str::to_owned);
            steps.push((event["data"]["step"].as_u64().expect("a number"), done, refusal));
        }
    }
    steps
}

fn hosts(count: u32) -> Options {
    Options { hosts: count, ..Options::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ramp_goes_on_where_its_gate_is_passed() {
    let site = Site::new(hosts(10)).await;
    let change = "Set-Content -Path C:\\rolled.txt -Value $env:COMPUTERNAME";
    let gates = ["--gate", "Test-Path C:\\rolled.txt", "--gate", "(Get-Content C:\\rolled.txt) -eq $env:COMPUTERNAME"];
    let ended = site.run(&[&["--ramp", "1,3,50%,100%", change], &gates[..]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(count(&ended, ["ok"]), [10]);
    assert_eq!(steps(&ended), [(1, 1, None), (2, 3, None), (3, 5, None)], "{}", ended.stderr);
    assert!(ended.stderr.contains("step 2 of 4 is done: 3 of 10 hosts"), "{}", ended.stderr);
    assert_clean(site.fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_that_is_not_passed_names_host_and_cause() {
    let site = Site::new(hosts(6)).await;
    let gate = format!("$env:COMPUTERNAME -ne '{}'", site.computer(2));
    let ended = site.run(&["--ramp", "1,3", "--gate", &gate, "'changed'"]);
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    assert_eq!(count(&ended, ["ok", "not_started"]), [3, 3]);
    let refusal = steps(&ended)[1].2.clone().expect("a refusal");
    assert_eq!(refusal, format!("{} did not pass the gate '{gate}': it returned $false", site.hosts[2]));
    let left = ended.outcomes().into_iter().find(|(_, data)| data["outcome"] == "not_started").expect("one");
    assert_eq!(left.1["reason"], "gate");
    assert!(left.1["message"].as_str().is_some_and(|message| message.ends_with(&refusal)), "{}", left.1);
    assert!(left.1["hint"].as_str().is_some_and(|hint| hint.contains("psfleet runs resume")), "{}", left.1);

    // Hosts on which the script failed are asked too, beside those where it did not: they may have passed all the same.
    let broken = format!("if ($env:COMPUTERNAME -eq '{}') {{ throw 'no' }}; 1", site.computer(1));
    let ended = site.run(&["--ramp", "3", "--gate", &format!("$env:COMPUTERNAME -ne '{}'", site.computer(1)), &broken]);
    assert_eq!((ended.code, count(&ended, ["ok", "failed", "not_started"])), (Some(5), [2, 1, 3]), "{}", ended.stderr);
    let refusal = steps(&ended)[0].2.clone().expect("a refusal");
    assert!(refusal.starts_with(&format!("{} did not pass the gate", site.hosts[1])), "{refusal}");
    let ended = site.run(&["--ramp", "3", "--gate", "$true", &broken]);
    assert_eq!(count(&ended, ["ok", "failed"]), [5, 1], "{}", ended.stderr);

    // An error record is a refusal, whatever is returned.
    let ended = site.run(&["--ramp", "2", "--gate", "Get-Service NoSuchService; $true", "1"]);
    assert!(steps(&ended)[0].2.as_ref().is_some_and(|why| why.contains("it wrote an error")), "{}", ended.stderr);
    let ended = site.run(&["--ramp", "2", "--gate", "throw 'ill'", "1"]);
    assert!(steps(&ended)[0].2.as_ref().is_some_and(|why| why.contains("'throw 'ill'': ill")), "{}", ended.stderr);
    let ended = site.run(&["--ramp", "2", "--gate", "$true", "throw 'no'"]);
    assert_eq!((ended.code, count(&ended, ["failed", "not_started"])), (Some(5), [2, 4]), "{}", ended.stderr);
    assert_clean(site.fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_failed_everywhere_is_mended_and_gone_on_with() {
    let site = Site::new(hosts(6)).await;
    let change = "if (!(Test-Path C:\\mended)) { throw 'no' }; $env:COMPUTERNAME";
    let mended = ["--gate", "Test-Path C:\\mended"];
    for (label, gate) in [("gated", &mended[..]), ("open", &[])] {
        let ended = site.run(&[&["--ramp", "2,4", "--label", label, change], gate].concat());
        assert_eq!((ended.code, count(&ended, ["failed", "not_started"])), (Some(5), [2, 4]), "{}", ended.stderr);
        assert!(ended.stderr.contains("no host of step 1 has ended well"), "{}", ended.stderr);
    }
    let resume = |label: &str| Running::start(&mut site.psfleet(&["runs", "resume", label, "-o", "jsonl"])).end();
    let rerun = |label: &str| {
        Running::start(&mut site.psfleet(&["run", "--rerun", label, "-o", "jsonl", "--label", "again"])).end()
    };
    let again = rerun("gated");
    assert_eq!(count(&again, ["failed", "ok"]), [2, 0], "not on those that the ramp holds back: {}", again.stderr);
    assert!(again.stderr.contains("4 hosts of that run have not had a turn yet and are left out"), "{}", again.stderr);
    let early = resume("gated");
    assert_eq!((early.code, objects(&early)), (Some(5), 0), "{}", early.stderr);
    assert!(early.stderr.contains(" did not pass the gate 'Test-Path C:\\mended'"), "{}", early.stderr);
    // Without a gate it is the word of who resumes, once for each step that failed.
    let open = resume("open");
    assert_eq!((open.code, objects(&open)), (Some(5), 0), "{}", open.stderr);
    assert!(open.stderr.contains("no host of step 2 has ended well"), "{}", open.stderr);

    let mend = site.run(&["Set-Content C:\\mended 1"]);
    assert_eq!(mend.code, Some(0), "{}", mend.stderr);
    let again = rerun("gated");
    assert_eq!((again.code, count(&again, ["ok"])), (Some(0), [2]), "{}", again.stderr);
    for (label, left) in [("gated", 4), ("open", 2)] {
        let resumed = resume(label);
        assert_eq!((resumed.code, objects(&resumed)), (Some(1), left), "some failed before: {}", resumed.stderr);
    }
    assert_clean(site.fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_runs_in_order() {
    let site = Site::new(hosts(8)).await;
    let ordered = |order: &[&str]| -> Vec<String> {
        let ended = site.run(&[&["-c", "1"], order, &["1"]].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let done = ended.events.iter().filter(|event| event["type"] == "host_done");
        done.map(|event| event["host"].as_str().expect("a host").to_owned()).collect()
    };
    assert_eq!(ordered(&["--order", "name"]), site.hosts);
    assert_eq!(ordered(&["--ramp", "3", "--order", "label:site"]), site.hosts, "ber before muc, in a ramp too");
    assert_clean(site.fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_without_a_terminal_is_the_end_until_it_is_resumed() {
    let site = Site::new(hosts(6)).await;
    let change = "Add-Content -Path C:\\times.txt -Value 1; @(Get-Content C:\\times.txt).Count";
    let ended = site.run(&["--ramp", "1,3", "--pause-after", "1,2", change]);
    assert_eq!((ended.code, count(&ended, ["ok", "not_started"])), (Some(5), [1, 5]), "{}", ended.stderr);
    assert!(ended.stderr.contains("no other host starts: the run paused after step 1"), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("the run paused after step 1").count(), 1, "said once: {}", ended.stderr);
    assert!(ended.stderr.contains("note: 5 hosts have not run; psfleet runs resume "), "{}", ended.stderr);
    let resumed = |expected: (i32, usize)| {
        let Output { status, stdout, stderr } =
            site.psfleet(&["runs", "resume", "-o", "jsonl"]).output().expect("psfleet runs");
        let stderr = String::from_utf8_lossy(&stderr);
        let events: Vec<Value> = String::from_utf8_lossy(&stdout)
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect();
        let times: Vec<&Value> =
            events.iter().filter(|event| event["type"] == "object").map(|event| &event["data"]).collect();
        assert_eq!((status.code(), times.len()), (Some(expected.0), expected.1), "{stderr}");
        assert!(times.iter().all(|times| **times == 1), "nothing runs twice: {times:?}");
    };
    resumed((5, 2));
    resumed((0, 3));
    let shown = site.psfleet(&["runs", "show"]).output().expect("psfleet runs").stdout;
    let shown = String::from_utf8_lossy(&shown);
    let parts: Vec<&str> =
        shown.lines().filter(|line| line.starts_with("Began") || line.starts_with("Resumed")).collect();
    let ends = ["exit code 5: the run paused after step 1", "exit code 5: the run paused after step 2", "exit code 0"];
    assert!(parts.len() == 3 && parts.iter().zip(ends).all(|(part, end)| part.ends_with(end)), "{shown}");
    assert_clean(site.fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn budgets_start_no_more() {
    let site = Site::new(hosts(12)).await;
    let one_at_a_time = ["-c", "1", "--connect-throttle", "1"];
    let first = format!("if ($env:COMPUTERNAME -eq '{}') {{ throw 'no' }}; 1", site.computer(1));
    let ended = site.run(&[&one_at_a_time[..], &["--fail-fast", &first]].concat());
    assert_eq!((ended.code, count(&ended, ["ok", "failed", "not_started"])), (Some(5), [1, 1, 10]), "{}", ended.stderr);
    assert!(ended.outcomes().iter().filter(|(_, data)| data["reason"] == "budget").count() == 10);

    let ended = site.run(&[&one_at_a_time[..], &["--max-fail", "3", "throw 'no'"]].concat());
    assert_eq!((ended.code, count(&ended, ["failed", "not_started"])), (Some(5), [3, 9]), "{}", ended.stderr);
    assert!(ended.stderr.contains("3 of 3 hosts failed, which is where --max-fail 3 ends the run"), "{}", ended.stderr);

    // A share waits for ten hosts; what failed is not what could not be reached.
    let ended = site.run(&[&one_at_a_time[..], &["--max-fail", "10%", "throw 'no'"]].concat());
    assert_eq!((ended.code, count(&ended, ["failed", "not_started"])), (Some(5), [10, 2]), "{}", ended.stderr);
    let ended = site.run(&["--max-unreachable", "1", "throw 'no'"]);
    assert_eq!((ended.code, count(&ended, ["failed"])), (Some(1), [12]), "{}", ended.stderr);
    assert_clean(site.fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_cannot_be_reached_have_a_budget_of_their_own() {
    let site = Site::new(Options { faults: vec!["refused=8".parse().expect("a fault")], ..hosts(12) }).await;
    let args = ["-c", "1", "--connect-throttle", "1", "--max-fail", "1", "--max-unreachable", "2", "1"];
    let ended = site.run(&args);
    assert_eq!((ended.code, count(&ended, ["unreachable"])), (Some(5), [2]), "{}", ended.stderr);
    assert!(ended.stderr.contains("which is where --max-unreachable 2 ends the run"), "{}", ended.stderr);
    assert_clean(site.fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_share_a_label_wait_for_each_other() {
    let site = Site::new(hosts(8)).await;
    let on_all = ["run", "-i", "fleet.toml", "-t", "@all", "-o", "jsonl", "--limit-per", "site=1"];
    let mut command = site.psfleet(&[&on_all[..], &["Start-Sleep -Milliseconds 300; 1"]].concat());
    let running = std::thread::spawn(move || Running::start(&mut command).end());
    let mut most = 0;
    while !running.is_finished() {
        most = most.max(site.fleet.stats().open_shells);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let ended = running.join().expect("no panic");
    assert_eq!((ended.code, count(&ended, ["ok"])), (Some(0), [8]), "{}", ended.stderr);
    assert_eq!(most, 2, "one of each site");
    assert_clean(site.fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_before_the_first_connection() {
    let site = Site::new(hosts(3)).await;
    for (args, why) in [
        (&["--limit-per", "rack=1", "1"] as &[&str], "no host of this run has a label or variable 'rack'"),
        (&["--order", "label:rack", "1"], "--order label:rack: no host of this run has a label or variable 'rack'"),
        (&["--auth-fail-limit", "0", "1"], "expected a whole number of at least 1"),
        (&["-c", "-1", "1"], "'-1' cannot be the value of -c"),
        (&["--ramp", "-1", "1"], "'-1' cannot be the value of --ramp"),
        (&["--ramp", "1,2", "--pause-after", "3", "1"], "the ramp has 3 steps"),
        (&["--ramp", "2,1", "1"], "so they rise"),
        (&["--ramp", "1", "--gate", "$using:nothing", "1"], "--gate '$using:nothing'"),
        (&["--ramp", "1", "--gate", "none.ps1", "1"], "cannot read the script file none.ps1"),
        (&["--ramp", "1", "--gate", "-", "1"], "it is not read from stdin"),
        (&["--gate", "1", "1"], "--ramp"),
        (&["--max-fail", "0", "1"], "expected a number of hosts from 1 on"),
        (&["-c", "some", "1"], "such as 32, or auto"),
        (&["--confirm-above", "2", "1"], "touch 3 hosts, more than --confirm-above 2, and there is nobody to confirm"),
    ] {
        for plan in [&[] as &[&str], &["--plan"]] {
            let on_all = ["run", "-i", "fleet.toml", "-t", "@all"];
            let output = site.psfleet(&[&on_all[..], args, plan].concat()).output().expect("psfleet runs");
            let stderr = String::from_utf8_lossy(&output.stderr);
            // A plan touches no host, and so asks nobody.
            if plan.is_empty() || !args.contains(&"--confirm-above") {
                assert_eq!(output.status.code(), Some(2), "{args:?} {plan:?}: {stderr}");
                assert!(stderr.contains(why), "{args:?}: {stderr}");
            }
        }
    }
    let ended = site.run(&["--confirm-above", "2", "-y", "1"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_clean(site.fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pace_of_its_own_reaches_everybody() {
    let site = Site::new(Options { faults: vec!["quota=2".parse().expect("a fault")], ..hosts(30) }).await;
    let ended = site.run(&["-c", "auto", "1"]);
    assert_eq!((ended.code, count(&ended, ["ok", "unreachable"])), (Some(3), [28, 2]), "{}", ended.stderr);
    assert_clean(site.fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_somebody_is_asked() {
    let site = Site::new(hosts(6)).await;
    let state = site.folder.path().join("state");
    let inventory = site.folder.path().join("fleet.toml");
    let program = ["env".as_ref(), env!("CARGO_BIN_EXE_psfleet").as_ref(), "run".as_ref(), "-i".as_ref()];
    let args = "-t @all -o none --ramp 1,3 --pause-after 1,2 --confirm-above 5 1";
    let args = args.split(' ').map(std::ffi::OsStr::new);
    let mut words: Vec<&std::ffi::OsStr> = program.into_iter().chain([inventory.as_os_str()]).chain(args).collect();
    let variable = format!("PSFLEET_STATE_DIR={}", state.display());
    words.insert(1, variable.as_ref());
    let Some(tmux) = Tmux::start(120, 30, &words) else { return };
    let shows = |part: &'static str| move |lines: &[String]| lines.iter().any(|line| line.contains(part));
    tmux.wait_for("the confirmation", shows("This touches 6 hosts. Type their number to go on:"));
    tmux.press("6");
    tmux.press("Enter");
    tmux.wait_for(
        "the first pause",
        shows("paused after step 1: 1 of 6 hosts are done; go on with step 2 of 3 (2 hosts)? [y/N]"),
    );
    tmux.press("x");
    tmux.press("Enter");
    tmux.wait_for("the answers", shows("y goes on; n or Enter ends the run here"));
    // Nothing moves below the question.
    let is_bar = |line: &String| line.contains(" 1/6 ");
    assert!(!tmux.lines().iter().any(is_bar), "{:#?}", tmux.lines());
    tmux.press("y");
    tmux.press("Enter");
    let asked = "paused after step 2: 3 of 6 hosts are done; go on with step 3 of 3 (3 hosts)? [y/N]";
    tmux.wait_for("the second pause", shows(asked));
    tmux.press("Enter");
    let lines = tmux.wait_for("the end", shows("6 targets: 3 ok, 3 not started"));
    assert!(lines.iter().any(|line| line.contains("the run was ended at its pause")), "{lines:#?}");
    assert_clean(site.fleet).await;
}
