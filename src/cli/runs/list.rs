//! `psfleet runs ls`.

use std::fmt::Write;

use super::short_id;
use crate::cli::args::runs::{LsArgs, PageFormat};
use crate::cli::terminal::{self, wording};
use crate::output::sanitize_line;
use crate::store::{Run, Store};

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
    terminal::print(&match args.output {
        PageFormat::Text => table(shown, &all),
        PageFormat::Json => {
            let lines = shown.iter().map(|run| super::show::facts(run).to_string() + "\n");
            lines.collect()
        }
    })?;
    Ok(0)
}

fn table(shown: &[Run], all: &[Run]) -> String {
    if shown.is_empty() {
        return "no run is kept yet; psfleet run keeps each unless --no-store is given\n".to_owned();
    }
    let heads = ["RUN", "LABEL", "BEGUN (UTC)", "TOOK", "STATE", "HOSTS", "OUTCOMES"];
    let mut rows = vec![heads.map(str::to_owned)];
    for run in shown {
        rows.push([
            short_id(run, all),
            sanitize_line(run.label.as_deref().unwrap_or_default()).into_owned(),
            run.begun.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            run.took.map(wording::duration).unwrap_or_default(),
            run.state.name().to_owned(),
            run.target_count.to_string(),
            wording::counts(&run.counts),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut text = String::new();
    for (row, title) in rows.iter().zip(std::iter::once("WHAT").chain(shown.iter().map(|run| run.title.as_str()))) {
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(text, "{cell:width$}  ");
        }
        text.push_str(&sanitize_line(title));
        text.push('\n');
    }
    if shown.len() < all.len() {
        let _ = writeln!(text, "... {} earlier ones: --all", all.len() - shown.len());
    }
    text
}
