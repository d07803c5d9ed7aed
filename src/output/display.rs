//! Values as people read them: dates and durations as PowerShell prints them, nested values in a short form.

use super::refs::resolve;
use crate::clixml::{self, Content, Document, Object, Single, Value};

/// Levels of nesting that are shown.
const DEPTH: usize = 4;

/// Bytes after which a nested value is cut; the whole is in json and csv.
const LIMIT: usize = 16 * 1024;

/// A value in words.
pub fn display(document: &Document, value: &Value) -> String {
    let mut out = String::new();
    push(document, value, DEPTH, &mut out);
    out
}

fn push(document: &Document, value: &Value, depth: usize, out: &mut String) {
    if out.len() > LIMIT {
        return cut(out);
    }
    let value = resolve(document, value);
    match value {
        Value::Object(object) => push_object(document, value, object, depth, out),
        Value::Bool(yes) => out.push_str(if *yes { "True" } else { "False" }),
        Value::DateTime(text) => out.push_str(&date_time(text)),
        Value::TimeSpan(text) => out.push_str(&time_span(text).unwrap_or_else(|| text.to_string())),
        scalar => out.push_str(&clixml::text(scalar)),
    }
}

fn push_object(document: &Document, value: &Value, object: &Object, depth: usize, out: &mut String) {
    match clixml::single(value) {
        Some(Single::Same(value)) => return push(document, &value, depth, out),
        Some(_) => return out.push_str(&clixml::text(value)),
        None => {}
    }
    match (&object.content, &object.to_string) {
        (Content::Value(_), Some(text)) if object.is_enum() => out.push_str(&text.to_str_lossy()),
        _ if depth == 0 => cut(out),
        (Content::Value(inner), _) => push(document, inner, depth - 1, out),
        (Content::List(_, items), _) => {
            joined(out, "{", ", ", items, |item, out| push(document, item, depth - 1, out));
        }
        (Content::Dict(entries), _) => joined(out, "@{", "; ", entries, |(key, value), out| {
            push(document, key, depth - 1, out);
            out.push('=');
            push(document, value, depth - 1, out);
        }),
        (Content::None, Some(text)) if !text.is_empty() && !is_bag(object) => out.push_str(&text.to_str_lossy()),
        (Content::None, _) => {
            let members: Vec<_> = object.props.iter().chain(&object.notes).collect();
            joined(out, "@{", "; ", &members, |(name, value), out| {
                out.push_str(name);
                out.push('=');
                push(document, value, depth - 1, out);
            });
        }
    }
}

/// A `[pscustomobject]`, whose own text is empty or made of its members anyway.
fn is_bag(object: &Object) -> bool {
    object.type_names.contains("System.Management.Automation.PSCustomObject")
}

fn joined<T>(out: &mut String, open: &str, separator: &str, items: &[T], mut push: impl FnMut(&T, &mut String)) {
    out.push_str(open);
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push_str(separator);
        }
        if out.len() > LIMIT {
            cut(out);
            break;
        }
        push(item, out);
    }
    out.push('}');
}

fn cut(out: &mut String) {
    if !out.ends_with('…') {
        out.push('…');
    }
}

/// `2026-11-22 19:51:31 +01:00`: no `T`, no fraction.
fn date_time(text: &str) -> String {
    let Some((date, time)) = text.split_once('T') else { return text.to_owned() };
    let clock = time.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(time.len());
    let (clock, rest) = time.split_at(clock);
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    if zone.is_empty() { format!("{date} {clock}") } else { format!("{date} {clock} {zone}") }
}

/// `1.02:03:04.5000000` for `P1DT2H3M4.5S`, as .NET's `c` format has it.
pub fn time_span(text: &str) -> Option<String> {
    let span = Span::read(text)?;
    let sign = if span.negative { "-" } else { "" };
    let days = if span.days > 0 { format!("{}.", span.days) } else { String::new() };
    let fraction = if span.fraction.is_empty() { String::new() } else { format!(".{:0<7}", span.fraction) };
    Some(format!("{sign}{days}{:02}:{:02}:{:02}{fraction}", span.hours, span.minutes, span.seconds))
}

/// The seconds of a duration such as `P1DT2H3M4.5S`.
pub fn span_seconds(text: &str) -> Option<f64> {
    let span = Span::read(text)?;
    let whole = (((span.days * 24) + span.hours) * 60 + span.minutes) * 60 + span.seconds;
    let fraction: f64 = format!("0.{}0", span.fraction).parse().ok()?;
    let seconds = whole as f64 + fraction;
    Some(if span.negative { -seconds } else { seconds })
}

/// The seconds of a duration or time of day as .NET writes it: `1.02:03:04.5`, `03:04`; a number alone is days.
pub fn clock_seconds(text: &str) -> Option<f64> {
    let (sign, rest) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let (clock_or_days, after) = rest.split_once(':').unwrap_or((rest, ""));
    if after.is_empty() {
        return clock_or_days.parse::<f64>().ok().map(|days| sign * days * 86_400.0);
    }
    let (days, hours) = clock_or_days.split_once('.').unwrap_or(("0", clock_or_days));
    let (minutes, seconds) = after.split_once(':').unwrap_or((after, "0"));
    let number = |text: &str| text.parse::<f64>().ok();
    Some(sign * (((number(days)? * 24.0 + number(hours)?) * 60.0 + number(minutes)?) * 60.0 + number(seconds)?))
}

/// The ticks of 100 ns of a duration such as `P1DT2H3M4.5S`; none if .NET's TimeSpan could not hold it.
pub fn span_ticks(text: &str) -> Option<i64> {
    let span = Span::read(text)?;
    let whole = (((span.days * 24) + span.hours) * 60 + span.minutes) * 60 + span.seconds;
    let fraction: i128 = format!("{:0<7.7}", span.fraction).parse().ok()?;
    let ticks = i128::from(whole) * 10_000_000 + fraction;
    i64::try_from(if span.negative { -ticks } else { ticks }).ok()
}

/// The parts of an xs:duration without years and months.
struct Span<'a> {
    negative: bool,
    days: u64,
    hours: u64,
    minutes: u64,
    seconds: u64,
    /// Digits behind the point of the seconds.
    fraction: &'a str,
}

impl<'a> Span<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (days, mut time) = rest.strip_prefix('P')?.split_once('T').unwrap_or((&rest[1..], ""));
        let days = if days.is_empty() { "" } else { days.strip_suffix('D')? };
        let mut part = |unit: char| {
            let (number, rest) = time.split_once(unit).unwrap_or(("", time));
            time = rest;
            number
        };
        let (hours, minutes, seconds) = (part('H'), part('M'), part('S'));
        let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        if !time.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // No duration of .NET has a part of more than 32 bits.
        let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u32>().ok().map(u64::from) };
        let [days, hours, minutes, seconds] = [number(days)?, number(hours)?, number(minutes)?, number(seconds)?];
        Some(Self { negative, days, hours, minutes, seconds, fraction })
    }
}

#[cfg(test)]
mod tests {
    use super::{date_time, display, span_seconds, span_ticks, time_span};
    use crate::clixml::{Content, Document, ListKind, Object, TypeNames, Value};

    #[test]
    fn dates_and_durations() {
        assert_eq!(date_time("2026-11-22T19:51:31.1234567+01:00"), "2026-11-22 19:51:31 +01:00");
        assert_eq!(date_time("2026-11-22T19:51:31Z"), "2026-11-22 19:51:31 Z");
        assert_eq!(date_time("0001-01-01T00:00:00"), "0001-01-01 00:00:00");
        for (wire, expect) in [
            ("PT0S", "00:00:00"),
            ("PT1H2.5S", "01:00:02.5000000"),
            ("-P1DT2H3M4S", "-1.02:03:04"),
            ("P3D", "3.00:00:00"),
            ("PT90M", "00:90:00"),
        ] {
            assert_eq!(time_span(wire).as_deref(), Some(expect));
        }
        assert_eq!(span_seconds("-P1DT2H3M4.5S"), Some(-93_784.5));
        assert_eq!(span_ticks("-P1DT2H3M4.0000005S"), Some(-937_840_000_005));
        assert_eq!(span_ticks("P10675199DT2H48M5.4775807S"), Some(i64::MAX));
        assert_eq!(span_ticks("P4294967295D"), None);
        for bad in ["", "P1T", "PT1.-5S", "PX", "PT5", "P1Y", "PTxS"] {
            assert_eq!(time_span(bad), None, "{bad}");
        }
    }

    fn shown(value: Value) -> String {
        display(&Document::with_refs(value.clone(), true), &value)
    }

    fn bag(notes: Vec<(&str, Value)>) -> Object {
        Object { notes: notes.into_iter().map(|(name, value)| (name.into(), value)).collect(), ..Object::default() }
    }

    #[test]
    fn nested_values_are_short() {
        let list = Object {
            content: Content::List(ListKind::List, vec![Value::I32(1), Value::Null, Value::Bool(true)]),
            ..Object::default()
        };
        assert_eq!(shown(bag(vec![("a", list.into()), ("b", Value::str("x"))]).into()), "@{a={1, , True}; b=x}");
        let dict = Object { content: Content::Dict(vec![(Value::str("k"), Value::I32(1))]), ..Object::default() };
        assert_eq!(shown(dict.into()), "@{k=1}");
        let process =
            Object { to_string: Some("System.Diagnostics.Process (pwsh)".into()), ..bag(vec![("Id", Value::I32(1))]) };
        assert_eq!(shown(process.into()), "System.Diagnostics.Process (pwsh)");
        let custom = Object {
            type_names: TypeNames::new(["System.Management.Automation.PSCustomObject"]),
            to_string: Some("@{Id=1}".into()),
            ..bag(vec![("Id", Value::I32(1))])
        };
        assert_eq!(shown(custom.into()), "@{Id=1}");
    }

    #[test]
    fn cycles_and_depth_end() {
        let cycle = Object { id: Some(0), ..bag(vec![("self", Value::Ref(0))]) };
        assert_eq!(shown(cycle.into()), "@{self=@{self=@{self=@{self=…}}}}");
        let many: Vec<_> = (0..100_000).map(Value::I32).collect();
        let long = shown(Object { content: Content::List(ListKind::List, many), ..Object::default() }.into());
        assert!(long.len() < 20_000 && long.ends_with("…}"));
    }
}
