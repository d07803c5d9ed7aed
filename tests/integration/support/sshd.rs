//! An OpenSSH server of our own: unprivileged, on loopback, with its own keys, gone with its children when dropped.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use psfleet::target::{HostKeyPolicy, SshEndpoint, SshServer};
use psfleet::transport::ssh::Client;

use super::folder::Folder;
use super::processes;
use super::skip;

/// How long a server may take until it accepts connections.
const START_WAIT: Duration = Duration::from_secs(20);

/// How to set a server up.
pub(crate) struct Setup {
    /// Kinds of its host keys, as `ssh-keygen -t` knows them.
    pub host_keys: &'static [&'static str],
    /// The command behind the subsystem `powershell`; `None` leaves the subsystem out.
    pub subsystem: Option<String>,
    /// More lines of sshd_config; `{folder}` stands for the server's.
    pub config: String,
}

impl Setup {
    /// A server with PowerShell behind its subsystem.
    pub(crate) fn with_powershell(pwsh: &Path) -> Self {
        let subsystem = Some(format!("{} -sshs -NoLogo -NoProfile", pwsh.display()));
        Self { host_keys: &["ed25519"], subsystem, config: String::new() }
    }
}

/// A running server.
pub(crate) struct Sshd {
    folder: Folder,
    child: Child,
    /// The port that it listens on, on 127.0.0.1.
    pub port: u16,
}

impl Sshd {
    /// Starts Debian's server, or any other OpenSSH server, if the machine has one.
    pub(crate) fn start(setup: &Setup) -> Option<Self> {
        Self::prepared(setup, |_| {})
    }

    /// The same once something is prepared in its folder, which has all keys by then.
    pub(crate) fn prepared(setup: &Setup, prepare: impl FnOnce(&Path)) -> Option<Self> {
        Self::started(setup, prepare, |_, _| {})
    }

    /// The same with an environment of its own: what changes that is given the server's folder.
    pub(crate) fn started(
        setup: &Setup,
        prepare: impl FnOnce(&Path),
        environment: impl Fn(&Path, &mut Command),
    ) -> Option<Self> {
        let program = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].map(Path::new).into_iter().find(|path| path.is_file());
        let Some(program) = program else {
            skip("no OpenSSH server in /usr/sbin");
            return None;
        };
        let folder = Folder::new("sshd");
        for kind in setup.host_keys {
            generate(&folder.path().join(format!("host_{kind}")), kind, "");
        }
        let user_key = folder.path().join("id_user");
        generate(&user_key, "ed25519", "");
        std::fs::copy(user_key.with_extension("pub"), folder.path().join("authorized_keys")).expect("authorized_keys");
        prepare(folder.path());
        let (child, port) = launch(program, &folder, setup, environment);
        let server = Self { folder, child, port };
        std::fs::write(server.known_hosts(), server.host_lines()).expect("known_hosts");
        Some(server)
    }

    /// An endpoint with the right key and the right known_hosts file.
    pub(crate) fn endpoint(&self) -> SshEndpoint {
        SshEndpoint {
            server: SshServer {
                identities: Some(vec![self.user_key()]),
                host_keys: HostKeyPolicy::Strict,
                known_hosts: vec![self.known_hosts()],
                ..SshServer::new("127.0.0.1", self.port)
            },
            jump: Vec::new(),
            subsystem: "powershell".to_owned(),
            exec: "pwsh -sshs -NoLogo -NoProfile".to_owned(),
        }
    }

    /// The same with something changed about the server.
    pub(crate) fn endpoint_with(&self, change: impl FnOnce(&mut SshServer)) -> SshEndpoint {
        let mut endpoint = self.endpoint();
        change(&mut endpoint.server);
        endpoint
    }

    /// A client whose home is the server's folder, so that the real user's keys stay out of it.
    pub(crate) fn client(&self) -> Client {
        Client::new(Some(self.folder.path().to_owned()), Some(user()), None)
    }

    /// A path in the server's folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The private key that may log on.
    pub(crate) fn user_key(&self) -> PathBuf {
        self.file("id_user")
    }

    /// A known_hosts file with the server's keys.
    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.file("known_hosts")
    }

    /// Makes another key pair; it may log on if `authorized`.
    pub(crate) fn add_key(&self, name: &str, kind: &str, passphrase: &str, authorized: bool) -> PathBuf {
        let key = self.file(name);
        generate(&key, kind, passphrase);
        if authorized {
            let mut keys = std::fs::read_to_string(self.file("authorized_keys")).expect("authorized_keys");
            keys.push_str(&std::fs::read_to_string(key.with_extension("pub")).expect("a public key"));
            std::fs::write(self.file("authorized_keys"), keys).expect("authorized_keys");
        }
        key
    }

    /// Lines for known_hosts with every key of the server.
    pub(crate) fn host_lines(&self) -> String {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder");
        let mut lines = String::new();
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("host_") && name.ends_with(".pub") {
                let key = std::fs::read_to_string(entry.path()).expect("a public key");
                writeln!(lines, "[127.0.0.1]:{} {}", self.port, key.trim()).expect("a string");
            }
        }
        lines
    }

    /// What the server has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    /// Processes that run for sessions of this server right now, its own ones left out.
    pub(crate) fn children(&self) -> Vec<String> {
        let of_sshd = |name: &String| !name.starts_with("sshd");
        processes::descendants(self.child.id()).into_iter().map(|process| process.command).filter(of_sshd).collect()
    }
}

impl Sshd {
    /// The processes that serve one connection each.
    pub(crate) fn sessions(&self) -> Vec<processes::Process> {
        let of_sshd = |process: &processes::Process| process.command.starts_with("sshd");
        processes::descendants(self.child.id()).into_iter().filter(of_sshd).collect()
    }

    /// Waits until a program runs for one of the sessions.
    pub(crate) async fn process(&self, program: &str) -> processes::Process {
        let start = Instant::now();
        loop {
            let mut all = processes::descendants(self.child.id()).into_iter();
            match all.find(|process| process.command.split(' ').next() == Some(program)) {
                Some(process) => return process,
                None => assert!(start.elapsed() < START_WAIT, "{program} does not start"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let descendants = processes::descendants(self.child.id());
        // It has not ended yet or has: both are fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
        processes::kill(&descendants);
    }
}

/// The name of the user who runs the tests.
pub(crate) fn user() -> String {
    let output = Command::new("id").arg("-un").output().expect("id runs");
    String::from_utf8(output.stdout).expect("a name").trim().to_owned()
}

/// Makes a key pair with OpenSSH's own tool.
pub(crate) fn generate(file: &Path, kind: &str, passphrase: &str) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-C", "psfleet-test", "-t", kind, "-N", passphrase, "-f"]).arg(file);
    assert!(command.status().expect("ssh-keygen runs").success(), "ssh-keygen -t {kind}");
}

/// Lets an authority, a key of a folder, sign another one; the certificate stands beside that.
pub(crate) fn sign(folder: &Path, authority: &str, arguments: &[&str], key: &str) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-s", authority, "-I", "psfleet-test"]).args(arguments).arg(format!("{key}.pub"));
    assert!(command.current_dir(folder).status().expect("ssh-keygen runs").success(), "ssh-keygen -s {authority}");
}

/// Starts the server on a free port and waits until it answers.
fn launch(program: &Path, folder: &Folder, setup: &Setup, environment: impl Fn(&Path, &mut Command)) -> (Child, u16) {
    prepare_privilege_separation();
    for _ in 0..5 {
        let port = free_port();
        let config = folder.path().join("sshd_config");
        std::fs::write(&config, sshd_config(folder.path(), port, setup)).expect("sshd_config");
        let mut command = Command::new(program);
        command.arg("-D").arg("-f").arg(&config).arg("-E").arg(folder.path().join("log")).stdin(Stdio::null());
        environment(folder.path(), &mut command);
        let mut child = command.spawn().expect("sshd starts");
        if answers(&mut child, port) {
            return (child, port);
        }
        // Somebody took the port in between.
    }
    panic!("sshd does not start: {}", std::fs::read_to_string(folder.path().join("log")).unwrap_or_default());
}

/// Whether the server accepts connections; false if it has ended.
fn answers(child: &mut Child, port: u16) -> bool {
    let start = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return true;
        }
        assert!(start.elapsed() < START_WAIT, "sshd runs but does not answer on port {port}");
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

/// A port of loopback that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
    listener.local_addr().expect("an address").port()
}

fn sshd_config(folder: &Path, port: u16, setup: &Setup) -> String {
    let mut text = format!(
        "Port {port}\nListenAddress 127.0.0.1\nPidFile none\nLogLevel VERBOSE\nStrictModes no\n\
         PermitRootLogin yes\n\
         PrintMotd no\nAuthorizedKeysFile {}\n",
        folder.join("authorized_keys").display()
    );
    // The first of several lines counts.
    if !setup.config.contains("MaxStartups") {
        text += "MaxStartups 200\n";
    }
    if !setup.config.contains("UsePAM") {
        text += "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n";
    }
    for kind in setup.host_keys {
        writeln!(text, "HostKey {}", folder.join(format!("host_{kind}")).display()).expect("a string");
    }
    if let Some(subsystem) = &setup.subsystem {
        writeln!(text, "Subsystem powershell {subsystem}").expect("a string");
    }
    text + &setup.config.replace("{folder}", &folder.display().to_string())
}

/// As root, OpenSSH insists on its empty folder.
fn prepare_privilege_separation() {
    if user() == "root" {
        std::fs::create_dir_all("/run/sshd").expect("/run/sshd");
    }
}
