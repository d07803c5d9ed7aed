//! Directories: Active Directory, and other servers of LDAP, as the place where the computers of a house are written down.
//!
//! Plain data: a [`Query`] says which computers are meant and how the directory is asked, [`Found`] has what it answered.
//! Who asks is `transport::ldap`; an inventory with an `[ldap]` table wants it.

mod computer;
mod dn;
mod failed_logons;
mod filetime;
mod filter;
mod laps;
mod query;
mod site;

pub use computer::{ATTRIBUTES, Attributes, Computer, Found};
pub use failed_logons::FailedLogons;
pub use laps::{Kept, LAPS_ATTRIBUTES, Laps, LapsOfHost, LocalAdmin, Sought};
pub use query::{Encryption, Query};
pub use site::{Addresses, DNS_RECORD, SITE_OF_SUBNET, SUBNET, Sites};
