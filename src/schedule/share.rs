//! A number of targets, or a part of them.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

/// A number of targets, or a part of them: `5`, `20%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// So many.
    Count(NonZeroUsize),
    /// So many of a hundred, from 1 to 100.
    Percent(u8),
}

impl Share {
    /// How many of `all` targets that is; a part of a target is a whole one.
    pub fn of(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count.get(),
            Self::Percent(percent) => all.saturating_mul(usize::from(percent)).div_ceil(100),
        }
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let share = match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().filter(|percent| (1..=100).contains(percent)).map(Self::Percent),
            None => text.parse().ok().map(Self::Count),
        };
        share.ok_or_else(|| "expected a number of hosts from 1 on, or a share of them such as 20%".to_owned())
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_target_is_a_whole_one() {
        let of = |text: &str, all| text.parse::<Share>().expect(text).of(all);
        assert_eq!([of("20%", 200), of("20%", 7), of("1%", 3), of("100%", 9), of("50%", 0)], [40, 2, 1, 9, 0]);
        assert_eq!([of("5", 200), of("5", 2)], [5, 5], "a count is itself, whoever is there");
    }

    #[test]
    fn what_is_typed_is_read_and_shown_alike() {
        for text in ["1", "500", "1%", "100%"] {
            assert_eq!(text.parse::<Share>().map(|share| share.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "0", "0%", "101%", "-1", "1.5%", "%", "5 %", "many"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }
}
