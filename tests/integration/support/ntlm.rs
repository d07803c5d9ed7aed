//! NTLM and SPNEGO tokens of a scripted server, by hand (MS-NLMP 2.2.1, RFC 4178).

use base64_simd::STANDARD;

use super::http::Request;

/// What begins every NTLM message; the type follows.
pub(crate) const SIGNATURE: &[u8] = b"NTLMSSP\0";

/// A CHALLENGE_MESSAGE as Windows sends it: all usual flags, a timestamp among the AV pairs.
pub(crate) fn challenge() -> Vec<u8> {
    let mut pairs = Vec::new();
    for (id, value) in [(2_u16, b"D\0".as_slice()), (1, b"H\0"), (7, &[1; 8]), (0, b"")] {
        pairs.extend(id.to_le_bytes());
        pairs.extend((value.len() as u16).to_le_bytes());
        pairs.extend(value);
    }
    let mut message = [SIGNATURE, &[2, 0, 0, 0, 2, 0, 2, 0, 56, 0, 0, 0]].concat();
    message.extend(0xe289_8235_u32.to_le_bytes());
    message.extend(*b"12345678");
    message.extend([0; 8]);
    message.extend((pairs.len() as u16).to_le_bytes());
    message.extend((pairs.len() as u16).to_le_bytes());
    message.extend(58_u32.to_le_bytes());
    message.extend([10, 0, 0x63, 0x45, 0, 0, 0, 15]);
    message.extend(b"D\0");
    message.extend(pairs);
    message
}

/// A NegTokenResp, accept-incomplete, of these fields by their context tags (2 responseToken, 3 mechListMIC).
pub(crate) fn neg_token_resp(fields: &[(u8, &[u8])]) -> Vec<u8> {
    let state = der(0xa0, &[0x0a, 1, 1]);
    let mechanism = der(0xa1, &[6, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10]);
    let fields = fields.iter().map(|(tag, bytes)| der(0xa0 | tag, &der(4, bytes)));
    let content = [state, mechanism].into_iter().chain(fields).collect::<Vec<_>>().concat();
    der(0xa1, &der(0x30, &content))
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("short");
    let head = if length < 128 { vec![tag, length] } else { vec![tag, 0x81, length] };
    [head, content.to_vec()].concat()
}

/// A `WWW-Authenticate` header with a token.
pub(crate) fn negotiate(token: &[u8]) -> String {
    format!("WWW-Authenticate: Negotiate {}\r\n", STANDARD.encode_to_string(token))
}

/// The token of a request, if it has one.
pub(crate) fn token(request: &Request) -> Option<Vec<u8>> {
    let line = request.head.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization:"))?;
    STANDARD.decode_to_vec(line.split(' ').nth(2)?).ok()
}

/// The NTLM message of this type in a token, bare or within SPNEGO, to the end of the token.
pub(crate) fn message(token: &[u8], kind: u8) -> Option<&[u8]> {
    let begin = token.windows(12).position(|part| part == [SIGNATURE, &[kind, 0, 0, 0]].concat())?;
    token.get(begin..)
}
