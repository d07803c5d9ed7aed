//! A machine of memory alone.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::config::{Account, ConfigFile, FactsOfHost, FileBytes, NamedFile, SecretSource, System};
use crate::directory::{Computer, FailedLogons, Found, Laps, LapsOfHost, Query, Sought};
use crate::pattern::matches;
use crate::secret::Secret;

/// A machine that holds what a test puts there.
#[derive(Default)]
pub(in crate::inventory) struct Fake {
    pub(in crate::inventory) files: HashMap<PathBuf, (String, bool)>,
    pub(in crate::inventory) stdin: String,
    pub(in crate::inventory) env: HashMap<String, String>,
    pub(in crate::inventory) answers: Vec<&'static str>,
    pub(in crate::inventory) asked: Vec<String>,
    pub(in crate::inventory) configs: Vec<ConfigFile>,
    /// Files that others could have written, and how.
    pub(in crate::inventory) exposed: HashMap<PathBuf, &'static str>,
    /// Files that do not hold what they must, and how often each file was looked at.
    pub(in crate::inventory) wrong: HashMap<PathBuf, &'static str>,
    pub(in crate::inventory) checked: std::cell::RefCell<Vec<PathBuf>>,
    pub(in crate::inventory) warned: Vec<String>,
    pub(in crate::inventory) drawn: u64,
    /// What earlier runs know, by type and property.
    pub(in crate::inventory) facts: HashMap<String, Vec<FactsOfHost>>,
    /// What programs write or fail with, by their command lines.
    pub(in crate::inventory) programs: HashMap<String, Result<&'static str, &'static str>>,
    /// What a directory answers, and what it was asked.
    pub(in crate::inventory) computers: Vec<Computer>,
    pub(in crate::inventory) queries: Vec<Query>,
    /// What places of secrets have, by what they are called there, and which of them were opened.
    pub(in crate::inventory) secrets: HashMap<String, Result<&'static str, &'static str>>,
    pub(in crate::inventory) opened: Vec<String>,
    /// What a directory knows of failed logons, and whose were asked for.
    pub(in crate::inventory) failed_logons: HashMap<String, Result<FailedLogons, &'static str>>,
    pub(in crate::inventory) asked_logons: Vec<String>,
    /// What it has of local administrators, and for whom it was asked.
    pub(in crate::inventory) laps: HashMap<String, Laps>,
    pub(in crate::inventory) asked_laps: Vec<Sought>,
}

impl Fake {
    pub(in crate::inventory) fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), (text.to_owned(), true));
        self
    }

    pub(in crate::inventory) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }
}

impl System for Fake {
    fn read(&mut self, path: &Path) -> io::Result<FileBytes> {
        let (text, private) = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(FileBytes { bytes: text.clone().into_bytes(), private: *private })
    }

    fn exposure(&self, path: &Path) -> io::Result<Option<String>> {
        match self.exposed.get(path) {
            Some(how) => Ok(Some((*how).to_owned())),
            None if self.files.contains_key(path) => Ok(None),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn is_program(&self, path: &Path) -> bool {
        self.programs.keys().any(|line| line.starts_with(&*path.to_string_lossy()))
    }

    fn output_of(&mut self, program: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let line = format!("{} {}", program.display(), arguments.join(" "));
        let answer = self.programs.get(&line).copied().unwrap_or(Err("is asked in vain"));
        answer.map(|text| text.as_bytes().to_vec()).map_err(str::to_owned)
    }

    fn computers(&mut self, query: &Query) -> Result<Found, (String, Option<String>)> {
        self.queries.push(query.clone());
        match self.computers.is_empty() {
            true => Err(("it is silent".to_owned(), Some("wake it".to_owned()))),
            false => Ok(Found { computers: self.computers.clone(), asked: jiff::Timestamp::UNIX_EPOCH }),
        }
    }

    fn failed_logons(&mut self, user: &str) -> Result<Option<FailedLogons>, String> {
        self.asked_logons.push(user.to_owned());
        self.failed_logons.get(user).copied().transpose().map_err(str::to_owned)
    }

    fn laps(&mut self, hosts: &[Sought]) -> Result<Vec<Option<LapsOfHost>>, (String, Option<String>)> {
        self.asked_laps.extend_from_slice(hosts);
        if self.laps.is_empty() {
            return Err(("it is silent".to_owned(), Some("wake it".to_owned())));
        }
        let (reader, asked) = (Some("reader".to_owned()), jiff::Timestamp::UNIX_EPOCH);
        let answer = |laps: &Laps| LapsOfHost { laps: laps.clone(), reader: reader.clone(), asked };
        Ok(hosts.iter().map(|host| self.laps.get(&host.name).map(answer)).collect())
    }

    fn secret(&mut self, source: &SecretSource, _may_ask: bool) -> Result<Secret<String>, (String, Option<String>)> {
        self.opened.push(source.to_string());
        let found = self.secrets.get(&source.to_string()).copied().unwrap_or(Err("there is no such secret"));
        found.map(|text| Secret::new(text.to_owned())).map_err(|what| (what.to_owned(), Some("look there".to_owned())))
    }

    fn check(&self, _file: NamedFile, path: &Path) -> Result<(), String> {
        self.checked.borrow_mut().push(path.to_owned());
        self.wrong.get(path).map_or(Ok(()), |what| Err((*what).to_owned()))
    }

    fn warn(&mut self, warning: &str) {
        self.warned.push(warning.to_owned());
    }

    fn read_stdin(&mut self) -> io::Result<Bytes> {
        Ok(self.stdin.clone().into())
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn variables(&self) -> BTreeMap<String, String> {
        self.env.clone().into_iter().collect()
    }

    fn home(&self) -> Option<PathBuf> {
        Some(PathBuf::from("/home/me"))
    }

    fn can_ask(&self) -> bool {
        !self.answers.is_empty()
    }

    fn ask(&mut self, question: &str, _hidden: bool) -> io::Result<String> {
        self.asked.push(question.to_owned());
        Ok(self.answers.remove(0).to_owned())
    }

    fn matching(&self, pattern: &Path) -> Vec<PathBuf> {
        let pattern = pattern.to_string_lossy();
        let mut found: Vec<_> =
            self.files.keys().filter(|path| matches(&pattern, &path.to_string_lossy())).cloned().collect();
        found.sort();
        found
    }

    fn account(&self) -> Account {
        Account { user: "me".to_owned(), id: "1000".to_owned(), machine: "desk.corp".to_owned() }
    }

    fn facts(&mut self, kind: &str, property: &str, hosts: Option<&[String]>) -> Result<Vec<FactsOfHost>, String> {
        let known = self.facts.get(&format!("{kind}.{property}")).cloned().unwrap_or_default();
        let is_wanted = |fact: &FactsOfHost| hosts.is_none_or(|hosts| hosts.contains(&fact.host));
        Ok(known.into_iter().filter(is_wanted).collect())
    }

    fn config_files(&self) -> Vec<ConfigFile> {
        self.configs.clone()
    }

    fn random(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.drawn >> 33
    }
}
