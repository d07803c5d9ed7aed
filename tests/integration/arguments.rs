//! What `psfleet run` gives to scripts: the whole program, with real PowerShell on this machine behind it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::pwsh;

/// Two hosts on this machine, with variables.
const INVENTORY: &str = "[groups.all_local]\nhosts = ['one', 'two']\ntransport = 'local'\nvars = { site = 'ber' }\n\
                         [hosts.one]\nvars = { rack = 1, tags = ['a', 'b'] }\n[hosts.two]\nvars = { rack = 2, tags = ['c'] }\n";

/// The program in a folder of its own, away from the settings of whoever runs the tests.
struct Program {
    folder: Folder,
    pwsh: PathBuf,
}

/// What the program did.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    /// Objects by host, in order of arrival.
    objects: Vec<(String, Value)>,
    stderr: String,
}

impl Ran {
    fn of(&self, host: &str) -> Vec<Value> {
        self.objects.iter().filter(|(from, _)| from == host).map(|(_, object)| object.clone()).collect()
    }
}

impl Program {
    fn new() -> Option<Self> {
        Some(Self::with(pwsh()?))
    }

    fn with(pwsh: PathBuf) -> Self {
        let folder = Folder::new("arguments");
        std::fs::write(folder.path().join("fleet.toml"), INVENTORY).expect("written");
        Self { folder, pwsh }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).expect("written");
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.current_dir(self.path()).env_clear().env("HOME", self.path()).env("PSFLEET_PROBE", "from here");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.args(["run", "-i", "fleet.toml", "-o", "jsonl", "--no-input", "--pwsh"]).arg(&self.pwsh);
        command.stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command().args(arguments).output().expect("psfleet runs");
        let lines = output.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let events = lines.map(|line| serde_json::from_slice::<Value>(line).expect("a line of JSON"));
        let objects = events.filter(|event| event["type"] == "object");
        Ran {
            code: output.status.code(),
            objects: objects
                .map(|event| (event["host"].as_str().expect("a host").to_owned(), event["data"].clone()))
                .collect(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

#[test]
fn each_host_gets_its_own_variables() {
    let Some(program) = Program::new() else { return };
    let script = "param($Site, $Rack) $Site; $Rack; $using:tags.Count; $using:tags -join '+'; $args";
    let flags = ["-p", "Site=host.site", "-p", "Rack=host.rack", "--using", "tags=host.tags", "-a", "\"host.rack\""];
    let ran = program.run(&[&["-t", "@all", script], flags.as_slice()].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.of("one"), [json!("ber"), json!(1), json!(2), json!("a+b"), json!("host.rack")]);
    assert_eq!(ran.of("two"), [json!("ber"), json!(2), json!(1), json!("c"), json!("host.rack")]);
}

#[test]
fn an_undefined_variable_stops_before_the_first_connection() {
    let program = Program::with("/nowhere/pwsh".into());
    let ran = program.run(&["-t", "@all", "$args", "-a", "host.rakc"]);
    assert_eq!((ran.code, ran.objects.len()), (Some(2), 0), "{ran:?}");
    assert!(ran.stderr.contains("no variable `rakc` for one,two (the nearest variable is `rack`)"), "{}", ran.stderr);
}

#[test]
fn arguments_from_a_file_and_from_flags() {
    let Some(program) = Program::new() else { return };
    program.write("named.json", "\u{feff}{\"Name\": [\"x\", {\"a\": 1}], \"Count\": 3, \"Force\": true}");
    program.write("list.json", "[1, \"host.rack\"]");
    let script = "param($Name, [int]$Count, [switch]$Force) $Name[0]; $Name[1].a; $Count; [bool]$Force";
    let ran = program.run(&["-t", "one", script, "--args-file", "named.json", "-p", "count=4"]);
    assert_eq!(ran.of("one"), [json!("x"), json!(1), json!(4), json!(true)], "{ran:?}");
    let ran = program.run(&["-t", "one", "$args", "--args-file", "list.json", "-a", "host.rack"]);
    assert_eq!(ran.of("one"), [json!(1), json!("host.rack"), json!(1)], "{ran:?}");
}

#[test]
fn a_broken_file_of_arguments_says_where() {
    let program = Program::with("/nowhere/pwsh".into());
    program.write("broken.json", "{\n  \"Name\": 1,\n  \"Count\" 2\n}");
    let ran = program.run(&["-t", "one", "$args", "--args-file", "broken.json"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("broken.json: line 3, column 11: expected `:`"), "{}", ran.stderr);
}
