//! Requests against inventories in memory: nothing here touches a file, the environment or a terminal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::{Errors, Logon, LogonUser, Order, PasswordOrigin, Request, Resolved, rehearse, resolve, select};
use crate::config::{Config, ConfigFile, Connection, FactsOfHost, FileKey, Given, SecretSource, Source, Transport};
use crate::directory::{Laps, Sought};
use crate::hostlist::fold;
use crate::secret::Secret;
use crate::target::{Endpoint, Target, Tls};

mod configured;
mod directory;
mod facts;
mod fake;
mod laps;
mod logons;
mod names;
mod secret_sources;
mod sheets;
mod ssh;
mod trees;

pub(super) use fake::Fake;

pub(super) fn request(targets: &[&str], inventories: &[&str]) -> Request {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Request { targets: owned(targets), inventories: owned(inventories), ..Request::default() }
}

pub(super) fn flag<T>(value: T) -> Option<Given<T>> {
    Some(Given::new(value, Source::Flag("--flag")))
}

pub(super) fn run(request: &Request, fake: &mut Fake) -> Result<Resolved, Errors> {
    resolve(request, &Config::default(), fake, &mut |_| Err("no sandbox here".to_owned()))
}

/// The folded names that an expression means in an inventory, or the errors.
fn names(inventory: &str, targets: &[&str]) -> String {
    let mut fake = Fake::default().file("i.toml", inventory);
    fake.stdin = "web02 # two\nnew[1-2]\n".to_owned();
    fake.files.insert("x.csv".into(), ("Name;Site\nweb03;ber\nother;fra\n".to_owned(), true));
    names_of(fake, targets)
}

/// The same of a machine with an inventory.
fn names_of(mut fake: Fake, targets: &[&str]) -> String {
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
    assert!(names(FLEET, &["@last:failed"]).contains("@last: no runs are kept here"));
    assert_eq!(names(FLEET, &["@missing.csv"]), "2: cannot read inventory missing.csv: there is no such file");
}

#[test]
fn all_mistakes_of_an_inventory_come_at_once() {
    let broken = "[defaults]\nprot = 1\n\n[groups.web]\nhosts = [\"web[1-\", \"ok\"]\nchildren = [\"bd\", \"web\"]\n\
                  timeout = \"ten\"\nlabels = { a = [1] }\n\n[groups.db]\n[hosts.x]\nport = 70000\naddress = \"a \
                  b\"\n[host]\n";
    insta::assert_snapshot!(names(broken, &["@all"]), @r"
    2: i.toml:2:1: defaults: unknown key 'prot'
      hint: did you mean 'port'?
    i.toml:5:10: groups > web > hosts: 'web[1-': '[' without ']'
    i.toml:6:13: groups > web > children: unknown group 'bd'
      hint: did you mean 'db'?
    i.toml:6:19: groups > web > children: group 'web' contains itself through 'web'
    i.toml:7:11: groups > web > timeout: 'ten' is not a duration; write a number and a unit such as 500ms, 15s, 10m or 2h
    i.toml:8:16: groups > web > labels > a: expected text, found a list
    i.toml:12:8: hosts > x > port: expected a port, a number from 1 to 65535
    i.toml:13:11: hosts > x > address: 'a b' is not an address; write a name, an IPv4 or an IPv6 address
    i.toml:14:2: unknown key 'host'
      hint: did you mean 'hosts'?
    ");
}

#[test]
fn only_groups_on_a_circle_are_told() {
    let inventory = "[groups.top]\nchildren = ['a', 'low']\n[groups.a]\nchildren = ['b']\n[groups.b]\nchildren = \
                     ['a', 'low']\n[groups.low]\nhosts = ['h']\n";
    insta::assert_snapshot!(names(inventory, &["@all"]), @r"
    2: i.toml:4:13: groups > a > children: group 'a' contains itself through 'b'
    i.toml:6:13: groups > b > children: group 'b' contains itself through 'a'
    ");
    // A long line of groups is none, and nothing is looked at as often as it is long.
    let line: String = (0..2000).map(|n| format!("[groups.g{n}]\nchildren = ['g{}']\n", n + 1)).collect();
    assert_eq!(names(&format!("{line}[groups.g2000]\nhosts = ['h']\n"), &["@g0"]), "h");
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
                     [groups.down]\nhosts = ['h', 'i']\nport = 3\nvars = { a = 1 }\n[hosts.h]\nport = 4\nvars = { b = \
                     2 }\n";
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
    let clash = "2: 'port' of h is ambiguous: group a in i.toml:3 and group b in i.toml:6 disagree\n  \
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
    assert!(
        errors(trusted.clone(), "web1")
            .contains("in trusted_hosts, and --allow-unencrypted would allow it, at the cost")
    );
    let allowed = Connection { allow_unencrypted: flag(true), ..basic.clone() };
    assert!(
        errors(allowed, "web1").contains("allow_unencrypted is set, and its name in --trusted-hosts would allow it")
    );
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
        i.yaml:1:12: hosts: expected a name or the table of a host, found a list\ni.yaml:1:17: hosts: '+5' is not a \
        host name"
    );
    let settings = "hosts:\n  h:\n    user: 007\n    auth: NTLM\n    tls: yes\n    port: 05986\n    \
                    configuration_name: on\n\
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
        "i.json:1:1: expected 'hosts', 'groups' or 'defaults', or a list of hosts, found text"
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
        "2: --targets: 'node{1' is not a host name; ranges go in square brackets: web[1-3,7]"
    );
    assert_eq!(expanded(&["b a", "c, d", "!b"]), "a c d");
    assert_eq!(expanded(&["web[1, 3] & web3"]), "web3");
    assert_eq!(expanded(&["-"]), "web2 web1 web3");
    assert_eq!(expanded(&["ssh://u@a[1-2]:22,[fe80::1]"]), "a1:22 a2:22 [fe80::1]");
    assert_eq!(expanded(&["a!a"]), "4: no target matches");
    assert_eq!(expanded(&["@web,db*"]), "2: '@web' means hosts of an inventory, and none is read here");
    assert_eq!(expanded(&["a]"]), "2: --targets: 'a]': ']' without '['");
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

fn shown(connection: &Connection) -> Vec<String> {
    connection.shown().into_iter().map(|(key, value, from)| format!("{key}={value} {from}")).collect()
}
