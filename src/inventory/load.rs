//! Reads inventories: finds out the format, starts a sandbox where one is asked for, notes every mistake.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::config::{Entry, InventoryPath, Node, Place, Problem, System, Value, parse_toml};
use crate::error_text;

use super::ansible::{self, AnsibleInventory, is_ini, is_script, is_tree, read_ini, read_program};
use super::context::FileContext;
use super::csv::{is_header, read_csv};
use super::json::parse_json;
use super::ldap::{Ldap, hosts_of};
use super::list::read_list;
use super::model::{Inventory, SourceFile};
use super::request::SandboxStarter;
use super::ssh_config::read_ssh_config;
use super::text::decode;
use super::tree::read_tree;
use super::yaml::{parse_ansible_yaml, parse_yaml};

/// What the inventory on stdin is called.
const STDIN: &str = "stdin";

/// The formats we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Our own, as TOML.
    Toml,
    /// Our own, as YAML.
    Yaml,
    /// Our own, as JSON.
    Json,
    /// A table with a `ComputerName` column.
    Csv,
    /// Names, one per line.
    List,
    /// OpenSSH's client configuration.
    SshConfig,
    /// Ansible's, as INI.
    AnsibleIni,
}

/// Reads inventories one after the other into one.
pub(super) struct Loader<'a, 's> {
    /// What was read so far.
    inventory: Inventory,
    /// The mistakes so far.
    problems: Vec<Problem>,
    /// What Ansible's inventories said so far: they are one, and only whole they say what a host has.
    ansible: AnsibleInventory,
    /// Programs and directories are asked for their hosts.
    asks_programs: bool,
    /// As whom the run logs on, if that was said for all of it.
    user: Option<&'a str>,
    around: &'a mut dyn System,
    sandbox: &'a mut SandboxStarter<'s>,
}

impl<'a, 's> Loader<'a, 's> {
    /// Nothing read yet.
    pub(super) fn new(around: &'a mut dyn System, sandbox: &'a mut SandboxStarter<'s>) -> Self {
        let (inventory, ansible) = (Inventory::default(), AnsibleInventory::default());
        Self { inventory, problems: Vec::new(), ansible, asks_programs: true, user: None, around, sandbox }
    }

    /// Asks directories as this user, unless they name another.
    pub(super) fn for_user(self, user: Option<&'a str>) -> Self {
        Self { user, ..self }
    }

    /// Leaves out what only a program or a directory could say.
    pub(super) fn without_programs(self) -> Self {
        Self { asks_programs: false, ..self }
    }

    /// What was read, and the mistakes.
    pub(super) fn finish(mut self) -> (Inventory, Vec<Problem>) {
        let mut warnings = self.ansible.read_var_files(self.around, &mut self.problems);
        warnings.extend(self.ansible.finish(&mut self.inventory, &mut self.problems));
        warnings.iter().for_each(|warning| self.around.warn(warning));
        (self.inventory, self.problems)
    }

    /// Reads an inventory that a configuration names: one that others could have written is ignored, since it would
    /// decide where we connect.
    pub(super) fn load_found(&mut self, named: &InventoryPath) {
        let path = &*named.path;
        match self.around.exposure(path) {
            Ok(None) => drop(self.load_named(path, true, Some(named))),
            Ok(Some(exposure)) => {
                let file = path.display();
                self.around
                    .warn(&format!("{file}: ignored entirely, because {exposure}; to use it anyway, name it with -i"));
            }
            Err(error) => self.problems.push(unreadable(path, &error, Some(named))),
        }
    }

    /// Reads a file, or stdin for `-`; answers the number of the inventory. `main` when it was named by a flag or the
    /// configuration, not inside an expression.
    pub(super) fn load(&mut self, path: &Path, main: bool) -> usize {
        self.load_named(path, main, None)
    }

    fn load_named(&mut self, path: &Path, main: bool, named: Option<&InventoryPath>) -> usize {
        let source = self.inventory.sources.len();
        self.inventory.sources.push(SourceFile { main, ..SourceFile::default() });
        let stdin = path == Path::new("-");
        let file: Arc<Path> = if stdin { Arc::from(Path::new(STDIN)) } else { Arc::from(path) };
        let read = match stdin {
            true => self.around.read_stdin().map(|bytes| (bytes.to_vec(), false)),
            false => self.around.read(path).map(|file| (file.bytes, file.private)),
        };
        let (bytes, private) = match read {
            Ok(read) => read,
            Err(error) => {
                self.problems.push(unreadable(path, &error, named));
                return source;
            }
        };
        let context = FileContext { file, source, private };
        if !stdin && (is_script(&bytes) || cfg!(windows) && self.around.is_program(path)) {
            self.script(path, main, &context);
            return source;
        }
        match decode(&bytes) {
            Ok(text) => self.text(&text, &context),
            Err(what) => self.problems.push(Problem::at(&context.file, Place::NONE, "", what)),
        }
        source
    }

    /// A file that is no inventory, but may write one.
    fn script(&mut self, path: &Path, main: bool, context: &FileContext) {
        if !self.asks_programs {
            return;
        }
        let problem = |what: &str| Problem::at(&context.file, Place::NONE, "", what);
        if !self.around.is_program(path) {
            let path = path.display();
            let by_hand = format!("{path} --list | psfleet ... -i -");
            let hint = if cfg!(unix) { format!("chmod +x {path}, or {by_hand}") } else { by_hand };
            return self.problems.push(problem("this is a script, and may not be executed").with_hint(hint));
        }
        if !main {
            let hint = format!("-i {}", path.display());
            return self.problems.push(problem("a program is not started by a target expression").with_hint(hint));
        }
        self.ansible.lies_at(&Arc::new(context.clone()));
        self.problems.extend(read_program(path, context, &mut self.ansible, self.around));
    }

    fn text(&mut self, text: &str, context: &FileContext) {
        let found = match format(&context.file, text) {
            Format::Csv => read_csv(text, context, &mut self.inventory),
            Format::List => read_list(text, context, &mut self.inventory),
            Format::AnsibleIni => {
                return self.ansible(context, |context, inventory| read_ini(text, context, inventory));
            }
            Format::SshConfig => read_ssh_config(text, context, &mut self.inventory, self.around),
            Format::Toml => match parse_toml(text) {
                (node, errors) if errors.is_empty() => return self.tree(&node, context),
                (_, errors) => errors.into_iter().map(|(at, what)| Problem::at(&context.file, at, "", what)).collect(),
            },
            Format::Yaml => return self.yaml(text, context),
            Format::Json => return self.parsed(parse_json(text), context),
        };
        self.problems.extend(found);
    }

    fn parsed(&mut self, parsed: Result<Node, (Place, String)>, context: &FileContext) {
        match parsed {
            Ok(node) => self.tree(&node, context),
            Err((at, what)) => self.problems.push(Problem::at(&context.file, at, "", what)),
        }
    }

    /// YAML of ours, or of Ansible's, which knows more tags.
    fn yaml(&mut self, text: &str, context: &FileContext) {
        let parsed = match parse_ansible_yaml(text) {
            Ok(node) if !is_tree(&node) => parse_yaml(text),
            parsed => parsed,
        };
        self.parsed(parsed, context);
    }

    /// Reads an inventory of Ansible's, which may have variables in files beside it.
    fn ansible(
        &mut self,
        context: &FileContext,
        read: impl FnOnce(&Arc<FileContext>, &mut AnsibleInventory) -> Vec<Problem>,
    ) {
        let context = Arc::new(context.clone());
        if &*context.file != Path::new(STDIN) {
            self.ansible.lies_at(&context);
        }
        self.problems.extend(read(&context, &mut self.ansible));
    }

    fn tree(&mut self, node: &Node, context: &FileContext) {
        if is_tree(node) {
            return self.ansible(context, |context, inventory| ansible::read_tree(node, context, inventory));
        }
        let table = |name: &str| match &node.value {
            Value::Table(entries) => entries.iter().find(|entry| entry.key == name),
            _ => None,
        };
        // What else the file says stands beside what a sandbox or a directory says, and may refine it.
        self.problems.extend(read_tree(node, context, &mut self.inventory));
        if let Some(ldap) = table("ldap") {
            self.directory(ldap, context);
        }
        let Some(sandbox) = table("sandbox") else { return };
        let wrong = |what: String| Problem::at(&context.file, sandbox.at, "sandbox", what);
        let Ok(options) = serde_json::from_str(&sandbox.node.to_json()) else {
            self.problems.push(wrong(format!("expected a table (names with values), found {}", sandbox.node.kind())));
            return;
        };
        match (self.sandbox)(&options) {
            Ok(text) => self.sandbox_inventory(&text, context),
            Err(what) => self.problems.push(wrong(what)),
        }
    }

    /// Asks a directory for its computers.
    fn directory(&mut self, table: &Entry, context: &FileContext) {
        if !self.asks_programs {
            return;
        }
        let mut ldap = Ldap { context, around: self.around, user: self.user };
        let query = match ldap.query(table) {
            Ok(query) => query,
            Err(problems) => return self.problems.extend(problems),
        };
        match self.around.computers(&query) {
            Ok(found) => {
                let (node, left_out) = hosts_of(&found, table.at);
                if found.computers.is_empty() {
                    self.around.warn(&format!("{}: it has no such computers", query.url()));
                }
                if let Some(warning) = left_out {
                    self.around.warn(&format!("{}: {warning}", query.url()));
                }
                let name = format!("{} ({})", context.file.display(), query.url());
                let context = FileContext { file: Arc::from(Path::new(&name)), ..context.clone() };
                self.problems.extend(read_tree(&node, &context, &mut self.inventory));
            }
            Err((what, hint)) => {
                self.problems.push(Problem { hint, ..Problem::at(&context.file, table.at, "ldap", what) });
            }
        }
    }

    /// The inventory that a sandbox wrote. It is not read from a file, so nobody else can read its passwords.
    fn sandbox_inventory(&mut self, text: &str, context: &FileContext) {
        let name = format!("{} (sandbox)", context.file.display());
        let context = FileContext { file: Arc::from(Path::new(&name)), private: true, ..context.clone() };
        let (node, errors) = parse_toml(text);
        self.problems.extend(errors.into_iter().map(|(at, what)| Problem::at(&context.file, at, "", what)));
        self.problems.extend(read_tree(&node, &context, &mut self.inventory));
    }
}

/// A file that cannot be read, at the place that names it where a configuration does.
fn unreadable(path: &Path, error: &io::Error, named: Option<&InventoryPath>) -> Problem {
    let (path, what) = (path.display(), error_text::unreadable(error));
    match named {
        Some(named) => Problem::at(&named.file, named.at, "inventory", format!("{path}: {what}")),
        None => Problem::new(format!("cannot read inventory {path}: {what}")),
    }
}

/// The format of an inventory: by its suffix where that is clear, else by its content.
pub(super) fn format(file: &Path, text: &str) -> Format {
    let suffix = file.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default().to_lowercase();
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match suffix.as_str() {
        "toml" => return Format::Toml,
        "yaml" | "yml" => return Format::Yaml,
        "json" => return Format::Json,
        "csv" | "tsv" => return Format::Csv,
        "ini" => return Format::AnsibleIni,
        _ if name.ends_with("ssh_config") => return Format::SshConfig,
        _ => {}
    }
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    let word = line.split_whitespace().next().unwrap_or_default().to_lowercase();
    let table = |names: &[&str], before: &str, after: &[char]| {
        let rest = line.strip_prefix(before).unwrap_or_default();
        names.iter().any(|name| rest.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(after)))
    };
    const TABLES: [&str; 5] = ["defaults", "groups", "hosts", "ldap", "sandbox"];
    match () {
        () if line.starts_with('{') || line == "[" || is_json_list(line) => Format::Json,
        () if is_ini(text) => Format::AnsibleIni,
        () if table(&TABLES, "[", &[']', '.']) || table(&TABLES, "", &['=', '.']) => Format::Toml,
        () if line == "---" || line.starts_with("- ") || table(&TABLES, "", &[':']) => Format::Yaml,
        () if is_header(line) || line.starts_with("sep=") => Format::Csv,
        () if ["host", "match", "include"].contains(&word.as_str()) && line.len() > word.len() => Format::SshConfig,
        () => Format::List,
    }
}

/// A list that begins with a text or an object, as no section and no IPv6 address does.
fn is_json_list(line: &str) -> bool {
    line.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(['"', '{']))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Format, format};

    #[test]
    fn formats_by_suffix_and_content() {
        let by_content = |text: &str| Some(format(Path::new("inventory"), text));
        assert_eq!(by_content("# c\n\n[groups.web]\n"), Some(Format::Toml));
        assert_eq!(by_content("[defaults]\n"), Some(Format::Toml));
        assert_eq!(by_content("groups:\n  web:\n"), Some(Format::Yaml));
        assert_eq!(by_content("---\nhosts: {}\n"), Some(Format::Yaml));
        assert_eq!(by_content(" {\"hosts\": []}"), Some(Format::Json));
        assert_eq!(by_content("[\n  \"web01\"\n]\n"), Some(Format::Json));
        assert_eq!(by_content("[\"web01\", \"[::1]:22\"]"), Some(Format::Json));
        assert_eq!(by_content("[{\"name\": \"web01\"}]"), Some(Format::Json));
        assert_eq!(by_content("[ {\n  \"name\": \"web01\"\n} ]"), Some(Format::Json));
        assert_eq!(by_content("- name: web01\n  port: 22\n"), Some(Format::Yaml));
        assert_eq!(by_content("# c\n- web01\n"), Some(Format::Yaml));
        assert_eq!(by_content("#TYPE x\n\"PSComputerName\"\n\"web01\"\n"), Some(Format::Csv));
        assert_eq!(by_content("Name;Site\nweb01;ber\n"), Some(Format::Csv));
        assert_eq!(by_content("ComputerName\nweb01\n"), Some(Format::Csv));
        assert_eq!(by_content("Host web\n  Port 22\n"), Some(Format::SshConfig));
        assert_eq!(by_content("web[01-04]\nhost\n"), Some(Format::List));
        assert_eq!(by_content("[fe80::1]\n"), Some(Format::List));
        assert_eq!(by_content("[web]\nweb01 ansible_port=5986\n"), Some(Format::AnsibleIni));
        assert_eq!(by_content("; ours\nweb01 ansible_port=5986\n"), Some(Format::AnsibleIni));
        assert_eq!(format(Path::new("a.YML"), ""), Format::Yaml);
        assert_eq!(format(Path::new("my.ssh_config"), ""), Format::SshConfig);
        assert_eq!(format(Path::new("a.txt"), "web01"), Format::List);
    }
}
