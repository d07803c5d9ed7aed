//! What all connections of the process share: TLS settings, each built once, and the users' Kerberos tickets.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;

use super::tls::{self, Trust};
use crate::auth::Tickets;
use crate::target::Tls;
use crate::transport::Error;

/// TLS settings by extra roots and by whether any certificate is accepted.
type TlsSettings = HashMap<(Option<PathBuf>, bool), Arc<ClientConfig>>;

/// TLS settings, each built once, and tickets, each asked for once. One per process.
#[derive(Default)]
pub struct TlsCache {
    pub(super) tickets: Arc<Tickets>,
    tls: Mutex<TlsSettings>,
}

impl TlsCache {
    /// Nothing is loaded before it is needed.
    pub fn new() -> Self {
        Self::default()
    }

    /// The TLS settings of an endpoint, `None` for plain HTTP.
    ///
    /// # Errors
    /// When the file of extra roots cannot be read.
    pub(super) fn tls(&self, tls: &Tls) -> Result<Option<Arc<ClientConfig>>, Error> {
        let (key, trust) = match tls {
            Tls::Off => return Ok(None),
            Tls::On { ca, insecure: true } => ((ca.clone(), true), Trust::Everybody),
            Tls::On { ca, insecure: false } => ((ca.clone(), false), Trust::Roots(ca.as_deref())),
        };
        let mut settings = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = settings.get(&key) {
            return Ok(Some(Arc::clone(found)));
        }
        let made = Arc::new(tls::settings(&trust)?);
        settings.insert(key, Arc::clone(&made));
        Ok(Some(made))
    }
}
