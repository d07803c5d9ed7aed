//! Members and indexes of a value, as PowerShell would find them on the object.

use crate::clixml::{Content, ListKind, Object, TypeNames, Value};

use super::name::same_name;
use super::{Accessor, AccessorKind, Constant, arithmetic};

/// Why an accessor has no value on this side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Miss {
    /// The value may have it remotely, but the serialized value does not tell.
    Unknown(String),
}

/// The value of one accessor.
pub(super) fn access(target: &Value, accessor: &Accessor) -> Result<Value, Miss> {
    if let Value::SecureString(_) = target.unboxed() {
        // Only the host has the text. There, brackets make the whole value of it first.
        return Err(Miss::Unknown("it is a secret; write ($using:NAME) in parentheses to read its members".to_owned()));
    }
    match &accessor.kind {
        AccessorKind::Member(name) => Ok(member(target, name)),
        AccessorKind::Index(Constant::Integer(index)) => item(target, *index, accessor.null_conditional),
        AccessorKind::Index(Constant::Text(key)) => entry(target, key, accessor.null_conditional),
        AccessorKind::Index(Constant::Other(text)) => match arithmetic::value(text) {
            Some(index) => item(target, index, accessor.null_conditional),
            None => Err(Miss::Unknown(format!(
                "the index `{text}` is neither an integer nor a string; pass the item with --using"
            ))),
        },
        AccessorKind::Static(name) => {
            Err(Miss::Unknown(format!("`::{name}` is a static member; pass its value with --using")))
        }
        AccessorKind::Call(name) => Err(Miss::Unknown(format!("`{name}` is a method"))),
        AccessorKind::Computed => Err(Miss::Unknown("the accessor is computed".to_owned())),
    }
}

/// A member by name. Like PowerShell without strict mode: null if there is none; of a list without such a member, the
/// members of its items.
fn member(target: &Value, name: &str) -> Value {
    if let Some(found) = own_member(target, name) {
        return found;
    }
    let Some(items) = target.as_list() else { return Value::Null };
    let mut found: Vec<Value> = items.iter().filter_map(|item| own_member(item, name)).collect();
    match found.len() {
        0 => Value::Null,
        1 => found.remove(0),
        _ => array(found),
    }
}

fn own_member(target: &Value, name: &str) -> Option<Value> {
    if let Some(entries) = dictionary(target) {
        let of_key = |(key, value): &(Value, Value)| {
            key.as_text().is_some_and(|key| same_name(&key.to_str_lossy(), name)).then(|| value.clone())
        };
        let by_key = entries.iter().find_map(of_key);
        return by_key.or_else(|| target.member(name).cloned()).or_else(|| match name.to_ascii_lowercase().as_str() {
            "count" => Some(count(entries.len())),
            "keys" => Some(array(entries.iter().map(|(key, _)| key.clone()).collect())),
            "values" => Some(array(entries.iter().map(|(_, value)| value.clone()).collect())),
            _ => None,
        });
    }
    target.member(name).cloned().or_else(|| built_in(target, name))
}

/// `Length` and `Count`, which values have without carrying them.
fn built_in(target: &Value, name: &str) -> Option<Value> {
    let is_length = name.eq_ignore_ascii_case("length");
    if !is_length && !name.eq_ignore_ascii_case("count") {
        return None;
    }
    if let Some(items) = target.as_list() {
        return Some(count(items.len()));
    }
    match target.unboxed() {
        Value::Null => Some(count(0)),
        Value::Str(text) if is_length => Some(count(text.utf16().len())),
        Value::Bytes(bytes) => Some(count(bytes.len())),
        // Everything else counts as one item.
        _ => Some(count(1)),
    }
}

fn item(target: &Value, index: i64, null_conditional: bool) -> Result<Value, Miss> {
    if let Some(entries) = dictionary(target) {
        let found = entries.iter().find(|(key, _)| key.as_i64() == Some(index));
        return Ok(found.map_or(Value::Null, |(_, value)| value.clone()));
    }
    if let Some(items) = target.as_list() {
        return Ok(place(index, items.len()).and_then(|at| items.get(at)).cloned().unwrap_or(Value::Null));
    }
    match target.unboxed() {
        Value::Str(text) => {
            let units = text.utf16();
            let unit = place(index, units.len()).and_then(|at| units.get(at).copied());
            Ok(unit.map_or(Value::Null, Value::Char))
        }
        Value::Bytes(bytes) => {
            Ok(place(index, bytes.len()).and_then(|at| bytes.get(at)).map_or(Value::Null, |byte| Value::U8(*byte)))
        }
        Value::Null if null_conditional => Ok(Value::Null),
        Value::Null => Err(Miss::Unknown("the value is null and has no items".to_owned())),
        // PowerShell treats any other value as a list of itself.
        _ => Ok(if matches!(index, 0 | -1) { target.clone() } else { Value::Null }),
    }
}

fn entry(target: &Value, key: &str, null_conditional: bool) -> Result<Value, Miss> {
    match dictionary(target) {
        Some(_) => Ok(own_member(target, key).filter(|_| has_key(target, key)).unwrap_or(Value::Null)),
        None if null_conditional && matches!(target, Value::Null) => Ok(Value::Null),
        None => Err(Miss::Unknown(format!("the value is not a dictionary, so it has no entry '{key}'"))),
    }
}

fn has_key(target: &Value, key: &str) -> bool {
    let is_key = |(found, _): &(Value, Value)| found.as_text().is_some_and(|text| same_name(&text.to_str_lossy(), key));
    dictionary(target).is_some_and(|entries| entries.iter().any(is_key))
}

fn dictionary(target: &Value) -> Option<&[(Value, Value)]> {
    target.as_dict()
}

fn place(index: i64, length: usize) -> Option<usize> {
    let from_end = if index < 0 { i64::try_from(length).ok()? } else { 0 };
    usize::try_from(index.checked_add(from_end)?).ok()
}

fn count(length: usize) -> Value {
    i32::try_from(length).map_or(Value::I64(i64::try_from(length).unwrap_or(i64::MAX)), Value::I32)
}

/// A hashtable.
pub(super) fn hashtable(entries: Vec<(Value, Value)>) -> Value {
    let type_names = TypeNames::new(["System.Collections.Hashtable", "System.Object"]);
    Object { type_names, content: Content::Dict(entries), ..Object::default() }.into()
}

/// An `object[]`.
pub(super) fn array(items: Vec<Value>) -> Value {
    let type_names = TypeNames::new(["System.Object[]", "System.Array", "System.Object"]);
    Object { type_names, content: Content::List(ListKind::List, items), ..Object::default() }.into()
}
