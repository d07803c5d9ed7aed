//! Basic: user and password in the clear with every request (RFC 7617).

use base64_simd::STANDARD;
use zeroize::Zeroizing;

use super::standing::Standing;
use crate::secret::Secret;

/// The scheme's name.
const SCHEME: &str = "Basic";

/// User and password, ready to be sent.
pub(super) fn basic(user: &str, password: &Secret<String>) -> Standing {
    let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
    // Its room at once, so that no copy is left behind by growing.
    let mut header = String::with_capacity(SCHEME.len() + 1 + pair.len().div_ceil(3) * 4);
    header.push_str(SCHEME);
    header.push(' ');
    STANDARD.encode_append(pair.as_bytes(), &mut header);
    Standing { scheme: SCHEME, name: SCHEME, header: Secret::new(header), is_proved_by_tls: false }
}

#[cfg(test)]
mod tests {
    use super::basic;
    use crate::secret::Secret;

    #[test]
    fn encodes_user_and_password_as_utf8() {
        let header = |user: &str, password: &str| basic(user, &Secret::new(password.to_owned())).header;
        assert_eq!(header("Aladdin", "open sesame").expose(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(header("u", "\u{fc}").expose(), "Basic dTrDvA==");
    }
}
