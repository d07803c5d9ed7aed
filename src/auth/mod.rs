//! Authentication of HTTP connections without I/O: token steps, message sealing, channel binding.
//!
//! A [`Mechanism`] is one security context, good for one TCP connection: tokens of the server go in, tokens and sealed
//! bodies come out, in the order in which they travel. Sockets, HTTP headers and retries belong to `transport::http`.
//! [`sealed`] is the multipart form of sealed messages, shared with the sandbox, which accepts logons by itself.
//!
//! ```
//! use std::sync::Arc;
//!
//! use psfleet::auth::{Choice, Step};
//! use psfleet::secret::Secret;
//! use psfleet::target::{AuthMethod, Credential};
//!
//! let ada = Arc::new(Credential::of("CONTOSO\\ada", Some(Secret::new("secret".to_owned()))));
//! let mut ntlm = Choice::new(AuthMethod::Ntlm, ada, "web01").mechanism().unwrap();
//! // The first leg wants no token; the server's answer goes into the next step.
//! let Step::Send(leg) = ntlm.step(None).unwrap() else { panic!("a leg") };
//! assert!(leg.token.unwrap().starts_with(b"NTLMSSP\0"));
//! assert!(ntlm.wants_token());
//! ```

mod basic;
mod binding;
mod certificate;
mod choose;
mod credssp;
mod der;
mod error;
mod kerberos;
mod mechanism;
mod negotiate;
mod ntlm;
pub mod sealed;
mod spnego;
mod standing;
mod upper;
mod windows;

pub use binding::ChannelBinding;
#[cfg(feature = "sandbox")]
pub(crate) use certificate::SCHEME as CERTIFICATE_SCHEME;
pub use choose::Choice;
pub use credssp::CredSspFault;
pub use error::Error;
pub use kerberos::{KerberosFault, Tickets};
#[cfg(feature = "sandbox")]
pub(crate) use kerberos::{seal as seal_by_ticket, unseal as unseal_by_ticket};
pub use mechanism::{Leg, Mechanism, Step, Wait};
#[cfg(feature = "sandbox")]
pub(crate) use windows::{seal, unseal};
