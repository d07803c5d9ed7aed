//! Wildcards and regular expressions.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use regex::RegexBuilder;

use super::convert::text;
use super::errors::ErrorRecord;
use super::value::{Obj, Schema, Val};

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
    names: Arc<[Option<String>]>,
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
        let translated = translated(pattern);
        let mut refusal = None;
        for size in SIZES {
            let built = RegexBuilder::new(&translated).case_insensitive(!case_sensitive).size_limit(size).build();
            match built {
                Ok(regex) => {
                    let names = regex.capture_names().map(|name| name.map(str::to_owned)).collect();
                    return Ok(Self { engine: Engine::Plain(regex), names, weight: size as u64 / 64 });
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
                Ok(Self { engine: Engine::Trying(regex.into()), names, weight: 64 })
            }
            (_, refusal) => Err(refused(pattern, refusal)),
        }
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
        Ok(match &self.engine {
            Engine::Plain(regex) => regex.captures_at(value, from).map(|found| {
                let groups = (0..found.len()).map(|place| found.get(place).map(|group| (group.start(), group.end())));
                Found { groups: groups.collect() }
            }),
            Engine::Trying(regex) => regex.captures_from_pos(value, from).map_err(|_| too_long())?.map(|found| {
                let groups = (0..found.len()).map(|place| found.get(place).map(|group| (group.start(), group.end())));
                Found { groups: groups.collect() }
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

/// In a class `[` is a character like any other, and `-[` takes characters away: .NET's way to write what the crate
/// writes otherwise.
fn translated(pattern: &str) -> String {
    let (mut out, mut depth) = (String::with_capacity(pattern.len()), 0_u32);
    let mut chars = pattern.chars().peekable();
    let mut at_start = false;
    while let Some(next) = chars.next() {
        let was_at_start = std::mem::take(&mut at_start);
        match next {
            '\\' => {
                out.push(next);
                out.extend(chars.next());
                continue;
            }
            '[' if depth == 0 => {
                depth = 1;
                at_start = true;
                out.push(next);
                if chars.peek() == Some(&'^') {
                    out.extend(chars.next());
                }
                // A bracket that comes first is one of the characters.
                if chars.peek() == Some(&']') {
                    chars.next();
                    out += "\\]";
                }
                continue;
            }
            '[' if out.ends_with('-') && !was_at_start => {
                out += "-[";
                depth += 1;
            }
            '[' if chars.peek() != Some(&':') => out += "\\[",
            '&' | '~' if depth > 0 => {
                out.push('\\');
                out.push(next);
            }
            ']' if depth > 0 => {
                depth -= 1;
                out.push(next);
            }
            other => out.push(other),
        }
    }
    out
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

static MATCH: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Schema::new(
        &[
            "System.Text.RegularExpressions.Match",
            "System.Text.RegularExpressions.Group",
            "System.Text.RegularExpressions.Capture",
            "System.Object",
        ],
        &["Groups", "Success", "Name", "Captures", "Index", "Length", "Value"],
    )
});

static GROUP: LazyLock<Arc<Schema>> = LazyLock::new(|| {
    Schema::new(
        &["System.Text.RegularExpressions.Group", "System.Text.RegularExpressions.Capture", "System.Object"],
        &["Success", "Name", "Captures", "Index", "Length", "Value"],
    )
});

/// .NET's objects for the first matches in a short text.
///
/// # Errors
/// The search would take too long.
pub(super) fn match_objects(regex: &Regex, value: &str, count: usize) -> Result<Vec<Val>, ErrorRecord> {
    let (mut all, mut from) = (Vec::new(), Some(0));
    while let Some(start) = from.filter(|_| all.len() < count) {
        let Some(found) = regex.find(value, start)? else { break };
        all.push(match_object(regex, value, &found));
        from = next_start(value, &found);
    }
    Ok(all)
}

/// The object for one match.
pub(super) fn match_object(regex: &Regex, value: &str, found: &Found) -> Val {
    let length = |text: &str| Val::I32(text.encode_utf16().count() as i32);
    let captured = |place: usize, name: &str| {
        let span = found.groups.get(place).copied().flatten();
        let text = found.group(value, place).unwrap_or("");
        vec![
            Val::Bool(span.is_some()),
            Val::str(name),
            Val::array(Vec::new()),
            span.map_or(Val::I32(0), |(start, _)| length(&value[..start])),
            length(text),
            Val::str(text),
        ]
    };
    let groups = regex.names.iter().enumerate().map(|(place, name)| {
        let name = name.clone().unwrap_or_else(|| place.to_string());
        let values = captured(place, &name);
        let text = convert_text(&values);
        Obj::typed(&GROUP, text, values)
    });
    let groups = Val::list("System.Text.RegularExpressions.GroupCollection", groups.collect());
    let mut values = captured(0, "0");
    let text = convert_text(&values);
    values.insert(0, groups);
    Obj::typed(&MATCH, text, values)
}

/// The object of a text without a match.
pub(super) fn no_match() -> Val {
    let values = vec![
        Val::list("System.Text.RegularExpressions.GroupCollection", Vec::new()),
        Val::Bool(false),
        Val::str("0"),
        Val::array(Vec::new()),
        Val::I32(0),
        Val::I32(0),
        Val::str(""),
    ];
    Obj::typed(&MATCH, "", values)
}

/// A capture's text is its value.
fn convert_text(values: &[Val]) -> String {
    values.last().map_or_else(String::new, text)
}

/// What .NET's `$1`, `${name}`, `$&` and `$$` in a replacement stand for.
pub(super) fn expand(regex: &Regex, value: &str, found: &Found, replacement: &str) -> String {
    let mut out = String::new();
    let mut rest = replacement;
    while let Some(at) = rest.find('$') {
        out += &rest[..at];
        rest = &rest[at + 1..];
        let digits = rest.find(|next: char| !next.is_ascii_digit()).unwrap_or(rest.len());
        let group = |key: &str| match key.parse::<usize>() {
            Ok(number) if number < found.groups.len() => Some(found.group(value, number).unwrap_or("")),
            Ok(_) => None,
            Err(_) => {
                let place = regex.names.iter().position(|name| name.as_deref() == Some(key))?;
                Some(found.group(value, place).unwrap_or(""))
            }
        };
        let braced = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('&') {
            out += group("0").unwrap_or("");
            rest = after;
        } else if let Some(after) = rest.strip_prefix('`') {
            out += &value[..found.start()];
            rest = after;
        } else if let Some(after) = rest.strip_prefix('\'') {
            out += &value[found.end()..];
            rest = after;
        } else if let Some(after) = rest.strip_prefix('_') {
            out += value;
            rest = after;
        } else if let Some(after) = rest.strip_prefix('+') {
            out += found.group(value, found.groups.len() - 1).unwrap_or("");
            rest = after;
        } else if let Some((found, after)) = braced.and_then(|(key, after)| Some((group(key)?, after))) {
            out += found;
            rest = after;
        } else if let Some(found) = group(&rest[..digits]).filter(|_| digits > 0) {
            out += found;
            rest = &rest[digits..];
        } else {
            out.push('$');
        }
    }
    out + rest
}

/// What the groups of a match caught, for `-split`.
pub(super) fn caught(value: &str, found: &Found) -> Vec<Val> {
    (1..found.groups.len()).filter_map(|place| found.group(value, place)).map(Val::str).collect()
}

/// The texts of a value's items.
pub(super) fn texts(value: &Val) -> Vec<Arc<str>> {
    value.clone().into_items().iter().map(|item| text(item).into()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Patterns, expand, translated};

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
    }

    #[test]
    fn classes_are_written_as_the_crate_has_them() {
        for (pattern, wanted) in [
            ("[[]", "[\\[]"),
            ("[a-z-[aeiou]]x", "[a-z--[aeiou]]x"),
            ("[]a]", "[\\]a]"),
            ("[^]&]", "[^\\]\\&]"),
            ("\\[a&", "\\[a&"),
            ("[[:alpha:]]", "[[:alpha:]]"),
        ] {
            assert_eq!(translated(pattern), wanted);
        }
    }
}
