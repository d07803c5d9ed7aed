//! Requests against inventories in memory: nothing here touches a file, the environment or a terminal.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::pattern::matches;
use super::{Errors, Logon, LogonUser, Order, PasswordOrigin, Request, Resolved, fold, rehearse, resolve, select};
use crate::config::{
    Account, Config, ConfigFile, Connection, FileBytes, FileKey, Given, NamedFile, Source, Surroundings, Transport,
};
use crate::target::{Endpoint, Target, Tls};

/// A machine that holds what a test puts there.
#[derive(Default)]
struct Fake {
    files: HashMap<PathBuf, (String, bool)>,
    stdin: String,
    env: HashMap<String, String>,
    answers: Vec<&'static str>,
    asked: Vec<String>,
    configs: Vec<ConfigFile>,
    /// Files that others could have written, and how.
    exposed: HashMap<PathBuf, &'static str>,
    /// Files that do not hold what they must, and how often each file was looked at.
    wrong: HashMap<PathBuf, &'static str>,
    checked: std::cell::RefCell<Vec<PathBuf>>,
    warned: Vec<String>,
    drawn: u64,
}

impl Fake {
    fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), (text.to_owned(), true));
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }
}

impl Surroundings for Fake {
    fn read(&mut self, path: &Path) -> io::Result<FileBytes> {
        let (text, private) = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(FileBytes { bytes: text.clone().into_bytes(), private: *private })
    }

    fn exposure(&self, path: &Path) -> io::Result<Option<String>> {
        match self.exposed.get(path) {
            Some(how) => Ok(Some((*how).to_owned())),
            None if self.files.contains_key(path) => Ok(None),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn check(&self, _file: NamedFile, path: &Path) -> Result<(), String> {
        self.checked.borrow_mut().push(path.to_owned());
        self.wrong.get(path).map_or(Ok(()), |what| Err((*what).to_owned()))
    }

    fn warn(&mut self, warning: &str) {
        self.warned.push(warning.to_owned());
    }

    fn read_stdin(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.stdin.clone().into_bytes())
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn home(&self) -> Option<PathBuf> {
        Some(PathBuf::from("/home/me"))
    }

    fn can_ask(&self) -> bool {
        !self.answers.is_empty()
    }

    fn ask(&mut self, question: &str, _hidden: bool) -> io::Result<String> {
        self.asked.push(question.to_owned());
        Ok(self.answers.remove(0).to_owned())
    }

    fn matching(&self, pattern: &Path) -> Vec<PathBuf> {
        let pattern = pattern.to_string_lossy();
        let mut found: Vec<_> =
            self.files.keys().filter(|path| matches(&pattern, &path.to_string_lossy())).cloned().collect();
        found.sort();
        found
    }

    fn account(&self) -> Account {
        Account { user: "me".to_owned(), id: "1000".to_owned(), machine: "desk.corp".to_owned() }
    }

    fn config_files(&self) -> Vec<ConfigFile> {
        self.configs.clone()
    }

    fn random(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.drawn >> 33
    }
}

fn request(targets: &[&str], inventories: &[&str]) -> Request {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Request { targets: owned(targets), inventories: owned(inventories), ..Request::default() }
}

fn flag<T>(value: T) -> Option<Given<T>> {
    Some(Given::new(value, Source::Flag("--flag")))
}

fn run(request: &Request, fake: &mut Fake) -> Result<Resolved, Errors> {
    resolve(request, &Config::default(), fake, &mut |_| Err("no sandbox here".to_owned()))
}

/// The folded names that an expression means in an inventory, or the errors.
fn names(inventory: &str, targets: &[&str]) -> String {
    let mut fake = Fake::default().file("i.toml", inventory);
    fake.stdin = "web02 # two\nnew[1-2]\n".to_owned();
    fake.files.insert("x.csv".into(), ("Name;Site\nweb03;ber\nother;fra\n".to_owned(), true));
    let hosts = select(&request(targets, &["i.toml"]), &Config::default(), &mut fake, &mut |_| Err(String::new()));
    match hosts {
        Ok(hosts) => fold(hosts.iter().map(|host| host.name.as_ref())),
        Err(errors) => format!("{}: {errors}", errors.exit_code()),
    }
}

const FLEET: &str = r#"
[groups.web]
hosts = ["web[01-10]"]
labels = { site = "ber" }
[groups.db]
hosts = ["db[1-2]", "web10"]
[groups.prod]
children = ["web"]
[hosts."edge.dmz"]
labels = { site = "fra" }
"#;

#[test]
fn expressions_select() {
    let check = |targets: &[&str], expected: &str| assert_eq!(names(FLEET, targets), expected, "{targets:?}");
    check(&["@all"], "web[01-10],db[1-2],edge.dmz");
    check(&["@prod&@db"], "web10");
    check(&["@web!web[02-09],db1"], "web[01,10],db1");
    check(&["!web07", "@prod"], "web[01-06,08-10]");
    check(&["*.dmz,WEB01"], "web01,edge.dmz");
    check(&["label:site=f*"], "edge.dmz");
    check(&["new1,@db,new1"], "web10,db[1-2],new1");
    check(&["-"], "web02,new[1-2]");
    check(&["@x.csv&@web"], "web03");
    check(&["@x.csv"], "web03,other");
    check(&["host://edge.dmz:99"], "edge.dmz:99");
}

#[test]
fn mistakes_in_expressions_name_the_nearest_and_nobody_is_another_code() {
    assert_eq!(names(FLEET, &["@wbe"]), "2: unknown group '@wbe'\n  hint: did you mean 'web'?");
    assert_eq!(
        names(FLEET, &["edg*.dmx"]),
        "2: no host of the inventory matches 'edg*.dmx'\n  hint: did you mean 'edge.dmz'?"
    );
    assert_eq!(names(FLEET, &["label:site=bre"]), "2: no host has the label 'site=bre'\n  hint: did you mean 'ber'?");
    assert_eq!(names(FLEET, &["@web!@prod"]), "4: no target matches");
    assert!(names(FLEET, &[]).starts_with("2: no targets are named"));
    assert!(names(FLEET, &["@last:failed"]).contains("does not keep runs"));
    assert_eq!(names(FLEET, &["@missing.csv"]), "2: cannot read inventory missing.csv: there is no such file");
}

#[test]
fn all_mistakes_of_an_inventory_come_at_once() {
    let broken = "[defaults]\nprot = 1\n\n[groups.web]\nhosts = [\"web[1-\", \"ok\"]\nchildren = [\"bd\", \"web\"]\n\
                  timeout = \"ten\"\nlabels = { a = [1] }\n\n[groups.db]\n[hosts.x]\nport = 70000\naddress = \"a b\"\n[host]\n";
    insta::assert_snapshot!(names(broken, &["@all"]), @r"
    2: i.toml:2:1: defaults: unknown key 'prot'
      hint: did you mean 'port'?
    i.toml:5:10: groups > web > hosts: 'web[1-': '[' without ']'
    i.toml:6:13: groups > web > children: unknown group 'bd'
      hint: did you mean 'db'?
    i.toml:6:19: groups > web > children: group 'web' contains itself through 'web'
    i.toml:7:11: groups > web > timeout: 'ten' is not a duration; write a number and a unit such as 500ms, 15s, 10m or 2h
    i.toml:8:16: groups > web > labels > a: expected a text, found a list
    i.toml:12:8: hosts > x > port: expected a port, a number from 1 to 65535
    i.toml:13:11: hosts > x > address: 'a b' is not an address; write a name, an IPv4 or an IPv6 address
    i.toml:14:2: unknown key 'host'
      hint: did you mean 'hosts'?
    ");
}

/// The one target of an expression.
fn target(inventory: &str, request: &Request, env: &[(&str, &str)]) -> Target {
    let mut fake = Fake::default().file("i.toml", inventory).env("PSFLEET_PASSWORD", "pw");
    for (name, value) in env {
        fake = fake.env(name, value);
    }
    let resolved = run(request, &mut fake).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(resolved.targets.len(), 1);
    Target::clone(&resolved.targets[0])
}

#[test]
fn the_strongest_setting_wins() {
    let inventory = "[defaults]\nport = 1\nuser = 'd'\n[groups.up]\nchildren = ['down']\nport = 2\ntls = true\n\
                     [groups.down]\nhosts = ['h', 'i']\nport = 3\nvars = { a = 1 }\n[hosts.h]\nport = 4\nvars = { b = 2 }\n";
    let port = |request: &Request| match target(inventory, request, &[]).endpoint {
        Endpoint::Winrm(winrm) => (winrm.port, winrm.tls != Tls::Off),
        other => panic!("{other}"),
    };
    let one = |expression: &str| request(&[expression], &["i.toml"]);
    assert_eq!(port(&one("i")), (3, true));
    assert_eq!(port(&one("h")), (4, true));
    assert_eq!(port(&one("host://h:5")), (5, true));
    assert_eq!(port(&one("adhoc")), (1, false));
    let settings = Connection { port: flag(6), ..Connection::default() };
    assert_eq!(port(&Request { settings, ..one("host://h:5") }), (6, true));
    assert_eq!(target(inventory, &one("h"), &[]).vars.keys().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn unrelated_groups_that_disagree_are_named() {
    let inventory = "[groups.a]\nhosts = ['h']\nport = 1\n[groups.b]\nhosts = ['h', 'i']\nport = 2\n";
    let clash = "2: 'port' of h is not clear: group a in i.toml:3 and group b in i.toml:6 disagree\n  \
                 hint: set it on the host, or in a group below both";
    assert_eq!(names(inventory, &["h"]), clash);
    assert_eq!(names(&format!("{inventory}[hosts.h]\nport = 3\n"), &["h"]), "h");
    let below = "[groups.c]\nhosts = ['h']\nport = 3\n[groups.a2]\n";
    let tied = inventory
        .replace("[groups.a]\n", "[groups.a]\nchildren = ['c']\n")
        .replace("[groups.b]\n", "[groups.b]\nchildren = ['c']\n");
    assert_eq!(names(&format!("{tied}{below}"), &["h"]), "h");
}

#[test]
fn transports() {
    let kind = |inventory: &str, expression: &str| {
        target(inventory, &request(&[expression], &["i.toml"]), &[("USER", "me")]).endpoint.to_string()
    };
    let defaults = "[defaults]\nuser = 'u'\n";
    assert_eq!(kind(defaults, "h"), "http://h:5985/wsman");
    assert_eq!(kind(defaults, "https://h"), "https://h:5986/wsman");
    assert_eq!(kind(defaults, "ssh://h:2222"), "ssh://h:2222");
    assert_eq!(kind(defaults, "[fe80::1]"), "http://[fe80::1]:5985/wsman");
    assert_eq!(kind("[hosts.h]\ntransport = 'local'\npwsh = '~/p'\n", "h"), "local:/home/me/p");
    assert_eq!(kind("[hosts.h]\ntransport = 'ssh'\n", "host://me@h"), "ssh://h:22");
}

#[test]
fn rules_before_the_first_connection() {
    let errors = |settings: Connection, expression: &str| {
        let request = Request { settings, ..request(&[expression], &[]) };
        let mut fake = Fake::default().env("PSFLEET_PASSWORD", "pw");
        run(&request, &mut fake).map(|resolved| resolved.warnings.join("|")).unwrap_or_else(|errors| errors.to_string())
    };
    let user = Connection { user: flag("u".to_owned()), ..Connection::default() };
    let basic = Connection { auth: flag(crate::target::AuthMethod::Basic), ..user.clone() };
    assert!(errors(basic.clone(), "web[1-3]").starts_with("web[1-3]: Basic over plain HTTP"));
    let trusted = Connection { trusted_hosts: flag(vec!["web?".to_owned()]), ..basic.clone() };
    assert!(errors(trusted.clone(), "web1").starts_with("web1: Basic over plain HTTP"));
    assert_eq!(errors(Connection { allow_unencrypted: flag(true), ..trusted }, "web1"), "");
    assert_eq!(errors(Connection { tls: flag(true), ..basic }, "web1"), "");
    assert!(errors(user.clone(), "web[1-3]").starts_with("messages to web[1-3] are sealed, but"));
    let insecure = Connection { tls: flag(true), insecure: flag(true), ..user.clone() };
    assert!(errors(insecure, "web1").starts_with("INSECURE"));
    let refuse = Connection { untrusted: flag(crate::config::Untrusted::Refuse), ..user };
    assert!(errors(refuse, "web1").starts_with("web1: not in trusted_hosts"));
    let local = Connection { transport: flag(Transport::Local), ..Connection::default() };
    assert!(errors(local.clone(), "web1").starts_with("web1: transport local runs on this machine"));
    assert_eq!(errors(local, "localhost"), "");
}

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
    assert_eq!((credentials[0].user.as_str(), credentials[0].password.as_ref().unwrap().expose().as_str()), ("b", "2"));
    assert!(std::sync::Arc::ptr_eq(&credentials[0], &credentials[1]));
    let missing = resolved(&request(&["h"], &["i.toml"]), &[]).unwrap_err();
    assert_eq!(missing.to_string(), "no password for 'a': the variable A is not set (defaults in i.toml:3)");
}

#[test]
fn questions_are_asked_once_and_only_when_somebody_is_there() {
    let mut fake = Fake { answers: vec!["me", "pw"], ..Fake::default() };
    let resolved = run(&request(&["h[1-3]"], &[]), &mut fake).unwrap();
    assert_eq!(fake.asked, ["User: ", "Password for me: "]);
    assert!(resolved.targets.iter().all(|target| target.credential.as_ref().is_some_and(|who| who.user == "me")));
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
    let variable = |name: &str| PasswordOrigin::Variable(name.to_owned());
    for (targets, fake, user, password) in [
        ("w1", fake(), named("a"), Some(variable("A"))),
        ("own", fake(), named("c"), Some(PasswordOrigin::Inventory)),
        ("db", fake().env("PSFLEET_PASSWORD", "2"), named("b"), Some(variable("PSFLEET_PASSWORD"))),
        ("db", Fake { answers: vec!["pw"], ..fake() }, named("b"), Some(PasswordOrigin::Prompt)),
        ("lin", fake(), LogonUser::Own, Some(PasswordOrigin::Keys)),
        ("here", fake(), LogonUser::Own, None),
        ("nobody", asks(), LogonUser::Asked, Some(PasswordOrigin::Prompt)),
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
                     [hosts.lin]\ntransport = 'ssh'\nuser = 'c'\npassword = 'inline'\n[hosts.other]\nuser = 'd'\npassword_env = 'D'\n";
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
        let password =
            |target: &Arc<Target>| target.credential.as_ref()?.password.as_ref().map(|text| text.expose().clone());
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
    assert_eq!(resolved.targets[0].credential.as_ref().unwrap().password.as_ref().unwrap().expose(), "hunter2");
    fake.files.insert("i.toml".into(), (inventory.to_owned(), false));
    let error = run(&request(&["h"], &["i.toml"]), &mut fake).unwrap_err().to_string();
    assert!(error.contains("i.toml:3") && error.contains("chmod 600") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_sandbox_is_started_by_the_hook() {
    let mut fake = Fake::default().file("s.toml", "[sandbox]\nhosts = 2\n[defaults]\ntimeout = '1m'\n");
    fake.files.entry("s.toml".into()).and_modify(|file| file.1 = false);
    let mut started = Vec::new();
    let resolved = resolve(&request(&["@all"], &["s.toml"]), &Config::default(), &mut fake, &mut |table| {
        started.push(serde_json::Value::Object(table.clone()).to_string());
        Ok("[defaults]\naddress = '127.0.0.1'\nuser = 'u'\npassword = 'p'\n[hosts.web001]\nport = 7001\n".to_owned())
    });
    let resolved = resolved.unwrap();
    assert_eq!(started, [r#"{"hosts":2}"#]);
    assert_eq!(resolved.targets[0].endpoint.to_string(), "http://127.0.0.1:7001/wsman");
    assert_eq!(resolved.targets[0].timeouts.run.as_secs(), 60);
    assert_eq!(resolved.warnings, [""; 0]);
}

/// The SSH endpoints of hosts named with `-t`, or the errors.
fn ssh(fake: &mut Fake, targets: &[&str], inventories: &[&str]) -> String {
    match run(&request(targets, inventories), fake) {
        Ok(resolved) => {
            let shown = |target: &Arc<Target>| {
                let user =
                    target.credential.as_ref().map_or(String::new(), |credential| format!("{}@", credential.user));
                let hops = match &target.endpoint {
                    Endpoint::Ssh(ssh) => ssh.jump.iter().map(|hop| format!(" via {}", hop.server.address)).collect(),
                    _ => String::new(),
                };
                format!("{user}{}{hops}", target.endpoint)
            };
            resolved.targets.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn sections_hold_for_hosts_that_an_ssh_config_does_not_name() {
    let file = "Host a b\n  Port 2222\nHost web* !web9\n  User web\nHost * !x*\n  ConnectTimeout 5\n";
    let shown = |targets: &[&str]| ssh(&mut Fake::default().file("ssh_config", file), targets, &["ssh_config"]);
    assert_eq!(shown(&["@all"]), "ssh://a:2222, ssh://b:2222");
    assert_eq!(shown(&["web[1-2]"]), "web@ssh://web1:22, web@ssh://web2:22");
    assert_eq!(shown(&["web9"]), "ssh://web9:22");
    assert_eq!(shown(&["A"]), "ssh://a:2222");
    assert_eq!(shown(&["ssh://me@web1:22"]), "me@ssh://web1:22");
    // Nothing is said about it: it is no SSH host.
    assert!(shown(&["x1"]).contains("no user for x1: WinRM needs one"), "{}", shown(&["x1"]));
}

#[test]
fn the_users_own_ssh_config_stands_behind_inventories() {
    let file =
        "Host web*\n  HostName %h.corp\n  User ops\n  Port 2222\n  ProxyJump gate\nHost gate\n  HostName 10.0.0.1\n";
    let toml = "[hosts.web1]\ntransport = 'ssh'\nport = 22\n[hosts.win1]\nuser = 'u'\npassword = 'p'\n";
    let fake = || Fake::default().file("/home/me/.ssh/config", file).file("i.toml", toml);
    assert_eq!(ssh(&mut fake(), &["ssh://web1"], &[]), "ops@ssh://web1.corp:2222 via 10.0.0.1");
    assert_eq!(ssh(&mut fake(), &["web1"], &["i.toml"]), "ops@ssh://web1.corp:22 via 10.0.0.1");
    assert_eq!(ssh(&mut fake(), &["win1"], &["i.toml"]), "u@http://win1:5985/wsman");
    assert_eq!(ssh(&mut fake(), &["ssh://gate"], &[]), "ssh://10.0.0.1:22");
    // A name alone is not an SSH host because the user's own file has a section for it.
    assert!(ssh(&mut fake(), &["web7"], &[]).contains("WinRM needs one"));
    // An SSH configuration that is named stands for the user's own.
    let named = fake().file("ssh_config", "Host web1\n  User named\n");
    assert_eq!(ssh(&mut { named }, &["web1"], &["ssh_config"]), "named@ssh://web1:22");

    let mut open = fake();
    open.exposed.insert("/home/me/.ssh/config".into(), "others can write it");
    let refused = ssh(&mut open, &["ssh://web1"], &[]);
    assert!(
        refused.starts_with("/home/me/.ssh/config: web1: it is refused, as by ssh, because others can write it"),
        "{refused}"
    );
    assert_eq!(ssh(&mut open, &["win1"], &["i.toml"]), "u@http://win1:5985/wsman");
}

#[test]
fn a_zone_is_not_a_token() {
    let toml = "[defaults]\ntransport = 'ssh'\n[hosts.a]\naddress = 'fe80::1%home0'\n[hosts.b]\naddress = '[fe80::1%25Eth0]'\n\
                [hosts.'[fe80::2%25eth0]']\n";
    let config = "Host z\n  HostName fe80::1%%Home0\n  ProxyJump [fe80::9%%eth0]:7\nHost *\n  ConnectTimeout 5\n";
    let fake = || Fake::default().file("i.toml", toml).file("ssh_config", config);
    let mut all = fake();
    let targets = ["@all", "ssh://u@[fe80::3%25eth0]:7", "ssh://u@[fe80::4%eth0]"];
    let resolved = run(&request(&targets, &["i.toml", "ssh_config"]), &mut all).expect("targets");
    let addresses = resolved.targets.iter().map(|target| match &target.endpoint {
        Endpoint::Ssh(ssh) => {
            let hops = ssh.jump.iter().map(|hop| format!(" via {}", hop.server.address)).collect::<String>();
            format!("{}{hops}", ssh.server.address)
        }
        other => other.to_string(),
    });
    assert_eq!(
        addresses.collect::<Vec<_>>(),
        [
            "fe80::1%home0",
            "fe80::1%Eth0",
            "fe80::2%eth0",
            "fe80::1%Home0 via fe80::9%eth0",
            "fe80::3%eth0",
            "fe80::4%eth0"
        ]
    );
    let refused =
        ssh(&mut Fake::default().file("ssh_config", "Host y\n  HostName fe80::1%lo\n"), &["y"], &["ssh_config"]);
    assert!(refused.contains("HostName: %l has no meaning in 'fe80::1%lo'"), "as ssh says: {refused}");
}

#[test]
fn several_ssh_configs_hold_together() {
    let fake = || {
        Fake::default()
            .file("one_ssh_config", "Host a\n  Port 1\nHost web*\n  User one\nHost both\n  Port 11\n")
            .file(
                "two_ssh_config",
                "Host b\n  ProxyJump gate\nHost web*\n  User two\n  Port 22\nHost both\n  User two\n  Port 99\n",
            )
            .file("gates_ssh_config", "Host gate\n  HostName 10.0.0.1\n  Port 7\nHost *\n  User any\n")
    };
    let all = ["one_ssh_config", "two_ssh_config", "gates_ssh_config"];
    let shown = |targets: &[&str], files: &[&str]| ssh(&mut fake(), targets, files);
    // Hosts of each, sections of all; the first value counts, as where one file includes the next.
    assert_eq!(
        shown(&["@all"], &all),
        "any@ssh://a:1, two@ssh://both:11, any@ssh://b:22 via 10.0.0.1, any@ssh://10.0.0.1:7"
    );
    assert_eq!(shown(&["web1"], &all), "one@ssh://web1:22");
    assert_eq!(shown(&["web1"], &["two_ssh_config", "one_ssh_config"]), "two@ssh://web1:22");
    assert_eq!(shown(&["other"], &all), "any@ssh://other:22");
    assert_eq!(shown(&["b"], &all[..2]), "ssh://b:22 via gate");
    assert_eq!(shown(&["a"], &["gates_ssh_config", "one_ssh_config"]), "any@ssh://a:1");
}

#[test]
fn ssh_configs_include_others() {
    let fake = || {
        Fake::default()
            .file(
                "ssh_config",
                "Include conf.d/*\nHost b\n  Include only_b ~/more /abs/none\n  Port 1\nHost c\n  Port 3\n",
            )
            .file("/home/me/.ssh/conf.d/1", "Host a\n  User one\nHost *\n  ConnectTimeout 5\n")
            .file("/home/me/.ssh/conf.d/2", "Host a\n  User two\n  Port 7\n")
            .file("/home/me/.ssh/only_b", "User bee\nHost c\n  User wrong\n")
            .file("/home/me/more", "Port 9\n")
    };
    assert_eq!(ssh(&mut fake(), &["@all"], &["ssh_config"]), "one@ssh://a:7, bee@ssh://b:9, ssh://c:3");
    let mut circle = Fake::default().file("ssh_config", "Include c\n").file("/home/me/.ssh/c", "Host x\nInclude c c\n");
    let refused = ssh(&mut circle, &["@all"], &["ssh_config"]);
    assert!(refused.contains("/home/me/.ssh/c:2:1: files include each other without an end"), "{refused}");
    let mut open = fake();
    open.exposed.insert("/home/me/.ssh/only_b".into(), "others can write it");
    let refused = ssh(&mut open, &["@all"], &["ssh_config"]);
    assert!(refused.contains("ssh_config:3:1: cannot include /home/me/.ssh/only_b: it is refused"), "{refused}");
}

#[test]
fn what_an_ssh_config_asks_for_in_vain_is_named_with_its_line() {
    let refused = |text: &str| {
        let config = format!("Host n5\n  HostName 127.0.0.1\n{text}\n");
        ssh(&mut Fake::default().file("ssh_config", &config), &["n5"], &["ssh_config"])
    };
    for (text, what) in [
        ("  ProxyCommand /usr/bin/false", "n5: ProxyCommand is not supported: nothing is run"),
        ("Match exec /bin/true\n  Port 1", "n5: Match exec is not supported: nothing is run"),
        ("Match localnetwork 10.0.0.0/8\n  Port 1", "n5: Match localnetwork is not supported"),
        ("  BindAddress 10.0.0.1", "n5: BindAddress 10.0.0.1 is not supported"),
        ("  KnownHostsCommand /bin/keys %H", "n5: KnownHostsCommand /bin/keys %H is not supported"),
        ("  CertificateFile ~/.ssh/c-cert.pub", "n5: CertificateFile ~/.ssh/c-cert.pub is not supported"),
        ("  PKCS11Provider /lib/p.so", "n5: PKCS11Provider /lib/p.so is not supported"),
        ("  CanonicalizeHostname always", "n5: CanonicalizeHostname always is not supported"),
        ("  RevokedHostKeys /etc/revoked", "n5: RevokedHostKeys /etc/revoked is not supported"),
        ("  RefuseConnection \"gone for good\"", "n5: the connection is refused: gone for good"),
        ("  Prot 22", "unknown option 'prot'\n  hint: did you mean"),
        ("  ProxyJump n5", "n5: n5 would be its own bastion"),
    ] {
        let refused = refused(text);
        assert!(refused.starts_with("ssh_config:3:1: ") || what.contains("bastion"), "{text}: {refused}");
        assert!(refused.contains(what), "{text}: {refused}");
    }
    assert!(refused("  ProxyCommand x").contains("hint: name a bastion instead: ProxyJump in the file, or --jump"));
    for text in [
        "  ProxyCommand none",
        "  ProxyJump none\n  CertificateFile none",
        "  IgnoreUnknown pro*,x\n  Prot 22",
        "Match user root exec /bin/true\n  Port 1",
        "Host other\n  ProxyCommand /usr/bin/false",
        "  PKCS11Provider none\n  PKCS11Provider /lib/p.so",
    ] {
        assert_eq!(refused(text), "ssh://127.0.0.1:22", "{text}");
    }
    // A bastion that was named before it wins over the command, a flag too.
    assert_eq!(refused("  ProxyJump gate\n  ProxyCommand x"), "ssh://127.0.0.1:22 via gate");
    let mut fake = Fake::default().file("ssh_config", "Host n5\n  ProxyCommand x\n");
    let mut flagged = request(&["n5"], &["ssh_config"]);
    flagged.settings.jump = flag(vec![crate::config::parse_jump("gate").unwrap()]);
    assert!(
        matches!(&run(&flagged, &mut fake).unwrap().targets[0].endpoint, Endpoint::Ssh(ssh) if ssh.jump.len() == 1)
    );
}

#[test]
fn no_session_configuration_is_lost_over_ssh() {
    let fake = || Fake::default().file("i.toml", "[hosts.h]\ntransport = 'ssh'\nconfiguration_name = 'JEA'\n");
    let refused = ssh(&mut fake(), &["h"], &["i.toml"]);
    assert!(refused.starts_with("h: SSH can't choose the session configuration JEA"), "{refused}");
    assert!(refused.contains("-ConfigurationFile"), "{refused}");
    let mut usual = request(&["ssh://h"], &[]);
    usual.settings.configuration_name = flag("microsoft.powershell".to_owned());
    assert!(run(&usual, &mut fake()).is_ok());
}

#[test]
fn yaml_names_stay_as_they_are_written() {
    let yaml = |text: &str| {
        let mut fake = Fake::default().file("i.yaml", text);
        select(&request(&["@all"], &["i.yaml"]), &Config::default(), &mut fake, &mut |_| Err(String::new()))
    };
    let names = |text: &str| match yaml(text) {
        Ok(hosts) => hosts.iter().map(|host| host.name.as_ref()).collect::<Vec<_>>().join(" "),
        Err(errors) => errors.to_string(),
    };
    let odd = "010 1e3 1.10 no on 0x1F 12e5678 True 0o7";
    let list = odd.replace(' ', ", ");
    assert_eq!(names(&format!("groups:\n  g: {{hosts: [{list}]}}\n")), odd);
    assert_eq!(names(&format!("hosts: [{list}]\n")), odd);
    assert_eq!(names(&format!("[{list}]\n")), odd);
    assert_eq!(names(&odd.split(' ').map(|name| format!("- {name}\n")).collect::<String>()), odd);
    assert_eq!(names("hosts: {no: {}, 010: {}, true: ~}\n"), "no 010 true");
    assert_eq!(
        names("hosts: [~, [a], +5]\n"),
        "i.yaml:1:9: hosts: expected a name or the table of a host, found nothing\n\
        i.yaml:1:12: hosts: expected a name or the table of a host, found a list\ni.yaml:1:17: hosts: '+5' is not a host name"
    );
    let settings = "hosts:\n  h:\n    user: 007\n    auth: NTLM\n    tls: yes\n    port: 05986\n    configuration_name: on\n\
                    \x20   labels: {stage: no, rack: 1.10, live: True}\n    vars: {country: NO, ver: 1.10, o: 010, \
                    sha: 12e5678, n: 7, f: 1.5, t: true, list: [010, 7], m: 0o17}\n";
    let hosts = yaml(settings).expect("hosts");
    let effective = &hosts[0].effective;
    let shown: Vec<_> =
        effective.connection.shown().into_iter().map(|(key, value, _)| format!("{key}={value}")).collect();
    for expected in ["user=007", "auth=ntlm", "tls=true", "port=5986", "configuration_name=on"] {
        assert!(shown.iter().any(|found| found == expected), "{expected}: {shown:?}");
    }
    let labels: Vec<_> = effective.labels.iter().map(|(key, given)| format!("{key}={}", given.value)).collect();
    assert_eq!(labels, ["live=True", "rack=1.10", "stage=no"]);
    let vars: BTreeMap<_, _> = effective.vars.iter().map(|(key, given)| (key, &given.value)).collect();
    assert_eq!(
        serde_json::to_string(&vars).expect("JSON"),
        r#"{"country":"NO","f":1.5,"list":["010",7],"m":15,"n":7,"o":"010","sha":"12e5678","t":true,"ver":"1.10"}"#
    );
}

#[test]
fn json_lists_of_hosts() {
    let json = |text: &str| {
        let mut fake = Fake::default().file("i.json", text);
        let hosts =
            select(&request(&["@all"], &["i.json"]), &Config::default(), &mut fake, &mut |_| Err(String::new()));
        hosts.map_or_else(|errors| errors.to_string(), |hosts| fold(hosts.iter().map(|host| host.name.as_ref())))
    };
    assert_eq!(json(r#"["web[1-2]", "db:22", "ssh://u@c"]"#), "web[1-2],db:22,c");
    assert_eq!(json("[]"), "no target matches");
    assert_eq!(json("[null]"), "i.json:1:2: hosts: expected a name or the table of a host, found nothing");
    assert_eq!(
        json("\"web1\""),
        "i.json:1:1: expected 'hosts', 'groups' or 'defaults', or a list of hosts, found a text"
    );
}

#[test]
fn expansion_speaks_the_language_of_targets() {
    let expanded = |expressions: &[&str]| {
        let mut fake = Fake { stdin: "web2\nweb[1-3] # three\n".to_owned(), ..Fake::default() };
        let texts: Vec<String> = expressions.iter().map(|text| (*text).to_owned()).collect();
        super::names(&texts, &mut fake).map_or_else(
            |errors| format!("{}: {}", errors.exit_code(), errors.to_string().lines().next().unwrap_or_default()),
            |names| names.join(" "),
        )
    };
    assert_eq!(expanded(&["node[1-3]!node2"]), "node1 node3");
    assert_eq!(expanded(&["node[1-3]&node[2-5]"]), "node2 node3");
    assert_eq!(expanded(&["node[1-3,2-4]"]), "node1 node2 node3 node4");
    assert_eq!(
        expanded(&["node{1,2,3}"]),
        "2: --targets: 'node{1' is not a host name; ranges stand in square brackets: web[1-3,7]"
    );
    assert_eq!(expanded(&["b a", "c, d", "!b"]), "a c d");
    assert_eq!(expanded(&["web[1, 3] & web3"]), "web3");
    assert_eq!(expanded(&["-"]), "web2 web1 web3");
    assert_eq!(expanded(&["ssh://u@a[1-2]:22,[fe80::1]"]), "a1:22 a2:22 [fe80::1]");
    assert_eq!(expanded(&["a!a"]), "4: no target matches");
    assert_eq!(expanded(&["@web,db*"]), "2: '@web' means hosts of an inventory, and none is read here");
    assert_eq!(expanded(&["a]"]), "2: --targets: 'a]': ']' without '['");
}

/// A line for each host of a CSV file, with the settings and variables that it has; or the errors.
fn sheet(text: &str, keys: &str) -> String {
    let mut fake = Fake::default().file("d/x.csv", text);
    let request = request(&["@all"], &["d/x.csv"]);
    let hosts = match select(&request, &Config::default(), &mut fake, &mut |_| Err(String::new())) {
        Ok(hosts) => hosts,
        Err(errors) => return errors.to_string(),
    };
    let line = |host: &super::HostSettings| {
        let shown = host.effective.connection.shown();
        let setting = |key: &str| shown.iter().find(|(name, ..)| *name == key).map(|(_, value, _)| value.clone());
        let var = |key: &str| host.effective.vars.get(key).map(|given| given.value.json().to_owned());
        let cells = keys.split_whitespace().map(|key| setting(key).or_else(|| var(key)).unwrap_or("-".to_owned()));
        format!("{} {}", host.name, cells.collect::<Vec<_>>().join(" ")).trim_end().to_owned()
    };
    hosts.iter().map(line).collect::<Vec<_>>().join("; ")
}

#[test]
fn csv_rows() {
    let text = "\u{feff}Site;DNSHostName;Port;Identity\nber;web1;5986;k\n;web2;;\nber;web3;nine;\nx;web4\na;b;c;d;e\n";
    assert_eq!(
        sheet(text, ""),
        "d/x.csv:4:1: web3 > Port: expected a port, a number from 1 to 65535\n\
         d/x.csv:6:1: 5 cells, but the first row names 4 columns"
    );
    let good: String = text.lines().take(3).map(|line| format!("{line}\r\n")).collect();
    assert_eq!(sheet(&good, "Site port identity"), "web1 \"ber\" 5986 d/k; web2 \"\" 5985 -");
    // What Excel and Export-Csv write.
    assert_eq!(sheet("#TYPE System.Management.Automation.PSCustomObject\n\"ComputerName\"\n\"web1\"\n", ""), "web1");
    assert_eq!(sheet("ComputerName,Owner,Note\nweb1,a,x\nweb2,b\n", "Note"), "web1 \"x\"; web2 null");
    let excel = "ComputerName,tls,transport\nweb1,TRUE,WinRM\nweb2,False,winrm\n";
    assert_eq!(sheet(excel, "tls transport"), "web1 true winrm; web2 false winrm");
    assert_eq!(sheet("ComputerName,Auth,Host_Keys\na,NTLM,Accept-New\n", "auth host_keys"), "a ntlm accept-new");
    assert_eq!(sheet("Name,Port,\n a ,\" 5986 \",\n\n,,\nb,,\n", "port"), "a 5986; b 5985");
}

#[test]
fn csv_lines_are_those_of_the_file() {
    let text = "#TYPE x\r\nName,Note,Port\r\n\r\na,\"two\r\nlines\",x\r\nb,,y\r\n";
    assert_eq!(
        sheet(text, ""),
        "d/x.csv:4:1: a > Port: expected a port, a number from 1 to 65535\n\
         d/x.csv:6:1: b > Port: expected a port, a number from 1 to 65535"
    );
    assert_eq!(sheet("Name\na\n\"b\nc\n", ""), "d/x.csv:3:1: a quote (\") begins here and never ends");
    assert_eq!(sheet("Name,name\na,b\n", ""), "d/x.csv:1:1: the column `name` is there twice");
}

#[test]
fn csv_columns_that_name_the_host() {
    assert_eq!(sheet("Name,PSComputerName,Server\nspooler,a,s\n", "Name Server"), "a \"spooler\" \"s\"");
    assert_eq!(sheet("Server,HostName\ns,a\n", "Server"), "a \"s\"");
    let directory = "Name,DNSHostName\nWEB1,web1.corp.example\nWEB2,\n";
    assert_eq!(sheet(directory, "address DNSHostName"), "WEB1 web1.corp.example \"web1.corp.example\"; WEB2 WEB2 \"\"");
    assert_eq!(sheet("Name,DNSHostName,Address\na,a.b,10.0.0.1\n", "address"), "a 10.0.0.1");
    assert_eq!(
        sheet("ComputerName\nhost://a:1\nb:2\nfe80::1\n[fe80::2]:3\nssh://u@c\nd[1-2]:4\n", "transport address port"),
        "a:1 winrm a 1; b:2 winrm b 2; [fe80::1] winrm fe80::1 5985; [fe80::2]:3 winrm fe80::2 3; c ssh c 22; \
         d1:4 winrm d1 4; d2:4 winrm d2 4"
    );
    let twice = sheet("ComputerName,Port\na:1,2\n", "");
    assert!(twice.starts_with("d/x.csv:2:1: 'port' is set twice to different values: target host://a:1"), "{twice}");
}

/// As `Import-Csv` has it: an empty cell is an empty text, a cell that a short row lacks is null.
#[test]
fn empty_cells_are_values_that_take_nothing_away() {
    for (text, found) in [
        ("Name,Site\na,\n", "a \"\""),
        ("Name;Site;Owner\na;;x\n", "a \"\""),
        ("Name,Site\na,\"\"\nb,ber\n", "a \"\"; b \"ber\""),
        ("Name,Site\na\n", "a null"),
        ("Name,Port,Site\na,,\n", "a \"\""),
    ] {
        assert_eq!(sheet(text, "Site"), found, "{text}");
    }
    let mut fake =
        Fake::default().file("a.csv", "Name,Site,Port\nh,,\ni,,\n").file("b.csv", "Name,Site\nh,fra\n").file(
            "c.toml",
            "[defaults.vars]\nSite = 'ber'\n[hosts.h]\n[groups.g]\nhosts = ['i']\n[groups.g.vars]\nSite = 'muc'\n",
        );
    let mut of = |files: &[&str]| {
        let found = select(&request(&["h,i"], files), &Config::default(), &mut fake, &mut |_| Err(String::new()));
        let hosts = found.unwrap_or_else(|errors| panic!("{errors}"));
        hosts.iter().map(|host| host.effective.vars["Site"].value.shown()).collect::<Vec<_>>()
    };
    assert_eq!(of(&["a.csv"]), ["", ""]);
    assert_eq!(of(&["a.csv", "b.csv"]), ["fra", ""]);
    assert_eq!(of(&["b.csv", "a.csv"]), ["fra", ""]);
    assert_eq!(of(&["a.csv", "c.toml"]), ["ber", "muc"]);
}

#[test]
fn columns_choose_hosts() {
    let text = "Name,Enabled,OperatingSystem,labels.site,Labels.Rack,Port\na,True,Windows Server 2022,ber,1,1\n\
                b,False,Windows Server 2019,fra,10,\nc,,,,,\n";
    let chosen = |targets: &str, order: Option<&str>| {
        let mut fake = Fake::default().file("ad.csv", text);
        let order = order.map(|order| order.parse().expect("an order"));
        let request = Request { order, ..request(&[targets], &["ad.csv"]) };
        match select(&request, &Config::default(), &mut fake, &mut |_| Err(String::new())) {
            Ok(hosts) => hosts.iter().map(|host| host.name.to_string()).collect::<Vec<_>>().join(" "),
            Err(errors) => errors.to_string(),
        }
    };
    for (targets, found) in [
        ("label:Enabled=True", "a"),
        ("label:enabled=false", "b"),
        ("label:operatingsystem=*2019", "b"),
        ("label:site=ber", "a"),
        ("label:Site=f*", "b"),
        ("label:rack=1", "a"),
        ("label:Enabled=", "c"),
        ("@all!label:Enabled=False", "a c"),
        ("label:Enable=True", "no host has the label 'Enable=True'\n  hint: did you mean 'Enabled'?"),
        ("label:Enabled=yes", "no host has the label 'Enabled=yes'\n  hint: known values are '', False, True"),
        (
            "label:stage=prod",
            "no host has the label 'stage=prod'\n  hint: known labels and variables are Enabled, OperatingSystem, Rack, site",
        ),
    ] {
        assert_eq!(chosen(targets, None), found, "{targets}");
    }
    assert_eq!(chosen("@all", Some("label:rack")), "a b c");
    assert_eq!(chosen("@all", Some("label:operatingsystem")), "c b a");
    // A label of that name comes first, and what is not a single value is none.
    let both = "[hosts.h]\nlabels = { site = 'label' }\nvars = { site = 'var', many = ['x'], n = 7, yes = true }\n";
    let on = |targets: &str| names(both, &[targets]);
    assert_eq!([on("label:site=label"), on("label:n=7"), on("label:yes=true")], ["h", "h", "h"]);
    assert!(on("label:site=var").starts_with("2: no host has the label"));
    assert!(on("label:many=*").starts_with("2: no host has the label"));
    assert!(
        names("[hosts.h]\n", &["label:a=b"]).contains("hint: no host of the inventory has labels: write labels = {")
    );
}

#[test]
fn a_sheet_without_names_says_what_is_missing() {
    let hint =
        "\n  hint: give one column the name ComputerName (or PSComputerName, Name, HostName, DNSHostName, Server)";
    for text in ["", "\n\n", "\u{feff}", "#TYPE x\n"] {
        assert_eq!(sheet(text, ""), format!("d/x.csv: it is empty: no row names the columns{hint}"), "{text:?}");
    }
    assert_eq!(sheet("Site,Rack\na,b\n", ""), format!("d/x.csv:1:1: no column names the host; found Site, Rack{hint}"));
}

#[test]
fn urls_and_ports_stand_wherever_a_host_is_named() {
    assert_eq!(names("[groups.g]\nhosts = ['ssh://u@a', 'b:22', 'c']\n", &["@g"]), "a,b:22,c");
    assert_eq!(names("[hosts.'a:1']\nuser = 'u'\n[hosts.a]\n", &["@all"]), "a:1,a");
    assert_eq!(names("hosts = ['https://a[1-2]:1/x']\n", &["@all"]), "a[1-2]:1");
}

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

fn shown(connection: &Connection) -> Vec<String> {
    connection.shown().into_iter().map(|(key, value, from)| format!("{key}={value} {from}")).collect()
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
                identity = 'k'\njump = 'evil'\nhost_keys = 'accept-new'\nknown_hosts = 'k'\nsubsystem = 's'\nexec = 'e'\n\
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
    assert!(error.contains("'@all' names nobody") && error.contains("there is no inventory"), "{error}");
    // It must not be able to stop us either, and the user's own file is not better off.
    let mut broken = configured("port = [[[\nnonsense = 1\n");
    broken
        .exposed
        .extend([("/p/psfleet.toml".into(), "others can write it"), ("/u/psfleet.toml".into(), "of another")]);
    let config = Config::load(&mut broken, &[]).unwrap();
    assert_eq!(
        config.warnings,
        [
            "/p/psfleet.toml: ignored as a whole, because others can write it",
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
        "untrusted" => "'allow'",
        "connect_timeout" | "open_timeout" | "timeout" => "'7s'",
        "identities_only" | "tls" | "insecure" | "allow_unencrypted" => "true",
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
        ["/p/i.toml: ignored as a whole, because others can write it; to use it all the same, name it with -i"]
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

#[test]
fn names_near_to_those_of_the_inventory_get_a_hint() {
    let warned = |targets: &[&str], exclude: &[&str]| {
        let mut fake = Fake::default().file("i.toml", FLEET).env("PSFLEET_PASSWORD", "pw");
        let exclude = exclude.iter().map(|text| (*text).to_owned()).collect();
        let request = Request { exclude, ..request(targets, &["i.toml"]) };
        let _ = select(&request, &Config::default(), &mut fake, &mut |_| Err(String::new()));
        fake.warned.join("|")
    };
    let taken = |name: &str, meant: &str| {
        format!("'{name}' is not in the inventory and is taken as it is; did you mean '{meant}'?")
    };
    assert_eq!(warned(&["wbe01"], &[]), taken("wbe01", "web01"));
    assert_eq!(warned(&["web011,web03"], &[]), taken("web011", "web01"));
    assert_eq!(warned(&["web"], &[]), taken("web", "@web"));
    assert_eq!(warned(&["edge"], &[]), taken("edge", "edge.dmz"));
    assert_eq!(warned(&["WEB01.corp.example"], &[]), taken("WEB01.corp.example", "web01"));
    assert_eq!(
        warned(&["@web"], &["wbe01"]),
        "'wbe01' is not in the inventory and excludes nothing; did you mean 'web01'?"
    );
    assert_eq!(warned(&["other,10.0.0.1,web01,ssh://wbe01"], &["host99"]), "");
}

#[test]
fn nothing_to_choose_from_gets_a_hint() {
    let message = |targets: &str| run(&request(&[targets], &[]), &mut Fake::default()).unwrap_err();
    let hint = "hint: there is no inventory: name one with -i FILE, or as inventory = [\"FILE\"] in psfleet.toml";
    assert_eq!(message("@all").to_string(), format!("'@all' names nobody\n  {hint}"));
    for targets in ["@all", "@web", "web*", "label:a=b", "@all!x"] {
        let error = message(targets);
        assert_eq!(error.exit_code(), 2, "{targets}");
        assert!(error.to_string().contains("hint: there is no inventory: name one with -i FILE"), "{targets}: {error}");
    }
}

#[test]
fn draws_and_orders() {
    let names = |pick: Option<usize>, order: Option<Order>| {
        let mut fake = Fake::default()
            .file("i.toml", "[hosts.b10]\nlabels = {r = 'x2'}\n[hosts.b9]\n[hosts.a]\nlabels = {r = 'x1'}\n");
        let request = Request { pick, order, ..request(&["@all"], &["i.toml"]) };
        let hosts = select(&request, &Config::default(), &mut fake, &mut |_| Err(String::new())).unwrap();
        hosts.iter().map(|host| host.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(None, None), ["b10", "b9", "a"]);
    assert_eq!(names(None, Some(Order::Name)), ["a", "b9", "b10"]);
    assert_eq!(names(None, Some(Order::Label("r".into()))), ["a", "b10", "b9"]);
    assert_eq!(names(Some(2), None).len(), 2);
    let mut shuffled = names(None, Some(Order::Shuffle));
    shuffled.sort();
    assert_eq!(shuffled, ["a", "b10", "b9"]);
}

proptest! {
    // A few cases of each suffix are enough here, and each is a whole resolve.
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn broken_inventories_never_panic(text in r#"(\[?(groups|hosts|defaults)?\.?[a-c\[\]"=, 0-9\n'{}:-]{0,12}){0,8}"#, suffix in "toml|yaml|json|csv|txt|ssh_config") {
        let path = format!("x.{suffix}");
        let mut fake = Fake::default().file(&path, &text);
        let _ = run(&request(&["@all"], &[&path]), &mut fake);
    }

    #[test]
    fn algebra_of_expressions(one in prop::collection::btree_set(1_u32..30, 1..20), two in prop::collection::btree_set(1_u32..30, 1..20)) {
        let list = |numbers: &std::collections::BTreeSet<u32>| format!("h[{}]", numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(","));
        let expect = |numbers: Vec<u32>| match numbers.is_empty() {
            true => "4: no target matches".to_owned(),
            false => fold(numbers.iter().map(|number| format!("h{number}")).collect::<Vec<_>>().iter().map(String::as_str)),
        };
        let inventory = "[groups.all_of_them]\nhosts = ['h[1-30]']\n";
        let (a, b) = (list(&one), list(&two));
        prop_assert_eq!(names(inventory, &[&format!("{a}&{b}")]), expect(one.intersection(&two).copied().collect()));
        prop_assert_eq!(names(inventory, &[&format!("{a}!{b}")]), expect(one.difference(&two).copied().collect()));
        prop_assert_eq!(names(inventory, &[&format!("{a},{b}")]), expect(one.union(&two).copied().collect()));
        prop_assert_eq!(names(inventory, &[&a, &format!("!{b}")]), expect(one.difference(&two).copied().collect()));
    }
}

/// What `hosts list -o json` shows of each host, in short.
fn hosts_of(file: &str, text: &str) -> String {
    let mut fake = Fake::default().file(file, text);
    let hosts = select(&request(&["@all"], &[file]), &Config::default(), &mut fake, &mut |_| Err(String::new()));
    let shown = |host: &super::HostSettings| {
        let set = shown(&host.effective.connection);
        let wanted = ["address=", "port=", "user="].iter();
        let set = wanted.filter_map(|key| set.iter().find(|set| set.starts_with(key) && !set.ends_with("default")));
        let set = set.map(|set| set.split(' ').next().unwrap_or_default());
        let vars = host.effective.vars.iter().map(|(key, given)| format!("{key}={}", given.value.json()));
        let mut groups: Vec<_> = host.groups.iter().map(|group| format!("@{group}")).collect();
        groups.sort();
        let parts = std::iter::once(host.name.to_string()).chain(set.map(str::to_owned)).chain(vars).chain(groups);
        parts.collect::<Vec<_>>().join(" ")
    };
    hosts.map_or_else(|errors| errors.to_string(), |hosts| hosts.iter().map(shown).collect::<Vec<_>>().join("; "))
}

#[test]
fn hosts_of_a_list_may_be_tables() {
    let expected = "a address=10.0.0.1 port=7 rack=3 @eu @web; b; c1 user=u; c2 user=u; [fe80::1]";
    let json = r#"[{"name": "a", "address": "10.0.0.1", "port": 7, "vars": {"rack": 3}, "groups": ["web", "eu"]}, "b",
                   {"name": "c[1-2]", "user": "u"}, {"name": "fe80::1"}]"#;
    assert_eq!(hosts_of("i.json", json), expected);
    assert_eq!(hosts_of("inventory", json), expected);
    assert_eq!(hosts_of("i.json", &format!("{{\"hosts\": {json}}}")), expected);
    let yaml = "- name: a\n  address: 10.0.0.1\n  port: 7\n  vars: {rack: 3}\n  groups: [web, eu]\n- b\n\
                - {name: 'c[1-2]', user: u}\n- name: fe80::1\n";
    assert_eq!(hosts_of("i.yaml", yaml), expected);
    assert_eq!(hosts_of("inventory", yaml), expected);
    // In a group, in a TOML list, and groups of a host's own table.
    let group = "groups:\n  db:\n    hosts:\n    - name: d\n      port: 9\n    - e\n";
    assert_eq!(hosts_of("i.yaml", group), "d port=9 @db; e @db");
    assert_eq!(hosts_of("i.toml", "hosts = [{name = 'd', port = 9}, 'e']\n"), "d port=9; e");
    assert_eq!(hosts_of("i.toml", "[hosts.d]\ngroups = 'web'\n[groups.web]\nport = 9\n"), "d port=9 @web");
}

#[test]
fn what_is_written_for_another_program_gets_a_hint() {
    let found = |file: &str, text: &str| hosts_of(file, text);
    let ansible = |at: &str| {
        format!(
            "{at}: this looks like an Ansible inventory in YAML or JSON form, which this version does not read\n  hint: \
             groups stand below 'groups' here, each with a list of its hosts: groups: {{web: {{hosts: [web01, web02]}}}}"
        )
    };
    assert_eq!(found("i.yaml", "all:\n  hosts:\n    web01:\n"), ansible("i.yaml:1:1"));
    assert_eq!(
        found("i.yaml", "---\nall:\n  children:\n    web:\n      hosts:\n        web01:\n"),
        ansible("i.yaml:2:1")
    );
    assert_eq!(found("i.yml", "ungrouped:\n  hosts: {a: {}}\nweb:\n  hosts: {b: {}}\n"), ansible("i.yml:1:1"));
    assert_eq!(found("i.json", r#"{"web": {"hosts": ["a"]}, "_meta": {"hostvars": {}}}"#), ansible("i.json:1:27"));
    let below = "unknown key 'shop'\n  hint: a group stands below 'groups': groups > shop";
    assert_eq!(found("i.yaml", "shop:\n  hosts: [a]\n"), format!("i.yaml:1:1: {below}"));
    assert_eq!(found("i.toml", "[shop]\nhosts = ['a']\n"), format!("i.toml:1:2: {below}"));
    assert_eq!(found("i.yaml", "shop:\n  port: 1\n"), "i.yaml:1:1: unknown key 'shop'");
    assert_eq!(found("i.yaml", "all:\n  port: 1\n"), "i.yaml:1:1: unknown key 'all'");
    assert_eq!(
        found("i.yaml", "groups: web\n"),
        "i.yaml:1:9: groups: expected a table (names with values), found a text"
    );
}

#[test]
fn hosts_may_be_one_text() {
    for text in ["hosts: web01, web02\n", "hosts: web[01-02]\n", "hosts: web01,web02\n", "hosts: 'web01, web02'\n"] {
        assert_eq!(hosts_of("i.yaml", text), "web01; web02", "{text}");
    }
    assert_eq!(hosts_of("i.toml", "hosts = 'web01,web02'\n"), "web01; web02");
    assert_eq!(hosts_of("i.json", r#"{"hosts": "web01,web02"}"#), "web01; web02");
    assert_eq!(hosts_of("i.yaml", "hosts:\ngroups:\n  g: {hosts: [a]}\n"), "a @g");
}

#[test]
fn mistakes_in_listed_hosts_are_those_of_host_tables() {
    for (json, wanted) in [
        (r#"[{"address": "10.0.0.1"}]"#, "i.json:1:2: hosts: this host has no 'name'"),
        (r#"[{"name": ""}]"#, "hosts: this host has no 'name'"),
        (r#"[{"name": ["a"]}]"#, "hosts: this host has no 'name'"),
        (r#"[{"name": "a", "prot": 7}]"#, "hosts > a: unknown key 'prot'\n  hint: did you mean 'port'"),
        (r#"[{"name": "a", "port": "x"}]"#, "hosts > a > port: expected a port, a number from 1 to 65535"),
        (r#"[{"name": "a", "groups": ["all"]}]"#, "hosts > a > groups: 'all' cannot be the name of a group"),
        (r#"[{"name": "a", "port": 1}, {"name": "a", "port": 2}]"#, "hosts > a: 'port' is set twice"),
        (r#"[{"name": "a", "name": "b"}]"#, "hosts: 'name' stands twice"),
        (r#"[{"name": "a b"}]"#, "hosts > a b: 'a b' is not a host name"),
        (r#"[["a"]]"#, "hosts: expected a name or the table of a host, found a list"),
        (r#"[null]"#, "hosts: expected a name or the table of a host, found nothing"),
    ] {
        let found = hosts_of("i.json", json);
        assert!(found.contains(wanted), "{json}: {found}");
    }
}
