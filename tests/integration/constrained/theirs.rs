//! PowerShell's own client: one process that runs every block by Invoke-Command.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::folder::Folder;
use crate::support::sshd::{Sshd, user};

/// What a block gave: the texts of objects and the ids of errors, each with which of the two it is.
pub(super) type Given = Vec<(String, String)>;

/// Runs all blocks on one session and waits for the end.
pub(super) fn run(pwsh: &Path, server: &Sshd, subsystem: &str, blocks: &[String]) -> Vec<Given> {
    let folder = Folder::new("constrained");
    let jobs = json!({
        "port": server.port, "key": server.user_key(), "known_hosts": server.known_hosts(), "user": user(),
        "subsystem": subsystem, "blocks": blocks,
    });
    std::fs::write(folder.path().join("jobs"), jobs.to_string()).expect("a file");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/constrained/client.ps1");
    let output = Command::new(pwsh)
        .args(["-NoLogo", "-NoProfile", "-File", script, "-Jobs"])
        .arg(folder.path().join("jobs"))
        .arg("-Results")
        .arg(folder.path().join("results"))
        .stdin(Stdio::null())
        .output()
        .expect("PowerShell starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let text =
        std::fs::read_to_string(folder.path().join("results")).unwrap_or_else(|error| panic!("{error}: {complaint}"));
    let given: Vec<Given> = text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(given.len(), blocks.len(), "Invoke-Command ran every block: {complaint}");
    given
}
