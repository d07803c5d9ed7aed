//! SESSION_CAPABILITY (MS-PSRP 2.2.2.1): the versions of both ends.

use crate::clixml::{Document, Value};
use crate::psrp::ProtocolError;

use super::build;

/// The version that we offer: everything from PowerShell 5 on has it, and older servers answer with their own.
/// 2.4 would only change how SecureStrings travel.
pub const OFFERED: &str = "2.3";

/// Our capability. `PSVersion` and `SerializationVersion` are constants of the protocol, whatever we are.
pub fn session_capability() -> Value {
    build::bag([
        ("PSVersion", Value::Version("2.0".into())),
        ("protocolversion", Value::Version(OFFERED.into())),
        ("SerializationVersion", Value::Version("1.1.0.1".into())),
    ])
}

/// Reads the server's protocol version and checks that we can speak it.
///
/// # Errors
/// A missing version, or one outside of 2.x.
pub fn read_version(document: &Document) -> Result<String, ProtocolError> {
    let version = match document.root.member("protocolversion") {
        Some(Value::Version(version)) => version.to_string(),
        _ => return Err(ProtocolError::Property { message: "SESSION_CAPABILITY", property: "protocolversion" }),
    };
    match version.split_once('.') {
        Some(("2", "0" | "1" | "2" | "3")) => Ok(version),
        _ => Err(ProtocolError::Version(version)),
    }
}
