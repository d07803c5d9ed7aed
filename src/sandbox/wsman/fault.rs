//! Faults as WinRM words them.

use crate::wsman::names::code;

/// A SOAP fault with the code that clients decide by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The number in `WSManFault/@Code`.
    pub code: u32,
    /// The subcode with its prefix, such as `w:TimedOut`.
    pub subcode: &'static str,
    /// Whether the request was wrong (`s:Sender`), not the service (`s:Receiver`).
    pub sender: bool,
    /// The reason in words.
    pub message: String,
}

impl Fault {
    fn new(code: u32, subcode: &'static str, sender: bool, message: impl Into<String>) -> Self {
        Self { code, subcode, sender, message: message.into() }
    }

    /// A long poll ended with nothing to deliver; the client asks again.
    ///
    /// The text is that of a recorded Windows server.
    pub(crate) fn timed_out() -> Self {
        let message =
            "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ";
        Self::new(code::OPERATION_TIMED_OUT, "w:TimedOut", false, message)
    }

    /// No such shell or command. The text is that of a recorded Windows server.
    pub(crate) fn not_found() -> Self {
        let message = "The WS-Management service cannot process the request because the request contained invalid \
                       selectors for the resource. ";
        Self::new(code::UNEXPECTED_SELECTORS, "w:InvalidSelectors", true, message)
    }

    /// Another Receive is waiting on the same stream.
    pub(crate) fn concurrent_receive() -> Self {
        let message = "Another Receive is already waiting for this shell or command.";
        Self::new(code::CONCURRENCY, "w:Concurrency", true, message)
    }

    /// The command was closed under a waiting Receive.
    pub(crate) fn command_terminated() -> Self {
        Self::new(
            code::COMMAND_TERMINATED,
            "w:InternalError",
            false,
            "The command was terminated while its output was awaited.",
        )
    }

    /// The shell is disconnected.
    pub(crate) fn shell_disconnected() -> Self {
        let message = "The shell is disconnected: connect to it first.";
        Self::new(code::SHELL_DISCONNECTED, "w:InternalError", false, message)
    }

    /// Reconnect by somebody who has not disconnected.
    pub(crate) fn session_mismatch() -> Self {
        let message = "The shell was disconnected by another client session: connect to it as a new one.";
        Self::new(code::CLIENT_SESSION_MISMATCH, "w:InternalError", true, message)
    }

    /// Connect to a shell that has a client.
    pub(crate) fn shell_connected() -> Self {
        let message = "The shell has a client already.";
        Self::new(code::CONCURRENCY, "w:Concurrency", true, message)
    }

    /// The request is not a valid envelope, or a part of it is missing.
    pub(crate) fn schema(message: impl Into<String>) -> Self {
        Self::new(code::SCHEMA_VALIDATION, "w:SchemaValidationError", true, message)
    }

    /// A header cannot be understood.
    pub(crate) fn header(message: impl Into<String>) -> Self {
        Self::new(code::INVALID_HEADER, "a:InvalidMessageInformationHeader", true, message)
    }

    /// The operation exists in WSMan but not in this sandbox.
    pub(crate) fn unsupported(action: &str) -> Self {
        let message = format!("The sandbox does not know the action {action}.");
        Self::new(code::SCHEMA_VALIDATION, "a:ActionNotSupported", true, message)
    }

    /// No such session configuration, or another kind of shell. Windows' text: about_Remote_Troubleshooting.
    pub(crate) fn resource_uri(uri: &str) -> Self {
        let message = format!(
            "The WS-Management service cannot process the request. The resource URI ({uri}) was not found in the \
             WS-Management catalog. The catalog contains the metadata that describes resources, or logical endpoints."
        );
        Self::new(code::INVALID_RESOURCE_URI, "a:DestinationUnreachable", true, message)
    }

    /// Create without the option `protocolversion`.
    pub(crate) fn protocol_version_missing() -> Self {
        Self::new(
            code::PROTOCOL_VERSION_NOT_FOUND,
            "w:InvalidOptions",
            true,
            "The option protocolversion is missing from the request.",
        )
    }

    /// The chosen ShellId is taken.
    pub(crate) fn shell_exists() -> Self {
        Self::new(code::SHELL_ID_CONFLICT, "w:AlreadyExists", true, "A shell with this ShellId already exists.")
    }

    /// The chosen CommandId is taken.
    pub(crate) fn command_exists() -> Self {
        Self::new(
            code::COMMAND_ID_CONFLICT,
            "w:AlreadyExists",
            true,
            "A command with this CommandId already exists in the shell.",
        )
    }

    /// The user's shells are used up.
    pub(crate) fn shell_quota(limit: usize) -> Self {
        let message = format!(
            "The WS-Management service cannot process the request. This user is allowed a maximum number of {limit} \
             concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user."
        );
        Self::new(code::QUOTA_MAX_SHELLS, "w:QuotaLimit", false, message)
    }

    /// The shell's commands are used up.
    pub(crate) fn command_quota(limit: usize) -> Self {
        let message = format!("The shell has reached its quota of {limit} concurrent commands.");
        Self::new(code::QUOTA_COMMANDS_PER_SHELL, "w:QuotaLimit", false, message)
    }

    /// The user may log on, but not use the endpoint.
    pub(crate) fn access_denied() -> Self {
        Self::new(code::ACCESS_DENIED, "w:AccessDenied", true, "Access is denied.")
    }

    /// The service tears the shell down, because the client broke the protocol.
    pub(crate) fn aborted(why: &str) -> Self {
        let message = format!("The operation was aborted and the shell closed: {why}.");
        Self::new(code::OPERATION_ABORTED, "w:InternalError", false, message)
    }

    /// PowerShell behind the endpoint could not be started.
    pub(crate) fn plugin_failed(why: &str) -> Self {
        let message = format!("The WS-Management service cannot start PowerShell for the shell: {why}");
        Self::new(code::PLUGIN_FAILED, "w:InternalError", false, message)
    }
}
