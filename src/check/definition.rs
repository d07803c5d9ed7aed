//! A check: a script, and what is demanded of what it returns.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::{Given, Place};

use super::fleet_rule::FleetRule;
use super::rule::Rule;
use super::state::State;

/// What a check file says.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The name: the file's without its suffix.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// What people read first.
    pub title: String,
    /// More about it.
    pub description: Option<String>,
    /// What runs on each host.
    pub body: Body,
    /// Where the file names it.
    pub body_at: Place,
    /// Values for the script's parameters by name, as JSON, in the order of the file.
    pub parameters: Vec<(String, Given<String>)>,
    /// How long it may run on a host.
    pub timeout: Duration,
    /// When `serve` runs it.
    pub schedule: Schedule,
    /// Who looks after what it checks.
    pub owner: Option<String>,
    /// Where it is written what to do.
    pub runbook: Option<String>,
    /// Labels, for those who sort alerts.
    pub labels: BTreeMap<String, String>,
    /// The state of a host that returns nothing, where no rule judges that.
    pub empty: State,
    /// What is demanded of each host.
    pub rules: Vec<Rule>,
    /// What is demanded of all hosts together.
    pub fleet: Vec<FleetRule>,
}

/// What runs on each host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A script file.
    File(PathBuf),
    /// Script text.
    Code(String),
    /// A file of Pester tests.
    Pester(PathBuf),
}

/// When a check is due, as the file says it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    /// Every so often.
    pub interval: Option<Duration>,
    /// A cron line.
    pub cron: Option<String>,
    /// The time zone of the cron line.
    pub zone: Option<String>,
}
