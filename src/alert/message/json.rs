//! The JSON of our own.

use jiff::Timestamp;
use serde_json::{Value, json as value};

use super::super::notice::{Change, Item, Notice};

/// The version of the form: it grows when a field changes its meaning or goes away, not when one is added.
pub const VERSION: u32 = 1;

/// A notice as JSON, with everything it says.
///
/// | field | meaning |
/// |---|---|
/// | `v` | the version of this form, 1 |
/// | `type` | `notice` |
/// | `id` | the notice's identity: whoever has had it drops it |
/// | `t` | when it was made: RFC 3339 in UTC, with milliseconds |
/// | `route`, `group` | the route's name, and what parts this group from others of it |
/// | `state` | the worst state of what is not resolved: `ok`, `warning`, `critical`, `unknown` |
/// | `resolved` | whether all of it is resolved |
/// | `headline` | all of it in one line |
/// | `open` | how many items told by this group are not resolved |
/// | `counts` | how many items are `new`, `worse`, `better`, `still`, `resolved` |
/// | `items` | the items, the worst first |
///
/// Each item has `change`, `check`, `host`, `state`, `was` (the state that was told before, or null), `since`, `text`,
/// `labels`, `owner` and `runbook` (null where there is none), `flapping`.
pub fn json(notice: &Notice) -> Value {
    let count = |change: Change| notice.items.iter().filter(|item| item.change == change).count();
    let counts: serde_json::Map<String, Value> =
        Change::ALL.iter().map(|change| (change.word().to_owned(), count(*change).into())).collect();
    value!({
        "v": VERSION,
        "type": "notice",
        "id": notice.id,
        "t": instant(notice.at),
        "route": notice.route,
        "group": notice.group,
        "state": notice.worst().word(),
        "resolved": notice.is_resolved(),
        "headline": super::Digest::of(notice).headline,
        "open": notice.open,
        "counts": counts,
        "items": notice.items.iter().map(item).collect::<Vec<_>>(),
    })
}

fn item(item: &Item) -> Value {
    value!({
        "change": item.change.word(),
        "check": item.subject.check,
        "host": item.subject.host,
        "state": item.state.word(),
        "was": item.was.map(|state| state.word()),
        "since": instant(item.since),
        "text": item.text,
        "labels": item.labels,
        "owner": item.owner,
        "runbook": item.runbook,
        "flapping": item.flapping,
    })
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
