//! The world around the inventory: files, environment, terminal. Passed in, so that tests need none of them.

use std::io;
use std::path::{Path, PathBuf};

/// A file as read, with what its owner lets others do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileBytes {
    /// The content.
    pub bytes: Vec<u8>,
    /// Nobody but its owner can read it.
    pub private: bool,
}

/// What inventory and configuration ask of the machine.
pub trait Surroundings {
    /// Reads a file.
    ///
    /// # Errors
    /// The system's own.
    fn read(&mut self, path: &Path) -> io::Result<FileBytes>;

    /// Reads stdin to its end; a second call gives the same again.
    ///
    /// # Errors
    /// The system's own.
    fn read_stdin(&mut self) -> io::Result<Vec<u8>>;

    /// A variable of the environment; `None` if it is absent, empty or no Unicode.
    fn env(&self, name: &str) -> Option<String>;

    /// The home folder, for `~/`.
    fn home(&self) -> Option<PathBuf>;

    /// Whether there is somebody to ask.
    fn can_ask(&self) -> bool;

    /// Asks for one line; `hidden` when it is a secret.
    ///
    /// # Errors
    /// The terminal's own.
    fn ask(&mut self, question: &str, hidden: bool) -> io::Result<String>;

    /// What `ssh -G -F file host` prints; `None` where there is no `ssh`.
    ///
    /// # Errors
    /// What `ssh` printed when it refused.
    fn ssh_settings(&mut self, file: &Path, host: &str) -> io::Result<Option<String>>;

    /// A random number, for draws.
    fn random(&mut self) -> u64;
}
