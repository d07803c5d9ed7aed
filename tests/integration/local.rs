//! The local transport against real PowerShell.

use crate::support::pwsh;

#[test]
fn pwsh_answers() {
    let Some(pwsh) = pwsh() else { return };
    let output =
        std::process::Command::new(pwsh).args(["-NoLogo", "-NoProfile", "-c", "6*7"]).output().expect("starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "42");
}
