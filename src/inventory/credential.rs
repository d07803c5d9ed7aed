//! Whom to log on as and with which password: settled for all targets before the first connection.
//!
//! [`credentials`] finds them and asks where it must; [`logons`] tells beforehand what it would find where. Both decide
//! by the same rules.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{Connection, Given, Problem, SecretSource, Source, System, Transport};
use crate::error_text;
use crate::hostlist::fold;
use crate::target::{AuthMethod, Credential, defaults};

use super::effective::{Effective, PasswordSource};
use super::finder::{CertificateFiles, Finder};
use super::home::under_home;
use super::laps::{Wanted, local_admins};
use super::logon::{Logon, LogonUser, PasswordOrigin};
use super::request::{PASSWORD_VARIABLE, Request};

/// Each host's own, which a directory has.
const LAPS: PasswordOrigin = PasswordOrigin::From(SecretSource::Laps);

/// The variable of MIT's library that names a cache of tickets.
const CACHE_VARIABLE: &str = "KRB5CCNAME";

/// A target's logon as far as its settings tell.
struct Settled<'a> {
    host: &'a str,
    address: &'a str,
    transport: Transport,
    auth: AuthMethod,
    user: Option<String>,
    /// A flag or a variable names the user.
    is_above: bool,
    source: Option<&'a PasswordSource>,
    /// What says that a directory has the password, if something does.
    laps: Option<&'a Source>,
    kerberos: Option<PasswordOrigin>,
    certificate: Option<CertificateFiles>,
}

impl Settled<'_> {
    /// Whether a cache or a keytab was named, which no password stands in for.
    fn names_ticket(&self) -> bool {
        self.certificate.is_some()
            || matches!(self.kerberos, Some(PasswordOrigin::Keytab(_) | PasswordOrigin::Ticket(Some(_))))
    }

    /// The host as one whose local administrator is meant, if it is.
    fn laps(&self) -> Option<Wanted<'_>> {
        let source = self.laps.filter(|_| !self.names_ticket())?;
        let Self { host, address, transport, auth, .. } = *self;
        Some(Wanted { host, address, transport, auth, user: self.user.as_deref(), source })
    }
}

/// Finds each target's credential; equal users with equal sources share one.
///
/// `PSFLEET_PASSWORD` comes first for a user that `--user` or `PSFLEET_USER` names, as both stand above every
/// inventory. For other users the source that an inventory names comes first; `PSFLEET_PASSWORD` or one prompt serves
/// those without one. Either only if exactly one user is in the run. `--ask-pass` asks in any case.
///
/// # Errors
/// Every user without a password, and every variable that is not set.
pub(super) fn credentials(
    hosts: &[(&str, &Effective)],
    request: &Request,
    around: &mut dyn System,
) -> Result<Vec<Option<Arc<Credential>>>, Vec<Problem>> {
    let may_ask = around.can_ask() && !request.no_input;
    let mut settled = settle(hosts, request, may_ask, around)?;
    ask_for_users(&mut settled, around)?;
    let rules = Rules::new(&settled, request, may_ask);
    let of_laps = |logon: &&Settled<'_>| rules.origin(logon, around).is_ok_and(|origin| origin == LAPS);
    let wanted: Vec<Wanted<'_>> = settled.iter().filter(of_laps).filter_map(Settled::laps).collect();
    let (found, mut problems) = local_admins(&wanted, around);
    let admins: HashMap<&str, Option<Arc<Credential>>> = wanted.iter().map(|wanted| wanted.host).zip(found).collect();
    let mut finder = Finder::new(may_ask);
    let found = each(&settled, |logon| {
        if let Some(admin) = admins.get(logon.host) {
            return Ok(admin.clone());
        }
        if let Some(files) = &logon.certificate {
            return finder.certificate(files, logon.source, around).map(Some);
        }
        let Some(user) = logon.user.as_deref() else {
            let ticket = matches!(logon.kerberos, Some(PasswordOrigin::Ticket(_)));
            return Ok(ticket.then(|| finder.ticket(None, logon.kerberos.as_ref())));
        };
        check_user(logon, user)?;
        let origin = rules.origin(logon, around)?;
        finder.find(user, logon.source, &origin, around).map(Some)
    });
    match found {
        Ok(found) if problems.is_empty() => Ok(found),
        Ok(_) => Err(problems),
        Err(others) => {
            problems.extend(others);
            Err(problems)
        }
    }
}

/// What [`credentials`] would find where; asks nothing, and reads no password.
///
/// # Errors
/// Those of [`credentials`], as far as they do not depend on an answer.
pub(super) fn logons(
    hosts: &[(&str, &Effective)],
    request: &Request,
    around: &dyn System,
) -> Result<Vec<Logon>, Vec<Problem>> {
    let may_ask = around.can_ask() && !request.no_input;
    let settled = settle(hosts, request, may_ask, around)?;
    let rules = Rules::new(&settled, request, may_ask);
    each(&settled, |logon| {
        let user = match &logon.user {
            _ if logon.certificate.is_some() => LogonUser::OfCertificate,
            Some(user) => {
                check_user(logon, user)?;
                LogonUser::Named(user.clone())
            }
            None if logon.laps().is_some() => LogonUser::OfLaps,
            None if needs_user(logon) => LogonUser::Asked,
            None if logon.kerberos.is_some() => LogonUser::OfTicket,
            None => LogonUser::Own,
        };
        let password = match (logon.transport, &user) {
            (Transport::Local, _) => None,
            (_, LogonUser::Own) => Some(PasswordOrigin::Keys),
            (_, LogonUser::OfTicket) => logon.kerberos.clone(),
            (_, LogonUser::OfCertificate) => {
                logon.certificate.as_ref().map(|files| PasswordOrigin::Certificate(files.certificate.clone()))
            }
            _ => Some(rules.origin(logon, around)?),
        };
        if let (Some(wanted), Some(true)) = (logon.laps(), password.as_ref().map(|origin| *origin == LAPS)) {
            wanted.check()?;
        }
        Ok(Logon { user, password })
    })
}

/// What is found for each, or every problem once.
fn each<T>(
    settled: &[Settled<'_>],
    mut find: impl FnMut(&Settled<'_>) -> Result<T, Problem>,
) -> Result<Vec<T>, Vec<Problem>> {
    let mut found = Vec::with_capacity(settled.len());
    let mut problems: Vec<Problem> = Vec::new();
    for logon in settled {
        match find(logon) {
            Ok(one) => found.push(one),
            Err(problem) if problems.contains(&problem) => {}
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// Users as far as nobody is asked: local needs none, SSH has the local user. WinRM needs one.
fn settle<'a>(
    hosts: &[(&'a str, &'a Effective)],
    request: &Request,
    may_ask: bool,
    around: &dyn System,
) -> Result<Vec<Settled<'a>>, Vec<Problem>> {
    let local_user = Some(around.account().user).filter(|user| !user.is_empty());
    let settled = hosts.iter().map(|(host, effective)| {
        let connection = &effective.connection;
        let transport = connection.transport.as_ref().map_or(Transport::Winrm, |given| given.value);
        let source = effective.password.as_ref();
        let named = connection.user.as_ref();
        let is_above = named.is_some_and(|given| matches!(given.source, Source::Flag(_) | Source::Env(_)));
        let user = named.map(|given| given.value.clone());
        let laps = source.and_then(of_laps).filter(|_| transport != Transport::Local && !request.ask_pass);
        let user = match transport {
            Transport::Local => None,
            Transport::Ssh if user.is_none() && laps.is_none() && (request.ask_pass || source.is_some()) => {
                local_user.clone()
            }
            _ => user,
        };
        let auth = connection.auth.as_ref().map_or(defaults::AUTH, |given| given.value);
        let kerberos = kerberos(connection, transport, auth, request, around);
        let certificate = certificate(connection, transport, auth, around);
        let address = connection.address.as_ref().map_or(*host, |given| given.value.as_str());
        Settled { host, address, transport, auth, user, is_above, source, laps, kerberos, certificate }
    });
    let settled: Vec<Settled<'_>> = settled.collect();
    if !may_ask && settled.iter().any(needs_user) {
        return Err(no_user(&settled, "WinRM needs one, and there is nobody to ask"));
    }
    Ok(settled)
}

/// What says so, where a source is a directory's.
fn of_laps(source: &PasswordSource) -> Option<&Source> {
    match source {
        PasswordSource::From(given) if given.value == SecretSource::Laps => Some(&given.source),
        _ => None,
    }
}

fn needs_user(logon: &Settled<'_>) -> bool {
    let is_of_ticket = matches!(logon.kerberos, Some(PasswordOrigin::Ticket(_)));
    logon.user.is_none()
        && logon.certificate.is_none()
        && logon.laps().is_none()
        && !is_of_ticket
        && matches!(logon.transport, Transport::Winrm | Transport::Auto)
}

/// What proves the user to a KDC besides a password: what the settings name, else the usual cache, where Kerberos is
/// all that is asked for, or where the environment names a cache and nobody names a user. `--ask-pass` asks instead.
fn kerberos(
    connection: &Connection,
    transport: Transport,
    auth: AuthMethod,
    request: &Request,
    around: &dyn System,
) -> Option<PasswordOrigin> {
    let is_winrm = matches!(transport, Transport::Winrm | Transport::Auto);
    if !is_winrm || request.ask_pass || !matches!(auth, AuthMethod::Kerberos | AuthMethod::Negotiate) {
        return None;
    }
    if let Some(keytab) = &connection.keytab {
        return Some(PasswordOrigin::Keytab(under_home(&keytab.value, around.home().as_deref())));
    }
    let usual = auth == AuthMethod::Kerberos || (connection.user.is_none() && around.env(CACHE_VARIABLE).is_some());
    match &connection.ccache {
        Some(cache) => Some(PasswordOrigin::Ticket(Some(cache.value.clone()))),
        None => usual.then_some(PasswordOrigin::Ticket(None)),
    }
}

/// The files of a logon by certificate.
fn certificate(
    connection: &Connection,
    transport: Transport,
    auth: AuthMethod,
    around: &dyn System,
) -> Option<CertificateFiles> {
    let is_winrm = matches!(transport, Transport::Winrm | Transport::Auto);
    let path = |given: &Given<PathBuf>| under_home(&given.value, around.home().as_deref());
    let certificate = connection.certificate.as_ref().filter(|_| is_winrm && auth == AuthMethod::Certificate)?;
    Some(CertificateFiles { certificate: path(certificate), key: connection.certificate_key.as_ref().map(path) })
}

/// A name that no server could make sense of is not sent to one.
fn check_user(logon: &Settled<'_>, user: &str) -> Result<(), Problem> {
    if !matches!(logon.transport, Transport::Winrm | Transport::Auto) {
        return Ok(());
    }
    logon.auth.check_user(user).map_err(|what| {
        let message = format!("the user '{user}' cannot log on with {}: {what}", logon.auth);
        Problem::new(message).with_hint("give it as user, DOMAIN\\user or user@domain")
    })
}

fn no_user(settled: &[Settled<'_>], what: &str) -> Vec<Problem> {
    let nobody = settled.iter().filter(|logon| needs_user(logon)).map(|logon| logon.host);
    let message = format!("no user for {}: {what}", fold(nobody));
    vec![Problem::new(message).with_hint("give --user, or 'user' in the inventory")]
}

/// Asks once, for all targets that need it.
fn ask_for_users(settled: &mut [Settled<'_>], around: &mut dyn System) -> Result<(), Vec<Problem>> {
    if !settled.iter().any(needs_user) {
        return Ok(());
    }
    let answer = around.ask("User: ", false).map_err(|error| no_user(settled, &error_text::io(&error)))?;
    let user = answer.trim();
    if user.is_empty() {
        return Err(no_user(settled, "none was entered"));
    }
    settled.iter_mut().filter(|logon| needs_user(logon)).for_each(|logon| logon.user = Some(user.to_owned()));
    Ok(())
}

/// Which password serves whom.
struct Rules<'a> {
    request: &'a Request,
    may_ask: bool,
    /// A password belongs to one user. Who is still to be asked for may turn out to be the one.
    one_user: bool,
}

impl<'a> Rules<'a> {
    fn new(settled: &[Settled<'_>], request: &'a Request, may_ask: bool) -> Self {
        let with_password = settled.iter().filter(|logon| !logon.names_ticket() && logon.laps().is_none());
        let users: BTreeSet<&str> = with_password.filter_map(|logon| logon.user.as_deref()).collect();
        Self { request, may_ask, one_user: users.len() <= 1 }
    }

    fn origin(&self, logon: &Settled<'_>, around: &dyn System) -> Result<PasswordOrigin, Problem> {
        let user = logon.user.as_deref().unwrap_or("the user to be asked for");
        if let Some(kerberos) = &logon.kerberos
            && (logon.names_ticket() || (logon.source.is_none() && !self.has_variable(around)))
        {
            return Ok(kerberos.clone());
        }
        let is_above = |source: &Source| matches!(source, Source::Flag(_) | Source::Env(_)) && !self.request.ask_pass;
        let is_overruled = self.request.ask_pass || logon.is_above && self.has_variable(around);
        match logon.source {
            Some(PasswordSource::From(given)) if !is_overruled || is_above(&given.source) => {
                self.named(user, given, around)
            }
            Some(PasswordSource::Inline(_)) if !is_overruled => Ok(PasswordOrigin::Inventory),
            _ => self.shared(user, logon, around),
        }
    }

    /// The source that a setting names, as far as it can be looked at without opening it.
    fn named(&self, user: &str, given: &Given<SecretSource>, around: &dyn System) -> Result<PasswordOrigin, Problem> {
        let missing = match &given.value {
            SecretSource::Variable(name) if around.env(name).is_none() => format!("the variable {name} is not set"),
            SecretSource::Prompt if !self.may_ask => "there is nobody to ask".to_owned(),
            source => return Ok(PasswordOrigin::From(source.clone())),
        };
        Err(Problem::new(format!("no password for '{user}': {missing} ({})", given.source)))
    }

    /// Whether the environment has the password of the run's one user.
    fn has_variable(&self, around: &dyn System) -> bool {
        self.one_user && around.env(PASSWORD_VARIABLE).is_some()
    }

    /// The password of the run: only if there is one user. SSH can do without.
    fn shared(&self, user: &str, logon: &Settled<'_>, around: &dyn System) -> Result<PasswordOrigin, Problem> {
        if !self.request.ask_pass && self.has_variable(around) {
            return Ok(PasswordOrigin::From(SecretSource::Variable(PASSWORD_VARIABLE.to_owned())));
        }
        if logon.transport == Transport::Ssh && !self.request.ask_pass {
            return Ok(PasswordOrigin::Keys);
        }
        if !self.one_user {
            let message = format!("no password for '{user}': one password cannot serve the several users of this run");
            let hint = "give each user its own 'password_from' in the inventory, or run once per user";
            return Err(Problem::new(message).with_hint(hint));
        }
        if self.may_ask {
            return Ok(PasswordOrigin::From(SecretSource::Prompt));
        }
        let why = match logon.auth {
            AuthMethod::CredSsp => ": CredSSP hands it to the host; no ticket, keytab or certificate stands in for it",
            _ => ", and there is nobody to ask",
        };
        let problem = Problem::new(format!("no password for '{user}'{why}"));
        Err(problem.with_hint(format!("set {PASSWORD_VARIABLE}, or 'password_env' in the inventory")))
    }
}
