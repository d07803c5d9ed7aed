//! .NET's objects for matches, and its patterns of replacements.

use std::sync::{Arc, LazyLock};

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::value::{Obj, Schema, Val};
use super::{Found, Regex, next_start};

const GROUPS: &str = "System.Text.RegularExpressions.GroupCollection";

static CAPTURE: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Schema::new(&["System.Text.RegularExpressions.Capture", "System.Object"], &["Index", "Length", "Value"])
});

static MATCH: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Schema::new(
        &[
            "System.Text.RegularExpressions.Match",
            "System.Text.RegularExpressions.Group",
            "System.Text.RegularExpressions.Capture",
            "System.Object",
        ],
        &["Groups", "Success", "Name", "Captures", "Index", "Length", "Value"],
    )
});

static GROUP: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Schema::new(
        &["System.Text.RegularExpressions.Group", "System.Text.RegularExpressions.Capture", "System.Object"],
        &["Success", "Name", "Captures", "Index", "Length", "Value"],
    )
});

/// .NET's objects for the first matches in a short text.
///
/// # Errors
/// The search would take too long.
pub(in super::super) fn match_objects(regex: &Regex, value: &str, count: usize) -> Result<Vec<Val>, ErrorRecord> {
    let (mut all, mut from) = (Vec::new(), Some(0));
    while let Some(start) = from.filter(|_| all.len() < count) {
        let Some(found) = regex.find(value, start)? else { break };
        all.push(match_object(regex, value, &found));
        from = next_start(value, &found);
    }
    Ok(all)
}

/// The object for one match.
pub(in super::super) fn match_object(regex: &Regex, value: &str, found: &Found) -> Val {
    let length = |text: &str| Val::I32(text.encode_utf16().count() as i32);
    let captured = |place: usize, name: &str| {
        let span = found.groups.get(place).copied().flatten();
        let text = found.group(value, place).unwrap_or("");
        let index = span.map_or(Val::I32(0), |(start, _)| length(&value[..start]));
        let capture = vec![index.clone(), length(text), Val::str(text)];
        let captures = match span {
            // What was caught before the last time is not known.
            Some(_) if regex.repeats && place > 0 => Val::Null,
            Some(_) => captures(vec![Obj::typed(&CAPTURE, text, capture)]),
            None => captures(Vec::new()),
        };
        vec![Val::Bool(span.is_some()), Val::str(name), captures, index, length(text), Val::str(text)]
    };
    let groups = regex.group_names().enumerate().map(|(place, name)| {
        let values = captured(place, &name);
        let text = convert_text(&values);
        Obj::typed(&GROUP, text, values)
    });
    let groups = Val::list(GROUPS, groups.collect());
    let mut values = captured(0, "0");
    let text = convert_text(&values);
    values.insert(0, groups);
    Obj::typed(&MATCH, text, values)
}

fn captures(all: Vec<Val>) -> Val {
    Val::list("System.Text.RegularExpressions.CaptureCollection", all)
}

/// The object of a text without a match.
pub(in super::super) fn no_match() -> Val {
    let mut values = nothing("0");
    values.insert(0, Val::list(GROUPS, vec![no_group("0")]));
    Obj::typed(&MATCH, "", values)
}

/// A group that caught nothing, or is not there.
pub(in super::super) fn no_group(name: &str) -> Val {
    Obj::typed(&GROUP, "", nothing(name))
}

fn nothing(name: &str) -> Vec<Val> {
    vec![Val::Bool(false), Val::str(name), captures(Vec::new()), Val::I32(0), Val::I32(0), Val::str("")]
}

/// A capture's text is its value.
fn convert_text(values: &[Val]) -> String {
    values.last().map_or_else(String::new, text)
}

/// What .NET's `$1`, `${name}`, `$&` and `$$` in a replacement stand for.
pub(in super::super) fn expand(regex: &Regex, value: &str, found: &Found, replacement: &str) -> String {
    let mut out = String::new();
    let mut rest = replacement;
    while let Some(at) = rest.find('$') {
        out += &rest[..at];
        rest = &rest[at + 1..];
        let digits = rest.find(|next: char| !next.is_ascii_digit()).unwrap_or(rest.len());
        let group = |key: &str| match key.parse::<usize>() {
            Ok(number) if number < found.groups.len() => Some(found.group(value, number).unwrap_or("")),
            Ok(_) => None,
            Err(_) => {
                let place = regex.names.iter().position(|name| name.as_deref() == Some(key))?;
                Some(found.group(value, place).unwrap_or(""))
            }
        };
        let braced = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('&') {
            out += group("0").unwrap_or("");
            rest = after;
        } else if let Some(after) = rest.strip_prefix('`') {
            out += &value[..found.start()];
            rest = after;
        } else if let Some(after) = rest.strip_prefix('\'') {
            out += &value[found.end()..];
            rest = after;
        } else if let Some(after) = rest.strip_prefix('_') {
            out += value;
            rest = after;
        } else if let Some(after) = rest.strip_prefix('+') {
            out += found.group(value, found.groups.len() - 1).unwrap_or("");
            rest = after;
        } else if let Some((found, after)) = braced.and_then(|(key, after)| Some((group(key)?, after))) {
            out += found;
            rest = after;
        } else if let Some(found) = group(&rest[..digits]).filter(|_| digits > 0) {
            out += found;
            rest = &rest[digits..];
        } else {
            out.push('$');
        }
    }
    out + rest
}
