//! Where checks are: files, folders, and names on the check path.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::check::{Body, Definition, read};
use crate::config::{FileKind, Problem, System};
use crate::error_text;
use crate::inventory::Errors;
use crate::nearest::did_you_mean;

/// What the name of a check file may end in.
const SUFFIXES: [&str; 3] = ["toml", "yaml", "yml"];

/// Folders in which checks are looked for by name, below each folder on the way up from here.
const USUAL: [&str; 2] = ["checks", "inventories/checks"];

/// Reads all checks that are asked for, each once.
///
/// # Errors
/// What is not there, and every mistake of all files.
pub(super) fn definitions(
    asked: &[String],
    path: &[PathBuf],
    around: &mut dyn System,
) -> anyhow::Result<Vec<Definition>> {
    let folders = folders(path);
    let mut files: Vec<PathBuf> = Vec::new();
    for name in asked {
        let found = find(name, &folders, around)?;
        files.extend(found.into_iter().filter(|file| !files.contains(file)).collect::<Vec<_>>());
    }
    let (mut checks, mut problems): (Vec<Definition>, Vec<Problem>) = (Vec::new(), Vec::new());
    for file in files {
        let read = read_file(&file, around).and_then(|check| {
            let is_found =
                !asked.iter().any(|name| file.starts_with(name)) && !path.iter().any(|folder| file.starts_with(folder));
            if is_found { ours(&check, around).map(|()| check) } else { Ok(check) }
        });
        match read {
            Ok(check) => {
                if let Some(other) = checks.iter().find(|known| known.name == check.name) {
                    bail!("{} and {} are both called {}", other.file.display(), file.display(), check.name);
                }
                checks.push(check);
            }
            Err(mistakes) => problems.extend(mistakes),
        }
    }
    if problems.is_empty() { Ok(checks) } else { Err(Errors { problems }.into()) }
}

fn folders(path: &[PathBuf]) -> Vec<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let usual = USUAL.iter().map(PathBuf::from);
    // A folder of a project counts from everywhere inside of it.
    let beside = here.ancestors().find(|folder| folder.join("psfleet.toml").is_file()).map(Path::to_owned);
    let above = beside.into_iter().flat_map(|folder| USUAL.map(|name| folder.join(name)));
    path.iter().cloned().chain(usual).chain(above).collect()
}

/// The files that a word names.
fn find(word: &str, folders: &[PathBuf], around: &dyn System) -> anyhow::Result<Vec<PathBuf>> {
    let path = Path::new(word);
    match around.kind_of(path) {
        Some(FileKind::Folder) => {
            let files = files_in(path, around);
            if files.is_empty() {
                bail!("{word} has no checks: files that end in .toml, .yaml or .yml");
            }
            return Ok(files);
        }
        Some(_) => return Ok(vec![path.to_owned()]),
        None => {}
    }
    if is_path(word) {
        bail!("there is no check file {word}");
    }
    let named = folders.iter().flat_map(|folder| SUFFIXES.map(|suffix| folder.join(format!("{word}.{suffix}"))));
    if let Some(found) = named.into_iter().find(|file| around.kind_of(file).is_some()) {
        return Ok(vec![found]);
    }
    let known = names(folders, around);
    let hint = did_you_mean(word, known.iter().map(String::as_str));
    let looked: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    bail!("there is no check called '{word}' in {}{hint}", looked.join(", "));
}

fn is_path(word: &str) -> bool {
    word.contains(['/', '\\']) || SUFFIXES.iter().any(|suffix| word.ends_with(&format!(".{suffix}")))
}

/// The checks of a folder, by name.
fn files_in(folder: &Path, around: &dyn System) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        SUFFIXES.iter().flat_map(|suffix| around.matching(&folder.join(format!("*.{suffix}")))).collect();
    files.sort();
    files
}

/// The names of all checks on the check path.
fn names(folders: &[PathBuf], around: &dyn System) -> Vec<String> {
    let files = folders.iter().flat_map(|folder| files_in(folder, around));
    let mut names: Vec<String> =
        files.filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    names.dedup();
    names
}

/// Refuses a check that was found by its name, in a folder that nobody has named, where others could have written what it
/// runs on the hosts.
fn ours(check: &Definition, around: &dyn System) -> Result<(), Vec<Problem>> {
    let script = match &check.body {
        Body::File(script) | Body::Pester(script) => Some(script),
        Body::Code(_) => None,
    };
    for file in [Some(&check.file), script].into_iter().flatten() {
        if let Ok(Some(how)) = around.exposure(file) {
            let message = format!("was found by its name, and {how}: give its path if this one is meant");
            return Err(vec![Problem { file: Some(file.clone()), ..Problem::new(message) }]);
        }
    }
    Ok(())
}

fn read_file(file: &Path, around: &mut dyn System) -> Result<Definition, Vec<Problem>> {
    let problem = |message: String| {
        let problem = Problem::new(message);
        vec![Problem { file: Some(file.to_owned()), ..problem }]
    };
    let bytes =
        around.read(file).map_err(|error| problem(format!("cannot be read: {}", error_text::io(&error))))?.bytes;
    let text = std::str::from_utf8(&bytes).map_err(|_| problem("is not UTF-8; save it as UTF-8".to_owned()))?;
    let check = read(file, text.trim_start_matches('\u{feff}'))?;
    match &check.body {
        Body::File(script) | Body::Pester(script) if around.kind_of(script).is_none() => {
            let message = format!("there is no script {}", script.display());
            Err(vec![Problem::at(file, check.body_at, "", message)])
        }
        _ => Ok(check),
    }
}
