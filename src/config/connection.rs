//! The connection keys: one list for flags, environment, inventories and configuration files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::jump::Jump;
use super::kinds::{Ntlm, Transport, Untrusted};
use super::node::Node;
use super::secret_source::SecretSource;
use super::setting::Setting;
use super::source::{Given, Source};
use crate::secret::Secret;
use crate::target::{AuthMethod, Fingerprint, HostKeyPolicy, SshAgent, TlsMin, Workstation};

macro_rules! connection_keys {
    ($( $(#[doc = $doc:literal])* $name:ident: $type:ty $(=> $harmless:ident)? ),+ $(,)?) => {
        /// One layer of connection settings: what one flag set, host, group or file says. Keys that it doesn't name
        /// are `None`.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Connection {
            $( $(#[doc = $doc])* pub $name: Option<Given<$type>>, )+
        }

        impl Connection {
            /// The names of all keys, as files write them.
            pub const KEYS: &'static [&'static str] = &[$(stringify!($name)),+];

            /// What each of them says, in a sentence.
            pub const MEANINGS: &'static [&'static str] = &[$(concat!($($doc),*)),+];

            /// Keys that a configuration file may set though others could have written it: they say nothing of where we
            /// connect, as whom, how safely, or what runs here. A new key is not among them unless its line says so.
            pub const HARMLESS: &'static [&'static str] = &[$( $({
                let _ = stringify!($harmless);
                stringify!($name)
            },)? )+];

            /// Sets a key from a file. `None` if there is no key of that name, `Some(Err)` with what was expected.
            pub fn set(&mut self, key: &str, node: &Node, source: &Source) -> Option<Result<(), String>> {
                match key {
                    $( stringify!($name) => Some(<$type as Setting>::read(node).map(|value| {
                        self.$name = Some(Given::new(value, source.clone()));
                    })), )+
                    _ => None,
                }
            }

            /// Fills what this layer leaves open from a weaker one.
            pub fn fill(&mut self, weaker: &Self) {
                $( if self.$name.is_none() { self.$name.clone_from(&weaker.$name); } )+
            }

            /// Keys that both layers set to different values, with both origins.
            pub fn disagreements<'a>(&'a self, other: &'a Self) -> Vec<(&'static str, &'a Source, &'a Source)> {
                let mut found = Vec::new();
                $( if let (Some(mine), Some(theirs)) = (&self.$name, &other.$name)
                    && mine.value != theirs.value
                {
                    found.push((stringify!($name), &mine.source, &theirs.source));
                } )+
                found
            }

            /// Every key that is set: name, value in words (secrets redacted), origin.
            pub fn shown(&self) -> Vec<(&'static str, String, &Source)> {
                let mut shown = Vec::new();
                $( if let Some(given) = &self.$name {
                    shown.push((stringify!($name), given.value.show(), &given.source));
                } )+
                shown
            }

            /// Whether this layer sets a key.
            pub fn sets(&self, key: &str) -> bool {
                match key {
                    $( stringify!($name) => self.$name.is_some(), )+
                    _ => false,
                }
            }

            /// Drops all keys but the named ones; returns those that were set.
            pub fn keep(&mut self, keys: &[&str]) -> Vec<&'static str> {
                let mut dropped = Vec::new();
                $( if !keys.contains(&stringify!($name)) && self.$name.take().is_some() {
                    dropped.push(stringify!($name));
                } )+
                dropped
            }
        }
    };
}

impl Connection {
    /// Makes the path of a key relative to the folder of the file that names it, unless it begins with `~`.
    pub fn set_from_folder(&mut self, key: &str, folder: &Path) {
        let from_folder = |path: &mut PathBuf| {
            if !path.starts_with("~") {
                *path = folder.join(&path);
            }
        };
        match key {
            "keytab" => self.keytab.iter_mut().for_each(|given| from_folder(&mut given.value)),
            "certificate" => self.certificate.iter_mut().for_each(|given| from_folder(&mut given.value)),
            "certificate_key" => self.certificate_key.iter_mut().for_each(|given| from_folder(&mut given.value)),
            "ca" => self.ca.iter_mut().for_each(|given| from_folder(&mut given.value)),
            "identity" => self.identity.iter_mut().flat_map(|given| &mut given.value).for_each(from_folder),
            "identity_agent" => {
                if let Some(Given { value: SshAgent::At(socket), .. }) = &mut self.identity_agent {
                    from_folder(socket);
                }
            }
            "password_from" => {
                // A program without a folder is looked for on PATH.
                if let Some(Given { value: SecretSource::Command(words), .. }) = &mut self.password_from
                    && let Some(program) = words.first_mut().filter(|word| word.contains(std::path::is_separator))
                    && !program.starts_with('~')
                {
                    *program = folder.join(&*program).to_string_lossy().into_owned();
                }
            }
            "known_hosts" => self.known_hosts.iter_mut().flat_map(|given| &mut given.value).for_each(from_folder),
            _ => {}
        }
    }
}

connection_keys! {
    /// Where to connect, if not to the name; without brackets.
    address: String,
    /// The transport.
    transport: Transport,
    /// The mechanism that authenticates over HTTP.
    auth: AuthMethod,
    /// TCP port.
    port: u16,
    /// Whom to log on as.
    user: String,
    /// The password itself; in inventories that only their owner can read.
    password: Secret<String>,
    /// The variable of the environment that holds the password.
    password_env: String,
    /// Where the password comes from: prompt, env:NAME, keyring:NAME, file:NAME (psfleet secret), command:PROGRAM ARGUMENTS, vault:MOUNT/PATH#FIELD (vault:TEAM/MOUNT//PATH#FIELD where the mount has a slash), laps (each host's own, of the inventory's directory).
    password_from: SecretSource,
    /// Certificate logon: the client's certificate, PEM (with its key, or beside it) or PKCS#12; password_from unlocks the key.
    certificate: PathBuf,
    /// Certificate logon: the key in PEM, if it stands in a file of its own.
    certificate_key: PathBuf,
    /// Kerberos: the cache of tickets to use, such as FILE:/tmp/krb5cc_1000; the usual one if only Kerberos is asked for.
    ccache: String,
    /// Kerberos: the keytab with the user's key.
    keytab: PathBuf,
    /// Kerberos: the host's principal, or its class alone (WSMAN).
    spn: String,
    /// Kerberos: let the host act as the user elsewhere.
    delegate: bool,
    /// Whether NTLM may be used at all.
    ntlm: Ntlm,
    /// Key files for SSH.
    identity: Vec<PathBuf>,
    /// SSH: of the agent's keys, offer only those of the key files.
    identities_only: bool,
    /// SSH: the agent's socket, `none`, or `SSH_AUTH_SOCK` for the environment's.
    identity_agent: SshAgent,
    /// SSH bastions before SSH or WinRM hosts, first hop first.
    jump: Vec<Jump>,
    /// SSH: what to do with host keys.
    host_keys: HostKeyPolicy,
    /// SSH: known_hosts files.
    known_hosts: Vec<PathBuf>,
    /// SSH: the name that known_hosts has the server under.
    host_key_alias: String,
    /// SSH: the subsystem to ask for.
    subsystem: String,
    /// SSH: the command to run when the subsystem is refused.
    exec: String,
    /// The session configuration.
    configuration_name: String,
    /// WinRM: the workstation that NTLM names.
    workstation: Workstation,
    /// WinRM: path of the URL.
    url_path: String,
    /// Local: the PowerShell to start.
    pwsh: PathBuf,
    /// DNS, TCP, TLS and the logon, as far as that comes before the request for a shell.
    connect_timeout: Duration => harmless,
    /// Up to the opened runspace pool.
    open_timeout: Duration => harmless,
    /// The pipeline.
    timeout: Duration => harmless,
    /// WinRM over HTTPS.
    tls: bool,
    /// Extra roots in a PEM file.
    ca: PathBuf,
    /// Accept any certificate.
    insecure: bool,
    /// Fingerprints (SHA-256) of the certificates to accept, and no others, whoever signed them.
    tls_pin: Vec<Fingerprint>,
    /// The oldest TLS: 1.2 or 1.3.
    tls_min: TlsMin,
    /// Patterns of names that are trusted without proof.
    trusted_hosts: Vec<String>,
    /// Plain HTTP without sealing, for trusted hosts.
    allow_unencrypted: bool,
    /// Sealed NTLM over plain HTTP to other names.
    untrusted: Untrusted,
}

#[cfg(test)]
mod tests {
    use super::Connection;
    use crate::config::{Node, Source};

    fn layer(pairs: &[(&str, &str)]) -> Connection {
        let mut layer = Connection::default();
        for (key, value) in pairs {
            let source = Source::Env((*value).to_owned());
            layer.set(key, &Node::text(*value), &source).expect("a key").expect("a value");
        }
        layer
    }

    #[test]
    fn the_stronger_layer_wins_and_keeps_its_source() {
        let mut strong = layer(&[("port", "1")]);
        strong.fill(&layer(&[("port", "2"), ("user", "u")]));
        let shown: Vec<_> =
            strong.shown().into_iter().map(|(key, value, source)| format!("{key}={value} {source}")).collect();
        assert_eq!(shown, ["port=1 1", "user=u u"]);
    }

    #[test]
    fn disagreements_name_the_key_only_when_values_differ() {
        let (one, two) = (layer(&[("port", "1"), ("user", "u")]), layer(&[("port", "2"), ("user", "u")]));
        let keys: Vec<_> = one.disagreements(&two).into_iter().map(|found| found.0).collect();
        assert_eq!(keys, ["port"]);
    }

    #[test]
    fn a_password_is_never_shown() {
        let secret = layer(&[("password", "hunter2")]);
        assert!(!format!("{:?}", secret.shown()).contains("hunter2 "));
        assert_eq!(secret.shown()[0].1, "<secret>");
        assert!(!format!("{:?}", secret.password.as_ref().unwrap().value).contains("hunter2"));
    }

    #[test]
    fn an_unknown_key_is_none() {
        assert!(Connection::default().set("prot", &Node::text("1"), &Source::BuiltIn).is_none());
    }
}
