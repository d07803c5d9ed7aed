//! `[regex]`.

use super::super::convert::{cast, text};
use super::super::pattern;
use super::super::types::TypeRef;
use super::super::value::{Obj, Schema, Val};
use super::{Evaluator, Run};

impl Evaluator<'_> {
    /// A method of `[regex]`; the object `[regex]'...'` has the same without the pattern.
    pub(super) fn regex_call(&mut self, name: &str, args: &[Val]) -> Run<Option<Val>> {
        let arg = |place: usize| args.get(place).map_or_else(String::new, text);
        if matches!(name, "escape" | "unescape") {
            let plain = arg(0);
            return Ok(Some(Val::str(if name == "escape" { escape(&plain) } else { plain.replace('\\', "") })));
        }
        let (subject, expression) = (arg(0), arg(1));
        let options = args.last().filter(|_| args.len() > 2 + usize::from(name == "replace"));
        let options = options.map_or_else(String::new, text);
        let regex = self.patterns.regex(&with_options(&expression, &options), true)?;
        self.step(subject.len() as u64 / 32)?;
        Ok(Some(match name {
            "ismatch" => Val::Bool(regex.is_match(&subject)?),
            "match" => pattern::match_objects(&regex, &subject, 1)?.pop().unwrap_or_else(pattern::no_match),
            "matches" => {
                let mut all = Vec::new();
                self.each_match(&regex, &subject, |_, found| {
                    all.push(pattern::match_object(&regex, &subject, found));
                    Ok(all.len() < super::super::ops::MAX_ITEMS)
                })?;
                Val::list("System.Text.RegularExpressions.MatchCollection", all)
            }
            "split" => Val::list("System.String[]", self.pieces(&regex, &subject, 0)?),
            "replace" => match args.get(2) {
                Some(Val::Script(script)) => Val::str(self.replace_by_script(&regex, &subject, script)?),
                _ => Val::str(self.replace_by_text(&regex, &subject, &arg(2))?),
            },
            _ => return Ok(None),
        }))
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
        self.patterns.regex(&with_options(expression, &text(&options)), true)?;
        let schema = Schema::new(
            &["System.Text.RegularExpressions.Regex", "System.Object"],
            &["Options", "RightToLeft", "MatchTimeout"],
        );
        Ok(Obj::typed(&schema, expression, vec![options, Val::Bool(false), Val::TimeSpan(-10_000)]))
    }
}

const OPTIONS: &str = "System.Text.RegularExpressions.RegexOptions";

/// The pattern of a regex object, with its options in it.
pub(super) fn pattern_of(object: &Obj) -> String {
    let options = object.get("Options").map_or_else(String::new, |options| text(&options));
    with_options(object.text.as_deref().unwrap_or(""), &options)
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
