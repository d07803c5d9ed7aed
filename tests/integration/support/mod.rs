//! What the tests share.

mod pwsh;
pub mod sandbox;

pub use pwsh::pwsh;
