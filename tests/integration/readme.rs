//! Every command of the README runs exactly as written, and prints what it should.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use psfleet::hostlist::{expand, split_top};
use psfleet::output::{PLAIN_SCHEMA, SCHEMA};
use psfleet::sandbox::{Fleet, Options};
use psfleet::target::AuthMethod;

use crate::support::folder::Folder;
use crate::support::kdc::Kdc;
use crate::support::pwsh;
use crate::support::sandbox::{assert_clean, fleet};
use crate::support::sshd::{Setup, Sshd, user};

const README: &str = include_str!("../../README.md");
const PROGRAM: &str = env!("CARGO_BIN_EXE_psfleet");

/// The lines of the code blocks of a language, block by block.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    README.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().expect("a closed block")).collect()
}

fn commands() -> Vec<&'static str> {
    blocks("sh").into_iter().flat_map(str::lines).collect()
}

/// Runs a line of the README that ends well.
fn sh(line: &str, folder: &Path, password: Option<&str>) -> Output {
    let output = sh_to_any_end(line, folder, password);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}\n{}: {stderr}", output.status);
    output
}

/// Runs a line of the README, with a state folder of its own.
fn sh_to_any_end(line: &str, folder: &Path, password: Option<&str>) -> Output {
    let state = Folder::new("readme-state");
    shell(line, folder, password).env("PSFLEET_STATE_DIR", state.path()).output().expect("a shell")
}

/// A line of the README in a folder, with the tested program in place of the installed or freshly built one.
fn shell(line: &str, folder: &Path, password: Option<&str>) -> Command {
    let line = line.replacen("cargo run --release --", "psfleet", 1);
    let path = format!(
        "{}:{}:{}",
        Path::new(PROGRAM).parent().expect("a folder").display(),
        std::env::var("PSFLEET_TEST_PWSH").ok().and_then(folder_of).unwrap_or_default(),
        std::env::var("PATH").expect("a PATH")
    );
    let mut command = Command::new("sh");
    command.arg("-c").arg(&line).current_dir(folder).env("PATH", path).env("HOME", folder);
    match password {
        Some(password) => command.env("PSFLEET_PASSWORD", password),
        None => command.env_remove("PSFLEET_PASSWORD"),
    };
    command
}

fn folder_of(program: String) -> Option<String> {
    Some(Path::new(&program).parent()?.display().to_string())
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn command_with(part: &str) -> &'static str {
    let whole = commands().into_iter().find(|line| *line == part);
    let found = whole.or_else(|| commands().into_iter().find(|line| line.contains(part)));
    found.unwrap_or_else(|| panic!("the README has no command with {part}"))
}

/// The README's `fleet.toml`, with addresses that exist: `text` in it replaced, and tables of hosts added.
fn fleet_file(folder: &Path, replace: &[(&str, &str)], hosts: &[(String, String)]) {
    let mut text = blocks("toml").first().expect("the README shows a fleet.toml").to_string();
    for (old, new) in replace {
        assert!(text.contains(old), "the README's fleet.toml has no {old}");
        text = text.replace(old, new);
    }
    for (name, settings) in hosts {
        text.push_str(&format!("\n[hosts.\"{name}\"]\naddress = \"127.0.0.1\"\n{settings}\n"));
    }
    std::fs::write(folder.join("fleet.toml"), text).expect("written");
}

fn ports(names: &[&str], fleet: &Fleet) -> Vec<(String, String)> {
    let ports = fleet.hosts().map(|(_, address, _)| format!("port = {}", address.port()));
    names.iter().map(|name| (*name).to_owned()).zip(ports).collect()
}

/// The first block of a language.
fn block(language: &str) -> String {
    let begin = format!("```{language}\n");
    let (_, rest) = README.split_once(&begin).expect("a block");
    rest.split_once("```").expect("its end").0.to_owned()
}

#[test]
fn every_command_is_tested_here() {
    let tested = [
        "inventories/sandbox.toml",
        "bash tests/run",
        "hosts list",
        "hosts show",
        "-t '@web'",
        "--auth kerberos",
        "-t '@dmz'",
        "--jump gate01",
        "-t lin01",
        "--transport local",
        "disk.ps1 --help",
        "--then",
        "--plan",
        "spooler",
        "psfleet runs",
        "psfleet session",
        "nightly",
        "psfleet doctor",
        "--label free",
        "psfleet check",
    ];
    for line in commands() {
        assert!(tested.iter().any(|part| line.contains(part)), "not tested: {line}");
    }
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run").exists());
}

#[test]
fn the_first_command_gives_strict_csv_of_200_hosts() {
    let output = sh(command_with("inventories/sandbox.toml"), Path::new(env!("CARGO_MANIFEST_DIR")), None);
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(&*output.stdout);
    assert_eq!(reader.headers().expect("a header").get(0), Some("PSComputerName"));
    let status = reader.headers().expect("a header").iter().position(|name| name == "Status").expect("Status");
    let rows: Vec<_> = reader.records().map(|row| row.expect("rows of equal width")).collect();
    assert!(rows.iter().all(|row| &row[status] == "Stopped"));
    let hosts: BTreeSet<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(hosts.len(), 200);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("200 targets: 200 ok"), "{stderr}");
}

#[test]
fn what_ansible_has_and_what_runs_found_out_are_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shown = lines(&sh(command_with("ansible.ini"), root, None)).join("\n");
    assert!(shown.starts_with("db01\n") && shown.contains("\ndb02\n"), "{shown}");
    assert!(shown.contains("group windows in inventories/ansible.ini:"), "{shown}");
    let found = lines(&sh(command_with("fact:"), root, None));
    assert!((1..200).contains(&found.len()), "some of the fleet: {found:?}");
}

/// PowerShell's first examples of remoting, on machines that nobody had to install.
#[test]
fn the_first_hour_works_on_the_sandbox() {
    let printed = |part: &str| {
        let output = sh(command_with(part), Path::new(env!("CARGO_MANIFEST_DIR")), None);
        (lines(&output).join("\n"), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (printers, _) = printed("Win32_Printer");
    assert!(printers.contains("Microsoft Print to PDF") && printers.contains("PORTPROMPT:"), "{printers}");
    let (service, errors) = printed("Remove-Item");
    assert!(service.contains("W32Time") && errors.contains("1 target: 1 ok"), "{service}{errors}");
    let (service, told) = printed("-WhatIf");
    assert!(told.contains("What if: Performing the operation \"Restart-Service\" on target"), "{told}");
    assert!(service.contains("Spooler"), "{service}");
    let (key, _) = printed("ProductName");
    assert!(key.contains("ProductName    : Windows Server"), "{key}");
    let (events, _) = printed("Get-WinEvent");
    assert!(events.lines().next().is_some_and(|header| header.ends_with("TimeCreated,Id,ProviderName")), "{events}");
    assert!(events.lines().count() > 150, "{events}");
}

#[test]
fn a_change_is_rolled_out_in_steps() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rollout: Vec<&str> = commands().into_iter().filter(|line| line.contains("--ramp")).collect();
    let [plan, run, paused] = rollout[..] else { panic!("{rollout:?}") };
    let plan = lines(&sh(plan, root, None)).join("\n");
    assert!(plan.contains("Steps:\n  1: 1 host\n  2: 4 hosts\n  3: 35 hosts\n  4: 160 hosts\n"), "{plan}");
    assert!(plan.contains("No other host starts once 5% of them failed"), "{plan}");
    let stderr = |line: &str| String::from_utf8_lossy(&sh(line, root, None).stderr).into_owned();
    let told = stderr(run);
    for line in README.lines().filter_map(|line| line.strip_prefix("    step ")) {
        assert!(told.contains(&format!("step {line}")), "{line}: {told}");
    }
    assert!(told.contains("200 targets: 200 ok"), "{told}");
    // Nobody can be asked here: the run ends at its pause, and is gone on with.
    let state = Folder::new("readme-rollout");
    let resumed = command_with("psfleet runs resume");
    let end = |line: &str| {
        let mut command = shell(line, root, None);
        let output = command.env("PSFLEET_STATE_DIR", state.path()).output().expect("bash runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, told) = end(paused);
    let parts = ["the run paused after step 1", "100 targets: 1 ok, 99 not started"];
    assert!(code == Some(5) && parts.iter().all(|part| told.contains(part)), "{code:?} {told}");
    let (code, told) = end(resumed);
    assert!(code == Some(0) && told.contains("100 targets: 100 ok"), "{code:?} {told}");
    let (code, told) = end(resumed);
    assert_eq!(code, Some(2));
    assert!(told.contains("no run is unfinished"), "{told}");
}

#[test]
fn checks_say_what_is_wrong_and_what_they_look_at() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let line = sh_to_any_end(command_with("-o nagios"), root, None);
    let said = lines(&line);
    assert_eq!((line.status.code(), said.len()), (Some(2), 1), "{}", String::from_utf8_lossy(&line.stderr));
    assert!(line.stderr.is_empty(), "cron would mail it: {}", String::from_utf8_lossy(&line.stderr));
    assert!(said[0].starts_with("CRITICAL - "), "{said:?}");
    let table = sh_to_any_end(command_with("check inventories/checks "), root, None);
    let said = lines(&table).join("\n");
    assert_eq!(table.status.code(), Some(2), "{said}{}", String::from_utf8_lossy(&table.stderr));
    assert!(said.contains("CRITICAL") && said.contains("WARNING") && !said.contains("UNKNOWN"), "{said}");
    let explained = lines(&sh(command_with("--explain"), root, None)).join("\n");
    assert!(explained.contains("FreePercent"), "{explained}");
}

#[test]
fn the_inventory_lists_its_hosts() {
    let folder = Folder::new("readme-hosts");
    fleet_file(folder.path(), &[], &[]);
    let output = sh(command_with("hosts list"), folder.path(), None);
    let expected = ["web01.contoso.com", "web02.contoso.com", "web03.contoso.com", "dmz01", "lin01"];
    assert_eq!(lines(&output), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_domain_example_is_sealed_http() {
    let folder = Folder::new("readme-web");
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let names = ["web01.contoso.com", "web02.contoso.com", "web03.contoso.com"];
    fleet_file(folder.path(), &[(r"CONTOSO\svc", fleet.user())], &ports(&names, &fleet));
    let output = sh(command_with("-t '@web'"), folder.path(), Some(fleet.password().expose()));
    let objects = lines(&output).iter().filter(|line| line.contains(r#""type":"object""#)).count();
    assert_eq!(objects, 3, "{output:?}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kerberos_examples_show_tickets() {
    let names = ["web01.contoso.com", "web02.contoso.com", "web03.contoso.com"];
    let servers: Vec<String> = names.iter().map(|name| format!("HTTP/{name}")).collect();
    let Some(kdc) = Kdc::start(&[("psfleet", "5ecret")], &servers) else { return };
    let folder = Folder::new("readme-kerberos");
    let keytab = folder.path().join("ada.keytab");
    kdc.admin(&format!("ktadd -norandkey -k {} psfleet", keytab.display()));
    let auth = vec![AuthMethod::Kerberos];
    let fleet = fleet(Options { hosts: 3, auth, keytab: Some(kdc.keytab()), ..Options::default() }).await;
    fleet_file(folder.path(), &[], &ports(&names, &fleet));
    let mut ran = 0;
    for line in commands().into_iter().filter(|line| line.contains("--auth kerberos")) {
        let program = Path::new(PROGRAM).parent().expect("a folder").display();
        let path = format!("{program}:{}", std::env::var("PATH").expect("a PATH"));
        let mut command = Command::new("sh");
        // The sandbox has one user.
        command.args(["-c", &line.replace("ada@", "psfleet@")]).current_dir(folder.path()).env("PATH", path);
        kdc.environment(&mut command).env_remove("PSFLEET_PASSWORD").env("PSFLEET_STATE_DIR", folder.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        child.stdin.take().expect("piped").write_all(b"5ecret\n").expect("kinit reads, or nobody");
        let output = child.wait_with_output().expect("it ends");
        assert!(
            output.status.success() && names.iter().all(|name| lines(&output).join("").contains(name)),
            "{output:?}"
        );
        ran += 1;
    }
    assert_eq!(ran, 2);
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workgroup_example_is_https() {
    let folder = Folder::new("readme-dmz");
    let fleet = fleet(Options { hosts: 2, tls: true, ..Options::default() }).await;
    let ca = fleet.authority().expect("an authority").display().to_string();
    let replace = [(r#""admin""#, &*format!("{:?}", fleet.user())), (r#""ca.pem""#, &*format!("{ca:?}"))];
    fleet_file(folder.path(), &replace, &ports(&["dmz01", "dmz02"], &fleet));
    let output = sh(command_with("-t '@dmz'"), folder.path(), Some(fleet.password().expose()));
    let text = lines(&output).join("\n");
    assert!(text.contains("dmz01") && text.contains("dmz02"), "{text}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bastion_example_goes_through_it() {
    let Some(sshd) = Sshd::start(&Setup { host_keys: &["ed25519"], subsystem: None, config: String::new() }) else {
        return;
    };
    let folder = Folder::new("readme-jump");
    let fleet = fleet(Options { hosts: 2, tls: true, ..Options::default() }).await;
    let ca = fleet.authority().expect("an authority").display().to_string();
    let replace = [(r#""admin""#, &*format!("{:?}", fleet.user())), (r#""ca.pem""#, &*format!("{ca:?}"))];
    fleet_file(folder.path(), &replace, &ports(&["dmz01", "dmz02"], &fleet));
    let config = format!(
        "Host gate01\n  HostName 127.0.0.1\n  Port {}\n  User {}\n  IdentityFile {}\n  UserKnownHostsFile {}\n",
        sshd.port,
        user(),
        sshd.user_key().display(),
        sshd.known_hosts().display()
    );
    std::fs::create_dir(folder.path().join(".ssh")).expect("made");
    std::fs::write(folder.path().join(".ssh/config"), config).expect("written");
    let output = sh(command_with("--jump gate01"), folder.path(), Some(fleet.password().expose()));
    let text = lines(&output).join("\n");
    assert!(text.contains("dmz01") && text.contains("dmz02"), "{text}");
    assert_eq!(sshd.log().matches("Accepted publickey").count(), 1, "{}", sshd.log());
    assert_clean(fleet).await;
}

#[test]
fn the_ssh_example_reaches_powershell() {
    let Some(pwsh) = pwsh() else { return };
    let Some(sshd) = Sshd::start(&Setup::with_powershell(&pwsh)) else { return };
    let folder = Folder::new("readme-ssh");
    let settings = format!(
        "port = {}\nuser = {:?}\nidentity = [{:?}]\nknown_hosts = [{:?}]",
        sshd.port,
        user(),
        sshd.user_key(),
        sshd.known_hosts()
    );
    fleet_file(folder.path(), &[], &[("lin01".to_owned(), settings)]);
    let output = sh(command_with("-t lin01"), folder.path(), None);
    assert_eq!(lines(&output), ["PSComputerName,Value", "lin01,1", "lin01,2", "lin01,3"]);
}

#[test]
fn the_local_example_multiplies() {
    if pwsh().is_none() {
        return;
    }
    let folder = Folder::new("readme-local");
    let output = sh(command_with("--then"), folder.path(), None);
    assert_eq!(lines(&output), ["3 rows"]);
    let output = sh(command_with("--transport local"), folder.path(), None);
    assert_eq!(lines(&output), ["2", "4", "6"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_kept() {
    let folder = Folder::new("readme-runs");
    let fleet = fleet(Options { hosts: 40, ..Options::default() }).await;
    let inventory = folder.path().join("lab.toml");
    std::fs::write(&inventory, fleet.inventory_toml()).expect("written");
    // It holds the password.
    std::fs::set_permissions(&inventory, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("made private");
    let ended = |part: &str| {
        let state = format!("PSFLEET_STATE_DIR={} {}", folder.path().join("state").display(), command_with(part));
        let output = sh_to_any_end(&state, folder.path(), None);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), lines(&output).join("\n"), stderr)
    };
    let (code, _, stderr) = ended("--label spooler");
    assert_eq!(code, Some(1), "{stderr}");
    let (code, healthy, stderr) = ended("psfleet doctor");
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        healthy.starts_with("ok ") && healthy.ends_with(": 40 hosts") && folder.path().join("fixes").is_dir(),
        "{healthy}"
    );
    let (_, list, _) = ended("psfleet runs");
    assert!(list.lines().next().is_some_and(|line| line.starts_with("RUN")) && list.contains("spooler"), "{list}");
    let (_, shown, _) = ended("runs show spooler");
    assert!(shown.contains("Label     spooler") && shown.contains("failed: "), "{shown}");
    let (code, replayed, _) = ended("runs replay");
    assert_eq!((code, replayed.lines().next()), (Some(0), Some("PSComputerName,Name,Status")));
    let (code, folded, stderr) = ended("replay spooler --fold");
    let named = folded.lines().filter_map(|line| line.strip_prefix("--- ")?.split_once(" ("));
    let hosts = named.flat_map(|(names, _)| split_top(names, ',')).flat_map(|names| expand(names).expect("names"));
    assert_eq!((code, hosts.count()), (Some(0), 40), "{folded}{stderr}");
    let (code, again, stderr) = ended("--rerun");
    assert_eq!(code, Some(0), "{stderr}");
    let failed = again.lines().skip(1).filter(|line| line.contains("2,Spooler,")).count();
    assert!(failed > 0 && failed == again.lines().count() - 1, "{again}");
    let (code, named, _) = ended("@run:spooler:failed");
    assert_eq!((code, named.lines().count()), (Some(0), failed));
    // Every run has closed its own.
    for (part, heads) in [("session ls", "ShellId,State,Age,Ours,InUse"), ("session clean", "Action,ShellId,Age")] {
        let (code, shown, stderr) = ended(part);
        assert_eq!((code, shown), (Some(0), format!("PSComputerName,{heads}")), "{stderr}");
    }
    let (code, _, stderr) = ended("--detach");
    assert_eq!((code, stderr.contains("40 hosts were left running")), (Some(0), true), "{stderr}");
    let (code, collected, stderr) = ended("runs collect nightly");
    let of = |text: &str| collected.matches(text).count();
    assert_eq!((code, of("begun"), of("done on")), (Some(0), 40, 40), "{collected}{stderr}");
    let (code, _, stderr) = ended("--label free");
    assert_eq!(code, Some(0), "{stderr}");
    let (_, trend, _) = ended("runs trend");
    assert_eq!(trend.lines().filter(|line| line.contains("  84  ")).count(), 40, "{trend}");
    let (_, exported, _) = ended("runs export");
    assert!(exported.starts_with("free.psfleet ("), "{exported}");
    let (_, imported, _) = ended("runs import");
    assert!(imported.starts_with("already here: the run "), "{imported}");
    assert_clean(fleet).await;
}

#[test]
fn the_schemas_are_in_the_program() {
    let folder = Folder::new("readme-schemas");
    let printed = |args: &str| {
        let output = sh(&format!("psfleet version {args}"), folder.path(), None);
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
    };
    assert_eq!(printed("--schema events"), serde_json::from_str::<serde_json::Value>(SCHEMA).expect("JSON"));
    assert_eq!(printed("--schema plain"), serde_json::from_str::<serde_json::Value>(PLAIN_SCHEMA).expect("JSON"));
    assert_eq!(printed("--json")["formats"], serde_json::json!({ "events": 1, "plain": 1 }));
}

#[test]
fn a_script_tells_what_it_takes_and_a_plan_what_it_gets() {
    let folder = Folder::new("readme-script");
    fleet_file(folder.path(), &[], &[]);
    std::fs::write(folder.path().join("disk.ps1"), block("powershell")).expect("written");
    let help = lines(&sh(command_with("disk.ps1 --help"), folder.path(), None)).join("\n");
    assert!(help.contains("  Role [string], mandatory\n  Free [int]\n      Default: 10"), "{help}");
    let plan = lines(&sh(command_with("-p Role=host.role --plan"), folder.path(), Some("hunter2"))).join("\n");
    assert!(plan.contains("-Role = \"front\" on web[01-03].contoso.com  (host variable role, --param)"), "{plan}");
    assert!(plan.contains("auth negotiate, user CONTOSO\\svc, password from PSFLEET_PASSWORD\n"), "{plan}");
    assert!(!plan.contains("hunter2"), "{plan}");
}

#[test]
fn what_is_left_running_on_this_machine_is_collected() {
    if pwsh().is_none() {
        return;
    }
    let folder = Folder::new("readme-deck");
    let ended = |part: &str| {
        let mut command = shell(command_with(part), folder.path(), None);
        command.env("PSFLEET_STATE_DIR", folder.path()).output().expect("a shell")
    };
    let left = ended("--detach-for 1h");
    assert!(left.status.success(), "{left:?}");
    assert_eq!(lines(&ended("runs collect -o csv")), ["PSComputerName,Value", "localhost,begun", "localhost,done"]);
}

#[test]
fn rows_of_csv_are_input() {
    if pwsh().is_none() {
        return;
    }
    let folder = Folder::new("readme-input");
    std::fs::write(folder.path().join("users.csv"), block("csv")).expect("written");
    assert_eq!(lines(&sh(command_with("--input"), folder.path(), None)), ["ADA", "GRACE"]);
}

#[test]
fn the_copy_examples_go_there_and_back() {
    if pwsh().is_none() {
        return;
    }
    let folder = Folder::new("readme-copy");
    fleet_file(folder.path(), &[], &[]);
    let content = std::fs::read(folder.path().join("fleet.toml")).expect("a file");
    let pushed = sh(command_with("copy push"), folder.path(), None);
    assert_eq!(
        lines(&pushed),
        ["PSComputerName,Action,Bytes".to_owned(), format!("localhost,copied,{}", content.len())]
    );
    let pulled = sh(command_with("copy pull"), folder.path(), None);
    assert_eq!(lines(&pulled), ["PSComputerName,Action", "localhost,copied"]);
    for place in ["copies/fleet.toml", "collected/localhost/fleet.toml"] {
        assert_eq!(std::fs::read(folder.path().join(place)).expect("a file"), content, "{place}");
    }
}
