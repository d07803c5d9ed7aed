//! Attributes: `[Parameter(Mandatory, Position = 0)]`, `[CmdletBinding()]`, `[ValidateSet('a', 'b')]`.

use std::sync::Arc;

use super::super::ast::{Attributes, Binding, Check, CheckKind, Expr, ExprKind, Part, Role};
use super::super::convert::{text, truth};
use super::super::value::Val;
use super::{Parsed, Parser};

/// An attribute as it is written.
pub(super) struct Attribute {
    /// In lower case.
    name: String,
    args: Vec<Expr>,
    /// `Name = value`, or a name alone, which holds.
    named: Vec<(String, Option<Expr>)>,
}

/// Attributes that change nothing in a script that runs unattended.
const MUTE: [&str; 11] = [
    "argumentcompleter",
    "argumentcompletions",
    "credential",
    "diagnostics.codeanalysis.suppressmessage",
    "dontshow",
    "obsolete",
    "outputtype",
    "psdefaultvalue",
    "supportswildcards",
    "system.diagnostics.codeanalysis.suppressmessageattribute",
    "validateuserdrive",
];

impl Parser<'_> {
    /// Attributes and types, as they stand before `param` and before parameters.
    pub(super) fn attributes(&mut self) -> Parsed<(Option<Arc<str>>, Vec<Attribute>)> {
        let (mut kind, mut all) = (None, Vec::new());
        loop {
            self.cursor.skip_lines();
            let start = self.cursor.pos();
            if self.cursor.peek() != Some('[') {
                return Ok((kind, all));
            }
            self.cursor.bump();
            self.cursor.skip_lines();
            let name =
                self.cursor.take_while(|next| next.is_alphanumeric() || matches!(next, '.' | '_')).to_lowercase();
            self.cursor.skip_blanks();
            if self.cursor.eat("(") {
                let name = name.trim_start_matches("system.management.automation.");
                all.push(self.attribute(name.strip_suffix("attribute").unwrap_or(name).to_owned())?);
                self.cursor.skip_lines();
                if !self.cursor.eat("]") {
                    return self.error(
                        "EndSquareBracketExpectedAtEndOfAttribute",
                        "Missing ] at end of attribute.",
                        start,
                    );
                }
                continue;
            }
            self.cursor.set_pos(start);
            match self.type_literal()? {
                Some(found) => kind = Some(found),
                None => return self.error("TypeNotFound", format!("'{name}' is not a type name."), start),
            }
        }
    }

    /// What stands between the parentheses, and the closing one.
    fn attribute(&mut self, name: String) -> Parsed<Attribute> {
        let mut attribute = Attribute { name, args: Vec::new(), named: Vec::new() };
        loop {
            self.cursor.skip_lines();
            if self.cursor.eat(")") {
                return Ok(attribute);
            }
            let start = self.cursor.pos();
            let name = self.cursor.take_while(|next| next.is_alphanumeric() || next == '_').to_lowercase();
            self.cursor.skip_blanks();
            if !name.is_empty() && self.cursor.eat("=") {
                self.cursor.skip_lines();
                let value = self.expression_without_comma()?;
                attribute.named.push((name, Some(value)));
            } else if name.starts_with(char::is_alphabetic)
                && matches!(self.cursor.peek(), Some(',' | ')' | '\n' | '\r'))
            {
                attribute.named.push((name, None));
            } else {
                self.cursor.set_pos(start);
                let value = self.expression_without_comma()?;
                attribute.args.push(value);
            }
            self.cursor.skip_lines();
            if !self.cursor.eat(",") && self.cursor.peek() != Some(')') {
                return self.unexpected();
            }
        }
    }

    /// What the attributes of a parameter say.
    pub(super) fn of_parameter(
        &self,
        type_name: Option<Arc<str>>,
        attributes: Vec<Attribute>,
        start: usize,
    ) -> Parsed<Attributes> {
        let mut found = Attributes { type_name, ..Attributes::default() };
        for attribute in attributes {
            match attribute.name.as_str() {
                "parameter" => found.roles.push(attribute.role()),
                "alias" => found.aliases.extend(attribute.texts()),
                "allownull" => found.allows.null = true,
                "allowemptystring" => found.allows.empty_text = true,
                "allowemptycollection" => found.allows.empty_list = true,
                name if MUTE.contains(&name) => {}
                name => match check_kind(name) {
                    Some(kind) => found.checks.push(attribute.check(kind)),
                    None => return self.unknown_attribute(name, start),
                },
            }
        }
        Ok(found)
    }

    /// What the attributes before `param` say.
    pub(super) fn of_script(&self, attributes: &[Attribute], start: usize) -> Parsed<Binding> {
        let mut binding = Binding::default();
        for attribute in attributes {
            match attribute.name.as_str() {
                "cmdletbinding" => {
                    binding.is_advanced = true;
                    binding.should_process = attribute.holds("supportsshouldprocess");
                    binding.names_only = attribute.is_denied("positionalbinding");
                    binding.default_set = attribute.text("defaultparametersetname");
                    binding.is_grave =
                        attribute.text("confirmimpact").is_some_and(|impact| impact.eq_ignore_ascii_case("high"));
                }
                "alias" => binding.aliases.extend(attribute.texts()),
                "parameter" => binding.is_advanced = true,
                name if MUTE.contains(&name) => {}
                name => return self.unknown_attribute(name, start),
            }
        }
        Ok(binding)
    }

    fn unknown_attribute<T>(&self, name: &str, start: usize) -> Parsed<T> {
        let message = format!("The sandbox's built-in engine does not know the attribute '{name}'.");
        self.error("SandboxUnsupportedSyntax", message, start)
    }
}

fn check_kind(name: &str) -> Option<CheckKind> {
    Some(match name {
        "validateset" => CheckKind::Set,
        "validaterange" => CheckKind::Range,
        "validatepattern" => CheckKind::Pattern,
        "validatelength" => CheckKind::Length,
        "validatecount" => CheckKind::Count,
        "validatescript" => CheckKind::Script,
        "validatenotnull" => CheckKind::NotNull,
        "validatenotnullorempty" => CheckKind::NotNullOrEmpty,
        "validatenotnullorwhitespace" => CheckKind::NotNullOrWhiteSpace,
        _ => return None,
    })
}

impl Attribute {
    fn named(&self, name: &str) -> Option<&Option<Expr>> {
        self.named.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    fn holds(&self, name: &str) -> bool {
        match self.named(name) {
            Some(Some(value)) => constant(value).is_none_or(|value| truth(&value)),
            Some(None) => true,
            None => false,
        }
    }

    fn is_denied(&self, name: &str) -> bool {
        self.named(name).is_some() && !self.holds(name)
    }

    fn text(&self, name: &str) -> Option<Arc<str>> {
        let value = self.named(name)?.as_ref().and_then(constant)?;
        Some(text(&value).into())
    }

    fn texts(&self) -> impl Iterator<Item = String> {
        self.args.iter().filter_map(constant).map(|name| text(&name))
    }

    fn role(&self) -> Role {
        let set = self.text("parametersetname").filter(|name| !name.eq_ignore_ascii_case("__AllParameterSets"));
        Role {
            set,
            mandatory: self.holds("mandatory"),
            by_value: self.holds("valuefrompipeline"),
            by_name: self.holds("valuefrompipelinebypropertyname"),
            takes_rest: self.holds("valuefromremainingarguments"),
            help: self.text("helpmessage"),
            place: self.text("position").and_then(|place| place.parse().ok()),
        }
    }

    fn check(self, kind: CheckKind) -> Check {
        let (message, ignore_case) = (self.text("errormessage"), !self.is_denied("ignorecase"));
        Check { kind, args: self.args, message, ignore_case }
    }
}

/// The value of an expression that needs nobody to evaluate it.
pub(in super::super) fn constant(expr: &Expr) -> Option<Val> {
    match &expr.kind {
        ExprKind::Const(value) => Some(value.clone()),
        ExprKind::Bare(word) => Some(Val::Str(word.clone())),
        ExprKind::Expandable(parts) => match parts.as_slice() {
            [] => Some(Val::str("")),
            [Part::Text(text)] => Some(Val::str(text.as_ref())),
            _ => None,
        },
        ExprKind::Variable(variable) => match &*variable.name {
            "true" => Some(Val::Bool(true)),
            "false" => Some(Val::Bool(false)),
            _ => None,
        },
        // `[ConfirmImpact]::High`
        ExprKind::Member { name, .. } => constant(name),
        _ => None,
    }
}
