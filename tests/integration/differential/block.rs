//! The script blocks, as data.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value as Json;

/// The files, each a theme.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/differential/blocks");

/// A script block and what comes with it.
#[derive(Debug, Serialize)]
pub(super) struct Block {
    /// What no other block covers.
    pub covers: String,
    /// The script's text.
    pub script: String,
    /// Positional arguments; null for none.
    pub arguments: Json,
    /// Values for its `$using:` expressions, by name.
    pub using: Json,
    /// Objects that are piped into it; null for none.
    pub input: Json,
    /// Whether it asks its host, which has no user: what the refusals say is the client's own.
    pub asks: bool,
    /// Whether it needs a session of its own.
    pub new_session: bool,
}

/// Every block, in the order of the files' names.
pub(super) fn all() -> Vec<Block> {
    let files = std::fs::read_dir(FOLDER).expect("the blocks are committed");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let text = |file: &PathBuf| std::fs::read_to_string(file).expect("blocks are UTF-8");
    files.iter().flat_map(|file| read(&file.display().to_string(), &text(file))).collect()
}

/// Reads a file: each block begins with `### what it covers`, then come `#name: JSON` lines if it has any.
fn read(file: &str, text: &str) -> Vec<Block> {
    let paragraphs = text.split("\n### ").skip(1);
    paragraphs
        .map(|paragraph| block(paragraph).unwrap_or_else(|problem| panic!("{file}: {paragraph}: {problem}")))
        .collect()
}

fn block(paragraph: &str) -> Result<Block, String> {
    let (covers, mut script) = paragraph.split_once('\n').ok_or("no script")?;
    let mut block = Block {
        covers: covers.trim().to_owned(),
        script: String::new(),
        arguments: Json::Null,
        using: Json::Object(serde_json::Map::new()),
        input: Json::Null,
        asks: false,
        new_session: false,
    };
    while let Some((line, rest)) = script.strip_prefix('#').and_then(|text| text.split_once('\n')) {
        let Some((name, json)) = line.split_once(": ") else { break };
        let json: Json = serde_json::from_str(json).map_err(|error| format!("{name}: {error}"))?;
        match name {
            "arguments" => block.arguments = json,
            "using" => block.using = json,
            "input" => block.input = json,
            "asks" => block.asks = json == Json::Bool(true),
            "new-session" => block.new_session = json == Json::Bool(true),
            _ => return Err(format!("no such line: {name}")),
        }
        script = rest;
    }
    block.script = script.trim_matches('\n').to_owned();
    if block.script.is_empty() { Err("no script".to_owned()) } else { Ok(block) }
}

/// A script with its literals and blanks taken out: strings become `''`, numbers `0`.
pub(super) fn skeleton(script: &str) -> String {
    let mut skeleton = String::new();
    let mut chars = script.chars().peekable();
    let mut in_number = false;
    while let Some(c) = chars.next() {
        let continues_word = skeleton.ends_with(|last: char| last.is_alphabetic() || last == '_' || last == '$');
        match c {
            '\'' => {
                while chars.next().is_some_and(|inner| inner != '\'') {}
                skeleton.push_str("''");
            }
            c if c.is_ascii_digit() && !continues_word => {
                if !in_number {
                    skeleton.push('0');
                }
                in_number = true;
                continue;
            }
            '.' if in_number && chars.peek().is_some_and(char::is_ascii_digit) => continue,
            c if c.is_whitespace() => {}
            c => skeleton.extend(c.to_lowercase()),
        }
        in_number = false;
    }
    skeleton
}
