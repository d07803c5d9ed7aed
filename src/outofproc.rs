//! The out-of-process framing: PSRP fragments as lines of text, over SSH or a child's stdin and stdout.
//!
//! Bytes in, [`Packet`]s out, and back; no I/O. One packet is one line. The acknowledgement rules that go with it
//! are the carrier's (`transport::outofproc`).
//!
//! ```
//! use psfleet::channel::Priority;
//! use psfleet::outofproc::{Packet, read_line, write_data};
//!
//! let (mut line, pool) = (Vec::new(), uuid::Uuid::nil());
//! write_data(&mut line, Priority::Default, pool, &[b"fragment"]);
//! assert_eq!(line, format!("<Data Stream='Default' PSGuid='{pool}'>ZnJhZ21lbnQ=</Data>\n").as_bytes());
//! let packet = Packet::Data { priority: Priority::Default, id: pool, payload: b"fragment".to_vec() };
//! assert_eq!(read_line(&line), Ok(Some(packet)));
//! ```

use std::fmt;

use uuid::Uuid;

use crate::channel::Priority;

/// What a packet is about. Its id is the pipeline's, or zero for the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// The server has taken a `Data` packet.
    DataAck,
    /// Registers a pipeline.
    Command,
    /// The pipeline is registered.
    CommandAck,
    /// Releases a pipeline, or ends the session.
    Close,
    /// It is released, or ended.
    CloseAck,
    /// Stops a pipeline.
    Signal,
    /// The stop was taken.
    SignalAck,
}

impl Verb {
    const ALL: [Self; 7] =
        [Self::DataAck, Self::Command, Self::CommandAck, Self::Close, Self::CloseAck, Self::Signal, Self::SignalAck];

    fn tag(self) -> &'static str {
        match self {
            Self::DataAck => "DataAck",
            Self::Command => "Command",
            Self::CommandAck => "CommandAck",
            Self::Close => "Close",
            Self::CloseAck => "CloseAck",
            Self::Signal => "Signal",
            Self::SignalAck => "SignalAck",
        }
    }
}

/// One line of the framing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// PSRP fragments for a pipeline or, with the zero id, for the pool.
    Data {
        /// Which stream of the channel.
        priority: Priority,
        /// The pipeline, or zero.
        id: Uuid,
        /// Fragment bytes.
        payload: Vec<u8>,
    },
    /// Anything else: a verb and whom it is about.
    Control {
        /// What to do, or what was done.
        verb: Verb,
        /// The pipeline, or zero.
        id: Uuid,
    },
}

/// A line that is not a packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It does not begin like a packet: output of a profile or of a native program on the same stream.
    #[error("the line is not a packet: `{}`", .0.escape_debug())]
    Stray(String),
    /// It begins like a packet, but an attribute or the end is wrong.
    #[error("a packet from the remote PowerShell is damaged ({what}): `{}`", line.escape_debug())]
    Malformed {
        /// What is wrong with it.
        what: &'static str,
        /// The first characters of the line.
        line: String,
    },
}

/// Appends a `Data` packet with these fragments to `out`.
///
/// The attributes, their order and their quotes are exactly PowerShell's: its router looks for `PSGuid='…'`.
pub fn write_data<F: AsRef<[u8]>>(out: &mut Vec<u8>, priority: Priority, id: Uuid, fragments: &[F]) {
    let stream = match priority {
        Priority::Default => "Default",
        Priority::PromptResponse => "PromptResponse",
    };
    let joined: Vec<u8>;
    let payload = match fragments {
        [one] => one.as_ref(),
        many => {
            joined = many.iter().flat_map(|fragment| fragment.as_ref()).copied().collect();
            &joined
        }
    };
    out.extend_from_slice(format!("<Data Stream='{stream}' PSGuid='{id}'>").as_bytes());
    base64_simd::STANDARD.encode_append(payload, out);
    out.extend_from_slice(b"</Data>\n");
}

/// Appends a packet without a body to `out`.
pub fn write_control(out: &mut Vec<u8>, verb: Verb, id: Uuid) {
    out.extend_from_slice(format!("<{} PSGuid='{id}' />\n", verb.tag()).as_bytes());
}

/// Reads one line, its line end included or not. `None` for an empty line, which a client skips.
///
/// # Errors
/// [`FrameError::Stray`] for a line that is not a packet at all, [`FrameError::Malformed`] for a broken one.
pub fn read_line(line: &[u8]) -> Result<Option<Packet>, FrameError> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(None);
    }
    let malformed = |what| FrameError::Malformed { what, line: excerpt(line) };
    let Some(rest) = line.strip_prefix(b"<") else { return Err(FrameError::Stray(excerpt(line))) };
    let tag_end = rest.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (tag, rest) = rest.split_at(tag_end);
    let head_end = rest.iter().position(|&byte| byte == b'>').ok_or_else(|| malformed("the tag never ends"))?;
    let (head, body) = rest.split_at(head_end);
    let id = attribute(head, b"PSGuid")
        .and_then(|text| Uuid::try_parse_ascii(text).ok())
        .ok_or_else(|| malformed("no valid PSGuid"))?;
    if tag == b"Data" {
        let priority = match attribute(head, b"Stream") {
            Some(b"Default") | None => Priority::Default,
            Some(b"PromptResponse") => Priority::PromptResponse,
            Some(_) => return Err(malformed("unknown Stream")),
        };
        let text = match body.get(1..).and_then(|body| body.strip_suffix(b"</Data>")) {
            Some(text) => text,
            None if head.ends_with(b"/") => b"",
            None => return Err(malformed("no </Data>")),
        };
        let payload = base64_simd::STANDARD.decode_to_vec(text).map_err(|_| malformed("the body is not base64"))?;
        return Ok(Some(Packet::Data { priority, id, payload }));
    }
    match Verb::ALL.into_iter().find(|verb| verb.tag().as_bytes() == tag) {
        Some(verb) => Ok(Some(Packet::Control { verb, id })),
        None => Err(malformed("unknown packet")),
    }
}

/// The value of an attribute in single or double quotes.
fn attribute<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = head;
    loop {
        let equals = rest.iter().position(|&byte| byte == b'=')?;
        let key = rest.get(..equals)?.trim_ascii();
        let quoted = rest.get(equals + 1..)?.trim_ascii_start();
        let (&quote, quoted) = quoted.split_first().filter(|(quote, _)| matches!(quote, b'\'' | b'"'))?;
        let end = quoted.iter().position(|&byte| byte == quote)?;
        if key == name {
            return quoted.get(..end);
        }
        rest = quoted.get(end + 1..)?;
    }
}

/// The first characters of a line, for messages.
fn excerpt(line: &[u8]) -> String {
    const LONGEST: usize = 120;
    String::from_utf8_lossy(line.get(..LONGEST).unwrap_or(line)).into_owned()
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(0x0a0b0c0d_0e0f_1011_1213_141516171819);
    /// Vector 11.1: END_OF_PIPELINE_INPUT as one fragment.
    const FRAGMENT: &str = "AAAAAAAAAAYAAAAAAAAAAAMAAAAoAgAAAAMQBABEMyIRZlWId5mqu8zd7v8ADQwLCg8OERASExQVFhcYGQ==";

    /// Vector 11.15.
    fn data_line() -> String {
        format!("<Data Stream='Default' PSGuid='0a0b0c0d-0e0f-1011-1213-141516171819'>{FRAGMENT}</Data>\n")
    }

    #[test]
    fn writes_the_lines_of_the_vectors() {
        let payload = base64_simd::STANDARD.decode_to_vec(FRAGMENT).expect("base64");
        let mut out = Vec::new();
        write_control(&mut out, Verb::Command, ID);
        let (left, right) = payload.split_at(30);
        write_data(&mut out, Priority::Default, ID, &[left, right]);
        write_control(&mut out, Verb::Close, ID);
        let expected = format!(
            "<Command PSGuid='0a0b0c0d-0e0f-1011-1213-141516171819' />\n{}<Close \
             PSGuid='0a0b0c0d-0e0f-1011-1213-141516171819' />\n",
            data_line()
        );
        assert_eq!(String::from_utf8(out).expect("ASCII"), expected);
    }

    #[test]
    fn reads_what_servers_write() {
        let payload = base64_simd::STANDARD.decode_to_vec(FRAGMENT).expect("base64");
        let data = Packet::Data { priority: Priority::Default, id: ID, payload };
        assert_eq!(read_line(data_line().as_bytes()), Ok(Some(data.clone())));
        assert_eq!(read_line(data_line().replace('\n', "\r\n").replace('\'', "\"").as_bytes()), Ok(Some(data)));
        assert_eq!(
            read_line(b"<CloseAck PSGuid='00000000-0000-0000-0000-000000000000' />"),
            Ok(Some(Packet::Control { verb: Verb::CloseAck, id: Uuid::nil() }))
        );
        assert_eq!(read_line(b"\r\n"), Ok(None));
    }

    #[test]
    fn tells_stray_lines_from_broken_packets() {
        assert!(matches!(read_line(b"Welcome to web07"), Err(FrameError::Stray(_))));
        for broken in [
            "<Data Stream='Default' PSGuid='0a0b0c0d-0e0f-1011-1213-141516171819'>!!</Data>",
            "<Data Stream='Default' PSGuid='0a0b0c0d-0e0f-1011-1213-141516171819'>AAAA",
            "<Data Stream='Odd' PSGuid='0a0b0c0d-0e0f-1011-1213-141516171819'></Data>",
            "<Data Stream='Default' PSGuid='nonsense'></Data>",
            "<Unknown PSGuid='0a0b0c0d-0e0f-1011-1213-141516171819' />",
            "<DataAck />",
            "<DataAck PSGuid",
        ] {
            assert!(matches!(read_line(broken.as_bytes()), Err(FrameError::Malformed { .. })), "{broken}");
        }
    }

    #[test]
    fn survives_every_prefix() {
        let line = data_line();
        for end in 0..line.len() {
            let _ = read_line(&line.as_bytes()[..end]);
        }
    }
}
