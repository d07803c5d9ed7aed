//! CSV with a column that names the host: what Excel, Active Directory, `Export-Csv` and psfleet itself write.

use std::sync::Arc;

use crate::config::{Connection, Given, Node, Place, Problem, Source};
use crate::sheet::{Row, Sheet, SheetError, delimiter};
use crate::target::Variable;

use super::context::FileContext;
use super::model::{Inventory, Layer};
use super::owner::{Owner, set_key};
use super::row::{HostRow, bracketed};

/// The headers that name the host, the best first.
const NAMES: [&str; 6] = ["pscomputername", "computername", "name", "hostname", DNS_NAME, "server"];

/// The header of the full name: an address where another column names the host.
const DNS_NAME: &str = "dnshostname";

/// Whether a line looks like the header of an inventory: several columns of which one names the host, or
/// `ComputerName` alone.
pub(super) fn is_header(line: &str) -> bool {
    let cells: Vec<String> =
        line.split(delimiter(line)).map(|cell| cell.trim().trim_matches('"').to_lowercase()).collect();
    match cells.as_slice() {
        [one] => NAMES[..2].contains(&one.as_str()),
        _ => cells.iter().any(|cell| NAMES.contains(&cell.as_str())),
    }
}

/// What begins the header of a label: `labels.site`.
const LABELS: &str = "labels.";

/// Reads CSV into the inventory: a column named like a connection key is one, `labels.NAME` is a label, the others are
/// variables. As for `Import-Csv`, an empty cell is an empty text, and one that the row is too short for is nothing.
pub(super) fn read_csv(text: &str, context: &FileContext, inventory: &mut Inventory) -> Vec<Problem> {
    let problem = |line: u32, what: String| Problem::at(&context.file, Place { line, column: 1 }, "", what);
    let sheet = match Sheet::read(text) {
        Ok(sheet) => sheet,
        Err(SheetError { line, what }) => return vec![problem(line, what)],
    };
    let columns: Vec<Column> = sheet.names().iter().map(|name| Column::new(name)).collect();
    let place = |name: &str| columns.iter().position(|column| column.lower == name);
    let Some(names) = NAMES.iter().find_map(|name| place(name)) else {
        let found = match sheet.names() {
            [] => Problem::at(&context.file, Place::NONE, "", "it is empty: no row names the columns"),
            names => problem(1, format!("no column names the host; found {}", names.join(", "))),
        };
        let hint = "give one column the name ComputerName (or PSComputerName, Name, HostName, DNSHostName, Server)";
        return vec![found.with_hint(hint)];
    };
    let table = Table { columns, names, context };
    let mut problems = Vec::new();
    for row in sheet {
        match row {
            Ok(row) if row.cells().all(|cell| cell.trim().is_empty()) => {}
            Ok(row) => table.row(&row, inventory, &mut problems),
            Err(SheetError { line, what }) => problems.push(problem(line, what)),
        }
    }
    problems
}

struct Column {
    name: String,
    lower: String,
    /// The connection key of that name, if there is one.
    key: String,
}

impl Column {
    fn new(name: &str) -> Self {
        let name = name.trim();
        let lower = name.to_lowercase();
        Self { name: name.to_owned(), key: lower.replace(['-', ' '], "_"), lower }
    }

    /// The name of the label that the column holds.
    fn label(&self) -> Option<&str> {
        let is_label = self.lower.starts_with(LABELS) && self.lower.len() > LABELS.len();
        is_label.then(|| self.name.get(LABELS.len()..)).flatten()
    }
}

struct Table<'a> {
    columns: Vec<Column>,
    /// The column that names the host.
    names: usize,
    context: &'a FileContext,
}

impl Table<'_> {
    fn row(&self, row: &Row, inventory: &mut Inventory, problems: &mut Vec<Problem>) {
        let at = Place { line: row.line, column: 1 };
        let name = bracketed(row.get(self.names).unwrap_or_default().trim());
        let source = Owner::Host.source(self.context, at.line, &Arc::from(name.as_str()));
        let mut cells =
            Cells { context: self.context, host: &name, at, source, layer: Layer::default(), problems: &mut *problems };
        let others = || self.columns.iter().enumerate().filter(|(place, _)| *place != self.names);
        for (place, column) in others() {
            cells.take(column, row.get(place).map(str::trim));
        }
        let full = others().find(|(_, column)| column.lower == DNS_NAME).and_then(|(place, _)| row.get(place));
        if let Some(full) = full.map(str::trim).filter(|full| !full.is_empty())
            && cells.layer.connection.address.is_none()
        {
            cells.set("address", DNS_NAME, full);
        }
        let entry = HostRow { name: &name, at, path: String::new(), layer: cells.layer };
        entry.add(self.context, inventory, problems);
    }
}

/// What the cells of one row say of its host.
struct Cells<'a> {
    context: &'a FileContext,
    host: &'a str,
    at: Place,
    source: Source,
    layer: Layer,
    problems: &'a mut Vec<Problem>,
}

impl Cells<'_> {
    /// Takes a cell; `None` where the row is too short to have it.
    fn take(&mut self, column: &Column, cell: Option<&str>) {
        let filled = cell.filter(|cell| !cell.is_empty());
        let given = |text: &str| Given::new(text.to_owned(), self.source.clone());
        match (column.label(), filled) {
            (Some(label), Some(cell)) => drop(self.layer.labels.insert(label.to_owned(), given(cell))),
            (None, Some(cell)) => self.set(&column.key, &column.name, cell),
            (None, None) if !Connection::KEYS.contains(&&*column.key) => {
                let blank = cell.map_or_else(|| Variable::of_json("null"), Variable::text);
                self.layer.blanks.insert(column.name.clone(), Given::new(blank, self.source.clone()));
            }
            (_, None) => {}
        }
    }

    /// Sets a connection key, or a variable if there is no such key.
    fn set(&mut self, key: &str, header: &str, cell: &str) {
        let node = Node { at: self.at, ..Node::text(cell) };
        match set_key(&mut self.layer.connection, key, &node, self.context, &self.source) {
            Some(Ok(())) => {}
            Some(Err((what, hint))) => {
                let path = format!("{} > {header}", self.host);
                self.problems.push(Problem { hint, ..Problem::at(&self.context.file, self.at, path, what) });
            }
            None => {
                self.layer.vars.insert(header.to_owned(), Given::new(Variable::text(cell), self.source.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_header;

    #[test]
    fn headers() {
        for line in ["ComputerName", "PSComputerName", "\"Site\";\"DNSHostName\"", "name,ip", "Server\tport"] {
            assert!(is_header(line), "{line}");
        }
        for line in ["web01", "name", "a,b", ""] {
            assert!(!is_header(line), "{line}");
        }
    }
}
