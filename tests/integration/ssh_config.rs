//! What an SSH configuration means, with `ssh -G` as the judge.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use psfleet::config::{Account, Config, ConfigFile, FileBytes, NamedFile, System};
use psfleet::inventory::{Request, resolve};
use psfleet::target::{AddressFamily, Endpoint, HostKeyPolicy, SshAgent, SshServer, Target};

use crate::support::folder::Folder;
use crate::support::skip;
use crate::support::sshd::user;

/// The real files, and nobody to ask.
struct Files;

impl System for Files {
    fn read(&mut self, path: &Path) -> io::Result<FileBytes> {
        Ok(FileBytes { bytes: std::fs::read(path)?, private: true })
    }

    fn exposure(&self, _path: &Path) -> io::Result<Option<String>> {
        Ok(None)
    }

    fn check(&self, _file: NamedFile, path: &Path) -> Result<(), String> {
        panic!("{}: a file of an SSH configuration may be missing", path.display())
    }

    fn warn(&mut self, warning: &str) {
        panic!("{warning}")
    }

    fn read_stdin(&mut self) -> io::Result<Bytes> {
        Ok(Bytes::new())
    }

    fn variables(&self) -> BTreeMap<String, String> {
        std::env::vars().collect()
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn home(&self) -> Option<PathBuf> {
        Some(home())
    }

    fn can_ask(&self) -> bool {
        false
    }

    fn ask(&mut self, question: &str, _hidden: bool) -> io::Result<String> {
        Err(io::Error::other(question.to_owned()))
    }

    fn matching(&self, pattern: &Path) -> Vec<PathBuf> {
        let found = glob::glob(&pattern.to_string_lossy()).expect("a pattern");
        found.flatten().collect()
    }

    fn account(&self) -> Account {
        let id = Command::new("id").arg("-u").output().expect("id runs");
        let machine = Command::new("uname").arg("-n").output().expect("uname runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("a name").trim().to_owned();
        Account { user: user(), id: text(id.stdout), machine: text(machine.stdout) }
    }

    fn config_files(&self) -> Vec<ConfigFile> {
        Vec::new()
    }

    fn random(&mut self) -> u64 {
        0
    }
}

/// The home folder as `ssh` finds it, which asks no variable.
fn home() -> PathBuf {
    let accounts = std::fs::read_to_string("/etc/passwd").expect("accounts");
    let user = user();
    let line = accounts.lines().find(|line| line.split(':').next() == Some(&user)).expect("an account");
    line.split(':').nth(5).expect("a home").into()
}

/// One server of a way, in the words of `ssh -G`.
#[derive(Debug, PartialEq, Default)]
struct Stop {
    user: String,
    address: String,
    port: String,
    identities: Vec<String>,
    identities_only: bool,
    agent: Option<String>,
    alias: Option<String>,
    accepts_new: bool,
    known_hosts: Vec<String>,
    methods: [bool; 3],
    family: &'static str,
}

const USUAL: [&str; 7] = ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "id_xmss", "id_dsa"];

/// What `ssh` would do, the bastions first; `None` where it refuses.
fn judged(file: &Path, host: &str, options: &[String]) -> Option<Vec<Stop>> {
    let mut command = Command::new("ssh");
    let output = command.arg("-G").arg("-F").arg(file).args(options).arg("--").arg(host).output().expect("ssh runs");
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).expect("text");
    let all = |key: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.split_once(' ')).filter(|(name, _)| *name == key);
        lines.map(|(_, value)| value.to_owned()).collect()
    };
    let one = |key: &str| all(key).first().cloned();
    let at_home = |path: &String| match path.strip_prefix("~/") {
        Some(rest) => home().join(rest).display().to_string(),
        None => path.clone(),
    };
    let identities: Vec<String> = all("identityfile").iter().map(at_home).collect();
    let usual = |path: &String| USUAL.iter().any(|name| Path::new(path) == home().join(".ssh").join(name));
    let only_usual = identities.len() >= 4 && identities.iter().all(usual);
    let words = |key: &str| -> Vec<String> {
        one(key).iter().flat_map(|list| list.split(' ')).map(|path| at_home(&path.to_owned())).collect()
    };
    let preferred = one("preferredauthentications");
    let method = |key: &str, name: &str| {
        let on = one(key).is_none_or(|value| value != "false" && value != "no");
        on && preferred.as_ref().is_none_or(|list| list.split(',').any(|listed| listed == name))
    };
    let stop = Stop {
        user: one("user")?,
        address: one("hostname")?,
        port: one("port")?,
        identities: if only_usual { Vec::new() } else { identities },
        identities_only: one("identitiesonly").as_deref() == Some("yes"),
        agent: one("identityagent"),
        alias: one("hostkeyalias"),
        accepts_new: one("stricthostkeychecking")
            .is_some_and(|value| ["accept-new", "false", "off"].contains(&&*value)),
        known_hosts: words("userknownhostsfile").into_iter().chain(words("globalknownhostsfile")).collect(),
        methods: [
            method("pubkeyauthentication", "publickey"),
            method("passwordauthentication", "password"),
            method("kbdinteractiveauthentication", "keyboard-interactive"),
        ],
        family: match one("addressfamily").as_deref() {
            Some("inet") => "IPv4",
            Some("inet6") => "IPv6",
            _ => "IP",
        },
    };
    let mut way = match one("proxyjump").filter(|jump| jump != "none") {
        Some(chain) => judged_bastions(file, &chain)?,
        None => Vec::new(),
    };
    way.push(stop);
    Some(way)
}

/// The way through a chain of bastions, as `ssh` starts itself for the last one.
fn judged_bastions(file: &Path, chain: &str) -> Option<Vec<Stop>> {
    let (before, last) = chain.rsplit_once(',').map_or((None, chain), |(before, last)| (Some(before), last));
    let last = last.strip_prefix("ssh://").unwrap_or(last);
    let (user, place) = last.rsplit_once('@').map_or((None, last), |(user, place)| (Some(user), place));
    let (host, port) = place.rsplit_once(':').map_or((place, None), |(host, port)| (host, Some(port)));
    let mut options = Vec::new();
    for (flag, value) in [("-l", user), ("-p", port), ("-J", before)] {
        options.extend(value.iter().flat_map(|value| [flag.to_owned(), (*value).to_owned()]));
    }
    judged(file, host, &options)
}

/// What we would do; the error where we refuse.
fn ours(file: &Path, host: &str) -> Result<Vec<Stop>, String> {
    let targets = vec![format!("ssh://{host}")];
    let request = Request { targets, inventories: vec![file.display().to_string()], ..Request::default() };
    let resolved = resolve(&request, &Config::default(), &mut Files, &mut |_| Err("none".to_owned()));
    let target = &resolved.map_err(|errors| errors.to_string())?.targets[0];
    let Endpoint::Ssh(endpoint) = &target.endpoint else { panic!("no SSH endpoint: {}", target.endpoint) };
    let own = own_user(target);
    let hops = endpoint.jump.iter().map(|hop| stop(&hop.server, hop.user.clone().unwrap_or_else(user)));
    Ok(hops.chain([stop(&endpoint.server, own.clone())]).collect())
}

fn own_user(target: &Target) -> String {
    target.credential.as_ref().and_then(|credential| credential.user()).map_or_else(user, str::to_owned)
}

fn stop(server: &SshServer, user: String) -> Stop {
    let shown = |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
    let methods = server.methods;
    Stop {
        user,
        address: server.address.clone(),
        port: server.port.to_string(),
        identities: shown(server.identities.as_deref().unwrap_or_default()),
        identities_only: server.identities_only,
        agent: match &server.agent {
            SshAgent::Environment => None,
            SshAgent::Off => Some("none".to_owned()),
            SshAgent::At(path) => Some(path.display().to_string()),
        },
        alias: server.host_key_alias.clone(),
        accepts_new: server.host_keys == HostKeyPolicy::AcceptNew,
        known_hosts: shown(&server.known_hosts),
        methods: [methods.public_key, methods.password, methods.keyboard_interactive],
        family: match server.family {
            AddressFamily::Any => "IP",
            AddressFamily::V4 => "IPv4",
            AddressFamily::V6 => "IPv6",
        },
    }
}

/// Configurations without a mistake, each with the host that is asked for. `@/` is the folder of the files.
const CONFIGURATIONS: &[(&str, &str)] = &[
    ("h", "Host other\n Port 1\n"),
    ("h", "Port 2222\nUser first\nHost h\n Port 1\n User second\n"),
    ("h", "Host *\n User all\nHost h\n User mine\n Port 7\n"),
    ("web07", "Host web*\n User ops\n Port 2222\n"),
    ("web07", "Host web?? !web07\n User ops\nHost *\n User rest\n"),
    ("web07", "Host !db* *\n User notdb\n"),
    ("web07", "Host !db*\n User notdb\n"),
    ("h", "Host \"h\" 'i'\n User = \"quoted name\"\n"),
    ("h", "host h\nPORT=2022\n\tuSeR\tme # a comment\n"),
    ("h", "Host h # i j\n HostName 10.0.0.1 # not 10.0.0.2\n"),
    ("h", "Host h\n HostName %h.Corp.Example\n"),
    ("h", "Host h\n HostName FE80::1\n"),
    ("H", "Host h*\n User lower\nHost H*\n User upper\n"),
    ("h", "Host h\n User DOM\\me\n"),
    ("h", "Host h\n IdentityFile ~/.ssh/id_rsa\n"),
    ("h", "Host h\n IdentityFile ~/.ssh/id_ed25519\n IdentitiesOnly yes\n"),
    (
        "h",
        "Host h\n IdentityFile ~/a\n IdentityFile \"/keys/with space\"\nHost *\n IdentityFile ~/a\n IdentityFile ~/b\n",
    ),
    ("h", "Host h\n IdentitiesOnly yes\n"),
    ("h", "Host h\n IdentitiesOnly no\nHost *\n IdentitiesOnly yes\n"),
    ("h", "Host h\n IdentityAgent none\n"),
    ("h", "Host h\n IdentityAgent /run/other-agent.sock\n"),
    ("h", "Host h\n User me\n IdentityAgent ~/agents/%r@%n:%p\n"),
    ("h", "Host h\n HostKeyAlias Alias3\n"),
    ("h", "Host h\n UserKnownHostsFile @/a \"@/b\"\n GlobalKnownHostsFile @/g\n"),
    ("h", "Host h\n HostName 10.0.0.9\n UserKnownHostsFile ~/kh/%k-%h-%p\n"),
    ("h", "Host h\n GlobalKnownHostsFile /dev/null\n"),
    ("h", "Host h\n StrictHostKeyChecking accept-new\n"),
    ("h", "Host h\n StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n"),
    ("h", "Host h\n StrictHostKeyChecking ASK\n"),
    ("h", "Host h\n PasswordAuthentication no\n KbdInteractiveAuthentication no\n"),
    ("h", "Host h\n PreferredAuthentications publickey,password\n"),
    ("h", "Host h\n PubkeyAuthentication no\n"),
    ("h", "Host h\n AddressFamily inet\nHost *\n AddressFamily inet6\n"),
    ("h", "AddressFamily INET6\n"),
    (
        "h",
        "Host h\n ProxyJump gate\nHost gate\n HostName 10.0.0.1\n User gatekeeper\n Port 2200\n IdentityFile ~/gate\n",
    ),
    ("h", "Host h\n ProxyJump ops@gate:2201\nHost gate\n HostName 10.0.0.1\n User gatekeeper\n Port 2200\n"),
    ("h", "Host h\n ProxyJump outer,inner\nHost outer\n HostName 10.0.0.1\nHost inner\n User in\n ProxyJump ignored\n"),
    ("h", "Host h\n ProxyJump inner\nHost inner\n ProxyJump outer\n HostName 10.1.0.1\nHost outer\n Port 2\n"),
    ("h", "Host h\n ProxyJump none\nHost *\n ProxyJump gate\n"),
    ("h", "Host h\n ProxyJump gate\n ProxyCommand nc %h %p\n"),
    ("h", "Host h\n ProxyCommand none\nHost *\n ProxyJump gate\n"),
    ("h", "Host * !gate\n ProxyJump gate\n IdentityFile ~/a\nHost gate\n IdentityFile ~/g\n IdentityAgent none\n"),
    ("h", "Host h\n HostName real.corp\nMatch host real.*\n User byhost\nMatch originalhost h\n Port 5\n"),
    ("h", "User ops\nMatch user ops,adm\n Port 6\nMatch user *,!ops\n Port 7\n"),
    ("h", "Match all\n Port 8\nMatch !all\n User never\n"),
    ("h", "Match localuser *\n Port 9\nMatch localuser nobody-of-this-name\n User never\n"),
    ("h", "Host h\n HostName real.corp\nMatch final host real.corp\n Port 10\n User last\n"),
    ("h", "Host h\n HostName real.corp\nHost real.corp\n User second\nMatch final all\n Port 11\n"),
    ("h", "Match canonical all\n Port 12\n"),
    ("h", "Match host other exec /bin/true\n Port 1\n"),
    ("h", "Include @/more @/missing @/*.conf\nPort 99\n"),
    ("h", "Host other\n Include @/more\nHost h\n Port 98\n"),
    ("h", "Host h\n Include @/nested\n Port 97\n"),
    ("h", "IgnoreUnknown Frob*,Nicate\nFrobnicate yes\nHost h\n Port 14\n"),
    (
        "h",
        "Host h\n ForwardAgent yes\n ServerAliveInterval 5\n ControlMaster auto\n ControlPath ~/%C\n Compression no\n",
    ),
    ("h", "Host h\n UseRoaming no\n Port 15\n"),
];

/// Mistakes, which `ssh` refuses too.
const MISTAKES: &[&str] = &[
    "Frobnicate yes\n",
    "Host other\n Frobnicate yes\n",
    "Port 0\n",
    "Port many\n",
    "Host h\n Port\n",
    "Host h\n User a b\n",
    "Host h\n IdentitiesOnly maybe\n",
    "Host h\n User \"open\n",
    "Host h\n HostName %x\n",
    "Host h\n UserKnownHostsFile a none\n",
    "Match user\n Port 1\n",
    "Match address 10.0.0.1\n Port 1\n",
    "Host h\n ProxyJump :22\n",
    "Host h\n StrictHostKeyChecking perhaps\n",
    "Host h\n IdentityAgent ${NO_SUCH_VARIABLE_ANYWHERE}\n",
    "Include @/loop\n",
];

fn folder() -> Option<Folder> {
    if Command::new("ssh").arg("-V").output().is_err() {
        skip("no OpenSSH client");
        return None;
    }
    let folder = Folder::new("ssh-config");
    for (name, text) in [
        ("more", "User more\nHost h\n Port 21\n"),
        ("a.conf", "Host h\n Port 22\n IdentityFile ~/conf\n"),
        ("nested", "User nested\nMatch host other\n User other\nInclude @/more\n"),
        ("loop", "Include @/loop\n"),
    ] {
        write(&folder, name, text);
    }
    Some(folder)
}

/// Writes a file; `@/` is the folder, and `@` elsewhere stands before a bastion's host.
fn write(folder: &Folder, name: &str, text: &str) -> PathBuf {
    let file = folder.path().join(name);
    std::fs::write(&file, text.replace("@/", &format!("{}/", folder.path().display()))).expect("a file");
    file
}

#[test]
fn ssh_and_we_read_the_same() {
    let Some(folder) = folder() else { return };
    let mut wrong = Vec::new();
    for (place, (host, text)) in CONFIGURATIONS.iter().enumerate() {
        let file = write(&folder, &format!("{place}.ssh_config"), text);
        let expected = judged(&file, host, &[]).unwrap_or_else(|| panic!("ssh refuses {text}"));
        let found = ours(&file, host);
        if found.as_ref() != Ok(&expected) {
            wrong.push(format!("{text}\n  ssh: {expected:?}\n  we:  {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ssh_and_we_refuse_the_same() {
    let Some(folder) = folder() else { return };
    for (place, text) in MISTAKES.iter().enumerate() {
        let file = write(&folder, &format!("{place}.ssh_config"), text);
        assert_eq!(judged(&file, "h", &[]), None, "{text}");
        let error = ours(&file, "h").expect_err(text);
        assert!(error.contains("ssh_config") || error.contains("loop"), "{text}: {error}");
    }
}

/// The key files with their tokens put in, which `ssh` tells only when it connects.
#[test]
fn tokens_of_key_files_are_those_of_ssh() {
    let Some(folder) = folder() else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(drop));
    let text = format!(
        "Host n1\n HostName 127.0.0.1\n User root\n Port {port}\n HostKeyAlias al\n IdentityFile ~/keys/%h_%r\n \
         IdentityFile /k/%%-%d-%i-%k-%L-%l-%n-%p-%u\n IdentityFile %C\n IdentityFile ${{HOME}}/x\n IdentityFile none\n"
    );
    let file = write(&folder, "ssh_config", &text);
    let mut command = Command::new("ssh");
    let output = command.args(["-v", "-o", "BatchMode=yes", "-F"]).arg(&file).arg("n1").output().expect("ssh runs");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let told = log.lines().filter_map(|line| line.split_once("identity file ")?.1.rsplit_once(" type "));
    let expected: Vec<&str> = told.map(|(path, _)| path).filter(|path| !path.ends_with("-cert")).collect();
    assert_eq!(expected.len(), 4, "{log}");
    assert_eq!(ours(&file, "n1").expect("no mistake")[0].identities, expected);
}
