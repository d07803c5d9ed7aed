//! SSH configurations as inventories and beside them.

use super::*;

/// The SSH endpoints of hosts named with `-t`, or the errors.
fn ssh(fake: &mut Fake, targets: &[&str], inventories: &[&str]) -> String {
    match run(&request(targets, inventories), fake) {
        Ok(resolved) => {
            let shown = |target: &Arc<Target>| {
                let user = target
                    .credential
                    .as_ref()
                    .map_or(String::new(), |credential| format!("{}@", credential.user().unwrap_or_default()));
                let hops = match &target.endpoint {
                    Endpoint::Ssh(ssh) => ssh.jump.as_slice(),
                    Endpoint::Winrm(winrm) => winrm.jump.as_slice(),
                    Endpoint::Local(_) => &[],
                };
                let hops: String = hops.iter().map(|hop| format!(" via {}", hop.server.address)).collect();
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
    let toml = "[defaults]\ntransport = 'ssh'\n[hosts.a]\naddress = 'fe80::1%home0'\n[hosts.b]\naddress = \
                '[fe80::1%25Eth0]'\n\
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
    assert!(refused.contains("/home/me/.ssh/c:2:1: files include each other endlessly"), "{refused}");
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
        ("  ProxyCommand /usr/bin/false", "n5: ProxyCommand is not supported: psfleet runs no program"),
        ("Match exec /bin/true\n  Port 1", "n5: Match exec is not supported: psfleet runs no program"),
        ("Match localnetwork 10.0.0.0/8\n  Port 1", "n5: Match localnetwork is not supported"),
        ("  BindAddress 10.0.0.1", "n5: BindAddress 10.0.0.1 is not supported"),
        ("  KnownHostsCommand /bin/keys %H", "n5: KnownHostsCommand /bin/keys %H is not supported"),
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
fn bastions_before_winrm_are_those_of_the_ssh_config() {
    let own = "Host *\n  User ops\n  Port 9\nHost gate\n  HostName 10.0.0.1\n  ProxyJump outer\n  IdentityFile ~/.ssh/g\n  CertificateFile ~/.ssh/%n-cert.pub\n";
    let toml = "[defaults]\nuser = 'u'\npassword = 'p'\n[groups.dmz]\nhosts = ['win[1-2]']\njump = 'gate'\n\
                [hosts.win3]\n[hosts.gate]\njump = 'gate'\n";
    let fake = || Fake::default().file("/home/me/.ssh/config", own).file("i.toml", toml);
    let shown = |targets: &[&str]| ssh(&mut fake(), targets, &["i.toml"]);
    assert_eq!(shown(&["win1"]), "u@http://win1:5985/wsman via outer via 10.0.0.1");
    assert_eq!(shown(&["win3"]), "u@http://win3:5985/wsman");
    // Its SSH server is a bastion before its own WinRM.
    assert_eq!(shown(&["gate"]), "u@http://gate:5985/wsman via outer via 10.0.0.1");
    let resolved = run(&request(&["win1"], &["i.toml"]), &mut fake()).expect("targets");
    let Endpoint::Winrm(winrm) = &resolved.targets[0].endpoint else { panic!("WinRM") };
    let gate = &winrm.jump[1];
    assert_eq!((gate.user.as_deref(), gate.server.port), (Some("ops"), 9));
    assert_eq!(gate.server.identities.as_deref(), Some(["/home/me/.ssh/g".into()].as_slice()));
    assert_eq!(gate.server.certificates, [std::path::PathBuf::from("/home/me/.ssh/gate-cert.pub")]);
    let refused =
        ssh(&mut fake().file("/home/me/.ssh/config", "Host gate\n  ProxyCommand x\n"), &["win1"], &["i.toml"]);
    assert!(refused.contains("ProxyCommand is not supported"), "{refused}");
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
