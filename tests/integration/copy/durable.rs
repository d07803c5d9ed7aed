//! What has been copied is on the disk before it has its name.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::driver::noise;
use crate::support::folder::Folder;
use crate::support::pwsh;
use crate::support::skip;

/// Copies by the program itself under strace, and gives the calls that sync and move files, in order.
fn traced(pwsh: &Path, folder: &Path, args: &[&str]) -> Vec<String> {
    let log = folder.join("calls");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-qq", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2", "-o"]).arg(&log);
    command.arg(env!("CARGO_BIN_EXE_psfleet")).arg("copy").args(args);
    command.args(["-t", "localhost", "--transport", "local", "--no-input", "-o", "none", "--pwsh"]).arg(pwsh);
    let output = command.env("PSFLEET_STATE_DIR", folder).current_dir(folder).output().expect("strace runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let calls = fs::read_to_string(log).expect("a log");
    let of_copies = |line: &&str| line.contains(".psfleet-part");
    calls.lines().filter(of_copies).map(str::to_owned).collect()
}

#[test]
fn files_are_synced_before_they_are_moved() {
    let Some(pwsh) = pwsh() else { return };
    let can_trace = Command::new("strace").args(["-o", "/dev/null", "true"]).status();
    if !can_trace.is_ok_and(|status| status.success()) {
        skip("no strace, or no right to trace");
        return;
    }
    let folder = Folder::new("copy-durable");
    fs::write(folder.path().join("file"), noise(100_000, 11)).expect("a file");
    for args in [["push", "file", "there"], ["pull", "there", "back"]] {
        // What pull fetches must be named as the host sees it.
        let there = folder.path().join("there").display().to_string();
        let args = args.map(|arg| if arg == "there" { &*there } else { arg });
        let calls = traced(&pwsh, folder.path(), &args);
        let [synced, moved] = &calls[..] else { panic!("a sync and a move: {calls:#?}") };
        assert!(synced.contains("sync(") && synced.ends_with("= 0"), "{calls:#?}");
        assert!(moved.contains("rename") && moved.ends_with("= 0"), "{calls:#?}");
    }
}
