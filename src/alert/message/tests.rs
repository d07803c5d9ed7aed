use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::super::{Change, Item, MailSettings, MailTls, Notice, Observation, Subject};
use super::{Digest, command, json, mail, slack, teams};
use crate::check::State;

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn item(change: Change, check: &str, host: &str, state: State, text: &str) -> Item {
    // As it comes into a notice: cleaned.
    let seen = Observation {
        subject: Subject { check: check.to_owned(), host: host.to_owned() },
        state,
        text: text.to_owned(),
        at: at("2026-05-01T12:00:00Z"),
        labels: BTreeMap::from([("site".to_owned(), "ber".to_owned())]),
        owner: Some("storage team".to_owned()),
        runbook: Some("https://wiki.contoso.com/disk?a=1&b=2".to_owned()),
    }
    .cleaned();
    let Observation { subject, state, text, at: since, labels, owner, runbook } = seen;
    let was = (change != Change::New).then_some(State::Warning);
    Item { subject, change, state, was, since, text, labels, owner, runbook, flapping: false }
}

fn notice(items: Vec<Item>) -> Notice {
    let group = BTreeMap::from([("check".to_owned(), "disk-space".to_owned())]);
    Notice { id: "t-7".to_owned(), at: at("2026-05-01T12:00:30Z"), route: "all".to_owned(), group, items, open: 3 }
}

fn settings() -> MailSettings {
    MailSettings {
        server: "smtp.contoso.com".to_owned(),
        port: 587,
        tls: MailTls::StartTls,
        from: "psfleet@contoso.com".to_owned(),
        to: vec!["ops@contoso.com".to_owned()],
        logon: None,
    }
}

fn sample() -> Notice {
    let mut items: Vec<Item> = ["web01", "web02", "web03"]
        .map(|host| item(Change::New, "disk-space", host, State::Critical, "C: has 3 % free"))
        .into();
    items.push(item(Change::Still, "cpu-load", "db01", State::Warning, "82 %"));
    items.push(item(Change::Resolved, "services", "web09", State::Ok, "all run"));
    notice(items)
}

#[test]
fn hosts_that_say_the_same_stand_on_one_line() {
    let digest = Digest::of(&sample());
    assert_eq!(digest.headline, "CRITICAL: 2 checks on 4 hosts");
    let titles: Vec<_> = digest.lines.iter().map(|line| line.title()).collect();
    assert_eq!(
        titles,
        ["CRITICAL: disk-space on web[01-03]", "STILL WARNING: cpu-load on db01", "RESOLVED: services on web09"]
    );
    let alone = Digest::of(&notice(vec![item(Change::Resolved, "disk-space", "web01", State::Ok, "fine")]));
    assert_eq!(alone.headline, "RESOLVED: disk-space on web01");
    let still = Digest::of(&notice(vec![item(Change::Still, "disk-space", "web01", State::Unknown, "?")]));
    assert_eq!(still.headline, "STILL UNKNOWN: disk-space on web01");
    let many = (0..50).map(|number| {
        item(Change::Worse, "disk-space", &format!("web{number:02}"), State::Critical, &format!("{number} % free"))
    });
    let many = Digest::of(&notice(many.collect()));
    assert_eq!(many.lines.len(), 1);
    assert_eq!(many.lines[0].title(), "CRITICAL (worse): disk-space on web[00-49]");
    assert_eq!(many.lines[0].text, "for example web00: 0 % free");
}

#[test]
fn json_is_as_documented() {
    let json = json(&sample());
    let keys = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).expect("an object");
    assert_eq!(
        keys(&json),
        ["v", "type", "id", "t", "route", "group", "state", "resolved", "headline", "open", "counts", "items"]
    );
    assert_eq!((&json["v"], &json["id"], &json["state"]), (&1.into(), &"t-7".into(), &"critical".into()));
    assert_eq!(json["t"], "2026-05-01T12:00:30.000Z");
    assert_eq!(json["counts"].to_string(), r#"{"new":3,"worse":0,"better":0,"still":1,"resolved":1}"#);
    let names = ["change", "check", "host", "state", "was", "since", "text", "labels", "owner", "runbook", "flapping"];
    assert_eq!(keys(&json["items"][0]), names);
    assert_eq!((&json["items"][0]["was"], &json["items"][3]["was"]), (&Value::Null, &"warning".into()));
}

#[test]
fn slack_has_blocks_and_a_link() {
    let slack = slack(&sample());
    assert_eq!(slack["text"], "CRITICAL: 2 checks on 4 hosts");
    let kinds: Vec<_> = slack["blocks"].as_array().expect("blocks").iter().map(|block| block["type"].clone()).collect();
    assert_eq!(kinds[..4], ["header", "section", "context", "section"]);
    assert_eq!(
        slack["blocks"][1]["text"]["text"],
        "CRITICAL: disk-space on web[01-03]\nC: has 3 % free\nOwner: storage team"
    );
    assert_eq!(slack["blocks"][2]["elements"][0]["text"], "<https://wiki.contoso.com/disk?a=1&amp;b=2|Runbook>");
}

#[test]
fn teams_has_a_card_with_buttons() {
    let teams = teams(&sample());
    assert_eq!(teams["type"], "message");
    let attachment = &teams["attachments"][0];
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    let card = &attachment["content"];
    assert_eq!((&card["type"], &card["version"]), (&"AdaptiveCard".into(), &"1.4".into()));
    assert_eq!(card["body"][0]["inlines"][0]["text"], "CRITICAL: 2 checks on 4 hosts");
    assert_eq!(card["actions"].as_array().map(Vec::len), Some(1), "one runbook, one button");
    assert_eq!(card["actions"][0]["url"], "https://wiki.contoso.com/disk?a=1&b=2");
}

#[test]
fn mail_says_it_twice_and_stands_in_its_thread() {
    let first = mail(&sample(), &settings());
    assert_eq!(first.subject, "CRITICAL: 2 checks on 4 hosts");
    assert_eq!(first.message_id, "t-7@contoso.com");
    let second = mail(&Notice { id: "t-9".to_owned(), ..sample() }, &settings());
    assert_eq!(first.thread_id, second.thread_id);
    let elsewhere = mail(&Notice { route: "other".to_owned(), ..sample() }, &settings());
    assert_ne!(first.thread_id, elsewhere.thread_id);
    for text in ["web[01-03]", "C: has 3 % free", "storage team", "Since"] {
        assert!(first.text.contains(text) && first.html.contains(text), "{text}: {} {}", first.text, first.html);
    }
    assert!(first.html.contains("<a href=\"https://wiki.contoso.com/disk?a=1&amp;b=2\">"), "{}", first.html);
}

#[test]
fn a_program_has_it_in_variables_and_as_json() {
    let call = command(&sample());
    let variables: BTreeMap<_, _> = call.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(variables["PSFLEET_ALERT_HOSTS"], "db01,web01,web02,web03,web09");
    assert_eq!((variables["PSFLEET_ALERT_STATE"], variables["PSFLEET_ALERT_RESOLVED"]), ("critical", "0"));
    let read: Value = serde_json::from_str(&call.stdin).expect("JSON");
    assert_eq!(read, json(&sample()));
    assert_eq!(call.stdin.matches('\n').count(), 1, "one line");
}

#[test]
fn a_runbook_that_is_no_address_is_no_link() {
    for runbook in ["javascript:alert(1)", "wiki page 7", "file:///etc/passwd", "https://"] {
        let odd = Item { runbook: Some(runbook.to_owned()), ..item(Change::New, "a", "b", State::Warning, "c") };
        let notice = notice(vec![odd]);
        assert!(!slack(&notice).to_string().contains("mrkdwn"), "{runbook}");
        assert_eq!(
            teams(&notice)["attachments"][0]["content"]["actions"].as_array().map(Vec::len),
            Some(0),
            "{runbook}"
        );
        assert!(!mail(&notice, &settings()).html.contains("<a "), "{runbook}");
    }
}

/// All texts of a JSON value with the kind of object that each stands in.
fn texts<'a>(value: &'a Value, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::Object(map) => {
            let kind = map.get("type").and_then(Value::as_str).unwrap_or_default();
            found.extend(map.get("text").and_then(Value::as_str).map(|text| (kind, text)));
            map.values().for_each(|value| texts(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// Texts as hostile hosts send them.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = [
        "<!channel> ",
        "<https://evil.example|ok>",
        "&amp;",
        "*b*",
        "[a](https://evil.example)",
        "<script>x</script>",
        "\u{1b}[2J",
        "\r\nBcc: x@evil.example\r\n",
        "\u{202e}",
        "\0",
        "{{DATE(2017-02-14T06:08:39Z)}}",
        "${x}",
        "@everyone",
        "\"'>",
        "ü😀",
    ];
    let piece =
        prop_oneof![(0..pieces.len()).prop_map(move |index| pieces[index].to_owned()), "\\PC{0,20}", any::<String>()];
    (proptest::collection::vec(piece, 0..6), 1..80_usize).prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

fn hostile_notice() -> impl Strategy<Value = Notice> {
    let state = prop_oneof![Just(State::Warning), Just(State::Critical), Just(State::Unknown)];
    let change = (0..Change::ALL.len()).prop_map(|index| Change::ALL[index]);
    let item = (change, hostile(), hostile(), state, hostile(), hostile()).prop_map(
        |(change, check, host, state, text, runbook)| {
            let runbook = Some(super::super::observation::clean_line(&format!("https://x/{runbook}")));
            Item { runbook, ..item(change, &check, &host, state, &text) }
        },
    );
    proptest::collection::vec(item, 1..30).prop_map(notice)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_text_of_a_host_is_markup_or_too_long(notice in hostile_notice()) {
        let body = slack(&notice);
        let blocks = body["blocks"].as_array().expect("blocks");
        prop_assert!(blocks.len() <= 50);
        let mut found = Vec::new();
        texts(&body["blocks"], &mut found);
        for (kind, text) in &found {
            match *kind {
                "plain_text" => prop_assert!((1..=3_000).contains(&text.chars().count())),
                "mrkdwn" => prop_assert!(text.starts_with("<http") && text.ends_with("|Runbook>") && text.matches(['<', '>', '|']).count() == 3, "{text}"),
                other => prop_assert!(false, "{other}"),
            }
        }
        let length: usize = found.iter().map(|(_, text)| text.chars().count()).sum();
        prop_assert!(length <= 13_000, "{length}");
        prop_assert!(blocks[0]["text"]["text"].as_str().is_some_and(|text| text.chars().count() <= 150));
        prop_assert!(!body["text"].as_str().is_some_and(|text| text.contains(['<', '>'])));

        let message = teams(&notice);
        prop_assert!(message.to_string().len() <= 20_000);
        let mut found = Vec::new();
        texts(&message, &mut found);
        prop_assert!(found.iter().all(|(kind, _)| *kind == "TextRun"));

        let mail = mail(&notice, &settings());
        prop_assert!(!mail.subject.chars().any(char::is_control) && mail.subject.chars().count() <= 150);
        prop_assert!(!mail.text.chars().any(|character| character.is_control() && character != '\n'));
        let tags = foreign_tags(&mail.html);
        prop_assert!(tags.is_empty(), "{tags:?}");

        let call = command(&notice);
        for (_, value) in &call.environment {
            prop_assert!(!value.chars().any(char::is_control) && value.chars().count() <= 2_000);
        }
        prop_assert!(!json(&notice).to_string().contains("\\u00"), "no control characters");
    }
}

/// The tags of a page that are not among those that we write.
fn foreign_tags(page: &str) -> Vec<String> {
    let ours = ["!DOCTYPE", "html", "head", "meta", "title", "body", "h2", "div", "b", "br", "small", "p", "a"];
    let begins = page.match_indices('<').map(|(at, _)| &page[at + 1..]);
    let names = begins.map(|rest| rest.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default().to_owned());
    names.filter(|name| !ours.contains(&name.as_str())).collect()
}
