//! Lists and tables of hosts in TOML, YAML and JSON.

use super::*;
use crate::inventory::HostSettings;

/// What `hosts list -o json` shows of each host, in short.
fn hosts_of(file: &str, text: &str) -> String {
    let mut fake = Fake::default().file(file, text);
    let hosts = select(&request(&["@all"], &[file]), &Config::default(), &mut fake, &mut |_| Err(String::new()));
    let shown = |host: &HostSettings| {
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
    let below = "unknown key 'shop'\n  hint: a group goes below 'groups': groups > shop";
    assert_eq!(found("i.yaml", "shop:\n  hosts: [a]\n"), format!("i.yaml:1:1: {below}"));
    assert_eq!(found("i.toml", "[shop]\nhosts = ['a']\n"), format!("i.toml:1:2: {below}"));
    assert_eq!(found("i.yaml", "shop:\n  port: 1\n"), "i.yaml:1:1: unknown key 'shop'");
    assert_eq!(found("i.yaml", "all:\n  port: 1\n"), "i.yaml:1:1: unknown key 'all'");
    assert_eq!(
        found("i.yaml", "groups: web\n"),
        "i.yaml:1:9: groups: expected a table (names with values), found text"
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
        (r#"[{"name": "a", "name": "b"}]"#, "hosts: 'name' appears twice"),
        (r#"[{"name": "a b"}]"#, "hosts > a b: 'a b' is not a host name"),
        (r#"[["a"]]"#, "hosts: expected a name or the table of a host, found a list"),
        (r#"[null]"#, "hosts: expected a name or the table of a host, found nothing"),
    ] {
        let found = hosts_of("i.json", json);
        assert!(found.contains(wanted), "{json}: {found}");
    }
}
