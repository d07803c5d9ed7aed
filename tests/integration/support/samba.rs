//! An Active Directory of our own: Samba as its domain controller, on loopback, gone when dropped.

use std::fs::File;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::folder::Folder;
use super::sshd::user;
use super::{processes, skip};

/// The password of its administrator.
pub(crate) const ADMIN: &str = "Passw0rd.Admin";

/// Where its entries begin.
pub(crate) const BASE: &str = "DC=ad,DC=rig,DC=test";

/// How long it may take until it answers.
const START_WAIT: Duration = Duration::from_secs(60);

/// A running domain controller.
pub(crate) struct Samba {
    folder: Folder,
    child: Child,
    /// Held for as long as the ports are ours: tests are processes of their own.
    _turn: File,
}

impl Samba {
    /// Makes a domain and starts its controller, if the machine has Samba and we may use LDAP's ports, which cannot be
    /// others.
    pub(crate) fn start() -> Option<Self> {
        if user() != "root" {
            skip("Samba's domain controller needs root");
            return None;
        }
        if !Path::new("/usr/bin/samba-tool").is_file() || !Path::new("/usr/sbin/samba").is_file() {
            skip("no samba-tool and samba (Debian: samba, samba-ad-dc, samba-ad-provision, winbind)");
            return None;
        }
        let turn = File::create(std::env::temp_dir().join("psfleet-test-samba.lock")).expect("made");
        turn.lock().expect("locked");
        if TcpStream::connect("127.0.0.1:636").is_ok() {
            skip("another directory listens on port 636");
            return None;
        }
        let folder = Folder::new("samba");
        let domain = folder.path().join("dc");
        let mut provision = Command::new("samba-tool");
        provision.args(["domain", "provision", "--realm=AD.RIG.TEST", "--domain=ADRIG", "--server-role=dc"]);
        provision.args(["--dns-backend=SAMBA_INTERNAL", "--host-ip=127.0.0.1", "--host-name=dc1"]);
        provision.args([format!("--adminpass={ADMIN}"), format!("--targetdir={}", domain.display())]);
        provision.args(["--option=interfaces=lo", "--option=bind interfaces only=yes"]);
        let made = provision.output().expect("samba-tool starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        std::fs::write(&certificate, certified.cert.pem()).expect("written");
        write_private(&key, &certified.signing_key.serialize_pem());
        let mut server = Command::new("/usr/sbin/samba");
        server.arg("-s").arg(domain.join("etc/smb.conf"));
        server.args(["--foreground", "--no-process-group", "--option=server services=ldap, kdc, cldap"]);
        server.arg(format!("--option=tls certfile={}", certificate.display()));
        server.arg(format!("--option=tls keyfile={}", key.display())).arg("--option=tls cafile=");
        let child = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("samba starts");
        let directory = Self { folder, child, _turn: turn };
        let since = Instant::now();
        while TcpStream::connect("127.0.0.1:636").is_err() {
            assert!(since.elapsed() < START_WAIT, "samba does not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(directory)
    }

    /// The certificate that it shows, for the name localhost.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// Its folder, for files of a test.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Adds entries (LDIF).
    pub(crate) fn add(&self, ldif: &str) {
        self.feed("ldbadd", ldif);
    }

    /// Changes entries, the schema's too (LDIF).
    pub(crate) fn modify(&self, ldif: &str) {
        self.feed("ldbmodify", ldif);
    }

    fn feed(&self, program: &str, ldif: &str) {
        let mut command = Command::new(program);
        command.arg("-H").arg(self.entries()).arg("--option=dsdb:schema update allowed=true");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
        child.stdin.take().expect("piped").write_all(ldif.as_bytes()).expect("read");
        assert!(child.wait().expect("a child").success(), "{program}: {ldif}");
    }

    /// What an account has of an attribute, as the directory itself knows.
    pub(crate) fn attribute(&self, account: &str, name: &str) -> Option<String> {
        let mut command = Command::new("ldbsearch");
        command.arg("-H").arg(self.entries()).arg(format!("(sAMAccountName={account})")).arg(name);
        let found = command.stderr(Stdio::null()).output().expect("ldbsearch starts");
        assert!(found.status.success());
        let text = String::from_utf8(found.stdout).expect("text");
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
    }

    fn entries(&self) -> PathBuf {
        self.folder.path().join("dc/private/sam.ldb")
    }

    /// Has so many failed logons lock an account.
    pub(crate) fn lock_after(&self, failed_logons: u32) {
        let config = self.folder.path().join("dc/etc/smb.conf");
        let mut command = Command::new("samba-tool");
        command.args(["domain", "passwordsettings", "set"]);
        command.arg(format!("--account-lockout-threshold={failed_logons}"));
        command.arg(format!("--configfile={}", config.display()));
        assert!(command.stdout(Stdio::null()).status().expect("samba-tool starts").success());
    }

    /// The key of a server, in a file.
    pub(crate) fn keytab(&self, server: &str) -> PathBuf {
        let (file, config) = (self.folder.path().join("host.keytab"), self.folder.path().join("dc/etc/smb.conf"));
        let mut command = Command::new("samba-tool");
        command.args(["domain", "exportkeytab"]).arg(&file).arg(format!("--principal={server}"));
        command.arg(format!("--configfile={}", config.display()));
        assert!(command.stdout(Stdio::null()).status().expect("samba-tool starts").success());
        file
    }

    /// Adds a user.
    pub(crate) fn add_user(&self, name: &str, password: &str) {
        let config = self.folder.path().join("dc/etc/smb.conf");
        let mut command = Command::new("samba-tool");
        command.args(["user", "create", name, password]).arg(format!("--configfile={}", config.display()));
        assert!(command.stdout(Stdio::null()).status().expect("samba-tool starts").success());
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        let descendants = processes::descendants(self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
        processes::kill(&descendants);
    }
}

fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).mode(0o600).truncate(true).open(path).expect("made");
    file.write_all(text.as_bytes()).expect("written");
}
