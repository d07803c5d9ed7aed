//! The rules as a file has them: tables `channels`, `routes`, `silences`, `maintenance`, `flapping`, `retry`.
//!
//! ```toml
//! [channels.storage]
//! kind = "webhook"                  # webhook, mail, command
//! shape = "slack"                   # json, slack, teams
//! url_from = "env:SLACK_URL"        # or url = "https://..."
//!
//! [channels.mail]
//! kind = "mail"
//! server = "smtp.contoso.com"       # port = 587, tls = "starttls" | "tls" | "none"
//! from = "psfleet@contoso.com"
//! to = ["ops@contoso.com"]          # user = "...", password_from = "file:smtp"
//!
//! [channels.ticket]
//! kind = "command"
//! command = ["/usr/local/bin/ticket", "--new"]
//!
//! [[routes]]                        # the first that fits counts; without a match it fits all
//! match = { owner = "storage*", check = ["disk-*", "dirty-volumes"], labels = { site = "ber" } }
//! states = ["critical"]             # which states are told; default: all
//! to = "storage"
//! group_by = ["check"]              # check, host, owner, label:KEY; default: one notice for all
//! group_wait = "30s"                # group_interval = "5m", repeat_interval = "4h"
//! continue = true                   # the routes behind it are looked at, too
//!
//! [[silences]]
//! match = { host = "web*" }
//! ends = "2026-12-01T06:00:00+01:00"
//! author = "ana"
//! reason = "new switches"
//!
//! [[maintenance]]
//! name = "patches"
//! cron = "0 22 * * SAT"
//! zone = "Europe/Berlin"
//! lasts = "4h"
//! ```
//!
//! Every mistake is noted with its place; reading goes on.

mod channels;
mod routes;
mod silences;
mod table;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::tz::TimeZoneDatabase;

use self::table::{Reader, Table};
use super::rules::{Flapping, Retry, Rules};
use crate::config::{Node, Problem};

const KEYS: [&str; 6] = ["channels", "routes", "silences", "maintenance", "flapping", "retry"];

/// Reads the rules of a file.
///
/// # Errors
/// All mistakes, each with its place: unknown keys with the nearest known one, routes to channels that are none, values
/// that cannot be read.
pub fn read_rules(node: &Node, file: &Path, zones: &TimeZoneDatabase) -> Result<Rules, Vec<Problem>> {
    let mut reader = Reader::new(file, zones);
    let mut rules = Rules::default();
    if let Some(mut table) = reader.table(node, "") {
        let channels = channels::read(&mut reader, &mut table, &mut rules);
        routes::read(&mut reader, &mut table, &mut rules, &channels);
        silences::read(&mut reader, &mut table, &mut rules);
        rules.flapping = flapping(&mut reader, &mut table);
        rules.retry = retry(&mut reader, &mut table);
        reader.finish(table, &KEYS);
    }
    match reader.problems.is_empty() {
        true => Ok(rules),
        false => Err(reader.sorted()),
    }
}

fn flapping(reader: &mut Reader<'_>, table: &mut Table) -> Flapping {
    let mut flapping = Flapping::default();
    if let Some(mut table) = reader.inner(table, "flapping") {
        flapping.changes = reader.count(&mut table, "changes").unwrap_or(flapping.changes);
        flapping.window = reader.duration(&mut table, "window").unwrap_or(flapping.window);
        reader.finish(table, &["changes", "window"]);
    }
    flapping
}

fn retry(reader: &mut Reader<'_>, table: &mut Table) -> Retry {
    let mut retry = Retry::default();
    if let Some(mut table) = reader.inner(table, "retry") {
        retry.first = reader.duration(&mut table, "first").unwrap_or(retry.first);
        retry.longest = reader.duration(&mut table, "longest").unwrap_or(retry.longest);
        retry.give_up_after = reader.duration(&mut table, "give_up_after").unwrap_or(retry.give_up_after);
        reader.finish(table, &["first", "longest", "give_up_after"]);
    }
    retry
}

/// Names that appear more than once.
fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(*name)).collect()
}
