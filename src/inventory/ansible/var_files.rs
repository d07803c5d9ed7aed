//! Variables in files beside an inventory: `group_vars/NAME` and `host_vars/NAME`, each a file or a folder of files.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{FileKind, Node, Place, Problem, System, Value};
use crate::error_text;

use super::super::context::FileContext;
use super::super::json::parse_json;
use super::super::text::decode;
use super::super::yaml::parse_ansible_yaml;
use super::model::{AnsibleInventory, Var, Vars};

/// The suffixes of a file's name that say nothing, in the order in which Ansible tries them; the first one counts.
const SUFFIXES: [&str; 4] = ["", ".yml", ".yaml", ".json"];

/// The most files and folders below the folder of one name, and how deep they may lie: a link may lead to the whole disk.
const MOST_FILES: usize = 1000;
const MOST_LEVELS: usize = 8;

/// What a file begins with that is encrypted whole.
const VAULT: &str = "$ANSIBLE_VAULT;";

impl AnsibleInventory {
    /// Reads the files beside all inventories that belong to a group or a host of theirs; answers with what the user
    /// should know. A file that others could have written decides nothing: nobody has named it.
    pub(in crate::inventory) fn read_var_files(
        &mut self,
        around: &mut dyn System,
        problems: &mut Vec<Problem>,
    ) -> Vec<String> {
        self.complete();
        let mut folders: Vec<(PathBuf, Arc<FileContext>)> = Vec::new();
        for context in &self.beside {
            let folder = context.file.parent().unwrap_or(Path::new("")).to_owned();
            if !folders.iter().any(|(known, _)| *known == folder) {
                folders.push((folder, Arc::clone(context)));
            }
        }
        let mut reader = Reader { around, problems, warnings: Vec::new(), encrypted: Vec::new() };
        for (folder, context) in folders {
            let of_groups = reader.entries(&folder.join("group_vars"));
            for group in if of_groups.is_empty() { &mut [] } else { self.groups.as_mut_slice() } {
                let name = Arc::clone(&group.name);
                reader.read(&of_groups, &name, &context, &mut group.file_vars, &|node, file| {
                    Var::of_group(&name, node, file)
                });
            }
            let of_hosts = reader.entries(&folder.join("host_vars"));
            for host in if of_hosts.is_empty() { &mut [] } else { self.hosts.as_mut_slice() } {
                let name = Arc::clone(&host.name);
                reader.read(&of_hosts, &name, &context, &mut host.file_vars, &|node, file| {
                    Var::of_host(&name, node, file)
                });
            }
        }
        reader.end()
    }
}

struct Reader<'a> {
    around: &'a mut dyn System,
    problems: &'a mut Vec<Problem>,
    warnings: Vec<String>,
    /// Files that are encrypted whole.
    encrypted: Vec<String>,
}

/// What lies in a folder, by its name.
type Entries = HashMap<String, PathBuf>;

impl Reader<'_> {
    fn entries(&self, folder: &Path) -> Entries {
        let mut entries = Entries::new();
        for path in self.inside(folder) {
            let first = path.strip_prefix(folder).ok().and_then(|path| path.components().next());
            if let Some(first) = first.and_then(|first| first.as_os_str().to_str()) {
                entries.insert(first.to_owned(), folder.join(first));
            }
        }
        entries
    }

    fn inside(&self, folder: &Path) -> Vec<PathBuf> {
        let pattern = folder.join("*").to_str().map(|path| within(path, folder));
        pattern.map_or_else(Vec::new, |pattern| self.around.matching(Path::new(&pattern)))
    }

    /// The files of a name: itself, or all below it by their paths.
    fn files(&self, path: &Path) -> Result<Vec<PathBuf>, Problem> {
        let (mut files, mut seen) = (Vec::new(), 0);
        self.add_files(path, 0, &mut seen, &mut files).map_err(|(at, what)| Problem::at(&at, Place::NONE, "", what))?;
        Ok(files)
    }

    fn add_files(
        &self,
        path: &Path,
        level: usize,
        seen: &mut usize,
        files: &mut Vec<PathBuf>,
    ) -> Result<(), (PathBuf, String)> {
        let kind = self.around.kind_of(path);
        if kind == Some(FileKind::Other) {
            // A pipe would be waited for, a device has no end.
            return Err((path.to_owned(), "is neither a file nor a folder; variables are read from files".to_owned()));
        }
        let below = if kind == Some(FileKind::File) { Vec::new() } else { self.inside(path) };
        if below.is_empty() {
            // An empty folder says nothing.
            files.extend((kind != Some(FileKind::Folder)).then(|| path.to_owned()));
            return Ok(());
        }
        if level == MOST_LEVELS {
            return Err((
                path.to_owned(),
                format!("variables lie in more than {MOST_LEVELS} folders one in the other"),
            ));
        }
        *seen += below.len();
        if *seen > MOST_FILES {
            let what = format!("with it, there are more than {MOST_FILES} files of variables for one group or host");
            return Err((path.to_owned(), what));
        }
        below.iter().try_for_each(|path| self.add_files(path, level + 1, seen, files))
    }

    /// Reads what belongs to a name into its variables.
    fn read(
        &mut self,
        entries: &Entries,
        name: &str,
        beside: &FileContext,
        vars: &mut Vars,
        var: &dyn Fn(Node, &Arc<FileContext>) -> Var,
    ) {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let Some((first, path)) = SUFFIXES.iter().find_map(|suffix| entries.get_key_value(&format!("{bare}{suffix}")))
        else {
            return;
        };
        let files = match self.files(path) {
            Ok(files) => files,
            Err(problem) => return self.problems.push(problem),
        };
        for file in &files {
            // In a folder, only what looks like variables is.
            let is_direct = file.file_name().and_then(|name| name.to_str()) == Some(first.as_str());
            let suffix = file.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
            if is_direct || matches!(suffix, "" | "yml" | "yaml" | "json") {
                self.file(file, beside, vars, var);
            }
        }
    }

    fn file(
        &mut self,
        path: &Path,
        beside: &FileContext,
        vars: &mut Vars,
        var: &dyn Fn(Node, &Arc<FileContext>) -> Var,
    ) {
        let shown = path.display();
        let problem = |at: Place, what: String| Problem::at(path, at, "", what);
        match self.around.exposure(path) {
            Ok(None) => {}
            Ok(Some(exposure)) => {
                self.warnings.push(format!("{shown}: ignored entirely, because {exposure}"));
                return;
            }
            Err(error) => return self.problems.push(problem(Place::NONE, error_text::unreadable(&error))),
        }
        let found = match self.around.read(path) {
            Ok(found) => found,
            Err(error) => return self.problems.push(problem(Place::NONE, error_text::unreadable(&error))),
        };
        let text = match decode(&found.bytes) {
            Ok(text) => text,
            Err(what) => return self.problems.push(problem(Place::NONE, what)),
        };
        if text.starts_with(VAULT) {
            return self.encrypted.push(shown.to_string());
        }
        let is_json = path.extension().is_some_and(|suffix| suffix == "json");
        let node = match if is_json { parse_json(&text) } else { parse_ansible_yaml(&text) } {
            Ok(node) => node,
            Err((at, what)) => return self.problems.push(problem(at, what)),
        };
        let context = FileContext { file: Arc::from(path), source: beside.source, private: found.private };
        let context = Arc::new(context);
        match node.value {
            Value::Table(entries) => {
                let found: BTreeMap<String, Var> =
                    entries.into_iter().map(|entry| (entry.key, var(entry.node, &context))).collect();
                vars.extend(found);
            }
            Value::Null => {}
            _ => {
                let what = format!("expected variables (names with values), found {}", node.kind());
                self.problems.push(problem(node.at, what));
            }
        }
    }

    fn end(self) -> Vec<String> {
        let mut warnings = self.warnings;
        if !self.encrypted.is_empty() {
            let files = self.encrypted.join(", ");
            warnings.push(format!("encrypted by ansible-vault, which is not opened here, and so left out: {files}"));
        }
        warnings
    }
}

/// A pattern for what lies in a folder whose own name may have signs that patterns know.
fn within(path: &str, folder: &Path) -> String {
    let folder = folder.to_str().unwrap_or_default();
    let plain: String = folder
        .chars()
        .map(|sign| if matches!(sign, '*' | '?' | '[') { format!("[{sign}]") } else { sign.to_string() })
        .collect();
    path.strip_prefix(folder).map_or_else(|| path.to_owned(), |rest| format!("{plain}{rest}"))
}
