//! Get-Command and aliases.

use std::sync::{Arc, LazyLock};

use super::super::super::errors::ErrorRecord;
use super::super::super::eval::{Evaluator, Run, Sink};
use super::super::super::pattern::has_wildcards;
use super::super::super::value::{Obj, Schema, Val};
use super::super::{Bound, Spec, find, specs};
use super::help::syntax;
use super::modules;

const COMMAND_TYPES: &str = "System.Management.Automation.CommandTypes";

static CMDLET: LazyLock<Arc<Schema>> = LazyLock::new(|| schema("CmdletInfo", &["Verb", "Noun"]));
static FUNCTION: LazyLock<Arc<Schema>> = LazyLock::new(|| schema("FunctionInfo", &["Verb", "Noun"]));
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
    object: Val,
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

fn of_spec(spec: &Spec) -> Found {
    let (verb, noun) = spec.name.split_once('-').unwrap_or(("", ""));
    let module = modules::of_command(spec.name);
    let mut values;
    let (kind, object) = if noun.is_empty() {
        let path = format!("C:\\Windows\\system32\\{}.exe", spec.name.to_lowercase());
        values = vec![Val::str(path.as_str()), Val::str(".exe")];
        values.extend(common(&format!("{}.exe", spec.name), ("Application", 32), None, path));
        ("Application", Obj::typed(&PROGRAM, spec.name, values))
    } else {
        values = vec![Val::str(verb), Val::str(noun)];
        values.extend(common(spec.name, ("Cmdlet", 8), module, syntax(spec)));
        ("Cmdlet", Obj::typed(&CMDLET, spec.name, values))
    };
    Found { name: spec.name.to_owned(), kind, object }
}

fn of_alias(name: &str, target: &str) -> Found {
    let mut values = vec![Val::str(format!("{name} -> {target}")), Val::str(target), Val::str(target)];
    values.extend(common(name, ("Alias", 1), None, target.to_owned()));
    Found { name: name.to_owned(), kind: "Alias", object: Obj::typed(&ALIAS, name, values) }
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
    let mut all: Vec<Found> = aliases(evaluator).iter().map(|(name, target)| of_alias(name, target)).collect();
    for (name, text) in evaluator.state.functions() {
        let (verb, noun) = name.split_once('-').unwrap_or(("", ""));
        let mut values = vec![Val::str(verb), Val::str(noun)];
        values.extend(common(&name, ("Function", 2), None, text));
        all.push(Found { object: Obj::typed(&FUNCTION, name.as_str(), values), kind: "Function", name });
    }
    let mut cmdlets: Vec<Found> = specs().map(of_spec).collect();
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
        let text = find(&found.name).map_or_else(|| found.name.clone(), syntax);
        return out.put(evaluator, Val::str(format!("\r\n{text}\r\n")));
    }
    out.put(evaluator, found.object.clone())
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
                out.put(evaluator, of_alias(name, target).object)?;
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
    if bound.switch("PassThru") { out.put(evaluator, of_alias(&name, &value).object) } else { Ok(()) }
}
