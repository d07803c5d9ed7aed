//! A target: one host of a run with everything needed to reach it.
//!
//! A [`Target`] is complete: whoever opens a session on it needs no configuration, inventory or flag any more.

mod credential;
pub mod defaults;
mod fingerprint;
mod snapshot;
mod workstation;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::ser::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

pub use credential::{ClientCertificate, Credential};
pub use fingerprint::{Fingerprint, TlsMin};
pub use snapshot::TargetSnapshot;
pub use workstation::Workstation;

/// The place of a target in its run's target list; small, cheap to send with every record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetId(pub u32);

impl TargetId {
    /// The index into the run's target list.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One host of a run.
#[derive(Debug, Clone)]
pub struct Target {
    /// The name as the user addressed it: `PSComputerName` and the `host` of every event.
    pub name: Arc<str>,
    /// Where and how to connect.
    pub endpoint: Endpoint,
    /// Whom to log on as; `None` for a transport that needs nobody (local) or that brings its own user (SSH default).
    pub credential: Option<Arc<Credential>>,
    /// The target's own variables (`host.NAME`).
    pub vars: BTreeMap<String, Variable>,
    /// Labels from the inventory (`label:site=ber`).
    pub labels: BTreeMap<String, String>,
    /// Deadlines of the phases.
    pub timeouts: Timeouts,
}

/// A variable of a target: JSON as it is written, so that numbers keep their digits (`1e5`, `1.10`) and texts may hold
/// halves of surrogate pairs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Variable(Box<str>);

impl Variable {
    /// A variable that is a text.
    pub fn text(text: &str) -> Self {
        Self(serde_json::Value::from(text).to_string().into())
    }

    /// A variable that has this JSON, which is not checked here: whoever reads it finds out.
    pub fn of_json(json: impl Into<Box<str>>) -> Self {
        Self(json.into())
    }

    /// The JSON.
    pub fn json(&self) -> &str {
        &self.0
    }

    /// The text of a single value as `label:` compares it; `None` for null, lists and tables.
    pub fn single(&self) -> Option<String> {
        let is_single = !self.0.trim_start().starts_with(['[', '{']) && &*self.0 != "null";
        is_single.then(|| self.shown())
    }

    /// The variable for people: a text without its quotes.
    pub fn shown(&self) -> String {
        serde_json::from_str(&self.0).unwrap_or_else(|_| self.0.to_string())
    }
}

impl Serialize for Variable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Variable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Box::<RawValue>::deserialize(deserializer)?.get().into()))
    }
}

/// Deadlines of one attempt on one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeouts {
    /// DNS, TCP, TLS and the logon, as far as that comes before the request for a shell.
    pub connect: Duration,
    /// From the first byte up to the opened runspace pool, `connect` included.
    pub open: Duration,
    /// The pipeline, from the moment CREATE_PIPELINE was sent.
    pub run: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(15), open: Duration::from_secs(60), run: Duration::from_secs(600) }
    }
}

/// Where a session is opened, one kind per transport.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// PSRP over WSMan over HTTP(S).
    Winrm(WinrmEndpoint),
    /// PSRP over the out-of-process framing in an SSH channel.
    Ssh(SshEndpoint),
    /// PSRP over the out-of-process framing on a child's stdin and stdout.
    Local(LocalEndpoint),
}

impl Endpoint {
    /// Whether nobody on the way can read what is sent. Basic over plain HTTP is the one way that is open to all.
    pub fn is_private(&self) -> bool {
        !matches!(self, Self::Winrm(winrm) if winrm.is_clear())
    }

    /// The transport's name as users write it: `winrm`, `ssh` or `local`.
    pub fn transport(&self) -> &'static str {
        match self {
            Self::Winrm(_) => "winrm",
            Self::Ssh(_) => "ssh",
            Self::Local(_) => "local",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Winrm(winrm) => f.write_str(&winrm.url()),
            Self::Ssh(ssh) => write!(f, "ssh://{}:{}", bracketed(&ssh.server.address), ssh.server.port),
            Self::Local(local) => write!(f, "local:{}", local.pwsh.display()),
        }
    }
}

/// A WinRM listener and the session configuration behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WinrmEndpoint {
    /// Host name or address to connect to, without brackets.
    pub address: String,
    /// TCP port; 5985 without TLS and 5986 with it unless set.
    pub port: u16,
    /// URL path, `/wsman` unless set.
    pub path: String,
    /// Whether and how the connection is protected by TLS.
    pub tls: Tls,
    /// The authentication mechanism.
    pub auth: AuthMethod,
    /// `Microsoft.PowerShell` or another session configuration.
    pub configuration_name: String,
    /// The name that servers see for us in NTLM logons.
    pub workstation: Workstation,
    /// What Kerberos has to know.
    #[serde(default)]
    pub kerberos: KerberosSettings,
    /// The name matches a pattern of `trusted_hosts`.
    pub trusted: bool,
    /// Plain HTTP without sealing may be used (only together with `trusted`).
    pub allow_unencrypted: bool,
    /// SSH bastions that its connections go through, first hop first.
    #[serde(default)]
    pub jump: Vec<SshHop>,
}

impl WinrmEndpoint {
    /// Whether the password travels in the clear: Basic over plain HTTP.
    pub fn is_clear(&self) -> bool {
        self.auth == AuthMethod::Basic && self.tls == Tls::Off
    }

    /// Whether the password would travel in the clear though it must not: that takes a name that is trusted and leave
    /// for this host besides.
    pub fn would_show_password(&self) -> bool {
        self.is_clear() && !(self.trusted && self.allow_unencrypted)
    }

    /// The listener's URL, also the `To` of every request. An address's zone (`%eth0`) stays here: it means nothing
    /// there.
    pub fn url(&self) -> String {
        let scheme = if matches!(self.tls, Tls::Off) { "http" } else { "https" };
        let (address, _zone) = self.address.split_once('%').unwrap_or((&self.address, ""));
        format!("{scheme}://{}:{}{}", bracketed(address), self.port, self.path)
    }
}

/// TLS of a WinRM connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Plain HTTP; messages are sealed by the mechanism.
    Off,
    /// HTTPS.
    On {
        /// Extra roots in a PEM file, besides the system's.
        ca: Option<PathBuf>,
        /// Accept any certificate; loud warning.
        insecure: bool,
        /// If there are any, only the certificates with these fingerprints, whoever signed them and for whatever name.
        #[serde(default)]
        pins: Vec<Fingerprint>,
        /// The oldest version.
        #[serde(default)]
        min: TlsMin,
    },
}

/// How to authenticate over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Kerberos where a ticket can be had, else SPNEGO with NTLM inside.
    Negotiate,
    /// Kerberos under its own scheme, and nothing else.
    Kerberos,
    /// Bare NTLM tokens inside the Negotiate scheme.
    Ntlm,
    /// User and password in the clear, for TLS (or trusted loopback) only.
    Basic,
    /// A client's certificate in the TLS handshake.
    Certificate,
    /// Negotiate, then the password itself, for the host to go on with.
    CredSsp,
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl AuthMethod {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Negotiate => "Negotiate",
            Self::Kerberos => "Kerberos",
            Self::Ntlm => "NTLM",
            Self::Basic => "Basic",
            Self::Certificate => "Certificate",
            Self::CredSsp => "CredSSP",
        }
    }

    /// Whether a user name has a form that can be logged on with.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn check_user(self, user: &str) -> Result<(), &'static str> {
        if self == Self::Certificate {
            return Ok(());
        }
        if self == Self::Basic {
            // RFC 7617 section 2: the colon ends the user's name.
            return if user.contains(':') { Err("Basic does not allow a colon in a user name") } else { Ok(()) };
        }
        if self == Self::Kerberos
            && user.split_once('\\').is_some_and(|(domain, _)| !domain.trim_matches('.').contains('.'))
        {
            return Err("a domain's short name is not a realm; give it as user@REALM");
        }
        let qualified = user.strip_prefix(".\\").filter(|rest| rest.contains('\\')).unwrap_or(user);
        match (qualified.split_once('\\'), qualified.rsplit_once('@')) {
            (Some((_, "")), _) => Err("there is no name after the backslash"),
            (Some((_, name)), _) if name.contains('\\') => Err("there is more than one backslash"),
            (None, Some(("", _))) => Err("there is no name before the @"),
            (None, Some((_, ""))) => Err("there is no domain after the @"),
            _ => Ok(()),
        }
    }
}

/// How Kerberos logs on to a host, and whether NTLM may in its place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KerberosSettings {
    /// The host's principal (`HTTP/web01.contoso.com`, `HTTP/web01@CONTOSO.COM`) or its class alone (`WSMAN`); made
    /// from the host's name unless set.
    pub spn: Option<String>,
    /// The host may act as the user elsewhere, which NTLM has no way for.
    pub delegate: bool,
    /// NTLM is never used.
    pub only: bool,
}

impl KerberosSettings {
    /// Whether Negotiate may not fall back on NTLM: it is forbidden, or could not do what is asked for.
    pub fn leaves_no_ntlm(&self) -> bool {
        self.only || self.delegate
    }
}

/// An SSH server with PowerShell behind it. The user is the target's credential, else the local user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshEndpoint {
    /// The server.
    pub server: SshServer,
    /// Bastions to go through, first hop first.
    pub jump: Vec<SshHop>,
    /// SSH subsystem to request, `powershell` unless set.
    pub subsystem: String,
    /// Command to execute when the subsystem is refused, `pwsh -sshs -NoLogo -NoProfile` unless set.
    pub exec: String,
}

/// A bastion on the way to a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshHop {
    /// User on the bastion, else the SSH target's; before a WinRM target, the local user.
    pub user: Option<String>,
    /// The bastion.
    pub server: SshServer,
}

/// One SSH server on the way: where it is, how it is known, and what proves the user to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshServer {
    /// Host name or address to connect to, without brackets.
    pub address: String,
    /// TCP port, 22 unless set.
    pub port: u16,
    /// Which addresses of the name may be used; where a bastion connects, it chooses.
    pub family: AddressFamily,
    /// The name that known_hosts has the server under, instead of its address and port.
    pub host_key_alias: Option<String>,
    /// What to do with host keys.
    pub host_keys: HostKeyPolicy,
    /// known_hosts files to check against; a new key goes to the first one. Without any, no host is known.
    pub known_hosts: Vec<PathBuf>,
    /// Key files to offer: private ones, or public ones whose other half the agent has. `None` for the usual ones.
    pub identities: Option<Vec<PathBuf>>,
    /// Certificates of keys, besides those that stand beside their key's file (`FILE-cert.pub`).
    #[serde(default)]
    pub certificates: Vec<PathBuf>,
    /// Offer no other keys of the agent than those of `identities`.
    pub identities_only: bool,
    /// The agent whose keys are offered.
    pub agent: SshAgent,
    /// The ways to log on that may be used.
    pub methods: SshMethods,
    /// The algorithms that may be used.
    pub algorithms: SshAlgorithms,
}

impl SshServer {
    /// A server of which nothing else is said: nobody knows its key, and the user's own keys and agent are offered.
    pub fn new(address: impl Into<String>, port: u16) -> Self {
        Self {
            address: address.into(),
            port,
            family: AddressFamily::Any,
            host_key_alias: None,
            host_keys: HostKeyPolicy::default(),
            known_hosts: Vec::new(),
            identities: None,
            certificates: Vec::new(),
            identities_only: false,
            agent: SshAgent::default(),
            methods: SshMethods::default(),
            algorithms: SshAlgorithms::default(),
        }
    }
}

/// A kind of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressFamily {
    /// All.
    #[default]
    Any,
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl fmt::Display for AddressFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "IP",
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// The agent that holds a user's keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SshAgent {
    /// The one that `SSH_AUTH_SOCK` names, if it names one.
    #[default]
    Environment,
    /// None is asked.
    Off,
    /// The one that listens here.
    At(PathBuf),
}

/// Which algorithms a connection may use; the usual ones unless set. Lists are as OpenSSH writes them: names separated
/// by commas, after `+` to add them, `^` to put them first, or `-` to take away what patterns match.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SshAlgorithms {
    /// What encrypts.
    pub ciphers: Option<String>,
    /// What authenticates messages, beside ciphers that do so themselves.
    pub macs: Option<String>,
    /// How keys are agreed on.
    pub key_exchange: Option<String>,
    /// How the server signs.
    pub host_keys: Option<String>,
    /// How the user signs.
    pub user_keys: Option<String>,
    /// The shortest RSA key that counts, in bits.
    pub rsa_bits: Option<u32>,
}

/// The ways to log on to an SSH server that may be used; all unless set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshMethods {
    /// Keys of files and agents.
    pub public_key: bool,
    /// The password.
    pub password: bool,
    /// The password as the answer to a question.
    pub keyboard_interactive: bool,
}

impl Default for SshMethods {
    fn default() -> Self {
        Self { public_key: true, password: true, keyboard_interactive: true }
    }
}

/// What to do with an SSH server's host key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostKeyPolicy {
    /// Refuse a key that known_hosts doesn't have.
    #[default]
    Strict,
    /// Accept and remember a key of an unknown host; refuse a changed key.
    AcceptNew,
}

/// A PowerShell started as a child on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalEndpoint {
    /// The program, `pwsh` on `PATH` unless set.
    pub pwsh: PathBuf,
}

/// An address as it stands in a URL: IPv6 in brackets.
fn bracketed(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}
