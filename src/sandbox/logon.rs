//! The logon of one connection: by whom, and whether its messages are sealed.

use aws_lc_rs::constant_time;
use bytes::Bytes;

use super::host::Host;
use super::options::Mechanism;
use super::stats::Counters;
use crate::wsman::names;

/// The user is known.
#[derive(Debug)]
pub struct Granted {
    /// The request in the clear.
    pub body: Bytes,
    /// The last token of the handshake, if there is one: a value of `WWW-Authenticate`.
    pub token: Option<String>,
}

/// The user is not known.
#[derive(Debug)]
pub enum Refusal {
    /// Not logged on.
    Denied {
        /// Values of `WWW-Authenticate`: the mechanisms that would be taken.
        offers: Vec<String>,
        /// Whether the connection ends with this.
        close: bool,
    },
}

/// The state of a connection's logon.
pub struct Logon {
    counted: bool,
}

impl Logon {
    /// Nobody is logged on.
    pub fn new() -> Self {
        Self { counted: false }
    }

    /// Looks at a request's credentials.
    ///
    /// # Errors
    /// [`Refusal`]: what to answer instead.
    pub fn admit(
        &mut self,
        host: &Host,
        authorization: Option<&str>,
        _content_type: &str,
        body: Bytes,
    ) -> Result<Granted, Refusal> {
        let Some((scheme, token)) = authorization.and_then(|value| value.split_once(' ')) else {
            return Err(self.refusal(host));
        };
        if scheme.eq_ignore_ascii_case("Basic") && host.shared.options.auth.contains(&Mechanism::Basic) {
            return self.basic(host, token, body);
        }
        Err(self.refusal(host))
    }

    fn basic(&mut self, host: &Host, token: &str, body: Bytes) -> Result<Granted, Refusal> {
        let given = base64_simd::STANDARD.decode_to_vec(token.trim()).unwrap_or_default();
        let expected = format!("{}:{}", host.shared.user, host.password.expose());
        if constant_time::verify_slices_are_equal(&given, expected.as_bytes()).is_err() {
            Counters::count(&host.shared.counters.failed_logons);
            return Err(self.refusal(host));
        }
        self.count(host);
        Ok(Granted { body, token: None })
    }

    /// Counts the logon of this connection once.
    fn count(&mut self, host: &Host) {
        if !std::mem::replace(&mut self.counted, true) {
            Counters::count(&host.shared.counters.logons);
        }
    }

    fn refusal(&self, host: &Host) -> Refusal {
        let basic = host.shared.options.auth.contains(&Mechanism::Basic);
        let offers = basic.then(|| "Basic realm=\"WSMAN\"".to_owned()).into_iter().collect();
        Refusal::Denied { offers, close: false }
    }

    /// The content type and content of an answer; `None` if it cannot be sealed.
    pub fn seal(&mut self, envelope: Vec<u8>) -> Option<(&'static str, Vec<u8>)> {
        Some((names::CONTENT_TYPE, envelope))
    }
}
