//! What attributes demand of the values of parameters.

use super::super::ast::{Check, CheckKind, Param};
use super::super::convert::{self, text, truth};
use super::super::errors::ErrorRecord;
use super::super::format;
use super::super::ops;
use super::super::value::Val;
use super::{Evaluator, Flow, Run};

const NO_VALUES: &str = "The argument is null, empty, or an element of the argument collection contains a null value. \
                         Supply a collection that does not contain any null values and then try the command again.";

/// A fault of a parameter's value.
pub(super) fn fault(message: String, id: &'static str) -> ErrorRecord {
    let kind = "System.Management.Automation.ParameterBindingValidationException";
    ErrorRecord::new(kind, message, id, 6)
}

/// What a mandatory parameter does not take, with the end of its error id.
pub(super) fn nothing(param: &Param, value: &Val) -> Option<ErrorRecord> {
    let allows = param.attributes.allows;
    let is_text = |value: &Val| matches!(value, Val::Str(text) if text.is_empty());
    let is_typed_text =
        param.attributes.type_name.as_deref().is_some_and(|name| name.to_ascii_lowercase().starts_with("string"));
    let (what, id) = match value {
        Val::Null | Val::Void if !allows.null => ("it is null", "ParameterArgumentValidationErrorNullNotAllowed"),
        value if is_text(value) && is_typed_text && !allows.empty_text => {
            ("it is an empty string", "ParameterArgumentValidationErrorEmptyStringNotAllowed")
        }
        Val::List(list) if param.attributes.type_name.as_deref().is_some_and(|name| name.ends_with("[]")) => {
            let items = list.items();
            if items.is_empty() && !allows.empty_list {
                ("it is an empty array", "ParameterArgumentValidationErrorEmptyArrayNotAllowed")
            } else if items.iter().any(Val::is_null) && !allows.null {
                ("it is null", "ParameterArgumentValidationErrorNullNotAllowed")
            } else if is_typed_text && items.iter().any(is_text) && !allows.empty_text {
                ("it is an empty string", "ParameterArgumentValidationErrorEmptyStringNotAllowed")
            } else {
                return None;
            }
        }
        _ => return None,
    };
    Some(fault(format!("Cannot bind argument to parameter '{}' because {what}.", param.written), id))
}

impl Evaluator<'_> {
    /// Holds a value against all demands on a parameter.
    pub(super) fn validate(&mut self, param: &Param, value: &Val) -> Run<()> {
        for check in &param.attributes.checks {
            if let Some(why) = self.violation(check, value)? {
                let message = format!("Cannot validate argument on parameter '{}'. {why}", param.written);
                return Err(fault(message, "ParameterArgumentValidationError").into());
            }
        }
        Ok(())
    }

    /// Why a value does not meet a demand, in PowerShell's words.
    fn violation(&mut self, check: &Check, value: &Val) -> Run<Option<String>> {
        let args = check.args.iter().map(|arg| self.eval(arg)).collect::<Run<Vec<_>>>()?;
        if let Some(answer) = of_whole(check.kind, &args, value) {
            return Ok(answer);
        }
        if value.is_null() {
            return Ok(Some(NO_VALUES.into()));
        }
        for item in value.clone().into_items() {
            if item.is_null() {
                return Ok(Some(NO_VALUES.into()));
            }
            let why = match check.kind {
                CheckKind::Set => in_set(check, &args, &item),
                CheckKind::Range => in_range(&args, &item),
                CheckKind::Length => has_length(&args, &item),
                CheckKind::Pattern => self.has_pattern(check, &args, &item)?,
                _ => self.passes(check, &args, &item)?,
            };
            if why.is_some() {
                return Ok(why);
            }
        }
        Ok(None)
    }

    fn has_pattern(&mut self, check: &Check, args: &[Val], item: &Val) -> Run<Option<String>> {
        let pattern = args.first().map_or_else(String::new, text);
        if self.patterns.regex(&pattern, !check.ignore_case)?.is_match(&text(item))? {
            return Ok(None);
        }
        let shown = text(item);
        Ok(Some(own_message(check, item, &pattern).unwrap_or_else(|| {
            format!(
                "The argument \"{shown}\" does not match the \"{pattern}\" pattern. Supply an argument that matches \"{pattern}\" and try the command again."
            )
        })))
    }

    fn passes(&mut self, check: &Check, args: &[Val], item: &Val) -> Run<Option<String>> {
        let Some(Val::Script(script)) = args.first() else { return Ok(None) };
        let around = std::mem::replace(&mut self.item, item.clone());
        self.try_depth += 1;
        let made = self.call_script(script, Vec::new());
        self.try_depth -= 1;
        self.item = around;
        match made {
            Ok(answer) if truth(&answer) => Ok(None),
            Ok(_) => {
                let source = script.span.of(&script.source);
                Ok(Some(own_message(check, item, source).unwrap_or_else(|| {
                    format!(
                        "The \"{source}\" validation script for the argument with value \"{}\" did not return a result of True. Determine why the validation script failed, and then try the command again.",
                        text(item)
                    )
                })))
            }
            Err(Flow::Throw(record)) if &*record.id != "SandboxLimit" => Ok(Some(record.message().to_string())),
            Err(other) => Err(other),
        }
    }
}

/// Demands on the value as one; `None` if the demand is on its items.
fn of_whole(kind: CheckKind, args: &[Val], value: &Val) -> Option<Option<String>> {
    let list = if let Val::List(list) = value { Some(list.items()) } else { None };
    let is_empty = |value: &Val| value.is_null() || matches!(value, Val::Str(text) if text.is_empty());
    let is_blank = |value: &Val| value.is_null() || matches!(value, Val::Str(text) if text.trim().is_empty());
    let answer = |holds: bool, why: &str| Some((!holds).then(|| why.to_owned()));
    match (kind, list) {
        (CheckKind::NotNull, None) => answer(
            !value.is_null(),
            "The argument is null. Provide a valid value for the argument, and then try running the command again.",
        ),
        (CheckKind::NotNull, Some(items)) => answer(
            !items.iter().any(Val::is_null),
            "The argument has a null value, or an element of the argument collection contains a null value. Provide a \
             collection that does not contain any null values, and then try the command again.",
        ),
        (CheckKind::NotNullOrEmpty, None) => answer(
            !is_empty(value),
            "The argument is null or empty. Provide an argument that is not null or empty, and then try the command again.",
        ),
        (CheckKind::NotNullOrWhiteSpace, None) => answer(
            !is_blank(value),
            "The argument is null, empty, or consists of only white-space characters. Provide an argument that contains \
             non white-space characters, and then try the command again.",
        ),
        (CheckKind::NotNullOrEmpty, Some(items)) => answer(!items.is_empty() && !items.iter().any(is_empty), NO_VALUES),
        (CheckKind::NotNullOrWhiteSpace, Some(items)) => {
            answer(!items.is_empty() && !items.iter().any(is_blank), NO_VALUES)
        }
        (CheckKind::Count, list) => {
            let [least, most] =
                [0, 1].map(|place| args.get(place).and_then(|arg| convert::index(arg).ok()).unwrap_or(0));
            let count = list.map_or(i64::from(!value.is_null()), |items| items.len() as i64);
            let wanted = if least == most {
                format!("exactly {least} value(s)")
            } else {
                format!("at least {least} value(s) and no more than {most} value(s)")
            };
            answer(
                (least..=most).contains(&count),
                &format!("The parameter requires {wanted} - {count} value(s) were provided."),
            )
        }
        _ => None,
    }
}

fn own_message(check: &Check, item: &Val, what: &str) -> Option<String> {
    let message = check.message.as_ref()?;
    Some(format::composite(message, &[Val::str(text(item)), Val::str(what)]).unwrap_or_else(|_| message.to_string()))
}

fn in_set(check: &Check, args: &[Val], item: &Val) -> Option<String> {
    let (shown, all) = (text(item), args.iter().map(text).collect::<Vec<_>>());
    let is_it = |one: &String| {
        if check.ignore_case { one.to_lowercase() == shown.to_lowercase() } else { *one == shown }
    };
    if all.iter().any(is_it) {
        return None;
    }
    let set = all.join(",");
    Some(own_message(check, item, &set).unwrap_or_else(|| {
        format!(
            "The argument \"{shown}\" does not belong to the set \"{set}\" specified by the ValidateSet attribute. Supply an argument that is in the set and then try the command again."
        )
    }))
}

fn in_range(args: &[Val], item: &Val) -> Option<String> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let shown = text(item);
    if let [kind] = args {
        let order = ops::compare(item, &Val::I32(0), false);
        let (holds, what) = match text(kind).to_ascii_lowercase().as_str() {
            "positive" => (order == Some(Greater), "greater than zero"),
            "negative" => (order == Some(Less), "less than zero"),
            "nonnegative" => (matches!(order, Some(Greater | Equal)), "greater than or equal to zero"),
            _ => (matches!(order, Some(Less | Equal)), "less than or equal to zero"),
        };
        let why = || format!("The argument \"{shown}\" cannot be validated because its value is not {what}.");
        return (!holds).then(why);
    }
    let [least, most] = args else { return None };
    if ops::compare(item, least, false) == Some(Less) {
        let least = text(least);
        return Some(format!(
            "The {shown} argument is less than the minimum allowed range of {least}. Supply an argument that is greater than or equal to {least} and then try the command again."
        ));
    }
    if ops::compare(item, most, false) == Some(Greater) {
        let most = text(most);
        return Some(format!(
            "The {shown} argument is greater than the maximum allowed range of {most}. Supply an argument that is less than or equal to {most} and then try the command again."
        ));
    }
    None
}

fn has_length(args: &[Val], item: &Val) -> Option<String> {
    let [least, most] = [0, 1].map(|place| args.get(place).and_then(|arg| convert::index(arg).ok()).unwrap_or(0));
    let length = text(item).encode_utf16().count() as i64;
    if length < least {
        return Some(format!(
            "The character length ({length}) of the argument is too short. Specify an argument with a length that is greater than or equal to \"{least}\", and then try the command again."
        ));
    }
    (length > most).then(|| {
        format!(
            "The character length of the {length} argument is too long. Shorten the character length of the argument so it is fewer than or equal to \"{most}\" characters, and then try the command again."
        )
    })
}
