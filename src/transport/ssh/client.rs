//! What all SSH sessions of a process share.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::bastion::Bastions;
use super::keys::KeyRing;
use super::known_hosts::KnownHosts;
use crate::local_user;
use crate::target::SshAgent;

/// The user's side of SSH: home folder, agent, known hosts and unlocked keys. One for a whole process, so that files
/// are read and passphrases are worked through once, not once for each host.
#[derive(Debug)]
pub struct Client {
    home: Option<PathBuf>,
    user: Option<String>,
    agent: Option<PathBuf>,
    known_hosts: Mutex<HashMap<Vec<PathBuf>, Arc<KnownHosts>>>,
    pub(super) keys: KeyRing,
    pub(super) bastions: Bastions,
}

impl Client {
    /// A client with a home folder (for `.ssh`), a local user name and an agent's socket, as far as there are any.
    pub fn new(home: Option<PathBuf>, user: Option<String>, agent: Option<PathBuf>) -> Self {
        Self {
            home,
            user,
            agent,
            known_hosts: Mutex::default(),
            keys: KeyRing::default(),
            bastions: Bastions::default(),
        }
    }

    /// The client of whoever runs this process: the home folder, the login name and `SSH_AUTH_SOCK`, or the agent of
    /// Windows.
    pub fn from_env() -> Self {
        let agent = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from);
        Self::new(std::env::home_dir(), local_user::name(), agent.or_else(usual_agent))
    }

    /// The local user, who is the remote one too unless another is named.
    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The socket of the agent to ask, if one is to be asked.
    pub(super) fn agent<'a>(&'a self, agent: &'a SshAgent) -> Option<&'a Path> {
        match agent {
            SshAgent::Environment => self.agent.as_deref(),
            SshAgent::Off => None,
            SshAgent::At(socket) => Some(socket),
        }
    }

    /// The keys that `ssh` offers too when none is named.
    pub(super) fn default_identities(&self) -> Vec<PathBuf> {
        let Some(home) = &self.home else { return Vec::new() };
        ["id_ed25519", "id_ecdsa", "id_rsa"].iter().map(|name| home.join(".ssh").join(name)).collect()
    }

    /// The content of known_hosts files.
    pub(super) fn known_hosts(&self, files: &[PathBuf]) -> io::Result<Arc<KnownHosts>> {
        let mut loaded = self.known_hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = loaded.get(files) {
            return Ok(Arc::clone(known));
        }
        let known = Arc::new(KnownHosts::load(files)?);
        loaded.insert(files.to_vec(), Arc::clone(&known));
        Ok(known)
    }
}

/// The pipe of Windows' own agent, if that runs.
fn usual_agent() -> Option<PathBuf> {
    let pipe = cfg!(windows).then(|| PathBuf::from(r"\\.\pipe\openssh-ssh-agent"))?;
    pipe.exists().then_some(pipe)
}

impl Default for Client {
    fn default() -> Self {
        Self::from_env()
    }
}
