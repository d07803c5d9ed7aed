//! Hashtables, dictionaries and sorted lists.

use std::sync::Arc;

use super::super::convert::{self, text};
use super::super::eval::Evaluator;
use super::super::ops;
use super::super::types::TypeRef;
use super::super::value::{Hash, Obj, Part, Schema, Val};
use super::{Fault, Outcome, arg_int, set_ref, thrown};

/// The types of keys and values, where they are given.
fn types(full: &str) -> Option<(TypeRef, TypeRef)> {
    let inner = full.split_once("`2[[")?.1.strip_suffix("]]")?;
    let (key, value) = inner.split_once("],[")?;
    Some((TypeRef::named(key), TypeRef::named(value)))
}

/// A key and a value as the dictionary keeps them.
pub(in super::super) fn kept(
    hash: &Hash,
    key: &Val,
    value: &Val,
) -> Result<(Val, Val), super::super::errors::ErrorRecord> {
    let cast = |value: &Val, kind: &TypeRef| match &*kind.full {
        "System.Object" => Ok(value.clone()),
        _ if kind.is_of(value) => Ok(value.clone()),
        _ => convert::cast(value, kind),
    };
    match types(&hash.type_name()) {
        Some((of_key, of_value)) => Ok((cast(key, &of_key)?, cast(value, &of_value)?)),
        None => Ok((key.clone(), value.clone())),
    }
}

/// `[...]::new(...)`: another dictionary, a capacity, a comparer.
pub(super) fn make(full: &str, args: &[Val]) -> Outcome {
    // What scripts write as `@{}` takes keys in any case; what .NET makes does not, but for sorted lists by text.
    let is_case_sensitive = !super::strings::comparer_ignores_case(args);
    let made = Val::dictionary(full.to_owned(), is_case_sensitive, Vec::new());
    if let (Val::Hash(made), Some(Val::Hash(from))) = (&made, args.first()) {
        for (key, value) in from.entries() {
            let (key, value) = kept(made, &key, &value)?;
            made.set(&key, value);
        }
    }
    Ok(Some(made))
}

/// A `KeyValuePair`.
pub(super) fn pair(full: &str, args: &[Val]) -> Option<Val> {
    let [key, value] = args else { return None };
    let schema = Schema::new(&[full, "System.ValueType", "System.Object"], &["Key", "Value"]);
    Some(Obj::typed(&schema, format!("[{}, {}]", text(key), text(value)), vec![key.clone(), value.clone()]))
}

/// The entries of a dictionary, as enumerators give them.
pub(in super::super) fn entries(hash: &Hash) -> Vec<Val> {
    let full = hash.type_name();
    if let Some(inner) = full.split_once("`2").map(|(_, inner)| inner.to_owned()) {
        let name = format!("System.Collections.Generic.KeyValuePair`2{inner}");
        let schema = Schema::new(&[&name, "System.ValueType", "System.Object"], &["Key", "Value"]);
        let pair = |(key, value): (Val, Val)| {
            Obj::typed(&schema, format!("[{}, {}]", text(&key), text(&value)), vec![key, value])
        };
        return hash.entries().into_iter().map(pair).collect();
    }
    hash.entries().into_iter().map(|(key, value)| super::arrays::entry(&[key, value])).collect()
}

pub(super) fn method(evaluator: &mut Evaluator<'_>, hash: &Arc<Hash>, name: &str, args: &[Val]) -> Outcome {
    let key = args.first().cloned().unwrap_or(Val::Null);
    let full = hash.type_name();
    let is_generic = full.contains('`');
    if key.is_null() && matches!(name, "add" | "remove" | "containskey" | "contains" | "trygetvalue") {
        return thrown("ArgumentNullException", "Value cannot be null. (Parameter 'key')");
    }
    if is_sorted(&full) {
        evaluator.step(hash.len() as u64 / 32)?;
    }
    let (key, value) = match name {
        "add" | "tryadd" => kept(hash, &key, args.get(1).unwrap_or(&Val::Null))?,
        _ => (key, Val::Null),
    };
    let at = |place: i64| -> Result<(Val, Val), Fault> {
        match usize::try_from(place).ok().and_then(|place| hash.entries().into_iter().nth(place)) {
            Some(entry) => Ok(entry),
            None => thrown(
                "ArgumentOutOfRangeException",
                "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')",
            ),
        }
    };
    Ok(Some(match name {
        "add" => {
            if hash.get(&key).is_some() {
                let shown = text(&key);
                return thrown(
                    "ArgumentException",
                    if is_generic {
                        format!("An item with the same key has already been added. Key: {shown}")
                    } else {
                        format!("Item has already been added. Key in dictionary: '{shown}'  Key being added: '{shown}'")
                    },
                );
            }
            hash.set(&key, value);
            Val::Void
        }
        "tryadd" => {
            let is_new = hash.get(&key).is_none();
            if is_new {
                hash.set(&key, value);
            }
            Val::Bool(is_new)
        }
        "remove" => {
            let was_there = hash.get(&key).is_some();
            hash.remove(&key);
            if is_generic { Val::Bool(was_there) } else { Val::Void }
        }
        "removeat" => {
            let (key, _) = at(arg_int(args, 0)?)?;
            hash.remove(&key);
            Val::Void
        }
        "insert" => {
            let place = usize::try_from(arg_int(args, 0)?).unwrap_or(usize::MAX).min(hash.len());
            let mut all = hash.entries();
            all.insert(place, (args.get(1).cloned().unwrap_or(Val::Null), args.get(2).cloned().unwrap_or(Val::Null)));
            hash.clear();
            all.into_iter().for_each(|(key, value)| hash.set(&key, value));
            Val::Void
        }
        "clear" => {
            hash.clear();
            Val::Void
        }
        "containskey" | "contains" => Val::Bool(hash.get(&key).is_some()),
        "containsvalue" => Val::Bool(hash.entries().iter().any(|(_, value)| ops::equal(value, &key, true))),
        "trygetvalue" => {
            let found = hash.get(&key);
            let is_found = found.is_some();
            set_ref(evaluator, args.get(1), found.unwrap_or_else(|| nothing_of(&hash.type_name())))?;
            Val::Bool(is_found)
        }
        "getkey" => at(arg_int(args, 0)?)?.0,
        "getbyindex" => at(arg_int(args, 0)?)?.1,
        "indexofkey" => {
            let found = hash.entries().iter().position(|(own, _)| ops::equal(own, &key, true));
            Val::I32(found.map_or(-1, |at| at as i32))
        }
        "get_item" | "item" => hash.get(&key).unwrap_or(Val::Null),
        "set_item" => {
            let (key, value) = kept(hash, &key, args.get(1).unwrap_or(&Val::Null))?;
            hash.set(&key, value);
            Val::Void
        }
        "getenumerator" => Val::view(hash, Part::Entries),
        "clone" => Val::dictionary(full.into_owned(), hash.is_case_sensitive(), hash.entries()),
        _ => return Ok(None),
    }))
}

/// Whether entries come by their keys.
pub(in super::super) fn is_sorted(full: &str) -> bool {
    full.contains(".Sorted")
}

/// What a dictionary has for a key that it has not: nothing of the type of its values.
fn nothing_of(type_name: &str) -> Val {
    let value = type_name.rsplit_once("],[").and_then(|(_, value)| value.strip_suffix("]]"));
    let kind = value.map(TypeRef::named).filter(TypeRef::is_primitive);
    kind.and_then(|kind| super::super::convert::cast(&Val::Null, &kind).ok()).unwrap_or(Val::Null)
}
