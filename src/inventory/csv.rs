//! CSV with a column that names the host: what Excel, Active Directory, `Export-Csv` and psfleet itself write.

use std::sync::Arc;

use crate::config::{Given, Node, Place, Problem};
use crate::sheet::{Row, Sheet, SheetError, delimiter};
use crate::target::Variable;

use super::model::{Inventory, Layer};
use super::owner::{Owner, set_key};
use super::row::{HostRow, bracketed};
use super::tree::FileContext;

/// The headers that name the host, the best first.
const NAMES: [&str; 6] = ["pscomputername", "computername", "name", "hostname", DNS_NAME, "server"];

/// The header of the full name: an address where another column names the host.
const DNS_NAME: &str = "dnshostname";

/// Whether a line looks like the header of an inventory: several columns of which one names the host, or
/// `ComputerName` alone.
pub fn is_header(line: &str) -> bool {
    let cells: Vec<String> =
        line.split(delimiter(line)).map(|cell| cell.trim().trim_matches('"').to_lowercase()).collect();
    match cells.as_slice() {
        [one] => NAMES[..2].contains(&one.as_str()),
        _ => cells.iter().any(|cell| NAMES.contains(&cell.as_str())),
    }
}

/// Reads CSV into the inventory: a column named like a connection key is one, the others are variables.
pub fn read_csv(text: &str, context: &FileContext, inventory: &mut Inventory) -> Vec<Problem> {
    let problem = |line: u32, what: String| Problem::at(&context.file, Place { line, column: 1 }, "", what);
    let sheet = match Sheet::read(text) {
        Ok(sheet) => sheet,
        Err(SheetError { line, what }) => return vec![problem(line, what)],
    };
    let columns: Vec<Column> = sheet.names().iter().map(|name| Column::new(name)).collect();
    let place = |name: &str| columns.iter().position(|column| column.lower == name);
    let Some(names) = NAMES.iter().find_map(|name| place(name)) else {
        let found = problem(1, format!("no column names the host; found {}", sheet.names().join(", ")));
        return vec![found.with_hint("name it ComputerName (or PSComputerName, Name, HostName, DNSHostName, Server)")];
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
        let mut entry = HostRow { name: &name, at, path: String::new(), layer: Layer::default() };
        let mut set = |key: &str, header: &str, cell: &str, layer: &mut Layer| {
            let node = Node { at, ..Node::text(cell) };
            match set_key(&mut layer.connection, key, &node, self.context, &source) {
                Some(Ok(())) => {}
                Some(Err((what, hint))) => {
                    let problem = Problem::at(&self.context.file, at, format!("{name} > {header}"), what);
                    problems.push(Problem { hint, ..problem });
                }
                None => drop(layer.vars.insert(header.to_owned(), Given::new(Variable::text(cell), source.clone()))),
            }
        };
        for (place, column) in self.columns.iter().enumerate().filter(|(place, _)| *place != self.names) {
            let cell = row.get(place).unwrap_or_default().trim();
            if !cell.is_empty() {
                set(&column.key, &column.name, cell, &mut entry.layer);
            }
        }
        let full = self.columns.iter().position(|column| column.lower == DNS_NAME).filter(|place| *place != self.names);
        let full = full.and_then(|place| row.get(place)).map(str::trim).filter(|full| !full.is_empty());
        if let Some(full) = full
            && entry.layer.connection.address.is_none()
        {
            set("address", DNS_NAME, full, &mut entry.layer);
        }
        entry.add(self.context, inventory, problems);
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
