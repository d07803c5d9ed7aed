//! The page of the matrix in the documentation: what it says is compared, or written anew.

use std::path::Path;

use super::cell::Row;

/// What stands above is written by hand.
const MARK: &str = "<!-- The rest is written by tests/integration/identity_matrix: PSFLEET_TEST_BLESS=1. -->\n";
const HEAD: &str =
    "| Security | Given | Peer | Outcome | Failed logons | What the user reads |\n|---|---|---|---|---|---|\n";
/// The headings, in order.
const MECHANISMS: [&str; 11] = [
    "Basic",
    "NTLM",
    "Negotiate",
    "Kerberos",
    "CredSSP",
    "Certificate",
    "SSH: password",
    "SSH: keyboard-interactive",
    "SSH: key",
    "SSH: certificate",
    "SSH: agent",
];

/// Compares the page with what was found. Where a part is missing, the other rows must stand in it.
pub(super) fn check(rows: &[Row], is_whole: bool) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/docs/identity_matrix.md");
    let page = std::fs::read_to_string(&file).expect("the page");
    let (by_hand, kept) = page.split_once(MARK).expect("the mark of what is written by the test");
    assert!(rows.iter().all(|row| MECHANISMS.contains(&row.mechanism)), "a mechanism without a heading");
    if !is_whole {
        let missing: Vec<String> = rows.iter().map(Row::markdown).filter(|row| !kept.contains(row)).collect();
        assert!(missing.is_empty(), "not in {}:\n{}", file.display(), missing.join("\n"));
        return;
    }
    let sections = MECHANISMS.iter().map(|mechanism| {
        let rows = rows.iter().filter(|row| row.mechanism == *mechanism);
        format!("\n## {mechanism}\n\n{HEAD}{}", rows.map(|row| row.markdown() + "\n").collect::<String>())
    });
    let found: String = sections.collect();
    if std::env::var_os("PSFLEET_TEST_BLESS").is_some() {
        std::fs::write(&file, format!("{by_hand}{MARK}{found}")).expect("written");
        return;
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (kept, found) = (lines(kept), lines(&found));
    let gone: Vec<&String> = kept.iter().filter(|line| !found.contains(line)).collect();
    let new: Vec<&String> = found.iter().filter(|line| !kept.contains(line)).collect();
    assert!(
        kept == found,
        "{} differs; PSFLEET_TEST_BLESS=1 writes it anew. Only in the page: {gone:#?}, only found: {new:#?}",
        file.display()
    );
}
