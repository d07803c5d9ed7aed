//! The streams of PowerShell, as a pipeline names them.

use std::fmt;

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
