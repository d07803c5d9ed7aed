//! Accounts and shares.

use super::super::super::eval::Evaluator;
use super::super::super::machine::Role;
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
    let mut all = vec![
        ("ADMIN$".to_owned(), "C:\\Windows".to_owned(), "Remote Admin", HIDDEN),
        ("IPC$".to_owned(), String::new(), "Remote IPC", HIDDEN + 3),
    ];
    for disk in super::disks::local(evaluator) {
        all.push((disk.id.replace(':', "$"), format!("{}\\", disk.id), "Default share", HIDDEN));
    }
    match evaluator.host.role() {
        Role::File => {
            for (name, about) in [("Public", "For everyone"), ("Projects", "Project files"), ("Home", "Home folders")] {
                all.push((name.into(), format!("E:\\Shares\\{name}"), about, 0));
            }
        }
        Role::DomainController => {
            let scripts = format!("C:\\Windows\\SYSVOL\\sysvol\\{}\\SCRIPTS", evaluator.host.domain());
            all.push(("NETLOGON".into(), scripts, "Logon server share ", 0));
            all.push(("SYSVOL".into(), "C:\\Windows\\SYSVOL\\sysvol".into(), "Logon server share ", 0));
        }
        _ => {}
    }
    all.sort_by_cached_key(|(name, ..)| name.to_lowercase());
    let row = |(name, path, about, kind): (String, String, &str, u32)| {
        vec![
            ("Caption", s(about)),
            ("Description", s(about)),
            ("Name", s(name)),
            ("Status", s("OK")),
            ("AllowMaximum", yes(true)),
            ("Path", s(path)),
            ("Type", number(kind)),
        ]
    };
    all.into_iter().map(row).collect()
}
