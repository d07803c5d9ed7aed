//! Comment-based help (`about_Comment_Based_Help`).

use std::collections::BTreeMap;

use super::Source;
use super::lexer::TokenKind;

/// The help that a script brings in its comments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Help {
    /// `.SYNOPSIS`
    pub synopsis: String,
    /// `.DESCRIPTION`
    pub description: String,
    /// `.PARAMETER`, by the parameter's name in lower case.
    pub parameters: BTreeMap<String, String>,
    /// Each `.EXAMPLE`.
    pub examples: Vec<String>,
}

impl Help {
    /// The first comment with help in a script's comments outside code; `None` if there is none.
    pub fn read(source: &Source) -> Option<Self> {
        comments(source).iter().find_map(|comment| parse(comment))
    }
}

/// Comments at the beginning and at the end of a script: each block, and each run of lines, as one text.
fn comments(source: &Source) -> Vec<String> {
    let tokens = &source.scan().tokens;
    let is_outside = |kind: TokenKind| matches!(kind, TokenKind::Comment | TokenKind::End);
    let first = tokens.iter().take_while(|token| is_outside(token.kind));
    let after_code = tokens.iter().rposition(|token| !is_outside(token.kind)).map_or(tokens.len(), |last| last + 1);
    let mut texts: Vec<String> = Vec::new();
    let mut last_line: Option<usize> = None;
    for token in first.chain(tokens.iter().skip(after_code)).filter(|token| token.kind == TokenKind::Comment) {
        let text = source.slice(token.start, token.end);
        if let Some(block) = text.strip_prefix("<#") {
            texts.push(block.strip_suffix("#>").unwrap_or(block).to_owned());
            last_line = None;
            continue;
        }
        let line = text.trim_start_matches('#');
        let is_next = last_line.is_some_and(|end| source.slice(end, token.start).matches('\n').count() == 1);
        match texts.last_mut() {
            Some(run) if is_next => {
                run.push('\n');
                run.push_str(line);
            }
            _ => texts.push(line.to_owned()),
        }
        last_line = Some(token.end);
    }
    texts
}

fn parse(comment: &str) -> Option<Help> {
    let mut help = Help::default();
    let mut found = false;
    let mut section: Option<(String, String)> = None;
    let mut lines: Vec<&str> = Vec::new();
    for line in comment.lines() {
        match directive(line) {
            Some(next) => {
                help.add(section.take(), &lines);
                section = Some(next);
                lines.clear();
                found = true;
            }
            None => lines.push(line),
        }
    }
    help.add(section, &lines);
    found.then_some(help)
}

/// The keywords that begin a section.
const DIRECTIVES: [&str; 14] = [
    "SYNOPSIS",
    "DESCRIPTION",
    "PARAMETER",
    "EXAMPLE",
    "INPUTS",
    "OUTPUTS",
    "NOTES",
    "LINK",
    "COMPONENT",
    "ROLE",
    "FUNCTIONALITY",
    "FORWARDHELPTARGETNAME",
    "FORWARDHELPCATEGORY",
    "EXTERNALHELP",
];

/// The keyword of a line such as `.PARAMETER Name`, and what stands behind it.
fn directive(line: &str) -> Option<(String, String)> {
    let rest = line.trim().strip_prefix('.')?;
    let (word, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let word = word.to_ascii_uppercase();
    DIRECTIVES.contains(&&*word).then(|| (word, argument.trim().to_owned()))
}

impl Help {
    fn add(&mut self, section: Option<(String, String)>, lines: &[&str]) {
        let Some((word, argument)) = section else { return };
        let text = dedented(lines);
        match &*word {
            "SYNOPSIS" => self.synopsis = text,
            "DESCRIPTION" => self.description = text,
            "PARAMETER" => {
                self.parameters.insert(argument.to_lowercase(), text);
            }
            "EXAMPLE" => self.examples.push(text),
            _ => {}
        }
    }
}

/// Lines without the blanks that all of them begin with, and without empty lines around them.
fn dedented(lines: &[&str]) -> String {
    let indent = |line: &&str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let common = lines.iter().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let cut: Vec<&str> = lines.iter().map(|line| line.get(common..).unwrap_or_default().trim_end()).collect();
    cut.join("\n").trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Help, Source};

    fn read(text: &str) -> Option<Help> {
        Help::read(&Source::new(text).expect("scans"))
    }

    #[test]
    fn blocks_and_lines() {
        let block =
            "<#\n.SYNOPSIS\n  One.\n\n.PARAMETER Name\n  Which\n    one.\n.EXAMPLE\n  x -Name y\n#>\nparam($Name)";
        let help = read(block).expect("help");
        assert_eq!((&*help.synopsis, &*help.parameters["name"]), ("One.", "Which\n  one."));
        assert_eq!(help.examples, ["x -Name y"]);
        let lines = "#requires -Version 5\n\n# .SYNOPSIS\n#  One.\n# .DESCRIPTION\n#  Two.\nparam()";
        let help = read(lines).expect("help");
        assert_eq!((&*help.synopsis, &*help.description), ("One.", "Two."));
    }

    #[test]
    fn other_comments_are_no_help() {
        assert_eq!(read("# .NET is fine\n1 # .SYNOPSIS\n2"), None);
    }
}
