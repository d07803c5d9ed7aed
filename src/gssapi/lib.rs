//! Kerberos by the system's GSSAPI (MIT's `libgssapi_krb5`), loaded at run time: a package of its own, so that psfleet
//! itself forbids unsafe code, and starts where no Kerberos is installed.
//!
//! [`library`] loads it once. [`Credential`] is who somebody is, [`Context`] one logon of either side: tokens in, tokens
//! out, then sealed messages in the layout of WinRM. Everything here may wait for a KDC and belongs on a thread that may
//! wait.

mod context;
mod credential;
mod fault;
mod functions;
mod raw;

pub use context::{Context, Initiator, Sealed, Token};
pub use credential::{Credential, Proof};
pub use fault::{Fault, Major};
pub use functions::{Library, Unavailable, library};
