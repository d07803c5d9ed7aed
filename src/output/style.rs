//! The colours that the sinks share.

use anstyle::{AnsiColor, Style};

/// Titles of columns and names of properties.
pub(super) fn title(color: bool) -> Style {
    if color { AnsiColor::Green.on_default().bold() } else { Style::new() }
}
