//! Whether and for how long a run is kept.

use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::config;
use crate::store::{Retention, check_label};

/// Store flags, shared by the commands that make a run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Store")]
pub struct StoreArgs {
    /// Name the run, so that `psfleet runs` finds it by more than its id
    #[arg(long, env = "PSFLEET_LABEL", value_name = "NAME", value_parser = label)]
    pub label: Option<String>,

    /// Do not keep the run: it cannot be shown, compared or resumed later
    #[arg(long, env = "PSFLEET_NO_STORE", value_parser = BoolishValueParser::new(), num_args = 0,
          default_value_t = false, default_missing_value = "true")]
    pub no_store: bool,

    /// How runs are removed from the store.
    #[command(flatten)]
    pub retention: RetentionArgs,
}

/// For how long runs are kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Store")]
pub struct RetentionArgs {
    /// Remove runs from the store that ended longer ago [default: 90d]
    #[arg(long, env = "PSFLEET_KEEP_FOR", value_name = "TIME", value_parser = config::parse_duration)]
    pub keep_for: Option<Duration>,

    /// Remove the oldest runs while the store holds more than this, such as 500MB or 2GB [default: 2GB]
    #[arg(long, env = "PSFLEET_KEEP_SIZE", value_name = "SIZE", value_parser = size)]
    pub keep_size: Option<u64>,
}

impl RetentionArgs {
    /// What was asked for, or the default.
    pub fn retention(&self) -> Retention {
        let usual = Retention::default();
        Retention { age: self.keep_for.unwrap_or(usual.age), bytes: self.keep_size.unwrap_or(usual.bytes) }
    }
}

fn label(text: &str) -> Result<String, String> {
    check_label(text).map(|()| text.to_owned())
}

/// Bytes, with the unit that people write: powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.trim()[digits.len()..].to_ascii_uppercase();
    let power = match unit.trim_end_matches('B').trim_end_matches('I') {
        "" => 0,
        "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        _ => return Err(format!("'{text}' is not a size; write a number and KB, MB, GB or TB")),
    };
    let number: u64 = digits.trim().parse().map_err(|_| format!("'{text}' is not a size, such as 500MB or 2GB"))?;
    1024u64.checked_pow(power).and_then(|unit| number.checked_mul(unit)).ok_or_else(|| format!("'{text}' is too large"))
}

#[cfg(test)]
mod tests {
    use super::{label, size};

    #[test]
    fn sizes_as_people_write_them() {
        for (text, bytes) in
            [("0", 0), ("10", 10), ("1KB", 1024), ("2 GB", 2 << 30), ("3MiB", 3 << 20), ("1t", 1 << 40), ("7B", 7)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "GB", "-1", "1.5GB", "2XB", "99999999999TB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn labels_are_one_word() {
        for text in ["patch-2026.11", "x"] {
            assert_eq!(label(text).as_deref(), Ok(text));
        }
        let (long, id) = ("x".repeat(101), "01a2222e-bc0a-73d5-87d5-15e53abc4a6d");
        for text in ["", "a b", "a:b", "last", "last~1", "run", "a,b", "\u{1b}[31m", "-x", "..", &long, id] {
            assert!(label(text).is_err(), "{text}");
        }
    }
}
