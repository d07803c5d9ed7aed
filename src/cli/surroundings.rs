//! The machine as inventory and configuration see it: files, environment, terminal.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use super::exposure::{effective_user, exposure};
use super::named_file;
use crate::config::{Account, ConfigFile, FileBytes, NamedFile, Surroundings};
use crate::transport::ssh::local_user;
use crate::whole_file;

/// The real machine.
#[derive(Debug, Default)]
pub struct Machine {
    stdin: Option<Vec<u8>>,
}

impl Surroundings for Machine {
    fn read(&mut self, path: &Path) -> io::Result<FileBytes> {
        let (bytes, metadata) = whole_file::read_with_metadata(path)?;
        Ok(FileBytes { bytes, private: is_private(&metadata) })
    }

    fn exposure(&self, path: &Path) -> io::Result<Option<String>> {
        exposure(path)
    }

    fn check(&self, file: NamedFile, path: &Path) -> Result<(), String> {
        named_file::check(file, path)
    }

    fn warn(&mut self, warning: &str) {
        // Names of files and hosts are in it: what a terminal would obey is shown, not sent.
        let shown: String =
            warning.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect();
        anstream::eprintln!("warning: {shown}");
    }

    fn read_stdin(&mut self) -> io::Result<Vec<u8>> {
        if self.stdin.is_none() {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes)?;
            self.stdin = Some(bytes);
        }
        Ok(self.stdin.clone().unwrap_or_default())
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn home(&self) -> Option<PathBuf> {
        std::env::home_dir()
    }

    fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    fn ask(&mut self, question: &str, hidden: bool) -> io::Result<String> {
        if hidden {
            return rpassword::prompt_password(question);
        }
        let mut stderr = io::stderr().lock();
        stderr.write_all(question.as_bytes())?;
        stderr.flush()?;
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn matching(&self, pattern: &Path) -> Vec<PathBuf> {
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::default() };
        let found = pattern.to_str().and_then(|pattern| glob::glob_with(pattern, options).ok());
        found.into_iter().flatten().flatten().collect()
    }

    fn account(&self) -> Account {
        let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| self.env("COMPUTERNAME"));
        Account {
            user: local_user().unwrap_or_default(),
            id: effective_user().map(|id| id.to_string()).unwrap_or_default(),
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
