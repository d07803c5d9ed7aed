//! The real PowerShell that tests run against.

use std::fs::OpenOptions;
use std::io::Write;
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
    match &found {
        Some(_) => note_that_it_ran(),
        None => eprintln!("skipped: no PowerShell; set PSFLEET_TEST_PWSH or put pwsh on PATH"),
    }
    found
}

/// Adds the running test's name to the file of `PSFLEET_TEST_RAN`, which continuous integration compares with the list
/// of tests that must run against a real PowerShell.
fn note_that_it_ran() {
    let Some(file) = std::env::var_os("PSFLEET_TEST_RAN") else { return };
    let test = std::thread::current().name().expect("a test's thread has its name").to_owned();
    let mut file = OpenOptions::new().append(true).create(true).open(file).expect("PSFLEET_TEST_RAN can be written");
    writeln!(file, "{test}").expect("PSFLEET_TEST_RAN can be written");
}
