//! Ansible inventories against requests, with nothing but what a test puts there.

use super::super::tests::{Fake, request, run};
use crate::config::{Config, Given, InventoryPath, Place, SecretSource, Source};
use crate::inventory::{HostSettings, select};

/// What is known of each host, in short: its groups, the settings that are not defaults, its variables.
fn hosts_of(fake: &mut Fake, file: &str) -> String {
    let hosts = select(&request(&["@all"], &[file]), &Config::default(), fake, &mut |_| Err(String::new()));
    let one = |host: &HostSettings| {
        let shown = host.effective.connection.shown();
        let set = shown.iter().filter(|(_, _, source)| source.to_string() != "default");
        let set = set.map(|(key, value, _)| format!("{key}={value}"));
        let vars = host.effective.vars.iter().map(|(key, given)| format!("{key}:{}", given.value.json()));
        let groups = host.groups.iter().map(|group| format!("@{group}"));
        let refused = host.effective.refused.iter().map(|(key, _)| format!("!{key}"));
        let parts = std::iter::once(host.name.to_string()).chain(groups).chain(set).chain(vars).chain(refused);
        parts.collect::<Vec<_>>().join(" ")
    };
    hosts.map_or_else(|errors| errors.to_string(), |hosts| hosts.iter().map(one).collect::<Vec<_>>().join("\n"))
}

fn ini(text: &str) -> String {
    hosts_of(&mut Fake::default().file("i.ini", text), "i.ini")
}

#[test]
fn sections_are_groups() {
    let text = "mail ansible_host=10.0.0.9\n\n[web]\nweb[01:02] ansible_user=CORP\\\\svc # two\n; none\n[db]\ndb:5985\n\
                [prod:children]\nweb\ndb\n[prod:vars]\nsite = ber\n[all:vars]\nrack=7\n";
    assert_eq!(
        ini(text),
        "mail @ungrouped address=10.0.0.9 rack:7\n\
         web01 @web @prod user=CORP\\svc rack:7 site:\"ber\"\n\
         web02 @web @prod user=CORP\\svc rack:7 site:\"ber\"\n\
         db @db @prod port=5985 rack:7 site:\"ber\""
    );
}

#[test]
fn comments_stand_behind_sections_and_literals() {
    let text =
        "[web] ; ours\nweb01\n[w#b]# theirs ]\nweb02\n[01:02] # hosts\n[web:vars]#\nansible_port=5986 # tls\nx=a # b\n";
    let found = ini(text);
    assert_eq!(found, "web01 @web port=5986 x:\"a # b\"\nweb02 @w_b\n01 @w_b\n02 @w_b");
}

#[test]
fn the_nearest_says_what_counts() {
    let text = "[a]\nh\n[b]\nh\n[c]\nh x=host\n[top:children]\nb\n[all:vars]\nx=all\ny=all\nz=all\nv=all\n\
                [top:vars]\ny=top\nz=top\n[b:vars]\ny=b\n[a:vars]\nv=a\n[c:vars]\nv=c\n";
    assert_eq!(ini(text), "h @a @b @top @c v:\"c\" x:\"host\" y:\"b\" z:\"top\"");
    let urgent = text.replace("[a:vars]\n", "[a:vars]\nansible_group_priority=10\n");
    assert_eq!(ini(&urgent), "h @a @b @top @c v:\"a\" x:\"host\" y:\"b\" z:\"top\"");
}

#[test]
fn connections_are_ours() {
    let of = |vars: &str| ini(&format!("h {vars}\n")).replace("h @ungrouped ", "");
    assert_eq!(of("ansible_connection=psrp"), "transport=winrm tls=true");
    assert_eq!(of("ansible_connection=winrm ansible_port=5985"), "transport=winrm port=5985 tls=false");
    assert_eq!(
        of("ansible_connection=ansible.builtin.psrp ansible_psrp_protocol=http ansible_user=a ansible_psrp_user=b"),
        "transport=winrm user=b tls=false"
    );
    assert_eq!(
        of("ansible_connection=psrp ansible_psrp_auth=ntlm ansible_psrp_cert_validation=ignore ansible_psrp_path=/x \
            ansible_psrp_configuration_name=Ops ansible_psrp_connection_timeout=20 ansible_psrp_ca_cert=ca.pem"),
        "transport=winrm auth=ntlm configuration_name=Ops url_path=/x connect_timeout=20s tls=true ca=ca.pem \
         insecure=true"
    );
    assert_eq!(
        of("ansible_connection=winrm ansible_winrm_transport=credssp,ntlm ansible_winrm_scheme=http"),
        "transport=winrm auth=credssp tls=false"
    );
    assert_eq!(
        of("ansible_connection=winrm ansible_winrm_transport=certificate ansible_winrm_cert_pem=c.pem \
            ansible_winrm_cert_key_pem=k.pem"),
        "transport=winrm auth=certificate certificate=c.pem certificate_key=k.pem tls=true"
    );
    assert_eq!(
        of("ansible_connection=ssh ansible_ssh_private_key_file=~/k ansible_winrm_scheme=http ansible_port=2222"),
        "transport=ssh port=2222 identity=~/k"
    );
    assert_eq!(of("ansible_connection=local"), "transport=local");
    assert_eq!(of("ansible_psrp_protocol=https"), "tls=true");
}

#[test]
fn what_cannot_be_used_is_a_problem_of_its_hosts() {
    let text = "a ansible_connection=docker\nb ansible_user='{{ who }}'\nc note='{{ x }}' ansible_psrp_proxy=p\n";
    let mut fake = Fake::default().file("i.ini", text);
    let shown = hosts_of(&mut fake, "i.ini");
    assert_eq!(shown, "a @ungrouped !transport\nb @ungrouped !user\nc @ungrouped note:\"{{ x }}\"");
    assert_eq!(
        fake.warned,
        [
            "of what is set for Ansible, this has no effect here: ansible_psrp_proxy (first: host c in i.ini:3)",
            "templates are not evaluated; these variables are the text that stands there: note (first: host c in i.ini:3)",
        ]
    );
    let mut fake = fake.env("PSFLEET_PASSWORD", "p");
    let errors = run(&request(&["a,b"], &["i.ini"]), &mut fake).expect_err("refused").to_string();
    assert_eq!(
        errors,
        "i.ini:1:3: ansible_connection: a: hosts are not reached by 'docker' here; psrp, winrm, ssh and local are\n  \
         hint: leave these hosts out (-x), or say how to reach them with --transport\n\
         i.ini:2:3: ansible_user: b: a template ({{ }}) is not evaluated here, and this decides how the host is \
         reached\n  hint: write the value itself, or give --user"
    );
    let mut flagged = request(&["b"], &["i.ini"]);
    flagged.settings.user = super::super::tests::flag("me".to_owned());
    assert!(run(&flagged, &mut fake).is_ok());
}

#[test]
fn passwords_need_a_private_file() {
    let text = "a ansible_user=u ansible_password=hunter2\n";
    let mut fake = Fake::default().file("i.ini", text);
    assert!(run(&request(&["a"], &["i.ini"]), &mut fake).is_ok());
    fake.files.insert("i.ini".into(), (text.to_owned(), false));
    let errors = run(&request(&["a"], &["i.ini"]), &mut fake).expect_err("refused").to_string();
    assert!(
        errors.contains("i.ini:1:18: ansible_password: a: a password is in a file that others can read"),
        "{errors}"
    );
    assert!(!errors.contains("hunter2"));
    let mut fake = fake.env("PSFLEET_PASSWORD", "p");
    assert!(run(&request(&["a"], &["i.ini"]), &mut fake).is_ok());
}

#[test]
fn every_mistake_has_its_line() {
    let text = "[web]\nweb[1-2]\nweb01 port\n[web:sons]\nx\n[db:vars]\na=1\nb\n[web:children]\nnone\n[a b]\nx='y\n\
                h ansible_port=0\n[c]\nk='y\n";
    let found = ini(text);
    for wanted in [
        "i.ini:2:1: 'web[1-2]': '[1-2]' is not a range",
        "i.ini:3:7: 'port': a host is followed by NAME=VALUE",
        "i.ini:4:1: 'sons' is not a kind of section",
        "i.ini:6:1: variables of the group 'db', which no section names",
        "i.ini:8:1: 'b': a section of variables has lines NAME=VALUE",
        "i.ini:10:1: groups > web > children: unknown group 'none'",
        "i.ini:11:1: '[a b]' does not name a group",
        "i.ini:15:1: the quote ' is never closed",
    ] {
        assert!(found.contains(wanted), "{wanted}\n{found}");
    }
    let circle = ini("[a:children]\nb\n[b:children]\na\n[b]\nh\n");
    assert!(circle.contains("group 'a' contains itself through 'b'"), "{circle}");
    assert!(ini("h ansible_port=0\n").contains("i.ini:1:3: ansible_port: expected a port"));
}

#[test]
fn few_signs_do_not_stand_for_any_number_of_hosts() {
    let lines: String = (0..200).map(|line| format!("w{line}-[1:50000]\n")).collect();
    assert_eq!(ini(&lines), "i.ini:5:1: with 'w4-1', the inventories have more than 200000 hosts");
    let mut fake = Fake::default()
        .file("a.ini", "[web]\na[1:99999]\na[1:99999]\n")
        .file("b.yml", "all:\n  hosts:\n    b[1:99999]:\n    c:\n    d:\n    e:\n");
    let found =
        select(&request(&["c"], &["a.ini", "b.yml"]), &Config::default(), &mut fake, &mut |_| Err(String::new()));
    let errors = found.expect_err("too many").to_string();
    assert_eq!(errors, "b.yml:6:5: with 'e', the inventories have more than 200000 hosts");
}

#[test]
fn groups_lie_below_each_other_within_measure() {
    let chain =
        |groups: usize| (1..=groups).map(|group| format!("[g{group}:children]\ng{}\n", group + 1)).collect::<String>();
    assert!(ini(&format!("{}[g100]\nh\n", chain(99))).starts_with("h @g100 "));
    let deep =
        "i.ini:200:1: groups > g100 > children: group 'g101' has more than 100 groups above it, one over the other";
    assert_eq!(ini(&format!("{}[g20001]\nh\n", chain(20_000))), deep);
    let circle = ini(&format!("{}[g20001:children]\ng1\n[g1]\nh\n", chain(20_000)));
    assert!(circle.contains(" contains itself through 'g"), "{circle}");
    assert_eq!(circle.lines().count(), 1);
}

#[test]
fn inventories_are_one() {
    let mut fake =
        Fake::default().file("a.ini", "[web]\nh\n").file("b.ini", "[web:vars]\nx=1\n[web]\n[all:vars]\ny=2\n");
    let hosts =
        select(&request(&["@web"], &["a.ini", "b.ini"]), &Config::default(), &mut fake, &mut |_| Err(String::new()));
    let vars = hosts.expect("a host")[0].effective.vars.clone();
    assert_eq!(
        vars.iter().map(|(key, given)| format!("{key} {}", given.source)).collect::<Vec<_>>(),
        ["x group web in b.ini:2", "y group all in b.ini:5"]
    );
}

const TREE: &str = "---
all:
  vars: {rack: 7, on: yes, text: 'yes'}
  hosts:
    mail:
      ansible_host: 10.0.0.9
  children:
    prod:
      children:
        web:
          hosts:
            web[01:02]:
              ansible_port: 5985
          vars:
            ansible_connection: psrp
            secret: !vault |
              $ANSIBLE_VAULT;1.1;AES256
              6162
            raw: !unsafe '{x}'
        db:
";

#[test]
fn trees_are_read_as_ansible_writes_them() {
    let mut fake = Fake::default().file("i.yml", TREE).file("hosts", TREE);
    let expected = "mail @ungrouped address=10.0.0.9 on:true rack:7 text:\"yes\"\n\
                    web01 @web @prod transport=winrm port=5985 tls=false on:true rack:7 raw:\"{x}\" text:\"yes\"\n\
                    web02 @web @prod transport=winrm port=5985 tls=false on:true rack:7 raw:\"{x}\" text:\"yes\"";
    assert_eq!(hosts_of(&mut fake, "i.yml"), expected);
    assert!(
        fake.warned.iter().any(|warning| {
            warning
                == "encrypted by ansible-vault, which is not opened here, so hosts do not have these: secret (first: \
                    group web in i.yml:17)"
        }),
        "{:?}",
        fake.warned
    );
    assert_eq!(hosts_of(&mut fake, "hosts"), expected);
    let json = r#"{"_meta": {"hostvars": {"a": {"ansible_port": 1}, "b": {"x": [1]}}}, "all": {"children": ["ungrouped", "web"]},
                   "web": {"hosts": ["a", "b"], "vars": {"y": 1.10}}, "db": ["a"]}"#;
    let mut fake = Fake::default().file("i.json", json);
    assert_eq!(hosts_of(&mut fake, "i.json"), "a @web @db port=1 y:1.10\nb @web x:[1] y:1.10");
}

#[test]
fn mistakes_in_trees_have_their_place() {
    let found = |text: &str| hosts_of(&mut Fake::default().file("i.yml", text), "i.yml");
    for (text, wanted) in [
        (
            "all:\n  hosts: {a: 1}\n",
            "i.yml:2:14: all > hosts > a: expected a table (names with values), found a number",
        ),
        ("all:\n  vras: {}\n  hosts:\n", "i.yml:2:3: all: unknown key 'vras'\n  hint: did you mean 'vars'"),
        ("all:\n  hosts: {'a b': }\n", "i.yml:2:11: all > hosts: 'a b' is not a host name"),
        (
            "plugin: amazon.aws.aws_ec2\n",
            "i.yml:1:1: these are the settings of Ansible's inventory plugin amazon.aws.aws_ec2",
        ),
        ("all:\n  hosts:\n    a: [\n", "i.yml:"),
        ("hosts:\n  a: {vars: {x: !vault y}}\n", "i.yml:2:24: the tag !vault is not understood here"),
        ("web:\n  children:\n    web:\n", "group 'web' contains itself through 'web'"),
    ] {
        assert!(found(text).contains(wanted), "{text}: {}", found(text));
    }
}

#[test]
fn files_beside_the_inventory_say_more() {
    let mut fake = Fake::default()
        .file(
            "inv/i.ini",
            "web01.corp\n[web]\nweb01.corp x=ini\nother y=ini\n[prod:children]\nweb\n[web:vars]\nz=ini\n",
        )
        .file("inv/group_vars/all.yml", "a: all\nz: all\n")
        .file("inv/group_vars/prod/b.yml", "b: prod\nz: prod\nansible_user: '{{ who }}'\n")
        .file("inv/group_vars/prod/secret.yml", "$ANSIBLE_VAULT;1.1;AES256\n61\n")
        .file("inv/group_vars/prod/notes.txt", "- none\n")
        .file("inv/group_vars/nobody.yml", "[\n")
        .file("inv/group_vars/web", "---\nansible_user: me\n")
        .file("inv/group_vars/web.yml", "a: not read\n")
        .file("inv/host_vars/web01.corp.json", "{\"x\": \"host_vars\"}")
        .file("inv/host_vars/other.yaml", "y: exposed\n");
    fake.exposed.insert("inv/host_vars/other.yaml".into(), "others can write it");
    assert_eq!(
        hosts_of(&mut fake, "inv/i.ini"),
        "web01.corp @web @prod user=me a:\"all\" b:\"prod\" x:\"host_vars\" z:\"prod\"\n\
         other @web @prod user=me a:\"all\" b:\"prod\" y:\"ini\" z:\"prod\""
    );
    assert_eq!(
        fake.warned,
        [
            "inv/host_vars/other.yaml: ignored entirely, because others can write it",
            "encrypted by ansible-vault, which is not opened here, and so left out: inv/group_vars/prod/secret.yml",
        ]
    );
    let mut fake = fake.file("inv/group_vars/all.yml", "- a\n").file("inv/host_vars/other.yml", "a: [\n");
    let found = hosts_of(&mut fake, "inv/i.ini");
    assert!(
        found.contains("inv/group_vars/all.yml:1:1: expected variables (names with values), found a list"),
        "{found}"
    );
    assert!(found.contains("inv/host_vars/other.yml:"), "{found}");
}

#[test]
fn a_mechanism_that_is_not_here_is_refused_with_those_that_are() {
    let fake = Fake::default().file("i.ini", "a ansible_connection=psrp ansible_psrp_auth=digest\n");
    let mut request = request(&["a"], &["i.ini"]);
    request.settings.user = super::super::tests::flag("me".to_owned());
    let errors = run(&request, &mut fake.env("PSFLEET_PASSWORD", "p")).expect_err("refused").to_string();
    assert!(errors.contains("i.ini:1:") && errors.contains("'digest' is not one of negotiate, "), "{errors}");
}

#[test]
fn encrypted_settings_are_refused_by_name() {
    let text =
        "all:\n  hosts:\n    a:\n      ansible_user: u\n      ansible_password: !vault |\n        $ANSIBLE_VAULT;1\n";
    let mut fake = Fake::default().file("i.yml", text);
    let errors = run(&request(&["a"], &["i.yml"]), &mut fake).expect_err("refused").to_string();
    assert_eq!(
        errors,
        "i.yml:6:9: ansible_password: a: encrypted by ansible-vault, which is not opened here, and this decides how the \
         host is reached\n  hint: give the password with --ask-pass, --password-from or PSFLEET_PASSWORD"
    );
    // Another password replaces it, wherever that comes from.
    let mut from = request(&["a"], &["i.yml"]);
    let source = SecretSource::Variable("X".to_owned());
    from.settings.password_from = Some(Given::new(source, Source::Flag("--password-from")));
    let mut fake = fake.env("X", "p");
    assert!(run(&from, &mut fake).is_ok());
    assert!(run(&request(&["a"], &["i.yml"]), &mut fake.env("PSFLEET_PASSWORD", "p")).is_ok());
}

/// A script, with its answers by the arguments that it is given.
fn script(answers: &[(&str, Result<&'static str, &'static str>)]) -> Fake {
    let mut fake = Fake::default().file("inv/hosts.py", "#!/usr/bin/env python3\n");
    let lines = answers.iter().map(|(arguments, answer)| (format!("inv/hosts.py {arguments}"), *answer));
    fake.programs = lines.collect();
    fake
}

#[test]
fn programs_are_asked_for_their_hosts() {
    let listing =
        r#"{"web": {"hosts": ["a", "b"], "vars": {"x": 1}}, "_meta": {"hostvars": {"a": {"ansible_port": 22}}}}"#;
    let mut fake = script(&[("--list", Ok(listing))]).file("inv/group_vars/web.yml", "y: 2\n");
    assert_eq!(hosts_of(&mut fake, "inv/hosts.py"), "a @web port=22 x:1 y:2\nb @web x:1 y:2");
    let without = [
        ("--list", Ok(r#"{"web": ["a", "fe80::1"]}"#)),
        ("--host a", Ok(r#"{"ansible_user": "u", "ansible_password": "p"}"#)),
        ("--host fe80::1", Ok("{}")),
    ];
    let mut fake = script(&without);
    assert_eq!(hosts_of(&mut fake, "inv/hosts.py"), "a @web user=u\n[fe80::1] @web");
    let hosts = select(&request(&["a"], &["inv/hosts.py"]), &Config::default(), &mut fake, &mut |_| Err(String::new()));
    let host = &hosts.expect("a host")[0].effective;
    assert!(host.password.is_some());
    let shown = host.connection.shown();
    let user = shown.iter().find(|(key, ..)| *key == "user").expect("a user");
    assert_eq!(user.2.to_string(), "host a in inv/hosts.py --host a:1");
}

#[test]
fn programs_that_fail_say_why() {
    let of = |answers: &[_]| hosts_of(&mut script(answers), "inv/hosts.py");
    assert_eq!(
        of(&[("--list", Err("ended with exit code 1: no cloud"))]),
        "inv/hosts.py: --list: ended with exit code 1: no cloud"
    );
    assert!(of(&[("--list", Ok("web01\n"))]).starts_with("inv/hosts.py: --list: what it writes is not JSON: line 1, "));
    assert!(of(&[("--list", Ok(" \n"))]).starts_with("inv/hosts.py: --list: writes nothing"));
    assert!(of(&[("--list", Ok("[1]"))]).contains("expected a table (names with values), found a list"));
    assert_eq!(
        of(&[("--list", Ok(r#"{"web": ["a", "b"]}"#)), ("--host b", Ok("{}"))]),
        "inv/hosts.py: --host a: is asked in vain"
    );
    assert!(
        of(&[("--list", Ok(r#"{"w": ["h[1:300]"]}"#))]).contains("has 300 hosts and no _meta"),
        "more than can be asked one by one"
    );
    assert_eq!(
        of(&[]),
        "inv/hosts.py: this is a script, and may not be executed\n  hint: chmod +x inv/hosts.py, or inv/hosts.py --list \
         | psfleet ... -i -"
    );
}

#[test]
fn programs_run_only_where_somebody_named_them() {
    let mut fake = script(&[("--list", Ok(r#"{"web": ["a"], "_meta": {}}"#))]);
    let errors = run(&request(&["@inv/hosts.py"], &[]), &mut fake).expect_err("refused").to_string();
    assert!(errors.contains("a program is not started by a target expression\n  hint: -i inv/hosts.py"), "{errors}");
    // A configuration names it, and others could have written it.
    fake.exposed.insert("inv/hosts.py".into(), "others can write it");
    let named = InventoryPath { path: "inv/hosts.py".into(), file: "psfleet.toml".into(), at: Place::NONE };
    let config = Config { inventories: vec![named], ..Config::default() };
    let found = select(&request(&["@all"], &[]), &config, &mut fake, &mut |_| Err(String::new()));
    assert!(found.is_err());
    assert!(
        fake.warned[0].contains("inv/hosts.py: ignored entirely, because others can write it"),
        "{:?}",
        fake.warned
    );
    fake.exposed.clear();
    let found = select(&request(&["@all"], &[]), &config, &mut fake, &mut |_| Err(String::new()));
    assert_eq!(found.expect("a host").len(), 1);
}

proptest::proptest! {
    #[test]
    fn trees_never_panic(text in "(( {0,4})(all|hosts|children|vars|a|_meta|hostvars|- |\\[|\\{|!vault )(:|: )?[a-c\\]}]{0,2}\n){0,12}") {
        let _ = hosts_of(&mut Fake::default().file("i.yml", &text), "i.yml");
        let _ = hosts_of(&mut Fake::default().file("i.json", &text), "i.json");
    }

    #[test]
    fn never_panics(text in "(\\[[a-c:\\]]{0,8}\\]?\n|[a-c]{1,2}[ =:'\"\\[\\]0-9a-z{}]{0,20}\n|.{0,10}\n){0,12}") {
        let _ = ini(&text);
    }
}
