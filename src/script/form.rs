//! The three forms in which using values go over the wire.

use std::collections::HashSet;

use crate::clixml::{Content, Object, TypeNames, Value};
use crate::psrp::Argument;

use super::evaluate::array;
use super::rewrite::rewrite;
use super::using::Evaluated;
use super::{ScriptError, Source};

/// The name of the argument that carries using values.
const USING_ARGUMENT: &str = "--%";

/// How the values of using expressions reach the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// A dictionary keyed by the expressions' texts: PowerShell 5 and later.
    Dictionary,
    /// An array in order of appearance: PowerShell 3 and 4.
    Array,
    /// Parameters in a rewritten script: PowerShell 2.
    Rewrite,
}

/// A script with the arguments that carry its using values.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// The text to run: the script's own, except in the form [`Form::Rewrite`].
    pub script: String,
    /// Arguments to add behind the user's own.
    pub arguments: Vec<Argument>,
}

impl Form {
    /// The form that a major version of PowerShell takes (`PSVersionTable` in APPLICATION_PRIVATE_DATA).
    pub fn of_version(major: u32) -> Self {
        match major {
            0..=2 => Self::Rewrite,
            3 | 4 => Self::Array,
            _ => Self::Dictionary,
        }
    }

    pub(super) fn send(self, source: &Source, evaluated: &[Evaluated<'_>]) -> Result<Sent, Vec<ScriptError>> {
        if evaluated.is_empty() {
            return Ok(Sent { script: source.text().to_owned(), arguments: Vec::new() });
        }
        match self {
            Self::Dictionary => Ok(with_argument(source, dictionary(source, evaluated))),
            Self::Array if is_one_scope(evaluated) && is_plain(evaluated) => {
                let values = evaluated.iter().map(|found| found.value.clone()).collect();
                Ok(with_argument(source, array(values)))
            }
            Self::Array | Self::Rewrite => rewrite(source, evaluated).map_err(|error| vec![error]),
        }
    }
}

fn with_argument(source: &Source, value: Value) -> Sent {
    let argument = Argument { name: Some(USING_ARGUMENT.to_owned()), value };
    Sent { script: source.text().to_owned(), arguments: vec![argument] }
}

/// One value for each distinct key. Prefixes are sent too: keys too many are harmless, a missing one ends the script.
fn dictionary(source: &Source, evaluated: &[Evaluated<'_>]) -> Value {
    let mut seen = HashSet::new();
    let mut entries = Vec::new();
    for found in evaluated {
        for (index, (end, value)) in found.prefixes.iter().enumerate() {
            let text = source.slice(found.occurrence.start, *end);
            let key = key(text, index == 0);
            if seen.insert(key.clone()) {
                entries.push((Value::str(key), value.clone()));
            }
        }
    }
    let type_names = TypeNames::new(["System.Collections.Hashtable", "System.Object"]);
    Object { type_names, content: Content::Dict(entries), ..Object::default() }.into()
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
fn is_one_scope(evaluated: &[Evaluated<'_>]) -> bool {
    let mut blocks = evaluated.iter().map(|found| found.occurrence.block);
    let first = blocks.next();
    blocks.all(|block| Some(block) == first)
}

/// Parsers before version 5 know only plain variables as using expressions.
fn is_plain(evaluated: &[Evaluated<'_>]) -> bool {
    evaluated.iter().all(|found| found.occurrence.accessors.is_empty())
}
