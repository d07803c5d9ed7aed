//! The inventories that we ship, and what users read of broken ones.

use std::path::Path;

use psfleet::cli::surroundings::Machine;
use psfleet::config::Config;
use psfleet::inventory::{HostSettings, Request, fold, select};

fn example(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("inventories").join(name).to_string_lossy().into_owned()
}

/// The hosts that an expression means in an example.
fn hosts(name: &str, expression: &str) -> Vec<HostSettings> {
    let request =
        Request { targets: vec![expression.to_owned()], inventories: vec![example(name)], ..Request::default() };
    let hosts = select(&request, &Config::default(), &mut Machine::default(), &mut |_| Err("not asked for".to_owned()));
    hosts.unwrap_or_else(|errors| panic!("{name}: {errors}"))
}

fn names(hosts: &[HostSettings]) -> String {
    fold(hosts.iter().map(|host| host.name.as_ref()))
}

/// A setting as shown, `-` if it is not set.
fn setting(host: &HostSettings, key: &str) -> String {
    let shown = host.effective.connection.shown();
    shown.into_iter().find(|(name, ..)| *name == key).map_or("-".to_owned(), |(_, value, _)| value)
}

fn settings(host: &HostSettings, keys: &str) -> String {
    keys.split_whitespace().map(|key| setting(host, key)).collect::<Vec<_>>().join(" ")
}

#[test]
fn our_own_format_says_the_same_as_toml_yaml_and_json() {
    for name in ["fleet.toml", "fleet.yaml", "fleet.json"] {
        assert_eq!(names(&hosts(name, "@prod&@web")), "web[01-40]", "{name}");
        let web07 = &hosts(name, "web07")[0];
        assert_eq!(settings(web07, "address port tls user"), r"10.0.7.7 15986 true CONTOSO\svc-ops", "{name}");
        assert_eq!(web07.groups, ["web", "prod"], "{name}");
        assert_eq!(web07.effective.vars["stage"].value, "prod", "{name}");
        assert_eq!(web07.effective.labels["site"].value, "ber", "{name}");
    }
    assert_eq!(names(&hosts("fleet.toml", "@all")), "web[01-40],db[01-04].corp.example,lx[1-3],build");
    assert_eq!(names(&hosts("fleet.toml", "label:canary=true,label:site=fra")), "web07,db[01-04].corp.example");
    let linux = &hosts("fleet.toml", "lx1")[0];
    assert_eq!(settings(linux, "transport port user jump"), "ssh 22 ops ssh://bastion.corp.example:22");
    assert_eq!(linux.effective.password, None);
    assert_eq!(settings(&hosts("fleet.toml", "build")[0], "transport"), "local");
    assert_eq!(names(&hosts("fleet.yaml", "spare")), "spare");
}

#[test]
fn tables_and_lists() {
    assert_eq!(names(&hosts("fleet.csv", "@all")), "web[01-02],db01");
    let web01 = &hosts("fleet.csv", "web01")[0];
    assert_eq!(settings(web01, "address port tls user"), r"10.0.7.1 5986 true CONTOSO\svc-ops");
    assert_eq!(web01.effective.vars["Owner"].value, "Shop, front end");
    assert_eq!(settings(&hosts("fleet.csv", "db01")[0], "address port tls"), "db01 5985 false");
    let list = hosts("hosts.txt", "@all");
    assert_eq!(names(&list), "web[01-03],db01.corp.example,10.0.0.[10-12],[fe80::1],lx1:2222");
    let last = list.last().expect("a host");
    assert_eq!(settings(last, "transport address port user"), "ssh lx1 2222 ops");
}

#[test]
fn ssh_config_as_ssh_reads_it() {
    let found = hosts("ssh_config", "@all");
    assert_eq!(names(&found), "lx[1-3]");
    assert_eq!(settings(&found[0], "transport address port user jump"), "ssh 10.0.9.1 2222 ops -");
    assert_eq!(settings(&found[2], "address port user jump"), "lx3 22 ops ssh://ops@bastion.corp.example:22");
    assert!(setting(&found[0], "identity").ends_with(".ssh/ops_ed25519"));
}

#[test]
fn the_sandbox_is_asked_for_as_its_table_says() {
    let request =
        Request { targets: vec!["@all".into()], inventories: vec![example("sandbox.toml")], ..Request::default() };
    let mut asked = None;
    let found = select(&request, &Config::default(), &mut Machine::default(), &mut |table| {
        asked = Some(serde_json::Value::Object(table.clone()).to_string());
        Ok("[hosts.web001]\n".to_owned())
    });
    assert_eq!(names(&found.expect("hosts")), "web001");
    assert_eq!(asked.as_deref(), Some(r#"{"hosts":200,"seed":7}"#));
}
