//! Values as people read them: nested values in a short form, dates and durations as in `date_time`.

use super::date_time::{date_time, time_span};
use super::refs::resolve;
use crate::clixml::{self, Content, Document, Object, Single, Value};

/// Levels of nesting that are shown.
const DEPTH: usize = 4;

/// Bytes after which a nested value is cut; the whole is in json and csv.
const LIMIT: usize = 16 * 1024;

/// A value in words.
pub(super) fn display(document: &Document, value: &Value) -> String {
    let mut out = String::new();
    push(document, value, DEPTH, &mut out);
    out
}

fn push(document: &Document, value: &Value, depth: usize, out: &mut String) {
    if out.len() > LIMIT {
        return cut(out);
    }
    let value = resolve(document, value);
    match value {
        Value::Object(object) => push_object(document, value, object, depth, out),
        Value::Bool(yes) => out.push_str(if *yes { "True" } else { "False" }),
        Value::DateTime(text) => out.push_str(&date_time(text)),
        Value::TimeSpan(text) => out.push_str(&time_span(text).unwrap_or_else(|| text.to_string())),
        scalar => out.push_str(&clixml::text(scalar)),
    }
}

fn push_object(document: &Document, value: &Value, object: &Object, depth: usize, out: &mut String) {
    match clixml::single(value) {
        Some(Single::Same(value)) => return push(document, &value, depth, out),
        Some(_) => return out.push_str(&clixml::text(value)),
        None => {}
    }
    match (&object.content, &object.to_string) {
        (Content::Value(_), Some(text)) if object.is_enum() => out.push_str(&text.to_str_lossy()),
        _ if depth == 0 => cut(out),
        (Content::Value(inner), _) => push(document, inner, depth - 1, out),
        (Content::List(_, items), _) => {
            joined(out, "{", ", ", items, |item, out| push(document, item, depth - 1, out));
        }
        (Content::Dict(entries), _) => joined(out, "@{", "; ", entries, |(key, value), out| {
            push(document, key, depth - 1, out);
            out.push('=');
            push(document, value, depth - 1, out);
        }),
        (Content::None, Some(text)) if !text.is_empty() && !is_bag(object) => out.push_str(&text.to_str_lossy()),
        (Content::None, _) => {
            let members: Vec<_> = object.props.iter().chain(&object.notes).collect();
            joined(out, "@{", "; ", &members, |(name, value), out| {
                out.push_str(name);
                out.push('=');
                push(document, value, depth - 1, out);
            });
        }
    }
}

/// A `[pscustomobject]`, whose own text is empty or made of its members anyway.
fn is_bag(object: &Object) -> bool {
    object.type_names.contains("System.Management.Automation.PSCustomObject")
}

fn joined<T>(out: &mut String, open: &str, separator: &str, items: &[T], mut push: impl FnMut(&T, &mut String)) {
    out.push_str(open);
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push_str(separator);
        }
        if out.len() > LIMIT {
            cut(out);
            break;
        }
        push(item, out);
    }
    out.push('}');
}

fn cut(out: &mut String) {
    if !out.ends_with('…') {
        out.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::display;
    use crate::clixml::{Content, Document, ListKind, Object, TypeNames, Value};

    fn shown(value: Value) -> String {
        display(&Document::with_refs(value.clone(), true), &value)
    }

    fn bag(notes: Vec<(&str, Value)>) -> Object {
        Object { notes: notes.into_iter().map(|(name, value)| (name.into(), value)).collect(), ..Object::default() }
    }

    #[test]
    fn nested_values_are_short() {
        let list = Object {
            content: Content::List(ListKind::List, vec![Value::I32(1), Value::Null, Value::Bool(true)]),
            ..Object::default()
        };
        assert_eq!(shown(bag(vec![("a", list.into()), ("b", Value::str("x"))]).into()), "@{a={1, , True}; b=x}");
        let dict = Object { content: Content::Dict(vec![(Value::str("k"), Value::I32(1))]), ..Object::default() };
        assert_eq!(shown(dict.into()), "@{k=1}");
        let process =
            Object { to_string: Some("System.Diagnostics.Process (pwsh)".into()), ..bag(vec![("Id", Value::I32(1))]) };
        assert_eq!(shown(process.into()), "System.Diagnostics.Process (pwsh)");
        let custom = Object {
            type_names: TypeNames::new(["System.Management.Automation.PSCustomObject"]),
            to_string: Some("@{Id=1}".into()),
            ..bag(vec![("Id", Value::I32(1))])
        };
        assert_eq!(shown(custom.into()), "@{Id=1}");
    }

    #[test]
    fn cycles_and_depth_end() {
        let cycle = Object { id: Some(0), ..bag(vec![("self", Value::Ref(0))]) };
        assert_eq!(shown(cycle.into()), "@{self=@{self=@{self=@{self=…}}}}");
        let many: Vec<_> = (0..100_000).map(Value::I32).collect();
        let long = shown(Object { content: Content::List(ListKind::List, many), ..Object::default() }.into());
        assert!(long.len() < 20_000 && long.ends_with("…}"));
    }
}
