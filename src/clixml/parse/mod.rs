//! One pass over a text: pulls pieces of XML and builds values on a stack of its own, so depth costs no call stack.

mod content;
mod errors;
mod frames;
mod pile;
mod type_names;

use std::borrow::Cow;

use self::frames::{Frame, Frames, Slot};
use super::account::{Account, OBJECT};
use super::attributes::Attributes;
use super::by_id::ById;
use super::decode::{Decoder, Limits};
use super::escape::unescape_name;
use super::progress;
use super::reader::{Piece, Reader, Tag};
use super::scalar::Scalar;
use super::{DecodeError, Document, ListKind, Object, RefId, TypeNames, Value};

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What an id takes in the table of ids, in bytes.
const OF_ID: usize = 32;
/// The state of a pass. `'a` is the text's and the decoder's.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    reader: Reader<'a>,
    xml: &'a [u8],
    /// Bytes before `xml`: the byte order mark.
    skipped: usize,
    decoder: &'a mut Decoder,
    limits: Limits,
    account: Account,
    frames: Frames,
    /// `Objs` may stand around the values; `None` if it may not.
    objs: Option<Objs>,
    finished: Option<Value>,
    stream: Option<Box<str>>,
    has_refs: bool,
    known_ids: ById<()>,
    type_lists: ById<TypeNames>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Objs {
    Outside,
    Inside,
}

impl<'a> Parser<'a> {
    pub(super) fn new(decoder: &'a mut Decoder, limits: Limits, xml: &'a [u8]) -> Result<Self, DecodeError> {
        if xml.len() > limits.bytes {
            return Err(DecodeError::Limit { offset: limits.bytes as u64, what: "bytes", limit: limits.bytes });
        }
        let (skipped, xml) = xml.strip_prefix(BOM).map_or((0, xml), |rest| (BOM.len(), rest));
        // The XML reader would swallow another one and miscount.
        if xml.starts_with(BOM) {
            return Err(DecodeError::StrayText { offset: skipped as u64, tag: String::new() });
        }
        Ok(Self {
            reader: Reader::new(xml),
            xml,
            skipped,
            decoder,
            limits,
            account: Account::new(limits.memory, xml.len()),
            frames: Frames::new(),
            objs: None,
            finished: None,
            stream: None,
            has_refs: false,
            known_ids: ById::new(),
            type_lists: ById::new(),
        })
    }

    /// Lets `Objs` stand around the values, and the line before it that a console prints.
    pub(super) fn within_objs(mut self) -> Self {
        self.objs = Some(Objs::Outside);
        if let Some(rest) = self.xml.strip_prefix(b"#< CLIXML") {
            self.skipped += self.xml.len() - rest.len();
            self.xml = rest;
            self.reader = Reader::new(rest);
        }
        self
    }

    /// The next value outside all others; `None` at the end.
    pub(super) fn next_value(&mut self) -> Result<Option<Value>, DecodeError> {
        loop {
            if self.known_member()? {
                continue;
            }
            let offset = self.reader.position();
            match self.read()? {
                Piece::Start(start) => self.open(&start, offset)?,
                Piece::End => self.close(),
                Piece::Text(text) => self.expect_blank(text, offset)?,
                Piece::CData(text) => self.expect_blank(text, offset)?,
                Piece::Reference(_) => return Err(self.stray(offset)),
                Piece::Aside => {}
                Piece::Doctype => return Err(self.doctype(offset)),
                Piece::Eof if self.frames.last().is_none() && self.objs != Some(Objs::Inside) => return Ok(None),
                Piece::Eof => return Err(self.unclosed(self.open_tag())),
            }
            if let Some(value) = self.finished.take() {
                return Ok(Some(value));
            }
        }
    }

    /// Makes sure that nothing but white space and comments is left.
    pub(super) fn expect_end(&mut self) -> Result<(), DecodeError> {
        loop {
            let offset = self.reader.position();
            match self.read()? {
                Piece::Eof => return Ok(()),
                Piece::Aside => {}
                Piece::Text(text) => self.expect_blank(text, offset)?,
                Piece::Start(_) => return Err(DecodeError::Trailing { offset: self.at(offset) }),
                Piece::Doctype => return Err(self.doctype(offset)),
                _ => return Err(self.stray(offset)),
            }
        }
    }

    /// The document around a value that [`next_value`](Self::next_value) gave.
    pub(super) fn document(&mut self, root: Value) -> Document {
        self.known_ids.clear();
        Document::with_refs(root, std::mem::take(&mut self.has_refs))
    }

    /// The attribute `S` of the last value.
    pub(super) fn take_stream(&mut self) -> Option<Box<str>> {
        self.stream.take()
    }

    fn read(&mut self) -> Result<Piece<'a>, DecodeError> {
        self.reader.next().map_err(|broken| self.broken(*broken, self.open_tag()))
    }

    fn open(&mut self, start: &Tag<'a>, offset: usize) -> Result<(), DecodeError> {
        self.afford(0, offset)?;
        let tag = start.name();
        match (self.frames.last(), tag) {
            (None, "Objs") if self.objs == Some(Objs::Outside) => {
                self.objs = Some(if start.is_empty { Objs::Outside } else { Objs::Inside });
                return Ok(());
            }
            (Some(Frame::Object { .. }), "TN") => return self.open_type_names(start, offset),
            (Some(Frame::Object { .. }), "TNRef") => return self.type_names_ref(start, offset),
            (Some(Frame::Object { .. }), "ToString") => {
                let text = self.text(start)?;
                let text = self.unescape(text, offset)?;
                if let Some(object) = self.frames.object() {
                    object.to_string = Some(text);
                }
                return Ok(());
            }
            (Some(Frame::Object { .. }), "Props") => self.frames.push(Frame::Props(self.frames.members.begin())),
            (Some(Frame::Object { .. }), "MS") => self.frames.push(Frame::Notes(self.frames.members.begin())),
            (Some(Frame::Notes(_) | Frame::MemberSet { .. }), "MS") => {
                let slot = self.slot(self.attributes(start, offset)?.name);
                self.account.charge(OBJECT);
                self.enter(Frame::MemberSet { slot, members: self.frames.members.begin() }, offset)?;
            }
            (Some(Frame::Dict { .. }), "En") => self.frames.push(Frame::Entry { key: None, value: None }),
            (Some(Frame::TypeNames { .. }), "T") => {
                let text = self.text(start)?;
                self.account.charge(self.decoder.types.push(&unescape_name(text)));
                return Ok(());
            }
            (Some(Frame::Progress { .. }), _) => return self.progress_part(start, offset),
            (Some(Frame::Dict { .. } | Frame::TypeNames { .. }), _) => return Err(self.misplaced(tag, offset)),
            _ => return self.open_value(tag, start, offset),
        }
        if start.is_empty {
            self.close();
        }
        Ok(())
    }

    /// Opens an element that is a value; those without others inside are read to their end.
    fn open_value(&mut self, tag: &str, start: &Tag<'a>, offset: usize) -> Result<(), DecodeError> {
        let attributes = self.attributes(start, offset)?;
        if self.objs.is_some() && self.frames.last().is_none() {
            self.stream = attributes.stream.map(|stream| stream.into());
        }
        let slot = self.slot(attributes.name);
        if let Some(scalar) = Scalar::of_tag(tag) {
            if let Slot::Member(name) = &slot
                && start.is_plain()
                && !start.is_empty
            {
                self.decoder.tags.remember(self.reader.between(offset, self.reader.position()), scalar, name);
            }
            let text = self.text(start)?;
            let value = self.scalar(scalar, text, offset)?;
            self.deliver(slot, value);
            return Ok(());
        }
        let frame = match tag {
            "Obj" => {
                self.account.charge(OBJECT);
                if let Some(id) = attributes.id {
                    self.account.charge(OF_ID);
                    self.known_ids.insert(id, ());
                }
                Frame::Object { slot, object: Box::new(Object { id: attributes.id, ..Object::default() }) }
            }
            "LST" => Frame::List { slot, kind: ListKind::List, items: self.frames.items.begin() },
            "IE" => Frame::List { slot, kind: ListKind::Enumerable, items: self.frames.items.begin() },
            "STK" => Frame::List { slot, kind: ListKind::Stack, items: self.frames.items.begin() },
            "QUE" => Frame::List { slot, kind: ListKind::Queue, items: self.frames.items.begin() },
            "DCT" => Frame::Dict { slot, entries: self.frames.entries.begin() },
            "PR" => {
                self.account.charge(OBJECT);
                Frame::Progress { slot, members: self.frames.members.begin() }
            }
            _ => {
                let value = self.other_value(tag, attributes.id, start, offset)?;
                self.deliver(slot, value);
                return Ok(());
            }
        };
        self.enter(frame, offset)?;
        if start.is_empty {
            self.close();
        }
        Ok(())
    }

    /// `Nil`, `Ref`, and elements that we do not know.
    fn other_value(
        &mut self,
        tag: &str,
        id: Option<RefId>,
        start: &Tag<'a>,
        offset: usize,
    ) -> Result<Value, DecodeError> {
        match tag {
            "Nil" => {
                self.text(start)?;
                Ok(Value::Null)
            }
            "Ref" => {
                self.text(start)?;
                Ok(match id {
                    Some(id) if self.known_ids.get(id).is_some() => {
                        self.has_refs = true;
                        Value::Ref(id)
                    }
                    _ => Value::Null,
                })
            }
            _ if start.is_empty => Ok(Value::str("")),
            _ => self.raw(start, offset).map(Value::Str),
        }
    }

    /// Opens a frame that is a value.
    fn enter(&mut self, frame: Frame, offset: usize) -> Result<(), DecodeError> {
        self.frames.enter(frame);
        if self.frames.levels > self.limits.depth {
            return Err(self.limit(offset, "levels", self.limits.depth));
        }
        Ok(())
    }

    /// Ends the innermost frame and hands what it held to the one around it.
    fn close(&mut self) {
        match self.frames.last() {
            None => self.objs = self.objs.map(|_| Objs::Outside),
            Some(&Frame::TypeNames { id, from }) => {
                self.frames.drop_last();
                let names = self.decoder.types.finish(self.reader.between(from, self.reader.position()));
                self.set_type_names(id, names);
            }
            Some(_) => self.finished = self.frames.close(&mut self.account),
        }
    }

    /// Puts a value into its place in the innermost frame.
    fn deliver(&mut self, slot: Slot, value: Value) {
        self.finished = self.frames.deliver(slot, value, &mut self.account);
    }

    fn slot(&mut self, name: Option<Cow<'_, str>>) -> Slot {
        match self.frames.last() {
            Some(Frame::Props(_) | Frame::Notes(_) | Frame::MemberSet { .. }) => {
                let made = self.decoder.names.made;
                let name = self.decoder.names.intern(&unescape_name(name.unwrap_or_default()));
                self.account.charge(self.decoder.names.made.saturating_sub(made));
                Slot::Member(name)
            }
            Some(Frame::Entry { .. }) => match name.as_deref() {
                Some("Key") => Slot::Key,
                Some("Value") => Slot::Value,
                _ => Slot::Next,
            },
            _ => Slot::Next,
        }
    }

    /// Reads the member that comes next, if it is a scalar whose start tag has been met before.
    fn known_member(&mut self) -> Result<bool, DecodeError> {
        if !self.frames.takes_members() {
            return Ok(false);
        }
        let Some(tag) = self.decoder.tags.find(self.reader.rest_text()) else { return Ok(false) };
        let (length, scalar, name) = (tag.text.len(), tag.scalar, tag.name.clone());
        let offset = self.reader.position();
        self.afford(0, offset)?;
        let start = self.reader.skip_start(scalar.tag(), length);
        let text = self.text(&start)?;
        let value = self.scalar(scalar, text, offset)?;
        self.deliver(Slot::Member(name), value);
        Ok(true)
    }

    fn progress_part(&mut self, start: &Tag<'a>, offset: usize) -> Result<(), DecodeError> {
        let tag = start.name();
        let Some(member) = progress::member_of(tag) else { return Err(self.misplaced(tag, offset)) };
        let text = self.text(start)?;
        let value = match tag {
            "Nil" => Value::Null,
            _ => self.scalar(progress::scalar_of(member), text, offset)?,
        };
        let name = self.decoder.names.intern(member);
        self.deliver(Slot::Member(name), value);
        Ok(())
    }

    fn attributes(&self, start: &Tag<'a>, offset: usize) -> Result<Attributes<'a>, DecodeError> {
        let invalid = |part| self.invalid(start.name(), part, "", offset);
        Attributes::read(start).map_err(invalid)
    }

    fn expect_blank(&self, text: &str, offset: usize) -> Result<(), DecodeError> {
        if text.trim_ascii().is_empty() { Ok(()) } else { Err(self.stray(offset)) }
    }
}
