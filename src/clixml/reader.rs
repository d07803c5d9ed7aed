//! The markup of a text, piece by piece.
//!
//! Nearly all of a CLIXML text is plain start tags, plain end tags and characters between them, and those are found
//! here, once the whole text is known to be UTF-8. Everything else (comments, CDATA, declarations, and whatever is no
//! XML) is left to the XML library, one piece at a time.

use std::str::Utf8Error;

use quick_xml::errors::IllFormedError;
use quick_xml::events::Event;

use super::scan;

/// A piece of markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A start tag, or one that is its own end.
    Start(Tag<'a>),
    /// The end tag of the innermost open element.
    End,
    /// Characters outside of markup, never none.
    Text(&'a str),
    /// What a CDATA section holds.
    CData(&'a str),
    /// What stands between `&` and `;`.
    Reference(&'a str),
    /// A document type declaration.
    Doctype,
    /// A comment, a processing instruction or an XML declaration.
    Aside,
    /// There is nothing more.
    Eof,
}

/// A start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tag<'a> {
    /// The name as it stands, with its prefix.
    pub(super) full_name: &'a str,
    /// The values of `N` and `RefId`, as far as they stand at the beginning in the form that every known writer has.
    pub(super) usual: Usual<'a>,
    /// What else stands before the end of the tag.
    pub(super) others: &'a str,
    /// It ends in `/>`: no end tag follows.
    pub(super) is_empty: bool,
}

/// What a start tag nearly always has of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Usual<'a> {
    /// `N`, without references in it.
    pub(super) name: Option<&'a str>,
    /// `RefId`
    pub(super) id: Option<u32>,
}

impl<'a> Tag<'a> {
    /// Whether it has no prefix and no attributes but `N`.
    pub(super) fn is_plain(&self) -> bool {
        self.full_name == self.name() && self.usual.id.is_none() && self.others.is_empty()
    }

    /// The name without its prefix.
    pub(super) fn name(&self) -> &'a str {
        local(self.full_name)
    }
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    // Names are short: a search for long texts takes longer to begin.
    match name.as_bytes().iter().position(|&byte| byte == b':') {
        Some(colon) => name.get(colon + 1..).unwrap_or_default(),
        None => name,
    }
}

/// A text that is no XML: where, and which rule it breaks.
#[derive(Debug)]
pub(super) struct Broken {
    /// Bytes before the place.
    pub(super) offset: usize,
    pub(super) source: quick_xml::Error,
}

impl Broken {
    fn new(offset: usize, source: quick_xml::Error) -> Box<Self> {
        Box::new(Self { offset, source })
    }
}

/// Reads a text piece by piece.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    /// What is UTF-8 of the text.
    text: &'a str,
    /// Why that is not all of it.
    cut: Option<Utf8Error>,
    /// Where the next piece begins.
    at: usize,
    /// The names of open elements, innermost last.
    open: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let (text, cut) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let valid = bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok());
                (valid.unwrap_or_default(), Some(error))
            }
        };
        Self { text, cut, at: 0, open: Vec::with_capacity(16) }
    }

    /// Bytes before the next piece.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// What stands between two places.
    pub(super) fn between(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Result<Piece<'a>, Box<Broken>> {
        let rest = self.rest();
        match rest {
            [b'<', b'/', ..] => self.end(),
            [b'<', b'!' | b'?', ..] => self.other(),
            [b'<', ..] => self.start(),
            [b'&', ..] => self.reference(),
            [] if self.cut.is_some() => self.other(),
            [] => Ok(Piece::Eof),
            _ => self.characters(),
        }
    }

    /// The characters up to the end tag of the element that was just begun, if there is nothing else up to there.
    pub(super) fn simple_text(&mut self, tag: &Tag<'a>) -> Option<&'a str> {
        let rest = self.rest();
        let length = text_length(rest);
        let after = rest.get(length..)?.strip_prefix(b"</")?.strip_prefix(tag.full_name.as_bytes())?;
        let [b'>', ..] = after else { return None };
        let text = self.between(self.at, self.at + length);
        self.at += rest.len() - after.len() + 1;
        self.open.pop();
        Some(text)
    }

    /// All that is still to be read.
    pub(super) fn rest_text(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes on behind a start tag of so many bytes that has no attributes but `N`.
    pub(super) fn skip_start(&mut self, full_name: &'a str, length: usize) -> Tag<'a> {
        self.at += length;
        self.open.push(full_name);
        Tag { full_name, usual: Usual::default(), others: "", is_empty: false }
    }

    /// Goes on behind so many bytes, which end the innermost open element.
    pub(super) fn skip_to_end(&mut self, length: usize) {
        self.at += length;
        self.open.pop();
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn characters(&mut self) -> Result<Piece<'a>, Box<Broken>> {
        let length = text_length(self.rest());
        if self.at + length == self.text.len() && self.cut.is_some() {
            return self.other();
        }
        let text = self.between(self.at, self.at + length);
        self.at += length;
        Ok(Piece::Text(text))
    }

    fn start(&mut self) -> Result<Piece<'a>, Box<Broken>> {
        let rest = self.rest();
        let Some(stop) = rest.iter().position(|&byte| ENDS_NAME[usize::from(byte)]) else { return self.other() };
        let (usual, others) = self.usual(self.at + stop);
        let Some(end) = tag_end(rest, others - self.at) else { return self.other() };
        let is_empty = rest.get(end - 1) == Some(&b'/');
        let content_end = end - usize::from(is_empty);
        let name_end = match rest.get(stop) {
            // Not a name of XML, but whoever has it gets it whole.
            Some(b'"' | b'\'') => rest.iter().take(end).position(|&byte| is_space(byte)).unwrap_or(end),
            _ => stop,
        };
        let full_name = self.between(self.at + 1, self.at + name_end.min(content_end));
        let others = self.between(others.max(self.at + name_end), self.at + content_end);
        self.at += end + 1;
        if !is_empty {
            self.open.push(full_name);
        }
        Ok(Piece::Start(Tag { full_name, usual, others, is_empty }))
    }

    /// The usual attributes from a place on, and where they end.
    fn usual(&self, from: usize) -> (Usual<'a>, usize) {
        let mut found = Usual::default();
        let mut at = from;
        loop {
            let rest = self.text.as_bytes().get(at..).unwrap_or_default();
            let (value, length) = match rest {
                [b' ', b'N', b'=', b'"', value @ ..] => (value, 5),
                [b' ', b'R', b'e', b'f', b'I', b'd', b'=', b'"', value @ ..] => (value, 9),
                _ => return (found, at),
            };
            let Some(end) = scan::position(value, |word| scan::equal(word, b'"') | scan::equal(word, b'&')) else {
                return (found, at);
            };
            let value = self.between(at + length - 1, at + length - 1 + end);
            if rest.get(length - 1 + end) != Some(&b'"') {
                return (found, at);
            }
            if length == 5 {
                found.name = Some(value);
            } else if let Ok(id) = value.parse() {
                found.id = Some(id);
            } else {
                return (found, at);
            }
            at += length + end;
        }
    }

    fn end(&mut self) -> Result<Piece<'a>, Box<Broken>> {
        let plain = self.open.last().and_then(|name| self.rest().get(2..)?.strip_prefix(name.as_bytes()));
        let Some([b'>', rest @ ..]) = plain else { return self.other() };
        self.at = self.text.len() - rest.len();
        self.open.pop();
        Ok(Piece::End)
    }

    fn reference(&mut self) -> Result<Piece<'a>, Box<Broken>> {
        let mut name = self.rest().iter().skip(1);
        let Some(length) = name.position(|byte| matches!(byte, b';' | b'&' | b'<')) else { return self.other() };
        let end = self.at + 1 + length;
        if self.text.as_bytes().get(end) != Some(&b';') {
            return self.other();
        }
        let name = self.between(self.at + 1, end);
        self.at = end + 1;
        Ok(Piece::Reference(name))
    }

    /// The next piece as the XML library reads it.
    #[cold]
    fn other(&mut self) -> Result<Piece<'a>, Box<Broken>> {
        let from = self.at;
        let mut reader = quick_xml::Reader::from_reader(self.rest());
        // The open elements are known here.
        reader.config_mut().allow_unmatched_ends = true;
        let event = reader.read_event();
        self.at += reader.buffer_position() as usize;
        match event {
            Ok(Event::End(end)) => self.other_end(end.name().as_ref(), from),
            Ok(Event::CData(_)) => Ok(Piece::CData(self.between(from + "<![CDATA[".len(), self.at - "]]>".len()))),
            Ok(Event::DocType(_)) => Ok(Piece::Doctype),
            Ok(Event::Comment(_) | Event::PI(_) | Event::Decl(_)) => Ok(Piece::Aside),
            Err(source) if self.cut.is_none() => Err(Broken::new(from + reader.error_position() as usize, source)),
            // `next` leaves no other pieces.
            _ => match self.cut {
                Some(error) => Err(Broken::new(self.text.len(), error.into())),
                None => Ok(Piece::Eof),
            },
        }
    }

    /// An end tag that may have white space behind its name.
    fn other_end(&mut self, name: &str, offset: usize) -> Result<Piece<'a>, Box<Broken>> {
        let found = name.to_owned();
        let broken = match self.open.pop() {
            Some(expected) if expected == name => return Ok(Piece::End),
            Some(expected) => IllFormedError::MismatchedEndTag { expected: expected.to_owned(), found },
            None => IllFormedError::UnmatchedEndTag(found),
        };
        Err(Broken::new(offset, broken.into()))
    }
}

/// How many bytes there are before the next markup.
fn text_length(bytes: &[u8]) -> usize {
    scan::position(bytes, |word| scan::equal(word, b'<') | scan::equal(word, b'&')).unwrap_or(bytes.len())
}

/// Where the `>` of a tag stands, from a place on that is not within quotes; quotes may stand around others.
fn tag_end(tag: &[u8], from: usize) -> Option<usize> {
    let mut end = from;
    loop {
        end += tag.get(end..)?.iter().position(|byte| matches!(byte, b'>' | b'"' | b'\''))?;
        let found = tag.get(end)?;
        if *found == b'>' {
            return Some(end);
        }
        end += 2 + tag.get(end + 1..)?.iter().position(|byte| byte == found)?;
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// What ends a plain name: white space, quotes and the end of the tag.
const ENDS_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8, b'>' | b'"' | b'\'') || is_space(byte as u8);
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::{Piece, Reader, Tag, Usual};

    fn pieces(text: &[u8]) -> Vec<Piece<'_>> {
        let mut reader = Reader::new(text);
        let mut pieces = Vec::new();
        loop {
            match reader.next() {
                Ok(Piece::Eof) => return pieces,
                Ok(piece) => pieces.push(piece),
                Err(broken) => panic!("{broken:?}"),
            }
        }
    }

    /// Where a text is broken, and which rule that breaks.
    fn broken(text: &[u8]) -> (usize, String) {
        let mut reader = Reader::new(text);
        loop {
            match reader.next() {
                Ok(Piece::Eof) => panic!("nothing is wrong with {}", String::from_utf8_lossy(text)),
                Ok(_) => {}
                Err(broken) => return (broken.offset, broken.source.to_string()),
            }
        }
    }

    #[test]
    fn every_piece_comes_in_its_order() {
        let found = pieces(b"<?xml version='1.0'?><a><!-- <b> -->x&amp;<![CDATA[<c>]]></a ><b/> ");
        let start = |name, is_empty| Piece::Start(Tag { full_name: name, is_empty, ..Tag::default() });
        let expected = [
            Piece::Aside,
            start("a", false),
            Piece::Aside,
            Piece::Text("x"),
            Piece::Reference("amp"),
            Piece::CData("<c>"),
            Piece::End,
            start("b", true),
            Piece::Text(" "),
        ];
        assert_eq!(found, expected);
        assert_eq!(pieces(b"<!DOCTYPE a>"), [Piece::Doctype]);
    }

    #[test]
    fn tags_end_behind_their_quotes() {
        for (text, full_name, usual, others, is_empty) in [
            ("<a N=\"b\">", "a", (Some("b"), None), "", false),
            ("<a N=\"b\" RefId=\"1\" />", "a", (Some("b"), Some(1)), " ", true),
            ("<a RefId=\"1\" c='/>'/>", "a", (None, Some(1)), " c='/>'", true),
            ("<a N='b'>", "a", (None, None), " N='b'", false),
            ("<a N=\"&lt;\">", "a", (None, None), " N=\"&lt;\"", false),
            ("<a RefId=\"x\">", "a", (None, None), " RefId=\"x\"", false),
            ("<a N=\"b>\">", "a", (Some("b>"), None), "", false),
            ("<a\tN=\"b\">", "a", (None, None), "\tN=\"b\"", false),
            ("<a\"> \"b c>", "a\">", (None, None), " \"b c", false),
            ("<a/b/>", "a/b", (None, None), "", true),
            ("<>", "", (None, None), "", false),
        ] {
            let usual = Usual { name: usual.0, id: usual.1 };
            let tag = Tag { full_name, usual, others, is_empty };
            assert_eq!(pieces(text.as_bytes()), [Piece::Start(tag)], "{text}");
        }
    }

    #[test]
    fn texts_up_to_their_own_end_are_simple() {
        let simple = |text: &str| {
            let text: &'static str = text.to_owned().leak();
            let mut reader = Reader::new(text.as_bytes());
            match reader.next() {
                Ok(Piece::Start(tag)) => reader.simple_text(&tag).map(|text| (text, reader.position())),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(simple("<a>text</a>"), Some(("text", 11)));
        assert_eq!(simple("<x:a N=\"b\"></x:a>"), Some(("", 17)));
        for other in ["<a>text</a >", "<a>text</b>", "<a>te&lt;xt</a>", "<a>text<!-- --></a>", "<a>text", "<a>text</a"]
        {
            assert_eq!(simple(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_no_xml_is_an_error_at_its_place() {
        for (text, offset) in [
            ("<a></b>", 3),
            ("<a></a></a>", 7),
            ("x</a>", 1),
            ("<a><b", 3),
            ("<a><b c='>", 3),
            ("<a></a", 3),
            ("ab<", 2),
            ("<a>&lt", 3),
            ("<a>& </a>", 3),
            ("<a><!-- ", 3),
            ("<a><!x>", 3),
        ] {
            assert_eq!(broken(text.as_bytes()).0, offset, "{text}");
        }
        assert_eq!(broken(b"<a></b>").1, "ill-formed document: expected `</a>`, but `</b>` was found");
    }

    #[test]
    fn bytes_that_are_no_utf8_are_an_error_where_they_stand() {
        for text in
            [&b"<a>\xFF</a>"[..], b"<a \xFF></a>", b"<a><!--\xFF--></a>", b"<a></a\xFF>", b"<a>&\xFF;", b"<a>x\xC3"]
        {
            let (offset, rule) = broken(text);
            let first = text.iter().position(|byte| !byte.is_ascii());
            assert_eq!(Some(offset), first, "{}", String::from_utf8_lossy(text));
            assert!(rule.contains("UTF-8"), "{rule}");
        }
        let mut reader = Reader::new(b"<a/>\xFF");
        assert!(reader.next().is_ok_and(|piece| matches!(piece, Piece::Start(_))));
        assert!(reader.next().is_err());
    }
}
