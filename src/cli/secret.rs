//! `psfleet secret`: what is kept in the encrypted file, or in the keyring.

use std::io::{self, Read};

use anyhow::{anyhow, bail};
use zeroize::Zeroizing;

use super::args::secret::{FileArgs, OneArgs, SecretArgs, SecretCommand};
use super::terminal::{TerminalPrompter, complain, print};
use crate::config::{Machine, Prompter};
use crate::output::sanitize_line;
use crate::secret::{self, Secret};
#[cfg(feature = "keyring")]
use crate::secret_places::Keyring;
use crate::secret_places::{Fault, Places};

/// Does what was asked for and returns the process's exit code.
///
/// # Errors
/// The place cannot be opened, or has no such secret.
pub(super) fn run(args: &SecretArgs, mut machine: Machine) -> anyhow::Result<u8> {
    match &args.command {
        SecretCommand::Set(one) => set(one, &mut machine)?,
        SecretCommand::Get(one) => print_secret(&get(one, &mut machine)?)?,
        SecretCommand::Ls(file) => {
            let mut places = places(file, &mut machine);
            let file = places.file().map_err(failed)?;
            if !file.exists() {
                let hint = "psfleet secret set NAME makes it; --file and PSFLEET_SECRETS_FILE name another";
                return Err(failed((
                    format!("there is no encrypted file {}", file.path().display()),
                    Some(hint.to_owned()),
                )));
            }
            let names = places.entries(Some(&mut TerminalPrompter)).map_err(failed)?.names();
            print(&names.map(|name| format!("{}\n", sanitize_line(name))).collect::<String>())?;
        }
        SecretCommand::Rm(one) => remove(one, &mut machine)?,
    }
    Ok(0)
}

fn set(one: &OneArgs, machine: &mut Machine) -> anyhow::Result<()> {
    #[cfg(feature = "keyring")]
    if one.keyring {
        return Keyring::set(&one.name, &value(&one.name)?).map_err(failed);
    }
    let mut places = places(&one.file, machine);
    // What does not open is known before anything is typed.
    places.entries(Some(&mut TerminalPrompter)).map_err(failed)?;
    let value = value(&one.name)?;
    if places.change(|entries| Ok(entries.set(&one.name, value))).map_err(failed)? {
        complain(&format!("note: there was a secret '{}' before, and it is replaced", sanitize_line(&one.name)));
    }
    Ok(())
}

fn get(one: &OneArgs, machine: &mut Machine) -> anyhow::Result<Secret<String>> {
    #[cfg(feature = "keyring")]
    if one.keyring {
        return Keyring::get(&one.name).map_err(failed);
    }
    let mut places = places(&one.file, machine);
    opened(&mut places, &one.name)?;
    let found = places.entries(None).map_err(failed)?.get(&one.name).cloned();
    found.ok_or_else(|| failed(no_secret(&places, &one.name)))
}

fn remove(one: &OneArgs, machine: &mut Machine) -> anyhow::Result<()> {
    #[cfg(feature = "keyring")]
    if one.keyring {
        return Keyring::remove(&one.name).map_err(failed);
    }
    let mut places = places(&one.file, machine);
    opened(&mut places, &one.name)?;
    let none = no_secret(&places, &one.name);
    places.change(|entries| if entries.remove(&one.name) { Ok(()) } else { Err(none) }).map_err(failed)
}

fn places(file: &FileArgs, machine: &mut Machine) -> Places {
    let places = Places::of(machine);
    match &file.file {
        Some(path) => places.with_file(path.clone()),
        None => places,
    }
}

/// Opens the file, if there is one.
fn opened(places: &mut Places, name: &str) -> anyhow::Result<()> {
    if !places.file().map_err(failed)?.exists() {
        return Err(failed(no_secret(places, name)));
    }
    places.entries(Some(&mut TerminalPrompter)).map(drop).map_err(failed)
}

fn no_secret(places: &Places, name: &str) -> Fault {
    match places.file() {
        Ok(file) => {
            let (path, name) = (file.path().display(), sanitize_line(name));
            match file.exists() {
                true => (
                    format!("{path} has no secret '{name}'"),
                    Some("psfleet secret ls shows the names that it has".to_owned()),
                ),
                false => (
                    format!("there is no file {path} yet, and so no secret '{name}'"),
                    Some(format!("psfleet secret set {name} makes it")),
                ),
            }
        }
        Err(fault) => fault,
    }
}

/// The secret itself: asked for where somebody types, else all of stdin but the end of its line. What no run would take
/// is not kept.
fn value(name: &str) -> anyhow::Result<Secret<String>> {
    let text = if TerminalPrompter.can_ask() {
        let name = sanitize_line(name);
        let first = Zeroizing::new(TerminalPrompter.ask(&format!("Secret {name}: "), true)?);
        let again = Zeroizing::new(TerminalPrompter.ask("The same again: ", true)?);
        if first != again {
            bail!("the two differ");
        }
        first
    } else {
        piped(io::stdin().lock())?
    };
    if text.is_empty() {
        bail!("an empty secret is not kept");
    }
    secret::password(Secret::new(text.to_string())).map_err(|what| anyhow!("the secret {what}"))
}

fn piped(stdin: impl Read) -> anyhow::Result<Zeroizing<String>> {
    // Its room at once, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * secret::MOST));
    stdin.take(secret::MOST as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > secret::MOST {
        bail!("what stdin has is longer than a secret is: {} KiB at most", secret::MOST >> 10);
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| anyhow!("what stdin has is not UTF-8"))?;
    let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(Zeroizing::new(line.to_owned()))
}

fn print_secret(secret: &Secret<String>) -> anyhow::Result<()> {
    Ok(print(&Zeroizing::new(format!("{}\n", secret.expose())))?)
}

fn failed((what, hint): Fault) -> anyhow::Error {
    match hint {
        Some(hint) => anyhow!("{what}\nhint: {hint}"),
        None => anyhow!(what),
    }
}

#[cfg(test)]
mod tests {
    use super::{piped, secret};

    #[test]
    fn a_pipe_gives_one_secret_of_a_size() {
        for (given, kept) in [("hunter2", "hunter2"), ("hunter2\r\n", "hunter2"), (" a\nb\n\n", " a\nb\n")] {
            assert_eq!(piped(given.as_bytes()).expect("read").as_str(), kept);
        }
        let wrong = piped(std::io::repeat(b'x')).expect_err("without an end").to_string();
        assert_eq!(wrong, "what stdin has is longer than a secret is: 64 KiB at most");
        assert_eq!(piped(&vec![b'x'; secret::MOST][..]).expect("read").len(), secret::MOST);
        assert!(piped(&[0xff][..]).is_err());
    }
}
