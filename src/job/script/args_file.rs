//! `--args-file`: the script's arguments from a file.
//!
//! The file is JSON, as `ConvertTo-Json` writes it and as the values of `-a` and `-p` are: an array holds positional
//! arguments, an object named ones. Text in it is always literal, as text in JSON's quotes is on the command line, so
//! `host.NAME` is for flags.

use std::fmt;
use std::path::Path;

use anyhow::{Context, anyhow};
use serde::de::{Deserializer as _, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::argument::ScriptArgument;
use super::text::decode;
use crate::clixml::JsonError;
use crate::config::System;

/// An argument of the file as it stands there, with its name if it has one.
type Raw = (Option<String>, Box<RawValue>);

/// Reads the arguments.
///
/// # Errors
/// A file that cannot be read, or is not an array or object of JSON; with file, line and column.
pub(super) fn read(path: &Path, around: &mut dyn System) -> anyhow::Result<Vec<ScriptArgument>> {
    let file = path.display();
    let bytes = around.read(path).with_context(|| format!("--args-file: cannot read {file}"))?.bytes;
    let text = decode(&bytes).with_context(|| format!("--args-file: {file}"))?;
    let entry = |(name, json): Raw| ScriptArgument::of_file(name, json.get(), file.to_string());
    let arguments = parse(&text).map_err(|error| anyhow!("--args-file: {file}: {error}"))?;
    arguments.into_iter().map(entry).collect::<Result<_, _>>().with_context(|| format!("--args-file: {file}"))
}

/// The arguments in order, those of an object with their names.
fn parse(text: &str) -> Result<Vec<Raw>, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let parsed = json.deserialize_any(Arguments).and_then(|arguments| json.end().map(|()| arguments));
    // The place comes first, as in every other message about a file.
    parsed.map_err(|error| JsonError::from(error).to_string())
}

struct Arguments;

impl<'de> Visitor<'de> for Arguments {
    type Value = Vec<Raw>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of positional arguments or an object of named ones")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut arguments = Vec::new();
        while let Some(item) = items.next_element()? {
            arguments.push((None, item));
        }
        Ok(arguments)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut arguments: Vec<Raw> = Vec::new();
        while let Some(name) = entries.next_key::<String>()? {
            let is_known = |(known, _): &Raw| known.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(&name));
            if name.is_empty() || arguments.iter().any(is_known) {
                let problem = if name.is_empty() { "is empty" } else { "is given twice" };
                return Err(A::Error::custom(format!("the name `{name}` {problem}")));
            }
            arguments.push((Some(name), entries.next_value()?));
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    fn parse(text: &str) -> Result<Vec<(Option<String>, String)>, String> {
        let arguments = super::parse(text)?;
        Ok(arguments.into_iter().map(|(name, json)| (name, json.get().to_owned())).collect())
    }

    #[test]
    fn arrays_are_positional_and_objects_named() {
        assert_eq!(parse("[1, {\"a\": 2}]"), Ok(vec![(None, "1".into()), (None, "{\"a\": 2}".into())]));
        assert_eq!(parse("{\"Name\": [\"x\"]}"), Ok(vec![(Some("Name".to_owned()), "[\"x\"]".into())]));
        assert_eq!(parse(" [] "), Ok(vec![]));
    }

    #[test]
    fn mistakes_have_their_place() {
        let error = |text| parse(text).expect_err("refused");
        assert_eq!(
            error("{\n  \"a\": 1,\n}"),
            "line 3, column 1: there is a ',' before the end, with nothing after it"
        );
        assert_eq!(error("[1] 2"), "line 1, column 5: there is something after the end of the value");
        assert_eq!(error("{\"a\": 1,\n \"A\": 2}"), "line 2, column 4: the name `A` is given twice");
        let kind = error("\"text\"");
        assert!(kind.contains("expected an array of positional arguments or an object of named ones"), "{kind}");
        assert!(error("").starts_with("line 1, column 0: the text ends where a value is expected"), "{}", error(""));
    }
}
