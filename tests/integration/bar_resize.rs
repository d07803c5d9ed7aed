//! The bar while the terminal is resized, with real PowerShell behind it: nothing of an old bar stays, no output is
//! lost.

#![cfg(unix)]

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::support::folder::Folder;
use crate::support::pwsh;
use crate::support::skip;
use crate::support::tmux::Tmux;

/// Rows of the terminal: fewer than the output has lines, so that the bar is at the foot.
const ROWS: u16 = 12;
/// Each host writes this.
const OUTPUT: usize = 15;
/// Writes wide lines, shows a long line of progress, and takes its time to stop.
const SCRIPT: &str = "1..15 | ForEach-Object { \"line $_ \" + 'x' * 60 }; try { while ($true) { \
    Write-Progress -Activity Copying -Status 'a long status that says what is copied to where' -PercentComplete 30; \
    Start-Sleep -Milliseconds 300 } } finally { [Threading.Thread]::Sleep(3000) }";
/// Two hosts, one with a name of wide characters.
const INVENTORY: &str = "[hosts.\"服务器一号机房\"]\ntransport = \"local\"\n[hosts.localhost]\ntransport = \"local\"\n";

/// The program's arguments, from its own path on.
fn program(folder: &Folder, pwsh: &Path) -> Vec<OsString> {
    let inventory = folder.path().join("hosts.toml");
    std::fs::write(&inventory, INVENTORY).expect("written");
    let words = ["run", "-t", "@all", "-o", "text", SCRIPT, "-i"].map(OsString::from);
    let program = OsString::from(env!("CARGO_BIN_EXE_psfleet"));
    [program].into_iter().chain(words).chain([inventory.into(), "--pwsh".into(), pwsh.into()]).collect()
}

/// What both hosts write, sorted.
fn output() -> Vec<String> {
    let mut lines: Vec<_> = (1..=OUTPUT).flat_map(|n| vec![format!("line {n} {}", "x".repeat(60)); 2]).collect();
    lines.sort_unstable();
    lines
}

/// The lines start with the output, which is complete; what comes after it.
fn after_output(lines: &[String]) -> &[String] {
    let (output, rest) = lines.split_at(lines.len().min(2 * OUTPUT));
    let mut sorted = output.to_vec();
    sorted.sort_unstable();
    assert_eq!(sorted, self::output(), "{lines:#?}");
    rest
}

fn is_bar(line: &str) -> bool {
    line.contains(" 0/2 ") && !line.contains("line")
}

/// Waits until the bar has been drawn anew, twice, since a drawing may have been under way.
fn redrawn(tmux: &Tmux) -> Vec<String> {
    let mut lines = tmux.lines();
    for _ in 0..2 {
        let before = lines.last().cloned().unwrap_or_default();
        lines = tmux.wait_for("a new bar", |lines| lines.last().is_some_and(|last| is_bar(last) && *last != before));
    }
    lines
}

#[test]
fn a_terminal_that_wraps_anew_shows_one_bar_and_all_output() {
    let Some(pwsh) = pwsh() else { return };
    let folder = Folder::new("bar");
    let Some(tmux) = Tmux::start(120, ROWS, &program(&folder, &pwsh)) else { return };
    let is_under_way = |lines: &[String]| lines.last().is_some_and(|last| is_bar(last) && last.contains("Copying: a"));
    tmux.wait_for("progress", |lines| lines.len() > 2 * OUTPUT && is_under_way(lines));
    // Narrower, narrower still, wider, far too narrow, and as it was; then as somebody drags the edge of the window.
    for widths in [&[100][..], &[60], &[59], &[120], &[20], &[33], &[90, 70, 50, 30, 25], &[40, 60, 120], &[45]] {
        widths.iter().for_each(|&columns| tmux.resize(columns));
        let lines = redrawn(&tmux);
        let [bar] = after_output(&lines) else { panic!("{widths:?}: {lines:#?}") };
        assert!(is_bar(bar), "{widths:?}: {lines:#?}");
    }
    // The line about the interrupt stands above the bar while the hosts stop.
    tmux.press("C-c");
    tmux.wait_for("the interrupt", |lines| lines.iter().any(|line| line.starts_with("interrupted: ")));
    tmux.resize(28);
    let lines = redrawn(&tmux);
    let [interrupted, rest @ .., bar] = after_output(&lines) else { panic!("{lines:#?}") };
    assert!(interrupted.starts_with("interrupted: ") && is_bar(bar), "{lines:#?}");
    assert!(rest.iter().all(|line| line.starts_with("  ")), "{lines:#?}");
    tmux.resize(110);
    let totals = "2 targets: 2 cancelled in ";
    let lines = tmux.wait_for("the end", |lines| lines.iter().any(|line| line.starts_with(totals)));
    let [interrupted, rest @ ..] = after_output(&lines) else { panic!("{lines:#?}") };
    assert!(interrupted.starts_with("interrupted: "), "{lines:#?}");
    let kinds = ["cancelled: ", totals, "note: ", "  "];
    assert!(rest.iter().all(|line| kinds.iter().any(|kind| line.starts_with(kind))), "{lines:#?}");
}

#[test]
fn what_a_reader_of_stdout_writes_stands_on_rows_of_its_own() {
    let Some(pwsh) = pwsh() else { return };
    let folder = Folder::new("bar");
    let mut command: Vec<OsString> = ["sh", "-c", "\"$@\" | cat", "sh"].map(OsString::from).to_vec();
    command.extend(program(&folder, &pwsh));
    let Some(tmux) = Tmux::start(100, ROWS, &command) else { return };
    let is_all = |rows: &[String]| rows.iter().filter(|row| row.starts_with("line ")).count() == 2 * OUTPUT;
    // Once the reader has had time to write, the cursor waits at the start of the bar again.
    let is_at_rest = |lines: &[String]| lines.last().is_some_and(|last| is_bar(last)) && tmux.cursor() == 0;
    tmux.wait_for("output", |lines| is_all(&tmux.rows()) && is_at_rest(lines));
    let (bars, mut rows): (Vec<_>, Vec<_>) = tmux.rows().into_iter().partition(|row| is_bar(row));
    rows.sort_unstable();
    assert_eq!(rows, output(), "beside {bars:#?}");
    // A bar may have been left behind while the reader wrote, but no resize leaves another one.
    for columns in [70, 30, 100] {
        tmux.resize(columns);
        let shown = redrawn(&tmux).join("\n");
        assert_eq!(shown.matches(" 0/2 ").count(), bars.len(), "at {columns} columns: {shown}");
    }
}

#[test]
fn a_terminal_that_cuts_lines_shows_one_bar_and_all_output() {
    let Some(pwsh) = pwsh() else { return };
    let folder = Folder::new("bar");
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/cutting_terminal.py");
    let mut command = Command::new("python3");
    command.arg(driver).args(["100,60,59,120,20,33,90,45", "Copying: a"]).args(program(&folder, &pwsh));
    command.current_dir(folder.path()).env("HOME", folder.path()).env("TERM", "xterm").env_remove("COLUMNS");
    let output = command.output().expect("python3");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if let Some(why) = stdout.strip_prefix("skipped: ") {
        skip(why.trim_end());
        return;
    }
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let screens: Vec<(u16, Vec<String>)> = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(screens.len(), 8, "{screens:?}");
    for (columns, lines) in &screens {
        let Some((bar, lines)) = lines.split_last() else { panic!("{screens:?}") };
        assert!(is_bar(bar), "{columns}: {screens:?}");
        assert_eq!(lines.len(), 2 * OUTPUT, "{columns}: {screens:?}");
        assert!(lines.iter().all(|line| line.starts_with("line ")), "{columns}: {screens:?}");
    }
}
