//! CredSSP (MS-CSSP): the password itself goes to the host, through a TLS of its own inside the HTTP headers, once both
//! sides have proved by Negotiate that they know it and see the same TLS.
//!
//! Not by `sspi`, which has a client: that one writes the password into its logs (`write_password_credentials` is traced
//! with what it returns), takes hosts that are open to CVE-2018-0886, and would log on by its own Kerberos and NTLM, not by
//! ours with their library, tickets, workstation and names.

mod fault;
mod mechanism;
mod request;
#[cfg(test)]
mod tests;
mod tunnel;

pub use fault::CredSspFault;
pub(super) use mechanism::CredSsp;
