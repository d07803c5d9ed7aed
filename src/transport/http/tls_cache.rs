//! What all connections of the process share: TLS settings, each built once, the users' Kerberos tickets, and the
//! connections to SSH bastions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;

use super::route::Route;
use super::tls::{self, Trust};
use crate::auth::Tickets;
use crate::target::{ClientCertificate, Credential, Tls, WinrmEndpoint};
use crate::transport::Error;
#[cfg(feature = "ssh")]
use crate::transport::{Admission, ssh::Tunnels};

/// TLS settings by what an endpoint wants, and by the certificate that the client shows.
type TlsSettings = HashMap<(Tls, Option<Vec<u8>>), Arc<ClientConfig>>;

/// TLS settings, each built once, tickets, each asked for once, and tunnels, each connected once. One per process.
#[derive(Default)]
pub struct TlsCache {
    pub(super) tickets: Arc<Tickets>,
    tls: Mutex<TlsSettings>,
    #[cfg(feature = "ssh")]
    tunnels: Tunnels,
}

impl TlsCache {
    /// Nothing is loaded before it is needed.
    pub fn new() -> Self {
        Self::default()
    }

    /// The SSH client, and what it has connected.
    #[cfg(feature = "ssh")]
    pub(in crate::transport) fn tunnels(&self) -> &Tunnels {
        &self.tunnels
    }

    /// The way to an endpoint, of a target with this credential.
    #[cfg(feature = "ssh")]
    pub(super) fn route(&self, endpoint: &WinrmEndpoint, credential: &Arc<Credential>) -> Route {
        match endpoint.jump.as_slice() {
            [] => Route::Direct,
            hops => {
                let tunnel = self.tunnels.through(hops, Some(credential));
                Route::Behind { tunnel, admission: Admission::free() }
            }
        }
    }

    /// The way to an endpoint: without SSH there are no bastions, and inventories refuse them.
    #[cfg(not(feature = "ssh"))]
    pub(super) fn route(&self, _: &WinrmEndpoint, _: &Arc<Credential>) -> Route {
        Route::Direct
    }

    /// The TLS settings of an endpoint, `None` for plain HTTP.
    ///
    /// # Errors
    /// When the file of extra roots cannot be read, or the client's certificate cannot be used.
    pub(super) fn tls(
        &self,
        tls: &Tls,
        client: Option<&ClientCertificate>,
    ) -> Result<Option<Arc<ClientConfig>>, Error> {
        let Tls::On { ca, insecure, pins, min } = tls else { return Ok(None) };
        let trust = match (pins.is_empty(), insecure) {
            (false, _) => Trust::Pinned(pins),
            (true, true) => Trust::Everybody,
            (true, false) => Trust::Roots(ca.as_deref()),
        };
        let shown = client.and_then(|client| client.chain.first().cloned());
        let key = (tls.clone(), shown);
        let mut settings = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = settings.get(&key) {
            return Ok(Some(Arc::clone(found)));
        }
        let made = Arc::new(tls::settings_with(&trust, *min, client)?);
        settings.insert(key, Arc::clone(&made));
        Ok(Some(made))
    }
}
