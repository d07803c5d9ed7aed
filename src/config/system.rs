//! The world around a run: files, environment, somebody to ask. Passed in, so that tests need none of them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::prompter::Prompter;
use super::secret_source::SecretSource;
use crate::directory::{FailedLogons, Found, LapsOfHost, Query, Sought};
use crate::secret::Secret;

/// A file as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileBytes {
    /// The content.
    pub bytes: Vec<u8>,
    /// Nobody but its owner can read it.
    pub private: bool,
}

/// What a file that a setting names must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedFile {
    /// Certificates in PEM form.
    Ca,
    /// A private key for SSH, perhaps encrypted, or the public half of one that an agent holds.
    Identity,
    /// Keys of users for a KDC.
    Keytab,
    /// Tickets of a KDC, in a file.
    TicketCache,
    /// Host keys of SSH servers.
    KnownHosts {
        /// It may be absent: it is made when the first key is accepted.
        is_made: bool,
    },
}

/// A place where a configuration file may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// The file, which need not exist.
    pub path: PathBuf,
    /// Found by walking up from the current folder: somebody else may have put it there.
    pub walked: bool,
}

/// Who runs this process, and on which machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// The login name; empty where nobody knows it.
    pub user: String,
    /// The number behind the name; empty where users have none.
    pub id: String,
    /// The machine's own name, with its domain if it has one.
    pub machine: String,
}

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A pipe, a socket, a device.
    Other,
}

/// What configuration, inventory and scripts ask of the machine.
pub trait System {
    /// Reads a file.
    ///
    /// # Errors
    /// The system's own.
    fn read(&mut self, path: &Path) -> io::Result<FileBytes>;

    /// How somebody else than us and the administrator could have written a file or put it into its place, as the end
    /// of a sentence (`others can write it`); `None` if nobody could.
    ///
    /// # Errors
    /// The system's own, where it cannot be found out: the file is missing, or a folder on the way is closed to us.
    fn exposure(&self, path: &Path) -> io::Result<Option<String>>;

    /// What lies at a path, behind all links; `None` if that cannot be found out.
    fn kind_of(&self, _path: &Path) -> Option<FileKind> {
        None
    }

    /// Whether a file that a setting names holds what it must.
    ///
    /// # Errors
    /// What is wrong with it, without its name.
    fn check(&self, file: NamedFile, path: &Path) -> Result<(), String>;

    /// Whether the system would start a file as a program.
    fn is_program(&self, _path: &Path) -> bool {
        false
    }

    /// What a program writes to stdout. It has nothing to read, and not for ever.
    ///
    /// # Errors
    /// One line: it does not start, ends with an error, takes too long or writes too much.
    fn output_of(&mut self, _program: &Path, _arguments: &[&str]) -> Result<Vec<u8>, String> {
        Err("is a program, and none is started here".to_owned())
    }

    /// Warns the user before the run, in one sentence.
    fn warn(&mut self, warning: &str);

    /// Reads stdin to its end; a second call gives the same again.
    ///
    /// # Errors
    /// The system's own.
    fn read_stdin(&mut self) -> io::Result<Bytes>;

    /// A variable of the environment; `None` if it is absent, empty or not Unicode.
    fn env(&self, name: &str) -> Option<String>;

    /// All variables of the environment, for `$using:env:NAME`; what is not Unicode is left out.
    fn variables(&self) -> BTreeMap<String, String>;

    /// The home folder, for `~/`.
    fn home(&self) -> Option<PathBuf>;

    /// Whether there is somebody to ask.
    fn can_ask(&self) -> bool;

    /// Asks for one line; `hidden` when it is a secret.
    ///
    /// # Errors
    /// The terminal's own.
    fn ask(&mut self, question: &str, hidden: bool) -> io::Result<String>;

    /// The files that a pattern of paths (`*`, `?`, `[...]`) matches, by name. `*` leaves hidden files out.
    fn matching(&self, pattern: &Path) -> Vec<PathBuf>;

    /// Who runs this, and where.
    fn account(&self) -> Account;

    /// Where configuration files may be, the strongest first.
    fn config_files(&self) -> Vec<ConfigFile>;

    /// A random number, for draws.
    fn random(&mut self) -> u64;

    /// The hosts of an earlier run, those with this outcome or all, by their names.
    ///
    /// # Errors
    /// One line: no runs are kept here, none has this name, or there is no such outcome.
    fn hosts_of_run(&mut self, _run: &str, _outcome: Option<&str>) -> Result<Vec<String>, String> {
        Err("no runs are kept here".to_owned())
    }

    /// What a directory knows of computers.
    ///
    /// # Errors
    /// One line: no directory is asked here, or it does not answer; and perhaps what to do about it.
    fn computers(&mut self, _query: &Query) -> Result<Found, (String, Option<String>)> {
        Err(("no directory is asked here".to_owned(), None))
    }

    /// A secret out of a place that is neither the environment nor a person; a place that is locked asks for what opens
    /// it only if `may_ask`.
    ///
    /// # Errors
    /// One line: there is no such place or secret, or it cannot be opened; and perhaps what to do about it.
    fn secret(&mut self, _source: &SecretSource, _may_ask: bool) -> Result<Secret<String>, (String, Option<String>)> {
        Err(("no secrets are looked for here".to_owned(), None))
    }

    /// What the directories that were asked for computers know of a user's failed logons; `None` where none was, or none
    /// tells.
    ///
    /// # Errors
    /// One line: a directory does not answer.
    fn failed_logons(&mut self, _user: &str) -> Result<Option<FailedLogons>, String> {
        Ok(None)
    }

    /// What the directories that were asked for computers have of the local administrators of hosts (LAPS), one answer
    /// for each; nothing where none knows such a computer.
    ///
    /// # Errors
    /// One line: no directory was asked here, or one does not answer; and perhaps what to do about it.
    fn laps(&mut self, _hosts: &[Sought]) -> Result<Vec<Option<LapsOfHost>>, (String, Option<String>)> {
        Err(("no directory is asked here".to_owned(), None))
    }

    /// What these hosts, or all, have of a property of the objects of a type, each by the latest run that knows.
    ///
    /// # Errors
    /// One line: no runs are kept here, or they cannot be read.
    fn facts(&mut self, _kind: &str, _property: &str, _hosts: Option<&[String]>) -> Result<Vec<FactsOfHost>, String> {
        Err("no runs are kept here".to_owned())
    }
}

/// What earlier runs found out of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactsOfHost {
    /// The host's name.
    pub host: String,
    /// The different values of the property.
    pub values: Vec<String>,
    /// The run that says so, and when it began.
    pub origin: String,
}

/// The directories that can be asked.
pub trait Directories {
    /// As [`System::computers`].
    ///
    /// # Errors
    /// Those of [`System::computers`].
    fn computers(&mut self, query: &Query) -> Result<Found, (String, Option<String>)>;

    /// As [`System::failed_logons`].
    ///
    /// # Errors
    /// Those of [`System::failed_logons`].
    fn failed_logons(&mut self, user: &str) -> Result<Option<FailedLogons>, String>;

    /// As [`System::laps`].
    ///
    /// # Errors
    /// Those of [`System::laps`].
    fn laps(&mut self, hosts: &[Sought]) -> Result<Vec<Option<LapsOfHost>>, (String, Option<String>)>;
}

/// The places that secrets are kept in: a keyring, an encrypted file, a server.
pub trait SecretPlaces {
    /// As [`System::secret`]; somebody may be asked for what opens a place that is locked, if there is one.
    ///
    /// # Errors
    /// Those of [`System::secret`].
    fn secret(
        &mut self,
        source: &SecretSource,
        asked: Option<&mut dyn Prompter>,
    ) -> Result<Secret<String>, (String, Option<String>)>;
}

/// The runs that were kept, as far as targets are named by them.
pub trait EarlierRuns {
    /// As [`System::hosts_of_run`].
    ///
    /// # Errors
    /// Those of [`System::hosts_of_run`].
    fn hosts(&mut self, run: &str, outcome: Option<&str>) -> Result<Vec<String>, String>;

    /// As [`System::facts`].
    ///
    /// # Errors
    /// Those of [`System::facts`].
    fn facts(&mut self, kind: &str, property: &str, hosts: Option<&[String]>) -> Result<Vec<FactsOfHost>, String>;
}
