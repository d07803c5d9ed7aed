//! A program of this machine: a notice in its environment and on its standard input.

use super::super::notice::Notice;
use super::super::observation::cut;
use super::digest::Digest;
use super::json::json;

/// The most characters of a variable: some systems take no long ones.
const LONGEST: usize = 2_000;

/// How a program is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Variables besides those it has anyway.
    pub environment: Vec<(&'static str, String)>,
    /// What it reads: the notice as a line of JSON, see [`json`].
    pub stdin: String,
}

/// A notice as the call of a program. Nothing of it is an argument: what a host has written is never read as a flag.
pub fn command(notice: &Notice) -> Call {
    let digest = Digest::of(notice);
    let list = |name: fn(&super::super::Item) -> &str| {
        let names: std::collections::BTreeSet<&str> = notice.items.iter().map(name).collect();
        names.into_iter().collect::<Vec<_>>().join(",")
    };
    let environment = vec![
        ("PSFLEET_ALERT_ID", notice.id.clone()),
        ("PSFLEET_ALERT_ROUTE", notice.route.clone()),
        ("PSFLEET_ALERT_STATE", notice.worst().word().to_owned()),
        ("PSFLEET_ALERT_RESOLVED", u8::from(notice.is_resolved()).to_string()),
        ("PSFLEET_ALERT_HEADLINE", digest.headline),
        ("PSFLEET_ALERT_CHECKS", list(|item| &item.subject.check)),
        ("PSFLEET_ALERT_HOSTS", list(|item| &item.subject.host)),
        ("PSFLEET_ALERT_OPEN", notice.open.to_string()),
    ];
    let environment = environment.into_iter().map(|(name, value)| (name, cut(&value, LONGEST))).collect();
    Call { environment, stdin: format!("{}\n", json(notice)) }
}
