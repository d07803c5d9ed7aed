//! The properties of .NET's values.

use std::sync::Arc;

use super::super::datetime::{SECOND, WEEKDAYS};
use super::super::types::TypeRef;
use super::super::value::Val;

/// The properties that `Select-Object *` and `PSObject.Properties` list.
pub(in super::super) fn properties(value: &Val) -> Vec<(Arc<str>, Val)> {
    match value {
        Val::Object(object) => object.properties(),
        Val::Net(instance) => {
            let property = |name: Arc<str>| Some((name.clone(), instance.get(&name.to_ascii_lowercase(), None)?));
            instance.names().into_iter().filter_map(property).collect()
        }
        Val::Str(text) => vec![("Length".into(), Val::I32(text.encode_utf16().count() as i32))],
        Val::Hash(hash) => vec![("Count".into(), Val::I32(hash.len() as i32))],
        Val::DateTime(_) => named(value, &DATETIME),
        Val::TimeSpan(_) => named(value, &TIMESPAN),
        Val::Version(parts) => ["Major", "Minor", "Build", "Revision", "MajorRevision", "MinorRevision"]
            .iter()
            .filter_map(|name| Some(((*name).into(), version_part(parts, &name.to_ascii_lowercase())?)))
            .collect(),
        Val::Error(record) => super::super::errors::MEMBERS
            .iter()
            .filter_map(|name| Some(((*name).into(), record.property(name)?)))
            .collect(),
        _ => Vec::new(),
    }
}

/// A part of a version; the last one also as its two halves.
pub(super) fn version_part(parts: &[i32; 4], name: &str) -> Option<Val> {
    let revision = parts[3];
    Some(match name {
        "major" => Val::I32(parts[0]),
        "minor" => Val::I32(parts[1]),
        "build" => Val::I32(parts[2]),
        "revision" => Val::I32(revision),
        "majorrevision" => Val::I16((revision >> 16) as i16),
        "minorrevision" => Val::I16(revision as i16),
        _ => return None,
    })
}

const DATETIME: [&str; 14] = [
    "DateTime",
    "Date",
    "Day",
    "DayOfWeek",
    "DayOfYear",
    "Hour",
    "Kind",
    "Millisecond",
    "Minute",
    "Month",
    "Second",
    "Ticks",
    "TimeOfDay",
    "Year",
];

const TIMESPAN: [&str; 15] = [
    "Ticks",
    "Days",
    "Hours",
    "Milliseconds",
    "Microseconds",
    "Nanoseconds",
    "Minutes",
    "Seconds",
    "TotalDays",
    "TotalHours",
    "TotalMilliseconds",
    "TotalMicroseconds",
    "TotalNanoseconds",
    "TotalMinutes",
    "TotalSeconds",
];

fn named(value: &Val, names: &[&str]) -> Vec<(Arc<str>, Val)> {
    let property = |name: &&str| Some(((*name).into(), time_property(value, &name.to_ascii_lowercase())?));
    names.iter().filter_map(property).collect()
}

pub(super) fn type_property(kind: &TypeRef, name: &str) -> Option<Val> {
    Some(match name {
        "name" => Val::str(kind.name()),
        "fullname" => Val::Str(kind.full.clone()),
        "namespace" => Val::str(kind.full.rsplit_once('.').map_or("", |(namespace, _)| namespace)),
        "isarray" => Val::Bool(kind.full.ends_with("[]")),
        "isenum" => Val::Bool(super::super::dotnet::find_enum(&kind.full).is_some()),
        "isgenerictype" => Val::Bool(kind.full.contains('`')),
        "basetype" => kind.base().map_or(Val::Null, Val::Type),
        "isvaluetype" => Val::Bool(kind.base().is_some_and(|base| base.name() == "ValueType" || base.name() == "Enum")),
        "isprimitive" => Val::Bool(kind.is_primitive()),
        _ => return None,
    })
}

pub(super) fn time_property(value: &Val, name: &str) -> Option<Val> {
    let int = |number: i64| Some(Val::I32(number as i32));
    match value {
        Val::DateTime(time) => {
            let civil = time.civil();
            match name {
                "year" => int(civil.year),
                "month" => int(civil.month),
                "day" => int(civil.day),
                "hour" => int(civil.hour),
                "minute" => int(civil.minute),
                "second" => int(civil.second),
                "millisecond" => int(civil.fraction / (SECOND / 1000)),
                "dayofyear" => int(time.day_of_year()),
                "ticks" => Some(Val::I64(time.ticks)),
                "date" => Some(Val::DateTime(time.date())),
                // A member of PowerShell's own: the long date and the long time.
                "datetime" => Some(Val::str(super::super::datetime::format(time, "F"))),
                "timeofday" => Some(Val::TimeSpan(time.time_of_day())),
                "kind" => Some(kind_of(time.kind)),
                "dayofweek" => {
                    let day = time.weekday();
                    Some(Val::of_enum("System.DayOfWeek", WEEKDAYS[day], day as i32))
                }
                _ => None,
            }
        }
        Val::TimeSpan(ticks) => {
            let total = |unit: i64| Some(Val::F64(*ticks as f64 / unit as f64));
            match name {
                "ticks" => Some(Val::I64(*ticks)),
                "days" => int(ticks / SECOND / 86_400),
                "hours" => int(ticks / SECOND / 3600 % 24),
                "minutes" => int(ticks / SECOND / 60 % 60),
                "seconds" => int(ticks / SECOND % 60),
                "milliseconds" => int(ticks / (SECOND / 1000) % 1000),
                "microseconds" => int(ticks / 10 % 1000),
                "nanoseconds" => int(ticks % 10 * 100),
                "totalmicroseconds" => Some(Val::F64(*ticks as f64 / 10.0)),
                "totalnanoseconds" => Some(Val::F64(*ticks as f64 * 100.0)),
                "totaldays" => total(86_400 * SECOND),
                "totalhours" => total(3600 * SECOND),
                "totalminutes" => total(60 * SECOND),
                "totalseconds" => total(SECOND),
                "totalmilliseconds" => total(SECOND / 1000),
                _ => None,
            }
        }
        _ => None,
    }
}

fn kind_of(kind: super::super::datetime::Kind) -> Val {
    let (name, number) = match kind {
        super::super::datetime::Kind::Unspecified => ("Unspecified", 0),
        super::super::datetime::Kind::Utc => ("Utc", 1),
        super::super::datetime::Kind::Local(_) => ("Local", 2),
    };
    Val::of_enum("System.DateTimeKind", name, number)
}
