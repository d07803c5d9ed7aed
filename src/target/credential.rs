//! Whom to log on as, and what proves it.

use std::path::PathBuf;

use crate::secret::Secret;

/// A user with what proves who it is. Shared between all targets that log on alike, so that one refusal is known to
/// all.
///
/// A way that a transport does not take is refused by it before anything is sent; none is passed over for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A password.
    Password {
        /// The user as typed: `user`, `DOMAIN\\user` or `user@domain`.
        user: String,
        /// The password.
        password: Secret<String>,
    },
    /// A key of a file or an agent, which the transport finds by itself (SSH).
    Key {
        /// The user.
        user: String,
    },
    /// A ticket of the user's that a KDC has given, in a cache (Kerberos).
    Ticket {
        /// The user, where it is not left to the cache.
        user: Option<String>,
        /// The cache by its name, `FILE:/tmp/krb5cc_1000`; `None` for the one that `klist` shows.
        cache: Option<String>,
    },
    /// A key of a keytab, for which a KDC gives a ticket (Kerberos).
    Keytab {
        /// The user.
        user: String,
        /// The keytab.
        file: PathBuf,
    },
    /// A certificate with its key, shown in the TLS handshake.
    Certificate(ClientCertificate),
}

/// A client's certificate, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Whom it names: its user principal name, else its common name.
    pub user: String,
    /// The certificate in DER, and behind it those that lead to its authority.
    pub chain: Vec<Vec<u8>>,
    /// Its private key in DER.
    pub key: Secret<Vec<u8>>,
}

impl Credential {
    /// A user with a password, or with keys where there is none.
    pub fn of(user: impl Into<String>, password: Option<Secret<String>>) -> Self {
        let user = user.into();
        match password {
            Some(password) => Self::Password { user, password },
            None => Self::Key { user },
        }
    }

    /// The user; `None` where a cache of tickets says who it is.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Password { user, .. } | Self::Key { user } | Self::Keytab { user, .. } => Some(user),
            Self::Certificate(certificate) => Some(&certificate.user),
            Self::Ticket { user, .. } => user.as_deref(),
        }
    }

    /// The certificate, if that is what proves the user.
    pub fn certificate(&self) -> Option<&ClientCertificate> {
        match self {
            Self::Certificate(certificate) => Some(certificate),
            _ => None,
        }
    }

    /// The password, if that is what proves the user.
    pub fn password(&self) -> Option<&Secret<String>> {
        match self {
            Self::Password { password, .. } => Some(password),
            Self::Key { .. } | Self::Ticket { .. } | Self::Keytab { .. } | Self::Certificate(_) => None,
        }
    }

    /// Whether a refused proof of it may count as a failed logon of the account.
    pub fn may_lock(&self) -> bool {
        matches!(self, Self::Password { .. } | Self::Keytab { .. })
    }

    /// What proves the user, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Password { .. } => "password",
            Self::Key { .. } => "key",
            Self::Ticket { .. } => "ticket",
            Self::Keytab { .. } => "keytab",
            Self::Certificate(_) => "certificate",
        }
    }
}
