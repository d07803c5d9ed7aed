//! Ansible's INI: sections of hosts, `[group:children]`, `[group:vars]`, hosts with variables on their line.

use std::sync::Arc;

use crate::config::{Entry, Node, Place, Problem};

use super::super::context::FileContext;
use super::literal::{literal, literal_of_line};
use super::model::{ALL, AnsibleInventory, UNGROUPED};
use super::names::hosts;
use super::words::words;

/// Whether a text is an Ansible inventory in INI form, told from a plain list and from our own TOML: it has a section that
/// TOML would have no use for, or a host with variables behind it.
pub(in crate::inventory) fn is_ini(text: &str) -> bool {
    let mut own = false;
    for line in text.lines().map(str::trim).filter(|line| !is_comment(line)) {
        match Header::of(line).filter(Header::is_ansibles) {
            // `[hosts]` begins a table of ours, unless names follow.
            Some(Header { name: "defaults" | "groups" | "hosts" | "sandbox", kind: None, .. }) => own = true,
            Some(_) => return true,
            // `key = value` of TOML has its name alone on the left; a host has a name before it.
            None if own && !line.contains('=') && !line.starts_with(['[', ']', '{', '}', '"', '\'', '#']) => {
                return true;
            }
            None if own => return has_variables(line),
            None if has_variables(line) => return true,
            None => {}
        }
    }
    false
}

fn is_comment(line: &str) -> bool {
    line.is_empty() || line.starts_with(['#', ';'])
}

/// Whether a line names a host and sets something behind it: `web01 ansible_port=5986`.
fn has_variables(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let is_host = words.next().is_some_and(|first| !first.contains(['=', '"', ',', ';']));
    is_host && words.next().and_then(|second| second.split_once('=')).is_some_and(|(name, _)| is_variable(name))
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name.chars().all(|character| character.is_alphanumeric() || character == '_')
}

/// A line that begins a section: `[name]`, `[name:kind]`.
struct Header<'a> {
    inside: &'a str,
    name: &'a str,
    kind: Option<&'a str>,
}

impl<'a> Header<'a> {
    /// Reads a line. A range (`[01:04]`) and an IPv6 address are hosts.
    fn of(line: &'a str) -> Option<Self> {
        let (inside, rest) = line.strip_prefix('[')?.split_once(']')?;
        let rest = rest.trim_start();
        if !rest.is_empty() && !rest.starts_with(['#', ';']) || hosts(&format!("[{inside}]")).is_ok() {
            return None;
        }
        let (name, kind) = inside.split_once(':').map_or((inside, None), |(name, kind)| (name, Some(kind)));
        Some(Self { inside, name, kind })
    }

    fn names_a_group(&self) -> bool {
        !self.name.is_empty() && !self.name.contains(char::is_whitespace)
    }

    /// Whether a file with it is Ansible's: a list of ours may hold `[01-04]`, our TOML `[groups.web]`.
    fn is_ansibles(&self) -> bool {
        match self.kind {
            Some(kind) => matches!(kind, "vars" | "children" | "hosts"),
            None => {
                let has_name = self.names_a_group() && self.name.contains(char::is_alphabetic);
                has_name && !self.name.contains(['.', ',', '"', '\'', '['])
            }
        }
    }
}

/// What the lines of a section are.
#[derive(Clone, Copy)]
enum Section {
    Hosts(usize),
    Children(usize),
    Vars(usize),
    /// It has a kind that there is not; its lines are left.
    Unknown,
}

/// Reads an INI inventory: every mistake is noted, and reading goes on.
pub(in crate::inventory) fn read_ini(
    text: &str,
    context: &Arc<FileContext>,
    inventory: &mut AnsibleInventory,
) -> Vec<Problem> {
    let start = Section::Hosts(inventory.group(UNGROUPED));
    let mut reader = Reader { context, inventory, problems: Vec::new(), section: start, of_vars: Vec::new() };
    for (line, text) in (1_u32..).zip(text.lines()) {
        let text = text.trim_end();
        if !is_comment(text.trim_start()) {
            reader.line(text, Place { line, column: 1 });
        }
    }
    reader.end()
}

struct Reader<'a> {
    context: &'a Arc<FileContext>,
    inventory: &'a mut AnsibleInventory,
    problems: Vec<Problem>,
    section: Section,
    /// The groups that have a section of variables, with its place: each must be defined somewhere.
    of_vars: Vec<(usize, Place)>,
}

impl Reader<'_> {
    fn problem(&mut self, at: Place, what: impl Into<String>) {
        self.problems.push(Problem::at(&self.context.file, at, "", what));
    }

    fn line(&mut self, text: &str, at: Place) {
        let trimmed = text.trim_start();
        if let Some(header) = Header::of(trimmed) {
            return self.header(&header, at);
        }
        match self.section {
            Section::Hosts(group) => self.host(text, group, at),
            Section::Children(group) => self.child(trimmed, group, at),
            Section::Vars(group) => self.var(trimmed, group, at),
            Section::Unknown => {}
        }
    }

    fn header(&mut self, header: &Header, at: Place) {
        let name = header.name;
        if !header.names_a_group() {
            self.section = Section::Unknown;
            return self.problem(at, format!("'[{}]' does not name a group", header.inside));
        }
        self.section = match header.kind.unwrap_or("hosts") {
            "hosts" => Section::Hosts(self.inventory.defined_group(name)),
            "children" => Section::Children(self.inventory.defined_group(name)),
            "vars" => {
                let group = self.inventory.group(name);
                self.of_vars.push((group, at));
                Section::Vars(group)
            }
            kind => {
                let hint = "sections are [group], [group:children] and [group:vars]";
                let what = format!("'{kind}' is not a kind of section");
                self.problems.push(Problem::at(&self.context.file, at, "", what).with_hint(hint));
                Section::Unknown
            }
        };
    }

    fn host(&mut self, text: &str, group: usize, at: Place) {
        if self.inventory.too_many.is_some() {
            return;
        }
        let words = match words(text) {
            Ok(words) => words,
            Err(what) => return self.problem(at, what),
        };
        let Some((column, pattern)) = words.first() else { return };
        let (names, port) = match hosts(pattern) {
            Ok(found) => found,
            Err(what) => return self.problem(Place { column: *column as u32, ..at }, what),
        };
        let mut entries = Vec::new();
        if let Some(port) = port {
            entries.push(Entry {
                at,
                key: "ansible_port".to_owned(),
                node: Node { at, ..literal(at, &port.to_string()) },
            });
        }
        for (column, word) in words.iter().skip(1) {
            let at = Place { column: *column as u32, ..at };
            match word.split_once('=') {
                Some((key, value)) if !key.is_empty() => {
                    entries.push(Entry { at, key: key.to_owned(), node: literal(at, value) });
                }
                _ => {
                    let what = format!("'{word}': a host is followed by NAME=VALUE");
                    let hint = "one host stands on each line; put a value with blanks in quotes";
                    self.problems.push(Problem::at(&self.context.file, at, "", what).with_hint(hint));
                }
            }
        }
        for name in names {
            let Some(host) = self.inventory.host(&name, at, self.context) else { return };
            self.inventory.join(host, group);
            for entry in &entries {
                self.inventory.set_host(host, entry.clone(), self.context);
            }
        }
    }

    fn child(&mut self, text: &str, group: usize, at: Place) {
        let name = text.split('#').next().unwrap_or_default().trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return self.problem(at, format!("'{text}' does not name a group"));
        }
        let child = self.inventory.group(name);
        self.inventory.adopt(group, child, at, self.context);
    }

    fn var(&mut self, text: &str, group: usize, at: Place) {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                let node = literal_of_line(at, value.trim());
                self.inventory.set_group(group, Entry { at, key: key.trim().to_owned(), node }, self.context);
            }
            _ => self.problem(at, format!("'{text}': a section of variables has lines NAME=VALUE")),
        }
    }

    fn end(mut self) -> Vec<Problem> {
        for (group, at) in std::mem::take(&mut self.of_vars) {
            let group = &self.inventory.groups[group];
            if !group.defined && &*group.name != ALL {
                let what = format!("variables of the group '{}', which no section names", group.name);
                self.problem(at, what);
            }
        }
        self.problems
    }
}

#[cfg(test)]
mod tests {
    use super::is_ini;

    #[test]
    fn told_from_toml_and_lists() {
        for text in [
            "[web]\nweb01\n",
            "[web] ; ours\nweb01\n",
            "; hosts\n[web:vars]\na=b\n",
            "web01 ansible_host=10.0.0.1\n",
            "mail\n\n[web]\nweb01\n",
            "[all:children]\nweb\n",
            "[hosts]\nweb01\n",
            "[hosts]\nweb01 ansible_port=5986\n",
            "[groups]\n10.0.0.1\n",
        ] {
            assert!(is_ini(text), "{text}");
        }
        for text in [
            "web01\nweb[01-04]\n",
            "[fe80::1]\n",
            "[01-04]\n",
            "[hosts]\nweb01 = { port = 1 }\n",
            "[defaults]\nport = 5986\n",
            "[groups.web]\nhosts = [\n\"a\"]\n",
            "[hosts.web01]\nport = 1\n",
            "Name;Site\nweb01;ber\n",
            "ssh://me@web01:22\n",
            "",
        ] {
            assert!(!is_ini(text), "{text}");
        }
    }
}
