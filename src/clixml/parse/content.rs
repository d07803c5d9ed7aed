//! What stands inside an element that holds no others.

use std::borrow::Cow;

use super::Parser;
use super::errors::brief;
use crate::clixml::account::allocated;
use crate::clixml::escape::{has_escape, unescape, unescaped_size};
use crate::clixml::reader::{Piece, Tag};
use crate::clixml::reference;
use crate::clixml::scalar::Scalar;
use crate::clixml::{DecodeError, PsString, Value};

/// No scalar without a text of its own is written longer, in bytes.
const LONGEST_NUMBER: usize = 64;

impl<'a> Parser<'a> {
    pub(super) fn scalar(&mut self, scalar: Scalar, text: Cow<'a, str>, offset: usize) -> Result<Value, DecodeError> {
        Ok(match scalar {
            Scalar::Str => Value::Str(self.unescape(text, offset)?),
            Scalar::Uri => Value::Uri(self.unescape(text, offset)?),
            Scalar::Xml => Value::Xml(self.unescape(text, offset)?),
            Scalar::Script => Value::Script(self.unescape(text, offset)?),
            _ => {
                // Most keep no text; the text of the others is at most this long.
                if text.len() > LONGEST_NUMBER {
                    self.afford(text.len(), offset)?;
                }
                // A SecureString is never shown, however it is sent.
                let shown = if scalar == Scalar::SecureString { "" } else { text.trim_ascii() };
                let value = scalar.parse(&text).ok_or_else(|| self.invalid(scalar.tag(), "content", shown, offset))?;
                if value.has_text() && text.len() <= LONGEST_NUMBER {
                    self.account.charge(allocated(text.len()));
                }
                value
            }
        })
    }

    /// A string without its escapes.
    pub(super) fn unescape(&mut self, text: Cow<'a, str>, offset: usize) -> Result<PsString, DecodeError> {
        // Nearly all texts stand for themselves.
        if let Cow::Borrowed(plain) = text
            && !has_escape(plain)
        {
            self.afford(allocated(plain.len()), offset)?;
            return Ok(plain.into());
        }
        let at_most = unescaped_size(&text);
        self.afford(at_most, offset)?;
        let copied = if let Cow::Owned(text) = &text { text.len() } else { 0 };
        let text = unescape(text);
        self.account.correct(at_most + copied, allocated(text.heap_size()));
        Ok(text)
    }

    /// The text of an element up to its end; other elements in it are an error.
    pub(super) fn text(&mut self, start: &Tag<'a>) -> Result<Cow<'a, str>, DecodeError> {
        let mut text = Cow::Borrowed("");
        if start.is_empty {
            return Ok(text);
        }
        if let Some(text) = self.reader.simple_text(start) {
            return Ok(Cow::Borrowed(text));
        }
        loop {
            let at = self.reader.position();
            match self.reader.next().map_err(|broken| self.broken(*broken, start.name()))? {
                Piece::End => return Ok(text),
                // Nearly all texts come in one piece.
                Piece::Text(piece) if text.is_empty() => text = Cow::Borrowed(piece),
                Piece::CData(piece) if text.is_empty() => text = Cow::Borrowed(piece),
                Piece::Text(piece) => self.join(&mut text, piece, at)?,
                Piece::CData(piece) => self.join(&mut text, piece, at)?,
                Piece::Reference(entity) => {
                    // The text is copied, if it is not yet, and what the reference stands for comes behind it.
                    self.join(&mut text, "", at)?;
                    self.afford(entity.len(), at)?;
                    if !reference::push(entity, text.to_mut()) {
                        let tag = brief(start.name());
                        return Err(DecodeError::Entity { offset: self.at(at), tag });
                    }
                }
                Piece::Aside => {}
                Piece::Start(inner) => {
                    return Err(DecodeError::Misplaced {
                        offset: self.at(at),
                        tag: brief(inner.name()),
                        parent: brief(start.name()),
                    });
                }
                Piece::Doctype => return Err(self.doctype(at)),
                Piece::Eof => return Err(self.unclosed(start.name())),
            }
        }
    }

    /// What stands inside an unknown element: its text, or its XML if there are elements in it.
    pub(super) fn raw(&mut self, start: &Tag<'a>, offset: usize) -> Result<PsString, DecodeError> {
        let tag = start.name();
        let from = self.reader.position();
        let to = self.skip(start, offset)?;
        let inner = self.reader.between(from, to);
        self.afford(inner.len(), offset)?;
        if inner.contains('<') {
            return Ok(inner.into());
        }
        let text = reference::resolve(inner).map(unescape);
        text.ok_or_else(|| DecodeError::Entity { offset: self.at(offset), tag: brief(tag) })
    }

    /// Reads on to the end of an element; gives the place where its end tag begins.
    fn skip(&mut self, start: &Tag<'a>, offset: usize) -> Result<usize, DecodeError> {
        // The XML reader keeps the name of every open element.
        let deepest = self.limits.depth;
        let mut open = 1;
        loop {
            let at = self.reader.position();
            match self.read()? {
                Piece::Start(tag) if !tag.is_empty => open += 1,
                Piece::End => open -= 1,
                Piece::Eof => return Err(self.unclosed(start.name())),
                Piece::Doctype => return Err(self.doctype(at)),
                _ => {}
            }
            if open == 0 {
                return Ok(at);
            }
            if self.frames.levels + open > deepest {
                return Err(self.limit(offset, "levels", deepest));
            }
        }
    }

    /// Adds a piece to a text. What has to be copied for that counts.
    fn join(&mut self, text: &mut Cow<'a, str>, piece: &str, offset: usize) -> Result<(), DecodeError> {
        let copied = piece.len() + if let Cow::Borrowed(text) = text { text.len() } else { 0 };
        self.afford(copied, offset)?;
        text.to_mut().push_str(piece);
        Ok(())
    }
}
