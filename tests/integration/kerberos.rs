//! Kerberos through the whole program: MIT's KDC on loopback, and hosts whose tickets the system's GSSAPI accepts.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use psfleet::sandbox::{Fleet, Options};
use psfleet::target::AuthMethod;
use serde_json::Value;

#[cfg(target_os = "linux")]
use crate::support::core;
use crate::support::kdc::{Kdc, REALM};
use crate::support::sandbox::fleet;
use crate::support::{processes, program::Ended, program::Running, skip};

const USER: &str = "psfleet";
const PASSWORD: &str = "right-5ecret";

/// A realm and hosts that belong to it.
struct Domain {
    kdc: Kdc,
    fleet: Fleet,
    inventory: PathBuf,
}

fn options(hosts: u32, tls: bool) -> Options {
    let auth = vec![AuthMethod::Negotiate, AuthMethod::Kerberos];
    Options { hosts, tls, auth, ..Options::default() }
}

/// The principals of all hosts of such a fleet.
pub(crate) async fn principals(hosts: u32) -> Vec<String> {
    let fleet = fleet(Options { hosts, ..Options::default() }).await;
    let names = fleet.hosts().map(|(name, ..)| format!("HTTP/{}", name.to_lowercase())).collect();
    fleet.shutdown().await;
    names
}

impl Domain {
    async fn start(hosts: u32, tls: bool) -> Option<Self> {
        let kdc = Kdc::start(&[(USER, PASSWORD)], &principals(hosts).await)?;
        let fleet = fleet(Options { keytab: Some(kdc.keytab()), ..options(hosts, tls) }).await;
        let inventory = kdc.file("fleet.toml");
        // Who logs on is the test's business.
        let names_somebody = |line: &&str| line.starts_with("user =") || line.starts_with("password =");
        let lines: Vec<_> =
            fleet.inventory_toml().lines().filter(|line| !names_somebody(line)).map(str::to_owned).collect();
        std::fs::write(&inventory, lines.join("\n")).expect("an inventory");
        Some(Self { kdc, fleet, inventory })
    }

    /// A run on all hosts; `prefix` is what starts the program.
    fn command(&self, prefix: &[&str], arguments: &[&str]) -> Command {
        let program = [prefix, &[env!("CARGO_BIN_EXE_psfleet")]].concat();
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).args(["run", "-o", "jsonl", "--no-input", "--retries", "0", "-t", "@all", "-i"]);
        command.arg(&self.inventory).args(arguments).arg("'x' * 100kb");
        self.kdc.environment(&mut command).env("PSFLEET_STATE_DIR", self.kdc.file("state"));
        command.env_remove("PSFLEET_PASSWORD").current_dir(self.kdc.file(""));
        command
    }

    /// What the doctor says of each stage of each host: `stage status cause detail`.
    fn doctor(&self, arguments: &[&str]) -> Vec<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(["doctor", "-o", "jsonl", "--no-input", "-t", "@all", "-i"]).arg(&self.inventory).args(arguments);
        self.kdc.environment(&mut command).env_remove("PSFLEET_PASSWORD").current_dir(self.kdc.file(""));
        let ended = Running::start(&mut command).end();
        let findings = ended.events.iter().filter(|event| event["type"] == "object").map(|event| &event["data"]);
        let word = |data: &Value, key: &str| data[key].as_str().unwrap_or("-").to_owned();
        findings.map(|data| ["Stage", "Status", "Cause", "Detail"].map(|key| word(data, key)).join(" ")).collect()
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Running::start(&mut self.command(&[], arguments)).end()
    }
}

/// What all hosts have in common, and that they have it in common.
fn all<'e>(ended: &'e Ended, key: &str) -> &'e Value {
    let outcomes = ended.outcomes();
    let (_, first) = outcomes.first().expect("a host");
    assert!(outcomes.iter().all(|(_, data)| data[key] == first[key]), "{ended:#?}");
    &first[key]
}

fn assert_ran(ended: &Ended, auth: &str) {
    assert_eq!(
        (ended.code, all(ended, "outcome"), all(ended, "auth")),
        (Some(0), &"ok".into(), &auth.into()),
        "{ended:#?}"
    );
    let objects: Vec<_> = ended.events.iter().filter(|event| event["type"] == "object").collect();
    assert!(!objects.is_empty() && objects.iter().all(|object| object["data"].to_string().len() > 100_000));
}

/// All hosts with this reason, and a hint that names the next step.
fn assert_refused(ended: &Ended, reason: &str, hint: &str) {
    assert_eq!(
        (ended.code, all(ended, "outcome"), all(ended, "reason")),
        (Some(3), &"auth".into(), &reason.into()),
        "{ended:#?}"
    );
    assert!(all(ended, "hint").as_str().is_some_and(|text| text.contains(hint)), "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_kinit_serves_all_hosts() {
    for tls in [false, true] {
        let Some(domain) = Domain::start(3, tls).await else { return };
        domain.kdc.kinit(USER, PASSWORD, "1h");
        assert_ran(&domain.run(&["--auth", "kerberos"]), "Kerberos");
        // One for each host, however many connections it has.
        assert_eq!(domain.kdc.logged(&["TGS_REQ", "ISSUE"]), 3, "{}", domain.kdc.log());
        let named = format!("FILE:{}", domain.kdc.cache().display());
        assert_ran(&domain.run(&["--auth", "negotiate", "--ccache", &named, "--spn", "HTTP/web001"]), "Kerberos");
        let stats = domain.fleet.shutdown().await;
        assert_eq!(stats.failed_logons, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_shown_to_the_kdc_once() {
    let Some(domain) = Domain::start(6, false).await else { return };
    let user = format!("{USER}@{}", REALM.to_lowercase());
    let run = |password: &str| {
        let mut command = domain.command(&[], &["--auth", "kerberos", "-u", &user]);
        Running::start(command.env("PSFLEET_PASSWORD", password)).end()
    };
    assert_ran(&run(PASSWORD), "Kerberos");
    assert_eq!(domain.kdc.logged(&["AS_REQ", "ISSUE"]), 1, "{}", domain.kdc.log());
    let wrong = run("wrong");
    assert_one_refusal(&wrong, 6);
    assert_eq!(domain.kdc.logged(&["AS_REQ", "PREAUTH_FAILED"]), 1, "{}", domain.kdc.log());
    assert_eq!(domain.fleet.shutdown().await.failed_logons, 0, "no host was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_keytab_is_as_good() {
    let Some(domain) = Domain::start(2, false).await else { return };
    let keytab = domain.kdc.file("user.keytab");
    domain.kdc.admin(&format!("ktadd -norandkey -k {} {USER}", keytab.display()));
    let user = format!("{USER}@{REALM}");
    let file = keytab.to_str().expect("UTF-8");
    let mut show = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    show.args(["hosts", "show", "--auth", "kerberos", "-u", &user, "--keytab", file, "-i"]).arg(&domain.inventory);
    let shown = domain.kdc.environment(&mut show).output().expect("psfleet runs");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains(&format!("user {user}, by key of {file}")), "{shown}");
    assert_ran(&domain.run(&["--auth", "kerberos", "-u", &user, "--keytab", file]), "Kerberos");
    assert!(domain.kdc.logged(&["AS_REQ", "ISSUE"]) <= 1, "{}", domain.kdc.log());
    for (flags, what) in [
        (&["-u", &user, "--keytab", "nowhere.keytab"][..], "--keytab: nowhere.keytab: "),
        (&["-u", &user, "--keytab", "krb5.conf"], "--keytab: krb5.conf: it is not a keytab (klist -k"),
        (&["--ccache", "FILE:nowhere"], "--ccache: nowhere: "),
        (&["--ccache", "krb5.conf"], "--ccache: krb5.conf: it is not a cache of tickets"),
    ] {
        let refused = domain.run(&[&["--auth", "kerberos"], flags].concat());
        assert!(refused.code == Some(2) && refused.stderr.contains(what), "{refused:#?}");
    }
    // Tickets that end within the run are asked for anew, by the same key.
    let asked = domain.kdc.logged(&["AS_REQ", "ISSUE"]);
    domain.kdc.admin(&format!("modprinc -maxlife 1minute {USER}"));
    assert_ran(&domain.run(&["-c", "1", "--auth", "kerberos", "-u", &user, "--keytab", file]), "Kerberos");
    assert!(domain.kdc.logged(&["AS_REQ", "ISSUE"]) >= asked + 2, "{}", domain.kdc.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_key_of_a_keytab_is_one_failed_logon() {
    let Some(domain) = Domain::start(5, false).await else { return };
    let keytab = domain.kdc.file("user.keytab");
    domain.kdc.admin(&format!("ktadd -norandkey -k {} {USER}", keytab.display()));
    domain.kdc.admin(&format!("cpw -pw another-{PASSWORD} {USER}"));
    let user = format!("{USER}@{REALM}");
    let ended = domain.run(&["--auth", "kerberos", "-u", &user, "--keytab", keytab.to_str().expect("UTF-8")]);
    assert_one_refusal(&ended, 5);
    assert_eq!(domain.kdc.logged(&["AS_REQ", "PREAUTH_FAILED"]), 1, "{}", domain.kdc.log());
}

/// One host was refused the credential, and the others were not tried.
fn assert_one_refusal(ended: &Ended, hosts: usize) {
    let outcomes = ended.outcomes();
    let of = |outcome: &str, reason: &str| {
        outcomes.iter().filter(|(_, data)| data["outcome"] == outcome && data["reason"] == reason).count()
    };
    assert_eq!((of("auth", "logon_denied"), of("skipped", "credential_tripped")), (1, hosts - 1), "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_with_the_next_step() {
    let Some(mut domain) = Domain::start(2, false).await else { return };
    assert_refused(&domain.run(&["--auth", "kerberos"]), "no_ticket", "kinit");
    domain.kdc.kinit(USER, PASSWORD, "10m");
    assert_refused(&domain.run(&["--auth", "kerberos", "--spn", "HTTP/nowhere"]), "unknown_spn", "setspn -Q");
    assert_refused(&domain.run(&["--auth", "kerberos", "-u", "other@CONTOSO.COM"]), "no_ticket", "kinit");
    domain.kdc.stop();
    let silent = Running::start(
        domain.command(&[], &["--auth", "kerberos", "-u", "psfleet@CONTOSO.COM"]).env("PSFLEET_PASSWORD", PASSWORD),
    );
    assert_refused(&silent.end(), "no_kdc", "krb5.conf");
    assert_eq!(domain.fleet.shutdown().await.failed_logons, 0, "no host was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_has_a_stage_for_the_ticket() {
    let Some(domain) = Domain::start(1, false).await else { return };
    let last = |found: &[String]| found.last().cloned().unwrap_or_default();
    let kerberos = ["--auth", "kerberos"];
    assert!(last(&domain.doctor(&kerberos)).starts_with("ticket failed - there is no Kerberos ticket"));
    domain.kdc.kinit(USER, PASSWORD, "10m");
    let found = domain.doctor(&kerberos);
    let ticket = found.iter().position(|line| line.starts_with("ticket ok - ")).expect("a ticket");
    assert!(found[ticket + 1].starts_with("logon ok - ") && found[ticket + 1].ends_with(" by Kerberos"), "{found:#?}");
    assert!(last(&found).starts_with("quotas ok"), "{found:#?}");
    let unknown = domain.doctor(&[&kerberos[..], &["--spn", "HTTP/nowhere"]].concat());
    assert!(last(&unknown).starts_with("ticket failed spn the KDC knows no server HTTP/nowhere"), "{unknown:#?}");
    assert_eq!(domain.fleet.shutdown().await.failed_logons, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_account_and_a_password_that_expired() {
    let Some(domain) = Domain::start(1, false).await else { return };
    let run = || {
        let mut command = domain.command(&[], &["--auth", "kerberos", "-u", "psfleet@CONTOSO.COM"]);
        Running::start(command.env("PSFLEET_PASSWORD", PASSWORD)).end()
    };
    domain.kdc.admin(&format!("modprinc -pwexpire yesterday {USER}"));
    assert_refused(&run(), "logon_denied", "kpasswd");
    domain.kdc.admin(&format!("modprinc -pwexpire never -allow_tix {USER}"));
    assert_refused(&run(), "account_locked", "unlock");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_clocks_and_old_tickets_are_told_apart() {
    let Some(faketime) = faketime() else { return };
    let Some(domain) = Domain::start(1, false).await else { return };
    let ahead = |minutes: &str| {
        let mut command = domain.command(&[faketime, "-f", minutes], &["--auth", "kerberos"]);
        Running::start(&mut command).end()
    };
    domain.kdc.kinit(USER, PASSWORD, "10m");
    assert_refused(&ahead("+30m"), "no_ticket", "kinit");
    domain.kdc.kinit(USER, PASSWORD, "2h");
    assert_refused(&ahead("+20m"), "clock_skew", "chronyc makestep");
    assert_eq!(domain.fleet.shutdown().await.failed_logons, 0, "no host was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_a_host_is_told_by_its_answer() {
    let Some(faketime) = faketime() else { return };
    let Some(domain) = Domain::start(1, false).await else { return };
    domain.kdc.kinit(USER, PASSWORD, "1h");
    let inventory = domain.kdc.file("ahead.toml");
    let mut command = Command::new(faketime);
    command.args(["-f", "+20m", env!("CARGO_BIN_EXE_psfleet"), "sandbox", "--hosts", "1", "--auth", "kerberos"]);
    command.arg("--keytab").arg(domain.kdc.keytab()).arg("--write-inventory").arg(&inventory);
    let mut child = command.stderr(Stdio::piped()).spawn().expect("faketime starts");
    let mut line = String::new();
    BufReader::new(child.stderr.take().expect("piped")).read_line(&mut line).expect("an announcement");
    let ahead = Domain { inventory, ..domain };
    let ended = ahead.run(&["-u", &format!("{USER}@{REALM}")]);
    // faketime waits for what it has started.
    processes::kill(&processes::descendants(child.id()));
    child.wait().expect("faketime ends");
    assert_refused(&ended, "clock_skew", "w32tm");
}

/// The program in a root of its own, which has no more than what the program is linked with.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_library_the_program_starts_and_says_what_to_install() {
    let Some(domain) = Domain::start(1, false).await else { return };
    let root = domain.kdc.file("root");
    let needed = Command::new("ldd").arg(env!("CARGO_BIN_EXE_psfleet")).output().expect("ldd runs");
    let needed = String::from_utf8(needed.stdout).expect("UTF-8");
    assert!(!needed.contains("gssapi"), "{needed}");
    let copy = |from: &Path, to: &str| {
        let to = root.join(to.trim_start_matches('/'));
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        std::fs::copy(from, to).expect("a copy");
    };
    needed.split_whitespace().filter(|word| word.starts_with('/')).for_each(|file| copy(Path::new(file), file));
    copy(Path::new(env!("CARGO_BIN_EXE_psfleet")), "psfleet");
    copy(&domain.inventory, "fleet.toml");
    let chroot = |arguments: &[&str]| {
        let mut command = Command::new("chroot");
        command.arg(&root).arg("/psfleet").args(arguments).env("PSFLEET_STATE_DIR", "/state");
        command
    };
    if !chroot(&["--version"]).output().is_ok_and(|output| output.status.success()) {
        return skip("a program cannot be given a root of its own (chroot, as root)");
    }
    let run = ["run", "-o", "jsonl", "-t", "@all", "-i", "/fleet.toml", "--no-input", "--auth", "kerberos", "1"];
    let ended = Running::start(&mut chroot(&run)).end();
    assert_refused(&ended, "auth_method", "apt install libgssapi-krb5-2");
    let message = all(&ended, "message").as_str().expect("a message");
    assert!(message.starts_with("Kerberos is not installed on this machine"), "{message}");
}

pub(crate) fn faketime() -> Option<&'static str> {
    let found = Command::new("faketime").arg("--version").output();
    if found.is_err() {
        skip("no faketime (Debian: faketime)");
        return None;
    }
    Some("faketime")
}

#[tokio::test(flavor = "multi_thread")]
async fn negotiate_is_ntlm_where_no_ticket_can_be_had() {
    let Some(domain) = Domain::start(2, false).await else { return };
    // A local account, and an address.
    let mut local = domain.command(&[], &["--auth", "negotiate", "-u", USER]);
    let password = domain.fleet.password().expose();
    assert_ran(&Running::start(local.env("PSFLEET_PASSWORD", password)).end(), "NTLM");
    assert_eq!(domain.kdc.log().matches("AS_REQ").count(), 0, "{}", domain.kdc.log());
    // One whose host has no name that the KDC knows: what is refused then is NTLM, by a host that is of no domain.
    domain.kdc.admin(&format!("cpw -pw {password} {USER}"));
    let user = format!("{REALM}\\{USER}");
    let mut known = domain.command(&[], &["--auth", "negotiate", "-u", &user, "--spn", "HTTP/web001"]);
    let known = known.env("PSFLEET_PASSWORD", password);
    assert_ran(&Running::start(known).end(), "Kerberos");
    let mut unknown = domain.command(&[], &["--auth", "negotiate", "-u", &user, "--spn", "HTTP/nowhere"]);
    let unknown = Running::start(unknown.env("PSFLEET_PASSWORD", password)).end();
    assert_one_refusal(&unknown, 2);
    assert_eq!(domain.fleet.stats().failed_logons, 1, "the host was asked, and once");
    assert!(domain.kdc.logged(&["TGS_REQ", "LOOKING_UP_SERVER"]) > 0, "{}", domain.kdc.log());
    domain.kdc.admin(&format!("cpw -pw {PASSWORD} {USER}"));
    std::fs::write(domain.kdc.file("psfleet.toml"), "ntlm = \"refuse\"\n").expect("a configuration");
    let refused = domain.run(&["--auth", "ntlm"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("ntlm = \"refuse\""), "{refused:#?}");
    domain.kdc.kinit(USER, PASSWORD, "1h");
    let user = format!("{USER}@{REALM}");
    let cache = format!("FILE:{}", domain.kdc.cache().display());
    let arguments = ["--auth", "negotiate", "-u", &user, "--ccache", &cache, "--spn", "HTTP/web001"];
    assert_ran(&domain.run(&arguments), "Kerberos");
}

/// One of ours, and one of MIT's library: it keeps what `gss_acquire_cred_with_password` was given for as long as the
/// credential is used, and wipes it then.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_core_image_holds_two_copies_of_the_password() {
    let Some(domain) = Domain::start(4, false).await else { return };
    let (user, given) = (format!("{USER}@{}", REALM.to_lowercase()), domain.kdc.file("password"));
    std::fs::write(&given, PASSWORD).expect("written");
    let source = format!("command:cat {}", given.display());
    let arguments = ["--auth", "kerberos", "-u", &user, "--password-from", &source, "--then", "Start-Sleep 120"];
    let mut running = Running::start(&mut domain.command(&[], &arguments));
    running.wait_for("object", 4);
    let forms = [("password", PASSWORD.as_bytes().to_vec(), 2), ("password in UTF-16", core::wide(PASSWORD), 0)];
    core::assert_copies(running.id(), &forms, "Kerberos");
    running.signal("INT");
    running.end();
    domain.fleet.shutdown().await;
}
