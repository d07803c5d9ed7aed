//! Secrets and credentials of a call: from variables of the environment, else asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, bail};
use uuid::Uuid;

use super::Call;
use crate::clixml::Value;
use crate::config::Surroundings;
use crate::inventory::fold;
use crate::psrp::SecretArgument;
use crate::script::Supplied;
use crate::secret::Secret;
use crate::target::Target;

/// What `secret:NAME` and `credential:NAME` stand for in a call, by name.
#[derive(Debug, Default)]
pub struct Secrets {
    secrets: BTreeMap<String, SecretArgument>,
    credentials: BTreeMap<String, (String, SecretArgument)>,
}

impl Secrets {
    /// Finds the value of each reference of a call, once.
    ///
    /// # Errors
    /// Values that are in no variable where nobody can be asked, all at once; targets to which nothing secret can be sent.
    pub fn find(
        call: &Call,
        targets: &[Arc<Target>],
        no_input: bool,
        around: &mut dyn Surroundings,
    ) -> anyhow::Result<Self> {
        let supplied = || call.arguments.iter().chain(&call.using).map(|entry| &entry.value);
        let secret = |value: &Supplied| if let Supplied::Secret(name) = value { Some(name.clone()) } else { None };
        let credential =
            |value: &Supplied| if let Supplied::Credential(name) = value { Some(name.clone()) } else { None };
        let (secrets, credentials): (BTreeSet<String>, BTreeSet<String>) =
            (supplied().filter_map(secret).collect(), supplied().filter_map(credential).collect());
        if !secrets.is_empty() || !credentials.is_empty() {
            refuse_exposed(targets)?;
        }
        let mut finder = Finder { may_ask: around.can_ask() && !no_input, around, missing: Vec::new() };
        let mut found = Self::default();
        for name in secrets {
            let text = finder.hidden(&format!("PSFLEET_SECRET_{}", variable(&name)), &format!("Secret {name}: "))?;
            found.secrets.insert(name, argument(text));
        }
        for name in credentials {
            let of = format!("PSFLEET_CREDENTIAL_{}", variable(&name));
            let user = finder.open(&format!("{of}_USER"), &format!("User of {name}: "))?;
            let password = finder.hidden(&format!("{of}_PASSWORD"), &format!("Password of {name} ({user}): "))?;
            found.credentials.insert(name, (user, argument(password)));
        }
        if finder.missing.is_empty() { Ok(found) } else { bail!(missing(&finder.missing)) }
    }

    /// The value of a reference, with a place where each session puts the ciphertext.
    pub fn value(&self, supplied: &Supplied) -> Option<Value> {
        match supplied {
            Supplied::Secret(name) => self.secrets.get(name).map(SecretArgument::secure_string),
            Supplied::Credential(name) => self.credentials.get(name).map(|(user, password)| password.credential(user)),
            Supplied::Literal(_) | Supplied::Host(_) => None,
        }
    }

    /// All of them.
    pub fn arguments(&self) -> Vec<SecretArgument> {
        self.secrets.values().chain(self.credentials.values().map(|(_, password)| password)).cloned().collect()
    }
}

struct Finder<'a> {
    around: &'a mut dyn Surroundings,
    may_ask: bool,
    missing: Vec<String>,
}

impl Finder<'_> {
    fn open(&mut self, variable: &str, question: &str) -> anyhow::Result<String> {
        self.find(variable, question, false)
    }

    fn hidden(&mut self, variable: &str, question: &str) -> anyhow::Result<Secret<String>> {
        self.find(variable, question, true).map(Secret::new)
    }

    fn find(&mut self, variable: &str, question: &str, hidden: bool) -> anyhow::Result<String> {
        if let Some(value) = self.around.env(variable) {
            return Ok(value);
        }
        if self.may_ask {
            return self.around.ask(question, hidden).with_context(|| format!("cannot ask for {variable}"));
        }
        self.missing.push(variable.to_owned());
        Ok(String::new())
    }
}

fn argument(text: Secret<String>) -> SecretArgument {
    SecretArgument::new(Uuid::new_v4(), text)
}

/// A name as a part of a variable's name: `db-1` is `DB_1`.
fn variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

fn missing(variables: &[String]) -> String {
    let lines = variables.iter().map(|name| format!("{name} is not set, and there is nobody to ask"));
    lines.collect::<Vec<_>>().join("\n")
}

fn refuse_exposed(targets: &[Arc<Target>]) -> anyhow::Result<()> {
    let exposed: Vec<&str> =
        targets.iter().filter(|target| !target.endpoint.is_private()).map(|target| &*target.name).collect();
    if !exposed.is_empty() {
        bail!(
            "secrets are never sent without encryption, but {} would be reached with Basic over plain HTTP; use --tls, \
             or --auth negotiate or ntlm, which seal messages",
            fold(exposed)
        );
    }
    Ok(())
}
