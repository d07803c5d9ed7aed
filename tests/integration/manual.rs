//! The pages of the manual, as `man` shows them.

use std::process::{Command, Output, Stdio};

use crate::support::folder::Folder;
use crate::support::skip;

fn psfleet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_psfleet")).args(args).output().expect("psfleet starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn man_shows_every_page_without_a_complaint() {
    let folder = Folder::new("manual");
    let there = folder.path().join("man1");
    let output = psfleet(&["man", "--out", there.to_str().expect("a path")]);
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let mut pages: Vec<_> =
        std::fs::read_dir(&there).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    pages.sort();
    let names: Vec<_> = pages.iter().filter_map(|page| page.file_name()?.to_str()).collect();
    for name in ["psfleet.1", "psfleet-run.1", "psfleet-copy-push.1", "psfleet-runs-replay.1", "psfleet-hosts-list.1"] {
        assert!(names.contains(&name), "{names:?}");
    }
    if Command::new("man").arg("--version").output().is_err() {
        skip("no man");
        return;
    }
    for page in &pages {
        let mut man = Command::new("man");
        man.args(["--warnings", "-l"]).arg(page).env("MANWIDTH", "80").env("LC_ALL", "C.UTF-8").env("MANPAGER", "cat");
        let shown = man.stdin(Stdio::null()).output().expect("man");
        let (page, warnings) = (text(&shown.stdout), text(&shown.stderr));
        assert!(shown.status.success() && warnings.is_empty(), "{page}: {warnings}");
        assert!(page.contains("SYNOPSIS"), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 200), "{page}");
    }
}

#[test]
fn a_page_is_printed_by_its_command() {
    let whole = text(&psfleet(&["man"]).stdout);
    assert!(whole.contains(".TH psfleet 1") && whole.contains(".SH \"EXIT STATUS\""), "{whole}");
    let run = text(&psfleet(&["man", "run"]).stdout);
    assert!(
        run.contains(".TH psfleet-run 1") && run.contains("PSFLEET_TARGETS") && !run.contains("EXIT STATUS"),
        "{run}"
    );
    assert!(text(&psfleet(&["man", "copy", "push"]).stdout).contains(".TH psfleet-copy-push 1"));
    let none = psfleet(&["man", "copy", "shove"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(text(&none.stderr).contains("no command 'copy shove'"), "{none:?}");
}
