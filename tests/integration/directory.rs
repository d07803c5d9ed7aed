//! `[ldap]` against an Active Directory that we did not write: Samba's.

use std::fmt::Write as _;
use std::process::Command;

use crate::support::samba::{ADMIN, BASE, Samba};

/// The password of the user who may read.
const PASSWORD: &str = "Reader.Passw0rd";

/// What `psfleet hosts list @all` says with a table, and its exit code.
fn hosts(directory: &Samba, table: &str, password: &str) -> (Option<i32>, String, String) {
    let file = directory.path().join("ad.toml");
    std::fs::write(&file, table).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(["hosts", "list", "--no-input", "-i"]).arg(&file).arg("@all");
    command.env("LDAP_PW", password).env("PSFLEET_STATE_DIR", directory.path().join("state"));
    let output = command.output().expect("psfleet starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A site with two subnets, and the addresses of two computers in DNS, one of which is in a subnet.
fn site() -> String {
    let (sites, zone) = (
        format!("CN=Sites,CN=Configuration,{BASE}"),
        format!("DC=ad.rig.test,CN=MicrosoftDNS,DC=DomainDnsZones,{BASE}"),
    );
    let mut ldif = format!("dn: CN=Berlin,{sites}\nobjectClass: site\n\n");
    for subnet in ["10.1.0.0/16", "2001:db8::/32"] {
        let _ =
            write!(ldif, "dn: CN={subnet},CN=Subnets,{sites}\nobjectClass: subnet\nsiteObject: CN=Berlin,{sites}\n\n");
    }
    // Records of type A: 10.1.2.3 and 192.0.2.1.
    for (name, record) in [
        ("web0001", "BAABAAXwAAABAAAAAAADhAAAAAAAAAAACgECAw=="),
        ("web0002", "BAABAAXwAAABAAAAAAADhAAAAAAAAAAAwAACAQ=="),
    ] {
        let _ = write!(ldif, "dn: DC={name},{zone}\nobjectClass: dnsNode\ndnsRecord:: {record}\n\n");
    }
    ldif
}

/// 1,200 computers, more than the directory gives at once; every tenth is disabled.
fn computers() -> String {
    let mut ldif = format!(
        "dn: OU=Servers,{BASE}\nobjectClass: organizationalUnit\n\ndn: OU=Web\\, Berlin,OU=Servers,{BASE}\n\
         objectClass: organizationalUnit\n\n"
    );
    for number in 1..=1200 {
        let flags = if number % 10 == 0 { 4098 } else { 4096 };
        let _ = write!(
            ldif,
            "dn: CN=WEB{number:04},OU=Web\\, Berlin,OU=Servers,{BASE}\nobjectClass: computer\n\
             sAMAccountName: WEB{number:04}$\nuserAccountControl: {flags}\ndNSHostName: web{number:04}.ad.rig.test\n\
             operatingSystem: Windows Server 2022 Standard\noperatingSystemVersion: 10.0 (20348)\n\n"
        );
    }
    ldif
}

#[test]
fn computers_of_an_active_directory_are_an_inventory() {
    let Some(directory) = Samba::start() else { return };
    directory.add(&computers());
    directory.add(&site());
    directory.add_user("reader", PASSWORD);
    let ca = directory.certificate();
    let head = |url: &str, user: &str, more: &str| {
        format!("[ldap]\nurl = '{url}'\nca = '{}'\nuser = '{user}'\npassword_env = 'LDAP_PW'\n{more}", ca.display())
    };
    let base = format!("base = 'OU=Servers,{BASE}'\n");
    let tls = |more: &str| head("ldaps://localhost", "reader@ad.rig.test", &format!("{base}{more}"));
    let count = |table: &str| {
        let (code, stdout, stderr) = hosts(&directory, table, PASSWORD);
        assert_eq!(code, Some(0), "{stderr}");
        stdout.lines().count()
    };
    assert_eq!(count(&tls("")), 1080, "in pages, without those that are disabled");
    assert_eq!(count(&tls("enabled_only = false\n")), 1200);
    assert_eq!(count(&tls("filter = '(cn=WEB000*)'\n")), 9);
    let other =
        head("ldap://localhost", "ADRIG\\reader", &format!("{base}start_tls = true\nfilter = '(cn=WEB000*)'\n"));
    assert_eq!(count(&other), 9, "with StartTLS, as DOMAIN\\user");
    assert_eq!(
        count(&head("ldaps://localhost", "reader@ad.rig.test", "filter = '(cn=WEB0001)'\n")),
        1,
        "the base is asked for"
    );

    let at_site = |more: &str| {
        let file = directory.path().join("site.toml");
        std::fs::write(&file, tls(&format!("filter = '(cn=WEB000*)'\n{more}"))).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args(["hosts", "list", "label:site=Berlin", "-i"]).arg(&file).env("LDAP_PW", PASSWORD);
        let output = command.env("PSFLEET_STATE_DIR", directory.path().join("state")).output().expect("psfleet starts");
        String::from_utf8(output.stdout).expect("text").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(at_site(""), "WEB0001", "by its subnet");
    assert_eq!([at_site("cache = '1h'\n"), at_site("cache = '1h'\n")], ["WEB0001"; 2], "it is kept, too");

    let file = directory.path().join("show.toml");
    std::fs::write(&file, tls("filter = '(cn=WEB0001)'\n")).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    let shown = command.args(["hosts", "show", "web0001", "-i"]).arg(&file).env("LDAP_PW", PASSWORD).output();
    let shown = String::from_utf8(shown.expect("psfleet starts").stdout).expect("text");
    for (key, value) in [
        ("address", "web0001.ad.rig.test"),
        ("labels.os", "Windows Server 2022 Standard"),
        ("labels.ou", "Web, Berlin"),
        ("labels.site", "Berlin"),
        ("labels.ou_path", "Servers/Web, Berlin"),
    ] {
        let has =
            |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(value));
        assert!(shown.lines().any(has), "{key}: {shown}");
    }

    let refused = |table: &str, password: &str, what: &str| {
        let (code, stdout, stderr) = hosts(&directory, table, password);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains(what), "{what}: {stderr}");
        assert!(!stderr.contains(PASSWORD) && !stderr.contains(ADMIN), "{stderr}");
    };
    refused(&tls(""), "wrong", "the directory does not let 'reader@ad.rig.test' in: user or password are wrong");
    refused(
        &head("ldap://localhost", "reader@ad.rig.test", &base),
        PASSWORD,
        "ldap://localhost:389 is not encrypted, and no password is sent there",
    );
    refused(
        &head("ldaps://localhost", "reader@ad.rig.test", "base = 'OU=No,DC=ad,DC=rig,DC=test'\n"),
        PASSWORD,
        "the directory has no entry 'OU=No,DC=ad,DC=rig,DC=test'",
    );
    refused(&tls("filter = '(cn=a'\n"), PASSWORD, "is not a filter of LDAP");
    refused(&tls("filter = '(&(cn=a)'\n"), PASSWORD, "is not a filter of LDAP");
    refused(
        "[ldap]\nurl = 'ldaps://localhost'\nanonymous = true\nbase = 'DC=ad,DC=rig,DC=test'\n",
        PASSWORD,
        "signed by nobody we trust",
    );
    let anonymous = format!("[ldap]\nurl = 'ldaps://localhost'\nca = '{}'\nanonymous = true\n{base}", ca.display());
    refused(&anonymous, PASSWORD, "the directory answers nobody without a logon");

    // The inventory that we ship, with this directory in it.
    let shipped = std::fs::read_to_string("inventories/active_directory.toml").expect("an inventory");
    let shipped = shipped.replace("dc1.contoso.com", "localhost").replace("DC=contoso,DC=com", BASE);
    let shipped = shipped.replace("# ca = \"dc1.pem\"", &format!("ca = '{}'", ca.display()));
    let shipped = shipped.replace("reader@contoso.com", "reader@ad.rig.test").replace("LDAP_PASSWORD", "LDAP_PW");
    assert_eq!(count(&shipped), 1080);

    // An answer that is kept needs no directory, and is that of its question alone.
    let kept = tls("cache = '1h'\n");
    assert_eq!(count(&kept), 1080);
    let (code, stdout, stderr) = hosts(&directory, &kept, "wrong");
    assert_eq!((code, stdout.lines().count()), (Some(0), 1080), "{stderr}");
    assert!(stderr.contains("1080 computers as they were ") && stderr.contains(" s ago"), "{stderr}");
    refused(&tls("cache = '1h'\nenabled_only = false\n"), "wrong", "user or password are wrong");

    // An account that one more failed logon would lock is not tried.
    directory.lock_after(3);
    directory.add_user("svc", PASSWORD);
    let file = directory.path().join("one.toml");
    std::fs::write(&file, tls("filter = '(cn=WEB0001)'\n")).expect("written");
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
        command.args([
            "run",
            "1",
            "--no-input",
            "--retries",
            "0",
            "--no-store",
            "-u",
            "svc@ad.rig.test",
            "-t",
            "@all",
            "-i",
        ]);
        command.arg(&file).env("LDAP_PW", PASSWORD).env("PSFLEET_PASSWORD", "wrong");
        let output = command.output().expect("psfleet starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let as_svc = head("ldaps://localhost", "svc@ad.rig.test", &base);
    let wrong = "the directory does not let 'svc@ad.rig.test' in: user or password are wrong";
    refused(&as_svc, "wrong", wrong);
    let (code, stderr) = run();
    assert!(code == Some(3) && !stderr.contains("is not tried"), "{stderr}");
    refused(&as_svc, "wrong", wrong);
    let (code, stderr) = run();
    let told = "'svc@ad.rig.test' is not tried: 2 of 3 failed logons, so one more locks the account";
    assert!(code == Some(2) && stderr.contains(told), "{stderr}");
    refused(&as_svc, "wrong", "user or password are wrong");
    let (code, stderr) = run();
    assert!(code == Some(2) && stderr.contains("the directory has locked the account"), "{stderr}");
}
