//! One pass over a text: pulls XML events and builds values on a stack of its own, so depth costs no call stack.

use std::borrow::Cow;
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::account::{Account, OBJECT, allocated};
use super::attributes::Attributes;
use super::by_id::ById;
use super::decode::{Decoder, Limits};
use super::escape::{unescape, unescape_name, unescaped_size};
use super::scalar::Scalar;
use super::{Content, DecodeError, Document, ListKind, Members, Object, PsString, RefId, TypeNames, Value};
use super::{progress, reference};

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What an id takes in the table of ids, in bytes.
const OF_ID: usize = 32;
/// No scalar without a text of its own is written longer, in bytes.
const LONGEST_NUMBER: usize = 64;

/// The state of a pass. `'a` is the text's and the decoder's.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    reader: Reader<&'a [u8]>,
    xml: &'a [u8],
    /// Bytes before `xml`: the byte order mark.
    skipped: u64,
    decoder: &'a mut Decoder,
    limits: Limits,
    account: Account,
    levels: usize,
    stack: Vec<Frame>,
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

/// An open element that holds others.
#[derive(Debug)]
enum Frame {
    Object { slot: Slot, object: Box<Object> },
    Props(Members),
    Notes(Members),
    MemberSet { slot: Slot, members: Members },
    List { slot: Slot, kind: ListKind, items: Vec<Value> },
    Dict { slot: Slot, entries: Vec<(Value, Value)> },
    Entry { key: Option<Value>, value: Option<Value> },
    TypeNames { id: Option<u32> },
    Progress { slot: Slot, members: Members },
}

/// Where in its parent a value goes.
#[derive(Debug)]
enum Slot {
    /// The next place of a list, the content of an object, the root.
    Next,
    /// A member of this name.
    Member(Arc<str>),
    /// The key of a dictionary's entry.
    Key,
    /// The value of a dictionary's entry.
    Value,
}

impl<'a> Parser<'a> {
    pub(super) fn new(decoder: &'a mut Decoder, limits: Limits, xml: &'a [u8]) -> Result<Self, DecodeError> {
        if xml.len() > limits.bytes {
            return Err(DecodeError::Limit { offset: limits.bytes as u64, what: "bytes", limit: limits.bytes });
        }
        let (skipped, xml) = xml.strip_prefix(BOM).map_or((0, xml), |rest| (BOM.len() as u64, rest));
        // The XML reader would swallow another one and miscount.
        if xml.starts_with(BOM) {
            return Err(DecodeError::StrayText { offset: skipped, tag: String::new() });
        }
        Ok(Self {
            reader: Reader::from_reader(xml),
            xml,
            skipped,
            decoder,
            limits,
            account: Account::new(limits.memory, xml.len()),
            levels: 0,
            stack: Vec::with_capacity(16),
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
            self.skipped += (self.xml.len() - rest.len()) as u64;
            self.xml = rest;
            self.reader = Reader::from_reader(rest);
        }
        self
    }

    /// The next value outside all others; `None` at the end.
    pub(super) fn next_value(&mut self) -> Result<Option<Value>, DecodeError> {
        loop {
            let offset = self.reader.buffer_position();
            match self.read()? {
                Event::Start(start) => self.open(&start, offset, false)?,
                Event::Empty(start) => self.open(&start, offset, true)?,
                Event::End(_) => self.close(),
                Event::Text(text) => self.expect_blank(&text.into_inner(), offset)?,
                Event::CData(text) => self.expect_blank(&text.into_inner(), offset)?,
                Event::GeneralRef(_) => return Err(self.stray(offset)),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
                Event::DocType(_) => return Err(self.doctype(offset)),
                Event::Eof if self.stack.is_empty() && self.objs != Some(Objs::Inside) => return Ok(None),
                Event::Eof => return Err(self.unclosed(self.open_tag())),
            }
            if let Some(value) = self.finished.take() {
                return Ok(Some(value));
            }
        }
    }

    /// Makes sure that nothing but white space and comments is left.
    pub(super) fn expect_end(&mut self) -> Result<(), DecodeError> {
        loop {
            let offset = self.reader.buffer_position();
            match self.read()? {
                Event::Eof => return Ok(()),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Text(text) => self.expect_blank(&text.into_inner(), offset)?,
                Event::Start(_) | Event::Empty(_) => return Err(DecodeError::Trailing { offset: self.at(offset) }),
                Event::DocType(_) => return Err(self.doctype(offset)),
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

    fn read(&mut self) -> Result<Event<'a>, DecodeError> {
        self.reader.read_event().map_err(|source| DecodeError::Xml {
            offset: self.at(self.reader.error_position()),
            tag: self.open_tag().to_owned(),
            source,
        })
    }

    fn open(&mut self, start: &BytesStart<'a>, offset: u64, empty: bool) -> Result<(), DecodeError> {
        self.afford(0, offset)?;
        let name = start.local_name();
        let tag = name.as_ref();
        match (self.stack.last(), tag) {
            (None, "Objs") if self.objs == Some(Objs::Outside) => {
                self.objs = Some(if empty { Objs::Outside } else { Objs::Inside });
                return Ok(());
            }
            (Some(Frame::Object { .. }), "TN") => {
                let id = self.attributes(start, offset)?.id;
                self.decoder.types.begin();
                self.stack.push(Frame::TypeNames { id });
            }
            (Some(Frame::Object { .. }), "TNRef") => return self.type_names_ref(start, offset, empty),
            (Some(Frame::Object { .. }), "ToString") => {
                let text = self.text(start, empty)?;
                let text = self.unescape(text, offset)?;
                if let Some(Frame::Object { object, .. }) = self.stack.last_mut() {
                    object.to_string = Some(text);
                }
                return Ok(());
            }
            (Some(Frame::Object { .. }), "Props") => self.stack.push(Frame::Props(Vec::new())),
            (Some(Frame::Object { .. }), "MS") => self.stack.push(Frame::Notes(Vec::new())),
            (Some(Frame::Notes(_) | Frame::MemberSet { .. }), "MS") => {
                let slot = self.slot(self.attributes(start, offset)?.name);
                self.account.charge(OBJECT);
                self.push(Frame::MemberSet { slot, members: Vec::new() }, offset)?;
            }
            (Some(Frame::Dict { .. }), "En") => self.stack.push(Frame::Entry { key: None, value: None }),
            (Some(Frame::TypeNames { .. }), "T") => {
                let text = self.text(start, empty)?;
                self.account.charge(self.decoder.types.push(&unescape_name(text)));
                return Ok(());
            }
            (Some(Frame::Progress { .. }), _) => return self.progress_part(start, offset, empty),
            (Some(Frame::Dict { .. } | Frame::TypeNames { .. }), _) => return Err(self.misplaced(tag, offset)),
            _ => return self.open_value(tag, start, offset, empty),
        }
        if empty {
            self.close();
        }
        Ok(())
    }

    /// Opens an element that is a value; those without others inside are read to their end.
    fn open_value(&mut self, tag: &str, start: &BytesStart<'a>, offset: u64, empty: bool) -> Result<(), DecodeError> {
        let attributes = self.attributes(start, offset)?;
        if self.objs.is_some() && self.stack.is_empty() {
            self.stream = attributes.stream.map(|stream| stream.into());
        }
        let slot = self.slot(attributes.name);
        if let Some(scalar) = Scalar::of_tag(tag) {
            let text = self.text(start, empty)?;
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
            "LST" => Frame::List { slot, kind: ListKind::List, items: Vec::new() },
            "IE" => Frame::List { slot, kind: ListKind::Enumerable, items: Vec::new() },
            "STK" => Frame::List { slot, kind: ListKind::Stack, items: Vec::new() },
            "QUE" => Frame::List { slot, kind: ListKind::Queue, items: Vec::new() },
            "DCT" => Frame::Dict { slot, entries: Vec::new() },
            "PR" => {
                self.account.charge(OBJECT);
                Frame::Progress { slot, members: Vec::new() }
            }
            _ => {
                let value = self.other_value(tag, attributes.id, start, offset, empty)?;
                self.deliver(slot, value);
                return Ok(());
            }
        };
        self.push(frame, offset)?;
        if empty {
            self.close();
        }
        Ok(())
    }

    /// `Nil`, `Ref`, and elements that we do not know.
    fn other_value(
        &mut self,
        tag: &str,
        id: Option<RefId>,
        start: &BytesStart<'a>,
        offset: u64,
        empty: bool,
    ) -> Result<Value, DecodeError> {
        match tag {
            "Nil" => {
                self.text(start, empty)?;
                Ok(Value::Null)
            }
            "Ref" => {
                self.text(start, empty)?;
                Ok(match id {
                    Some(id) if self.known_ids.get(id).is_some() => {
                        self.has_refs = true;
                        Value::Ref(id)
                    }
                    _ => Value::Null,
                })
            }
            _ if empty => Ok(Value::str("")),
            _ => self.raw(start, offset).map(Value::Str),
        }
    }

    /// Opens a frame and counts its level: a collection inside its `Obj` is on the same one.
    fn push(&mut self, frame: Frame, offset: u64) -> Result<(), DecodeError> {
        self.levels += usize::from(!self.is_content(&frame));
        if self.levels > self.limits.depth {
            return Err(self.limit(offset, "levels", self.limits.depth));
        }
        self.stack.push(frame);
        Ok(())
    }

    /// Whether a frame is the collection of the object that is innermost without it.
    fn is_content(&self, frame: &Frame) -> bool {
        matches!(frame, Frame::List { .. } | Frame::Dict { .. })
            && matches!(self.stack.last(), Some(Frame::Object { .. }))
    }

    /// Ends the innermost frame and hands what it held to the one around it.
    fn close(&mut self) {
        let Some(frame) = self.stack.pop() else {
            self.objs = self.objs.map(|_| Objs::Outside);
            return;
        };
        let is_content = self.is_content(&frame);
        let level = usize::from(!is_content);
        match (frame, self.stack.last_mut()) {
            (Frame::Object { slot, object }, _) => self.leave(slot, object),
            (Frame::MemberSet { slot, members }, _) => self.leave(slot, Box::new(Object::member_set(members))),
            (Frame::Progress { slot, members }, _) => self.leave(slot, Box::new(progress::object(members))),
            (Frame::Props(members), Some(Frame::Object { object, .. })) => append(&mut object.props, members),
            (Frame::Notes(members), Some(Frame::Object { object, .. })) => append(&mut object.notes, members),
            (Frame::List { kind, items, .. }, Some(Frame::Object { object, .. })) if is_content => {
                object.content = Content::List(kind, items);
            }
            (Frame::Dict { entries, .. }, Some(Frame::Object { object, .. })) if is_content => {
                object.content = Content::Dict(entries);
            }
            (Frame::List { slot, kind, items }, _) => {
                self.levels -= level;
                self.deliver_content(slot, Content::List(kind, items));
            }
            (Frame::Dict { slot, entries }, _) => {
                self.levels -= level;
                self.deliver_content(slot, Content::Dict(entries));
            }
            (Frame::Entry { key, value }, Some(Frame::Dict { entries, .. })) => {
                self.account.grow(entries);
                entries.push((key.unwrap_or(Value::Null), value.unwrap_or(Value::Null)));
            }
            (Frame::TypeNames { id }, Some(Frame::Object { object, .. })) => {
                object.type_names = self.decoder.types.finish();
                if let Some(id) = id {
                    self.account.charge(OF_ID);
                    self.type_lists.insert(id, object.type_names.clone());
                }
            }
            // `open` pushes these frames on no others.
            (Frame::Props(_) | Frame::Notes(_) | Frame::Entry { .. } | Frame::TypeNames { .. }, _) => {}
        }
    }

    fn leave(&mut self, slot: Slot, object: Box<Object>) {
        self.levels -= 1;
        self.deliver(slot, Value::Object(object));
    }

    fn deliver_content(&mut self, slot: Slot, content: Content) {
        self.account.charge(OBJECT);
        self.deliver(slot, Object { content, ..Object::default() }.into());
    }

    /// Puts a value into its place in the innermost frame.
    fn deliver(&mut self, slot: Slot, value: Value) {
        match (self.stack.last_mut(), slot) {
            (None, _) => self.finished = Some(value),
            (Some(Frame::Object { object, .. }), _) => object.content = Content::Value(value),
            (
                Some(Frame::Props(members) | Frame::Notes(members) | Frame::MemberSet { members, .. }),
                Slot::Member(name),
            ) => {
                self.account.grow(members);
                members.push((name, value));
            }
            (Some(Frame::List { items, .. }), _) => {
                self.account.grow(items);
                items.push(value);
            }
            (Some(Frame::Entry { key, .. }), Slot::Key) => *key = Some(value),
            (Some(Frame::Entry { value: place, .. }), Slot::Value) => *place = Some(value),
            // An entry that does not say which is which has its key first.
            (Some(Frame::Entry { key: key @ None, .. }), _) => *key = Some(value),
            (Some(Frame::Entry { value: place, .. }), _) => *place = Some(value),
            // `slot` names all members, and `open` lets no values into these frames.
            (Some(_), _) => {}
        }
    }

    fn slot(&mut self, name: Option<Cow<'_, str>>) -> Slot {
        match self.stack.last() {
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

    fn scalar(&mut self, scalar: Scalar, text: Cow<'a, str>, offset: u64) -> Result<Value, DecodeError> {
        Ok(match scalar {
            Scalar::Str => Value::Str(self.unescape(text, offset)?),
            Scalar::Uri => Value::Uri(self.unescape(text, offset)?),
            Scalar::Xml => Value::Xml(self.unescape(text, offset)?),
            Scalar::Script => Value::Script(self.unescape(text, offset)?),
            _ => {
                // Most have no text of their own; that of the others is no longer than this.
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
    fn unescape(&mut self, text: Cow<'a, str>, offset: u64) -> Result<PsString, DecodeError> {
        let at_most = unescaped_size(&text);
        self.afford(at_most, offset)?;
        let copied = if let Cow::Owned(text) = &text { text.len() } else { 0 };
        let text = unescape(text);
        self.account.correct(at_most + copied, allocated(text.heap_size()));
        Ok(text)
    }

    fn type_names_ref(&mut self, start: &BytesStart<'a>, offset: u64, empty: bool) -> Result<(), DecodeError> {
        let id = self.attributes(start, offset)?.id;
        self.text(start, empty)?;
        let names = id.and_then(|id| self.type_lists.get(id)).cloned().unwrap_or_default();
        if let Some(Frame::Object { object, .. }) = self.stack.last_mut() {
            object.type_names = names;
        }
        Ok(())
    }

    fn progress_part(&mut self, start: &BytesStart<'a>, offset: u64, empty: bool) -> Result<(), DecodeError> {
        let name = start.local_name();
        let tag = name.as_ref();
        let Some(member) = progress::member_of(tag) else { return Err(self.misplaced(tag, offset)) };
        let text = self.text(start, empty)?;
        let value = match tag {
            "Nil" => Value::Null,
            _ => self.scalar(progress::scalar_of(member), text, offset)?,
        };
        let name = self.decoder.names.intern(member);
        if let Some(Frame::Progress { members, .. }) = self.stack.last_mut() {
            self.account.grow(members);
            members.push((name, value));
        }
        Ok(())
    }

    /// The text of an element up to its end; other elements in it are an error.
    fn text(&mut self, start: &BytesStart<'a>, empty: bool) -> Result<Cow<'a, str>, DecodeError> {
        let mut text = Cow::Borrowed("");
        if empty {
            return Ok(text);
        }
        loop {
            let at = self.reader.buffer_position();
            let event = self.reader.read_event().map_err(|source| DecodeError::Xml {
                offset: self.at(self.reader.error_position()),
                tag: brief(start.local_name().as_ref()),
                source,
            })?;
            match event {
                Event::End(_) => return Ok(text),
                // Nearly all texts come in one piece.
                Event::Text(piece) if text.is_empty() => text = piece.into_inner(),
                Event::CData(piece) if text.is_empty() => text = piece.into_inner(),
                Event::Text(piece) => self.join(&mut text, &piece.into_inner(), at)?,
                Event::CData(piece) => self.join(&mut text, &piece.into_inner(), at)?,
                Event::GeneralRef(entity) => {
                    // The text is copied, if it is not yet, and what the reference stands for comes behind it.
                    self.join(&mut text, "", at)?;
                    self.afford(entity.len(), at)?;
                    if !reference::push(&entity, text.to_mut()) {
                        let tag = brief(start.local_name().as_ref());
                        return Err(DecodeError::Entity { offset: self.at(at), tag });
                    }
                }
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
                Event::Start(inner) | Event::Empty(inner) => {
                    return Err(DecodeError::Misplaced {
                        offset: self.at(at),
                        tag: brief(inner.local_name().as_ref()),
                        parent: brief(start.local_name().as_ref()),
                    });
                }
                Event::DocType(_) => return Err(self.doctype(at)),
                Event::Eof => return Err(self.unclosed(start.local_name().as_ref())),
            }
        }
    }

    /// What stands inside an unknown element: its text, or its XML if there are elements in it.
    fn raw(&mut self, start: &BytesStart<'a>, offset: u64) -> Result<PsString, DecodeError> {
        let tag = start.local_name();
        let from = self.reader.buffer_position();
        let to = self.skip(start, offset)?;
        let inner = self.xml.get(from as usize..to as usize);
        let inner = inner.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let inner = inner.ok_or_else(|| self.invalid(tag.as_ref(), "content", "", offset))?;
        self.afford(inner.len(), offset)?;
        if inner.contains('<') {
            return Ok(inner.into());
        }
        let text = reference::resolve(inner).map(unescape);
        text.ok_or_else(|| DecodeError::Entity { offset: self.at(offset), tag: brief(tag.as_ref()) })
    }

    /// Reads on to the end of an element; gives the place where its end tag begins.
    fn skip(&mut self, start: &BytesStart<'a>, offset: u64) -> Result<u64, DecodeError> {
        // The XML reader keeps the name of every open element.
        let deepest = self.limits.depth;
        let mut open = 1;
        loop {
            let at = self.reader.buffer_position();
            match self.read()? {
                Event::Start(_) => open += 1,
                Event::End(_) => open -= 1,
                Event::Eof => return Err(self.unclosed(start.local_name().as_ref())),
                Event::DocType(_) => return Err(self.doctype(at)),
                _ => {}
            }
            if open == 0 {
                return Ok(at);
            }
            if self.levels + open > deepest {
                return Err(self.limit(offset, "levels", deepest));
            }
        }
    }

    /// Adds a piece to a text. What has to be copied for that counts.
    fn join(&mut self, text: &mut Cow<'a, str>, piece: &str, offset: u64) -> Result<(), DecodeError> {
        let copied = piece.len() + if let Cow::Borrowed(text) = text { text.len() } else { 0 };
        self.afford(copied, offset)?;
        text.to_mut().push_str(piece);
        Ok(())
    }

    fn attributes<'e>(&self, start: &'e BytesStart<'a>, offset: u64) -> Result<Attributes<'e>, DecodeError> {
        let invalid = |part| self.invalid(start.local_name().as_ref(), part, "", offset);
        Attributes::read(start.attributes_raw()).map_err(invalid)
    }

    fn expect_blank(&self, text: &str, offset: u64) -> Result<(), DecodeError> {
        if text.trim_ascii().is_empty() { Ok(()) } else { Err(self.stray(offset)) }
    }

    /// The tag of the innermost open frame, for messages.
    fn open_tag(&self) -> &'static str {
        match self.stack.last() {
            None if self.objs == Some(Objs::Inside) => "Objs",
            None => "",
            Some(Frame::Object { .. }) => "Obj",
            Some(Frame::Props(_)) => "Props",
            Some(Frame::Notes(_) | Frame::MemberSet { .. }) => "MS",
            Some(Frame::List { kind, .. }) => kind.tag(),
            Some(Frame::Dict { .. }) => "DCT",
            Some(Frame::Entry { .. }) => "En",
            Some(Frame::TypeNames { .. }) => "TN",
            Some(Frame::Progress { .. }) => "PR",
        }
    }

    /// An offset of the XML reader in the whole text.
    fn at(&self, offset: u64) -> u64 {
        self.skipped + offset
    }

    fn invalid(&self, tag: &str, part: &'static str, text: &str, offset: u64) -> DecodeError {
        DecodeError::Invalid { offset: self.at(offset), tag: brief(tag), part, text: brief(text) }
    }

    fn misplaced(&self, tag: &str, offset: u64) -> DecodeError {
        DecodeError::Misplaced { offset: self.at(offset), tag: brief(tag), parent: self.open_tag().to_owned() }
    }

    fn stray(&self, offset: u64) -> DecodeError {
        DecodeError::StrayText { offset: self.at(offset), tag: self.open_tag().to_owned() }
    }

    fn doctype(&self, offset: u64) -> DecodeError {
        DecodeError::Doctype { offset: self.at(offset) }
    }

    fn unclosed(&self, tag: &str) -> DecodeError {
        DecodeError::Unclosed { offset: self.at(self.reader.buffer_position()), tag: brief(tag) }
    }

    /// Charges bytes before they are taken.
    fn afford(&mut self, bytes: usize, offset: u64) -> Result<(), DecodeError> {
        self.account.charge(bytes);
        if self.account.is_overdrawn() {
            Err(self.limit(offset, "bytes of memory", self.limits.memory))
        } else {
            Ok(())
        }
    }

    fn limit(&self, offset: u64, what: &'static str, limit: usize) -> DecodeError {
        DecodeError::Limit { offset: self.at(offset), what, limit }
    }
}

/// Members of a second `Props` or `MS` follow those of the first.
fn append(members: &mut Members, more: Members) {
    if members.is_empty() {
        *members = more;
    } else {
        members.extend(more);
    }
}

/// A remote name or text for a message, cut to 64 characters.
fn brief(tag: &str) -> String {
    tag.chars().take(64).collect()
}
