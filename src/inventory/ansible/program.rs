//! Programs that write an inventory: asked with `--list` for all of it, and with `--host NAME` where that leaves the
//! variables of the hosts out.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Node, Place, Problem, System, Value};

use super::super::context::FileContext;
use super::super::json::parse_json;
use super::super::text::decode;
use super::model::AnsibleInventory;
use super::tree::{META, read_tree};

/// So many hosts are asked for one by one, and not more: each is a program to start.
const MOST_HOSTS: usize = 200;

/// Whether a file is a program: a script by its first two signs, or something that no text holds.
pub(in crate::inventory) fn is_script(bytes: &[u8]) -> bool {
    bytes.starts_with(b"#!") || bytes.starts_with(b"\x7fELF") || bytes.starts_with(b"MZ\x90\x00")
}

/// Reads what a program writes.
pub(in crate::inventory) fn read_program(
    path: &Path,
    context: &FileContext,
    inventory: &mut AnsibleInventory,
    around: &mut dyn System,
) -> Vec<Problem> {
    let listing = match ask(path, &["--list"], context, around) {
        Ok(listing) => listing,
        Err(problem) => return vec![problem],
    };
    let told = told_by(path, "--list", context);
    let mut problems = read_tree(&listing, &told, inventory);
    let has_meta = matches!(&listing.value, Value::Table(entries) if entries.iter().any(|entry| entry.key == META));
    let is_told = |host: &usize| inventory.hosts[*host].contexts.iter().any(|known| known.source == context.source);
    let hosts: Vec<usize> = (0..inventory.hosts.len()).filter(|host| !has_meta && is_told(host)).collect();
    if hosts.len() > MOST_HOSTS {
        let what = format!(
            "its answer to --list has {} hosts and no {META}, and asking for each of so many takes too long",
            hosts.len()
        );
        let hint = format!("let it answer with the variables of all hosts below {META} > hostvars");
        problems.push(Problem::at(path, Place::NONE, "", what).with_hint(hint));
        return problems;
    }
    for host in hosts {
        let name = Arc::clone(&inventory.hosts[host].name);
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        match ask(path, &["--host", bare], context, around) {
            Ok(Node { value: Value::Table(entries), .. }) => {
                let told = told_by(path, &format!("--host {bare}"), context);
                entries.into_iter().for_each(|entry| inventory.set_host(host, entry, &told));
            }
            Ok(Node { value: Value::Null, .. }) => {}
            Ok(node) => {
                let what = format!("its answer to --host {bare} is {}, not a table of variables", node.kind());
                problems.push(Problem::at(path, Place::NONE, "", what));
            }
            // Whatever keeps it from answering keeps it from answering for the others too.
            Err(problem) => {
                problems.push(problem);
                break;
            }
        }
    }
    problems
}

/// What was written is read from no file, so nobody else can read its passwords.
fn told_by(path: &Path, arguments: &str, context: &FileContext) -> Arc<FileContext> {
    let file = format!("{} {arguments}", path.display());
    Arc::new(FileContext { file: Arc::from(Path::new(&file)), private: true, ..context.clone() })
}

fn ask(path: &Path, arguments: &[&str], context: &FileContext, around: &mut dyn System) -> Result<Node, Problem> {
    let failed = |what: String| Problem::at(&context.file, Place::NONE, arguments.join(" "), what);
    let bytes = around.output_of(path, arguments).map_err(failed)?;
    let text = decode(&bytes).map_err(|what| failed(format!("what it writes is {what}")))?;
    if text.trim().is_empty() {
        return Err(failed("writes nothing".to_owned()).with_hint("an inventory program answers --list with JSON"));
    }
    parse_json(&text).map_err(|(at, what)| {
        let what = format!("what it writes is not JSON: line {}, column {}: {what}", at.line, at.column);
        failed(what).with_hint("an inventory program answers --list with JSON")
    })
}
