use std::time::Duration;

use jiff::SignedDuration;

use super::super::{DeadLetter, Failure, Matcher, Retry, Silence};
use super::{ONE_HOOK, Scene, at, rules, subject};
use crate::check::State::{Critical, Ok, Warning};

fn silence(scene: &Scene, host: &str, seconds: i64) -> Silence {
    let (starts, ends) = (scene.time(), scene.time() + SignedDuration::from_secs(seconds));
    let matcher = Matcher { host: vec![host.to_owned()], ..Matcher::default() };
    Silence { id: host.to_owned(), matcher, starts, ends, author: "ana".to_owned(), reason: "work".to_owned() }
}

#[test]
fn nobody_is_told_of_what_is_silenced() {
    let mut scene = Scene::new(ONE_HOOK);
    scene.alerts.silence(silence(&scene, "web*", 1_000));
    scene.see("disk", "web01", Critical);
    scene.see("disk", "db01", Critical);
    assert!(scene.alerts.is_silenced(&subject("disk", "web01"), scene.time()));
    assert_eq!(scene.until(900), ["30 hook: new disk@db01=CRITICAL"]);
    assert_eq!(scene.until(1_100), ["1030 hook: new disk@web01=CRITICAL"], "it is over, and the disk is full");
    assert_eq!(scene.alerts.silences().count(), 0);
}

#[test]
fn what_is_resolved_in_silence_is_told_behind_it() {
    let mut scene = Scene::new(ONE_HOOK);
    scene.see("disk", "web01", Critical);
    scene.until(60);
    scene.alerts.silence(silence(&scene, "WEB01", 100_000));
    scene.see("disk", "web01", Ok);
    assert_eq!(scene.until(50_000), [""; 0], "neither resolved nor repeated");
    assert!(scene.alerts.end_silence("WEB01") && !scene.alerts.end_silence("WEB01"));
    scene.advance();
    assert_eq!(scene.until(51_000), ["50030 hook: resolved disk@web01=OK"]);
}

#[test]
fn a_silence_of_a_state_lets_others_through() {
    let mut scene = Scene::new(ONE_HOOK);
    let only_warnings = Matcher { states: vec![Warning], ..silence(&scene, "web*", 0).matcher };
    scene.alerts.silence(Silence { matcher: only_warnings, ..silence(&scene, "web*", 1_000) });
    scene.see("disk", "web01", Warning);
    assert_eq!(scene.until(100), [""; 0]);
    scene.see("disk", "web01", Critical);
    assert_eq!(scene.until(200), ["130 hook: new disk@web01=CRITICAL"]);
}

#[test]
fn maintenance_and_silences_of_the_file_count_too() {
    let file = format!(
        "{ONE_HOOK}
        [[silences]]
        match = {{ check = 'cpu' }}
        ends = '2026-05-01T12:30:00Z'
        author = 'ana'
        reason = 'known'
        [[maintenance]]
        name = 'patches'
        match = {{ labels = {{ role = 'web' }} }}
        cron = '10 14 * * *'
        zone = 'Europe/Berlin'
        lasts = '20m'
        "
    );
    let mut scene = Scene::new(&file);
    scene.see("cpu", "a", Critical);
    assert_eq!(scene.until(620), [""; 0]);
    scene.see_labelled("disk", "web01", Critical, &[("role", "web")]);
    scene.see_labelled("disk", "db01", Critical, &[("role", "db")]);
    let told = scene.until(3_000);
    assert_eq!(told, ["650 hook: new disk@db01=CRITICAL", "1830 hook: new cpu@a=CRITICAL, new disk@web01=CRITICAL"]);
}

fn failure(may_pass: bool) -> Failure {
    Failure { error: "connection refused\r\nX: y".to_owned(), may_pass, wait: None }
}

#[test]
fn what_fails_is_tried_again_later_and_given_up_at_last() {
    let mut scene = Scene::new(&format!("{ONE_HOOK}[retry]\ngive_up_after = '1h'\n"));
    scene.see("disk", "web01", Critical);
    scene.now = 30;
    scene.advance();
    let mut attempts: Vec<i64> = Vec::new();
    let letter = loop {
        let taken = scene.alerts.take(scene.time());
        let [(delivery, notice)] = taken.as_slice() else { panic!("{taken:?}") };
        assert_eq!((notice.id.as_str(), delivery.attempts as usize), ("t-1", attempts.len() + 1));
        assert_eq!(scene.alerts.take(scene.time()), [], "it is on its way");
        attempts.push(scene.now);
        if let Some(letter) = scene.alerts.failed(delivery, &failure(true), scene.time(), 1.0) {
            break letter;
        }
        let next = scene.alerts.wake().expect("another attempt").duration_since(scene.start).as_secs();
        scene.now = next;
    };
    assert_eq!(attempts[..5], [30, 35, 45, 65, 105]);
    assert!(attempts.windows(2).all(|pair| pair[1] - pair[0] <= 900), "{attempts:?}");
    assert!(attempts.last().is_some_and(|last| (3_630..4_600).contains(last)), "{attempts:?}");
    let DeadLetter { channel, error, attempts: count, .. } = &letter;
    assert_eq!(
        (channel.as_str(), error.as_str(), *count as usize),
        ("hook", "connection refused X: y", attempts.len())
    );
    assert_eq!(scene.alerts.outbox().dead_letters(), [letter]);
    assert_eq!(scene.alerts.outbox().waiting().len(), 0);
}

#[test]
fn a_refusal_for_good_is_not_repeated_and_a_wish_to_wait_is_heard() {
    let mut scene = Scene::new(ONE_HOOK);
    scene.see("disk", "web01", Critical);
    scene.now = 30;
    scene.advance();
    let (delivery, _) = scene.alerts.take(scene.time()).remove(0);
    let asked = Failure { wait: Some(Duration::from_secs(120)), ..failure(true) };
    assert_eq!(scene.alerts.failed(&delivery, &asked, scene.time(), 0.5), None);
    assert_eq!(scene.alerts.wake(), Some(at("2026-05-01T12:02:30Z")));
    scene.now = 150;
    let (delivery, _) = scene.alerts.take(scene.time()).remove(0);
    assert!(scene.alerts.failed(&delivery, &failure(false), scene.time(), 0.5).is_some());
    // What was resolved since then is told all the same.
    scene.see("disk", "web01", Ok);
    assert_eq!(scene.until(1_000), ["330 hook: resolved disk@web01=OK"]);
}

#[test]
fn no_notice_overtakes_another_of_its_channel() {
    let mut scene = Scene::new(ONE_HOOK);
    scene.see("disk", "web01", Critical);
    scene.now = 30;
    scene.advance();
    let (delivery, _) = scene.alerts.take(scene.time()).remove(0);
    scene.alerts.failed(
        &delivery,
        &Failure { wait: Some(Duration::from_secs(3_000)), ..failure(true) },
        scene.time(),
        0.0,
    );
    scene.now = 60;
    scene.see("disk", "web01", Ok);
    scene.now = 1_000;
    scene.advance();
    assert_eq!(scene.alerts.outbox().waiting()["hook"], 2);
    assert_eq!(scene.deliver(), [""; 0]);
    scene.now = 3_030;
    assert_eq!(scene.deliver(), ["3030 hook: new disk@web01=CRITICAL", "3030 hook: resolved disk@web01=OK"]);
}

#[test]
fn notices_for_a_channel_that_is_gone_are_given_up_and_told() {
    let mut scene = Scene::new(ONE_HOOK);
    scene.see("disk", "web01", Critical);
    scene.now = 30;
    scene.advance();
    scene.alerts.replace(rules(&ONE_HOOK.replace("hook]", "other]").replace("'hook'", "'other'")));
    let letters = scene.advance();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].error.contains("no such channel"), "{letters:?}");
    assert_eq!(scene.advance(), []);
}

#[test]
fn an_outbox_is_not_endless() {
    let mut scene =
        Scene::new(&format!("{ONE_HOOK}group_wait = '1s'\ngroup_interval = '1s'\n[flapping]\nchanges = 0\n"));
    let mut letters = Vec::new();
    for round in 0..1_010_i64 {
        scene.now = round * 10;
        scene.see("disk", "web01", if round % 2 == 0 { Critical } else { Ok });
        scene.now += 5;
        letters.extend(scene.advance());
    }
    assert_eq!(scene.alerts.outbox().waiting()["hook"], 1_000);
    assert_eq!(letters.len(), 10);
    assert_eq!((letters[0].notice.as_str(), letters[9].notice.as_str()), ("t-1", "t-10"), "the oldest");
    assert_eq!(Retry::default(), scene.alerts.rules().retry);
}
