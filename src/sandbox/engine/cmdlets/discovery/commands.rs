//! Get-Command and aliases.

use std::sync::{Arc, LazyLock};

use super::super::super::ast::Script;
use super::super::super::command_info::{self, Parameters};
use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::native;
use super::super::super::pattern::has_wildcards;
use super::super::super::value::{Obj, Schema, Val};
use super::super::{Bound, Spec, common_parameters, find, specs};
use super::help::syntax;
use super::modules;

const COMMAND_TYPES: &str = "System.Management.Automation.CommandTypes";

static CMDLET: LazyLock<Arc<Schema>> =
    LazyLock::new(|| schema("CmdletInfo", &["Verb", "Noun", "Parameters", "ParameterSets"]));
static ALIAS: LazyLock<Arc<Schema>> =
    LazyLock::new(|| schema("AliasInfo", &["DisplayName", "ResolvedCommandName", "ReferencedCommand"]));
static PROGRAM: LazyLock<Arc<Schema>> = LazyLock::new(|| schema("ApplicationInfo", &["Path", "Extension"]));

fn schema(class: &str, own: &[&str]) -> Arc<Schema> {
    let class = format!("System.Management.Automation.{class}");
    let names = ["System.Management.Automation.CommandInfo", "System.Object"];
    let common = ["Name", "CommandType", "Source", "Version", "ModuleName", "Definition", "Visibility"];
    Schema::new(&[class.as_str(), names[0], names[1]], &[own, &common].concat())
}

/// One command of any kind.
struct Found {
    name: String,
    kind: &'static str,
    of: Of,
}

/// What a command is.
enum Of {
    Spec(&'static Spec),
    /// With the command that it stands for.
    Alias(String),
    Function(Arc<Script>),
    /// A program of Windows, which the engine plays.
    Program,
}

impl Found {
    fn object(&self) -> Val {
        match &self.of {
            Of::Spec(spec) => of_spec(spec),
            Of::Program => program(self.name.trim_end_matches(".exe")),
            Of::Alias(target) => of_alias(&self.name, target),
            Of::Function(script) => command_info::function(&self.name, script, &parameters_of(script)),
        }
    }

    /// Lines of syntax, one for each parameter set.
    fn syntax(&self) -> Vec<String> {
        match &self.of {
            Of::Spec(spec) => vec![syntax(spec)],
            Of::Program => vec![self.name.clone()],
            Of::Alias(target) => find(target).map_or_else(|| vec![self.name.clone()], |spec| vec![syntax(spec)]),
            Of::Function(script) => {
                parameters_of(script).syntax().iter().map(|parameters| format!("{} {parameters}", self.name)).collect()
            }
        }
    }
}

fn parameters_of(script: &Script) -> Parameters {
    Parameters::of_script(script, common_parameters)
}

fn common(name: &str, kind: (&'static str, i32), module: Option<(&str, [i32; 4])>, definition: String) -> Vec<Val> {
    let source = module.map_or("", |(name, _)| name);
    vec![
        Val::str(name),
        Val::of_enum(COMMAND_TYPES, kind.0, kind.1),
        Val::str(source),
        module.map_or(Val::Null, |(_, version)| Val::Version(version)),
        Val::str(source),
        Val::str(definition),
        Val::of_enum("System.Management.Automation.SessionStateEntryVisibility", "Public", 0),
    ]
}

fn of_spec(spec: &Spec) -> Val {
    let (verb, noun) = spec.name.split_once('-').unwrap_or(("", ""));
    if noun.is_empty() && kind_of(spec) == "Application" {
        return program(spec.name);
    }
    let parameters = super::super::binding::parameters_of(spec);
    let mut values = vec![Val::str(verb), Val::str(noun), parameters.dictionary(), parameters.set_list()];
    let kind = if kind_of(spec) == "Function" { ("Function", 2) } else { ("Cmdlet", 8) };
    values.extend(common(spec.name, kind, modules::of_command(spec.name), syntax(spec)));
    Obj::typed(&CMDLET, spec.name, values)
}

fn program(name: &str) -> Val {
    let path = format!("C:\\Windows\\system32\\{}.exe", name.to_lowercase());
    let mut values = vec![Val::str(path.as_str()), Val::str(".exe")];
    values.extend(common(&format!("{name}.exe"), ("Application", 32), None, path));
    Obj::typed(&PROGRAM, name, values)
}

/// What a command of the table is; those without a noun are programs, or functions that PowerShell brings along.
fn kind_of(spec: &Spec) -> &'static str {
    match spec.name {
        name if name.contains('-') => "Cmdlet",
        "mkdir" => "Function",
        _ => "Application",
    }
}

fn of_alias(name: &str, target: &str) -> Val {
    let mut values = vec![Val::str(format!("{name} -> {target}")), Val::str(target), Val::str(target)];
    values.extend(common(name, ("Alias", 1), None, target.to_owned()));
    Obj::typed(&ALIAS, name, values)
}

/// All aliases, those of scripts before those of commands.
fn aliases(evaluator: &Evaluator<'_>) -> Vec<(String, String)> {
    let own = evaluator.state.aliases.iter().map(|(name, target)| (name.to_string(), target.to_string()));
    let of_specs = specs()
        .filter(|spec| spec.name.contains('-'))
        .flat_map(|spec| spec.aliases.iter().map(|alias| ((*alias).to_owned(), spec.name.to_owned())));
    let mut all: Vec<_> = own.collect();
    for (name, target) in of_specs {
        if !all.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            all.push((name, target));
        }
    }
    all.sort();
    all
}

fn everything(evaluator: &Evaluator<'_>) -> Vec<Found> {
    let aliases = aliases(evaluator).into_iter();
    let mut all: Vec<Found> =
        aliases.map(|(name, target)| Found { name, kind: "Alias", of: Of::Alias(target) }).collect();
    let mut functions = evaluator.functions();
    functions.sort_by(|left, right| left.0.cmp(&right.0));
    let function = |(name, script): (Arc<str>, _)| {
        let name = name.to_string();
        Found { name, kind: "Function", of: Of::Function(script) }
    };
    all.extend(functions.into_iter().map(function));
    let mut cmdlets: Vec<Found> =
        specs().map(|spec| Found { name: spec.name.to_owned(), kind: kind_of(spec), of: Of::Spec(spec) }).collect();
    let is_known = |name: &&str| specs().any(|spec| spec.name.eq_ignore_ascii_case(name));
    let programs = native::files().filter(|name| !is_known(name));
    cmdlets.extend(programs.map(|name| Found { name: format!("{name}.exe"), kind: "Application", of: Of::Program }));
    cmdlets.sort_by(|left, right| left.name.cmp(&right.name));
    all.extend(cmdlets);
    all
}

pub(super) fn get_command(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let names = bound.texts("Name");
    let all = everything(evaluator);
    evaluator.step(all.len() as u64)?;
    let is_exact = |name: &String| !has_wildcards(name);
    for name in names.iter().filter(|name| is_exact(name)) {
        let plain = name.rsplit('\\').next().unwrap_or(name);
        let is_it = |found: &&Found| {
            found.name.eq_ignore_ascii_case(plain)
                || found.name.strip_suffix(".exe").is_some_and(|stem| stem.eq_ignore_ascii_case(plain))
        };
        match all.iter().find(is_it) {
            Some(found) => show(evaluator, bound, found, out)?,
            None => {
                let mut record = ErrorRecord::command_not_found(name, super::super::names());
                record.category = 13;
                evaluator.write_error(record)?;
            }
        }
    }
    let patterns: Vec<&String> = names.iter().filter(|name| !is_exact(name)).collect();
    if patterns.is_empty() && !names.is_empty() {
        return Ok(());
    }
    let most = bound.count("TotalCount")?.unwrap_or(usize::MAX);
    let mut shown = 0;
    for found in &all {
        if shown < most && is_wanted(evaluator, bound, found, &patterns)? {
            show(evaluator, bound, found, out)?;
            shown += 1;
        }
    }
    Ok(())
}

impl Found {
    /// The names of its parameters, with their other names.
    fn parameter_names(&self) -> Vec<String> {
        match &self.of {
            Of::Spec(spec) => super::super::binding::parameters_of(spec).names(),
            Of::Alias(target) => {
                find(target).map_or_else(Vec::new, |spec| super::super::binding::parameters_of(spec).names())
            }
            Of::Function(script) => parameters_of(script).names(),
            Of::Program => Vec::new(),
        }
    }
}

/// Whether a command is among those that wildcards, verbs, nouns, modules and kinds ask for.
fn is_wanted(evaluator: &mut Evaluator<'_>, bound: &Bound, found: &Found, patterns: &[&String]) -> Run<bool> {
    let mut any = |given: &[&str], value: &str| -> Run<bool> {
        for pattern in given {
            if evaluator.patterns.like(value, pattern, false)? {
                return Ok(true);
            }
        }
        Ok(given.is_empty())
    };
    let wanted = bound.texts("ParameterName");
    if !wanted.is_empty() {
        let mut has_one = false;
        for name in found.parameter_names() {
            has_one = has_one || any(&wanted.iter().map(String::as_str).collect::<Vec<_>>(), &name)?;
        }
        if !has_one {
            return Ok(false);
        }
    }
    let patterns: Vec<&str> = patterns.iter().map(|pattern| pattern.as_str()).collect();
    let (verb, noun) = found.name.split_once('-').unwrap_or(("", ""));
    let by_part = bound.get("Verb").is_some() || bound.get("Noun").is_some();
    let kinds = bound.texts("CommandType");
    // By verb and noun cmdlets and functions are found, without a kind no aliases of them.
    let is_of_kind = match kinds.as_slice() {
        [] => !by_part || matches!(found.kind, "Cmdlet" | "Function"),
        kinds => kinds.iter().any(|kind| kind.eq_ignore_ascii_case(found.kind) || kind.eq_ignore_ascii_case("all")),
    };
    let module = modules::of_command(&found.name).map_or("", |(module, _)| module);
    let module = if found.kind == "Cmdlet" { module } else { "" };
    let texts = |name: &str| bound.texts(name);
    let (verbs, nouns, of_modules) = (texts("Verb"), texts("Noun"), texts("Module"));
    fn plain(texts: &[String]) -> Vec<&str> {
        texts.iter().map(String::as_str).collect()
    }
    Ok(is_of_kind
        && any(&patterns, &found.name)?
        && any(&plain(&verbs), verb)?
        && any(&plain(&nouns), noun)?
        && any(&plain(&of_modules), module)?)
}

fn show(evaluator: &mut Evaluator<'_>, bound: &Bound, found: &Found, out: &mut dyn Sink) -> Run<()> {
    if bound.switch("Syntax") {
        let text = found.syntax().join("\r\n\r\n");
        return out.put(evaluator, Val::str(format!("\r\n{text}\r\n")));
    }
    evaluator.step(8)?;
    out.put(evaluator, found.object())
}

pub(super) fn get_alias(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let names = bound.texts("Name");
    let definitions = bound.texts("Definition");
    let all = aliases(evaluator);
    let mut wanted: Vec<(String, bool)> = names.into_iter().map(|name| (name, false)).collect();
    wanted.extend(definitions.into_iter().map(|name| (name, true)));
    if wanted.is_empty() {
        wanted.push(("*".into(), false));
    }
    for (pattern, by_target) in wanted {
        let mut is_found = false;
        for (name, target) in &all {
            if evaluator.patterns.like(if by_target { target } else { name }, &pattern, false)? {
                is_found = true;
                out.put(evaluator, of_alias(name, target))?;
            }
        }
        if !is_found && !pattern.contains('*') {
            let with = if by_target { "definition" } else { "name" };
            let message = format!(
                "This command cannot find a matching alias because an alias with the {with} '{pattern}' does not exist."
            );
            let kind = "System.Management.Automation.ItemNotFoundException";
            let record = ErrorRecord::new(kind, message, "ItemNotFoundException", 13);
            evaluator.write_error(record.with_target(Val::str(pattern)))?;
        }
    }
    Ok(())
}

pub(super) fn set_alias(evaluator: &mut Evaluator<'_>, bound: &Bound, out: &mut dyn Sink) -> Run<()> {
    let (name, value) = (bound.text("Name").unwrap_or_default(), bound.text("Value").unwrap_or_default());
    evaluator.state.aliases.insert(name.to_lowercase().into(), value.as_str().into());
    if bound.switch("PassThru") { out.put(evaluator, of_alias(&name, &value)) } else { Ok(()) }
}
