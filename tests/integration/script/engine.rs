//! What PowerShell's own parser says of scripts.

use std::path::Path;
use std::process::Command;

use crate::support::folder::Folder;

/// What the parser says of one script.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// How many errors it has; nothing else is known if it has any.
    pub errors: usize,
    /// Its using expressions in order.
    pub usings: Vec<Found>,
    /// The parameters of its `param()` block.
    pub parameters: Vec<Declared>,
    /// Its comment-based help.
    pub help: Option<Helped>,
}

/// A parameter.
#[derive(Debug, PartialEq)]
pub(super) struct Declared {
    pub name: String,
    pub default: Option<String>,
    pub mandatory: bool,
    pub position: String,
    pub switch: bool,
    pub type_name: String,
    pub aliases: Vec<String>,
    pub set: Vec<String>,
}

/// Comment-based help.
#[derive(Debug, PartialEq)]
pub(super) struct Helped {
    pub synopsis: String,
    pub description: String,
    /// Names in lower case with their texts.
    pub parameters: Vec<(String, String)>,
    pub examples: usize,
}

/// A using expression.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub text: String,
    pub line: u32,
    pub column: u32,
    pub nested: bool,
}

/// Asks one PowerShell process about all scripts.
pub(super) fn facts(pwsh: &Path, texts: &[String]) -> Vec<Facts> {
    let folder = Folder::new("script");
    let (sources, out) = (folder.path().join("sources"), folder.path().join("facts"));
    let lines: Vec<String> = texts.iter().map(|text| base64_simd::STANDARD.encode_to_string(text)).collect();
    std::fs::write(&sources, lines.join("\n")).expect("sources");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/script/facts.ps1");
    let output = Command::new(pwsh)
        .args(["-NoLogo", "-NoProfile", "-File", script, "-Sources"])
        .arg(&sources)
        .arg("-Out")
        .arg(&out)
        .output()
        .expect("PowerShell starts");
    let answer =
        std::fs::read_to_string(&out).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let facts = parse(&answer, texts);
    assert_eq!(facts.len(), texts.len(), "{}", String::from_utf8_lossy(&output.stderr));
    facts
}

fn parse(answer: &str, texts: &[String]) -> Vec<Facts> {
    let mut all: Vec<Facts> = Vec::new();
    let mut units: Vec<u16> = Vec::new();
    for line in answer.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        match fields[0] {
            "S" => {
                units = texts[all.len()].encode_utf16().collect();
                all.push(Facts { errors: number(fields[2]), ..Facts::default() });
            }
            "U" => {
                let text = String::from_utf16_lossy(&units[number(fields[1])..number(fields[2])]);
                let (line, column) = (number(fields[3]) as u32, number(fields[4]) as u32);
                let found = Found { text, line, column, nested: fields[5] == "True" };
                all.last_mut().expect("a script").usings.push(found);
            }
            "P" => {
                let default =
                    (fields[2] != "-1").then(|| String::from_utf16_lossy(&units[number(fields[2])..number(fields[3])]));
                let declared = Declared {
                    name: decode(fields[1]),
                    default,
                    mandatory: decode(fields[4]) == "True",
                    position: decode(fields[5]),
                    switch: fields[6] == "True",
                    type_name: decode(fields[7]),
                    aliases: list(&decode(fields[8])),
                    set: list(&decode(fields[9])),
                };
                all.last_mut().expect("a script").parameters.push(declared);
            }
            "H" => {
                let pair = |entry: &str| {
                    let (name, text) = entry.split_once(':').expect("a pair");
                    (decode(name).to_lowercase(), decode(text))
                };
                let mut parameters: Vec<_> = fields[3]
                    .strip_prefix('=')
                    .map(|_| decode(fields[3]))
                    .into_iter()
                    .collect::<String>()
                    .split(',')
                    .filter(|entry| !entry.is_empty())
                    .map(pair)
                    .collect();
                parameters.sort();
                let helped = Helped {
                    synopsis: decode(fields[1]),
                    description: decode(fields[2]),
                    parameters,
                    examples: number(fields[4]),
                };
                all.last_mut().expect("a script").help = Some(helped);
            }
            _ => {}
        }
    }
    for facts in &mut all {
        facts.usings.sort_by_key(|found| (found.line, found.column));
    }
    all
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

fn decode(text: &str) -> String {
    let base64 = text.strip_prefix('=').expect("a text");
    String::from_utf8(base64_simd::STANDARD.decode_to_vec(base64).expect("base64")).expect("UTF-8")
}

fn list(text: &str) -> Vec<String> {
    text.split(',').filter(|item| !item.is_empty()).map(decode).collect()
}
