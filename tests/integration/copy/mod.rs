//! Files to real PowerShells and back, over every transport.

mod driver;
mod failures;
mod sftp;
mod ways;
