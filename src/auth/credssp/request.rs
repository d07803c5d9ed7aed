//! TSRequest, in which everything of CredSSP travels (MS-CSSP 2.2.1), and the credentials that the last one holds.

use zeroize::Zeroizing;

use crate::auth::der::{element, take};
use crate::secret::Secret;

/// The version that we speak.
pub(super) const VERSION: u32 = 6;
/// The first version whose proof is bound to the TLS key by a hash and a nonce.
pub(super) const FIRST_SAFE: u32 = 5;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 2;
const OCTETS: u8 = 4;
/// Credentials that are a password: TSPasswordCreds.
const PASSWORD: u8 = 1;

/// One message of either side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TsRequest {
    pub(super) version: u32,
    /// The token of Negotiate.
    pub(super) token: Option<Vec<u8>>,
    /// The sealed credentials.
    pub(super) credentials: Option<Vec<u8>>,
    /// The sealed proof of the TLS key.
    pub(super) key: Option<Vec<u8>>,
    /// Why the host refuses.
    pub(super) status: Option<u32>,
    pub(super) nonce: Option<Vec<u8>>,
}

impl TsRequest {
    /// Takes a message apart; `None` for anything else. Fields of later versions are passed over.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let (SEQUENCE, mut fields) = take(&mut rest)? else { return None };
        if !rest.is_empty() {
            return None;
        }
        let mut version = None;
        let mut read = Self::default();
        while !fields.is_empty() {
            let (tag, mut field) = take(&mut fields)?;
            match (tag, take(&mut field)?) {
                (0xa0, (INTEGER, number)) => version = Some(integer(number)?),
                (0xa1, (SEQUENCE, tokens)) => read.token = Some(first_token(tokens)?),
                (0xa2, (OCTETS, octets)) => read.credentials = Some(octets.to_vec()),
                (0xa3, (OCTETS, octets)) => read.key = Some(octets.to_vec()),
                (0xa4, (INTEGER, number)) => read.status = Some(integer(number)?),
                (0xa5, (OCTETS, octets)) => read.nonce = Some(octets.to_vec()),
                (0xa0..=0xa5, _) => return None,
                _ => {}
            }
        }
        Some(Self { version: version?, ..read })
    }

    /// Writes a message of ours. A client states no status.
    pub(super) fn write(&self) -> Vec<u8> {
        let octets = |tag, octets: &[u8]| element(tag, &element(OCTETS, octets));
        let token = self.token.as_ref().map(|token| {
            let item = element(SEQUENCE, &octets(0xa0, token));
            element(0xa1, &element(SEQUENCE, &item))
        });
        let fields: Vec<u8> = [
            Some(element(0xa0, &element(INTEGER, &[VERSION as u8]))),
            token,
            self.credentials.as_ref().map(|bytes| octets(0xa2, bytes)),
            self.key.as_ref().map(|bytes| octets(0xa3, bytes)),
            self.nonce.as_ref().map(|bytes| octets(0xa5, bytes)),
        ]
        .into_iter()
        .flatten()
        .flatten()
        .collect();
        element(SEQUENCE, &fields)
    }
}

/// The token of the first item, which is the only one that anybody sends.
fn first_token(mut tokens: &[u8]) -> Option<Vec<u8>> {
    let (SEQUENCE, mut item) = take(&mut tokens)? else { return None };
    let (0xa0, mut field) = take(&mut item)? else { return None };
    let (OCTETS, token) = take(&mut field)? else { return None };
    Some(token.to_vec())
}

/// A number of up to 32 bits. Statuses come as negative numbers, and as positive ones with a zero before them.
fn integer(bytes: &[u8]) -> Option<u32> {
    let bytes = match bytes {
        [0, rest @ ..] if rest.len() == 4 => rest,
        bytes => bytes,
    };
    (1..=4).contains(&bytes.len()).then(|| bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// TSCredentials with the password of a user: `user`, `DOMAIN\user` or `user@domain`.
pub(super) fn credentials(user: &str, password: &Secret<String>) -> Zeroizing<Vec<u8>> {
    let (domain, user) = user.split_once('\\').unwrap_or(("", user));
    let octets = |tag, text: &str| {
        let text: Zeroizing<Vec<u8>> = Zeroizing::new(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        let octets = Zeroizing::new(element(OCTETS, &text));
        Zeroizing::new(element(tag, &octets))
    };
    let fields = [octets(0xa0, domain), octets(0xa1, user), octets(0xa2, password.expose())];
    let mut joined = Zeroizing::new(Vec::with_capacity(fields.iter().map(|field| field.len()).sum()));
    fields.iter().for_each(|field| joined.extend_from_slice(field));
    let password = Zeroizing::new(element(SEQUENCE, &joined));
    let password = Zeroizing::new(element(OCTETS, &password));
    let kind = element(0xa0, &element(INTEGER, &[PASSWORD]));
    let of_kind = Zeroizing::new([kind, element(0xa1, &password)].concat());
    Zeroizing::new(element(SEQUENCE, &of_kind))
}

#[cfg(test)]
mod tests {
    use sspi::credssp::{NStatusCode, TsRequest as Theirs, read_ts_credentials};
    use sspi::{AuthIdentity, CredentialsBuffers};

    use super::{TsRequest, VERSION, credentials};
    use crate::secret::Secret;

    fn full(size: usize) -> TsRequest {
        let bytes = |byte| Some(vec![byte; size]);
        let nonce = Some(vec![9; 32]);
        TsRequest { version: VERSION, token: bytes(1), credentials: bytes(2), key: bytes(3), status: None, nonce }
    }

    #[test]
    fn others_read_what_we_write_and_we_what_they_write() {
        for size in [1, 100, 127, 128, 255, 256, 5000] {
            let ours = full(size);
            let mut theirs = Theirs::from_buffer(&ours.write()).expect("they read it");
            assert_eq!((theirs.version, &theirs.nego_tokens, &theirs.auth_info), (6, &ours.token, &ours.credentials));
            assert_eq!((&theirs.pub_key_auth, theirs.client_nonce), (&ours.key, Some([9; 32])));
            theirs.error_code = Some(NStatusCode::LOGON_FAILURE);
            let mut written = Vec::new();
            theirs.encode_ts_request(&mut written).expect("they write it");
            let read = TsRequest::read(&written).expect("we read it");
            assert_eq!(read, TsRequest { status: Some(0xC000_006D), ..ours });
        }
    }

    #[test]
    fn statuses_are_read_in_either_sign() {
        let of = |number: &[u8]| {
            let number = [&[0xa4, number.len() as u8 + 2, 2, number.len() as u8], number].concat();
            TsRequest::read(&[&[0x30, number.len() as u8 + 5, 0xa0, 3, 2, 1, 3], number.as_slice()].concat())
        };
        for number in [&[0xc0, 0, 0, 0x6d][..], &[0, 0xc0, 0, 0, 0x6d]] {
            assert_eq!(of(number).and_then(|read| read.status), Some(0xC000_006D));
        }
        assert_eq!((of(&[]), of(&[1; 5])), (None, None));
    }

    #[test]
    fn the_password_is_written_as_others_read_it() {
        for (user, domain, name) in
            [("CONTOSO\\ada", "CONTOSO", "ada"), ("ada", "", "ada"), ("ada@contoso.com", "", "ada@contoso.com")]
        {
            let written = credentials(user, &Secret::new("p\u{e4}ss".to_owned()));
            let CredentialsBuffers::AuthIdentity(read) = read_ts_credentials(&written[..]).expect("they read it")
            else {
                panic!("a password")
            };
            assert_eq!((read.domain.to_string(), read.user.to_string()), (domain.to_owned(), name.to_owned()));
            let identity = AuthIdentity::try_from(read).expect("an identity");
            assert_eq!(identity.password.as_ref(), "p\u{e4}ss");
        }
    }

    #[test]
    fn refuses_what_is_no_request() {
        let written = full(200).write();
        for end in 0..written.len() {
            assert_eq!(TsRequest::read(&written[..end]), None, "cut at {end}");
        }
        for bytes in [&b"hello"[..], &[0x30, 0], &[0x30, 4, 0xa0, 2, 4, 0], &[0x30, 5, 0xa0, 3, 2, 1, 6, 0]] {
            assert_eq!(TsRequest::read(bytes), None, "{bytes:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>, at in 0..500_usize, value: u8) {
            let _ = TsRequest::read(&bytes);
            let mut written = full(120).write();
            if let Some(byte) = written.get_mut(at) {
                *byte = value;
            }
            let _ = TsRequest::read(&written);
        }
    }
}
