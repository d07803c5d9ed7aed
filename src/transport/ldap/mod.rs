//! LDAP (RFC 4511): asks a directory which computers there are, and what it knows of accounts.

mod answer;
mod error;
mod laps;
mod sites;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Scope, SearchEntry, StdStream};
use tokio::time::Instant;
use url::Url;

use super::http::{TlsTrust, tls_cause, tls_settings};
use super::tcp;
use crate::directory::{ATTRIBUTES, Attributes, Computer, Encryption, FailedLogons, Found, Query};
use crate::error_text;
pub use error::Error;
pub use laps::laps;

/// Entries of one page: as many as Active Directory gives at once unless told otherwise (MaxPageSize).
const PAGE: i32 = 1000;

/// More computers than any house has in one directory.
const MOST: usize = 200_000;

/// Entries and bytes of an answer, whatever they are.
const MOST_ENTRIES: usize = 400_000;
const MOST_BYTES: usize = 512 << 20;

/// What to do where an answer is too large.
const NARROWER: &str = "name a base or a filter in [ldap]";

/// Characters of what a directory says that are shown.
const SHOWN: usize = 200;

/// How long the whole question may take, in answers that may be waited for: pages come one by one.
const ANSWERS: u32 = 20;

/// Asks a directory. `now` is the time of the question.
///
/// # Errors
/// The directory cannot be reached, does not accept the user, or does not understand the question; in one sentence, and
/// what to do about it.
pub async fn search(query: &Query, now: Timestamp) -> Result<Found, Error> {
    let filter = query.whole_filter(now).map_err(Error::new)?;
    let whole = tokio::time::timeout(query.timeout * ANSWERS, ask(query, &filter, now));
    whole.await.unwrap_or_else(|_| Err(late(query, query.timeout * ANSWERS)))
}

async fn ask(query: &Query, filter: &str, now: Timestamp) -> Result<Found, Error> {
    let mut ldap = bound(query).await?;
    let base = match &query.base {
        Some(base) => base.clone(),
        None => naming_context(&mut ldap, query).await?,
    };
    let mut computers = Vec::new();
    let found = entries(&mut ldap, query, &base, filter, &ATTRIBUTES, |entry| {
        computers.extend(Computer::of_entry(&entry.dn, &entry.attrs));
        if computers.len() > MOST {
            return Err(Error::new(format!("{} has more than {MOST} such entries", query.url())).with_hint(NARROWER));
        }
        Ok(())
    });
    found.await?;
    if let Err(error) = sites::find(&mut ldap, query, &mut computers).await {
        // They are labels and no more: the hosts are known.
        tracing::warn!(%error, "the directory's sites are not known");
    }
    // Nothing more is asked; whether the directory hears it changes nothing.
    let _ = ldap.unbind().await;
    computers.sort_by_cached_key(|computer| computer.name.to_lowercase());
    Ok(Found { computers, asked: now })
}

/// Hands on the entries below a base, in pages.
async fn entries(
    ldap: &mut Ldap,
    query: &Query,
    base: &str,
    filter: &str,
    attributes: &[&str],
    mut each: impl FnMut(SearchEntry) -> Result<(), Error>,
) -> Result<(), Error> {
    let adapters: Vec<Box<dyn Adapter<'_, _, _>>> =
        vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE))];
    let attributes: Vec<String> = attributes.iter().map(|&name| name.to_owned()).collect();
    let ldap = ldap.with_timeout(query.timeout);
    let started = ldap.streaming_search_with(adapters, base, Scope::Subtree, filter, attributes);
    let mut entries = started.await.map_err(|error| fault(&error, query))?;
    let (mut entries_seen, mut bytes) = (0, 0);
    while let Some(entry) = entries.next().await.map_err(|error| fault(&error, query))? {
        let entry = SearchEntry::construct(entry);
        entries_seen += 1;
        let texts = entry.attrs.values().flatten().map(String::len);
        bytes += entry.dn.len() + texts.chain(entry.bin_attrs.values().flatten().map(Vec::len)).sum::<usize>();
        if entries_seen > MOST_ENTRIES || bytes > MOST_BYTES {
            let text = format!("{} answers with more than a directory of computers has", query.url());
            return Err(Error::new(text).with_hint(NARROWER));
        }
        each(entry)?;
    }
    let ended = entries.finish().await;
    match ended.rc {
        0 => Ok(()),
        _ => Err(answer::not_found(&ended, base, query.user.is_some())),
    }
}

async fn connect(query: &Query) -> Result<Ldap, Error> {
    let deadline = Instant::now() + query.timeout;
    let dialed = tcp::dial(&query.server, query.port, deadline).await;
    let stream = dialed.map_err(|fault| match fault {
        tcp::Fault::Name(name, cause) => tcp::no_address(&name, &cause).into(),
        fault => Error::new(fault.to_string()).with_hint("does a directory listen there?"),
    })?;
    let unusable = |cause: &dyn std::fmt::Display| Error::new(format!("{}: {cause}", query.url()));
    let stream = stream.into_std().map_err(|cause| unusable(&cause))?;
    let trust = if query.insecure { TlsTrust::Everybody } else { TlsTrust::Roots(query.ca.as_deref()) };
    let settings = LdapConnSettings::new()
        .set_conn_timeout(deadline.saturating_duration_since(Instant::now()).max(Duration::from_secs(1)))
        .set_std_stream(StdStream::Tcp(stream))
        .set_starttls(query.encryption == Encryption::StartTls)
        .set_no_tls_verify(query.insecure)
        .set_config(Arc::new(tls_settings(&trust)?));
    let url = Url::parse(&query.url()).map_err(|cause| unusable(&cause))?;
    let (connection, ldap) =
        LdapConnAsync::from_url_with_settings(settings, &url).await.map_err(|error| fault(&error, query))?;
    // It ends with the last handle of the connection.
    tokio::spawn(async move {
        if let Err(error) = connection.drive().await {
            tracing::debug!(%error, "the connection to the directory broke");
        }
    });
    Ok(ldap)
}

/// A connection over which the query's user is logged on, if it names one.
async fn bound(query: &Query) -> Result<Ldap, Error> {
    if query.encryption == Encryption::None && query.password.is_some() {
        let text = format!("{} is not encrypted, and no password is sent there", query.url());
        return Err(Error::new(text).with_hint("use an ldaps:// URL, or start_tls = true"));
    }
    let mut ldap = connect(query).await?;
    if let (Some(user), Some(password)) = (&query.user, &query.password) {
        // A bind without a password asks for nothing to be checked (RFC 4513, 5.1.2).
        if password.expose().is_empty() {
            return Err(Error::new(format!("the password of '{user}' is empty, and a directory would not look at it")));
        }
        let bound = ldap.with_timeout(query.timeout).simple_bind(user, password.expose()).await;
        let bound = bound.map_err(|error| fault(&error, query))?;
        if bound.rc != 0 {
            return Err(answer::not_bound(&bound, user));
        }
    }
    Ok(ldap)
}

/// What the directory knows of a user's failed logons; `None` where it knows no such user, or does not tell.
///
/// # Errors
/// Those of [`search`].
pub async fn failed_logons(query: &Query, user: &str, now: Timestamp) -> Result<Option<FailedLogons>, Error> {
    let asking = async {
        let mut ldap = bound(query).await?;
        let domain = naming_context(&mut ldap, query).await?;
        let policy = (Scope::Base, "(objectClass=*)".to_owned(), FailedLogons::OF_DOMAIN);
        let account = (Scope::Subtree, FailedLogons::filter(user), FailedLogons::OF_ACCOUNT);
        let mut found = Vec::new();
        for (scope, filter, attributes) in [policy, account] {
            let asked = ldap.with_timeout(query.timeout).search(&domain, scope, &filter, attributes.to_vec()).await;
            let (entries, _) = asked.and_then(|found| found.success()).map_err(|error| fault(&error, query))?;
            let mut entries = entries.into_iter().filter(|entry| !entry.is_ref());
            // Two accounts of one name are of two domains, and nobody knows which is meant.
            found.push(entries.next().filter(|_| entries.next().is_none()).map(SearchEntry::construct));
        }
        // Nothing more is asked; whether the directory hears it changes nothing.
        let _ = ldap.unbind().await;
        let (Some(account), Some(policy)) = (found.pop().flatten(), found.pop().flatten()) else { return Ok(None) };
        Ok(FailedLogons::of(&account.attrs, &policy.attrs, now))
    };
    let whole = tokio::time::timeout(query.timeout * ANSWERS, asking);
    whole.await.unwrap_or_else(|_| Err(late(query, query.timeout * ANSWERS)))
}

/// Where the directory's own entries begin.
async fn naming_context(ldap: &mut Ldap, query: &Query) -> Result<String, Error> {
    const OF_DOMAIN: &str = "defaultNamingContext";
    const ALL: &str = "namingContexts";
    let attributes = root(ldap, query, &[OF_DOMAIN, ALL]).await?;
    let one = |name: &str| attributes.get(name).and_then(|values| values.first()).cloned();
    one(OF_DOMAIN).or_else(|| one(ALL)).ok_or_else(|| {
        Error::new(format!("{} does not say where its entries begin", query.url()))
            .with_hint("name the base in [ldap], as in base = \"DC=contoso,DC=com\"")
    })
}

/// What the directory says of itself.
async fn root(ldap: &mut Ldap, query: &Query, names: &[&str]) -> Result<Attributes, Error> {
    let found = ldap.with_timeout(query.timeout).search("", Scope::Base, "(objectClass=*)", names.to_vec()).await;
    let (entries, _) = found.and_then(|found| found.success()).map_err(|error| fault(&error, query))?;
    Ok(entries.into_iter().next().map(|entry| SearchEntry::construct(entry).attrs).unwrap_or_default())
}

fn late(query: &Query, limit: Duration) -> Error {
    Error::new(format!("{} does not answer within {} s", query.url(), limit.as_secs()))
}

/// Why nothing can be asked.
fn fault(error: &LdapError, query: &Query) -> Error {
    let plain = |cause: String| Error::new(format!("{}: {cause}", query.url()));
    match error {
        LdapError::Timeout { .. } => late(query, query.timeout),
        LdapError::LdapResult { result } => answer::refused(result, query),
        LdapError::Rustls { source } => of_tls(source, query),
        LdapError::Io { source } => match source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(source) => of_tls(source, query),
            None => plain(error_text::io(source)),
        },
        LdapError::DNSName { .. } => plain("that is not a name that a certificate could be for".to_owned()),
        LdapError::FilterParsing => {
            Error::new(format!("'{}' is not a filter of LDAP (RFC 4515)", query.filter.as_deref().unwrap_or_default()))
                .with_hint("such as (operatingSystem=*Server*), or (&(cn=web*)(location=Berlin))")
        }
        LdapError::EndOfStream
        | LdapError::ResultRecv { .. }
        | LdapError::OpSend { .. }
        | LdapError::IdScrubSend { .. }
        | LdapError::MiscSend { .. } => plain("the directory closed the connection".to_owned()),
        other => plain(other.to_string()),
    }
}

fn of_tls(error: &rustls::Error, query: &Query) -> Error {
    let found = tls_cause(error, query.port);
    Error::new(format!("{}: {}", query.url(), found.message)).with_hint(
        "ca = \"FILE.pem\" in [ldap] names the authority of the directory's certificate, or the certificate itself; \
         server and certificate must have the same name",
    )
}

/// What a directory says besides its code, on one line.
fn said(result: &LdapResult) -> String {
    let text = shown(&result.text);
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}

/// Words of a directory, as they may stand in a sentence: short, and without what a terminal obeys or hides.
fn shown(text: &str) -> String {
    let is_hidden = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().filter(|character| !is_hidden(*character)).take(SHOWN).collect()
}
