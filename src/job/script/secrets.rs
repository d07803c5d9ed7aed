//! Secrets and credentials of a call: from variables of the environment, else asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::{Context, bail};
use uuid::Uuid;

use super::Call;
use crate::clixml::Value;
use crate::config::System;
use crate::hostlist::fold;
use crate::psrp::SecretArgument;
use crate::script::ArgumentValue;
use crate::secret::Secret;
use crate::target::{Endpoint, Target};

/// What `secret:NAME` and `credential:NAME` stand for in a call, by name.
#[derive(Debug, Default)]
pub struct Secrets {
    secrets: BTreeMap<String, SecretArgument>,
    credentials: BTreeMap<String, (String, SecretArgument)>,
}

impl Secrets {
    /// Finds the value of each reference of these calls, once.
    ///
    /// # Errors
    /// Values that are in no variable where nobody can be asked, all at once; targets to which nothing secret can be
    /// sent.
    pub fn find<'c>(
        calls: impl IntoIterator<Item = &'c Call>,
        targets: &[Arc<Target>],
        no_input: bool,
        around: &mut dyn System,
    ) -> anyhow::Result<Self> {
        let hosts = targets.iter().map(|target| (&*target.name, &target.endpoint));
        let references = References::of(calls);
        references.check(hosts, no_input, around)?;
        let mut find = |variable: &str, question: &str, hidden: bool| match around.env(variable) {
            Some(value) => Ok(value),
            None => around.ask(question, hidden).with_context(|| format!("cannot ask for {variable}")),
        };
        let mut found = Self::default();
        for name in references.secrets {
            let text = find(&secret_variable(&name), &format!("Secret {name}: "), true)?;
            found.secrets.insert(name, argument(Secret::new(text)));
        }
        for name in references.credentials {
            let [user, password] = credential_variables(&name);
            let user = find(&user, &format!("User of {name}: "), false)?;
            let password = find(&password, &format!("Password of {name} ({user}): "), true)?;
            found.credentials.insert(name, (user, argument(Secret::new(password))));
        }
        Ok(found)
    }

    /// The value of a reference, with a place where each session puts the ciphertext.
    pub fn value(&self, supplied: &ArgumentValue) -> Option<Value> {
        match supplied {
            ArgumentValue::Secret(name) => self.secrets.get(name).map(SecretArgument::secure_string),
            ArgumentValue::Credential(name) => {
                self.credentials.get(name).map(|(user, password)| password.credential(user))
            }
            ArgumentValue::Literal(_) | ArgumentValue::Host(_) => None,
        }
    }

    /// All of them.
    pub fn arguments(&self) -> Vec<SecretArgument> {
        self.secrets.values().chain(self.credentials.values().map(|(_, password)| password)).cloned().collect()
    }
}

/// Where the values of a call's references would come from.
#[derive(Debug, Default)]
pub struct Origins(HashMap<String, &'static str>);

impl Origins {
    /// Looks where [`Secrets::find`] would find them, and asks nothing.
    ///
    /// # Errors
    /// Those of [`Secrets::find`].
    pub fn rehearse<'t, 'c>(
        calls: impl IntoIterator<Item = &'c Call>,
        hosts: impl Iterator<Item = (&'t str, &'t Endpoint)>,
        no_input: bool,
        around: &dyn System,
    ) -> anyhow::Result<Self> {
        let references = References::of(calls);
        references.check(hosts, no_input, around)?;
        let origin = |variable: String| {
            let origin = if around.env(&variable).is_some() { "from the environment" } else { "asked for" };
            (variable, origin)
        };
        Ok(Self(references.variables().map(origin).collect()))
    }

    /// The origin of a secret, in words.
    pub fn secret(&self, name: &str) -> String {
        self.of(secret_variable(name))
    }

    /// The origins of a credential, in words.
    pub fn credential(&self, name: &str) -> String {
        credential_variables(name).map(|variable| self.of(variable)).join(", ")
    }

    fn of(&self, variable: String) -> String {
        let origin = self.0.get(&variable).copied().unwrap_or_default();
        format!("{variable} {origin}")
    }
}

/// What a call refers to, by name.
struct References {
    secrets: BTreeSet<String>,
    credentials: BTreeSet<String>,
}

impl References {
    fn of<'c>(calls: impl IntoIterator<Item = &'c Call>) -> Self {
        let mut found = Self { secrets: BTreeSet::new(), credentials: BTreeSet::new() };
        for entry in calls.into_iter().flat_map(|call| call.arguments.iter().chain(&call.using)) {
            match &entry.value {
                ArgumentValue::Secret(name) => drop(found.secrets.insert(name.clone())),
                ArgumentValue::Credential(name) => drop(found.credentials.insert(name.clone())),
                ArgumentValue::Literal(_) | ArgumentValue::Host(_) => {}
            }
        }
        found
    }

    fn variables(&self) -> impl Iterator<Item = String> {
        let of_secrets = self.secrets.iter().map(|name| secret_variable(name));
        of_secrets.chain(self.credentials.iter().flat_map(|name| credential_variables(name)))
    }

    /// Refuses values that are in no variable where nobody can be asked, and targets to which nothing secret can be
    /// sent.
    fn check<'t>(
        &self,
        hosts: impl Iterator<Item = (&'t str, &'t Endpoint)>,
        no_input: bool,
        around: &dyn System,
    ) -> anyhow::Result<()> {
        if self.variables().next().is_some() {
            refuse_exposed(hosts)?;
        }
        if around.can_ask() && !no_input {
            return Ok(());
        }
        let missing = self.variables().filter(|variable| around.env(variable).is_none());
        let lines: Vec<_> =
            missing.map(|variable| format!("{variable} is not set, and there is nobody to ask")).collect();
        if lines.is_empty() { Ok(()) } else { bail!(lines.join("\n")) }
    }
}

fn secret_variable(name: &str) -> String {
    format!("PSFLEET_SECRET_{}", variable(name))
}

/// Of the user and of the password.
fn credential_variables(name: &str) -> [String; 2] {
    ["USER", "PASSWORD"].map(|part| format!("PSFLEET_CREDENTIAL_{}_{part}", variable(name)))
}

fn argument(text: Secret<String>) -> SecretArgument {
    SecretArgument::new(Uuid::new_v4(), text)
}

/// A name as a part of a variable's name: `db-1` is `DB_1`.
fn variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

fn refuse_exposed<'t>(hosts: impl Iterator<Item = (&'t str, &'t Endpoint)>) -> anyhow::Result<()> {
    let exposed: Vec<&str> = hosts.filter(|(_, endpoint)| !endpoint.is_private()).map(|(name, _)| name).collect();
    if !exposed.is_empty() {
        bail!(
            "secrets are never sent without encryption, but {} would be reached with Basic over plain HTTP; use --tls, \
             or --auth negotiate or ntlm, which seal messages",
            fold(exposed)
        );
    }
    Ok(())
}
