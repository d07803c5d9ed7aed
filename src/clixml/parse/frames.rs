//! The open elements that hold others, with what was read of them so far.

use std::sync::Arc;

use super::pile::{Part, Pile};
use crate::clixml::account::{Account, OBJECT};
use crate::clixml::{Content, ListKind, Members, Object, Value, progress};

/// An open element that holds others.
#[derive(Debug)]
pub(super) enum Frame {
    Object { slot: Slot, object: Box<Object> },
    Props(Part<Member>),
    Notes(Part<Member>),
    MemberSet { slot: Slot, members: Part<Member> },
    List { slot: Slot, kind: ListKind, items: Part<Value> },
    Dict { slot: Slot, entries: Part<(Value, Value)> },
    Entry { key: Option<Value>, value: Option<Value> },
    TypeNames { id: Option<u32>, from: usize },
    Progress { slot: Slot, members: Part<Member> },
}

type Member = (Arc<str>, Value);

/// Where in its parent a value goes.
#[derive(Debug)]
pub(super) enum Slot {
    /// The next place of a list, the content of an object, the root.
    Next,
    /// A member of this name.
    Member(Arc<str>),
    /// The key of a dictionary's entry.
    Key,
    /// The value of a dictionary's entry.
    Value,
}

/// All open elements.
#[derive(Debug)]
pub(super) struct Frames {
    /// Innermost last.
    open: Vec<Frame>,
    pub(super) members: Pile<Member>,
    pub(super) items: Pile<Value>,
    pub(super) entries: Pile<(Value, Value)>,
    /// Nested values; a collection inside its `Obj` is on the same level.
    pub(super) levels: usize,
}

impl Frames {
    pub(super) fn new() -> Self {
        let open = Vec::with_capacity(16);
        Self { open, members: Pile::new(), items: Pile::new(), entries: Pile::new(), levels: 0 }
    }

    /// The innermost one.
    pub(super) fn last(&self) -> Option<&Frame> {
        self.open.last()
    }

    /// The innermost one, if it is an object.
    pub(super) fn object(&mut self) -> Option<&mut Object> {
        match self.open.last_mut() {
            Some(Frame::Object { object, .. }) => Some(object),
            _ => None,
        }
    }

    /// Whether values that come next are members of a name.
    pub(super) fn takes_members(&self) -> bool {
        matches!(self.last(), Some(Frame::Props(_) | Frame::Notes(_) | Frame::MemberSet { .. }))
    }

    /// Opens a part of the innermost one.
    pub(super) fn push(&mut self, part: Frame) {
        self.open.push(part);
    }

    /// Opens a value.
    pub(super) fn enter(&mut self, value: Frame) {
        self.levels += usize::from(!self.is_content(&value));
        self.open.push(value);
    }

    /// Whether a frame is the collection of the object that is innermost without it.
    fn is_content(&self, frame: &Frame) -> bool {
        matches!(frame, Frame::List { .. } | Frame::Dict { .. }) && matches!(self.last(), Some(Frame::Object { .. }))
    }

    /// Closes a part of the one around it that holds nothing for it.
    pub(super) fn drop_last(&mut self) {
        self.open.pop();
    }

    /// Closes the innermost one and hands what it held to the one around it, or back if there is none.
    pub(super) fn close(&mut self, account: &mut Account) -> Option<Value> {
        let frame = self.open.pop()?;
        let is_content = self.is_content(&frame);
        match (frame, self.open.last_mut()) {
            (Frame::Object { slot, object }, _) => return self.leave(slot, object, account),
            (Frame::MemberSet { slot, members }, _) => {
                let members = self.members.end(members, account);
                return self.leave(slot, Box::new(Object::member_set(members)), account);
            }
            (Frame::Progress { slot, members }, _) => {
                let members = self.members.end(members, account);
                return self.leave(slot, Box::new(progress::object(members)), account);
            }
            (Frame::Props(members), Some(Frame::Object { object, .. })) => {
                append(&mut object.props, self.members.end(members, account));
            }
            (Frame::Notes(members), Some(Frame::Object { object, .. })) => {
                append(&mut object.notes, self.members.end(members, account));
            }
            (Frame::List { kind, items, .. }, Some(Frame::Object { object, .. })) if is_content => {
                object.content = Content::List(kind, self.items.end(items, account));
            }
            (Frame::Dict { entries, .. }, Some(Frame::Object { object, .. })) if is_content => {
                object.content = Content::Dict(self.entries.end(entries, account));
            }
            (Frame::List { slot, kind, items }, _) => {
                let items = self.items.end(items, account);
                return self.leave_content(slot, Content::List(kind, items), account);
            }
            (Frame::Dict { slot, entries }, _) => {
                let entries = self.entries.end(entries, account);
                return self.leave_content(slot, Content::Dict(entries), account);
            }
            (Frame::Entry { key, value }, Some(Frame::Dict { entries, .. })) => {
                let entry = (key.unwrap_or(Value::Null), value.unwrap_or(Value::Null));
                self.entries.push(entries, entry, account);
            }
            // These frames stand on no others, and type names are the parser's.
            (Frame::Props(_) | Frame::Notes(_) | Frame::Entry { .. } | Frame::TypeNames { .. }, _) => {}
        }
        None
    }

    fn leave(&mut self, slot: Slot, object: Box<Object>, account: &mut Account) -> Option<Value> {
        self.levels -= 1;
        self.deliver(slot, Value::Object(object), account)
    }

    fn leave_content(&mut self, slot: Slot, content: Content, account: &mut Account) -> Option<Value> {
        account.charge(OBJECT);
        self.leave(slot, Box::new(Object { content, ..Object::default() }), account)
    }

    /// Puts a value into its place in the innermost one; gives it back if there is none.
    pub(super) fn deliver(&mut self, slot: Slot, value: Value, account: &mut Account) -> Option<Value> {
        match (self.open.last_mut(), slot) {
            (None, _) => return Some(value),
            (Some(Frame::Object { object, .. }), _) => object.content = Content::Value(value),
            (
                Some(
                    Frame::Props(members)
                    | Frame::Notes(members)
                    | Frame::MemberSet { members, .. }
                    | Frame::Progress { members, .. },
                ),
                Slot::Member(name),
            ) => {
                self.members.push(members, (name, value), account);
            }
            (Some(Frame::List { items, .. }), _) => self.items.push(items, value, account),
            (Some(Frame::Entry { key, .. }), Slot::Key) => *key = Some(value),
            (Some(Frame::Entry { value: place, .. }), Slot::Value) => *place = Some(value),
            // An entry that does not say which is which has its key first.
            (Some(Frame::Entry { key: key @ None, .. }), _) => *key = Some(value),
            (Some(Frame::Entry { value: place, .. }), _) => *place = Some(value),
            // All members have names, and the parser lets no values into other frames.
            (Some(_), _) => {}
        }
        None
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
