//! `--input`: objects for the script's `$input`, `process` block and pipeline parameters.
//!
//! Lines become strings, JSON objects and rows of CSV custom objects with a property for each key or column. They are
//! serialized once, whatever the number of targets.

use std::path::Path;

use anyhow::Context;
use serde_json::value::RawValue;

use super::text::{decode, stdin};
use crate::clixml::{Document, Json, JsonError, Value};
use crate::config::System;
use crate::psrp::Input;
use crate::sheet::{Sheet, delimiter};

/// What a file of input objects holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputFormat {
    /// Each line is a string
    Lines,
    /// The items of an array, or one value after the other
    Json,
    /// Each line is a JSON value
    Jsonl,
    /// Each row is an object; the first row has the names
    Csv,
}

/// Reads the objects of a file, or of stdin (`-`).
///
/// # Errors
/// A file that cannot be read, or is not in its format; with file and line.
pub(super) fn read(file: &str, format: Option<InputFormat>, around: &mut dyn System) -> anyhow::Result<Input> {
    let (bytes, place) = match file {
        "-" => (stdin(around)?, "stdin"),
        file => (std::fs::read(file).with_context(|| format!("--input: cannot read {file}"))?.into(), file),
    };
    let objects = || {
        let text = decode(&bytes)?;
        let suffix = Path::new(file).extension().and_then(|suffix| suffix.to_str());
        let format = format.or_else(|| suffix.and_then(InputFormat::of_suffix));
        format.unwrap_or_else(|| InputFormat::of_content(&text)).objects(&text)
    };
    objects().with_context(|| format!("--input: {place}"))
}

impl InputFormat {
    fn of_suffix(suffix: &str) -> Option<Self> {
        match &*suffix.to_ascii_lowercase() {
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "csv" | "tsv" => Some(Self::Csv),
            "txt" | "log" => Some(Self::Lines),
            _ => None,
        }
    }

    /// What a text without a suffix is. Only what can hardly be anything else is taken for more than lines.
    fn of_content(text: &str) -> Self {
        match text.trim_start().as_bytes() {
            [b'[', ..] if serde_json::from_str::<&RawValue>(text).is_ok() => Self::Json,
            [b'{', ..] if values(text).all(|value| value.is_ok()) => Self::Json,
            _ if looks_like_csv(text) => Self::Csv,
            _ => Self::Lines,
        }
    }

    fn objects(self, text: &str) -> anyhow::Result<Input> {
        let mut input = Input::default();
        match self {
            Self::Lines => text.lines().for_each(|line| input.push(&Document::new(Value::str(line)))),
            Self::Json => json(text, &mut input)?,
            Self::Jsonl => jsonl(text, &mut input)?,
            Self::Csv => csv_rows(text, &mut input)?,
        }
        Ok(input)
    }
}

fn values(text: &str) -> impl Iterator<Item = serde_json::Result<&RawValue>> {
    serde_json::Deserializer::from_str(text).into_iter()
}

/// Each value is made and dropped by itself: a large file must not be in memory as a tree.
fn json(text: &str, input: &mut Input) -> anyhow::Result<()> {
    for value in values(text) {
        let value = value.map_err(JsonError::from)?;
        match value.get().as_bytes() {
            [b'[', ..] => {
                // An item is whole if the array is: what is wrong with it was found above.
                for item in serde_json::from_str::<Vec<&RawValue>>(value.get())? {
                    push(item.get(), input)?;
                }
            }
            _ => push(value.get(), input)?,
        }
    }
    Ok(())
}

fn jsonl(text: &str, input: &mut Input) -> anyhow::Result<()> {
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        push(line, input).map_err(|error| JsonError { line: number + 1, ..error })?;
    }
    Ok(())
}

fn push(json: &str, input: &mut Input) -> Result<(), JsonError> {
    input.push(&Document::new(Json::read(json)?.object()));
    Ok(())
}

/// Rows as `Import-Csv` reads them: all cells are strings, a cell that a short row lacks is null.
fn csv_rows(text: &str, input: &mut Input) -> anyhow::Result<()> {
    let sheet = Sheet::read(text)?;
    let names = sheet.names().to_vec();
    for row in sheet {
        let row = row?;
        let cell = |(column, name): (usize, &String)| {
            (name.as_str().into(), row.get(column).map_or(Json::Null, |cell| Json::String(cell.into())))
        };
        let object = Json::Object(names.iter().enumerate().map(cell).collect());
        input.push(&Document::new(object.object()));
    }
    Ok(())
}

/// Whether a text without a suffix is CSV beyond doubt: `#TYPE`, or several names without blanks around them and rows
/// of the same length below.
fn looks_like_csv(text: &str) -> bool {
    if text.get(..5).is_some_and(|mark| mark.eq_ignore_ascii_case("#TYPE")) {
        return true;
    }
    let Ok(sheet) = Sheet::read(text) else { return false };
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let is_name = |name: &str| name.starts_with(char::is_alphabetic) && name.trim() == name;
    let names = sheet.names().to_vec();
    let mut rows = sheet.peekable();
    names.len() > 1
        && !header.starts_with('#')
        && header.split(delimiter(header)).all(|cell| is_name(cell.trim_matches('"')))
        && rows.peek().is_some()
        && rows.all(|row| row.is_ok_and(|row| row.cells().count() == names.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(text: &str) -> InputFormat {
        InputFormat::of_content(text)
    }

    fn count(format: InputFormat, text: &str) -> usize {
        format.objects(text).expect("readable").len()
    }

    fn error(format: InputFormat, text: &str) -> String {
        format!("{:#}", format.objects(text).expect_err("refused"))
    }

    #[test]
    fn content_tells_the_format_where_no_suffix_does() {
        assert_eq!(detected(" [1, 2]\n"), InputFormat::Json);
        assert_eq!(detected("{\"a\": 1}\n{\"a\": 2}\n"), InputFormat::Json);
        assert_eq!(detected("{\n \"a\": 1\n}"), InputFormat::Json);
        assert_eq!(detected("Name;Id\nx;1\ny;2\n"), InputFormat::Csv);
        assert_eq!(detected("#TYPE System.Object\n\"Name\"\n\"x\"\n"), InputFormat::Csv);
        for lines in [
            "",
            "web01\nweb02",
            "# Name,Id\n1,2",
            "[web]\nx",
            "{ not json",
            "Smith, John\nDoe, Jane",
            "Name,Id",
            "a,b\n1",
            "7,8\n1,2",
        ] {
            assert_eq!(detected(lines), InputFormat::Lines, "{lines}");
        }
        assert_eq!(InputFormat::of_suffix("NDJSON"), Some(InputFormat::Jsonl));
        assert_eq!(InputFormat::of_suffix("ps1"), None);
    }

    #[test]
    fn each_format_gives_its_objects() {
        assert_eq!(count(InputFormat::Lines, "a\r\n\r\nb"), 3);
        assert_eq!(count(InputFormat::Json, "[1, [2, 3], {\"a\": 4}]"), 3);
        assert_eq!(count(InputFormat::Json, "{\"a\": 1} {\"a\": 2}"), 2);
        assert_eq!(count(InputFormat::Jsonl, "1\n\n[2, 3]\n"), 2);
        assert_eq!(count(InputFormat::Csv, "#TYPE System.Object\na,b\n1,\"x\ny\"\n2\n"), 2);
        for format in [InputFormat::Lines, InputFormat::Json, InputFormat::Jsonl, InputFormat::Csv] {
            assert_eq!(count(format, ""), 0, "{format:?}");
        }
    }

    #[test]
    fn mistakes_have_their_line() {
        assert_eq!(
            error(InputFormat::Json, "[1,\n2,,3]"),
            "line 2, column 3: expected a value: text in double quotes, a number, a list, an object, true, false or \
             null"
        );
        assert_eq!(
            error(InputFormat::Jsonl, "1\n{\"a\" 2}"),
            "line 2, column 6: expected ':' and a value after this name"
        );
        assert_eq!(
            error(InputFormat::Csv, "#TYPE x\na,b\n1,2,3"),
            "line 3: 3 cells, but the first row names 2 columns"
        );
        assert_eq!(error(InputFormat::Csv, "a,A\n1,2"), "line 1: the column `A` appears twice");
        assert_eq!(
            error(InputFormat::Csv, "a\r\n\"1\r\n2\"\r\n\r\n3,4\r\n"),
            "line 5: 2 cells, but the first row names 1 columns"
        );
    }
}
