//! A sheet of text cells: CSV as `Export-Csv`, Excel and directory tools write it, read as `Import-Csv` reads it.
//!
//! The rules are those of PowerShell's `ImportCsvHelper` (CsvCommands.cs): lines with `#` before the header are skipped
//! (`#TYPE` among them), unless the names stand after `#Fields: ` (logs of the W3C's form have it), blanks around cells
//! without quotes are dropped, a short row lacks its last cells, a column without a name is called `H1`, `H2`, ....
//! Beyond it, the header shows the delimiter, Excel's `sep=` line does too, lines with `#` between the rows of such a
//! log are skipped too (a server writes its head anew when it starts), a row with too many cells or a quote without its
//! pair is a mistake, and every row knows its line.

use thiserror::Error;

/// A mistake in a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub(crate) struct SheetError {
    /// Line from 1.
    pub line: u32,
    /// What is wrong, one line.
    pub what: String,
}

/// A sheet whose header was read; iterating gives its rows.
#[derive(Debug, Clone)]
pub(crate) struct Sheet<'t> {
    names: Vec<String>,
    scanner: Scanner<'t>,
}

/// A row with at least one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// The line where it begins, from 1.
    pub line: u32,
    cells: Vec<String>,
}

impl Row {
    /// The cell of a column, counted from 0; `None` where the row is too short to have one.
    pub(crate) fn get(&self, column: usize) -> Option<&str> {
        self.cells.get(column).map(String::as_str)
    }

    /// The cells that are there.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(String::as_str)
    }
}

impl<'t> Sheet<'t> {
    /// Reads up to the header. A text without one has no columns and no rows.
    ///
    /// # Errors
    /// Two columns of one name, or a quote without its pair.
    pub(crate) fn read(text: &'t str) -> Result<Self, SheetError> {
        let mut scanner = Scanner::new(text);
        let Some(mut header) = scanner.row().transpose()? else { return Ok(Self { names: Vec::new(), scanner }) };
        drop_empty_end(&mut header.cells, 1);
        let mut names: Vec<String> = Vec::with_capacity(header.cells.len());
        let mut unnamed = 0;
        for cell in header.cells {
            let name = match cell.is_empty() {
                true => {
                    unnamed += 1;
                    format!("H{unnamed}")
                }
                false => cell,
            };
            if names.iter().any(|known| known.to_lowercase() == name.to_lowercase()) {
                return Err(SheetError { line: header.line, what: format!("the column `{name}` appears twice") });
            }
            names.push(name);
        }
        Ok(Self { names, scanner })
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }
}

impl Iterator for Sheet<'_> {
    type Item = Result<Row, SheetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut row = match self.scanner.row()? {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        drop_empty_end(&mut row.cells, self.names.len());
        let (found, columns) = (row.cells.len(), self.names.len());
        if found > columns {
            let what = format!("{found} cells, but the first row names {columns} columns");
            return Some(Err(SheetError { line: row.line, what }));
        }
        Some(Ok(row))
    }
}

/// Drops empty cells at the end as long as there are more than `least`: spreadsheets write delimiters for columns that
/// they no longer have.
fn drop_empty_end(cells: &mut Vec<String>, least: usize) {
    while cells.len() > least && cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
}

/// The delimiter that a line of names shows: comma, semicolon (as Excel writes in many countries) or tab.
pub(crate) fn delimiter(line: &str) -> char {
    let count =
        |delimiter: &char| line.split('"').step_by(2).map(|part| part.matches(*delimiter).count()).sum::<usize>();
    // Of equally many the last in this list is meant.
    ['\t', ';', ','].into_iter().max_by_key(count).unwrap_or(',')
}

/// What stands before the names of a log of the W3C's form.
const FIELDS: &str = "#Fields: ";

/// The delimiter of such a log: a space, unless its names show another one.
fn log_delimiter(names: &str) -> char {
    if names.contains([',', ';', '\t']) { delimiter(names) } else { ' ' }
}

/// What ends a cell.
enum End {
    Delimiter,
    Line,
}

#[derive(Debug, Clone)]
struct Scanner<'t> {
    rest: &'t str,
    line: u32,
    delimiter: char,
    /// The names of a log's columns, as they stand there.
    log: Option<&'t str>,
}

impl<'t> Scanner<'t> {
    /// Skips what stands before the header, and finds the delimiter.
    fn new(text: &'t str) -> Self {
        let mut scanner =
            Self { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1, delimiter: ',', log: None };
        loop {
            let line = scanner.rest.split(['\r', '\n']).next().unwrap_or_default();
            if let Some(delimiter) = excel_delimiter(line) {
                scanner.take_line(line);
                scanner.delimiter = delimiter;
                return scanner;
            }
            if let Some(names) = line.strip_prefix(FIELDS).filter(|names| !names.trim().is_empty()) {
                scanner.rest = &scanner.rest[FIELDS.len()..];
                scanner.delimiter = log_delimiter(names);
                scanner.log = Some(names);
                return scanner;
            }
            if scanner.rest.is_empty() || !(line.trim().is_empty() || line.starts_with('#')) {
                scanner.delimiter = delimiter(line);
                return scanner;
            }
            scanner.take_line(line);
        }
    }

    fn take_line(&mut self, line: &str) {
        self.rest = &self.rest[line.len()..];
        self.take_newline();
    }

    /// Takes `\r\n`, `\n` or `\r`, if one is next.
    fn take_newline(&mut self) -> bool {
        let rest = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix(['\n', '\r']));
        if let Some(rest) = rest {
            self.rest = rest;
            self.line = self.line.saturating_add(1);
        }
        rest.is_some()
    }

    /// The next row that is not a blank line.
    fn row(&mut self) -> Option<Result<Row, SheetError>> {
        while !self.rest.is_empty() {
            match self.skip_head() {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => return Some(Err(error)),
            }
            let mut row = Row { line: self.line, cells: Vec::new() };
            loop {
                let (cell, end) = match self.cell() {
                    Ok(found) => found,
                    Err(error) => return Some(Err(error)),
                };
                row.cells.push(cell);
                match end {
                    End::Delimiter => {}
                    End::Line => break,
                }
            }
            if row.cells.len() > 1 || row.cells.iter().any(|cell| !cell.is_empty()) {
                return Some(Ok(row));
            }
        }
        None
    }

    /// Skips a line with `#` of a log, which may not name other columns.
    fn skip_head(&mut self) -> Result<bool, SheetError> {
        let Some(names) = self.log.filter(|_| self.rest.starts_with('#')) else { return Ok(false) };
        let (at, line) = (self.line, self.rest.split(['\r', '\n']).next().unwrap_or_default());
        self.take_line(line);
        match line.strip_prefix(FIELDS) {
            Some(others) if others.trim_end() != names.trim_end() => {
                Err(SheetError { line: at, what: "`#Fields:` names different columns than before".to_owned() })
            }
            _ => Ok(true),
        }
    }

    fn cell(&mut self) -> Result<(String, End), SheetError> {
        let delimiter = self.delimiter;
        self.rest = self.rest.trim_start_matches(|c| is_blank(c) && c != delimiter);
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let (raw, end) = self.until_delimiter();
            return Ok((without_blank_end(raw).to_owned(), end));
        };
        self.rest = quoted;
        let mut cell = self.quoted()?;
        let (tail, end) = self.until_delimiter();
        if !tail.trim().is_empty() {
            cell.push_str(tail);
        }
        Ok((cell, end))
    }

    /// What stands between quotes; two of them are one.
    fn quoted(&mut self) -> Result<String, SheetError> {
        let opened = self.line;
        let mut cell = String::new();
        loop {
            let Some(at) = self.rest.find(['"', '\r', '\n']) else {
                self.rest = "";
                return Err(SheetError { line: opened, what: "a quote (\") begins here and never ends".to_owned() });
            };
            cell.push_str(&self.rest[..at]);
            let before = &self.rest[at..];
            self.rest = before;
            if self.take_newline() {
                cell.push_str(&before[..before.len() - self.rest.len()]);
            } else if let Some(rest) = before.strip_prefix("\"\"") {
                cell.push('"');
                self.rest = rest;
            } else {
                self.rest = &before[1..];
                return Ok(cell);
            }
        }
    }

    /// What stands before the end of the cell; the end is taken too.
    fn until_delimiter(&mut self) -> (&'t str, End) {
        let at = self.rest.find(['\r', '\n', self.delimiter]).unwrap_or(self.rest.len());
        let (raw, rest) = self.rest.split_at(at);
        self.rest = rest;
        if let Some(rest) = rest.strip_prefix(self.delimiter) {
            self.rest = rest;
            return (raw, End::Delimiter);
        }
        self.take_newline();
        (raw, End::Line)
    }
}

/// The delimiter of Excel's line `sep=;`.
fn excel_delimiter(line: &str) -> Option<char> {
    let mut rest = line.trim_end_matches(' ').strip_prefix("sep=")?.chars();
    rest.next().filter(|delimiter| rest.next().is_none() && !matches!(delimiter, '"' | '\r' | '\n'))
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

/// `foo  ` is `foo`, but `foo bar ` stays as it is: so does Import-Csv.
fn without_blank_end(raw: &str) -> &str {
    match raw.find(is_blank) {
        Some(at) if raw[at..].trim().is_empty() => &raw[..at],
        _ => raw,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Sheet, delimiter};

    /// Names and rows, a cell that is absent as `-`, and mistakes in their place.
    fn shown(text: &str) -> String {
        let sheet = match Sheet::read(text) {
            Ok(sheet) => sheet,
            Err(error) => return error.to_string(),
        };
        let names = sheet.names().to_vec();
        let row = |row: Result<super::Row, super::SheetError>| match row {
            Ok(row) => {
                let cells: Vec<_> = (0..names.len()).map(|column| row.get(column).unwrap_or("-")).collect();
                format!("{}:{}", row.line, cells.join("|"))
            }
            Err(error) => error.to_string(),
        };
        let rows: Vec<_> = sheet.map(row).collect();
        format!("{}; {}", names.join("|"), rows.join("; "))
    }

    #[test]
    fn reads_as_import_csv_does() {
        for (text, expected) in [
            ("a,b\n1,2\n", "a|b; 2:1|2"),
            ("#TYPE System.Object\r\n\"a\"\r\n\"1\"", "a; 3:1"),
            ("#type x\n# more\n\na\n1", "a; 5:1"),
            ("a,b,c\n1,2\n\n3\n", "a|b|c; 2:1|2|-; 4:3|-|-"),
            ("a, \"b c\" ,d \n 1 ,\"x\"\"y\" , z z \n", "a|b c|d; 2:1|x\"y|z z "),
            ("a,,b,,\n1,2,3,,\n", "a|H1|b; 2:1|2|3"),
            ("a\tb\n1;2\t3\n", "a|b; 2:1;2|3"),
            ("sep=;\na,b;c\n1;2\n", "a,b|c; 3:1|2"),
            ("\u{feff}a;b\n,;\n", "a|b; 2:,|"),
            ("a,b\r1,2\r", "a|b; 2:1|2"),
            ("", "; "),
            ("#only\n", "; "),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn logs_name_their_columns_in_a_comment() {
        for (text, expected) in [
            ("#Version: 1.0\n#Fields: ComputerName,Owner\nweb1,a\nweb2,b\n", "ComputerName|Owner; 3:web1|a; 4:web2|b"),
            ("#Fields: a,b\n#Date: x\n1,2\n", "a|b; 3:1|2"),
            (
                "#Software: IIS\r\n#Fields: date cs(User-Agent) \r\n1 Mozilla/5.0+(x;y)\r\n",
                "date|cs(User-Agent); 3:1|Mozilla/5.0+(x;y)",
            ),
            ("#Fields: a b\n1 2\n#Software: x\n#Fields: a b\n3 4\n", "a|b; 2:1|2; 5:3|4"),
            (
                "#Fields: a b\n1 2\n#Fields: a c\n3 4\n",
                "a|b; 2:1|2; line 3: `#Fields:` names different columns than before; 4:3|4",
            ),
            ("#Fields: a;\"b c\"\n1;2\n", "a|b c; 2:1|2"),
            ("#Fields: one\n1\n", "one; 2:1"),
            // Not the form of a log.
            ("#Fields: \na,b\n1,2\n", "a|b; 3:1|2"),
            ("#Fields:a,b\nc,d\n1,2\n", "c|d; 3:1|2"),
            ("a,b\n#Fields: c,d\n", "a|b; 2:#Fields: c|d"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_are_counted_through_quotes_and_line_ends() {
        assert_eq!(shown("a,b\r\n1,\"x\r\ny\"\r\n\r\n2,3\r\n"), "a|b; 2:1|x\r\ny; 5:2|3");
        assert_eq!(shown("\"a\nb\",c\n1,2\n"), "a\nb|c; 3:1|2");
    }

    #[test]
    fn mistakes_have_their_line() {
        assert_eq!(shown("a\r\n\r\n1,2\r\n3\r\n"), "a; line 3: 2 cells, but the first row names 1 columns; 4:3");
        assert_eq!(shown("a,A\n"), "line 1: the column `A` appears twice");
        assert_eq!(shown("a\n1\n\"2\n3\n"), "a; 2:1; line 3: a quote (\") begins here and never ends");
    }

    #[test]
    fn the_header_shows_the_delimiter() {
        for (line, expected) in [("a,b", ','), ("a;\"x,y,z\"", ';'), ("a\tb;c\td", '\t'), ("a", ',')] {
            assert_eq!(delimiter(line), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_ends(text in "(#Fields: )?[a\"#,;\t \r\nü]{0,40}") {
            let lines = text.split(['\r', '\n']).count();
            if let Ok(sheet) = Sheet::read(&text) {
                prop_assert!(sheet.count() <= lines);
            }
        }
    }
}
