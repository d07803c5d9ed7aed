//! Files to real PowerShells and back, over every transport.

mod broken;
mod driver;
mod durable;
mod failures;
mod plan;
mod planted;
mod sftp;
mod shared;
mod ways;
