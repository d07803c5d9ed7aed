//! NegTokenResp of SPNEGO (RFC 4178 section 4.2.2), as far as a client has to read it.

use super::der::{element as der, take};

/// The value of negState that refuses.
const REJECT: u8 = 2;
/// NTLMSSP's object identifier, 1.3.6.1.4.1.311.2.2.10, in DER.
const NTLM: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];

/// A response of either side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct NegTokenResp<'a> {
    pub(super) state: Option<u8>,
    pub(super) mechanism: Option<&'a [u8]>,
    /// The mechanism's own token.
    pub(super) response: Option<&'a [u8]>,
    pub(super) mic: Option<&'a [u8]>,
}

impl<'a> NegTokenResp<'a> {
    /// Takes a token apart; `None` for anything else.
    pub(super) fn read(token: &'a [u8]) -> Option<Self> {
        let (0xa1, mut outer) = take(&mut &*token)? else { return None };
        let (0x30, mut fields) = take(&mut outer)? else { return None };
        let mut read = Self::default();
        while !fields.is_empty() {
            let (tag, mut field) = take(&mut fields)?;
            match (tag, take(&mut field)?) {
                (0xa0, (0x0a, [state])) => read.state = Some(*state),
                (0xa1, (6, oid)) => read.mechanism = Some(oid),
                (0xa2, (4, bytes)) => read.response = Some(bytes),
                (0xa3, (4, bytes)) => read.mic = Some(bytes),
                _ => return None,
            }
        }
        Some(read)
    }

    /// Writes it in DER.
    pub(super) fn write(&self) -> Vec<u8> {
        let state = self.state.map(|state| der(0xa0, &[0x0a, 1, state]));
        let mechanism = self.mechanism.map(|oid| der(0xa1, &der(6, oid)));
        let response = self.response.map(|bytes| der(0xa2, &der(4, bytes)));
        let mic = self.mic.map(|bytes| der(0xa3, &der(4, bytes)));
        let fields: Vec<u8> = [state, mechanism, response, mic].into_iter().flatten().flatten().collect();
        der(0xa1, &der(0x30, &fields))
    }

    /// Without a mechListMIC that only repeats the mechanism's token: some servers fill it in so, and MIT's and
    /// pyspnego's clients take it for none.
    pub(super) fn without_copy(self) -> Self {
        Self { mic: self.mic.filter(|_| self.mic != self.response), ..self }
    }

    /// The other side refuses.
    pub(super) fn is_reject(&self) -> bool {
        self.state == Some(REJECT)
    }

    /// It settles on another mechanism than NTLM.
    pub(super) fn wants_another(&self) -> bool {
        self.mechanism.is_some_and(|oid| oid != NTLM)
    }
}

#[cfg(test)]
mod tests {
    use super::{NTLM, NegTokenResp};

    #[test]
    fn reads_what_it_writes() {
        for size in [0, 1, 100, 127, 128, 255, 256, 70_000] {
            let bytes = vec![7; size];
            let token = NegTokenResp { state: Some(1), mechanism: Some(NTLM), response: Some(&bytes), mic: None };
            assert_eq!(NegTokenResp::read(&token.write()), Some(token));
        }
        assert_eq!(NegTokenResp::read(&NegTokenResp::default().write()), Some(NegTokenResp::default()));
    }

    #[test]
    fn tells_a_refusal_and_another_mechanism() {
        let reject = NegTokenResp::read(&[0xa1, 7, 0x30, 5, 0xa0, 3, 0x0a, 1, 2]).expect("a token");
        assert!(reject.is_reject() && !reject.wants_another());
        let kerberos = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2];
        let other = NegTokenResp { mechanism: Some(&kerberos), ..NegTokenResp::default() };
        assert!(other.wants_another() && !other.is_reject());
    }

    #[test]
    fn a_copy_is_no_signature() {
        let copied = NegTokenResp { response: Some(b"x"), mic: Some(b"x"), ..NegTokenResp::default() };
        assert_eq!(copied.without_copy().mic, None);
        let signed = NegTokenResp { response: Some(b"x"), mic: Some(b"y"), ..NegTokenResp::default() };
        assert_eq!(signed.without_copy(), signed);
    }

    #[test]
    fn refuses_what_is_no_token() {
        for token in [
            &b"hello"[..],
            &[],
            &[0xa1],
            &[0xa1, 0x84, 0, 0, 0, 0],
            &[0xa1, 5, 0x30, 9],
            &[0xa1, 4, 0x30, 2, 0xa7, 0],
            &[0xa1, 0x83, 0xff, 0xff, 0xff, 0x30],
        ] {
            assert_eq!(NegTokenResp::read(token), None, "{token:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(token: Vec<u8>) {
            let _ = NegTokenResp::read(&token);
            let _ = NegTokenResp::read(&[&[0xa1, token.len() as u8, 0x30], token.as_slice()].concat());
        }
    }
}
