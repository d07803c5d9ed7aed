//! The attributes of an element.
//!
//! quick-xml's own iterator costs nearly as much as the rest of its work, and CLIXML has an attribute on most elements.

use std::borrow::Cow;

use super::reader::{Tag, local};
use super::reference;

/// The attributes that mean something in CLIXML, in any order and with any prefix; entities are resolved.
#[derive(Debug, Default)]
pub(super) struct Attributes<'e> {
    /// `N`: the name of a member, or `Key` or `Value`; still with its escapes.
    pub(super) name: Option<Cow<'e, str>>,
    /// `RefId`
    pub(super) id: Option<u32>,
    /// `S`: the stream.
    pub(super) stream: Option<Cow<'e, str>>,
}

impl<'e> Attributes<'e> {
    /// Reads the attributes of a start tag.
    ///
    /// # Errors
    /// What is wrong: `RefId`, or `attribute` if the text has not the form of attributes.
    pub(super) fn read(tag: &Tag<'e>) -> Result<Self, &'static str> {
        let mut found = Self { name: tag.usual.name.map(Cow::Borrowed), id: tag.usual.id, stream: None };
        let mut rest = tag.others;
        while !rest.trim_ascii_start().is_empty() {
            let (name, value);
            (name, value, rest) = split(rest.trim_ascii_start()).ok_or("attribute")?;
            match local(name) {
                "N" => found.name = Some(resolve(value)?),
                "RefId" => found.id = Some(value.trim_ascii().parse().map_err(|_| "RefId")?),
                "S" => found.stream = Some(resolve(value)?),
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The first attribute's name and raw value, and what comes after it.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let bytes = text.as_bytes();
    let equals = bytes.iter().position(|&byte| byte == b'=')?;
    let name = text.get(..equals)?.trim_ascii_end();
    let after = text.get(equals + 1..)?.trim_ascii_start();
    let quote = *after.as_bytes().first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let inner = after.get(1..)?;
    let end = inner.as_bytes().iter().position(|&byte| byte == quote)?;
    Some((name, inner.get(..end)?, inner.get(end + 1..)?))
}

fn resolve(value: &str) -> Result<Cow<'_, str>, &'static str> {
    if !value.as_bytes().contains(&b'&') {
        return Ok(Cow::Borrowed(value));
    }
    reference::resolve(value).ok_or("attribute")
}

#[cfg(test)]
mod tests {
    use super::{Attributes, Tag};
    use crate::clixml::reader::{Piece, Reader};

    /// As the reader finds them, if it can, and all by the rules for unusual ones.
    fn read(text: &str) -> [Result<Attributes<'_>, &'static str>; 2] {
        let unusual = Tag { full_name: "a", others: text, ..Tag::default() };
        let markup: &'static str = format!("<a {text}>").leak();
        let tag = match Reader::new(markup.as_bytes()).next() {
            Ok(Piece::Start(tag)) => tag,
            _ => unusual,
        };
        [&tag, &unusual].map(Attributes::read)
    }

    #[test]
    fn reads_any_order_and_quote() {
        for text in [
            r#"N="a" RefId="1" S="Error""#,
            r#"RefId="1" N="a" S="Error""#,
            r#"N="b" RefId="2" N="a" RefId="1" S="Error" "#,
            " S='Error'\nRefId = '1' x:N = 'a' other=\"&bad;\" ",
            " RefId=' 1 'N=\"&#97;\"S='Error'",
        ] {
            for found in read(text) {
                let found = found.expect(text);
                assert_eq!(
                    (found.name.as_deref(), found.id, found.stream.as_deref()),
                    (Some("a"), Some(1), Some("Error")),
                    "{text}"
                );
            }
        }
        assert!(read("").iter().flatten().all(|found| found.name.is_none() && found.id.is_none()));
    }

    #[test]
    fn refuses_other_text() {
        for text in ["N", "N=", "N=a", "N=\"a", "N='a\"", "=", "N=\"&a;\"", "N=\"a\" b"] {
            assert_eq!(read(text).map(|found| found.err()), [Some("attribute"); 2], "{text}");
        }
        assert_eq!(read("RefId=\"-1\"").map(|found| found.err()), [Some("RefId"); 2]);
    }
}
