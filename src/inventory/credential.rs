//! Whom to log on as and with which password: settled for all targets before the first connection.
//!
//! [`credentials`] finds them and asks where it must; [`logons`] tells beforehand what it would find where. Both decide
//! by the same rules.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::config::{
    CertificateFault, Connection, Given, Problem, SecretSource, Source, System, Transport, read_client_certificate,
};
use crate::error_text;
use crate::hostlist::fold;
use crate::secret::{Secret, password};
use crate::target::{AuthMethod, ClientCertificate, Credential, defaults};

use super::effective::{Effective, PasswordSource};
use super::home::under_home;
use super::password::{Fetched, fetch};
use super::request::{PASSWORD_VARIABLE, Request};

/// The variable of MIT's library that names a cache of tickets.
const CACHE_VARIABLE: &str = "KRB5CCNAME";

/// How a target would be logged on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logon {
    /// The user, if it is known.
    pub user: LogonUser,
    /// Where the password comes from; `None` where there is no logon.
    pub password: Option<PasswordOrigin>,
}

/// The user of a logon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogonUser {
    /// This one.
    Named(String),
    /// The one who runs the command: SSH's own default, and the local transport.
    Own,
    /// The one whose ticket it is.
    OfTicket,
    /// The one whom the certificate names.
    OfCertificate,
    /// Nobody is named: the terminal is asked.
    Asked,
}

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordOrigin {
    /// It stands in a private inventory.
    Inventory,
    /// It is fetched from there.
    From(SecretSource),
    /// There is none: a key or an agent proves the user (SSH).
    Keys,
    /// There is none: a ticket of this cache does, or of the usual one (Kerberos).
    Ticket(Option<String>),
    /// There is none: a key of this keytab does (Kerberos).
    Keytab(PathBuf),
    /// There is none: this certificate does.
    Certificate(PathBuf),
}

/// A target's logon as far as its settings tell.
struct Settled<'a> {
    host: &'a str,
    transport: Transport,
    auth: AuthMethod,
    user: Option<String>,
    /// A flag or a variable names the user.
    is_above: bool,
    source: Option<&'a PasswordSource>,
    kerberos: Option<PasswordOrigin>,
    /// The certificate that proves the user, and its key if that is in a file of its own.
    certificate: Option<(PathBuf, Option<PathBuf>)>,
}

impl Settled<'_> {
    /// Whether a cache or a keytab was named, which no password stands in for.
    fn names_ticket(&self) -> bool {
        self.certificate.is_some()
            || matches!(self.kerberos, Some(PasswordOrigin::Keytab(_) | PasswordOrigin::Ticket(Some(_))))
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
    let mut finder = Finder { may_ask, certificates: HashMap::new(), known: HashMap::new(), fetched: HashMap::new() };
    each(&settled, |logon| {
        if let Some((certificate, key)) = &logon.certificate {
            return finder.certificate(certificate, key.as_deref(), logon.source, around).map(Some);
        }
        let Some(user) = logon.user.as_deref() else {
            let ticket = matches!(logon.kerberos, Some(PasswordOrigin::Ticket(_)));
            return Ok(ticket.then(|| finder.share(of_ticket(None, logon.kerberos.as_ref()))));
        };
        check_user(logon, user)?;
        let origin = rules.origin(logon, around)?;
        finder.find(user, logon.source, &origin, around).map(Some)
    })
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
            None if needs_user(logon) => LogonUser::Asked,
            None if logon.kerberos.is_some() => LogonUser::OfTicket,
            None => LogonUser::Own,
        };
        let password = match (logon.transport, &user) {
            (Transport::Local, _) => None,
            (_, LogonUser::Own) => Some(PasswordOrigin::Keys),
            (_, LogonUser::OfTicket) => logon.kerberos.clone(),
            (_, LogonUser::OfCertificate) => {
                logon.certificate.as_ref().map(|(file, _)| PasswordOrigin::Certificate(file.clone()))
            }
            _ => Some(rules.origin(logon, around)?),
        };
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
        let user = match transport {
            Transport::Local => None,
            Transport::Ssh if user.is_none() && (request.ask_pass || source.is_some()) => local_user.clone(),
            _ => user,
        };
        let auth = connection.auth.as_ref().map_or(defaults::AUTH, |given| given.value);
        let kerberos = kerberos(connection, transport, auth, request, around);
        let certificate = certificate(connection, transport, auth, around);
        Settled { host, transport, auth, user, is_above, source, kerberos, certificate }
    });
    let settled: Vec<Settled<'_>> = settled.collect();
    if !may_ask && settled.iter().any(needs_user) {
        return Err(no_user(&settled, "WinRM needs one, and there is nobody to ask"));
    }
    Ok(settled)
}

fn needs_user(logon: &Settled<'_>) -> bool {
    let is_of_ticket = matches!(logon.kerberos, Some(PasswordOrigin::Ticket(_)));
    logon.user.is_none()
        && logon.certificate.is_none()
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
) -> Option<(PathBuf, Option<PathBuf>)> {
    let is_winrm = matches!(transport, Transport::Winrm | Transport::Auto);
    let path = |given: &Given<PathBuf>| under_home(&given.value, around.home().as_deref());
    let certificate = connection.certificate.as_ref().filter(|_| is_winrm && auth == AuthMethod::Certificate)?;
    Some((path(certificate), connection.certificate_key.as_ref().map(path)))
}

/// The credential of a cache or a keytab.
fn of_ticket(user: Option<&str>, origin: Option<&PasswordOrigin>) -> Credential {
    match (origin, user) {
        (Some(PasswordOrigin::Keytab(file)), Some(user)) => {
            Credential::Keytab { user: user.to_owned(), file: file.clone() }
        }
        (Some(PasswordOrigin::Ticket(cache)), _) => {
            Credential::Ticket { user: user.map(str::to_owned), cache: cache.clone() }
        }
        _ => Credential::Ticket { user: user.map(str::to_owned), cache: None },
    }
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
        let with_password = settled.iter().filter(|logon| !logon.names_ticket());
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
            _ => self.shared(user, logon.transport, around),
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
    fn shared(&self, user: &str, transport: Transport, around: &dyn System) -> Result<PasswordOrigin, Problem> {
        let optional = transport == Transport::Ssh && !self.request.ask_pass;
        if !self.request.ask_pass && self.has_variable(around) {
            return Ok(PasswordOrigin::From(SecretSource::Variable(PASSWORD_VARIABLE.to_owned())));
        }
        if optional {
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
        let message = format!("no password for '{user}', and there is nobody to ask");
        Err(Problem::new(message).with_hint(format!("set {PASSWORD_VARIABLE}, or 'password_env' in the inventory")))
    }
}

/// What became of a certificate with the passphrase of each source.
type Tried = Vec<(Option<PasswordSource>, Result<Arc<Credential>, Problem>)>;

struct Finder {
    /// The certificates, by their files.
    certificates: HashMap<(PathBuf, Option<PathBuf>), Tried>,
    may_ask: bool,
    /// By user: the credentials made so far.
    known: HashMap<String, Vec<Arc<Credential>>>,
    /// What was fetched so far, or why it was not: each source is asked once, and the prompt once for each user.
    fetched: HashMap<(SecretSource, Option<String>), Fetched>,
}

impl Finder {
    fn find(
        &mut self,
        user: &str,
        source: Option<&PasswordSource>,
        origin: &PasswordOrigin,
        around: &mut dyn System,
    ) -> Result<Arc<Credential>, Problem> {
        let password = match (origin, source) {
            (PasswordOrigin::Inventory, Some(PasswordSource::Inline(secret))) => Some(inline(user, secret)?),
            (PasswordOrigin::From(from), _) => Some(self.fetch(user, from, source, around)?),
            (PasswordOrigin::Ticket(_) | PasswordOrigin::Keytab(_), _) => {
                return Ok(self.share(of_ticket(Some(user), Some(origin))));
            }
            (PasswordOrigin::Inventory | PasswordOrigin::Keys | PasswordOrigin::Certificate(_), _) => None,
        };
        Ok(self.share(Credential::of(user, password)))
    }

    /// The credential of a certificate, which is read and unlocked once however many hosts take it.
    fn certificate(
        &mut self,
        file: &Path,
        key: Option<&Path>,
        source: Option<&PasswordSource>,
        around: &mut dyn System,
    ) -> Result<Arc<Credential>, Problem> {
        let place = (file.to_owned(), key.map(Path::to_owned));
        let known = self.certificates.get(&place).into_iter().flatten();
        if let Some((_, found)) = known.into_iter().find(|(known, _)| is_same(known.as_ref(), source)) {
            return found.clone();
        }
        let found = self.read_certificate(file, key, source, around);
        let found = found.map(|certificate| self.share(Credential::Certificate(certificate)));
        self.certificates.entry(place).or_default().push((source.cloned(), found.clone()));
        found
    }

    fn read_certificate(
        &mut self,
        file: &Path,
        key: Option<&Path>,
        source: Option<&PasswordSource>,
        around: &mut dyn System,
    ) -> Result<ClientCertificate, Problem> {
        let shown = file.display().to_string();
        let problem = |what: &str| Problem::new(format!("the client certificate {shown}: {what}"));
        let mut read = |path: &Path| match around.read(path) {
            Ok(found) => Ok(Zeroizing::new(found.bytes)),
            Err(error) => Err(problem(&format!("cannot read {}: {}", path.display(), error_text::io(&error)))),
        };
        let certificate = read(file)?;
        let key = key.map(read).transpose()?;
        let read = |passphrase: Option<&Secret<String>>| {
            read_client_certificate(&certificate, key.as_ref().map(|key| key.as_slice()), passphrase)
        };
        let wrong = |fault| match fault {
            CertificateFault::Wrong(what) => problem(&what),
            CertificateFault::Locked => problem("its passphrase does not open it"),
        };
        match read(None) {
            Err(CertificateFault::Locked) => {}
            found => return found.map_err(wrong),
        }
        let passphrase = match source {
            Some(PasswordSource::Inline(secret)) => inline(&shown, secret)?,
            Some(PasswordSource::From(given)) => self.fetch(&shown, &given.value, source, around)?,
            None if self.may_ask => self.fetch(&shown, &SecretSource::Prompt, None, around)?,
            None => {
                let hint = "name where its passphrase comes from: --password-from, or password_from in the inventory";
                return Err(problem("it takes a passphrase, and there is nobody to ask").with_hint(hint));
            }
        };
        read(Some(&passphrase)).map_err(wrong)
    }

    fn fetch(
        &mut self,
        user: &str,
        from: &SecretSource,
        source: Option<&PasswordSource>,
        around: &mut dyn System,
    ) -> Result<Secret<String>, Problem> {
        let asked_of = (*from == SecretSource::Prompt).then(|| user.to_owned());
        let may_ask = self.may_ask;
        let fetched = self.fetched.entry((from.clone(), asked_of));
        // Every user is told of alike, whoever was the first.
        fetched.or_insert_with(|| fetch(user, from, may_ask, around)).clone().map_err(|(what, hint)| {
            let named = match source {
                Some(PasswordSource::From(given)) if given.value == *from => format!(" ({})", given.source),
                _ => String::new(),
            };
            Problem { hint, ..Problem::new(format!("no password for '{user}': {what}{named}")) }
        })
    }

    fn share(&mut self, credential: Credential) -> Arc<Credential> {
        let known = self.known.entry(credential.user().unwrap_or_default().to_owned()).or_default();
        if let Some(equal) = known.iter().find(|known| ***known == credential) {
            return equal.clone();
        }
        let credential = Arc::new(credential);
        known.push(credential.clone());
        credential
    }
}

/// The password that stands in an inventory.
fn inline(user: &str, secret: &Secret<String>) -> Result<Secret<String>, Problem> {
    password(secret.clone()).map_err(|what| Problem::new(format!("no password for '{user}': the inventory's {what}")))
}

/// Whether both give the same, wherever each is named.
fn is_same(one: Option<&PasswordSource>, other: Option<&PasswordSource>) -> bool {
    match (one, other) {
        (Some(PasswordSource::From(one)), Some(PasswordSource::From(other))) => one.value == other.value,
        (one, other) => one == other,
    }
}
