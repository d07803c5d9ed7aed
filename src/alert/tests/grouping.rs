use super::{ONE_HOOK, Scene, subject};
use crate::check::State::{Critical, Ok, Unknown, Warning};

#[test]
fn what_comes_together_is_told_together_and_once() {
    let mut scene = Scene::new(ONE_HOOK);
    scene.see("disk", "web01", Critical);
    assert_eq!(scene.until(20), [""; 0]);
    scene.see("disk", "web02", Warning);
    scene.see("disk", "web03", Ok);
    assert_eq!(scene.until(300), ["30 hook: new disk@web01=CRITICAL, new disk@web02=WARNING"]);
    scene.see("disk", "web01", Critical);
    assert_eq!(scene.until(1_000), [""; 0], "the same again is nothing new");
}

#[test]
fn changes_are_named_and_told_after_the_interval() {
    let mut scene = Scene::new(ONE_HOOK);
    scene.see("disk", "web01", Warning);
    scene.see("cpu", "web01", Critical);
    assert_eq!(scene.until(30), ["30 hook: new cpu@web01=CRITICAL, new disk@web01=WARNING"]);
    scene.see("disk", "web01", Critical);
    scene.see("cpu", "web01", Unknown);
    scene.see("mem", "web09", Warning);
    assert_eq!(scene.until(329), [""; 0]);
    let both = "330 hook: worse disk@web01=CRITICAL, better cpu@web01=UNKNOWN, new mem@web09=WARNING";
    assert_eq!(scene.until(700), [both]);
    scene.see("disk", "web01", Ok);
    assert_eq!(scene.until(731), ["730 hook: resolved disk@web01=OK"]);
    scene.see("cpu", "web01", Ok);
    scene.see("mem", "web09", Ok);
    assert_eq!(scene.until(2_000), ["1030 hook: resolved cpu@web01=OK, resolved mem@web09=OK"]);
    assert_eq!(scene.alerts.ledger().groups.len(), 0, "nothing is left to remember");
    assert_eq!(scene.until(100_000), [""; 0]);
    assert_eq!(scene.alerts.subjects().count(), 0);
}

#[test]
fn what_has_passed_before_anybody_was_told_is_not_told() {
    let mut scene = Scene::new(ONE_HOOK);
    scene.see("disk", "web01", Critical);
    scene.until(20);
    scene.see("disk", "web01", Ok);
    assert_eq!(scene.until(10_000), [""; 0]);
    scene.see("disk", "web01", Critical);
    assert_eq!(scene.until(10_030), ["10030 hook: new disk@web01=CRITICAL"]);
    scene.see("disk", "web01", Ok);
    scene.until(10_100);
    scene.see("disk", "web01", Critical);
    assert_eq!(scene.until(11_000), [""; 0], "as it was told");
}

#[test]
fn what_is_not_resolved_is_told_again() {
    let mut scene = Scene::new(&format!("{ONE_HOOK}repeat_interval = '1h'\n"));
    scene.see("disk", "web01", Critical);
    scene.see("disk", "web02", Warning);
    let again = |second: i64| format!("{second} hook: still disk@web01=CRITICAL, still disk@web02=WARNING");
    let first = "30 hook: new disk@web01=CRITICAL, new disk@web02=WARNING".to_owned();
    assert_eq!(scene.until(7_300), [first, again(3_630), again(7_230)]);
    scene.see("disk", "web02", Ok);
    assert_eq!(
        scene.until(12_000),
        ["7530 hook: resolved disk@web02=OK", "11130 hook: still disk@web01=CRITICAL"],
        "the wait begins with each notice"
    );
}

#[test]
fn groups_part_what_routes_do_not() {
    let mut scene = Scene::new(&format!("{ONE_HOOK}group_by = ['check', 'label:site']\ngroup_wait = '10s'\n"));
    scene.see_labelled("disk", "web01", Critical, &[("site", "ber")]);
    scene.see_labelled("disk", "web02", Critical, &[("site", "muc")]);
    scene.see_labelled("cpu", "web02", Critical, &[("site", "muc")]);
    scene.see_labelled("disk", "web03", Critical, &[("site", "ber")]);
    assert_eq!(
        scene.until(60),
        [
            "10 hook: new cpu@web02=CRITICAL",
            "10 hook: new disk@web01=CRITICAL, new disk@web03=CRITICAL",
            "10 hook: new disk@web02=CRITICAL"
        ]
    );
}

const TWO: &str = "
[channels.pager]
kind = 'command'
command = 'page'
[channels.mail]
kind = 'command'
command = 'mail'

[[routes]]
match = { check = 'disk*', host = '*.dmz' }
to = ['pager', 'mail']
states = ['critical']
continue = true
[[routes]]
match = { check = ['disk*', 'dirty*'] }
to = 'mail'
[[routes]]
to = 'pager'
";

#[test]
fn the_first_route_counts_unless_it_says_otherwise() {
    let mut scene = Scene::new(TWO);
    scene.see("disk", "a.dmz", Critical);
    scene.see("disk", "a", Critical);
    scene.see("cpu", "a", Critical);
    assert_eq!(
        scene.until(60),
        [
            "30 mail: new disk@a.dmz=CRITICAL",
            "30 pager: new disk@a.dmz=CRITICAL",
            "30 mail: new disk@a=CRITICAL, new disk@a.dmz=CRITICAL",
            "30 pager: new cpu@a=CRITICAL",
        ]
    );
}

#[test]
fn what_leaves_the_states_of_a_route_is_resolved_there() {
    let mut scene = Scene::new(TWO);
    scene.see("disk", "a.dmz", Warning);
    assert_eq!(scene.until(60), ["30 mail: new disk@a.dmz=WARNING"]);
    scene.see("disk", "a.dmz", Critical);
    let told = scene.until(400);
    assert_eq!(told.len(), 3, "{told:?}");
    scene.see("disk", "a.dmz", Warning);
    let told = scene.until(1_000);
    assert!(told.contains(&"430 pager: resolved disk@a.dmz=WARNING".to_owned()), "{told:?}");
    assert!(told.iter().any(|told| told.ends_with("mail: better disk@a.dmz=WARNING")), "{told:?}");
    scene.see("disk", "a.dmz", Ok);
    assert_eq!(scene.until(2_000), ["1030 mail: resolved disk@a.dmz=OK"]);
}

#[test]
fn what_a_route_has_told_is_resolved_when_it_is_gone() {
    let mut scene = Scene::new(TWO);
    scene.see("cpu", "a", Critical);
    scene.see("mem", "a", Critical);
    assert_eq!(scene.until(60), ["30 pager: new cpu@a=CRITICAL, new mem@a=CRITICAL"]);
    scene
        .alerts
        .replace(super::rules(&TWO.replace("[[routes]]\nto = 'pager'", "[[routes]]\nname = 'new'\nto = 'mail'")));
    assert_eq!(scene.until(120), ["90 mail: new cpu@a=CRITICAL, new mem@a=CRITICAL"]);
    scene.see("cpu", "a", Ok);
    let told = scene.until(1_000);
    assert_eq!(told, ["330 pager: resolved cpu@a=OK", "390 mail: resolved cpu@a=OK"]);
    // Of a route that is gone nothing is repeated.
    let told = scene.until(100_000);
    assert!(!told.is_empty() && told.iter().all(|told| told.contains(" mail: still mem@a")), "{told:?}");
}

#[test]
fn a_route_to_nobody_swallows_what_goes_its_way() {
    let mut scene =
        Scene::new(&TWO.replacen("[[routes]]", "[[routes]]\nmatch = { host = 'test*' }\nto = []\n[[routes]]", 1));
    scene.see("cpu", "test01", Critical);
    scene.see("cpu", "a", Critical);
    assert_eq!(scene.until(60), ["30 pager: new cpu@a=CRITICAL"]);
    assert_eq!(scene.alerts.outbox().notices().count(), 0);
}

#[test]
fn a_state_that_was_found_after_the_clock_was_put_back_is_of_its_own_time() {
    let mut scene = Scene::new(ONE_HOOK);
    scene.see("disk", "web01", Critical);
    scene.now = -100_000;
    scene.see("disk", "web02", Critical);
    scene.now = -99_970;
    scene.advance();
    let notices: Vec<_> = scene.alerts.outbox().notices().collect();
    let since: Vec<_> = notices[0].items.iter().map(|item| item.since.duration_since(scene.start).as_secs()).collect();
    assert_eq!(since, [-100_000, -100_000]);
}

#[test]
fn what_is_not_checked_any_more_is_resolved() {
    let mut scene = Scene::new(ONE_HOOK);
    scene.see("disk", "web01", Critical);
    scene.until(60);
    scene.alerts.withdraw(subject("disk", "web01"), scene.time());
    scene.advance();
    assert_eq!(scene.until(1_000), ["330 hook: resolved disk@web01=OK"]);
}

#[test]
fn what_comes_and_goes_is_told_once_and_resolved_when_it_is_calm() {
    let mut scene = Scene::new(&format!("{ONE_HOOK}[flapping]\nchanges = 4\nwindow = '30m'\n"));
    let mut told = Vec::new();
    for minute in 0..60_i64 {
        told.extend(scene.until(minute * 60));
        scene.see("disk", "web01", if minute % 4 < 2 { Critical } else { Ok });
    }
    told.extend(scene.until(20_000));
    let last = told.pop().expect("resolved");
    assert!(last.ends_with("hook: resolved disk@web01=OK"), "{told:?} {last}");
    // Until it counts as flapping it may be told: that takes four changes, eight minutes.
    let early = |told: &String| told.split(' ').next().and_then(|second| second.parse::<i64>().ok()) < Some(600);
    assert!(told.iter().all(early), "{told:?}");
    assert!(told.len() <= 3, "{told:?}");
    let resolved: i64 = last.split(' ').next().and_then(|second| second.parse().ok()).expect("a second");
    assert!(resolved > 58 * 60 + 15 * 60, "calm for a while: {resolved}");
}

#[test]
fn a_clock_that_was_put_back_delays_nothing() {
    let mut scene = Scene::new(ONE_HOOK);
    scene.see("disk", "web01", Critical);
    scene.until(20);
    scene.now = -100_000;
    scene.advance();
    assert_eq!(scene.until(-99_980), ["-99990 hook: new disk@web01=CRITICAL"]);
    scene.now = -500_000;
    scene.see("disk", "web01", Ok);
    let told = scene.until(-499_000);
    assert_eq!(told, ["-499710 hook: resolved disk@web01=OK"]);
}
