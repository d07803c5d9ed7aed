//! `psfleet run FILE.ps1 --help`: what a script takes, from its `param()` block and its comments.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;

use crate::config::Machine;
use crate::job::script::{Text, is_file_name};
use crate::script::{Help, Parameter, Parameters, Source, Validation};

/// The command line without the flags that ask for help; `None` if it does not ask. What follows `--` is not a flag.
pub(super) fn without_help(typed: &[OsString]) -> Option<Vec<OsString>> {
    let is_help = |word: &OsStr| word == "--help" || word == "-h";
    let flags = typed.iter().take_while(|word| *word != "--").count();
    let (flags, rest) = typed.split_at(flags);
    let kept: Vec<OsString> = flags.iter().filter(|word| !is_help(word)).chain(rest).cloned().collect();
    (kept.len() < typed.len()).then_some(kept)
}

/// The help of the script file that a command line of `run` names; `None` where it names none.
///
/// # Errors
/// A script that cannot be read.
pub(super) fn of_code(code: Option<&str>) -> Option<anyhow::Result<String>> {
    let file = code.filter(|code| is_file_name(code))?;
    let read = || {
        let source = Source::new(Text::read(Some(file), &mut Machine::default())?.text)?;
        let source = source.body()?.unwrap_or(source);
        Ok(page(file, &Parameters::read(&source)?, &Help::read(&source).unwrap_or_default(), &source))
    };
    Some(read())
}

/// What the script that a command line names takes: a file, or the text itself; `None` where it cannot be read.
pub(super) fn parameters_of_code(code: &str) -> Option<Parameters> {
    // Stdin can be read only once.
    let text = Some(code)
        .filter(|code| *code != "-")
        .and_then(|code| Text::read(Some(code), &mut Machine::default()).ok())?
        .text;
    let source = Source::new(text).ok()?;
    let source = source.body().ok()?.unwrap_or(source);
    Parameters::read(&source).ok()
}

fn page(file: &str, parameters: &Parameters, help: &Help, source: &Source) -> String {
    let mut page = String::new();
    for text in [&help.synopsis, &help.description].into_iter().filter(|text| !text.trim().is_empty()) {
        let _ = writeln!(page, "{}\n", text.trim());
    }
    let flags: String = parameters.list.iter().map(|parameter| format!(" {}", usage(parameter))).collect();
    let _ = writeln!(page, "Usage: psfleet run {file} -t TARGETS{flags}");
    if !parameters.list.is_empty() {
        page.push_str("\nParameters:\n");
    }
    for parameter in &parameters.list {
        let text = help.parameters.get(&parameter.name.to_lowercase()).or(parameter.help_message.as_ref());
        page.push_str(&entry(parameter, text.map(String::as_str)));
    }
    let using = using_names(source);
    if !using.is_empty() {
        page.push_str("\nValues of $using: expressions:\n");
        using.iter().for_each(|name| page.push_str(&format!("  --using {name}=VALUE\n")));
    }
    for example in help.examples.iter().filter(|text| !text.trim().is_empty()) {
        let lines: String = example.trim().lines().map(|line| format!("  {line}\n")).collect();
        let _ = write!(page, "\nExample:\n{lines}");
    }
    page.push_str("\nA value is JSON if it parses as JSON, else a string; see `psfleet run --help` for all flags.\n");
    page
}

/// How a parameter is given, in brackets unless it must be.
fn usage(parameter: &Parameter) -> String {
    let name = &parameter.name;
    let flag = match parameter.is_switch() {
        true => format!("-p {name}"),
        false => format!("-p {name}={}", parameter.type_name.as_deref().unwrap_or("VALUE").to_uppercase()),
    };
    if parameter.mandatory { flag } else { format!("[{flag}]") }
}

fn entry(parameter: &Parameter, help: Option<&str>) -> String {
    let type_name = parameter.type_name.as_ref().map(|name| format!(" [{name}]")).unwrap_or_default();
    let mandatory = if parameter.mandatory { ", mandatory" } else { "" };
    let mut text = format!("  {}{type_name}{mandatory}\n", parameter.name);
    // Help and defaults may have several lines.
    let mut line = |lines: &str| {
        for line in lines.lines() {
            text.push_str(format!("      {line}").trim_end());
            text.push('\n');
        }
    };
    line(help.unwrap_or_default().trim());
    for rule in &parameter.validations {
        line(&match rule {
            Validation::Set(values) => format!("One of: {}", values.join(", ")),
            Validation::Range(low, high) => format!("From {low} to {high}"),
            Validation::Pattern(pattern) => format!("Matches the pattern {pattern}"),
            Validation::Length(low, high) => format!("{low} to {high} characters"),
            Validation::Count(low, high) => format!("{low} to {high} items"),
            Validation::NotNullOrEmpty => "Not empty".to_owned(),
        });
    }
    if let Some(default) = &parameter.default {
        line(&format!("Default: {default}"));
    }
    if let Some(position) = parameter.position {
        line(&format!("Position {position} among the values of -a"));
    }
    if !parameter.aliases.is_empty() {
        line(&format!("Also: {}", parameter.aliases.join(", ")));
    }
    if !parameter.sets.is_empty() {
        line(&format!("Only in: {}", parameter.sets.join(", ")));
    }
    text
}

/// The names that `--using` must define.
fn using_names(source: &Source) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for occurrence in source.occurrences() {
        let name = occurrence.variable.as_str();
        let is_env = name.get(..4).is_some_and(|drive| drive.eq_ignore_ascii_case("env:"));
        if !is_env && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name);
        }
    }
    names
}
