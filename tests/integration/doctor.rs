//! The doctor: every fault at its stage, with its cause, and no password proven more often than by a run.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use psfleet::doctor::Cause;
use psfleet::sandbox::{Fleet, Options};
use psfleet::target::AuthMethod;
use serde_json::Value;

use crate::store::Place;
use crate::support::pwsh;
use crate::support::sandbox::{assert_clean, fleet};
use crate::support::sshd::{Setup, Sshd, user};
use crate::winrm_auth;

/// The stages of a host: each finding as `stage status reason cause`, without what is absent.
type Found = BTreeMap<String, Vec<String>>;

fn found(stdout: &str) -> Found {
    let mut found = Found::new();
    for line in stdout.lines() {
        let event: Value = serde_json::from_str(line).expect("a line of JSON");
        if event["type"] == "object" {
            let host = event["host"].as_str().expect("a host").to_owned();
            let data = &event["data"];
            let words = ["Stage", "Status", "Reason", "Cause"].map(|name| data[name].as_str());
            assert!(data["Milliseconds"].is_u64() && data["Detail"].is_string(), "{data}");
            assert_eq!(data["Cause"].is_null(), data["Commands"] == Value::Array(Vec::new()), "{data}");
            found.entry(host).or_default().push(words.into_iter().flatten().collect::<Vec<_>>().join(" "));
        }
    }
    found
}

fn doctor(place: &Place, args: &[&str]) -> (Option<i32>, String, String) {
    let always = ["doctor", "--no-input", "-i", "fleet.toml", "-t", "@all", "--connect-timeout", "3s", "-q"];
    place.output(&[&always, args].concat())
}

/// The last finding of each host with a fault.
fn ends(fleet: &Fleet, found: &Found) -> BTreeMap<String, String> {
    let faulty = fleet.hosts().filter_map(|(name, _, fault)| Some((name.to_owned(), fault?.to_string())));
    let last = |name: &str| found.get(name).and_then(|stages| stages.last()).cloned().unwrap_or_default();
    faulty.map(|(name, fault)| (fault, last(&name))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_ends_at_its_stage() {
    let names = ["refused", "hung", "not-winrm", "denied", "quota", "crash"];
    let faults = names.iter().map(|name| name.parse().expect("a fault")).collect();
    let fleet = fleet(Options { hosts: 8, faults, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let (code, stdout, stderr) = doctor(&place, &["-o", "jsonl"]);
    assert_eq!(code, Some(3), "{stderr}");
    let found = found(&stdout);
    let expected = [
        ("refused", "tcp failed refused no_listener"),
        ("hung", "identify failed connect_timeout no_start"),
        ("not-winrm", "identify failed not_winrm not_winrm"),
        ("denied", "shell failed endpoint_denied endpoint_denied"),
        ("quota", "shell failed quota quota"),
        ("crash", "pipeline failed link_broken"),
    ];
    let expected = expected.map(|(fault, end)| (fault.to_owned(), end.to_owned()));
    assert_eq!(ends(&fleet, &found), BTreeMap::from(expected));
    let fine = "dns ok,tcp ok,identify ok,mechanisms ok,clock ok,logon ok,shell ok,pipeline ok,quotas ok";
    assert_eq!(found.values().filter(|stages| stages.join(",") == fine).count(), 2, "{found:#?}");

    let (code, report, _) = doctor(&place, &["-o", "text", "--fix-script", "fixes"]);
    assert_eq!(code, Some(3));
    assert_eq!(
        report.lines().filter(|line| line.starts_with("ok ") && line.ends_with(": 2 hosts")).count(),
        1,
        "{report}"
    );
    assert!(report.contains("[refused]\n  next: run Enable-PSRemoting on the host"), "{report}");
    assert!(report.contains("  there (no_listener):\n    Set-Service -Name WinRM"), "{report}");
    let script = std::fs::read_to_string(place.path().join("fixes/endpoint_denied.ps1")).expect("a script");
    assert!(script.starts_with("\u{feff}# endpoint_denied: ") && script.contains("@('psfleet')"), "{script}");
    assert_eq!(std::fs::read_dir(place.path().join("fixes")).expect("a folder").count(), 5);
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_for_many_hosts_is_one_failed_logon() {
    for (auth, tls) in [(AuthMethod::Negotiate, false), (AuthMethod::Basic, true)] {
        let faults = vec!["wrong-password=100%".parse().expect("a fault")];
        let fleet = fleet(Options { hosts: 40, faults, auth: vec![auth], tls, ..Options::default() }).await;
        let place = Place::of(&fleet);
        let (code, stdout, stderr) = doctor(&place, &["-o", "jsonl"]);
        assert_eq!(code, Some(3), "{stderr}");
        let found = found(&stdout);
        let count = |end: &str| found.values().filter(|stages| stages.last().is_some_and(|last| last == end)).count();
        let refused = count("logon failed logon_denied logon_denied");
        assert_eq!((refused, count("logon skipped credential_tripped")), (1, 39), "{found:#?}");
        assert_eq!(fleet.stats().failed_logons, 1, "{}", auth.name());
        let (_, report, _) = doctor(&place, &["-o", "text"]);
        assert_eq!(fleet.stats().failed_logons, 2, "one more for the second time");
        assert!(report.contains("failed at logon ") && report.contains("skipped ") && report.contains(": 39 hosts: "));
        assert_clean(fleet).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_and_clocks_are_looked_at() {
    let faults = ["expired", "wrong-name", "skewed"].map(|name| name.parse().expect("a fault")).into();
    let fleet = fleet(Options { hosts: 4, tls: true, faults, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let (code, stdout, stderr) = doctor(&place, &["-o", "jsonl"]);
    assert_eq!(code, Some(3), "{stderr}");
    let seen = found(&stdout);
    let ended = ends(&fleet, &seen);
    assert_eq!(ended["expired"], "tls failed tls_expired certificate");
    assert_eq!(ended["wrong-name"], "tls failed tls_name certificate");
    assert_eq!(ended["skewed"], "quotas ok", "a warning is no end");
    assert_eq!(seen.values().flatten().filter(|stage| *stage == "clock warning clock").count(), 1);
    let (_, report, _) = doctor(&place, &["-o", "text"]);
    let clock = report.lines().find(|line| line.starts_with("warning at clock ")).expect("a warning");
    assert!(clock.ends_with("min ahead of ours"), "{clock}");
    assert!(report.contains("    w32tm /resync /rediscover\n"), "{report}");

    // Nobody here knows their CA any more.
    let inventory = place.path().join("fleet.toml");
    let text = std::fs::read_to_string(&inventory).expect("an inventory");
    let without: String =
        text.lines().filter(|line| !line.starts_with("ca = ")).map(|line| format!("{line}\n")).collect();
    assert_ne!(text, without);
    std::fs::write(&inventory, without).expect("written");
    let (_, stdout, _) = doctor(&place, &["-o", "jsonl"]);
    let untrusted = found(&stdout);
    let count = untrusted
        .values()
        .filter(|stages| stages.last().is_some_and(|last| last == "tls failed tls_untrusted untrusted"));
    assert!(count.count() >= 2, "{untrusted:#?}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_quota_is_a_warning_until_its_script_has_run() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let warned = |args: &[&str]| {
        let (code, stdout, stderr) = doctor(&place, args);
        assert_eq!(code, Some(0), "{stderr}");
        found(&stdout).values().flatten().filter(|stage| *stage == "quotas warning quota_low").count()
    };
    let run = |script: &str| {
        let (code, events, stderr) = crate::store::told(place.run(&[script]).output().expect("psfleet starts"));
        assert_eq!(code, Some(0), "{stderr}");
        events
    };
    assert_eq!(warned(&["-o", "jsonl"]), 0);
    for container in ["Shell", r"Plugin\microsoft.powershell\Quotas"] {
        run(&format!(r"Set-Item WSMan:\localhost\{container}\MaxMemoryPerShellMB 150"));
        assert_eq!(warned(&["-o", "jsonl", "--fix-script", "fixes"]), 3);
        // It may be run twice.
        let events = run("fixes/quota_low.ps1");
        assert_eq!(events.contains("Restart-Service WinRM"), container != "Shell", "{events}");
        run("fixes/quota_low.ps1");
        assert_eq!(warned(&["-o", "jsonl"]), 0);
    }
    assert_clean(fleet).await;
}

/// An account of a realm on a host that is addressed by its number: NTLM works today.
#[tokio::test(flavor = "multi_thread")]
async fn what_kept_kerberos_away_is_a_warning() {
    let Some(python) = winrm_auth::python() else { return };
    let fleet = fleet(Options { hosts: 1, auth: vec![AuthMethod::Basic], ..Options::default() }).await;
    let (_, address, _) = fleet.hosts().next().expect("a host");
    let upstream = format!("{address} {} {}", fleet.user(), fleet.password().expose());
    let acceptor = winrm_auth::Acceptor::before(&python, "negotiate", None, Some(&upstream));
    let place = Place::of(&fleet);
    let inventory = format!("[hosts.h1]\naddress = '127.0.0.1'\nport = {}\n", acceptor.port);
    std::fs::write(place.path().join("fleet.toml"), inventory).expect("written");
    let ask = |user: &str| {
        let mut command =
            place.command(&["doctor", "--no-input", "-i", "fleet.toml", "-t", "@all", "-o", "jsonl", "-u"]);
        let (code, stdout, stderr) = crate::store::told(
            command.arg(user).env("PSFLEET_PASSWORD", winrm_auth::PASSWORD).output().expect("starts"),
        );
        assert_eq!(code, Some(0), "{stderr}");
        (found(&stdout).remove("h1").expect("findings"), stdout)
    };
    let (stages, text) = ask(&format!("CONTOSO.COM\\{}", winrm_auth::USER));
    assert!(stages.contains(&"ticket warning spn".to_owned()), "{stages:#?}");
    assert!(text.contains("no Kerberos, so NTLM: the host is addressed as '127.0.0.1', which no KDC knows"), "{text}");
    assert!(text.contains("address the host by its full name") && text.contains("setspn -L"), "{text}");
    let (stages, _) = ask(winrm_auth::USER);
    assert!(!stages.iter().any(|stage| stage.starts_with("ticket ")), "a local account: {stages:#?}");
    fleet.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_names_the_doctor_once() {
    let faults = ["refused=2", "not-winrm=1"].map(|name| name.parse().expect("a fault")).into();
    let fleet = fleet(Options { hosts: 4, faults, ..Options::default() }).await;
    let place = Place::of(&fleet);
    let (code, _, stderr) = crate::store::told(place.run(&["--retries", "0", "1"]).output().expect("psfleet starts"));
    assert_eq!(code, Some(3), "{stderr}");
    assert_eq!(stderr.matches("hint: psfleet doctor -t ").count(), 1, "{stderr}");
    let (_, _, stderr) = place.output(&["doctor", "-i", "fleet.toml", "-t", "@all", "-o", "jsonl"]);
    assert!(!stderr.contains("psfleet doctor"), "{stderr}");
    assert_clean(fleet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_port_is_looked_at() {
    let fleet = fleet(Options { hosts: 1, ..Options::default() }).await;
    let place = Place::of(&fleet);
    // An address of loopback that nothing else here uses.
    let Ok(_listener) = TcpListener::bind(("127.0.77.1", 5985)) else { return };
    let mut command = place.command(&["doctor", "-t", "127.0.77.1", "--tls", "-u", "x", "-o", "text", "--no-input"]);
    let (code, report, stderr) =
        crate::store::told(command.env("PSFLEET_PASSWORD", "x").output().expect("psfleet starts"));
    assert_eq!(code, Some(3), "{stderr}");
    assert!(report.contains("  next: port 5985 takes connections: WinRM listens there without TLS"), "{report}");
    assert!(report.contains("  there (no_tls_listener):\n"), "{report}");
    assert_clean(fleet).await;
}

/// The doctor on an SSH server, by its user key unless told otherwise.
fn over_ssh(server: &Sshd, key: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["doctor", "-o", "jsonl", "--no-input", "-t"]);
    command.arg(format!("ssh://{}@127.0.0.1:{}", user(), server.port));
    command.arg("--identity").arg(key).arg("--known-hosts").arg(server.known_hosts());
    command.args(["--connect-timeout", "60s"]);
    command.env("HOME", server.file("")).env("PSFLEET_STATE_DIR", server.file("state")).current_dir(server.file(""));
    command.env_remove("SSH_AUTH_SOCK").env_remove("PSFLEET_PASSWORD");
    crate::store::told(command.output().expect("psfleet starts"))
}

fn only(stdout: &str) -> Vec<String> {
    found(stdout).into_values().next().expect("one host")
}

#[test]
fn ssh_servers_are_looked_at() {
    let Some(pwsh) = pwsh() else { return };
    let Some(server) = Sshd::start(&Setup::with_powershell(&pwsh)) else { return };
    let (code, stdout, stderr) = over_ssh(&server, &server.user_key());
    assert_eq!(code, Some(0), "{stderr}");
    let fine = "dns ok,tcp ok,host_key ok,methods ok,logon ok,shell ok,subsystem ok,pipeline ok";
    assert_eq!(only(&stdout).join(","), fine);
    assert!(stdout.contains("SSH-2.0-OpenSSH") && stdout.contains("publickey"), "{stdout}");

    let other = server.add_key("other", "ed25519", "", false);
    let (code, stdout, stderr) = over_ssh(&server, &other);
    assert_eq!(code, Some(3), "{stderr}");
    assert_eq!(only(&stdout).last().map(String::as_str), Some("logon failed logon_denied ssh_logon"));

    let key = std::fs::read_to_string(other.with_extension("pub")).expect("a public key");
    std::fs::write(server.known_hosts(), format!("[127.0.0.1]:{} {key}", server.port)).expect("known_hosts");
    let (code, stdout, stderr) = over_ssh(&server, &server.user_key());
    assert_eq!(code, Some(3), "{stderr}");
    assert_eq!(only(&stdout), ["dns ok", "tcp ok", "host_key failed host_key host_key"]);
    assert!(stdout.contains("the host key has CHANGED"), "{stdout}");
}

#[test]
fn a_server_without_the_subsystem_is_told() {
    let Some(_) = pwsh() else { return };
    let setup = Setup { host_keys: &["ed25519"], subsystem: None, config: "SetEnv PATH=/nowhere\n".to_owned() };
    let Some(server) = Sshd::start(&setup) else { return };
    let (code, stdout, stderr) = over_ssh(&server, &server.user_key());
    assert_eq!(code, Some(3), "{stderr}");
    assert_eq!(only(&stdout).last().map(String::as_str), Some("shell failed no_powershell no_powershell"));
    assert!(stdout.contains("Subsystem powershell"), "the commands name it: {stdout}");
}

#[test]
fn this_machine_has_two_stages() {
    let Some(pwsh) = pwsh() else { return };
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["doctor", "-t", "localhost", "--transport", "local", "-o", "jsonl", "--pwsh"]).arg(pwsh);
    let (code, stdout, stderr) = crate::store::told(command.output().expect("psfleet starts"));
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(only(&stdout), ["shell ok", "pipeline ok"]);
}

/// Parses each file, and names what Windows PowerShell 5.1 does not know.
const PARSE: &str = r"
foreach ($file in Get-ChildItem $args[0] -Filter *.ps1) {
    $errors = $null
    $tree = [System.Management.Automation.Language.Parser]::ParseFile($file.FullName, [ref]$null, [ref]$errors)
    foreach ($problem in $errors) { '{0}: {1}' -f $file.Name, $problem.Message }
    $new = { param($node) $node.GetType().Name -in 'PipelineChainAst', 'TernaryExpressionAst' -or $node.Operator -in 'QuestionQuestion', 'QuestionQuestionEquals' -or $node.NullConditional }
    foreach ($node in $tree.FindAll($new, $true)) { '{0}: not in 5.1: {1}' -f $file.Name, $node.Extent.Text }
    'parsed'
}
";

#[test]
fn every_script_is_powershell_5_1() {
    let Some(pwsh) = pwsh() else { return };
    let folder = crate::support::folder::Folder::new("fixes");
    for cause in Cause::ALL {
        let script = cause.script(&["CONTOSO\\o'neil", "ada"], "web[01-40]");
        std::fs::write(folder.path().join(format!("{}.ps1", cause.code())), script).expect("written");
    }
    std::fs::write(folder.path().join("parse.txt"), PARSE).expect("written");
    let script =
        format!("& ([scriptblock]::Create((Get-Content -Raw '{0}/parse.txt'))) '{0}'", folder.path().display());
    let output =
        Command::new(pwsh).args(["-NoProfile", "-NonInteractive", "-Command", &script]).output().expect("pwsh runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let problems: Vec<_> = said.lines().filter(|line| *line != "parsed").collect();
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!(said.lines().count(), Cause::ALL.len(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_subsystem_is_added_once() {
    let Some(pwsh) = pwsh() else { return };
    let folder = crate::support::folder::Folder::new("sshd-config");
    std::fs::create_dir(folder.path().join("ssh")).expect("a folder");
    let config = folder.path().join("ssh/sshd_config");
    std::fs::write(&config, "Port 22\nMatch User ada\n").expect("written");
    let script = folder.path().join("fix.ps1");
    let stubs = "function Restart-Service { }\n";
    std::fs::write(&script, stubs.to_owned() + &Cause::NoSubsystem.script(&[], "lin01")).expect("written");
    for _ in 0..2 {
        let mut command = Command::new(&pwsh);
        command.args(["-NoProfile", "-NonInteractive", "-File"]).arg(&script).env("ProgramData", folder.path());
        let path = format!("{}:{}", pwsh.parent().expect("a folder").display(), std::env::var("PATH").expect("a PATH"));
        let output = command.env("PATH", path).output().expect("pwsh runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let lines = std::fs::read_to_string(&config).expect("a file");
    let (first, rest) = lines.split_once('\n').expect("lines");
    assert!(
        first.starts_with("Subsystem powershell /") && first.ends_with("/pwsh -sshs -NoLogo -NoProfile"),
        "{first}"
    );
    assert_eq!(rest, "Port 22\nMatch User ada\n", "once, and before any Match");
}

#[test]
fn the_page_on_enable_psremoting_names_causes_that_there_are() {
    let page = include_str!("../../src/docs/enable_psremoting.md");
    let named: Vec<&str> =
        page.split("**`").skip(1).filter_map(|rest| rest.split_once("`**").map(|(code, _)| code)).collect();
    assert!(named.len() > 15, "{named:?}");
    let unknown: Vec<_> = named.iter().filter(|code| Cause::of_code(code).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Step")) {
        let command = line.rsplit('`').nth(1).filter(|word| word.contains(' ')).map(|word| word.replace("\\|", "|"));
        let is_printed = |command: &String| Cause::ALL.iter().any(|cause| cause.commands(&[]).contains(command));
        assert!(command.as_ref().is_none_or(is_printed), "no remedy prints {command:?}");
    }
}
