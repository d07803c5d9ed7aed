//! Members and indexes: reading and writing.

use std::sync::Arc;

use super::super::ast::{Access, Expr, ExprKind, Scope};
use super::super::convert::{self, text};
use super::super::errors::ErrorRecord;
use super::super::ops::MAX_ITEMS;
use super::super::pattern;
use super::super::types::TypeRef;
use super::super::value::{Hash, List, Part, Val};
use super::properties::{time_property, type_property, version_part};
use super::{Evaluator, Flow, Run};

/// Lists in lists that are looked into for a property.
const MAX_NESTING: usize = 1000;

impl Evaluator<'_> {
    pub(super) fn access(&mut self, expr: &Expr) -> Run<Val> {
        if let Some(value) = self.using_with_accessors(expr) {
            return Ok(value);
        }
        match &expr.kind {
            ExprKind::Member { object, name, access } => {
                let object = self.eval(object)?;
                let name = self.member_name(name)?;
                if *access == Access::Static {
                    return self.static_property(&object, &name);
                }
                if *access == Access::IfNotNull && object.is_null() {
                    return Ok(Val::Null);
                }
                self.property_of(&object, &name)
            }
            ExprKind::Index { object, index, access } => {
                let object = self.eval(object)?;
                if *access == Access::IfNotNull && object.is_null() {
                    return Ok(Val::Null);
                }
                let index = self.eval(index)?;
                self.check_bounds(&object, &index)?;
                self.index(&object, &index)
            }
            ExprKind::Call { object: of, name, args, access } => {
                let object = self.eval(of)?;
                if *access == Access::IfNotNull && object.is_null() {
                    return Ok(Val::Null);
                }
                let name = self.member_name(name)?;
                let args = args.iter().map(|arg| self.eval(arg).map(Val::stored)).collect::<Run<Vec<_>>>()?;
                if !self.state.types.is_empty()
                    && let Some(value) = self.base_method(of, &object, &name, &args)?
                {
                    return Ok(value);
                }
                match access {
                    Access::Static => self.static_call(&object, &name, &args),
                    _ => self.method(&object, &name, &args),
                }
            }
            _ => Ok(Val::Null),
        }
    }

    /// `$using:a.b[0]`: PowerShell's client sends the value of the whole expression under its text.
    fn using_with_accessors(&self, expr: &Expr) -> Option<Val> {
        if self.using.is_empty() {
            return None;
        }
        let mut root = expr;
        while let ExprKind::Member { object, .. } | ExprKind::Index { object, .. } = &root.kind {
            root = object;
        }
        match &root.kind {
            ExprKind::Variable(variable) if variable.scope == Scope::Using => {
                self.using_text(expr.span.of(&self.source))
            }
            _ => None,
        }
    }

    pub(super) fn member_name(&mut self, name: &Expr) -> Run<String> {
        Ok(text(&self.eval(name)?))
    }

    /// A property as expressions have it: every value counts as one.
    pub(in super::super) fn member(&self, value: &Val, name: &str) -> Option<Val> {
        let counts = |count: &str| name.eq_ignore_ascii_case(count);
        self.own_member(value, name).or_else(|| match value {
            Val::Void | Val::Null if counts("count") || counts("length") => Some(Val::I32(0)),
            Val::Void | Val::Null | Val::List(_) => None,
            _ if counts("count") || (counts("length") && !matches!(value, Val::Object(_))) => Some(Val::I32(1)),
            _ => None,
        })
    }

    /// A property of the value itself, as commands have it; `None` if it has none of this name.
    pub(in super::super) fn own_member(&self, value: &Val, name: &str) -> Option<Val> {
        let lower = name.to_ascii_lowercase();
        match (value, lower.as_str()) {
            (Val::Hash(hash), _) if hash.get(&Val::str(name)).is_some() => return hash.get(&Val::str(name)),
            (Val::Object(object), _) if object.get(name).is_some() => {
                return super::super::provider::live_property(self, object, name).or_else(|| object.get(name));
            }
            (Val::Void | Val::Null, _) => return None,
            (Val::Object(object), "cimclass" | "ciminstanceproperties" | "cimsystemproperties") => {
                if let Some(found) = super::super::cmdlets::of_cim_instance(object, &lower) {
                    return Some(found);
                }
            }
            (_, "psobject") => return Some(super::members::psobject(value)),
            (_, "pstypenames") => return Some(super::members::type_names(value)),
            _ => {}
        }
        let own = match value {
            Val::Hash(hash) => table_property(hash, &lower),
            Val::List(list) if list.is_given() && lower == "current" => list.current(),
            Val::List(list) if list.is_given() => return self.member_of_each(list, name),
            Val::List(list) => match lower.as_str() {
                "count" => Some(Val::I32(list.len() as i32)),
                "length" | "longlength" if list.is_fixed_size() => Some(Val::I32(list.len() as i32)),
                "rank" => Some(Val::I32(1)),
                "isfixedsize" => Some(Val::Bool(list.is_fixed_size())),
                _ => {
                    let own = super::super::dotnet::collection_property(list, &lower);
                    return own.or_else(|| self.member_of_each(list, name));
                }
            },
            Val::Str(text) if lower == "length" => Some(Val::I32(text.encode_utf16().count() as i32)),
            Val::DateTime(_) | Val::TimeSpan(_) => time_property(value, &lower),
            Val::Version(parts) => version_part(parts, &lower),
            Val::Enum(value) if lower == "value__" => Some(Val::I32(value.number)),
            Val::Type(kind) => self.script_type_member(kind, &lower).or_else(|| type_property(kind, &lower)),
            Val::Net(instance) => instance.get(&lower, Some(self.runtime.now())),
            Val::Error(record) => record.property(name),
            Val::Exception(exception) => match lower.as_str() {
                "message" => Some(Val::Str(exception.message.clone())),
                "innerexception" => Some(exception.inner.clone().map_or(Val::Null, Val::Exception)),
                "hresult" => Some(Val::I32(-2_146_233_087)),
                "stacktrace" | "source" | "helplink" => Some(Val::Null),
                _ => exception.detail(name),
            },
            _ => None,
        };
        own.or_else(|| if lower == "sideindicator" { self.side_of(value) } else { None })
    }

    /// The property of each item of a list that has it, those of lists in it among them. Scripts nest lists deeper than
    /// the stack reaches, and in circles: what is too deep, or inside itself, has none.
    fn member_of_each(&self, list: &Arc<List>, name: &str) -> Option<Val> {
        let counts = matches!(name.to_ascii_lowercase().as_str(), "count" | "length");
        let mut found = Vec::new();
        let mut open = vec![(Arc::clone(list), list.items().into_iter())];
        let mut left = MAX_ITEMS;
        while let Some((_, items)) = open.last_mut() {
            let Some(item) = items.next() else {
                open.pop();
                continue;
            };
            left = left.checked_sub(1)?;
            let value = match item {
                Val::List(_) if counts => None,
                Val::List(inner) => {
                    let is_open = || open.iter().any(|(known, _)| Arc::ptr_eq(known, &inner));
                    if open.len() < MAX_NESTING && !is_open() {
                        let items = inner.items().into_iter();
                        open.push((inner, items));
                    }
                    None
                }
                // A property bag without the property counts as one with null.
                Val::Object(ref object) if object.text.is_none() => Some(self.member(&item, name).unwrap_or(Val::Null)),
                ref other => self.member(other, name),
            };
            match value {
                Some(Val::List(values)) => found.extend(values.items()),
                value => found.extend(value),
            }
        }
        (!found.is_empty()).then(|| Val::of_outputs(found))
    }

    fn index(&mut self, object: &Val, index: &Val) -> Run<Val> {
        if let (Val::List(indexes), false) = (index, matches!(object, Val::Hash(_))) {
            // A slice leaves out the places that are not there.
            let length = match object {
                Val::List(list) if !has_names(list) && !list.is_view() => Some(list.len()),
                Val::Str(text) => Some(text.encode_utf16().count()),
                _ => None,
            };
            let mut items = Vec::new();
            for index in indexes.items() {
                let is_there = match length {
                    Some(length) if !index.is_null() => place(&index, length).is_ok_and(|place| place.is_some()),
                    _ => true,
                };
                if is_there {
                    items.push(self.index(object, &index)?.stored());
                }
            }
            return Ok(Val::array(items));
        }
        if index.is_null() && matches!(object, Val::List(_) | Val::Str(_)) {
            return Err(null_index());
        }
        Ok(match object {
            Val::Void | Val::Null => {
                return Err(ErrorRecord::runtime("Cannot index into a null array.", "NullArray", 7).into());
            }
            Val::Hash(hash) => match (hash.get(index), index) {
                (Some(value), _) => value,
                (None, Val::List(keys)) => Val::array(keys.items().iter().filter_map(|key| hash.get(key)).collect()),
                (None, Val::I32(place)) if hash.is_ordered() => {
                    usize::try_from(*place).ok().and_then(|place| hash.at(place)).unwrap_or(Val::Null)
                }
                _ => Val::Null,
            },
            // Groups of a match and properties of an object have names.
            Val::List(list) if has_names(list) && matches!(index, Val::Str(_)) => {
                let is_it = |group: &Val| {
                    let name = match group {
                        Val::Object(group) => group.get("Name"),
                        Val::Net(node) => node.get("name", None),
                        _ => None,
                    };
                    name.is_some_and(|name| text(&name).eq_ignore_ascii_case(&text(index)))
                };
                let found = list.items().into_iter().find(is_it);
                match list.type_name.ends_with("GroupCollection") {
                    true => found.unwrap_or_else(|| pattern::no_group(&text(index))),
                    false => found.unwrap_or(Val::Null),
                }
            }
            // What is no number is no place: nothing stands there.
            Val::List(_) | Val::Str(_) if matches!(index, Val::Str(_)) && convert::index(index).is_err() => Val::Null,
            // What has no places counts as one object.
            Val::List(list) if list.is_given() || list.is_view() && !list.type_name.contains(".SortedList") => {
                place(index, 1)?.map_or(Val::Null, |_| object.clone())
            }
            Val::List(list) => match place(index, list.len())? {
                Some(place) => list.get(place).unwrap_or(Val::Null),
                None if list.type_name.ends_with("GroupCollection") => pattern::no_group(&text(index)),
                None => Val::Null,
            },
            Val::Str(text) => {
                let units: Vec<u16> = text.encode_utf16().collect();
                place(index, units.len())?.map_or(Val::Null, |place| Val::Char(units[place]))
            }
            Val::Object(object) if object.get(&text(index)).is_some() => object.get(&text(index)).unwrap_or(Val::Null),
            other => place(index, 1)?.map_or(Val::Null, |_| other.clone()),
        })
    }

    pub(super) fn set_index(&mut self, object: &Val, index: &Val, value: Val) -> Run<()> {
        match object {
            Val::Hash(hash) => {
                if index.is_null() {
                    return Err(null_index());
                }
                if let (true, Val::I32(place)) = (hash.is_ordered(), index) {
                    let is_there = usize::try_from(*place).is_ok_and(|place| hash.set_at(place, value));
                    return if is_there { Ok(()) } else { Err(out_of_table()) };
                }
                let (key, value) = super::super::dotnet::dictionary_entry(hash, index, &value)?;
                hash.set(&key, value);
                Ok(())
            }
            Val::List(list) => {
                let length = list.len();
                let value = match list.type_name.strip_suffix("[]").filter(|element| *element != "System.Object") {
                    Some(element) => convert::cast(&value, &TypeRef::named(element))?,
                    None => value.stored(),
                };
                let Some(place) = place(index, length)? else {
                    let message = "Index was outside the bounds of the array.";
                    return Err(ErrorRecord::new(
                        "System.IndexOutOfRangeException",
                        message,
                        "System.IndexOutOfRangeException",
                        14,
                    )
                    .into());
                };
                list.change(|items| items.get_mut(place).map(|slot| *slot = value));
                Ok(())
            }
            Val::Void | Val::Null => {
                Err(ErrorRecord::runtime("Cannot index into a null array.", "NullArray", 7).into())
            }
            other => {
                let message = format!("Unable to index into an object of type \"{}\".", other.type_name());
                Err(ErrorRecord::runtime(message, "CannotIndex", 7).into())
            }
        }
    }

    pub(in super::super) fn set_member(&mut self, object: &Val, name: &str, value: Val) -> Run<()> {
        let done = match object {
            Val::Hash(hash) => {
                hash.set(&Val::str(name), value);
                true
            }
            Val::Object(inner) if self.set_live(object, inner, name, &value)? => true,
            Val::Object(object) => {
                // A property of a file changes the file too.
                super::super::provider::set_live_property(self, object, name, &value)?;
                let value = self.as_member(object, name, value)?;
                object.set(name, value)
            }
            Val::Net(instance) => instance.set(&name.to_ascii_lowercase(), &value)?,
            _ => false,
        };
        if done {
            return Ok(());
        }
        let message = format!(
            "The property '{name}' cannot be found on this object. Verify that the property exists and can be set."
        );
        let id = match object {
            Val::Void | Val::Null => "PropertyNotFound",
            Val::Object(object) if !self.is_class(object) => {
                let message = format!("Exception setting \"{name}\": \"{message}\"");
                let kind = "System.Management.Automation.SetValueInvocationException";
                return Err(ErrorRecord::new(kind, message, "ExceptionWhenSetting", 0).into());
            }
            _ => "PropertyAssignmentException",
        };
        Err(ErrorRecord::runtime(message, id, 7).into())
    }
}

/// Whether the items of a list are found by their names too.
fn has_names(list: &List) -> bool {
    list.type_name.ends_with("GroupCollection")
        || list.type_name.ends_with("XmlAttributeCollection")
        || *list.type_name == *super::members::MEMBERS
}

fn null_index() -> Flow {
    ErrorRecord::runtime("Index operation failed; the array index evaluated to null.", "NullArrayIndex", 7).into()
}

fn out_of_table() -> Flow {
    let kind = "System.ArgumentOutOfRangeException";
    let message = "Specified argument was out of the range of valid values. (Parameter 'index')";
    ErrorRecord::new(kind, message, kind, 14).into()
}

/// The place that an index means; negative ones count from the end.
fn place(index: &Val, length: usize) -> Run<Option<usize>> {
    let index = convert::index(index)?;
    let place = if index < 0 { index + length as i64 } else { index };
    Ok(usize::try_from(place).ok().filter(|place| *place < length))
}

/// A property of a table, which is none of its keys; in lower case.
pub(super) fn table_property(table: &Arc<Hash>, name: &str) -> Option<Val> {
    match name {
        "count" => Some(Val::I32(table.len() as i32)),
        "keys" => Some(Val::view(table, Part::Keys)),
        "values" => Some(Val::view(table, Part::Values)),
        "isreadonly" | "isfixedsize" | "issynchronized" => Some(Val::Bool(false)),
        _ => None,
    }
}
