//! Lists, queues, stacks and sets.

use std::sync::Arc;

use super::super::convert;
use super::super::errors::ErrorRecord;
use super::super::eval::Evaluator;
use super::super::ops;
use super::super::types::TypeRef;
use super::super::value::{List, Obj, Schema, Val};
use super::{Fault, Outcome, arg_int, arrays, thrown};
use linked::linked;
use order::sorted_by;
use sets::set_method;

mod linked;
mod order;
mod sets;

/// What kind of collection a list is, by the name of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Array,
    List,
    Queue,
    /// The top comes first.
    Stack,
    Set,
    SortedSet,
    Linked,
}

fn kind(full: &str) -> Kind {
    let name = full.split('`').next().unwrap_or(full).rsplit('.').next().unwrap_or(full);
    match name {
        "Queue" => Kind::Queue,
        "Stack" => Kind::Stack,
        "HashSet" => Kind::Set,
        "SortedSet" => Kind::SortedSet,
        "LinkedList" => Kind::Linked,
        _ if full.ends_with("[]") => Kind::Array,
        _ => Kind::List,
    }
}

/// The type of a generic's only argument.
fn element(full: &str) -> Option<TypeRef> {
    let inner = full.split_once("[[")?.1.strip_suffix("]]")?;
    Some(TypeRef::named(inner))
        .filter(|kind| !matches!(&*kind.full, "System.Object" | "System.Management.Automation.PSObject"))
}

/// A value as the collection keeps it.
fn kept(full: &str, value: &Val) -> Result<Val, Fault> {
    match element(full) {
        // An object of a class that a script made, or of one that derives from it.
        Some(kind) if kind.is_of(value) => Ok(value.clone()),
        Some(kind) => Ok(convert::cast(value, &kind)?),
        None => Ok(value.clone()),
    }
}

/// `[System.Collections...]::new(...)` of those that are lists here.
pub(super) fn make(full: &str, args: &[Val]) -> Outcome {
    let given = args.iter().find(|arg| matches!(arg, Val::List(_))).cloned().map_or_else(Vec::new, Val::into_items);
    let mut items = given.iter().map(|item| kept(full, item)).collect::<Result<Vec<_>, _>>()?;
    let ignores_case = super::strings::comparer_ignores_case(args);
    match kind(full) {
        Kind::Stack => items.reverse(),
        Kind::Set | Kind::SortedSet => {
            let mut own: Vec<Val> = Vec::new();
            for item in items {
                if !own.iter().any(|known| same(known, &item, ignores_case)) {
                    own.push(item);
                }
            }
            items = own;
        }
        _ => {}
    }
    if kind(full) == Kind::SortedSet {
        sort(&mut items);
    }
    Ok(Some(Val::set(full, ignores_case, items)))
}

fn same(left: &Val, right: &Val, ignores_case: bool) -> bool {
    match (left, right) {
        (Val::Str(left), Val::Str(right)) if ignores_case => left.to_lowercase() == right.to_lowercase(),
        _ => arrays::same(left, right),
    }
}

fn sort(items: &mut [Val]) {
    items.sort_by(|left, right| ops::compare(left, right, true).unwrap_or(std::cmp::Ordering::Equal));
}

/// Properties that only some have.
pub(in super::super) fn property(list: &List, name: &str) -> Option<Val> {
    match (kind(&list.type_name), name) {
        (Kind::SortedSet, "min") => list.get(0),
        (Kind::SortedSet, "max") => list.get(list.len().saturating_sub(1)),
        (Kind::Linked, "first" | "last") => {
            let place = if name == "first" { 0 } else { list.len().checked_sub(1)? };
            let schema = Schema::new(&["System.Collections.Generic.LinkedListNode`1", "System.Object"], &["Value"]);
            Some(list.get(place).map_or(Val::Null, |value| {
                Obj::typed(&schema, "System.Collections.Generic.LinkedListNode`1", vec![value])
            }))
        }
        (Kind::List, "capacity") if list.type_name.starts_with("System.Collections.") => {
            Some(Val::I32((list.len().max(4) as u32).next_power_of_two() as i32))
        }
        (_, "isreadonly" | "issynchronized") => Some(Val::Bool(false)),
        (_, "syncroot") => Some(Val::Null),
        _ => None,
    }
}

/// A place of the list, or .NET's refusal.
fn place(list: &List, number: i64, is_end_allowed: bool) -> Result<usize, Fault> {
    let limit = list.len() + usize::from(is_end_allowed);
    match usize::try_from(number).ok().filter(|place| *place < limit) {
        Some(place) => Ok(place),
        None => thrown(
            "ArgumentOutOfRangeException",
            if is_end_allowed {
                "Index must be within the bounds of the List. (Parameter 'index')"
            } else {
                "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')"
            },
        ),
    }
}

/// Start and count of a part of the list.
fn part(list: &List, args: &[Val]) -> Result<std::ops::Range<usize>, Fault> {
    let (start, count) = (arg_int(args, 0)?, arg_int(args, 1)?);
    let range = usize::try_from(start).ok().zip(usize::try_from(count).ok());
    match range
        .and_then(|(start, count)| Some(start..start.checked_add(count)?))
        .filter(|range| range.end <= list.len())
    {
        Some(range) => Ok(range),
        None => thrown(
            "ArgumentException",
            "Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.",
        ),
    }
}

/// A method of a list of any kind.
pub(super) fn method(evaluator: &mut Evaluator<'_>, list: &Arc<List>, name: &str, args: &[Val]) -> Outcome {
    let own = kind(&list.type_name);
    if list.is_given() {
        return Ok(list.given_method(name));
    }
    if list.is_view() {
        return Ok(match name {
            // Those of tables without types for their keys are no more than enumerable.
            "contains" if list.type_name.contains('`') => {
                let wanted = args.first().unwrap_or(&Val::Null);
                Some(Val::Bool(list.items().iter().any(|item| arrays::same(item, wanted))))
            }
            "getenumerator" => Some(Val::array(list.items())),
            "copyto" => common(evaluator, own, list, name, args)?,
            _ => None,
        });
    }
    if list.len() >= ops::MAX_ITEMS && own != Kind::Array {
        return Err(ops::too_big("list").into());
    }
    if own == Kind::Array
        && list.is_fixed_size()
        && matches!(name, "add" | "addrange" | "remove" | "removeat" | "insert" | "clear")
    {
        return thrown("NotSupportedException", "Collection was of a fixed size.");
    }
    if let (Some(Val::Script(test)), Kind::List) = (args.first(), own) {
        match name {
            "removeall" => {
                let mut left = Vec::new();
                for item in list.items() {
                    if !arrays::holds(evaluator, test, &item)? {
                        left.push(item);
                    }
                }
                let removed = list.len().saturating_sub(left.len());
                if removed > 0 {
                    list.change(|items| *items = left);
                }
                return Ok(Some(Val::I32(removed as i32)));
            }
            "find" | "findall" | "findindex" | "findlast" | "exists" | "trueforall" => {
                return arrays::by_test(evaluator, list, name, test, &args[..args.len() - 1]);
            }
            _ => {}
        }
    }
    evaluator.step(1)?;
    let found = match own {
        Kind::Queue | Kind::Stack => ends(evaluator, own, list, name, args)?,
        Kind::Set | Kind::SortedSet => set_method(evaluator, own, list, name, args)?,
        Kind::Linked => linked(evaluator, list, name, args)?,
        Kind::Array | Kind::List => None,
    };
    match found {
        Some(value) => Ok(Some(value)),
        None => common(evaluator, own, list, name, args),
    }
}

/// What changes lists.
fn common(evaluator: &mut Evaluator<'_>, own: Kind, list: &Arc<List>, name: &str, args: &[Val]) -> Outcome {
    let first = || kept(&list.type_name, args.first().unwrap_or(&Val::Null));
    let is_old = list.type_name.ends_with("ArrayList");
    // Work that grows with the list costs steps.
    let long = |evaluator: &mut Evaluator<'_>| evaluator.step(list.len() as u64 / 32);
    let position = |wanted: &Val| list.items().iter().position(|item| arrays::same(item, wanted));
    Ok(Some(match name {
        "add" if own == Kind::List => {
            let value = first()?;
            let at = list.change(|items| {
                items.push(value);
                items.len() as i32 - 1
            });
            if is_old { Val::I32(at) } else { Val::Void }
        }
        "addrange" => {
            let more = args.first().cloned().unwrap_or(Val::Null).into_items();
            let more = more.iter().map(|item| kept(&list.type_name, item)).collect::<Result<Vec<_>, _>>()?;
            if list.len() + more.len() > ops::MAX_ITEMS {
                return Err(ops::too_big("list").into());
            }
            evaluator.step(more.len() as u64 / 8)?;
            list.change(|items| items.extend(more));
            Val::Void
        }
        "insert" | "insertrange" => {
            long(evaluator)?;
            let at = place(list, arg_int(args, 0)?, true)?;
            let value = args.get(1).cloned().unwrap_or(Val::Null);
            let more = if name == "insert" { vec![value] } else { value.into_items() };
            let more = more.iter().map(|item| kept(&list.type_name, item)).collect::<Result<Vec<_>, _>>()?;
            if list.len() + more.len() > ops::MAX_ITEMS {
                return Err(ops::too_big("list").into());
            }
            list.change(|items| drop(items.splice(at..at, more)));
            Val::Void
        }
        "remove" if own == Kind::List => {
            long(evaluator)?;
            let found = position(&first()?);
            if let Some(at) = found {
                list.change(|items| drop(items.remove(at)));
            }
            if is_old { Val::Void } else { Val::Bool(found.is_some()) }
        }
        "removeat" => {
            long(evaluator)?;
            let at = place(list, arg_int(args, 0)?, false)?;
            list.change(|items| drop(items.remove(at)));
            Val::Void
        }
        "removerange" => {
            let range = part(list, args)?;
            list.change(|items| drop(items.drain(range)));
            Val::Void
        }
        "getrange" | "slice" => {
            let range = part(list, args)?;
            Val::list(list.type_name.clone(), list.items()[range].to_vec())
        }
        "clear" => {
            list.change(Vec::clear);
            Val::Void
        }
        _ => return known_to_all(evaluator, own, list, name, args),
    }))
}

/// What leaves a list as it is, and what arrays have too.
fn known_to_all(evaluator: &mut Evaluator<'_>, own: Kind, list: &Arc<List>, name: &str, args: &[Val]) -> Outcome {
    let first = || kept(&list.type_name, args.first().unwrap_or(&Val::Null));
    // Work that grows with the list costs steps.
    let long = |evaluator: &mut Evaluator<'_>| evaluator.step(list.len() as u64 / 32);
    let position = |wanted: &Val| list.items().iter().position(|item| arrays::same(item, wanted));
    let at = |found: Option<usize>| Val::I32(found.map_or(-1, |at| at as i32));
    Ok(Some(match name {
        "contains" => {
            long(evaluator)?;
            Val::Bool(position(&first()?).is_some())
        }
        "indexof" => {
            long(evaluator)?;
            let window = arrays::window(args, 1, list.len(), false)?;
            let wanted = first()?;
            let found = list.items()[window.clone()].iter().position(|item| arrays::same(item, &wanted));
            at(found.map(|at| at + window.start))
        }
        "lastindexof" => {
            long(evaluator)?;
            let wanted = first()?;
            let window = arrays::window(args, 1, list.len(), true)?;
            let found = list.items()[window.clone()].iter().rposition(|item| arrays::same(item, &wanted));
            at(found.map(|at| at + window.start))
        }
        "binarysearch" => {
            let wanted = first()?;
            let found = list
                .items()
                .binary_search_by(|item| ops::compare(item, &wanted, true).unwrap_or(std::cmp::Ordering::Equal));
            Val::I32(found.map_or_else(|at| !(at as i32), |at| at as i32))
        }
        "toarray" | "clone" | "tolist" => {
            let items = list.items();
            match (name, element(&list.type_name)) {
                ("clone", _) => Val::list(list.type_name.clone(), items),
                (_, Some(kind)) => Val::list(format!("{}[]", kind.full), items),
                _ => Val::array(items),
            }
        }
        "getenumerator" => Val::array(list.items()),
        "copyto" => {
            let Some(Val::List(to)) = args.first() else { return Ok(None) };
            let start = usize::try_from(arg_int(args, 1)?).unwrap_or(usize::MAX);
            let items = list.items();
            let done = to.change(|own| {
                let place = own.get_mut(start..start.checked_add(items.len())?)?;
                place.clone_from_slice(&items);
                Some(())
            });
            if done.is_none() {
                return thrown(
                    "ArgumentException",
                    "Destination array was not long enough. Check the destination index, length, and the array's lower bounds.",
                );
            }
            Val::Void
        }
        "reverse" => {
            long(evaluator)?;
            list.change(|items| items.reverse());
            Val::Void
        }
        "sort" => {
            long(evaluator)?;
            match args {
                [] | [Val::Null | Val::Void] => list.change(|items| super::super::cmdlets::sort_values(items)),
                [Val::Script(order)] => {
                    let sorted = sorted_by(evaluator, list.items(), order)?;
                    list.change(|items| *items = sorted);
                }
                _ => return Err(ErrorRecord::unsupported("this way of sorting a list").into()),
            }
            Val::Void
        }
        "trimexcess" | "trimtosize" => Val::Void,
        "asreadonly" => Val::list("System.Collections.ObjectModel.ReadOnlyCollection`1", list.items()),
        "get" if own == Kind::Array => list.get(place(list, arg_int(args, 0)?, false)?).unwrap_or(Val::Null),
        "set" if own == Kind::Array => {
            let at = place(list, arg_int(args, 0)?, false)?;
            let value = args.get(1).cloned().unwrap_or(Val::Null);
            list.change(|items| items[at] = value);
            Val::Void
        }
        "getvalue" => list.get(place(list, arg_int(args, 0)?, false)?).unwrap_or(Val::Null),
        "setvalue" => {
            let at = place(list, arg_int(args, 1)?, false)?;
            let value = args.first().cloned().unwrap_or(Val::Null);
            list.change(|items| items[at] = value);
            Val::Void
        }
        "getlength" | "getlonglength" => Val::I32(list.len() as i32),
        "getupperbound" => Val::I32(list.len() as i32 - 1),
        "getlowerbound" => Val::I32(0),
        "get_item" | "item" => list.get(place(list, arg_int(args, 0)?, false)?).unwrap_or(Val::Null),
        _ => return Ok(None),
    }))
}

/// Queues and stacks.
fn ends(evaluator: &mut Evaluator<'_>, own: Kind, list: &Arc<List>, name: &str, args: &[Val]) -> Outcome {
    let is_queue = own == Kind::Queue;
    let value = || kept(&list.type_name, args.first().unwrap_or(&Val::Null));
    // Both ends but one move everything.
    evaluator.step(list.len() as u64 / 256)?;
    Ok(Some(match name {
        "enqueue" if is_queue => {
            let value = value()?;
            list.change(|items| items.push(value));
            Val::Void
        }
        "push" if !is_queue => {
            let value = value()?;
            list.change(|items| items.insert(0, value));
            Val::Void
        }
        "dequeue" | "pop" | "peek" => match list.get(0) {
            Some(first) => {
                if name != "peek" {
                    list.change(|items| drop(items.remove(0)));
                }
                first
            }
            None => {
                let why = if is_queue { "Queue empty." } else { "Stack empty." };
                return thrown("InvalidOperationException", why);
            }
        },
        "trydequeue" | "trypop" | "trypeek" => {
            let first = list.get(0);
            let is_found = first.is_some();
            if is_found && name != "trypeek" {
                list.change(|items| drop(items.remove(0)));
            }
            super::set_ref(evaluator, args.first(), first.unwrap_or(Val::Null))?;
            Val::Bool(is_found)
        }
        _ => return Ok(None),
    }))
}
