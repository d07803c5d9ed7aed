//! Script blocks with what they must bring, as data.

use std::time::Duration;

use psfleet::clixml::value_from_json;
use psfleet::psrp::{Argument, Invocation};
use serde::Deserialize;

/// A script block and its expectation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    /// What no other block covers.
    pub covers: String,
    /// The script's text.
    pub script: String,
    /// Its arguments.
    #[serde(default)]
    arguments: Vec<JsonArgument>,
    /// Its timeout in milliseconds; ten minutes unless set: a bound for a busy machine, not a measure.
    timeout_ms: Option<u64>,
    /// The target's outcome.
    pub outcome: String,
    /// The outcome's reason, if it has one.
    pub reason: Option<String>,
    /// The exit code, if the script sets one.
    pub exit_code: Option<i32>,
    /// The data of the records of each stream, as lines of JSON.
    #[serde(default)]
    pub object: String,
    #[serde(default)]
    pub error: String,
    #[serde(default)]
    pub warning: String,
    #[serde(default)]
    pub verbose: String,
    #[serde(default)]
    pub debug: String,
    #[serde(default)]
    pub information: String,
    #[serde(default)]
    pub progress: String,
    /// Instead of `object`, when there is too much of it.
    pub objects: Option<Bulk>,
}

/// Objects too many or too large to be written down.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bulk {
    /// How many.
    pub count: usize,
    /// All their lines of JSON together, in bytes, ends of lines included.
    pub bytes: usize,
    /// SHA-256 of these bytes, in hexadecimal.
    pub sha256: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonArgument {
    name: Option<String>,
    json: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    block: Vec<Block>,
}

impl Block {
    /// The script with its arguments.
    pub(super) fn invocation(&self) -> Invocation {
        let argument = |argument: &JsonArgument| Argument {
            name: argument.name.clone(),
            value: value_from_json(&serde_json::from_str(&argument.json).expect("an argument in JSON")),
        };
        Invocation {
            script: self.script.clone(),
            arguments: self.arguments.iter().map(argument).collect(),
            input: false,
        }
    }

    /// Its time to run.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout_ms.map_or(Duration::from_secs(600), Duration::from_millis)
    }

    /// The lines of JSON that each stream must have.
    pub(super) fn streams(&self) -> [(&'static str, &str); 7] {
        [
            ("object", &self.object),
            ("error", &self.error),
            ("warning", &self.warning),
            ("verbose", &self.verbose),
            ("debug", &self.debug),
            ("information", &self.information),
            ("progress", &self.progress),
        ]
    }
}

/// Every block, in the order of the files.
pub(super) fn all() -> Vec<Block> {
    let files = [
        ("values.toml", include_str!("values.toml")),
        ("streams.toml", include_str!("streams.toml")),
        ("endings.toml", include_str!("endings.toml")),
        ("calls.toml", include_str!("calls.toml")),
    ];
    let read = |(name, text)| toml::from_str::<File>(text).unwrap_or_else(|error| panic!("{name}: {error}")).block;
    files.into_iter().flat_map(read).collect()
}

/// A script with its literals and blanks taken out.
pub(super) fn skeleton(script: &str) -> String {
    let mut skeleton = String::new();
    let mut quote = None;
    for c in script.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c.is_ascii_digit() || c.is_whitespace() => {}
            None => skeleton.push(c),
        }
    }
    skeleton
}
