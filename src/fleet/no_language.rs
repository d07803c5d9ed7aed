//! Endpoints that allow no script text (JEA, `NoLanguage`).

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::target::Endpoint;

/// The endpoints that have refused script text: in this run, and before it.
///
/// In a run a session configuration of a name of its own counts as one endpoint, whatever the host: the administrator
/// gave it to all for the same purpose. Should a host's be another one, no harm is done: what it gets is what
/// Invoke-Command always sends. What is known from earlier runs counts for the one address that it was learned at, and
/// only as long as nothing shows that it is so no more.
#[derive(Debug, Default)]
pub struct NoLanguage(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// What has refused text in this run.
    here: HashSet<String>,
    /// What had refused it in earlier runs.
    before: HashSet<EndpointKey>,
    /// What this run saw: `true` where text was refused.
    seen: HashMap<EndpointKey, bool>,
}

/// What an endpoint is known by between runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointKey {
    /// Where it is.
    pub address: String,
    /// The session configuration or subsystem there.
    pub configuration: String,
}

/// How well it is known that an endpoint takes no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belief {
    /// An endpoint of this run has said so.
    Here,
    /// It has said so in an earlier run.
    Before,
}

impl EndpointKey {
    /// The key of an endpoint.
    pub fn of(endpoint: &Endpoint) -> Self {
        let configuration = match endpoint {
            Endpoint::Winrm(winrm) => winrm.configuration_name.to_lowercase(),
            Endpoint::Ssh(ssh) => ssh.subsystem.clone(),
            Endpoint::Local(_) => String::new(),
        };
        Self { address: endpoint.to_string(), configuration }
    }
}

impl NoLanguage {
    /// Knows what earlier runs have learned.
    pub fn known(before: impl IntoIterator<Item = EndpointKey>) -> Self {
        Self(Mutex::new(Known { before: before.into_iter().collect(), ..Known::default() }))
    }

    /// Whether an endpoint is known to refuse text, and by whom.
    pub(super) fn belief(&self, endpoint: &Endpoint) -> Option<Belief> {
        let known = self.lock();
        if known.here.contains(&key(endpoint)) {
            return Some(Belief::Here);
        }
        known.before.contains(&EndpointKey::of(endpoint)).then_some(Belief::Before)
    }

    /// An endpoint has refused text.
    pub(super) fn refused(&self, endpoint: &Endpoint) {
        let mut known = self.lock();
        known.here.insert(key(endpoint));
        known.seen.insert(EndpointKey::of(endpoint), true);
    }

    /// An endpoint has run text: if it was known to refuse it, that is so no more.
    pub(super) fn took(&self, endpoint: &Endpoint) {
        let mut known = self.lock();
        let key = EndpointKey::of(endpoint);
        if known.before.remove(&key) {
            known.seen.insert(key, false);
        }
    }

    /// What the run has seen, for those after it: endpoints that refuse text (`true`), and those that do so no more.
    pub fn seen(&self) -> Vec<(EndpointKey, bool)> {
        self.lock().seen.iter().map(|(key, refuses)| (key.clone(), *refuses)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Endpoints with the same key take the same, in one run.
fn key(endpoint: &Endpoint) -> String {
    let EndpointKey { address, configuration } = EndpointKey::of(endpoint);
    // Every host has these, each as it was set up.
    let is_common =
        configuration.is_empty() || ["powershell", "microsoft."].iter().any(|common| configuration.starts_with(common));
    let host = if is_common { address } else { endpoint.transport().to_owned() };
    format!("{configuration} {host}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{AuthMethod, LocalEndpoint, Tls, WinrmEndpoint};

    fn winrm(address: &str, configuration_name: &str) -> Endpoint {
        Endpoint::Winrm(WinrmEndpoint {
            address: address.to_owned(),
            port: 5985,
            path: "/wsman".to_owned(),
            tls: Tls::Off,
            auth: AuthMethod::Negotiate,
            configuration_name: configuration_name.to_owned(),
            workstation: Default::default(),
            kerberos: Default::default(),
            trusted: false,
            allow_unencrypted: false,
            jump: Vec::new(),
        })
    }

    #[test]
    fn configurations_of_their_own_names_are_known_on_all_hosts() {
        let no_language = NoLanguage::default();
        no_language.refused(&winrm("web01", "Ops.JEA"));
        assert!(no_language.belief(&winrm("web02", "ops.jea")).is_some());
        assert!(no_language.belief(&winrm("web01", "Microsoft.PowerShell")).is_none());
        no_language.refused(&winrm("web01", "Microsoft.PowerShell"));
        assert!(no_language.belief(&winrm("web01", "microsoft.powershell")).is_some());
        assert!(no_language.belief(&winrm("web02", "Microsoft.PowerShell")).is_none());
        assert!(no_language.belief(&Endpoint::Local(LocalEndpoint { pwsh: "pwsh".into() })).is_none());
    }

    #[test]
    fn what_is_known_from_before_counts_for_its_address_until_it_proves_wrong() {
        let jea = winrm("web01", "Ops.JEA");
        let no_language = NoLanguage::known([EndpointKey::of(&jea)]);
        assert_eq!(no_language.belief(&winrm("web01", "ops.jea")), Some(Belief::Before));
        assert_eq!(no_language.belief(&winrm("web02", "Ops.JEA")), None);
        no_language.took(&winrm("web02", "Ops.JEA"));
        assert_eq!(no_language.seen(), [], "nobody had thought otherwise");
        no_language.took(&jea);
        assert_eq!((no_language.belief(&jea), no_language.seen()), (None, vec![(EndpointKey::of(&jea), false)]));
        no_language.refused(&jea);
        assert_eq!(no_language.belief(&jea), Some(Belief::Here));
        assert_eq!(no_language.seen(), [(EndpointKey::of(&jea), true)], "what was seen last counts");
    }
}
