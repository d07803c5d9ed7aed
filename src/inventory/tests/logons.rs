//! Whom hosts are logged on to as, and whose password serves whom.

use super::*;

#[test]
fn a_password_belongs_to_one_user() {
    let inventory = "[defaults]\nuser = 'a'\npassword_env = 'A'\n[groups.g]\nhosts = ['g1', 'g2']\nuser = 'b'\n";
    let resolved = |request: &Request, env: &[(&str, &str)]| {
        let mut fake = Fake::default().file("i.toml", inventory);
        env.iter().for_each(|(name, value)| drop(fake.env.insert((*name).to_owned(), (*value).to_owned())));
        run(request, &mut fake)
    };
    let both = request(&["h,@g"], &["i.toml"]);
    let error = resolved(&both, &[("A", "1"), ("PSFLEET_PASSWORD", "2")]).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().starts_with("no password for 'b': one password cannot serve"), "{error}");
    let group = resolved(&request(&["@g"], &["i.toml"]), &[("PSFLEET_PASSWORD", "2")]).unwrap();
    let credentials: Vec<_> = group.targets.iter().map(|target| target.credential.clone().unwrap()).collect();
    assert_eq!((credentials[0].user().unwrap(), credentials[0].password().unwrap().expose().as_str()), ("b", "2"));
    assert!(std::sync::Arc::ptr_eq(&credentials[0], &credentials[1]));
    let missing = resolved(&request(&["h"], &["i.toml"]), &[]).unwrap_err();
    assert_eq!(missing.to_string(), "no password for 'a': the variable A is not set (defaults in i.toml:3)");
}

#[test]
fn questions_are_asked_once_and_only_when_somebody_is_there() {
    let mut fake = Fake { answers: vec!["me", "pw"], ..Fake::default() };
    let resolved = run(&request(&["h[1-3]"], &[]), &mut fake).unwrap();
    assert_eq!(fake.asked, ["User: ", "Password for me: "]);
    assert!(
        resolved.targets.iter().all(|target| target.credential.as_ref().is_some_and(|who| who.user() == Some("me")))
    );
    let mut fake = Fake { answers: vec!["me", "pw"], ..Fake::default() };
    let quiet = Request { no_input: true, ..request(&["h[1-3]"], &[]) };
    assert!(run(&quiet, &mut fake).unwrap_err().to_string().starts_with("no user for h[1-3]"));
    assert!(fake.asked.is_empty());
    let ssh = run(&request(&["ssh://h"], &[]), &mut Fake::default()).unwrap();
    assert_eq!(ssh.targets[0].credential, None);
}

/// Whom a run would log on as, and what asks for; the same problems as of the run itself.
fn rehearsed(request: &Request, mut fake: Fake) -> Result<Vec<Logon>, String> {
    let hosts = select(request, &Config::default(), &mut fake, &mut |_| Err(String::new())).expect("hosts");
    let rehearsed = rehearse(&hosts, request, &mut fake);
    let logons = rehearsed.map(|rehearsal| rehearsal.logons).map_err(|errors| errors.to_string());
    assert!(fake.asked.is_empty(), "{:?}", fake.asked);
    // Each question has an answer, so that only what is wrong fails.
    let run = run(request, &mut fake);
    assert_eq!(run.err().map(|errors| errors.to_string()), logons.as_ref().err().cloned());
    logons
}

#[test]
fn a_rehearsal_finds_what_the_run_would() {
    let inventory = "[groups.web]\nhosts = ['w1', 'w2']\nuser = 'a'\npassword_env = 'A'\n[hosts.db]\nuser = 'b'\n\
                     [hosts.own]\nuser = 'c'\npassword = 'hunter2'\n[hosts.lin]\ntransport = 'ssh'\n\
                     [hosts.here]\ntransport = 'local'\n[hosts.nobody]\n";
    let fake = || Fake::default().file("i.toml", inventory).env("A", "1");
    let asks = || Fake { answers: vec!["me", "pw"], ..fake() };
    let on = |targets: &str| request(&[targets], &["i.toml"]);
    let named = |user: &str| LogonUser::Named(user.to_owned());
    let variable = |name: &str| PasswordOrigin::From(SecretSource::Variable(name.to_owned()));
    let prompt = || PasswordOrigin::From(SecretSource::Prompt);
    for (targets, fake, user, password) in [
        ("w1", fake(), named("a"), Some(variable("A"))),
        ("own", fake(), named("c"), Some(PasswordOrigin::Inventory)),
        ("db", fake().env("PSFLEET_PASSWORD", "2"), named("b"), Some(variable("PSFLEET_PASSWORD"))),
        ("db", Fake { answers: vec!["pw"], ..fake() }, named("b"), Some(prompt())),
        ("lin", fake(), LogonUser::Own, Some(PasswordOrigin::Keys)),
        ("here", fake(), LogonUser::Own, None),
        ("nobody", asks(), LogonUser::Asked, Some(prompt())),
    ] {
        assert_eq!(rehearsed(&on(targets), fake), Ok(vec![Logon { user, password }]), "{targets}");
    }
    let error = |targets: &str, fake: Fake| rehearsed(&on(targets), fake).unwrap_err();
    assert!(error("nobody,lin", fake()).starts_with("no user for nobody: WinRM needs one, and there is nobody to ask"));
    assert!(error("db", fake()).starts_with("no password for 'b', and there is nobody to ask"));
    let several = error("db,w1", fake().env("PSFLEET_PASSWORD", "2"));
    assert!(several.starts_with("no password for 'b': one password cannot serve the several users"), "{several}");
    let unset = error("w1", Fake::default().file("i.toml", inventory));
    assert!(unset.starts_with("no password for 'a': the variable A is not set"), "{unset}");
    let untold = Request { no_input: true, ..on("nobody") };
    assert!(rehearsed(&untold, asks()).unwrap_err().starts_with("no user for nobody"));
}

/// Flag, environment, inventory: so it is with the password of the user that a flag or a variable names.
#[test]
fn the_password_of_the_environment_stands_above_inventories() {
    let inventory = "[hosts.own]\nuser = 'c'\npassword = 'inline'\n[hosts.env]\nuser = 'c'\npassword_env = 'C'\n\
                     [hosts.lin]\ntransport = 'ssh'\nuser = 'c'\npassword = 'inline'\n[hosts.other]\nuser = \
                     'd'\npassword_env = 'D'\n";
    let found = |targets: &str, user: Option<Source>, password: Option<&str>, ask_pass: bool| {
        let settings =
            Connection { user: user.map(|source| Given::new("c".to_owned(), source)), ..Connection::default() };
        let request = Request { settings, ask_pass, ..request(&[targets], &["i.toml"]) };
        let mut fake =
            Fake { answers: vec!["asked"], ..Fake::default() }.file("i.toml", inventory).env("C", "c").env("D", "d");
        if let Some(password) = password {
            fake = fake.env("PSFLEET_PASSWORD", password);
        }
        let resolved = run(&request, &mut fake).unwrap_or_else(|errors| panic!("{targets}: {errors}"));
        let password = |target: &Arc<Target>| target.credential.as_ref()?.password().map(|text| text.expose().clone());
        resolved.targets.iter().map(|target| password(target).unwrap_or_default()).collect::<Vec<_>>().join(" ")
    };
    let (flag, variable) = (|| Some(Source::Flag("--user")), || Some(Source::Env("PSFLEET_USER".to_owned())));
    assert_eq!(found("own,env,lin", flag(), Some("pw"), false), "pw pw pw");
    assert_eq!(found("own,env,lin", variable(), Some("pw"), false), "pw pw pw");
    assert_eq!(found("own,env,lin", flag(), None, false), "inline c inline");
    assert_eq!(found("own", flag(), Some("pw"), true), "asked");
    // For a user of the inventory, its own source.
    assert_eq!(found("own,env,other", None, Some("pw"), false), "inline c d");
}

#[test]
fn passwords_stand_in_private_files_only() {
    let inventory = "[hosts.h]\nuser = 'u'\npassword = 'hunter2'\n";
    let mut fake = Fake::default().file("i.toml", inventory);
    let resolved = run(&request(&["h"], &["i.toml"]), &mut fake).unwrap();
    assert_eq!(resolved.targets[0].credential.as_ref().unwrap().password().unwrap().expose(), "hunter2");
    fake.files.insert("i.toml".into(), (inventory.to_owned(), false));
    let error = run(&request(&["h"], &["i.toml"]), &mut fake).unwrap_err().to_string();
    assert!(error.contains("i.toml:3") && error.contains("chmod 600") && !error.contains("hunter2"), "{error}");
}
