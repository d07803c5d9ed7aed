//! Accounts and shares.

use super::super::super::eval::Evaluator;
use super::super::super::machine::Share;
use super::{Row, number, s, yes};

pub(super) fn rows(evaluator: &Evaluator<'_>, class: &str) -> Option<Vec<Row>> {
    Some(match class {
        "Win32_Share" => shares(evaluator),
        _ => return None,
    })
}

/// The shares that administrators have, and those of the role.
fn shares(evaluator: &Evaluator<'_>) -> Vec<Row> {
    const HIDDEN: u32 = 2_147_483_648;
    let row = |share: Share| {
        let kind = match (share.is_special, &*share.name) {
            (true, "IPC$") => HIDDEN + 3,
            (true, _) => HIDDEN,
            (false, _) => 0,
        };
        vec![
            ("Caption", s(share.description)),
            ("Description", s(share.description)),
            ("Name", s(share.name)),
            ("Status", s("OK")),
            ("AllowMaximum", yes(true)),
            ("Path", s(share.path)),
            ("Type", number(kind)),
        ]
    };
    evaluator.host.shares().into_iter().map(row).collect()
}
