//! `[regex]` and `[Text.Encoding]`.

use super::super::convert::text;
use super::super::errors::ErrorRecord;
use super::super::pattern;
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
        let ignores_case = options.is_some_and(|options| text(options).to_lowercase().contains("ignorecase"));
        let regex = self.patterns.regex(&expression, !ignores_case)?;
        self.step(subject.len() as u64 / 32)?;
        Ok(Some(match name {
            "ismatch" => Val::Bool(regex.is_match(&subject)),
            "match" => pattern::match_objects(&regex, &subject, 1).pop().unwrap_or_else(pattern::no_match),
            "matches" => Val::list(
                "System.Text.RegularExpressions.MatchCollection",
                pattern::match_objects(&regex, &subject, usize::MAX),
            ),
            "split" => Val::list("System.String[]", pattern::split(&regex, &subject, 0)),
            "replace" => match args.get(2) {
                Some(Val::Script(script)) => Val::str(self.replace_by_script(&regex, &subject, script)?),
                _ => Val::str(pattern::replace(&regex, &subject, &arg(2))),
            },
            _ => return Ok(None),
        }))
    }

    /// `[regex]'...'`: an object whose methods are those of the class.
    pub(super) fn regex_object(&mut self, expression: &str) -> Run<Val> {
        self.patterns.regex(expression, true)?;
        let schema = Schema::new(
            &["System.Text.RegularExpressions.Regex", "System.Object"],
            &["Options", "RightToLeft", "MatchTimeout"],
        );
        let options = Val::of_enum("System.Text.RegularExpressions.RegexOptions", "None", 0);
        Ok(Obj::typed(&schema, expression, vec![options, Val::Bool(false), Val::TimeSpan(-10_000)]))
    }
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

/// The encodings that `[Text.Encoding]` names.
pub(super) fn encoding(name: &str) -> Option<Val> {
    let class = match name {
        "utf8" => "UTF8Encoding",
        "unicode" => "UnicodeEncoding",
        "ascii" => "ASCIIEncoding",
        _ => return None,
    };
    let full = format!("System.Text.{class}");
    let schema = Schema::new(&[&full, "System.Text.Encoding", "System.Object"], &["WebName"]);
    let web = match name {
        "utf8" => "utf-8",
        "unicode" => "utf-16",
        _ => "us-ascii",
    };
    Some(Obj::typed(&schema, full.as_str(), vec![Val::str(web)]))
}

/// A method of an encoding.
pub(super) fn encoding_call(web: &str, name: &str, args: &[Val]) -> Result<Option<Val>, ErrorRecord> {
    let given = args.first().cloned().unwrap_or(Val::Null);
    Ok(Some(match name {
        "getbytes" => {
            let plain = text(&given);
            let bytes = match web {
                "utf-16" => plain.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                "us-ascii" => plain.chars().map(|next| if next.is_ascii() { next as u8 } else { b'?' }).collect(),
                _ => plain.into_bytes(),
            };
            Val::list("System.Byte[]", bytes.into_iter().map(Val::U8).collect())
        }
        "getstring" => {
            let bytes: Vec<u8> = bytes(&given);
            let plain = match web {
                "utf-16" => {
                    let units: Vec<u16> =
                        bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
                    String::from_utf16_lossy(&units)
                }
                _ => String::from_utf8_lossy(&bytes).into_owned(),
            };
            Val::str(plain)
        }
        "getbytecount" => Val::I32(text(&given).len() as i32),
        _ => return Ok(None),
    }))
}

/// The bytes of a byte array.
pub(super) fn bytes(value: &Val) -> Vec<u8> {
    value
        .clone()
        .into_items()
        .iter()
        .filter_map(|item| item.as_int().and_then(|byte| u8::try_from(byte).ok()))
        .collect()
}
