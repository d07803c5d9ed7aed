//! The attributes of parameters as objects.

use super::super::ast::{Check, CheckKind, ExprKind, Param};
use super::super::convert::{cast, text};
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::constants;

fn attribute(class: &str, members: Vec<(&str, Val)>) -> Val {
    let class = format!("System.Management.Automation.{class}Attribute");
    let types = [class.as_str(), "System.Attribute", "System.Object"];
    let kind = Val::Type(TypeRef::named(class.as_str()));
    let (names, values): (Vec<_>, Vec<_>) = members.into_iter().chain([("TypeId", kind)]).unzip();
    Obj::typed(&Schema::new(&types, &names), class.as_str(), values)
}

/// `[Parameter(...)]`, of what is known of the parameter in its set.
pub(super) fn parameter(set: &str, metadata: Val, help: Val) -> Val {
    let of = |name: &str| {
        if let Val::Object(object) = &metadata { object.get(name).unwrap_or(Val::Null) } else { Val::Null }
    };
    let none = Val::of_enum("System.Management.Automation.ExperimentAction", "None", 0);
    attribute(
        "Parameter",
        vec![
            ("ExperimentName", Val::Null),
            ("ExperimentAction", none),
            ("Position", of("Position")),
            ("ParameterSetName", Val::str(set)),
            ("Mandatory", of("IsMandatory")),
            ("ValueFromPipeline", of("ValueFromPipeline")),
            ("ValueFromPipelineByPropertyName", of("ValueFromPipelineByPropertyName")),
            ("ValueFromRemainingArguments", of("ValueFromRemainingArguments")),
            ("HelpMessage", help),
            ("HelpMessageBaseName", Val::Null),
            ("HelpMessageResourceId", Val::Null),
            ("DontShow", Val::Bool(false)),
        ],
    )
}

/// The attributes of a script's parameter besides `[Parameter()]`.
pub(super) fn of(param: &Param) -> Vec<Val> {
    let own = &param.attributes;
    let mut all = Vec::new();
    if !own.aliases.is_empty() {
        let names = own.aliases.iter().map(|alias| Val::str(alias.as_str())).collect();
        all.push(attribute("Alias", vec![("AliasNames", Val::list("System.String[]", names))]));
    }
    all.extend(own.checks.iter().rev().map(check));
    let allows = [
        (own.allows.null, "AllowNull"),
        (own.allows.empty_text, "AllowEmptyString"),
        (own.allows.empty_list, "AllowEmptyCollection"),
    ];
    all.extend(allows.iter().filter(|(allowed, _)| *allowed).map(|(_, class)| attribute(class, Vec::new())));
    if own.type_name.is_some() {
        all.push(attribute("ArgumentTypeConverter", vec![("TransformNullOptionalParameters", Val::Bool(true))]));
    }
    all
}

fn check(check: &Check) -> Val {
    let args = constants(&check.args);
    let arg = |place: usize| args.get(place).cloned().unwrap_or(Val::Null);
    let int = |place: usize| cast(&arg(place), &TypeRef::named("System.Int32")).unwrap_or(Val::Null);
    let message = || ("ErrorMessage", check.message.clone().map_or(Val::Null, Val::Str));
    match check.kind {
        CheckKind::Set => {
            let values = args.iter().map(|value| Val::str(text(value))).collect();
            let values = Val::list("System.String[]", values);
            attribute(
                "ValidateSet",
                vec![message(), ("IgnoreCase", Val::Bool(check.ignore_case)), ("ValidValues", values)],
            )
        }
        CheckKind::Range => attribute("ValidateRange", vec![("MinRange", arg(0)), ("MaxRange", arg(1))]),
        CheckKind::Pattern => {
            let options = if check.ignore_case { ("IgnoreCase", 1) } else { ("None", 0) };
            let options = Val::of_enum("System.Text.RegularExpressions.RegexOptions", options.0, options.1);
            let pattern = Val::str(text(&arg(0)));
            attribute("ValidatePattern", vec![("RegexPattern", pattern), ("Options", options), message()])
        }
        CheckKind::Length => attribute("ValidateLength", vec![("MinLength", int(0)), ("MaxLength", int(1))]),
        CheckKind::Count => attribute("ValidateCount", vec![("MinLength", int(0)), ("MaxLength", int(1))]),
        CheckKind::Script => {
            let script = check.args.first().map_or(Val::Null, |arg| match &arg.kind {
                ExprKind::ScriptBlock(script) => Val::Script(script.clone()),
                _ => Val::Null,
            });
            attribute("ValidateScript", vec![message(), ("ScriptBlock", script)])
        }
        CheckKind::NotNull => attribute("ValidateNotNull", Vec::new()),
        CheckKind::NotNullOrEmpty => attribute("ValidateNotNullOrEmpty", Vec::new()),
        CheckKind::NotNullOrWhiteSpace => attribute("ValidateNotNullOrWhiteSpace", Vec::new()),
    }
}
