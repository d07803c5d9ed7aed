//! Marks between the records of a host: which check begins, and how it ends.

use crate::clixml::{Document, Object, TypeNames, Value};
use crate::record::Record;
use crate::stream::Stream;

/// The type of a mark. What a host sends has another: its objects come deserialized.
const TYPE: &str = "Psfleet.CheckMark";

/// The beginning or the end of a check on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The check.
    pub check: String,
    /// How often it has been asked, from 1.
    pub asked: u32,
    /// It is the end; with the reason why the script did not come to its own.
    pub end: Option<Option<String>>,
}

impl Mark {
    /// The stream that marks travel on.
    pub(super) const STREAM: Stream = Stream::Information;

    /// The mark as an object.
    pub(super) fn document(&self) -> Document {
        let text = match &self.end {
            None => format!("check {} begins", self.check),
            Some(None) => format!("check {} is done", self.check),
            Some(Some(why)) => format!("check {} did not come to its end: {why}", self.check),
        };
        let failure = self.end.clone().flatten().map_or(Value::Null, Value::str);
        let notes = [
            ("Check", Value::str(self.check.as_str())),
            ("Asked", Value::I64(self.asked.into())),
            ("Ended", Value::Bool(self.end.is_some())),
            ("Failure", failure),
        ];
        let notes = notes.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let object = Object {
            type_names: TypeNames::new([TYPE]),
            to_string: Some(text.as_str().into()),
            notes,
            ..Object::default()
        };
        Document::new(object.into())
    }

    /// The mark that a record is, if it is one.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let root = &record.value.root;
        let is_mark = record.stream == Self::STREAM && root.as_object()?.type_names.first() == Some(TYPE);
        let text = |name: &str| root.member(name).and_then(Value::as_text).map(|text| text.to_str_lossy().into_owned());
        let asked = root.member("Asked").and_then(Value::as_i64).and_then(|asked| u32::try_from(asked).ok());
        let ended = root.member("Ended").and_then(Value::as_bool)?;
        is_mark.then_some(())?;
        Some(Self { check: text("Check")?, asked: asked?, end: ended.then(|| text("Failure")) })
    }
}

#[cfg(test)]
mod tests {
    use super::Mark;
    use crate::clixml::{Decoder, Value, encode};
    use crate::record::Record;
    use crate::stream::Stream;
    use crate::target::TargetId;

    #[test]
    fn marks_are_read_as_they_were_written_and_kept() {
        for end in [None, Some(None), Some(Some("it \u{1b}hung".to_owned()))] {
            let mark = Mark { check: "disk-space".to_owned(), asked: 2, end };
            let kept = encode(&mark.document());
            let value = Decoder::default().decode(kept.as_bytes()).expect("decodes");
            let record = |stream, value| Record { target: TargetId(0), stream, value, terminating: false };
            assert_eq!(Mark::of(&record(Mark::STREAM, value.clone())), Some(mark));
            assert_eq!(Mark::of(&record(Stream::Output, value)), None, "an object of the script is none");
        }
        let other = crate::clixml::Document::new(Value::str("check x begins"));
        assert_eq!(
            Mark::of(&Record { target: TargetId(0), stream: Mark::STREAM, value: other, terminating: false }),
            None
        );
    }
}
