//! One object as PowerShell's list: a line for each property, as wide as the reader's lines, the rest below.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::columns::chunks;
use crate::output::{sanitize, sanitize_line, style};

/// What stands between a name and its value.
const COLON: &str = " : ";

/// Writes the properties, with the blank line that ends the object.
pub(super) fn write(out: &mut dyn Write, fields: &[(&str, String)], width: usize, color: bool) -> io::Result<()> {
    let style = style::title(color);
    // At least one column is left to the value.
    let most = width.saturating_sub(COLON.len() + 1).max(1);
    let names: Vec<_> = fields.iter().map(|(name, _)| sanitize_line(name)).collect();
    let names: Vec<_> = names.iter().map(|name| chunks(name, most).next().unwrap_or_default()).collect();
    let label = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let room = width.saturating_sub(label + COLON.len()).max(1);
    let indent = " ".repeat(label + COLON.len());
    for (name, (_, value)) in names.iter().zip(fields) {
        let value = sanitize(value);
        let pad = " ".repeat(label - name.width());
        let mut first = true;
        for line in value.split('\n').flat_map(|line| chunks(line, room)).map(str::trim_end) {
            match (std::mem::take(&mut first), line) {
                (true, "") => writeln!(out, "{style}{name}{pad} :{style:#}")?,
                (true, line) => writeln!(out, "{style}{name}{pad} :{style:#} {line}")?,
                (false, "") => writeln!(out)?,
                (false, line) => writeln!(out, "{indent}{line}")?,
            }
        }
    }
    writeln!(out)
}
