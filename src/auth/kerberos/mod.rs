//! Kerberos through the system's GSSAPI (RFC 4120, RFC 4121), in the layout of WinRM.
//!
//! A logon takes two tickets: one of the user's that gets others (by password, keytab, or a cache that `kinit` filled),
//! which all connections of a credential share in [`Tickets`], and one for the server. The library asks the KDC for
//! both by itself and waits for its answers: that is [`Step::Wait`](super::mechanism::Step::Wait).

mod fault;
mod mechanism;
mod names;
mod tickets;

pub use fault::KerberosFault;
pub(super) use mechanism::Kerberos;
#[cfg(feature = "sandbox")]
pub(crate) use mechanism::{seal, unseal};
pub(super) use names::{is_name, principal};
pub use tickets::Tickets;
