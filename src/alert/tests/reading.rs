use std::time::Duration;

use super::super::{ChannelKind, GroupBy, MailTls, Shape};
use super::{at, read, rules};
use crate::check::State;

const ALL: &str = r#"
[channels.storage]
kind = "webhook"
shape = "slack"
url_from = "env:SLACK_URL"
timeout = "3s"

[channels.ops]
kind = "mail"
server = "smtp.contoso.com"
from = "psfleet@contoso.com"
to = ["ops@contoso.com", "night@contoso.com"]
user = "psfleet"
password_from = "file:smtp"

[channels.ticket]
kind = "command"
command = ["/usr/local/bin/ticket", "--new"]

[[routes]]
match = { owner = "storage*", check = ["disk-*"], labels = { site = ["ber", "muc"] } }
states = ["critical", "UNKNOWN"]
to = ["storage", "ticket"]
group_by = ["check", "label:site"]
group_wait = "10s"
continue = true

[[routes]]
to = "ops"

[[silences]]
match = { host = "web*" }
zone = "Europe/Berlin"
ends = "2026-12-01 06:00"
author = "ana"
reason = "new switches"

[[maintenance]]
name = "patches"
match = { labels = { role = "web" } }
cron = "0 22 * * SAT"
zone = "Europe/Berlin"
lasts = "4h"

[flapping]
changes = 0
[retry]
longest = "5m"
"#;

#[test]
fn everything_is_read() {
    let rules = rules(ALL);
    assert!(matches!(&rules.channels["storage"].kind, ChannelKind::Webhook { shape: Shape::Slack, .. }));
    assert_eq!(rules.channels["storage"].timeout, Duration::from_secs(3));
    let ChannelKind::Mail(mail) = &rules.channels["ops"].kind else { panic!("mail") };
    assert_eq!((mail.port, mail.tls, mail.to.len(), mail.logon.is_some()), (587, MailTls::StartTls, 2, true));
    let [first, second] = rules.routes.as_slice() else { panic!("two") };
    assert_eq!(first.matcher.states, [State::Critical, State::Unknown]);
    assert_eq!(first.group_by, [GroupBy::Check, GroupBy::Label("site".to_owned())]);
    assert_eq!((first.timing.group_wait, first.goes_on), (Duration::from_secs(10), true));
    let name = "check=disk-* owner=storage* site=ber|muc state=critical|unknown to storage, ticket";
    assert_eq!((first.name.as_str(), second.name.as_str()), (name, "everything to ops"));
    assert_eq!(rules.silences[0].ends, at("2026-12-01T05:00:00Z"));
    assert_eq!(rules.maintenance[0].schedule.to_string(), "0 22 * * SAT Europe/Berlin");
    assert_eq!((rules.flapping.changes, rules.retry.longest), (0, Duration::from_secs(300)));
    assert!(!format!("{rules:?}").contains("hooks.example"));
    assert!(read("").is_ok_and(|rules| rules.routes.is_empty()));
}

#[test]
fn a_secret_address_is_not_shown() {
    let rules = rules(super::ONE_HOOK);
    let shown = format!("{rules:?}");
    assert!(shown.contains("<secret>") && !shown.contains("hooks.example"), "{shown}");
    let problems = read("[channels.a]\nkind = 'webhook'\nurl = 'hooks.example/T0KEN'\n").expect_err("no address");
    assert!(!format!("{problems:?}").contains("T0KEN"), "{problems:?}");
}

/// All mistakes of a file: line, path, message and hint of each.
#[track_caller]
fn mistakes(toml: &str, expected: &[&str]) {
    let problems = read(toml).expect_err("mistakes");
    let shown: Vec<String> = problems
        .iter()
        .map(|problem| {
            let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("{} {}: {}{hint}", problem.at.line, problem.path, problem.message)
        })
        .collect();
    assert_eq!(shown, expected, "{shown:#?}");
}

#[test]
fn all_mistakes_come_at_once_with_their_lines() {
    mistakes(
        r#"[channels.a]
kind = "webhok"
[channels.b]
kind = "mail"
server = 5
from = "ops@contoso.com\r\nBcc: x@y"
tls = "ssl"
[channels.c]
kind = "webhook"
url = "ftp://x"
shap = "slack"
[[routes]]
match = { hosts = "web*" }
states = ["critcal", "ok"]
to = ["b", "slak"]
group_by = "site"
group_wait = "30"
[chanels.d]
"#,
        &[
            "2 channels > a > kind: 'webhok' is not one of webhook, mail, command",
            "3 channels > b: 'to' is missing",
            "6 channels > b: 'ops@contoso.com\\r\\nBcc: x@y' is not a mail address (write a plain address such as \
             ops@contoso.com)",
            "7 channels > b > tls: 'ssl' is not one of starttls, tls, none",
            "10 channels > c > url: this is not an address of the web; it begins with https:// or http://",
            "11 channels > c: unknown key 'shap' (did you mean 'shape'?)",
            "13 routes > 1 > match: unknown key 'hosts' (did you mean 'host'?)",
            "14 routes > 1 > states: 'critcal' is not a state; write ok, warning, critical or unknown",
            "14 routes > 1 > states: 'ok' is not a state that is told (what is well is told as resolved, whatever \
             stands here)",
            "15 routes > 1 > to: there is no channel 'slak' (write [channels.slak])",
            "16 routes > 1 > group_by: 'site' is not what alerts are grouped by (write check, host, owner or label:KEY)",
            "17 routes > 1 > group_wait: '30' is not a duration; write a number and a unit such as 500ms, 15s, 10m or 2h",
            "18 : unknown key 'chanels' (did you mean 'channels'?)",
        ],
    );
}

#[test]
fn times_and_zones_are_read_with_care() {
    mistakes(
        r#"[[silences]]
ends = "tomorrow"
author = "ana"
reason = "x"
[[silences]]
match = { host = "a" }
starts = "2026-12-02T00:00:00Z"
ends = "2026-12-01T00:00:00Z"
author = "ana"
[[silences]]
match = { host = "a" }
zone = "Europe/Berln"
ends = "2026-12-01 06:00"
author = "ana"
reason = "x"
[[maintenance]]
cron = "0 0 30 2 *"
lasts = "4x"
"#,
        &[
            "1 silences > 1: a silence without a match would silence everything (write what it is about, such as \
             match = { host = \"web*\" }; host = \"*\" is everything)",
            "2 silences > 1 > ends: 'tomorrow' is not an instant; write it as 2026-12-01T06:00:00+01:00, or \
             2026-12-01 06:00 with a zone",
            "5 silences > 2: 'reason' is missing",
            "5 silences > 2: this silence ends before it starts",
            "12 silences > 3 > zone: 'Europe/Berln' is not the name of a time zone (did you mean 'Europe/Berlin'?)",
            "16 maintenance > 1: 'name' is missing",
            "16 maintenance > 1: 'zone' is missing (write zone = \"Europe/Berlin\", or \"UTC\")",
            "17 maintenance > 1 > cron: '0 0 30 2 *' never comes: no month in it has such a day (look at the third and \
             fourth field, the day and the month; L is the last day of any month)",
            "18 maintenance > 1 > lasts: '4x' is not a duration; write a number and a unit such as 500ms, 15s, 10m or 2h",
        ],
    );
}

#[test]
fn what_is_not_there_is_said() {
    mistakes(
        "[channels.a]\nkind = 'webhook'\n",
        &[
            "1 channels > a: 'url' is missing (url_from = \"env:NAME\" keeps an address that holds a token out of the file)",
        ],
    );
    mistakes(
        "[channels.a]\nkind = 'command'\ncommand = 'x'\n",
        &["1 routes: there are channels, and no route leads to them (write [[routes]] and to = \"a\" below it)"],
    );
    mistakes(
        "channels = 5\nroutes = 'x'\n",
        &[
            "1 channels: expected a table (names with values), found a number",
            "2 routes: expected a list of tables, found text (write [[routes]] for each of them)",
        ],
    );
    mistakes(
        "[channels.a]\nkind = 'command'\ncommand = 'x'\n[[routes]]\nto = 'a'\n[[routes]]\nto = 'a'\n",
        &["6 routes > 2: two routes are named 'everything to a' (give it a name of its own: name = \"...\")"],
    );
}
