//! Certificate: the client's certificate in the TLS handshake proves the user, and each request says so (MS-WSMV 3.1.4.1).

use super::binding::ChannelBinding;
use super::error::Error;
use super::mechanism::{Leg, Mechanism, Step};
use crate::secret::Secret;

/// What requests carry instead of a credential.
pub(crate) const SCHEME: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";

const NAME: &str = "Certificate";

/// A logon whose proof TLS has sent.
pub(super) struct Certificate {
    header: Secret<String>,
}

impl Certificate {
    pub(super) fn new() -> Self {
        Self { header: Secret::new(SCHEME.to_owned()) }
    }
}

impl Mechanism for Certificate {
    fn scheme(&self) -> &'static str {
        SCHEME
    }

    fn name(&self) -> &'static str {
        NAME
    }

    fn standing(&self) -> Option<&Secret<String>> {
        Some(&self.header)
    }

    fn is_proved_by_tls(&self) -> bool {
        true
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
        Err(Error::NotSealing(NAME))
    }

    fn unseal(&mut self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Err(Error::NotSealing(NAME))
    }
}
