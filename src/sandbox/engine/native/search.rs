//! findstr, and find with a string in quotes: lines of their input or of files.

use super::super::eval::{Evaluator, Run};
use super::super::pattern::Regex;
use super::super::provider;
use super::super::text_file::{Encoding, lines};
use super::{Said, refuse, switch};

/// What was asked for.
#[derive(Default)]
struct Asked {
    strings: Vec<String>,
    files: Vec<String>,
    any_case: bool,
    /// Lines that don't fit.
    inverse: bool,
    is_literal: bool,
    is_regex: bool,
    at_start: bool,
    at_end: bool,
    whole: bool,
    numbers: bool,
    names_only: bool,
    counts: bool,
}

pub(super) fn findstr(evaluator: &mut Evaluator<'_>, args: &[String], input: &[String]) -> Run<Said> {
    let mut asked = Asked::default();
    for arg in args {
        let Some(given) = switch(arg) else {
            match asked.strings.is_empty() {
                // Words of a string without /c: are looked for one by one.
                true => asked.strings.extend(arg.split_whitespace().map(str::to_owned)),
                false => asked.files.push(arg.clone()),
            }
            continue;
        };
        if given.starts_with("c:") {
            asked.strings.push(arg[3..].trim_matches('"').to_owned());
            continue;
        }
        // Letters may stand together, as in /inv.
        for letter in given.chars().filter(|letter| *letter != '/') {
            match letter {
                'i' => asked.any_case = true,
                'v' => asked.inverse = true,
                'l' => asked.is_literal = true,
                'r' => asked.is_regex = true,
                'b' => asked.at_start = true,
                'e' => asked.at_end = true,
                'x' => asked.whole = true,
                'n' => asked.numbers = true,
                'm' => asked.names_only = true,
                'p' => {}
                _ => return refuse("findstr", args),
            }
        }
    }
    if asked.strings.is_empty() {
        return Ok(Said::error("FINDSTR: Bad command line", 2));
    }
    search(evaluator, "findstr", args, &asked, input)
}

pub(super) fn find(evaluator: &mut Evaluator<'_>, args: &[String], input: &[String]) -> Run<Said> {
    let mut asked = Asked { is_literal: true, ..Asked::default() };
    for arg in args {
        match switch(arg).as_deref() {
            None if asked.strings.is_empty() => asked.strings.push(arg.trim_matches('"').to_owned()),
            None => asked.files.push(arg.clone()),
            Some("i") => asked.any_case = true,
            Some("v") => asked.inverse = true,
            Some("c") => asked.counts = true,
            Some("n") => asked.numbers = true,
            Some(_) => return refuse("find", args),
        }
    }
    // Of files it writes headings of its own.
    if asked.strings.is_empty() || !asked.files.is_empty() {
        return refuse("find", args);
    }
    search(evaluator, "find", args, &asked, input)
}

fn search(evaluator: &mut Evaluator<'_>, program: &str, args: &[String], asked: &Asked, input: &[String]) -> Run<Said> {
    let mut patterns = Vec::new();
    for wanted in &asked.strings {
        patterns.push(evaluator.patterns.regex(&expression(wanted, asked), !asked.any_case)?);
    }
    let mut found = Vec::new();
    if asked.files.is_empty() {
        evaluator.step(input.len() as u64)?;
        hits(asked, &patterns, input.iter().map(String::as_str), "", &mut found);
    }
    let shows_names = asked.files.len() > 1 || asked.files.iter().any(|file| file.contains(['*', '?']));
    for file in &asked.files {
        let path = provider::resolve(evaluator, file)?;
        let mut is_there = false;
        for item in provider::find_all(evaluator, &path, false)? {
            let bytes =
                evaluator.machine.files().find(&item.path).filter(|file| !file.is_folder()).map(|file| file.bytes());
            let Some(bytes) = bytes else { continue };
            is_there = true;
            let Ok(bytes) = bytes else { return refuse(program, args) };
            evaluator.step(bytes.len() as u64 / 64 + 10)?;
            let name = item.path.rsplit('\\').next().unwrap_or(&item.path);
            let shown = if shows_names { format!("{name}:") } else { String::new() };
            let before = found.len();
            hits(asked, &patterns, lines(&Encoding::Utf8.decode(&bytes)), &shown, &mut found);
            if asked.names_only && found.len() > before {
                found.truncate(before);
                found.push(name.to_owned());
            }
        }
        if !is_there {
            return Ok(Said::error(&format!("FINDSTR: Cannot open {file}"), 1));
        }
    }
    let code = i32::from(found.is_empty());
    if asked.counts {
        found = vec![found.len().to_string()];
    }
    Ok(Said::lines(found).failed(code))
}

fn hits<'a>(
    asked: &Asked,
    patterns: &[Regex],
    lines: impl Iterator<Item = &'a str>,
    name: &str,
    found: &mut Vec<String>,
) {
    for (place, line) in lines.enumerate() {
        if patterns.iter().any(|pattern| pattern.is_match(line).unwrap_or(false)) != asked.inverse {
            found.push(match asked.numbers {
                true => format!("{name}{}:{line}", place + 1),
                false => format!("{name}{line}"),
            });
        }
    }
}

/// What findstr's own expressions mean: `.`, `*`, `^`, `$`, `[class]`, `\<`, `\>`; a backslash takes a sign as it is.
fn expression(wanted: &str, asked: &Asked) -> String {
    const SIGNS: [char; 6] = ['.', '*', '^', '$', '[', ']'];
    let is_regex = asked.is_regex || !asked.is_literal && wanted.contains(SIGNS);
    let body = if is_regex { translated(wanted) } else { regex::escape(wanted) };
    let start = if asked.at_start || asked.whole { "^" } else { "" };
    let end = if asked.at_end || asked.whole { "$" } else { "" };
    format!("{start}(?:{body}){end}")
}

fn translated(wanted: &str) -> String {
    let mut out = String::new();
    let mut chars = wanted.chars();
    while let Some(next) = chars.next() {
        match next {
            '\\' => match chars.next() {
                Some('<' | '>') => out += "\\b",
                Some(other) => out += &regex::escape(other.encode_utf8(&mut [0; 4])),
                None => out += "\\\\",
            },
            '*' if out.is_empty() => out += "\\*",
            '[' if chars.as_str().contains(']') => {
                out.push('[');
                for inner in chars.by_ref().take_while(|inner| *inner != ']') {
                    if matches!(inner, '\\' | '[' | '&' | '~') {
                        out.push('\\');
                    }
                    out.push(inner);
                }
                out.push(']');
            }
            '.' | '*' | '^' | '$' => out.push(next),
            other => out += &regex::escape(other.encode_utf8(&mut [0; 4])),
        }
    }
    out
}
