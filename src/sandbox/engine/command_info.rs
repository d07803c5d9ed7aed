//! What Get-Command, `$MyInvocation` and the drive `Function:` tell of commands and their parameters.
//! Source: public API of System.Management.Automation (CommandInfo, ParameterMetadata, CommandParameterInfo).

use std::sync::Arc;

use super::ast::{Param, Role, Script};
use super::parser::constant;
use super::types::TypeRef;
use super::value::{Obj, Schema, Val};

mod attributes;

const ALL_SETS: &str = "__AllParameterSets";
/// What stands for no place.
const NO_PLACE: i32 = i32::MIN;

/// A parameter of a command.
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) kind: TypeRef,
    pub(super) aliases: Vec<String>,
    /// What it is in each parameter set that it is in.
    roles: Vec<SetRole>,
    attributes: Vec<Val>,
    /// A `[Parameter()]` is written: it stands behind what is written after it.
    has_role: bool,
    /// Every command has it.
    is_common: bool,
}

/// What a parameter is in one parameter set.
#[derive(Debug, Clone, Default)]
struct SetRole {
    /// `None` is all sets.
    set: Option<Arc<str>>,
    mandatory: bool,
    by_value: bool,
    by_name: bool,
    takes_rest: bool,
    place: Option<i32>,
    help: Option<Arc<str>>,
}

/// The parameters of a command, in order.
pub(super) struct Parameters {
    all: Vec<Parameter>,
    default_set: Option<Arc<str>>,
    /// It knows the common parameters.
    has_common: bool,
}

impl SetRole {
    fn of(role: &Role, place: Option<i32>) -> Self {
        Self {
            set: role.set.clone(),
            mandatory: role.mandatory,
            by_value: role.by_value,
            by_name: role.by_name,
            takes_rest: role.takes_rest,
            place: role.place.or(place),
            help: role.help.clone(),
        }
    }

    fn is_in(&self, set: Option<&str>) -> bool {
        match (&self.set, set) {
            (None, _) => true,
            (Some(own), Some(set)) => own.eq_ignore_ascii_case(set),
            (Some(_), None) => false,
        }
    }

    fn help(&self) -> Val {
        self.help.clone().map_or(Val::Null, Val::Str)
    }

    fn metadata(&self) -> Val {
        let names = [
            "IsMandatory",
            "Position",
            "ValueFromPipeline",
            "ValueFromPipelineByPropertyName",
            "ValueFromRemainingArguments",
            "HelpMessage",
            "HelpMessageBaseName",
            "HelpMessageResourceId",
        ];
        let values = vec![
            Val::Bool(self.mandatory),
            Val::I32(self.place.unwrap_or(NO_PLACE)),
            Val::Bool(self.by_value),
            Val::Bool(self.by_name),
            Val::Bool(self.takes_rest),
            self.help(),
            Val::Null,
            Val::Null,
        ];
        object("ParameterSetMetadata", &names, values)
    }
}

impl Parameter {
    /// One of a cmdlet's table, or one that all commands have.
    pub(super) fn of_table(name: &str, aliases: Vec<String>, kind: TypeRef, place: Option<i32>) -> Self {
        let role = SetRole { place, ..SetRole::default() };
        Self {
            name: name.to_owned(),
            kind,
            aliases,
            roles: vec![role],
            attributes: Vec::new(),
            has_role: false,
            is_common: false,
        }
    }

    /// Whether it must be given, and what of the input it takes.
    pub(super) fn with(mut self, mandatory: bool, by_value: bool, by_name: bool, takes_rest: bool) -> Self {
        for role in &mut self.roles {
            (role.mandatory, role.by_value, role.by_name, role.takes_rest) = (mandatory, by_value, by_name, takes_rest);
        }
        self
    }

    pub(super) fn common(mut self) -> Self {
        self.is_common = true;
        self
    }

    fn of_script(param: &Param, place: Option<i32>) -> Self {
        let own = &param.attributes;
        let kind = own.type_name.as_deref();
        let kind = kind.map_or_else(
            || TypeRef::named("System.Object"),
            |name| TypeRef::find(name).unwrap_or_else(|| TypeRef::named(name)),
        );
        let roles = match own.roles.as_slice() {
            [] => vec![SetRole { place, ..SetRole::default() }],
            roles => roles.iter().map(|role| SetRole::of(role, place)).collect(),
        };
        let attributes = attributes::of(param);
        Self {
            name: param.written.to_string(),
            kind,
            aliases: own.aliases.clone(),
            roles,
            attributes,
            has_role: !own.roles.is_empty(),
            is_common: false,
        }
    }

    fn is_switch(&self) -> bool {
        self.kind.name() == "SwitchParameter"
    }

    fn role(&self, set: Option<&str>) -> Option<&SetRole> {
        self.roles.iter().find(|role| role.is_in(set))
    }

    fn texts(&self) -> Vec<Val> {
        self.aliases.iter().map(|alias| Val::str(alias.as_str())).collect()
    }

    /// As the dictionary `Parameters` has it.
    fn metadata(&self) -> Val {
        let names = ["Name", "ParameterType", "ParameterSets", "IsDynamic", "Aliases", "Attributes", "SwitchParameter"];
        let set = |role: &SetRole| (Val::str(role.set.as_deref().unwrap_or(ALL_SETS)), role.metadata());
        let values = vec![
            Val::str(self.name.as_str()),
            Val::Type(self.kind.clone()),
            dictionary("ParameterSetMetadata", self.roles.iter().map(set).collect()),
            Val::Bool(false),
            Val::list(collection("System.String"), self.texts()),
            Val::list(collection("System.Attribute"), self.all_attributes()),
            Val::Bool(self.is_switch()),
        ];
        object("ParameterMetadata", &names, values)
    }

    fn all_attributes(&self) -> Vec<Val> {
        let roles = self.roles.iter().map(|role| {
            let set = role.set.as_deref().unwrap_or(ALL_SETS);
            attributes::parameter(set, role.metadata(), role.help())
        });
        let mut all: Vec<Val> = self.attributes.clone();
        // The converter to the parameter's type is always last.
        let is_converter = |value: &Val| value.type_name().ends_with("ArgumentTypeConverterAttribute");
        let end = all.iter().position(is_converter).unwrap_or(all.len());
        let place = if self.has_role { end } else { 0 };
        all.splice(place..place, roles);
        all
    }

    /// As a parameter set has it.
    fn info(&self, role: &SetRole) -> Val {
        let names = [
            "Name",
            "ParameterType",
            "IsMandatory",
            "IsDynamic",
            "Position",
            "ValueFromPipeline",
            "ValueFromPipelineByPropertyName",
            "ValueFromRemainingArguments",
            "HelpMessage",
            "Aliases",
            "Attributes",
        ];
        let values = vec![
            Val::str(self.name.as_str()),
            Val::Type(self.kind.clone()),
            Val::Bool(role.mandatory),
            Val::Bool(false),
            Val::I32(role.place.unwrap_or(NO_PLACE)),
            Val::Bool(role.by_value),
            Val::Bool(role.by_name),
            Val::Bool(role.takes_rest),
            Val::str(role.help.as_deref().unwrap_or("")),
            Val::list(read_only("System.String"), self.texts()),
            Val::list(read_only("System.Attribute"), self.all_attributes()),
        ];
        object("CommandParameterInfo", &names, values)
    }

    /// As a line of syntax shows it.
    fn syntax(&self, role: &SetRole) -> String {
        let name = &self.name;
        let kind = match self.kind.text() {
            text if text.contains('.') || text.starts_with("object") => self.kind.name().to_owned(),
            text => text,
        };
        match (self.is_switch(), role.place.is_some(), role.mandatory) {
            (true, _, false) => format!("[-{name}]"),
            (true, _, true) => format!("-{name}"),
            (_, true, true) => format!("[-{name}] <{kind}>"),
            (_, true, false) => format!("[[-{name}] <{kind}>]"),
            (_, false, true) => format!("-{name} <{kind}>"),
            (_, false, false) => format!("[-{name} <{kind}>]"),
        }
    }
}

impl Parameters {
    /// Those of a cmdlet, all in one set.
    pub(super) fn of_table(all: Vec<Parameter>) -> Self {
        Self { all, default_set: None, has_common: true }
    }

    /// Those of a function or script block; `common` are those that advanced functions have besides.
    pub(super) fn of_script(script: &Script, common: impl FnOnce() -> Vec<Parameter>) -> Self {
        let binding = &script.binding;
        let roles = || script.params.iter().flat_map(|param| &param.attributes.roles);
        // Without places that are written parameters stand in their order.
        let is_explicit = binding.names_only || roles().any(|role| role.place.is_some() || role.set.is_some());
        let mut next = 0;
        let mut place = |param: &Param| {
            let is_switch =
                param.attributes.type_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("switch"));
            if is_explicit || is_switch || param.attributes.roles.iter().any(|role| role.takes_rest) {
                return None;
            }
            next += 1;
            Some(next - 1)
        };
        let mut all: Vec<_> = script.params.iter().map(|param| Parameter::of_script(param, place(param))).collect();
        if binding.is_advanced {
            all.extend(common());
        }
        if binding.should_process {
            let switch = || TypeRef::named("System.Management.Automation.SwitchParameter");
            let of = |name: &str, alias: &str| Parameter::of_table(name, vec![alias.to_owned()], switch(), None);
            all.extend([of("WhatIf", "wi"), of("Confirm", "cf")]);
        }
        Self { all, default_set: binding.default_set.clone(), has_common: binding.is_advanced }
    }

    /// The names of the parameter sets; `None` is the only one where none has a name.
    fn sets(&self) -> Vec<Option<Arc<str>>> {
        let mut sets: Vec<Option<Arc<str>>> = Vec::new();
        for set in self.all.iter().flat_map(|param| &param.roles).filter_map(|role| role.set.clone()) {
            if !sets.iter().flatten().any(|known| known.eq_ignore_ascii_case(&set)) {
                sets.push(Some(set));
            }
        }
        if sets.is_empty() { vec![self.default_set.clone()] } else { sets }
    }

    /// The names of all parameters, with their other names.
    pub(super) fn names(&self) -> Vec<String> {
        self.all.iter().flat_map(|param| [&param.name].into_iter().chain(&param.aliases).cloned()).collect()
    }

    /// `Parameters`
    pub(super) fn dictionary(&self) -> Val {
        let entry = |param: &Parameter| (Val::str(param.name.as_str()), param.metadata());
        dictionary("ParameterMetadata", self.all.iter().map(entry).collect())
    }

    /// `ParameterSets`
    pub(super) fn set_list(&self) -> Val {
        let sets = self.sets().into_iter().map(|set| {
            let set = set.as_deref();
            let of_set = |param: &Parameter| Some(param.info(param.role(set)?));
            let is_default = set.is_some() && self.default_set.as_deref() == set;
            let values = vec![
                Val::str(set.unwrap_or(ALL_SETS)),
                Val::Bool(is_default),
                Val::list(read_only("System.Management.Automation.CommandParameterInfo"), {
                    self.all.iter().filter_map(of_set).collect()
                }),
            ];
            let text = self.syntax_of(set);
            named("CommandParameterSetInfo", &["Name", "IsDefault", "Parameters"], values, text)
        });
        Val::list(read_only("System.Management.Automation.CommandParameterSetInfo"), sets.collect())
    }

    /// A line of syntax for each parameter set.
    pub(super) fn syntax(&self) -> Vec<String> {
        self.sets().iter().map(|set| self.syntax_of(set.as_deref())).collect()
    }

    fn syntax_of(&self, set: Option<&str>) -> String {
        let own = self.all.iter().filter(|param| !param.is_common);
        let mut shown: Vec<_> = own.filter_map(|param| Some((param, param.role(set)?))).collect();
        // First those with a place, then what must be given.
        shown.sort_by_key(|(_, role)| (role.place.is_none(), role.place, !role.mandatory));
        let mut parts: Vec<_> = shown.iter().map(|(param, role)| param.syntax(role)).collect();
        if self.has_common {
            parts.push("[<CommonParameters>]".to_owned());
        }
        parts.join(" ")
    }
}

/// A function.
pub(super) fn function(name: &str, script: &Arc<Script>, parameters: &Parameters) -> Val {
    of_script("FunctionInfo", ("Function", 2), name, name, script, parameters)
}

/// A script block that has no name.
pub(super) fn script(script: &Arc<Script>, parameters: &Parameters) -> Val {
    of_script("ScriptInfo", ("Script", 64), "", script.span.of(&script.source), script, parameters)
}

fn of_script(
    class: &str,
    kind: (&'static str, i32),
    name: &str,
    shown: &str,
    script: &Arc<Script>,
    parameters: &Parameters,
) -> Val {
    let names = [
        "HelpUri",
        "ScriptBlock",
        "CmdletBinding",
        "DefaultParameterSet",
        "Definition",
        "Options",
        "Description",
        "Verb",
        "Noun",
        "HelpFile",
        "OutputType",
        "Name",
        "CommandType",
        "Source",
        "Version",
        "Visibility",
        "ModuleName",
        "Module",
        "RemotingCapability",
        "Parameters",
        "ParameterSets",
    ];
    let (verb, noun) = name.split_once('-').unwrap_or(("", ""));
    let of_enum = |name: &str, value: &'static str, number| {
        Val::of_enum(format!("System.Management.Automation.{name}"), value, number)
    };
    let values = vec![
        Val::str(""),
        Val::Script(script.clone()),
        Val::Bool(script.binding.is_advanced),
        parameters.default_set.clone().map_or(Val::Null, Val::Str),
        Val::str(script.span.of(&script.source)),
        of_enum("ScopedItemOptions", "None", 0),
        Val::str(""),
        Val::str(verb),
        Val::str(noun),
        Val::Null,
        Val::list(read_only("System.Management.Automation.PSTypeName"), Vec::new()),
        Val::str(name),
        of_enum("CommandTypes", kind.0, kind.1),
        Val::str(""),
        Val::Null,
        of_enum("SessionStateEntryVisibility", "Public", 0),
        Val::str(""),
        Val::Null,
        of_enum("RemotingCapability", "PowerShell", 1),
        parameters.dictionary(),
        parameters.set_list(),
    ];
    let class = format!("System.Management.Automation.{class}");
    let types = [class.as_str(), "System.Management.Automation.CommandInfo", "System.Object"];
    Obj::typed(&Schema::new(&types, &names), shown, values)
}

/// Whether an object tells of a command.
pub(super) fn is_command(object: &Obj) -> bool {
    object.schema.type_names.contains("System.Management.Automation.CommandInfo")
}

fn object(class: &str, names: &[&str], values: Vec<Val>) -> Val {
    named(class, names, values, format!("System.Management.Automation.{class}"))
}

fn named(class: &str, names: &[&str], values: Vec<Val>, text: String) -> Val {
    let class = format!("System.Management.Automation.{class}");
    Obj::typed(&Schema::new(&[class.as_str(), "System.Object"], names), text, values)
}

fn dictionary(class: &str, entries: Vec<(Val, Val)>) -> Val {
    let of = format!("System.Collections.Generic.Dictionary`2[[System.String],[System.Management.Automation.{class}]]");
    Val::dictionary(of, false, entries)
}

fn collection(of: &str) -> String {
    format!("System.Collections.ObjectModel.Collection`1[[{of}]]")
}

fn read_only(of: &str) -> String {
    format!("System.Collections.ObjectModel.ReadOnlyCollection`1[[{of}]]")
}

/// The arguments of an attribute that need nobody to evaluate them.
fn constants(args: &[super::ast::Expr]) -> Vec<Val> {
    args.iter().filter_map(constant).collect()
}
