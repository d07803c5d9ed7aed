//! Ways to a real PowerShell.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use psfleet::sandbox::{Engine, Fleet, Options};
use psfleet::target::{AuthMethod, Credential, Endpoint, LocalEndpoint, Target};
use psfleet::transport::Connector;
use psfleet::transport::network::Network;
use uuid::Uuid;

use crate::support::folder::Folder;
use crate::support::processes;
use crate::support::ssh_only::SshOnly;
use crate::support::sshd::{Setup, Sshd};
use crate::support::{pwsh, run, sandbox};

/// A way to a real PowerShell.
pub(crate) enum Route {
    /// As a child of ours.
    Local(Marked),
    /// Behind OpenSSH.
    Ssh(Box<Sshd>, Marked),
    /// Behind the sandbox's WinRM.
    Winrm { name: &'static str, fleet: Box<Fleet>, target: Box<Target> },
}

impl Route {
    pub(crate) fn local() -> Option<Self> {
        Some(Self::Local(Marked::new(&pwsh()?)))
    }

    pub(crate) fn ssh() -> Option<Self> {
        Self::ssh_with("")
    }

    /// The same with more lines of sshd_config.
    pub(crate) fn ssh_with(config: &str) -> Option<Self> {
        let marked = Marked::new(&pwsh()?);
        let setup = Setup { config: config.to_owned(), ..Setup::with_powershell(&marked.program()) };
        let server = Sshd::start(&setup)?;
        Some(Self::Ssh(Box::new(server), marked))
    }

    pub(crate) async fn winrm(name: &'static str, auth: AuthMethod, tls: bool) -> Option<Self> {
        let options = Options { hosts: 1, tls, engine: Engine::Pwsh, pwsh: pwsh()?, ..Options::default() };
        let fleet = Box::new(sandbox::fleet(options).await);
        let target = Box::new(run::targets(&fleet, auth, None).remove(0));
        Some(Self::Winrm { name, fleet, target })
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Winrm { name, .. } => name,
            Self::Local(_) => "local",
            Self::Ssh(..) => "ssh",
        }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Local(marked) => Endpoint::Local(LocalEndpoint { pwsh: marked.program() }),
            Self::Ssh(server, _) => Endpoint::Ssh(server.endpoint()),
            Self::Winrm { target, .. } => target.endpoint.clone(),
        }
    }

    pub(crate) fn credential(&self) -> Option<Arc<Credential>> {
        match self {
            Self::Local(_) | Self::Ssh(..) => None,
            Self::Winrm { target, .. } => target.credential.clone(),
        }
    }

    /// The run side's own connector, but for SSH with another home than that of whoever runs the tests.
    pub(crate) fn connector(&self) -> Arc<dyn Connector> {
        match self {
            Self::Local(_) | Self::Winrm { .. } => Arc::new(Network::default()),
            Self::Ssh(server, _) => Arc::new(SshOnly(server.client())),
        }
    }

    /// Waits until every process of the route's PowerShells has gone and no shell is open any more.
    pub(crate) async fn assert_nothing_remains(self) {
        match self {
            Self::Local(marked) => marked.assert_gone().await,
            Self::Ssh(_server, marked) => marked.assert_gone().await,
            Self::Winrm { fleet, .. } => drop(sandbox::assert_clean(*fleet).await),
        }
    }
}

/// A PowerShell whose processes, and their children, are known by a variable of their environment.
pub(crate) struct Marked {
    folder: Folder,
    mark: String,
}

impl Marked {
    fn new(pwsh: &Path) -> Self {
        let folder = Folder::new("matrix");
        let mark = Uuid::new_v4().to_string();
        let text = format!("#!/bin/sh\nPSFLEET_TEST_MARK={mark} exec '{}' \"$@\"\n", pwsh.display());
        let program = folder.path().join("pwsh");
        std::fs::write(&program, text).expect("a script");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).expect("a program");
        }
        Self { folder, mark }
    }

    fn program(&self) -> std::path::PathBuf {
        self.folder.path().join("pwsh")
    }

    /// Those that run.
    pub(crate) fn processes(&self) -> Vec<processes::Process> {
        processes::with_variable("PSFLEET_TEST_MARK", &self.mark)
    }

    async fn assert_gone(&self) {
        let start = Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "still running: {left:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
