//! Endpoints that allow no script text (JEA, `NoLanguage`).

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clixml::{Document, Value};
use crate::session::{Ending, RunReport};
use crate::target::Endpoint;

/// The error id of the refusal, the same since PowerShell 2.
const REFUSAL: &str = "ScriptsNotAllowed";

/// The endpoints of a run that have refused script text.
///
/// A session configuration of a name of its own counts as one endpoint, whatever the host: the administrator gave it to all
/// for the same purpose. Should a host's be another one, no harm is done: what it gets is what Invoke-Command always sends.
#[derive(Debug, Default)]
pub(super) struct Constrained(Mutex<HashSet<String>>);

impl Constrained {
    /// Whether an endpoint is known to refuse text.
    pub fn contains(&self, endpoint: &Endpoint) -> bool {
        self.lock().contains(&key(endpoint))
    }

    /// Remembers an endpoint that has refused text.
    pub fn insert(&self, endpoint: &Endpoint) {
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

/// Whether a pipeline was refused for its text, before anything of it ran.
///
/// The host makes this error before there is a command, so it names none: an error with the same id that a script has
/// caught elsewhere and thrown again names where it was thrown.
pub(super) fn refuses_text(report: &RunReport) -> bool {
    let Ending::Failed(Some(Document { root, .. })) = &report.ending else { return false };
    let id = root.member("FullyQualifiedErrorId").and_then(Value::as_text).and_then(|id| id.as_str());
    id == Some(REFUSAL) && root.member("InvocationInfo").is_none_or(|invocation| *invocation == Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clixml::Object;
    use crate::target::{AuthMethod, LocalEndpoint, Tls, WinrmEndpoint};

    fn winrm(address: &str, configuration_name: &str) -> Endpoint {
        Endpoint::Winrm(WinrmEndpoint {
            address: address.to_owned(),
            port: 5985,
            path: "/wsman".to_owned(),
            tls: Tls::Off,
            auth: AuthMethod::Negotiate,
            configuration_name: configuration_name.to_owned(),
            trusted: false,
            allow_unencrypted: false,
        })
    }

    #[test]
    fn configurations_of_their_own_names_are_known_on_all_hosts() {
        let constrained = Constrained::default();
        constrained.insert(&winrm("web01", "Ops.JEA"));
        assert!(constrained.contains(&winrm("web02", "ops.jea")));
        assert!(!constrained.contains(&winrm("web01", "Microsoft.PowerShell")));
        constrained.insert(&winrm("web01", "Microsoft.PowerShell"));
        assert!(constrained.contains(&winrm("web01", "microsoft.powershell")));
        assert!(!constrained.contains(&winrm("web02", "Microsoft.PowerShell")));
        assert!(!constrained.contains(&Endpoint::Local(LocalEndpoint { pwsh: "pwsh".into() })));
    }

    #[test]
    fn only_the_refusal_of_the_host_itself_counts() {
        let report = |id: &str, invocation: Value| {
            let notes = vec![("FullyQualifiedErrorId".into(), Value::str(id)), ("InvocationInfo".into(), invocation)];
            let error = Document::new(Object { notes, ..Object::default() }.into());
            RunReport { ending: Ending::Failed(Some(error)), exit_code: None }
        };
        assert!(refuses_text(&report("ScriptsNotAllowed", Value::Null)));
        assert!(!refuses_text(&report("ScriptsNotAllowed", Object::default().into())));
        assert!(!refuses_text(&report("ScriptsNotAllowed,Thrower", Value::Null)));
        assert!(!refuses_text(&RunReport { ending: Ending::Completed, exit_code: None }));
    }
}
