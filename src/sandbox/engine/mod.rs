//! The sandbox's built-in engine: a documented subset of PowerShell over hosts drawn from a seed.
//!
//! In comes an [`Invocation`]: script text, arguments, `$using:` values, input. A [`Runspace`] parses the text into a
//! tree and evaluates it against the facts of its [`Host`]; no answer is keyed by script text. Out come records, handed
//! to a [`Runtime`] in the form in which PSRP messages carry them, and at last how it [`Ended`].
//!
//! The engine has no I/O, no clock and no threads: the [`Runtime`] brings the time, sleeps, and says when to stop. PSRP,
//! WSMan and the choice of hosts are the server's part.

mod facts;
mod invocation;
mod runspace;

pub use facts::{Disk, Host, Hotfix, OperatingSystem, Process, Role, Service, ServiceStatus, StartType};
pub use invocation::{Argument, Command, EndState, Ended, Invocation, Runtime};
pub use runspace::Runspace;
