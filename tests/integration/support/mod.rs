//! What the tests share.

mod pwsh;

pub use pwsh::pwsh;
