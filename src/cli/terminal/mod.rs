//! The terminal: what it can do, and what people see on stderr beside the data.
//!
//! [`Console`] knows the terminal and is the one way to write to it without garbling the [`Bar`]. [`Diagnostics`] shows
//! the streams beside the output, [`ProgressLine`] how far the run is and, at its end, why hosts failed, what
//! [`CutNote`] says of members that came cut, and the totals. [`FoldNote`] names what a fold has ignored,
//! [`PropertyNote`] what was asked for and is nowhere, [`NothingNote`] says what it means that nothing came.

mod bar;
mod bar_text;
mod console;
mod cut_note;
mod diagnostics;
mod fold_note;
mod nothing_note;
mod pause;
mod progress;
mod prompter;
mod property_note;
pub mod status_line;
pub(super) mod wording;

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use super::args::output::ColorMode;
use crate::output::{filled, safe_json, sanitize, width, wrapped};
pub use bar::Bar;
pub use console::{Channel, Console, ConsoleWriter};
pub use cut_note::CutNote;
pub use diagnostics::Diagnostics;
pub use fold_note::FoldNote;
pub use nothing_note::NothingNote;
pub use progress::ProgressLine;
pub use prompter::TerminalPrompter;
pub use property_note::PropertyNote;

/// Columns of a value that are lined up with others.
const VALUE_ROOM: usize = 48;

/// Columns that are left for where a value is from, on a terminal.
const ORIGIN_ROOM: usize = 20;

/// Columns of a line on stdout, where people read it on a terminal.
pub(super) fn page_columns() -> Option<usize> {
    Some(Channel::stdout(ColorMode::Auto)).filter(|stdout| stdout.terminal).map(|stdout| stdout.width)
}

/// Writes sentences to stdout, in lines of its width if people read it.
///
/// # Errors
/// Those of [`print()`].
pub fn say(text: &str) -> io::Result<()> {
    print(&page_columns().map_or_else(|| text.to_owned(), |columns| wrapped(text, columns)))
}

/// Writes sentences to stderr where no [`Console`] is at hand, in lines of its width if people read it. They must be safe
/// for a terminal.
pub fn complain(text: &str) {
    let columns = io::stderr().is_terminal().then(|| ::console::Term::stderr().size_checked()).flatten();
    let columns = columns.map(|(_, columns)| usize::from(columns)).filter(|columns| *columns > 0);
    anstream::eprintln!("{}", columns.map_or_else(|| text.to_owned(), |columns| wrapped(text, columns)));
}

/// Rows of a name, a value and where that is from. A value that is wider than most pushes nobody else aside.
pub(super) fn settings(rows: &[[String; 3]], indent: usize, columns: Option<usize>) -> String {
    let names = rows.iter().map(|[name, ..]| width(name)).max().unwrap_or(0);
    let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(indent + names + 4 + ORIGIN_ROOM));
    let most = VALUE_ROOM.min(room.max(ORIGIN_ROOM));
    let values = rows.iter().map(|[_, value, _]| width(value)).filter(|width| *width <= most).max().unwrap_or(0);
    let (second, third) = (indent + names + 2, indent + names + values + 4);
    let mut page = String::new();
    for [name, value, origin] in rows {
        let gaps = (" ".repeat(names - width(name)), " ".repeat(values.saturating_sub(width(value))));
        let row = format!("{:indent$}{name}{}  {value}{}  ", "", gaps.0, gaps.1);
        let line = match columns {
            Some(columns) if width(&row) + width(origin) > columns && width(value) > values => {
                let origin = filled(origin, columns, second, second + 2);
                format!("{}\n{:second$}{origin}", row.trim_end(), "")
            }
            Some(columns) => row + &filled(origin, columns, third, third + 2),
            None => row + origin,
        };
        page.push_str(line.trim_end());
        page.push('\n');
    }
    page
}

/// Writes JSON to stdout: the same bytes wherever programs read it, and nothing that a terminal would obey.
///
/// # Errors
/// Those of [`print()`].
pub fn print_json(json: &str) -> io::Result<()> {
    print(&if io::stdout().is_terminal() { safe_json(json) } else { json.into() })
}

/// A cell of a table for programs: as it is, and without what a terminal would obey where people read it.
pub(super) fn cell(text: &str, is_read: bool) -> Cow<'_, str> {
    if is_read { sanitize(text) } else { text.into() }
}

/// Writes a page to stdout. A reader that is gone has seen enough.
///
/// # Errors
/// What stdout says.
pub fn print(page: &str) -> io::Result<()> {
    match io::stdout().lock().write_all(page.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::settings;

    #[test]
    fn origins_stand_beside_values_or_below_them() {
        let rows = [
            ["port", "5985, with --tls 5986, with ssh 22", "default"],
            ["user", "svc", "host web07 in inventories/fleet.toml:34"],
        ];
        let rows = rows.map(|row| row.map(str::to_owned));
        insta::assert_snapshot!(settings(&rows, 2, Some(48)), @r"
          port  5985, with --tls 5986, with ssh 22
                default
          user  svc  host web07 in
                       inventories/fleet.toml:34
        ");
        assert!(settings(&rows, 0, None).lines().nth(1).is_some_and(|line| line.ends_with(":34")));
    }
}
