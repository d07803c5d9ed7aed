//! Get-Date, New-TimeSpan and Start-Sleep.

use std::time::Duration;

use super::super::ast::Op;
use super::super::convert::{self, cast, text};
use super::super::datetime::{self, DateTime, SECOND};
use super::super::errors::ErrorRecord;
use super::super::eval::{Evaluator, Flow, Run, Sink};
use super::super::ops;
use super::super::types::TypeRef;
use super::super::value::Val;
use super::{Bound, PerInput, Spec};

pub(super) static SPECS: [Spec; 3] = [
    Spec {
        name: "Get-Date",
        aliases: &[],
        params: &[
            "Date|LastWriteTime:datetime@0<^",
            "UnixTimeSeconds|UnixTime",
            "Year",
            "Month",
            "Day",
            "Hour",
            "Minute",
            "Second",
            "Millisecond",
            "DisplayHint",
            "Format",
            "UFormat",
            "AsUTC!",
        ],
        make: |_, bound| PerInput::boxed(bound, get_date),
    },
    Spec {
        name: "New-TimeSpan",
        aliases: &[],
        params: &[
            "Start|LastWriteTime:datetime@0<^",
            "End:datetime@1^",
            "Days",
            "Hours",
            "Minutes",
            "Seconds",
            "Milliseconds",
        ],
        make: |_, bound| PerInput::boxed(bound, new_time_span),
    },
    Spec {
        name: "Start-Sleep",
        aliases: &["sleep"],
        params: &["Seconds:double@0<^", "Milliseconds|ms^", "Duration^"],
        make: |_, bound| PerInput::boxed(bound, sleep),
    },
];

fn get_date(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let kind = TypeRef::named("System.DateTime");
    let mut time = match bound.get("Date") {
        None if bound.get("UnixTimeSeconds").is_some() => {
            let seconds = bound.get("UnixTimeSeconds").map_or(Ok(0), convert::index)?;
            let offset = evaluator.host.utc_offset_minutes();
            let epoch = DateTime { kind: datetime::Kind::Utc, ..DateTime::unspecified(UNIX_EPOCH) };
            let time = seconds.checked_mul(SECOND).and_then(|ticks| epoch.plus(ticks));
            time.unwrap_or(epoch).to_local(offset)
        }
        None => evaluator.now(),
        Some(given) => match evaluator.cast_value(given, &kind)? {
            // An offset in text becomes local time, as .NET has it.
            Val::DateTime(time) if time.kind != datetime::Kind::Unspecified && matches!(given, Val::Str(_)) => {
                let offset = evaluator.host.utc_offset_minutes();
                time.to_utc(offset).to_local(offset)
            }
            Val::DateTime(time) => time,
            _ => evaluator.now(),
        },
    };
    time = with_parts(bound, time)?;
    if bound.switch("AsUTC") {
        time = time.to_utc(evaluator.host.utc_offset_minutes());
    }
    let value = match (bound.text("Format"), bound.text("UFormat")) {
        (Some(format), _) => Val::str(named_format(evaluator, &format, time)),
        (_, Some(format)) => Val::str(super::unix_format::format(&time, &format, evaluator.host.utc_offset_minutes())),
        _ => Val::DateTime(time),
    };
    out.put(evaluator, value)
}

/// Ticks of 1970-01-01.
const UNIX_EPOCH: i64 = 621_355_968_000_000_000;

/// A format of .NET, or one of the four for names of files.
fn named_format(evaluator: &Evaluator<'_>, format: &str, time: DateTime) -> String {
    let utc = time.to_utc(evaluator.host.utc_offset_minutes());
    match format.to_lowercase().as_str() {
        "filedate" => datetime::format(&time, "yyyyMMdd"),
        "filedateuniversal" => datetime::format(&utc, "yyyyMMddZ"),
        "filedatetime" => datetime::format(&time, "yyyyMMddTHHmmssffff"),
        "filedatetimeuniversal" => datetime::format(&utc, "yyyyMMddTHHmmssffffZ"),
        _ => datetime::format(&time, format),
    }
}

fn with_parts(bound: &Bound, time: DateTime) -> Run<DateTime> {
    let civil = time.civil();
    let part = |name: &str, old: i64| bound.get(name).map_or(Ok(old), convert::index);
    let date = DateTime::from_date(part("Year", civil.year)?, part("Month", civil.month)?, part("Day", civil.day)?);
    let fraction = match bound.get("Millisecond") {
        Some(milliseconds) => convert::index(milliseconds)?.saturating_mul(SECOND / 1000),
        None => civil.fraction,
    };
    let [hours, minutes] = [part("Hour", civil.hour)?, part("Minute", civil.minute)?];
    let clock = hours.saturating_mul(60).saturating_add(minutes).saturating_mul(60);
    let clock = clock.saturating_add(part("Second", civil.second)?).saturating_mul(SECOND);
    match date.and_then(|date| date.plus(clock.saturating_add(fraction))) {
        Some(moved) => Ok(DateTime { ticks: moved.ticks, kind: time.kind }),
        None => {
            let message = "Year, Month, and Day parameters describe an un-representable DateTime.";
            let id = "ArgumentOutOfRangeException";
            Err(ErrorRecord::new("System.ArgumentOutOfRangeException", message, id, 5).into())
        }
    }
}

fn new_time_span(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let kind = TypeRef::named("System.DateTime");
    if bound.get("Start").is_some() || bound.get("End").is_some() {
        let now = Val::DateTime(evaluator.now());
        let time = |name| cast(bound.get(name).unwrap_or(&now), &kind);
        let span = ops::arithmetic(Op::Sub, &time("End")?, &time("Start")?)?;
        return out.put(evaluator, span);
    }
    let mut ticks = 0_i64;
    for (name, unit) in [
        ("Days", 86_400 * SECOND),
        ("Hours", 3600 * SECOND),
        ("Minutes", 60 * SECOND),
        ("Seconds", SECOND),
        ("Milliseconds", SECOND / 1000),
    ] {
        let number = bound.get(name).map_or(Ok(0), convert::index)?;
        ticks = ticks.saturating_add(number.saturating_mul(unit));
    }
    out.put(evaluator, Val::TimeSpan(ticks))
}

fn sleep(evaluator: &mut Evaluator<'_>, bound: &Bound, _: &mut dyn Sink) -> Run<()> {
    let number = |name: &str| -> Run<Option<f64>> {
        let Some(value) = bound.get(name) else { return Ok(None) };
        match cast(value, &TypeRef::named("System.Double"))?.as_float() {
            Some(number) if (0.0..=2_147_483_647.0).contains(&number) => Ok(Some(number)),
            _ => {
                let message = format!(
                    "Cannot validate argument on parameter '{name}'. The {} argument is not in the allowed range.",
                    text(value)
                );
                let kind = "System.Management.Automation.ParameterBindingException";
                Err(ErrorRecord::new(kind, message, "ParameterArgumentValidationError", 6).into())
            }
        }
    };
    let time = match (number("Milliseconds")?, bound.get("Duration"), number("Seconds")?) {
        (Some(milliseconds), ..) => Duration::from_secs_f64(milliseconds / 1000.0),
        (None, Some(Val::TimeSpan(ticks)), _) => Duration::from_nanos(ticks.unsigned_abs().saturating_mul(100)),
        (None, _, Some(seconds)) => Duration::from_secs_f64(seconds),
        _ => return Err(super::binding::missing("Seconds").into()),
    };
    if evaluator.runtime.sleep(time).is_break() { Err(Flow::Stopped) } else { Ok(()) }
}
