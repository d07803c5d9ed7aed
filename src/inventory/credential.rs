//! Whom to log on as and with which password: settled for all targets before the first connection.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::config::{Problem, Surroundings, Transport};
use crate::secret::Secret;
use crate::target::Credential;

use super::effective::{Effective, PasswordSource};
use super::request::Request;

const VARIABLE: &str = "PSFLEET_PASSWORD";

/// A target's logon as far as its settings tell.
struct Logon<'a> {
    host: &'a str,
    transport: Transport,
    user: Option<String>,
    source: Option<&'a PasswordSource>,
}

/// Finds each target's credential; equal users with equal sources share one.
///
/// A source that an inventory names for a user comes first. `PSFLEET_PASSWORD` or one prompt serves the others, if
/// exactly one user is in the run. `--ask-pass` asks in any case.
///
/// # Errors
/// Every user without a password, and every variable that is not set.
pub fn credentials(
    hosts: &[(&str, &Effective)],
    request: &Request,
    around: &mut dyn Surroundings,
) -> Result<Vec<Option<Arc<Credential>>>, Vec<Problem>> {
    let mut logons: Vec<Logon<'_>> = hosts.iter().map(|(host, effective)| logon(host, effective)).collect();
    let may_ask = around.can_ask() && !request.no_input;
    fill_users(&mut logons, request, may_ask, around)?;
    let users: BTreeSet<&str> = logons.iter().filter_map(|logon| logon.user.as_deref()).collect();
    let mut finder = Finder { request, may_ask, one_user: users.len() == 1, known: HashMap::new(), asked: None };
    let mut found = Vec::with_capacity(logons.len());
    let mut problems: Vec<Problem> = Vec::new();
    for logon in &logons {
        match finder.find(logon, around) {
            Ok(credential) => found.push(credential),
            Err(problem) if problems.contains(&problem) => {}
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn logon<'a>(host: &'a str, effective: &'a Effective) -> Logon<'a> {
    let connection = &effective.connection;
    Logon {
        host,
        transport: connection.transport.as_ref().map_or(Transport::Winrm, |given| given.value),
        user: connection.user.as_ref().map(|given| given.value.clone()),
        source: effective.password.as_ref(),
    }
}

/// Targets without a user: local needs none, SSH has the local user, WinRM asks once.
fn fill_users(
    logons: &mut [Logon<'_>],
    request: &Request,
    may_ask: bool,
    around: &mut dyn Surroundings,
) -> Result<(), Vec<Problem>> {
    let local_user = around.env("USER").or_else(|| around.env("USERNAME"));
    for logon in logons.iter_mut() {
        match logon.transport {
            Transport::Local => logon.user = None,
            Transport::Ssh if logon.user.is_none() && (request.ask_pass || logon.source.is_some()) => {
                logon.user.clone_from(&local_user);
            }
            _ => {}
        }
    }
    let needs =
        |logon: &Logon<'_>| logon.user.is_none() && matches!(logon.transport, Transport::Winrm | Transport::Auto);
    let nobody: Vec<&str> = logons.iter().filter(|logon| needs(logon)).map(|logon| logon.host).collect();
    if nobody.is_empty() {
        return Ok(());
    }
    let problem = |what: &str| {
        let message = format!("no user for {}: {what}", super::fold::fold(nobody.iter().copied()));
        vec![Problem::new(message).with_hint("give --user, or 'user' in the inventory")]
    };
    if !may_ask {
        return Err(problem("WinRM needs one, and there is nobody to ask"));
    }
    let user = around.ask("User: ", false).map_err(|error| problem(&error.to_string()))?.trim().to_owned();
    if user.is_empty() {
        return Err(problem("none was entered"));
    }
    logons.iter_mut().filter(|logon| needs(logon)).for_each(|logon| logon.user = Some(user.clone()));
    Ok(())
}

struct Finder<'a> {
    request: &'a Request,
    may_ask: bool,
    one_user: bool,
    /// By user: the credentials made so far.
    known: HashMap<String, Vec<Arc<Credential>>>,
    /// What the prompt answered.
    asked: Option<Result<Secret<String>, Problem>>,
}

impl Finder<'_> {
    fn find(&mut self, logon: &Logon<'_>, around: &mut dyn Surroundings) -> Result<Option<Arc<Credential>>, Problem> {
        let Some(user) = logon.user.clone() else { return Ok(None) };
        let password = match logon.source.filter(|_| !self.request.ask_pass) {
            Some(PasswordSource::Inline(secret)) => Some(secret.clone()),
            Some(PasswordSource::Env(name)) => {
                let Some(password) = around.env(&name.value) else {
                    let what = format!("the variable {} is not set ({})", name.value, name.source);
                    return Err(Problem::new(format!("no password for '{user}': {what}")));
                };
                Some(Secret::new(password))
            }
            None => self.shared(&user, logon.transport, around)?,
        };
        Ok(Some(self.share(Credential { user, password })))
    }

    fn share(&mut self, credential: Credential) -> Arc<Credential> {
        let known = self.known.entry(credential.user.clone()).or_default();
        if let Some(equal) = known.iter().find(|known| ***known == credential) {
            return equal.clone();
        }
        let credential = Arc::new(credential);
        known.push(credential.clone());
        credential
    }

    /// The password of the run: only if there is one user, because a password belongs to one. SSH can do without.
    fn shared(
        &mut self,
        user: &str,
        transport: Transport,
        around: &mut dyn Surroundings,
    ) -> Result<Option<Secret<String>>, Problem> {
        let optional = transport == Transport::Ssh && !self.request.ask_pass;
        if !self.one_user {
            let message = format!("no password for '{user}': one password cannot serve the several users of this run");
            let hint = "give each user its own 'password_env' in the inventory, or run once per user";
            return if optional { Ok(None) } else { Err(Problem::new(message).with_hint(hint)) };
        }
        if !self.request.ask_pass
            && let Some(password) = around.env(VARIABLE)
        {
            return Ok(Some(Secret::new(password)));
        }
        if optional {
            return Ok(None);
        }
        let may_ask = self.may_ask;
        self.asked.get_or_insert_with(|| ask(user, may_ask, around)).clone().map(Some)
    }
}

fn ask(user: &str, may_ask: bool, around: &mut dyn Surroundings) -> Result<Secret<String>, Problem> {
    if !may_ask {
        let message = format!("no password for '{user}', and there is nobody to ask");
        return Err(Problem::new(message).with_hint(format!("set {VARIABLE}, or 'password_env' in the inventory")));
    }
    let asked = around.ask(&format!("Password for {user}: "), true);
    asked.map(Secret::new).map_err(|error| Problem::new(format!("no password for '{user}': {error}")))
}
