//! Scripts to compare on: written for a purpose, and found beside PowerShell.

use std::path::{Path, PathBuf};

use psfleet::script::Source;

/// Snippets with what each covers, some of them once more with the line ends of Windows.
pub(super) fn snippets() -> Vec<(String, String)> {
    let file = include_str!("snippets.txt");
    let cut = |part: &str| {
        let (about, text) = part.split_once('\n').expect("a snippet");
        (about.to_owned(), text.strip_suffix('\n').unwrap_or(text).to_owned())
    };
    let plain: Vec<_> = file.split("=== ").skip(1).map(cut).collect();
    let is_long = |(_, text): &&(String, String)| text.contains('\n');
    let windows =
        plain.iter().filter(is_long).map(|(about, text)| (format!("{about} (CRLF)"), text.replace('\n', "\r\n")));
    plain.iter().cloned().chain(windows).collect()
}

/// The scripts and modules in the folders of a PowerShell, and of `PSFLEET_TEST_SCRIPTS` if set.
pub(super) fn real_scripts(pwsh: &Path) -> Vec<(String, String)> {
    let more = std::env::var_os("PSFLEET_TEST_SCRIPTS").map(PathBuf::from);
    let mut folders: Vec<PathBuf> = pwsh.parent().map(Path::to_owned).into_iter().chain(more).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            if path.is_dir() {
                folders.push(path);
            } else if matches!(extension, Some("ps1" | "psm1")) {
                let source = Source::from_bytes(&std::fs::read(&path).expect("a script")).expect("scans");
                found.push((path.display().to_string(), source.text().to_owned()));
            }
        }
    }
    found
}
