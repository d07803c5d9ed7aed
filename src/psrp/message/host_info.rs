//! HostInfo (MS-PSRP 2.2.3.14): what the server may ask of the client's host.

use crate::clixml::Value;

use super::build;

/// The host of a non-interactive client: none. Prompts then fail at once instead of hanging.
///
/// The property names are those of private fields in PowerShell and must be exact.
pub fn null_host() -> Value {
    build::bag([
        ("_isHostNull", Value::Bool(true)),
        ("_isHostUINull", Value::Bool(true)),
        ("_isHostRawUINull", Value::Bool(true)),
        ("_useRunspaceHost", Value::Bool(true)),
    ])
}
