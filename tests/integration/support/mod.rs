//! What the tests share.

pub mod folder;
pub mod hostile;
pub mod http;
pub mod ntlm;
pub mod processes;
pub mod program;
mod pwsh;
pub mod run;
pub mod sandbox;
pub mod ssh_only;
pub mod sshd;
pub mod tls;
#[cfg(unix)]
pub mod tmux;
pub mod winrm;
pub mod wire;

pub use pwsh::{pwsh, skip};
