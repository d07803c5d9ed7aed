//! The records of the other streams: what they say, for people and for JSON.

use std::borrow::Cow;

use anstyle::{AnsiColor, Color, Style};
use serde::Serialize;
use serde_json::value::RawValue;

use super::out_string::spoken;
use super::refs::resolve;
use crate::clixml::{self, Document, PlainJson, Value};
use crate::record::{ERROR_CATEGORIES, Record, error_message};
use crate::stream::Stream;

/// `ConsoleColor` by number (MS-PSRP 2.2.3.3).
const CONSOLE_COLORS: [(&str, AnsiColor); 16] = [
    ("Black", AnsiColor::Black),
    ("DarkBlue", AnsiColor::Blue),
    ("DarkGreen", AnsiColor::Green),
    ("DarkCyan", AnsiColor::Cyan),
    ("DarkRed", AnsiColor::Red),
    ("DarkMagenta", AnsiColor::Magenta),
    ("DarkYellow", AnsiColor::Yellow),
    ("Gray", AnsiColor::White),
    ("DarkGray", AnsiColor::BrightBlack),
    ("Blue", AnsiColor::BrightBlue),
    ("Green", AnsiColor::BrightGreen),
    ("Cyan", AnsiColor::BrightCyan),
    ("Red", AnsiColor::BrightRed),
    ("Magenta", AnsiColor::BrightMagenta),
    ("Yellow", AnsiColor::BrightYellow),
    ("White", AnsiColor::BrightWhite),
];

/// The terminal's colour for a `ConsoleColor` by number.
pub fn console_color(number: i64) -> Option<AnsiColor> {
    CONSOLE_COLORS.get(usize::try_from(number).ok()?).map(|(_, color)| *color)
}

/// `data` of a record that is not an object: what PowerShell shows of it, field by field.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum MessageData<'a> {
    /// An error record.
    Error(Box<ErrorData<'a>>),
    /// A warning, a verbose or a debug message.
    Text {
        /// The text.
        message: Cow<'a, str>,
    },
    /// An information record.
    Information(InformationData<'a>),
    /// A progress record.
    Progress(ProgressData<'a>),
}

/// An error record's fields.
#[derive(Debug, Serialize)]
pub struct ErrorData<'a> {
    /// What PowerShell displays.
    pub message: Cow<'a, str>,
    /// The type of the exception.
    pub exception: Option<&'a str>,
    /// `FullyQualifiedErrorId`.
    pub fully_qualified_error_id: Option<Cow<'a, str>>,
    /// `ErrorCategory`, by name.
    pub category: Option<&'static str>,
    /// `Category: (Target:Type) [Activity], Reason`.
    pub category_message: Option<Cow<'a, str>>,
    /// The target object: the text that it has of itself, else its plain form.
    pub target: Option<Box<RawValue>>,
    /// Where in the script, with the line.
    pub position: Option<Cow<'a, str>>,
    /// `ScriptStackTrace`.
    pub script_stack_trace: Option<Cow<'a, str>>,
    /// What the error itself recommends.
    pub recommended_action: Option<Cow<'a, str>>,
}

/// An information record's fields.
#[derive(Debug, Serialize)]
pub struct InformationData<'a> {
    /// The message's text.
    pub message: Cow<'a, str>,
    /// `Tags`; `PSHOST` marks Write-Host.
    pub tags: Vec<Cow<'a, str>>,
    /// Script or command that wrote it.
    pub source: Option<Cow<'a, str>>,
    /// Whether the next text continues the line.
    pub no_newline: bool,
}

/// A progress record's fields; what is unknown is null.
#[derive(Debug, Serialize)]
pub struct ProgressData<'a> {
    /// What is being done.
    pub activity: Cow<'a, str>,
    /// The activity's number.
    pub activity_id: i64,
    /// The activity above, if one.
    pub parent_activity_id: Option<i64>,
    /// How it stands.
    pub status: Option<Cow<'a, str>>,
    /// What is being done now.
    pub current_operation: Option<Cow<'a, str>>,
    /// 0 to 100.
    pub percent_complete: Option<i64>,
    /// Until the end.
    pub seconds_remaining: Option<i64>,
    /// Whether it is done.
    pub completed: bool,
}

impl<'a> MessageData<'a> {
    /// The fields of a record on any stream but output.
    pub fn of(record: &'a Record) -> Self {
        let message = Reader { document: &record.value };
        match record.stream {
            Stream::Error => Self::Error(Box::new(message.error())),
            Stream::Information => Self::Information(message.information()),
            Stream::Progress => Self::Progress(message.progress()),
            _ => Self::Text { message: message.informational() },
        }
    }
}

/// Text for people, and how to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What stands before the text, as PowerShell writes it.
    pub prefix: &'static str,
    /// The text as the host sent it: not yet safe for a terminal.
    pub text: String,
    /// How to colour it.
    pub style: Style,
    /// Whether the next text continues the line.
    pub no_newline: bool,
}

impl Shown {
    /// How PowerShell shows a record of any stream but output; `verbose` adds position and id of errors.
    pub fn of(record: &Record, verbose: bool) -> Self {
        let (prefix, color) = match record.stream {
            Stream::Error => ("ERROR: ", Some(AnsiColor::Red)),
            Stream::Warning => ("WARNING: ", Some(AnsiColor::Yellow)),
            Stream::Verbose => ("VERBOSE: ", Some(AnsiColor::Yellow)),
            Stream::Debug => ("DEBUG: ", Some(AnsiColor::Yellow)),
            Stream::Progress => ("PROGRESS: ", Some(AnsiColor::Cyan)),
            Stream::Output | Stream::Information => ("", None),
        };
        let style = Style::new().fg_color(color.map(Color::Ansi));
        let plain = |text: String| Self { prefix, text, style, no_newline: false };
        match MessageData::of(record) {
            MessageData::Error(error) => plain(error_text(&error, verbose)),
            MessageData::Text { message } => plain(message.into_owned()),
            MessageData::Progress(progress) => plain(progress_text(&progress)),
            MessageData::Information(information) => Self {
                style: Reader { document: &record.value }.host_style(),
                no_newline: information.no_newline,
                ..plain(information.message.into_owned())
            },
        }
    }
}

fn error_text(error: &ErrorData<'_>, verbose: bool) -> String {
    let mut text = error.message.trim_end().to_owned();
    if verbose {
        let id = error.fully_qualified_error_id.as_ref().map(|id| format!("FullyQualifiedErrorId : {id}"));
        let category = error.category_message.as_ref().map(|category| format!("CategoryInfo          : {category}"));
        let position = error.position.as_deref().map(|position| position.trim_matches('\n').to_owned());
        for part in [position, category, id].into_iter().flatten() {
            text.push('\n');
            text.push_str(part.trim_end());
        }
    }
    text
}

/// `Copying: 3 of 7, 42 %`
pub fn progress_text(progress: &ProgressData<'_>) -> String {
    let mut text = progress.activity.to_string();
    let status = [&progress.status, &progress.current_operation].into_iter().flatten().filter(|part| !part.is_empty());
    for (place, part) in status.enumerate() {
        text.push_str(if place == 0 { ": " } else { ", " });
        text.push_str(part);
    }
    match progress.percent_complete {
        Some(percent) => text.push_str(&format!(", {percent} %")),
        None if progress.completed => text.push_str(", done"),
        None => {}
    }
    text
}

/// Reads the members of a record's object.
#[derive(Clone, Copy)]
struct Reader<'a> {
    document: &'a Document,
}

impl<'a> Reader<'a> {
    fn member(self, name: &str) -> Option<&'a Value> {
        self.inside(&self.document.root, name)
    }

    fn inside(self, value: &'a Value, name: &str) -> Option<&'a Value> {
        value.member(name).map(|value| resolve(self.document, value)).filter(|value| !matches!(value, Value::Null))
    }

    fn text(self, name: &str) -> Option<Cow<'a, str>> {
        self.member(name).and_then(text_of)
    }

    fn error(self) -> ErrorData<'a> {
        let exception = self.member("Exception");
        let category = self.member("ErrorCategory_Category").and_then(Value::as_i64);
        let position = self.member("InvocationInfo").and_then(|info| self.inside(info, "PositionMessage"));
        ErrorData {
            message: error_message(self.document).unwrap_or_default(),
            exception: exception.and_then(|exception| exception.as_object()?.type_names.first()),
            fully_qualified_error_id: self.text("FullyQualifiedErrorId"),
            category: category.and_then(|number| ERROR_CATEGORIES.get(usize::try_from(number).ok()?).copied()),
            category_message: self.text("ErrorCategory_Message"),
            target: self.member("TargetObject").and_then(|target| self.plain(target)),
            position: position.and_then(text_of).filter(|text| !text.is_empty()),
            script_stack_trace: self.text("ErrorDetails_ScriptStackTrace"),
            recommended_action: self.text("ErrorDetails_RecommendedAction"),
        }
    }

    /// An object as plain JSON, or as its text where that is its own: `/tmp` says of a folder what is meant.
    fn plain(self, value: &'a Value) -> Option<Box<RawValue>> {
        let mut json = Vec::new();
        match value.as_object().filter(|_| clixml::single(value).is_none()).and_then(clixml::own_text) {
            Some(text) => PlainJson::default().write(&Value::Str(text.clone()), &mut json),
            None => PlainJson::new(self.document).write(value, &mut json),
        }
        RawValue::from_string(String::from_utf8(json).ok()?).ok()
    }

    fn informational(self) -> Cow<'a, str> {
        self.text("InformationalRecord_Message").or_else(|| text_of(&self.document.root)).unwrap_or_default()
    }

    fn information(self) -> InformationData<'a> {
        let data = self.member("MessageData");
        let host_message = self.host_message();
        let tags = self.member("Tags").and_then(Value::as_list).unwrap_or_default();
        InformationData {
            message: match (host_message.and_then(|message| self.inside(message, "Message")), data) {
                (Some(value), _) | (None, Some(value)) => spoken(self.document, value).into(),
                (None, None) => text_of(&self.document.root).unwrap_or_default(),
            },
            tags: tags.iter().filter_map(text_of).collect(),
            source: self.text("Source"),
            no_newline: host_message.and_then(|message| self.inside(message, "NoNewLine")?.as_bool()) == Some(true),
        }
    }

    /// What Write-Host says, with how it is to be shown; other objects may have members of the same names.
    fn host_message(self) -> Option<&'a Value> {
        let own = "System.Management.Automation.HostInformationMessage";
        self.member("MessageData").filter(|data| data.as_object().is_some_and(|data| data.type_names.contains(own)))
    }

    /// The colours that Write-Host asked for.
    fn host_style(self) -> Style {
        let color = |name: &str| {
            let color = self.inside(self.host_message()?, name)?;
            let number = color.as_i64().and_then(|number| CONSOLE_COLORS.get(usize::try_from(number).ok()?));
            let named = || CONSOLE_COLORS.iter().find(|(name, _)| color.as_text().is_some_and(|text| text == name));
            number.or_else(named).map(|(_, color)| Color::Ansi(*color))
        };
        Style::new().fg_color(color("ForegroundColor")).bg_color(color("BackgroundColor"))
    }

    fn progress(self) -> ProgressData<'a> {
        let known = |name: &str| self.member(name).and_then(Value::as_i64).filter(|number| *number >= 0);
        let completed = match self.member("Type") {
            Some(kind) => kind.as_i64() == Some(1) || kind.as_text().is_some_and(|text| text == "Completed"),
            None => false,
        };
        ProgressData {
            activity: self.text("Activity").unwrap_or_default(),
            activity_id: self.member("ActivityId").and_then(Value::as_i64).unwrap_or(0),
            parent_activity_id: known("ParentActivityId"),
            status: self.text("StatusDescription"),
            current_operation: self.text("CurrentOperation"),
            percent_complete: known("PercentComplete"),
            seconds_remaining: known("SecondsRemaining"),
            completed,
        }
    }
}

/// The text that a value has of itself.
fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    let own = value.as_object().and_then(|object| object.to_string.as_ref());
    value.as_text().or(own).map(|text| text.to_str_lossy())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{MessageData, Shown};
    use crate::clixml::{Content, Document, ListKind, Object, TypeNames, Value};
    use crate::output::testing::bag;
    use crate::record::Record;
    use crate::stream::Stream;
    use crate::target::TargetId;

    fn record(stream: Stream, value: impl Into<Value>) -> Record {
        Record { target: TargetId(0), stream, value: Document::with_refs(value.into(), true), terminating: false }
    }

    fn data(record: &Record) -> Json {
        serde_json::to_value(MessageData::of(record)).unwrap()
    }

    fn error() -> Object {
        let exception = Object {
            id: Some(4),
            type_names: TypeNames::new(["System.IO.FileNotFoundException", "System.Exception"]),
            ..bag(vec![("Message", Value::str("Cannot find path."))])
        };
        let info = bag(vec![("PositionMessage", Value::str("At line:1 char:1\n+ gi nope\n+ ~~~~~~~"))]);
        Object {
            to_string: Some("the text".into()),
            ..bag(vec![
                ("Exception", exception.into()),
                ("TargetObject", Value::Ref(4)),
                ("FullyQualifiedErrorId", Value::str("PathNotFound,GetItem")),
                ("InvocationInfo", info.into()),
                ("ErrorCategory_Category", Value::I32(13)),
                ("ErrorCategory_Message", Value::str("ObjectNotFound: (:) [Get-Item]")),
            ])
        }
    }

    #[test]
    fn errors_have_fields() {
        let record = record(Stream::Error, error());
        assert_eq!(
            data(&record),
            json!({
                "message": "Cannot find path.",
                "exception": "System.IO.FileNotFoundException",
                "fully_qualified_error_id": "PathNotFound,GetItem",
                "category": "ObjectNotFound",
                "category_message": "ObjectNotFound: (:) [Get-Item]",
                "target": {"Message": "Cannot find path."},
                "position": "At line:1 char:1\n+ gi nope\n+ ~~~~~~~",
                "script_stack_trace": null,
                "recommended_action": null,
            })
        );
        assert_eq!(Shown::of(&record, false).text, "Cannot find path.");
        insta::assert_snapshot!(Shown::of(&record, true).text, @r"
        Cannot find path.
        At line:1 char:1
        + gi nope
        + ~~~~~~~
        CategoryInfo          : ObjectNotFound: (:) [Get-Item]
        FullyQualifiedErrorId : PathNotFound,GetItem
        ");
    }

    #[test]
    fn the_message_that_is_displayed() {
        let message = |object: Object| data(&record(Stream::Error, object))["message"].clone();
        let mut full = error();
        full.notes.push(("ErrorDetails_Message".into(), Value::str("details")));
        assert_eq!(message(full), "details");
        let mut object = error();
        object.notes.remove(0);
        assert_eq!(message(object.clone()), "ObjectNotFound: (:) [Get-Item]");
        object.notes.clear();
        assert_eq!(message(object), "the text");
        assert_eq!(message(Object::default()), "");
    }

    #[test]
    fn targets_are_in_plain_form() {
        let target = |value: Value| {
            let mut object = error();
            object.notes[1].1 = value;
            data(&record(Stream::Error, object))["target"].clone()
        };
        let pair = || vec![(Value::str("k"), Value::I32(1))];
        let of = |content| Object { content, ..Object::default() }.into();
        let with_text =
            |text: &str| Object { to_string: Some(text.into()), ..bag(vec![("Exists", Value::Bool(true))]) };
        for (value, plain) in [
            (of(Content::Dict(pair())), json!({"k": 1})),
            (Value::I32(5), json!(5)),
            (of(Content::List(ListKind::List, vec![Value::I32(1), Value::I32(2)])), json!([1, 2])),
            (bag(vec![("k", Value::I32(1))]).into(), json!({"k": 1})),
            (Value::DateTime("2024-01-02T00:00:00".into()), json!("2024-01-02T00:00:00")),
            (Value::str("C:\\x"), json!("C:\\x")),
            (with_text("/tmp").into(), json!("/tmp")),
            (
                Object { type_names: TypeNames::new(["My.Type"]), ..with_text("My.Type") }.into(),
                json!({"Exists": true}),
            ),
            (Object { type_names: TypeNames::new(["System.Numerics.BigInteger"]), ..with_text("7") }.into(), json!(7)),
            (Value::SecureString([1].into()), json!(null)),
            (Value::Null, json!(null)),
        ] {
            assert_eq!(target(value), plain);
        }
    }

    #[test]
    fn informational_records_have_their_prefix() {
        let warning = record(Stream::Warning, bag(vec![("InformationalRecord_Message", Value::str("low"))]));
        assert_eq!(data(&warning), json!({"message": "low"}));
        let shown = Shown::of(&warning, false);
        assert_eq!((shown.prefix, shown.text.as_str()), ("WARNING: ", "low"));
    }

    #[test]
    fn write_host_keeps_colour_and_line() {
        let mut message = bag(vec![
            ("Message", Value::str("so far")),
            ("NoNewLine", Value::Bool(true)),
            ("ForegroundColor", Object { content: Content::Value(Value::I32(12)), ..Object::default() }.into()),
            ("BackgroundColor", Value::str("DarkBlue")),
        ]);
        message.type_names = TypeNames::new(["System.Management.Automation.HostInformationMessage", "System.Object"]);
        let tags = Object { content: Content::List(ListKind::List, vec![Value::str("PSHOST")]), ..Object::default() };
        let record = record(Stream::Information, bag(vec![("MessageData", message.into()), ("Tags", tags.into())]));
        assert_eq!(data(&record), json!({"message": "so far", "tags": ["PSHOST"], "source": null, "no_newline": true}));
        let shown = Shown::of(&record, false);
        assert!(shown.no_newline);
        assert_eq!(shown.style.to_string(), "\u{1b}[91m\u{1b}[44m");
    }

    #[test]
    fn information_may_be_any_value() {
        let shown =
            |value: Value| Shown::of(&record(Stream::Information, bag(vec![("MessageData", value)])), false).text;
        assert_eq!(shown(Value::I32(42)), "42");
        let custom = |members: Vec<(&str, Value)>| {
            Object { type_names: TypeNames::new(["System.Management.Automation.PSCustomObject"]), ..bag(members) }
                .into()
        };
        assert_eq!(shown(custom(vec![("a", Value::I32(1))])), "@{a=1}");
        let of_no_host = vec![("Message", Value::str("disk full")), ("NoNewLine", Value::Bool(true))];
        let said = record(Stream::Information, bag(vec![("MessageData", custom(of_no_host))]));
        assert_eq!(data(&said)["message"], "@{Message=disk full; NoNewLine=True}");
        assert_eq!(data(&said)["no_newline"], false);
        let list = Content::List(ListKind::List, vec![Value::I32(1), Value::str("b")]);
        assert_eq!(shown(Object { content: list, ..Object::default() }.into()), "1 b");
        assert_eq!(shown(Value::DateTime("2024-01-02T03:04:05".into())), "01/02/2024 03:04:05");
        let pattern = Object { to_string: Some("a+".into()), ..bag(vec![("Options", Value::str("None"))]) };
        assert_eq!(shown(pattern.into()), "a+");
        assert_eq!(Shown::of(&record(Stream::Information, Value::str("from the host")), false).text, "from the host");
    }

    #[test]
    fn progress_has_what_is_known() {
        let record = record(
            Stream::Progress,
            bag(vec![
                ("Activity", Value::str("Copying")),
                ("ActivityId", Value::I32(3)),
                ("StatusDescription", Value::str("3 of 7")),
                ("CurrentOperation", Value::Null),
                ("ParentActivityId", Value::I32(-1)),
                ("PercentComplete", Value::I32(42)),
                ("Type", Object { content: Content::Value(Value::I32(0)), ..Object::default() }.into()),
                ("SecondsRemaining", Value::I32(-1)),
            ]),
        );
        assert_eq!(
            data(&record),
            json!({
                "activity": "Copying", "activity_id": 3, "parent_activity_id": null, "status": "3 of 7",
                "current_operation": null, "percent_complete": 42, "seconds_remaining": null, "completed": false,
            })
        );
        assert_eq!(Shown::of(&record, false).text, "Copying: 3 of 7, 42 %");
    }
}
