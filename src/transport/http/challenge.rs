//! The challenges of `WWW-Authenticate` (RFC 9110 section 11.6.1).

use hyper::header::{HeaderMap, WWW_AUTHENTICATE};

/// Longer names are nobody's scheme, in bytes.
const MAX_SCHEME: usize = 32;
/// More schemes than any server offers.
const MAX_SCHEMES: usize = 16;

/// A scheme that a server offers, with its token if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Challenge<'a> {
    /// The scheme as the server spells it.
    pub(super) scheme: &'a str,
    /// `token68`; what is no such thing, such as parameters, is none.
    pub(super) token: Option<&'a str>,
}

/// All challenges in order: several to a header, or one each.
pub(super) fn challenges(headers: &HeaderMap) -> impl Iterator<Item = Challenge<'_>> {
    headers.get_all(WWW_AUTHENTICATE).iter().flat_map(|value| Elements(value.as_bytes())).filter_map(challenge)
}

/// The schemes, each once however often and in whatever case it comes.
pub(super) fn schemes(headers: &HeaderMap) -> Vec<&str> {
    let mut schemes: Vec<&str> = Vec::new();
    for Challenge { scheme, .. } in challenges(headers) {
        if schemes.len() < MAX_SCHEMES && !schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
            schemes.push(scheme);
        }
    }
    schemes
}

/// What stands between commas; those within quoted strings don't count. Bytes, because a realm may be in any encoding.
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let (mut quoted, mut escaped) = (false, false);
        let end = self.0.iter().position(|&byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b',' if !quoted => return true,
                _ => {}
            }
            false
        });
        let (element, rest) = match end {
            Some(end) => (self.0.get(..end)?, self.0.get(end + 1..)?),
            None => (self.0, &[][..]),
        };
        self.0 = rest;
        Some(element.trim_ascii())
    }
}

/// The challenge that an element begins, unless it is a further parameter of the one before.
fn challenge(element: &[u8]) -> Option<Challenge<'_>> {
    let end = element.iter().position(|&byte| !is_token(byte)).unwrap_or(element.len());
    let (scheme, rest) = element.split_at_checked(end)?;
    let rest = match rest.first() {
        None => rest,
        Some(b' ' | b'\t') => rest.trim_ascii_start(),
        Some(_) => return None,
    };
    // `name = value` is a parameter: white space may stand before the sign.
    if scheme.is_empty() || scheme.len() > MAX_SCHEME || rest.starts_with(b"=") {
        return None;
    }
    Some(Challenge { scheme: std::str::from_utf8(scheme).ok()?, token: token68(rest) })
}

fn token68(rest: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(rest).ok()?;
    let body = text.trim_end_matches('=');
    let is_one = !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
    is_one.then_some(text)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};

    use super::{challenges, schemes};

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_bytes(value).expect("a header"));
        }
        headers
    }

    #[test]
    fn schemes_are_told_apart_from_what_belongs_to_them() {
        for (values, expected) in [
            (&[br#"Basic realm="Domain, Negotiate, or local""#.as_slice()][..], &["Basic"][..]),
            (&[b"Basic realm=\"B\xfcro\", Negotiate"], &["Basic", "Negotiate"]),
            (&[b"Digest realm=x", b"Basic", b"Digest qop=auth"], &["Digest", "Basic"]),
            (&[br#"Basic realm="a \", Negotiate, \\", Kerberos"#], &["Basic", "Kerberos"]),
            (&[br#"Digest realm = "x", nonce="y, z" , qop=auth,Negotiate YWJj"#], &["Digest", "Negotiate"]),
            (&[b"negotiate", b"NEGOTIATE", b"Basic realm=\"\xe4, Digest\""], &["negotiate", "Basic"]),
            (&[b",, Basic ,, Negotiate,"], &["Basic", "Negotiate"]),
            (&[b"Basic realm=\"never closed, Negotiate", b"Kerberos"], &["Basic", "Kerberos"]),
            (&[b"", b"\"quoted\", \xff\xfe, =x"], &[]),
        ] {
            assert_eq!(schemes(&headers(values)), expected, "{values:?}");
        }
        let many: String = (0..100).map(|number| format!("s{number}, ")).collect();
        assert_eq!(schemes(&headers(&[many.as_bytes(), &[b'x'; 4000]])).len(), super::MAX_SCHEMES);
    }

    #[test]
    fn tokens_are_told_apart_from_parameters() {
        let found =
            headers(&[b"Negotiate YWJj==, Basic realm=\"x\", Kerberos ####, NTLM a-._~+/9=", b"Digest realm=x"]);
        let tokens: Vec<_> = challenges(&found).map(|challenge| (challenge.scheme, challenge.token)).collect();
        let (first, last) = (Some("YWJj=="), Some("a-._~+/9="));
        assert_eq!(
            tokens,
            [("Negotiate", first), ("Basic", None), ("Kerberos", None), ("NTLM", last), ("Digest", None)]
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(0x20_u8..=0xff, 0..60)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let mut headers = HeaderMap::new();
                headers.append(WWW_AUTHENTICATE, value);
                schemes(&headers);
            }
        }
    }
}
