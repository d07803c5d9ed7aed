//! The methods of the remote host interface (MS-PSRP 2.2.3.17) that mean something to a host without a screen.

/// `SetShouldExit`, as `RemoteHostMethodId`.
pub const SET_SHOULD_EXIT: i64 = 6;

/// What a host call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostMethod {
    /// `SetShouldExit`: the script called `exit N`.
    SetShouldExit,
    /// Reads a line from the user.
    ReadLine,
    /// Reads a line that is not shown.
    ReadLineAsSecureString,
    /// `Write1`, `Write2`: text, with colours or without.
    Write,
    /// `WriteLine1` to `WriteLine3`: a line, with colours or without.
    WriteLine,
    /// A line for the error display.
    WriteErrorLine,
    /// The text of a debug, verbose or warning record, or a progress record; each comes as a record too.
    WriteRecord,
    /// Asks for the values of fields, such as missing mandatory parameters.
    Prompt,
    /// Asks for user name and password.
    PromptForCredential,
    /// Asks to choose one of several.
    PromptForChoice,
    /// Asks to choose any of several.
    PromptForChoices,
    /// Reads one key.
    ReadKey,
    /// `PopRunspace`: `Exit-PSSession`.
    PopRunspace,
    /// Anything else: names, cultures, the screen, pushed runspaces.
    Other,
}

impl HostMethod {
    /// The method of a `RemoteHostMethodId`.
    pub fn of(id: i64) -> Self {
        match id {
            SET_SHOULD_EXIT => Self::SetShouldExit,
            11 => Self::ReadLine,
            12 => Self::ReadLineAsSecureString,
            13 | 14 => Self::Write,
            15..=17 => Self::WriteLine,
            18 => Self::WriteErrorLine,
            19..=22 => Self::WriteRecord,
            23 => Self::Prompt,
            24 | 25 => Self::PromptForCredential,
            26 => Self::PromptForChoice,
            46 => Self::ReadKey,
            53 => Self::PopRunspace,
            56 => Self::PromptForChoices,
            _ => Self::Other,
        }
    }

    /// Whether only a user could answer.
    pub fn needs_user(self) -> bool {
        matches!(
            self,
            Self::ReadLine
                | Self::ReadLineAsSecureString
                | Self::Prompt
                | Self::PromptForCredential
                | Self::PromptForChoice
                | Self::PromptForChoices
                | Self::ReadKey
        )
    }
}
