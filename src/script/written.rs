//! What a value that was typed or read from a file becomes: a number where it is one, the text as it was written where
//! a text is due.

use super::check::positions;
use super::param::{Parameter, Parameters};
use crate::clixml::{Json, JsonError, Value, survives};

/// A literal as it was written: JSON with its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    json: Json,
    /// What was typed, where that is the text if a text is due: `{}`, `null`.
    typed: Option<Box<str>>,
}

impl Written {
    /// A value on the command line; `None` if it is not JSON.
    pub fn typed(text: &str) -> Option<Self> {
        Some(Self { json: Json::read(text).ok()?, typed: Some(text.trim().into()) })
    }

    /// A value of a file.
    ///
    /// # Errors
    /// What is not JSON.
    pub fn of_file(text: &str) -> Result<Self, JsonError> {
        Ok(Self { json: Json::read(text)?, typed: None })
    }

    /// The value for a parameter of this type; `None` for one without a type, `$args` and `$using:`.
    ///
    /// PowerShell's binder keeps the text of `12e5678` or `1.10` for a `[string]`. Without a type, a number must
    /// survive the way back to text, else a hash or a version would arrive as another one.
    pub fn value(&self, declared: Option<&str>) -> Value {
        match &self.json {
            Json::Number(text) => match self.json.value() {
                number if is_text(declared) || is_any(declared) && !survives(&number, text) => Value::str(&**text),
                number => number,
            },
            Json::Bool(yes) if is_text(declared) => Value::str(yes.to_string()),
            // In JSON's quotes it is the text between them.
            Json::String(text) => Value::Str(text.clone()),
            Json::Array(items) if element(declared).is_some_and(|element| is_text(Some(element))) => {
                Json::Array(items.iter().map(as_text).collect()).value()
            }
            json => match &self.typed {
                Some(text) if is_text(declared) => Value::str(&**text),
                _ => json.value(),
            },
        }
    }
}

/// An element that is a number or a boolean as its text.
fn as_text(json: &Json) -> Json {
    match json {
        Json::Number(text) => Json::String((&**text).into()),
        Json::Bool(yes) => Json::String(yes.to_string().into()),
        other => other.clone(),
    }
}

/// The declared parameter that each argument goes to, by its name or its place; `None` where there is none or only the
/// remote side can tell.
pub fn parameters_of<'p>(parameters: &'p Parameters, names: &[Option<&str>]) -> Vec<Option<&'p Parameter>> {
    let find = |name: &Option<&str>| name.and_then(|name| parameters.find(name).ok());
    let bound: Vec<&str> = names.iter().filter_map(find).map(|parameter| &*parameter.name).collect();
    let has_sets = parameters.list.iter().any(|parameter| !parameter.sets.is_empty());
    let mut order = if has_sets { Vec::new() } else { positions(parameters, &bound) }.into_iter();
    let mut rest = None;
    let mut next = || {
        if rest.is_none() {
            let parameter = order.next();
            rest = parameter.filter(|parameter| parameter.takes_remaining);
            return parameter;
        }
        rest
    };
    names.iter().map(|name| if name.is_some() { find(name) } else { next() }).collect()
}

/// The types whose values are their text.
fn is_text(declared: Option<&str>) -> bool {
    let lower = declared.unwrap_or_default().to_ascii_lowercase();
    let single = lower.strip_suffix("[]").unwrap_or(&lower);
    matches!(
        single.strip_prefix("system.").unwrap_or(single),
        "string" | "char" | "version" | "semver" | "management.automation.semanticversion"
    )
}

fn is_any(declared: Option<&str>) -> bool {
    let name = declared.unwrap_or_default();
    ["", "object", "System.Object", "psobject", "object[]"].iter().any(|any| any.eq_ignore_ascii_case(name))
}

/// The type of an array's elements.
fn element(declared: Option<&str>) -> Option<&str> {
    declared?.strip_suffix("[]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Source;

    fn typed(text: &str, declared: Option<&str>) -> Value {
        Written::typed(text).expect("JSON").value(declared)
    }

    #[test]
    fn texts_stay_as_they_were_typed() {
        for text in ["12e5678", "8e12345", "1e10", "1.10", "1.0", "7", "true", "null", "-0", "{}", "1E5"] {
            for declared in ["string", "System.String", "char", "version", "STRING", "semver"] {
                assert_eq!(typed(text, Some(declared)), Value::str(text), "{text} for {declared}");
            }
        }
        assert_eq!(typed("\"1.10\"", Some("string")), Value::str("1.10"));
    }

    #[test]
    fn a_number_must_survive_the_way_back() {
        for text in [
            "12e5678",
            "1e10",
            "1.10",
            "1.0",
            "-0",
            "1E5",
            "-8e12345",
            "0.10",
            "0.000001",
            "0.00001",
            "123456789012345.6",
        ] {
            for declared in [None, Some("object"), Some("psobject")] {
                assert_eq!(typed(text, declared), Value::str(text), "{text}");
            }
        }
        assert_eq!(typed("7", None), Value::I32(7));
        assert_eq!(typed("1.5", None), Value::F64(1.5));
        assert_eq!(typed("-0.25", Some("object")), Value::F64(-0.25));
        assert_eq!(typed("0.0001", None), Value::F64(0.0001));
        assert_eq!(typed("9223372036854775808", None), Value::Decimal("9223372036854775808".into()));
        assert_eq!(typed("1e3", Some("int")), Value::F64(1000.0), "a number is due");
        assert_eq!(typed("true", None), Value::Bool(true));
    }

    #[test]
    fn infinity_never() {
        assert_eq!(typed("12e5678", Some("double")), Value::str("12e5678"));
        let nested = typed("[12e5678, 1.10]", None);
        assert_eq!(nested.as_list().expect("a list"), [Value::str("12e5678"), Value::F64(1.1)]);
    }

    #[test]
    fn elements_are_texts_where_the_elements_are() {
        let file = Written::of_file(r#"[1.10, "b", true, [2], 12e5678]"#).expect("JSON");
        let names = file.value(Some("string[]"));
        let items = names.as_list().expect("a list");
        assert_eq!(items[..3], [Value::str("1.10"), Value::str("b"), Value::str("true")]);
        assert_eq!(items[4], Value::str("12e5678"));
        assert_eq!(typed("1.10", Some("string[]")), Value::str("1.10"));
    }

    #[test]
    fn arguments_find_their_parameters() {
        let of = |script: &str, names: &[Option<&str>]| {
            let parameters = Parameters::read(&Source::new(script).expect("scans")).expect("a block");
            let found = parameters_of(&parameters, names);
            found.iter().map(|found| found.map_or("-", |parameter| &parameter.name).to_owned()).collect::<Vec<_>>()
        };
        let script = "param([string]$A, [switch]$S, [version]$B, $C)";
        assert_eq!(of(script, &[None, Some("b"), None, None]), ["A", "B", "C", "-"]);
        assert_eq!(of("$args", &[None, Some("x")]), ["-", "-"]);
        let rest = "param($A, [Parameter(ValueFromRemainingArguments)][string[]]$Rest)";
        assert_eq!(of(rest, &[None, None, None]), ["A", "Rest", "Rest"]);
        let sets = "param([Parameter(ParameterSetName = 'x')]$A, $B)";
        assert_eq!(of(sets, &[None, Some("B")]), ["-", "B"]);
    }
}
