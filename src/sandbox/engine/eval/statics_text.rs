//! `[regex]`.

use super::super::convert::{self, cast, text};
use super::super::errors::ErrorRecord;
use super::super::pattern::{self, Regex};
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::{Evaluator, Run};

impl Evaluator<'_> {
    /// A method of `[regex]`.
    pub(super) fn regex_call(&mut self, name: &str, args: &[Val]) -> Run<Option<Val>> {
        let arg = |place: usize| args.get(place).map_or_else(String::new, text);
        if matches!(name, "escape" | "unescape") {
            let plain = arg(0);
            return Ok(Some(Val::str(if name == "escape" { escape(&plain) } else { unescape(&plain) })));
        }
        let options = match args.get(2 + usize::from(name == "replace")) {
            Some(options) => cast(options, &TypeRef::named(OPTIONS))?,
            None => Val::Null,
        };
        let regex = self.regex_of(&arg(1), &text(&options))?;
        let replacement = args.get(2).cloned().unwrap_or(Val::Null);
        self.search(&regex, name, &arg(0), &replacement, Limits::default())
    }

    /// A method of an object `[regex]'...'`: a count and a place to start may follow the text.
    pub(super) fn regex_method(&mut self, object: &Obj, name: &str, args: &[Val]) -> Run<Option<Val>> {
        let own = object.text.as_deref().unwrap_or("");
        let regex = self.regex_of(own, &object.get("Options").map_or_else(String::new, |options| text(&options)))?;
        let subject = args.first().map_or_else(String::new, text);
        let number = |place: usize| args.get(place).map(convert::index).transpose();
        let takes_count = matches!(name, "replace" | "split");
        let first = 1 + usize::from(name == "replace");
        let limits = match (name, takes_count) {
            (_, true) => {
                Limits { count: number(first)?.filter(|count| *count >= 0), start: number(first + 1)?, end: None }
            }
            ("match", _) => {
                let (start, length) = (number(1)?, number(2)?);
                Limits { count: None, start, end: length.map(|length| start.unwrap_or(0).saturating_add(length)) }
            }
            ("ismatch" | "matches", _) => Limits { start: number(1)?, ..Limits::default() },
            _ => Limits::default(),
        };
        Ok(match name {
            "getgroupnames" => Some(Val::list("System.String[]", regex.group_names().map(Val::str).collect())),
            "getgroupnumbers" => {
                Some(Val::list("System.Int32[]", (0..regex.group_names().count() as i32).map(Val::I32).collect()))
            }
            "groupnamefromnumber" => {
                let place = args.first().map_or(Ok(0), convert::index)?;
                let name = usize::try_from(place).ok().and_then(|place| regex.group_names().nth(place));
                Some(Val::str(name.unwrap_or_default()))
            }
            "groupnumberfromname" => {
                let place = regex.group_names().position(|name| name == subject);
                Some(Val::I32(place.map_or(-1, |place| place as i32)))
            }
            _ => {
                let replacement = args.get(1).cloned().unwrap_or(Val::Null);
                self.search(&regex, name, &subject, &replacement, limits)?
            }
        })
    }

    fn search(
        &mut self,
        regex: &Regex,
        name: &str,
        subject: &str,
        replacement: &Val,
        limits: Limits,
    ) -> Run<Option<Val>> {
        self.step(subject.len() as u64 / 32)?;
        let start = byte_of(subject, limits.start.unwrap_or(0))?;
        let subject = match limits.end {
            // A match within a part of the text sees nothing behind it.
            Some(end) => &subject[..byte_of(subject, end)?],
            None => subject,
        };
        let most = limits.count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
        Ok(Some(match name {
            "ismatch" => Val::Bool(regex.find(subject, start)?.is_some()),
            "match" => match regex.find(subject, start)? {
                Some(found) => pattern::match_object(regex, subject, &found),
                None => pattern::no_match(),
            },
            "matches" => {
                let mut all = Vec::new();
                self.each_match(regex, subject, start, |_, found| {
                    all.push(pattern::match_object(regex, subject, found));
                    Ok(all.len() < super::super::ops::MAX_ITEMS)
                })?;
                Val::list("System.Text.RegularExpressions.MatchCollection", all)
            }
            "split" => {
                let count = if most == usize::MAX { 0 } else { most as i64 };
                Val::list("System.String[]", self.pieces(regex, subject, start, count)?)
            }
            "replace" => Val::str(match replacement {
                Val::Script(script) => self.replace_by_script(regex, subject, script, (start, most))?,
                other => self.replace_by_text(regex, subject, &text(other), (start, most))?,
            }),
            _ => return Ok(None),
        }))
    }

    fn regex_of(&mut self, expression: &str, options: &str) -> Run<Regex> {
        let refused = ["righttoleft", "explicitcapture", "ecmascript"];
        if let Some(name) = options.to_lowercase().split(", ").find(|option| refused.contains(option)) {
            return Err(ErrorRecord::unsupported(&format!("the option {name} of regular expressions")).into());
        }
        Ok(self.patterns.regex(&with_options(expression, options), true)?)
    }

    /// `[regex]'...'`: an object whose methods are those of the class.
    pub(super) fn regex_object(&mut self, expression: &str) -> Run<Val> {
        self.regex_with_options(expression, Val::of_enum(OPTIONS, "None", 0))
    }

    /// `[regex]::new(pattern[, options])`
    pub(super) fn new_regex(&mut self, args: &[Val]) -> Run<Option<Val>> {
        let Some(expression) = args.first().map(text) else { return Ok(None) };
        let options = match args.get(1) {
            Some(options) => cast(options, &TypeRef::named(OPTIONS))?,
            None => return self.regex_object(&expression).map(Some),
        };
        self.regex_with_options(&expression, options).map(Some)
    }

    fn regex_with_options(&mut self, expression: &str, options: Val) -> Run<Val> {
        self.regex_of(expression, &text(&options))?;
        let schema = Schema::new(
            &["System.Text.RegularExpressions.Regex", "System.Object"],
            &["Options", "RightToLeft", "MatchTimeout"],
        );
        Ok(Obj::typed(&schema, expression, vec![options, Val::Bool(false), Val::TimeSpan(-10_000)]))
    }
}

const OPTIONS: &str = "System.Text.RegularExpressions.RegexOptions";

/// How far a method of a regular expression goes.
#[derive(Default)]
struct Limits {
    /// Matches that are replaced, or pieces.
    count: Option<i64>,
    /// In characters of .NET.
    start: Option<i64>,
    end: Option<i64>,
}

/// The place in bytes of a place in characters of .NET.
fn byte_of(subject: &str, place: i64) -> Run<usize> {
    let mut units = 0;
    for (at, next) in subject.char_indices() {
        if units >= place && place >= 0 {
            return Ok(at);
        }
        units += next.len_utf16() as i64;
    }
    if (0..=units).contains(&place) {
        return Ok(subject.len());
    }
    let message = "Start index cannot be less than 0 or greater than input length. (Parameter 'startat')";
    Err(ErrorRecord::new("System.ArgumentOutOfRangeException", message, "ArgumentOutOfRangeException", 0).into())
}

/// Options that change what a pattern matches, as part of it.
fn with_options(expression: &str, options: &str) -> String {
    let options = options.to_lowercase();
    let flags: String =
        [("ignorecase", 'i'), ("multiline", 'm'), ("singleline", 's'), ("ignorepatternwhitespace", 'x')]
            .iter()
            .filter(|(name, _)| options.split(", ").any(|option| option.trim() == *name))
            .map(|(_, flag)| *flag)
            .collect();
    if flags.is_empty() { expression.to_owned() } else { format!("(?{flags}){expression}") }
}

/// `[regex]::Unescape(...)`
fn unescape(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('\\') {
        out += before;
        let mut chars = after.chars();
        let Some(next) = chars.next() else { break };
        rest = chars.as_str();
        let mut numbered = |digits: usize| {
            let number = rest.get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
            let found = number.and_then(char::from_u32);
            rest = if found.is_some() { &rest[digits..] } else { rest };
            found
        };
        out.push(match next {
            'a' => '\u{7}',
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' => numbered(2).unwrap_or(next),
            'u' => numbered(4).unwrap_or(next),
            other => other,
        });
    }
    out + rest
}

/// .NET escapes these and blanks.
fn escape(plain: &str) -> String {
    let mut out = String::new();
    for next in plain.chars() {
        match next {
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            '\\' | '*' | '+' | '?' | '|' | '{' | '[' | '(' | ')' | '^' | '$' | '.' | '#' | ' ' => {
                out.push('\\');
                out.push(next);
            }
            other => out.push(other),
        }
    }
    out
}
