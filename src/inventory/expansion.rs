//! Names from expressions alone, with no inventory to look anything up in.

use crate::config::{Config, Problem, System};

use super::expression::{Atom, parse};
use super::request::Request;
use super::resolve::{Errors, select};

/// The names that expressions of `--targets` stand for, each once, in the order of their first mention. Blanks between
/// names count as commas.
///
/// # Errors
/// Every mistake; among them groups, labels and patterns, which only an inventory can answer. Or that nobody is left.
pub fn names(expressions: &[String], around: &mut dyn System) -> Result<Vec<String>, Errors> {
    let targets: Vec<String> = expressions.iter().map(|text| with_commas(text)).collect();
    let mut problems = Vec::new();
    for text in &targets {
        let atoms = parse(text)
            .0
            .terms
            .into_iter()
            .flat_map(|term| term.first.into_iter().chain(term.rest.into_iter().map(|(_, atom)| atom)));
        for text in atoms.filter_map(|atom| needs_inventory(&atom)) {
            let hint = format!("psfleet hosts list -i FILE '{text}'");
            problems.push(
                Problem::new(format!("'{text}' means hosts of an inventory, and none is read here")).with_hint(hint),
            );
        }
    }
    if !problems.is_empty() {
        return Err(Errors { problems });
    }
    let request = Request { targets, ..Request::default() };
    let mut sandbox = |_: &serde_json::Map<String, serde_json::Value>| Err("no sandbox is started here".to_owned());
    let hosts = select(&request, &Config::default(), around, &mut sandbox)?;
    Ok(hosts.into_iter().map(|host| host.name.to_string()).collect())
}

/// The text of an atom that has no meaning without an inventory.
fn needs_inventory(atom: &Atom) -> Option<String> {
    match atom {
        Atom::All => Some("@all".to_owned()),
        Atom::Group(name) => Some(format!("@{name}")),
        Atom::Label(key, value) => Some(format!("label:{key}={value}")),
        Atom::Fact(fact) => Some(format!("fact:{fact}")),
        Atom::Glob(pattern) => Some(pattern.clone()),
        Atom::Run(run, _) => Some(format!("@{run}")),
        Atom::File(_) | Atom::Stdin | Atom::Names(_) | Atom::Urls(_) => None,
    }
}

/// Puts a comma in place of blanks that stand between two names.
fn with_commas(text: &str) -> String {
    let is_operator = |character: char| matches!(character, ',' | '&' | '!');
    let mut joined = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !joined.is_empty() && !joined.ends_with(is_operator) && !word.starts_with(is_operator) {
            joined.push(',');
        }
        joined.push_str(word);
    }
    joined
}
