//! `--plan`: what a copy would do. No connection is made.

use std::fmt::Write;

use serde::Serialize;

use super::connections::{self, ConnectionGroup, connections};
use super::rollout::Rollout;
use crate::cli::args::rollout::RolloutArgs;
use crate::copy::{Pull, Selection, size};
use crate::inventory::{HostSettings, Logon};
use crate::output::sanitize_line;

/// What a copy would do. Its JSON form is versioned by `v`.
#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    v: u32,
    target_count: usize,
    targets: Vec<ConnectionGroup>,
    rollout: Rollout,
    /// Files are copied that are there already, too.
    force: bool,
    #[serde(flatten)]
    files: Files,
}

/// What goes where.
#[derive(Debug, Serialize)]
#[serde(tag = "way", rename_all = "lowercase")]
enum Files {
    Push {
        /// As the hosts understand it.
        destination: String,
        /// It is made as a folder; otherwise it is one where it is one on the host.
        is_folder: bool,
        folders: Vec<String>,
        files: Vec<File>,
        bytes_per_host: u64,
        bytes_in_all: u64,
    },
    Pull {
        /// As the hosts understand them.
        sources: Vec<String>,
        recurse: bool,
        /// Where they go on this machine.
        folders: Vec<Folder>,
    },
}

#[derive(Debug, Serialize)]
struct File {
    source: String,
    /// Its place below the destination.
    path: String,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct Folder {
    host: String,
    folder: String,
}

impl Plan {
    /// The plan of a push; there is a logon for each of the settings.
    ///
    /// # Errors
    /// Steps that there cannot be.
    pub(crate) fn push(
        hosts: (&[HostSettings], &[Logon]),
        args: &RolloutArgs,
        selection: &Selection,
        destination: &str,
        is_folder: bool,
        force: bool,
    ) -> anyhow::Result<Self> {
        let file = |file: &crate::copy::Source| File {
            source: file.path.display().to_string(),
            path: file.parts.join("/"),
            bytes: file.size,
        };
        let files = Files::Push {
            destination: destination.to_owned(),
            is_folder,
            folders: selection.folders.iter().map(|parts| parts.join("/")).collect(),
            files: selection.files.iter().map(file).collect(),
            bytes_per_host: selection.size(),
            bytes_in_all: selection.size().saturating_mul(hosts.0.len() as u64),
        };
        Self::new(hosts, args, force, files)
    }

    /// The plan of a pull; there is a logon for each of the settings.
    ///
    /// # Errors
    /// Steps that there cannot be.
    pub(crate) fn pull(
        hosts: (&[HostSettings], &[Logon]),
        args: &RolloutArgs,
        pull: &Pull,
        sources: &[String],
        recurse: bool,
        force: bool,
    ) -> anyhow::Result<Self> {
        let folder = |(host, folder): (&HostSettings, std::path::PathBuf)| Folder {
            host: host.name.to_string(),
            folder: folder.display().to_string(),
        };
        let folders = hosts.0.iter().zip(pull.folders()).map(folder).collect();
        Self::new(hosts, args, force, Files::Pull { sources: sources.to_vec(), recurse, folders })
    }

    fn new(
        (settings, logons): (&[HostSettings], &[Logon]),
        args: &RolloutArgs,
        force: bool,
        files: Files,
    ) -> anyhow::Result<Self> {
        let rollout = Rollout::new(args, settings)?;
        Ok(Self { v: 1, target_count: settings.len(), targets: connections(settings, logons), rollout, force, files })
    }

    /// For programs.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string_pretty(self).map(|json| json + "\n").unwrap_or_default()
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = "Plan: no connection is made, nothing is copied.\n\n".to_owned();
        text.push_str(&connections::text(self.target_count, &self.targets));
        text.push_str(&self.rollout.text());
        self.files.write(&mut text);
        if !self.force {
            text.push_str("A file that is already there, with the same length and SHA-256, is left alone.\n");
        }
        text
    }
}

impl Files {
    fn write(&self, text: &mut String) {
        // Writing to a string does not fail.
        let _ = match self {
            Self::Push { destination, is_folder, folders, files, bytes_per_host, bytes_in_all } => {
                let word = if files.len() == 1 { "file" } else { "files" };
                let (one, all) = (size(*bytes_per_host), size(*bytes_in_all));
                let _ = writeln!(text, "Push: {} {word}, {one} for each host, {all} in all", files.len());
                for folder in folders {
                    let _ = writeln!(text, "  {}/", sanitize_line(folder));
                }
                for file in files {
                    let (path, source) = (sanitize_line(&file.path), sanitize_line(&file.source));
                    let _ = writeln!(text, "  {path}  {}  (from {source})", size(file.bytes));
                }
                let kind = if *is_folder { " (a folder)" } else { "" };
                writeln!(text, "To: {}{kind}", sanitize_line(destination))
            }
            Self::Pull { sources, recurse, folders } => {
                let below = if *recurse { ", folders with everything below them" } else { "" };
                let _ = writeln!(text, "Pull: {}{below}", sanitize_line(&sources.join(", ")));
                text.push_str("To:\n");
                folders.iter().try_for_each(|folder| {
                    writeln!(text, "  {}: {}", sanitize_line(&folder.host), sanitize_line(&folder.folder))
                })
            }
        };
    }
}
