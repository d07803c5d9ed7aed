//! Bytes of a file to text: UTF-8 with or without a mark, and UTF-16 as Excel and Notepad write it.

/// Decodes a file.
///
/// # Errors
/// One line that says which encoding was tried and where it breaks.
pub(super) fn decode(bytes: &[u8]) -> Result<String, String> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, String> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|&&byte| byte == b'\n').count() + 1;
        format!("not UTF-8 in line {line}; save it as UTF-8, or as UTF-16 with a byte order mark")
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text = char::decode_utf16(units).collect::<Result<String, _>>();
    match text {
        Ok(text) if rest.is_empty() => Ok(text),
        _ => Err("begins as UTF-16 but is not: cut short or damaged".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn encodings() {
        assert_eq!(decode("ü".as_bytes()), Ok("ü".to_owned()));
        assert_eq!(decode(b"\xef\xbb\xbfa"), Ok("a".to_owned()));
        assert_eq!(decode(b"\xff\xfea\0\xfc\0"), Ok("aü".to_owned()));
        assert_eq!(decode(b"\xfe\xff\0a"), Ok("a".to_owned()));
        assert!(decode(b"\xff\xfea").is_err());
        assert!(decode(b"a\n\xfc").is_err_and(|error| error.contains("line 2")));
    }
}
