//! `[string]`, `[char]` and the methods of texts.

use std::sync::Arc;

use super::super::convert::{self, cast, text};
use super::super::errors::ErrorRecord;
use super::super::format;
use super::super::ops;
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::{Fault, Outcome, arg_int, arg_text, culture, thrown};

/// Whether an argument asks for case to be ignored: a comparison, or true where .NET has a switch.
fn ignores_case(args: &[Val], from: usize) -> bool {
    args.iter().skip(from).any(|arg| match arg {
        Val::Bool(yes) => *yes,
        Val::Enum(value) => value.type_name == "System.StringComparison" && value.name.ends_with("IgnoreCase"),
        Val::Str(name) => name.to_lowercase().ends_with("ignorecase"),
        _ => false,
    })
}

/// `[string]::new(...)`
pub(super) fn make(args: &[Val]) -> Outcome {
    Ok(Some(match args {
        [Val::List(units)] => Val::str(units.items().iter().map(text).collect::<String>()),
        [piece] => Val::str(text(piece)),
        [Val::List(units), start, count] => {
            let (start, count) = (convert::index(start)?.max(0) as usize, convert::index(count)?.max(0) as usize);
            Val::str(units.items().iter().skip(start).take(count).map(text).collect::<String>())
        }
        [] => return Err(super::overloads::none("new", 0).into()),
        [piece, count] => ops::arithmetic(super::super::ast::Op::Mul, &Val::str(text(piece)), count)?,
        _ => return Ok(None),
    }))
}

/// The fault of a format in the words of .NET's methods.
fn bad_format(record: ErrorRecord) -> Fault {
    match record.message().strip_prefix("Error formatting a string: ") {
        Some(why) => Fault::Thrown("FormatException", why.to_owned()),
        None => record.into(),
    }
}

/// The texts of which `Join` takes a part: an array of texts, or a value before two numbers, which .NET makes one of.
fn texts_of(value: &Val, start: &Val, count: &Val) -> Option<Vec<Val>> {
    match value {
        Val::List(list) if list.type_name.starts_with("System.String[") => Some(list.items()),
        Val::List(_) => None,
        other if matches!((start, count), (Val::I32(_), Val::I32(_))) => Some(vec![other.clone()]),
        _ => None,
    }
}

/// `[string]::...`
pub(super) fn statics(name: &str, args: &[Val]) -> Outcome {
    let first = arg_text(args, 0);
    let second = arg_text(args, 1);
    let rest = |from: usize| match args.get(from..) {
        Some([Val::List(list)]) => list.items(),
        Some(rest) => rest.to_vec(),
        None => Vec::new(),
    };
    let order = |left: &str, right: &str, ignores: bool| Val::I32(ops::compare_texts(left, right, !ignores) as i32);
    Ok(Some(match name {
        "isnullorempty" => Val::Bool(first.is_empty()),
        "isnullorwhitespace" => Val::Bool(first.trim().is_empty()),
        "join" => {
            let mut items = rest(1);
            // With a place and a count.
            if let [_, list, start, count] = args
                && let Some(list) = texts_of(list, start, count)
            {
                let (start, count) = (convert::index(start)?, convert::index(count)?);
                let (from, length) = (usize::try_from(start), usize::try_from(count));
                let part = from
                    .ok()
                    .zip(length.ok())
                    .and_then(|(from, length)| list.get(from..from.checked_add(length)?).map(<[Val]>::to_vec));
                let Some(part) = part else {
                    let most = list.len() as i64 - count;
                    let why = format!(
                        "startIndex ('{start}') must be less than or equal to '{most}'. (Parameter 'startIndex')\nActual value was {start}."
                    );
                    return thrown("ArgumentOutOfRangeException", why);
                };
                items = part;
            }
            Val::str(items.iter().map(plain).collect::<Vec<_>>().join(&first))
        }
        "concat" => Val::str(rest(0).iter().map(text).collect::<String>()),
        // A provider may stand before the format.
        "format" => {
            let done = match args {
                [culture @ (Val::Object(_) | Val::Null), Val::Str(pattern), ..] => {
                    culture::composite(culture, pattern, &rest(2))
                }
                _ => format::composite(&first, &rest(1)),
            };
            Val::str(done.map_err(bad_format)?)
        }
        // Parts of two texts: text, start, text, start, length.
        "compare" | "compareordinal" if args.len() >= 5 => {
            let part = |place: usize| -> Result<Val, Fault> {
                let (start, length) = (arg_int(args, place + 1)?, arg_int(args, 4)?);
                let units: Vec<u16> = arg_text(args, place).encode_utf16().collect();
                let Some(rest) = usize::try_from(start).ok().and_then(|start| units.get(start..)) else {
                    return thrown("ArgumentOutOfRangeException", "Index was out of range. (Parameter 'indexA')");
                };
                let length = usize::try_from(length).unwrap_or(0).min(rest.len());
                Ok(Val::str(String::from_utf16_lossy(&rest[..length])))
            };
            let parts = [&[part(0)?, part(2)?], &args[5..]].concat();
            // What the two differ by counts here, not by how much.
            return Ok(statics(name, &parts)?.map(|order| Val::I32(order.as_int().unwrap_or(0).signum() as i32)));
        }
        "compare" => order(&first, &second, ignores_case(args, 2)),
        "isinterned" => Val::Null,
        "compareordinal" => {
            let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
            let (left, right) = (units(&first), units(&second));
            let differing = left.iter().zip(&right).find(|(left, right)| left != right);
            Val::I32(match differing {
                Some((left, right)) => i32::from(*left) - i32::from(*right),
                None => left.len() as i32 - right.len() as i32,
            })
        }
        "equals" => {
            let equal =
                if ignores_case(args, 2) { first.to_lowercase() == second.to_lowercase() } else { first == second };
            Val::Bool(equal)
        }
        "copy" | "intern" => Val::str(first),
        _ => return Ok(None),
    }))
}

/// `[char]::...`
pub(super) fn characters(name: &str, args: &[Val]) -> Outcome {
    if name == "convertfromutf32" {
        let found = u32::try_from(arg_int(args, 0)?).ok().and_then(char::from_u32);
        return match found {
            Some(found) => Ok(Some(Val::str(found.to_string()))),
            None => thrown("ArgumentOutOfRangeException", "A valid UTF32 value is between 0x000000 and 0x10ffff."),
        };
    }
    let place = match args.get(1) {
        Some(place) if place.as_int().is_some() => arg_int(args, 1)?.max(0) as usize,
        _ => 0,
    };
    if name == "parse" && arg_text(args, 0).encode_utf16().count() != 1 {
        return thrown("FormatException", "String must be exactly one character long.");
    }
    let Some(next) = arg_text(args, 0).chars().nth(place) else { return Ok(None) };
    let of_char = |text: String| cast(&Val::str(text), &TypeRef::named("System.Char"));
    Ok(Some(match name {
        "isdigit" | "isnumber" => Val::Bool(next.is_numeric()),
        "isletter" => Val::Bool(next.is_alphabetic()),
        "isletterordigit" => Val::Bool(next.is_alphanumeric()),
        "iswhitespace" => Val::Bool(next.is_whitespace()),
        "isupper" => Val::Bool(next.is_uppercase()),
        "islower" => Val::Bool(next.is_lowercase()),
        "iscontrol" => Val::Bool(next.is_control()),
        "ispunctuation" => Val::Bool(next.is_ascii_punctuation() && !"$+<=>^`|~".contains(next)),
        "issymbol" => Val::Bool("$+<=>^`|~".contains(next)),
        "isseparator" => Val::Bool(matches!(next, ' ' | '\u{A0}' | '\u{2028}' | '\u{2029}')),
        "isascii" => Val::Bool(next.is_ascii()),
        "isasciidigit" => Val::Bool(next.is_ascii_digit()),
        "isasciiletter" => Val::Bool(next.is_ascii_alphabetic()),
        "isasciiletterordigit" => Val::Bool(next.is_ascii_alphanumeric()),
        "isasciihexdigit" => Val::Bool(next.is_ascii_hexdigit()),
        "isasciiletterupper" => Val::Bool(next.is_ascii_uppercase()),
        "isasciiletterlower" => Val::Bool(next.is_ascii_lowercase()),
        // A character of the text is one alone.
        "issurrogate" | "ishighsurrogate" | "islowsurrogate" => Val::Bool(false),
        "getnumericvalue" => Val::F64(next.to_digit(10).map_or(-1.0, f64::from)),
        "toupper" | "toupperinvariant" => of_char(convert::upper(&next.to_string()))?,
        "tolower" | "tolowerinvariant" => of_char(convert::lower(&next.to_string()))?,
        "converttoutf32" => Val::I32(next as i32),
        "tostring" => Val::str(next.to_string()),
        "parse" => of_char(arg_text(args, 0))?,
        _ => return Ok(None),
    }))
}

/// `[StringComparer]::...`
pub(super) fn comparer(name: &str) -> Option<Val> {
    let full = match name {
        "ordinal" => "Ordinal",
        "ordinalignorecase" => "OrdinalIgnoreCase",
        "invariantculture" => "InvariantCulture",
        "invariantcultureignorecase" => "InvariantCultureIgnoreCase",
        "currentculture" => "CurrentCulture",
        "currentcultureignorecase" => "CurrentCultureIgnoreCase",
        _ => return None,
    };
    let schema = Schema::new(&["System.StringComparer", "System.Object"], &["Comparison"]);
    Some(Obj::typed(&schema, "System.StringComparer", vec![Val::str(full)]))
}

/// Whether a comparer among the arguments ignores case.
pub(super) fn comparer_ignores_case(args: &[Val]) -> bool {
    args.iter().any(|arg| match arg {
        Val::Object(object) if object.type_name() == "System.StringComparer" => {
            object.get("Comparison").is_some_and(|name| text(&name).ends_with("IgnoreCase"))
        }
        _ => false,
    })
}

pub(super) fn comparer_method(object: &Arc<Obj>, name: &str, args: &[Val]) -> Outcome {
    let ignores = object.get("Comparison").is_some_and(|name| text(&name).ends_with("IgnoreCase"));
    let order = ops::compare_texts(&arg_text(args, 0), &arg_text(args, 1), !ignores);
    Ok(Some(match name {
        "equals" => Val::Bool(order.is_eq()),
        "compare" => Val::I32(order as i32),
        _ => return Ok(None),
    }))
}

/// Where a search begins and how far it goes, in UTF-16 units.
fn window(args: &[Val], length: usize) -> Result<(usize, usize), Fault> {
    let numbers: Vec<i64> = args.iter().skip(1).filter_map(|arg| arg.as_int().map(|number| number as i64)).collect();
    let start = numbers.first().copied().unwrap_or(0);
    let start = usize::try_from(start).ok().filter(|start| *start <= length);
    let Some(start) = start else {
        return thrown(
            "ArgumentOutOfRangeException",
            "Index was out of range. Must be non-negative and less than or equal to the size of the collection. (Parameter 'startIndex')",
        );
    };
    let count = numbers.get(1).map_or(length - start, |count| usize::try_from(*count).unwrap_or(0));
    if count > length - start {
        return thrown(
            "ArgumentOutOfRangeException",
            "Count must be positive and count must refer to a location within the string/array/collection. (Parameter 'count')",
        );
    }
    Ok((start, start + count))
}

/// The last place that a backward search looks at.
fn last_start(args: &[Val], length: usize) -> usize {
    let given = args.iter().skip(1).find_map(|arg| arg.as_int());
    given.and_then(|start| usize::try_from(start).ok()).map_or(length, |start| start.saturating_add(1).min(length))
}

/// A count that an argument has; `parameter` is its name in .NET.
fn place(args: &[Val], at: usize, limit: usize, parameter: &str) -> Result<usize, Fault> {
    let number = arg_int(args, at)?;
    let why = match usize::try_from(number) {
        Ok(number) if number <= limit => return Ok(number),
        Ok(_) if parameter == "length" => "Index and length must refer to a location within the string.",
        Ok(_) => "startIndex cannot be larger than length of string.",
        Err(_) if parameter == "length" => "Length cannot be less than zero.",
        Err(_) => "StartIndex cannot be less than zero.",
    };
    thrown("ArgumentOutOfRangeException", format!("{why} (Parameter '{parameter}')"))
}

/// The text of an item as .NET has it: a list is named by its type.
fn plain(item: &Val) -> String {
    if let Val::List(list) = item { list.type_name.to_string() } else { text(item) }
}

fn is_character(value: &Val) -> bool {
    matches!(value, Val::Char(_)) || matches!(value, Val::Str(text) if text.encode_utf16().count() == 1)
}

/// Methods of texts that need more than a search; the rest is in `methods`.
pub(super) fn method(value: &Arc<str>, name: &str, args: &[Val]) -> Outcome {
    let units = || value.encode_utf16().collect::<Vec<u16>>();
    let of_units = |units: &[u16]| Val::str(String::from_utf16_lossy(units));
    Ok(Some(match name {
        "indexof" | "lastindexof" | "contains" | "startswith" | "endswith" => return search(value, name, args),
        "indexofany" | "lastindexofany" => {
            let wanted: Vec<u16> = arg_text_units(args);
            let units = units();
            let found = if name == "indexofany" {
                let (start, end) = window(args, units.len())?;
                units[start..end].iter().position(|unit| wanted.contains(unit)).map(|at| at + start)
            } else {
                units[..last_start(args, units.len())].iter().rposition(|unit| wanted.contains(unit))
            };
            Val::I32(found.map_or(-1, |at| at as i32))
        }
        "substring" | "remove" => {
            let units = units();
            let start = place(args, 0, units.len(), "startIndex")?;
            let left = units.len() - start;
            let length = if args.len() > 1 { place(args, 1, left, "length")? } else { left };
            match name {
                "substring" => of_units(&units[start..start + length]),
                _ => of_units(&[&units[..start], &units[start + length..]].concat()),
            }
        }
        "insert" => {
            let units = units();
            let start = arg_int(args, 0)?;
            let Some(at) = usize::try_from(start).ok().filter(|at| *at <= units.len()) else {
                let why = format!(
                    "startIndex ('{start}') must be less than or equal to '{}'. (Parameter 'startIndex')\nActual value was {start}.",
                    units.len()
                );
                return thrown("ArgumentOutOfRangeException", why);
            };
            let added: Vec<u16> = arg_text(args, 1).encode_utf16().collect();
            of_units(&[&units[..at], &added, &units[at..]].concat())
        }
        "padleft" | "padright" => {
            let width = arg_int(args, 0)?;
            let Ok(wanted) = usize::try_from(width) else {
                let why = format!(
                    "totalWidth ('{width}') must be a non-negative value. (Parameter 'totalWidth')\nActual value was {width}."
                );
                return thrown("ArgumentOutOfRangeException", why);
            };
            if wanted > ops::MAX_TEXT / 4 {
                return Err(ops::too_big("string").into());
            }
            let fill = arg_text(args, 1).chars().next().unwrap_or(' ');
            let missing = wanted.saturating_sub(value.encode_utf16().count());
            let fill: String = std::iter::repeat_n(fill, missing).collect();
            Val::str(if name == "padleft" { format!("{fill}{value}") } else { format!("{value}{fill}") })
        }
        "replace" => {
            let (old, new) = (arg_text(args, 0), arg_text(args, 1));
            if old.is_empty() {
                return thrown("ArgumentException", "String cannot be of zero length. (Parameter 'oldValue')");
            }
            if ignores_case(args, 2) {
                replace_any_case(value, &old, &new)?
            } else {
                // As long as the longest that the limit allows.
                let count = value.matches(old.as_str()).count();
                if value.len() + count * new.len() > ops::MAX_TEXT {
                    return Err(ops::too_big("string").into());
                }
                Val::str(value.replace(&old, &new))
            }
        }
        "chars" | "get_chars" => match units().get(place(args, 0, usize::MAX, "index")?) {
            Some(unit) => Val::Char(*unit),
            None => {
                let message = "Exception getting \"Chars\": \"Index was outside the bounds of the array.\"";
                let kind = "System.Management.Automation.GetValueInvocationException";
                return Err(ErrorRecord::new(kind, message, "ExceptionWhenGetting", 0).into());
            }
        },
        // The process runs in the invariant culture, which leaves texts as they are.
        "normalize" | "clone" => Val::Str(value.clone()),
        "isnormalized" => Val::Bool(true),
        "replacelineendings" => {
            let ending = if args.is_empty() { "\r\n".to_owned() } else { arg_text(args, 0) };
            Val::str(value.replace("\r\n", "\n").replace(['\r', '\u{85}'], "\n").replace('\n', &ending))
        }
        // What a text has as `IConvertible`.
        "toint16" | "toint32" | "toint64" | "tobyte" | "touint16" | "touint32" | "touint64" | "todouble"
        | "tosingle" | "toboolean" | "tochar" => return super::numbers::of_text(name, value),
        "gettypecode" => Val::of_enum("System.TypeCode", "String", 18),
        "gethashcode" => {
            let hash = value.encode_utf16().fold(5381_i32, |hash, unit| hash.wrapping_mul(33) ^ i32::from(unit));
            Val::I32(hash)
        }
        "equals" if args.len() > 1 => {
            statics("equals", &[&[Val::Str(value.clone())], args].concat())?.unwrap_or(Val::Null)
        }
        "compareto" => Val::I32(ops::compare_texts(value, &arg_text(args, 0), true) as i32),
        "tochararray" if args.len() == 2 => {
            let units = units();
            let start = place(args, 0, units.len(), "startIndex")?;
            let length = place(args, 1, units.len() - start, "length")?;
            Val::list("System.Char[]", units[start..start + length].iter().copied().map(Val::Char).collect())
        }
        // Windows PowerShell takes texts of one letter for characters here.
        "split" if args.len() > 1 && args.iter().all(is_character) => {
            let pieces = value.split(|next: char| args.iter().any(|arg| text(arg).starts_with(next)));
            Val::list("System.String[]", pieces.map(Val::str).collect())
        }
        "split" if args.iter().any(|arg| text(arg).to_lowercase().contains("trimentries")) => {
            let plain: Vec<Val> =
                args.iter().filter(|arg| !text(arg).to_lowercase().contains("trimentries")).cloned().collect();
            let drops_empty = args.iter().any(|arg| text(arg).to_lowercase().contains("removeempty"));
            let separators: Vec<String> =
                plain.first().cloned().map_or_else(Vec::new, Val::into_items).iter().map(text).collect();
            let pieces = split_at(value, &separators).into_iter().map(str::trim);
            Val::list(
                "System.String[]",
                pieces.filter(|piece| !(drops_empty && piece.is_empty())).map(Val::str).collect(),
            )
        }
        _ => return Ok(None),
    }))
}

fn split_at<'t>(value: &'t str, separators: &[String]) -> Vec<&'t str> {
    let (mut pieces, mut rest) = (Vec::new(), value);
    loop {
        let found = separators.iter().filter(|separator| !separator.is_empty());
        let cut = found.filter_map(|separator| Some((rest.find(separator.as_str())?, separator.len()))).min();
        let Some((at, length)) = cut else { break };
        pieces.push(&rest[..at]);
        rest = &rest[at + length..];
    }
    pieces.push(rest);
    pieces
}

fn arg_text_units(args: &[Val]) -> Vec<u16> {
    let items = args.first().cloned().map_or_else(Vec::new, Val::into_items);
    items.iter().flat_map(|item| text(item).encode_utf16().collect::<Vec<_>>()).collect()
}

fn search(value: &str, name: &str, args: &[Val]) -> Outcome {
    if args.is_empty() {
        return Err(ErrorRecord::runtime(
            format!("Cannot find an overload for \"{name}\" and the argument count: \"0\"."),
            "MethodCountCouldNotFindBest",
            0,
        )
        .into());
    }
    let ignores = ignores_case(args, 1);
    // Case mappings that change the length would shift places: only those that keep it.
    let fold = |text: &str| -> Vec<u16> {
        let lower = |next: char| {
            let mut lower = next.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(only), None) if ignores => only,
                _ => next,
            }
        };
        text.chars().map(lower).collect::<String>().encode_utf16().collect()
    };
    let (subject, wanted) = (fold(value), fold(&arg_text(args, 0)));
    let found_in = |part: &[u16]| match wanted.len() {
        0 => Some(0),
        length => part.windows(length).position(|window| window == wanted),
    };
    Ok(Some(match name {
        "contains" => Val::Bool(found_in(&subject).is_some()),
        "startswith" => Val::Bool(subject.starts_with(&wanted)),
        "endswith" => Val::Bool(subject.ends_with(&wanted)),
        "indexof" => {
            let (start, end) = window(args, subject.len())?;
            Val::I32(found_in(&subject[start..end]).map_or(-1, |at| (at + start) as i32))
        }
        _ => {
            let part = &subject[..last_start(args, subject.len())];
            let found = match wanted.len() {
                0 => Some(part.len()),
                length => part.windows(length).rposition(|window| window == wanted),
            };
            Val::I32(found.map_or(-1, |at| at as i32))
        }
    }))
}

fn replace_any_case(value: &str, old: &str, new: &str) -> Result<Val, Fault> {
    let pattern = regex::RegexBuilder::new(&regex::escape(old)).case_insensitive(true).build();
    let Ok(pattern) = pattern else { return Err(ops::too_big("string").into()) };
    let count = pattern.find_iter(value).count();
    if value.len() + count * new.len() > ops::MAX_TEXT {
        return Err(ops::too_big("string").into());
    }
    Ok(Val::str(pattern.replace_all(value, regex::NoExpand(new)).into_owned()))
}
