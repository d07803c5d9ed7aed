//! The machine as inventory and configuration see it: files, environment, terminal, the program `ssh`.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::config::{ConfigFile, FileBytes, Surroundings};

/// The real machine.
#[derive(Debug, Default)]
pub struct Machine {
    stdin: Option<Vec<u8>>,
}

impl Surroundings for Machine {
    fn read(&mut self, path: &Path) -> io::Result<FileBytes> {
        let mut file = std::fs::File::open(path)?;
        let (private, guarded) = protection(&file.metadata()?, path);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(FileBytes { bytes, private, guarded })
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

    fn ssh_settings(&mut self, file: &Path, host: &str) -> io::Result<Option<String>> {
        let output =
            Command::new("ssh").arg("-G").arg("-F").arg(file).arg("--").arg(host).stdin(Stdio::null()).output();
        match output {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
            Ok(output) if output.status.success() => Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned())),
            Ok(output) => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        }
    }

    fn config_files(&self) -> Vec<ConfigFile> {
        let here = std::env::current_dir().unwrap_or_default();
        let walked = here.ancestors().map(|folder| ConfigFile { path: folder.join("psfleet.toml"), walked: true });
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

/// Whether only its owner can read a file, and whether only we and root could have written it.
#[cfg(unix)]
fn protection(file: &std::fs::Metadata, path: &Path) -> (bool, bool) {
    use std::os::unix::fs::MetadataExt;
    // The owner of our entry in /proc is our effective user; without /proc only root's files count as guarded.
    let us = std::fs::metadata("/proc/self").map_or(0, |own| own.uid());
    let ours = |uid: u32| uid == us || uid == 0;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // In a folder that others can write they can replace the file, unless its sticky bit forbids it.
    let folder_guarded = std::fs::metadata(folder)
        .is_ok_and(|folder| ours(folder.uid()) && (folder.mode() & 0o022 == 0 || folder.mode() & 0o1000 != 0));
    (file.mode() & 0o077 == 0, ours(file.uid()) && file.mode() & 0o022 == 0 && folder_guarded)
}

/// Other systems: their access lists are not read, so nothing is taken for private or guarded by mistake of ours;
/// profile folders are private by default.
#[cfg(not(unix))]
fn protection(_file: &std::fs::Metadata, _path: &Path) -> (bool, bool) {
    (true, true)
}
