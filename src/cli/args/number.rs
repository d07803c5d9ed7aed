//! Whole numbers as values of flags: clap would report a mistake in the words of the standard library.

use std::num::NonZeroUsize;

/// A whole number that fits.
///
/// # Errors
/// What is expected.
pub fn whole<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    within(text, 0, u64::MAX).ok_or_else(|| "expected a whole number, such as 2".to_owned())
}

/// A count of things of which there is at least one.
///
/// # Errors
/// What is expected.
pub fn count(text: &str) -> Result<NonZeroUsize, String> {
    let count = within::<usize>(text, 1, u64::MAX).and_then(NonZeroUsize::new);
    count.ok_or_else(|| "expected a whole number of at least 1, such as 32".to_owned())
}

/// A whole number of at least 1 that fits.
///
/// # Errors
/// What is expected.
pub fn at_least_one<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    within(text, 1, u64::MAX).ok_or_else(|| "expected a whole number of at least 1, such as 2".to_owned())
}

/// A TCP port.
///
/// # Errors
/// What is expected.
pub fn port(text: &str) -> Result<u16, String> {
    within(text, 1, u64::from(u16::MAX)).ok_or_else(|| "expected a port from 1 to 65535".to_owned())
}

/// A number that fits and lies between two others.
pub fn within<T: TryFrom<u64>>(text: &str, least: u64, most: u64) -> Option<T> {
    let number: u64 = text.parse().ok()?;
    if (least..=most).contains(&number) { T::try_from(number).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{at_least_one, count, port, whole};

    #[test]
    fn mistakes_say_what_is_expected() {
        assert_eq!(whole::<u32>("7"), Ok(7));
        assert_eq!(count("32").map(usize::from), Ok(32));
        assert_eq!(port("5985"), Ok(5985));
        for text in ["", "abc", "-1", "1.5", "99999999999999999999999"] {
            for error in [whole::<u32>(text).map(drop), count(text).map(drop), port(text).map(drop)] {
                let error = error.expect_err(text);
                assert!(error.starts_with("expected a "), "{text}: {error}");
            }
        }
        assert!(
            count("0").is_err()
                && at_least_one::<u32>("0").is_err()
                && port("0").is_err()
                && port("65536").is_err()
                && whole::<u32>("4294967296").is_err()
        );
    }
}
