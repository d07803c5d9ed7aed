//! The script's leading `param()` block.

use super::lexer::{Token, TokenKind};
use super::name::same_name;
use super::position::Position;
use super::tokens::{closing, is_code};
use super::{ScriptError, Source};
use crate::nearest::nearest;

/// What a script takes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameters {
    /// The parameters in order of declaration.
    pub list: Vec<Parameter>,
    /// There is a `param()` block; without one all arguments land in `$args`.
    pub declared: bool,
    /// `[CmdletBinding()]` or a `[Parameter()]` attribute: there is no `$args`, surplus arguments are errors.
    pub advanced: bool,
    /// False where `[CmdletBinding(PositionalBinding = $false)]` takes positions away.
    pub positional: bool,
    /// `[CmdletBinding(SupportsShouldProcess)]`: there are `-WhatIf` and `-Confirm`.
    pub should_process: bool,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name without `$`.
    pub name: String,
    /// Its type as written, such as `string[]`.
    pub type_name: Option<String>,
    /// The source text of its default.
    pub default: Option<String>,
    /// A value must be given, at least in one parameter set.
    pub mandatory: bool,
    /// Its place among positional arguments, if set.
    pub position: Option<i32>,
    /// Other names.
    pub aliases: Vec<String>,
    /// What values must fulfil.
    pub validations: Vec<Validation>,
    /// The parameter sets that it belongs to; none means all.
    pub sets: Vec<String>,
    /// `HelpMessage`
    pub help_message: Option<String>,
    /// It takes all positional arguments that are left.
    pub takes_remaining: bool,
    /// Where it is declared.
    pub at: Position,
}

/// A rule that PowerShell checks before the script runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Validation {
    /// One of these, without regard to case.
    Set(Vec<String>),
    /// Between two bounds, as written.
    Range(String, String),
    /// A regular expression of .NET.
    Pattern(String),
    /// So many characters, from the least to the most.
    Length(usize, usize),
    /// So many items, from the least to the most.
    Count(usize, usize),
    /// Neither null nor empty.
    NotNullOrEmpty,
}

/// The parameters of every advanced script, with their aliases.
const COMMON: [(&str, &str); 13] = [
    ("verbose", "vb"),
    ("debug", "db"),
    ("erroraction", "ea"),
    ("warningaction", "wa"),
    ("informationaction", "infa"),
    ("progressaction", "proga"),
    ("errorvariable", "ev"),
    ("warningvariable", "wv"),
    ("informationvariable", "iv"),
    ("outvariable", "ov"),
    ("outbuffer", "ob"),
    ("pipelinevariable", "pv"),
    ("usetransaction", "usetx"),
];

const SHOULD_PROCESS: [(&str, &str); 2] = [("whatif", "wi"), ("confirm", "cf")];

impl Parameter {
    /// Whether it is a switch.
    pub fn is_switch(&self) -> bool {
        let name = self.type_name.as_deref().unwrap_or_default();
        ["switch", "SwitchParameter", "System.Management.Automation.SwitchParameter"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    }
}

impl Parameters {
    /// Reads the block at the beginning of a script, behind comments, `using` statements and attributes.
    ///
    /// # Errors
    /// [`ScriptError::ParamBlock`] where the block does not end or an entry is not a parameter.
    pub fn read(source: &Source) -> Result<Self, ScriptError> {
        let Some(found) = find(source)? else {
            return Ok(Self { positional: true, ..Self::default() });
        };
        let mut parameters = Self { declared: true, positional: true, ..Self::default() };
        for attribute in found.attributes.iter().map(|tokens| Attribute::read(source, tokens)) {
            if attribute.is("CmdletBinding") {
                parameters.advanced = true;
                parameters.positional = attribute.named("PositionalBinding").is_none_or(|value| is_true(&value));
                parameters.should_process =
                    attribute.named("SupportsShouldProcess").is_some_and(|value| is_true(&value));
            }
        }
        for tokens in split(found.inside) {
            let (parameter, is_advanced) = read_parameter(source, &tokens)?;
            parameters.advanced |= is_advanced;
            parameters.list.push(parameter);
        }
        Ok(parameters)
    }

    /// Whether PowerShell itself gives the script a parameter of this name (`about_CommonParameters`).
    pub fn is_common(&self, name: &str) -> bool {
        let wanted = name.to_lowercase();
        let fits = |(known, alias): &(&str, &str)| known.starts_with(&wanted) || *alias == wanted;
        let known = COMMON.iter().chain(SHOULD_PROCESS.iter().filter(|_| self.should_process));
        self.advanced && !wanted.is_empty() && known.into_iter().any(fits)
    }

    /// The parameter of a name, an alias, or an unambiguous beginning of one.
    ///
    /// # Errors
    /// [`ScriptError::UnknownParameter`] and [`ScriptError::AmbiguousParameter`].
    pub fn find(&self, name: &str) -> Result<&Parameter, ScriptError> {
        let is = |known: &str| same_name(known, name);
        let exact =
            self.list.iter().find(|parameter| is(&parameter.name) || parameter.aliases.iter().any(|alias| is(alias)));
        if let Some(exact) = exact {
            return Ok(exact);
        }
        let wanted = name.to_lowercase();
        let begins = |known: &String| !wanted.is_empty() && known.to_lowercase().starts_with(&wanted);
        let fits = |parameter: &&Parameter| begins(&parameter.name) || parameter.aliases.iter().any(begins);
        let found: Vec<&Parameter> = self.list.iter().filter(fits).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => {
                let names = self.list.iter().map(|parameter| parameter.name.as_str());
                let nearest = nearest(name, names).map(str::to_owned);
                let known = self.list.iter().map(|parameter| parameter.name.clone()).collect();
                Err(ScriptError::UnknownParameter { name: name.to_owned(), nearest, known })
            }
            several => {
                let candidates = several.iter().map(|parameter| parameter.name.clone()).collect();
                Err(ScriptError::AmbiguousParameter { name: name.to_owned(), candidates })
            }
        }
    }
}

/// The place of the block's content.
pub(super) struct Block {
    /// The byte offset behind the opening parenthesis.
    pub content: usize,
    /// There is no parameter in it.
    pub is_empty: bool,
}

/// Where the block is, for those who add to it.
pub(super) fn block(source: &Source) -> Result<Option<Block>, ScriptError> {
    let found = find(source)?;
    Ok(found.map(|found| Block { content: found.content, is_empty: !found.inside.iter().any(is_code) }))
}

/// The index of the first token behind the block; 0 if there is none.
pub(super) fn behind(source: &Source) -> Result<usize, ScriptError> {
    Ok(find(source)?.map_or(0, |found| found.behind))
}

struct Found<'s> {
    /// The tokens of each attribute before the block, brackets left out.
    attributes: Vec<&'s [Token]>,
    content: usize,
    /// The tokens between the parentheses.
    inside: &'s [Token],
    /// The index behind the closing parenthesis.
    behind: usize,
}

fn find(source: &Source) -> Result<Option<Found<'_>>, ScriptError> {
    let tokens = source.scan().tokens.as_slice();
    let mut attributes = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let text = source.slice(token.start, token.end);
        match token.kind {
            TokenKind::Comment | TokenKind::End => at += 1,
            TokenKind::Keyword if text.eq_ignore_ascii_case("using") => {
                at += tokens.iter().skip(at).take_while(|token| token.kind != TokenKind::End).count();
            }
            TokenKind::Open if text == "[" => {
                let Some(close) = closing(tokens, at) else { return Ok(None) };
                attributes.push(tokens.get(at + 1..close).unwrap_or_default());
                at = close + 1;
            }
            TokenKind::Keyword if text.eq_ignore_ascii_case("param") => {
                let rest = tokens.get(at + 1..).unwrap_or_default();
                let skipped = rest.iter().take_while(|token| !is_code(token)).count();
                let open = at + 1 + skipped;
                let Some(parenthesis) = tokens.get(open).filter(|token| source.slice(token.start, token.end) == "(")
                else {
                    return Ok(None);
                };
                let close = closing(tokens, open).ok_or_else(|| ScriptError::ParamBlock {
                    at: source.position(token.start),
                    reason: "the param block has no closing parenthesis".to_owned(),
                })?;
                let inside = tokens.get(open + 1..close).unwrap_or_default();
                return Ok(Some(Found { attributes, content: parenthesis.end, inside, behind: close + 1 }));
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// The parts between commas outside brackets, comments and newlines left out.
fn split(tokens: &[Token]) -> Vec<Vec<Token>> {
    let mut parts = vec![Vec::new()];
    let mut depth = 0_usize;
    for token in tokens {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Comma if depth == 0 => {
                parts.push(Vec::new());
                continue;
            }
            TokenKind::Comment | TokenKind::End => continue,
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(*token);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// A parameter, and whether an attribute makes the script an advanced one.
fn read_parameter(source: &Source, tokens: &[Token]) -> Result<(Parameter, bool), ScriptError> {
    let start = tokens.first().map_or(0, |token| token.start);
    let mut parameter = Parameter {
        name: String::new(),
        type_name: None,
        default: None,
        mandatory: false,
        position: None,
        aliases: Vec::new(),
        validations: Vec::new(),
        sets: Vec::new(),
        help_message: None,
        takes_remaining: false,
        at: source.position(start),
    };
    let mut advanced = false;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token.kind {
            TokenKind::Open if source.slice(token.start, token.end) == "[" => {
                let close = closing(tokens, at).unwrap_or(tokens.len());
                let attribute = Attribute::read(source, tokens.get(at + 1..close).unwrap_or_default());
                advanced |= attribute.is("Parameter");
                parameter.apply(attribute);
                at = close + 1;
            }
            TokenKind::Variable => {
                let text = source.slice(token.start, token.end);
                parameter.name = text.trim_start_matches('$').trim_matches(['{', '}']).to_owned();
                parameter.at = source.position(token.start);
                let rest = tokens.get(at + 2..).unwrap_or_default();
                if let (Some(first), Some(last)) = (rest.first(), rest.last()) {
                    parameter.default = Some(source.slice(first.start, last.end).to_owned());
                }
                return Ok((parameter, advanced));
            }
            _ => break,
        }
    }
    let text = source.slice(start, tokens.last().map_or(start, |token| token.end));
    let reason = format!(
        "`{}` is not a parameter; it should look like [type] $Name = default",
        text.lines().next().unwrap_or_default()
    );
    Err(ScriptError::ParamBlock { at: source.position(start), reason })
}

impl Parameter {
    fn apply(&mut self, attribute: Attribute) {
        let positional = attribute.positional();
        match attribute.name.to_ascii_lowercase().trim_end_matches("attribute") {
            _ if !attribute.has_arguments => {
                self.type_name.get_or_insert(attribute.name);
            }
            "parameter" => self.apply_parameter(&attribute),
            "alias" => self.aliases.extend(positional),
            "validateset" => self.validations.push(Validation::Set(positional)),
            "validatepattern" => self.validations.extend(positional.into_iter().next().map(Validation::Pattern)),
            "validaterange" => {
                if let [low, high] = positional.as_slice() {
                    self.validations.push(Validation::Range(low.clone(), high.clone()));
                }
            }
            "validatelength" => {
                self.validations.extend(bounds(&positional).map(|(low, high)| Validation::Length(low, high)))
            }
            "validatecount" => {
                self.validations.extend(bounds(&positional).map(|(low, high)| Validation::Count(low, high)))
            }
            "validatenotnullorempty" | "validatenotnull" | "validatenotnullorwhitespace" => {
                self.validations.push(Validation::NotNullOrEmpty);
            }
            _ => {}
        }
    }

    fn apply_parameter(&mut self, attribute: &Attribute) {
        let is = |name| attribute.named(name).is_some_and(|value| is_true(&value));
        self.mandatory |= is("Mandatory");
        self.takes_remaining |= is("ValueFromRemainingArguments");
        self.position = attribute.named("Position").and_then(|value| value.parse().ok()).or(self.position);
        self.sets.extend(attribute.named("ParameterSetName"));
        self.help_message = attribute.named("HelpMessage").or(self.help_message.take());
    }
}

/// Two whole numbers, as bounds of lengths are.
fn bounds(arguments: &[String]) -> Option<(usize, usize)> {
    match arguments {
        [low, high] => Some((low.parse().ok()?, high.parse().ok()?)),
        _ => None,
    }
}

/// What stands between square brackets: a type, or an attribute with arguments.
struct Attribute {
    name: String,
    has_arguments: bool,
    /// Names of named arguments and the texts of values; a name alone is true.
    arguments: Vec<(Option<String>, String)>,
}

impl Attribute {
    fn read(source: &Source, tokens: &[Token]) -> Self {
        let text = |token: &Token| source.slice(token.start, token.end);
        let open = tokens.iter().position(|token| text(token) == "(");
        let start = tokens.first().map_or(0, |token| token.start);
        let end = match open {
            Some(open) => tokens.get(open).map_or(start, |token| token.start),
            None => tokens.last().map_or(start, |token| token.end),
        };
        let name = source.slice(start, end).trim().to_owned();
        let close = open.and_then(|open| closing(tokens, open));
        let inside = open.zip(close).and_then(|(open, close)| tokens.get(open + 1..close)).unwrap_or_default();
        let arguments = split(inside).iter().map(|tokens| argument(source, tokens)).collect();
        Self { name, has_arguments: open.is_some(), arguments }
    }

    fn is(&self, name: &str) -> bool {
        self.has_arguments && self.name.eq_ignore_ascii_case(name)
    }

    fn named(&self, name: &str) -> Option<String> {
        let is = |(found, _): &&(Option<String>, String)| {
            found.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(name))
        };
        self.arguments.iter().find(is).map(|(_, value)| value.clone())
    }

    fn positional(&self) -> Vec<String> {
        self.arguments.iter().filter(|(name, _)| name.is_none()).map(|(_, value)| value.clone()).collect()
    }
}

fn argument(source: &Source, tokens: &[Token]) -> (Option<String>, String) {
    let text = |token: &Token| source.slice(token.start, token.end);
    let whole = |tokens: &[Token]| match tokens {
        [single] if single.kind == TokenKind::Text => unquoted(text(single)),
        [first, .., last] => source.slice(first.start, last.end).to_owned(),
        [single] => text(single).to_owned(),
        [] => String::new(),
    };
    match tokens {
        [name, equals, rest @ ..] if name.kind == TokenKind::Word && text(equals) == "=" => {
            (Some(text(name).to_owned()), whole(rest))
        }
        [name] if name.kind == TokenKind::Word && text(name).starts_with(|c: char| c.is_alphabetic()) => {
            (Some(text(name).to_owned()), "$true".to_owned())
        }
        _ => (None, whole(tokens)),
    }
}

/// The text of a string without quotes and escapes.
fn unquoted(text: &str) -> String {
    let mut chars = text.chars();
    let (first, last) = (chars.next(), chars.next_back());
    let inside = chars.as_str();
    match (first, last) {
        (Some(quote), Some(_)) if super::chars::is_single_quote(quote) => inside.replace("''", "'"),
        (Some(quote), Some(_)) if super::chars::is_double_quote(quote) => inside.replace("\"\"", "\""),
        _ => text.to_owned(),
    }
}

fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("$true") || value.parse::<i64>().is_ok_and(|number| number != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Parameters {
        Parameters::read(&Source::new(text).expect("scans")).expect("a param block")
    }

    #[test]
    fn everything_about_a_parameter() {
        let parameters = read(
            "# a\n#requires -Version 5\nusing namespace System\n[CmdletBinding()]\nparam(\n  [Parameter(Mandatory, \
             Position = 1, HelpMessage = 'Which, please')]\n  [Alias('n', \"no\")] [ValidateSet('a','it''s')] \
             [string[]] \
             $Name = @('x', \"y,z\"), # c\n  [switch] $Force\n)",
        );
        assert!(parameters.advanced && parameters.positional);
        let [name, force] = parameters.list.as_slice() else { panic!("{parameters:?}") };
        assert_eq!((&*name.name, name.type_name.as_deref()), ("Name", Some("string[]")));
        assert_eq!(name.default.as_deref(), Some("@('x', \"y,z\")"));
        assert_eq!(
            (name.mandatory, name.position, name.help_message.as_deref()),
            (true, Some(1), Some("Which, please"))
        );
        assert_eq!(name.aliases, ["n", "no"]);
        assert_eq!(name.validations, [Validation::Set(vec!["a".into(), "it's".into()])]);
        assert!(force.is_switch() && !force.mandatory && force.default.is_none());
        assert_eq!(force.at, Position { line: 8, column: 12 });
    }

    #[test]
    fn scripts_without_a_block() {
        for text in ["", "1", "function f { param($a) }", "& { param($a) }", "# param($a)", "'param($a)'", "$param = 1"]
        {
            assert!(!read(text).declared, "{text}");
        }
    }

    #[test]
    fn names_may_be_shortened() {
        let parameters = read("param($ComputerName, $Count, [Alias('Size')]$Length)");
        assert_eq!(parameters.find("comp").expect("one").name, "ComputerName");
        assert_eq!(parameters.find("size").expect("one").name, "Length");
        assert!(matches!(parameters.find("co"), Err(ScriptError::AmbiguousParameter { .. })));
        let message = parameters.find("Cuont").expect_err("unknown").to_string();
        assert_eq!(message, "the script has no parameter `Cuont`; the nearest is `Count`");
    }

    #[test]
    fn a_block_without_end_says_where() {
        let error = Parameters::read(&Source::new("\n param($a").expect("scans")).expect_err("no end");
        assert_eq!(error.to_string(), "line 2, column 2: the param block has no closing parenthesis");
    }
}
