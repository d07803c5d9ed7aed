//! What all connections of the process share.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;

use super::resolver::Resolver;
use super::tls::{self, Trust};
use crate::target::Tls;
use crate::transport::Error;

/// TLS settings by extra roots and by whether any certificate is accepted; none of both for plain HTTP.
type TlsSettings = HashMap<Option<(Option<PathBuf>, bool)>, Arc<ClientConfig>>;

/// TLS settings, each built once, and the resolver. One per process; cheap to clone inside an `Arc`.
#[derive(Default)]
pub struct Http {
    tls: Mutex<TlsSettings>,
    resolver: Arc<Resolver>,
}

impl Http {
    /// Nothing is loaded before it is needed.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn resolver(&self) -> Arc<Resolver> {
        Arc::clone(&self.resolver)
    }

    /// The TLS settings of an endpoint. The client wants some for plain HTTP too: then they trust nobody.
    ///
    /// # Errors
    /// When the file of extra roots cannot be read.
    pub(super) fn tls(&self, tls: &Tls) -> Result<Arc<ClientConfig>, Error> {
        let (key, trust) = match tls {
            Tls::Off => (None, Trust::Nobody),
            Tls::On { ca, insecure: true } => (Some((ca.clone(), true)), Trust::Everybody),
            Tls::On { ca, insecure: false } => (Some((ca.clone(), false)), Trust::Roots(ca.as_deref())),
        };
        let mut settings = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = settings.get(&key) {
            return Ok(Arc::clone(found));
        }
        let made = Arc::new(tls::settings(&trust)?);
        settings.insert(key, Arc::clone(&made));
        Ok(made)
    }
}
