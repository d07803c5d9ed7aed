//! What configuration files say, and which of them are believed.

use super::*;

/// A configuration file that walking up finds, and the user's own.
fn configured(walked: &str) -> Fake {
    let mut fake = Fake::default()
        .file("/p/psfleet.toml", walked)
        .file("/u/psfleet.toml", "port = 2\nuser = 'u'\n")
        .file("/p/i.toml", "[hosts.h]\n");
    let place = |path: &str, walked| ConfigFile { path: path.into(), walked };
    fake.configs = vec![place("/p/psfleet.toml", true), place("/psfleet.toml", true), place("/u/psfleet.toml", false)];
    fake
}

#[test]
fn configuration_is_weakest() {
    let mut fake = configured("port = 1\nca = 'ca.pem'\ninventory = 'i.toml'\nthrottle = 7\n");
    let config = Config::load(&mut fake, &[FileKey::harmless("throttle")]).unwrap();
    let paths = config.inventories.iter().map(|inventory| inventory.path.as_path());
    assert_eq!(paths.collect::<Vec<_>>(), [Path::new("/p/i.toml")]);
    assert_eq!(config.others["throttle"].value.as_text().as_deref(), Some("7"));
    assert_eq!(config.warnings, [""; 0]);
    assert_eq!(
        shown(&config.connection),
        ["port=1 /p/psfleet.toml:1", "user=u /u/psfleet.toml:2", "ca=/p/ca.pem /p/psfleet.toml:2"]
    );
    let mistakes = Config::load(&mut fake, &[]).unwrap_err();
    assert!(mistakes[0].to_string().contains("unknown key 'throttle'"), "{mistakes:?}");
    let hosts = select(&request(&["@all"], &[]), &config, &mut fake, &mut |_| Err(String::new())).unwrap();
    assert_eq!(hosts[0].effective.connection.port.as_ref().unwrap().value, 1);
}

#[test]
fn a_configuration_that_others_could_have_written_decides_nothing() {
    let keys = "transport = 'local'\naddress = 'evil'\nauth = 'basic'\nport = 1\nuser = 'evil'\npassword_env = 'PATH'\n\
                identity = 'k'\njump = 'evil'\nhost_keys = 'accept-new'\nknown_hosts = 'k'\nsubsystem = 's'\nexec = \
                'e'\n\
                configuration_name = 'c'\nurl_path = '/x'\npwsh = './evil.sh'\ntls = false\nca = 'ca.pem'\n\
                insecure = true\ntrusted_hosts = '*'\nallow_unencrypted = true\nuntrusted = 'allow'\n";
    let harmless = "timeout = '1m'\nthrottle = 7\noutput = 'csv'\ncolor = 'never'\n";
    let others = ["throttle", "output", "color"].map(FileKey::harmless).into_iter();
    let others: Vec<_> = others.chain(["auth_fail_limit", "csv_raw", "brand_new"].map(FileKey::weighty)).collect();
    let mut fake = configured(&format!(
        "{keys}{harmless}inventory = ['i.toml']\nauth_fail_limit = 99\ncsv_raw = true\nbrand_new = 1\n"
    ));
    fake.exposed.insert("/p/psfleet.toml".into(), "others can write it");
    let config = Config::load(&mut fake, &others).unwrap();
    assert_eq!(
        shown(&config.connection),
        ["port=2 /u/psfleet.toml:1", "user=u /u/psfleet.toml:2", "timeout=1m /p/psfleet.toml:22"]
    );
    assert_eq!(config.others.keys().collect::<Vec<_>>(), ["color", "output", "throttle"]);
    assert_eq!(config.inventories, []);
    assert_eq!(
        config.warnings,
        ["/p/psfleet.toml: ignored address, transport, auth, port, user, password_env, identity, jump, host_keys, \
          known_hosts, subsystem, exec, configuration_name, url_path, pwsh, tls, ca, insecure, trusted_hosts, \
          allow_unencrypted, untrusted, inventory, auth_fail_limit, brand_new, csv_raw, because others can write it"]
    );
    let error = run(&request(&["@all"], &[]), &mut Fake::default()).unwrap_err().to_string();
    assert!(error.contains("'@all' names no host") && error.contains("there is no inventory"), "{error}");
    // It must not be able to stop us either, and the user's own file is not better off.
    let mut broken = configured("port = [[[\nnonsense = 1\n");
    broken
        .exposed
        .extend([("/p/psfleet.toml".into(), "others can write it"), ("/u/psfleet.toml".into(), "of another")]);
    let config = Config::load(&mut broken, &[]).unwrap();
    assert_eq!(
        config.warnings,
        [
            "/p/psfleet.toml: ignored entirely, because others can write it",
            "/u/psfleet.toml: ignored port, user, because of another"
        ]
    );
    let mut harmless = configured("timeout = '1m'\n");
    harmless.exposed.insert("/p/psfleet.toml".into(), "others can write it");
    assert_eq!(Config::load(&mut harmless, &[]).unwrap().warnings, [""; 0]);
}

/// A value that each connection key takes.
fn value_of(key: &str) -> &'static str {
    match key {
        "transport" => "'ssh'",
        "auth" => "'basic'",
        "port" => "7",
        "host_keys" => "'accept-new'",
        "ntlm" | "untrusted" => "'allow'",
        "tls_pin" => "'0000000000000000000000000000000000000000000000000000000000000000'",
        "tls_min" => "'1.3'",
        "password_from" => "'command:evil'",
        "connect_timeout" | "open_timeout" | "timeout" => "'7s'",
        "delegate" | "identities_only" | "tls" | "insecure" | "allow_unencrypted" => "true",
        _ => "'evil'",
    }
}

#[test]
fn only_limits_of_time_are_taken_of_connection_keys_from_what_others_could_have_written() {
    let harmless = ["connect_timeout", "open_timeout", "timeout"];
    assert_eq!(Connection::HARMLESS, harmless);
    let own = ["port=2 /u/psfleet.toml:1", "user=u /u/psfleet.toml:2"];
    for &key in Connection::KEYS.iter().filter(|key| **key != "password") {
        let mut fake = configured(&format!("{key} = {}\n", value_of(key)));
        let free = shown(&Config::load(&mut fake, &[]).unwrap_or_else(|errors| panic!("{key}: {errors:?}")).connection);
        assert!(free.iter().any(|setting| setting.starts_with(&format!("{key}="))), "{key}: {free:?}");
        fake.exposed.insert("/p/psfleet.toml".into(), "others can write it");
        let config = Config::load(&mut fake, &[]).unwrap();
        if harmless.contains(&key) {
            assert_eq!((shown(&config.connection), config.warnings.len()), (free, 0), "{key}");
        } else {
            assert_eq!(shown(&config.connection), own, "{key}");
            let warning = format!("/p/psfleet.toml: ignored {key}, because others can write it");
            assert_eq!(config.warnings, [warning]);
        }
    }
}

#[test]
fn an_inventory_that_was_found_and_that_others_could_have_written_is_ignored() {
    let mut fake = configured("inventory = ['i.toml', 'good.toml']\n").file("/p/good.toml", "[hosts.good]\n");
    fake.exposed.insert("/p/i.toml".into(), "others can write it");
    let config = Config::load(&mut fake, &[]).unwrap();
    let mut sandbox = |_: &serde_json::Map<String, serde_json::Value>| Err(String::new());
    let mut names = |request: &Request, fake: &mut Fake| {
        let hosts = select(request, &config, fake, &mut sandbox);
        hosts.map_or_else(|errors| errors.to_string(), |hosts| fold(hosts.iter().map(|host| host.name.as_ref())))
    };
    assert_eq!(names(&request(&["@all"], &[]), &mut fake), "good");
    assert_eq!(
        fake.warned,
        ["/p/i.toml: ignored entirely, because others can write it; to use it anyway, name it with -i"]
    );
    fake.warned.clear();
    assert_eq!(names(&request(&["@all"], &["/p/i.toml"]), &mut fake), "h");
    assert_eq!(names(&request(&["@/p/i.toml"], &[]), &mut fake), "h");
    assert_eq!(fake.warned.len(), 1, "named by a flag or an expression it is the user's word: {:?}", fake.warned);
}

#[test]
fn an_inventory_that_a_configuration_names_in_vain_stops_the_run() {
    for (inventory, at, file) in [
        ("'fleet.toml'", "1:13", "/p/fleet.toml"),
        ("['i.toml', 'i.tmol']", "1:24", "/p/i.tmol"),
        ("[\n  '/else/hosts.csv',\n]", "2:3", "/else/hosts.csv"),
        ("'../@all'", "1:13", "/p/../@all"),
    ] {
        let mut fake = configured(&format!("inventory = {inventory}\n"));
        let config = Config::load(&mut fake, &[]).unwrap();
        let found = select(&request(&["h"], &[]), &config, &mut fake, &mut |_| Err(String::new()));
        let error = found.expect_err("a mistake");
        assert_eq!(error.exit_code(), 2);
        assert_eq!(error.to_string(), format!("/p/psfleet.toml:{at}: inventory: {file}: there is no such file"));
        assert_eq!(fake.warned, [""; 0]);
        // Where a flag names another inventory, nobody asks for this one.
        assert!(select(&request(&["h"], &["/p/i.toml"]), &config, &mut fake, &mut |_| Err(String::new())).is_ok());
    }
}

#[test]
fn files_that_settings_name_are_looked_at_before_the_run() {
    let inventory = "[defaults]\nuser = 'u'\nca = 'ca.pem'\n[groups.lin]\nhosts = ['lin[1-9]']\ntransport = 'ssh'\n\
                     identity = ['k1', 'k2']\nknown_hosts = 'kh'\n[groups.win]\nhosts = ['win[1-9]']\ntls = true\n\
                     [hosts.own]\ntls = true\nca = '/own.pem'\n[hosts.plain]\n";
    let fake = || Fake::default().file("d/i.toml", inventory).env("PSFLEET_PASSWORD", "pw");
    let on = |targets: &str| request(&[targets], &["d/i.toml"]);
    let error = |request: &Request, wrong: &[(&str, &'static str)]| {
        let mut fake = fake();
        fake.wrong = wrong.iter().map(|(path, what)| (path.into(), *what)).collect();
        let error = run(request, &mut fake).map(|resolved| resolved.targets.len()).map_err(|errors| errors.to_string());
        let hosts = select(request, &Config::default(), &mut fake, &mut |_| Err(String::new())).expect("hosts");
        let rehearsed = rehearse(&hosts, request, &mut fake).map(|rehearsal| rehearsal.endpoints.len());
        assert_eq!(rehearsed.map_err(|errors| errors.to_string()), error);
        error
    };
    let mut whole = fake();
    assert_eq!(run(&on("@lin,@win,own"), &mut whole).unwrap().targets.len(), 19);
    let mut checked = whole.checked.take();
    checked.sort();
    assert_eq!(checked, ["/own.pem", "d/ca.pem", "d/k1", "d/k2", "d/kh"].map(PathBuf::from), "each once");
    let all = [("d/k2", "gone"), ("d/kh", "bad"), ("d/ca.pem", "gone"), ("/own.pem", "bad")];
    assert_eq!(
        error(&on("@lin,@win,own"), &all).unwrap_err(),
        "d/i.toml:7: groups > lin > identity: d/k2: gone\nd/i.toml:8: groups > lin > known_hosts: d/kh: bad\n\
         d/i.toml:3: defaults > ca: d/ca.pem: gone\nd/i.toml:14: own > ca: /own.pem: bad"
    );
    assert_eq!(error(&on("plain"), &all), Ok(1), "without TLS no authority is asked");
    let flags = Connection { ca: flag("f.pem".into()), identity: flag(vec!["f".into()]), ..Connection::default() };
    let request = Request { settings: flags, ..on("@lin,@win") };
    assert_eq!(error(&request, &[("f", "bad"), ("f.pem", "gone")]).unwrap_err(), "--flag: f: bad\n--flag: f.pem: gone");
}
