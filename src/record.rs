//! A record: one object on one stream of one target.

use std::fmt;

use crate::clixml::Document;
use crate::target::TargetId;

/// The PowerShell stream a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Objects of the pipeline.
    Output,
    /// Error records, the terminating one included.
    Error,
    /// Warnings.
    Warning,
    /// Verbose messages.
    Verbose,
    /// Debug messages.
    Debug,
    /// Information records, `Write-Host` among them.
    Information,
    /// Progress records.
    Progress,
}

/// The names of `ErrorCategory`, by number (MS-PSRP 2.2.3.9).
pub const ERROR_CATEGORIES: [&str; 32] = [
    "NotSpecified",
    "OpenError",
    "CloseError",
    "DeviceError",
    "DeadlockDetected",
    "InvalidArgument",
    "InvalidData",
    "InvalidOperation",
    "InvalidResult",
    "InvalidType",
    "MetadataError",
    "NotImplemented",
    "NotInstalled",
    "ObjectNotFound",
    "OperationStopped",
    "OperationTimeout",
    "SyntaxError",
    "ParserError",
    "PermissionDenied",
    "ResourceBusy",
    "ResourceExists",
    "ResourceUnavailable",
    "ReadError",
    "WriteError",
    "FromStdErr",
    "SecurityError",
    "ProtocolError",
    "ConnectionError",
    "AuthenticationError",
    "LimitsExceeded",
    "QuotaExceeded",
    "NotEnabled",
];

impl Stream {
    /// The stream's name as users and JSON write it (`object` is the JSON name of output, see `output`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Verbose => "verbose",
            Self::Debug => "debug",
            Self::Information => "information",
            Self::Progress => "progress",
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One object on one stream of one target, in the order in which the target sent them.
#[derive(Debug, Clone)]
pub struct Record {
    /// Which target sent it.
    pub target: TargetId,
    /// The stream it came on.
    pub stream: Stream,
    /// The object, still in PowerShell's own terms.
    pub value: Document,
    /// The error that ended the script: the target's outcome tells it, too.
    pub terminating: bool,
}
