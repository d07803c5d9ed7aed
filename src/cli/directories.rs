//! Directories that inventories name: asked, and their answers kept for as long as the inventory says.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::terminal::complain;
use crate::config::{Directories, Machine, System};
use crate::directory::{FailedLogons, Found, Laps, LapsOfHost, Query, Sought};
use crate::error_text;

/// The folder of kept answers, in the state folder.
const FOLDER: &str = "directories";

/// The directories of this process.
pub(super) struct Asked {
    /// Where answers are kept, if anywhere.
    state: Option<PathBuf>,
    /// What was asked for computers.
    asked: Vec<Query>,
}

impl Asked {
    /// Answers are kept in a state folder.
    pub(super) fn new(state: Option<PathBuf>) -> Self {
        Self { state, asked: Vec::new() }
    }

    /// What was answered before, and how old that is.
    fn kept(&self, query: &Query, now: Timestamp) -> Option<(Found, Duration)> {
        let file = self.file(query)?;
        // It decides where we connect: one that others could have written is none.
        let is_ours = Machine::default().exposure(&file).is_ok_and(|exposure| exposure.is_none());
        let bytes = std::fs::read(file).ok().filter(|_| is_ours)?;
        let (key, found): (String, Found) = serde_json::from_slice(&bytes).ok()?;
        let age = Duration::try_from(now.duration_since(found.asked)).ok()?;
        (key == query.key()).then_some((found, age))
    }

    /// The file of an answer: named by what was asked.
    fn file(&self, query: &Query) -> Option<PathBuf> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, query.key().as_bytes());
        let name: String = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Some(self.state.as_ref()?.join(FOLDER).join(format!("{name}.json")))
    }

    fn keep(&self, query: &Query, found: &Found) -> io::Result<()> {
        let Some(file) = self.file(query) else { return Ok(()) };
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        // Whole or not at all, and for this user alone.
        let new = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&new, &(query.key(), found))?;
        new.persist(file)?;
        Ok(())
    }
}

impl Directories for Asked {
    fn computers(&mut self, query: &Query) -> Result<Found, (String, Option<String>)> {
        let now = Timestamp::now();
        self.asked.push(query.clone());
        let kept = query.cache.and_then(|_| self.kept(query, now));
        if let Some((found, age)) = kept.as_ref().filter(|(_, age)| query.cache.is_some_and(|limit| *age <= limit)) {
            let count = found.computers.len();
            complain(&format!(
                "note: {}: {count} computers as they were {} ago (cache in [ldap])",
                query.url(),
                said(*age)
            ));
            return Ok(found.clone());
        }
        match ask(query, now) {
            Ok(found) => {
                if query.cache.is_some()
                    && let Err(error) = self.keep(query, &found)
                {
                    complain(&format!("warning: {}: the answer is not kept: {}", query.url(), error_text::io(&error)));
                }
                Ok(found)
            }
            Err((what, hint)) => {
                let older =
                    kept.map(|(_, age)| format!("an answer of {} ago is kept: a longer cache takes it", said(age)));
                Err((what, hint.or(older)))
            }
        }
    }

    fn failed_logons(&mut self, user: &str) -> Result<Option<FailedLogons>, String> {
        for query in &self.asked {
            if let found @ Some(_) = ask_failed_logons(query, user)? {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn laps(&mut self, hosts: &[Sought]) -> Result<Vec<Option<LapsOfHost>>, (String, Option<String>)> {
        if self.asked.is_empty() {
            let hint = "name an inventory with an [ldap] table: -i inventories/active_directory.toml";
            return Err(("no inventory of this run asks a directory".to_owned(), Some(hint.to_owned())));
        }
        let asked = Timestamp::now();
        let mut found: Vec<Option<LapsOfHost>> = vec![None; hosts.len()];
        for query in &self.asked {
            let open: Vec<usize> = (0..hosts.len()).filter(|&host| found[host].is_none()).collect();
            let sought: Vec<Sought> = open.iter().map(|&host| hosts[host].clone()).collect();
            if sought.is_empty() {
                break;
            }
            for (host, laps) in open.into_iter().zip(ask_laps(query, &sought)?) {
                found[host] = laps.map(|laps| LapsOfHost { laps, reader: query.user.clone(), asked });
            }
        }
        Ok(found)
    }
}

/// A time in its largest unit.
fn said(age: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "d"), (3600, "h"), (60, "min")];
    let seconds = age.as_secs();
    let unit = UNITS.iter().find(|(length, _)| seconds >= 2 * length);
    unit.map_or_else(|| format!("{seconds} s"), |(length, name)| format!("{} {name}", seconds / length))
}

#[cfg(feature = "ldap")]
fn ask(query: &Query, now: Timestamp) -> Result<Found, (String, Option<String>)> {
    waited_for(crate::transport::ldap::search(query, now))
}

#[cfg(feature = "ldap")]
fn ask_failed_logons(query: &Query, user: &str) -> Result<Option<FailedLogons>, String> {
    waited_for(crate::transport::ldap::failed_logons(query, user, Timestamp::now())).map_err(|(what, _)| what)
}

#[cfg(feature = "ldap")]
fn ask_laps(query: &Query, hosts: &[Sought]) -> Result<Vec<Option<Laps>>, (String, Option<String>)> {
    waited_for(crate::transport::ldap::laps(query, hosts))
}

/// Asks on a thread with a runtime of its own: inventories are read before the run has begun, from wherever.
#[cfg(feature = "ldap")]
fn waited_for<T: Send>(
    asking: impl Future<Output = Result<T, crate::transport::ldap::Error>> + Send,
) -> Result<T, (String, Option<String>)> {
    let waiting = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| (error_text::io(&error), None))?;
        runtime.block_on(asking).map_err(|error| (error.message.clone(), error.hint))
    };
    let answer = std::thread::scope(|scope| scope.spawn(waiting).join());
    answer.unwrap_or_else(|_| Err(("the directory's answer could not be read: a bug in psfleet".to_owned(), None)))
}

#[cfg(not(feature = "ldap"))]
fn ask_failed_logons(_query: &Query, _user: &str) -> Result<Option<FailedLogons>, String> {
    Ok(None)
}

#[cfg(not(feature = "ldap"))]
fn ask_laps(_query: &Query, _hosts: &[Sought]) -> Result<Vec<Option<Laps>>, (String, Option<String>)> {
    Err(("this psfleet was built without LDAP".to_owned(), None))
}

#[cfg(not(feature = "ldap"))]
fn ask(_query: &Query, _now: Timestamp) -> Result<Found, (String, Option<String>)> {
    Err(("this psfleet was built without LDAP".to_owned(), None))
}
