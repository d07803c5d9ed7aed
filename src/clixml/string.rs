//! Text as .NET has it: UTF-16 that need not be valid.

use std::borrow::Cow;
use std::fmt;

/// A .NET string: nearly always valid Unicode, but lone surrogates are legal and are kept.
///
/// A string that is valid Unicode is always held as UTF-8, so equal strings have one form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PsString(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Utf8(Box<str>),
    /// UTF-16 with at least one lone surrogate.
    Wide(Box<[u16]>),
}

impl PsString {
    /// Makes a string from UTF-16 code units, lone surrogates included.
    pub fn from_utf16(units: &[u16]) -> Self {
        match String::from_utf16(units) {
            Ok(text) => Self(Repr::Utf8(text.into())),
            Err(_) => Self(Repr::Wide(units.into())),
        }
    }

    /// A string of units that are known to have a lone surrogate.
    pub(super) fn wide(units: Vec<u16>) -> Self {
        Self(Repr::Wide(units.into()))
    }

    /// Bytes that it takes beside itself.
    pub(super) fn heap_size(&self) -> usize {
        match &self.0 {
            Repr::Utf8(text) => text.len(),
            Repr::Wide(units) => size_of_val(&**units),
        }
    }

    /// The text, unless it has lone surrogates.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Repr::Utf8(text) => Some(text),
            Repr::Wide(_) => None,
        }
    }

    /// The text with lone surrogates replaced by U+FFFD.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        match &self.0 {
            Repr::Utf8(text) => Cow::Borrowed(text),
            Repr::Wide(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    /// The UTF-16 code units.
    pub fn utf16(&self) -> Cow<'_, [u16]> {
        match &self.0 {
            Repr::Utf8(text) => Cow::Owned(text.encode_utf16().collect()),
            Repr::Wide(units) => Cow::Borrowed(units),
        }
    }

    /// Whether there is no character in it.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Repr::Utf8(text) if text.is_empty())
    }
}

impl From<&str> for PsString {
    fn from(text: &str) -> Self {
        Self(Repr::Utf8(text.into()))
    }
}

impl From<String> for PsString {
    fn from(text: String) -> Self {
        Self(Repr::Utf8(text.into()))
    }
}

impl From<Cow<'_, str>> for PsString {
    fn from(text: Cow<'_, str>) -> Self {
        Self(Repr::Utf8(text.into()))
    }
}

impl PartialEq<str> for PsString {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for PsString {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(*other)
    }
}

impl fmt::Debug for PsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Utf8(text) => fmt::Debug::fmt(text, f),
            Repr::Wide(units) => write!(f, "utf16{units:04X?}"),
        }
    }
}

impl fmt::Display for PsString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::PsString;

    #[test]
    fn one_form_for_valid_text() {
        assert_eq!(PsString::from_utf16(&[0xD83D, 0xDE00]), PsString::from("😀"));
    }

    #[test]
    fn keeps_lone_surrogates() {
        let lone = PsString::from_utf16(&[0x61, 0xD800]);
        assert_eq!(lone.as_str(), None);
        assert_eq!(lone.to_str_lossy(), "a\u{FFFD}");
        assert_eq!(*lone.utf16(), [0x61, 0xD800]);
    }
}
