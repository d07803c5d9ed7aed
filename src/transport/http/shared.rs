//! What all connections of the process share.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;

use super::resolver::Resolver;
use super::tls;
use crate::target::Tls;
use crate::transport::Error;

/// TLS settings by extra roots and by whether any certificate is accepted.
type TlsSettings = HashMap<(Option<PathBuf>, bool), Arc<ClientConfig>>;

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

    /// The TLS settings of an endpoint, `None` for plain HTTP.
    ///
    /// # Errors
    /// When the file of extra roots cannot be read.
    pub(super) fn tls(&self, tls: &Tls) -> Result<Option<Arc<ClientConfig>>, Error> {
        let Tls::On { ca, insecure } = tls else { return Ok(None) };
        let mut settings = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = settings.get(&(ca.clone(), *insecure)) {
            return Ok(Some(Arc::clone(found)));
        }
        let made = Arc::new(tls::settings(ca.as_deref(), *insecure)?);
        settings.insert((ca.clone(), *insecure), Arc::clone(&made));
        Ok(Some(made))
    }
}
