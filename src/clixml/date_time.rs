//! The text of a `DT` element, in every form that .NET's `XmlConvert.ToDateTime` takes.

use jiff::civil::Date;

/// The text as it is kept; `None` if it is not a date.
///
/// A date without a time (`2024-01-01`, `2024-01`, `2024`) gets the time 00:00:00, as .NET reads it. A time without a
/// date, and a day or month without a year, are kept as sent: .NET fills in the reader's own day, month or year.
///
/// # Source
/// .NET's `XsdDateTime` with all of its forms; years 1 to 9999.
pub(super) fn read(text: &str) -> Option<Box<str>> {
    if let Some((date, time)) = text.split_once('T') {
        return (is_date(date) && is_time(time)).then(|| text.into());
    }
    for (length, rest_of_date) in [(10, ""), (7, "-01"), (4, "-01-01")] {
        let Some((date, zone)) = text.split_at_checked(length) else { continue };
        if is_zone(zone) && is_date(&format!("{date}{rest_of_date}")) {
            return Some(format!("{date}{rest_of_date}T00:00:00{zone}").into());
        }
    }
    (is_time(text) || is_part_of_a_date(text)).then(|| text.into())
}

/// `2024-01-31`
fn is_date(text: &str) -> bool {
    fields(text, b"dddd-dd-dd")
        && number(text, 0, 4).is_some_and(|year| is_day(year, text.get(5..).unwrap_or_default()))
}

/// Whether `01-31` is a day of this year.
fn is_day(year: u16, text: &str) -> bool {
    let numbers = (i16::try_from(year).ok(), number(text, 0, 2), number(text, 3, 5));
    let (Some(year), Some(month), Some(day)) = numbers else { return false };
    year > 0 && Date::new(year, month as i8, day as i8).is_ok()
}

/// `hh:mm:ss[.f…]` and a zone.
fn is_time(text: &str) -> bool {
    let Some((clock, rest)) = text.split_at_checked(8) else { return false };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == fraction.len() {
                return false;
            }
            zone
        }
        None => rest,
    };
    let below = |from, most| number(clock, from, from + 2).is_some_and(|number| number < most);
    fields(clock, b"dd:dd:dd") && below(0, 24) && below(3, 60) && below(6, 60) && is_zone(zone)
}

/// `--01-31`, `--01`, `--01--` or `---31`, and a zone.
fn is_part_of_a_date(text: &str) -> bool {
    let forms: [&[u8]; 4] = [b"--dd-dd", b"--dd--", b"--dd", b"---dd"];
    forms.into_iter().any(|form| {
        let Some((part, zone)) = text.split_at_checked(form.len()) else { return false };
        // The year in which .NET puts such a day has a 29th of February.
        let day = match form {
            b"--dd-dd" => part.get(2..).unwrap_or_default().to_owned(),
            b"---dd" => format!("01-{}", part.get(3..).unwrap_or_default()),
            _ => format!("{}-01", part.get(2..4).unwrap_or_default()),
        };
        fields(part, form) && is_zone(zone) && is_day(1904, &day)
    })
}

fn is_zone(text: &str) -> bool {
    match text {
        "" | "Z" | "z" => true,
        _ => {
            (fields(text, b"+dd:dd") || fields(text, b"-dd:dd"))
                && number(text, 4, 6).is_some_and(|minutes| minutes < 60)
        }
    }
}

/// Whether the text has the pattern's form, `d` standing for a digit.
fn fields(text: &str, pattern: &[u8]) -> bool {
    text.len() == pattern.len()
        && text
            .bytes()
            .zip(pattern)
            .all(|(byte, &form)| if form == b'd' { byte.is_ascii_digit() } else { byte == form })
}

/// The number of so few digits that it fits.
fn number(text: &str, from: usize, to: usize) -> Option<u16> {
    text.get(from..to)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn dates_with_times_are_kept_as_sent() {
        for text in [
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59.9999999",
            "2024-02-29T23:59:59.1234567Z",
            "2024-02-29T23:59:59+05:30",
            "2024-01-01T10:11:12-00:00",
            "2024-01-01T10:11:12z",
            "2024-01-01T10:11:12+99:00",
            "10:11:12",
            "23:59:59.5-10:00",
            "--01-02",
            "--02-29Z",
            "--05--",
            "--12",
            "--01--Z",
            "---31",
            "---29+01:00",
        ] {
            assert_eq!(read(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn dates_without_times_begin_at_midnight() {
        for (text, kept) in [
            ("2024-01-01", "2024-01-01T00:00:00"),
            ("2024-02-29Z", "2024-02-29T00:00:00Z"),
            ("2024-01-01+02:00", "2024-01-01T00:00:00+02:00"),
            ("2024-12", "2024-12-01T00:00:00"),
            ("2024-01+01:00", "2024-01-01T00:00:00+01:00"),
            ("2024", "2024-01-01T00:00:00"),
            ("2024Z", "2024-01-01T00:00:00Z"),
            ("2024-02:00", "2024-01-01T00:00:00-02:00"),
        ] {
            assert_eq!(read(text).as_deref(), Some(kept), "{text}");
        }
    }

    /// None of them is taken by PowerShell 7.6.
    #[test]
    fn everything_else_is_no_date() {
        for text in [
            "",
            "T",
            "2024-01-01T",
            "2024-01-01T10:11",
            "2024-01-01T10",
            "10:11",
            "10:1:1",
            "24:00:00",
            "23:59:60",
            "2024-01-01T24:00:00",
            "2024-01-01T10:11:60",
            "2024-01-01T10:60:00",
            "2024-01-01T10:11:12.",
            "2024-01-01T-10:00",
            "2024-01-01T10:11:12+5",
            "2024-01-01T10:11:12+0200",
            "2024-01-01T10:11:12 +02:00",
            "2024-01-01T10:11:12Zx",
            "2024-01-01 10:11:12",
            "2024-01-01t10:11:12",
            "01/02/2024",
            "2024-1-1",
            "+2024-01-01",
            "-0001-01-01",
            "0000-01-01",
            "10000-01-01",
            "2024-13",
            "2024-02-30",
            "2023-02-29",
            "2024-00-01",
            "2024-01-00",
            "2024-+01:00",
            "--13",
            "--00",
            "--13--",
            "--02-30",
            "--04-31",
            "--2-3",
            "---00",
            "---32",
            "---1",
            "ü024-01-01T00:00:00",
            "2024-01-01T10:11:1é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
