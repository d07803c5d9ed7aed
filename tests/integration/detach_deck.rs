//! Scripts that are left running over SSH and on this machine, where PowerShell ends with its connection: a deck keeps
//! them, and its tape is collected.

#![cfg(unix)]

use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::store::told;
use crate::support::folder::Folder;
use crate::support::program::{PATIENCE, Running};
use crate::support::pwsh;
use crate::support::sshd::{Setup, Sshd, user};

/// A home with an inventory of one host.
struct Home {
    folder: Folder,
    /// What serves it, as long as it is used.
    _server: Option<Sshd>,
}

/// What a command says.
#[derive(Debug)]
struct Told {
    code: Option<i32>,
    events: Vec<Value>,
    stderr: String,
}

impl Home {
    /// A host that is this machine.
    fn local() -> Option<Self> {
        let pwsh = pwsh()?;
        let home = Self { folder: Folder::new("deck"), _server: None };
        home.write_inventory(&format!("[hosts.here]\ntransport = \"local\"\npwsh = \"{}\"\n", pwsh.display()));
        Some(home)
    }

    /// A host behind OpenSSH.
    fn ssh() -> Option<Self> {
        let folder = Folder::new("deck");
        let config = format!("SetEnv XDG_STATE_HOME={}/.local/state\n", folder.path().display());
        let server = Sshd::start(&Setup { config, ..Setup::with_powershell(&pwsh()?) })?;
        let inventory = format!(
            "[hosts.here]\ntransport = \"ssh\"\naddress = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\nidentity = [\"{}\"]\n\
             known_hosts = [\"{}\"]\nconnect_timeout = \"60s\"\n",
            server.port,
            user(),
            server.user_key().display(),
            server.known_hosts().display()
        );
        let home = Self { folder, _server: Some(server) };
        home.write_inventory(&inventory);
        Some(home)
    }

    fn write_inventory(&self, text: &str) {
        let file = self.path().join("hosts.toml");
        std::fs::write(&file, text).expect("written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("made private");
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(args).current_dir(self.path()).env("HOME", self.path()).env_remove("SSH_AUTH_SOCK");
        command.env("PSFLEET_STATE_DIR", self.path().join("state")).env("PSFLEET_SECRET_TOKEN", "hunter2");
        command.env_remove("XDG_STATE_HOME").stdin(Stdio::null());
        command
    }

    fn told(&self, args: &[&str]) -> Told {
        Told::of(&mut self.command(args))
    }

    fn run(&self, args: &[&str]) -> Told {
        self.told(&[&["run", "--no-input", "-o", "jsonl", "-i", "hosts.toml", "-t", "here"], args].concat())
    }

    fn detach(&self, args: &[&str]) -> Told {
        let left = self.run(&[&["--detach"], args].concat());
        assert_eq!((left.code, left.outcome()), (Some(0), "detached"), "{left:?}");
        assert!(left.stderr.contains("note: 1 host was left running; psfleet runs collect "), "{left:?}");
        left
    }

    fn collect(&self, args: &[&str]) -> Told {
        self.told(&[&["runs", "collect", "--no-input", "-o", "jsonl"], args].concat())
    }

    /// Where decks keep what they have.
    fn decks(&self) -> PathBuf {
        self.path().join(".local/state/psfleet/left-running")
    }

    /// The one file there of this kind.
    fn file(&self, suffix: &str) -> PathBuf {
        let files = std::fs::read_dir(self.decks()).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut found = files.filter(|path| path.extension().is_some_and(|found| found == suffix));
        let file = found.next().unwrap_or_else(|| panic!("no .{suffix}"));
        assert_eq!(found.next(), None);
        file
    }

    /// Waits until something is on the tape.
    fn wait_for_tape(&self, text: &str) {
        let begin = Instant::now();
        while !std::fs::read_to_string(self.file("tape")).expect("a tape").contains(text) {
            assert!(begin.elapsed() < PATIENCE, "no {text} on the tape");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// The process of the last run's deck, as it is kept.
    fn process(&self) -> u32 {
        let store = rusqlite::Connection::open(self.path().join("state/runs.db")).expect("the store");
        let sql = "SELECT data ->> '$.left.process' FROM outcomes ORDER BY run DESC";
        store.query_row(sql, [], |row| row.get(0)).expect("a process")
    }

    /// The numbers that the last run has of its host.
    fn kept(&self) -> Vec<u64> {
        let replayed = self.told(&["runs", "replay", "last", "-o", "jsonl"]);
        replayed.of_type("object").map(|event| event["data"].as_u64().expect("a number")).collect()
    }
}

impl Told {
    fn of(command: &mut Command) -> Self {
        let (code, stdout, stderr) = told(command.output().expect("psfleet starts"));
        let events = stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        Self { code, events, stderr }
    }

    fn of_type(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |event| event["type"] == kind)
    }

    fn end(&self) -> &Value {
        &self.of_type("host_done").next().unwrap_or_else(|| panic!("an end: {self:?}"))["data"]
    }

    fn outcome(&self) -> &str {
        self.end()["outcome"].as_str().expect("an outcome")
    }

    fn message(&self) -> &str {
        self.end()["message"].as_str().expect("a message")
    }

    /// Each record with its stream; of those that tell their time, not that.
    fn records(&self) -> Vec<(String, Value)> {
        let records = self.events.iter().filter(|event| event["type"] != "host_done" && event["type"] != "run_done");
        let record = |event: &Value| {
            let kind = event["type"].as_str().expect("a type").to_owned();
            let data = if kind == "information" { Value::Null } else { event["data"].clone() };
            (kind, data)
        };
        records.map(record).collect()
    }
}

/// Writes to every stream, uses all that a script is given, and fails.
const ALL: &str = "param($name, [int]$n, $bag, [securestring]$secret)
\"$name $n $($using:site) $([Net.NetworkCredential]::new('', $secret).Password)\"; $bag; $input | ForEach-Object { \"in $_\" }
Write-Warning w; Write-Verbose v -Verbose; Write-Debug d -Debug; Write-Information i; Write-Host h -ForegroundColor Red
Write-Progress -Activity a -PercentComplete 50; Write-Error e; $null; [datetime]'2026-01-02'; , @(1, @(2, 3)); [byte[]](1, 2)
@{ a = @{ b = [pscustomobject]@{ c = 1.5 } } }; [uri]'http://x/y'; [version]'1.2'; \"\u{fc}\u{1f600}`0<&>\"; 'x' * 100000
try { $null = Read-Host } catch { $_.FullyQualifiedErrorId }
throw 'the end'";

fn a_left_script_gives_what_another_one_gives(home: &Home) {
    std::fs::write(home.path().join("in.txt"), "one\ntwo\n").expect("written");
    let given = ["--streams", "all", "--types", "-a", "web", "-a", "7", "-a", "{\"k\":[1,{\"l\":null}]}"];
    let more = ["-a", "secret:TOKEN", "--using", "site=\"ber\"", "--input", "in.txt", "--input-format", "lines", ALL];
    let all = [&given[..], &more].concat();
    let normal = home.run(&all);
    home.detach(&all);
    let came = home.collect(&["--streams", "all", "--types"]);
    assert_eq!(came.records(), normal.records());
    for key in ["outcome", "reason", "message", "hint", "exit_code", "errors", "objects"] {
        assert_eq!(came.end()[key], normal.end()[key], "{key}");
    }
    assert!(normal.message().contains("the end") && normal.records().len() > 18, "{normal:?}");
    let modes: Vec<u32> = [home.decks(), home.file("end")]
        .map(|path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777)
        .into();
    assert_eq!(modes, [0o700, 0o600]);
    assert_eq!(std::fs::read_dir(home.decks()).expect("a folder").count(), 1, "nothing but the note stays");
    assert_eq!(home.collect(&["last"]).code, Some(2), "all of it was collected");
}

#[test]
fn over_ssh_a_left_script_gives_what_another_one_gives() {
    let Some(home) = Home::ssh() else { return };
    a_left_script_gives_what_another_one_gives(&home);
}

#[test]
fn on_this_machine_a_left_script_gives_what_another_one_gives() {
    let Some(home) = Home::local() else { return };
    a_left_script_gives_what_another_one_gives(&home);
}

/// What a command of `session` shows of the decks, those that run first.
fn decks_shown(home: &Home, words: &[&str]) -> Vec<Value> {
    let flags = ["--no-input", "-o", "jsonl", "-i", "hosts.toml", "-t", "here"];
    let told = home.told(&[&["session"], words, &flags].concat());
    assert_eq!(told.code, Some(0), "{told:?}");
    let mut shown: Vec<Value> = told.of_type("object").map(|event| event["data"].clone()).collect();
    shown.sort_by_key(|deck| deck["State"] != "Running");
    shown
}

fn decks_are_listed_and_removed(home: &Home) {
    assert_eq!(decks_shown(home, &["ls"]), Vec::<Value>::new(), "before there is a folder");
    let ended = home.detach(&["1"]);
    home.wait_for_tape("#ended");
    let running = home.detach(&["2; Start-Sleep 600"]);
    let process = home.process();
    let shown = decks_shown(home, &["ls"]);
    assert_eq!(shown.len(), 2, "{shown:#?}");
    for (deck, state, left) in [(&shown[0], "Running", &running), (&shown[1], "Ended", &ended)] {
        assert_eq!((&deck["State"], &deck["Run"]), (&json!(state), &left.events[0]["run"]), "{deck}");
        assert_eq!((&deck["Ours"], &deck["InUse"]), (&json!(true), &json!(false)), "{deck}");
        assert!(deck["Name"].as_str().is_some_and(|name| name.starts_with("psfleet-")), "{deck}");
        assert!(deck["Owner"].as_str().is_some_and(|owner| !owner.is_empty()), "{deck}");
    }
    let actions = |words: &[&str]| {
        let shown = decks_shown(home, &[&["clean", "--older", "0"], words].concat());
        let action = |deck: &Value| deck["Action"].as_str().expect("a word").to_owned();
        shown.iter().map(action).collect::<Vec<_>>()
    };
    assert_eq!(actions(&[]), ["left: runs without a client", "left: was left running, and is not collected"]);
    assert_eq!(actions(&["--force", "--plan"]), ["would be removed"; 2]);
    assert!(Path::new(&format!("/proc/{process}")).exists());
    assert_eq!(actions(&["--force"]), ["removed"; 2]);
    assert_eq!(std::fs::read_dir(home.decks()).expect("a folder").count(), 0);
    let begin = Instant::now();
    // Its parent may take its time to ask for its end.
    let is_there = || std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    while is_there() {
        assert!(begin.elapsed() < PATIENCE, "its script has not ended with it");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(decks_shown(home, &["ls"]), Vec::<Value>::new());
}

#[test]
fn over_ssh_decks_are_listed_and_removed() {
    let Some(home) = Home::ssh() else { return };
    decks_are_listed_and_removed(&home);
}

#[test]
fn on_this_machine_decks_are_listed_and_removed() {
    let Some(home) = Home::local() else { return };
    decks_are_listed_and_removed(&home);
}

#[test]
fn a_variable_is_no_inventory_of_a_collect() {
    let Some(home) = Home::local() else { return };
    home.detach(&["7"]);
    let mut collect = home.command(&["runs", "collect", "--no-input", "-o", "jsonl"]);
    let came = Told::of(collect.env("PSFLEET_CONNECT_TIMEOUT", "30s"));
    assert_eq!((came.code, came.outcome()), (Some(0), "ok"), "{came:?}");
}

#[test]
fn what_still_runs_on_a_deck_is_left_again_and_loses_nothing() {
    let Some(home) = Home::ssh() else { return };
    let go = home.path().join("go");
    // It waits for an answer, which each collect gives that reads of the question.
    let ask = "try { $null = Read-Host } catch { }";
    home.detach(&[&format!(
        "{ask}; 1; while (-not (Test-Path '{}')) {{ Start-Sleep -Milliseconds 50 }}; 2; exit 4",
        go.display()
    )]);
    let mut early = Running::start(&mut home.command(&["runs", "collect", "--no-input", "-o", "jsonl"]));
    early.wait_for("object", 1);
    early.signal("INT");
    let early = early.end();
    assert_eq!((early.code, &early.outcomes()[0].1["outcome"]), (Some(130), &json!("detached")), "{early:?}");
    assert_eq!(home.kept(), [1]);
    std::fs::write(go, "").expect("written");
    let late = home.collect(&[]);
    assert_eq!((late.code, late.outcome(), late.end()["objects"].as_u64()), (Some(1), "failed", Some(2)), "{late:?}");
    assert_eq!((late.end()["exit_code"].as_i64(), late.of_type("object").count()), (Some(4), 1));
    assert_eq!(home.kept(), [1, 2]);
}

#[test]
fn a_collect_that_is_killed_loses_nothing_and_repeats_nothing() {
    let Some(home) = Home::local() else { return };
    home.detach(&["1..300 | ForEach-Object { $_; Start-Sleep -Milliseconds 15 }"]);
    for count in [1, 40, 90] {
        let mut collect = Running::start(&mut home.command(&["runs", "collect", "--no-input", "-o", "jsonl"]));
        collect.wait_for("object", count);
        collect.signal("KILL");
        collect.end();
    }
    let came = home.collect(&[]);
    assert_eq!((came.outcome(), came.end()["objects"].as_u64()), ("ok", Some(300)), "{:?}", came.end());
    assert_eq!(home.kept(), (1..=300).collect::<Vec<u64>>());
}

#[test]
fn another_machine_collects_from_a_deck_and_only_one_at_a_time() {
    let Some(home) = Home::ssh() else { return };
    let go = home.path().join("go");
    home.detach(&[&format!("1; while (-not (Test-Path '{}')) {{ Start-Sleep -Milliseconds 50 }}; 2", go.display())]);
    let (code, _, stderr) =
        told(home.command(&["runs", "export", "last", "--out", "bundle"]).output().expect("starts"));
    assert_eq!(code, Some(0), "{stderr}");
    let there = |args: &[&str]| {
        let mut command = home.command(args);
        command.env("PSFLEET_STATE_DIR", home.path().join("there"));
        command
    };
    let (code, _, stderr) = told(there(&["runs", "import", "bundle"]).output().expect("psfleet starts"));
    assert_eq!(code, Some(0), "{stderr}");
    let words = ["runs", "collect", "--no-input", "-o", "jsonl"];
    // A bundle does not say how far its hosts are to be trusted.
    let untold = Told::of(&mut there(&words));
    assert_eq!(untold.outcome(), "detached", "{untold:?}");
    let trusting = [&words[..], &["-i", "hosts.toml"]].concat();
    let mut first = Running::start(&mut there(&trusting));
    first.wait_for("object", 1);
    let second = home.collect(&[]);
    assert_eq!((second.outcome(), second.end()["reason"].as_str()), ("detached", Some("in_use")), "{second:?}");
    std::fs::write(go, "").expect("written");
    let came = first.end();
    assert_eq!(came.outcomes()[0].1["outcome"], "ok", "{came:?}");
    let gone = home.collect(&[]);
    assert_eq!((gone.code, gone.outcome()), (Some(1), "lost"), "{gone:?}");
    assert!(gone.message().contains("collected already"), "{gone:?}");
}

#[test]
fn what_became_of_a_deck_is_told() {
    let Some(home) = Home::local() else { return };
    let left = home.detach(&["1; Start-Sleep 600"]);
    let shell = left.end()["shell"].as_str().expect("a path");
    assert_eq!(Path::new(shell), home.file("tape"));
    home.wait_for_tape("</Data>\n");
    let running = home.collect(&["--timeout", "2s"]);
    assert_eq!(running.outcome(), "detached", "{running:?}");
    let process = home.process().to_string();
    assert!(Command::new("kill").args(["-KILL", &process]).status().expect("kill runs").success(), "{process}");
    let lost = home.collect(&[]);
    assert_eq!((lost.code, lost.outcome()), (Some(1), "lost"), "{lost:?}");
    assert!(lost.message().contains("the process that kept it on the host is gone"), "{lost:?}");
    assert_eq!(home.kept(), [1]);
    std::fs::remove_file(home.file("end")).expect("removed");
    // Once it is left: an end before that is the run's own.
    let go = home.path().join("go");
    let wait = format!("while (-not (Test-Path '{}')) {{ Start-Sleep -Milliseconds 50 }}", go.display());
    home.detach(&[&format!("2; {wait}; [Environment]::Exit(9)")]);
    std::fs::write(go, "").expect("written");
    let lost = home.collect(&[]);
    assert_eq!((lost.outcome(), lost.of_type("object").count()), ("lost", 1), "{lost:?}");
    assert!(lost.message().contains("with exit code 9"), "{lost:?}");
    home.detach(&["--detach-for", "1s", "3; Start-Sleep 600"]);
    home.wait_for_tape("#expired");
    let lost = home.collect(&[]);
    assert_eq!((lost.outcome(), lost.of_type("object").count()), ("lost", 1), "{lost:?}");
    assert!(lost.message().contains("nobody collected it"), "{lost:?}");
}

#[test]
fn a_folder_of_decks_is_the_users_alone_and_keeps_nothing_for_ever() {
    let Some(home) = Home::local() else { return };
    std::fs::create_dir_all(home.decks()).expect("made");
    std::fs::set_permissions(home.decks(), std::fs::Permissions::from_mode(0o777)).expect("set");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 86400);
    let make = |name: &str| {
        let file = std::fs::File::create(home.decks().join(name)).expect("made");
        file.set_modified(long_ago).expect("set");
    };
    for suffix in ["in", "seen", "lock", "reader"] {
        make(&format!("00000000-0000-0000-0000-000000000007.{suffix}"));
    }
    make("mine.lock");
    // Whoever opens it waits for a writer.
    let pipe = home.decks().join("00000000-0000-0000-0000-000000000008.tape");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    home.detach(&["1"]);
    std::fs::remove_file(pipe).expect("removed");
    assert_eq!(std::fs::metadata(home.decks()).expect("a folder").permissions().mode() & 0o777, 0o700);
    let collected = home.collect(&[]);
    assert_eq!((collected.code, collected.outcome()), (Some(0), "ok"), "{collected:?}");
    let end = home.file("end").file_name().expect("a name").to_owned();
    let files = std::fs::read_dir(home.decks()).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert_eq!(files, [end, "mine.lock".into()]);
}

#[test]
fn a_file_that_cannot_be_read_for_a_moment_ends_no_script() {
    let Some(home) = Home::local() else { return };
    let go = home.path().join("go");
    let wait = format!("while (-not (Test-Path '{}')) {{ Start-Sleep -Milliseconds 50 }}", go.display());
    home.detach(&[&format!("{wait}; 1; Start-Sleep 1; 2")]);
    // It is there, and reading it is an error.
    symlink("/proc/self/mem", home.file("tape").with_extension("in")).expect("a link");
    std::fs::write(go, "").expect("written");
    let came = home.collect(&[]);
    assert_eq!((came.code, came.outcome()), (Some(0), "ok"), "{came:?}");
    assert_eq!(home.kept(), [1, 2]);
}

#[test]
fn a_tape_that_cannot_be_claimed_is_not_called_busy() {
    let Some(home) = Home::local() else { return };
    home.detach(&["1"]);
    home.wait_for_tape("#ended\n");
    let reader = home.file("tape").with_extension("reader");
    symlink(home.path().join("nowhere/file"), &reader).expect("a link");
    let refused = home.collect(&[]);
    assert_eq!(
        (refused.outcome(), refused.end()["reason"].as_str()),
        ("detached", Some("script_error")),
        "{refused:?}"
    );
    assert!(refused.message().contains("which cannot be used: "), "{refused:?}");
    std::fs::remove_file(reader).expect("removed");
    assert_eq!(home.collect(&[]).outcome(), "ok");
}

#[test]
fn what_is_looked_for_elsewhere_is_not_lost() {
    let Some(home) = Home::local() else { return };
    home.detach(&["1"]);
    let other = home.path().join("other");
    let mut command = home.command(&["runs", "collect", "--no-input", "-o", "jsonl"]);
    let missed = Told::of(command.env("XDG_STATE_HOME", &other));
    assert_eq!((missed.outcome(), missed.end()["reason"].as_str()), ("detached", Some("no_shell")), "{missed:?}");
    let (was, is) = (home.file("tape").display().to_string(), other.display().to_string());
    assert!(missed.message().contains(&was) && missed.message().contains(&is), "{missed:?}");
    assert_eq!(home.collect(&[]).outcome(), "ok");
}

#[test]
fn a_home_that_cannot_be_written_is_named() {
    let Some(home) = Home::local() else { return };
    std::fs::create_dir(home.path().join(".local")).expect("made");
    std::fs::write(home.path().join(".local/state"), "a file").expect("written");
    let failed = home.run(&["--detach", "1"]);
    assert_eq!((failed.code, failed.outcome()), (Some(1), "failed"), "{failed:?}");
    assert!(failed.message().contains("what is left running is kept in the folder"), "{failed:?}");
    assert!(failed.message().contains(".local/state"), "{failed:?}");
}

/// Puts something on a tape, or in its place; the second text is what its first line was.
type Damage<'d> = &'d dyn Fn(&Path, &str);

#[test]
fn whatever_stands_on_a_tape_does_no_harm() {
    let Some(home) = Home::local() else { return };
    let precious = home.path().join("precious");
    std::fs::write(&precious, "psfleet 1 mine\n").expect("written");
    let damage: [(&str, Damage<'_>); 6] = [
        ("not what psfleet writes", &|tape, _| {
            std::fs::remove_file(tape).expect("removed");
            symlink(&precious, tape).expect("a link");
        }),
        ("not what psfleet writes", &|tape, _| std::fs::write(tape, "#!/bin/sh\n").expect("written")),
        ("is damaged", &|tape, head| {
            let file = std::fs::File::create(tape).expect("made");
            (&file).write_all(head.as_bytes()).expect("written");
            file.set_len(1 << 30).expect("a line of NULs without an end");
        }),
        ("is damaged", &|tape, head| {
            std::fs::write(tape, format!("{head}<Data PSGuid='1'>\u{0}\u{0}</Data>\n#ended\n")).expect("written");
        }),
        ("is gone", &|tape, head| {
            let mut bytes = format!("{head}\u{1b}[31mgarbage\n").into_bytes();
            bytes.extend([0xF0, 0x9F, 0x98]);
            std::fs::write(tape, bytes).expect("written");
        }),
        ("is gone", &|tape, head| std::fs::write(tape, format!("{head}#ended\n")).expect("written")),
    ];
    for (why, damage) in damage {
        home.detach(&["1"]);
        home.wait_for_tape("#ended\n");
        let tape = home.file("tape");
        let head = std::fs::read_to_string(&tape).expect("a tape").lines().next().expect("a line").to_owned() + "\n";
        damage(&tape, &head);
        let came = home.collect(&[]);
        assert_eq!((came.outcome(), came.of_type("object").count()), ("lost", 0), "{came:?}");
        assert!(came.message().contains(why), "{why}: {came:?}");
        assert_eq!(std::fs::read_to_string(&precious).expect("still there"), "psfleet 1 mine\n");
        assert!(!came.message().contains('\u{1b}'));
        for file in std::fs::read_dir(home.decks()).expect("a folder") {
            std::fs::remove_file(file.expect("an entry").path()).expect("removed");
        }
    }
}

#[test]
fn a_bundle_leads_to_no_other_file_and_no_other_program() {
    let Some(home) = Home::local() else { return };
    home.detach(&["1"]);
    home.wait_for_tape("#ended\n");
    let (precious, marker) = (home.path().join("precious"), home.path().join("ran"));
    std::fs::write(&precious, "mine").expect("written");
    let evil = home.path().join("evil");
    std::fs::write(&evil, format!("#!/bin/sh\ntouch '{}'\n", marker.display())).expect("written");
    std::fs::set_permissions(&evil, std::fs::Permissions::from_mode(0o755)).expect("made a program");
    let bundle = |name: &str| {
        let (code, _, stderr) =
            told(home.command(&["runs", "export", "last", "--out", name]).output().expect("starts"));
        assert_eq!(code, Some(0), "{stderr}");
        let db = rusqlite::Connection::open(home.path().join(name)).expect("a bundle");
        // One from before bundles had a checksum, which a forger would have made anew.
        db.execute_batch("ALTER TABLE runs DROP COLUMN checksum; PRAGMA user_version = 3").expect("as it was");
        db
    };
    let import = |name: &str, state: &str| {
        let mut command = home.command(&["runs", "import", name]);
        told(command.env("PSFLEET_STATE_DIR", home.path().join(state)).output().expect("psfleet starts"))
    };
    // A name that is no number is no name.
    let forged = bundle("path");
    let name = json!("../../../../precious").to_string();
    let sql = "UPDATE outcomes SET data = json_set(data, '$.left.pool', json(?))";
    forged.execute(sql, [name]).expect("forged");
    drop(forged);
    let (code, _, stderr) = import("path", "there1");
    assert_eq!(code, Some(2), "{stderr}");
    // A program that a bundle names is not started.
    let forged = bundle("program");
    let targets: Vec<u8> = forged.query_row("SELECT targets FROM runs", [], |row| row.get(0)).expect("targets");
    let text = String::from_utf8(zstd::decode_all(&*targets).expect("zstd")).expect("JSON");
    let mut json: Value = serde_json::from_str(&text).expect("JSON");
    json[0]["endpoint"]["local"]["pwsh"] = json!(evil);
    let packed = zstd::bulk::compress(json.to_string().as_bytes(), 3).expect("packed");
    forged.execute("UPDATE runs SET targets = ?", [packed]).expect("forged");
    drop(forged);
    let (code, _, stderr) = import("program", "there2");
    assert_eq!(code, Some(0), "{stderr}");
    for more in [&[][..], &["-i", "hosts.toml"]] {
        let mut command = home.command(&[&["runs", "collect", "--no-input", "-o", "jsonl"], more].concat());
        let told = Told::of(command.env("PSFLEET_STATE_DIR", home.path().join("there2")));
        assert_eq!(told.code, Some(if more.is_empty() { 2 } else { 0 }), "{told:?}");
    }
    assert!(!marker.exists() && precious.exists());
}
