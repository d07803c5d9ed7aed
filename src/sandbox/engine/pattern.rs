//! Wildcards and regular expressions.

mod matched;
mod translation;

use std::collections::HashMap;
use std::sync::Arc;

use regex::RegexBuilder;

use super::convert::text;
use super::errors::ErrorRecord;
use super::value::Val;
pub(super) use matched::{expand, match_object, match_objects, no_group, no_match};
use translation::{Groups, numbered, translated};

/// Whether a name or path stands for several: a wildcard behind a backtick is a character like any other.
pub(super) fn has_wildcards(path: &str) -> bool {
    let mut escaped = false;
    path.chars().any(|next| {
        let is_wildcard = !escaped && matches!(next, '*' | '?' | '[');
        escaped = !escaped && next == '`';
        is_wildcard
    })
}

/// Compiled expressions of one invocation: compiling costs more than matching.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    compiled: HashMap<(String, bool), Regex>,
}

const MAX_COMPILED: usize = 64;

/// Bytes that a compiled expression may have: the smallest that it fits into says how dear it is.
const SIZES: [usize; 5] = [16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20];
/// What one search may cost: bytes of text by states of the expression.
const MAX_COST: u64 = 1 << 32;
/// Steps back that one search may take.
const MAX_STEPS_BACK: usize = 1_000_000;

/// A regular expression: one of automata, which are linear in the text, or if it looks around or back, one that tries.
#[derive(Debug, Clone)]
pub(super) struct Regex {
    engine: Engine,
    /// In .NET's order.
    names: Arc<[Option<String>]>,
    /// The places of the engine's groups, in .NET's order.
    order: Arc<[usize]>,
    /// A group that is repeated catches several times, of which only the last is known.
    repeats: bool,
    /// States, about.
    weight: u64,
}

#[derive(Debug, Clone)]
enum Engine {
    Plain(regex::Regex),
    Trying(Arc<fancy_regex::Regex>),
}

/// A match: where its groups are, the whole first.
#[derive(Debug, Clone)]
pub(super) struct Found {
    groups: Vec<Option<(usize, usize)>>,
}

impl Found {
    fn span(&self) -> (usize, usize) {
        self.groups.first().copied().flatten().unwrap_or_default()
    }

    pub(super) fn start(&self) -> usize {
        self.span().0
    }

    pub(super) fn end(&self) -> usize {
        self.span().1
    }

    fn group<'v>(&self, value: &'v str, place: usize) -> Option<&'v str> {
        let (start, end) = self.groups.get(place).copied().flatten()?;
        value.get(start..end)
    }
}

impl Regex {
    fn new(pattern: &str, case_sensitive: bool) -> Result<Self, ErrorRecord> {
        let Groups { names, repeats } = Groups::of(pattern);
        if names.iter().flatten().any(|name| name.starts_with(|next: char| next.is_ascii_digit())) {
            return Err(ErrorRecord::unsupported("groups of regular expressions whose names are numbers"));
        }
        let translated = translated(pattern, &numbered(&names));
        let made = |engine, weight, names: Vec<Option<String>>| {
            let order = numbered(&names);
            let names = order.iter().map(|place| names[*place].clone()).collect();
            Ok(Self { engine, names, order: order.into(), repeats, weight })
        };
        let mut refusal = None;
        for size in SIZES {
            let built = RegexBuilder::new(&translated).case_insensitive(!case_sensitive).size_limit(size).build();
            match built {
                Ok(regex) => {
                    let names = regex.capture_names().map(|name| name.map(str::to_owned)).collect();
                    return made(Engine::Plain(regex), size as u64 / 64, names);
                }
                Err(error @ regex::Error::CompiledTooBig(_)) => refusal = Some(error),
                Err(error) => {
                    refusal = Some(error);
                    break;
                }
            }
        }
        let trying = fancy_regex::RegexBuilder::new(&translated)
            .case_insensitive(!case_sensitive)
            .backtrack_limit(MAX_STEPS_BACK)
            .delegate_size_limit(SIZES[3])
            .build();
        match (trying, refusal) {
            (Ok(regex), Some(regex::Error::Syntax(_))) => {
                let names = regex.capture_names().map(|name| name.map(str::to_owned)).collect();
                made(Engine::Trying(regex.into()), 64, names)
            }
            (_, refusal) => Err(refused(pattern, refusal)),
        }
    }

    /// The names of its groups in .NET's order: those without one have their number.
    pub(super) fn group_names(&self) -> impl Iterator<Item = String> {
        let name = |(place, name): (usize, &Option<String>)| name.clone().unwrap_or_else(|| place.to_string());
        self.names.iter().enumerate().map(name)
    }

    /// Whether it matches.
    ///
    /// # Errors
    /// The search would take too long.
    pub(super) fn is_match(&self, value: &str) -> Result<bool, ErrorRecord> {
        self.check(value)?;
        match &self.engine {
            Engine::Plain(regex) => Ok(regex.is_match(value)),
            Engine::Trying(regex) => regex.is_match(value).map_err(|_| too_long()),
        }
    }

    /// The first match at or behind a place.
    ///
    /// # Errors
    /// The search would take too long.
    pub(super) fn find(&self, value: &str, from: usize) -> Result<Option<Found>, ErrorRecord> {
        self.check(value)?;
        let span = |start: usize, end: usize| (start, end);
        Ok(match &self.engine {
            Engine::Plain(regex) => regex.captures_at(value, from).map(|found| {
                let group = |place: &usize| found.get(*place).map(|group| span(group.start(), group.end()));
                Found { groups: self.order.iter().map(group).collect() }
            }),
            Engine::Trying(regex) => regex.captures_from_pos(value, from).map_err(|_| too_long())?.map(|found| {
                let group = |place: &usize| found.get(*place).map(|group| span(group.start(), group.end()));
                Found { groups: self.order.iter().map(group).collect() }
            }),
        })
    }

    fn check(&self, value: &str) -> Result<(), ErrorRecord> {
        if self.weight * value.len() as u64 > MAX_COST { Err(too_long()) } else { Ok(()) }
    }
}

/// Where to look for the match behind one, as .NET does; `None` behind the end.
pub(super) fn next_start(value: &str, found: &Found) -> Option<usize> {
    let (start, end) = found.span();
    if end > start {
        return Some(end);
    }
    value.get(end..)?.chars().next().map(|next| end + next.len_utf8())
}

/// One search costs more than a script may take.
fn too_long() -> ErrorRecord {
    let message = "The sandbox limits the work of one search; this regular expression tries too much on this text.";
    let kind = "System.Text.RegularExpressions.RegexMatchTimeoutException";
    ErrorRecord { ends_script: true, ..ErrorRecord::new(kind, message, "SandboxLimit", 29) }
}

impl Patterns {
    /// Whether one of several wildcard patterns matches, in any case.
    ///
    /// # Errors
    /// A pattern is too big.
    pub(super) fn any<'a>(
        &mut self,
        value: &str,
        patterns: impl IntoIterator<Item = &'a String>,
    ) -> Result<bool, ErrorRecord> {
        for pattern in patterns {
            if self.like(value, pattern, false)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The expression, compiled.
    ///
    /// # Errors
    /// Mistakes in it, and one that is too big.
    pub(super) fn regex(&mut self, pattern: &str, case_sensitive: bool) -> Result<Regex, ErrorRecord> {
        let key = (pattern.to_owned(), case_sensitive);
        if let Some(regex) = self.compiled.get(&key) {
            return Ok(regex.clone());
        }
        let regex = Regex::new(pattern, case_sensitive)?;
        if self.compiled.len() >= MAX_COMPILED {
            self.compiled.clear();
        }
        self.compiled.insert(key, regex.clone());
        Ok(regex)
    }

    /// `-like`
    pub(super) fn like(&mut self, value: &str, pattern: &str, case_sensitive: bool) -> Result<bool, ErrorRecord> {
        self.regex(&wildcard(pattern), case_sensitive)?.is_match(value)
    }
}

fn refused(pattern: &str, error: Option<regex::Error>) -> ErrorRecord {
    let reason = error.map_or_else(String::new, |error| error.to_string());
    let reason = reason.lines().last().unwrap_or("").trim();
    let message = format!("Invalid pattern '{pattern}': {reason}");
    ErrorRecord::new("System.ArgumentException", message, "InvalidRegularExpression", 7).with_target(Val::str(pattern))
}

/// The regular expression of a wildcard pattern: `*`, `?`, `[a-z]`, backtick.
pub(super) fn wildcard(pattern: &str) -> String {
    let mut out = String::from("(?s)\\A");
    let mut chars = pattern.chars();
    while let Some(next) = chars.next() {
        match next {
            '*' => out += ".*",
            '?' => out.push('.'),
            '`' => out += &regex::escape(&chars.next().unwrap_or('`').to_string()),
            '[' if chars.as_str().contains(']') => {
                out.push('[');
                for inner in chars.by_ref().take_while(|inner| *inner != ']') {
                    if !inner.is_alphanumeric() && inner != '-' {
                        out.push('\\');
                    }
                    out.push(inner);
                }
                out.push(']');
            }
            other => out += &regex::escape(&other.to_string()),
        }
    }
    out + "\\z"
}

/// What `-match` leaves in `$Matches`; `None` without a match.
///
/// # Errors
/// The search would take too long.
pub(super) fn matches(regex: &Regex, value: &str) -> Result<Option<Val>, ErrorRecord> {
    let Some(found) = regex.find(value, 0)? else { return Ok(None) };
    let mut entries = Vec::new();
    for (place, name) in regex.names.iter().enumerate() {
        if let Some(group) = found.group(value, place) {
            let key = name.as_deref().map_or_else(|| Val::I32(place as i32), Val::str);
            entries.push((key, Val::str(group)));
        }
    }
    Ok(Some(Val::hash(false, entries)))
}

/// What the groups of a match caught, for `-split`.
pub(super) fn caught(value: &str, found: &Found) -> Vec<Val> {
    (1..found.groups.len()).filter_map(|place| found.group(value, place)).map(Val::str).collect()
}

/// The texts of a value's items.
pub(super) fn texts(value: &Val) -> Vec<Arc<str>> {
    if matches!(value, Val::List(list) if list.is_given()) {
        // An enumerator is no list: it is one text.
        return vec![text(value).into()];
    }
    value.clone().into_items().iter().map(|item| text(item).into()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Patterns, expand};

    #[test]
    fn wildcards() {
        let mut patterns = Patterns::default();
        for (value, pattern, wanted) in [
            ("Spooler", "sp*", true),
            ("Spooler", "sp", false),
            ("a.b", "a.?", true),
            ("axb", "a.?", false),
            ("web07", "web[0-9][0-9]", true),
            ("a*b", "a`*b", true),
            ("two\nlines", "two*", true),
        ] {
            assert_eq!(patterns.like(value, pattern, false).ok(), Some(wanted), "{value} {pattern}");
        }
        assert_eq!(patterns.like("ABC", "abc", true).ok(), Some(false));
    }

    #[test]
    fn replacements() {
        let regex = Patterns::default().regex(r"(\w)(?<two>\d)", false).expect("valid");
        let found = regex.find("a1-b2", 0).expect("short").expect("a match");
        assert_eq!(expand(&regex, "a1-b2", &found, "$2${1}x$$&${two}$&$9"), "1ax$&1a1$9");
        // Named groups come behind those without a name.
        let regex = Patterns::default().regex(r"(?<n>a)(\d)\1", false).expect("valid");
        let found = regex.find("a11", 0).expect("short").expect("a match");
        assert_eq!(expand(&regex, "a11", &found, "$1$2$n"), "1a$n");
    }
}
