//! What the tests share.

pub mod folder;
pub mod processes;
mod pwsh;
pub mod run;
pub mod sandbox;
pub mod sshd;

pub use pwsh::pwsh;
