//! Spans of time as WSMan writes them.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// An xs:duration such as `P0DT0H1M9S`; `None` if it is none, or of months.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(duration).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_windows_writes_them() {
        assert_eq!(duration("PT7200.000S"), Some(Duration::from_secs(7200)));
        for text in ["", "P1M", "-PT1S", "99999999999999999999", "PT"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text: String) {
            let _ = duration(&text);
        }
    }
}
