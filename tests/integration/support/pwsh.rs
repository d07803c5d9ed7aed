//! The real PowerShell that tests run against.

use std::path::PathBuf;

/// The PowerShell of `PSFLEET_TEST_PWSH`, else `pwsh` on `PATH`.
///
/// Without one it says so loudly and returns `None`; the caller returns, and `.ci/run` counts what ran.
pub fn pwsh() -> Option<PathBuf> {
    let found = match std::env::var_os("PSFLEET_TEST_PWSH") {
        Some(path) => Some(PathBuf::from(path)),
        None => std::env::var_os("PATH").and_then(|path| {
            std::env::split_paths(&path).map(|folder| folder.join("pwsh")).find(|file| file.is_file())
        }),
    };
    if found.is_none() {
        eprintln!("skipped: no PowerShell; set PSFLEET_TEST_PWSH or put pwsh on PATH");
    }
    found
}
