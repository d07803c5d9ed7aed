//! OpenSSH's client configuration: its aliases are hosts of an inventory, and its sections say how SSH hosts are
//! reached.
//!
//! In go files (`line` and `directive` take them apart, `file` follows `Include`, `section` is `Host` and `Match`), out
//! comes an [`Answer`] for each host: what `ssh` would do, or a refusal that names the line. [`Access`] puts tokens and
//! bastions in. Nothing is run, and no name is looked up: `ssh -G` is the judge of what is said here, not the means.

mod access;
mod aliases;
mod answer;
mod directive;
mod file;
mod line;
mod section;
mod tokens;

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

pub(super) use access::{Access, Asker, bastions, usual_known_hosts};
pub(super) use aliases::read_ssh_config;
pub(super) use answer::Answer;

use super::text::decode;
use crate::config::{Account, Connection, Given, Place, Problem, Source, System, is_ipv6};
use crate::error_text;
use answer::Reading;
use file::{Anchor, Item, Reader};

/// Where the system's own configuration is.
const SYSTEM: &str = "/etc/ssh/ssh_config";

/// One configuration: a file that was named, or the user's own with the system's behind it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct SshConfig {
    /// The files, the strongest first.
    files: Vec<Arc<[Item]>>,
    /// What is wrong with the user's own files, for every host that needs them.
    mistakes: Vec<Problem>,
}

impl SshConfig {
    /// The user's own configuration with the system's behind it, as far as they are there. A mistake in them holds for
    /// every host, and as in `ssh` it is one that others could have written the user's file.
    pub(super) fn own(around: &mut dyn System) -> Self {
        let mut config = Self::default();
        let user = around.home().map(|home| home.join(".ssh/config"));
        let places = user.map(|file| (file, Anchor::User)).into_iter().chain([(SYSTEM.into(), Anchor::System)]);
        for (path, anchor) in places {
            let file: Arc<Path> = path.into();
            let read = match anchor {
                Anchor::User => file::read_guarded(around, &file),
                Anchor::System => around.read(&file).and_then(|found| decode(&found.bytes).map_err(io::Error::other)),
            };
            match read {
                Ok(text) => {
                    let mut reader = Reader::new(around, anchor);
                    config.files.push(reader.items(&text, &file, 0).into());
                    config.mistakes.append(&mut reader.problems);
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(error) => {
                    let hint = "make it belong to you or root, and take others' right to write it (chmod go-w)";
                    config.mistakes.push(Problem::at(&file, Place::NONE, "", error_text::io(&error)).with_hint(hint));
                }
            }
        }
        config
    }

    /// Several configurations as one, as if each one included the next at its end.
    pub(super) fn joined<'a>(configs: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut joined = Self::default();
        for config in configs {
            joined.files.extend(config.files.iter().cloned());
            joined.mistakes.extend(config.mistakes.iter().cloned());
        }
        joined
    }

    /// What the files say about a host, on top of what is said already: address, port, user and bastions.
    pub(super) fn ask(&self, host: &str, said: &Connection, account: &Account) -> Answer {
        let mut answer = Answer::question(host, said);
        answer.refusals.clone_from(&self.mistakes);
        let mut reading = Reading { account, answer, second: false, wants_second: false };
        self.read_all(&mut reading);
        reading.settle_address();
        if reading.wants_second {
            reading.second = true;
            self.read_all(&mut reading);
        }
        reading.answer
    }

    fn read_all(&self, reading: &mut Reading<'_>) {
        for file in &self.files {
            reading.items(file, &mut true, false);
        }
    }
}

impl Reading<'_> {
    /// Puts the name into `HostName`, which from now on stays as it is.
    fn settle_address(&mut self) {
        let answer = &mut self.answer;
        let named = || Given::new("%h".to_owned(), Source::BuiltIn);
        let given = answer.address.take().unwrap_or_else(named);
        let value = match answer.host_name(&given.value) {
            Ok(value) => value,
            Err(what) => {
                answer.refusals.push(Problem::new(format!("HostName: {what} ({})", given.source)));
                given.value
            }
        };
        // An address stays as it is written.
        let is_address = value.parse::<IpAddr>().is_ok() || is_ipv6(&value);
        let value = if is_address { value } else { value.to_lowercase() };
        answer.address = Some(Given::new(value, given.source));
        answer.settled = true;
    }
}
