//! Records of other streams that a script has merged into its output: `2>&1`, `3>&1`, `*>&1`.
//!
//! What a native program writes to its standard error becomes error records, one for each line, and in the output they
//! are objects with a dozen members. People and spreadsheets want the line. It is not a single value as those of
//! [`single()`](crate::clixml::single()) are: it is put together from several members, as the words of an error are.

use super::message::Shown;
use super::refs::resolve;
use crate::clixml::{Document, Value};
use crate::record::Record;
use crate::stream::Stream;
use crate::target::TargetId;

/// The types of such records, and the streams that they come from.
const KINDS: [(&str, Stream); 3] = [
    ("System.Management.Automation.ErrorRecord", Stream::Error),
    // Warnings, verbose and debug messages.
    ("System.Management.Automation.InformationalRecord", Stream::Warning),
    ("System.Management.Automation.InformationRecord", Stream::Information),
];

/// What PowerShell says of such a record; none for any other object.
pub(super) fn merged(document: &Document, value: &Value) -> Option<String> {
    let object = resolve(document, value).as_object()?;
    let (_, stream) = KINDS.iter().find(|(kind, _)| object.type_names.contains(kind))?;
    let value = Document::with_refs(Value::from(object.clone()), document.has_refs);
    Some(Shown::of(&Record { target: TargetId(0), stream: *stream, value, terminating: false }, false).text)
}

#[cfg(test)]
mod tests {
    use crate::clixml::{Object, TypeNames, Value};
    use crate::event::RunEvent;
    use crate::outcome::Outcome;
    use crate::output::testing::{Script, bag, settings, written};
    use crate::output::{Format, Settings};
    use crate::stream::Stream;

    fn typed(kinds: &[&str], members: Vec<(&str, Value)>) -> Object {
        let names = kinds.iter().map(|kind| format!("System.Management.Automation.{kind}"));
        Object { type_names: TypeNames::new(names), ..bag(members) }
    }

    /// What merged records of all streams look like, and what is none of them.
    fn events() -> Vec<RunEvent> {
        let said = |text: &str| vec![("InformationalRecord_Message", Value::str(text))];
        let exception = |text: &str| Value::from(bag(vec![("Message", Value::str(text))]));
        let error = |text: &str| {
            vec![
                ("Exception", exception(text)),
                ("FullyQualifiedErrorId", Value::str("NativeCommandErrorMessage")),
                ("writeErrorStream", Value::Bool(true)),
            ]
        };
        let host = typed(
            &["HostInformationMessage"],
            vec![("Message", Value::str("told")), ("NoNewLine", Value::Bool(false))],
        );
        let mut script = Script::new(&["web01"]);
        let objects: Vec<Value> = vec![
            Value::str("out"),
            typed(&["ErrorRecord"], error("sh: no such file")).into(),
            typed(&["Runspaces.RemotingErrorRecord", "ErrorRecord"], error("from afar")).into(),
            typed(&["WarningRecord", "InformationalRecord"], said("low")).into(),
            typed(&["VerboseRecord", "InformationalRecord"], said("more")).into(),
            typed(&["DebugRecord", "InformationalRecord"], said("most")).into(),
            typed(&["InformationRecord"], vec![("MessageData", Value::str("info"))]).into(),
            typed(&["InformationRecord"], vec![("MessageData", host.into())]).into(),
            bag(vec![("Exception", exception("mine"))]).into(),
        ];
        let started = script.started();
        let records: Vec<_> = objects.into_iter().map(|object| script.record(0, Stream::Output, object)).collect();
        [vec![started], records, vec![script.finished(0, Outcome::Ok), script.run_finished()]].concat()
    }

    #[test]
    fn each_is_one_line_for_people_and_spreadsheets() {
        insta::assert_snapshot!(written(Format::Csv, &settings(), &events()).replace("\r\n", "\n"), @r#"
        PSComputerName,Value,Exception
        web01,out,
        web01,sh: no such file,
        web01,from afar,
        web01,low,
        web01,more,
        web01,most,
        web01,info,
        web01,told,
        web01,,"{""Message"":""mine""}"
        "#);
        let lines = "out\nsh: no such file\nfrom afar\nlow\nmore\nmost\ninfo\ntold\n";
        for (format, expect) in [
            (Format::Table, lines.to_owned()),
            (Format::Text, lines.to_owned()),
            (Format::List, lines.lines().map(|line| format!("web01: {line}\n")).collect()),
        ] {
            let text = written(format, &settings(), &events());
            assert!(text.starts_with(&expect), "{format:?}: {text}");
        }
    }

    #[test]
    fn who_asks_for_their_members_gets_them() {
        let settings = Settings { select: vec!["FullyQualifiedErrorId".to_owned()], ..settings() };
        let text = written(Format::Csv, &settings, &events());
        assert_eq!(text.matches("NativeCommandErrorMessage").count(), 2, "{text}");
    }
}
