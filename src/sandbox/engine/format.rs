//! `-f` and `.ToString("N2")`: .NET's composite and numeric formats in the invariant culture.

mod digits;

use super::convert::{self, text};
use super::datetime;
use super::errors::ErrorRecord;
use super::value::Val;
use digits::{exact, fifteen_digits, with_exponent};

fn bad_format(why: &str) -> ErrorRecord {
    let message = format!("Error formatting a string: {why}.");
    ErrorRecord::runtime(message, "FormatError", 7)
}

/// `"{0,8:N2}" -f ...`
pub(super) fn composite(pattern: &str, args: &[Val]) -> Result<String, ErrorRecord> {
    composite_by(pattern, args, value_text)
}

/// The same with the formats of `text_of`.
pub(super) fn composite_by(
    pattern: &str,
    args: &[Val],
    text_of: impl Fn(&Val, &str) -> Result<String, ErrorRecord>,
) -> Result<String, ErrorRecord> {
    let incorrect = || bad_format("Input string was not in a correct format.");
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        out += &rest[..at];
        let (brace, after) = rest[at..].split_at(1);
        if let Some(doubled) = after.strip_prefix(brace) {
            out += brace;
            rest = doubled;
            continue;
        }
        let (item, after) = after.split_once('}').filter(|_| brace == "{").ok_or_else(incorrect)?;
        rest = after;
        let (head, format) = item.split_once(':').unwrap_or((item, ""));
        let (index, width) = head.split_once(',').unwrap_or((head, "0"));
        let index: usize = index.trim().parse().map_err(|_| incorrect())?;
        let width: i32 = width.trim().parse().map_err(|_| incorrect())?;
        let value = args.get(index).ok_or_else(|| {
            bad_format(
                "Index (zero based) must be greater than or equal to zero and less than the size of the argument list.",
            )
        })?;
        out += &aligned(&text_of(value, format)?, width.clamp(-10_000, 10_000));
    }
    Ok(out + rest)
}

/// Negative widths align to the left.
fn aligned(text: &str, width: i32) -> String {
    let length = text.chars().count();
    let fill = " ".repeat((width.unsigned_abs() as usize).saturating_sub(length));
    if width < 0 { format!("{text}{fill}") } else { format!("{fill}{text}") }
}

/// A value by a format; the plain text without one.
pub(super) fn value_text(value: &Val, format: &str) -> Result<String, ErrorRecord> {
    // A list inside of the list of values is one of them.
    if let Val::List(list) = value {
        return Ok(list.type_name.to_string());
    }
    if let Val::Type(kind) = value {
        return Ok(kind.full.replace("[[", "[").replace("]]", "]"));
    }
    if format.is_empty() {
        return Ok(convert::shortest(value));
    }
    match value {
        Val::DateTime(time) => Ok(datetime::format(time, format)),
        Val::TimeSpan(ticks) => timespan(*ticks, format),
        Val::Enum(value) if matches!(format, "d" | "D") => Ok(value.number.to_string()),
        Val::Enum(value) if matches!(format, "x" | "X") => Ok(format!("{:08X}", value.number)),
        _ => match value.as_float() {
            Some(float) => number(value, float, format),
            None => Ok(text(value)),
        },
    }
}

/// A time span by a standard or custom format.
/// Source: learn.microsoft.com, Standard and Custom TimeSpan Format Strings.
fn timespan(ticks: i64, format: &str) -> Result<String, ErrorRecord> {
    let wrong = || bad_format("Input string was not in a correct format.");
    match format {
        "c" | "t" | "T" => return Ok(datetime::timespan_text(ticks)),
        "g" | "G" => return Ok(general_timespan(ticks, format == "G")),
        _ => {}
    }
    // A letter alone is a standard format; the percent sign makes it a custom one.
    let format = match format.strip_prefix('%') {
        Some(custom) => custom,
        None if format.chars().count() == 1 => return Err(wrong()),
        None => format,
    };
    let size = ticks.unsigned_abs() / datetime::SECOND as u64;
    let fraction = format!("{:07}", ticks.unsigned_abs() % datetime::SECOND as u64);
    let (mut out, mut chars) = (String::new(), format.chars().peekable());
    while let Some(next) = chars.next() {
        let mut run = 1;
        while next.is_alphabetic() && chars.peek() == Some(&next) {
            chars.next();
            run += 1;
        }
        let (number, most) = match next {
            'd' => (size / 86_400, 8),
            'h' => (size / 3600 % 24, 2),
            'm' => (size / 60 % 60, 2),
            's' => (size % 60, 2),
            'f' | 'F' if run <= 7 => {
                let digits = &fraction[..run];
                out += if next == 'f' { digits } else { digits.trim_end_matches('0') };
                continue;
            }
            '\\' => {
                out.push(chars.next().ok_or_else(wrong)?);
                continue;
            }
            quote @ ('\'' | '"') => {
                loop {
                    match chars.next().ok_or_else(wrong)? {
                        end if end == quote => break,
                        inside => out.push(inside),
                    }
                }
                continue;
            }
            _ => return Err(wrong()),
        };
        if run > most {
            return Err(wrong());
        }
        out += &format!("{number:0run$}");
    }
    Ok(out)
}

/// The general formats: short, with what is needed, or long, with everything.
fn general_timespan(ticks: i64, is_long: bool) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let (size, fraction) =
        (ticks.unsigned_abs() / datetime::SECOND as u64, ticks.unsigned_abs() % datetime::SECOND as u64);
    let (days, hours, minutes, seconds) = (size / 86_400, size / 3600 % 24, size / 60 % 60, size % 60);
    if is_long {
        return format!("{sign}{days}:{hours:02}:{minutes:02}:{seconds:02}.{fraction:07}");
    }
    let days = if days > 0 { format!("{days}:") } else { String::new() };
    let fraction = format!(".{fraction:07}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{sign}{days}{hours}:{minutes:02}:{seconds:02}{fraction}")
}

fn number(value: &Val, float: f64, format: &str) -> Result<String, ErrorRecord> {
    let mut chars = format.chars();
    let letter = chars.next().unwrap_or('G');
    let digits = chars.as_str();
    if !letter.is_ascii_alphabetic() || digits.len() > 2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(custom(value, float, format));
    }
    let precision: Option<usize> = digits.parse().ok();
    let sign = if float < 0.0 { "-" } else { "" };
    let invalid = || bad_format("Format specifier was invalid.");
    Ok(match letter.to_ascii_uppercase() {
        'N' => signed(float, &grouped(&fixed(value, float, precision.unwrap_or(2)))),
        'F' => signed(float, &fixed(value, float, precision.unwrap_or(2))),
        'C' => {
            let amount = format!("\u{A4}{}", grouped(&fixed(value, float, precision.unwrap_or(2))));
            if is_negative(float) { format!("({amount})") } else { amount }
        }
        'P' => {
            let precision = precision.unwrap_or(2);
            let percent = match value.as_int() {
                Some(0) | None => fixed(&Val::Null, float * 100.0, precision),
                Some(_) => fixed(value, float, precision).replacen('.', "00.", 1),
            };
            let percent = if value.as_int() != Some(0) && value.as_int().is_some() && precision == 0 {
                format!("{percent}00")
            } else {
                percent
            };
            signed(float, &format!("{} %", grouped(&percent)))
        }
        'D' => {
            let whole = value.as_int().ok_or_else(invalid)?;
            format!("{sign}{:0>width$}", whole.unsigned_abs().to_string(), width = precision.unwrap_or(1))
        }
        'X' => {
            let whole = value.as_int().ok_or_else(invalid)?;
            let bits = match value {
                Val::I32(number) => u64::from(*number as u32),
                _ => whole as u64,
            };
            let width = precision.unwrap_or(1);
            if letter == 'X' { format!("{bits:0width$X}") } else { format!("{bits:0width$x}") }
        }
        'E' => {
            let precision = precision.unwrap_or(6);
            let formatted = match value.as_int() {
                Some(whole) => format!("{sign}{:.precision$e}", rounded(whole.unsigned_abs(), precision + 1)),
                None => format!("{float:.precision$e}"),
            };
            let (mantissa, exponent) = formatted.split_once('e').unwrap_or((&formatted, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            format!("{mantissa}{letter}{}{:03}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        }
        'G' | 'R' => match precision {
            Some(digits @ 1..) if value.as_int().is_some_and(|whole| places(whole.unsigned_abs()) > digits) => {
                let whole = rounded(value.as_int().unwrap_or_default().unsigned_abs(), digits);
                let formatted = format!("{whole:e}");
                let (mantissa, exponent) = formatted.split_once('e').unwrap_or((&formatted, "0"));
                let mark = if letter.is_ascii_lowercase() { 'e' } else { 'E' };
                format!("{sign}{mantissa}{mark}+{exponent:0>2}")
            }
            Some(digits @ 1..) if value.as_int().is_none() => {
                let exponential = format!("{float:.*e}", digits - 1);
                convert::float_text(float, &exponential, digits as i32)
            }
            _ => convert::shortest(value),
        },
        _ => return Err(invalid()),
    })
}

/// Whether a sign stands before the number, be it rounded to zero.
fn is_negative(float: f64) -> bool {
    float.is_sign_negative() && !float.is_nan()
}

/// The decimal places of a whole number.
fn places(number: u128) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// A whole number with so many of its digits; halves go up.
fn rounded(number: u128, digits: usize) -> u128 {
    match places(number).checked_sub(digits) {
        Some(cut @ 1..) => {
            let unit = 10_u128.pow(cut as u32);
            (number + unit / 2) / unit * unit
        }
        _ => number,
    }
}

fn signed(float: f64, digits: &str) -> String {
    if is_negative(float) { format!("-{digits}") } else { digits.to_owned() }
}

/// The absolute value with this many digits after the point.
fn fixed(value: &Val, float: f64, precision: usize) -> String {
    if let Some(whole) = value.as_int() {
        let fraction = if precision > 0 { format!(".{}", "0".repeat(precision)) } else { String::new() };
        return format!("{}{fraction}", whole.unsigned_abs());
    }
    format!("{:.precision$}", float.abs())
}

/// Commas between groups of three digits.
fn grouped(number: &str) -> String {
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{out}.{fraction}"),
        None => out,
    }
}

/// A part of a custom pattern.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// `0`, a digit in any case, or `#`, one if there is one.
    Digit(bool),
    Point,
    Comma,
    Percent,
    /// `E+00`: the letter, whether a plus is shown, and the least digits.
    Exponent(char, bool, usize),
    Literal(String),
}

/// The sections of a custom pattern, which semicolons part.
fn sections(pattern: &str) -> Vec<Vec<Part>> {
    let (mut all, mut section, mut chars) = (Vec::new(), Vec::new(), pattern.chars());
    while let Some(next) = chars.next() {
        let exponent = exponent(next, chars.as_str());
        section.push(match next {
            mark if let Some((plus, digits, rest)) = exponent => {
                chars = rest.chars();
                Part::Exponent(mark, plus, digits)
            }
            ';' => {
                all.push(std::mem::take(&mut section));
                continue;
            }
            '0' | '#' => Part::Digit(next == '0'),
            '.' if section.contains(&Part::Point) => continue,
            '.' => Part::Point,
            ',' => Part::Comma,
            '\\' => Part::Literal(chars.next().map(String::from).unwrap_or_default()),
            '\'' | '"' => Part::Literal(chars.by_ref().take_while(|other| *other != next).collect()),
            '%' => Part::Percent,
            other => Part::Literal(other.to_string()),
        });
    }
    all.push(section);
    all
}

/// What follows a letter that makes it an exponent: whether a plus is shown, how many digits, and the rest.
fn exponent(letter: char, after: &str) -> Option<(bool, usize, &str)> {
    let (plus, digits) = match after.strip_prefix('+') {
        Some(digits) => (true, digits),
        None => (false, after.strip_prefix('-').unwrap_or(after)),
    };
    let rest = digits.trim_start_matches('0');
    let count = digits.len() - rest.len();
    (matches!(letter, 'e' | 'E') && count > 0).then_some((plus, count, rest))
}

/// Custom patterns: `0.00`, `#,##0.##`, `0.0%`, `(###) ###-####`, with text around and between.
fn custom(value: &Val, float: f64, pattern: &str) -> String {
    let filled = |parts: &[Part]| filled(parts, float, value.as_int().map(i128::unsigned_abs));
    let all = sections(pattern);
    let section = |place: usize| all.get(place).filter(|section| !section.is_empty());
    let first = section(0).map(|parts| filled(parts)).unwrap_or_default();
    let negative = section(1).filter(|_| float < 0.0).map(|parts| filled(parts));
    let (text, is_zero) = negative.clone().unwrap_or_else(|| first.clone());
    let signed = |text: String| if is_negative(float) && !text.is_empty() { format!("-{text}") } else { text };
    match section(2) {
        Some(parts) if is_zero || float == 0.0 => self::filled(parts, 0.0, None).0,
        // What is rounded to zero is of the first section, but keeps its sign.
        _ if is_zero => signed(first.0),
        _ if negative.is_none() => signed(text),
        _ => text,
    }
}

/// A section with the digits of the absolute value, which may be a whole number, and whether they are all zero.
fn filled(parts: &[Part], float: f64, whole: Option<u128>) -> (String, bool) {
    let point = parts.iter().position(|part| *part == Part::Point).unwrap_or(parts.len());
    let digits = |parts: &[Part]| -> Vec<bool> {
        parts.iter().filter_map(|part| if let Part::Digit(forced) = part { Some(*forced) } else { None }).collect()
    };
    let (before, after) = (digits(&parts[..point]), digits(&parts[point..]));
    // Commas between digits group them; behind the last one each divides by a thousand.
    let last = parts[..point].iter().rposition(|part| matches!(part, Part::Digit(_))).unwrap_or(0);
    let first = parts[..point].iter().position(|part| matches!(part, Part::Digit(_))).unwrap_or(0);
    let groups = parts[first..last.max(first)].contains(&Part::Comma);
    let thousands = parts[last..point].iter().filter(|part| **part == Part::Comma).count();
    let percents = parts.iter().filter(|part| **part == Part::Percent).count();
    let power = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let scaled = float.abs() * 100_f64.powi(power(percents)) / 1000_f64.powi(power(thousands));
    let has_exponent = parts.iter().any(|part| matches!(part, Part::Exponent(..)));
    let (formatted, exponent) = match whole.filter(|_| !has_exponent) {
        _ if has_exponent => with_exponent(scaled, before.len(), after.len()),
        Some(whole) => {
            let exact = exact(whole, percents, thousands, after.len());
            (exact.unwrap_or_else(|| fifteen_digits(scaled, after.len())), 0)
        }
        None => (fifteen_digits(scaled, after.len()), 0),
    };
    let (whole, fraction) = formatted.split_once('.').unwrap_or((&formatted, ""));
    let needed = before.iter().position(|forced| *forced).map_or(0, |place| before.len() - place);
    let whole = format!("{:0>needed$}", whole.trim_start_matches('0'));
    let needed = after.iter().rposition(|forced| *forced).map_or(0, |last| last + 1);
    let mut fraction =
        fraction[..needed.max(fraction.trim_end_matches('0').len()).min(fraction.len())].chars().peekable();
    let is_zero = !formatted.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    // Digits for which there is no place stand at the first one.
    let (mut left, mut places, mut out) = (whole.len(), before.len(), String::new());
    let mut whole = whole.chars();
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Literal(text) => out += text,
            Part::Percent => out.push('%'),
            Part::Exponent(mark, plus, digits) => {
                out.push(*mark);
                out += if exponent < 0 { "-" } else { ["", "+"][usize::from(*plus)] };
                out += &format!("{:0digits$}", exponent.unsigned_abs());
            }
            Part::Comma => {}
            Part::Digit(_) if at > point => out.extend(fraction.next()),
            Part::Digit(_) | Part::Point => {
                let keep = if *part == Part::Point { 0 } else { places - 1 };
                while left > keep {
                    out.extend(whole.next());
                    left -= 1;
                    if groups && left > 0 && left.is_multiple_of(3) {
                        out.push(',');
                    }
                }
                places = keep;
                if *part == Part::Point && fraction.peek().is_some() {
                    out.push('.');
                }
            }
        }
    }
    (out, is_zero)
}

#[cfg(test)]
mod tests {
    use super::{composite, value_text};
    use crate::sandbox::engine::value::Val;

    #[test]
    fn numbers() {
        for (value, format, wanted) in [
            (Val::F64(1234.567), "N2", "1,234.57"),
            (Val::I32(-1_234_567), "N0", "-1,234,567"),
            (Val::F64(0.256), "P1", "25.6 %"),
            (Val::I32(42), "D5", "00042"),
            (Val::I32(255), "X", "FF"),
            (Val::I32(255), "x4", "00ff"),
            (Val::F64(1.5), "0.00", "1.50"),
            (Val::F64(12345.6), "#,##0.##", "12,345.6"),
            (Val::F64(0.5), "0%", "50%"),
            (Val::F64(1234.5), "E2", "1.23E+003"),
            (Val::I64(5_551_234_567), "(###) ###-####", "(555) 123-4567"),
            (Val::I32(5_551_234), "000-0000", "555-1234"),
            (Val::I32(-5), "$0", "-$5"),
            (Val::F64(0.5), r"0.0\%", "0.5%"),
            (Val::F64(1_234_567.0), "0,,.0' M'", "1.2 M"),
            (Val::F64(-0.2), "0;(0);none", "none"),
        ] {
            assert_eq!(value_text(&value, format).ok().as_deref(), Some(wanted), "{format}");
        }
    }

    #[test]
    fn placeholders() {
        let args = [Val::str("a"), Val::I32(7)];
        assert_eq!(composite("{{{0,-3}|{1,4:D2}}}", &args).ok().as_deref(), Some("{a  |  07}"));
        assert!(composite("{2}", &args).is_err());
        assert!(composite("{0", &args).is_err());
    }
}
