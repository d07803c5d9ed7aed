//! A flag that psfleet does not have: a parameter of the script, or another flag with a typing error.

use super::script_help;
use super::typed::{Typed, takes_value};
use crate::nearest::did_you_mean;

/// What to write if the script of this command line has a parameter of this name.
pub(super) fn of_script(typed: &Typed<'_>, word: &str) -> Option<String> {
    let (name, value) = split(typed, word);
    let exact = |code: &str| {
        let parameters = script_help::parameters_of_code(code)?;
        let is_it = |known: &str| known.to_lowercase() == name.to_lowercase();
        let found = parameters
            .list
            .into_iter()
            .find(|parameter| is_it(&parameter.name) || parameter.aliases.iter().any(|alias| is_it(alias)))?;
        let value = match (found.is_switch(), value) {
            (true, _) => "",
            (false, Some(value)) if value != code => value,
            (false, _) => "VALUE",
        };
        Some(format!("'{word}' is a parameter of the script; write -p {}", argument(&found.name, value)))
    };
    if !typed.is_run() {
        return None;
    }
    typed.positional().into_iter().find_map(exact)
}

/// What there is instead of a flag that nobody knows.
pub(super) fn unknown(typed: &Typed<'_>, word: &str) -> String {
    let command = typed.name();
    let known = typed.command.get_arguments().filter_map(clap::Arg::get_long);
    let flag = word.strip_prefix("--").map(|name| name.split('=').next().unwrap_or(name));
    if let Some(near) = flag.and_then(|name| did_you_mean(name, known)) {
        return format!("'{word}' is not a flag of {command}; {}", near.replace('\'', "").replace("mean ", "mean --"));
    }
    let before = typed.words().zip(typed.words().skip(1)).find(|(_, after)| *after == word).map(|(before, _)| before);
    if word.strip_prefix('-').is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
        && let Some((before, flag)) = before.and_then(|before| Some((before, typed.flag_before(before)?)))
        && takes_value(flag)
    {
        return format!("'{word}' cannot be the value of {before}; `{command} --help` shows what it takes");
    }
    if !typed.is_run() {
        return format!("'{word}' is not a flag of {command}; `{command} --help` lists them");
    }
    let (name, value) = split(typed, word);
    format!(
        "'{word}' is not a flag of {command}; a parameter of the script is given with -p {}, and a script of several \
         words needs quotes",
        argument(name, value.unwrap_or_default())
    )
}

/// The name of a word like `-Name`, `--name`, `-Name:value` or `-name=value`, and its value: that, or the next word.
fn split<'w>(typed: &Typed<'w>, word: &'w str) -> (&'w str, Option<&'w str>) {
    let name = word.trim_start_matches('-');
    if let Some((name, value)) = name.split_once([':', '=']) {
        return (name, Some(value));
    }
    let next = typed.words().skip_while(|typed| *typed != word).nth(1);
    (name, next.filter(|next| !next.starts_with('-')))
}

/// `NAME=VALUE` as a shell takes it.
fn argument(name: &str, value: &str) -> String {
    if value.is_empty() {
        return name.to_owned();
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    match value.chars().all(is_plain) {
        true => format!("{name}={value}"),
        false => format!("'{name}={}'", value.replace('\'', "'\\''")),
    }
}
