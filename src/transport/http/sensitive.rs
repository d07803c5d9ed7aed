//! Headers that hold what proves the user.

use bytes::Bytes;
use hyper::header::HeaderValue;
use zeroize::Zeroizing;

use super::failure::Failure;
use crate::outcome::Reason;
use crate::transport::Error;

/// A header that is wiped when the last who has it lets go of it.
pub(super) fn sensitive(value: &str) -> Result<HeaderValue, Failure> {
    let value = Bytes::from_owner(Zeroizing::new(value.as_bytes().to_vec()));
    let mut header = HeaderValue::from_maybe_shared(value)
        .map_err(|_| Failure::Final(Error::new(Reason::AuthMethod, "the credential does not fit into a header")))?;
    header.set_sensitive(true);
    Ok(header)
}
