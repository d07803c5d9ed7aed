//! CredSSP through the whole program, against an acceptor that we did not write: pyspnego's, before a host of the
//! sandbox that gets the password which was handed over.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;

use psfleet::sandbox::{Fleet, Options};
use psfleet::target::AuthMethod;
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::kdc::{Kdc, REALM};
use crate::support::program::{Ended, Running};
use crate::support::sandbox::{assert_clean, fleet};
use crate::support::skip;

const USER: &str = "psfleet";
const PASSWORD: &str = "p\u{e4}ss 5ecret";

/// Whether this Python has pyspnego; says so loudly if not.
fn has_pyspnego() -> bool {
    has("spnego", "pyspnego")
}

pub(crate) fn has(modules: &str, package: &str) -> bool {
    let import = format!("import {modules}");
    let found = Command::new("python3").args(["-c", &import]).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        skip(format_args!("no python3 with {package} (pip install {package})"));
    }
    found
}

/// The Python server; it ends when this is dropped.
pub(crate) struct Front {
    child: Child,
    stdin: Option<ChildStdin>,
    events: mpsc::Receiver<Value>,
    port: u16,
    folder: Folder,
}

impl Front {
    pub(crate) fn start(job: Value) -> Self {
        Self::start_with(job, |command| command)
    }

    fn start_with(mut job: Value, prepare: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        if job["user"].is_null() {
            job["user"] = json!(USER);
            job["password"] = json!(PASSWORD);
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/credssp/front.py");
        let mut command = Command::new("python3");
        command.args([script, &job.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = prepare(&mut command).spawn().expect("python3 starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let port = lines.next().expect("a first line").expect("UTF-8").parse().expect("a port");
        let (sender, events) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Whoever listens may be gone.
                let _ = sender.send(serde_json::from_str(&line).expect("JSON"));
            }
        });
        let stdin = child.stdin.take();
        Self { child, stdin, events, port, folder: Folder::new("credssp") }
    }

    /// Before the first host of a fleet.
    fn of(fleet: &Fleet) -> Self {
        let (_, address, _) = fleet.hosts().next().expect("a host");
        Self::start(json!({
            "user": fleet.user(), "password": fleet.password().expose(), "upstream": address.to_string(),
        }))
    }

    /// The program on so many hosts, all of which are this one.
    pub(crate) fn command(&self, subcommand: &str, hosts: usize, arguments: &[&str]) -> Command {
        let inventory: PathBuf = self.folder.path().join("hosts.toml");
        let hosts =
            (1..=hosts).map(|number| format!("h{number} = {{ address = \"127.0.0.1\", port = {} }}\n", self.port));
        let text = format!(
            "[defaults]\ntransport = \"winrm\"\ntls = false\nauth = \"credssp\"\n[hosts]\n{}",
            hosts.collect::<String>()
        );
        std::fs::write(&inventory, text).expect("an inventory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args([subcommand, "-o", "jsonl", "--no-input", "-t", "@all", "-i"]).arg(inventory).args(arguments);
        command.env("PSFLEET_STATE_DIR", self.folder.path()).current_dir(self.folder.path());
        command.env_remove("PSFLEET_PASSWORD");
        command
    }

    fn run(&self, hosts: usize, (user, password): (&str, &str), arguments: &[&str]) -> Ended {
        let arguments = [&["--retries", "2", "-u", user], arguments].concat();
        Running::start(
            self.command("run", hosts, &arguments).env("PSFLEET_PASSWORD", password).env("RUST_LOG", "trace"),
        )
        .end()
    }

    /// Ends the server; what it has told.
    pub(crate) fn events(mut self) -> Vec<Value> {
        drop(self.stdin.take());
        self.events.iter().collect()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // It ends by itself.
        let _ = self.child.wait();
    }
}

pub(crate) fn count(events: &[Value], kind: &str) -> usize {
    events.iter().filter(|event| event["event"] == kind).count()
}

async fn basic_fleet() -> Fleet {
    fleet(Options { hosts: 1, auth: vec![AuthMethod::Basic], ..Options::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_hands_the_password_over_and_seals_both_ways() {
    if !has_pyspnego() {
        return;
    }
    let fleet = basic_fleet().await;
    let front = Front::of(&fleet);
    let (user, password) = (format!("DOM\\{}", fleet.user()), fleet.password().expose().clone());
    let large = format!("$x = '{}'; $x.Length; 'y' * 200kb", "x".repeat(50_000));
    let ended = front.run(1, (&user, &password), &[&large]);
    let [(_, done)] = ended.outcomes()[..] else { panic!("one host") };
    assert_eq!((ended.code, &done["outcome"], &done["auth"]), (Some(0), &"ok".into(), &"CredSSP".into()), "{ended:#?}");
    let objects: Vec<_> = ended.events.iter().filter(|event| event["type"] == "object").collect();
    assert_eq!((&objects[0]["data"], objects[1]["data"].as_str().map(str::len)), (&json!(50_000), Some(204_800)));
    assert!(ended.stderr.contains("TRACE") && !ended.stderr.contains(&password), "the password is in the log");

    let events = front.events();
    let logons: Vec<_> = events.iter().filter(|event| event["event"] == "logon").collect();
    assert!(!logons.is_empty() && logons.iter().all(|logon| logon["user"] == fleet.user() && logon["domain"] == "DOM"));
    assert!(logons.iter().all(|logon| logon["by"] == "ntlm"), "{logons:?}");
    // Four legs up to the proof, which is the last but one.
    assert_eq!(count(&events, "leg"), 4 * logons.len(), "{events:?}");
    assert_eq!(count(&events, "failed"), 0, "{events:?}");
    assert_clean(fleet).await;
}

#[test]
fn a_wrong_password_is_one_failed_logon_of_the_whole_run() {
    if !has_pyspnego() {
        return;
    }
    // Version 5 has no status: it refuses without a word.
    for version in [6, 5] {
        let front = Front::start(json!({ "version": version }));
        let ended = front.run(6, (USER, "wrong"), &["1"]);
        let of = |outcome: &str| ended.outcomes().iter().filter(|(_, data)| data["outcome"] == outcome).count();
        assert_eq!((ended.code, of("auth"), of("skipped")), (Some(3), 1, 5), "{ended:#?}");
        let reason = ended.outcomes().into_iter().find(|(_, data)| data["outcome"] == "auth").expect("one").1;
        assert_eq!(reason["reason"], "logon_denied", "{ended:#?}");
        let events = front.events();
        assert_eq!((count(&events, "denied"), count(&events, "logon")), (1, 0), "{events:?}");
    }
}

#[test]
fn what_keeps_a_logon_from_going_on_is_named_and_nothing_is_handed_over() {
    if !has_pyspnego() {
        return;
    }
    for (job, reason, message, hint) in [
        (
            json!({ "offers": ["Negotiate", "Kerberos"] }),
            "auth_method",
            "the server does not take CredSSP; it offers Negotiate, Kerberos",
            "Enable-WSManCredSSP -Role Server",
        ),
        (json!({ "tls": "1.3" }), "auth_method", "offers CredSSP, but breaks off its logon", "TLS 1.2"),
        (json!({ "version": 3 }), "auth_method", "CredSSP version 3", "updates of May 2018"),
        (json!({ "refuses": 0xC000_015B_u32 }), "logon_denied", "may not log on there in this way", "event 4625"),
        (json!({ "lies": true }), "protocol", "somebody is in between", "no password was handed over"),
    ] {
        let front = Front::start(job.clone());
        let ended = front.run(1, (USER, PASSWORD), &["1"]);
        let [(_, done)] = ended.outcomes()[..] else { panic!("one host") };
        let says = |key: &str, text: &str| done[key].as_str().is_some_and(|words| words.contains(text));
        assert_eq!(done["reason"], reason, "{job}: {ended:#?}");
        assert!(says("message", message) && says("hint", hint), "{job}: {ended:#?}");
        assert_eq!(count(&front.events(), "logon"), 0, "{job}");
    }
}

#[test]
fn a_ticket_or_a_keytab_alone_is_refused_before_anything_is_connected() {
    if !has_pyspnego() {
        return;
    }
    let front = Front::start(json!({}));
    for alone in [["--keytab", "ada.keytab"], ["--ccache", "FILE:/tmp/ada"], ["--certificate", "ada.pem"]] {
        let mut command = front.command("run", 1, &[&["-u", "ada@CONTOSO.COM", "1"], &alone[..]].concat());
        let output = command.output().expect("psfleet starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{alone:?}: {stderr}");
        let says = "no password for 'ada@CONTOSO.COM': CredSSP hands it to the host; no ticket, keytab or certificate \
                    stands in for it";
        assert!(stderr.contains(says) && stderr.contains("hint: set PSFLEET_PASSWORD"), "{alone:?}: {stderr}");
    }
    assert_eq!(front.events(), Vec::<Value>::new());
}

#[test]
fn doctor_says_how_a_host_is_made_to_take_it() {
    if !has_pyspnego() {
        return;
    }
    let front = Front::start(json!({ "offers": ["Negotiate"] }));
    let mut command = front.command("doctor", 1, &["-u", USER]);
    let ended = Running::start(command.env("PSFLEET_PASSWORD", PASSWORD)).end();
    let findings = ended.events.iter().filter(|event| event["type"] == "object").map(|event| &event["data"]);
    let failed: Vec<_> = findings.filter(|finding| finding["Status"] == "failed").collect();
    let [failed] = failed[..] else { panic!("one failure: {ended:#?}") };
    assert_eq!((&failed["Stage"], &failed["Cause"]), (&json!("logon"), &json!("credssp")), "{ended:#?}");
}

/// Who has logged on by a ticket: the KDC sees the password's proof, the host the ticket and then the password.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_as_good_a_proof_and_a_kdc_is_asked_once() {
    if !has("spnego, gssapi, krb5", "pyspnego[kerberos]") {
        return;
    }
    let fleet = basic_fleet().await;
    let (user, password) = (fleet.user().to_owned(), fleet.password().expose().clone());
    let Some(kdc) = Kdc::start(&[(&user, &password)], &["HTTP/web001".to_owned()]) else { return };
    let (_, address, _) = fleet.hosts().next().expect("a host");
    let job = json!({ "user": user, "password": password, "upstream": address.to_string(), "protocol": "kerberos" });
    let front = Front::start_with(job, |command| kdc.environment(command).env("KRB5_KTNAME", kdc.keytab()));
    let run = |password: &str| {
        let arguments = ["--retries", "2", "-u", &format!("{user}@{REALM}"), "--spn", "HTTP/web001", "'x' * 100kb"];
        Running::start(kdc.environment(&mut front.command("run", 3, &arguments)).env("PSFLEET_PASSWORD", password))
            .end()
    };
    let ended = run(&password);
    let outcomes = ended.outcomes();
    assert!(outcomes.iter().all(|(_, data)| data["outcome"] == "ok" && data["auth"] == "CredSSP"), "{ended:#?}");
    assert_eq!(kdc.logged(&["AS_REQ", "ISSUE"]), 1, "{}", kdc.log());
    let ended = run("wrong");
    let of = |outcome: &str| ended.outcomes().iter().filter(|(_, data)| data["outcome"] == outcome).count();
    assert_eq!((ended.code, of("auth"), of("skipped")), (Some(3), 1, 2), "{ended:#?}");
    assert_eq!(kdc.logged(&["AS_REQ", "PREAUTH_FAILED"]), 1, "{}", kdc.log());

    let events = front.events();
    let logons: Vec<_> = events.iter().filter(|event| event["event"] == "logon").collect();
    assert!(logons.len() >= 3 && logons.iter().all(|logon| logon["by"] == "kerberos"), "{events:?}");
    assert_eq!((count(&events, "failed"), count(&events, "denied")), (0, 0), "{events:?}");
    assert_clean(fleet).await;
}
