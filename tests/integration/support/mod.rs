//! What the tests share.

pub(crate) mod agent;
#[cfg(target_os = "linux")]
pub(crate) mod core;
pub(crate) mod folder;
pub(crate) mod hostile;
pub(crate) mod http;
pub(crate) mod kdc;
pub(crate) mod ntlm;
pub(crate) mod processes;
pub(crate) mod program;
mod pwsh;
pub(crate) mod recorder;
pub(crate) mod run;
#[cfg(unix)]
pub(crate) mod samba;
pub(crate) mod sandbox;
pub(crate) mod ssh_only;
pub(crate) mod sshd;
pub(crate) mod tls;
#[cfg(unix)]
pub(crate) mod tmux;
pub(crate) mod winrm;
pub(crate) mod wire;

pub(crate) use pwsh::{pwsh, skip};
