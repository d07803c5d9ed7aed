//! Where PSRP bytes go or come from: the two nouns that protocol cores and transports share.

use uuid::Uuid;

/// Where fragments go or come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The runspace pool (WSMan shell, zero GUID of the out-of-process framing).
    Pool,
    /// One pipeline (WSMan command, its GUID in the out-of-process framing).
    Pipeline(Uuid),
}

/// Which of a channel's two input streams a message travels on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Priority {
    /// `stdin`, `Default`.
    Default,
    /// `pr`, `PromptResponse`: answers to host calls.
    PromptResponse,
}
