//! Basic: user and password in the clear with every request (RFC 7617).

use base64_simd::STANDARD;
use zeroize::Zeroizing;

use super::binding::ChannelBinding;
use super::error::Error;
use super::mechanism::{Leg, Mechanism, Step};
use crate::secret::Secret;

/// The scheme's name.
const SCHEME: &str = "Basic";

/// User and password, ready to be sent.
pub(super) struct Basic {
    header: Secret<String>,
}

impl Basic {
    pub(super) fn new(user: &str, password: &Secret<String>) -> Self {
        let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
        let mut header = String::with_capacity(SCHEME.len() + 1 + pair.len().div_ceil(3) * 4);
        header.push_str(SCHEME);
        header.push(' ');
        STANDARD.encode_append(pair.as_bytes(), &mut header);
        Self { header: Secret::new(header) }
    }
}

impl Mechanism for Basic {
    fn scheme(&self) -> &'static str {
        SCHEME
    }

    fn standing(&self) -> Option<&Secret<String>> {
        Some(&self.header)
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
        Err(Error::NotSealing(SCHEME))
    }

    fn unseal(&mut self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Err(Error::NotSealing(SCHEME))
    }
}

#[cfg(test)]
mod tests {
    use super::{Basic, Mechanism};
    use crate::secret::Secret;

    #[test]
    fn encodes_user_and_password_as_utf8() {
        let basic = Basic::new("Aladdin", &Secret::new("open sesame".to_owned()));
        assert_eq!(basic.standing().map(|header| header.expose().as_str()), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        let umlaut = Basic::new("u", &Secret::new("\u{fc}".to_owned()));
        assert_eq!(umlaut.standing().map(|header| header.expose().as_str()), Some("Basic dTrDvA=="));
    }
}
