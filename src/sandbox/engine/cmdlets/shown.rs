//! Values as the host itself prints them, where the client would print what became of them on the way.

use std::sync::Arc;

use super::super::convert::text;
use super::super::eval::Evaluator;
use super::super::provider::resolve;
use super::super::value::{Obj, Val};
use super::super::wire;
use crate::clixml::Document;
use crate::output::{ITEMS, items_in_braces};

/// An enumeration's value is its name, an error says who made it, a match tells its place, a class hides what it hides, and of collections so many
/// items are shown as `$FormatEnumerationLimit` says.
pub(super) fn shown(evaluator: &Evaluator<'_>, value: &Val) -> Val {
    match value {
        Val::Enum(_) => Val::str(text(value)),
        Val::Error(record) => Val::str(record.concise()),
        Val::Object(object) if object.type_name() == "Microsoft.PowerShell.Commands.MatchInfo" => {
            Val::str(match_line(evaluator, object))
        }
        Val::Object(object) => {
            let own = object.without_hidden();
            match limit(evaluator) {
                Some(limit) => limited(own.as_ref().unwrap_or(value), limit),
                None => own.unwrap_or_else(|| value.clone()),
            }
        }
        other => other.clone(),
    }
}

/// What Select-String found, with the path as it is seen from here.
fn match_line(evaluator: &Evaluator<'_>, object: &Obj) -> String {
    let line = object.text.as_deref().unwrap_or_default();
    let path = object.get("Path").map_or_else(String::new, |path| text(&path));
    let Ok(here) = resolve(evaluator, ".") else { return line.to_owned() };
    let here = here.provider_path();
    let within = path.get(here.len()..).filter(|_| path.to_lowercase().starts_with(&here.to_lowercase()));
    match within.map(|within| within.trim_start_matches('\\')) {
        Some(within) if !within.is_empty() => line.replace(&format!("{path}:"), &format!("{within}:")),
        _ => line.to_owned(),
    }
}

/// How many items are shown, if not as many as always: PowerShell asks the global variable.
fn limit(evaluator: &Evaluator<'_>) -> Option<usize> {
    let limit = evaluator.state.global("formatenumerationlimit")?.as_int()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    (limit != ITEMS).then_some(limit)
}

fn limited(value: &Val, limit: usize) -> Val {
    let Val::Object(object) = value else { return value.clone() };
    let braces = |value: &Val| items_in_braces(&Document::with_refs(wire::to_value(value), false), limit);
    object.with_values(|value| match value {
        Val::List(_) | Val::Hash(_) => braces(value).map(|text| Val::Str(Arc::from(text))),
        _ => None,
    })
}
