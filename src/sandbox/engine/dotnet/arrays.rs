//! `[array]::...`

use std::sync::Arc;

use super::super::ast::Script;
use super::super::convert::{self, text, truth};
use super::super::errors::ErrorRecord;
use super::super::eval::Evaluator;
use super::super::ops;
use super::super::value::{List, Obj, Schema, Val};
use super::{Fault, Outcome, arg_int, set_ref, thrown};

/// A `DictionaryEntry`.
pub(super) fn entry(args: &[Val]) -> Val {
    let schema = Schema::new(
        &["System.Collections.DictionaryEntry", "System.ValueType", "System.Object"],
        &["Name", "Key", "Value"],
    );
    let part = |place: usize| args.get(place).cloned().unwrap_or(Val::Null);
    let shown = format!("[{}, {}]", text(&part(0)), text(&part(1)));
    Obj::typed(&schema, shown, vec![Val::str(text(&part(0))), part(0), part(1)])
}

/// Whether a predicate of a script holds for an item.
pub(in super::super) fn holds(evaluator: &mut Evaluator<'_>, test: &Arc<Script>, item: &Val) -> Result<bool, Fault> {
    Ok(truth(&evaluator.call_script(test, vec![item.clone()])?))
}

/// A range of a list in two arguments: start and count.
fn range(args: &[Val], from: usize, length: usize) -> Result<std::ops::Range<usize>, Fault> {
    if args.len() <= from {
        return Ok(0..length);
    }
    let start = usize::try_from(arg_int(args, from)?).unwrap_or(usize::MAX);
    let count = if args.len() > from + 1 {
        usize::try_from(arg_int(args, from + 1)?).unwrap_or(usize::MAX)
    } else {
        length.saturating_sub(start)
    };
    match start.checked_add(count) {
        Some(end) if end <= length => Ok(start..end),
        _ => thrown(
            "ArgumentException",
            "Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.",
        ),
    }
}

/// The default of a type: zero, false, null.
fn default_of(kind: &str) -> Val {
    convert::fit(0, kind.rsplit('.').next().unwrap_or(kind)).unwrap_or(match kind {
        "System.Boolean" => Val::Bool(false),
        "System.Double" => Val::F64(0.0),
        _ => Val::Null,
    })
}

/// `[int[]]::new(3)`
pub(super) fn make(full: &str, args: &[Val]) -> Outcome {
    let length = usize::try_from(arg_int(args, 0)?).unwrap_or(usize::MAX);
    if length > ops::MAX_ITEMS {
        return Err(ops::too_big("list").into());
    }
    let element = full.strip_suffix("[]").unwrap_or(full);
    Ok(Some(Val::list(full, vec![default_of(element); length])))
}

pub(super) fn statics(evaluator: &mut Evaluator<'_>, name: &str, args: &[Val]) -> Outcome {
    match name {
        "createinstance" => {
            let kind = match args.first() {
                Some(Val::Type(kind)) => kind.full.clone(),
                _ => return Ok(None),
            };
            if args.len() > 2 {
                return Err(ErrorRecord::unsupported("arrays of several dimensions").into());
            }
            let length = usize::try_from(arg_int(args, 1)?).unwrap_or(usize::MAX);
            if length > ops::MAX_ITEMS {
                return Err(ops::too_big("list").into());
            }
            return Ok(Some(Val::list(format!("{kind}[]"), vec![default_of(&kind); length])));
        }
        "empty" => return Ok(Some(Val::array(Vec::new()))),
        "resize" => {
            let Some(reference) = args.first() else { return Ok(None) };
            let old = evaluator.member(reference, "Value").unwrap_or(Val::Null);
            let length = usize::try_from(arg_int(args, 1)?).unwrap_or(usize::MAX);
            if length > ops::MAX_ITEMS {
                return Err(ops::too_big("list").into());
            }
            let kind = old.type_name();
            let mut items = old.into_items();
            items.resize(length, default_of(kind.trim_end_matches("[]")));
            let kind = if kind.ends_with("[]") { kind } else { "System.Object[]".into() };
            set_ref(evaluator, Some(reference), Val::list(kind, items))?;
            return Ok(Some(Val::Void));
        }
        _ => {}
    }
    let list = match args.first() {
        Some(Val::List(list)) => Arc::clone(list),
        Some(Val::Null | Val::Void) | None => {
            return thrown("ArgumentNullException", "Value cannot be null. (Parameter 'array')");
        }
        Some(_) => return Ok(None),
    };
    evaluator.step(list.len() as u64 / 16)?;
    of_list(evaluator, &list, name, args)
}

/// Where a search goes: start and count of the arguments from a place on; backward searches count from the start down.
pub(super) fn window(
    args: &[Val],
    from: usize,
    length: usize,
    is_backward: bool,
) -> Result<std::ops::Range<usize>, Fault> {
    let out_of_range = |parameter: &str| {
        thrown(
            "ArgumentOutOfRangeException",
            format!(
                "Index was out of range. Must be non-negative and less than or equal to the size of the collection. (Parameter '{parameter}')"
            ),
        )
    };
    let last = if is_backward { length.saturating_sub(1) } else { 0 };
    let start = if args.len() > from { arg_int(args, from)? } else { last as i64 };
    let Some(start) = usize::try_from(start).ok().filter(|start| *start <= length) else {
        return out_of_range("startIndex");
    };
    let most = if is_backward { (start + 1).min(length) } else { length - start };
    let count = if args.len() > from + 1 { arg_int(args, from + 1)? } else { most as i64 };
    match usize::try_from(count).ok().filter(|count| *count <= most) {
        Some(count) if is_backward => Ok((start + 1).min(length) - count..(start + 1).min(length)),
        Some(count) => Ok(start..start + count),
        None => out_of_range("count"),
    }
}

/// Sorts a part of a list, and another list by it.
fn sort(list: &Arc<List>, with: Option<&Arc<List>>, range: std::ops::Range<usize>) {
    let order = |left: &Val, right: &Val| ops::compare(left, right, false).unwrap_or(std::cmp::Ordering::Equal);
    let mut items = list.items();
    match with {
        Some(with) => {
            let mut others = with.items();
            let end = range.end.min(others.len());
            let mut pairs: Vec<(Val, Val)> =
                items[range.start..end].iter().cloned().zip(others[range.start..end].iter().cloned()).collect();
            pairs.sort_by(|left, right| order(&left.0, &right.0));
            for (place, (key, value)) in pairs.into_iter().enumerate() {
                items[range.start + place] = key;
                others[range.start + place] = value;
            }
            with.change(|own| *own = others);
        }
        None => super::super::cmdlets::sort_values(&mut items[range]),
    }
    list.change(|own| *own = items);
}

fn of_list(evaluator: &mut Evaluator<'_>, list: &Arc<List>, name: &str, args: &[Val]) -> Outcome {
    let wanted = args.get(1).cloned().unwrap_or(Val::Null);
    let place = |found: Option<usize>| Val::I32(found.map_or(-1, |at| at as i32));
    if let Some(Val::Script(test)) = args.last() {
        return by_test(evaluator, list, name, test, &args[1..args.len() - 1]);
    }
    Ok(Some(match name {
        "reverse" => {
            let range = range(args, 1, list.len())?;
            list.change(|items| items[range].reverse());
            Val::Void
        }
        "fill" => {
            let range = range(args, 2, list.len())?;
            list.change(|items| items[range].fill(wanted));
            Val::Void
        }
        "sort" => {
            let (with, from) = if let Val::List(with) = &wanted { (Some(with), 2) } else { (None, 1) };
            let numbers = args.get(from..).is_some_and(|rest| rest.iter().all(|arg| arg.as_int().is_some()));
            let range = if numbers { range(args, from, list.len())? } else { 0..list.len() };
            sort(list, with, range);
            Val::Void
        }
        "indexof" | "lastindexof" => {
            let window = window(args, 2, list.len(), name == "lastindexof")?;
            let items = list.items();
            let found = if name == "indexof" {
                items[window.clone()].iter().position(|item| same(item, &wanted))
            } else {
                items[window.clone()].iter().rposition(|item| same(item, &wanted))
            };
            place(found.map(|at| at + window.start))
        }
        "binarysearch" => {
            let (range, wanted) = match args {
                [_, _, _, wanted, ..] => (range(&args[..3], 1, list.len())?, wanted.clone()),
                _ => (0..list.len(), wanted),
            };
            let found = list.items()[range.clone()]
                .binary_search_by(|item| ops::compare(item, &wanted, true).unwrap_or(std::cmp::Ordering::Equal));
            Val::I32(found.map_or_else(|at| !((at + range.start) as i32), |at| (at + range.start) as i32))
        }
        "clear" => {
            let range = range(args, 1, list.len())?;
            let default = default_of(list.type_name.trim_end_matches("[]"));
            list.change(|items| items[range].fill(default));
            Val::Void
        }
        "copy" => {
            let (from, to, start, count) = match args {
                [_, Val::List(to), count] => (0, to, 0, convert::index(count)?),
                [_, start, Val::List(to), at, count] => {
                    (convert::index(start)?, to, convert::index(at)?, convert::index(count)?)
                }
                _ => return Ok(None),
            };
            let bound = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
            let items = list.items();
            let part = items.get(bound(from)..bound(from).saturating_add(bound(count))).map(<[Val]>::to_vec);
            let done = part.and_then(|part| {
                to.change(|own| {
                    let place = own.get_mut(bound(start)..bound(start).saturating_add(part.len()))?;
                    place.clone_from_slice(&part);
                    Some(())
                })
            });
            match done {
                Some(()) => Val::Void,
                None => {
                    return thrown(
                        "ArgumentException",
                        "Destination array was not long enough. Check the destination index, length, and the array's lower bounds. (Parameter 'destinationArray')",
                    );
                }
            }
        }
        "asreadonly" => Val::list("System.Collections.ObjectModel.ReadOnlyCollection`1", list.items()),
        _ => return Ok(None),
    }))
}

/// Equal as .NET has it: of one type, and texts letter by letter.
pub(in super::super) fn same(left: &Val, right: &Val) -> bool {
    left.type_name() == right.type_name() && ops::equal(left, right, true)
}

/// The methods that a script decides, of arrays and of lists; `bounds` are a start and a count.
pub(in super::super) fn by_test(
    evaluator: &mut Evaluator<'_>,
    list: &Arc<List>,
    name: &str,
    test: &Arc<Script>,
    bounds: &[Val],
) -> Outcome {
    let items = list.items();
    let known =
        ["find", "findall", "findindex", "findlast", "findlastindex", "exists", "trueforall", "foreach", "convertall"];
    if !known.contains(&name) || (!bounds.is_empty() && name != "findindex") {
        return Ok(None);
    }
    let range = range(bounds, 0, items.len())?;
    if name == "convertall" {
        let made = items.iter().map(|item| Ok(evaluator.call_script(test, vec![item.clone()])?.stored()));
        return Ok(Some(Val::array(made.collect::<Result<Vec<_>, Fault>>()?)));
    }
    let mut kept = Vec::new();
    for (place, item) in items.iter().enumerate().take(range.end).skip(range.start) {
        let is_it = holds(evaluator, test, item)?;
        match name {
            "find" if is_it => return Ok(Some(item.clone())),
            "findindex" if is_it => return Ok(Some(Val::I32(place as i32))),
            "exists" if is_it => return Ok(Some(Val::Bool(true))),
            "trueforall" if !is_it => return Ok(Some(Val::Bool(false))),
            _ if is_it => kept.push((place, item.clone())),
            _ => {}
        }
    }
    let last = kept.last().cloned();
    Ok(Some(match name {
        "find" => default_of(list.type_name.trim_end_matches("[]")),
        "findlast" => last.map_or(Val::Null, |(_, item)| item),
        "findlastindex" => Val::I32(last.map_or(-1, |(place, _)| place as i32)),
        "findindex" => Val::I32(-1),
        "exists" => Val::Bool(false),
        "trueforall" => Val::Bool(true),
        "foreach" => Val::Void,
        _ => Val::list(list.type_name.clone(), kept.into_iter().map(|(_, item)| item).collect()),
    }))
}
