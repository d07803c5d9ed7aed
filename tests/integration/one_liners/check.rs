//! The checks of a one-liner: lines that say what must come.

use super::{Content, Given, Regex, Value};

/// What came instead, if a check does not hold. Without output no check of objects holds.
pub(super) fn differs(check: &str, given: &Given) -> Option<String> {
    let (word, rest) = check.split_once(' ').expect("a check has a word and what it is about");
    let output = &given.output[..];
    match word {
        "output" => differs_in_number(rest, output.len()),
        "type" => of_each(output, |value| {
            let name = type_name(value);
            (!rest.split('|').any(|pattern| is_like(&name, pattern))).then_some(name)
        }),
        "properties" => of_each(output, |value| {
            let names = names(value);
            (names != rest.split(' ').collect::<Vec<_>>()).then(|| names.join(" "))
        }),
        "has" => of_each(output, |value| {
            let missing: Vec<_> = rest.split(' ').filter(|name| value.member(name).is_none()).collect();
            (!missing.is_empty()).then(|| format!("without {}", missing.join(" ")))
        }),
        "types" => of_each(output, |value| rest.split(' ').find_map(|pair| differs_in_type(pair, value))),
        "each" | "some" | "first" | "last" => differs_in_text(word, rest, output),
        "all" => {
            let (name, wanted) = rest.split_once(" = ").expect("a property and its texts");
            let texts: Vec<_> = output.iter().map(|value| text_of(value, name)).collect();
            (texts.join(", ") != wanted).then(|| texts.join(", "))
        }
        "sorted" => differs_in_order(rest, output),
        "line" => {
            let texts: Vec<_> = output.iter().map(text).collect();
            no_line(rest, &texts)
        }
        "says" => no_line(rest, &given.said),
        "errors" => differs_in_ids(rest, &given.errors),
        other => panic!("no check is called {other}"),
    }
}

fn differs_in_number(wanted: &str, number: usize) -> Option<String> {
    let parse = |text: &str| text.parse::<usize>().expect("a number");
    let holds = match (wanted.strip_prefix(">= "), wanted.split_once("..")) {
        (Some(least), _) => number >= parse(least),
        (_, Some((least, most))) => (parse(least)..=parse(most)).contains(&number),
        _ => number == parse(wanted),
    };
    (!holds).then(|| number.to_string())
}

fn of_each(output: &[Value], differs: impl Fn(&Value) -> Option<String>) -> Option<String> {
    if output.is_empty() { Some("no output".to_owned()) } else { output.iter().find_map(differs) }
}

/// One object of `types`: `Name=Type`, `Name=Type|Type`, `Name=Type?`.
fn differs_in_type(pair: &str, value: &Value) -> Option<String> {
    let (name, wanted) = pair.split_once('=').expect("a property and its type");
    let (wanted, may_be_null) = wanted.strip_suffix('?').map_or((wanted, false), |wanted| (wanted, true));
    let Some(value) = property(value, name) else { return Some(format!("without {name}")) };
    if may_be_null && *value == Value::Null {
        return None;
    }
    let is = type_name(value);
    let is_it = |wanted: &str| is == wanted || is.strip_prefix("System.") == Some(wanted);
    (!wanted.split('|').any(is_it)).then(|| format!("{name} is {is}"))
}

fn differs_in_text(quantity: &str, rest: &str, output: &[Value]) -> Option<String> {
    let mut words = rest.splitn(3, ' ');
    let mut next = || words.next().expect("a property, an operator and a text");
    let (name, operator, wanted) = (next(), next(), next());
    let regex = (operator == "match").then(|| Regex::new(wanted).expect("a regular expression"));
    let texts: Vec<_> = output.iter().map(|value| text_of(value, name)).collect();
    let holds = |text: &String| match operator {
        "=" => text == wanted,
        "like" => is_like(text, wanted),
        "match" => regex.as_ref().is_some_and(|regex| regex.is_match(text)),
        other => panic!("no operator is called {other}"),
    };
    let wrong = match quantity {
        "some" if !texts.iter().any(holds) => return Some(texts.join(", ")),
        "some" => return None,
        "first" => texts.first().filter(|text| !holds(text)),
        "last" => texts.last().filter(|text| !holds(text)),
        _ => texts.iter().find(|text| !holds(text)),
    };
    if texts.is_empty() { Some("no output".to_owned()) } else { wrong.cloned() }
}

fn differs_in_order(rest: &str, output: &[Value]) -> Option<String> {
    let (name, is_descending) = rest.strip_suffix(" descending").map_or((rest, false), |name| (name, true));
    let mut pairs = output.iter().zip(output.iter().skip(1));
    let wrong = pairs.find(|(left, right)| {
        let (left, right) = if is_descending { (right, left) } else { (left, right) };
        let (left, right) = (text_of(left, name), text_of(right, name));
        match (left.parse::<f64>(), right.parse::<f64>()) {
            (Ok(left), Ok(right)) => left > right,
            _ => left.to_lowercase() > right.to_lowercase(),
        }
    })?;
    Some(format!("{} before {}", text_of(wrong.0, name), text_of(wrong.1, name)))
}

fn no_line(pattern: &str, texts: &[String]) -> Option<String> {
    let regex = Regex::new(pattern).expect("a regular expression");
    let has_it = texts.iter().flat_map(|text| text.lines()).any(|line| regex.is_match(line));
    (!has_it).then(|| texts.join("\n"))
}

fn differs_in_ids(wanted: &str, given: &[String]) -> Option<String> {
    let ids: Vec<_> = given.iter().map(|error| error.split(" | ").next().unwrap_or(error)).collect();
    (ids.join(", ") != wanted).then(|| given.join(", "))
}

/// PowerShell's `-like` with `*` and `?`.
fn is_like(text: &str, pattern: &str) -> bool {
    let pattern = regex::escape(pattern).replace("\\*", ".*").replace("\\?", ".");
    Regex::new(&format!("(?is)^{pattern}$")).expect("a regular expression").is_match(text)
}

/// A property, or with `.` the object itself.
fn property<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    if name == "." { Some(value) } else { value.member(name) }
}

fn text_of(value: &Value, name: &str) -> String {
    property(value, name).map_or_else(|| format!("(no {name})"), text)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Char(unit) => String::from_utf16_lossy(&[*unit]),
        Value::F32(number) => number.to_string(),
        Value::F64(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::DateTime(text) | Value::TimeSpan(text) | Value::Version(text) | Value::Decimal(text) => text.to_string(),
        Value::Guid(guid) => guid.to_string(),
        Value::Object(object) => match (&object.to_string, &object.content) {
            (Some(text), _) => text.to_string(),
            (None, Content::Value(inner)) => text(inner),
            (None, Content::List(_, items)) => items.iter().map(text).collect::<Vec<_>>().join(" "),
            _ => type_name(value),
        },
        other => match (other.as_text(), other.as_i64()) {
            (Some(text), _) => text.to_string(),
            (_, Some(number)) => number.to_string(),
            _ => format!("{other:?}"),
        },
    }
}

/// The first type name, without what a client adds.
fn type_name(value: &Value) -> String {
    let name = match value {
        Value::Object(object) => match (object.type_names.first(), &object.content) {
            (Some(name), _) => name.strip_prefix("Deserialized.").unwrap_or(name),
            (None, Content::Value(inner)) => return type_name(inner),
            _ => "System.Object",
        },
        Value::Null => "null",
        Value::Bool(_) => "System.Boolean",
        Value::Char(_) => "System.Char",
        Value::I8(_) => "System.SByte",
        Value::U8(_) => "System.Byte",
        Value::I16(_) => "System.Int16",
        Value::U16(_) => "System.UInt16",
        Value::I32(_) => "System.Int32",
        Value::U32(_) => "System.UInt32",
        Value::I64(_) => "System.Int64",
        Value::U64(_) => "System.UInt64",
        Value::F32(_) => "System.Single",
        Value::F64(_) => "System.Double",
        Value::Decimal(_) => "System.Decimal",
        Value::Str(_) => "System.String",
        Value::DateTime(_) => "System.DateTime",
        Value::TimeSpan(_) => "System.TimeSpan",
        Value::Bytes(_) => "System.Byte[]",
        Value::Guid(_) => "System.Guid",
        Value::Uri(_) => "System.Uri",
        Value::Version(_) => "System.Version",
        Value::Xml(_) => "System.Xml.XmlDocument",
        Value::Script(_) => "System.Management.Automation.ScriptBlock",
        Value::SecureString(_) => "System.Security.SecureString",
        Value::Ref(_) => "a reference",
    };
    name.to_owned()
}

/// The names of all properties, in order.
fn names(value: &Value) -> Vec<&str> {
    let Some(object) = value.as_object() else { return Vec::new() };
    object.props.iter().chain(&object.notes).map(|(name, _)| &**name).collect()
}
