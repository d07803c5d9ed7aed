//! PowerShell's own client: one process that runs every block by Invoke-Command.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value as Json, json};

use super::block::Block;
use super::ours::BETWEEN;
use super::tree::Given;
use crate::clixml::golden::mark_surrogates;
use crate::support::folder::Folder;
use crate::support::sshd::{Sshd, user};

/// The client at work.
pub(super) struct Client {
    child: Option<Child>,
    folder: Folder,
}

impl Client {
    /// Starts it on all blocks.
    pub(super) fn start(pwsh: &Path, server: &Sshd, blocks: &[Block]) -> Self {
        let folder = Folder::new("differential");
        let jobs = json!({
            "port": server.port, "key": server.user_key(), "known_hosts": server.known_hosts(), "user": user(),
            "between": BETWEEN, "blocks": blocks,
        });
        std::fs::write(folder.path().join("jobs"), jobs.to_string()).expect("a file");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/differential/client.ps1");
        let child = Command::new(pwsh)
            .args(["-NoLogo", "-NoProfile", "-File", script, "-Jobs"])
            .arg(folder.path().join("jobs"))
            .arg("-Results")
            .arg(folder.path().join("results"))
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            // What Write-Host says is printed by the client's host, too.
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("PowerShell starts");
        Self { child: Some(child), folder }
    }

    /// Waits for its end: what each block gave.
    pub(super) fn results(mut self) -> Vec<Given> {
        let output =
            self.child.take().expect("it has not been waited for").wait_with_output().expect("PowerShell ends");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}");
        let results: PathBuf = self.folder.path().join("results");
        let text = std::fs::read_to_string(&results).unwrap_or_else(|error| panic!("{error}: {complaint}"));
        text.lines().map(|line| given(&serde_json::from_str(&mark_surrogates(line)).expect("a line of JSON"))).collect()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It has ended or is no longer wanted: both are fine.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn given(result: &Json) -> Given {
    let list = |json: &Json| json.as_array().expect("a list").clone();
    let record = |record: Json| (record[0].as_str().expect("a stream").to_owned(), record[1].clone());
    Given {
        records: list(&result["records"]).into_iter().map(record).collect(),
        others: result["others"]
            .as_object()
            .expect("streams")
            .iter()
            .map(|(name, of)| (name.clone(), list(of)))
            .collect(),
        failed: (!result["failed"].is_null()).then(|| result["failed"].clone()),
    }
}
