//! The names of the WSMan vocabulary: namespaces, actions, resources, options, signals, states (MS-WSMV 2.2, 3.1.4).
//!
//! Client and sandbox share this one list.

/// XML namespaces.
pub mod ns {
    /// SOAP 1.2 envelope, usually `s`.
    pub const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
    /// WS-Addressing, usually `a`.
    pub const ADDRESSING: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
    /// DMTF WS-Management, usually `w`.
    pub const WSMAN: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
    /// Microsoft's WS-Management extensions, usually `p`.
    pub const WSMAN_MICROSOFT: &str = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd";
    /// Remote shells, usually `rsp`.
    pub const SHELL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
    /// WS-Transfer, usually `x`.
    pub const TRANSFER: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer";
    /// WS-Enumeration, usually `n`.
    pub const ENUMERATION: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
    /// Details of faults, usually `f`.
    pub const FAULT: &str = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault";
    /// PowerShell's own elements (`creationXml`, `connectXml`).
    pub const POWERSHELL: &str = "http://schemas.microsoft.com/powershell";
    /// WSMan Identify.
    pub const IDENTITY: &str = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd";
}

/// Action URIs of requests; a response has the same with [`action::RESPONSE`] behind it.
pub mod action {
    /// Creates a shell.
    pub const CREATE: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create";
    /// Deletes a shell.
    pub const DELETE: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete";
    /// Reads a shell: a liveness probe.
    pub const GET: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get";
    /// Lists shells or commands.
    pub const ENUMERATE: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate";
    /// The next page of a list.
    pub const PULL: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull";
    /// Starts a command in a shell.
    pub const COMMAND: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command";
    /// Sends input to a shell or command.
    pub const SEND: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Send";
    /// Waits for output of a shell or command.
    pub const RECEIVE: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive";
    /// Stops or closes a command.
    pub const SIGNAL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Signal";
    /// Attaches to a disconnected shell.
    pub const CONNECT: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Connect";
    /// Leaves a shell running without its client.
    pub const DISCONNECT: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Disconnect";
    /// Returns to a shell from the client session that left it.
    pub const RECONNECT: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Reconnect";
    /// Marks a fault.
    pub const FAULT: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault";
    /// What the action of a response adds to its request's.
    pub const RESPONSE: &str = "Response";
}

/// Resources besides session configurations; all shells of a host are [`ns::SHELL`].
pub mod resource {
    /// The commands of one shell.
    pub const COMMANDS: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command";
}

/// Dialect of a filter that names things by their selectors.
pub const SELECTOR_FILTER: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter";

/// Address of the anonymous role: replies come back on the connection.
pub const ANONYMOUS: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
/// What the resource URI of a session configuration begins with; the configuration's name follows.
pub const RESOURCE_PREFIX: &str = "http://schemas.microsoft.com/powershell/";

/// Option of Create with the PSRP version; mandatory.
pub const OPTION_PROTOCOL_VERSION: &str = "protocolversion";
/// Option of Create: don't load the Windows user profile.
pub const OPTION_NO_PROFILE: &str = "WINRS_NOPROFILE";
/// Option of Receive: a quiet poll ends with TimedOut.
pub const OPTION_KEEP_ALIVE: &str = "WSMAN_CMDSHELL_OPTION_KEEPALIVE";

/// Input stream for everything but answers to host calls.
pub const STREAM_STDIN: &str = "stdin";
/// Input stream for answers to host calls.
pub const STREAM_PROMPT_RESPONSE: &str = "pr";
/// The one output stream.
pub const STREAM_STDOUT: &str = "stdout";

/// Signal code that stops a pipeline; its terminal state then comes through Receive. Misspelt on the wire.
pub const SIGNAL_STOP: &str = "powershell/signal/crtl_c";
/// Signal code that closes a command and frees its quota slot.
pub const SIGNAL_TERMINATE: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate";

/// Command state: output may follow.
pub const STATE_RUNNING: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Running";
/// Command state: waiting for the answer to a host call.
pub const STATE_PENDING: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Pending";
/// Command state: nothing more will come.
pub const STATE_DONE: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done";

/// Content type of a plain SOAP body.
pub const CONTENT_TYPE: &str = "application/soap+xml;charset=UTF-8";

/// Fault codes, as unsigned numbers (WinError.h, wsmerror.h, pwrshplugin).
pub mod code {
    /// ERROR_ACCESS_DENIED: logged on but not allowed.
    pub const ACCESS_DENIED: u32 = 5;
    /// ERROR_OPERATION_ABORTED: the server is shutting the operation down.
    pub const OPERATION_ABORTED: u32 = 995;
    /// ERROR_NO_LOGON_SERVERS.
    pub const NO_LOGON_SERVERS: u32 = 1311;
    /// ERROR_LOGON_FAILURE: wrong user or password.
    pub const LOGON_FAILURE: u32 = 1326;
    /// ERROR_ACCOUNT_DISABLED.
    pub const ACCOUNT_DISABLED: u32 = 1331;
    /// RPC_S_SERVER_UNAVAILABLE.
    pub const RPC_UNAVAILABLE: u32 = 1722;
    /// RPC_S_CALL_FAILED: it may have been executed.
    pub const RPC_CALL_FAILED: u32 = 1726;
    /// ERROR_NOT_ENOUGH_QUOTA: a shell's memory or processes.
    pub const NOT_ENOUGH_QUOTA: u32 = 1816;
    /// ERROR_ACCOUNT_LOCKED_OUT.
    pub const ACCOUNT_LOCKED_OUT: u32 = 1909;
    /// A header of the request is malformed.
    pub const INVALID_HEADER: u32 = 2_150_858_767;
    /// The request is larger than the server's MaxEnvelopeSize.
    pub const ENVELOPE_TOO_LARGE: u32 = 2_150_858_790;
    /// OperationTimeout passed; on Receive: poll again.
    pub const OPERATION_TIMED_OUT: u32 = 2_150_858_793;
    /// A conflicting operation is pending.
    pub const CONCURRENCY: u32 = 2_150_858_802;
    /// HTTP 413 from the server.
    pub const HTTP_TOO_LARGE: u32 = 2_150_859_025;
    /// Authentication was rejected.
    pub const FAILED_AUTHENTICATION: u32 = 2_150_858_806;
    /// No such session configuration.
    pub const INVALID_RESOURCE_URI: u32 = 2_150_858_811;
    /// The selectors are wrong.
    pub const INVALID_SELECTORS: u32 = 2_150_858_813;
    /// A quota, not said which.
    pub const QUOTA_LIMIT: u32 = 2_150_858_815;
    /// The SOAP body is malformed.
    pub const SCHEMA_VALIDATION: u32 = 2_150_858_817;
    /// MaxEnvelopeSize of the request is out of bounds.
    pub const MAX_ENVELOPE_SIZE: u32 = 2_150_858_823;
    /// The response would be larger than MaxEnvelopeSize.
    pub const MAX_ENVELOPE_SIZE_EXCEEDED: u32 = 2_150_858_824;
    /// The server's own envelope limit.
    pub const SERVER_ENVELOPE_LIMIT: u32 = 2_150_858_825;
    /// The shell or command does not exist (any more).
    pub const UNEXPECTED_SELECTORS: u32 = 2_150_858_843;
    /// The PowerShell host process could not start, or crashed.
    pub const PLUGIN_FAILED: u32 = 2_150_858_883;
    /// The shell is already closed.
    pub const SHELL_ALREADY_CLOSED: u32 = 2_150_859_082;
    /// The shell is not initialized.
    pub const SHELL_NOT_INITIALIZED: u32 = 2_150_859_118;
    /// MaxShellsPerUser.
    pub const QUOTA_MAX_SHELLS: u32 = 2_150_859_173;
    /// MaxConcurrentOperationsPerUser.
    pub const QUOTA_MAX_OPERATIONS: u32 = 2_150_859_174;
    /// The user's load quota.
    pub const QUOTA_USER: u32 = 2_150_859_175;
    /// The system's load quota.
    pub const QUOTA_SYSTEM: u32 = 2_150_859_176;
    /// The shell belongs to another user or token.
    pub const DIFFERENT_AUTHZ_TOKEN: u32 = 2_150_859_177;
    /// MaxConcurrentUsers.
    pub const QUOTA_MAX_SHELL_USERS: u32 = 2_150_859_179;
    /// The shell is disconnected.
    pub const SHELL_DISCONNECTED: u32 = 2_150_859_204;
    /// The shell cannot be disconnected: its server knows only how to delete.
    pub const DISCONNECT_NOT_SUPPORTED: u32 = 2_150_859_205;
    /// The shell was disconnected by another client session than the one that asks for it.
    pub const CLIENT_SESSION_MISMATCH: u32 = 2_150_859_206;
    /// The command was closed under a pending Receive.
    pub const COMMAND_TERMINATED: u32 = 2_150_859_212;
    /// The shell has another client.
    pub const CONNECTED_ELSEWHERE: u32 = 2_150_859_213;
    /// The chosen CommandId already exists.
    pub const COMMAND_ID_CONFLICT: u32 = 2_150_859_222;
    /// The chosen ShellId already exists.
    pub const SHELL_ID_CONFLICT: u32 = 2_150_859_223;
    /// First of the per-endpoint quotas (shells, users, plugin shells, plugin operations, operations of the user).
    pub const QUOTA_ENDPOINT_FIRST: u32 = 2_150_859_236;
    /// Last of the per-endpoint quotas that pass by themselves.
    pub const QUOTA_ENDPOINT_LAST: u32 = 2_150_859_240;
    /// MaxConcurrentCommandsPerShell: the shell is used up.
    pub const QUOTA_COMMANDS_PER_SHELL: u32 = 2_150_859_241;
    /// PowerShell's plugin misses the option `protocolversion`.
    pub const PROTOCOL_VERSION_NOT_FOUND: u32 = 2_152_991_687;
    /// PowerShell's plugin was told to close the operation.
    pub const PLUGIN_OPERATION_CLOSED: u32 = 2_152_992_673;
    /// PowerShell's plugin does not speak our version.
    pub const PROTOCOL_VERSION_MISMATCH: u32 = 2_152_991_685;
}
