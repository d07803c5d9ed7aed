//! What is known of a run before its first target starts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

/// Characters of a label at most.
const LABEL_LENGTH: usize = 100;

/// Whether a run may have this label: a name that stands for nothing else where runs are named.
///
/// # Errors
/// Why not.
pub fn check_label(text: &str) -> Result<(), String> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_first = |c: char| c.is_alphanumeric() || c == '_';
    let count = text.chars().count();
    if !text.starts_with(is_first) || !text.chars().all(is_word) || count > LABEL_LENGTH {
        return Err(format!(
            "a label is one word of at most {LABEL_LENGTH} letters, digits, '.', '_' and '-', and begins with a letter, a \
             digit or '_'"
        ));
    }
    if text == "last" || text == "run" {
        return Err(format!("'{text}' has a meaning of its own where runs are named"));
    }
    if text.parse::<Uuid>().is_ok() {
        return Err("a label is not the id of a run".to_owned());
    }
    Ok(())
}

/// Characters of a title at most.
pub const TITLE_LENGTH: usize = 120;

/// What is known of a run before its first target starts, secrets left out. What it is to do stands in plain JSON: the
/// store keeps it and does not look into it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The run's id.
    pub run: Uuid,
    /// When it began.
    pub begun: Timestamp,
    /// The name that its user gave it.
    pub label: Option<String>,
    /// What it does, in one line of at most [`TITLE_LENGTH`] characters.
    pub title: String,
    /// The command, such as `run`.
    pub command: String,
    /// A hash of what is done, without what it is done with: runs of equal hashes can be compared.
    pub hash: String,
    /// The words of the command line.
    pub words: Vec<String>,
    /// The flags that configuration files and the environment gave beside them.
    pub given: Vec<String>,
    /// The machine on which it was given, as that calls itself.
    #[serde(default)]
    pub machine: String,
    /// The folder in which the command was given.
    pub folder: PathBuf,
    /// What the names of earlier runs in the words stood for.
    #[serde(default)]
    pub names: BTreeMap<String, Uuid>,
    /// What stdin held, where it named hosts.
    #[serde(default)]
    pub stdin: Option<String>,
    /// What is done on each target.
    pub work: Json,
    /// Settings of the run and of its targets, each with where it is from.
    pub settings: Json,
}

impl Header {
    /// Whether its rest can be gone on with later. Checks say how hosts are at one time: they are made anew.
    pub fn goes_on(&self) -> bool {
        self.command != "check"
    }
}
