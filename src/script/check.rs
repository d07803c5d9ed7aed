//! Whether the script can take the arguments that a user gave.
//!
//! Only what is certain is an error: PowerShell converts a lot, and the remote side has the last word.

use crate::clixml::Value;

use super::ScriptError;
use super::name::same_name;
use super::param::{Parameter, Parameters, Validation};

/// The arguments that the user gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given<'g> {
    /// Positional arguments in order.
    pub positional: Vec<Offer<'g>>,
    /// Named arguments.
    pub named: Vec<(&'g str, Offer<'g>)>,
}

/// What is known of an argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Offer<'g> {
    /// Its value.
    Value(&'g Value),
    /// It is a name alone, that is a switch.
    Bare,
    /// It has a value that is known later.
    Later,
}

/// Checks names, mandatory parameters, types and value sets.
///
/// # Errors
/// Every mistake at once.
pub fn check(parameters: &Parameters, given: &Given<'_>) -> Result<(), Vec<ScriptError>> {
    if !parameters.declared {
        return Ok(());
    }
    let mut errors = Vec::new();
    let mut bound: Vec<&str> = Vec::new();
    for (name, value) in &given.named {
        match parameters.find(name) {
            // The remote side knows its types.
            Err(ScriptError::UnknownParameter { .. }) if parameters.is_common(name) => {}
            Err(error) => errors.push(error),
            Ok(parameter) if bound.contains(&&*parameter.name) => {
                errors.push(ScriptError::Twice { name: parameter.name.clone() });
            }
            Ok(parameter) => {
                bound.push(&parameter.name);
                errors.extend(check_offer(parameter, *value));
            }
        }
    }
    errors.extend(check_positional(parameters, given, &mut bound));
    errors.extend(missing(parameters, &bound));
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn check_offer(parameter: &Parameter, offer: Offer<'_>) -> Option<ScriptError> {
    match offer {
        Offer::Value(value) => check_value(parameter, value),
        Offer::Bare if !parameter.is_switch() => Some(mistake(parameter, "is not a switch and needs a value")),
        Offer::Bare | Offer::Later => None,
    }
}

/// Binds positional arguments in the order of positions. With parameter sets the remote side decides.
fn check_positional<'p>(parameters: &'p Parameters, given: &Given<'_>, bound: &mut Vec<&'p str>) -> Vec<ScriptError> {
    let has_sets = parameters.list.iter().any(|parameter| !parameter.sets.is_empty());
    if has_sets {
        if !given.positional.is_empty() {
            bound.extend(parameters.list.iter().map(|parameter| &*parameter.name));
        }
        return Vec::new();
    }
    let order = positions(parameters, bound);
    let takes_rest = order.iter().position(|parameter| parameter.takes_remaining);
    let takes = takes_rest.unwrap_or(order.len());
    let mut errors = Vec::new();
    for (parameter, offer) in order.iter().take(takes).zip(&given.positional) {
        bound.push(&parameter.name);
        errors.extend(check_offer(parameter, *offer));
    }
    let surplus = given.positional.len() > takes;
    match takes_rest.and_then(|at| order.get(at)) {
        Some(rest) if surplus => bound.push(&rest.name),
        None if surplus && parameters.advanced => {
            errors.push(ScriptError::TooMany { takes, given: given.positional.len() });
        }
        _ => {}
    }
    errors
}

/// The parameters that positional arguments go to, those given by name left out.
pub(super) fn positions<'p>(parameters: &'p Parameters, bound: &[&str]) -> Vec<&'p Parameter> {
    let is_explicit = parameters.list.iter().any(|parameter| parameter.position.is_some());
    let mut order: Vec<&Parameter> = parameters
        .list
        .iter()
        .filter(|parameter| !bound.contains(&&*parameter.name))
        .filter(|parameter| match is_explicit || !parameters.positional {
            true => parameter.position.is_some() || parameter.takes_remaining,
            false => !parameter.is_switch(),
        })
        .collect();
    order.sort_by_key(|parameter| (parameter.takes_remaining, parameter.position.unwrap_or(i32::MAX)));
    order
}

fn missing<'p>(parameters: &'p Parameters, bound: &[&'p str]) -> Vec<ScriptError> {
    let is_missing =
        |parameter: &&Parameter| parameter.mandatory && parameter.sets.is_empty() && !bound.contains(&&*parameter.name);
    let error = |parameter: &Parameter| ScriptError::Missing { name: parameter.name.clone(), at: parameter.at };
    parameters.list.iter().filter(is_missing).map(error).collect()
}

fn check_value(parameter: &Parameter, value: &Value) -> Option<ScriptError> {
    let type_name = parameter.type_name.as_deref().unwrap_or_default();
    let element = type_name.strip_suffix("[]");
    let single = [value];
    let items: Vec<&Value> = match value.as_list() {
        Some(items) if element.is_some() || type_name.is_empty() => items.iter().collect(),
        _ => single.to_vec(),
    };
    let kind = Kind::of(element.unwrap_or(type_name));
    if let Some(wrong) = items.iter().find(|item| !kind.takes(item)) {
        let instead = written_as_json(&parameter.name, kind, wrong);
        return Some(mistake(parameter, format!("takes {}, not {}{instead}", kind.words(), describe(wrong))));
    }
    parameter.validations.iter().find_map(|rule| violation(rule, &items)).map(|reason| mistake(parameter, reason))
}

fn violation(rule: &Validation, items: &[&Value]) -> Option<String> {
    match rule {
        Validation::Set(allowed) => {
            let is_allowed = |item: &&&Value| {
                let text = crate::clixml::text(item);
                allowed.iter().any(|known| same_name(known, &text))
            };
            let wrong = items.iter().find(|item| is_simple(item) && !is_allowed(item))?;
            Some(format!("takes one of {}, not {}", allowed.join(", "), describe(wrong)))
        }
        Validation::Range(low, high) => {
            let (low, high) = (low.parse::<f64>().ok()?, high.parse::<f64>().ok()?);
            let number = |item: &&Value| crate::clixml::text(item).parse::<f64>().ok();
            let is_outside = |item: &&&Value| number(item).is_some_and(|number| number < low || number > high);
            items.iter().find(is_outside).map(|wrong| format!("takes {low} to {high}, not {}", describe(wrong)))
        }
        Validation::NotNullOrEmpty => {
            let is_empty = |item: &&&Value| match item.unboxed() {
                Value::Null => true,
                Value::Str(text) => text.is_empty(),
                _ => false,
            };
            (items.is_empty() || items.iter().any(|item| is_empty(&item))).then(|| "may not be empty".to_owned())
        }
        Validation::Pattern(pattern) => {
            let pattern = shared_pattern(pattern)?;
            let is_other =
                |item: &&&Value| is_simple(item) && plain_text(item).is_some_and(|text| !pattern.is_match(&text));
            let wrong = items.iter().find(is_other)?;
            Some(format!("takes values that match the pattern {}, not {}", pattern.as_str(), describe(wrong)))
        }
        Validation::Length(low, high) => {
            let is_outside = |item: &&&Value| match item.unboxed() {
                Value::Str(text) => !(*low..=*high).contains(&text.utf16().len()),
                _ => false,
            };
            let wrong = items.iter().find(is_outside)?;
            Some(format!("takes {low} to {high} characters, not {}", describe(wrong)))
        }
        Validation::Count(low, high) => (!(*low..=*high).contains(&items.len()))
            .then(|| format!("takes {low} to {high} items, not {}", items.len())),
    }
}

/// A pattern that means the same to .NET and to us; `None` if that is not certain, and only PowerShell can tell.
fn shared_pattern(pattern: &str) -> Option<regex::Regex> {
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        let is_shared = match c {
            '\\' => chars
                .next()
                .is_some_and(|escaped| !escaped.is_alphanumeric() || matches!(escaped, 'd' | 'w' | 's' | 't')),
            // Groups with options or looks, set subtraction.
            '(' => chars.peek() != Some(&'?'),
            '[' => chars.peek() != Some(&'['),
            '-' | '&' | '~' => chars.peek() != Some(&c) && chars.peek() != Some(&'['),
            other => other.is_ascii() && !other.is_ascii_control(),
        };
        if !is_shared {
            return None;
        }
    }
    regex::RegexBuilder::new(pattern).case_insensitive(true).build().ok()
}

/// A value's text, where both kinds of patterns see the same in it.
fn plain_text(value: &Value) -> Option<String> {
    let text = crate::clixml::text(value);
    text.chars().all(|c| matches!(c, ' '..='~')).then(|| text.into())
}

fn is_simple(value: &Value) -> bool {
    matches!(value.unboxed(), Value::Str(_) | Value::Bool(_) | Value::Char(_)) || value.as_i64().is_some()
}

fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::SecureString(_) => "a secret".to_owned(),
        Value::Object(object) if value.as_list().is_some() || !object.props.is_empty() => "a list or object".to_owned(),
        _ => format!("`{}`", crate::clixml::text(value).chars().take(60).collect::<String>()),
    }
}

fn mistake(parameter: &Parameter, reason: impl Into<String>) -> ScriptError {
    ScriptError::Argument { name: parameter.name.clone(), at: parameter.at, reason: reason.into() }
}

/// The types whose conversions are known well enough to refuse a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Number,
    Bool,
    Date,
    Guid,
    Table,
    Other,
}

impl Kind {
    fn of(type_name: &str) -> Self {
        let lower = type_name.to_ascii_lowercase();
        match lower.strip_prefix("system.").unwrap_or(&lower) {
            "int" | "int32" | "int64" | "long" | "int16" | "short" | "uint" | "uint16" | "ushort" | "uint32"
            | "uint64" | "ulong" | "byte" | "sbyte" => Self::Integer,
            "double" | "single" | "float" | "decimal" => Self::Number,
            "bool" | "boolean" | "switch" | "switchparameter" | "management.automation.switchparameter" => Self::Bool,
            "datetime" | "datetimeoffset" => Self::Date,
            "guid" => Self::Guid,
            "hashtable" | "collections.hashtable" | "collections.idictionary" => Self::Table,
            _ => Self::Other,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Date => "a date",
            Self::Guid => "a GUID",
            Self::Table => "a table",
            Self::Other => "another value",
        }
    }

    fn takes(self, value: &Value) -> bool {
        let inner = value.unboxed();
        match self {
            Self::Other => true,
            // What else an object is, only .NET can say.
            Self::Table => value.as_list().is_none() && matches!(value, Value::Null | Value::Object(_)),
            _ if value.as_list().is_some() || value.as_dict().is_some() => false,
            // Null and the empty string become 0.
            Self::Integer | Self::Number => match inner {
                Value::Str(text) => is_numeral(&text.to_str_lossy()),
                Value::Guid(_) | Value::Bytes(_) | Value::TimeSpan(_) | Value::DateTime(_) => false,
                _ => true,
            },
            Self::Bool => !matches!(inner, Value::Str(_) | Value::Guid(_) | Value::DateTime(_) | Value::TimeSpan(_)),
            Self::Date => match inner {
                Value::Str(text) => text.to_str_lossy().chars().any(|c| c.is_numeric()),
                Value::Bool(_) | Value::Guid(_) => false,
                _ => true,
            },
            Self::Guid => match inner {
                Value::Str(text) => uuid::Uuid::parse_str(text.to_str_lossy().trim().trim_matches(['(', ')'])).is_ok(),
                Value::Guid(_) => true,
                _ => false,
            },
        }
    }
}

/// How a table is given: PowerShell's own way to write one is a text here, as all that is not JSON.
fn written_as_json(name: &str, kind: Kind, value: &Value) -> String {
    let text = crate::clixml::text(value);
    let Some(inside) = text.trim().strip_prefix("@{").and_then(|text| text.strip_suffix('}')) else {
        return match kind {
            Kind::Table => format!("; write -p '{name}={{\"KEY\": VALUE}}'"),
            _ => String::new(),
        };
    };
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let member = |pair: &str| {
        let (key, value) = pair.split_once('=')?;
        let (key, value) = (key.trim().trim_matches(['\'', '"']), value.trim());
        let is_json = serde_json::from_str::<serde_json::Value>(value).is_ok();
        let value = if is_json { value.to_owned() } else { quoted(value.trim_matches(['\'', '"'])) };
        let is_simple = |text: &str| !text.contains(['\'', '$', '(', '{', '\\']);
        (is_simple(key) && is_simple(&value)).then(|| format!("{}: {value}", quoted(key)))
    };
    let members: Option<Vec<String>> =
        inside.split([';', '\n']).filter(|pair| !pair.trim().is_empty()).map(member).collect();
    let members = members.map_or("\"KEY\": VALUE".to_owned(), |members| members.join(", "));
    format!("; write -p '{name}={{{members}}}'")
}

/// Whether PowerShell could take a text for a number: `5`, `-1.5e3`, `0x1F`, `2kb`, ` 1,000 `.
fn is_numeral(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    if text.is_empty() {
        return true;
    }
    let digits = text.trim_start_matches(['+', '-', '(', '$', '.']);
    let known = |c: char| {
        c.is_ascii_hexdigit() || matches!(c, '.' | ',' | 'x' | '+' | '-' | 'k' | 'm' | 'g' | 't' | 'p' | 'l' | ')')
    };
    digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clixml::value_from_json;
    use crate::script::Source;

    /// The mistakes in arguments given as JSON: an array of positional ones and an object of named ones.
    fn mistakes(script: &str, positional: serde_json::Value, named: serde_json::Value) -> Vec<String> {
        let parameters = Parameters::read(&Source::new(script).expect("scans")).expect("a block");
        let positional: Vec<Value> = positional.as_array().expect("an array").iter().map(value_from_json).collect();
        let named: Vec<(String, Value)> = named
            .as_object()
            .expect("an object")
            .iter()
            .map(|(name, value)| (name.clone(), value_from_json(value)))
            .collect();
        let given = Given {
            positional: positional.iter().map(Offer::Value).collect(),
            named: named.iter().map(|(name, value)| (&**name, Offer::Value(value))).collect(),
        };
        check(&parameters, &given).err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    use serde_json::json;

    const SCRIPT: &str = "param([Parameter(Mandatory)][string]$Name, [ValidateSet('Low','High')]$Level, [int]$Count = \
                          1, \
                          [switch]$Force, [datetime]$Since)";

    #[test]
    fn good_arguments_pass() {
        assert_eq!(mistakes(SCRIPT, json!(["n", "low", "0x10"]), json!({"Force": true})), [""; 0]);
        assert_eq!(mistakes(SCRIPT, json!([]), json!({"name": "n", "lev": "HIGH", "since": "2024-01-01"})), [""; 0]);
        assert_eq!(mistakes("$args", json!([1, 2]), json!({"any": 1})), [""; 0]);
        assert_eq!(mistakes("param($a)", json!([1, 2, 3]), json!({})), [""; 0]);
        let rest = "param([Parameter(ValueFromRemainingArguments)]$all)";
        assert_eq!(mistakes(rest, json!([1, 2, 3]), json!({})), [""; 0]);
    }

    #[test]
    fn all_mistakes_at_once() {
        assert_eq!(
            mistakes(
                SCRIPT,
                json!([]),
                json!({"Levle": 1, "Level": "mid", "Count": "many", "Force": "yes", "Since": "soon"})
            ),
            [
                "the script has no parameter `Levle`; the nearest is `Level`",
                "the parameter `Level` (line 1, column 71) takes one of Low, High, not `mid`",
                "the parameter `Count` (line 1, column 84) takes an integer, not `many`",
                "the parameter `Force` (line 1, column 104) takes true or false, not `yes`",
                "the parameter `Since` (line 1, column 122) takes a date, not `soon`",
                "the script needs a value for the parameter `Name` (line 1, column 37); give it with -p Name=VALUE",
            ]
        );
    }

    #[test]
    fn positions_count_in_advanced_scripts() {
        let advanced = "[CmdletBinding()]param([int]$a, $b)";
        assert_eq!(
            mistakes(advanced, json!([1, 2, 3]), json!({})),
            ["the script takes 2 positional arguments but 3 are given"]
        );
        assert_eq!(mistakes(advanced, json!([1, 2]), json!({"b": 1})).len(), 1);
        let explicit = "param([Parameter(Position=1)][int]$a, [Parameter(Position=0)][string]$b)";
        assert_eq!(mistakes(explicit, json!(["x", 1]), json!({})), [""; 0]);
        assert_eq!(mistakes(explicit, json!([1, "x"]), json!({})).len(), 1);
    }

    #[test]
    fn ranges_and_empty_values() {
        let script = "param([ValidateRange(1, 5)][int]$n, [ValidateNotNullOrEmpty()][string]$s)";
        assert_eq!(mistakes(script, json!([]), json!({"n": 6, "s": ""})).len(), 2);
        assert_eq!(mistakes(script, json!([]), json!({"n": 5, "s": "x"})), [""; 0]);
    }

    #[test]
    fn lengths_counts_and_plain_patterns() {
        let script = "param([ValidateLength(2,3)]$l, [ValidateCount(1,2)][int[]]$c, \
                      [ValidatePattern('^[a-z]\\d+$')]$p, \
                      [ValidatePattern('(?<x>a)')]$net)";
        assert_eq!(mistakes(script, json!([]), json!({"l": "ab", "c": [1, 2], "p": "A7", "net": "b"})), [""; 0]);
        assert_eq!(
            mistakes(script, json!([]), json!({"l": "a", "c": [1, 2, 3], "p": "7A"})),
            [
                "the parameter `l` (line 1, column 28) takes 2 to 3 characters, not `a`",
                "the parameter `c` (line 1, column 59) takes 1 to 2 items, not 3",
                "the parameter `p` (line 1, column 94) takes values that match the pattern ^[a-z]\\d+$, not `7A`",
            ]
        );
    }

    #[test]
    fn tables_are_written_as_json() {
        let script = "param([hashtable]$H, [System.Collections.IDictionary]$D, [hashtable[]]$L)";
        for (given, instead) in [
            (json!({"H": "@{a=1}"}), "takes a table, not `@{a=1}`; write -p 'H={\"a\": 1}'"),
            (json!({"D": "@{ a = 'x y'; \"b\" = true }"}), "write -p 'D={\"a\": \"x y\", \"b\": true}'"),
            (json!({"L": ["@{}"]}), "write -p 'L={}'"),
            (json!({"H": "@{a=$x}"}), "write -p 'H={\"KEY\": VALUE}'"),
            (json!({"H": "a=1"}), "takes a table, not `a=1`; write -p 'H={\"KEY\": VALUE}'"),
            (json!({"H": 5}), "takes a table, not `5`"),
            (json!({"H": [1]}), "takes a table, not a list or object"),
        ] {
            let said = mistakes(script, json!([]), given.clone());
            assert!(said.len() == 1 && said[0].contains(instead), "{given}: {said:?}");
        }
        for given in [json!({"H": {"a": 1}}), json!({"H": null}), json!({"D": {}}), json!({"L": [{"a": 1}, {}]})] {
            assert_eq!(mistakes(script, json!([]), given.clone()), [""; 0], "{given}");
        }
        assert_eq!(mistakes("param($any)", json!([]), json!({"any": "@{a=1}"})), [""; 0]);
    }

    #[test]
    fn an_unknown_name_lists_what_there_is() {
        let said = |script: &str, name: &str| mistakes(script, json!([]), json!({name: "z"}));
        assert_eq!(said("param($Alpha, $Beta)", "Foo"), ["the script has no parameter `Foo`; it takes Alpha, Beta"]);
        assert_eq!(
            said("param($Alpha, $Beta)", "Alhpa"),
            ["the script has no parameter `Alhpa`; the nearest is `Alpha`"]
        );
        assert_eq!(said("param()", "Foo"), ["the script has no parameter `Foo`; it takes none"]);
        assert_eq!(said("[CmdletBinding()]param($X)", "Foo"), ["the script has no parameter `Foo`; it takes X"]);
    }

    #[test]
    fn common_parameters_belong_to_advanced_scripts() {
        let advanced = "[CmdletBinding(SupportsShouldProcess)]param($a)";
        assert_eq!(mistakes(advanced, json!([]), json!({"Verbose": true, "ea": "Stop", "WhatIf": true})), [""; 0]);
        assert_eq!(mistakes("[CmdletBinding()]param($a)", json!([]), json!({"WhatIf": true})).len(), 1);
        assert_eq!(mistakes("param($a)", json!([]), json!({"Verbose": true})).len(), 1);
    }

    #[test]
    fn parameter_sets_are_left_to_powershell() {
        let script =
            "param([Parameter(Mandatory, ParameterSetName='A')]$a, [Parameter(Mandatory, ParameterSetName='B')]$b)";
        assert_eq!(mistakes(script, json!([]), json!({"a": 1})), [""; 0]);
    }
}
