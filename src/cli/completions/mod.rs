//! `psfleet completions`: the program tells shells how to complete its command line.
//!
//! Each shell gets a short script that asks the program itself: `psfleet __complete SHELL …` answers with what the word
//! at the cursor could become, from the flags that clap knows and from inventories and kept runs. It connects nowhere,
//! starts nothing, and says nothing where something is wrong.

mod expression;
mod shell_line;
mod values;

use std::ffi::{OsStr, OsString};
use std::fmt::Write;

use clap::builder::StyledStr;
use clap::{Args, Command, ValueEnum};
use clap_complete::engine::{CompletionCandidate, complete};

use self::shell_line::{ShellLine, powershell_quoted, powershell_word};
use super::terminal;
use crate::output::sanitize_line;

/// The hidden command of the scripts.
const ASK: &str = "__complete";

/// Where PowerShell's script puts the words.
const WORDS_VARIABLE: &str = "PSFLEET_COMPLETE";

/// What separates them there.
const SEPARATOR: char = '\u{1f}';

/// Print a script that completes flags, hosts, groups, labels and runs
///
/// bash, in ~/.bashrc: source <(psfleet completions bash). zsh, in ~/.zshrc after compinit: source <(psfleet completions
/// zsh). fish: psfleet completions fish > ~/.config/fish/completions/psfleet.fish. PowerShell, in $PROFILE: psfleet
/// completions powershell | Out-String | Invoke-Expression
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// The shells whose completions we know to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell, and Windows PowerShell
    #[value(alias = "pwsh")]
    Powershell,
}

/// Prints the script.
///
/// # Errors
/// What stdout says.
pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<u8> {
    terminal::print(match args.shell {
        Shell::Bash => include_str!("psfleet.bash"),
        Shell::Zsh => include_str!("psfleet.zsh"),
        Shell::Fish => include_str!("psfleet.fish"),
        Shell::Powershell => include_str!("psfleet.ps1"),
    })?;
    Ok(0)
}

/// What to answer a script that asks, a line for each completion; `None` if these words are another command.
pub(super) fn answer(cli: Command, words: &[OsString]) -> Option<String> {
    let asked = words.get(1..).filter(|rest| rest.first().is_some_and(|word| word == ASK))?;
    let asked: Vec<String> = asked.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let shell = asked.get(1).and_then(|name| Shell::from_str(name, false).ok());
    Some(shell.map(|shell| lines(cli, shell, &asked[2..])).unwrap_or_default())
}

fn lines(cli: Command, shell: Shell, given: &[String]) -> String {
    let (words, line) = match (shell, given) {
        (Shell::Bash, [breaks, line, ..]) => {
            let line = ShellLine::split(line, breaks);
            (line.words.clone(), Some(line))
        }
        (Shell::Powershell, _) => {
            let variable = std::env::var(WORDS_VARIABLE).unwrap_or_default();
            let mut words: Vec<String> = variable.split(SEPARATOR).map(str::to_owned).collect();
            words.iter_mut().next_back().into_iter().for_each(|word| *word = powershell_word(word));
            (words, None)
        }
        (_, [_dashes, words @ ..]) => (words.to_vec(), None),
        _ => return String::new(),
    };
    let mut words: Vec<OsString> =
        words.into_iter().skip_while(|word| is_assignment(word)).map(OsString::from).collect();
    if shell == Shell::Fish
        && let Some(word) = words.last_mut()
    {
        *word = ShellLine::split(&word.to_string_lossy(), "").words.pop().unwrap_or_default().into();
    }
    let Some(place) = words.len().checked_sub(1) else { return String::new() };
    let mut command = values::with_values(cli, &words[..place]);
    let here = std::env::current_dir().ok();
    let found = complete(&mut command, words, place, here.as_deref()).unwrap_or_default();
    let mut text = String::new();
    for candidate in &found {
        let Some(value) = safe(candidate.get_value()) else { continue };
        let help = candidate.get_help().map(brief).unwrap_or_default();
        // What ends so is not all of a word.
        let is_full = !value.ends_with(['=', ':', '/', '@']);
        let _ = match (shell, &line) {
            (Shell::Bash, line) => match line.as_ref().and_then(|line| line.bash(value, is_full)) {
                Some(rest) => writeln!(text, "{rest}"),
                None => Ok(()),
            },
            (Shell::Zsh, _) => {
                let shown = if help.is_empty() { value.to_owned() } else { format!("{value}  -- {help}") };
                writeln!(text, "{}\t{value}\t{shown}", if is_full { "full" } else { "open" })
            }
            (Shell::Fish, _) => writeln!(text, "{value}\t{help}"),
            (Shell::Powershell, _) => {
                let help = if help.is_empty() { value } else { &help };
                writeln!(text, "{}\t{value}\t{help}", powershell_quoted(value))
            }
        };
    }
    text
}

/// `NAME=VALUE` before the command.
fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name).unwrap_or_default();
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A value that can be typed and shown: names in files may hold what a terminal would obey.
fn safe(value: &OsStr) -> Option<&str> {
    value.to_str().filter(|value| !value.is_empty() && !value.contains('\t') && sanitize_line(value) == *value)
}

/// The first words of a help text, on one line.
fn brief(help: &StyledStr) -> String {
    const MOST: usize = 60;
    let text = help.to_string();
    let line = sanitize_line(text.lines().next().unwrap_or_default());
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.into_owned(),
    }
}

/// A completion with a word on it.
fn candidate(value: String, help: &str) -> CompletionCandidate {
    CompletionCandidate::new(value).help((!help.is_empty()).then(|| StyledStr::from(help.to_owned())))
}
