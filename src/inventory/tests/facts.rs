//! What earlier runs found out, as expressions ask for it.

use super::*;

/// A machine whose runs know the versions of some hosts, and an inventory of three.
fn fake() -> Fake {
    let of = |host: &str, values: &[&str]| FactsOfHost {
        host: host.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        origin: "run 1 of 2026-01-01T00:00:00Z".to_owned(),
    };
    let mut fake = Fake::default().file("i.toml", "hosts = ['web01', 'web02', 'db']\n");
    let versions = vec![of("web01", &["10.0.20348"]), of("web02", &["10.0.9"]), of("old", &["10.0.20348"])];
    fake.facts.insert("Win32_OS.Version".to_owned(), versions);
    fake.facts.insert("Svc.Name".to_owned(), vec![of("web01", &["a", "b"]), of("db", &["b"])]);
    fake
}

fn found(fake: &mut Fake, targets: &[&str], inventories: &[&str]) -> String {
    let hosts = select(&request(targets, inventories), &Config::default(), fake, &mut |_| Err(String::new()));
    match hosts {
        Ok(hosts) => fold(hosts.iter().map(|host| host.name.as_ref())),
        Err(errors) => format!("{}: {errors}", errors.exit_code()),
    }
}

#[test]
fn hosts_are_chosen_by_what_runs_found_out() {
    let of = |targets: &[&str]| found(&mut fake(), targets, &["i.toml"]);
    assert_eq!(of(&["fact:Win32_OS.Version~20348"]), "web01");
    assert_eq!(of(&["fact:Win32_OS.Version<10.0.20000"]), "web02");
    assert_eq!(of(&["fact:Win32_OS.Version!=10.0.9!web02"]), "web01");
    assert_eq!(of(&["fact:Svc.Name=b&fact:Win32_OS.Version>1"]), "web01");
    assert_eq!(of(&["@all!fact:Svc.Name=a"]), "web02,db");
    // Without an inventory, whoever a run knows.
    assert_eq!(found(&mut fake(), &["fact:Win32_OS.Version~20348"], &[]), "old,web01");
}

#[test]
fn what_is_not_known_is_said() {
    let mut machine = fake();
    assert_eq!(found(&mut machine, &["fact:Win32_OS.Version~20348"], &["i.toml"]), "web01");
    assert_eq!(machine.warned, ["no run that is kept knows Win32_OS.Version of db"]);
    let of = |target: &str| found(&mut fake(), &[target], &["i.toml"]);
    assert_eq!(
        of("fact:Win32_BIOS.Version=1"),
        "2: no run that is kept knows Win32_BIOS.Version of any host\n  hint: gather it first: psfleet run -t @all \
         'Get-CimInstance Win32_BIOS' -o none"
    );
    assert!(of("fact:Disk.Free<1").contains("run a script first that returns objects of the type Disk"));
    assert_eq!(
        of("fact:Win32_OS.Version=7"),
        "2: no host has the fact 'Win32_OS.Version=7'\n  hint: known values are 10.0.20348, 10.0.9"
    );
    assert!(of("fact:Win32_OS").starts_with("2: --targets: 'fact:Win32_OS': write fact:TYPE.PROPERTY"));
}

#[test]
fn a_host_names_the_run_that_knows() {
    let request = request(&["web01&fact:Svc.Name=b"], &["i.toml"]);
    let hosts = select(&request, &Config::default(), &mut fake(), &mut |_| Err(String::new())).expect("a host");
    let fact = &hosts[0].facts[0];
    assert_eq!((&*fact.name, fact.values.join("+").as_str()), ("Svc.Name", "a+b"));
    assert_eq!(fact.origin, "run 1 of 2026-01-01T00:00:00Z");
}
