//! `password_from = "laps"`: each host's own local administrator.

use jiff::Timestamp;

use super::*;
use crate::directory::LocalAdmin;

fn clear(account: Option<&str>, password: &str) -> Laps {
    let (account, password) = (account.map(str::to_owned), Secret::new(password.to_owned()));
    Laps::Clear(LocalAdmin { account, password, expires: None })
}

fn fake(inventory: &str, laps: &[(&str, Laps)]) -> Fake {
    let laps = laps.iter().map(|(host, laps)| ((*host).to_owned(), laps.clone())).collect();
    Fake { laps, ..Fake::default().file("i.toml", inventory) }
}

/// Users and passwords of the hosts.
fn found(fake: &mut Fake, request: &Request) -> Result<Vec<String>, String> {
    let resolved = run(request, fake).map_err(|errors| errors.to_string())?;
    let shown = |target: &Arc<Target>| {
        let credential = target.credential.as_ref()?;
        Some(format!("{} {}", credential.user()?, credential.password()?.expose()))
    };
    Ok(resolved.targets.iter().filter_map(shown).collect())
}

const LAPS: &str = "[defaults]\npassword_from = 'laps'\n[hosts.w1]\n[hosts.w2]\naddress = 'w2.contoso.com'\n";

#[test]
fn each_host_has_an_account_of_its_own() {
    let laps = [("w1", clear(Some("LapsAdmin"), "1")), ("w2", clear(None, "1"))];
    let mut fake = fake(LAPS, &laps);
    let all = request(&["w1,w2"], &["i.toml"]);
    assert_eq!(found(&mut fake, &all), Ok(vec![".\\LapsAdmin 1".to_owned(), ".\\Administrator 1".to_owned()]));
    let sought = |name: &str, address: &str| Sought { name: name.to_owned(), address: address.to_owned() };
    assert_eq!(fake.asked_laps, [sought("w1", "w1"), sought("w2", "w2.contoso.com")], "all at once");
    assert_eq!(fake.asked_logons, [""; 0], "no account of a domain");
    fake.laps.insert("w2".to_owned(), clear(Some("LapsAdmin"), "1"));
    let targets = run(&all, &mut fake).expect("targets").targets;
    let [one, other] = [0, 1].map(|place: usize| targets[place].credential.clone().expect("a credential"));
    assert_eq!(one, other);
    assert!(!Arc::ptr_eq(&one, &other), "equal by chance: what one host refuses says nothing of the other");
}

#[test]
fn a_user_that_is_named_is_the_hosts_own() {
    let user = |user: &str, more: &str| {
        let mut fake = fake(
            &format!("[hosts.w1]\nuser = '{user}'\npassword_from = 'laps'\n{more}"),
            &[("w1", clear(Some("Adm"), "1"))],
        );
        found(&mut fake, &request(&["w1"], &["i.toml"])).map(|found| found.concat())
    };
    for (named, more, logon) in [
        (".\\adm", "", ".\\adm 1"),
        ("adm", "", ".\\adm 1"),
        ("W1\\Adm", "", ".\\Adm 1"),
        ("SRV\\Adm", "address = 'srv.contoso.com'\n", ".\\Adm 1"),
        ("adm", "transport = 'ssh'\n", "adm 1"),
        ("adm", "auth = 'basic'\ntls = true\n", "adm 1"),
    ] {
        assert_eq!(user(named, more), Ok(logon.to_owned()), "{named}");
    }
    for named in ["CONTOSO\\ada", "ada@contoso.com"] {
        let error = user(named, "").expect_err("of a domain");
        assert!(error.contains(&format!("w1: '{named}' is an account of a domain")), "{error}");
    }
    let error = user("Administrator", "").expect_err("another account");
    assert!(error.contains("has that of 'Adm', not of 'Administrator' (host w1 in i.toml:3)"), "{error}");
    let error = user("adm", "auth = 'kerberos'\n").expect_err("no account of a realm");
    assert!(error.contains("w1: Kerberos knows no local accounts"), "{error}");
}

#[test]
fn hosts_without_a_password_are_named_together() {
    let inventory = "[defaults]\npassword_from = 'laps'\n[groups.web]\nhosts = ['w[1-9]']\n";
    let laps = [
        ("w1", clear(None, "1")),
        ("w2", Laps::Encrypted),
        ("w3", Laps::Nothing),
        ("w4", Laps::Nothing),
        ("w5", Laps::Hidden),
        ("w6", Laps::Several),
        ("w7", Laps::Damaged),
        ("w8", clear(None, "a\nb")),
    ];
    let error = found(&mut fake(inventory, &laps), &request(&["@web"], &["i.toml"])).expect_err("no passwords");
    for what in [
        "of w2: the directory has it encrypted (msLAPS-EncryptedPassword)",
        "of w[3-4]: the directory shows 'reader' none: there is none, or the right to read it is missing",
        "of w5: the directory has one, and does not show it to 'reader'",
        "of w6: the directory has several computers of that name",
        "of w7: what the directory has is no password of LAPS",
        "of w8: the directory's has several lines",
        "of w9: no directory of this run has such a computer (defaults in i.toml:2)",
        "hint: Set-LapsADReadPasswordPermission",
    ] {
        assert!(error.contains(what), "{what}: {error}");
    }
    let error = found(&mut fake(inventory, &[]), &request(&["@web"], &["i.toml"])).expect_err("no directory");
    let silent =
        "no password for the local administrator of w[1-9]: it is silent (defaults in i.toml:2)\n  hint: wake it";
    assert_eq!(error, silent);
}

#[test]
fn a_password_that_has_expired_is_tried_and_told() {
    let expired = |seconds| {
        let expires = Timestamp::from_second(seconds).ok();
        Laps::Clear(LocalAdmin { account: None, password: Secret::new("1".to_owned()), expires })
    };
    let mut fake = fake(LAPS, &[("w1", expired(-86_400)), ("w2", expired(60))]);
    assert_eq!(found(&mut fake, &request(&["w1,w2"], &["i.toml"])).map(|found| found.len()), Ok(2));
    let told = "the LAPS password of w1 has expired (1969-12-31)";
    assert!(fake.warned.len() == 1 && fake.warned[0].starts_with(told), "{:?}", fake.warned);
}

#[test]
fn what_stands_above_the_source_comes_first() {
    let asked = Request { ask_pass: true, ..request(&["w1"], &["i.toml"]) };
    let mut fake = Fake { answers: vec!["ada", "typed"], ..fake(LAPS, &[("w1", clear(None, "1"))]) };
    assert_eq!(found(&mut fake, &asked), Ok(vec!["ada typed".to_owned()]));
    assert_eq!(fake.asked_laps, []);
    // A host that is named elsewhere needs the password of its own user alone.
    let mixed = format!("{LAPS}[hosts.db]\nuser = 'sa'\npassword_env = 'PW'\n");
    let mut fake = self::fake(&mixed, &[("w1", clear(None, "1"))]).env("PW", "of sa");
    let all = request(&["w1,db"], &["i.toml"]);
    assert_eq!(found(&mut fake, &all), Ok(vec![".\\Administrator 1".to_owned(), "sa of sa".to_owned()]));
}

#[test]
fn a_rehearsal_asks_no_directory() {
    let rehearsed = |inventory: &str| {
        let mut fake = fake(inventory, &[]);
        let request = Request { no_input: true, ..request(&["w1"], &["i.toml"]) };
        let hosts = select(&request, &Config::default(), &mut fake, &mut |_| Err(String::new())).expect("hosts");
        let logons = rehearse(&hosts, &request, &mut fake).map(|rehearsal| rehearsal.logons);
        assert_eq!(fake.asked_laps, []);
        logons.map_err(|errors| errors.to_string())
    };
    let password = Some(PasswordOrigin::From(SecretSource::Laps));
    assert_eq!(rehearsed(LAPS), Ok(vec![Logon { user: LogonUser::OfLaps, password }]));
    let error = rehearsed("[hosts.w1]\nuser = 'a@b'\npassword_from = 'laps'\n").expect_err("of a domain");
    assert!(error.starts_with("'a@b' is an account of a domain"), "{error}");
}
