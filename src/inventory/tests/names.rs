//! Names that the inventory does not have, hints to those it has, and the order in which hosts come.

use super::*;

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
    assert_eq!(warned(&["All"], &[]), taken("All", "@all"));
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
    assert_eq!(message("@all").to_string(), format!("'@all' names no host\n  {hint}"));
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
