//! Building blocks of message objects.

use crate::clixml::{Content, ListKind, Object, TypeNames, Value};

/// An object with only extended members, as most messages are.
pub fn bag<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Object { notes: members.into_iter().map(|(name, value)| (name.into(), value)).collect(), ..Object::default() }
        .into()
}

/// An enum's value with its type, name and number.
pub fn enumeration(type_name: &str, name: &str, number: i32) -> Value {
    Object {
        type_names: TypeNames::new([type_name, "System.Enum", "System.ValueType", "System.Object"]),
        to_string: Some(name.into()),
        content: Content::Value(Value::I32(number)),
        ..Object::default()
    }
    .into()
}

/// An ArrayList.
pub fn array_list(items: Vec<Value>) -> Value {
    list("System.Collections.ArrayList", items)
}

/// An object array, as PowerShell's own array literals are.
pub fn array(items: Vec<Value>) -> Value {
    Object {
        type_names: TypeNames::new(["System.Object[]", "System.Array", "System.Object"]),
        content: Content::List(ListKind::List, items),
        ..Object::default()
    }
    .into()
}

/// A Hashtable.
pub fn hashtable(entries: Vec<(Value, Value)>) -> Value {
    dictionary(&["System.Collections.Hashtable", "System.Object"], entries)
}

/// A dictionary of primitives, the type of application arguments and private data.
pub fn primitive_dictionary(entries: Vec<(Value, Value)>) -> Value {
    const TYPE: &str = "System.Management.Automation.PSPrimitiveDictionary";
    dictionary(&[TYPE, "System.Collections.Hashtable", "System.Object"], entries)
}

fn list(type_name: &str, items: Vec<Value>) -> Value {
    Object {
        type_names: TypeNames::new([type_name, "System.Object"]),
        content: Content::List(ListKind::List, items),
        ..Object::default()
    }
    .into()
}

fn dictionary(type_names: &[&str], entries: Vec<(Value, Value)>) -> Value {
    Object {
        type_names: TypeNames::new(type_names.iter().copied()),
        content: Content::Dict(entries),
        ..Object::default()
    }
    .into()
}
