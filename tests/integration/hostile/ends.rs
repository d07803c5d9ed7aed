//! Hosts that do not end, or that end in ways nobody asked for.

use std::time::{Duration, Instant};

use super::{Contest, Ran, watch};
use crate::support::hostile::{Hostile, Manners, Turn, pipeline_state};
use crate::support::program::Running;

const UNCONFIRMED: &str = "the host did not confirm the stop within 10 s: it may still be running";

/// What becomes of a host that ends its pipeline in a state, with these words.
async fn ended_in(state: u32, words: Option<&'static str>) -> Ran {
    let hostile = Hostile::start(Manners::Good, move |_, _| Turn::Output(pipeline_state(9, state, words))).await;
    Contest::new(&hostile, "").await.run(&[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_nobody_asked_for_is_the_hosts_own() {
    let stopped = "the host stopped the script without being asked: ";
    for (state, words, outcome, reason, message) in [
        (3, Some("shut down for maintenance"), "failed", "host_stopped", format!("{stopped}shut down for maintenance")),
        (3, None, "failed", "host_stopped", format!("{stopped}it gave no reason")),
        (5, None, "failed", "script_error", "the script failed".to_owned()),
        (6, Some("gone away"), "lost", "link_broken", "the server disconnected the pipeline: gone away".to_owned()),
    ] {
        let ran = ended_in(state, words).await;
        assert_eq!(ran.evil(), (outcome.to_owned(), reason.to_owned(), message), "state {state}");
        assert_eq!(ran.ended.code, Some(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_is_not_confirmed_holds_up_nobody_and_is_told() {
    for (manners, remains) in [(Manners::Deaf, false), (Manners::Dead, true)] {
        let hostile = Hostile::start(manners, |_, _| Turn::Silence).await;
        // It is the first, and its place is the only one.
        let ran = Contest::new(&hostile, "timeout = \"1s\"\n").await.run(&["-c", "1"]).await;
        let data = ran.evil_data();
        let message = data["message"].as_str().expect("a message");
        assert_eq!((&data["outcome"], &data["reason"]), (&"timeout".into(), &"run_timeout".into()), "{data}");
        assert_eq!(message, format!("still running after 1 s, and {UNCONFIRMED}"));
        assert_eq!(data["shell_may_remain"] == true, remains, "{data}");
        let mut done = ran.ended.events.iter().filter(|event| event["type"] == "host_done");
        let last = done.next_back().expect("nine of them");
        assert_eq!(last["host"], "aaa-evil", "it holds up the others");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_is_confirmed_is_just_a_stop() {
    let hostile = Hostile::start(Manners::Good, |_, _| Turn::Elements(String::new())).await;
    let ran = Contest::new(&hostile, "timeout = \"1s\"\n").await.run(&[]).await;
    assert_eq!(ran.evil().2, "still running after 1 s, so it was stopped");
}

/// The end of a run that was told to end, which no host can put off.
async fn told_to_end(turn: fn() -> Turn, args: &[&str], tell: impl Fn(&Running)) -> Ran {
    let hostile = Hostile::start(Manners::Dead, move |_, _| turn()).await;
    let contest = Contest::new(&hostile, "").await;
    let mut running = contest.start(args);
    running.wait_for("host_done", super::GOOD);
    tell(&running);
    let begin = Instant::now();
    let peak = watch(&running).await;
    // Ten seconds for the stop, ten for the shell, and some for a busy machine.
    assert!(begin.elapsed() < Duration::from_secs(40), "it took {:?}", begin.elapsed());
    Ran { ended: running.end(), peak }
}

/// Tells a run to end while only a host is left that sends this.
async fn ends_in_time(turn: fn() -> Turn, args: &[&str], signal: Option<&str>, code: i32) {
    let ran = told_to_end(turn, args, |running| signal.into_iter().for_each(|name| running.signal(name))).await;
    let (outcome, _, message) = ran.evil();
    assert_eq!(ran.ended.code, Some(code), "{}", ran.ended.stderr);
    assert_eq!(outcome, "cancelled", "{message}");
    let why = if signal.is_none() { "the deadline passed: " } else { "" };
    assert_eq!(message, format!("{why}stopped while it was running, but {UNCONFIRMED}"));
    assert_eq!(ran.evil_data()["shell_may_remain"], true);
    assert!(ran.good().iter().all(|(_, data)| data["outcome"] == "ok"));
    assert!(ran.peak < super::MOST_MEMORY);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_a_run_though_a_host_is_silent() {
    ends_in_time(|| Turn::Silence, &[], Some("INT"), 130).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_a_run_though_a_host_never_ends_its_answer() {
    ends_in_time(|| Turn::Drip, &[], Some("TERM"), 143).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_a_run_though_a_host_floods_it() {
    ends_in_time(|| Turn::Output(super::floods::records(1000)), &[], Some("TERM"), 143).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_ends_a_run_though_a_host_never_ends_its_answer() {
    ends_in_time(|| Turn::Drip, &["--deadline", "10s"], None, 5).await;
}
