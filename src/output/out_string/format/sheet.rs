//! One sheet: its shape, the group that is open, and the lines that its orders make.

use std::io::{self, Write};

use super::custom;
use super::packet::{Class, Node, Shape};
use super::table::Table;
use super::wide::Wide;
use crate::output::out_string::block;
use crate::output::sanitize;

/// The sheet that one host is sending.
pub(super) struct Sheet {
    width: usize,
    color: bool,
    form: Option<Form>,
}

enum Form {
    Table(Table),
    List,
    Wide(Wide),
    Custom,
}

impl Sheet {
    /// None yet.
    pub(super) fn new(width: usize, color: bool) -> Self {
        Self { width: width.max(1), color, form: None }
    }

    /// Whether a sheet has begun and not ended.
    pub(super) fn is_open(&self) -> bool {
        self.form.is_some()
    }

    /// Whether rows wait for the widths of their columns.
    pub(super) fn waits(&self) -> bool {
        matches!(&self.form, Some(Form::Table(table)) if table.waits())
    }

    /// Follows an order.
    pub(super) fn add(&mut self, out: &mut dyn Write, order: Node<'_>) -> io::Result<()> {
        match order.class() {
            Some(Class::FormatStart) => {
                self.end(out)?;
                let header = order.node("shapeInfo");
                let shape = header.and_then(Node::class).and_then(Shape::of).unwrap_or(Shape::Table);
                self.begin(out, shape, header, order.node("autosizeInfo").is_some())
            }
            Some(Class::GroupStart) => {
                self.end_group(out)?;
                let Some(heading) = order.node("groupingEntry") else { return Ok(()) };
                custom::write(out, heading, Some(self.width))?;
                writeln!(out)
            }
            Some(Class::Entry) => match order.node("formatEntryInfo") {
                Some(entry) if order.flag("outOfBand") => self.aside(out, entry),
                Some(entry) => self.entry(out, entry),
                None => Ok(()),
            },
            Some(Class::GroupEnd) => self.end_group(out),
            Some(Class::FormatEnd) => self.end(out),
            _ => Ok(()),
        }
    }

    /// Writes rows that wait, unless the host wants all of them seen first; widths then hold for what follows.
    pub(super) fn settle(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match &mut self.form {
            Some(Form::Table(table)) if !table.sees_all() => table.settle(out),
            _ => Ok(()),
        }
    }

    /// Ends the sheet as its own end does, if there is one.
    pub(super) fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.end_group(out)?;
        match self.form.take() {
            // Each object of a list has ended with a blank line.
            None | Some(Form::List) => Ok(()),
            Some(_) => writeln!(out),
        }
    }

    fn begin(&mut self, out: &mut dyn Write, shape: Shape, header: Option<Node<'_>>, autosize: bool) -> io::Result<()> {
        self.form = Some(match shape {
            Shape::Table => Form::Table(Table::new(header, autosize, self.width, self.color)),
            Shape::List => Form::List,
            Shape::Wide => Form::Wide(Wide::new(header, autosize, self.width)),
            Shape::Custom => Form::Custom,
        });
        writeln!(out)
    }

    /// An entry of the form; one without a start opens a sheet for itself and those that follow.
    fn entry(&mut self, out: &mut dyn Write, entry: Node<'_>) -> io::Result<()> {
        let Some(shape) = entry.class().and_then(Shape::of) else { return self.aside(out, entry) };
        if self.form.is_none() {
            self.begin(out, shape, None, false)?;
        }
        match (&mut self.form, shape) {
            (Some(Form::Table(table)), Shape::Table) => table.row(out, entry),
            (Some(Form::Wide(wide)), Shape::Wide) => wide.item(out, entry),
            (_, Shape::List) => self.list(out, entry),
            (_, Shape::Custom) => custom::write(out, entry, Some(self.width)),
            // An entry of another form than its sheet's: the order is broken, its text is not lost.
            (_, Shape::Table) => entry.nodes("formatPropertyFieldList").try_for_each(|field| line(out, &field.value())),
            (_, Shape::Wide) => entry.node("formatPropertyField").map_or(Ok(()), |field| line(out, &field.value())),
        }
    }

    /// What is not a part of the form: text, and what stands between the rows.
    fn aside(&mut self, out: &mut dyn Write, entry: Node<'_>) -> io::Result<()> {
        let mut lines = Vec::new();
        match entry.class() {
            Some(Class::RawText) => line(&mut lines, &entry.text("text").unwrap_or_default())?,
            Some(Class::CustomEntry) => custom::write(&mut lines, entry, None)?,
            Some(Class::ListEntry) => {
                writeln!(lines)?;
                self.list(&mut lines, entry)?;
            }
            _ => {}
        }
        match &mut self.form {
            Some(Form::Table(table)) => table.aside(out, lines),
            _ => out.write_all(&lines),
        }
    }

    fn list(&self, out: &mut dyn Write, entry: Node<'_>) -> io::Result<()> {
        let value = |field: Node<'_>| field.node("formatPropertyField").map(Node::value).unwrap_or_default();
        let fields = entry.nodes("listViewFieldList").map(|field| (field.label(), value(field)));
        let (labels, values): (Vec<_>, Vec<_>) = fields.unzip();
        let fields: Vec<_> = labels.iter().map(String::as_str).zip(values).collect();
        block::write(out, &fields, self.width, self.color)
    }

    fn end_group(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match &mut self.form {
            Some(Form::Table(table)) => table.end_group(out),
            Some(Form::Wide(wide)) => wide.end_group(out),
            Some(Form::List | Form::Custom) | None => Ok(()),
        }
    }
}

fn line(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "{}", sanitize(text))
}
