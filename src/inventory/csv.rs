//! CSV with a `ComputerName` column: what Excel, Active Directory and `Export-Csv` write.

use std::sync::Arc;

use crate::config::{Given, Node, Place, Problem, Value};

use super::model::{Inventory, Layer};
use super::row::HostRow;
use super::tree::{FileContext, Owner, set_key};

/// The headers that name the host, the best first.
const NAMES: [&str; 5] = ["computername", "name", "hostname", "dnshostname", "server"];

/// Whether a line looks like the header of an inventory: several columns of which one names the host, or
/// `ComputerName` alone.
pub fn is_header(line: &str) -> bool {
    let cells: Vec<String> =
        line.split([',', ';', '\t']).map(|cell| cell.trim().trim_matches('"').to_lowercase()).collect();
    match cells.as_slice() {
        [one] => one == NAMES[0],
        _ => cells.iter().any(|cell| NAMES.contains(&cell.as_str())),
    }
}

/// Reads CSV into the inventory: a column named like a connection key is one, the others are variables.
pub fn read_csv(text: &str, context: &FileContext, inventory: &mut Inventory) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (text, skipped, delimiter) = dialect(text);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let problem = |line: u32, path: &str, message: String| {
        Problem::at(&context.file, Place { line: line + skipped, column: 1 }, path, message)
    };
    let headers: Vec<String> = match reader.headers() {
        Ok(headers) => headers.iter().map(str::to_owned).collect(),
        Err(error) => return vec![problem(1, "", error.to_string())],
    };
    let lower: Vec<String> = headers.iter().map(|header| header.to_lowercase()).collect();
    let Some(name_column) = NAMES.iter().find_map(|name| lower.iter().position(|header| header == name)) else {
        let found = problem(1, "", format!("no column names the host; found {}", headers.join(", ")));
        return vec![found.with_hint("name it ComputerName (or Name, HostName, DNSHostName, Server)")];
    };
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                problems.push(problem(error.position().map_or(0, line_of), "", error.to_string()));
                continue;
            }
        };
        let line = row.position().map_or(0, line_of);
        if row.iter().all(str::is_empty) {
            continue;
        }
        if row.len() != headers.len() {
            problems.push(problem(line, "", format!("{} cells in a table of {} columns", row.len(), headers.len())));
            continue;
        }
        let at = Place { line: line + skipped, column: 1 };
        let cells =
            headers.iter().zip(&row).enumerate().filter(|(column, _)| *column != name_column).map(|(_, cell)| cell);
        let name = row.get(name_column).unwrap_or_default();
        read_row(name, cells, at, context, inventory, &mut problems);
    }
    problems
}

fn read_row<'a>(
    name: &str,
    cells: impl Iterator<Item = (&'a String, &'a str)>,
    at: Place,
    context: &FileContext,
    inventory: &mut Inventory,
    problems: &mut Vec<Problem>,
) {
    let owner: Arc<str> = Arc::from(name);
    let source = Owner::Host.source(context, at.line, &owner);
    let mut row = HostRow { name, at, path: String::new(), layer: Layer::default() };
    for (header, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
        let key = header.to_lowercase().replace(['-', ' '], "_");
        match set_key(
            &mut row.layer.connection,
            &key,
            &Node { at, value: Value::Text(cell.to_owned()) },
            context,
            &source,
        ) {
            Some(Ok(())) => {}
            Some(Err((what, hint))) => {
                problems.push(Problem { hint, ..Problem::at(&context.file, at, format!("{name} > {header}"), what) });
            }
            None => drop(row.layer.vars.insert(header.clone(), Given::new(cell.into(), source.clone()))),
        }
    }
    row.add(context, inventory, problems);
}

/// The text without Excel's `sep=` line, how many lines that was, and the delimiter.
fn dialect(text: &str) -> (&str, u32, u8) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let [delimiter] = first.trim_end().strip_prefix("sep=").unwrap_or_default().as_bytes() {
        return (rest, 1, *delimiter);
    }
    let count = |delimiter: char| {
        let outside = first.split('"').step_by(2);
        outside.map(|part| part.matches(delimiter).count()).sum::<usize>()
    };
    let best = [(b',', count(',')), (b';', count(';')), (b'\t', count('\t'))];
    let delimiter = best.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter);
    (text, 0, delimiter)
}

fn line_of(position: &csv::Position) -> u32 {
    u32::try_from(position.line()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{dialect, is_header};

    #[test]
    fn headers() {
        for line in ["ComputerName", "\"Site\";\"DNSHostName\"", "name,ip", "Server\tport"] {
            assert!(is_header(line), "{line}");
        }
        for line in ["web01", "name", "a,b", ""] {
            assert!(!is_header(line), "{line}");
        }
    }

    #[test]
    fn dialects() {
        assert_eq!(dialect("a,b\n1,2\n").2, b',');
        assert_eq!(dialect("a;\"x,y,z\"\n").2, b';');
        assert_eq!(dialect("sep=;\r\na,b\n"), ("a,b\n", 1, b';'));
        assert_eq!(dialect("a\n").2, b',');
    }
}
