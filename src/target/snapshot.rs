//! A target as it may be kept and sent elsewhere: all of it but what proves its user.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Credential, Endpoint, Target, Timeouts, Variable};

/// A target without its secrets: what a journal keeps of it, and what another process needs to reach it once it has the
/// credential by a way of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetSnapshot {
    /// The name as the user addressed it.
    pub name: String,
    /// Where and how to connect.
    pub endpoint: Endpoint,
    /// Whom to log on as, where that is somebody.
    pub user: Option<String>,
    /// The target's own variables.
    pub vars: BTreeMap<String, Variable>,
    /// Labels from the inventory.
    pub labels: BTreeMap<String, String>,
    /// Deadlines of the phases.
    pub timeouts: Timeouts,
}

impl From<&Target> for TargetSnapshot {
    fn from(target: &Target) -> Self {
        Self {
            name: target.name.to_string(),
            endpoint: target.endpoint.clone(),
            user: target.credential.as_ref().and_then(|credential| credential.user().map(str::to_owned)),
            vars: target.vars.clone(),
            labels: target.labels.clone(),
            timeouts: target.timeouts,
        }
    }
}

impl TargetSnapshot {
    /// The target again, with a credential.
    pub fn with(self, credential: Option<Arc<Credential>>) -> Target {
        let Self { name, endpoint, user: _, vars, labels, timeouts } = self;
        Target { name: name.into(), endpoint, credential, vars, labels, timeouts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::target::{AuthMethod, HostKeyPolicy, SshAgent, SshEndpoint, SshHop, SshServer, Tls, WinrmEndpoint};

    const SECRET: &str = "hunter2";

    fn winrm() -> Endpoint {
        Endpoint::Winrm(WinrmEndpoint {
            address: "fe80::1%eth0".to_owned(),
            port: 5986,
            path: "/wsman".to_owned(),
            tls: Tls::On { ca: Some("/etc/ca.pem".into()), insecure: false, pins: Vec::new(), min: Default::default() },
            auth: AuthMethod::Ntlm,
            configuration_name: "Ops.JEA".to_owned(),
            workstation: Default::default(),
            kerberos: Default::default(),
            trusted: true,
            allow_unencrypted: false,
            jump: Vec::new(),
        })
    }

    fn ssh() -> Endpoint {
        let mut server = SshServer::new("web01", 22);
        server.host_keys = HostKeyPolicy::AcceptNew;
        server.agent = SshAgent::At("/run/agent".into());
        server.identities = Some(vec!["/home/me/.ssh/id".into()]);
        let hop = SshHop { user: Some("jump".to_owned()), server: SshServer::new("bastion", 2222) };
        let (subsystem, exec) = ("powershell".to_owned(), "pwsh -sshs".to_owned());
        Endpoint::Ssh(SshEndpoint { server, jump: vec![hop], subsystem, exec })
    }

    #[test]
    fn a_target_travels_without_its_secrets() {
        for endpoint in [winrm(), ssh()] {
            let password = Some(Secret::new(SECRET.to_owned()));
            let credential = Arc::new(Credential::of("CONTOSO\\ada", password));
            let target = Target {
                name: "web01".into(),
                endpoint,
                credential: Some(Arc::clone(&credential)),
                vars: BTreeMap::from([("size".to_owned(), Variable::of_json("1.10"))]),
                labels: BTreeMap::from([("site".to_owned(), "ber".to_owned())]),
                timeouts: Timeouts::default(),
            };
            let snapshot = TargetSnapshot::from(&target);
            let json = serde_json::to_string(&snapshot).expect("plain data");
            assert!(!json.contains(SECRET) && json.contains("ada"), "{json}");
            assert!(json.contains("1.10"), "numbers keep their digits: {json}");
            let read: TargetSnapshot = serde_json::from_str(&json).expect("what was written");
            assert_eq!(read, snapshot);
            let again = read.with(Some(credential));
            assert_eq!((again.endpoint, again.credential), (target.endpoint, target.credential));
        }
    }

    #[test]
    fn what_a_snapshot_says_is_checked_as_what_was_typed() {
        let json = serde_json::to_value(winrm()).expect("plain data");
        for (name, is_taken) in [("psfleet", true), ("", false), ("CON/SOLE", false), ("a-name-of-16-char", false)] {
            let mut json = json.clone();
            json["winrm"]["workstation"] = name.into();
            assert_eq!(serde_json::from_value::<Endpoint>(json).is_ok(), is_taken, "{name}");
        }
    }
}
