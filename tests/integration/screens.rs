//! Whole screens, as they stand on a terminal of 60, 80 and 120 columns when the program has ended.
//!
//! What is expected is in `screens/`; `PSFLEET_TEST_BLESS=1` writes it anew, to be looked at before it is kept. Times,
//! ports and ids are blanked, hosts run one after the other.

#![cfg(all(unix, feature = "sandbox"))]

use std::path::{Path, PathBuf};

use regex::Regex;

use crate::support::folder::Folder;
use crate::support::tmux::Tmux;

/// A terminal's widths.
const WIDTHS: [u16; 3] = [60, 80, 120];
const ROWS: u16 = 40;

const WELL: &str = "[sandbox]\nhosts = 12\nseed = 7\n";
const ILL: &str = "[sandbox]\nhosts = 12\nseed = 7\n\
    fault = [\"refused=2\", \"crash=1\", \"quota=1\", \"denied=1\", \"not-winrm=1\", \"reject-token=1\"]\n";

/// What is blanked, and by what, of the same width.
const BLANKED: [(&str, &str); 7] = [
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "01234567-89ab-7cde-8f01-23456789abcd"),
    (r"\b01[0-9a-f]{6}\b", "01234567"),
    (r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}([ T])[0-9]{2}:[0-9]{2}(:[0-9]{2})?", "2026-01-01${1}00:00$2"),
    (r"(00:00):[0-9]{2}", "$1:00"),
    (r"\b[0-9]\.[0-9] s\b", "0.1 s"),
    (r"\b(port +)[0-9]{5}\b", "${1}50000"),
    (r"/[^ ]*psfleet-screens-[0-9]+-[0-9]+", "/home/ada"),
];

/// Runs the lines as a shell does, and compares what stands on the screen at each width.
fn check(name: &str, script: &str) {
    let blanks: Vec<(Regex, &str)> =
        BLANKED.iter().map(|(pattern, by)| (Regex::new(pattern).expect("a pattern"), *by)).collect();
    for width in WIDTHS {
        let Some(screen) = screen(width, script) else { return };
        let screen = blanks.iter().fold(screen, |screen, (pattern, by)| pattern.replace_all(&screen, *by).into_owned());
        let shown = format!("$ {}\n{screen}\n", script.replace('\n', "\n$ "));
        let file = golden(name, width);
        if std::env::var_os("PSFLEET_TEST_BLESS").is_some() {
            std::fs::write(&file, shown).expect("written");
            continue;
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            shown == expected,
            "{} differs; PSFLEET_TEST_BLESS=1 writes it anew. Expected:\n{expected}\nfound:\n{shown}",
            file.display()
        );
    }
}

fn golden(name: &str, width: u16) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/integration/screens/{name}-{width}.txt"))
}

/// What stands on the terminal in the end; `None` where there is none.
fn screen(width: u16, script: &str) -> Option<String> {
    let home = Folder::new("screens");
    Some(terminal(width, script, &home)?.screen().join("\n"))
}

/// A terminal on which the lines run, as they do in this folder.
fn terminal(width: u16, script: &str, home: &Folder) -> Option<Tmux> {
    for (name, text) in [("fleet.toml", WELL), ("ill.toml", ILL)] {
        std::fs::write(home.path().join(name), text).expect("written");
    }
    let program = Path::new(env!("CARGO_BIN_EXE_psfleet")).parent().expect("a folder").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let place = home.path().display();
    let variables = [
        format!("HOME={place}"),
        format!("PATH={program}:{path}"),
        "TERM=screen".to_owned(),
        "LANG=C.UTF-8".to_owned(),
        // Whatever a server does at once, one after the other has an order.
        "PSFLEET_THROTTLE=1".to_owned(),
        "PSFLEET_CONNECT_THROTTLE=1".to_owned(),
        "PSFLEET_RETRIES=0".to_owned(),
        "PSFLEET_AUTH_FAIL_LIMIT=9".to_owned(),
    ];
    let script = format!("cd '{place}'\n{script}");
    let mut words = vec!["env".to_owned(), "-i".to_owned()];
    words.extend(variables);
    words.extend(["sh".to_owned(), "-c".to_owned(), script]);
    Tmux::start(width, ROWS, &words)
}

#[test]
fn a_run_that_ends_well() {
    check("well", "psfleet run -i fleet.toml -t @all '$env:COMPUTERNAME'");
}

#[test]
fn a_run_that_fails_in_many_ways() {
    check(
        "failures",
        "psfleet run -i ill.toml -t @all 'if ($env:COMPUTERNAME -like \"*3\") { throw \"the disk is full\" }
if ($env:COMPUTERNAME -like \"WEB*\") { Write-Error \"no such service\" }; 1'",
    );
}

#[test]
fn a_table_of_many_columns() {
    check("table", "psfleet run -i fleet.toml -t '@web' 'Get-CimInstance Win32_LogicalDisk'");
}

#[test]
fn names_that_no_object_has() {
    check(
        "slips",
        "PSFLEET_RETIRES=1 psfleet run -i fleet.toml -t web001 'Get-Service WinRM' --select Nmae,Status --sort-by Naem",
    );
}

#[test]
fn groups_and_what_they_differ_in() {
    check("fold", "psfleet run -i fleet.toml -t @all --fold 'Get-CimInstance Win32_OperatingSystem'");
    check("diff", "psfleet run -i fleet.toml -t @all --diff 'Get-Service WinRM,Spooler,wuauserv'");
}

#[test]
fn a_roll_out_that_its_gate_stops() {
    let gate = "$env:COMPUTERNAME -notlike \"DC*\"";
    check("gate", &format!("psfleet run -i fleet.toml -t @all --ramp 1,4,100% --gate '{gate}' '$env:COMPUTERNAME'"));
}

#[test]
fn a_budget_and_what_is_left() {
    check(
        "budget",
        "psfleet run -i fleet.toml -t @all --max-fail 1 --label patch 'throw \"no\"'
psfleet runs ls
psfleet runs show
psfleet runs close patch
psfleet runs resume",
    );
}

#[test]
fn a_plan_of_steps() {
    check(
        "plan",
        "psfleet run -i fleet.toml -t @all --ramp 1,5%,3,100% --pause-after 3 --plan 'param($n) $n' -a 1
psfleet run -i fleet.toml -t @all --ramp 1,5%,3,100% --pause-after 2 'hostname'",
    );
}

#[test]
fn hosts_and_configuration() {
    check("hosts", "psfleet hosts show -i fleet.toml web001");
    check("config", "psfleet config show port streams throttle user\npsfleet config init\npsfleet config check");
}

#[test]
fn sessions_that_there_are_not() {
    check("sessions", "psfleet session ls -i fleet.toml -t @all\npsfleet session clean -i ill.toml -t @all");
}

/// Which flags there are changes often, so that only their form is looked at.
#[test]
fn no_help_is_wrapped_by_the_terminal() {
    let commands = ["run", "runs", "runs resume", "hosts", "config", "session"];
    let script = commands.map(|command| format!("psfleet {command} --help")).join("\n");
    for width in WIDTHS {
        let home = Folder::new("screens");
        let Some(tmux) = terminal(width, &script, &home) else { return };
        let shown = tmux.screen().join("\n");
        assert!(shown.contains("--ramp <1,5,20%>") && shown.matches("Usage: ").count() == commands.len(), "{shown}");
        assert_eq!(tmux.rows(), tmux.lines(), "at {width} columns");
    }
}

#[test]
fn a_host_that_takes_much_longer_is_named_once() {
    let script = "if ($env:COMPUTERNAME -eq \"WEB003\") { Start-Sleep 13 }; 1";
    let flags = "--throttle 9 --connect-throttle 9 -o none";
    let shown = |progress: &str| {
        screen(120, &format!("psfleet run -i fleet.toml -t '@web' {flags} --progress {progress} '{script}'"))
    };
    let Some(bar) = shown("bar") else { return };
    let (notices, rest): (Vec<&str>, Vec<&str>) = bar.lines().partition(|line| line.contains("has been running for"));
    let [notice] = notices[..] else { panic!("{bar}") };
    assert!(notice.starts_with("web003 has been running for 1") && notice.contains(" (most took "), "{bar}");
    assert!(rest.len() == 1 && rest[0].starts_with("7 targets: 7 ok in 1"), "{bar}");
}

#[test]
fn an_imported_run_says_where_it_is_from() {
    let lines = "psfleet run -i fleet.toml -t web001 --label patch -o none 'param($n) $n' -a 5 --then '$n + 1' --gate '1' --ramp 1
psfleet runs export patch
export PSFLEET_STATE_DIR=$PWD/other
psfleet runs import patch.psfleet
psfleet runs ls
psfleet runs show patch";
    let Some(shown) = screen(120, lines) else { return };
    let row = shown.lines().find(|line| line.contains("$n + 1") && line.contains("patch")).expect("a row");
    assert!(row.contains("done, from "), "{shown}");
    assert!(shown.lines().any(|line| line.starts_with("Made on ") && line.contains(", imported 20")), "{shown}");
    for line in ["Script    param($n) $n", "  given   5", "Then      $n + 1", "Gate      1"] {
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    }
}
