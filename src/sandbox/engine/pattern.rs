//! Wildcards and regular expressions.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use regex::{Regex, RegexBuilder};

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
    /// Look-around and back references, which this engine's automata have not, and mistakes.
    pub(super) fn regex(&mut self, pattern: &str, case_sensitive: bool) -> Result<Regex, ErrorRecord> {
        let key = (pattern.to_owned(), case_sensitive);
        if let Some(regex) = self.compiled.get(&key) {
            return Ok(regex.clone());
        }
        let regex = RegexBuilder::new(pattern)
            .case_insensitive(!case_sensitive)
            .size_limit(4 << 20)
            .build()
            .map_err(|error| refused(pattern, &error))?;
        if self.compiled.len() >= MAX_COMPILED {
            self.compiled.clear();
        }
        self.compiled.insert(key, regex.clone());
        Ok(regex)
    }

    /// `-like`
    pub(super) fn like(&mut self, value: &str, pattern: &str, case_sensitive: bool) -> Result<bool, ErrorRecord> {
        Ok(self.regex(&wildcard(pattern), case_sensitive)?.is_match(value))
    }
}

fn refused(pattern: &str, error: &regex::Error) -> ErrorRecord {
    if ["(?=", "(?!", "(?<=", "(?<!", "\\1", "\\k"].iter().any(|part| pattern.contains(part)) {
        return ErrorRecord::unsupported("look-around and back references in regular expressions");
    }
    let reason = error.to_string();
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
pub(super) fn matches(regex: &Regex, value: &str) -> Option<Val> {
    let captures = regex.captures(value)?;
    let mut entries = Vec::new();
    for (place, name) in regex.capture_names().enumerate() {
        if let Some(group) = captures.get(place) {
            let key = name.map_or_else(|| Val::I32(place as i32), Val::str);
            entries.push((key, Val::str(group.as_str())));
        }
    }
    Some(Val::hash(false, entries))
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

/// .NET's objects for the first matches in a text.
pub(super) fn match_objects(regex: &Regex, value: &str, count: usize) -> Vec<Val> {
    regex.captures_iter(value).take(count).map(|captures| match_object(regex, value, &captures)).collect()
}

/// The object for one match.
pub(super) fn match_object(regex: &Regex, value: &str, captures: &regex::Captures<'_>) -> Val {
    let captured = |place: usize, name: &str| {
        let found = captures.get(place);
        let length = |text: &str| Val::I32(text.encode_utf16().count() as i32);
        vec![
            Val::Bool(found.is_some()),
            Val::str(name),
            Val::array(Vec::new()),
            found.map_or(Val::I32(0), |found| length(&value[..found.start()])),
            found.map_or(Val::I32(0), |found| length(found.as_str())),
            Val::str(found.map_or("", |found| found.as_str())),
        ]
    };
    let groups = regex.capture_names().enumerate().map(|(place, name)| {
        let name = name.map_or_else(|| place.to_string(), str::to_owned);
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

/// `-replace` with .NET's `$1`, `${name}`, `$&` and `$$`.
pub(super) fn replace(regex: &Regex, value: &str, replacement: &str) -> String {
    regex.replace_all(value, |captures: &regex::Captures<'_>| expand(captures, replacement)).into_owned()
}

fn expand(captures: &regex::Captures<'_>, replacement: &str) -> String {
    let mut out = String::new();
    let mut rest = replacement;
    while let Some(at) = rest.find('$') {
        out += &rest[..at];
        rest = &rest[at + 1..];
        let digits = rest.find(|next: char| !next.is_ascii_digit()).unwrap_or(rest.len());
        let group = |key: &str| match key.parse::<usize>() {
            Ok(number) if number < captures.len() => Some(captures.get(number).map_or("", |found| found.as_str())),
            Ok(_) => None,
            Err(_) => captures.name(key).map(|found| found.as_str()),
        };
        let braced = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('&') {
            out += group("0").unwrap_or("");
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

/// `-split`: the pieces between matches, and what groups caught. A positive limit counts pieces.
pub(super) fn split(regex: &Regex, value: &str, limit: usize) -> Vec<Val> {
    let (mut pieces, mut last) = (Vec::new(), 0);
    let mut cuts = 1;
    for captures in regex.captures_iter(value) {
        let Some(whole) = captures.get(0) else { continue };
        if cuts == limit {
            break;
        }
        // .NET splits at empty matches too.
        pieces.push(Val::str(&value[last..whole.start()]));
        pieces.extend(captures.iter().skip(1).flatten().map(|group| Val::str(group.as_str())));
        last = whole.end();
        cuts += 1;
    }
    pieces.push(Val::str(&value[last..]));
    pieces
}

/// The texts of a value's items.
pub(super) fn texts(value: &Val) -> Vec<Arc<str>> {
    value.clone().into_items().iter().map(|item| text(item).into()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Patterns, replace};

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
        assert_eq!(replace(&regex, "a1-b2", "$2${1}x$$&${two}$&$9"), "1ax$&1a1$9-2bx$&2b2$9");
    }
}
