//! `[ldap]`: what is asked, as whom, and what hosts come of it.

use std::path::Path;
use std::time::Duration;

use super::{Fake, names_of, request, run};
use crate::config::{Config, Connection, Given, Source};
use crate::directory::{Computer, Encryption, FailedLogons, Query};
use crate::inventory::{Request, select};

fn computer(name: &str, dns_name: Option<&str>, labels: &[(&str, &str)]) -> Computer {
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Computer { name: name.to_owned(), dns_name: dns_name.map(str::to_owned), dn: format!("CN={name}"), labels }
}

fn fleet() -> Vec<Computer> {
    vec![
        computer("WEB01", Some("web01.contoso.com"), &[("os", "Windows Server 2022"), ("ou", "Web")]),
        computer("DB01", None, &[("ou", "Db")]),
        computer("web01", Some("web01.emea.contoso.com"), &[]),
        computer("bad name", None, &[]),
        computer("evil", Some("$(x)"), &[]),
    ]
}

/// What a table asks, or what is wrong with it.
fn asked(table: &str, env: &[(&str, &str)], user: Option<&str>) -> (Result<Query, String>, Vec<String>) {
    let mut fake = Fake { computers: fleet(), ..Fake::default() }.file("d/ad.toml", table);
    for (name, value) in env {
        fake = fake.env(name, value);
    }
    let user = user.map(|user| Given::new(user.to_owned(), Source::Flag("--user")));
    let request = Request {
        targets: vec!["@all".to_owned()],
        inventories: vec!["d/ad.toml".to_owned()],
        settings: Connection { user, ..Connection::default() },
        no_input: true,
        ..Request::default()
    };
    let found = select(&request, &Config::default(), &mut fake, &mut |_| Err("none here".to_owned()));
    let found = found.map(|_| fake.queries.remove(0)).map_err(|errors| errors.to_string());
    (found, fake.warned)
}

#[test]
fn computers_are_hosts() {
    let table = "[ldap]\nurl = 'ldaps://dc1.contoso.com'\nanonymous = true\n[groups.old]\nhosts = ['DB01']\n";
    let names = |targets: &str| {
        let fake = Fake { computers: fleet(), ..Fake::default() };
        names_of(fake.file("i.toml", table), &[targets])
    };
    assert_eq!(names("@all"), "DB01,WEB01,web01.emea.contoso.com");
    assert_eq!(names("label:ou=Web"), "WEB01");
    assert_eq!(names("@old"), "DB01");
    let (query, warned) = asked(table, &[], None);
    let query = query.expect("a question");
    assert_eq!((query.server.as_str(), query.port, query.encryption), ("dc1.contoso.com", 636, Encryption::Tls));
    assert_eq!((query.user, query.password, query.enabled_only), (None, None, true));
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(warned[0].contains("2 entries are left out") && warned[0].contains("bad name"), "{warned:?}");
}

#[test]
fn a_table_says_all_of_a_question() {
    let table = "[ldap]\nurl = 'ldap://[::1]:1389'\nstart_tls = true\nca = 'ca.pem'\nbase = 'DC=x'\nfilter = '(cn=a)'\n\
                 enabled_only = false\nlast_logon = '90d'\ncache = '12h'\ntimeout = '5s'\nuser = 'r@x'\npassword_env = 'PW'\n";
    let query = asked(table, &[("PW", "s")], Some("other")).0.expect("a question");
    assert_eq!((query.url().as_str(), query.encryption), ("ldap://[::1]:1389", Encryption::StartTls));
    assert_eq!(query.ca.as_deref(), Some(Path::new("d/ca.pem")), "beside the inventory");
    assert_eq!(
        (query.base.as_deref(), query.filter.as_deref(), query.enabled_only),
        (Some("DC=x"), Some("(cn=a)"), false)
    );
    let day = Duration::from_secs(86_400);
    assert_eq!((query.last_logon, query.cache, query.timeout), (Some(day * 90), Some(day / 2), Duration::from_secs(5)));
    assert_eq!(
        (query.user.as_deref(), query.password.map(|secret| secret.expose().clone())),
        (Some("r@x"), Some("s".into()))
    );
}

#[test]
fn the_runs_own_user_serves_if_the_table_names_none() {
    let table = "[ldap]\nurl = 'ldaps://dc'\n";
    let password = [("PSFLEET_PASSWORD", "pw")];
    let query = asked(table, &password, Some("C\\me")).0.expect("a question");
    assert_eq!((query.user.as_deref(), query.password.is_some()), (Some("C\\me"), true));
    let said = |table: &str, user| asked(table, &password, user).0.expect_err("refused");
    assert!(said(table, None).contains("none is named"));
    // A password is that of its user alone.
    assert!(said("[ldap]\nurl = 'ldaps://dc'\nuser = 'reader'\n", Some("C\\me")).contains("no password for 'reader'"));
}

#[test]
fn an_empty_password_is_none() {
    let mut fake = Fake { computers: fleet(), answers: vec![""], ..Fake::default() };
    fake = fake.file("i.toml", "[ldap]\nurl = 'ldaps://dc'\nuser = 'r'\n");
    assert!(names_of(fake, &["@all"]).contains("no password for 'r': none was entered"));
}

#[test]
fn mistakes_of_the_table_come_at_once() {
    let said = asked(
        "[ldap]\nurl = 'https://dc'\nchache = '1h'\nlast_logon = 'old'\nstart_tls = 'yes'\nbase = ['x']\n",
        &[],
        None,
    );
    let said = said.0.expect_err("refused");
    for what in [
        "d/ad.toml:2:7: ldap > url: 'https://dc' is not a URL of a directory, such as ldaps://dc1.contoso.com",
        "d/ad.toml:3:1: ldap: unknown key 'chache'\n  hint: did you mean 'cache'?",
        "ldap > last_logon: 'old' is not a duration",
        "ldap > start_tls: expected true or false, found text",
        "ldap > base: expected text, found a list",
    ] {
        assert!(said.contains(what), "{what}: {said}");
    }
    for (table, what) in [
        ("ldap = 1\n", "expected a table"),
        ("[ldap]\ncache = '1h'\n", "url says which directory"),
        ("[ldap]\nurl = 'ldap://dc/DC=x'\nanonymous = true\n", "names the server alone"),
        ("[ldap]\nurl = 'ldap://'\nanonymous = true\n", "names no server"),
        ("[ldap]\nurl = 'ldaps://dc'\nauth = 'kerberos'\n", "it takes no Kerberos tickets"),
        ("[ldap]\nurl = 'ldaps://dc'\nuser = 'x'\npassword_env = 'NO'\n", "the variable NO is not set"),
    ] {
        let said = asked(table, &[], None).0.expect_err(table);
        assert!(said.contains(what), "{table}: {said}");
    }
    let silent = names_of(Fake::default().file("i.toml", "[ldap]\nurl = 'ldaps://dc'\nanonymous = true\n"), &["@all"]);
    assert_eq!(silent, "2: i.toml:1:2: ldap: it is silent\n  hint: wake it");
}

#[test]
fn accounts_that_one_more_failed_logon_locks_are_not_tried() {
    let inventory = "[hosts.a]\nuser = 'AD\\svc'\npassword = 'x'\n[hosts.b]\nuser = 'AD\\svc'\npassword = 'x'\n\
                     [hosts.c]\nuser = '.\\svc'\npassword = 'x'\n[hosts.d]\nuser = 'ada@ad'\npassword = 'x'\n";
    let logons = |count, is_locked| FailedLogons { count, threshold: 3, is_locked, remembered: 1800 };
    let asked = |found: Result<FailedLogons, &'static str>| {
        let mut fake = Fake::default().file("i.toml", inventory);
        fake.failed_logons.insert("AD\\svc".to_owned(), found);
        let error = run(&request(&["a,b,c,d"], &["i.toml"]), &mut fake).err().map(|errors| errors.to_string());
        assert_eq!(fake.asked_logons, ["AD\\svc", "ada@ad"], "each once, and no account of a host");
        (error, fake.warned)
    };
    let (error, _) = asked(Ok(logons(2, false)));
    let error = error.expect("the last try");
    assert!(
        error.starts_with("'AD\\svc' is not tried: 2 of 3 failed logons, so one more locks the account"),
        "{error}"
    );
    assert!(error.contains("or wait 31 minutes"), "{error}");
    let (error, _) = asked(Ok(logons(3, true)));
    assert!(error.is_some_and(|error| error.contains("has locked the account") && error.contains("Unlock-ADAccount")));
    assert_eq!(asked(Ok(logons(1, false))), (None, Vec::new()));
    let (error, warned) = asked(Err("it is silent"));
    assert_eq!((error, warned.len()), (None, 1));
    assert!(warned[0].contains("failed logons of 'AD\\svc' are not known: it is silent"), "{warned:?}");
}
