//! `[datetime]`, `[datetimeoffset]`, `[TimeZoneInfo]`

use std::sync::Arc;

use super::super::super::machine::TimeZone;
use super::super::cmdlets::system::zone_object;
use super::super::convert::{self, text};
use super::super::datetime::{self, DateTime, Kind, SECOND, WEEKDAYS};
use super::super::errors::ErrorRecord;
use super::super::eval::Evaluator;
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::numbers::try_parse;
use super::parse_exact;
use super::{Fault, Outcome, arg_float, arg_int, arg_text, thrown};

const DAY: i64 = 86_400 * SECOND;
/// Ticks of 1970-01-01, 1601-01-01 and 1899-12-30.
const UNIX_EPOCH: i64 = 621_355_968_000_000_000;
const FILE_EPOCH: i64 = 504_911_232_000_000_000;
const AUTOMATION_EPOCH: i64 = 599_264_352_000_000_000;
const MAX: i64 = 3_155_378_975_999_999_999;

fn unrepresentable<T>() -> Result<T, Fault> {
    thrown(
        "ArgumentOutOfRangeException",
        "The added or subtracted value results in an un-representable DateTime. (Parameter 'value')",
    )
}

/// A time, if the years have it.
fn at(ticks: Option<i64>, kind: Kind) -> Result<DateTime, Fault> {
    match ticks.filter(|ticks| (0..=MAX).contains(ticks)) {
        Some(ticks) => Ok(DateTime { ticks, kind }),
        None => unrepresentable(),
    }
}

pub(super) fn property(evaluator: &Evaluator<'_>, kind: &TypeRef, name: &str) -> Option<Val> {
    let utc = DateTime::utc(evaluator.host_time());
    let is_offset = kind.name() == "DateTimeOffset";
    let of = |time: DateTime| if is_offset { offset(time) } else { Val::DateTime(time) };
    Some(match (kind.name(), name) {
        ("TimeZoneInfo", "local") => zone_object(&evaluator.host.time_zone()),
        ("TimeZoneInfo", "utc") => zone_object(&TimeZone::UTC),
        ("TimeZoneInfo", _) => return None,
        (_, "now") => of(evaluator.now()),
        (_, "utcnow") => of(utc),
        ("DateTime", "today") => Val::DateTime(evaluator.now().date()),
        (_, "minvalue") => of(DateTime::unspecified(0)),
        (_, "maxvalue") => of(DateTime::unspecified(MAX)),
        (_, "unixepoch") => of(DateTime { ticks: UNIX_EPOCH, kind: Kind::Utc }),
        _ => return None,
    })
}

/// What `DateTimeStyles` ask for.
#[derive(Clone, Copy)]
struct Styles(i32);

impl Styles {
    fn of(value: Option<&Val>) -> Result<Self, Fault> {
        let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(Self(0)) };
        let kind = TypeRef::named("System.Globalization.DateTimeStyles");
        match convert::cast(value, &kind) {
            Ok(Val::Enum(styles)) => Ok(Self(styles.number)),
            Ok(_) => Ok(Self(0)),
            Err(record) => {
                Err(Fault::Argument(value.clone(), "System.Globalization.DateTimeStyles", record.message().to_string()))
            }
        }
    }

    fn has(self, bit: i32) -> bool {
        self.0 & bit != 0
    }

    /// A time that was read, as the styles want it.
    fn apply(self, time: DateTime, offset: i32) -> DateTime {
        let time = match time.kind {
            Kind::Unspecified if self.has(64) => DateTime { kind: Kind::Utc, ..time }.to_local(offset),
            Kind::Unspecified if self.has(32) => DateTime { kind: Kind::Local(offset), ..time },
            Kind::Unspecified => return time,
            Kind::Utc if self.has(128) => return time,
            _ => time.to_utc(offset).to_local(offset),
        };
        if self.has(16) { time.to_utc(offset) } else { time }
    }
}

fn parse_in(evaluator: &Evaluator<'_>, given: &str, styles: Option<&Val>) -> Result<Val, Fault> {
    let styles = Styles::of(styles)?;
    match parse_exact::parse_words(given, evaluator.now()) {
        Some(time) => Ok(Val::DateTime(styles.apply(time, evaluator.host.utc_offset_minutes()))),
        None => thrown("FormatException", parse_exact::not_recognized(given)),
    }
}

/// A text as .NET reads dates.
pub(super) fn parse(evaluator: &Evaluator<'_>, given: &str) -> Result<Val, Fault> {
    parse_in(evaluator, given, None)
}

/// `ParseExact(text, patterns, culture[, styles])`
fn parse_by(evaluator: &Evaluator<'_>, args: &[Val]) -> Result<Val, Fault> {
    let styles = Styles::of(args.get(3))?;
    let whole = arg_text(args, 0);
    let mut given = whole.as_str();
    if styles.has(1) {
        given = given.trim_start();
    }
    if styles.has(2) {
        given = given.trim_end();
    }
    let patterns = args.get(1).cloned().unwrap_or(Val::Null).into_items();
    let found = patterns.iter().find_map(|pattern| parse_exact::parse(given, &text(pattern), evaluator.now()));
    match found {
        Some(time @ DateTime { kind: Kind::Utc, .. }) if !styles.has(16) => Ok(Val::DateTime(time)),
        Some(time) => Ok(Val::DateTime(styles.apply(time, evaluator.host.utc_offset_minutes()))),
        None => thrown("FormatException", format!("String '{whole}' was not recognized as a valid DateTime.")),
    }
}

/// A date of an argument.
fn of_arg(args: &[Val], place: usize) -> Result<DateTime, Fault> {
    let kind = TypeRef::named("System.DateTime");
    match convert::cast(args.get(place).unwrap_or(&Val::Null), &kind)? {
        Val::DateTime(time) => Ok(time),
        _ => Ok(DateTime::unspecified(0)),
    }
}

/// `[datetime]::...`
pub(super) fn date_time(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
    let given = arg_text(args, 0);
    let offset = evaluator.host.utc_offset_minutes();
    let least = Val::DateTime(DateTime::unspecified(0));
    Ok(Some(match name {
        "parse" => parse_in(evaluator, &given, args.get(2))?,
        "parseexact" => parse_by(evaluator, args)?,
        "tryparse" => {
            let read = parse_in(evaluator, &given, args.get(2).filter(|_| args.len() == 4));
            try_parse(evaluator, read, args, least)?
        }
        "tryparseexact" => {
            let read = parse_by(evaluator, &args[..args.len().min(4)]);
            try_parse(evaluator, read, args, least)?
        }
        "daysinmonth" => {
            let (year, month) = (arg_int(args, 0)?, arg_int(args, 1)?);
            if !(1..=9999).contains(&year) {
                return thrown("ArgumentOutOfRangeException", "Year must be between 1 and 9999. (Parameter 'year')");
            }
            if !(1..=12).contains(&month) {
                return thrown(
                    "ArgumentOutOfRangeException",
                    "Month must be between one and twelve. (Parameter 'month')",
                );
            }
            Val::I32(datetime::days_in_month(year, month) as i32)
        }
        "isleapyear" => match arg_int(args, 0)? {
            year @ 1..=9999 => Val::Bool(datetime::days_in_month(year, 2) == 29),
            _ => {
                let why = "Year must be between 1 and 9999. (Parameter 'year')";
                return thrown("ArgumentOutOfRangeException", why);
            }
        },
        "fromfiletime" | "fromfiletimeutc" => {
            let since = arg_int(args, 0)?;
            if since < 0 {
                let why = "Not a valid Win32 FileTime. (Parameter 'fileTime')";
                return thrown("ArgumentOutOfRangeException", why);
            }
            let time = at(FILE_EPOCH.checked_add(since), Kind::Utc)?;
            Val::DateTime(if name == "fromfiletime" { time.to_local(offset) } else { time })
        }
        "fromoadate" => {
            let days = arg_float(args, 0)?;
            if !(-657_435.0..2_958_466.0).contains(&days) {
                return thrown("ArgumentException", "Not a legal OleAut date.");
            }
            let ticks = AUTOMATION_EPOCH.checked_add((days * DAY as f64).round() as i64);
            Val::DateTime(at(ticks, Kind::Unspecified)?)
        }
        "frombinary" => Val::DateTime(at(Some(arg_int(args, 0)? & 0x3FFF_FFFF_FFFF_FFFF), Kind::Unspecified)?),
        "specifykind" => {
            let time = of_arg(args, 0)?;
            let kind = match arg_text(args, 1).to_lowercase().as_str() {
                "utc" | "1" => Kind::Utc,
                "local" | "2" => Kind::Local(offset),
                _ => Kind::Unspecified,
            };
            Val::DateTime(DateTime { kind, ..time })
        }
        "compare" => Val::I32(of_arg(args, 0)?.ticks.cmp(&of_arg(args, 1)?.ticks) as i32),
        "equals" => Val::Bool(of_arg(args, 0)?.ticks == of_arg(args, 1)?.ticks),
        _ => return Ok(None),
    }))
}

/// Date and clock of whole numbers: year, month, day, hour, minute, second, millisecond.
fn of_numbers(numbers: &[i64]) -> Result<DateTime, Fault> {
    let number = |place: usize| numbers.get(place).copied().unwrap_or(0);
    let Some(date) = DateTime::from_date(number(0), number(1), number(2)) else {
        let why = "Year, Month, and Day parameters describe an un-representable DateTime.";
        return thrown("ArgumentOutOfRangeException", why);
    };
    let limits = [24, 60, 60, 1000];
    if (0..4).any(|place| !(0..limits[place]).contains(&number(place + 3))) {
        let why = "Hour, Minute, and Second parameters describe an un-representable DateTime.";
        return thrown("ArgumentOutOfRangeException", why);
    }
    let clock = (number(3) * 3600 + number(4) * 60 + number(5)) * SECOND + number(6) * (SECOND / 1000);
    Ok(DateTime::unspecified(date.ticks + clock))
}

/// `[datetime]::new(...)`
pub(super) fn make_date_time(args: &[Val]) -> Outcome {
    let (args, kind) = match args {
        [rest @ .., Val::Enum(kind)] if kind.type_name == "System.DateTimeKind" => (rest, kind.name.as_ref()),
        // A name stands for a kind where no number could.
        [ticks, Val::Str(kind)] => (std::slice::from_ref(ticks), kind.as_ref()),
        _ => (args, "Unspecified"),
    };
    let kind = match kind {
        _ if kind.eq_ignore_ascii_case("utc") => Kind::Utc,
        _ if kind.eq_ignore_ascii_case("local") => Kind::Local(0),
        _ => Kind::Unspecified,
    };
    let numbers = (0..args.len()).map(|place| arg_int(args, place)).collect::<Result<Vec<_>, _>>()?;
    let time = match numbers[..] {
        [] => DateTime::unspecified(0),
        [ticks] => at(Some(ticks), Kind::Unspecified)?,
        [_, _] => return Ok(None),
        _ => of_numbers(&numbers)?,
    };
    Ok(Some(Val::DateTime(DateTime { kind, ..time })))
}

/// Methods of dates.
pub(super) fn method(evaluator: &mut Evaluator<'_>, time: DateTime, name: &str, args: &[Val]) -> Outcome {
    let offset_minutes = evaluator.host.utc_offset_minutes();
    let utc = || time.to_utc(offset_minutes);
    Ok(Some(match name {
        "tofiletime" => Val::I64(utc().ticks - FILE_EPOCH),
        "tofiletimeutc" => {
            let ticks = if time.kind == Kind::Unspecified { time.ticks } else { utc().ticks };
            Val::I64(ticks - FILE_EPOCH)
        }
        "tooadate" => Val::F64((time.ticks - AUTOMATION_EPOCH) as f64 / DAY as f64),
        "tobinary" => Val::I64(time.ticks),
        "isdaylightsavingtime" => Val::Bool(false),
        "adddays" | "addhours" | "addminutes" | "addseconds" | "addmilliseconds" => {
            let unit = match name {
                "adddays" => DAY,
                "addhours" => 3600 * SECOND,
                "addminutes" => 60 * SECOND,
                "addseconds" => SECOND,
                _ => SECOND / 1000,
            };
            let ticks = arg_float(args, 0)? * unit as f64;
            Val::DateTime(at(time.ticks.checked_add(ticks.round() as i64), time.kind)?)
        }
        "getdatetimeformats" if !args.is_empty() => {
            return Err(ErrorRecord::unsupported("GetDateTimeFormats with arguments").into());
        }
        "getdatetimeformats" => {
            let patterns = ["d", "D", "f", "F", "g", "G", "m", "o", "r", "s", "t", "T", "u", "y"];
            Val::list(
                "System.String[]",
                patterns.iter().map(|pattern| Val::str(datetime::format(&time, pattern))).collect(),
            )
        }
        "addmicroseconds" => {
            let ticks = (arg_float(args, 0)? * 10.0).round() as i64;
            Val::DateTime(at(time.ticks.checked_add(ticks), time.kind)?)
        }
        "compareto" => Val::I32(time.ticks.cmp(&of_arg(args, 0)?.ticks) as i32),
        "equals" => Val::Bool(matches!(args.first(), Some(Val::DateTime(other)) if other.ticks == time.ticks)),
        "gettypecode" => Val::of_enum("System.TypeCode", "DateTime", 16),
        _ => return Ok(None),
    }))
}

const OFFSET_NAMES: [&str; 20] = [
    "DateTime",
    "UtcDateTime",
    "LocalDateTime",
    "Date",
    "Day",
    "DayOfWeek",
    "DayOfYear",
    "Hour",
    "Millisecond",
    "Microsecond",
    "Nanosecond",
    "Minute",
    "Month",
    "Offset",
    "TotalOffsetMinutes",
    "Second",
    "Ticks",
    "UtcTicks",
    "TimeOfDay",
    "Year",
];

/// A `System.DateTimeOffset` of a time that knows its distance from UTC; without it, it is in UTC.
fn offset(time: DateTime) -> Val {
    let minutes = if let Kind::Local(minutes) = time.kind { minutes } else { 0 };
    let time = DateTime { ticks: time.ticks, kind: Kind::Local(minutes) };
    let (civil, utc) = (time.civil(), time.to_utc(0));
    let int = |number: i64| Val::I32(number as i32);
    let weekday = time.weekday();
    let values = vec![
        Val::DateTime(DateTime::unspecified(time.ticks)),
        Val::DateTime(utc),
        Val::DateTime(utc.to_local(minutes)),
        Val::DateTime(DateTime::unspecified(time.date().ticks)),
        int(civil.day),
        Val::of_enum("System.DayOfWeek", WEEKDAYS[weekday], weekday as i32),
        int(time.day_of_year()),
        int(civil.hour),
        int(civil.fraction / (SECOND / 1000)),
        int(civil.fraction / 10 % 1000),
        int(civil.fraction % 10 * 100),
        int(civil.minute),
        int(civil.month),
        Val::TimeSpan(i64::from(minutes) * 60 * SECOND),
        Val::I32(minutes),
        int(civil.second),
        Val::I64(time.ticks),
        Val::I64(utc.ticks),
        Val::TimeSpan(time.time_of_day()),
        int(civil.year),
    ];
    let shown = datetime::format(&time, "MM/dd/yyyy HH:mm:ss zzz");
    let schema = Schema::new(&["System.DateTimeOffset", "System.ValueType", "System.Object"], &OFFSET_NAMES);
    Obj::typed(&schema, shown, values)
}

/// The moment of such an object.
fn moment(object: &Obj) -> DateTime {
    let ticks = object.get("Ticks").and_then(|ticks| ticks.as_int()).unwrap_or(0) as i64;
    let minutes = object.get("TotalOffsetMinutes").and_then(|minutes| minutes.as_int()).unwrap_or(0) as i32;
    DateTime { ticks, kind: Kind::Local(minutes) }
}

/// The moment of a value that stands for one; unspecified times count as local ones.
fn moment_of(evaluator: &Evaluator<'_>, value: Option<&Val>) -> Result<DateTime, Fault> {
    let local = evaluator.host.utc_offset_minutes();
    let time = match value {
        Some(Val::Object(object)) if object.type_name() == "System.DateTimeOffset" => moment(object),
        Some(Val::DateTime(time)) => *time,
        Some(other) => match parse_exact::parse_words(&text(other), evaluator.now()) {
            Some(time) => time,
            None => {
                return thrown(
                    "FormatException",
                    format!("String '{}' was not recognized as a valid DateTime.", text(other)),
                );
            }
        },
        None => DateTime::unspecified(0),
    };
    Ok(match time.kind {
        Kind::Unspecified => DateTime { ticks: time.ticks, kind: Kind::Local(local) },
        Kind::Utc => DateTime { ticks: time.ticks, kind: Kind::Local(0) },
        Kind::Local(_) => time,
    })
}

/// `[datetimeoffset]::...`
pub(super) fn date_time_offset(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
    let of_unix = |unit: i64| -> Outcome {
        let ticks = arg_int(args, 0)?.checked_mul(unit).and_then(|ticks| ticks.checked_add(UNIX_EPOCH));
        Ok(Some(offset(at(ticks, Kind::Local(0))?)))
    };
    match name {
        "fromunixtimeseconds" => of_unix(SECOND),
        "fromunixtimemilliseconds" => of_unix(SECOND / 1000),
        "parse" => Ok(Some(offset(moment_of(evaluator, args.first())?))),
        "tryparse" => {
            let read = moment_of(evaluator, args.first()).map(offset);
            try_parse(evaluator, read, args, offset(DateTime::unspecified(0))).map(Some)
        }
        "parseexact" => match parse_by(evaluator, args)? {
            time @ Val::DateTime(_) => Ok(Some(offset(moment_of(evaluator, Some(&time))?))),
            _ => Ok(None),
        },
        "compare" => {
            let ticks = |value| moment_of(evaluator, value).map(|time| time.to_utc(0).ticks);
            Ok(Some(Val::I32(ticks(args.first())?.cmp(&ticks(args.get(1))?) as i32)))
        }
        _ => Ok(None),
    }
}

/// `[datetimeoffset]::new(...)`: a date, or numbers, and at last the offset.
pub(super) fn make_offset(evaluator: &mut Evaluator<'_>, args: &[Val]) -> Outcome {
    let minutes = |ticks: i64| (ticks / (60 * SECOND)) as i32;
    match args {
        [Val::DateTime(time)] => Ok(Some(offset(moment_of(evaluator, Some(&Val::DateTime(*time)))?))),
        [Val::DateTime(time), Val::TimeSpan(ticks)] => {
            Ok(Some(offset(DateTime { ticks: time.ticks, kind: Kind::Local(minutes(*ticks)) })))
        }
        [numbers @ .., Val::TimeSpan(ticks)] => {
            let numbers = numbers.iter().map(convert::index).collect::<Result<Vec<_>, _>>()?;
            let time = match numbers[..] {
                [ticks] => at(Some(ticks), Kind::Unspecified)?,
                _ => of_numbers(&numbers)?,
            };
            Ok(Some(offset(DateTime { ticks: time.ticks, kind: Kind::Local(minutes(*ticks)) })))
        }
        _ => Ok(None),
    }
}

/// `[datetimeoffset]value`: without an offset in the text, it is in UTC.
pub(super) fn cast_offset(value: &Val) -> Outcome {
    match value {
        Val::Object(object) if object.type_name() == "System.DateTimeOffset" => Ok(Some(value.clone())),
        Val::DateTime(time) => Ok(Some(offset(*time))),
        other => match datetime::parse(&text(other)) {
            Some(time) => Ok(Some(offset(time))),
            None => {
                thrown("FormatException", format!("String '{}' was not recognized as a valid DateTime.", text(other)))
            }
        },
    }
}

pub(super) fn offset_method(evaluator: &mut Evaluator<'_>, object: &Arc<Obj>, name: &str, args: &[Val]) -> Outcome {
    let time = moment(object);
    let utc = time.to_utc(0);
    let local = evaluator.host.utc_offset_minutes();
    let in_zone = |minutes: i32| utc.to_local(minutes);
    let unit = match name {
        "adddays" => DAY,
        "addhours" => 3600 * SECOND,
        "addminutes" => 60 * SECOND,
        "addseconds" => SECOND,
        "addmilliseconds" => SECOND / 1000,
        "addticks" => 1,
        _ => 0,
    };
    if unit > 0 {
        let ticks = (arg_float(args, 0)? * unit as f64).round() as i64;
        return Ok(Some(offset(at(time.ticks.checked_add(ticks), time.kind)?)));
    }
    Ok(Some(match name {
        "addmonths" | "addyears" => {
            let months = arg_int(args, 0)?.saturating_mul(if name == "addyears" { 12 } else { 1 });
            match time.plus_months(months) {
                Some(time) => offset(time),
                None => return unrepresentable(),
            }
        }
        "add" => offset(at(time.ticks.checked_add(super::spans::of_arg(args, 0)?), time.kind)?),
        "subtract" => match args.first() {
            Some(Val::TimeSpan(ticks)) => offset(at(time.ticks.checked_sub(*ticks), time.kind)?),
            other => Val::TimeSpan(utc.ticks - moment_of(evaluator, other)?.to_utc(0).ticks),
        },
        "tounixtimeseconds" => Val::I64((utc.ticks - UNIX_EPOCH).div_euclid(SECOND)),
        "tounixtimemilliseconds" => Val::I64((utc.ticks - UNIX_EPOCH).div_euclid(SECOND / 1000)),
        "tofiletime" => Val::I64(utc.ticks - FILE_EPOCH),
        "touniversaltime" => offset(in_zone(0)),
        "tolocaltime" => offset(in_zone(local)),
        "tooffset" => offset(in_zone((super::spans::of_arg(args, 0)? / (60 * SECOND)) as i32)),
        "tostring" if !args.is_empty() => Val::str(datetime::format(&time, &arg_text(args, 0))),
        "compareto" => Val::I32(utc.ticks.cmp(&moment_of(evaluator, args.first())?.to_utc(0).ticks) as i32),
        "equals" => Val::Bool(utc.ticks == moment_of(evaluator, args.first())?.to_utc(0).ticks),
        _ => return Ok(None),
    }))
}

/// `[TimeZoneInfo]::...`
pub(super) fn time_zone(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
    let local = evaluator.host.utc_offset_minutes();
    Ok(Some(match name {
        "converttimetoutc" => Val::DateTime(of_arg(args, 0)?.to_utc(local)),
        "converttimefromutc" => Val::DateTime(of_arg(args, 0)?.to_local(local)),
        "clearcacheddata" => Val::Void,
        _ => return Ok(None),
    }))
}
