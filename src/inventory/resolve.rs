//! From a request to complete targets.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{Config, Problem, System};
use crate::exit;
use crate::hostlist::fold;
use crate::target::{Endpoint, Target, Tls};

use super::credential::{credentials, logons};
use super::effective::{Effective, Settler};
use super::endpoint::{endpoint, is_untrusted, timeouts};
use super::expression::{Atom, Expression, parse};
use super::host_settings::HostSettings;
use super::known_facts::KnownFacts;
use super::load::Loader;
use super::lockout::check_accounts;
use super::logon::Logon;
use super::model::Inventory;
use super::named_files::check_files;
use super::provenance::{SourcedSetting, provenance};
use super::request::{Request, SandboxStarter};
use super::row::add_url;
use super::select::Lookup;
use super::unknown::unknown_names;

/// The targets of a run.
#[derive(Debug)]
pub struct Resolved {
    /// Every matched target, complete, in the order in which they are to be used.
    pub targets: Vec<Arc<Target>>,
    /// What the user should know before the run, one line each.
    pub warnings: Vec<String>,
    /// The settings by which they are reached, with where each is from: if that was asked for.
    pub settings: Vec<SourcedSetting>,
}

/// Why there are no targets: every mistake at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errors {
    /// The mistakes; empty if the expression is right and leaves nobody.
    pub problems: Vec<Problem>,
}

impl Errors {
    /// 4 when the expression leaves nobody, 2 for mistakes.
    pub fn exit_code(&self) -> u8 {
        if self.problems.is_empty() { exit::NOBODY } else { exit::USAGE }
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problems.is_empty() {
            return f.write_str("no target matches");
        }
        let lines: Vec<String> = self.problems.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Errors {}

impl From<Vec<Problem>> for Errors {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems }
    }
}

/// Finds the targets of a request, complete with endpoint and credential.
///
/// # Errors
/// Every mistake in inventories, expressions, settings and passwords, or that nobody is left.
pub fn resolve(
    request: &Request,
    config: &Config,
    around: &mut dyn System,
    sandbox: &mut SandboxStarter<'_>,
) -> Result<Resolved, Errors> {
    let hosts = select(request, config, around, sandbox)?;
    let endpoints = endpoints(&hosts, around)?;
    let credentials = credentials(&named(&hosts), request, around)?;
    let problems = check_accounts(&credentials, around);
    if !problems.is_empty() {
        return Err(Errors { problems });
    }
    let warnings = warnings(&hosts, &endpoints);
    let settings = if request.provenance { provenance(&hosts) } else { Vec::new() };
    let targets = hosts.into_iter().zip(endpoints).zip(credentials).map(|((host, endpoint), credential)| {
        Arc::new(Target {
            name: host.name,
            endpoint,
            credential,
            timeouts: timeouts(&host.effective.connection),
            vars: host.effective.vars.into_iter().map(|(key, given)| (key, given.value)).collect(),
            labels: host.effective.labels.into_iter().map(|(key, given)| (key, given.value)).collect(),
        })
    });
    Ok(Resolved { targets: targets.collect(), warnings, settings })
}

/// How hosts would be reached and logged on to, one for each of them.
#[derive(Debug)]
pub struct Rehearsal {
    /// Whom we would log on as, and where the passwords would come from.
    pub logons: Vec<Logon>,
    /// Where to.
    pub endpoints: Vec<Endpoint>,
}

/// What [`resolve`] would do for each of these hosts. Asks nothing.
///
/// # Errors
/// Every mistake for which [`resolve`] would stop, as far as no answer is needed to know it.
pub fn rehearse(hosts: &[HostSettings], request: &Request, around: &mut dyn System) -> Result<Rehearsal, Errors> {
    Ok(Rehearsal { endpoints: endpoints(hosts, around)?, logons: logons(&named(hosts), request, around)? })
}

fn named(hosts: &[HostSettings]) -> Vec<(&str, &Effective)> {
    hosts.iter().map(|host| (host.name.as_ref(), &host.effective)).collect()
}

/// Finds the hosts of a request with their settings; asks for no password and checks no rule of endpoints.
///
/// # Errors
/// Every mistake in inventories and expressions, or that nobody is left.
pub fn select(
    request: &Request,
    config: &Config,
    around: &mut dyn System,
    sandbox: &mut SandboxStarter<'_>,
) -> Result<Vec<HostSettings>, Errors> {
    config.warnings.iter().for_each(|warning| around.warn(warning));
    let mut problems = Vec::new();
    let mut targets = expressions(&request.targets, request.targets_variable.unwrap_or("--targets"), &mut problems);
    let mut exclude = expressions(&request.exclude, request.exclude_variable.unwrap_or("--exclude"), &mut problems);
    if request.targets.is_empty() {
        let hint = "give -t with hosts, @group, or @all for the whole inventory";
        problems.push(Problem::new("no targets are named").with_hint(hint));
    }
    name_hosts_of_runs(targets.iter_mut().chain(&mut exclude), around, &mut problems);
    let user = request.settings.user.as_ref().map(|user| user.value.as_str());
    let mut loader = Loader::new(around, sandbox).for_user(user);
    load_main(request, config, &mut loader);
    let files = load_named(targets.iter().chain(&exclude), &mut loader);
    let (mut inventory, mistakes) = loader.finish();
    problems.extend(mistakes);
    unknown_names(&targets, &exclude, &inventory).iter().for_each(|warning| around.warn(warning));
    let facts = KnownFacts::look_up(targets.iter_mut().chain(&mut exclude), &inventory, around, &mut problems);
    add_literals(&targets, &mut inventory, &mut problems);
    problems.extend(inventory.check());
    let (mut effective, groups) = settle(&inventory, request, config, around, &mut problems);
    let lookup = Lookup { inventory: &inventory, effective: &effective, groups: &groups, files: &files };
    let mut hosts = lookup.select(&targets, &mut problems);
    let without = lookup.select(&exclude, &mut problems);
    let is_wanted =
        |host: &usize| request.only.as_ref().is_none_or(|only| only.contains(&*inventory.hosts[*host].name));
    hosts.retain(|host| !without.contains(host) && is_wanted(host));
    lookup.check_order(&hosts, request.order.as_ref(), &mut problems);
    if !problems.is_empty() || hosts.is_empty() {
        // Mistakes of files first, each file from top to bottom.
        problems
            .sort_by(|one, two| (one.file.is_none(), &one.file, one.at).cmp(&(two.file.is_none(), &two.file, two.at)));
        return Err(Errors { problems });
    }
    let hosts = lookup.arrange(hosts, request.pick, request.order.as_ref(), &mut || around.random());
    let settings = |host: usize| HostSettings {
        name: inventory.hosts[host].name.clone(),
        groups: groups[host].iter().map(|&group| inventory.groups[group].name.clone()).collect(),
        // Each host is there once, and fleets of many thousands would be in memory twice.
        effective: std::mem::take(&mut effective[host]),
        facts: facts.of(&inventory.hosts[host].name),
    };
    let found: Vec<HostSettings> = hosts.into_iter().map(settings).collect();
    if found.is_empty() { Err(Errors { problems }) } else { Ok(found) }
}

fn expressions(texts: &[String], flag: &str, problems: &mut Vec<Problem>) -> Vec<Expression> {
    let mut parsed = Vec::new();
    for text in texts {
        let (expression, errors) = parse(text);
        parsed.push(expression);
        problems.extend(errors.into_iter().map(|what| Problem::new(format!("{flag}: {what}"))));
    }
    parsed
}

/// Hosts of earlier runs are hosts by their names from here on.
fn name_hosts_of_runs<'a>(
    expressions: impl Iterator<Item = &'a mut Expression>,
    around: &mut dyn System,
    problems: &mut Vec<Problem>,
) {
    for atom in expressions.flat_map(Expression::atoms_mut) {
        let Atom::Run(run, outcome) = atom else { continue };
        *atom = match around.hosts_of_run(run, outcome.as_deref()) {
            Ok(names) => Atom::Names(names),
            Err(what) => {
                problems.push(Problem::new(format!("@{run}: {what}")));
                Atom::Names(Vec::new())
            }
        };
    }
}

fn load_main(request: &Request, config: &Config, loader: &mut Loader<'_, '_>) {
    if request.inventories.is_empty() {
        config.inventories.iter().for_each(|named| loader.load_found(named));
    }
    for path in &request.inventories {
        loader.load(path.as_ref(), true);
    }
}

/// The files and the list on stdin that expressions name.
fn load_named<'a>(
    expressions: impl Iterator<Item = &'a Expression>,
    loader: &mut Loader<'_, '_>,
) -> HashMap<PathBuf, usize> {
    let mut files = HashMap::new();
    for atom in expressions.flat_map(Expression::atoms) {
        let path = match atom {
            Atom::File(path) => path.clone(),
            Atom::Stdin => PathBuf::from("-"),
            _ => continue,
        };
        files.entry(path.clone()).or_insert_with(|| loader.load(&path, false));
    }
    files
}

/// Literal names and URLs become hosts, so that everything behind this knows only hosts.
fn add_literals(expressions: &[Expression], inventory: &mut Inventory, problems: &mut Vec<Problem>) {
    for atom in expressions.iter().flat_map(Expression::atoms) {
        match atom {
            Atom::Names(names) => names.iter().for_each(|name| {
                inventory.host_or_new(name);
            }),
            Atom::Urls(urls) => {
                let added = urls.iter().map(|url| add_url(url, inventory, None));
                problems.extend(added.filter_map(Result::err).map(Problem::new));
            }
            _ => {}
        }
    }
}

fn settle(
    inventory: &Inventory,
    request: &Request,
    config: &Config,
    around: &mut dyn System,
    problems: &mut Vec<Problem>,
) -> (Vec<Effective>, Vec<Vec<usize>>) {
    let mut settler = Settler::new(inventory, request, config, around);
    let effective = inventory.hosts.iter().map(|host| settler.settle(host, problems)).collect();
    (effective, inventory.hosts.iter().map(|host| settler.all_groups(host)).collect())
}

/// All endpoints, or every broken rule with the hosts that break it, or every file that a setting names in vain.
fn endpoints(hosts: &[HostSettings], around: &mut dyn System) -> Result<Vec<Endpoint>, Errors> {
    let home = around.home();
    let mut endpoints = Vec::with_capacity(hosts.len());
    let mut broken: BTreeMap<_, (Problem, Vec<&str>)> = BTreeMap::new();
    for host in hosts {
        match endpoint(&host.name, &host.effective, home.as_deref()) {
            Ok(endpoint) => endpoints.push(endpoint),
            Err(problems) => problems.into_iter().for_each(|problem| {
                let place = (problem.file.clone(), problem.at, problem.message.clone());
                broken.entry(place).or_insert((problem, Vec::new())).1.push(&host.name);
            }),
        }
    }
    if broken.is_empty() {
        let problems = check_files(hosts, &endpoints, around);
        return if problems.is_empty() { Ok(endpoints) } else { Err(Errors { problems }) };
    }
    let named = |(problem, names): (Problem, Vec<&str>)| {
        let message = format!("{}: {}", fold(names), problem.message);
        Problem { message, ..problem }
    };
    Err(Errors { problems: broken.into_values().map(named).collect() })
}

/// One line for each weakness that the settings allow.
fn warnings(hosts: &[HostSettings], endpoints: &[Endpoint]) -> Vec<String> {
    let names = |weak: &dyn Fn(&Endpoint) -> bool| {
        let weak = hosts.iter().zip(endpoints).filter(|(_, endpoint)| weak(endpoint));
        fold(weak.map(|(host, _)| host.name.as_ref()))
    };
    let insecure = names(
        &|endpoint| matches!(endpoint, Endpoint::Winrm(winrm) if matches!(winrm.tls, Tls::On { insecure: true, .. })),
    );
    let untrusted = names(&is_untrusted);
    let mut warnings = Vec::new();
    if !insecure.is_empty() {
        warnings.push(format!(
            "INSECURE: TLS certificates of {insecure} are not checked; anyone in between can read and change everything"
        ));
    }
    if !untrusted.is_empty() {
        warnings.push(format!(
            "messages to {untrusted} are sealed, but without TLS nothing proves who answers; use --tls, or name them \
             in \
             trusted_hosts"
        ));
    }
    warnings
}
