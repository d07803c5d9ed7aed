//! The host call by which PowerShell sends an information record a second time.

use crate::clixml::{self, Content, Document, Object, PsString, Value};

use super::written::{CONSOLE_COLORS, Written};

/// The text of a record without data.
const NO_DATA: &str = "System.Management.Automation.InformationRecord";

/// What the call after an information record says if it is that record's echo.
///
/// The wire of 7.6.9 has no mark that tells an echo from a call that the script made itself; what is known is how
/// PowerShell makes it. A record with the tag `PSHOST`, as Write-Host makes it, has an echo, always; its form, colours
/// and text follow from the record. Any other record has one only if its information action is Continue, which the
/// record does not say: a plain line of the record's text, at once. So one case cannot be recognized:
/// `Write-Information 'x'` that is not shown, and right after it `$Host.UI.WriteLine('x')`, the same text without
/// colours. It counts as an echo.
#[derive(Debug)]
pub(super) struct Echo {
    /// It comes whatever else is written before it, by another thread.
    is_certain: bool,
    is_line: bool,
    colors: Option<[Color; 2]>,
    wording: Wording,
}

/// A colour as far as the record tells it.
#[derive(Debug, Clone, Copy)]
enum Color {
    Number(i64),
    /// The server takes that of its host.
    Any,
}

/// What an echo's text is known to be.
#[derive(Debug, PartialEq, Eq)]
enum Wording {
    Exactly(PsString),
    /// A text of which the server knows the rest, and that begins with one of these.
    Begins(Vec<Box<str>>),
    /// A number, a date or a duration as the server's culture writes it.
    Digits,
}

impl Echo {
    /// The echo of an information record.
    pub(super) fn of(record: &Document) -> Self {
        let data = record.root.member("MessageData").unwrap_or(&Value::Null);
        let is_certain = has_tag(record, "PSHOST") && !has_tag(record, "FORWARDED");
        let Some(message) = host_message(data) else {
            return Self { is_certain, is_line: true, colors: None, wording: Wording::of(data) };
        };
        let text = message.member("Message").and_then(Value::as_text).cloned();
        let colors = ["ForegroundColor", "BackgroundColor"].map(|name| message.member(name).and_then(console_color));
        Self {
            is_certain,
            is_line: message.member("NoNewLine").and_then(Value::as_bool) != Some(true),
            colors: colors
                .iter()
                .any(Option::is_some)
                .then(|| colors.map(|known| known.map_or(Color::Any, Color::Number))),
            wording: Wording::Exactly(text.unwrap_or_else(|| "".into())),
        }
    }

    /// Whether it comes whatever else is written before it.
    pub(super) fn is_certain(&self) -> bool {
        self.is_certain
    }

    /// Whether what was written is this echo.
    pub(super) fn is(&self, written: &Written<'_>) -> bool {
        let same_colors = match (&self.colors, written.colors) {
            (None, None) => true,
            (Some(known), Some(given)) => known.iter().zip(given).all(|(known, given)| match known {
                Color::Number(number) => given.as_i64() == Some(*number),
                Color::Any => true,
            }),
            _ => false,
        };
        self.is_line == written.is_line && same_colors && self.wording.fits(&written.text)
    }
}

impl Wording {
    /// What PowerShell makes of an information record's data as text.
    fn of(data: &Value) -> Self {
        let own = data.as_object().and_then(|object| object.to_string.as_ref());
        if let Some(text) = own.or_else(|| data.as_text()) {
            return Self::Exactly(text.clone());
        }
        match data.unboxed() {
            Value::Null => Self::Exactly(NO_DATA.into()),
            Value::Bool(yes) => Self::Exactly(if *yes { "True" } else { "False" }.into()),
            Value::F32(_) | Value::F64(_) | Value::Decimal(_) | Value::DateTime(_) | Value::TimeSpan(_) => Self::Digits,
            Value::Object(object) => Self::of_object(object),
            Value::Bytes(_) => Self::Exactly("System.Byte[]".into()),
            Value::SecureString(_) => Self::Exactly("System.Security.SecureString".into()),
            other => Self::Exactly((*clixml::text(other)).into()),
        }
    }

    fn of_object(object: &Object) -> Self {
        match &object.content {
            // A custom object, which writes its properties.
            Content::None | Content::Value(_) => Self::Begins(vec!["@{".into()]),
            // A collection writes its type's name, of which a generic one differs from here on, or, wrapped, its items.
            Content::List(..) | Content::Dict(_) => {
                let name = object.type_names.first().unwrap_or_default();
                let name = name.split("[[").next().unwrap_or(name).into();
                let first = match &object.content {
                    Content::List(_, items) => items.first().map(Self::of),
                    _ => None,
                };
                let first = match first {
                    Some(Self::Exactly(text)) if !text.is_empty() => Some(text.to_str_lossy().into()),
                    _ => None,
                };
                Self::Begins(std::iter::once(name).chain(first).collect())
            }
        }
    }

    fn fits(&self, text: &PsString) -> bool {
        let text_of = text.to_str_lossy();
        match self {
            Self::Exactly(expected) => text == expected,
            Self::Begins(beginnings) => beginnings.iter().any(|begin| text_of.starts_with(&**begin)),
            Self::Digits => text_of.contains(|c: char| c.is_numeric()),
        }
    }
}

fn has_tag(record: &Document, wanted: &str) -> bool {
    let tags = record.root.member("Tags").and_then(Value::as_list).unwrap_or_default();
    tags.iter().filter_map(Value::as_text).any(|tag| tag == wanted)
}

/// A `HostInformationMessage`, as Write-Host makes it; one that a job has passed on has another type.
fn host_message(data: &Value) -> Option<&Object> {
    let object = data.as_object()?;
    let own = "System.Management.Automation.HostInformationMessage";
    object.type_names.first().is_some_and(|name| name.ends_with(own)).then_some(object)
}

/// The number of a `ConsoleColor`, which comes as a name or as an enum.
fn console_color(color: &Value) -> Option<i64> {
    let named = || CONSOLE_COLORS.iter().position(|name| color.as_text().is_some_and(|text| text == *name));
    color.as_i64().or_else(|| named().and_then(|number| i64::try_from(number).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clixml::{ListKind, TypeNames};

    fn begins(beginnings: &[&str]) -> Wording {
        Wording::Begins(beginnings.iter().map(|begin| (*begin).into()).collect())
    }

    #[test]
    fn texts_are_those_of_the_server() {
        let typed = |name: &str, content| {
            Value::from(Object { type_names: TypeNames::new([name, "System.Object"]), content, ..Object::default() })
        };
        for (data, wording) in [
            (Value::Null, Wording::Exactly(NO_DATA.into())),
            (Value::Bool(true), Wording::Exactly("True".into())),
            (Value::I32(-5), Wording::Exactly("-5".into())),
            (Value::Char(65), Wording::Exactly("A".into())),
            (Value::F64(4.5), Wording::Digits),
            (
                typed("System.Object[]", Content::List(ListKind::List, vec![Value::I32(7), Value::I32(8)])),
                begins(&["System.Object[]", "7"]),
            ),
            (
                typed(
                    "System.Collections.Generic.List`1[[System.Int32, System]]",
                    Content::List(ListKind::List, vec![]),
                ),
                begins(&["System.Collections.Generic.List`1"]),
            ),
            (typed("System.Management.Automation.PSCustomObject", Content::None), begins(&["@{"])),
        ] {
            assert_eq!(Wording::of(&data), wording, "{data:?}");
        }
    }
}
