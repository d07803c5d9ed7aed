//! The column that says which host an object came from: its name and its width.

use unicode_width::UnicodeWidthStr;

use super::sanitize_line;
use crate::event::RunHeader;

/// The column, or the line of a list; PowerShell's own name for it.
pub(super) const COLUMN: &str = "PSComputerName";

/// The column is no wider than this, however long a name.
const WIDEST: usize = 40;

/// The width of the longest name of a run.
pub(super) fn width(header: &RunHeader) -> usize {
    let names = header.targets.iter().map(|target| sanitize_line(&target.name).width());
    names.max().unwrap_or(0).min(WIDEST)
}
