//! From what a configuration says to what a connection needs: paths with their tokens put in, bastions with their own
//! settings.

use std::path::{Path, PathBuf};

use super::answer::Answer;
use super::tokens::{Tokens, percent};
use super::{Account, Connection, Given, Problem, SshConfig};
use crate::config::{Jump, Source};
use crate::target::{AddressFamily, HostKeyPolicy, SshAgent, SshAlgorithms, SshHop, SshMethods, SshServer};

/// How many bastions one way may have.
const HOPS: usize = 16;

/// What only SSH needs, beside a connection's keys.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The bastions on the way, complete.
    pub hops: Vec<SshHop>,
    /// The ways to log on that are allowed.
    pub methods: SshMethods,
    /// The addresses that are allowed.
    pub family: AddressFamily,
    /// The algorithms that are allowed.
    pub algorithms: SshAlgorithms,
    /// Files with certificates of keys.
    pub certificates: Vec<PathBuf>,
    /// What we can't follow; each a reason not to connect.
    pub refusals: Vec<Problem>,
}

/// Who asks, and with what around.
pub(crate) struct Asker<'a> {
    /// The user and the machine.
    pub account: &'a Account,
    /// The home folder.
    pub home: Option<&'a Path>,
    /// Variables of the environment.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
}

impl Answer {
    /// The settings that need no tokens, for the place of this configuration among the layers.
    pub(crate) fn layer(&self) -> Connection {
        let timeout = self.connect_timeout.as_ref();
        Connection {
            address: self.address.clone(),
            port: self.port.clone(),
            user: self.user.clone(),
            jump: self.jump.clone(),
            identities_only: self.identities_only.clone(),
            host_key_alias: self.alias.clone(),
            host_keys: self.host_keys.clone(),
            connect_timeout: timeout.and_then(|given| given.value.map(|limit| Given::new(limit, given.source.clone()))),
            ..Connection::default()
        }
    }

    /// The first line that said something about the host.
    pub(crate) fn touched(&self) -> Option<&Source> {
        self.touched.as_ref()
    }

    fn algorithms(&self) -> SshAlgorithms {
        let list = |kind: &str| {
            let found = self.algorithms.iter().find(|(known, _)| *known == kind);
            found.map(|(_, given)| given.value.clone())
        };
        SshAlgorithms {
            ciphers: list("Ciphers"),
            macs: list("MACs"),
            key_exchange: list("KexAlgorithms"),
            host_keys: list("HostKeyAlgorithms"),
            user_keys: list("PubkeyAcceptedAlgorithms"),
            rsa_bits: self.rsa_bits.as_ref().map(|given| given.value),
        }
    }

    /// Puts tokens into paths, where no other layer has set them, and the bastions in. `connection` is complete else.
    pub(crate) fn finish(mut self, config: &SshConfig, asker: &Asker<'_>, connection: &mut Connection) -> Access {
        let refusals = std::mem::take(&mut self.refusals);
        let (methods, algorithms) = (self.methods(), self.algorithms());
        let family = self.family();
        let mut access = Access { family, methods, algorithms, refusals, ..Access::default() };
        // What flags and inventories say holds on the whole way; what these files say is for each host alone.
        let own = self.host_keys.as_ref().map(|given| &given.source);
        let mut given = connection.clone();
        given.host_keys = given.host_keys.filter(|given| given.source != Source::BuiltIn && Some(&given.source) != own);
        let mut way = Way { by_ssh: true, ..Way::new(config, asker, &given, &mut access.refusals) };
        way.add_all(&self.original, connection);
        access.hops = way.hops;
        access.certificates = self.paths(asker, connection, &mut access.refusals);
        access
    }

    /// Fills key files, known_hosts and agent; returns the certificates.
    fn paths(&self, asker: &Asker<'_>, connection: &mut Connection, refusals: &mut Vec<Problem>) -> Vec<PathBuf> {
        let host = connection.address.as_ref().map_or(self.original.clone(), |given| given.value.clone());
        let user = connection.user.as_ref().map_or(&asker.account.user, |given| &given.value).clone();
        let alias = connection.host_key_alias.as_ref().map(|given| given.value.clone());
        let jump = connection.jump.as_ref().and_then(|given| given.value.last()).map(|jump| jump.host.clone());
        let tokens = Tokens {
            account: asker.account,
            home: asker.home,
            original: &self.original,
            host: &host,
            port: connection.port.as_ref().map_or(22, |given| given.value),
            user: &user,
            alias: alias.as_deref(),
            jump: jump.as_deref().unwrap_or_default(),
            environment: asker.environment,
        };
        let mut expand = |given: &Given<String>| match tokens.path(&given.value) {
            Ok(path) => Some(path),
            Err(what) => {
                refusals.push(Problem::new(format!("{what} ({})", given.source)));
                None
            }
        };
        if connection.identity.is_none()
            && let Some(named) = self.identities.first()
        {
            let files = self.identities.iter().filter(|given| !given.value.eq_ignore_ascii_case("none"));
            connection.identity = Some(Given::new(files.filter_map(&mut expand).collect(), named.source.clone()));
        }
        if connection.identity_agent.is_none()
            && let Some(agent) = &self.agent
        {
            let agent_at = |socket: String| if socket.is_empty() { SshAgent::Off } else { SshAgent::At(socket.into()) };
            let value = match agent.value.as_str() {
                "none" => Some(SshAgent::Off),
                "SSH_AUTH_SOCK" => Some(SshAgent::Environment),
                // The old form of a variable; one that is not set means no agent.
                name if name.starts_with('$') && !name.starts_with("${") => {
                    Some(agent_at((asker.environment)(&name[1..]).unwrap_or_default()))
                }
                _ => expand(agent).map(SshAgent::At),
            };
            connection.identity_agent = value.map(|value| Given::new(value, agent.source.clone()));
        }
        if connection.known_hosts.is_none()
            && let Some(source) = self.user_known_hosts.as_ref().or(self.global_known_hosts.as_ref())
        {
            let usual = usual_known_hosts(asker.home);
            let named = |given: &Option<Given<Vec<String>>>, usual: Vec<PathBuf>| match given {
                None => usual,
                Some(given) => {
                    let file = |file: &String| Given::new(file.clone(), given.source.clone());
                    given.value.iter().map(file).filter_map(|file| expand(&file)).collect()
                }
            };
            let (user, global) = usual;
            let mut named = named;
            let mut files = named(&self.user_known_hosts, user);
            if files.is_empty() {
                // New keys go to the first file, and none of the user's is to have them.
                files.push(PathBuf::from(if cfg!(windows) { "NUL" } else { "/dev/null" }));
            }
            files.extend(named(&self.global_known_hosts, global));
            connection.known_hosts = Some(Given::new(files, source.source.clone()));
        }
        let named = self.certificates.iter().filter(|given| !given.value.eq_ignore_ascii_case("none"));
        named.filter_map(expand).collect()
    }
}

/// The bastions before a host that is no SSH server itself: what this configuration says of the host is not meant for
/// it, what it says of its bastions is. `connection` is complete.
pub(crate) fn bastions(config: &SshConfig, asker: &Asker<'_>, host: &str, connection: &Connection) -> Access {
    let mut access = Access { refusals: config.mistakes.clone(), ..Access::default() };
    let mut way = Way::new(config, asker, connection, &mut access.refusals);
    way.add_all(host, connection);
    access.hops = way.hops;
    access
}

/// The known_hosts files where nobody names others: the user's, and the system's.
pub(crate) fn usual_known_hosts(home: Option<&Path>) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let names = ["known_hosts", "known_hosts2"];
    let user = home.into_iter().flat_map(|home| names.map(|name| home.join(".ssh").join(name)));
    (user.collect(), names.map(|name| PathBuf::from(format!("/etc/ssh/ssh_{name}"))).to_vec())
}

/// The bastions of one way, as far as they are found.
struct Way<'a> {
    config: &'a SshConfig,
    asker: &'a Asker<'a>,
    /// What flags and inventories say about the target; keys and trust that they name hold on the whole way.
    given: &'a Connection,
    hops: Vec<SshHop>,
    /// How many hosts stand between the target and the one whose bastions are looked up.
    depth: usize,
    /// The target is an SSH server itself.
    by_ssh: bool,
    refusals: &'a mut Vec<Problem>,
}

impl<'a> Way<'a> {
    fn new(config: &'a SshConfig, asker: &'a Asker<'a>, given: &'a Connection, refusals: &'a mut Vec<Problem>) -> Self {
        Self { config, asker, given, hops: Vec::new(), depth: 0, by_ssh: false, refusals }
    }

    /// Adds the bastions before a host, their own before them.
    fn add_all(&mut self, host: &str, connection: &Connection) {
        let Some(jump) = &connection.jump else { return };
        for (place, hop) in jump.value.iter().enumerate() {
            if self.hops.len() >= HOPS || self.depth >= HOPS {
                let what = format!("more than {HOPS} bastions, or a loop of them ({})", jump.source);
                self.refusals.push(Problem::new(what));
                return;
            }
            let hop = match self.with_tokens(hop, host, connection) {
                Ok(hop) => hop,
                Err(what) => {
                    self.refusals.push(Problem::new(format!("{what} ({})", jump.source)));
                    return;
                }
            };
            let same = |one: Option<u16>, two: &Option<Given<u16>>| {
                one.unwrap_or(22) == two.as_ref().map_or(22, |given| given.value)
            };
            let is_server = self.by_ssh || self.depth > 0;
            if is_server && place == 0 && hop.host == host && same(hop.port, &connection.port) {
                let what = format!("{host} would be its own bastion ({})", jump.source);
                self.refusals.push(Problem::new(what).with_hint(format!("leave it out: Host * !{host}")));
                return;
            }
            self.add(&hop, place == 0, jump);
        }
    }

    /// A bastion whose name may hang on the host behind it: `%h`, `%n`, `%p` and `%r`.
    fn with_tokens(&self, hop: &Jump, host: &str, connection: &Connection) -> Result<Jump, String> {
        let meaning = |token: char| match token {
            'h' => Some(connection.address.as_ref().map_or(host, |given| &given.value).to_owned()),
            'n' => Some(host.to_owned()),
            'p' => Some(connection.port.as_ref().map_or(22, |given| given.value).to_string()),
            'r' => Some(connection.user.as_ref().map_or(&self.asker.account.user, |given| &given.value).clone()),
            _ => None,
        };
        let user = hop.user.as_ref().map(|user| percent(user, meaning)).transpose()?;
        Ok(Jump { user, host: percent(&hop.host, meaning)?, port: hop.port })
    }

    /// Adds a bastion. Before the first of a chain come those that its own settings name.
    fn add(&mut self, hop: &Jump, first: bool, jump: &Given<Vec<Jump>>) {
        let source = || jump.source.clone();
        let said = Connection {
            user: hop.user.clone().map(|user| Given::new(user, source())),
            port: hop.port.map(|port| Given::new(port, source())),
            jump: (!first).then(|| Given::new(Vec::new(), source())),
            ..Connection::default()
        };
        let mut answer = self.config.ask(&hop.host, &said, self.asker.account);
        let (methods, algorithms, family) = (answer.methods(), answer.algorithms(), answer.family());
        self.refusals.append(&mut answer.refusals);
        let mut connection = answer.layer();
        if first {
            self.depth += 1;
            self.add_all(&hop.host, &connection);
            self.depth -= 1;
        }
        let certificates = answer.paths(self.asker, &mut connection, self.refusals);
        let mut identities = connection.identity.map(|given| given.value);
        if let Some(named) = &self.given.identity {
            identities.get_or_insert_default().extend(named.value.iter().cloned());
        }
        let agent = connection.identity_agent.or_else(|| self.given.identity_agent.clone());
        let host_keys = self.given.host_keys.as_ref().or(connection.host_keys.as_ref());
        let known = self.given.known_hosts.as_ref().or(connection.known_hosts.as_ref());
        let (mut usual, global) = usual_known_hosts(self.asker.home);
        usual.extend(global);
        self.hops.push(SshHop {
            user: connection.user.map(|given| given.value),
            server: SshServer {
                address: connection.address.map_or_else(|| hop.host.clone(), |given| given.value),
                port: connection.port.map_or(22, |given| given.value),
                family,
                host_key_alias: connection.host_key_alias.map(|given| given.value),
                host_keys: host_keys.map_or(HostKeyPolicy::Strict, |given| given.value),
                known_hosts: known.map_or(usual, |given| given.value.clone()),
                identities,
                certificates,
                identities_only: connection.identities_only.is_some_and(|given| given.value),
                agent: agent.map_or(SshAgent::Environment, |given| given.value),
                methods,
                algorithms,
            },
        });
    }
}
