//! WSMan envelopes without I/O (MS-WSMV): what a PowerShell session needs, and no more.
//!
//! [`Requests`] writes the requests of one shell: what they share is rendered once, and only ids and the body are
//! spliced in. [`Response::parse`] reads an answer in one streaming pass, as [`Response`] or [`Fault`]; a fault knows
//! what it means to a user ([`Fault::meaning`]). Bytes in, bytes out: HTTP, authentication, repetition and time belong
//! to `transport`, PSRP inside the streams to `psrp`. [`ShellPage`] lists the shells of a host; ours have a
//! [`ShellLabel`]. [`Identity`] is what a server says that it is, before a logon. Names are in [`names`], shared with the sandbox.
//!
//! ```
//! use psfleet::wsman::Response;
//!
//! let body = r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Detail>
//!     <f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2150858793"/>
//!     </s:Detail></s:Fault></s:Body></s:Envelope>"#;
//! let Response::Fault(fault) = Response::parse(body, None).unwrap() else { panic!("a fault") };
//! assert!(fault.is_timed_out());
//! ```

mod duration;
mod fault;
mod identity;
pub mod names;
mod quota;
mod request;
mod response;
mod shell_label;
mod shell_list;

pub use fault::{Fault, Meaning};
pub use identity::{IDENTIFY, IDENTIFY_HEADER, Identity};
pub use quota::Quota;
pub use request::Requests;
pub use response::{Created, ParseError, Receipt, Response};
pub use shell_label::ShellLabel;
pub use shell_list::{ListedShell, ShellPage};
