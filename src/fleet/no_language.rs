//! Endpoints that allow no script text (JEA, `NoLanguage`).

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::target::Endpoint;

/// The endpoints of a run that have refused script text.
///
/// A session configuration of a name of its own counts as one endpoint, whatever the host: the administrator gave it to
/// all for the same purpose. Should a host's be another one, no harm is done: what it gets is what Invoke-Command
/// always sends.
#[derive(Debug, Default)]
pub(super) struct NoLanguage(Mutex<HashSet<String>>);

impl NoLanguage {
    /// Whether an endpoint is known to refuse text.
    pub(super) fn contains(&self, endpoint: &Endpoint) -> bool {
        self.lock().contains(&key(endpoint))
    }

    /// Remembers an endpoint that has refused text.
    pub(super) fn insert(&self, endpoint: &Endpoint) {
        self.lock().insert(key(endpoint));
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Endpoints with the same key take the same.
fn key(endpoint: &Endpoint) -> String {
    let name = match endpoint {
        Endpoint::Winrm(winrm) => winrm.configuration_name.to_lowercase(),
        Endpoint::Ssh(ssh) => ssh.subsystem.clone(),
        Endpoint::Local(_) => String::new(),
    };
    // Every host has these, each as it was set up.
    let is_common = name.is_empty() || ["powershell", "microsoft."].iter().any(|common| name.starts_with(common));
    let host = if is_common { endpoint.to_string() } else { endpoint.transport().to_owned() };
    format!("{name} {host}")
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
        no_language.insert(&winrm("web01", "Ops.JEA"));
        assert!(no_language.contains(&winrm("web02", "ops.jea")));
        assert!(!no_language.contains(&winrm("web01", "Microsoft.PowerShell")));
        no_language.insert(&winrm("web01", "Microsoft.PowerShell"));
        assert!(no_language.contains(&winrm("web01", "microsoft.powershell")));
        assert!(!no_language.contains(&winrm("web02", "Microsoft.PowerShell")));
        assert!(!no_language.contains(&Endpoint::Local(LocalEndpoint { pwsh: "pwsh".into() })));
    }
}
