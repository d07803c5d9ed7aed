//! What scripts write to our host, as records.

use crate::clixml::{Content, Document, ListKind, Object, PsString, TypeNames, Value};
use crate::stream::Stream;

use super::echo::Echo;
use super::message::build;
use super::message::host_call::HostCall;
use super::message::host_method::HostMethod;
use super::written::{CONSOLE_COLORS, Written};

/// Turns what a pipeline writes to the host into records, once each.
///
/// PowerShell 5 and later tell some texts twice, as a record and, right after it, as a call of the host: what
/// Write-Host writes, and information that is shown. The record is the richer one, so its echo is dropped; how it is
/// distinguished from what the script wrote itself is described at [`Echo`].
#[derive(Debug, Default)]
pub struct HostWriter {
    echo: Option<Echo>,
}

impl HostWriter {
    /// Takes note of a record that has come.
    pub fn note(&mut self, stream: Stream, record: &Document) {
        self.echo = (stream == Stream::Information).then(|| Echo::of(record));
    }

    /// The record of a call that writes; `None` for other calls and for echoes.
    pub fn record(&mut self, call: &HostCall) -> Option<(Stream, Document)> {
        let is_line = match call.method() {
            HostMethod::Write => false,
            HostMethod::WriteLine => true,
            HostMethod::WriteErrorLine => {
                return Some((Stream::Error, error(&Written::read(call, true)?.text)));
            }
            // What else is written here comes as a record of its own stream, whoever wrote it.
            _ => return None,
        };
        let written = Written::read(call, is_line)?;
        if self.echo.as_ref().is_some_and(|echo| echo.is(&written)) {
            self.echo = None;
            return None;
        }
        // An uncertain echo would have come at once.
        self.echo = self.echo.take().filter(Echo::is_certain);
        Some((Stream::Information, information(&written)))
    }
}

/// An information record as Write-Host makes it (`HostInformationMessage`).
fn information(written: &Written<'_>) -> Document {
    const COLOR: &str = "System.ConsoleColor";
    let color = |color: &Value| match color.as_i64().and_then(|number| i32::try_from(number).ok()) {
        Some(number) => {
            build::enumeration(COLOR, CONSOLE_COLORS.get(number as usize).copied().unwrap_or_default(), number)
        }
        None => Value::Null,
    };
    let [foreground, background] = written.colors.map_or([Value::Null, Value::Null], |colors| colors.map(color));
    let message = Object {
        type_names: TypeNames::new(["System.Management.Automation.HostInformationMessage", "System.Object"]),
        to_string: Some(written.text.clone().into_owned()),
        props: vec![
            ("Message".into(), Value::Str(written.text.clone().into_owned())),
            ("NoNewLine".into(), Value::Bool(!written.is_line)),
            ("ForegroundColor".into(), foreground),
            ("BackgroundColor".into(), background),
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
fn error(text: &PsString) -> Document {
    let exception = Object {
        type_names: TypeNames::new(["System.Exception", "System.Object"]),
        to_string: Some(text.clone()),
        props: vec![("Message".into(), Value::Str(text.clone()))],
        ..Object::default()
    };
    Document::new(
        Object {
            type_names: TypeNames::new(["System.Management.Automation.ErrorRecord", "System.Object"]),
            to_string: Some(text.clone()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: i64, parameters: Vec<Value>) -> HostCall {
        HostCall { id: -100, method, name: String::new(), parameters }
    }

    fn colored(method: i64, text: &str) -> HostCall {
        call(method, vec![Value::I32(12), Value::I32(0), Value::str(text)])
    }

    fn line(text: &str) -> HostCall {
        call(16, vec![Value::str(text)])
    }

    /// What Write-Host sends for a red line, or for one that does not end.
    fn wrote(text: &str, no_newline: bool) -> Document {
        let message = Object {
            type_names: TypeNames::new(["System.Management.Automation.HostInformationMessage", "System.Object"]),
            props: vec![
                ("Message".into(), Value::str(text)),
                ("NoNewLine".into(), Value::Bool(no_newline)),
                ("ForegroundColor".into(), Value::str("Red")),
                ("BackgroundColor".into(), Value::Null),
            ],
            ..Object::default()
        };
        record(message.into(), &["PSHOST"])
    }

    fn record(data: Value, tags: &[&str]) -> Document {
        let tags = build::array_list(tags.iter().map(|tag| Value::str(*tag)).collect());
        Document::new(build::bag([("MessageData", data), ("Tags", tags)]))
    }

    fn text(document: &Document) -> String {
        let data = document.root.member("MessageData").expect("data");
        data.member("Message").and_then(Value::as_text).expect("text").to_string()
    }

    /// The texts of the calls after a record that are shown.
    fn told(record: &Document, calls: &[HostCall]) -> Vec<String> {
        let mut writer = HostWriter::default();
        writer.note(Stream::Information, record);
        calls.iter().filter_map(|call| writer.record(call)).map(|(_, document)| text(&document)).collect()
    }

    #[test]
    fn what_a_record_has_told_is_not_told_again() {
        assert_eq!(told(&wrote("a", false), &[colored(17, "a"), line("a")]), ["a"]);
        assert_eq!(told(&wrote("a", true), &[colored(14, "a"), colored(14, "a")]), ["a"]);
        // Another thread writes in between.
        assert_eq!(told(&wrote("a", false), &[line("b"), colored(17, "a"), line("a")]), ["b", "a"]);
        assert_eq!(told(&record(Value::str("a"), &[]), &[line("a"), line("a")]), ["a"]);
        assert_eq!(told(&record(Value::I32(4), &["t"]), &[line("4"), line("4")]), ["4"]);
    }

    #[test]
    fn what_differs_from_an_echo_is_told() {
        let silent = record(Value::str("a"), &[]);
        for other in [line("b"), call(13, vec![Value::str("a")]), colored(17, "a")] {
            assert_eq!(told(&silent, &[other, line("a")]).len(), 2);
        }
        assert_eq!(
            told(&wrote("a", false), &[line("a"), call(17, vec![Value::I32(9), Value::I32(0), Value::str("a")])]).len(),
            2
        );
        let object = record(build::bag([("a", Value::I32(1))]), &[]);
        assert_eq!(told(&object, &[line("@{a=1}")]).len(), 0);
        assert_eq!(told(&object, &[line("done")]), ["done"]);
        // What comes between a record and its echo proves that there was none.
        let mut writer = HostWriter::default();
        writer.note(Stream::Information, &silent);
        writer.note(Stream::Output, &Document::new(Value::I32(1)));
        assert!(writer.record(&line("a")).is_some());
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
