//! What is asked for: expressions, inventories, and the settings that override theirs.

use std::collections::HashSet;
use std::str::FromStr;

use crate::config::Connection;

/// The variable that holds the password of the run.
pub(super) const PASSWORD_VARIABLE: &str = "PSFLEET_PASSWORD";

/// Which targets, and what was said about reaching them outside of inventories.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// Target expressions; their union.
    pub targets: Vec<String>,
    /// The variable of the environment that gave them, where no flag did: named in what is wrong with them.
    pub targets_variable: Option<&'static str>,
    /// Expressions to take away.
    pub exclude: Vec<String>,
    /// As `targets_variable`.
    pub exclude_variable: Option<&'static str>,
    /// Of what is found, only hosts of these names; all of it unless set.
    pub only: Option<HashSet<String>>,
    /// Inventory files, `-` is stdin. Where none is given, the configuration's.
    pub inventories: Vec<String>,
    /// Draw only this many.
    pub pick: Option<usize>,
    /// The order of the result; the inventory's unless set.
    pub order: Option<Order>,
    /// Settings of flags and environment: stronger than every inventory.
    pub settings: Connection,
    /// Ask for the password even if there is another source.
    pub ask_pass: bool,
    /// Say of every setting where it is from.
    pub provenance: bool,
    /// Never ask anything.
    pub no_input: bool,
}

/// Starts a sandbox for an inventory that has a `[sandbox]` table, and answers with the inventory that describes it
/// (TOML, as `psfleet sandbox --write-inventory` writes it). The error is one line.
pub type SandboxStarter<'a> = dyn FnMut(&serde_json::Map<String, serde_json::Value>) -> Result<String, String> + 'a;

/// The order in which hosts are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// By name, numbers inside names by their value.
    Name,
    /// At random.
    Shuffle,
    /// By the value of a label, hosts without it last.
    Label(String),
}

impl FromStr for Order {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "name" => Ok(Self::Name),
            "shuffle" => Ok(Self::Shuffle),
            _ => match text.strip_prefix("label:") {
                Some(key) if !key.is_empty() => Ok(Self::Label(key.to_owned())),
                _ => Err("expected name, shuffle or label:KEY".to_owned()),
            },
        }
    }
}
