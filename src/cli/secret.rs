//! `psfleet secret`: what is kept in the encrypted file, or in the keyring.

use anyhow::{anyhow, bail};
use zeroize::Zeroizing;

use super::args::secret::{FileArgs, OneArgs, SecretArgs, SecretCommand};
use super::terminal::{TerminalPrompter, complain, print};
use crate::config::{Machine, Prompter, System};
use crate::output::sanitize_line;
use crate::secret::Secret;
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
            if !places.file().map_err(failed)?.exists() {
                bail!("there is no encrypted file {}", places.file().map_err(failed)?.path().display());
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
        return Keyring::set(&one.name, &value(&one.name, machine)?).map_err(failed);
    }
    let mut places = places(&one.file, machine);
    // What does not open is known before anything is typed.
    places.entries(Some(&mut TerminalPrompter)).map_err(failed)?;
    let value = value(&one.name, machine)?;
    if places.entries(None).map_err(failed)?.set(&one.name, value) {
        complain(&format!("note: there was a secret '{}' before, and it is replaced", sanitize_line(&one.name)));
    }
    places.write().map_err(failed)
}

fn get(one: &OneArgs, machine: &mut Machine) -> anyhow::Result<Secret<String>> {
    #[cfg(feature = "keyring")]
    if one.keyring {
        return Keyring::get(&one.name).map_err(failed);
    }
    let mut places = places(&one.file, machine);
    opened(&mut places, &one.name)?;
    let found = places.entries(None).map_err(failed)?.get(&one.name).cloned();
    found.ok_or_else(|| no_secret(&places, &one.name))
}

fn remove(one: &OneArgs, machine: &mut Machine) -> anyhow::Result<()> {
    #[cfg(feature = "keyring")]
    if one.keyring {
        return Keyring::remove(&one.name).map_err(failed);
    }
    let mut places = places(&one.file, machine);
    opened(&mut places, &one.name)?;
    if !places.entries(None).map_err(failed)?.remove(&one.name) {
        return Err(no_secret(&places, &one.name));
    }
    places.write().map_err(failed)
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
        return Err(no_secret(places, name));
    }
    places.entries(Some(&mut TerminalPrompter)).map(drop).map_err(failed)
}

fn no_secret(places: &Places, name: &str) -> anyhow::Error {
    match places.file() {
        Ok(file) => anyhow!("{} has no secret '{}'", file.path().display(), sanitize_line(name)),
        Err(fault) => failed(fault),
    }
}

/// The secret itself: asked for where somebody types, else all of stdin but the end of its line.
fn value(name: &str, machine: &mut Machine) -> anyhow::Result<Secret<String>> {
    let text = if TerminalPrompter.can_ask() {
        let name = sanitize_line(name);
        let first = Zeroizing::new(TerminalPrompter.ask(&format!("Secret {name}: "), true)?);
        let again = Zeroizing::new(TerminalPrompter.ask("The same again: ", true)?);
        if first != again {
            bail!("the two differ");
        }
        first
    } else {
        let bytes = machine.read_stdin()?;
        let text = std::str::from_utf8(&bytes).map_err(|_| anyhow!("what stdin has is not UTF-8"))?;
        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        Zeroizing::new(line.to_owned())
    };
    if text.is_empty() {
        bail!("an empty secret is not kept");
    }
    Ok(Secret::new(text.to_string()))
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
