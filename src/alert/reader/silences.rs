//! `[[silences]]` and `[[maintenance]]`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::super::rules::Rules;
use super::super::silence::{Maintenance, Silence};
use super::repeated;
use super::routes::matcher;
use super::table::{Reader, Table};
use crate::calendar::{Schedule, find_zone};

pub(super) fn read(reader: &mut Reader<'_>, table: &mut Table, rules: &mut Rules) {
    for (number, table) in reader.tables(table, "silences").into_iter().enumerate() {
        rules.silences.extend(silence(reader, table, number + 1));
    }
    for table in reader.tables(table, "maintenance") {
        rules.maintenance.extend(maintenance(reader, table));
    }
    let names = repeated(rules.maintenance.iter().map(|maintenance| maintenance.name.as_str()));
    for name in names {
        reader.problem(table.at, "maintenance", format!("'{name}' is there twice"), None);
    }
}

fn silence(reader: &mut Reader<'_>, mut table: Table, number: usize) -> Option<Silence> {
    let (at, path) = (table.at, table.path.clone());
    let matcher = matcher(reader, &mut table);
    if matcher.is_empty() {
        let hint =
            Some("write what it is about, such as match = { host = \"web*\" }; host = \"*\" is everything".to_owned());
        reader.problem(at, &path, "a silence without a match would silence everything", hint);
    }
    let zone = zone(reader, &mut table);
    let starts_is_there = table.has("starts");
    let starts = instant(reader, &mut table, "starts", zone.as_ref());
    let starts = if starts_is_there { starts } else { Some(Timestamp::MIN) };
    let ends_is_there = table.has("ends");
    let ends = instant(reader, &mut table, "ends", zone.as_ref());
    let ends = reader.needed(&table, "ends", ends, ends_is_there);
    let author = reader.needed_text(&mut table, "author");
    let reason = reader.needed_text(&mut table, "reason");
    reader.finish(table, &["match", "states", "zone", "starts", "ends", "author", "reason"]);
    let (starts, ends) = (starts?, ends?);
    if ends <= starts {
        reader.problem(at, &path, "this silence ends before it starts", None);
    }
    Some(Silence { id: format!("file:{number}"), matcher, starts, ends, author: author?, reason: reason? })
}

fn maintenance(reader: &mut Reader<'_>, mut table: Table) -> Option<Maintenance> {
    let (at, path) = (table.at, table.path.clone());
    let name = reader.needed_text(&mut table, "name");
    let matcher = matcher(reader, &mut table);
    let zone_is_there = table.has("zone");
    let zone = zone(reader, &mut table);
    if !zone_is_there {
        let hint = Some("write zone = \"Europe/Berlin\", or \"UTC\"".to_owned());
        reader.problem(at, &path, "'zone' is missing", hint);
    }
    let line_at = table.place("cron");
    let line = reader.needed_text(&mut table, "cron");
    let lasts_is_there = table.has("lasts");
    let lasts = reader.duration(&mut table, "lasts");
    let lasts = reader.needed(&table, "lasts", lasts, lasts_is_there);
    reader.finish(table, &["name", "match", "states", "zone", "cron", "lasts"]);
    // A mistake in the line is told even if the zone has one.
    match Schedule::cron(&line?, zone.clone().unwrap_or(TimeZone::UTC)) {
        Ok(schedule) => Some(Maintenance { name: name?, matcher, schedule, lasts: zone.and(lasts)? }),
        Err(problem) => {
            reader.placed(line_at, &format!("{path} > cron"), problem);
            None
        }
    }
}

fn zone(reader: &mut Reader<'_>, table: &mut Table) -> Option<TimeZone> {
    let (at, path) = (table.place("zone"), table.below("zone"));
    let name = reader.text(table, "zone")?;
    Some(find_zone(&name, reader.zones).unwrap_or_else(|problem| {
        reader.placed(at, &path, problem);
        // The mistake is noted: what depends on the zone is none of its own.
        TimeZone::UTC
    }))
}

/// An instant: with its offset, or as the clock of a zone shows it.
fn instant(reader: &mut Reader<'_>, table: &mut Table, key: &str, zone: Option<&TimeZone>) -> Option<Timestamp> {
    reader.read(table, key, |text| {
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(instant);
        }
        let wall = text.parse::<DateTime>().map_err(|_| {
            format!(
                "'{text}' is not an instant; write it as 2026-12-01T06:00:00+01:00, or 2026-12-01 06:00 with a zone"
            )
        })?;
        let zone = zone.ok_or_else(|| {
            format!("'{text}' has no offset: add one, such as +01:00, or write zone = \"Europe/Berlin\"")
        })?;
        zone.to_timestamp(wall).map_err(|_| format!("'{text}' is out of range"))
    })
}
