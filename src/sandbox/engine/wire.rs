//! Between the engine's values and CLIXML's, by the depth rules of remoting.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::convert::text;
use super::datetime::{self, DateTime};
use super::dotnet::{Instance, secure_string};
use super::value::{Enum, Hash, List, Obj, Val};
use crate::clixml::{Content, ListKind, Members, Object, RefId, TypeNames, Value};
use crate::secret::Secret;

/// Levels below the top; PowerShell's limit too.
const MAX_LEVELS: usize = 48;

/// What seals the text of a SecureString for the client.
pub(super) type Seal<'s> = &'s dyn Fn(&Secret<String>) -> Option<Vec<u8>>;

/// A value as the output of a pipeline carries it: depth 1.
pub(super) fn to_output(value: &Val, seal: Seal<'_>) -> Value {
    Writing { seen: HashMap::new(), seal }.value(value, 1, 0)
}

/// A value of depth 1 that no client opens: of a SecureString there is the length.
pub(super) fn to_value(value: &Val) -> Value {
    to_value_of_depth(value, 1)
}

/// A value with so many levels of properties.
pub(super) fn to_value_of_depth(value: &Val, depth: u32) -> Value {
    Writing { seen: HashMap::new(), seal: &|_| None }.value(value, depth, 0)
}

/// One value on its way to the wire.
struct Writing<'s> {
    /// The containers that were written, by their places in memory: as PowerShell has it, one that comes again is a
    /// reference to the first. So what contains itself ends.
    seen: HashMap<usize, RefId>,
    seal: Seal<'s>,
}

impl Writing<'_> {
    /// A container's id if it can come again, and whether it has come before.
    fn note<T>(&mut self, container: &Arc<T>) -> (Option<RefId>, bool) {
        if Arc::strong_count(container) < 2 {
            return (None, false);
        }
        let next = self.seen.len() as RefId;
        match self.seen.entry(Arc::as_ptr(container).addr()) {
            Entry::Occupied(known) => (Some(*known.get()), true),
            Entry::Vacant(place) => (Some(*place.insert(next)), false),
        }
    }

    fn value(&mut self, value: &Val, depth: u32, level: usize) -> Value {
        match value {
            Val::Void | Val::Null => Value::Null,
            Val::Bool(yes) => Value::Bool(*yes),
            Val::Char(unit) => Value::Char(*unit),
            Val::I8(number) => Value::I8(*number),
            Val::U8(number) => Value::U8(*number),
            Val::I16(number) => Value::I16(*number),
            Val::U16(number) => Value::U16(*number),
            Val::I32(number) => Value::I32(*number),
            Val::U32(number) => Value::U32(*number),
            Val::I64(number) => Value::I64(*number),
            Val::U64(number) => Value::U64(*number),
            Val::F32(number) => Value::F32(*number),
            Val::F64(number) => Value::F64(*number),
            Val::Str(text) => Value::str(text.as_ref()),
            Val::DateTime(time) => Value::DateTime(time.to_wire().into()),
            Val::TimeSpan(ticks) => Value::TimeSpan(datetime::timespan_to_wire(*ticks).into()),
            Val::Guid(guid) => Value::Guid(*guid),
            Val::Version(_) => Value::Version(text(value).into()),
            Val::Script(_) => Value::Script(text(value).into()),
            Val::Foreign(value) => value.as_ref().clone(),
            _ if level > MAX_LEVELS => Value::str(text(value)),
            Val::List(list) => self.list(list, depth, level),
            Val::Hash(hash) => self.hash(hash, depth, level),
            Val::Object(object) => self.object(object, depth, level),
            Val::Net(instance) if let Some(sealed) = instance.secret().and_then(self.seal) => {
                Value::SecureString(sealed.into())
            }
            _ if depth == 0 => Value::str(text(value)),
            Val::Net(instance) => self.instance(instance.as_ref(), depth, level),
            Val::Enum(value) => enum_to_value(value),
            Val::Error(record) => record.to_wire(),
            Val::Exception(exception) => exception.to_wire(),
            Val::Type(kind) => Object {
                type_names: TypeNames::new(["System.RuntimeType", "System.Type", "System.Object"]),
                to_string: Some(kind.full.as_ref().into()),
                props: vec![
                    ("Name".into(), Value::str(kind.name())),
                    ("FullName".into(), Value::str(kind.full.as_ref())),
                ],
                ..Object::default()
            }
            .into(),
        }
    }

    fn list(&mut self, list: &Arc<List>, depth: u32, level: usize) -> Value {
        let items = list.items();
        if &*list.type_name == "System.Byte[]" {
            let bytes: Option<Vec<u8>> =
                items.iter().map(|item| if let Val::U8(byte) = item { Some(*byte) } else { None }).collect();
            if let Some(bytes) = bytes {
                return Value::Bytes(bytes.into());
            }
        }
        let id = match self.note(list) {
            (Some(id), true) => return Value::Ref(id),
            (id, _) => id,
        };
        let names: &[&str] = if list.is_fixed_size() {
            &[&list.type_name, "System.Array", "System.Object"]
        } else {
            &[&list.type_name, "System.Object"]
        };
        let items = items.iter().map(|item| self.value(item, depth, level + 1)).collect();
        let type_names = TypeNames::new(names.iter().copied());
        Object { id, type_names, content: Content::List(ListKind::List, items), ..Object::default() }.into()
    }

    fn hash(&mut self, hash: &Arc<Hash>, depth: u32, level: usize) -> Value {
        let id = match self.note(hash) {
            (Some(id), true) => return Value::Ref(id),
            (id, _) => id,
        };
        let mut convert = |value: &Val| self.value(value, depth, level + 1);
        let entries = hash.entries().iter().map(|(key, value)| (convert(key), convert(value))).collect();
        let type_names = TypeNames::new([Val::Hash(Arc::clone(hash)).type_name().as_ref(), "System.Object"]);
        Object { id, type_names, content: Content::Dict(entries), ..Object::default() }.into()
    }

    fn instance(&mut self, instance: &dyn Instance, depth: u32, level: usize) -> Value {
        let property = |name: Arc<str>| {
            let value = instance.get(&name.to_ascii_lowercase(), None)?;
            Some((name, self.value(&value, depth.saturating_sub(1), level + 1)))
        };
        let props: Members = instance.names().into_iter().filter_map(property).collect();
        let type_names = TypeNames::new(instance.type_names().iter().map(AsRef::as_ref));
        Object { type_names, to_string: Some(instance.text().into()), props, ..Object::default() }.into()
    }

    /// Adapted properties use up depth, notes do not.
    fn object(&mut self, object: &Arc<Obj>, depth: u32, level: usize) -> Value {
        let is_typed = !object.schema.names.is_empty();
        if object.type_name() == "System.Uri" {
            return Value::Uri(object.get("OriginalString").map_or_else(String::new, |text_| text(&text_)).into());
        }
        if is_typed && depth == 0 {
            return Value::str(object.text.as_deref().unwrap_or_else(|| object.type_name()));
        }
        let id = match self.note(object) {
            (Some(id), true) => return Value::Ref(id),
            (id, _) => id,
        };
        let members = object.members();
        let mut convert = |(name, value): (Arc<str>, Val), depth| (name, self.value(&value, depth, level + 1));
        let props: Members = object
            .schema
            .names
            .iter()
            .cloned()
            .zip(members.values)
            .map(|pair| convert(pair, depth.saturating_sub(1)))
            .collect();
        let notes = members.notes.into_iter().map(|pair| convert(pair, depth)).collect();
        let to_string = object.text.as_ref().map(|text| text.as_ref().into());
        let type_names = object.type_names();
        Object { id, type_names, to_string, props, notes, ..Object::default() }.into()
    }
}

fn enum_to_value(value: &Enum) -> Value {
    Object {
        type_names: TypeNames::new([value.type_name.as_ref(), "System.Enum", "System.ValueType", "System.Object"]),
        to_string: Some(value.name.as_ref().into()),
        content: Content::Value(Value::I32(value.number)),
        ..Object::default()
    }
    .into()
}

/// What opens the SecureStrings of a client.
pub(super) type Open<'o> = &'o dyn Fn(&[u8]) -> Option<Secret<String>>;

/// What an argument or input object is for scripts.
pub(super) fn from_value(value: &Value, open: Open<'_>) -> Val {
    from_value_at(value, open, 0)
}

fn from_value_at(value: &Value, open: Open<'_>, level: usize) -> Val {
    let foreign = || Val::Foreign(Arc::new(value.clone()));
    match value {
        Value::Null => Val::Null,
        Value::Bool(yes) => Val::Bool(*yes),
        Value::Char(unit) => Val::Char(*unit),
        Value::I8(number) => Val::I8(*number),
        Value::U8(number) => Val::U8(*number),
        Value::I16(number) => Val::I16(*number),
        Value::U16(number) => Val::U16(*number),
        Value::I32(number) => Val::I32(*number),
        Value::U32(number) => Val::U32(*number),
        Value::I64(number) => Val::I64(*number),
        Value::U64(number) => Val::U64(*number),
        Value::F32(number) => Val::F32(*number),
        Value::F64(number) => Val::F64(*number),
        // Text with lone surrogates is only handed on.
        Value::Str(text) | Value::Script(text) => text.as_str().map_or_else(foreign, Val::str),
        Value::DateTime(text) => DateTime::from_wire(text).map_or_else(foreign, Val::DateTime),
        Value::TimeSpan(text) => datetime::timespan_from_wire(text).map_or_else(foreign, Val::TimeSpan),
        Value::Guid(guid) => Val::Guid(*guid),
        Value::Version(text) => super::convert::parse_version(text).map_or_else(foreign, Val::Version),
        Value::Bytes(bytes) => Val::list("System.Byte[]", bytes.iter().copied().map(Val::U8).collect()),
        Value::SecureString(sealed) => open(sealed).map_or_else(foreign, secure_string),
        Value::Object(object) if level <= MAX_LEVELS => from_object(object, open, level),
        _ => foreign(),
    }
}

fn from_object(object: &Object, open: Open<'_>, level: usize) -> Val {
    match &object.content {
        Content::List(_, items) => {
            let name = object.type_names.first().unwrap_or("System.Object[]");
            Val::list(name, items.iter().map(|item| from_value_at(item, open, level + 1)).collect())
        }
        Content::Dict(entries) => {
            let is_ordered = object.type_names.contains("System.Collections.Specialized.OrderedDictionary");
            let convert = |value| from_value_at(value, open, level + 1);
            Val::hash(is_ordered, entries.iter().map(|(key, value)| (convert(key), convert(value))).collect())
        }
        // A switch or an enum counts as its value; notes on a primitive are lost.
        Content::Value(inner) => from_value_at(inner, open, level + 1),
        Content::None => {
            let convert = |(name, value): &(Arc<str>, Value)| (name.clone(), from_value_at(value, open, level + 1));
            let notes = object.props.iter().chain(&object.notes).map(convert).collect();
            Obj::bag(object.type_names.clone(), notes)
        }
    }
}
