//! What Format-Custom makes, and the lines above groups: text in frames, each further in than the one around it.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::packet::{Class, Node};
use crate::output::out_string::columns::chunks;
use crate::output::sanitize;

/// Entries inside entries that PowerShell follows.
const DEPTH: usize = 50;

/// How far in the lines of a frame stand.
#[derive(Clone, Copy, Default)]
struct Frame {
    left: usize,
    right: usize,
    /// The first line stands further in, or the others do if it is negative.
    first: i64,
}

/// Text that grows to a line.
struct Pen<'a> {
    out: &'a mut dyn Write,
    /// None where lines are never broken.
    width: Option<usize>,
    text: String,
}

/// Writes the lines of a `FreeFormatEntry`; they are broken at this width, if there is one.
pub(super) fn write(out: &mut dyn Write, entry: Node<'_>, width: Option<usize>) -> io::Result<()> {
    let mut pen = Pen { out, width, text: String::new() };
    for inner in entry.nodes("formatValueList") {
        // PowerShell takes no notice of the outermost frame.
        pen.entry(inner, Frame::default(), 0)?;
    }
    pen.line(Frame::default())
}

impl Frame {
    /// A frame inside this one; the sums stay within `most`, beyond which nothing can be seen.
    fn inside(self, info: Node<'_>, most: usize) -> Self {
        let add = |sum: usize, name: &str| {
            let more = usize::try_from(info.number(name)).unwrap_or(0);
            sum.saturating_add(more).min(most)
        };
        Self {
            left: add(self.left, "leftIndentation"),
            right: add(self.right, "rightIndentation"),
            first: info.number("firstLine"),
        }
    }
}

impl Pen<'_> {
    fn entry(&mut self, entry: Node<'_>, frame: Frame, depth: usize) -> io::Result<()> {
        for value in entry.nodes("formatValueList") {
            match value.class() {
                Some(Class::Nested) if depth < DEPTH => {
                    let most = self.width.unwrap_or(UNBROKEN);
                    let inner = value.node("frameInfo").map_or(frame, |info| frame.inside(info, most));
                    self.entry(value, inner, depth + 1)?;
                }
                Some(Class::NewLine) => self.line(frame)?,
                Some(Class::Text) => self.text.push_str(&value.text("text").unwrap_or_default()),
                Some(Class::Property) => self.text.push_str(&value.value()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes the text so far, and begins anew.
    fn line(&mut self, frame: Frame) -> io::Result<()> {
        let text = std::mem::take(&mut self.text);
        let width = self.width.unwrap_or(usize::MAX);
        let room = width.saturating_sub(frame.left + frame.right);
        if room == 0 {
            return writeln!(self.out);
        }
        let shift = usize::try_from(frame.first.unsigned_abs()).unwrap_or(usize::MAX);
        let (first, others) = match (shift < room, frame.first >= 0) {
            (false, _) => (0, 0),
            (true, true) => (shift, 0),
            (true, false) => (0, shift),
        };
        let mut pad = frame.left + first;
        for line in sanitize(&text).split('\n') {
            let fits = line.width() <= room - first;
            let (head, tail) = if fits { (line, "") } else { split(line, room - first) };
            for part in std::iter::once(head).chain(chunks(tail, room - others).filter(|part| !part.is_empty())) {
                writeln!(self.out, "{}", format!("{:pad$}{part}", "").trim_end())?;
                pad = frame.left + others;
            }
        }
        Ok(())
    }
}

/// The first columns of a text, this many of them, and the rest.
fn split(text: &str, width: usize) -> (&str, &str) {
    let head = chunks(text, width).next().unwrap_or_default();
    (head, text.get(head.len()..).unwrap_or_default())
}

/// Indentation of lines that are never broken goes no further.
const UNBROKEN: usize = 256;
