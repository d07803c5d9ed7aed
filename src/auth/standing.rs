//! What mechanisms without a handshake are: one header in every request, and nothing that could seal.

use super::binding::ChannelBinding;
use super::error::Error;
use super::mechanism::{Leg, Mechanism, Step};
use crate::secret::Secret;

/// A logon by a header that stands in every request.
pub(super) struct Standing {
    /// The header's scheme.
    pub(super) scheme: &'static str,
    /// What people call the mechanism.
    pub(super) name: &'static str,
    /// The header.
    pub(super) header: Secret<String>,
    /// The proof itself is the certificate that TLS shows.
    pub(super) is_proved_by_tls: bool,
}

impl Mechanism for Standing {
    fn scheme(&self) -> &'static str {
        self.scheme
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn standing(&self) -> Option<&Secret<String>> {
        Some(&self.header)
    }

    fn is_proved_by_tls(&self) -> bool {
        self.is_proved_by_tls
    }

    fn bind(&mut self, _: ChannelBinding) {}

    fn step(&mut self, _: Option<&[u8]>) -> Result<Step, Error> {
        Ok(Step::Send(Leg { token: None, ready: true }))
    }

    fn wants_token(&self) -> bool {
        false
    }

    fn sealing(&self) -> Option<&'static str> {
        None
    }

    fn seal(&mut self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Err(Error::NotSealing(self.name))
    }

    fn unseal(&mut self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Err(Error::NotSealing(self.name))
    }
}
