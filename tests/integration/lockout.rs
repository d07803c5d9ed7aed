//! A wrong password is one failed logon of its account, however many hosts there are: Samba counts.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::process::Command;

use psfleet::sandbox::Options;
use psfleet::target::AuthMethod;

use crate::support::program::{Ended, Running};
use crate::support::samba::{ADMIN, BASE, Samba};
use crate::support::sandbox::fleet;

const HOSTS: u32 = 500;

/// The user of every fleet.
const USER: &str = "psfleet";

fn options() -> Options {
    Options { hosts: HOSTS, auth: vec![AuthMethod::Kerberos], ..Options::default() }
}

/// What the hosts of such a fleet are called.
async fn names() -> Vec<String> {
    let fleet = fleet(Options { auth: Options::default().auth, ..options() }).await;
    let names = fleet.hosts().map(|(name, ..)| name.to_owned()).collect();
    fleet.shutdown().await;
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_on_500_hosts_is_one_failed_logon() {
    let Some(directory) = Samba::start() else { return };
    directory.lock_after(5);
    directory.add_user(USER, "Right.Passw0rd");
    directory.add_user("hosts", "Hosts.Passw0rd");
    let names = names().await;
    let mut computers = format!("dn: OU=Fleet,{BASE}\nobjectClass: organizationalUnit\n\n");
    for name in &names {
        let _ = write!(
            computers,
            "dn: CN={name},OU=Fleet,{BASE}\nobjectClass: computer\nsAMAccountName: {name}$\nuserAccountControl: 4096\n\n"
        );
    }
    directory.add(&computers);
    // One of them has a key, so that a right password is known to be taken.
    let server = format!("HTTP/{}", names[0]);
    directory.modify(&format!(
        "dn: CN=hosts,CN=Users,{BASE}\nchangetype: modify\nadd: servicePrincipalName\nservicePrincipalName: {server}\n"
    ));
    let keytab = Some(directory.keytab(&server));
    let fleet = fleet(Options { keytab, ..options() }).await;
    let file = |name: &str, text: &str| {
        let file = directory.path().join(name);
        std::fs::write(&file, text).expect("written");
        file
    };
    let ca = directory.certificate();
    let table = format!(
        "[ldap]\nurl = 'ldaps://localhost'\nca = '{}'\nuser = 'administrator@ad.rig.test'\npassword_env = 'LDAP_PW'\n\
         base = 'OU=Fleet,{BASE}'\n[defaults]\nuser = '{USER}@ad.rig.test'\npassword_env = 'SVC_PW'\n",
        ca.display()
    );
    let is_logon = |line: &&str| line.starts_with("password =") || line.starts_with("user =");
    let hosts = fleet.inventory_toml();
    let hosts = hosts.lines().filter(|line| !is_logon(line)).collect::<Vec<_>>().join("\n");
    let inventories = [file("ad.toml", &table), file("fleet.toml", &hosts)];
    let realm = file(
        "krb5.conf",
        "[libdefaults]\n default_realm = AD.RIG.TEST\n dns_lookup_kdc = false\n rdns = false\n\
         [realms]\n AD.RIG.TEST = {\n  kdc = 127.0.0.1:88\n }\n",
    );
    let run = |password: &str, targets: &str| -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(["run", "-o", "jsonl", "--no-input", "--no-store", "-t", targets]).arg("1");
        command.args(inventories.iter().flat_map(|inventory| [OsStr::new("-i"), inventory.as_os_str()]));
        command.env("LDAP_PW", ADMIN).env("SVC_PW", password).env("KRB5_CONFIG", &realm).env_remove("KRB5CCNAME");
        command.env_remove("PSFLEET_PASSWORD").current_dir(directory.path());
        Running::start(&mut command).end()
    };
    let failed = || directory.attribute(USER, "badPwdCount");
    let ended = run("Right.Passw0rd", &names[0]);
    assert_eq!((ended.code, failed().as_deref()), (Some(0), Some("0")), "{ended:#?}");

    let ended = run("wrong", "@all");
    let outcomes = ended.outcomes();
    assert_eq!((ended.code, outcomes.len()), (Some(3), HOSTS as usize), "{}", ended.stderr);
    let of = |wanted: &str| outcomes.iter().filter(|(_, data)| data["outcome"] == wanted).collect::<Vec<_>>();
    let (refusers, skipped) = (of("auth"), of("skipped"));
    assert_eq!((refusers.len(), skipped.len()), (1, HOSTS as usize - 1), "{}", ended.stderr);
    let refuser = refusers[0].0;
    let why = format!("{refuser} refused the credential of {USER}@ad.rig.test");
    assert!(skipped.iter().all(|(_, data)| data["message"].as_str().is_some_and(|text| text.contains(&why))));
    assert_eq!(failed().as_deref(), Some("1"), "Samba's own count");

    // The next one would lock the account: nobody tries.
    directory.lock_after(2);
    let ended = run("wrong", "@all");
    let told = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let why = format!("'{USER}@ad.rig.test' is not tried: 1 of 2 failed logons, so one more locks the account");
    assert!(ended.code == Some(2) && told.contains(&why), "{told}");
    assert_eq!(failed().as_deref(), Some("1"));
    fleet.shutdown().await;
}
