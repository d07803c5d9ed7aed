//! Files that settings name: whether each holds what it must, found out before the first connection.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use crate::config::{NamedFile, Origin, Place, Problem, Source, System};
use crate::target::{AuthMethod, Endpoint, HostKeyPolicy, Tls};

use super::home::under_home;
use super::host_settings::HostSettings;

/// A file with the key and the place that name it.
type Named<'a> = (NamedFile, Cow<'a, Path>, &'static str, &'a Source);

/// Every file that is missing, cannot be read or holds something else, once for each place that names it. Each file is
/// read once, however many hosts use it.
pub(super) fn check_files(hosts: &[HostSettings], endpoints: &[Endpoint], around: &dyn System) -> Vec<Problem> {
    let home = around.home();
    let mut checked: HashMap<(NamedFile, Cow<'_, Path>), Result<(), String>> = HashMap::new();
    let mut problems: Vec<Problem> = Vec::new();
    let all = hosts.iter().zip(endpoints).flat_map(|(host, endpoint)| named(host, endpoint, home.as_deref()));
    for (file, path, key, source) in all {
        let shown = path.display().to_string();
        let found = checked.entry((file, path)).or_insert_with_key(|(file, path)| around.check(*file, path));
        if let Err(what) = found {
            let problem =
                Problem { hint: remedy(file).map(str::to_owned), ..problem(source, key, format!("{shown}: {what}")) };
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    problems
}

/// The files that the settings of a host name and that its endpoint uses. The usual files of SSH are not named by
/// anybody, and those that an SSH configuration names may be missing, as for `ssh`.
fn named<'a>(host: &'a HostSettings, endpoint: &'a Endpoint, home: Option<&Path>) -> Vec<Named<'a>> {
    let connection = &host.effective.connection;
    let mut named: Vec<Named<'a>> = Vec::new();
    match endpoint {
        Endpoint::Winrm(winrm) => {
            if let (Tls::On { ca: Some(path), .. }, Some(given)) = (&winrm.tls, &connection.ca) {
                named.push((NamedFile::Ca, Cow::from(path.as_path()), "ca", &given.source));
            }
            let is_kerberos = matches!(winrm.auth, AuthMethod::Kerberos | AuthMethod::Negotiate);
            match (&connection.keytab, &connection.ccache) {
                (Some(keytab), _) if is_kerberos => {
                    let path = Cow::Owned(under_home(&keytab.value, home));
                    named.push((NamedFile::Keytab, path, "keytab", &keytab.source));
                }
                (None, Some(ccache)) if is_kerberos => {
                    let file = file_of_cache(&ccache.value).map(|path| Cow::Borrowed(Path::new(path)));
                    named.extend(file.map(|path| (NamedFile::TicketCache, path, "ccache", &ccache.source)));
                }
                _ => {}
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
                    .map(|path| (NamedFile::Identity, Cow::from(path.as_path()), "identity", &given.source));
                named.extend(files);
            }
            if let Some(given) = connection.known_hosts.as_ref().filter(|given| named_here(&given.source)) {
                let file = NamedFile::KnownHosts { is_made: ssh.server.host_keys == HostKeyPolicy::AcceptNew };
                let files = ssh
                    .server
                    .known_hosts
                    .iter()
                    .map(|path| (file, Cow::from(path.as_path()), "known_hosts", &given.source));
                named.extend(files);
            }
        }
        Endpoint::Local(_) => {}
    }
    named
}

/// Where such a file comes from, if that is no matter of course.
fn remedy(file: NamedFile) -> Option<&'static str> {
    match file {
        NamedFile::TicketCache => Some("kinit -c FILE user@REALM makes one; klist shows which one is yours already"),
        NamedFile::Keytab => Some(
            "an administrator of the domain makes one (ktpass there, kadmin's ktadd with MIT); without one: kinit \
             user@REALM, or --ask-pass",
        ),
        NamedFile::Ca | NamedFile::Identity | NamedFile::KnownHosts { .. } => None,
    }
}

/// The file of a cache of tickets, if it is one: `FILE:PATH`, or a path alone.
fn file_of_cache(name: &str) -> Option<&str> {
    match name.split_once(':') {
        Some(("FILE", path)) => Some(path),
        Some((kind, _)) if !kind.contains(['/', '.']) => None,
        _ => Some(name),
    }
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
