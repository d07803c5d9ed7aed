//! Upper-casing of user names as Windows does it.

/// Upper-cases each UTF-16 unit by itself, as RtlUpcaseUnicodeString does: `ß` stays, and so does whatever takes two
/// units.
///
/// # Source
/// Windows' table (`$UpCase` of Windows 7 and later), which follows Unicode 5.1: one unit for one, and only where
/// lower-casing leads back.
pub(super) fn upper(unit: u16) -> u16 {
    match unit {
        // With iota subscript: Unicode's full mapping writes the iota out, Windows has the one letter.
        0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => unit + 8,
        0x1fb3 | 0x1fc3 | 0x1ff3 => unit + 9,
        _ if is_younger(unit) => unit,
        _ => single(unit).unwrap_or(unit),
    }
}

/// The upper case of a unit, if that is one unit, and this one is its lower case.
fn single(unit: u16) -> Option<u16> {
    let lower = char::from_u32(u32::from(unit))?;
    let upper = only(lower.to_uppercase())?;
    if only(upper.to_lowercase())? != lower {
        return None;
    }
    u16::try_from(u32::from(upper)).ok()
}

fn only(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}

/// Letters that have got an upper case since: of Georgian and Cherokee all, of others a few.
fn is_younger(unit: u16) -> bool {
    matches!(
        unit,
        0x019b | 0x023f | 0x0240 | 0x0252 | 0x025c | 0x0261
            | 0x0264 | 0x0265 | 0x0266 | 0x026a | 0x026c | 0x0282 | 0x0287 | 0x029d | 0x029e
            | 0x03f3
            | 0x0525..=0x052f
            | 0x10d0..=0x10ff
            | 0x13f8..=0x13fd
            | 0x1c80..=0x1c8f
            | 0x1d8e
            | 0x2c5f
            | 0x2cec..=0x2cf3
            | 0x2d27
            | 0x2d2d
            | 0xa661
            | 0xa699..=0xa69b
            | 0xa78d..=0xabbf
    )
}

#[cfg(test)]
mod tests {
    use md5::{Digest, Md5};

    use super::upper;

    fn of(text: &str) -> String {
        String::from_utf16(&text.encode_utf16().map(upper).collect::<Vec<_>>()).expect("UTF-16")
    }

    #[test]
    fn the_whole_table_is_that_of_windows() {
        let table: Vec<u8> = (0..=u16::MAX).flat_map(|unit| upper(unit).to_le_bytes()).collect();
        // The MD5 of the file $UpCase that Windows 7 and later write on NTFS, as ntfs-3g documents it.
        assert_eq!(
            format!("{:032x}", u128::from_be_bytes(Md5::digest(table).into())),
            "7ff498a44e45e77374cc7c962b1b92f2"
        );
    }

    #[test]
    fn names_as_windows_hashes_them() {
        for (name, expected) in [
            ("alice", "ALICE"),
            ("wei\u{df}", "WEI\u{df}"),
            ("\u{10428}", "\u{10428}"),
            ("\u{fb01}n", "\u{fb01}N"),
            ("\u{131}s\u{131}k", "\u{131}S\u{131}K"),
            ("\u{3c3}\u{3bf}\u{3c6}\u{3cc}\u{3c2}", "\u{3a3}\u{39f}\u{3a6}\u{38c}\u{3c2}"),
            ("\u{1f80}\u{1fb3}", "\u{1f88}\u{1fbc}"),
            ("\u{10d2}\u{10d8}", "\u{10d2}\u{10d8}"),
            ("\u{b5}\u{17f}\u{149}", "\u{b5}\u{17f}\u{149}"),
            ("\u{dc}se\u{4e9}", "\u{dc}SE\u{4e8}"),
            ("\u{30b5}\u{30b6}", "\u{30b5}\u{30b6}"),
        ] {
            assert_eq!(of(name), expected);
        }
    }
}
