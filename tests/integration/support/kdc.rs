//! A KDC of our own (MIT's): unprivileged, on loopback, with its own realm and configuration, gone when dropped.

use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::folder::Folder;
use super::skip;
use super::sshd::free_port;

/// The realm that it keeps.
pub(crate) const REALM: &str = "CONTOSO.COM";
/// How long it may take until it accepts connections.
const START_WAIT: Duration = Duration::from_secs(20);
/// Programs that a test needs, by where Debian has them.
const PROGRAMS: [&str; 4] = ["/usr/sbin/krb5kdc", "/usr/sbin/kdb5_util", "/usr/sbin/kadmin.local", "/usr/bin/kinit"];

/// A running KDC.
pub(crate) struct Kdc {
    realm: String,
    folder: Folder,
    child: Option<Child>,
    port: u16,
}

impl Kdc {
    /// Starts one, if the machine has MIT's. `users` have their passwords, `servers` keys in [`Kdc::keytab`].
    pub(crate) fn start(users: &[(&str, &str)], servers: &[String]) -> Option<Self> {
        Self::of_realm(REALM, None, users, servers)
    }

    /// That of another realm. It sends its users on to a realm that trusts it, for hosts below the domain of that name.
    pub(crate) fn of_realm(
        realm: &str,
        trusting: Option<&Self>,
        users: &[(&str, &str)],
        servers: &[String],
    ) -> Option<Self> {
        if let Some(missing) = PROGRAMS.iter().find(|program| !Path::new(program).is_file()) {
            skip(format_args!("no {missing} (Debian: krb5-kdc krb5-admin-server krb5-user)"));
            return None;
        }
        let mut kdc = Self { realm: realm.to_owned(), folder: Folder::new("kdc"), child: None, port: free_port() };
        kdc.configure(trusting);
        kdc.does("/usr/sbin/kdb5_util", &["create", "-s", "-P", "master", "-r", realm]);
        kdc.admin("addpol -maxfailure 3 three");
        for (user, password) in users {
            kdc.admin(&format!("addprinc +requires_preauth -policy three -pw {password} {user}"));
        }
        for side in [Some(&kdc), trusting].into_iter().flatten().filter(|_| trusting.is_some()) {
            let other = trusting.map_or("", |other| &other.realm);
            side.admin(&format!("addprinc -pw shared-5ecret krbtgt/{other}@{realm}"));
        }
        kdc.add_servers(servers);
        kdc.launch();
        Some(kdc)
    }

    fn configure(&self, trusting: Option<&Self>) {
        let (port, folder, realm) = (self.port, self.folder.path().display(), &self.realm);
        let other = trusting.map_or_else(String::new, |Self { realm, port, .. }| {
            let domain = realm.to_lowercase();
            format!(" {realm} = {{\n  kdc = 127.0.0.1:{port}\n }}\n[domain_realm]\n .{domain} = {realm}\n")
        });
        let config = format!(
            "[libdefaults]\n default_realm = {realm}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n \
             rdns = false\n udp_preference_limit = 1\n ccache_type = 4\n\
             [realms]\n {realm} = {{\n  kdc = 127.0.0.1:{port}\n }}\n{other}"
        );
        std::fs::write(self.file("krb5.conf"), config).expect("krb5.conf");
        let config = format!(
            "[kdcdefaults]\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n\
             [realms]\n {realm} = {{\n  host_based_services = HTTP WSMAN\n  database_name = {folder}/principal\n  key_stash_file = {folder}/stash\n \
             max_life = 10h\n }}\n[logging]\n kdc = FILE:{folder}/log\n admin_server = FILE:{folder}/admin.log\n"
        );
        std::fs::write(self.file("kdc.conf"), config).expect("kdc.conf");
    }

    /// Gives all of them a key each. They may be many, so one administrator does it.
    fn add_servers(&self, servers: &[String]) {
        let keytab = self.keytab().display().to_string();
        let queries = servers.iter().map(|server| format!("addprinc -randkey {server}\nktadd -k {keytab} {server}\n"));
        let mut command = Command::new("/usr/sbin/kadmin.local");
        command.args(["-r", &self.realm]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.environment(&mut command).spawn().expect("kadmin.local starts");
        let mut stdin = child.stdin.take().expect("piped");
        let queries: String = queries.collect();
        let asking = std::thread::spawn(move || stdin.write_all(queries.as_bytes()));
        let output = child.wait_with_output().expect("kadmin.local ends");
        asking.join().expect("no panic").expect("kadmin.local reads");
        let keys = String::from_utf8_lossy(&output.stdout).matches("added to keytab").count();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && keys >= servers.len(), "{keys} keys of servers: {text}");
    }

    /// Starts the server and waits until it answers.
    fn launch(&mut self) {
        let mut command = Command::new("/usr/sbin/krb5kdc");
        command.arg("-n").arg("-P").arg(self.file("pid")).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = self.environment(&mut command).spawn().expect("krb5kdc starts");
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = child.try_wait().expect("a child");
            assert!(ended.is_none() && start.elapsed() < START_WAIT, "krb5kdc does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
        self.child = Some(child);
    }

    /// Ends the server; what it keeps stays.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It has not ended yet or has: both are fine.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Lets a command use this realm, and no cache but the test's own.
    pub(crate) fn environment<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("KRB5_CONFIG", self.file("krb5.conf")).env("KRB5_KDC_PROFILE", self.file("kdc.conf"));
        command.env("KRB5CCNAME", format!("FILE:{}", self.cache().display())).env_remove("KRB5_CLIENT_KTNAME")
    }

    /// Runs a command of the administrator.
    pub(crate) fn admin(&self, query: &str) {
        self.does("/usr/sbin/kadmin.local", &["-r", &self.realm, "-q", query]);
    }

    /// Gets a user's first ticket into the cache.
    pub(crate) fn kinit(&self, user: &str, password: &str, lifetime: &str) {
        let mut command = Command::new("/usr/bin/kinit");
        command.args(["-f", "-l", lifetime, user]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = self.environment(&mut command).spawn().expect("kinit starts");
        child.stdin.take().expect("piped").write_all(format!("{password}\n").as_bytes()).expect("kinit reads");
        assert!(child.wait().expect("kinit ends").success(), "kinit {user}: {}", self.log());
    }

    fn does(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        let output = self.environment(command.args(arguments)).output().expect("the program runs");
        assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// How many lines of the log hold all of these.
    pub(crate) fn logged(&self, parts: &[&str]) -> usize {
        self.log().lines().filter(|line| parts.iter().all(|part| line.contains(part))).count()
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    /// The keys of the servers.
    pub(crate) fn keytab(&self) -> PathBuf {
        self.file("servers.keytab")
    }

    /// The cache that [`Kdc::kinit`] fills.
    pub(crate) fn cache(&self) -> PathBuf {
        self.file("cache")
    }

    /// A file of its folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Kdc {
    fn drop(&mut self) {
        self.stop();
    }
}
