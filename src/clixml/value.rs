//! The value model: what a CLIXML element means, without its XML.

use std::sync::Arc;

use uuid::Uuid;

use super::PsString;
use super::places::Places;
use super::type_name::live_name;

/// One serialized object: what one PSRP message or one line of a CLIXML file carries.
///
/// Reference ids are scoped to a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The object itself.
    pub root: Value,
    /// Whether a [`Value::Ref`] occurs anywhere, so that readers need an index of ids.
    pub has_refs: bool,
    places: Places,
}

impl Document {
    /// A document; `has_refs` as the field says.
    pub fn with_refs(root: Value, has_refs: bool) -> Self {
        Self { root, has_refs, places: Places::default() }
    }

    /// The object that a [`Value::Ref`] names; the last one if an id was given twice.
    pub fn find(&self, id: RefId) -> Option<&Value> {
        self.places.find(&self.root, id)
    }
}

/// The id that an [`Object`] may carry and a [`Value::Ref`] names (attribute `RefId`).
pub type RefId = u32;

/// A value as PowerShell serializes it (MS-PSRP 2.2.5).
///
/// Numbers keep their .NET type. Texts whose exact form matters (decimals, dates, durations, versions) are kept as
/// validated wire text: nothing is lost, and most are only written out again.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `Nil`
    Null,
    /// `B`
    Bool(bool),
    /// `C`: a UTF-16 code unit, possibly half of a surrogate pair.
    Char(u16),
    /// `SB`
    I8(i8),
    /// `By`
    U8(u8),
    /// `I16`
    I16(i16),
    /// `U16`
    U16(u16),
    /// `I32`
    I32(i32),
    /// `U32`
    U32(u32),
    /// `I64`
    I64(i64),
    /// `U64`
    U64(u64),
    /// `Sg`
    F32(f32),
    /// `Db`
    F64(f64),
    /// `D`: the digits as sent; `1.10` and `1.1` differ.
    Decimal(Box<str>),
    /// `S`
    Str(PsString),
    /// `DT`: xs:dateTime; the suffix tells the kind.
    DateTime(Box<str>),
    /// `TS`: xs:duration.
    TimeSpan(Box<str>),
    /// `BA`
    Bytes(Box<[u8]>),
    /// `G`
    Guid(Uuid),
    /// `URI`
    Uri(PsString),
    /// `Version`
    Version(Box<str>),
    /// `XD`: the text of an XML document.
    Xml(PsString),
    /// `SBK`: the text of a script block.
    Script(PsString),
    /// `SS`: the ciphertext of a SecureString; see the session key exchange.
    SecureString(Box<[u8]>),
    /// `Obj`
    Object(Box<Object>),
    /// `Ref`: an earlier object again, or one that is still open (a cycle).
    Ref(RefId),
}

/// An `Obj` element: type names, text, at most one contained value, and members.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// `RefId`, if the element has one.
    pub id: Option<RefId>,
    /// Type names, most derived first; empty when there were none.
    pub type_names: TypeNames,
    /// `ToString`: the object's own text.
    pub to_string: Option<PsString>,
    /// The contained value or collection.
    pub content: Content,
    /// `Props`: adapted (.NET) properties.
    pub props: Members,
    /// `MS`: extended (note) members. Shadows `props` on a name clash.
    pub notes: Members,
}

/// Named members in wire order. Names repeat from object to object, so they are shared.
pub type Members = Vec<(Arc<str>, Value)>;

/// What an [`Object`] contains besides members.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Content {
    /// Nothing: a property bag.
    #[default]
    None,
    /// A primitive with members, an enum's number, or a nested object.
    Value(Value),
    /// A list in wire order.
    List(ListKind, Vec<Value>),
    /// A dictionary in wire order; keys may be anything and may repeat.
    Dict(Vec<(Value, Value)>),
}

/// Which element a list came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// `LST`: a list or an array.
    List,
    /// `IE`: any other enumerable.
    Enumerable,
    /// `STK`: a stack, top first.
    Stack,
    /// `QUE`: a queue.
    Queue,
}

/// A list of type names, most derived first; shared between the objects of a pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TypeNames(Arc<[Box<str>]>);

impl TypeNames {
    /// Makes a list, most derived name first.
    pub fn new<I: IntoIterator<Item = S>, S: Into<Box<str>>>(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// The names, most derived first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// The most derived name.
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(|name| &**name)
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a name is among them, apart from a leading `Deserialized.`.
    pub fn contains(&self, wanted: &str) -> bool {
        self.iter().any(|name| live_name(name) == wanted)
    }
}

/// The type of what [`Object::member_set`] makes.
const MEMBER_SET: &str = "System.Management.Automation.PSMemberSet";

impl ListKind {
    /// The kind of an element name.
    pub(super) fn of_tag(tag: &str) -> Option<Self> {
        [Self::List, Self::Enumerable, Self::Stack, Self::Queue].into_iter().find(|kind| kind.tag() == tag)
    }

    /// The element name.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::List => "LST",
            Self::Enumerable => "IE",
            Self::Stack => "STK",
            Self::Queue => "QUE",
        }
    }
}

impl Document {
    /// A document around a value that holds no [`Value::Ref`].
    pub fn new(root: Value) -> Self {
        Self::with_refs(root, false)
    }
}

impl Object {
    /// A member set, such as `PSStandardMembers`: `MS` inside `MS`, not data but a description of its owner.
    pub fn member_set(members: Members) -> Self {
        Self { type_names: TypeNames::new([MEMBER_SET]), notes: members, ..Self::default() }
    }

    /// Whether this has the form that [`member_set`](Self::member_set) makes.
    pub fn is_member_set(&self) -> bool {
        self.id.is_none()
            && self.type_names.iter().eq([MEMBER_SET])
            && self.to_string.is_none()
            && self.content == Content::None
            && self.props.is_empty()
    }

    /// The member of this name; extended members shadow adapted ones. Names compare as PowerShell compares them,
    /// without regard to ASCII case.
    pub fn member(&self, name: &str) -> Option<&Value> {
        let find = |members: &'_ Members| members.iter().position(|(key, _)| key.eq_ignore_ascii_case(name));
        find(&self.notes).map(|at| &self.notes[at].1).or_else(|| find(&self.props).map(|at| &self.props[at].1))
    }

    /// All values directly in this one, in the order in which they are written.
    pub(super) fn children(&self) -> impl Iterator<Item = &Value> {
        let (value, items, entries): (_, &[Value], &[(Value, Value)]) = match &self.content {
            Content::None => (None, &[], &[]),
            Content::Value(value) => (Some(value), &[], &[]),
            Content::List(_, items) => (None, items, &[]),
            Content::Dict(entries) => (None, &[], entries),
        };
        let members = self.props.iter().chain(&self.notes).map(|(_, value)| value);
        value.into_iter().chain(items).chain(entries.iter().flat_map(|(key, value)| [key, value])).chain(members)
    }

    /// One of [`children`](Self::children) by its place among them, without going through those before it.
    pub(super) fn child(&self, place: usize) -> Option<&Value> {
        let of_content = match &self.content {
            Content::None => 0,
            Content::Value(_) => 1,
            Content::List(_, items) => items.len(),
            Content::Dict(entries) => 2 * entries.len(),
        };
        if let Some(place) = place.checked_sub(of_content) {
            let note = || self.notes.get(place.checked_sub(self.props.len())?);
            return self.props.get(place).or_else(note).map(|(_, value)| value);
        }
        match &self.content {
            Content::None => None,
            Content::Value(value) => Some(value),
            Content::List(_, items) => items.get(place),
            Content::Dict(entries) => {
                entries.get(place / 2).map(|(key, value)| if place.is_multiple_of(2) { key } else { value })
            }
        }
    }

    /// Whether this is an enum's value: a number with `System.Enum` among its type names.
    pub fn is_enum(&self) -> bool {
        matches!(self.content, Content::Value(_)) && self.type_names.contains("System.Enum")
    }
}

impl Value {
    /// A string value.
    pub fn str(text: impl Into<PsString>) -> Self {
        Self::Str(text.into())
    }

    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The member of this name, if it is an object that has one.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.as_object()?.member(name)
    }

    /// Takes the member of this name out, if it is an object that has one.
    pub fn take_member(&mut self, name: &str) -> Option<Value> {
        let Self::Object(object) = self else { return None };
        let members = [&mut object.notes, &mut object.props].into_iter();
        members
            .flatten()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| std::mem::replace(value, Self::Null))
    }

    /// The value without the object around it: the number of an enum, the string inside notes.
    pub fn unboxed(&self) -> &Value {
        let mut value = self;
        while let Self::Object(object) = value {
            match &object.content {
                Content::Value(inner) => value = inner,
                _ => break,
            }
        }
        value
    }

    /// The text of a string, boxed or not.
    pub fn as_text(&self) -> Option<&PsString> {
        match self.unboxed() {
            Self::Str(text) | Self::Uri(text) | Self::Xml(text) | Self::Script(text) => Some(text),
            _ => None,
        }
    }

    /// The number of an integer of any width, boxed (an enum) or not.
    pub fn as_i64(&self) -> Option<i64> {
        match *self.unboxed() {
            Self::I8(number) => Some(number.into()),
            Self::U8(number) => Some(number.into()),
            Self::I16(number) => Some(number.into()),
            Self::U16(number) => Some(number.into()),
            Self::I32(number) => Some(number.into()),
            Self::U32(number) => Some(number.into()),
            Self::I64(number) => Some(number),
            Self::U64(number) => number.try_into().ok(),
            _ => None,
        }
    }

    /// A boolean, boxed or not.
    pub fn as_bool(&self) -> Option<bool> {
        match *self.unboxed() {
            Self::Bool(yes) => Some(yes),
            _ => None,
        }
    }

    /// The items of a list of any kind.
    pub fn as_list(&self) -> Option<&[Value]> {
        match &self.as_object()?.content {
            Content::List(_, items) => Some(items),
            _ => None,
        }
    }

    /// The items of a list of any kind, taken out of the value.
    pub fn into_list(self) -> Option<Vec<Value>> {
        match self {
            Self::Object(object) => match object.content {
                Content::List(_, items) => Some(items),
                _ => None,
            },
            _ => None,
        }
    }

    /// The entries of a dictionary.
    pub fn as_dict(&self) -> Option<&[(Value, Value)]> {
        match &self.as_object()?.content {
            Content::Dict(entries) => Some(entries),
            _ => None,
        }
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(Box::new(object))
    }
}
