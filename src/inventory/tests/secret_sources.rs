//! Where passwords come from: `password_from` and its like.

use super::*;

const INVENTORY: &str = "[defaults]\nuser = 'ada'\npassword_from = 'file:ada'\n\
                         [groups.web]\nhosts = ['w[1-500]']\nuser = 'svc'\npassword_from = 'command:pass show svc'\n\
                         [hosts.db]\nuser = 'sa'\npassword_from = ['op', 'read', 'op://it/db one']\n\
                         [hosts.old]\nuser = 'svc'\npassword_from = 'vault:secret/old#password'\n\
                         [hosts.own]\nuser = 'svc'\npassword_from = 'prompt'\n[hosts.also]\nuser = 'bob'\n\
                         password_from = 'prompt'\n[hosts.any]\n";

fn fake() -> Fake {
    let mut fake = Fake::default().file("i.toml", INVENTORY);
    for (source, secret) in [
        ("file:ada", Ok("of the file")),
        ("command:pass show svc", Ok("of pass")),
        ("command:op read 'op://it/db one'", Ok("of op")),
        ("vault:secret/old#password", Err("the server says 403")),
        ("keyring:svc", Ok("of the keyring")),
    ] {
        fake.secrets.insert(source.to_owned(), secret);
    }
    fake
}

fn passwords(request: &Request, fake: &mut Fake) -> Result<Vec<String>, String> {
    let resolved = run(request, fake).map_err(|errors| errors.to_string())?;
    let password = |target: &Arc<Target>| target.credential.as_ref()?.password().map(|text| text.expose().clone());
    let mut passwords: Vec<String> = resolved.targets.iter().filter_map(password).collect();
    passwords.dedup();
    Ok(passwords)
}

#[test]
fn each_source_is_opened_once_however_many_hosts_use_it() {
    let mut fake = fake();
    let found = passwords(&request(&["@web", "db", "any", "w7"], &["i.toml"]), &mut fake);
    assert_eq!(found, Ok(vec!["of pass".to_owned(), "of op".to_owned(), "of the file".to_owned()]));
    assert_eq!(fake.opened, ["command:pass show svc", "command:op read 'op://it/db one'", "file:ada"]);
    assert_eq!(fake.asked, [""; 0]);
}

#[test]
fn a_source_that_fails_names_the_key_that_names_it() {
    let mut fake = fake();
    let error = passwords(&request(&["old", "any"], &["i.toml"]), &mut fake).unwrap_err();
    assert_eq!(error, "no password for 'svc': the server says 403 (host old in i.toml:13)\n  hint: look there");
    fake.secrets.insert("file:ada".to_owned(), Ok(""));
    let error = passwords(&request(&["any"], &["i.toml"]), &mut fake).unwrap_err();
    assert_eq!(error, "no password for 'ada': file:ada is empty (defaults in i.toml:3)");
    fake.secrets.insert("command:pass show svc".to_owned(), Ok("of pass\nuser: svc\n"));
    let error = passwords(&request(&["w1"], &["i.toml"]), &mut fake).unwrap_err();
    assert!(error.contains("what the program 'pass' writes has several lines, and a password is one"), "{error}");
    assert!(!error.contains("of pass"), "{error}");
    let mut fake = Fake { answers: vec![""], ..self::fake() };
    let error = passwords(&request(&["own"], &["i.toml"]), &mut fake).unwrap_err();
    assert_eq!(error, "no password for 'svc': none was entered (host own in i.toml:16)");
}

#[test]
fn every_user_of_a_source_that_fails_is_named() {
    let inventory = "[hosts.a]\nuser = 'ann'\npassword_from = 'env:PW'\n[hosts.b]\nuser = 'bob'\npassword_env = 'PW'\n";
    let mut fake = Fake::default().file("i.toml", inventory).env("PW", "a\nb");
    let error = passwords(&request(&["a", "b"], &["i.toml"]), &mut fake).unwrap_err();
    for place in ["'ann': the variable PW has several lines", "(host a in i.toml:3)", "'bob': ", "(host b in i.toml:6)"]
    {
        assert!(error.contains(place), "{error}");
    }
}

#[test]
fn a_certificate_is_opened_by_the_passphrase_of_each_source() {
    let logon = |host: &str, from: &str| {
        format!("[hosts.{host}]\ntls = true\nauth = 'certificate'\ncertificate = 'c.pfx'\npassword_from = '{from}'\n")
    };
    let inventory = [logon("a", "file:one"), logon("b", "file:two"), logon("c", "file:one")].concat();
    // Nobody knows what a damaged archive would open by.
    let mut fake = Fake::default().file("i.toml", &inventory).file("c.pfx", "0 damaged");
    fake.secrets.insert("file:one".to_owned(), Ok("1"));
    fake.secrets.insert("file:two".to_owned(), Err("the keyring is locked"));
    let error = passwords(&request(&["a", "b", "c"], &["i.toml"]), &mut fake).unwrap_err();
    assert!(error.contains("it is not a PKCS#12 archive") && error.contains("the keyring is locked"), "{error}");
    assert_eq!(fake.opened, ["file:one", "file:two"]);
}

#[test]
fn the_terminal_is_asked_once_for_each_user_that_says_so() {
    let mut fake = Fake { answers: vec!["one", "two"], ..fake() };
    let found = passwords(&request(&["own", "also"], &["i.toml"]), &mut fake);
    assert_eq!(found, Ok(vec!["one".to_owned(), "two".to_owned()]));
    assert_eq!(fake.asked, ["Password for svc: ", "Password for bob: "]);
    let error = passwords(&request(&["own"], &["i.toml"]), &mut self::fake()).unwrap_err();
    assert_eq!(error, "no password for 'svc': there is nobody to ask (host own in i.toml:16)");
}

#[test]
fn a_flag_stands_above_inventories_and_the_variable_of_the_run() {
    let settings = Connection {
        user: flag("svc".to_owned()),
        password_from: flag(SecretSource::Keyring("svc".to_owned())),
        ..Connection::default()
    };
    let of_flag = Request { settings, ..request(&["w1", "any"], &["i.toml"]) };
    let mut fake = fake().env("PSFLEET_PASSWORD", "of the environment");
    assert_eq!(passwords(&of_flag, &mut fake), Ok(vec!["of the keyring".to_owned()]));
    assert_eq!(fake.opened, ["keyring:svc"]);
    let asked = Request { ask_pass: true, ..of_flag };
    let mut fake = Fake { answers: vec!["typed"], ..fake };
    assert_eq!(passwords(&asked, &mut fake), Ok(vec!["typed".to_owned()]));
}

#[test]
fn two_sources_in_one_place_are_a_mistake() {
    let inventory = "[hosts.h]\nuser = 'u'\npassword_env = 'PW'\npassword_from = 'prompt'\n";
    let mut fake = Fake::default().file("i.toml", inventory).env("PW", "x");
    let error = passwords(&request(&["h"], &["i.toml"]), &mut fake).unwrap_err();
    let both = "password_env (host h in i.toml:3), password_from (host h in i.toml:4)";
    assert!(error.starts_with(&format!("h: the password has several sources: {both}")), "{error}");
}

#[test]
fn a_rehearsal_opens_nothing() {
    let mut fake = fake();
    let request = request(&["w1", "db"], &["i.toml"]);
    let hosts = select(&request, &Config::default(), &mut fake, &mut |_| Err(String::new())).expect("hosts");
    let logons = rehearse(&hosts, &request, &mut fake).expect("logons").logons;
    let from = |text: &str| Some(PasswordOrigin::From(SecretSource::parse(text).expect("a source")));
    assert_eq!(logons[0].password, from("command:pass show svc"));
    assert_eq!(fake.opened, [""; 0]);
}

#[test]
fn what_is_no_source_is_a_mistake_that_repeats_nothing() {
    let mut fake = Fake::default().file("i.toml", "[hosts.h]\nuser = 'u'\npassword_from = 'hunter2'\n");
    let error = passwords(&request(&["h"], &["i.toml"]), &mut fake).unwrap_err();
    assert!(
        error.starts_with("i.toml:3") && error.contains("command:PROGRAM") && !error.contains("hunter2"),
        "{error}"
    );
}
