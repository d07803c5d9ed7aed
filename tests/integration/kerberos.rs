//! Kerberos through the whole program: MIT's KDC on loopback, and hosts whose tickets the system's GSSAPI accepts.

use std::path::PathBuf;
use std::process::Command;

use psfleet::sandbox::{Fleet, Options};
use psfleet::target::AuthMethod;
use serde_json::Value;

use crate::support::kdc::{Kdc, REALM};
use crate::support::sandbox::fleet;
use crate::support::{program::Ended, program::Running, skip};

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
async fn principals(hosts: u32) -> Vec<String> {
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
    let outcomes = wrong.outcomes();
    let of = |outcome: &str, reason: &str| {
        outcomes.iter().filter(|(_, data)| data["outcome"] == outcome && data["reason"] == reason).count()
    };
    assert_eq!((of("auth", "logon_denied"), of("skipped", "credential_tripped")), (1, 5), "{wrong:#?}");
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
    assert_ran(&domain.run(&["--auth", "kerberos", "-u", &user, "--keytab", file]), "Kerberos");
    assert!(domain.kdc.logged(&["AS_REQ", "ISSUE"]) <= 1, "{}", domain.kdc.log());
    let nowhere = domain.run(&["--auth", "kerberos", "-u", &user, "--keytab", "nowhere.keytab"]);
    assert_refused(&nowhere, "no_ticket", "klist -k");
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

fn faketime() -> Option<&'static str> {
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
    std::fs::write(domain.kdc.file("psfleet.toml"), "ntlm = \"refuse\"\n").expect("a configuration");
    let refused = domain.run(&["--auth", "ntlm"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("ntlm = \"refuse\""), "{refused:#?}");
    domain.kdc.kinit(USER, PASSWORD, "1h");
    let user = format!("{USER}@{REALM}");
    let cache = format!("FILE:{}", domain.kdc.cache().display());
    let arguments = ["--auth", "negotiate", "-u", &user, "--ccache", &cache, "--spn", "HTTP/web001"];
    assert_ran(&domain.run(&arguments), "Kerberos");
}
