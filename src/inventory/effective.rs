//! The settings in force for one host: who wins, and where each value came from.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use crate::config::{Account, Config, Connection, Given, Problem, SecretSource, Source, System, Transport};
use crate::secret::Secret;
use crate::target::{HostKeyPolicy, Timeouts, Variable, defaults};

use super::model::{Host, Inventory, Layer};
use super::request::{PASSWORD_VARIABLE, Request};
use super::sparse::Sparse;
use super::ssh_config::{Access, Answer, Asker, SshConfig, bastions};

/// Everything that is settled about one host.
#[derive(Debug, Clone, Default)]
pub struct Effective {
    /// The connection keys; the transport is never `auto`, and what has a default is set.
    pub connection: Connection,
    /// Where the user's password comes from, if the inventory says it.
    pub password: Option<PasswordSource>,
    /// What only SSH needs.
    pub ssh: Access,
    /// The host's variables.
    pub vars: BTreeMap<String, Given<Variable>>,
    /// The host's labels.
    pub labels: BTreeMap<String, Given<String>>,
    /// Connection keys that have a value which cannot be used, with the problem of a run that would need it.
    pub refused: Vec<(&'static str, Problem)>,
}

/// Where a password comes from, if a flag, an inventory or a configuration says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// It stands in a private inventory.
    Inline(Secret<String>),
    /// It is fetched from there.
    From(Given<SecretSource>),
}

/// Settles hosts; what groups say is worked out once per set of groups.
pub(super) struct Settler<'a> {
    inventory: &'a Inventory,
    flags: &'a Connection,
    /// The password is asked for, or in the environment: what an inventory says of it does not count.
    brings_password: bool,
    config: &'a Config,
    /// The groups above each group, in rising order.
    ancestors: Vec<Vec<usize>>,
    groups: HashMap<Vec<usize>, Rc<Merged>>,
    defaults: HashMap<Vec<usize>, Rc<Merged>>,
    around: &'a mut dyn System,
    account: Account,
    /// The user's own SSH configuration, once a host needs it.
    own_ssh: Option<Arc<SshConfig>>,
    /// SSH configurations that are inventories, by those that hold for a host.
    joined_ssh: HashMap<Vec<usize>, Arc<SshConfig>>,
}

/// Where an SSH configuration stands among the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    /// It names the host: as an entry of the host.
    Host,
    /// It is an inventory: as defaults.
    Defaults,
    /// It is the user's own: behind everything else.
    Own,
}

/// Several layers as one.
#[derive(Debug, Default)]
struct Merged {
    layer: Layer,
    /// The layers it was made of, the strongest first.
    parts: Vec<Sparse>,
    /// Keys that are not clear, each with the reason.
    clashes: Vec<(String, Problem)>,
}

impl<'a> Settler<'a> {
    /// Prepares for the hosts of an inventory.
    pub(super) fn new(
        inventory: &'a Inventory,
        request: &'a Request,
        config: &'a Config,
        around: &'a mut dyn System,
    ) -> Self {
        let mut ancestors = vec![Vec::new(); inventory.groups.len()];
        for group in 0..inventory.groups.len() {
            for below in inventory.with_children(group) {
                if below != group {
                    ancestors[below].push(group);
                }
            }
        }
        let account = around.account();
        let from = request.settings.password_from.as_ref();
        let brings_password = request.ask_pass || from.is_some() || around.env(PASSWORD_VARIABLE).is_some();
        let flags = &request.settings;
        let (groups, defaults, joined_ssh) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self {
            inventory,
            flags,
            brings_password,
            config,
            ancestors,
            groups,
            defaults,
            around,
            account,
            own_ssh: None,
            joined_ssh,
        }
    }

    /// The settings of a host. Where groups or inventories disagree and nothing stronger settles it, the problem is
    /// added to the list, once.
    pub(super) fn settle(&mut self, host: &Host, problems: &mut Vec<Problem>) -> Effective {
        let groups = self.group_layer(host);
        let defaults = self.default_layer(host);
        let own = &host.layer;
        note(problems, &groups.clashes, |key| self.flags.sets(key) || host.url.sets(key) || sets(own, key));
        note(problems, &defaults.clashes, |key| {
            let stronger = self.flags.sets(key) || host.url.sets(key);
            stronger || sets(own, key) || sets(&groups.layer, key)
        });
        let strong = [self.flags, &host.url, &own.connection, &groups.layer.connection];
        let weak = [&defaults.layer.connection, &self.config.connection];
        let mut transport = transport(&strong, host.scheme.as_ref(), &weak);
        let ssh = self.ssh_config(host, &transport);
        // The layers in order, the SSH configuration at its rank among them.
        let mut connection = Connection::default();
        let mut answer: Option<(Answer, Connection)> = None;
        let ranks = [None, None, Some(Rank::Host), None, Some(Rank::Defaults), Some(Rank::Own)];
        for (layer, rank) in strong.iter().chain(&weak).zip(ranks) {
            connection.fill(layer);
            if let Some((config, _)) = ssh.as_ref().filter(|(_, own)| Some(*own) == rank) {
                let found = config.ask(&host.host, &connection, &self.account);
                let layer = found.layer();
                connection.fill(&layer);
                answer = Some((found, layer));
            }
        }
        if let Some(found) = answer.as_ref().and_then(|(answer, _)| answer.touched())
            && transport.source == Source::BuiltIn
        {
            transport = Given::new(Transport::Ssh, found.clone());
        }
        connection.transport = Some(transport);
        connection.fill(&built_in(&connection));
        connection.password = None;
        connection.password_env = None;
        connection.password_from = None;
        let at = |rank: Rank| {
            let here = ssh.as_ref().is_some_and(|(_, own)| *own == rank);
            answer.as_ref().filter(|_| here).map(|(_, layer)| layer)
        };
        let mut layers: Vec<&Connection> = strong[..3].to_vec();
        layers.extend(at(Rank::Host));
        layers.extend(groups.parts.iter().map(|part| &**part));
        layers.push(weak[0]);
        layers.extend(at(Rank::Defaults));
        layers.push(weak[1]);
        layers.extend(at(Rank::Own));
        let mut whole = own.clone();
        whole.fill(&groups.layer);
        whole.fill(&defaults.layer);
        for (key, blank) in std::mem::take(&mut whole.blanks) {
            whole.vars.entry(key).or_insert(blank);
        }
        connection.address.get_or_insert_with(|| Given::new(host.host.clone(), Source::BuiltIn));
        let (password, several) = match password_source(&layers) {
            Ok(password) => (password, None),
            Err(problem) => (None, Some(("password", problem))),
        };
        let access = match (ssh, answer) {
            (Some((config, _)), Some((answer, _))) => self.finish(&config, answer, &mut connection),
            _ => self.bastions(host, &connection),
        };
        let is_overruled =
            |key: &str| self.flags.sets(key) || host.url.sets(key) || key == "password" && self.brings_password;
        let refused = own.refused.iter().map(|(key, problem)| (*key, problem.clone())).chain(several);
        let refused = refused.filter(|(key, _)| !is_overruled(key)).collect();
        Effective { connection, password, ssh: access, vars: whole.vars, labels: whole.labels, refused }
    }

    /// The SSH configuration that holds for a host, and its rank: those of the inventories that name the host, with any
    /// other inventory's behind them, else those of any inventory, else the user's own. None for hosts that are reached
    /// by another transport.
    fn ssh_config(&mut self, host: &Host, transport: &Given<Transport>) -> Option<(Arc<SshConfig>, Rank)> {
        let by_ssh = transport.value == Transport::Ssh;
        // A name that nobody knows is an SSH host if the configuration has something to say about it.
        let unknown = transport.source == Source::BuiltIn && host.sources.is_empty();
        if !by_ssh && !unknown {
            return None;
        }
        let named = self.ssh_sources(host);
        let names_host = |source: &usize| host.sources.contains(source);
        let rank = if named.first().is_some_and(names_host) { Rank::Host } else { Rank::Defaults };
        match named.as_slice() {
            [] if by_ssh => Some((self.own_ssh(), Rank::Own)),
            [] => None,
            _ => Some((self.joined_ssh(named), rank)),
        }
    }

    /// The inventories that are SSH configurations and hold for a host, those that name it first.
    fn ssh_sources(&self, host: &Host) -> Vec<usize> {
        let sources = &self.inventory.sources;
        let is_ssh = |source: &usize| sources[*source].ssh.is_some();
        let mut named: Vec<usize> = host.sources.iter().copied().filter(is_ssh).collect();
        let others: Vec<usize> = (0..sources.len())
            .filter(|source| sources[*source].main && is_ssh(source) && !named.contains(source))
            .collect();
        named.extend(others);
        named
    }

    /// The bastions before a host of another transport than SSH, as the SSH configuration knows them.
    fn bastions(&mut self, host: &Host, connection: &Connection) -> Access {
        let is_winrm = connection.transport.as_ref().is_none_or(|given| given.value != Transport::Local);
        let has_jump = connection.jump.as_ref().is_some_and(|given| !given.value.is_empty());
        if !is_winrm || !has_jump {
            return Access::default();
        }
        let named = self.ssh_sources(host);
        let config = if named.is_empty() { self.own_ssh() } else { self.joined_ssh(named) };
        let home = self.around.home();
        let environment = |name: &str| self.around.env(name);
        let asker = Asker { account: &self.account, home: home.as_deref(), environment: &environment };
        bastions(&config, &asker, &host.host, connection)
    }

    /// The SSH configurations of some inventories as one, the first the strongest.
    fn joined_ssh(&mut self, sources: Vec<usize>) -> Arc<SshConfig> {
        if let Some(known) = self.joined_ssh.get(&sources) {
            return Arc::clone(known);
        }
        let configs = sources.iter().filter_map(|&source| self.inventory.sources[source].ssh.as_deref());
        let joined = Arc::new(SshConfig::joined(configs));
        self.joined_ssh.insert(sources, Arc::clone(&joined));
        joined
    }

    fn own_ssh(&mut self) -> Arc<SshConfig> {
        let around = &mut *self.around;
        Arc::clone(self.own_ssh.get_or_insert_with(|| Arc::new(SshConfig::own(around))))
    }

    fn finish(&self, config: &SshConfig, answer: Answer, connection: &mut Connection) -> Access {
        let home = self.around.home();
        let environment = |name: &str| self.around.env(name);
        let asker = Asker { account: &self.account, home: home.as_deref(), environment: &environment };
        answer.finish(config, &asker, connection)
    }

    /// All groups a host is in, directly or through children.
    pub(super) fn all_groups(&self, host: &Host) -> Vec<usize> {
        let mut all: Vec<usize> = Vec::new();
        let mut is_found = vec![false; self.ancestors.len()];
        for &group in &host.groups {
            for member in std::iter::once(group).chain(self.ancestors[group].iter().copied()) {
                if !std::mem::replace(&mut is_found[member], true) {
                    all.push(member);
                }
            }
        }
        all
    }

    fn group_layer(&mut self, host: &Host) -> Rc<Merged> {
        let mut key = host.groups.clone();
        key.sort_unstable();
        if let Some(known) = self.groups.get(&key) {
            return known.clone();
        }
        let found = Rc::new(self.merge_groups(self.all_groups(host), &host.name));
        self.groups.insert(key, found.clone());
        found
    }

    /// Children before parents.
    fn merge_groups(&self, mut all: Vec<usize>, host: &str) -> Merged {
        let mut merged = Merged { clashes: self.group_clashes(&all, host), ..Merged::default() };
        // A child has all ancestors of its parents and the parents themselves, so it comes first.
        all.sort_by_key(|&group| std::cmp::Reverse(self.ancestors[group].len()));
        for group in all {
            let layer = &self.inventory.groups[group].layer;
            merged.layer.fill(layer);
            merged.parts.push(layer.connection.clone());
        }
        merged
    }

    /// Two groups disagree when neither is above the other and no group below one of them has the last word.
    fn group_clashes(&self, all: &[usize], host: &str) -> Vec<(String, Problem)> {
        let groups = &self.inventory.groups;
        let above = |high: usize, low: usize| self.ancestors[low].binary_search(&high).is_ok();
        let overruled =
            |high: usize, key: &str| all.iter().any(|&low| above(high, low) && sets(&groups[low].layer, key));
        let mut clashes = Vec::new();
        // Most groups of a deep tree only hold others.
        let speaking: Vec<usize> =
            all.iter().copied().filter(|&group| groups[group].layer != Layer::default()).collect();
        for (place, &one) in speaking.iter().enumerate() {
            for &two in speaking.iter().skip(place + 1).filter(|&&two| !above(one, two) && !above(two, one)) {
                for (key, first, second) in groups[one].layer.disagreements(&groups[two].layer) {
                    if !overruled(one, &key) && !overruled(two, &key) {
                        clashes.push((key.clone(), unclear(&key, host, first, second)));
                    }
                }
            }
        }
        clashes
    }

    /// The defaults of the inventories that name the host; for others the defaults of all.
    fn default_layer(&mut self, host: &Host) -> Rc<Merged> {
        let main = |source: &usize| self.inventory.sources[*source].main;
        let mut key = host.sources.clone();
        if !key.iter().any(main) {
            key.extend((0..self.inventory.sources.len()).filter(main));
        }
        key.sort_unstable();
        key.dedup();
        if let Some(known) = self.defaults.get(&key) {
            return known.clone();
        }
        let mut merged = Merged::default();
        for &source in &key {
            let next = &self.inventory.sources[source].defaults;
            for (key, first, second) in merged.layer.disagreements(next) {
                merged.clashes.push((key.clone(), unclear(&key, &host.name, first, second)));
            }
            merged.layer.fill(next);
        }
        let merged = Rc::new(merged);
        self.defaults.insert(key, merged.clone());
        merged
    }
}

fn unclear(key: &str, host: &str, first: &Source, second: &Source) -> Problem {
    Problem::new(format!("'{key}' of {host} is ambiguous: {first} and {second} disagree"))
        .with_hint("set it on the host, or in a group below both")
}

fn note(problems: &mut Vec<Problem>, clashes: &[(String, Problem)], settled: impl Fn(&str) -> bool) {
    for (key, problem) in clashes {
        if !settled(key) && !problems.contains(problem) {
            problems.push(problem.clone());
        }
    }
}

/// Whether a layer sets a key as [`Layer::disagreements`] names it.
fn sets(layer: &Layer, key: &str) -> bool {
    match key.split_once('.') {
        Some(("vars", name)) => layer.vars.contains_key(name),
        Some(("labels", name)) => layer.labels.contains_key(name),
        _ => layer.connection.sets(key),
    }
}

/// A flag, a host's or a group's key, else the URL's scheme, else the defaults and the configuration, else WinRM.
/// `auto` counts as not said.
fn transport(strong: &[&Connection], scheme: Option<&Given<Transport>>, weak: &[&Connection]) -> Given<Transport> {
    let said = |layer: &&Connection| layer.transport.clone().filter(|given| given.value != Transport::Auto);
    strong
        .iter()
        .find_map(said)
        .or_else(|| scheme.cloned())
        .or_else(|| weak.iter().find_map(said))
        .unwrap_or(Given::new(Transport::Winrm, Source::BuiltIn))
}

/// The source of the password that belongs to the user in force: one that stands beside another user's name is not
/// used. A password belongs to the user of its own layer, else of the next weaker one.
///
/// # Errors
/// The layer names several sources.
fn password_source(layers: &[&Connection]) -> Result<Option<PasswordSource>, Problem> {
    let user_from =
        |place: usize| layers.iter().skip(place).find_map(|layer| layer.user.as_ref().map(|user| &user.value));
    let user = user_from(0);
    let speaks =
        |layer: &Connection| layer.password.is_some() || layer.password_env.is_some() || layer.password_from.is_some();
    let layer = layers
        .iter()
        .enumerate()
        .find(|(place, layer)| speaks(layer) && user_from(*place).is_none_or(|owner| Some(owner) == user));
    let Some((_, layer)) = layer else { return Ok(None) };
    let variable =
        |given: &Given<String>| Given::new(SecretSource::Variable(given.value.clone()), given.source.clone());
    match (&layer.password, &layer.password_env, &layer.password_from) {
        (Some(inline), None, None) => Ok(Some(PasswordSource::Inline(inline.value.clone()))),
        (None, Some(name), None) => Ok(Some(PasswordSource::From(variable(name)))),
        (None, None, from) => Ok(from.clone().map(PasswordSource::From)),
        (password, name, from) => {
            let places = [
                password.as_ref().map(|given| ("password", &given.source)),
                name.as_ref().map(|given| ("password_env", &given.source)),
                from.as_ref().map(|given| ("password_from", &given.source)),
            ];
            let places: Vec<_> = places.into_iter().flatten().map(|(key, from)| format!("{key} ({from})")).collect();
            Err(Problem::new(format!("the password has several sources: {}", places.join(", ")))
                .with_hint("leave one of them"))
        }
    }
}

/// Our own defaults, as far as the transport has a use for them.
fn built_in(said: &Connection) -> Connection {
    fn given<T>(value: T) -> Option<Given<T>> {
        Some(Given::new(value, Source::BuiltIn))
    }
    let times = Timeouts::default();
    let common = Connection {
        connect_timeout: given(times.connect),
        open_timeout: given(times.open),
        timeout: given(times.run),
        ..Connection::default()
    };
    match said.transport.as_ref().map(|given| given.value) {
        Some(Transport::Ssh) => Connection {
            port: given(defaults::SSH_PORT),
            host_keys: given(HostKeyPolicy::Strict),
            subsystem: given(defaults::SUBSYSTEM.to_owned()),
            exec: given(defaults::EXEC.to_owned()),
            ..common
        },
        Some(Transport::Local) => Connection { pwsh: given(defaults::PWSH.into()), ..common },
        Some(Transport::Auto | Transport::Winrm) | None => {
            let tls = said.tls.as_ref().map_or(defaults::TLS, |given| given.value);
            Connection {
                port: given(defaults::winrm_port(tls)),
                auth: given(defaults::AUTH),
                tls: given(tls),
                url_path: given(defaults::WSMAN_PATH.to_owned()),
                configuration_name: given(defaults::CONFIGURATION_NAME.to_owned()),
                allow_unencrypted: given(defaults::ALLOW_UNENCRYPTED),
                ..common
            }
        }
    }
}
