//! What the configuration says of alerts: channels, routes, silences, maintenance.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::channel::Channel;
use super::matcher::{Candidate, Matcher};
use super::silence::{Maintenance, Silence};

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Where notices go, by name.
    pub channels: BTreeMap<String, Channel>,
    /// Which alerts go where: the first that fits counts, and those behind it if it says so.
    pub routes: Vec<Route>,
    /// Silences of the file.
    pub silences: Vec<Silence>,
    /// Maintenance of the file.
    pub maintenance: Vec<Maintenance>,
    /// When a check counts as flapping.
    pub flapping: Flapping,
    /// How deliveries are repeated.
    pub retry: Retry,
}

/// Which alerts go to which channels, and when.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its name: what was told by it is remembered under this name.
    pub name: String,
    /// What goes this way. Its states do not choose the route, they say which of them are told here: what leaves them
    /// is resolved, as far as this route goes.
    pub matcher: Matcher,
    /// The channels; without any nobody is told of what goes this way.
    pub to: Vec<String>,
    /// What parts alerts into notices of their own; without it there is one for all.
    pub group_by: Vec<GroupBy>,
    /// The waits.
    pub timing: Timing,
    /// Whether the routes behind it are looked at, too.
    pub goes_on: bool,
}

/// What a notice is about one of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupBy {
    /// One check.
    Check,
    /// One host.
    Host,
    /// One owner.
    Owner,
    /// One value of the label with this key.
    Label(String),
}

/// The waits of a route, with Alertmanager's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the first alert of a group to its notice, so that others can join it.
    pub group_wait: Duration,
    /// The least time between two notices of one group.
    pub group_interval: Duration,
    /// After this time without a notice a group that is not resolved is told again.
    pub repeat_interval: Duration,
}

/// When a check that comes and goes is damped: the worst of its states counts until it is calm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flapping {
    /// So many changes of state within the window; 0 damps nothing.
    pub changes: usize,
    /// The window.
    pub window: Duration,
}

/// How deliveries are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The wait after the first failure. It doubles with each, and is spread by half of it.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// How long after its first failure a notice is given up; not before ten attempts.
    pub give_up_after: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            group_wait: Duration::from_secs(30),
            group_interval: Duration::from_secs(5 * 60),
            repeat_interval: Duration::from_secs(4 * 60 * 60),
        }
    }
}

impl Default for Flapping {
    fn default() -> Self {
        Self { changes: 6, window: Duration::from_secs(60 * 60) }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5),
            longest: Duration::from_secs(15 * 60),
            give_up_after: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl GroupBy {
    /// The key of the value, as the file has it: `check`, `host`, `owner`, `label:KEY`.
    pub fn key(&self) -> String {
        match self {
            Self::Check => "check".to_owned(),
            Self::Host => "host".to_owned(),
            Self::Owner => "owner".to_owned(),
            Self::Label(key) => format!("label:{key}"),
        }
    }

    fn value(&self, candidate: Candidate<'_>) -> String {
        match self {
            Self::Check => candidate.subject.check.clone(),
            Self::Host => candidate.subject.host.clone(),
            Self::Owner => candidate.owner.unwrap_or_default().to_owned(),
            Self::Label(key) => candidate.labels.get(key).cloned().unwrap_or_default(),
        }
    }
}

impl Route {
    /// The values that part what goes this way.
    pub(super) fn values(&self, candidate: Candidate<'_>) -> BTreeMap<String, String> {
        self.group_by.iter().map(|by| (by.key(), by.value(candidate))).collect()
    }
}

impl Rules {
    /// The routes that something goes.
    pub(super) fn routes_of(&self, candidate: Candidate<'_>) -> impl Iterator<Item = &Route> {
        let mut is_open = true;
        self.routes.iter().filter(move |route| {
            let goes = is_open && route.matcher.chooses(candidate);
            is_open &= !goes || route.goes_on;
            goes
        })
    }

    /// The names of all channels.
    pub(super) fn channel_names(&self) -> BTreeSet<&str> {
        self.channels.keys().map(String::as_str).collect()
    }
}
