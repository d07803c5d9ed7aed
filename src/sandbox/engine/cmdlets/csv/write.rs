//! Objects as lines of a table.

use std::sync::Arc;

use super::super::super::convert::text;
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, properties};
use super::super::super::value::Val;
use super::super::Bound;

/// Makes lines; the first object sets the columns.
pub(in super::super) struct Writer {
    delimiter: char,
    quotes: Quotes,
    /// Only these fields stand in quotes.
    quoted: Option<Vec<String>>,
    names_type: bool,
    has_header: bool,
    columns: Option<Vec<Arc<str>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Always,
    AsNeeded,
    Never,
}

impl Writer {
    /// As the parameters of ConvertTo-Csv and Export-Csv say.
    pub(in super::super) fn of(bound: &Bound) -> Run<Self> {
        let quotes = match bound.text("UseQuotes").map(|text| text.to_lowercase()).as_deref() {
            None | Some("always") => Quotes::Always,
            Some("asneeded") => Quotes::AsNeeded,
            Some("never") => Quotes::Never,
            Some(other) => {
                let message = format!(
                    "Cannot bind parameter 'UseQuotes'. Cannot convert value \"{other}\" to type \"QuoteKind\"."
                );
                let kind = "System.Management.Automation.ParameterBindingException";
                return Err(ErrorRecord::new(kind, message, "CannotConvertArgumentNoMessage", 5).into());
            }
        };
        Ok(Self {
            delimiter: super::delimiter(bound)?,
            quotes,
            quoted: bound.get("QuoteFields").map(|_| bound.texts("QuoteFields")),
            names_type: bound.switch("IncludeTypeInformation"),
            has_header: !bound.switch("NoHeader"),
            columns: None,
        })
    }

    /// Goes on with a table that has these columns: there is no header to write.
    pub(super) fn go_on(&mut self, columns: Vec<Arc<str>>) {
        self.columns = Some(columns);
    }

    pub(super) fn delimiter(&self) -> char {
        self.delimiter
    }

    /// The first of the columns that an object has no property for.
    pub(super) fn lacking(&self, object: &Val) -> Option<&str> {
        let own = columns_of(object);
        let has = |column: &Arc<str>| own.iter().any(|name| name.eq_ignore_ascii_case(column));
        self.columns.iter().flatten().find(|column| !has(column)).map(|column| &**column)
    }

    /// The line of an object; before the first one, those of the header.
    pub(in super::super) fn lines(&mut self, evaluator: &Evaluator<'_>, object: &Val) -> Vec<String> {
        let mut lines = Vec::new();
        let columns = match &self.columns {
            Some(columns) => columns.clone(),
            None => {
                let columns = columns_of(object);
                if self.names_type {
                    lines.push(format!("#TYPE {}", object.type_name()));
                }
                if self.has_header {
                    lines.push(self.line(columns.iter().map(|name| (name.clone(), Some(name.to_string())))));
                }
                self.columns = Some(columns.clone());
                columns
            }
        };
        let cells = columns.into_iter().map(|name| {
            let value = evaluator.member(object, &name).filter(|value| !value.is_null());
            (name, value.map(|value| cell(&value)))
        });
        lines.push(self.line(cells));
        lines
    }

    fn line(&self, cells: impl Iterator<Item = (Arc<str>, Option<String>)>) -> String {
        let cells: Vec<_> =
            cells.map(|(name, cell)| cell.map_or_else(String::new, |cell| self.field(&name, cell))).collect();
        cells.join(&self.delimiter.to_string())
    }

    fn field(&self, name: &str, cell: String) -> String {
        let is_quoted = match &self.quoted {
            Some(names) => names.iter().any(|quoted| quoted.eq_ignore_ascii_case(name)),
            None => match self.quotes {
                Quotes::Always => true,
                Quotes::AsNeeded => cell.contains([self.delimiter, '"', '\n', '\r']),
                Quotes::Never => false,
            },
        };
        if is_quoted { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
    }
}

fn columns_of(object: &Val) -> Vec<Arc<str>> {
    match object {
        Val::Hash(hash) => hash.entries().iter().map(|(key, _)| text(key).into()).collect(),
        other => properties(other).into_iter().map(|(name, _)| name).collect(),
    }
}

/// A value in a cell: collections are named by their type.
fn cell(value: &Val) -> String {
    match value {
        Val::List(list) => list.type_name.to_string(),
        other => text(other),
    }
}
