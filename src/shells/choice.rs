//! Which of a host's shells is meant, and why none may be had.

use std::borrow::Cow;

use crate::outcome::Reason;
use crate::transport::wsman::ListedShell;
use crate::wsman::names::RESOURCE_PREFIX;

use super::uncollected::Owned;
use super::{DISCONNECTED, Uncollected};

/// Shells that a message names at most.
const NAMED: usize = 5;

/// Which shell of a host is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The only one of PowerShell's that has no client and that no run left running.
    Only,
    /// The one of this id, of an id that begins so, or of this name; one that a run left running only by its whole id.
    Named(String),
}

/// Why no shell can be had: cause, words, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub reason: Reason,
    pub message: String,
    pub hint: Cow<'static, str>,
}

const LIST: &str = "psfleet session ls shows the shells of the host: id, state, owner, and from where it was opened";

impl Refusal {
    pub(super) fn new(reason: Reason, message: impl Into<String>, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, message: message.into(), hint: hint.into() }
    }
}

impl Which {
    /// The shell that is meant, if it can be taken over.
    pub(super) fn choose<'a>(
        &self,
        shells: &'a [ListedShell],
        uncollected: &Uncollected,
    ) -> Result<&'a ListedShell, Refusal> {
        let shell = match self {
            Self::Only => only(shells, uncollected)?,
            Self::Named(name) => named(shells, name)?,
        };
        let is_whole_id = matches!(self, Self::Named(name) if shell.shell_id.eq_ignore_ascii_case(name));
        if let Some(Owned { run, .. }) = uncollected.owner(shell).filter(|_| !is_whole_id) {
            let id = &shell.shell_id;
            let message = format!("the shell {id} was left running by the run {run}, which has not collected it");
            let hint =
                format!("psfleet runs collect {run} does, and keeps what it wrote; its whole id takes it from the run");
            return Err(Refusal::new(Reason::InUse, message, hint));
        }
        if configuration(shell).is_none() {
            let message = format!("the shell {} is not one of PowerShell", shell.shell_id);
            return Err(Refusal::new(
                Reason::NoShell,
                message,
                "it is of winrs or another program, which may attach to it",
            ));
        }
        if is_left(shell) || shell.state.is_empty() {
            return Ok(shell);
        }
        let from =
            if shell.client_ip.is_empty() { String::new() } else { format!(", opened from {}", shell.client_ip) };
        let message = format!("another client has the shell {}{from}", shell.shell_id);
        Err(Refusal::new(Reason::InUse, message, "Disconnect-PSSession there leaves it, or the end of that client"))
    }
}

/// What the endpoint of a shell of PowerShell is called.
pub(super) fn configuration(shell: &ListedShell) -> Option<&str> {
    let prefix = shell.resource_uri.get(..RESOURCE_PREFIX.len())?;
    prefix.eq_ignore_ascii_case(RESOURCE_PREFIX).then(|| &shell.resource_uri[RESOURCE_PREFIX.len()..])
}

fn is_left(shell: &ListedShell) -> bool {
    shell.state.eq_ignore_ascii_case(DISCONNECTED)
}

fn only<'a>(shells: &'a [ListedShell], uncollected: &Uncollected) -> Result<&'a ListedShell, Refusal> {
    let left = shells.iter().filter(|shell| is_left(shell) && configuration(shell).is_some());
    let (of_runs, left): (Vec<_>, Vec<_>) = left.partition(|shell| uncollected.owner(shell).is_some());
    match left[..] {
        [shell] => Ok(shell),
        // Which is refused, with a word of its run.
        [] if !of_runs.is_empty() => Ok(of_runs[0]),
        [] => Err(Refusal::new(Reason::NoShell, "the host has no shell of PowerShell without a client", LIST)),
        _ => {
            let message = format!("{} shells have no client: {}", left.len(), ids(&left));
            Err(Refusal::new(Reason::NoShell, message, "name one of them: psfleet session connect HOST/SHELL"))
        }
    }
}

fn named<'a>(shells: &'a [ListedShell], name: &str) -> Result<&'a ListedShell, Refusal> {
    let begins =
        |shell: &&ListedShell| shell.shell_id.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    let is_whole =
        |shell: &&ListedShell| shell.shell_id.eq_ignore_ascii_case(name) || shell.name.as_deref() == Some(name);
    let mut found: Vec<_> = shells.iter().filter(is_whole).collect();
    if found.is_empty() {
        found = shells.iter().filter(begins).collect();
    }
    match found[..] {
        [shell] => Ok(shell),
        [] => {
            let message = format!("the host has no shell {name}: it has ended, was removed, or was never there");
            Err(Refusal::new(Reason::NoShell, message, LIST))
        }
        _ => {
            let message = format!("{name} is the beginning or the name of {} shells: {}", found.len(), ids(&found));
            Err(Refusal::new(Reason::NoShell, message, "write more of the id"))
        }
    }
}

fn ids(shells: &[&ListedShell]) -> String {
    let named: Vec<&str> = shells.iter().map(|shell| &*shell.shell_id).take(NAMED).collect();
    let more = if shells.len() > NAMED { ", ..." } else { "" };
    named.join(", ") + more
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::left_shell::LeftShell;

    fn shell(id: &str, name: &str, state: &str) -> ListedShell {
        ListedShell {
            shell_id: id.to_owned(),
            name: Some(name.to_owned()),
            state: state.to_owned(),
            resource_uri: format!("{RESOURCE_PREFIX}PowerShell.7"),
            ..ListedShell::default()
        }
    }

    #[test]
    fn a_shell_is_named_by_what_tells_it_from_others() {
        let winrs = ListedShell { resource_uri: "http://x/cmd".into(), ..shell("CC01", "c", DISCONNECTED) };
        let shells = [shell("AB01", "one", DISCONNECTED), shell("AB02", "one", "Connected"), winrs];
        let chosen = |which| {
            Which::choose(&which, &shells, &Uncollected::default())
                .map(|shell| &*shell.shell_id)
                .map_err(|no| no.reason)
        };
        let named = |name: &str| chosen(Which::Named(name.to_owned()));
        assert_eq!(chosen(Which::Only), Ok("AB01"));
        assert_eq!((named("ab01"), named("AB02")), (Ok("AB01"), Err(Reason::InUse)));
        for name in ["AB", "one", "CC01", "ZZ", "AB011", "\u{e4}"] {
            assert_eq!(named(name), Err(Reason::NoShell), "{name}");
        }
        assert_eq!(configuration(&shells[0]), Some("PowerShell.7"));
        let none = Uncollected::default();
        let all: Vec<ListedShell> = (0..9).map(|n| shell(&format!("A{n}"), "x", DISCONNECTED)).collect();
        let refusal = Which::Only.choose(&all, &none).expect_err("which?");
        assert_eq!(refusal.message, "9 shells have no client: A0, A1, A2, A3, A4, ...");
        assert_eq!(Which::Only.choose(&[], &none).expect_err("none").reason, Reason::NoShell);
    }

    #[test]
    fn what_a_run_left_is_its_own_unless_its_whole_id_is_named() {
        let (run, pool, pipeline) = (Uuid::from_u128(7), Uuid::nil(), Uuid::nil());
        let (id, command) = ("ab01".to_owned(), "C".to_owned());
        let left = LeftShell { pool, shell: id, pipeline, command, wrapped: false, keep_for: 60, process: None };
        let uncollected: Uncollected = [(run, left)].into_iter().collect();
        let shells = [shell("AB01", "one", DISCONNECTED), shell("CD01", "two", DISCONNECTED)];
        let named = |name: &str| Which::Named(name.to_owned()).choose(&shells, &uncollected);
        assert_eq!(Which::Only.choose(&shells, &uncollected).map(|shell| &*shell.shell_id), Ok("CD01"));
        assert_eq!(named("AB01").map(|shell| &*shell.shell_id), Ok("AB01"));
        for refused in [named("AB"), named("one"), Which::Only.choose(&shells[..1], &uncollected)] {
            let Refusal { reason, hint, .. } = refused.expect_err("it is the run's");
            assert_eq!(reason, Reason::InUse);
            assert!(hint.contains(&format!("psfleet runs collect {run}")), "{hint}");
        }
    }
}
