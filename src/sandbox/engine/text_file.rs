//! Texts in files: encodings and lines.

use super::errors::ErrorRecord;

/// How text becomes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    /// UTF-8 without a mark. Reading obeys a mark, and takes what is no UTF-8 for the system's code page.
    #[default]
    Utf8,
    Utf8Bom,
    Ascii,
    /// The code page of Windows in the west, as far as it is Latin 1.
    Latin1,
    Utf16,
    Utf16Big,
    Utf32,
    /// No text at all.
    Bytes,
}

impl Encoding {
    /// What Out-File, Tee-Object and `>` write by themselves.
    ///
    /// Source for these three: learn.microsoft.com, about_Character_Encoding, Windows PowerShell.
    pub(super) const OUT_FILE: Self = Self::Utf16;
    /// What Set-Content and Add-Content write by themselves.
    pub(super) const CONTENT: Self = Self::Latin1;
    /// What Export-Csv writes by itself.
    pub(super) const CSV: Self = Self::Ascii;

    /// What the bytes of a file seem to be in, so that more of the same can stand behind them; nothing of an empty file.
    pub(super) fn of_bytes(bytes: &[u8], default: Self) -> Option<Self> {
        Some(match bytes {
            [] => return None,
            [0xEF, 0xBB, 0xBF, ..] => Self::Utf8Bom,
            [0xFF, 0xFE, 0, 0, ..] => Self::Utf32,
            [0xFF, 0xFE, ..] => Self::Utf16,
            [0xFE, 0xFF, ..] => Self::Utf16Big,
            bytes if bytes.is_ascii() && default == Self::Utf16 => Self::Latin1,
            bytes if bytes.is_ascii() => default,
            bytes if std::str::from_utf8(bytes).is_ok() => Self::Utf8,
            _ => Self::Latin1,
        })
    }

    /// By the names that -Encoding takes.
    pub(super) fn named(name: &str) -> Result<Self, ErrorRecord> {
        Ok(match name.to_lowercase().as_str() {
            "utf8nobom" => Self::Utf8,
            // In Windows PowerShell with a mark.
            "utf8" | "utf8bom" | "utf-8" | "65001" => Self::Utf8Bom,
            "ascii" | "us-ascii" => Self::Ascii,
            "default" | "ansi" | "oem" | "latin1" | "iso-8859-1" | "windows-1252" | "1252" => Self::Latin1,
            "unicode" | "utf-16" | "string" | "unknown" => Self::Utf16,
            "bigendianunicode" => Self::Utf16Big,
            "utf32" => Self::Utf32,
            "byte" => Self::Bytes,
            _ => {
                let message = format!(
                    "Cannot process argument transformation on parameter 'Encoding'. '{name}' is not a supported encoding name."
                );
                let kind = "System.Management.Automation.ParameterBindingException";
                return Err(ErrorRecord::new(kind, message, "ParameterArgumentTransformationError", 6));
            }
        })
    }

    /// The bytes of a text; a mark stands at the start of a new file alone.
    pub(super) fn encode(self, text: &str, is_start: bool) -> Vec<u8> {
        let mark: &[u8] = match self {
            Self::Utf8Bom => &[0xEF, 0xBB, 0xBF],
            Self::Utf16 => &[0xFF, 0xFE],
            Self::Utf16Big => &[0xFE, 0xFF],
            Self::Utf32 => &[0xFF, 0xFE, 0, 0],
            _ => &[],
        };
        let mut bytes = if is_start { mark.to_vec() } else { Vec::new() };
        match self {
            Self::Utf8 | Self::Utf8Bom | Self::Bytes => bytes.extend_from_slice(text.as_bytes()),
            Self::Ascii => bytes.extend(text.chars().map(|next| if next.is_ascii() { next as u8 } else { b'?' })),
            Self::Latin1 => bytes.extend(text.chars().map(|next| u8::try_from(u32::from(next)).unwrap_or(b'?'))),
            Self::Utf16 => bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Self::Utf16Big => bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            Self::Utf32 => bytes.extend(text.chars().flat_map(|next| u32::from(next).to_le_bytes())),
        }
        bytes
    }

    /// The text of bytes; a mark at their start says more than this encoding.
    pub(super) fn decode(self, bytes: &[u8]) -> String {
        if let Some(rest) = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
            return String::from_utf8_lossy(rest).into_owned();
        }
        let units = |rest: &[u8], of: fn([u8; 2]) -> u16| {
            let units: Vec<u16> = rest.chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        };
        if self == Self::Utf32 || bytes.starts_with(&[0xFF, 0xFE, 0, 0]) {
            let rest = bytes.strip_prefix(&[0xFF, 0xFE, 0, 0]).unwrap_or(bytes);
            let point = |four: &[u8]| char::from_u32(u32::from_le_bytes([four[0], four[1], four[2], four[3]]));
            return rest.chunks_exact(4).map(|four| point(four).unwrap_or('\u{FFFD}')).collect();
        }
        if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
            return units(rest, u16::from_le_bytes);
        }
        if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
            return units(rest, u16::from_be_bytes);
        }
        match self {
            Self::Utf16 => units(bytes, u16::from_le_bytes),
            Self::Utf16Big => units(bytes, u16::from_be_bytes),
            Self::Ascii => {
                bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '\u{FFFD}' }).collect()
            }
            Self::Latin1 => bytes.iter().copied().map(char::from).collect(),
            Self::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => bytes.iter().copied().map(char::from).collect(),
            },
            _ => String::from_utf8_lossy(bytes).into_owned(),
        }
    }
}

/// The lines of a text: each of `\n`, `\r\n` and `\r` ends one.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text).filter(|text| !text.is_empty());
    std::iter::from_fn(move || {
        let text = rest?;
        match text.find(['\r', '\n']) {
            Some(at) => {
                let after = &text[at..];
                let after = after.strip_prefix("\r\n").unwrap_or(&after[1..]);
                rest = Some(after).filter(|after| !after.is_empty());
                Some(&text[..at])
            }
            None => {
                rest = None;
                Some(text)
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Encoding, lines};

    #[test]
    fn encodings_read_what_they_wrote() {
        let text = "Grüße, ½ 😀\r\nzwei";
        for name in ["utf8", "utf8BOM", "unicode", "bigendianunicode", "utf32"] {
            let encoding = Encoding::named(name).expect("known");
            assert_eq!(encoding.decode(&encoding.encode(text, true)), text, "{name}");
            let plain = Encoding::Utf8.decode(&encoding.encode(text, true));
            assert_eq!(plain, text, "{name}: the mark says how to read");
        }
        assert_eq!(Encoding::Ascii.encode("ä", true), b"?");
        assert_eq!(Encoding::Latin1.encode("ä", true), [0xE4]);
        assert!(Encoding::named("klingon").is_err());
    }

    #[test]
    fn ends_of_lines() {
        let all = |text| lines(text).collect::<Vec<_>>();
        assert_eq!(all("a\r\nb\nc\rd"), ["a", "b", "c", "d"]);
        assert_eq!(all("a\n\n"), ["a", ""]);
        assert_eq!(all(""), Vec::<&str>::new());
    }
}
