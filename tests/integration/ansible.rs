//! Ansible's inventories and programs through the program, against a fleet; and facts of the runs that it keeps.

#![cfg(unix)]

use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use psfleet::sandbox::{Fleet, Options};

use crate::support::folder::Folder;
use crate::support::sandbox::{assert_clean, fleet};

/// psfleet in a folder, with a store of its own: exit code, stdout, stderr.
fn psfleet(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_psfleet"))
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.path())
        .env("PSFLEET_SECRET_API", "ours")
        .env("PSFLEET_CREDENTIAL_SQL_PASSWORD", "ours")
        .output()
        .expect("psfleet starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn write(folder: &Folder, file: &str, text: &str, mode: u32) {
    let path = folder.path().join(file);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

/// A fleet as Ansible would have it: hosts with their ports, the rest in `group_vars`.
fn as_ansible(fleet: &Fleet) -> Folder {
    let folder = Folder::new("ansible");
    let mut hosts = String::from("[windows]\n");
    for (name, address, _) in fleet.hosts() {
        writeln!(hosts, "{name} ansible_host={} ansible_port={}", address.ip(), address.port()).expect("a text");
    }
    hosts.push_str("\n[windows:vars]\nansible_connection=psrp\nansible_psrp_protocol=http\nrole=lab\n");
    write(&folder, "hosts", &hosts, 0o644);
    let vars = format!("ansible_user: '{}'\nansible_password: {}\n", fleet.user(), fleet.password().expose());
    write(&folder, "group_vars/all.yml", &vars, 0o600);
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ansible_inventory_reaches_its_hosts_and_runs_tell_facts() {
    let fleet = fleet(Options { hosts: 3, ..Options::default() }).await;
    let first = fleet.hosts().next().map(|(name, ..)| name.to_owned()).expect("a host");
    let folder = as_ansible(&fleet);
    let (code, shown, stderr) = psfleet(&folder, &["hosts", "show", &first, "-i", "hosts"]);
    assert_eq!(code, Some(0), "{stderr}");
    let row = |key: &str| {
        let row = shown.lines().find(|line| line.trim_start().starts_with(key)).unwrap_or_default();
        row.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("groups"), "groups windows");
    assert_eq!(row("tls"), "tls false group windows in hosts:8");
    assert_eq!(row("address"), format!("address 127.0.0.1 host {first} in hosts:2"));
    assert_eq!(row("user"), format!("user {} group all in group_vars/all.yml:1", fleet.user()));
    assert_eq!(row("password"), "password <secret> inventory");
    assert_eq!(row("vars.role"), "vars.role lab group windows in hosts:9");

    let nothing = psfleet(&folder, &["hosts", "list", "-i", "hosts", "-t", "fact:Win32_OperatingSystem.Version~10"]);
    assert_eq!(nothing.0, Some(2));
    assert!(nothing.2.contains("psfleet run -t @all 'Get-CimInstance Win32_OperatingSystem'"), "{}", nothing.2);
    let script = "Get-CimInstance Win32_OperatingSystem; $args[0]";
    let run = ["run", "--no-input", "-i", "hosts", "-t", "@windows", script, "-a", "host.role", "-o", "jsonl"];
    let (code, stdout, stderr) = psfleet(&folder, &run);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout.matches("\"data\":\"lab\"").count(), 3, "{stdout}");

    let fact = "fact:Win32_OperatingSystem.Version~10";
    let (code, listed, stderr) = psfleet(&folder, &["hosts", "list", "-i", "hosts", "-t", fact]);
    assert_eq!((code, listed.lines().count()), (Some(0), 3), "{stderr}");
    let (_, shown, _) = psfleet(&folder, &["hosts", "show", "-i", "hosts", "-t", &format!("{first}&{fact}")]);
    let row = shown.lines().find(|line| line.contains("fact:Win32_OperatingSystem.Version")).unwrap_or_default();
    assert!(row.contains("  10.0.") && row.contains("  run ") && row.ends_with('Z'), "{shown}");
    assert_clean(fleet).await;
}

#[test]
fn a_program_writes_the_inventory() {
    let folder = Folder::new("ansible");
    let listing = r#"{"web": {"hosts": ["web01", "web02"], "vars": {"x": 1}}, "_meta": {"hostvars": {"web02": {"ansible_port": 81}}}}"#;
    let script = format!("#!/bin/sh\n[ \"$1\" = --list ] && ! env | grep ours && echo '{listing}'\n");
    write(&folder, "hosts.sh", &script, 0o644);
    let (code, _, stderr) = psfleet(&folder, &["hosts", "list", "-i", "hosts.sh"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("may not be executed") && stderr.contains("chmod +x hosts.sh"), "{stderr}");
    write(&folder, "hosts.sh", &script, 0o755);
    let (code, listed, stderr) = psfleet(&folder, &["hosts", "list", "-i", "hosts.sh", "-t", "@web"]);
    assert_eq!((code, &*listed), (Some(0), "web01\nweb02\n"), "{stderr}");
    let (_, shown, _) = psfleet(&folder, &["hosts", "show", "web02", "-i", "hosts.sh"]);
    assert!(
        shown.lines().any(|line| line.contains("port") && line.ends_with("host web02 in hosts.sh --list:1")),
        "{shown}"
    );
    write(&folder, "bad.sh", "#!/bin/sh\nprintf 'no\\033[2Jcloud' >&2\nexit 7\n", 0o755);
    let (code, _, stderr) = psfleet(&folder, &["hosts", "list", "-i", "bad.sh"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("bad.sh: --list: ended with exit code 7: no\\u{1b}[2Jcloud"), "{stderr}");
    // Named by a configuration: it runs, unless others could have written it.
    write(&folder, "psfleet.toml", "inventory = \"hosts.sh\"\n", 0o600);
    assert_eq!(psfleet(&folder, &["hosts", "list"]).1, "web01\nweb02\n");
    write(&folder, "hosts.sh", &script, 0o777);
    let (code, listed, stderr) = psfleet(&folder, &["hosts", "list"]);
    assert_eq!((code, &*listed), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("hosts.sh: ignored entirely, because others can write"), "{stderr}");
}

#[test]
fn var_folders_are_read_with_measure() {
    let folder = Folder::new("ansible");
    write(&folder, "hosts", "[web]\nweb01\n", 0o644);
    write(&folder, "group_vars/web/a/b.yml", "x: 1\n", 0o644);
    std::fs::create_dir_all(folder.path().join("host_vars/web01")).expect("made");
    // Nobody asks for it.
    std::os::unix::fs::symlink("/", folder.path().join("group_vars/nobody")).expect("linked");
    let show = || psfleet(&folder, &["hosts", "show", "web01", "-i", "hosts"]);
    let (code, shown, stderr) = show();
    assert!(code == Some(0) && shown.contains("vars.x"), "{shown}{stderr}");

    let link = folder.path().join("group_vars/web/c");
    std::os::unix::fs::symlink(".", &link).expect("linked");
    let (code, _, stderr) = show();
    assert!(code == Some(2) && stderr.contains("variables lie in more than 8 folders"), "{stderr}");
    std::fs::remove_file(&link).expect("removed");

    for number in 0..1000 {
        write(&folder, &format!("group_vars/web/d/{number}.yml"), "", 0o644);
    }
    let (code, _, stderr) = show();
    assert!(
        code == Some(2) && stderr.contains("group_vars/web/d: with it, there are more than 1000 files"),
        "{stderr}"
    );
    std::fs::remove_dir_all(folder.path().join("group_vars/web")).expect("removed");

    let pipe = folder.path().join("group_vars/web.yml");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let (code, _, stderr) = show();
    assert!(code == Some(2) && stderr.contains("group_vars/web.yml: is neither a file nor a folder"), "{stderr}");
}
