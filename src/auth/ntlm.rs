//! NTLM's AUTHENTICATE message as Windows writes it (MS-NLMP 2.2.1.3, 3.3.2), made from the library's.
//!
//! The library upper-cases user names as Rust does, and names no workstation. Both stand in what the message proves, so
//! its proof, its session key and its MIC are computed anew; the exported session key, and with it every seal, stays.

use hmac::{Hmac, KeyInit, Mac};
use md4::{Digest, Md4};
use md5::Md5;
use zeroize::Zeroizing;

use super::upper::upper;
use crate::secret::Secret;

const SIGNATURE: &[u8] = b"NTLMSSP\0";
/// Size of everything before the payload, with version and MIC.
const HEADER: usize = 88;
const FLAGS: usize = 60;
const MIC: std::ops::Range<usize> = 72..88;
const OEM_WORKSTATION_SUPPLIED: u32 = 0x2000;
const KEY_EXCHANGE: u32 = 0x4000_0000;

/// The message of this type (1 NEGOTIATE, 2 CHALLENGE, 3 AUTHENTICATE) that ends a token.
pub(super) fn message(token: &[u8], kind: u8) -> Option<&[u8]> {
    let begin = [SIGNATURE, &[kind, 0, 0, 0]].concat();
    token.windows(begin.len()).position(|part| part == begin).and_then(|at| token.get(at..))
}

/// What the library's AUTHENTICATE belongs to.
pub(super) struct Exchange<'a> {
    /// Our first message, as it was sent.
    pub(super) negotiate: &'a [u8],
    /// The server's message, as it came.
    pub(super) challenge: &'a [u8],
    /// The session key that both sides export.
    pub(super) session_key: &'a [u8],
    pub(super) password: &'a Secret<String>,
    pub(super) workstation: &'a str,
}

impl Exchange<'_> {
    /// The message with the right proof and the workstation; `None` when the messages are not what they should be.
    pub(super) fn authenticate(&self, written: &[u8]) -> Option<Vec<u8>> {
        let domain = field(written, 28)?;
        let user = field(written, 36)?;
        let temp = field(written, 20)?.get(16..)?;
        let server_challenge = self.challenge.get(24..32)?;
        let client_challenge = temp.get(16..24)?;

        let key = key(self.password, user, domain);
        let proof = hmac(&*key, &[server_challenge, temp]);
        let lm = [hmac(&*key, &[server_challenge, client_challenge]).as_slice(), client_challenge].concat();
        let base = Zeroizing::new(hmac(&*key, &[&proof]));
        let flags = u32::from_le_bytes(written.get(FLAGS..FLAGS + 4)?.try_into().ok()?) | OEM_WORKSTATION_SUPPLIED;
        let exchanged = match flags & KEY_EXCHANGE {
            // The exported key is the base itself: it cannot stay if the base changes.
            0 if *base == self.session_key => Vec::new(),
            0 => return None,
            _ => rc4(&*base, self.session_key),
        };
        let workstation: Vec<u8> = self.workstation.encode_utf16().flat_map(u16::to_le_bytes).collect();

        let mut message = written.get(..HEADER)?.to_vec();
        message.get_mut(FLAGS..FLAGS + 4)?.copy_from_slice(&flags.to_le_bytes());
        message.get_mut(MIC)?.fill(0);
        let nt = [proof.as_slice(), temp].concat();
        for (at, content) in [(28, domain), (36, user), (44, &workstation), (12, &lm), (20, &nt), (52, &exchanged)] {
            append(&mut message, at, content)?;
        }
        let mic = hmac(self.session_key, &[self.negotiate, self.challenge, &message]);
        message.get_mut(MIC)?.copy_from_slice(&mic);
        Some(message)
    }
}

/// NTOWFv2: the key that stands for user and password.
fn key(password: &Secret<String>, user: &[u8], domain: &[u8]) -> Zeroizing<[u8; 16]> {
    let password: Zeroizing<Vec<u8>> =
        Zeroizing::new(password.expose().encode_utf16().flat_map(u16::to_le_bytes).collect());
    let hash = Zeroizing::new(<[u8; 16]>::from(Md4::digest(&*password)));
    let units = user.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    let user: Vec<u8> = units.flat_map(|unit| upper(unit).to_le_bytes()).collect();
    Zeroizing::new(hmac(&*hash, &[&user, domain]))
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Md5>::new_from_slice(key).expect("a key");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// RC4 of a fresh key stream, which NTLM wraps its session key with.
fn rc4(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut state: [u8; 256] = std::array::from_fn(|index| index as u8);
    let mut j = 0_u8;
    for i in 0..256 {
        j = j.wrapping_add(state[i]).wrapping_add(key[i % key.len()]);
        state.swap(i, usize::from(j));
    }
    let (mut i, mut j) = (0_u8, 0_u8);
    let next = |byte: &u8| {
        i = i.wrapping_add(1);
        j = j.wrapping_add(state[usize::from(i)]);
        state.swap(usize::from(i), usize::from(j));
        let sum = state[usize::from(i)].wrapping_add(state[usize::from(j)]);
        byte ^ state[usize::from(sum)]
    };
    data.iter().map(next).collect()
}

/// What the fields at an offset of the header point to.
fn field(message: &[u8], at: usize) -> Option<&[u8]> {
    let length = u16::from_le_bytes(message.get(at..at + 2)?.try_into().ok()?);
    let begin = usize::try_from(u32::from_le_bytes(message.get(at + 4..at + 8)?.try_into().ok()?)).ok()?;
    message.get(begin..begin.checked_add(usize::from(length))?)
}

/// Appends content to the payload and points the fields at it.
fn append(message: &mut Vec<u8>, at: usize, content: &[u8]) -> Option<()> {
    let length = u16::try_from(content.len()).ok()?.to_le_bytes();
    let begin = u32::try_from(message.len()).ok()?.to_le_bytes();
    message.get_mut(at..at + 8)?.copy_from_slice(&[length.as_slice(), &length, &begin].concat());
    message.extend_from_slice(content);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{key, rc4};
    use crate::secret::Secret;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn the_published_vectors() {
        // MS-NLMP 4.2.4.1.1, and RFC 6229's first words of the stream for an 16-byte key.
        let of = |user: &str| *key(&Secret::new("Password".to_owned()), &utf16(user), &utf16("Domain"));
        assert_eq!(u128::from_be_bytes(of("User")), 0x0c86_8a40_3bfd_7a93_a300_1ef2_2ef0_2e3f);
        assert_eq!(of("uSER"), of("User"));
        assert_ne!(of("wei\u{df}"), of("weiss"));
        let stream = rc4(&(1..=16).collect::<Vec<u8>>(), &[0; 8]);
        assert_eq!(stream, [0x9a, 0xc7, 0xcc, 0x9a, 0x60, 0x9d, 0x1e, 0xf7]);
    }
}
