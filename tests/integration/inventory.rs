//! The inventories that we ship, `psfleet hosts`, and what users read of broken inventories.

use std::path::Path;
use std::process::{Command, Output};

use psfleet::config::Config;
use psfleet::config::Machine;
use psfleet::hostlist::fold;
use psfleet::inventory::{HostSettings, Request, select};

use crate::support::folder::Folder;
use crate::support::skip;

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
        assert_eq!(web07.effective.vars["stage"].value.json(), "\"prod\"", "{name}");
        assert_eq!(web07.effective.labels["site"].value, "ber", "{name}");
    }
    assert_eq!(names(&hosts("fleet.toml", "@all")), "web[01-40],db[01-04].corp.example,lx[1-3],build");
    assert_eq!(names(&hosts("fleet.toml", "label:canary=true,label:site=fra")), "web07,db[01-04].corp.example");
    let linux = &hosts("fleet.toml", "lx1")[0];
    assert_eq!(settings(linux, "transport port user jump"), "ssh 22 ops ssh://bastion.corp.example");
    assert_eq!(linux.effective.password, None);
    assert_eq!(settings(&hosts("fleet.toml", "build")[0], "transport"), "local");
    assert_eq!(names(&hosts("fleet.yaml", "spare")), "spare");
}

#[test]
fn tables_and_lists() {
    assert_eq!(names(&hosts("fleet.csv", "@all")), "web[01-02],db01");
    let web01 = &hosts("fleet.csv", "web01")[0];
    assert_eq!(settings(web01, "address port tls user"), r"10.0.7.1 5986 true CONTOSO\svc-ops");
    assert_eq!(web01.effective.vars["Owner"].value.json(), "\"Shop, front end\"");
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

/// What `psfleet hosts` says in a folder: exit code, stdout, stderr. No setting of this machine takes part.
fn psfleet_hosts(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_psfleet"))
        .arg("hosts")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .envs(env.iter().copied())
        .output()
        .expect("psfleet starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn hosts_folds_and_expands_without_an_inventory() {
    let folder = Folder::new("hosts");
    let ok = |arguments: &[&str]| {
        let (code, out, err) = psfleet_hosts(folder.path(), arguments, &[]);
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
        out
    };
    assert_eq!(ok(&["expand", "web[1,3-4],db"]), "web1\nweb3\nweb4\ndb\n");
    assert_eq!(ok(&["expand", "node[1-3]!node2"]), "node1\nnode3\n");
    assert_eq!(ok(&["expand", "node[1-3]&node[2-5]"]), "node2\nnode3\n");
    assert_eq!(ok(&["expand", "node[1-3,2-4]"]), "node1\nnode2\nnode3\nnode4\n");
    assert_eq!(ok(&["fold", "web03", "web01,web02", "db", "!web02"]), "web[01,03],db\n");
    assert_eq!(ok(&["fold", "web03", "web01,web02", "db"]), "web[01-03],db\n");
    assert_eq!(ok(&["list", "a[1-2],ssh://me@b:22"]), "a1\na2\nb:22\n");
    let (code, out, err) = psfleet_hosts(folder.path(), &["lst"], &[]);
    assert_eq!((code, out.as_str()), (0, "lst\n"));
    assert!(err.contains("'lst' is taken as a host; did you mean psfleet hosts list?"), "{err}");
    let (code, _, err) = psfleet_hosts(folder.path(), &["expand", "web[1-999999]"], &[]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("more than 100000 names"), "{err}");
    for words in ["node{1,2,3}", "@web", "web*", "label:a=b", "a&"] {
        let (code, out, _) = psfleet_hosts(folder.path(), &["expand", words], &[]);
        assert_eq!((code, out.as_str()), (2, ""), "{words}");
    }
}

#[test]
fn hosts_shows_every_setting_with_its_place() {
    let folder = Folder::new("hosts");
    let inventory = "[defaults]\nuser = 'svc'\npassword = 'hunter2'\n[groups.web]\nhosts = ['web[1-2]']\nport = 81\n";
    std::fs::write(folder.path().join("i.toml"), inventory).expect("written");
    let unsafe_file = psfleet_hosts(folder.path(), &["-i", "i.toml"], &[]);
    if cfg!(unix) {
        assert_eq!(unsafe_file.0, 2);
        assert!(unsafe_file.2.contains("i.toml:3:12") && unsafe_file.2.contains("chmod 600"), "{}", unsafe_file.2);
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(folder.path().join("i.toml"), mode).expect("mode set");
    }
    let env = [("PSFLEET_TARGETS", "web1\nweb2"), ("PSFLEET_INVENTORY", "i.toml"), ("PSFLEET_TLS", "1")];
    assert_eq!(psfleet_hosts(folder.path(), &["list"], &env).1, "web1\nweb2\n");
    let (code, out, _) = psfleet_hosts(folder.path(), &["show", "web2", "--timeout", "5s"], &env);
    assert_eq!(code, 0);
    assert!(!out.contains("hunter2") && !out.contains("web1\n"), "{out}");
    insta::assert_snapshot!(out, @r"
    web2
      groups              web
      address             web2                  default
      transport           winrm                 default
      auth                negotiate             default
      port                81                    group web in i.toml:6
      user                svc                   defaults in i.toml:2
      configuration_name  Microsoft.PowerShell  default
      url_path            /wsman                default
      connect_timeout     15s                   default
      open_timeout        1m                    default
      timeout             5s                    --timeout
      tls                 true                  PSFLEET_TLS
      allow_unencrypted   false                 default
      password            <secret>              inventory
    ");
}

#[test]
fn a_broken_inventory_lists_every_mistake() {
    let folder = Folder::new("hosts");
    let broken =
        "groups:\n  web:\n    hosts: [ \"web[1-\" ]\n    prot: 1\n  db:\n    children: [ wbe ]\n    tls: maybe\n";
    std::fs::write(folder.path().join("i.yaml"), broken).expect("written");
    std::fs::write(folder.path().join("psfleet.toml"), "inventory = ['i.yaml']\n").expect("written");
    #[cfg(unix)]
    ["i.yaml", "psfleet.toml"].iter().for_each(|name| mode(&folder.path().join(name), 0o644));
    let (code, out, err) = psfleet_hosts(folder.path(), &["@webb,x y"], &[]);
    assert_eq!((code, out.as_str()), (2, ""));
    let file = folder.path().join("i.yaml").canonicalize().expect("a path").display().to_string();
    insta::assert_snapshot!(err.replace(&file, "i.yaml"), @r"
    error: i.yaml:3:14: groups > web > hosts: 'web[1-': '[' without ']'
    error: i.yaml:4:5: groups > web: unknown key 'prot'
      hint: did you mean 'port'?
    error: i.yaml:6:17: groups > db > children: unknown group 'wbe'
      hint: did you mean 'web'?
    error: i.yaml:7:10: groups > db > tls: expected true or false, found text
    error: --targets: 'x y' is not a host name
    error: unknown group '@webb'
      hint: did you mean 'web'?
    ");
    let (code, _, err) = psfleet_hosts(folder.path(), &["web1!web1"], &[("PSFLEET_INVENTORY", "/dev/null")]);
    assert_eq!((code, err.trim_end()), (4, "error: no target matches"));
}

/// Runs psfleet in a folder that is its home too, without anything of the surroundings.
fn alone(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psfleet"));
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder).output().expect("psfleet starts")
}

/// Gives a file or folder these rights.
#[cfg(unix)]
fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("mode set");
}

/// What others could have written decides nothing of where we connect, as whom, how safely, or what runs here.
#[cfg(unix)]
#[test]
fn what_others_could_have_written_starts_nothing_and_leads_nowhere() {
    let folder = Folder::new("trust");
    let root = folder.path().canonicalize().expect("a path");
    let write = |name: &str, text: &str, rights: u32| {
        let path = root.join(name);
        std::fs::write(&path, text).expect("written");
        mode(&path, rights);
        path
    };
    write("evil.sh", &format!("#!/bin/sh\ntouch {}/started\n", root.display()), 0o755);
    write("evil.toml", "[defaults]\ntransport = 'local'\npwsh = './evil.sh'\n[hosts.evil]\n", 0o644);
    let config = write("psfleet.toml", "inventory = ['evil.toml']\nuser = 'evil'\noutput = 'csv'\n", 0o666);
    let run = |arguments: &[&str]| String::from_utf8_lossy(&alone(&root, arguments).stderr).into_owned();
    let at_once = ["run", "-t", "web01", "--no-input", "hostname"];
    let said = run(&at_once);
    let reason = format!("others can write {0} (mode 0666; chmod go-w {0})", config.display());
    assert!(
        said.starts_with(&format!("warning: {}: ignored user, inventory, because {reason}\n", config.display())),
        "{said}"
    );
    assert!(said.contains("error: no user for web01"), "{said}");
    assert_eq!(said.matches("warning").count(), 1, "{said}");
    assert!(run(&["hosts", "list", "@all"]).contains("ignored user, inventory, because"), "said by every command");
    // The inventory alone is open to others.
    mode(&config, 0o644);
    mode(&root.join("evil.toml"), 0o664);
    let said = run(&at_once);
    assert!(said.contains("evil.toml: ignored entirely, because others can write"), "{said}");
    // A folder on the way is, unless its sticky bit keeps what is ours.
    mode(&root.join("evil.toml"), 0o644);
    let inner = root.join("inner");
    std::fs::create_dir(&inner).expect("made");
    std::fs::rename(&config, inner.join("psfleet.toml")).expect("moved");
    std::fs::rename(root.join("evil.toml"), inner.join("evil.toml")).expect("moved");
    let inside = |rights: u32| {
        mode(&inner, rights);
        psfleet_hosts(&inner, &["list", "@all"], &[])
    };
    let (code, out, err) = inside(0o777);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains(&format!("because others can write {} (mode 0777;", inner.display())), "{err}");
    assert_eq!(inside(0o1777), (0, "evil\n".to_owned(), String::new()));
    // A link is as good as what it leads through.
    mode(&inner, 0o777);
    std::os::unix::fs::symlink(inner.join("psfleet.toml"), root.join("psfleet.toml")).expect("linked");
    let (code, _, err) = psfleet_hosts(&root, &["list", "@all"], &[]);
    assert!(code == 2 && err.contains("ignored user, inventory, because others can write"), "{err}");
    // What the user names is the user's word.
    let (code, out, _) = psfleet_hosts(&root, &["list", "@all", "-i", "inner/evil.toml"], &[]);
    assert_eq!((code, out.as_str()), (0, "evil\n"));
    assert!(!root.join("started").exists());
}

/// What `Get-ADComputer | Export-Csv` writes: empty cells, and columns that hosts are to be chosen by.
#[test]
fn an_export_of_a_directory_needs_no_cleaning() {
    let folder = Folder::new("directory");
    let text = "#TYPE Selected.ADComputer\n\"Name\",\"DNSHostName\",\"Enabled\"\n\"SRV01\",\"srv01.c.com\",\"True\"\n\
                \"SRV02\",\"\",\"False\"\n\"SRV03\",,\n";
    std::fs::write(folder.path().join("ad.csv"), text).expect("written");
    let listed = |expression: &str| psfleet_hosts(folder.path(), &["list", "-i", "ad.csv", expression], &[]);
    assert_eq!(listed("label:Enabled=True"), (0, "SRV01\n".to_owned(), String::new()));
    assert_eq!(listed("@all!label:enabled=true").1, "SRV02\nSRV03\n");
    for name in ["host.DNSHostName", "host.dnshostname", "host.ENABLED"] {
        let output = Command::new(env!("CARGO_BIN_EXE_psfleet"))
            .args(["run", "--plan", "-i", "ad.csv", "-t", "@all", "-u", "u", "param($Name) $Name", "-a", name])
            .current_dir(folder.path())
            .env_clear()
            .envs([("HOME", folder.path().as_os_str()), ("PSFLEET_PASSWORD", "pw".as_ref())])
            .output()
            .expect("psfleet starts");
        assert_eq!(output.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What cannot be looked at is not what others could have written.
#[cfg(unix)]
#[test]
fn a_configured_inventory_that_cannot_be_read_stops_every_command() {
    let folder = Folder::new("vain");
    let root = folder.path().canonicalize().expect("a path");
    std::fs::create_dir(root.join("folder")).expect("made");
    std::fs::write(root.join("hosts.txt"), "h\n").expect("written");
    std::os::unix::fs::symlink("gone", root.join("link.toml")).expect("linked");
    for (name, why) in [
        ("fleet.toml", "there is no such file"),
        ("folder", "it is a folder, not a file"),
        ("hosts.txt/fleet.toml", "there is no such file"),
        ("link.toml", "there is no such file"),
        ("gone/fleet.toml", "there is no such file"),
    ] {
        std::fs::write(root.join("psfleet.toml"), format!("inventory = \"{name}\"\n")).expect("written");
        let file = root.join("psfleet.toml");
        let wanted = format!("{}:1:13: inventory: {}: {why}", file.display(), root.join(name).display());
        for arguments in [&["hosts", "list", "localhost"][..], &["run", "-t", "localhost", "--transport", "local", "1"]]
        {
            let output = alone(&root, arguments);
            let err = String::from_utf8_lossy(&output.stderr);
            assert_eq!((output.status.code(), err.trim_end()), (Some(2), &*format!("error: {wanted}")), "{name}");
        }
    }
}

#[test]
fn files_that_settings_name_are_read_before_the_first_connection() {
    let folder = Folder::new("named");
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).expect("written");
    let key = |arguments: &[&str]| {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519"])
            .args(arguments)
            .current_dir(folder.path())
            .output();
        made.is_ok_and(|made| made.status.success())
    };
    if !(key(&["-N", "", "-f", "plain"]) && key(&["-N", "phrase", "-f", "locked"])) {
        skip("there is no ssh-keygen");
        return;
    }
    write("garbage", b"\x00\xff not a key\n");
    write("half.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n");
    write("odd.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    write("empty", b"# nobody yet\n");
    let inventory = "[defaults]\ntransport = 'ssh'\nuser = 'u'\n[hosts.good]\nidentity = ['plain', 'locked', \
                     'plain.pub']\n\
                     known_hosts = 'empty'\n[hosts.bad]\nidentity = ['gone', 'garbage', '.']\nknown_hosts = 'garbage'\n\
                     [hosts.new]\nhost_keys = 'accept-new'\nknown_hosts = 'made_later'\n[hosts.strict]\nknown_hosts = \
                     'gone'\n\
                     [hosts.none]\ntransport = 'winrm'\ntls = true\nca = 'empty'\n[hosts.half]\ntransport = 'winrm'\n\
                     tls = true\nca = 'half.pem'\n[hosts.odd]\ntransport = 'winrm'\ntls = true\nca = 'odd.pem'\n";
    write("i.toml", inventory.as_bytes());
    let planned = |targets: &str, more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_psfleet"))
            .args(["run", "-i", "i.toml", "-t", targets, "--plan", "1"])
            .args(more)
            .current_dir(folder.path())
            .env("PSFLEET_PASSWORD", "pw")
            .output()
            .expect("psfleet starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(planned("good,new", &[]), (Some(0), String::new()));
    let (code, said) = planned("@all", &[]);
    assert_eq!(code, Some(2));
    insta::assert_snapshot!(said, @r"
    error: i.toml:8: bad > identity: gone: there is no such file
    error: i.toml:8: bad > identity: garbage: it is not a private key that we can read (OpenSSH or PEM format)
    error: i.toml:8: bad > identity: .: it is a folder, not a file
    error: i.toml:9: bad > known_hosts: garbage: no line in it is a known_hosts line (HOST KIND KEY)
    error: i.toml:14: strict > known_hosts: gone: there is no such file
    error: i.toml:18: none > ca: empty: it holds no certificate in PEM format (-----BEGIN CERTIFICATE-----)
    error: i.toml:22: half > ca: half.pem: a PEM block in it is cut short or damaged
    error: i.toml:26: odd > ca: odd.pem: certificate 1 in it is damaged
    ");
    let (code, said) = planned("good", &["--identity", "gone"]);
    assert_eq!((code, said.as_str()), (Some(2), "error: --identity: gone: there is no such file\n"));
}
