//! Text that was written to the host, with its colours.

use std::borrow::Cow;

use crate::clixml::{PsString, Value};

use super::message::host_call::HostCall;

/// The names of `ConsoleColor`, by number (MS-PSRP 2.2.3.3).
pub const CONSOLE_COLORS: [&str; 16] = [
    "Black",
    "DarkBlue",
    "DarkGreen",
    "DarkCyan",
    "DarkRed",
    "DarkMagenta",
    "DarkYellow",
    "Gray",
    "DarkGray",
    "Blue",
    "Green",
    "Cyan",
    "Red",
    "Magenta",
    "Yellow",
    "White",
];

/// A text that was written to the host.
pub(super) struct Written<'c> {
    /// The text.
    pub text: Cow<'c, PsString>,
    /// Foreground and background, if they were given.
    pub colors: Option<[&'c Value; 2]>,
    /// It ends a line.
    pub is_line: bool,
}

impl<'c> Written<'c> {
    /// The text of a call that writes; `None` where its parameters hold none.
    pub(super) fn read(call: &'c HostCall, is_line: bool) -> Option<Self> {
        match &*call.parameters {
            [] => Some(Self { text: Cow::Owned("".into()), colors: None, is_line }),
            [foreground, background, text, ..] => {
                Some(Self { text: Cow::Borrowed(text.as_text()?), colors: Some([foreground, background]), is_line })
            }
            [text, ..] => Some(Self { text: Cow::Borrowed(text.as_text()?), colors: None, is_line }),
        }
    }
}
