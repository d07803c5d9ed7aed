//! `psfleet config init`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::{Args, CommandFactory};

use super::keys::{Key, keys};
use crate::cli::{Cli, terminal};
use crate::config::{Machine, System};
use crate::error_text;
use crate::exit;

/// How wide comments are.
const WIDTH: usize = 100;

const HEAD: &str = "Configuration of psfleet: each key is a long flag with _ for -. Flags win over variables of the \
                    environment (PSFLEET_ and the flag's name), those over this file, and a psfleet.toml in the \
                    current folder or above it over the user's and the system's. What is marked (own) is ignored in a file \
                    that others could have written. `psfleet config check` looks for \
                    mistakes, `psfleet config show` tells what holds and why.";

const WEIGHTY: &str = "(own)";

/// Flags of `config init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The file to write [default: psfleet/psfleet.toml in the user's folder for configuration]
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,
}

/// Writes the file, if there is none.
pub(super) fn run(args: &InitArgs, machine: &Machine) -> anyhow::Result<u8> {
    let users = || machine.config_files().into_iter().find(|file| !file.walked).map(|file| file.path);
    let path =
        args.path.clone().or_else(users).context("there is no home folder to write to; name a file with --path")?;
    write(&path, &text(&keys(&Cli::command()))).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => anyhow!("{} is there already; name another file with --path", path.display()),
        _ => anyhow!("cannot write {}: {}", path.display(), error_text::io(&error)),
    })?;
    terminal::print(&format!("{}\n", path.display()))?;
    // What is on stdout is for an editor.
    terminal::complain(
        "note: every key is in it as a comment, so nothing changes yet; psfleet config check looks for mistakes",
    );
    Ok(exit::OK)
}

fn write(path: &std::path::Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // One that its group could write would not be trusted.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    options.open(path)?.write_all(text.as_bytes())
}

/// The whole file: every key as a comment.
fn text(keys: &[Key]) -> String {
    let mut text = comment(HEAD);
    for key in keys {
        text.push('\n');
        let default = key.default.as_ref().map(|default| format!(" Default: {default}.")).unwrap_or_default();
        let weighty = if key.is_harmless { String::new() } else { format!(" {WEIGHTY}") };
        text.push_str(&comment(&format!("{}.{default}{weighty}", key.meaning)));
        text.push_str(&format!("#{} = {}\n", key.name, key.example));
    }
    text
}

/// Text as lines of a comment.
fn comment(text: &str) -> String {
    let mut lines = vec![String::from("#")];
    for word in text.split_whitespace() {
        if lines.last().is_some_and(|line| line.chars().count() + word.chars().count() >= WIDTH) {
            lines.push(String::from("#"));
        }
        lines.iter_mut().next_back().into_iter().for_each(|line| line.extend([" ", word]));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{keys, text};
    use crate::cli::Cli;
    use crate::cli::defaults::RUN_KEYS;
    use crate::config::{Connection, Value, parse_toml};

    #[test]
    fn every_key_is_in_the_file_with_meaning_and_value() {
        let text = text(&keys(&Cli::command()));
        assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "{text}");
        let settings = text.lines().filter_map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' ')));
        let (node, errors) = parse_toml(&settings.map(|line| format!("{line}\n")).collect::<String>());
        assert!(errors.is_empty(), "{errors:?}");
        let Value::Table(entries) = node.value else { panic!("no table") };
        let mut found: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        let known = Connection::KEYS.iter().copied().filter(|name| *name != "password");
        let mut known: Vec<&str> = known.chain(RUN_KEYS.iter().map(|key| key.name)).chain(["inventory"]).collect();
        found.sort_unstable();
        known.sort_unstable();
        assert_eq!(found, known);
        for key in keys(&Cli::command()) {
            assert!(!key.meaning.is_empty() && !key.meaning.ends_with('.'), "{key:?}");
        }
    }
}
