//! The golden cases.

use std::path::PathBuf;

use serde_json::Value as Json;

/// A value as PowerShell wrote it and as PowerShell reads it.
pub(crate) struct Case {
    pub name: String,
    /// The depth that it was serialized to.
    pub depth: u32,
    /// The text of `PSSerializer.Serialize`: an `Objs` element with indentation.
    pub clixml: String,
    /// The tree of `Meaning.ps1`, in the form of [`normal`].
    pub meaning: Json,
}

/// The folder with `golden.jsonl` and `Meaning.ps1`.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("PSFLEET_TEST_GOLDEN").map(PathBuf::from);
    if folder.is_none() {
        crate::support::skip("no golden objects; set PSFLEET_TEST_GOLDEN to the folder of golden.jsonl");
    }
    folder
}

/// All cases that PowerShell can serialize.
pub(crate) fn cases() -> Option<Vec<Case>> {
    let path = folder()?.join("golden.jsonl");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cases: Vec<_> = text.lines().filter_map(case).collect();
    assert!(cases.len() >= 200, "only {} cases in {}", cases.len(), path.display());
    Some(cases)
}

fn case(line: &str) -> Option<Case> {
    let line: Json = serde_json::from_str(&mark_surrogates(line)).expect("a case is JSON");
    let text = |name: &str| line.get(name).and_then(Json::as_str).map(str::to_owned);
    let clixml = text("clixml")?;
    let depth = line.get("depth").and_then(Json::as_u64).and_then(|depth| depth.try_into().ok())?;
    Some(Case { name: text("name")?, depth, clixml: unmark(&clixml), meaning: normal(line.get("meaning")?.clone()) })
}

/// The wire form of a text: no root, no indentation.
pub(crate) fn flat(xml: &str) -> String {
    let lines: String = xml.lines().map(|line| line.trim_start_matches(' ')).collect();
    let inner = lines.split_once('>').map_or("", |(_, inner)| inner);
    inner.trim_end_matches("</Objs>").to_owned()
}

/// JSON with each surrogate escape, paired or lone, as a character of its own (U+F0000 + n), which strict readers take.
pub(crate) fn mark_surrogates(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let unit =
            escape.get(2..6).filter(|_| escape.starts_with("\\u")).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let length = match unit {
            Some(unit @ 0xD800..=0xDFFF) => {
                out.push(mark(unit));
                6
            }
            _ => {
                out.push_str(&escape[..2]);
                2
            }
        };
        rest = &escape[length..];
    }
    out + rest
}

/// The mark of a surrogate.
pub(crate) fn mark(unit: u32) -> char {
    char::from_u32(0xF_0000 + unit - 0xD800).expect("plane 15")
}

/// Pairs of marks as the characters they are; for texts without lone surrogates.
fn unmark(text: &str) -> String {
    let units = text.chars().flat_map(|c| match u32::from(c) {
        code @ 0xF_0000..=0xF_07FF => vec![(code - 0xF_0000 + 0xD800) as u16],
        _ => c.encode_utf16(&mut [0; 2]).to_vec(),
    });
    String::from_utf16(&units.collect::<Vec<_>>()).expect("CLIXML is Unicode")
}

/// A meaning that can be compared: entries of dictionaries are a set, because .NET randomizes the order of hashes.
pub(crate) fn normal(mut meaning: Json) -> Json {
    match &mut meaning {
        Json::Array(items) => items.iter_mut().for_each(|item| *item = normal(item.take())),
        Json::Object(members) => {
            members.values_mut().for_each(|member| *member = normal(member.take()));
            if let Some(Json::Array(entries)) = members.get_mut("entries") {
                entries.sort_by_key(ToString::to_string);
            }
            // What a live object says of itself is .NET's affair.
            if members.get("kind").is_some_and(|kind| kind == "live") {
                members.shift_remove("text");
            }
            members.sort_keys();
        }
        _ => {}
    }
    meaning
}
