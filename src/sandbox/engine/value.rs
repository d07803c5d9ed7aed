//! Values while a script runs.
//!
//! They are cheap to clone; collections and objects are shared and mutable, as .NET's are. Locks are held only to copy.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::ast::Script;
use super::datetime::DateTime;
use super::dotnet::Instance;
use super::errors::{ErrorRecord, Exception};
use super::types::TypeRef;
use crate::clixml::{TypeNames, Value};

mod free;
mod given;
mod hash;
mod live;
mod view;

pub(super) use hash::Hash;
pub(super) use live::Live;
pub(super) use view::{Modified, Part, Walk};

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Val {
    /// What a command without output gives: no object at all, where `$null` is one.
    Void,
    Null,
    Bool(bool),
    Char(u16),
    I8(i8),
    U8(u8),
    I16(i16),
    U16(u16),
    I32(i32),
    U32(u32),
    I64(i64),
    U64(u64),
    F32(f32),
    F64(f64),
    Str(Arc<str>),
    DateTime(DateTime),
    /// Ticks of 100 ns.
    TimeSpan(i64),
    Guid(Uuid),
    /// Parts that are not there are -1.
    Version([i32; 4]),
    Enum(Arc<Enum>),
    List(Arc<List>),
    Hash(Arc<Hash>),
    Object(Arc<Obj>),
    Script(Arc<Script>),
    Type(TypeRef),
    Error(Arc<ErrorRecord>),
    Exception(Arc<Exception>),
    /// An object of .NET with a state of its own.
    Net(Arc<dyn Instance>),
    /// A value of an argument that the engine only hands on.
    Foreign(Arc<Value>),
}

/// A value of a .NET enumeration.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Enum {
    pub(super) type_name: Cow<'static, str>,
    pub(super) name: Cow<'static, str>,
    pub(super) number: i32,
}

/// An array or a list that grows.
#[derive(Debug)]
pub(super) struct List {
    /// `System.Object[]`, `System.Int32[]`, `System.Collections.ArrayList`, ...
    pub(super) type_name: Arc<str>,
    /// A set whose texts are equal in any case.
    pub(super) ignores_case: bool,
    /// The object whose members or types it lists.
    pub(super) owner: Option<Val>,
    /// What it shows instead of items of its own.
    view: Option<view::View>,
    /// Counts changes, so that those who go through it notice them.
    version: AtomicU64,
    items: Mutex<Vec<Val>>,
}

/// An object with properties: adapted ones in the order of its schema, and notes.
#[derive(Debug)]
pub(super) struct Obj {
    pub(super) schema: Arc<Schema>,
    /// The object's own text; `None` for property bags, whose text is made of their members.
    pub(super) text: Option<Arc<str>>,
    members: Mutex<ObjMembers>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct ObjMembers {
    /// One value for each name of the schema.
    pub(super) values: Vec<Val>,
    pub(super) notes: Vec<(Arc<str>, Val)>,
    live: Vec<(Arc<str>, Live)>,
    /// Those that a script gave it.
    type_names: Option<TypeNames>,
}

/// What objects of one type share.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) type_names: TypeNames,
    pub(super) names: Vec<Arc<str>>,
    /// Those that a class hides from lists of its properties.
    pub(super) hidden: Vec<Arc<str>>,
}

const ORDERED: &str = "System.Collections.Specialized.OrderedDictionary";

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Val {
    pub(super) fn str(text: impl Into<Arc<str>>) -> Self {
        Self::Str(text.into())
    }

    pub(super) fn of_enum(
        type_name: impl Into<Cow<'static, str>>,
        name: impl Into<Cow<'static, str>>,
        number: i32,
    ) -> Self {
        Self::Enum(Arc::new(Enum { type_name: type_name.into(), name: name.into(), number }))
    }

    /// An `object[]`.
    pub(super) fn array(items: Vec<Val>) -> Self {
        Self::list("System.Object[]", items)
    }

    pub(super) fn list(type_name: impl Into<Arc<str>>, items: Vec<Val>) -> Self {
        Self::set(type_name, false, items)
    }

    /// A list that may compare texts in any case.
    pub(super) fn set(type_name: impl Into<Arc<str>>, ignores_case: bool, items: Vec<Val>) -> Self {
        let mut list = List::of(type_name, items);
        list.ignores_case = ignores_case;
        Self::List(Arc::new(list))
    }

    pub(super) fn hash(is_ordered: bool, entries: Vec<(Val, Val)>) -> Self {
        Self::dictionary(if is_ordered { ORDERED } else { "System.Collections.Hashtable" }, false, entries)
    }

    /// `$PSBoundParameters`
    pub(super) fn bound_parameters(entries: Vec<(Val, Val)>) -> Self {
        Self::dictionary("System.Management.Automation.PSBoundParametersDictionary", false, entries)
    }

    /// A dictionary of any type.
    pub(super) fn dictionary(
        type_name: impl Into<Cow<'static, str>>,
        is_case_sensitive: bool,
        entries: Vec<(Val, Val)>,
    ) -> Self {
        let hash = Hash::new(type_name, is_case_sensitive);
        for (key, value) in entries {
            hash.set(&key, value);
        }
        Self::Hash(Arc::new(hash))
    }

    /// What a pipeline's output is as one value: nothing, the only object, or an array.
    pub(super) fn of_outputs(mut outputs: Vec<Val>) -> Self {
        match outputs.len() {
            0 => Self::Void,
            1 => outputs.remove(0),
            _ => Self::array(outputs),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null | Self::Void)
    }

    /// Void becomes null where it is stored.
    pub(super) fn stored(self) -> Self {
        if matches!(self, Self::Void) { Self::Null } else { self }
    }

    /// The objects that a pipeline makes of it: the items of a list, none of Void, else itself.
    pub(super) fn into_items(self) -> Vec<Val> {
        match self {
            Self::Void => Vec::new(),
            Self::List(list) => list.items(),
            other => vec![other],
        }
    }

    /// As a number of any integer type.
    pub(super) fn as_int(&self) -> Option<i128> {
        Some(match *self {
            Self::I8(number) => number.into(),
            Self::U8(number) => number.into(),
            Self::I16(number) => number.into(),
            Self::U16(number) => number.into(),
            Self::I32(number) => number.into(),
            Self::U32(number) => number.into(),
            Self::I64(number) => number.into(),
            Self::U64(number) => number.into(),
            _ => return None,
        })
    }

    /// As a floating point number, if it is a number.
    pub(super) fn as_float(&self) -> Option<f64> {
        match *self {
            Self::F32(number) => Some(number.into()),
            Self::F64(number) => Some(number),
            _ => self.as_int().map(|number| number as f64),
        }
    }

    /// The full .NET name of its type.
    pub(super) fn type_name(&self) -> Arc<str> {
        match self {
            Self::List(list) => list.type_name.clone(),
            Self::Object(object) => object.type_name().into(),
            Self::Exception(exception) => exception.type_name().into(),
            Self::Net(instance) => instance.type_names().first().map_or("System.Object", |name| name).into(),
            other => other.static_type_name().into(),
        }
    }

    fn static_type_name(&self) -> &str {
        match self {
            Self::Bool(_) => "System.Boolean",
            Self::Char(_) => "System.Char",
            Self::I8(_) => "System.SByte",
            Self::U8(_) => "System.Byte",
            Self::I16(_) => "System.Int16",
            Self::U16(_) => "System.UInt16",
            Self::I32(_) => "System.Int32",
            Self::U32(_) => "System.UInt32",
            Self::I64(_) => "System.Int64",
            Self::U64(_) => "System.UInt64",
            Self::F32(_) => "System.Single",
            Self::F64(_) => "System.Double",
            Self::Str(_) => "System.String",
            Self::DateTime(_) => "System.DateTime",
            Self::TimeSpan(_) => "System.TimeSpan",
            Self::Guid(_) => "System.Guid",
            Self::Version(_) => "System.Version",
            Self::Enum(value) => &value.type_name,
            Self::Hash(hash) => &hash.type_name,
            Self::Script(_) => "System.Management.Automation.ScriptBlock",
            Self::Type(_) => "System.RuntimeType",
            Self::Error(_) => "System.Management.Automation.ErrorRecord",
            _ => "System.Object",
        }
    }
}

impl List {
    fn of(type_name: impl Into<Arc<str>>, items: Vec<Val>) -> Self {
        let (type_name, items) = (type_name.into(), Mutex::new(items));
        Self { type_name, ignores_case: false, owner: None, view: None, version: AtomicU64::new(0), items }
    }

    pub(super) fn items(&self) -> Vec<Val> {
        if self.is_given() {
            return self.rest();
        }
        self.view.as_ref().map_or_else(|| locked(&self.items).clone(), view::View::items)
    }

    pub(super) fn len(&self) -> usize {
        self.view.as_ref().map_or_else(|| locked(&self.items).len(), view::View::len)
    }

    pub(super) fn get(&self, place: usize) -> Option<Val> {
        match &self.view {
            Some(view) => view.items().into_iter().nth(place),
            None => locked(&self.items).get(place).cloned(),
        }
    }

    pub(super) fn is_fixed_size(&self) -> bool {
        self.type_name.ends_with(']') && !self.type_name.contains('`')
    }

    /// Changes the items; the closure must not run scripts.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Vec<Val>) -> T) -> T {
        self.version.fetch_add(1, Relaxed);
        self.change_quietly(change)
    }

    /// The same where those who go through it do not mind.
    pub(super) fn change_quietly<T>(&self, change: impl FnOnce(&mut Vec<Val>) -> T) -> T {
        change(&mut locked(&self.items))
    }
}

impl Schema {
    pub(super) fn new(type_names: &[&str], names: &[&str]) -> Arc<Self> {
        let names: Vec<_> = names.iter().map(|name| Arc::from(*name)).collect();
        Arc::new(Self { type_names: TypeNames::new(type_names.iter().copied()), hidden: Vec::new(), names })
    }
}

impl Schema {
    pub(super) fn is_hidden(&self, name: &str) -> bool {
        self.hidden.iter().any(|hidden| hidden.eq_ignore_ascii_case(name))
    }
}

impl Obj {
    /// An object of a .NET type.
    pub(super) fn typed(schema: &Arc<Schema>, text: impl Into<Arc<str>>, values: Vec<Val>) -> Val {
        let members = Mutex::new(Self::bare(values, Vec::new()));
        Val::Object(Arc::new(Self { schema: schema.clone(), text: Some(text.into()), members }))
    }

    /// A property bag with these type names.
    pub(super) fn bag(type_names: TypeNames, notes: Vec<(Arc<str>, Val)>) -> Val {
        let schema = Arc::new(Schema { type_names, names: Vec::new(), hidden: Vec::new() });
        let members = Mutex::new(Self::bare(Vec::new(), notes));
        Val::Object(Arc::new(Self { schema, text: None, members }))
    }

    /// A `[pscustomobject]`.
    pub(super) fn custom(notes: Vec<(Arc<str>, Val)>) -> Val {
        Self::bag(TypeNames::new(["System.Management.Automation.PSCustomObject", "System.Object"]), notes)
    }

    pub(super) fn type_name(&self) -> &str {
        self.schema.type_names.first().unwrap_or("System.Object")
    }

    pub(super) fn members(&self) -> ObjMembers {
        locked(&self.members).clone()
    }

    /// The members that lists show, in order: adapted, then notes.
    pub(super) fn properties(&self) -> Vec<(Arc<str>, Val)> {
        let mut all = self.all_properties();
        all.retain(|(name, _)| !self.schema.is_hidden(name));
        all
    }

    /// All members in order, those that a class hides too.
    pub(super) fn all_properties(&self) -> Vec<(Arc<str>, Val)> {
        let ObjMembers { values, notes, .. } = self.members();
        self.schema.names.iter().cloned().zip(values).chain(notes).collect()
    }

    /// The object without what its class hides, as formatting takes it; nothing if nothing is hidden.
    pub(super) fn without_hidden(&self) -> Option<Val> {
        if self.schema.hidden.is_empty() {
            return None;
        }
        let ObjMembers { values, notes, live, type_names } = self.members();
        let shown = self.schema.names.iter().zip(values).filter(|(name, _)| !self.schema.is_hidden(name));
        let (names, values): (Vec<_>, Vec<_>) = shown.map(|(name, value)| (name.clone(), value)).unzip();
        let schema = Schema { type_names: self.schema.type_names.clone(), names, hidden: Vec::new() };
        let members = Mutex::new(ObjMembers { values, notes, live, type_names });
        Some(Val::Object(Arc::new(Self { schema: Arc::new(schema), text: self.text.clone(), members })))
    }

    /// The same object where some values are others.
    pub(super) fn with_values(&self, other: impl Fn(&Val) -> Option<Val>) -> Val {
        let mut members = self.members();
        let notes = members.notes.iter_mut().map(|(_, value)| value);
        for value in members.values.iter_mut().chain(notes) {
            if let Some(other) = other(value) {
                *value = other;
            }
        }
        let (schema, text) = (self.schema.clone(), self.text.clone());
        Val::Object(Arc::new(Self { schema, text, members: Mutex::new(members) }))
    }

    pub(super) fn get(&self, name: &str) -> Option<Val> {
        let members = locked(&self.members);
        let note = members.notes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        if let Some((_, value)) = note {
            return Some(value.clone());
        }
        let place = self.schema.names.iter().position(|key| key.eq_ignore_ascii_case(name))?;
        members.values.get(place).cloned()
    }

    /// Changes a property that exists; says whether it does.
    pub(super) fn set(&self, name: &str, value: Val) -> bool {
        let mut members = locked(&self.members);
        if let Some(note) = members.notes.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case(name)) {
            note.1 = value.stored();
            return true;
        }
        let place = self.schema.names.iter().position(|key| key.eq_ignore_ascii_case(name));
        match place.and_then(|place| members.values.get_mut(place)) {
            Some(slot) => {
                *slot = value.stored();
                true
            }
            None => false,
        }
    }

    /// Puts notes before those that are there.
    pub(super) fn put_notes_first(&self, notes: Vec<(&str, Val)>) {
        let notes = notes.into_iter().map(|(name, value)| (Arc::from(name), value.stored()));
        locked(&self.members).notes.splice(0..0, notes);
    }

    /// Adds a note property or replaces it.
    pub(super) fn set_note(&self, name: &str, value: Val) {
        if !self.set(name, value.clone()) {
            locked(&self.members).notes.push((name.into(), value.stored()));
        }
    }
}
