//! HTTP lanes: SOAP text out, SOAP text in, over connections that log on and seal by themselves.
//!
//! A lane is exactly one TCP connection with one security context, because both NTLM's identity and its cipher belong
//! to the connection; [`Lanes`] keeps the idle ones of one target, makes new ones when all are busy, and throws away
//! any that failed or whose request was dropped in flight. [`TlsCache`] is what all targets of a process share: TLS
//! settings, and the users' tickets. What the text means, and what may be repeated, is left to `transport::wsman`.
//!
//! So hyper's single connections are driven here, and not a client with a pool of its own: one that chooses the
//! connection sends a sealed request over another context (of large answers, every seventh came over a connection that
//! was not the one that had logged on). No proxy is used either, whatever `HTTP_PROXY` says: it would see the logon,
//! and most break the connection that NTLM belongs to.

mod answer;
mod certificate_fault;
mod challenge;
mod client_certificate;
mod connect_error;
mod connection;
mod contact;
mod cookie_date;
mod cookies;
mod credssp_fault;
mod denied;
mod diagnose;
mod failure;
mod head_limit;
mod kerberos_fault;
mod lane;
mod lanes;
mod leg;
mod logon_state;
mod look;
mod route;
mod sensitive;
mod tls;
mod tls_cache;

#[cfg(any(feature = "ldap", feature = "secrets"))]
pub(super) use diagnose::tls_cause;
pub use failure::Failure;
pub use lanes::Lanes;
pub(super) use look::look;
#[cfg(any(feature = "ldap", feature = "secrets"))]
pub(super) use tls::{Trust as TlsTrust, settings as tls_settings};
pub use tls_cache::TlsCache;
