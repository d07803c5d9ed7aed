//! OpenSSH's client configuration as an inventory: its aliases are the hosts.
//!
//! What holds for an alias is asked of `ssh -G`, which knows every rule. Without `ssh` a small reader takes `Host` blocks
//! and refuses `Match` and `Include`, because half-understood rules would connect to the wrong place.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Connection, Given, Node, Place, Problem, Source, Surroundings, Transport};

use super::model::{Inventory, Layer};
use super::pattern::matches;
use super::row::HostRow;
use super::tree::{FileContext, Owner};

/// Reads the aliases without wildcards, each with its settings.
pub fn read_ssh_config(
    text: &str,
    context: &FileContext,
    inventory: &mut Inventory,
    around: &mut dyn Surroundings,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let lines = lines(text);
    let defaults = around.ssh_settings(Path::new("none"), "localhost").ok().flatten();
    if defaults.is_none() {
        problems.extend(lines.iter().filter(|line| matches!(line.key.as_str(), "match" | "include")).map(|line| {
            let what = format!("{} is not understood without the program ssh", line.key);
            Problem::at(&context.file, line.at(), "", what).with_hint("install ssh, or write these hosts as TOML")
        }));
        if !problems.is_empty() {
            return problems;
        }
    }
    for (alias, at) in aliases(&lines) {
        let settings = match &defaults {
            Some(defaults) => match around.ssh_settings(&context.file, alias) {
                Ok(answer) => beyond(defaults, &answer.unwrap_or_default()),
                Err(error) => {
                    problems.push(Problem::at(&context.file, at, alias, error.to_string()));
                    continue;
                }
            },
            None => first_of_each(&lines, alias),
        };
        let row = row(alias, at, &settings, context, &mut problems);
        row.add(context, inventory, &mut problems);
    }
    problems
}

/// A line of the file: keyword in lower case, arguments as they stand.
struct Line {
    number: u32,
    key: String,
    value: String,
}

impl Line {
    /// The patterns of a `Host` line, each perhaps in quotes.
    fn patterns(&self) -> impl Iterator<Item = &str> {
        self.value.split_whitespace().map(|pattern| pattern.trim_matches('"'))
    }

    fn at(&self) -> Place {
        Place { line: self.number, column: 1 }
    }
}

fn lines(text: &str) -> Vec<Line> {
    let line = |(number, line): (u32, &str)| {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (key, value) = line.split_once(|c: char| c.is_whitespace() || c == '=').unwrap_or((line, ""));
        let value = value.trim_start_matches(|c: char| c.is_whitespace() || c == '=').trim();
        let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|rest| !rest.contains('"'));
        Some(Line { number, key: key.to_lowercase(), value: inside.unwrap_or(value).to_owned() })
    };
    (1_u32..).zip(text.lines()).filter_map(line).collect()
}

/// The aliases of all `Host` lines that name one host each.
fn aliases(lines: &[Line]) -> Vec<(&str, Place)> {
    let mut found: Vec<(&str, Place)> = Vec::new();
    for line in lines.iter().filter(|line| line.key == "host") {
        for alias in line.patterns() {
            if !alias.contains(['*', '?', '!']) && !found.iter().any(|(known, _)| *known == alias) {
                found.push((alias, line.at()));
            }
        }
    }
    found
}

/// What `ssh -G` says for a host that it would not say without the file.
fn beyond(defaults: &str, answer: &str) -> Vec<(String, String)> {
    let defaults: Vec<&str> = defaults.lines().collect();
    let set = answer.lines().filter(|line| !defaults.contains(line));
    set.filter_map(|line| line.split_once(' ')).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The settings of the `Host` blocks that match an alias; of each the first wins, and `IdentityFile` adds up.
fn first_of_each(lines: &[Line], alias: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut applies = true;
    for line in lines {
        if line.key == "host" {
            let refused =
                line.patterns().filter_map(|pattern| pattern.strip_prefix('!')).any(|not| matches(not, alias));
            applies = !refused && line.patterns().any(|pattern| matches(pattern, alias));
        } else if applies && (line.key == "identityfile" || !found.iter().any(|(key, _)| *key == line.key)) {
            found.push((line.key.clone(), line.value.clone()));
        }
    }
    found
}

fn row<'a>(
    alias: &'a str,
    at: Place,
    settings: &[(String, String)],
    context: &FileContext,
    problems: &mut Vec<Problem>,
) -> HostRow<'a> {
    let source = Owner::Host.source(context, at.line, &Arc::from(alias));
    let mut connection =
        Connection { transport: Some(Given::new(Transport::Ssh, source.clone())), ..Default::default() };
    for (key, value) in settings {
        let value = value.replace("%h", alias);
        if let Err(what) = setting(&mut connection, key, &value, &source) {
            problems.push(Problem::at(&context.file, at, format!("{alias} > {key}"), what));
        }
    }
    HostRow { name: alias, at, path: String::new(), layer: Layer { connection, ..Layer::default() } }
}

fn setting(connection: &mut Connection, key: &str, value: &str, source: &Source) -> Result<(), String> {
    let mut set = |name: &str, value: &str| connection.set(name, &Node::text(value), source).unwrap_or(Ok(()));
    match key {
        "hostname" => set("address", value),
        "port" => set("port", value),
        "user" => set("user", value),
        "proxyjump" if value != "none" => set("jump", value),
        "identityfile" if value != "none" => {
            let path = value.into();
            match &mut connection.identity {
                Some(known) => known.value.push(path),
                none => *none = Some(Given::new(vec![path], source.clone())),
            }
            Ok(())
        }
        "userknownhostsfile" => {
            let paths = value.split_whitespace().map(Into::into).collect();
            connection.known_hosts = Some(Given::new(paths, source.clone()));
            Ok(())
        }
        // "no" and "off" would accept changed keys as well; the nearest thing we do is to accept new ones.
        "stricthostkeychecking" => match value {
            "accept-new" | "no" | "off" | "false" => set("host_keys", "accept-new"),
            _ => set("host_keys", "strict"),
        },
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{aliases, beyond, first_of_each, lines};

    const FILE: &str = "# c\nUser = ops\nHost web01 db !db02\n  HostName 10.0.0.1\n  Port 2222\n  IdentityFile ~/.ssh/a\n\
                        Host web* \"x\"\n  Port 22\n  IdentityFile ~/.ssh/b\n";

    #[test]
    fn first_value_wins() {
        let lines = lines(FILE);
        let names: Vec<_> = aliases(&lines).into_iter().map(|(name, at)| format!("{name}:{}", at.line)).collect();
        assert_eq!(names, ["web01:3", "db:3", "x:7"]);
        let found: Vec<_> =
            first_of_each(&lines, "web01").into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            found,
            ["user=ops", "hostname=10.0.0.1", "port=2222", "identityfile=~/.ssh/a", "identityfile=~/.ssh/b"]
        );
    }

    #[test]
    fn only_what_the_file_adds() {
        let found = beyond("port 22\nuser me\n", "port 2222\nuser me\nhostname h\n");
        assert_eq!(found, [("port".to_owned(), "2222".to_owned()), ("hostname".to_owned(), "h".to_owned())]);
    }
}
