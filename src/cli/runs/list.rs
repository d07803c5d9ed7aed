//! `psfleet runs ls`.

use std::fmt::Write;

use super::short_id;
use crate::cli::args::runs::{LsArgs, PageFormat};
use crate::cli::terminal::{self, wording};
use crate::output::{cut, sanitize_line, width};
use crate::store::{Header, Run, Store};

/// Columns that a title gets at least; where there are fewer, it stands below its run.
const TITLE_ROOM: usize = 24;
/// How far what stands below a run stands in.
const INDENT: usize = 4;

impl LsArgs {
    /// What is shown where nothing was said.
    pub(super) fn default_list() -> Self {
        Self { number: 20, ..Self::default() }
    }
}

/// Prints the runs.
pub(super) fn run(args: &LsArgs, store: &Store) -> anyhow::Result<u8> {
    let all = store.runs()?;
    let shown = &all[..if args.all { all.len() } else { args.number.min(all.len()) }];
    match args.output {
        PageFormat::Text => {
            let row = |run: &Run| {
                let origin = run.imported.map(|_| store.header(run).map(origin)).transpose()?;
                Ok(Row::new(run, &all, origin))
            };
            let rows = shown.iter().map(row).collect::<anyhow::Result<Vec<_>>>()?;
            terminal::print(&table(&rows, all.len(), terminal::page_columns()))
        }
        PageFormat::Json => {
            let lines = shown.iter().map(|run| super::show::facts(run).to_string() + "\n");
            terminal::print_json(&lines.collect::<String>())
        }
    }?;
    Ok(0)
}

/// The machine on which a run was made.
fn origin(header: Header) -> String {
    if header.machine.is_empty() { "another machine".to_owned() } else { header.machine }
}

/// A run as shown.
struct Row {
    /// Id, label, begin, time, state, number of hosts.
    cells: [String; 6],
    outcomes: String,
    title: String,
}

impl Row {
    const HEADS: [&str; 6] = ["RUN", "LABEL", "BEGUN (UTC)", "TOOK", "STATE", "HOSTS"];
    const LABEL: usize = 1;
    const TOOK: usize = 3;

    fn new(run: &Run, all: &[Run], origin: Option<String>) -> Self {
        let of = origin.map(|machine| format!(", from {machine}")).unwrap_or_default();
        let cells = [
            short_id(run, all),
            run.label.clone().unwrap_or_default(),
            run.begun.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            run.took.map(wording::duration).unwrap_or_default(),
            format!("{}{of}", run.state.name()),
            run.target_count.to_string(),
        ];
        Self {
            cells: cells.map(|cell| sanitize_line(&cell).into_owned()),
            outcomes: wording::counts(&run.counts),
            title: sanitize_line(&run.title).into_owned(),
        }
    }
}

/// The runs, each in a line of so many columns, or in two if that is too narrow for what it did.
fn table(rows: &[Row], kept: usize, columns: Option<usize>) -> String {
    if rows.is_empty() {
        return "no run is kept yet; psfleet run keeps each unless --no-store is given\n".to_owned();
    }
    let heads = Row { cells: Row::HEADS.map(str::to_owned), outcomes: "OUTCOMES".to_owned(), title: "WHAT".to_owned() };
    // A column of nothing is left out.
    let is_wanted = |column: usize| column != Row::LABEL || rows.iter().any(|row| !row.cells[column].is_empty());
    let mut wanted: Vec<usize> = (0..Row::HEADS.len()).filter(|column| is_wanted(*column)).collect();
    let all = || std::iter::once(&heads).chain(rows);
    let widest = |cell: &dyn Fn(&Row) -> usize| all().map(cell).max().unwrap_or(0);
    let widths = |wanted: &[usize]| -> Vec<usize> {
        wanted.iter().map(|&column| widest(&|row| width(&row.cells[column]))).collect()
    };
    let total = |wanted: &[usize]| widths(wanted).iter().map(|width| width + 2).sum::<usize>();
    if columns.is_some_and(|columns| total(&wanted) > columns + 2) {
        wanted.retain(|column| *column != Row::TOOK);
    }
    let (before, widths) = (total(&wanted), widths(&wanted));
    let outcomes = widest(&|row| width(&row.outcomes));
    let is_narrow = columns.is_some_and(|columns| before + outcomes + 2 + TITLE_ROOM > columns);
    let fitted = |text: &str, used: usize| match columns {
        Some(columns) => cut(text, columns.saturating_sub(used)),
        None => text.to_owned(),
    };
    let mut text = String::new();
    for row in all() {
        let cells = wanted.iter().zip(&widths).map(|(&column, width)| padded(&row.cells[column], *width));
        let line = cells.collect::<String>();
        let (outcomes, title) = match is_narrow {
            false => (padded(&row.outcomes, outcomes), row.title.as_str()),
            true => (format!("\n{:INDENT$}{}  ", "", row.outcomes), row.title.as_str()),
        };
        let used = if is_narrow { width(&outcomes) } else { before + width(&outcomes) };
        let line = format!("{}{outcomes}{}", if is_narrow { line.trim_end() } else { &line }, fitted(title, used));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if rows.len() < kept {
        let _ = writeln!(text, "... {} earlier ones: --all", kept - rows.len());
    }
    text
}

/// A cell and the gap behind it.
fn padded(cell: &str, columns: usize) -> String {
    format!("{cell}{:gap$}", "", gap = columns - width(cell) + 2)
}

#[cfg(test)]
mod tests {
    use super::{Row, table};

    fn row(label: &str, state: &str, outcomes: &str) -> Row {
        let cells = ["01a222bb-c6", label, "2026-11-28 15:17:24", "0.2 s", state, "24"].map(str::to_owned);
        Row { cells, outcomes: outcomes.to_owned(), title: "Get-Service WinRM | Select-Object Name, Status".to_owned() }
    }

    #[test]
    fn runs_fit_into_any_terminal() {
        let rows = [row("", "done", "24 ok"), row("", "unfinished", "1 failed, 23 not started")];
        insta::assert_snapshot!(table(&rows, 3, Some(120)), @r"
        RUN          BEGUN (UTC)          TOOK   STATE       HOSTS  OUTCOMES                  WHAT
        01a222bb-c6  2026-11-28 15:17:24  0.2 s  done        24     24 ok                     Get-Service WinRM | Select-Object…
        01a222bb-c6  2026-11-28 15:17:24  0.2 s  unfinished  24     1 failed, 23 not started  Get-Service WinRM | Select-Object…
        ... 1 earlier ones: --all
        ");
        insta::assert_snapshot!(table(&rows, 2, Some(60)), @r"
        RUN          BEGUN (UTC)          TOOK   STATE       HOSTS
            OUTCOMES  WHAT
        01a222bb-c6  2026-11-28 15:17:24  0.2 s  done        24
            24 ok  Get-Service WinRM | Select-Object Name, Status
        01a222bb-c6  2026-11-28 15:17:24  0.2 s  unfinished  24
            1 failed, 23 not started  Get-Service WinRM | Select-Ob…
        ");
        let whole = table(&rows, 2, None);
        assert!(whole.lines().skip(1).all(|line| line.ends_with("Select-Object Name, Status")), "{whole}");
    }

    #[test]
    fn labels_have_a_column_where_there_are_some() {
        let text = table(&[row("patch", "done", "24 ok"), row("", "done, from web-admin", "24 ok")], 2, None);
        assert!(text.starts_with("RUN          LABEL  BEGUN") && text.contains("done, from web-admin"), "{text}");
    }
}
