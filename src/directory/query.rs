//! What is asked of a directory.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::filter;
use crate::secret::Secret;

/// Which computers, of which directory, asked as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The server's name or address.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How what is said stays between us.
    pub encryption: Encryption,
    /// A PEM file with further authorities that may vouch for the server.
    pub ca: Option<PathBuf>,
    /// Any certificate is accepted.
    pub insecure: bool,
    /// Below which entry is searched; the directory's own naming context unless set.
    pub base: Option<String>,
    /// Which entries (RFC 4515); those of computers unless set.
    pub filter: Option<String>,
    /// Without accounts that are disabled.
    pub enabled_only: bool,
    /// Only computers that have logged on within this time. The directory notes it within two weeks.
    pub last_logon: Option<Duration>,
    /// As whom; nobody unless set.
    pub user: Option<String>,
    /// With which password.
    pub password: Option<Secret<String>>,
    /// How long an answer may be waited for.
    pub timeout: Duration,
    /// How old an answer may be that was kept; it is asked anew unless set.
    pub cache: Option<Duration>,
}

/// How a connection to a directory is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte (`ldaps://`).
    Tls,
    /// TLS after a word in the open (`start_tls = true`).
    StartTls,
    /// None: passwords are not sent.
    None,
}

impl Query {
    /// The filter of the whole question (RFC 4515), at this time.
    ///
    /// # Errors
    /// The filter that was given has no parentheses around it.
    pub fn whole_filter(&self, now: Timestamp) -> Result<String, String> {
        filter::whole(self.filter.as_deref(), self.enabled_only, self.last_logon, now)
    }

    /// The directory as a URL.
    pub fn url(&self) -> String {
        let scheme = if self.encryption == Encryption::Tls { "ldaps" } else { "ldap" };
        let server = if self.server.contains(':') { format!("[{}]", self.server) } else { self.server.clone() };
        format!("{scheme}://{server}:{}", self.port)
    }

    /// What tells this question from others, without the password: answers are kept by it.
    pub fn key(&self) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let logon = self.last_logon.map_or(0, |limit| limit.as_secs());
        let ca = self.ca.as_ref().map(|ca| ca.display().to_string());
        [
            self.url(),
            (self.encryption == Encryption::StartTls).to_string(),
            text(&ca),
            self.insecure.to_string(),
            text(&self.base),
            text(&self.filter),
            self.enabled_only.to_string(),
            logon.to_string(),
            text(&self.user),
        ]
        .join("\n")
    }
}
