//! The multipart form of sealed messages (MS-WSMV 2.2.9.1), byte-exact when writing, lenient when reading.

use super::error::Error;

/// Protocol of bodies sealed by SPNEGO or NTLM.
pub const SPNEGO: &str = "application/HTTP-SPNEGO-session-encrypted";
/// Protocol of bodies sealed by Kerberos, whatever the scheme.
pub const KERBEROS: &str = "application/HTTP-Kerberos-session-encrypted";
/// Protocol of bodies sealed by CredSSP: by its TLS, not by the mechanism inside.
pub const CREDSSP: &str = "application/HTTP-CredSSP-session-encrypted";
/// The most that CredSSP puts into one message, in bytes: what fits into one TLS record.
pub const CHUNK: usize = 16_384;

/// Content type of a body with one message.
const ONE: &str = "multipart/encrypted";
/// Content type of a body with several.
const SEVERAL: &str = "multipart/x-multi-encrypted";
/// The head of a TLS record: type, version, length.
const RECORD_HEAD: usize = 5;

/// More headers than a part has: two, and some more.
const MOST_HEADERS: usize = 16;

const BOUNDARY: &[u8] = b"--Encrypted Boundary";

/// One sealed message: signature and ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed<'a> {
    /// Length of the plaintext, padding included.
    pub length: usize,
    /// The mechanism's header: signature, or wrap token without its data. CredSSP's is the begin of a TLS record.
    pub signature: &'a [u8],
    /// As long as the plaintext, but for CredSSP: the rest of the record.
    pub ciphertext: &'a [u8],
}

/// The content type of a body that seals this many bytes.
pub fn content_type(protocol: &str, size: usize) -> String {
    let kind = if protocol == CREDSSP && size > CHUNK { SEVERAL } else { ONE };
    format!(r#"{kind};protocol="{protocol}";boundary="Encrypted Boundary""#)
}

/// Whether a content type, in lower case, is that of a sealed body.
pub fn is_content_type(media: &str) -> bool {
    [ONE, SEVERAL].iter().any(|kind| media.starts_with(kind))
}

/// Writes a body with one sealed message.
pub fn write(protocol: &str, message: Sealed<'_>) -> Vec<u8> {
    write_all(protocol, &[message])
}

/// Writes a body with any number of sealed messages.
pub fn write_all(protocol: &str, messages: &[Sealed<'_>]) -> Vec<u8> {
    let size = messages.iter().map(|message| message.signature.len() + message.ciphertext.len() + 256).sum();
    let mut body = Vec::with_capacity(size);
    for message in messages {
        let head = format!(
            concat!(
                "--Encrypted Boundary\r\n\tContent-Type: {}\r\n",
                "\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={}\r\n",
                "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n",
            ),
            protocol, message.length
        );
        body.extend(head.as_bytes());
        body.extend((message.signature.len() as u32).to_le_bytes());
        body.extend(message.signature);
        body.extend(message.ciphertext);
    }
    body.extend(BOUNDARY);
    body.extend(b"--\r\n");
    body
}

/// Finds the sealed messages in a body, usually one.
///
/// Driven by the lengths alone: a boundary may well occur in ciphertext. Spaces in boundaries (Exchange), missing
/// tabs and other letter cases are taken.
///
/// # Errors
/// [`Error::Sealed`] with what is missing.
pub fn read(body: &[u8]) -> Result<Vec<Sealed<'_>>, Error> {
    read_by(body, |_, rest, length| take(rest, length))
}

/// Finds the messages in a body that is sealed by CredSSP, as [`read`] does.
///
/// Their ciphertext is longer than the plaintext, by what only TLS knows. It ends where a boundary stands in the place
/// of the next TLS record.
///
/// # Errors
/// [`Error::Sealed`] with what is missing.
pub fn read_records(body: &[u8]) -> Result<Vec<Sealed<'_>>, Error> {
    read_by(body, |signature, rest, _| {
        // The first record begins in the signature, which may hold all of its head or a part of it.
        let head: Vec<u8> = signature.iter().chain(*rest).take(RECORD_HEAD).copied().collect();
        let mut end = record(&head)?.checked_sub(signature.len()).ok_or_else(|| broken("its signature is too long"))?;
        // No record begins with a dash, which the boundary does.
        while let Some(next) = rest.get(end..).filter(|next| !next.starts_with(b"--")) {
            end += record(next)?;
        }
        take(rest, end)
    })
}

/// The size of the TLS record that begins here, its head included.
fn record(bytes: &[u8]) -> Result<usize, Error> {
    match bytes {
        [_, _, _, high, low, ..] => Ok(RECORD_HEAD + usize::from(u16::from_be_bytes([*high, *low]))),
        _ => Err(broken("it is shorter than it says")),
    }
}

/// Reads a body; `extent` takes the ciphertext behind a signature, by what its plaintext's length is.
fn read_by<'a>(
    body: &'a [u8],
    extent: impl Fn(&'a [u8], &mut &'a [u8], usize) -> Result<&'a [u8], Error>,
) -> Result<Vec<Sealed<'a>>, Error> {
    let mut rest = body;
    let mut found = Vec::new();
    loop {
        match boundary(&mut rest) {
            Some(Boundary::Part) => found.push(message(&mut rest, &extent)?),
            Some(Boundary::End) => return some(found),
            None if rest.iter().all(u8::is_ascii_whitespace) => return some(found),
            None => return Err(broken("a boundary is missing")),
        }
    }
}

fn some(found: Vec<Sealed<'_>>) -> Result<Vec<Sealed<'_>>, Error> {
    if found.is_empty() { Err(broken("it is empty")) } else { Ok(found) }
}

/// Reads the two parts of one message, from behind the first boundary.
fn message<'a>(
    rest: &mut &'a [u8],
    extent: &impl Fn(&'a [u8], &mut &'a [u8], usize) -> Result<&'a [u8], Error>,
) -> Result<Sealed<'a>, Error> {
    let mut length = None;
    for at in 0.. {
        // To look for a boundary passes over all white space, however much of it there is.
        if at == MOST_HEADERS {
            return Err(broken("it has too many headers"));
        }
        let mut ahead = *rest;
        if boundary(&mut ahead).is_some() {
            *rest = ahead;
            break;
        }
        let line = line(rest).ok_or_else(|| broken("its headers are cut off"))?;
        length = length.or_else(|| original_length(line));
    }
    let length = length.ok_or_else(|| broken("it states no length"))?;
    while !contains(line(rest).ok_or_else(|| broken("its second part is cut off"))?, b"octet-stream") {}
    let size = take(rest, 4)?;
    let size = u32::from_le_bytes(size.try_into().map_err(|_| broken("it is cut off"))?);
    let signature = take(rest, size as usize)?;
    let ciphertext = extent(signature, rest, length)?;
    Ok(Sealed { length, signature, ciphertext })
}

enum Boundary {
    Part,
    End,
}

/// Eats a boundary line, with the white space before it.
fn boundary(rest: &mut &[u8]) -> Option<Boundary> {
    let text = rest.trim_ascii_start();
    let text = text.strip_prefix(b"--")?;
    let text = text.trim_ascii_start();
    let name = BOUNDARY.get(2..)?;
    if !text.get(..name.len())?.eq_ignore_ascii_case(name) {
        return None;
    }
    let mut text = text.get(name.len()..)?;
    let end = text.trim_ascii_start().starts_with(b"--");
    line(&mut text);
    *rest = text;
    Some(if end { Boundary::End } else { Boundary::Part })
}

/// Eats a line, or what is left of it.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    let end = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
    let (line, after) = rest.split_at_checked(end)?;
    *rest = after;
    Some(line)
}

fn original_length(line: &[u8]) -> Option<usize> {
    let line = std::str::from_utf8(line).ok()?.to_ascii_lowercase();
    let (_, value) = line.split_once("length=")?;
    let digits = value.split(|character: char| !character.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn contains(line: &[u8], wanted: &[u8]) -> bool {
    line.windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(wanted))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], Error> {
    let (taken, after) = rest.split_at_checked(count).ok_or_else(|| broken("it is shorter than it says"))?;
    *rest = after;
    Ok(taken)
}

fn broken(what: &str) -> Error {
    Error::Sealed(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, CREDSSP, SPNEGO, Sealed, content_type, is_content_type, read, read_records, write, write_all};

    /// The binary parts of the published vector: signature and ciphertext of `<s:Envelope/>` at sequence 0 and 1.
    const VECTOR: [([u8; 16], [u8; 13]); 2] = [
        (
            [1, 0, 0, 0, 0xec, 0xe0, 0x5f, 0xe1, 0x01, 0xc2, 0x29, 0x91, 0, 0, 0, 0],
            [0x48, 0x71, 0xa1, 0x16, 0x1f, 0x37, 0x38, 0x6e, 0x79, 0xbb, 0x72, 0x01, 0xde],
        ),
        (
            [1, 0, 0, 0, 0xec, 0x55, 0xef, 0xd1, 0x87, 0x28, 0x45, 0x5c, 1, 0, 0, 0],
            [0x8d, 0xf6, 0x15, 0xb0, 0xa9, 0x8c, 0x5b, 0xe3, 0xbb, 0x27, 0x32, 0xa9, 0x37],
        ),
    ];

    #[test]
    fn writes_and_reads_the_vector() {
        for (signature, ciphertext) in &VECTOR {
            let sealed = Sealed { length: 13, signature, ciphertext };
            let body = write(SPNEGO, sealed);
            assert_eq!(body.len(), 269);
            assert!(body.starts_with(b"--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encr"));
            assert!(body.ends_with(b"--Encrypted Boundary--\r\n"));
            assert_eq!(read(&body), Ok(vec![sealed]));
        }
        assert!(content_type(SPNEGO, 1 << 20).ends_with(r#"encrypted";boundary="Encrypted Boundary""#));
    }

    /// A TLS record with this much content, in two parts as CredSSP cuts it.
    fn record(length: usize, cut: usize) -> (Vec<u8>, Vec<u8>) {
        let content = length + 24;
        let mut record = vec![0x17, 3, 3, (content >> 8) as u8, content as u8];
        record.extend(b"--Encrypted Boundary--\r\n".iter().cycle().take(content));
        let rest = record.split_off(cut);
        (record, rest)
    }

    #[test]
    fn several_tls_records_are_told_apart_by_their_heads() {
        for cut in [0, 3, 5, 16] {
            let records: Vec<_> = [CHUNK, CHUNK, 7232].map(|length| (length, record(length, cut))).into();
            let sealed: Vec<_> = records
                .iter()
                .map(|(length, (signature, ciphertext))| Sealed { length: *length, signature, ciphertext })
                .collect();
            let body = write_all(CREDSSP, &sealed);
            assert_eq!(read_records(&body), Ok(sealed), "cut at {cut}");
            for end in 0..body.len() - b"--Encrypted Boundary--\r\n".len() {
                assert!(end % 97 != 0 || read_records(&body[..end]).is_err(), "cut at {end}");
            }
        }
        let (signature, mut two) = record(10, 16);
        two.extend(record(20, 0).1);
        let both = Sealed { length: 30, signature: &signature, ciphertext: &two };
        assert_eq!(read_records(&write(CREDSSP, both)), Ok(vec![both]));
        let long = Sealed { length: 1, signature: &[0; 300], ciphertext: b"" };
        assert!(read_records(&write(CREDSSP, long)).is_err());
    }

    #[test]
    fn the_content_type_tells_one_message_from_several() {
        for (size, kind) in [(CHUNK, "multipart/encrypted;"), (CHUNK + 1, "multipart/x-multi-encrypted;")] {
            let media = content_type(CREDSSP, size).to_ascii_lowercase();
            assert!(media.starts_with(kind) && is_content_type(&media), "{media}");
        }
        assert!(!is_content_type("multipart/mixed"));
    }

    #[test]
    fn is_not_misled_by_a_boundary_in_the_ciphertext() {
        let ciphertext = b"\r\n--Encrypted Boundary--\r\n\t";
        let sealed = Sealed { length: ciphertext.len(), signature: b"sig", ciphertext };
        assert_eq!(read(&write(SPNEGO, sealed)), Ok(vec![sealed]));
    }

    #[test]
    fn refuses_a_crowd_of_headers_at_once() {
        let blank = [b"--Encrypted Boundary\r\n".to_vec(), b"\n".repeat(4 << 20)].concat();
        let begin = std::time::Instant::now();
        assert!(read(&blank).is_err());
        // Half a minute and more if each blank line looks at all that follow.
        assert!(begin.elapsed() < std::time::Duration::from_secs(10));
        let odd = format!("--Encrypted Boundary\r\n{}", "X: y\r\n".repeat(17));
        assert!(read(odd.as_bytes()).is_err());
    }

    #[test]
    fn takes_what_other_servers_write() {
        let exchange = concat!(
            "-- Encrypted Boundary\r\nContent-type: application/HTTP-Kerberos-session-encrypted\n",
            "originalContent: type=application/soap+xml; LENGTH=2\r\n-- encrypted boundary\r\n",
            "CONTENT-TYPE: Application/Octet-Stream\r\n\x01\0\0\0sAB-- Encrypted Boundary\r\n",
            "\tOriginalContent: Length=1\r\n--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n",
            "\0\0\0\0C--Encrypted Boundary --\r\n"
        );
        let parts = [
            Sealed { length: 2, signature: b"s", ciphertext: b"AB" },
            Sealed { length: 1, signature: b"", ciphertext: b"C" },
        ];
        assert_eq!(read(exchange.as_bytes()), Ok(parts.to_vec()));
    }

    #[test]
    fn refuses_broken_bodies_at_every_cut() {
        let body = write(SPNEGO, Sealed { length: 3, signature: b"0123456789abcdef", ciphertext: b"xyz" });
        let end = body.len() - b"--Encrypted Boundary--\r\n".len();
        for cut in 0..end {
            assert!(read(&body[..cut]).is_err(), "cut at {cut}");
        }
        assert!(read(b"<s:Envelope/>").is_err());
        let huge = body.windows(1).map(|byte| byte[0]).collect::<Vec<_>>();
        let huge = String::from_utf8_lossy(&huge).replace("Length=3", "Length=99999999999999999999");
        assert!(read(huge.as_bytes()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn never_panics_on_any_bytes(bytes: Vec<u8>, cut in 0..300_usize, flip in 0..300_usize, value: u8) {
            let _ = (read(&bytes), read_records(&bytes));
            let mut body = write(SPNEGO, Sealed { length: bytes.len(), signature: b"0123456789abcdef", ciphertext: &bytes });
            if let Some(byte) = body.get_mut(flip) {
                *byte = value;
            }
            body.truncate(body.len().saturating_sub(cut));
            let _ = (read(&body), read_records(&body));
        }

        #[test]
        fn reads_back_what_it_writes(signature: Vec<u8>, ciphertext: Vec<u8>) {
            let sealed = Sealed { length: ciphertext.len(), signature: &signature, ciphertext: &ciphertext };
            let body = write(SPNEGO, sealed);
            proptest::prop_assert_eq!(read(&body), Ok(vec![sealed]));
        }
    }
}
