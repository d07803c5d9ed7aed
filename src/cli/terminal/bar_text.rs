//! What the bar says, for any width.

use std::time::Duration;

use super::wording;

/// One for each tenth of a second.
const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/// Cells of the gauge on a wide terminal.
const GAUGE_WIDTH: usize = 24;
/// Columns below which words are worth more than a gauge.
const GAUGE_FROM: usize = 40;

/// How far a run is, as the bar shows it.
#[derive(Debug, Default)]
pub(super) struct BarText {
    /// Targets that have their outcome.
    pub done: u64,
    /// All targets.
    pub total: u64,
    /// What else there is to say; safe for a terminal, one line.
    pub message: String,
}

impl BarText {
    /// The text after so long: at most this many columns wide. The first cell is blank, for the cursor.
    pub(super) fn text(&self, elapsed: Duration, columns: usize) -> String {
        if columns == 0 {
            return String::new();
        }
        let spinner = SPINNER[(elapsed.as_millis() / 100 % SPINNER.len() as u128) as usize];
        let gauge = if columns < GAUGE_FROM { String::new() } else { self.gauge(GAUGE_WIDTH.min(columns / 4)) };
        let Self { done, total, message } = self;
        let elapsed = wording::elapsed(elapsed);
        let text = format!(" {spinner} {gauge}{done}/{total} {elapsed}  {message}");
        console::truncate_str(text.trim_end(), columns, "…").into_owned()
    }

    /// `[====>     ] `
    fn gauge(&self, cells: usize) -> String {
        let filled = (self.done as u128 * cells as u128).checked_div(self.total.into()).unwrap_or(0);
        let filled = usize::try_from(filled).map_or(cells, |filled| filled.min(cells));
        let head = if filled < cells { ">" } else { "" };
        format!("[{:<cells$}] ", "=".repeat(filled) + head)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use unicode_width::UnicodeWidthStr;

    use super::BarText;

    fn bar(done: u64, total: u64, message: &str) -> BarText {
        BarText { done, total, message: message.into() }
    }

    #[test]
    fn the_gauge_gives_way_to_words() {
        let bar = bar(3, 12, "2 ok, 1 failed, 3 running  web1: Copying: file 2");
        let text = |columns| bar.text(Duration::from_millis(8123), columns);
        assert_eq!(
            text(120),
            " ⠙ [======>                 ] 3/12 8 s  2 ok, 1 failed, 3 running  web1: Copying: file 2"
        );
        assert_eq!(text(60), " ⠙ [===>           ] 3/12 8 s  2 ok, 1 failed, 3 running  w…");
        assert_eq!(text(39), " ⠙ 3/12 8 s  2 ok, 1 failed, 3 running…");
        assert_eq!(text(19), " ⠙ 3/12 8 s  2 ok,…");
    }

    #[test]
    fn no_text_is_wider_than_its_columns() {
        for message in [
            "",
            "1 running",
            "服务器国国国国国国国国国国国国国国国国国国国国: 复制文件",
            "🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂",
        ] {
            for columns in 0..100 {
                let text = bar(0, u64::MAX, message).text(Duration::from_secs(100_000), columns);
                assert!(text.width() <= columns, "{text:?} in {columns} columns");
            }
        }
    }

    #[test]
    fn a_gauge_is_full_at_the_end_only() {
        for (done, total, gauge) in [
            (0, 0, "[>         ] "),
            (0, 7, "[>         ] "),
            (6, 7, "[========> ] "),
            (7, 7, "[==========] "),
            (9, 7, "[==========] "),
            (u64::MAX, 1, "[==========] "),
        ] {
            assert_eq!(bar(done, total, "").gauge(10), gauge, "{done}/{total}");
        }
    }
}
