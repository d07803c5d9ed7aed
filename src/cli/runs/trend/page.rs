//! A trend for people, for spreadsheets and for programs.

use std::collections::BTreeSet;
use std::fmt::Write;

use jiff::Timestamp;
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::Trend;
use crate::cli::terminal;
use crate::clixml::general;
use crate::hostlist::natural;
use crate::output::{csv_cell, sanitize_line};

/// Heights of a line, the least first.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The same where only ASCII can be shown.
const ASCII: [char; 8] = ['_', '.', ',', '-', '~', '=', '^', '#'];

/// Digits of a number for people; csv and json have all.
const DIGITS: usize = 7;

/// Whether what reads stdout is said to know more than ASCII.
pub(super) fn is_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    cfg!(windows) || locale.is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

impl Trend<'_> {
    /// The rows as people list them.
    fn sorted(&self) -> Vec<(&Vec<String>, &Vec<Option<f64>>)> {
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_by(|(one, _), (two, _)| {
            let orders = one.iter().zip(two.iter()).map(|(one, two)| natural(one, two));
            orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        rows
    }
}

/// The last number of a row, and what it is more than the first.
fn change(numbers: &[Option<f64>]) -> (Option<f64>, Option<f64>) {
    let mut known = numbers.iter().flatten();
    let first = known.next().copied();
    let last = known.next_back().copied();
    (last.or(first), last.zip(first).map(|(last, first)| last - first))
}

/// A column for each run, what changed, and the way there.
pub(super) fn table(trend: &Trend<'_>, unicode: bool) -> String {
    let show = |number: Option<f64>| number.map(|number| general(number, DIGITS)).unwrap_or_default();
    let mut lines: Vec<Vec<String>> = Vec::new();
    let keys = trend.measure.by();
    let times = headings(&trend.runs.iter().map(|run| run.begun).collect::<Vec<_>>());
    let rest = ["LAST", "CHANGE", "TREND"].map(str::to_owned);
    lines.push(keys.iter().map(|name| name.to_uppercase()).chain(times).chain(rest).collect());
    for (key, numbers) in trend.sorted() {
        let (last, change) = change(numbers);
        let signed = match change {
            Some(change) if change > 0.0 => format!("+{}", show(Some(change))),
            change => show(change),
        };
        let mut line: Vec<String> = key.iter().map(|part| sanitize_line(part).into_owned()).collect();
        line.extend(numbers.iter().map(|number| show(*number)));
        line.extend([show(last), signed, spark(numbers, if unicode { BLOCKS } else { ASCII })]);
        lines.push(line);
    }
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let gap = " ".repeat(width - cell.width());
            let _ = match column {
                _ if column + 1 == columns => write!(text, "{cell}"),
                _ if column < keys.len() => write!(text, "{cell}{gap}  "),
                _ => write!(text, "{gap}{cell}  "),
            };
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

/// When runs began, as precisely as it takes to tell them apart.
fn headings(times: &[Timestamp]) -> Vec<String> {
    let as_precise = |format: &str| times.iter().map(|time| time.strftime(format).to_string()).collect::<Vec<_>>();
    let minutes = as_precise("%m-%d %H:%M");
    let different: BTreeSet<&String> = minutes.iter().collect();
    if different.len() == minutes.len() { minutes } else { as_precise("%m-%d %H:%M:%S") }
}

/// The way of a row's numbers between its least and its most; a blank where a run has none.
fn spark(numbers: &[Option<f64>], heights: [char; 8]) -> String {
    let known = || numbers.iter().flatten().copied();
    let (least, most) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let height = |number: f64| match most - least {
        range if range > 0.0 && range.is_finite() => ((number - least) / range * 7.0).round() as usize,
        _ => 3,
    };
    numbers.iter().map(|number| number.map_or(' ', |number| heights[height(number).min(7)])).collect()
}

/// A row for each run and each key that has a number.
pub(super) fn csv(trend: &Trend<'_>, is_read: bool) -> String {
    let mut text = Vec::new();
    let line = |text: &mut Vec<u8>, cells: &mut dyn Iterator<Item = &str>, number: &str| {
        cells.for_each(|cell| {
            csv_cell(text, &terminal::cell(cell, is_read));
            text.push(b',');
        });
        text.extend_from_slice(number.as_bytes());
        text.extend_from_slice(b"\r\n");
    };
    let by = trend.measure.by().iter().map(String::as_str);
    line(&mut text, &mut ["Run", "Begun"].into_iter().chain(by), "Value");
    let rows = trend.sorted();
    for (place, run) in trend.runs.iter().enumerate() {
        let (id, begun) = (run.id.to_string(), run.begun.to_string());
        for (key, numbers) in &rows {
            if let Some(number) = numbers[place] {
                let cells = [id.as_str(), begun.as_str()].into_iter().chain(key.iter().map(String::as_str));
                line(&mut text, &mut { cells }, &number.to_string());
            }
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// A line for each key.
pub(super) fn json(trend: &Trend<'_>) -> String {
    let rows = trend.sorted().into_iter().map(|(key, numbers)| {
        let by: serde_json::Map<String, serde_json::Value> =
            trend.measure.by().iter().zip(key).map(|(name, value)| (name.clone(), json!(value))).collect();
        let values: Vec<_> = trend
            .runs
            .iter()
            .zip(numbers)
            .map(|(run, number)| json!({ "run": run.id, "begun": run.begun.to_string(), "value": number }))
            .collect();
        let (last, change) = change(numbers);
        json!({ "v": 1, "by": by, "values": values, "last": last, "change": change }).to_string() + "\n"
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::{ASCII, BLOCKS, change, headings, spark};

    #[test]
    fn a_line_shows_the_way() {
        let way = [Some(0.0), None, Some(3.5), Some(7.0)];
        assert_eq!(spark(&way, BLOCKS), "▁ ▅█");
        assert_eq!(spark(&way, ASCII), "_ ~#");
        assert_eq!(spark(&[Some(2.0), Some(2.0)], BLOCKS), "▄▄");
        assert_eq!(spark(&[Some(f64::MIN), Some(f64::MAX)], BLOCKS), "▄▄");
    }

    #[test]
    fn runs_of_one_minute_are_told_apart() {
        let times =
            |texts: &[&str]| headings(&texts.iter().map(|text| text.parse().expect("a time")).collect::<Vec<_>>());
        assert_eq!(times(&["2026-11-28T09:30:10Z", "2026-11-28T09:31:00Z"]), ["11-28 09:30", "11-28 09:31"]);
        assert_eq!(times(&["2026-11-28T09:30:10Z", "2026-11-28T09:30:50Z"]), ["11-28 09:30:10", "11-28 09:30:50"]);
    }

    #[test]
    fn what_changed() {
        assert_eq!(change(&[None, Some(1.0), Some(5.0), None]), (Some(5.0), Some(4.0)));
        assert_eq!(change(&[None, Some(1.0)]), (Some(1.0), None));
        assert_eq!(change(&[None]), (None, None));
    }
}
