//! The three forms in which using values go over the wire.

use std::collections::HashMap;

use crate::clixml::Value;
use crate::psrp::Argument;

use super::Source;
use super::evaluate::{array, hashtable};
use super::evaluated::Evaluated;
use super::rewrite::rewrite;
use super::sent::Sent;

/// The name of the argument that carries using values.
const USING_ARGUMENT: &str = "--%";

/// How the values of using expressions reach the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WireForm {
    /// A dictionary keyed by the expressions' texts: PowerShell 5 and later.
    Dictionary,
    /// An array in order of appearance: PowerShell 3 and 4.
    Array,
    /// Parameters in a rewritten script: PowerShell 2.
    Rewrite,
}

impl WireForm {
    /// The form that a server takes, by the PowerShell version of its private data (`5.1.17763.1490`), or by the
    /// protocol version of its capability (`2.2`) where the private data did not come before the pool was open (MS-PSRP
    /// 2.2.2.1 and 2.2.2.13). A server that tells neither is a new one.
    pub fn of_server(ps_version: Option<&str>, protocol: Option<&str>) -> Self {
        let major = ps_version.and_then(|version| numbers(version).0);
        match (major, protocol.map(numbers)) {
            (Some(0..=2), _) | (None, Some((Some(2), Some(0..=1)))) => Self::Rewrite,
            (Some(3 | 4), _) | (None, Some((Some(2), Some(2)))) => Self::Array,
            _ => Self::Dictionary,
        }
    }

    pub(super) fn send(self, source: &Source, evaluated: &[Evaluated]) -> Sent {
        if evaluated.is_empty() {
            return Sent { script: source.text().to_owned(), arguments: Vec::new() };
        }
        match self {
            Self::Dictionary => match dictionary(source, evaluated) {
                Some(dictionary) => with_argument(source, dictionary),
                None => rewrite(source, evaluated),
            },
            Self::Array if is_one_scope(evaluated) && is_plain(evaluated) => {
                let values = evaluated.iter().map(|found| found.value.clone()).collect();
                with_argument(source, array(values))
            }
            Self::Array | Self::Rewrite => rewrite(source, evaluated),
        }
    }
}

/// The first two numbers of a version.
fn numbers(version: &str) -> (Option<u32>, Option<u32>) {
    let mut parts = version.split(['.', '-']).map(|part| part.parse().ok());
    (parts.next().flatten(), parts.next().flatten())
}

fn with_argument(source: &Source, value: Value) -> Sent {
    let argument = Argument { name: Some(USING_ARGUMENT.to_owned()), value };
    Sent { script: source.text().to_owned(), arguments: vec![argument] }
}

/// One value for each distinct key. Prefixes are sent too: keys too many are harmless, a missing one ends the script.
/// So is the text that PowerShell misreads an expression for; `None` if it takes two values for the same so.
fn dictionary(source: &Source, evaluated: &[Evaluated]) -> Option<Value> {
    let mut known: HashMap<String, (&Value, bool)> = HashMap::new();
    let mut entries = Vec::new();
    for Evaluated { occurrence, value, prefixes } in evaluated {
        let own = prefixes.iter().enumerate().map(|(index, (end, value))| {
            let text = source.slice(occurrence.start, *end);
            (key(text, index == 0), value, false)
        });
        let misread = occurrence.misread.as_ref();
        let misread = misread.map(|found| (key(&found.text, occurrence.accessors.is_empty()), value, true));
        for (key, value, is_misread) in own.chain(misread) {
            match known.get(&key) {
                Some((other, was_misread)) if (is_misread || *was_misread) && *other != value => return None,
                Some(_) => {}
                None => {
                    known.insert(key.clone(), (value, is_misread));
                    entries.push((Value::str(key), value.clone()));
                }
            }
        }
    }
    Some(hashtable(entries))
}

/// The key of an expression: the base64 of its UTF-16, in lower case only if it is a plain variable.
fn key(text: &str, is_plain: bool) -> String {
    let lower: String = text.chars().map(lower_invariant).collect();
    let text = if is_plain { &*lower } else { text };
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    base64_simd::STANDARD.encode_to_string(bytes)
}

/// .NET's invariant lower case: one character for one character, and U+0130 stays as it is.
fn lower_invariant(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(single), None) => single,
        _ => c,
    }
}

/// Whether all expressions stand in the same script block, which version 3 and 4 ask for.
fn is_one_scope(evaluated: &[Evaluated]) -> bool {
    let mut blocks = evaluated.iter().map(|found| found.occurrence.block);
    let first = blocks.next();
    blocks.all(|block| Some(block) == first)
}

/// Parsers before version 5 know only plain variables as using expressions.
fn is_plain(evaluated: &[Evaluated]) -> bool {
    evaluated.iter().all(|found| found.occurrence.accessors.is_empty())
}
