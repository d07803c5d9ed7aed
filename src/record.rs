//! A record: one object on one stream of one target.

use std::borrow::Cow;

use crate::clixml::{Document, Value};
use crate::stream::Stream;
use crate::target::TargetId;

/// The names of `ErrorCategory`, by number (MS-PSRP 2.2.3.9).
pub const ERROR_CATEGORIES: [&str; 32] = [
    "NotSpecified",
    "OpenError",
    "CloseError",
    "DeviceError",
    "DeadlockDetected",
    "InvalidArgument",
    "InvalidData",
    "InvalidOperation",
    "InvalidResult",
    "InvalidType",
    "MetadataError",
    "NotImplemented",
    "NotInstalled",
    "ObjectNotFound",
    "OperationStopped",
    "OperationTimeout",
    "SyntaxError",
    "ParserError",
    "PermissionDenied",
    "ResourceBusy",
    "ResourceExists",
    "ResourceUnavailable",
    "ReadError",
    "WriteError",
    "FromStdErr",
    "SecurityError",
    "ProtocolError",
    "ConnectionError",
    "AuthenticationError",
    "LimitsExceeded",
    "QuotaExceeded",
    "NotEnabled",
];

/// One object on one stream of one target, in the order in which the target sent them.
#[derive(Debug, Clone)]
pub struct Record {
    /// Which target sent it.
    pub target: TargetId,
    /// The stream it came on.
    pub stream: Stream,
    /// The object, still in PowerShell's own terms.
    pub value: Document,
    /// The error that ended the script: the target's outcome tells it, too.
    pub terminating: bool,
}

/// What PowerShell displays of an error record: the first that is not empty of its details, its exception's message,
/// its category (`OperationStopped: (:) [], Exception`), and its text.
pub fn error_message(record: &Document) -> Option<Cow<'_, str>> {
    let root = &record.root;
    let category = || root.member("ErrorCategory_Message").and_then(own_text);
    let exception = || root.member("Exception")?.member("Message").and_then(own_text);
    let details = root.member("ErrorDetails_Message").and_then(own_text);
    details.or_else(exception).or_else(category).or_else(|| own_text(root))
}

/// The text that a value has of itself; none for an empty one.
fn own_text(value: &Value) -> Option<Cow<'_, str>> {
    let own = || value.as_object().and_then(|object| object.to_string.as_ref());
    value.as_text().or_else(own).filter(|text| !text.is_empty()).map(|text| text.to_str_lossy())
}

#[cfg(test)]
mod tests {
    use super::error_message;
    use crate::clixml::{Document, Object, Value};

    fn bag(notes: Vec<(&str, Value)>) -> Object {
        Object { notes: notes.into_iter().map(|(name, value)| (name.into(), value)).collect(), ..Object::default() }
    }

    #[test]
    fn the_first_text_that_says_something() {
        let category = "OperationStopped: (:) [], Exception";
        for (details, message, category_message, text, shown) in [
            ("details", "message", category, "text", Some("details")),
            ("", "message", category, "text", Some("message")),
            ("", "", category, "text", Some(category)),
            ("", "", "", "text", Some("text")),
            ("", "", "", "", None),
        ] {
            let exception = bag(vec![("Message", Value::str(message))]);
            let notes = vec![
                ("Exception", exception.into()),
                ("ErrorDetails_Message", Value::str(details)),
                ("ErrorCategory_Message", Value::str(category_message)),
            ];
            let record = Document::new(Object { to_string: Some(text.into()), ..bag(notes) }.into());
            assert_eq!(error_message(&record).as_deref(), shown);
        }
    }
}
