//! The frames that go to the scripts on the hosts, as objects of a pipeline's input.

use crate::clixml::{Document, Value};
use crate::psrp::message::build;

use super::Source;
use super::name;

/// A folder to make below the destination.
pub fn folder(parts: &[String]) -> Document {
    frame("folder", -1, [("p", texts(parts))])
}

/// Announces a file to a host; `going_on` when this run has sent a part of it.
pub fn file(host: &str, number: usize, source: &Source, sha256: &str, going_on: bool) -> Document {
    frame(
        "file",
        index(number),
        [
            ("p", texts(&source.parts)),
            ("s", length(source.size)),
            ("h", Value::str(sha256)),
            ("t", Value::I64(source.modified)),
            ("m", source.mode.map_or(Value::Null, |mode| Value::I32(mode as i32))),
            ("c", Value::Bool(going_on)),
            ("x", Value::str(name::temporary_on(host, source.name()))),
        ],
    )
}

/// A chunk of a file at an offset.
pub fn data(number: usize, offset: u64, bytes: Vec<u8>) -> Document {
    frame("data", index(number), [("o", length(offset)), ("b", Value::Bytes(bytes.into()))])
}

/// The end of a file: it is to be compared and moved to its place.
pub fn end(number: usize) -> Document {
    frame("end", index(number), [])
}

/// Asks for a file of which the beginning is there (its length and hash), and perhaps a whole one (its hash). If its
/// bytes are fetched beside, only their hash is wanted.
pub fn request(number: usize, begun: Option<(u64, String)>, whole: Option<String>, beside: bool) -> Document {
    let (offset, hash) = begun.map_or((0, Value::Null), |(offset, hash)| (offset, Value::str(hash)));
    let whole = whole.map_or(Value::Null, Value::str);
    frame("get", index(number), [("o", length(offset)), ("h", hash), ("w", whole), ("b", Value::Bool(beside))])
}

fn frame<const N: usize>(kind: &str, number: i32, members: [(&str, Value); N]) -> Document {
    let head = [("k", Value::str(kind)), ("n", Value::I32(number))];
    Document::new(build::bag(head.into_iter().chain(members)))
}

fn texts(parts: &[String]) -> Value {
    build::array(parts.iter().map(|part| Value::str(part.as_str())).collect())
}

fn index(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn length(bytes: u64) -> Value {
    Value::I64(i64::try_from(bytes).unwrap_or(i64::MAX))
}
