//! The machine that this process runs on: its files, its environment, its standard input.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::exposure::exposure;
use super::{
    Account, ConfigFile, Directories, EarlierRuns, FactsOfHost, FileBytes, FileKind, NamedFile, Nobody, Prompter,
    SecretPlaces, SecretSource, System, named_file, program,
};
use crate::directory::{FailedLogons, Found, LapsOfHost, Query, Sought};
use crate::local_user;
use crate::secret::Secret;
use crate::whole_file;

/// The real machine. Have one per process: what it read of stdin is gone for a second one.
pub struct Machine {
    stdin: Option<Bytes>,
    prompter: Box<dyn Prompter>,
    runs: Option<Box<dyn EarlierRuns>>,
    directories: Option<Box<dyn Directories>>,
    secrets: Option<Box<dyn SecretPlaces>>,
}

impl Machine {
    /// The machine, with somebody to ask.
    pub fn new(prompter: impl Prompter + 'static) -> Self {
        Self { stdin: None, prompter: Box::new(prompter), runs: None, directories: None, secrets: None }
    }

    /// Takes this for what stdin holds.
    pub fn with_stdin(self, text: String) -> Self {
        Self { stdin: Some(text.into()), ..self }
    }

    /// Knows these runs.
    pub fn with_runs(self, runs: impl EarlierRuns + 'static) -> Self {
        Self { runs: Some(Box::new(runs)), ..self }
    }

    /// Can ask these directories.
    pub fn with_directories(self, directories: impl Directories + 'static) -> Self {
        Self { directories: Some(Box::new(directories)), ..self }
    }

    /// Knows the places of these secrets.
    pub fn with_secrets(self, secrets: impl SecretPlaces + 'static) -> Self {
        Self { secrets: Some(Box::new(secrets)), ..self }
    }

    /// What was read of stdin.
    pub fn stdin(&self) -> Option<&Bytes> {
        self.stdin.as_ref()
    }
}

impl Default for Machine {
    /// The machine with [`Nobody`] to ask.
    fn default() -> Self {
        Self::new(Nobody)
    }
}

impl System for Machine {
    fn read(&mut self, path: &Path) -> io::Result<FileBytes> {
        let (bytes, metadata) = whole_file::read_with_metadata(path)?;
        Ok(FileBytes { bytes, private: is_private(&metadata) })
    }

    fn exposure(&self, path: &Path) -> io::Result<Option<String>> {
        exposure(path)
    }

    fn kind_of(&self, path: &Path) -> Option<FileKind> {
        let found = std::fs::metadata(path).ok()?;
        Some(match found.is_file() {
            true => FileKind::File,
            false if found.is_dir() => FileKind::Folder,
            false => FileKind::Other,
        })
    }

    fn check(&self, file: NamedFile, path: &Path) -> Result<(), String> {
        named_file::check(file, path)
    }

    fn is_program(&self, path: &Path) -> bool {
        program::is_program(path)
    }

    fn output_of(&mut self, program: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
        program::output(program, arguments, std::env::vars_os().map(|(name, _)| name))
    }

    fn warn(&mut self, warning: &str) {
        self.prompter.warn(warning);
    }

    fn read_stdin(&mut self) -> io::Result<Bytes> {
        if let Some(bytes) = &self.stdin {
            return Ok(bytes.clone());
        }
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        Ok(self.stdin.insert(bytes.into()).clone())
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn variables(&self) -> BTreeMap<String, String> {
        let text = |text: OsString| text.into_string().ok();
        std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
    }

    fn home(&self) -> Option<PathBuf> {
        std::env::home_dir()
    }

    fn can_ask(&self) -> bool {
        self.prompter.can_ask()
    }

    fn ask(&mut self, question: &str, hidden: bool) -> io::Result<String> {
        self.prompter.ask(question, hidden)
    }

    fn hosts_of_run(&mut self, run: &str, outcome: Option<&str>) -> Result<Vec<String>, String> {
        match &mut self.runs {
            Some(runs) => runs.hosts(run, outcome),
            None => Err("no runs are kept here".to_owned()),
        }
    }

    fn facts(&mut self, kind: &str, property: &str, hosts: Option<&[String]>) -> Result<Vec<FactsOfHost>, String> {
        match &mut self.runs {
            Some(runs) => runs.facts(kind, property, hosts),
            None => Err("no runs are kept here".to_owned()),
        }
    }

    fn computers(&mut self, query: &Query) -> Result<Found, (String, Option<String>)> {
        match &mut self.directories {
            Some(directories) => directories.computers(query),
            None => Err(("no directory is asked here".to_owned(), None)),
        }
    }

    fn failed_logons(&mut self, user: &str) -> Result<Option<FailedLogons>, String> {
        self.directories.as_mut().map_or(Ok(None), |directories| directories.failed_logons(user))
    }

    fn laps(&mut self, hosts: &[Sought]) -> Result<Vec<Option<LapsOfHost>>, (String, Option<String>)> {
        match &mut self.directories {
            Some(directories) => directories.laps(hosts),
            None => Err(("no directory is asked here".to_owned(), None)),
        }
    }

    fn secret(&mut self, source: &SecretSource, may_ask: bool) -> Result<Secret<String>, (String, Option<String>)> {
        if let SecretSource::Command(words) = source {
            let variables = std::env::vars_os().map(|(name, _)| name);
            return program::secret(words, variables).map_err(|what| (what, None));
        }
        match &mut self.secrets {
            Some(places) => {
                let prompter: &mut dyn Prompter = &mut *self.prompter;
                places.secret(source, Some(prompter).filter(|_| may_ask))
            }
            None => Err((format!("{} is not looked for here: this psfleet was built without secrets", source), None)),
        }
    }

    fn matching(&self, pattern: &Path) -> Vec<PathBuf> {
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::default() };
        let found = pattern.to_str().and_then(|pattern| glob::glob_with(pattern, options).ok());
        found.into_iter().flatten().flatten().collect()
    }

    fn account(&self) -> Account {
        let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| self.env("COMPUTERNAME"));
        Account {
            user: local_user::name().unwrap_or_default(),
            id: local_user::id().map(|id| id.to_string()).unwrap_or_default(),
            machine: machine.map(|name| name.trim().to_owned()).unwrap_or_default(),
        }
    }

    fn config_files(&self) -> Vec<ConfigFile> {
        let here = std::env::current_dir().unwrap_or_default();
        // What is there and is not a file (a pipe that never ends) is not a configuration.
        let is_other = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|found| !found.is_file());
        let walked = here.ancestors().map(|folder| folder.join("psfleet.toml")).filter(|path| !is_other(path));
        let walked = walked.map(|path| ConfigFile { path, walked: true });
        let fixed = config_folders(self).into_iter();
        walked
            .chain(fixed.map(|folder| ConfigFile { path: folder.join("psfleet/psfleet.toml"), walked: false }))
            .collect()
    }

    fn random(&mut self) -> u64 {
        uuid::Uuid::new_v4().as_u64_pair().1 ^ uuid::Uuid::new_v4().as_u64_pair().1.rotate_left(32)
    }
}

/// The user's folder for configuration, then the system's.
#[cfg(unix)]
fn config_folders(machine: &Machine) -> Vec<PathBuf> {
    let user = machine.env("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let user = user.or_else(|| machine.home().map(|home| home.join(".config")));
    user.into_iter().chain([PathBuf::from("/etc")]).collect()
}

/// The user's folder for configuration, then the system's.
#[cfg(not(unix))]
fn config_folders(machine: &Machine) -> Vec<PathBuf> {
    ["APPDATA", "PROGRAMDATA"].into_iter().filter_map(|name| machine.env(name)).map(PathBuf::from).collect()
}

/// Whether only its owner can read a file.
#[cfg(unix)]
fn is_private(file: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(file) & 0o077 == 0
}

/// Other systems: access lists are not read; profile folders are private by default.
#[cfg(not(unix))]
fn is_private(_file: &std::fs::Metadata) -> bool {
    true
}
