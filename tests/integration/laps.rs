//! `password_from = "laps"` against Samba's directory, extended as Microsoft extends Active Directory's schema.

use std::fmt::Write as _;
use std::process::Command;

use psfleet::sandbox::Options;

use crate::support::program::Running;
use crate::support::samba::{ADMIN, BASE, Samba};
use crate::support::sandbox::fleet;

const PASSWORD: &str = "Reader.Passw0rd";

/// Attributes with their syntaxes, as both products' schema extensions have them; 904 is for those whom a right lets read.
const ATTRIBUTES: [(&str, &str, &str, u32); 5] = [
    (
        "ms-Mcs-AdmPwd",
        "1.2.840.113556.1.8000.2554.50051.45980.28112.18903.35903.6685103.1224907.2.1",
        "2.5.5.5 19",
        904,
    ),
    (
        "ms-Mcs-AdmPwdExpirationTime",
        "1.2.840.113556.1.8000.2554.50051.45980.28112.18903.35903.6685103.1224907.2.2",
        "2.5.5.16 65",
        0,
    ),
    ("msLAPS-PasswordExpirationTime", "1.2.840.113556.1.6.44.1.1", "2.5.5.16 65", 0),
    ("msLAPS-Password", "1.2.840.113556.1.6.44.1.2", "2.5.5.12 64", 904),
    ("msLAPS-EncryptedPassword", "1.2.840.113556.1.6.44.1.3", "2.5.5.10 4", 904),
];

fn extend_schema(directory: &Samba) {
    let schema = format!("CN=Schema,CN=Configuration,{BASE}");
    for (name, id, syntax, flags) in ATTRIBUTES {
        let (syntax, om_syntax) = syntax.split_once(' ').expect("both");
        directory.add(&format!(
            "dn: CN={name},{schema}\nobjectClass: attributeSchema\nattributeID: {id}\nattributeSyntax: {syntax}\n\
             oMSyntax: {om_syntax}\nlDAPDisplayName: {name}\nisSingleValued: TRUE\nsearchFlags: {flags}\n\n"
        ));
    }
    directory.modify("dn:\nchangetype: modify\nadd: schemaUpdateNow\nschemaUpdateNow: 1\n");
    let names = ATTRIBUTES.map(|(name, ..)| format!("mayContain: {name}\n")).concat();
    directory.modify(&format!("dn: CN=Computer,{schema}\nchangetype: modify\nadd: mayContain\n{names}"));
    directory.modify("dn:\nchangetype: modify\nadd: schemaUpdateNow\nschemaUpdateNow: 1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_host_has_its_administrators_password_from_the_directory() {
    let Some(directory) = Samba::start() else { return };
    extend_schema(&directory);
    directory.add_user("reader", PASSWORD);
    let fleet = fleet(Options { hosts: 6, ..Options::default() }).await;
    let (user, right) = (fleet.user().to_owned(), fleet.password().expose().clone());
    let (past, future) = ("133000000000000000", "150000000000000000");
    let windows = |password: &str, expires: &str| {
        format!(
            "msLAPS-Password: {{\"n\":\"{user}\",\"t\":\"1d8161b41c41cde\",\"p\":\"{password}\"}}\n\
             msLAPS-PasswordExpirationTime: {expires}\n"
        )
    };
    let of_host = [
        windows(&right, future),
        windows(&right, past),
        format!("ms-Mcs-AdmPwd: {right}\nms-Mcs-AdmPwdExpirationTime: {future}\n"),
        windows("wrong", future),
        windows(&right, future),
        // Binary, as what Windows encrypts.
        "msLAPS-EncryptedPassword:: /wDvAP8=\nmsLAPS-PasswordExpirationTime: 150000000000000000\n".to_owned(),
    ];
    let names: Vec<String> = fleet.hosts().map(|(name, ..)| name.to_owned()).collect();
    let mut ldif = format!("dn: OU=Fleet,{BASE}\nobjectClass: organizationalUnit\n\n");
    for (name, attributes) in names.iter().zip(&of_host) {
        let _ = write!(
            ldif,
            "dn: CN={name},OU=Fleet,{BASE}\nobjectClass: computer\nsAMAccountName: {name}$\n\
             userAccountControl: 4096\n{attributes}\n"
        );
    }
    directory.add(&ldif);

    let ca = directory.certificate();
    let as_user = |user: &str| {
        let file = directory.path().join("ad.toml");
        let table = format!(
            "[ldap]\nurl = 'ldaps://localhost'\nca = '{}'\nuser = '{user}@ad.rig.test'\npassword_env = 'LDAP_PW'\n\
             base = 'OU=Fleet,{BASE}'\n[defaults]\npassword_from = 'laps'\n[hosts.{}]\nuser = '.\\{}'\n",
            ca.display(),
            names[2],
            fleet.user(),
        );
        std::fs::write(&file, table).expect("written");
        file
    };
    let hosts = directory.path().join("fleet.toml");
    let is_secret = |line: &&str| line.starts_with("password =") || line.starts_with("user =");
    let text = fleet.inventory_toml();
    std::fs::write(&hosts, text.lines().filter(|line| !is_secret(line)).collect::<Vec<_>>().join("\n"))
        .expect("written");
    let command = |reader: &str, password: &str, targets: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(["run", "-o", "jsonl", "--no-input", "--retries", "0", "--no-store", "-v", "-t", targets]);
        command.arg("-i").arg(as_user(reader)).arg("-i").arg(&hosts).arg("1 + 1").current_dir(directory.path());
        command.env("LDAP_PW", password).env_remove("PSFLEET_PASSWORD").env("RUST_LOG", "trace");
        command
    };
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");

    let ended = Running::start(&mut command("administrator", ADMIN, &format!("@all,!{}", names[5]))).end();
    let outcomes = ended.outcomes();
    let outcome = |name: &str| outcomes.iter().find(|(host, _)| *host == name).map(|(_, data)| data["outcome"].clone());
    let found: Vec<_> = names[..5].iter().map(|name| outcome(name).expect("an outcome")).collect();
    assert_eq!(found, ["ok", "ok", "ok", "auth", "ok"], "each host is an account of its own: {}", ended.stderr);
    assert_eq!(fleet.stats().failed_logons, 1);
    let told = one_line(&ended.stderr);
    assert!(told.contains(&format!("the LAPS password of {} has expired (2022-06-18)", names[1])), "{told}");
    assert!(
        !ended.stderr.contains(&right) && !ended.stderr.contains(ADMIN),
        "no secret shows, even when all is traced"
    );

    let refused = |reader: &str, password: &str, targets: &str| {
        let output = command(reader, password, targets).env_remove("RUST_LOG").output().expect("psfleet starts");
        let told = one_line(&String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(2), "{told}");
        told
    };
    let told = refused("administrator", ADMIN, &names[5]);
    let what = format!("of {}: the directory has it encrypted (msLAPS-EncryptedPassword)", names[5]);
    assert!(told.contains(&what) && told.contains("Get-LapsADPassword -AsPlainText"), "{told}");
    // An ordinary user silently gets no attribute, but for when the password expires.
    let told = refused("reader", PASSWORD, &names[0]);
    let what = format!("of {}: the directory has one, and does not show it to 'reader@ad.rig.test'", names[0]);
    assert!(told.contains(&what) && told.contains("Set-LapsADReadPasswordPermission"), "{told}");
    directory.add(&format!(
        "dn: CN=bare,OU=Fleet,{BASE}\nobjectClass: computer\nsAMAccountName: bare$\nuserAccountControl: 4096\n\n"
    ));
    let told = refused("administrator", ADMIN, "bare,elsewhere");
    assert!(told.contains("of bare: the directory shows 'administrator@ad.rig.test' none"), "{told}");
    assert!(told.contains("of elsewhere: no directory of this run has such a computer"), "{told}");
    fleet.shutdown().await;
}
