//! Why a file could not be copied, in words that say what to do.

use std::io;
use std::path::Path;

use crate::error_text;

/// One file's or folder's failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    /// Which file or folder.
    pub path: String,
    /// What went wrong.
    pub message: String,
    /// What can be done about it.
    pub hint: Option<&'static str>,
}

const DISK_FULL: &str = "free some space on that disk, or choose another destination";
const DENIED: &str = "the account is not allowed to do that; check the permissions, or use another account";
const IN_USE: &str = "another program has it open: stop that program, or try again later";
const MISSING: &str = "check the path; a destination that ends in / is created as a folder";
const READ_ONLY: &str = "its file system is read-only: choose another destination";
const DAMAGED: &str = "the file changed while it was being copied, or the transfer damaged it: copy it again";

impl Cause {
    /// A failure on a host: .NET's message, the exception's type and its HRESULT.
    pub(super) fn new(path: String, message: String, exception: &str, code: i64) -> Self {
        // .NET on Unix gives errno as HRESULT where Windows has a code of its own.
        let hint = match (exception, code as u32) {
            (_, 0x8007_0070 | 0x8007_0027 | 28 | 122) => Some(DISK_FULL),
            (_, 0x8007_0020 | 0x8007_0021 | 11 | 26) => Some(IN_USE),
            (_, 0x8007_0013 | 30) => Some(READ_ONLY),
            ("System.UnauthorizedAccessException" | "System.Security.SecurityException", _) | (_, 1 | 13) => {
                Some(DENIED)
            }
            ("System.IO.DirectoryNotFoundException" | "System.IO.FileNotFoundException", _) => Some(MISSING),
            ("System.IO.DriveNotFoundException" | "System.Management.Automation.DriveNotFoundException", _) => {
                Some(MISSING)
            }
            ("System.IO.InvalidDataException", _) => Some(DAMAGED),
            _ => None,
        };
        Self { path, message, hint }
    }

    /// A failure on this machine.
    pub(super) fn here(path: &Path, error: &io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(DISK_FULL),
            io::ErrorKind::PermissionDenied => Some(DENIED),
            io::ErrorKind::NotFound => Some(MISSING),
            io::ErrorKind::ReadOnlyFilesystem => Some(READ_ONLY),
            io::ErrorKind::ResourceBusy | io::ErrorKind::ExecutableFileBusy | io::ErrorKind::WouldBlock => Some(IN_USE),
            io::ErrorKind::InvalidData => Some(DAMAGED),
            _ => None,
        };
        Self { path: path.display().to_string(), message: format!("on this machine: {}", error_text::io(error)), hint }
    }

    /// What arrived is not what was sent.
    pub(super) fn damaged(path: String, found: &str, sent: &str) -> Self {
        let message = format!("what arrived is not what was sent: SHA-256 {found} instead of {sent}");
        Self { path, message, hint: Some(DAMAGED) }
    }

    /// Path and message as one line.
    pub(super) fn text(&self) -> String {
        // .NET's messages often name the path themselves.
        if self.message.contains(self.path.as_str()) {
            self.message.clone()
        } else {
            format!("{}: {}", self.path, self.message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_windows_and_unix_say_what_to_do() {
        let hint = |exception: &str, code: i64| Cause::new(String::new(), String::new(), exception, code).hint;
        assert_eq!(hint("System.IO.IOException", i64::from(0x8007_0070_u32 as i32)), Some(DISK_FULL));
        assert_eq!(hint("System.IO.IOException", 28), Some(DISK_FULL));
        assert_eq!(hint("System.IO.IOException", i64::from(0x8007_0020_u32 as i32)), Some(IN_USE));
        assert_eq!(hint("System.UnauthorizedAccessException", -2_147_024_891), Some(DENIED));
        assert_eq!(hint("System.IO.IOException", 13), Some(DENIED));
        assert_eq!(hint("System.IO.DirectoryNotFoundException", -2_147_024_893), Some(MISSING));
        assert_eq!(hint("System.Exception", 0), None);
    }

    #[test]
    fn a_path_is_named_once() {
        let text = |message: &str| Cause::new("/x".into(), message.into(), "", 0).text();
        assert_eq!(text("Access to the path '/x' is denied."), "Access to the path '/x' is denied.");
        assert_eq!(text("no such host"), "/x: no such host");
    }
}
