//! What clap refuses, in words that say what to do next.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::typed::Typed;
use super::unknown_flag;
use crate::nearest::nearest;

/// PowerShell's commands, and ours.
const COMMANDS: [(&str, &str); 11] = [
    ("invoke-command", "psfleet run -t HOSTS 'SCRIPT'"),
    ("icm", "psfleet run -t HOSTS 'SCRIPT'"),
    ("enter-pssession", "psfleet enter HOST"),
    ("etsn", "psfleet enter HOST"),
    ("copy-item", "psfleet copy push SRC... DST -t HOSTS, or psfleet copy pull"),
    ("cp", "psfleet copy push SRC... DST -t HOSTS, or psfleet copy pull"),
    ("scp", "psfleet copy push SRC... DST -t HOSTS, or psfleet copy pull"),
    ("get-pssession", "psfleet session ls -t HOSTS"),
    ("remove-pssession", "psfleet session clean -t HOSTS"),
    ("exec", "psfleet run -t HOSTS 'SCRIPT'"),
    ("ssh", "psfleet run -t ssh://HOST 'SCRIPT', or psfleet enter"),
];

/// Our words for a refusal, where clap's name the wrong thing or no next step.
pub(super) fn words(typed: &Typed<'_>, error: &clap::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::InvalidSubcommand if typed.names.len() == 1 => command(typed.words().next()?),
        ErrorKind::UnknownArgument => {
            let word = context(error, ContextKind::InvalidArg)?;
            match word.starts_with('-') {
                true => Some(flag(typed, &word)),
                false => surplus(typed, &word),
            }
        }
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues | ErrorKind::MissingRequiredArgument
            if typed.is_copy() =>
        {
            paths(typed)
        }
        _ => None,
    }
}

/// Why clap does not take a value, in one line that does not name the flag.
pub(super) fn reason(error: &clap::Error) -> String {
    let value = context(error, ContextKind::InvalidValue);
    let known = context(error, ContextKind::ValidValue);
    match (error.kind(), value, known, error.source()) {
        (ErrorKind::InvalidValue, Some(value), Some(known), _) => {
            format!("invalid value '{value}': expected one of {known}")
        }
        (ErrorKind::ValueValidation, Some(value), _, Some(why)) => format!("invalid value '{value}': {why}"),
        (ErrorKind::MissingRequiredArgument, ..) if let Some(missing) = context(error, ContextKind::InvalidArg) => {
            format!("it means nothing without {missing}")
        }
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            line.strip_prefix("error: ").unwrap_or(line).to_owned()
        }
    }
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        _ => None,
    }
}

fn flag(typed: &Typed<'_>, short: &str) -> String {
    // clap names the first letter of a word with a single dash, and a long flag without its value.
    let word = typed.words().find(|word| word.starts_with(short)).unwrap_or(short);
    if typed.names.len() == 1 {
        return format!(
            "'{word}' comes before the command; write psfleet run {}",
            typed.words().collect::<Vec<_>>().join(" ")
        );
    }
    unknown_flag::of_script(typed, word).unwrap_or_else(|| unknown_flag::unknown(typed, word))
}

/// A word that no command is.
fn command(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let is_cmdlet = lower.split_once('-').is_some_and(|(verb, noun)| {
        [verb, noun].iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()))
    });
    let instead = match COMMANDS.iter().find(|(known, _)| *known == lower) {
        Some((_, instead)) => (*instead).to_owned(),
        None if lower.ends_with(".ps1") => format!("psfleet run {word} -t HOSTS"),
        None if nearest(
            &lower,
            [
                "run",
                "check",
                "copy",
                "enter",
                "doctor",
                "hosts",
                "runs",
                "session",
                "sandbox",
                "config",
                "completions",
                "man",
                "version",
            ],
        )
        .is_some() =>
        {
            return None;
        }
        None if is_cmdlet => format!("psfleet run -t HOSTS '{word}'"),
        None => return None,
    };
    Some(format!("'{word}' is not a command of psfleet; write {instead}"))
}

/// A word after the script.
fn surplus(typed: &Typed<'_>, extra: &str) -> Option<String> {
    let words = typed.positional();
    let (code, rest) = words.split_first().filter(|(code, _)| typed.is_run() && **code != extra)?;
    let rest = rest.join(" ");
    let has_targets = typed.words().any(|word| word.starts_with("-t") || word.starts_with("--targets"));
    let instead = match has_targets {
        true => format!(
            "a script of several words needs quotes: '{code} {rest}'; arguments of a script are given with -a {extra}"
        ),
        false => format!("hosts are given with -t: psfleet run -t {code} '{rest}'"),
    };
    Some(format!("'{extra}' is one word too many, because '{code}' is taken as the script; {instead}"))
}

/// Fewer paths than a source and a destination.
fn paths(typed: &Typed<'_>) -> Option<String> {
    let command = typed.name();
    let example = match typed.command.get_name() {
        "push" => ("the destination on the hosts", "C:/temp/"),
        _ => ("the folder here", "out/"),
    };
    match typed.positional().as_slice() {
        [] => Some(format!(
            "nothing to copy was named; write {command} SRC... DST -t HOSTS, such as {} for DST",
            example.1
        )),
        [source] => {
            Some(format!("{} is missing; write {command} {source} DST, such as {} for DST", example.0, example.1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{reason, words};
    use crate::cli::Cli;
    use crate::cli::typed::Typed;

    fn refused<T>(line: &[&str], read: impl Fn(&Typed<'_>, &clap::Error) -> T) -> T {
        let typed: Vec<_> = std::iter::once("psfleet").chain(line.iter().copied()).map(Into::into).collect();
        let error = Cli::command().try_get_matches_from(&typed).expect_err("refused");
        read(&Typed::of(&Cli::command(), &typed), &error)
    }

    #[test]
    fn refusals_name_the_next_step() {
        for (line, expect) in [
            (["Invoke-Command", "-ComputerName", "web01"].as_slice(), "write psfleet run -t HOSTS 'SCRIPT'"),
            (&["icm"], "write psfleet run"),
            (&["Enter-PSSession", "web01"], "write psfleet enter HOST"),
            (&["Get-Service"], "write psfleet run -t HOSTS 'Get-Service'"),
            (&["./disk.ps1"], "write psfleet run ./disk.ps1 -t HOSTS"),
            (&["-t", "web01", "hostname"], "'-t' comes before the command; write psfleet run -t web01 hostname"),
            (&["run", "web01", "hostname"], "hosts are given with -t: psfleet run -t web01 'hostname'"),
            (&["run", "web01", "Get-Service", "spooler"], "psfleet run -t web01 'Get-Service spooler'"),
            (&["run", "-t", "web01", "Get-Service", "spooler"], "needs quotes: 'Get-Service spooler'"),
            (
                &["run", "1", "--role", "web"],
                "'--role' is not a flag of psfleet run; a parameter of the script is given with -p role=web",
            ),
            (&["run", "param($Role) 1", "--role", "web"], "'--role' is a parameter of the script; write -p Role=web"),
            (&["run", "param($R) 1", "-R", "5"], "'-R' is a parameter of the script; write -p R=5"),
            (&["run", "1", "--throtle", "5"], "did you mean --throttle?"),
            (
                &["copy", "push", "a", "-t", "x"],
                "the destination on the hosts is missing; write psfleet copy push a DST",
            ),
            (
                &["copy", "pull", "/etc/os-release", "-t", "x"],
                "the folder here is missing; write psfleet copy pull /etc/os-release DST",
            ),
            (&["copy", "push", "-t", "x"], "nothing to copy was named; write psfleet copy push SRC... DST -t HOSTS"),
        ] {
            let said = refused(line, words).unwrap_or_else(|| panic!("{line:?} is left to clap"));
            assert!(said.contains(expect), "{line:?}: {said}");
        }
        for line in [["rnu"].as_slice(), &["run", "1", "-o", "xml"], &["copy", "psuh"], &["frobnicate"]] {
            assert_eq!(refused(line, words), None, "{line:?}");
        }
    }

    #[test]
    fn reasons_keep_what_is_expected() {
        for (line, expect) in [
            (
                ["run", "1", "-o", "xml"],
                "invalid value 'xml': expected one of auto, table, list, text, json, jsonl, csv, none",
            ),
            (["run", "1", "--color", ""], "invalid value '': expected one of auto, always, never"),
            (["run", "1", "-c", "0"], "invalid value '0': expected a whole number of at least 1"),
            (["run", "1", "--where", "a ="], "invalid value 'a =': '=' is not an operator here"),
        ] {
            let said = refused(&line, |_, error| reason(error));
            assert!(said.starts_with(expect) && said.lines().count() == 1, "{line:?}: {said}");
        }
    }
}
