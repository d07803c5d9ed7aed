//! Values that must never be seen: redacted in `Debug` and `Display`, wiped on drop.

use std::ffi::OsStr;
use std::fmt;

use zeroize::Zeroize;

/// The most bytes of a secret that is read from somewhere: longer than any password, token or key.
pub const MOST: usize = 64 << 10;

/// What the names of the variables begin with that hold secrets of ours.
pub const VARIABLES: [&str; 4] = ["PSFLEET_PASSWORD", "PSFLEET_SECRET_", "PSFLEET_SECRETS_", "PSFLEET_CREDENTIAL_"];

/// Whether a variable is only for us: no program that we start has it. Windows knows no case in their names.
///
/// `VAULT_TOKEN` is not of ours: HashiCorp's programs share it, and `command:vault kv get ...` needs it.
pub fn is_secret_variable(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let name = if cfg!(windows) { name.to_uppercase().into() } else { name };
    VARIABLES.iter().any(|secret| name.starts_with(secret))
}

/// A secret as a password, wherever it is from: one line, without its end.
///
/// # Errors
/// It is none, as the end of a sentence that begins with where it is from. It is not repeated.
pub fn password(secret: Secret<String>) -> Result<Secret<String>, &'static str> {
    let text = secret.expose();
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err("is empty"),
        line if line.contains(['\r', '\n']) => Err("has several lines, and a password is one"),
        line if line.contains('\0') => Err("has a NUL character, and no password has one"),
        line if line.len() < text.len() => Ok(Secret::new(line.to_owned())),
        _ => Ok(secret),
    }
}

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
    use super::{Secret, is_secret_variable, password};

    #[test]
    fn never_shows_its_value() {
        let secret = Secret::new(String::from("hunter2"));
        assert_eq!(format!("{secret} {secret:?}"), "<secret> <secret>");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn our_variables_are_ours_alone() {
        for name in
            ["PSFLEET_PASSWORD", "PSFLEET_SECRET_API", "PSFLEET_SECRETS_PASSPHRASE", "PSFLEET_CREDENTIAL_SQL_USER"]
        {
            assert!(is_secret_variable(name.as_ref()), "{name}");
            assert_eq!(is_secret_variable(name.to_lowercase().as_ref()), cfg!(windows), "{name}");
        }
        for name in ["PSFLEET_STATE_DIR", "PATH", "VAULT_TOKEN"] {
            assert!(!is_secret_variable(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn a_password_is_one_line() {
        let of = |text: &str| password(Secret::new(text.to_owned())).map(|secret| secret.expose().clone());
        for text in [" hunter2 ", " hunter2 \n", " hunter2 \r\n", " hunter2 \n\n"] {
            assert_eq!(of(text), Ok(" hunter2 ".to_owned()));
        }
        for text in ["", "\n", "\r\n"] {
            assert_eq!(of(text), Err("is empty"));
        }
        for text in ["a\nb", "a\rb\n", "\na"] {
            assert_eq!(of(text), Err("has several lines, and a password is one"));
        }
        assert_eq!(of("a\0"), Err("has a NUL character, and no password has one"));
    }
}
