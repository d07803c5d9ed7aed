//! What `psfleet run` gives to scripts: the whole program, with real PowerShell on this machine behind it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use psfleet::sandbox::{Engine, Options};
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::sshd::{Setup, Sshd, user};
use crate::support::{pwsh, sandbox};

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
        Ran::of_output(&self.command().args(arguments).output().expect("psfleet runs"))
    }
}

impl Ran {
    fn of_output(output: &Output) -> Self {
        let lines = output.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let events = lines.map(|line| serde_json::from_slice::<Value>(line).expect("a line of JSON"));
        let objects = events.filter(|event| event["type"] == "object");
        Self {
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
    assert!(ran.stderr.contains("broken.json: line 3, column 11: expected ':' and a value"), "{}", ran.stderr);
}

#[test]
fn stdin_has_one_reader() {
    let program = Program::with("/nowhere/pwsh".into());
    let ran = program.run(&["-t", "one", "-", "--input", "-"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("the script and --input cannot both be read from stdin"), "{}", ran.stderr);
}

/// A script, its input in a file of this name, and what comes of it.
struct Fed {
    covers: &'static str,
    script: &'static str,
    file: &'static str,
    input: &'static str,
    flags: &'static [&'static str],
    objects: &'static str,
}

const FED: [Fed; 8] = [
    Fed {
        covers: "$input of lines",
        script: "$all = @($input); $all.Count; $all[1]",
        file: "i.txt",
        input: "a\r\nb c\n",
        flags: &[],
        objects: r#"[2, "b c"]"#,
    },
    Fed {
        covers: "process block, items of a JSON array",
        script: "begin { 'begin' } process { $_.a.b * 2 } end { 'end' }",
        file: "i.json",
        input: r#"[{"a": {"b": 1}}, {"a": {"b": 2}}]"#,
        flags: &[],
        objects: r#"["begin", 2, 4, "end"]"#,
    },
    Fed {
        covers: "parameters by pipeline property, rows of CSV",
        script: "param([Parameter(ValueFromPipelineByPropertyName)]$Name, \
                 [Parameter(ValueFromPipelineByPropertyName)][int]$Size) process { \"$Name=$($Size + 1)\" }",
        file: "i.csv",
        input: "Name;Size\nx;1\n\"y \"\"z\"\"\";41\n",
        flags: &[],
        objects: r#"["x=2", "y \"z\"=42"]"#,
    },
    Fed {
        covers: "parameter by pipeline value, JSON lines, beside arguments",
        script: "param($Add, [Parameter(ValueFromPipeline)][int]$n) process { $n + $Add }",
        file: "i.jsonl",
        input: "1\n\n2\n",
        flags: &["-p", "Add=10"],
        objects: "[11, 12]",
    },
    Fed {
        covers: "null and nested values",
        script: "foreach ($x in $input) { $null -eq $x; if ($x) { $x.list.Count; $x.GetType().Name } }",
        file: "i.json",
        input: r#"[null, {"list": [1, 2, null]}, null]"#,
        flags: &[],
        objects: r#"[true, false, 3, "PSCustomObject", true]"#,
    },
    Fed {
        covers: "no objects",
        script: "begin { 'begin'; $MyInvocation.ExpectingInput } process { 'object' } end { @($input).Count }",
        file: "i.json",
        input: "[]",
        flags: &[],
        objects: r#"["begin", true, 0]"#,
    },
    Fed {
        covers: "input that nobody reads",
        script: "'done'",
        file: "i.txt",
        input: "a\nb\n",
        flags: &[],
        objects: r#"["done"]"#,
    },
    Fed {
        covers: "$input beside $using: and $args",
        script: "$input | ForEach-Object { \"$_ $using:x $($args.Count)\" }; $args[0]",
        file: "i.txt",
        input: "a\n",
        flags: &["--using", "x=from here", "-a", "10"],
        objects: r#"["a from here 0", 10]"#,
    },
];

/// Hosts `local`, `ssh` and `winrm` with real PowerShell behind each way.
struct Ways {
    program: Program,
    _sshd: Sshd,
    fleet: psfleet::sandbox::Fleet,
}

impl Ways {
    async fn open() -> Option<Self> {
        let pwsh = pwsh()?;
        let sshd = Sshd::start(&Setup::with_powershell(&pwsh))?;
        let options = Options { engine: Engine::Pwsh, hosts: 1, pwsh: pwsh.clone(), ..Options::default() };
        let fleet = sandbox::fleet(options).await;
        let port = fleet.hosts().next().expect("a host").1.port();
        let program = Program::with(pwsh);
        let inventory = format!(
            "[hosts.local]\ntransport = 'local'\n[hosts.ssh]\ntransport = 'ssh'\naddress = '127.0.0.1'\nport = {}\nuser = {:?}\n\
             identity = [{:?}]\nknown_hosts = [{:?}]\n[hosts.winrm]\naddress = '127.0.0.1'\nport = {port}\nauth = 'ntlm'\nuser = \
             {:?}\npassword_env = 'PROBE_PASSWORD'\n",
            sshd.port,
            user(),
            sshd.user_key(),
            sshd.known_hosts(),
            fleet.user(),
        );
        program.write("fleet.toml", inventory);
        Some(Self { program, _sshd: sshd, fleet })
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.program.command();
        command.env("PROBE_PASSWORD", self.fleet.password().expose()).args(["-t", "@all", "--connect-timeout", "60s"]);
        Ran::of_output(&command.args(arguments).output().expect("psfleet runs"))
    }

    /// Compares what every way gives.
    fn gives(&self, what: &str, arguments: &[&str], objects: &[Value]) {
        let ran = self.run(arguments);
        for way in ["local", "ssh", "winrm"] {
            assert_eq!(ran.of(way), objects, "{what} over {way}: {}", ran.stderr);
        }
        assert_eq!(ran.code, Some(0), "{what}: {}", ran.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn input_arrives_over_every_way() {
    let Some(ways) = Ways::open().await else { return };
    for Fed { covers, script, file, input, flags, objects } in FED {
        ways.program.write(file, input);
        let objects: Vec<Value> = serde_json::from_str(objects).expect("JSON");
        ways.gives(covers, &[&[script, "--input", file], flags].concat(), &objects);
    }
    sandbox::assert_clean(ways.fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_input_arrives_over_every_way() {
    let Some(ways) = Ways::open().await else { return };
    let numbers = |count: u32| (1..=count).map(|number| format!("{number}\n")).collect::<String>();
    ways.program.write("many.jsonl", numbers(100_000));
    ways.program.write("some.jsonl", numbers(3_000));
    let script = "begin { $sum = [long]0 } process { $sum += $_ } end { $sum; $_ }";
    // The sandbox hands each object to its PowerShell by itself: it gets fewer.
    ways.gives("3,000 objects", &[script, "--input", "some.jsonl"], &[json!(4_501_500), json!(3_000)]);
    let ran = ways.run(&[script, "--input", "many.jsonl", "-x", "winrm"]);
    for way in ["local", "ssh"] {
        assert_eq!(ran.of(way), [json!(5_000_050_000_i64), json!(100_000)], "{}", ran.stderr);
    }
    let filler = "x".repeat(10_000);
    let rows: String = (1..=200).map(|number| format!("{{\"Number\":{number},\"Text\":\"{filler}\"}}\n")).collect();
    ways.program.write("rows.jsonl", rows);
    let script = "$size = 0; foreach ($row in $input) { $size += $row.Text.Length }; $size; $row.Number";
    ways.gives("wide objects", &[script, "--input", "rows.jsonl"], &[json!(2_000_000), json!(200)]);
    // A script that has enough of it does not wait for the rest.
    ways.gives("a part", &["$null = $input.MoveNext(); $input.Current", "--input", "many.jsonl"], &[json!(1)]);
    sandbox::assert_clean(ways.fleet).await;
}

const DOCUMENTED: &str = "<#\n.SYNOPSIS\nChecks a disk.\n.PARAMETER Drive\nWhich one.\n.EXAMPLE\npsfleet run disk.ps1 -p Drive=C\n#>\n\
                          [CmdletBinding()]\nparam(\n  [Parameter(Mandatory)][string]$Drive,\n  [ValidateSet('Low','High')][Alias('l')]$Level = \
                          'Low',\n  [ValidateRange(1,9)][int]$Count = 3,\n  [switch]$Force\n)\n\"$Drive $using:limit\"\n";

#[test]
fn help_indents_defaults_of_several_lines() {
    let program = Program::with("/nowhere/pwsh".into());
    let script = "param(\n  $Block = {\n    1\n    2\n  },\r\n  $Text = @'\na\n\n  b\n'@,\n  [ValidateSet('x', 'y\nz')]$One = @(\n 1\n)\n)\n1\n";
    program.write("long.ps1", script);
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    let output =
        command.current_dir(program.path()).args(["run", "long.ps1", "--help"]).output().expect("psfleet runs");
    let page = String::from_utf8_lossy(&output.stdout);
    let (_, parameters) = page.split_once("Parameters:\n").expect("parameters");
    let (parameters, _) = parameters.split_once("\n\nA value").expect("an end");
    assert_eq!(
        parameters,
        "  Block\n      Default: {\n          1\n          2\n        }\n  Text\n      Default: @'\n      a\n\n        b\n      '@\n  \
         One\n      One of: x, y\n      z\n      Default: @(\n       1\n      )"
    );
}

#[test]
fn a_value_that_is_missing_names_the_file_and_the_place() {
    let program = Program::with("/nowhere/pwsh".into());
    program.write("check.ps1", "$x = 5\n1..2 | ForEach-Object -Parallel { $using:x }\n");
    program.write("own.ps1", "'a'\n$using:y\n");
    let lenient = "or use --using-lenient if the script itself sets it";
    for (arguments, place, is_nested) in [
        (["check.ps1"].as_slice(), "check.ps1: line 2, column 35: $using:x: there is no value for `x`", true),
        (&["./check.ps1", "--using", "y=1"], "./check.ps1: line 2, column 35: ", true),
        (&["check.ps1", "--using", "z=host.site"], "check.ps1: line 2, column 35: ", true),
        (&["own.ps1"], "own.ps1: line 2, column 1: $using:y", false),
        (&["$using:y"], "error: line 1, column 1: $using:y", false),
    ] {
        let ran = program.run(&[&["-t", "one"], arguments].concat());
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(place), "{}", ran.stderr);
        assert_eq!(ran.stderr.contains(lenient), is_nested, "{}", ran.stderr);
    }
}

#[test]
fn help_of_a_script_lists_its_parameters() {
    let program = Program::with("/nowhere/pwsh".into());
    program.write("disk.ps1", DOCUMENTED);
    let help = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        let output = command.current_dir(program.path()).arg("run").args(arguments).output().expect("psfleet runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, page) = help(&["disk.ps1", "--help"]);
    assert_eq!(code, Some(0));
    assert_eq!(
        page,
        "Checks a disk.\n\n\
         Usage: psfleet run disk.ps1 -t TARGETS -p Drive=STRING [-p Level=VALUE] [-p Count=INT] [-p Force]\n\n\
         Parameters:\n  Drive [string], mandatory\n      Which one.\n  Level\n      One of: Low, High\n      Default: 'Low'\n      \
         Also: l\n  Count [int]\n      From 1 to 9\n      Default: 3\n  Force [switch]\n\n\
         Values of $using: expressions:\n  --using limit=VALUE\n\n\
         Example:\n  psfleet run disk.ps1 -p Drive=C\n\n\
         A value is JSON if it parses as JSON, else a string; see `psfleet run --help` for all flags.\n"
    );
    assert_eq!(help(&["--help", "disk.ps1"]), (Some(0), page));
    for own in [&["--help"] as &[_], &["-h"], &["Get-Date", "--help"]] {
        let (code, page) = help(own);
        assert_eq!(code, Some(0), "{own:?}");
        assert!(page.contains("--argument-list") && page.contains("--targets"), "{own:?}: {page}");
    }
    assert_eq!(help(&["nowhere.ps1", "--help"]), (Some(2), String::new()));
}

#[test]
fn a_plan_lists_targets_and_values_and_connects_nowhere() {
    let program = Program::with("/nowhere/pwsh".into());
    program.write("s.ps1", "param([int]$Rack, $Name)\n\"$using:x $using:env:PSFLEET_PROBE\"\n");
    program.write("named.json", "{\"Name\": {\"a\": 1}}");
    let flags = [
        "-t",
        "@all",
        "s.ps1",
        "-p",
        "Rack=host.rack",
        "--using",
        "x=2",
        "--using",
        "y=3",
        "--args-file",
        "named.json",
    ];
    let plan = |more: &[&str]| {
        let output = program.command().args(flags).args(more).output().expect("psfleet runs");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let text = plan(&["--dry-run", "-o", "table"]);
    for line in [
        "Targets: 2\n  one,two: local\n",
        "Script: s.ps1, 2 lines\n",
        "  -Name = {\"a\":1}  (named.json)\n",
        "  -Rack = 1 on one  (host variable rack, --param)\n  -Rack = 2 on two  (host variable rack, --param)\n",
        "  $using:x = 2  (--using, line 2, column 2)\n",
        "  $using:env:PSFLEET_PROBE = \"from here\"  (environment, line 2, column 11)\n",
        "  $using:y = 3  (--using, not used by the script)\n",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    let json: Value = serde_json::from_str(&plan(&["--plan", "-o", "json"])).expect("JSON");
    assert_eq!(
        (&json["v"], &json["target_count"], &json["targets"][0]["hosts"]),
        (&json!(1), &json!(2), &json!("one,two"))
    );
    assert_eq!(
        json["arguments"][2],
        json!({"name": "Rack", "value": 2, "source": "host variable rack, --param", "hosts": "two"})
    );
    let wrong = program.run(&["--what-if", "-t", "@all", "s.ps1", "-p", "Rack=many", "--using", "x=2"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.stderr.contains("takes an integer"), "{}", wrong.stderr);
    assert_eq!(program.run(&["--plan", "-t", "@all!@all_local", "1"]).code, Some(4));
}

#[test]
fn a_plan_tells_users_and_passwords_and_fails_where_the_run_would() {
    let program = Program::with("/nowhere/pwsh".into());
    let inventory = "[groups.web]\nhosts = ['web[1-3]']\nuser = 'CONTOSO\\svc'\npassword_env = 'WEB'\n\
                     [hosts.db]\nuser = \"d\\u001bb\"\n[hosts.lin]\ntransport = 'ssh'\n[hosts.nobody]\naddress = 'n.example'\n";
    program.write("who.toml", inventory);
    let ran = |targets: &str, more: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.current_dir(program.path()).env_clear().env("HOME", program.path()).stdin(Stdio::null());
        command.envs(variables.iter().copied()).args(["run", "-i", "who.toml", "-t", targets, "1"]).args(more);
        command.output().expect("psfleet runs")
    };
    let passwords = [("WEB", "hunter1"), ("PSFLEET_PASSWORD", "hunter2")];
    let output = ran("web[1-3],lin", &["--plan", "-o", "table"], &passwords);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let targets = "Targets: 4\n  web[1-3]: winrm, auth negotiate, user CONTOSO\\svc, password from WEB\n  \
                   lin: ssh, your own user, by key or agent\n";
    assert!(text.contains(targets), "{text}");
    let output = ran("db", &["--plan", "-o", "table"], &passwords);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(", password from PSFLEET_PASSWORD\n") && !text.contains('\x1b'), "{text}");
    let output = ran("web1", &["--plan", "-o", "json"], &passwords);
    let plan: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(plan["targets"][0]["password"], json!({"from": "variable", "name": "WEB"}));
    assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter"), "{plan}");
    for (targets, variables, problem) in [
        ("nobody", &passwords[..], "no user for nobody: WinRM needs one"),
        ("web1", &[], "no password for 'CONTOSO\\svc': the variable WEB is not set (group web in who.toml:4)"),
        ("web1,db", &passwords[..], "one password cannot serve the several users of this run"),
    ] {
        let plan = ran(targets, &["--plan"], variables);
        let run = ran(targets, &[], variables);
        assert_eq!((plan.status.code(), run.status.code()), (Some(2), Some(2)), "{targets}");
        assert_eq!(String::from_utf8_lossy(&plan.stderr), String::from_utf8_lossy(&run.stderr), "{targets}");
        assert!(String::from_utf8_lossy(&plan.stderr).contains(problem), "{}", String::from_utf8_lossy(&plan.stderr));
        assert!(plan.stdout.is_empty());
    }
}

#[test]
fn a_plan_tells_where_secrets_come_from_and_fails_where_the_run_would() {
    let program = Program::with("/nowhere/pwsh".into());
    let open = "[hosts.open]\nauth = 'basic'\nuser = 'u'\npassword_env = 'PW'\nallow_unencrypted = true\ntrusted_hosts = '*'\n\
                [hosts.here]\ntransport = 'local'\n";
    program.write("who.toml", open);
    let ran = |target: &str, more: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.current_dir(program.path()).env_clear().env("HOME", program.path()).stdin(Stdio::null());
        command.envs(variables.iter().copied()).args(["run", "-i", "who.toml", "-t", target, "param($s) $s, $using:c"]);
        let output = command.args(["-p", "s=secret:db-1", "--using", "c=credential:adm"]).args(more).output();
        output.expect("psfleet runs")
    };
    let known = [
        ("PW", "x"),
        ("PSFLEET_SECRET_DB_1", "hunter1"),
        ("PSFLEET_CREDENTIAL_ADM_USER", "adm"),
        ("PSFLEET_CREDENTIAL_ADM_PASSWORD", "hunter2"),
    ];
    let plan = ran("here", &["--plan", "-o", "table"], &known);
    let text = String::from_utf8_lossy(&plan.stdout);
    let secret = "  -s = ***  (secret db-1, --param: PSFLEET_SECRET_DB_1 from the environment)\n";
    let credential = "  $using:c = ***  (credential adm, --using: PSFLEET_CREDENTIAL_ADM_USER from the environment, \
                      PSFLEET_CREDENTIAL_ADM_PASSWORD from the environment, line 1, column 15)\n";
    assert!(text.contains(secret) && text.contains(credential) && !text.contains("hunter"), "{text}");
    for (target, variables, problem) in [
        ("here", &known[..3], "PSFLEET_CREDENTIAL_ADM_PASSWORD is not set, and there is nobody to ask"),
        ("open", &known[..], "secrets are never sent without encryption, but open would be reached with Basic"),
    ] {
        let (plan, run) = (ran(target, &["--plan"], variables), ran(target, &[], variables));
        assert_eq!((plan.status.code(), run.status.code()), (Some(2), Some(2)), "{target}");
        let (plan, run) = (String::from_utf8_lossy(&plan.stderr), String::from_utf8_lossy(&run.stderr));
        assert!(plan == run && plan.contains(problem), "{plan}\n{run}");
    }
}

/// What a script gives on a real PowerShell that says it is of another version.
async fn given_as(pwsh: PathBuf, version: &str, script: &str) -> Vec<Value> {
    let options = Options {
        engine: Engine::Pwsh,
        hosts: 1,
        pwsh: pwsh.clone(),
        reported_version: Some(version.to_owned()),
        ..Options::default()
    };
    let fleet = sandbox::fleet(options).await;
    let program = Program::with(pwsh);
    let port = fleet.hosts().next().expect("a host").1.port();
    program.write(
        "fleet.toml",
        format!(
            "[hosts.old]\naddress = '127.0.0.1'\nport = {port}\nauth = 'ntlm'\nuser = {:?}\npassword_env = 'PROBE_PASSWORD'\n",
            fleet.user()
        ),
    );
    let mut command = program.command();
    command.env("PROBE_PASSWORD", fleet.password().expose());
    command.args(["-t", "@all", script, "--using", "x=[1, \"two\"]", "-a", "7"]);
    let ran = Ran::of_output(&command.output().expect("psfleet runs"));
    assert_eq!(ran.code, Some(0), "{version}: {ran:?}");
    sandbox::assert_clean(fleet).await;
    ran.objects.into_iter().map(|(_, object)| object).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_version_chooses_the_form_of_using_values() {
    let Some(pwsh) = pwsh() else { return };
    // The text that runs is the user's own unless the form is a rewritten script.
    let own = "$MyInvocation.MyCommand.ScriptBlock.ToString().Contains('us' + 'ing:x')";
    let plain = format!("param($a) $using:x -join '+'; $a; {own}");
    let nested = format!("param($a) & {{ $using:x -join '+' }}; $using:x[1]; {own}");
    for (version, plain_is_own, nested_is_own) in
        [("2.0", false, false), ("3.0", true, false), ("4.0", true, false), ("5.1", true, true), ("7.4.1", true, true)]
    {
        let given = given_as(pwsh.clone(), version, &plain).await;
        assert_eq!(given, [json!("1+two"), json!(7), json!(plain_is_own)], "{version}");
        let given = given_as(pwsh.clone(), version, &nested).await;
        assert_eq!(given, [json!("1+two"), json!("two"), json!(nested_is_own)], "{version}");
    }
}

#[test]
fn halves_of_surrogate_pairs_and_exponents_come_by_every_way() {
    let Some(program) = Program::new() else { return };
    program.write("positional.json", r#"["\ud83d", 1e5]"#);
    program.write("named.json", r#"{"A": "\ud83d", "B": 1e5}"#);
    program.write("value.json", r#""\ud83d""#);
    program.write(
        "vars.json",
        r#"{"hosts": {"one": {"vars": {"half": "\ud83d", "number": 1e5, "list": [1e5, "\ud83d", 1.10]}}}}"#,
    );
    let script = "param([string]$A, [string]$B) [int][char]$A[0]; $A.Length; $B";
    for flags in [
        &["-a", r#""\ud83d""#, "-a", "1e5"][..],
        &["-p", r#"A="\ud83d""#, "-p", "B=1e5"],
        &["--args-file", "positional.json"],
        &["--args-file", "named.json"],
        &["-a", "@value.json", "-a", "1e5"],
        &["-i", "vars.json", "-a", "host.half", "-a", "host.number"],
    ] {
        let ran = program.run(&[&["-t", "one", script][..], flags].concat());
        assert_eq!(ran.of("one"), [json!(0xD83D), json!(1), json!("1e5")], "{flags:?}: {ran:?}");
    }
    for flags in [
        &["--using", r#"x="\ud83d""#][..],
        &["--using", "x=@value.json"],
        &["-i", "vars.json", "--using", "x=host.half"],
    ] {
        let ran = program.run(&[&["-t", "one", "$x = $using:x; [int][char]$x[0]; $x.Length"][..], flags].concat());
        assert_eq!(ran.of("one"), [json!(0xD83D), json!(1)], "{flags:?}: {ran:?}");
    }
    let script = "param([string[]]$A) $A[0]; [int][char]$A[1]; $A[2]";
    let ran = program.run(&["-t", "one", "-i", "vars.json", "-a", "host.list", script]);
    assert_eq!(ran.of("one"), [json!("1e5"), json!(0xD83D), json!("1.10")], "{ran:?}");
}

#[test]
fn input_may_hold_halves_of_surrogate_pairs() {
    let Some(program) = Program::new() else { return };
    program.write("in.json", r#"[{"a": "\ud83d"}, {"a": "x\uDE00"}]"#);
    program.write("in.jsonl", "{\"a\": \"\\ud83d\"}\n{\"a\": \"x\\uDE00\"}\n");
    for file in ["in.json", "in.jsonl"] {
        let script = "$input | ForEach-Object { [int][char]$_.a[-1] }";
        let ran = program.run(&["-t", "one", "--input", file, script]);
        assert_eq!(ran.of("one"), [json!(0xD83D), json!(0xDE00)], "{file}: {ran:?}");
    }
    // A cell of CSV is its text, whatever it looks like.
    program.write("in.csv", "a,b\n\\ud83d,1e5\n");
    let ran = program.run(&["-t", "one", "--input", "in.csv", "$input | ForEach-Object { $_.a; $_.b }"]);
    assert_eq!(ran.of("one"), [json!("\\ud83d"), json!("1e5")], "{ran:?}");
}

#[test]
fn a_plan_shows_values_as_they_are_written() {
    let program = Program::with("pwsh".into());
    let plan = program.command().args(["-t", "one", "--plan", "-a", r#""\ud83d""#, "$args"]).output().expect("runs");
    let text = String::from_utf8(plan.stdout).expect("UTF-8");
    assert!(text.contains(r#"\uD83D"#), "{text}");
}
