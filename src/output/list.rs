//! list: objects as Format-List shows them, and the host that each comes from.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use unicode_width::UnicodeWidthStr;

use super::display::display;
use super::merged::merged;
use super::object::{self, Shape};
use super::out_string::format::{Added, Sheets};
use super::select::{Field, Select};
use super::{Flow, Losses, Settings, Sink, flow, host_column, sanitize, sanitize_line, style};
use crate::clixml::{Document, Value};
use crate::event::{RunEvent, RunEventKind, RunHeader, Summary};
use crate::record::Record;
use crate::stream::Stream;
use crate::target::TargetId;

/// Writes objects property by property.
pub(super) struct List {
    writer: BufWriter<Box<dyn Write + Send>>,
    select: Select,
    losses: Losses,
    color: bool,
    header: Option<Arc<RunHeader>>,
    /// The host, or the hosts of a group, stand above the objects and not with each.
    is_page: bool,
    sheets: Sheets,
}

impl List {
    /// Opens the sink on a writer.
    pub(super) fn new(writer: Box<dyn Write + Send>, settings: &Settings) -> Self {
        Self {
            writer: BufWriter::new(writer),
            select: Select::new(&settings.select),
            losses: settings.losses.clone(),
            color: settings.color,
            header: None,
            is_page: settings.groups.is_some(),
            sheets: Sheets::new(settings.width, settings.color),
        }
    }

    fn begin(&mut self, header: &Arc<RunHeader>) {
        self.sheets.share(header.targets.len() > 1);
        self.header = Some(Arc::clone(header));
    }

    fn host(&self, target: TargetId) -> String {
        self.header.as_ref().map_or("", |header| header.host(target)).to_owned()
    }

    fn record(&mut self, record: &Record) -> io::Result<()> {
        let host = self.host(record.target);
        self.losses.note_sheet(&host, &record.value, &self.select);
        let text = match self.sheets.add(&record.value, record.target, &host)? {
            Added::Sheet => return self.sheets.write(&mut self.writer),
            Added::Text(text) => self.lines(&host, &text),
            Added::Object => self.object(&host, &record.value),
        };
        self.settle()?;
        self.writer.write_all(text.as_bytes())
    }

    /// Writes the rows of a formatted table that wait for their widths.
    fn settle(&mut self) -> io::Result<()> {
        self.sheets.settle()?;
        self.sheets.write(&mut self.writer)
    }

    fn finish(&mut self, target: TargetId) -> io::Result<()> {
        self.sheets.finish(target)?;
        self.sheets.write(&mut self.writer)?;
        self.writer.flush()
    }

    fn end(&mut self) -> io::Result<()> {
        self.sheets.finish_all()?;
        self.sheets.write(&mut self.writer)?;
        self.writer.flush()
    }

    fn object(&self, host: &str, document: &Document) -> String {
        if let Some(line) = self.select.is_all().then(|| merged(document, &document.root)).flatten() {
            return self.lines(host, &line);
        }
        match object::shape(document, &self.select) {
            Shape::Fields(fields) => {
                let fields = self.select.apply(fields);
                let owner = Some(host).filter(|_| !self.is_page || self.select.has_host());
                block(document, owner, &fields, self.color)
            }
            Shape::Scalar(value) => {
                // A list that arrives as one object is shown item by item, as PowerShell does.
                let items = value.as_list().unwrap_or(std::slice::from_ref(value));
                items.iter().map(|item| self.item(host, document, item)).collect()
            }
        }
    }

    fn item(&self, host: &str, document: &Document, value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            value => self.lines(host, &display(document, value)),
        }
    }

    fn lines(&self, host: &str, text: &str) -> String {
        match self.is_page {
            true => format!("{}\n", sanitize(text.strip_suffix('\n').unwrap_or(text))),
            false => lines(host, text),
        }
    }
}

impl Sink for List {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        flow(match &event.kind {
            RunEventKind::RunStarted(header) => {
                self.begin(header);
                Ok(())
            }
            RunEventKind::Record(record) if record.stream == Stream::Output => self.record(record),
            RunEventKind::TargetFinished(finished) => self.finish(finished.target),
            _ => Ok(()),
        })
    }

    fn idle(&mut self) -> anyhow::Result<Flow> {
        flow(self.settle().and_then(|()| self.writer.flush()))
    }

    fn complete(&mut self, _summary: &Summary) -> anyhow::Result<Flow> {
        flow(self.end())
    }
}

/// `host: text`, line by line.
pub(super) fn lines(host: &str, text: &str) -> String {
    let host = sanitize_line(host);
    let safe = sanitize(text);
    let lines = safe.strip_suffix('\n').unwrap_or(&safe).split('\n');
    lines.map(|line| format!("{}\n", format!("{host}: {line}").trim_end())).collect()
}

/// One object: a line per property, further lines of a value below its first.
fn block(document: &Document, owner: Option<&str>, fields: &[Field<'_>], color: bool) -> String {
    let names: Vec<_> = fields.iter().map(|(name, _)| sanitize_line(name)).collect();
    let width =
        names.iter().map(|name| name.width()).chain(owner.map(|_| host_column::COLUMN.width())).max().unwrap_or(0);
    let style = style::title(color);
    let mut text = String::new();
    let mut push = |name: &str, value: &str| {
        let pad = " ".repeat(width - name.width());
        let indent = format!("\n{}", " ".repeat(width + 3));
        let value = sanitize(value).trim_end().replace('\n', &indent);
        let line = format!("{style}{name}{pad} :{style:#} {value}");
        text.push_str(line.trim_end());
        text.push('\n');
    };
    if let Some(owner) = owner {
        push(host_column::COLUMN, owner);
    }
    for (name, (_, value)) in names.iter().zip(fields) {
        push(name, &display(document, value));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use crate::clixml::{Content, ListKind, Object, Value};
    use crate::outcome::Outcome;
    use crate::output::Format;
    use crate::output::testing::{Script, bag, settings, written};
    use crate::stream::Stream;

    fn events() -> Vec<crate::event::RunEvent> {
        let mut script = Script::new(&["web01", "web02"]);
        let list = Object {
            content: Content::List(ListKind::List, vec![Value::I32(1), Value::str("b")]),
            ..Object::default()
        };
        vec![
            script.started(),
            script.record(0, Stream::Output, Value::str("plain \x1b[1mtext\nsecond line")),
            script.record(1, Stream::Output, Value::Null),
            script.record(1, Stream::Output, Value::Bool(true)),
            script.record(1, Stream::Output, list),
            script.record(1, Stream::Error, Value::str("not data")),
            script.record(
                1,
                Stream::Output,
                bag(vec![
                    ("Name", Value::str("W32Time")),
                    ("Long\u{7}Name", Value::str("first\nsecond")),
                    ("Since", Value::DateTime("2026-11-22T19:51:31.5Z".into())),
                    ("Nothing", Value::Null),
                ]),
            ),
            script.finished(1, Outcome::Ok),
            script.run_finished(),
        ]
    }

    #[test]
    fn list_says_whose_everything_is() {
        insta::assert_snapshot!(written(Format::List, &settings(), &events()), @r"
        web01: plain text
        web01: second line
        web02: True
        web02: 1
        web02: b
        PSComputerName : web02
        Name           : W32Time
        Long␇Name      : first
                         second
        Since          : 2026-11-22 19:51:31 Z
        Nothing        :

        ");
    }
}
