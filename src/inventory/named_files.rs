//! Files that settings name: whether each holds what it must, found out before the first connection.

use std::collections::HashMap;
use std::path::Path;

use crate::config::{NamedFile, Origin, Place, Problem, Source, System};
use crate::target::{Endpoint, HostKeyPolicy, Tls};

use super::host_settings::HostSettings;

/// A file with the key and the place that name it.
type Named<'a> = (NamedFile, &'a Path, &'static str, &'a Source);

/// Every file that is missing, cannot be read or holds something else, once for each place that names it. Each file is
/// read once, however many hosts use it.
pub(super) fn check_files(hosts: &[HostSettings], endpoints: &[Endpoint], around: &dyn System) -> Vec<Problem> {
    let mut checked: HashMap<(NamedFile, &Path), Result<(), String>> = HashMap::new();
    let mut problems: Vec<Problem> = Vec::new();
    for (file, path, key, source) in hosts.iter().zip(endpoints).flat_map(|(host, endpoint)| named(host, endpoint)) {
        let found = checked.entry((file, path)).or_insert_with(|| around.check(file, path));
        if let Err(what) = found {
            let problem = problem(source, key, format!("{}: {what}", path.display()));
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    problems
}

/// The files that the settings of a host name and that its endpoint uses. The usual files of SSH are not named by
/// anybody, and those that an SSH configuration names may be missing, as for `ssh`.
fn named<'a>(host: &'a HostSettings, endpoint: &'a Endpoint) -> Vec<Named<'a>> {
    let connection = &host.effective.connection;
    let mut named: Vec<Named<'a>> = Vec::new();
    match endpoint {
        Endpoint::Winrm(winrm) => {
            if let (Tls::On { ca: Some(path), .. }, Some(given)) = (&winrm.tls, &connection.ca) {
                named.push((NamedFile::Ca, path, "ca", &given.source));
            }
        }
        Endpoint::Ssh(ssh) => {
            let named_here = |source: &Source| !matches!(source, Source::Ssh(_));
            if let Some(given) = connection.identity.as_ref().filter(|given| named_here(&given.source)) {
                let files = ssh
                    .server
                    .identities
                    .iter()
                    .flatten()
                    .map(|path| (NamedFile::Identity, path.as_path(), "identity", &given.source));
                named.extend(files);
            }
            if let Some(given) = connection.known_hosts.as_ref().filter(|given| named_here(&given.source)) {
                let file = NamedFile::KnownHosts { is_made: ssh.server.host_keys == HostKeyPolicy::AcceptNew };
                let files =
                    ssh.server.known_hosts.iter().map(|path| (file, path.as_path(), "known_hosts", &given.source));
                named.extend(files);
            }
        }
        Endpoint::Local(_) => {}
    }
    named
}

/// The problem at the place of the setting.
fn problem(source: &Source, key: &str, what: String) -> Problem {
    let at = |origin: &Origin, path: String| {
        Problem::at(&origin.file, Place { line: origin.line, column: 0 }, path, what.clone())
    };
    match source {
        Source::Host(origin) => at(origin, format!("{} > {key}", origin.entry)),
        Source::Group(origin) => at(origin, format!("groups > {} > {key}", origin.entry)),
        Source::Defaults(origin) => at(origin, format!("defaults > {key}")),
        Source::Config(origin) | Source::Ssh(origin) => at(origin, key.to_owned()),
        Source::Flag(_) | Source::Env(_) | Source::Url(_) | Source::BuiltIn => {
            Problem::new(format!("{source}: {what}"))
        }
    }
}
