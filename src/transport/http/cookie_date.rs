//! The dates of cookies, which come in more forms than those of HTTP.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads a date in UTC as RFC 6265 section 5.1.1 does: a time, a day, a month and a year, between whatever else.
pub(super) fn cookie_date(text: &str) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for part in text.split(|character: char| !character.is_ascii_alphanumeric() && character != ':') {
        if time.is_none() && clock(part).is_some() {
            time = clock(part);
        } else if day.is_none() && number(part, 1..=2).is_some() {
            day = number(part, 1..=2);
        } else if month.is_none() && self::month(part).is_some() {
            month = self::month(part);
        } else if year.is_none() {
            year = number(part, 2..=4);
        }
    }
    let (hour, minute, second) = time?;
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    let small = |number: i16| i8::try_from(number).ok();
    let date = DateTime::new(year, month?, small(day?)?, small(hour)?, small(minute)?, small(second)?, 0).ok()?;
    let at: Timestamp = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
    // A moment before 1970 is as much in the past as any other.
    Some(SystemTime::from(at.max(Timestamp::UNIX_EPOCH)))
}

/// `h:m:s`, each of one or two digits.
fn clock(part: &str) -> Option<(i16, i16, i16)> {
    let mut numbers = part.split(':').map(|number| self::number(number, 1..=2));
    let clock = (numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(clock)
}

fn month(part: &str) -> Option<i8> {
    let begin = part.get(..3)?.to_ascii_lowercase();
    MONTHS.iter().position(|month| *month == begin).and_then(|index| i8::try_from(index + 1).ok())
}

/// A number of so many digits.
fn number(part: &str, digits: std::ops::RangeInclusive<usize>) -> Option<i16> {
    let is_one = digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if is_one { part.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::cookie_date;

    #[test]
    fn reads_what_servers_write() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "6-november-1994 8:49:37",
        ] {
            assert_eq!(cookie_date(text), at(784_111_777), "{text}");
        }
        assert_eq!(cookie_date("Thu, 01 Jan 1601 00:00:00 GMT"), at(0));
        // The last day of time is too late to be told as a moment: as good as no end.
        assert_eq!(cookie_date("Fri, 31 Dec 9999 23:59:59 GMT"), None);
        assert!(cookie_date("Thu, 31 Dec 2099 23:59:59 GMT").is_some_and(|end| end > SystemTime::now()));
        for wrong in ["", "0", "tomorrow", "Sun, 31 Feb 1994 08:49:37 GMT", "06 Nov 1994", "06 Nov 1994 25:00:00"] {
            assert_eq!(cookie_date(wrong), None, "{wrong}");
        }
    }
}
