//! From `$using:` expressions and definitions to what goes over the wire (MS-PSRP leaves this to PowerShell).
//!
//! PowerShell 5 and later take a dictionary whose keys are made from the text of each expression; 3 and 4 take an array
//! in order of appearance; 2 knows no using expressions, so the script is rewritten. [`WireForm::of_server`] tells
//! which.

use std::collections::{BTreeMap, BTreeSet};

use crate::clixml::Value;
use crate::nearest::nearest;

use super::evaluate::{self, Miss};
use super::evaluated::Evaluated;
use super::variable_path::is_drive;
use super::{AccessorKind, Occurrence, ScriptError, Source};

pub use super::name::same_name;
pub use super::sent::Sent;
pub use super::variable_path::Path;
pub use super::wire_form::WireForm;

/// The values that using expressions may name.
#[derive(Debug, Clone, Copy)]
pub struct Definitions<'d> {
    /// Values by name, `x` for `$using:x`. Names compare without regard to case.
    pub values: &'d BTreeMap<String, Value>,
    /// The client's environment, for `$using:env:NAME`.
    pub environment: &'d BTreeMap<String, String>,
    /// Unknown names inside nested script blocks are left to the script: an inner command may supply them.
    pub lenient: bool,
}

/// The values of all using expressions of a script, ready for any form.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluation(Vec<Evaluated>);

impl Evaluation {
    /// What has to be sent so that every expression has its value. `source` is the script that was evaluated.
    pub fn send(&self, source: &Source, form: WireForm) -> Sent {
        form.send(source, &self.0)
    }

    /// The value of a variable by its path, members left out.
    pub(super) fn base(&self, variable: &str) -> Option<&Value> {
        let wanted = Path::parse(variable);
        let is = |found: &&Evaluated| Path::parse(&found.occurrence.variable).is_same(wanted);
        self.0.iter().find(is)?.prefixes.first().map(|(_, value)| value)
    }
}

impl Definitions<'_> {
    /// Finds the value of every using expression of a script.
    ///
    /// # Errors
    /// Every mistake in the script and every name without a value, each with its place.
    pub fn evaluate(&self, source: &Source) -> Result<Evaluation, Vec<ScriptError>> {
        let (mut evaluated, mut errors) = (Vec::new(), Vec::new());
        for occurrence in source.occurrences() {
            match self.evaluate_one(occurrence) {
                Ok(found) => evaluated.extend(found),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Evaluation(evaluated)) } else { Err(errors) }
    }

    /// The values of an occurrence; none if it is left to the script.
    fn evaluate_one(&self, occurrence: &Occurrence) -> Result<Option<Evaluated>, ScriptError> {
        reject(occurrence)?;
        let Some(base) = self.base(occurrence)? else {
            return Ok(None);
        };
        let mut prefixes = vec![(occurrence.variable_end, base)];
        for accessor in &occurrence.accessors {
            let target = prefixes.last().map_or(&Value::Null, |(_, value)| value);
            let value = evaluate::access(target, accessor).map_err(|miss| refused(occurrence, miss.reason()))?;
            prefixes.push((accessor.end, value));
        }
        let value = prefixes.last().map_or(Value::Null, |(_, value)| value.clone());
        Ok(Some(Evaluated { occurrence: occurrence.clone(), value, prefixes }))
    }

    /// The value of the bare variable; `None` where an unknown one is left to the script.
    fn base(&self, occurrence: &Occurrence) -> Result<Option<Value>, ScriptError> {
        let path = Path::parse(&occurrence.variable);
        if let Some((_, value)) = self.given(&occurrence.variable, path) {
            return Ok(Some(value.clone()));
        }
        if let Some(name) = self.before_colon(occurrence) {
            let rest = &occurrence.variable[name.len()..];
            return Err(refused(
                occurrence,
                format!("PowerShell takes the colon as part of the name; write ${{using:{name}}}{rest}"),
            ));
        }
        if let Some(drive) = path.drive {
            return match drive.eq_ignore_ascii_case("env") {
                true => Ok(Some(self.variable_of_environment(path.name))),
                false => Err(refused(
                    occurrence,
                    format!(
                        "the drive `{drive}:` cannot be read here; pass the value with --using {drive}:{}=VALUE",
                        path.name
                    ),
                )),
            };
        }
        match constant(path.name) {
            Some(value) => Ok(Some(value)),
            None if self.lenient && occurrence.is_nested() => Ok(None),
            None => Err(ScriptError::Undefined {
                at: occurrence.position,
                text: occurrence.text.clone(),
                name: path.name.to_owned(),
                nearest: nearest(path.name, self.values.keys().map(String::as_str)).map(str::to_owned),
                nested: occurrence.is_nested(),
            }),
        }
    }

    /// The value that was given under a name: as it is typed, drive and all, else for the same variable.
    fn given(&self, typed: &str, path: Path<'_>) -> Option<(&String, &Value)> {
        let as_typed = self.values.iter().find(|(name, _)| same_name(name, typed));
        as_typed.or_else(|| self.values.iter().find(|(name, _)| Path::parse(name).is_same(path)))
    }

    /// The given names that no using expression of a script names, in order.
    pub fn unused(&self, source: &Source) -> Vec<&str> {
        let named = |occurrence: &Occurrence| {
            self.given(&occurrence.variable, Path::parse(&occurrence.variable)).map(|(name, _)| name.as_str())
        };
        let used: BTreeSet<&str> = source.occurrences().iter().filter_map(named).collect();
        self.values.keys().map(String::as_str).filter(|name| !used.contains(name)).collect()
    }

    /// The name that was meant where a colon follows it, as in `"$using:x: text"` and `"$using:x:text"`.
    fn before_colon<'o>(&self, occurrence: &'o Occurrence) -> Option<&'o str> {
        if occurrence.braced {
            return None;
        }
        let is_value = |name: &str| !is_drive(name) && self.values.keys().any(|known| same_name(known, name));
        let at_end = occurrence.variable.strip_suffix(':');
        let within = || occurrence.variable.split_once(':').map(|(name, _)| name).filter(|name| is_value(name));
        at_end.or_else(within).filter(|name| !name.is_empty())
    }

    /// As PowerShell: a variable that isn't set is null.
    fn variable_of_environment(&self, name: &str) -> Value {
        let exact = self.environment.get(name);
        let found = exact.or_else(|| {
            let mut alike = self.environment.iter().filter(|(key, _)| cfg!(windows) && same_name(key, name));
            alike.next().map(|(_, value)| value)
        });
        found.map_or(Value::Null, |value| Value::str(value.as_str()))
    }
}

/// Names that PowerShell has values for everywhere.
fn constant(name: &str) -> Option<Value> {
    match name.to_ascii_lowercase().as_str() {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        _ => None,
    }
}

/// Refuses what PowerShell refuses of using expressions.
fn reject(occurrence: &Occurrence) -> Result<(), ScriptError> {
    if occurrence.assigned {
        return Err(refused(occurrence, "nothing can be assigned to a $using: variable; copy it to another one first"));
    }
    for accessor in &occurrence.accessors {
        let reason = match &accessor.kind {
            AccessorKind::Call(name) => {
                format!("the method `{name}` cannot be called on a $using: variable; copy it to another one first")
            }
            AccessorKind::Computed => {
                "only plain members and constant indexes may follow a $using: variable".to_owned()
            }
            _ => continue,
        };
        return Err(refused(occurrence, reason));
    }
    Ok(())
}

fn refused(occurrence: &Occurrence, reason: impl Into<String>) -> ScriptError {
    ScriptError::Using { at: occurrence.position, text: occurrence.text.clone(), reason: reason.into() }
}

impl Miss {
    pub(super) fn reason(self) -> String {
        match self {
            Self::Unknown(what) => format!("its value cannot be found on this machine: {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clixml::value_from_json;

    fn send(text: &str, form: WireForm) -> Result<Sent, Vec<ScriptError>> {
        let json = serde_json::json!({"x": "Text", "list": [1, 2, 3], "h": {"Key": {"Deep": 7}}, "count": 3});
        let values =
            json.as_object().expect("an object").iter().map(|(name, value)| (name.clone(), value_from_json(value)));
        let secret = ("secret".to_owned(), Value::SecureString([0; 16].as_slice().into()));
        let values = values.chain([secret]).collect();
        let environment = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
        let definitions = Definitions { values: &values, environment: &environment, lenient: false };
        let source = Source::new(text).expect("scans");
        definitions.evaluate(&source).map(|found| found.send(&source, form))
    }

    fn messages(text: &str) -> Vec<String> {
        send(text, WireForm::Dictionary).expect_err("refused").iter().map(ToString::to_string).collect()
    }

    /// The keys of the dictionary, decoded, with their values.
    fn keys(text: &str) -> Vec<(String, Value)> {
        let sent = send(text, WireForm::Dictionary).expect("can be sent");
        assert_eq!((&*sent.script, sent.arguments.len()), (text, 1));
        assert_eq!(sent.arguments[0].name.as_deref(), Some("--%"));
        let decode = |key: &Value| {
            let text = key.as_text().expect("a string").to_str_lossy().into_owned();
            let bytes = base64_simd::STANDARD.decode_to_vec(text).expect("base64");
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).expect("UTF-16")
        };
        let entries = sent.arguments[0].value.as_dict().expect("a dictionary");
        entries.iter().map(|(key, value)| (decode(key), value.clone())).collect()
    }

    #[test]
    fn the_key_of_the_protocol_vector() {
        let sent = send("param($a) \"$a-$using:x\"", WireForm::Dictionary).expect("can be sent");
        let entries = sent.arguments[0].value.as_dict().expect("a dictionary");
        assert_eq!(entries[0].0, Value::str("JAB1AHMAaQBuAGcAOgB4AA=="));
    }

    #[test]
    fn plain_keys_are_lower_case_and_longer_ones_exact() {
        let text = Value::str("Text");
        assert_eq!(
            keys("$Using:X; ${using:X}"),
            [("$using:x".into(), text.clone()), ("${using:x}".into(), text.clone())]
        );
        let length = Value::I32(4);
        assert_eq!(keys("$Using:X.Length"), [("$using:x".into(), text), ("$Using:X.Length".into(), length)]);
    }

    #[test]
    fn members_and_indexes_are_evaluated_here() {
        let last = |text: &str| keys(text).last().expect("a key").1.clone();
        assert_eq!(last("$using:list[-1]"), Value::I32(3));
        assert_eq!(last("$using:list[1 + 1]"), Value::I32(3));
        assert_eq!(last("$using:list.Count"), Value::I32(3));
        assert_eq!(last("$using:h.Key['deep']"), Value::I32(7));
        assert_eq!(last("$using:x[1]"), Value::Char(u16::from(b'e')));
        assert_eq!(last("$using:h.nothing"), Value::Null);
        assert_eq!(last("$using:env:HOME.Length"), Value::I32(8));
        assert_eq!(last("$using:global:x"), Value::str("Text"));
    }

    #[test]
    fn members_of_secrets_are_known_to_the_host_alone() {
        assert_eq!(keys("$using:secret").len(), 1);
        assert_eq!(keys("($using:secret).Length").len(), 1);
        assert_eq!(
            messages("$using:secret.Length"),
            ["line 1, column 1: $using:secret.Length: its value cannot be found on this machine: it is a secret; \
                 write ($using:NAME) in parentheses to read its members"]
        );
    }

    #[test]
    fn mistakes_have_their_place() {
        assert_eq!(
            messages("1\n  $using:cuont + $using:x.ToUpper()"),
            [
                "line 2, column 3: $using:cuont: there is no value for `cuont` (the nearest given name is `count`); \
                 give \
                 one with --using cuont=VALUE",
                "line 2, column 18: $using:x.ToUpper: the method `ToUpper` cannot be called on a $using: variable; \
                 copy it \
                 to another one first",
            ]
        );
        assert_eq!(messages("$using:x = 1").len(), 1);
        assert_eq!(messages("$using:x[$i]").len(), 1);
        assert_eq!(messages("$using:function:f").len(), 1);
    }

    #[test]
    fn what_is_given_wins_over_drives_and_the_environment() {
        let given = ["function:Test-Foo", "env:HOME", "env:NOPE", "global:g", "x:y", "unused", "env:unused"];
        let values = given.iter().map(|name| ((*name).to_owned(), Value::str(*name))).collect();
        let environment = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
        let definitions = Definitions { values: &values, environment: &environment, lenient: false };
        let script = "${using:function:Test-Foo}; ${using:FUNCTION:test-foo}; \"$using:env:HOME $using:env:NOPE\"; \
                      $using:g; \
                      $using:variable:g; \"$using:x:y\"";
        let source = Source::new(script).expect("scans");
        let found = definitions.evaluate(&source).expect("all are given");
        let values: Vec<_> = found.0.iter().map(|found| found.value.clone()).collect();
        let expect = [given[0], given[0], given[1], given[2], given[3], given[3], given[4]];
        assert_eq!(values, expect.map(Value::str));
        assert_eq!(definitions.unused(&source), ["env:unused", "unused"]);
        assert!(messages("$using:function:f")[0].ends_with("pass the value with --using function:f=VALUE"));
    }

    #[test]
    fn names_that_the_script_may_set_itself_can_be_left_to_it() {
        let hint = |text: &str| messages(text).concat().contains("--using-lenient if the script itself sets it");
        for nested in [
            "$y = 5\n1..2 | ForEach-Object -Parallel { $using:y }",
            "Invoke-Command web01 { \"<$using:y>\" }",
            "function f { Start-Job { $using:y } }",
        ] {
            assert!(hint(nested), "{nested}");
        }
        for own in ["$using:y", "if (1) { $using:y }", "\"$($using:y)\""] {
            assert!(!hint(own), "{own}");
        }
    }

    #[test]
    fn a_colon_behind_a_name_belongs_to_it() {
        for (text, instead) in [
            ("\"$using:x:\"", "${using:x}:"),
            ("\"$using:x: done\"", "${using:x}:"),
            ("\"$using:x:$using:count\"", "${using:x}:"),
            ("\"$Using:X:y\"", "${using:X}:y"),
            ("echo $using:x:/b", "${using:x}:"),
            ("\"$using:unknown:\"", "${using:unknown}:"),
            ("\"$using:env:HOME:\"", "${using:env:HOME}:"),
        ] {
            let hint = format!("PowerShell takes the colon as part of the name; write {instead}");
            assert!(messages(text)[0].ends_with(&hint), "{text}: {:?}", messages(text));
        }
        for fine in ["\"${using:x}:\"", "\"$using:x::y\"", "\"$using:global:x\"", "\"$using:env:HOME\"", "$using:x"] {
            assert!(send(fine, WireForm::Dictionary).is_ok(), "{fine}");
        }
    }

    #[test]
    fn what_powershell_misreads_goes_by_that_name_too() {
        let text = Value::str("Text");
        let own = ("$using:x".to_owned(), text.clone());
        for (script, misread) in [
            (r#""$("$("`"$using:x")")""#, "\"$using:"),
            (r#""$("$("`"$($using:x)")")""#, "($using:"),
            (r#""$(""$(""""$using:x"""")"")""#, "\"\"$using:"),
            // It begins in the middle of a character.
            (r#""$("$("`"😀$using:x")")""#, "\u{FFFD}$using:"),
            (r#""$(""$(""""😀$using:x"""")"")""#, "😀$using:"),
            (r#""$("$("`"$using:x😀")")""#, "\"$using:"),
            (r#""a $(`"b $(``"c $using:x``")`")""#, " $using:x"),
        ] {
            assert_eq!(keys(script), [own.clone(), (misread.to_owned(), text.clone())], "{script}");
        }
        for script in [r#""$("$(`"$using:x`")")""#, r#""$(""$($using:x)"")""#, r#""`"$("$($using:x)")""#] {
            assert_eq!(keys(script), std::slice::from_ref(&own), "{script}");
        }
        // Two values under one name: only another text can carry both.
        let both = r#""$("$("`"$using:x")")$("$("`"$using:h")")""#;
        let sent = send(both, WireForm::Dictionary).expect("can be sent");
        assert!(sent.script.starts_with("param("), "{}", sent.script);
    }

    #[test]
    fn arrays_hold_each_occurrence() {
        let sent = send("$using:x + $using:count + $using:x", WireForm::Array).expect("can be sent");
        let text = Value::str("Text");
        assert_eq!(sent.arguments[0].value.as_list(), Some([text.clone(), Value::I32(3), text].as_slice()));
    }

    #[test]
    fn old_versions_get_another_text() {
        let script = |text: &str| send(text, WireForm::Rewrite).expect("can be sent").script;
        assert_eq!(script("param($a) $using:x"), "param($__using_x, $a) $__using_x");
        assert_eq!(script("\"${using:x}y $using:x\""), "param($__using_x)\n\"${__using_x}y $__using_x\"");
        assert_eq!(script("f @using:h"), "param($__using_h)\nf @__using_h");
        assert_eq!(script("& { $using:x }"), "param($__using_x)\n& { $__using_x }");
        assert_eq!(script("$using:x.Length"), "param($__using_x)\n$__using_x.Length");
        assert_eq!(script("1"), "1");
    }

    #[test]
    fn blocks_of_their_own_need_the_rewritten_text_before_version_5() {
        assert_eq!(
            send("& { $using:x }; $using:x", WireForm::Array).expect("can be sent").script,
            "param($__using_x)\n& { $__using_x }; $__using_x"
        );
    }

    #[test]
    fn versions_choose_the_form() {
        let form = |version: &str| WireForm::of_server(Some(version), Some("2.2"));
        let forms = ["2.0", "3.0", "4.0", "5.1.17763.1490", "7.6.0-preview.4"].map(form);
        assert_eq!(
            forms,
            [WireForm::Rewrite, WireForm::Array, WireForm::Array, WireForm::Dictionary, WireForm::Dictionary]
        );
        let forms =
            [Some("2.1"), Some("2.2"), Some("2.3"), Some("2.10"), None].map(|found| WireForm::of_server(None, found));
        assert_eq!(
            forms,
            [WireForm::Rewrite, WireForm::Array, WireForm::Dictionary, WireForm::Dictionary, WireForm::Dictionary]
        );
    }
}
