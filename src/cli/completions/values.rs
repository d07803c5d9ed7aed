//! What the values of flags and arguments could be.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};

use super::candidate;
use super::expression::{self, Named, outcomes};
use crate::cli::defaults::RUN_KEYS;
use crate::cli::environment;
use crate::cli::runs::short_id;
use crate::config::{Config, Machine, Prompter};
use crate::inventory::{Known, known};
use crate::output::sanitize_line;
use crate::store::{Store, state_folder};

/// As many runs are offered by their ids, the most recent ones.
const RUNS_SHOWN: usize = 30;

/// Adds to each argument that takes a value what completes it, as far as clap does not know by itself. `typed` are the
/// words before the one at the cursor.
pub(super) fn with_values(command: Command, typed: &[OsString]) -> Command {
    let inventories: Arc<[String]> = inventories(command.clone(), typed).into();
    of_command(command, &inventories)
}

fn of_command(command: Command, inventories: &Arc<[String]>) -> Command {
    let command = command.mut_args(|arg| match completer(&arg, inventories) {
        Some(completer) => arg.add(completer),
        None => arg,
    });
    command.mut_subcommands(|command| of_command(command, inventories))
}

/// What flags and environment name as inventories, whatever else is wrong with the words.
fn inventories(command: Command, typed: &[OsString]) -> Vec<String> {
    // The last flag is not without a value.
    let words = typed.iter().cloned().chain(["x".into()]);
    let matches = environment::without_empty(command).ignore_errors(true).try_get_matches_from(words);
    let Ok(matches) = matches else { return Vec::new() };
    let mut innermost = &matches;
    while let Some((_, inner)) = innermost.subcommand() {
        innermost = inner;
    }
    let found = innermost.try_get_many::<String>("inventory").ok().flatten();
    found.map(|found| found.cloned().collect()).unwrap_or_default()
}

fn completer(arg: &Arg, inventories: &Arc<[String]>) -> Option<ArgValueCompleter> {
    let name = arg.get_value_names().and_then(|names| names.first()).map(|name| name.to_string()).unwrap_or_default();
    let inventories = Arc::clone(inventories);
    Some(match (arg.get_id().as_str(), name.as_str()) {
        ("targets" | "exclude" | "expressions" | "target", _) => {
            of(move |typed| expression::candidates(typed, &names(&inventories), runs))
        }
        ("label", _) => of(|typed| starting(typed, labels())),
        ("order", _) => of(move |typed| {
            let labels = names(&inventories).labels.into_keys().map(|key| (format!("label:{key}"), String::new()));
            let own = [("name", "numbers inside of names by value"), ("shuffle", "at random")];
            let own = own.map(|(word, what)| (word.to_owned(), what.to_owned()));
            starting(typed, own.into_iter().chain(labels))
        }),
        ("limit_per", _) => of(move |typed| {
            starting(typed, names(&inventories).labels.into_keys().map(|key| (format!("{key}="), String::new())))
        }),
        (_, "RUN") => of(|typed| starting(typed, runs())),
        ("rerun", _) => of(|typed| match typed.rsplit_once([':', ',']) {
            Some((before, _)) => {
                let separator = &typed[before.len()..=before.len()];
                starting(typed, outcomes().map(|outcome| (format!("{before}{separator}{outcome}"), String::new())))
            }
            None => starting(
                typed,
                runs().into_iter().flat_map(|(run, what)| [(format!("{run}:"), String::new()), (run, what)]),
            ),
        }),
        (_, name) if name.starts_with("CODE") => paths(|path| path.extension().is_some_and(|suffix| suffix == "ps1")),
        _ if ["FILE", "PATH", "DIR", "FOLDER", "SRC"].iter().any(|word| name.contains(word)) => paths(|_| true),
        _ if arg.get_possible_values().is_empty() && name.contains('|') => {
            let is_word = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            let words: Vec<String> = name.split('|').filter(is_word).map(str::to_owned).collect();
            of(move |typed| starting(typed, words.iter().map(|word| (word.clone(), String::new()))))
        }
        _ => return None,
    })
}

fn of(complete: impl Fn(&str) -> Vec<CompletionCandidate> + Send + Sync + 'static) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| typed.to_str().map(&complete).unwrap_or_default())
}

fn paths(is_wanted: impl Fn(&std::path::Path) -> bool + Send + Sync + 'static) -> ArgValueCompleter {
    let path = PathCompleter::any().filter(is_wanted);
    let is_file = |found: &CompletionCandidate| found.get_value() != ".";
    ArgValueCompleter::new(move |typed: &OsStr| path.complete(typed).into_iter().filter(is_file).collect())
}

fn starting(typed: &str, values: impl IntoIterator<Item = Named>) -> Vec<CompletionCandidate> {
    let fitting = values.into_iter().filter(|(value, _)| value.starts_with(typed));
    fitting.map(|(value, help)| candidate(value, &help)).collect()
}

/// What inventories and configuration know.
fn names(inventories: &[String]) -> Known {
    let mut machine = Machine::new(Silent);
    let config = Config::load(&mut machine, &RUN_KEYS).unwrap_or_default();
    known(inventories, &config, &mut machine)
}

/// Names of runs: the last one, labels, ids.
fn runs() -> Vec<Named> {
    let all = kept();
    let last = all.iter().find(|run| run.imported.is_none()).map(|run| ("last".to_owned(), run.title.clone()));
    let mut found: Vec<Named> = last.into_iter().collect();
    for run in &all {
        let label = run.label.as_ref().filter(|label| !found.iter().any(|(name, _)| name == *label));
        found.extend(label.map(|label| (label.clone(), run.title.clone())));
    }
    let id = |run| short_id(run, &all);
    found.extend(all.iter().take(RUNS_SHOWN).map(|run| (id(run), run.title.clone())));
    found.into_iter().map(|(name, title)| (name, sanitize_line(&title).into_owned())).collect()
}

fn labels() -> Vec<Named> {
    let mut known = HashSet::new();
    let found = kept().into_iter().filter_map(|run| Some((run.label?, run.title)));
    found.filter(|(label, _)| known.insert(label.clone())).collect()
}

/// The runs of the store; it is not made for this.
fn kept() -> Vec<crate::store::Run> {
    let folder = state_folder(&Machine::new(Silent)).filter(|folder| Store::is_in(folder));
    let store = folder.and_then(|folder| Store::open_to_read(&folder).ok());
    store.and_then(|store| store.runs().ok()).unwrap_or_default()
}

/// Nobody hears what is said while a word is completed.
struct Silent;

impl Prompter for Silent {
    fn can_ask(&self) -> bool {
        false
    }

    fn ask(&mut self, _question: &str, _hidden: bool) -> std::io::Result<String> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    fn warn(&mut self, _warning: &str) {}
}
