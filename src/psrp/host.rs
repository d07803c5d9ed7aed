//! What scripts write to our host, as records.

use crate::clixml::{Content, Document, ListKind, Object, PsString, TypeNames, Value};
use crate::record::Stream;

use super::message::build;
use super::message::host_call::HostCall;
use super::message::host_method::HostMethod;

/// Turns what a pipeline writes to the host into records, once each.
///
/// PowerShell 5 and later tell some texts twice, as a record and, right after it, as a call of the host: what
/// Write-Host writes, and information that is shown. The record is the richer one, so its echo is dropped.
#[derive(Debug, Default)]
pub struct HostWriter {
    echo: Option<Echo>,
}

/// What the call right after an information record will say if it is that record's echo.
#[derive(Debug)]
enum Echo {
    /// This text.
    Text(PsString),
    /// The text of an object, which only the server knows.
    Anything,
}

impl HostWriter {
    /// Takes note of a record that has come.
    pub fn note(&mut self, stream: Stream, record: &Document) {
        let data = record.root.member("MessageData").filter(|_| stream == Stream::Information);
        self.echo = data.map(shown);
    }

    /// The record of a call that writes; `None` for other calls and for echoes.
    pub fn record(&mut self, call: &HostCall) -> Option<(Stream, Document)> {
        let (text, foreground, background) = match &*call.parameters {
            [] => (Value::str(""), Value::Null, Value::Null),
            [text, ..] if text.as_text().is_some() => (text.clone(), Value::Null, Value::Null),
            [foreground, background, text, ..] => (text.clone(), foreground.clone(), background.clone()),
            _ => return None,
        };
        let line = match call.method() {
            HostMethod::Write => false,
            HostMethod::WriteLine => true,
            HostMethod::WriteErrorLine => return Some((Stream::Error, error(&text))),
            // What else is written here comes as a record of its own stream.
            _ => return None,
        };
        let is_echo = match self.echo.take() {
            Some(Echo::Text(echo)) => text.as_text() == Some(&echo),
            Some(Echo::Anything) => line,
            None => false,
        };
        if is_echo {
            return None;
        }
        Some((Stream::Information, information(text, foreground, background, !line)))
    }
}

/// What PowerShell writes to a host of an information record's data.
fn shown(data: &Value) -> Echo {
    let message = data.member("Message").and_then(Value::as_text);
    let own = || data.as_object().and_then(|object| object.to_string.as_ref());
    match message.or_else(|| data.as_text()).or_else(own) {
        Some(text) => Echo::Text(text.clone()),
        None => Echo::Anything,
    }
}

/// An information record as Write-Host makes it (`HostInformationMessage`).
fn information(text: Value, foreground: Value, background: Value, no_newline: bool) -> Document {
    const COLOR: &str = "System.ConsoleColor";
    let color = |color: Value| match color.as_i64().and_then(|number| i32::try_from(number).ok()) {
        Some(number) => {
            build::enumeration(COLOR, CONSOLE_COLORS.get(number as usize).copied().unwrap_or_default(), number)
        }
        None => Value::Null,
    };
    let message = Object {
        type_names: TypeNames::new(["System.Management.Automation.HostInformationMessage", "System.Object"]),
        to_string: text.as_text().cloned(),
        props: vec![
            ("Message".into(), text),
            ("NoNewLine".into(), Value::Bool(no_newline)),
            ("ForegroundColor".into(), color(foreground)),
            ("BackgroundColor".into(), color(background)),
        ],
        ..Object::default()
    };
    let tags = Object { content: Content::List(ListKind::List, vec![Value::str("PSHOST")]), ..Object::default() };
    Document::new(build::bag([
        ("MessageData", message.into()),
        ("Source", Value::str("$Host.UI")),
        ("Tags", tags.into()),
    ]))
}

/// The error record of a line that was written to the error display.
fn error(text: &Value) -> Document {
    let exception = Object {
        type_names: TypeNames::new(["System.Exception", "System.Object"]),
        to_string: text.as_text().cloned(),
        props: vec![("Message".into(), text.clone())],
        ..Object::default()
    };
    Document::new(
        Object {
            type_names: TypeNames::new(["System.Management.Automation.ErrorRecord", "System.Object"]),
            to_string: text.as_text().cloned(),
            notes: vec![
                ("Exception".into(), exception.into()),
                ("TargetObject".into(), Value::Null),
                ("FullyQualifiedErrorId".into(), Value::str("WriteErrorLine")),
                ("InvocationInfo".into(), Value::Null),
                ("ErrorCategory_Category".into(), Value::I32(0)),
                ("ErrorCategory_Message".into(), Value::str("NotSpecified: (:) [], Exception")),
            ],
            ..Object::default()
        }
        .into(),
    )
}

/// The names of `ConsoleColor`, by number (MS-PSRP 2.2.3.3).
pub const CONSOLE_COLORS: [&str; 16] = [
    "Black",
    "DarkBlue",
    "DarkGreen",
    "DarkCyan",
    "DarkRed",
    "DarkMagenta",
    "DarkYellow",
    "Gray",
    "DarkGray",
    "Blue",
    "Green",
    "Cyan",
    "Red",
    "Magenta",
    "Yellow",
    "White",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: i64, parameters: Vec<Value>) -> HostCall {
        HostCall { id: -100, method, name: String::new(), parameters }
    }

    fn text(document: &Document) -> String {
        let data = document.root.member("MessageData").expect("data");
        data.member("Message").and_then(Value::as_text).expect("text").to_string()
    }

    #[test]
    fn what_a_record_has_told_is_not_told_again() {
        let mut writer = HostWriter::default();
        let wrote = information(Value::str("a"), Value::Null, Value::Null, false);
        writer.note(Stream::Information, &wrote);
        assert_eq!(writer.record(&call(17, vec![Value::I32(12), Value::I32(0), Value::str("a")])), None);
        let (stream, again) = writer.record(&call(16, vec![Value::str("a")])).expect("written by the script itself");
        assert_eq!((stream, text(&again).as_str()), (Stream::Information, "a"));
        writer.note(Stream::Information, &Document::new(build::bag([("MessageData", Value::str("silent"))])));
        let (_, other) = writer.record(&call(16, vec![Value::str("b")])).expect("another text");
        assert_eq!(text(&other), "b");
    }

    #[test]
    fn colours_and_line_ends_are_kept() {
        let mut writer = HostWriter::default();
        let (_, text) = writer.record(&call(14, vec![Value::I32(12), Value::I32(9), Value::str("x")])).expect("text");
        let data = text.root.member("MessageData").expect("data");
        assert_eq!(data.member("ForegroundColor").and_then(Value::as_i64), Some(12));
        assert_eq!(data.member("NoNewLine"), Some(&Value::Bool(true)));
        let (_, line) = writer.record(&call(15, vec![])).expect("an empty line");
        assert_eq!(line.root.member("MessageData").expect("data").member("NoNewLine"), Some(&Value::Bool(false)));
        assert_eq!(writer.record(&call(14, vec![Value::Null, Value::Null])), None);
    }

    #[test]
    fn error_lines_are_errors_and_what_has_a_record_is_silent() {
        let mut writer = HostWriter::default();
        let (stream, _) = writer.record(&call(18, vec![Value::str("bad")])).expect("a line");
        assert_eq!(stream, Stream::Error);
        assert_eq!(writer.record(&call(22, vec![Value::str("warning")])), None);
        assert_eq!(writer.record(&call(42, vec![Value::str("title")])), None);
    }
}
