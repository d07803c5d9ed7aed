//! The hosts of the sandbox: everything that can be asked of them, drawn from a seed.
//!
//! A [`Host`] holds only its name and two numbers; each fact is drawn anew, from its own stream of random numbers, when
//! somebody asks. So a thousand hosts cost nothing, equal seeds give equal fleets, and a new kind of fact never changes
//! the others.

mod disks;
mod host;
mod hotfixes;
mod processes;
mod rng;
mod services;

pub use disks::Disk;
pub use host::{Host, OperatingSystem, Role};
pub use hotfixes::Hotfix;
pub use processes::Process;
pub use services::{Service, ServiceStatus, StartType};

use rng::Rng;
