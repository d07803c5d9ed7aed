//! Values that must never be seen: redacted in `Debug` and `Display`, wiped on drop.

use std::fmt;
use zeroize::Zeroize;

/// The most bytes of a secret that is read from somewhere: longer than any password, token or key.
pub const MOST: usize = 64 << 10;

/// A secret value: a password, a passphrase, a token.
///
/// It prints as `<secret>` everywhere, and its memory is overwritten when it is dropped. The only way to the
/// inside is [`Secret::expose`], which is easy to find in a review.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value. The caller should not keep another copy of it.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Do not print, log or store it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

impl<T: Zeroize> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn never_shows_its_value() {
        let secret = Secret::new(String::from("hunter2"));
        assert_eq!(format!("{secret} {secret:?}"), "<secret> <secret>");
        assert_eq!(secret.expose(), "hunter2");
    }
}
