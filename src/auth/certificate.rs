//! Certificate: the client's certificate in the TLS handshake proves the user, and each request says so (MS-WSMV 3.1.4.1).

use super::standing::Standing;
use crate::secret::Secret;

/// What requests carry instead of a credential.
pub(crate) const SCHEME: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";

/// A logon whose proof TLS has sent.
pub(super) fn certificate() -> Standing {
    Standing { scheme: SCHEME, name: "Certificate", header: Secret::new(SCHEME.to_owned()), is_proved_by_tls: true }
}
