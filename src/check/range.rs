//! Ranges of numbers as monitoring plugins write them.

use std::fmt;
use std::str::FromStr;

/// A range of the Monitoring Plugins' guidelines: `[@]start:end`. The alarm is raised outside of it, with `@` inside.
///
/// Both ends belong to the range. `10` is `0:10`; `10:` has no upper end; `~` is minus infinity.
///
/// # Source
/// Monitoring Plugins Development Guidelines, "Threshold and Ranges".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    start: f64,
    end: f64,
    inside: bool,
}

impl Range {
    /// Whether a number raises the alarm. What is not a number always does.
    pub fn alarms(&self, number: f64) -> bool {
        let within = number >= self.start && number <= self.end;
        number.is_nan() || within == self.inside
    }

    /// What raises the alarm, in words.
    pub fn alarm_text(&self) -> String {
        let (start, end) = (self.start, self.end);
        match (self.inside, start.is_finite(), end.is_finite()) {
            (true, true, true) => format!("from {start} to {end}"),
            (true, true, false) => format!("at least {start}"),
            (true, false, true) => format!("at most {end}"),
            (true, false, false) => "any number".to_owned(),
            (false, true, true) => format!("below {start} or above {end}"),
            (false, true, false) => format!("below {start}"),
            (false, false, true) => format!("above {end}"),
            (false, false, false) => "no number".to_owned(),
        }
    }
}

impl FromStr for Range {
    type Err = String;

    /// Reads every form of the guidelines.
    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        let (inside, bounds) = match trimmed.strip_prefix('@') {
            Some(rest) => (true, rest),
            None => (false, trimmed),
        };
        let wrong = || expected(text, bounds);
        let (start, end) = match bounds.split_once(':') {
            Some(("~", "")) => (f64::NEG_INFINITY, f64::INFINITY),
            Some(("", "")) | None if bounds.trim_matches(':').is_empty() => return Err(wrong()),
            Some((start, end)) => {
                let start = match start {
                    "~" => f64::NEG_INFINITY,
                    "" => 0.0,
                    start => number(start).ok_or_else(wrong)?,
                };
                (start, if end.is_empty() { f64::INFINITY } else { number(end).ok_or_else(wrong)? })
            }
            None => (0.0, number(bounds).ok_or_else(wrong)?),
        };
        if start > end {
            return Err(format!("the range '{text}' begins above its end; write the smaller number first"));
        }
        Ok(Self { start, end, inside })
    }
}

impl fmt::Display for Range {
    /// The shortest form that reads as the same range.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.inside {
            f.write_str("@")?;
        }
        match (self.start, self.end.is_finite()) {
            (0.0, true) => write!(f, "{}", self.end),
            (start, false) if start.is_finite() => write!(f, "{start}:"),
            (start, true) if start.is_finite() => write!(f, "{start}:{}", self.end),
            (_, true) => write!(f, "~:{}", self.end),
            (_, false) => f.write_str("~:"),
        }
    }
}

/// A finite decimal number; `inf` and `nan`, which Rust reads as well, are none.
fn number(text: &str) -> Option<f64> {
    let is_number = text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    text.parse::<f64>().ok().filter(|number| is_number && number.is_finite())
}

fn expected(text: &str, bounds: &str) -> String {
    let forms = "write 10 (0 to 10), 10: (10 or more), ~:10 (10 or less), 10:20 or @10:20 (alarm inside)";
    let unit = bounds.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.:~".contains(c));
    match unit.is_empty() || unit.len() == bounds.len() {
        true => format!("'{text}' is not a range; {forms}"),
        false => format!("'{text}' is not a range; the unit goes into unit = \"{unit}\", not into the range"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Range;

    fn range(text: &str) -> Range {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// The table of the guidelines, "Example ranges", with numbers on both sides of each border.
    #[test]
    fn the_table_of_the_guidelines() {
        for (text, quiet, alarming) in [
            ("10", &[0.0, 5.0, 10.0] as &[f64], &[-0.1, 10.1, 1e9] as &[f64]),
            ("10:", &[10.0, 1e9], &[9.9, 0.0, -5.0]),
            ("~:10", &[10.0, -1e9, 0.0], &[10.1]),
            ("10:20", &[10.0, 15.0, 20.0], &[9.9, 20.1]),
            ("@10:20", &[9.9, 20.1], &[10.0, 15.0, 20.0]),
        ] {
            for number in quiet {
                assert!(!range(text).alarms(*number), "{text} {number}");
            }
            for number in alarming {
                assert!(range(text).alarms(*number), "{text} {number}");
            }
        }
    }

    #[test]
    fn further_forms() {
        // check_stuff of the guidelines: -w10, -w~:10, -w10:, -c1:, -c~:0, -c5:6, -c@10:20, and signs and fractions.
        for (text, number, alarms) in [
            (":10", 10.0, false),
            (":10", -1.0, true),
            ("0", 0.0, false),
            ("0", 0.5, true),
            ("1:", 0.0, true),
            ("~:0", 0.1, true),
            ("-10:-5", -7.0, false),
            ("-10:-5", 0.0, true),
            ("@0", 0.0, true),
            ("@5:", 4.9, false),
            ("@~:5", 5.0, true),
            ("~:", 1e300, false),
            ("@~:", 0.0, true),
            ("1e3:", 999.0, true),
            (" 0.5:1.5 ", 1.0, false),
            ("10", f64::NAN, true),
            ("@10", f64::NAN, true),
        ] {
            assert_eq!(range(text).alarms(number), alarms, "{text} {number}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused_with_what_to_write() {
        for text in ["", ":", "@", "@:", "a", "10:a", "1:2:3", "20:10", "inf", "nan:", "~", "--5", "10-20", "1,5"] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
        let error = "80%".parse::<Range>().unwrap_err();
        assert!(error.contains("unit = \"%\""), "{error}");
        assert!("20:10".parse::<Range>().unwrap_err().contains("begins above its end"));
    }

    #[test]
    fn words_and_shortest_forms() {
        for (text, shown, words) in [
            ("0:10", "10", "below 0 or above 10"),
            ("10:", "10:", "below 10"),
            ("~:10", "~:10", "above 10"),
            ("@10:20", "@10:20", "from 10 to 20"),
            ("@5:", "@5:", "at least 5"),
            ("0:", "0:", "below 0"),
        ] {
            assert_eq!((range(text).to_string(), range(text).alarm_text()), (shown.to_owned(), words.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_shown_reads_the_same(text in "[@~:0-9.e+-]{0,8}", number in -1e6f64..1e6) {
            if let Ok(range) = text.parse::<Range>() {
                let again: Range = range.to_string().parse().expect("its own form");
                prop_assert_eq!(again.alarms(number), range.alarms(number));
            }
        }
    }
}
