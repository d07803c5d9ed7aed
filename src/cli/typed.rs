//! What was typed, as far as it can be known without clap: it does not say what it had found before a mistake.

use std::ffi::OsString;

use clap::{Arg, Command};

/// A command line with the command that it names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Typed<'t> {
    /// The command: `copy push` is one.
    pub command: &'t Command,
    /// Its names, the program's first.
    pub names: &'t [OsString],
    /// What stands after them.
    pub rest: &'t [OsString],
}

impl<'t> Typed<'t> {
    /// Finds the command among the first words; the program itself where they name none.
    pub(super) fn of(cli: &'t Command, typed: &'t [OsString]) -> Self {
        let mut command = cli;
        let mut count = typed.len().min(1);
        while let Some(next) = typed.get(count).and_then(|word| command.find_subcommand(word.to_str()?)) {
            command = next;
            count += 1;
        }
        let (names, rest) = typed.split_at(count);
        Self { command, names, rest }
    }

    /// The words with flags in front of those that were typed, so that the typed ones win.
    pub(super) fn with(&self, flags: &[String]) -> Vec<OsString> {
        let flags = flags.iter().map(OsString::from);
        self.names.iter().cloned().chain(flags).chain(self.rest.iter().cloned()).collect()
    }

    /// The command as users write it: `psfleet copy push`.
    pub(super) fn name(&self) -> String {
        let names = self.names.iter().skip(1).filter_map(|name| name.to_str());
        std::iter::once("psfleet").chain(names).collect::<Vec<_>>().join(" ")
    }

    /// Whether it is `psfleet run`.
    pub(super) fn is_run(&self) -> bool {
        self.command.get_name() == "run"
    }

    /// Whether it is `psfleet check`.
    pub(super) fn is_check(&self) -> bool {
        self.command.get_name() == "check" && self.names.len() == 2
    }

    /// Whether it is `psfleet copy push` or `psfleet copy pull`.
    pub(super) fn is_copy(&self) -> bool {
        matches!(self.command.get_name(), "push" | "pull")
    }

    /// Whether it is a command of `psfleet session`.
    pub(super) fn is_session(&self) -> bool {
        self.names.get(1).is_some_and(|name| *name == "session")
    }

    /// Whether it is `psfleet doctor`.
    pub(super) fn is_doctor(&self) -> bool {
        self.command.get_name() == "doctor"
    }

    /// The flag of the command with this long name.
    pub(super) fn flag(&self, long: &str) -> Option<&'t Arg> {
        self.command.get_arguments().find(|flag| flag.get_long() == Some(long))
    }

    /// The words before `--`, as far as they are text.
    pub(super) fn words(&self) -> impl Iterator<Item = &'t str> {
        self.rest.iter().take_while(|word| *word != "--").map(|word| word.to_str().unwrap_or_default())
    }

    /// The words that are neither flags nor their values.
    pub(super) fn positional(&self) -> Vec<&'t str> {
        let words: Vec<&str> = self.words().collect();
        let before = std::iter::once("").chain(words.iter().copied());
        let is_own = |(before, word): &(&str, &str)| {
            let is_flag = word.len() > 1 && word.starts_with('-');
            !is_flag && !self.flag_before(before).is_some_and(takes_value)
        };
        before.zip(words.iter().copied()).filter(is_own).map(|(_, word)| word).collect()
    }

    /// The flag that a word is and whose value may follow: `-t`, `--targets`, not `--targets=web01`.
    pub(super) fn flag_before(&self, word: &str) -> Option<&'t Arg> {
        let is_it = |arg: &&Arg| match word.strip_prefix("--") {
            Some(long) => arg.get_long() == Some(long) || arg.get_all_aliases().unwrap_or_default().contains(&long),
            None => arg.get_short().is_some_and(|short| word.strip_prefix('-') == Some(short.encode_utf8(&mut [0; 4]))),
        };
        self.command.get_arguments().find(is_it)
    }
}

/// Whether a flag has a value: a switch has none.
pub(super) fn takes_value(flag: &Arg) -> bool {
    flag.get_action().takes_values() && flag.get_num_args().is_none_or(|count| count.takes_values())
}
