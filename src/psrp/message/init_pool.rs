//! INIT_RUNSPACEPOOL (MS-PSRP 2.2.2.2): asks for a pool.

use crate::clixml::Value;

use super::build;
use super::host_info::HostInfo;

/// A pool of this many runspaces with the endpoint's own thread options: a user who is not an administrator is refused
/// anything else.
pub fn init_runspace_pool(min: i32, max: i32, host: &HostInfo) -> Value {
    const THREAD_OPTIONS: &str = "System.Management.Automation.Runspaces.PSThreadOptions";
    build::bag([
        ("MinRunspaces", Value::I32(min)),
        ("MaxRunspaces", Value::I32(max)),
        ("PSThreadOptions", build::enumeration(THREAD_OPTIONS, "Default", 0)),
        ("ApartmentState", apartment_state()),
        ("HostInfo", host.to_value()),
        // Invoke-Command tells its PSVersionTable here. With one of version 4 or later a server takes us for somebody
        // who can debug: a breakpoint or Wait-Debugger in a script would then wait for an answer that never comes.
        ("ApplicationArguments", build::primitive_dictionary(Vec::new())),
    ])
}

/// `Unknown`: the server decides.
pub(super) fn apartment_state() -> Value {
    build::enumeration("System.Threading.ApartmentState", "Unknown", 2)
}
