//! An event as one line of JSON (`events.schema.json`).

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use serde::Serialize;

use super::append::append;
use super::select::Select;
use super::{Group, Groups, Losses, MessageData, SelectedStreams, Settings, object, safe_json};
use crate::clixml;
use crate::event::{Finished, RunEvent, RunEventKind, RunHeader};
use crate::outcome::Counts;
use crate::record::Record;
use crate::stream::Stream;
use crate::target::TargetId;

/// The JSON Schema of the lines.
pub const SCHEMA: &str = include_str!("events.schema.json");

/// The version of the format: it changes when a reader of the old one could misread the new one.
pub const VERSION: u32 = 1;

/// Writes events as JSON objects.
pub(super) struct EventLines {
    header: Option<Arc<RunHeader>>,
    streams: SelectedStreams,
    select: Select,
    types: bool,
    terminal: bool,
    losses: Losses,
    groups: Option<Groups>,
}

impl EventLines {
    /// Writes events as the settings want them.
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            header: None,
            streams: settings.streams,
            select: Select::new(&settings.select),
            types: settings.types,
            terminal: settings.terminal,
            losses: settings.losses.clone(),
            groups: settings.groups.clone(),
        }
    }

    /// Takes the run's header from its first event.
    pub(super) fn start(&mut self, event: &RunEvent) {
        if let RunEventKind::RunStarted(header) = &event.kind {
            self.header = Some(Arc::clone(header));
        }
    }

    /// The name of a target.
    pub(super) fn host(&self, target: TargetId) -> &str {
        self.header.as_ref().map_or("", |header| header.host(target))
    }

    /// The group that a target stands for.
    pub(super) fn group(&self, target: TargetId) -> Option<&Group> {
        self.groups.as_ref()?.of(target)
    }

    /// Appends the event as an object with all fields; false if it is none of those that the format has.
    pub(super) fn write(&self, event: &RunEvent, out: &mut Vec<u8>) -> bool {
        let run = self.header.as_ref().map(|header| header.run);
        // Writing to a Vec cannot fail.
        let _ = write!(out, r#"{{"v":{VERSION},"seq":{},"type":"{}","run":"#, event.seq, self.type_name(event));
        append(out, &run);
        self.rest(event, out)
    }

    /// Appends the event as an entry of json's `records`, which has `v` and `run` at its top.
    pub(super) fn write_entry(&self, event: &RunEvent, out: &mut Vec<u8>) -> bool {
        let _ = write!(out, r#"{{"seq":{},"type":"{}""#, event.seq, self.type_name(event));
        self.rest(event, out)
    }

    fn rest(&self, event: &RunEvent, out: &mut Vec<u8>) -> bool {
        let target = match &event.kind {
            RunEventKind::TargetFinished(finished) => Some(finished.target),
            RunEventKind::Record(record) if self.streams.contains(record.stream) => Some(record.target),
            RunEventKind::StepFinished(_) | RunEventKind::RunFinished(_) => None,
            _ => return false,
        };
        match target.and_then(|target| self.group(target)) {
            Some(group) => {
                out.extend_from_slice(br#","hosts":"#);
                append(out, &group.hosts);
                let _ = write!(out, r#","count":{}"#, group.count);
            }
            None => {
                out.extend_from_slice(br#","host":"#);
                append(out, &target.map(|target| self.host(target)));
            }
        }
        let _ = write!(out, r#","t":"{:.3}","data":"#, event.at);
        self.data(event, out);
        out.push(b'}');
        self.make_safe(out);
        true
    }

    /// Escapes what JSON allows raw in strings but a terminal obeys, if one reads it: DEL, C1 controls, marks that
    /// reorder or hide text. `json` may be any part of a document.
    pub(super) fn make_safe(&self, json: &mut Vec<u8>) {
        let Ok(text) = std::str::from_utf8(json) else { return };
        if let (true, Cow::Owned(safe)) = (self.terminal, safe_json(text)) {
            *json = safe.into_bytes();
        }
    }

    fn data(&self, event: &RunEvent, out: &mut Vec<u8>) {
        match &event.kind {
            RunEventKind::TargetFinished(finished) => match self.group(finished.target) {
                Some(group) => append(out, group),
                None => append(out, &HostDone::new(finished)),
            },
            RunEventKind::Record(record) => self.record(record, out),
            RunEventKind::StepFinished(end) => append(out, end),
            RunEventKind::RunFinished(summary) => append(
                out,
                &RunDone {
                    counts: CountsJson(summary.counts),
                    target_count: summary.target_count,
                    duration_ms: millis(summary.duration),
                    exit_code: summary.exit_code(),
                },
            ),
            _ => {}
        }
    }

    /// The event's `type`.
    fn type_name(&self, event: &RunEvent) -> &'static str {
        match &event.kind {
            RunEventKind::TargetFinished(_) if self.groups.is_some() => "group_done",
            RunEventKind::TargetFinished(_) => "host_done",
            RunEventKind::StepFinished(_) => "step_done",
            RunEventKind::RunFinished(_) => "run_done",
            RunEventKind::Record(record) if record.stream != Stream::Output => record.stream.name(),
            _ => "object",
        }
    }

    fn record(&self, record: &Record, out: &mut Vec<u8>) {
        if record.stream == Stream::Output {
            self.losses.note_format(self.host(record.target), &record.value, &self.select);
        }
        if self.types {
            clixml::write_typed(&record.value, out);
        } else if record.stream == Stream::Output {
            let lost = object::write_plain(&record.value, &self.select, self.host(record.target), out);
            self.losses.note(self.host(record.target), &lost);
        } else {
            append(out, &MessageData::of(record));
        }
    }
}

/// `data` of `host_done`, and an entry of `targets` in json.
#[derive(Serialize)]
pub(super) struct HostDone<'a> {
    outcome: &'static str,
    reason: Option<&'static str>,
    message: &'a str,
    hint: Option<&'a str>,
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<&'a str>,
    attempts: u32,
    duration_ms: u64,
    errors: u64,
    objects: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shell_may_remain: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    shell: Option<&'a str>,
}

impl<'a> HostDone<'a> {
    /// The fields of a finished target.
    pub(super) fn new(finished: &'a Finished) -> Self {
        Self {
            outcome: finished.outcome.code(),
            reason: finished.reason.map(|reason| reason.code()),
            message: &finished.message,
            hint: finished.hint.as_deref(),
            exit_code: finished.exit_code,
            auth: finished.auth.as_deref(),
            attempts: finished.attempts,
            duration_ms: millis(finished.duration),
            errors: finished.errors,
            objects: finished.objects,
            shell_may_remain: finished.shell_may_remain,
            shell: finished.left.as_ref().map(|left| left.shell.as_str()),
        }
    }
}

#[derive(Serialize)]
struct RunDone {
    counts: CountsJson,
    target_count: u64,
    duration_ms: u64,
    exit_code: u8,
}

/// Counts by outcome as an object, zeros included.
pub(super) struct CountsJson(pub Counts);

impl Serialize for CountsJson {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(outcome, count)| (outcome.code(), count)))
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::SCHEMA;
    use crate::clixml::{Document, Object, TypeNames, Value, read_typed};
    use crate::event::{Finished, RunEvent, RunEventKind, StepEnd};
    use crate::outcome::{Outcome, Reason};
    use crate::output::testing::{Script, bag, schema, settings, written};
    use crate::output::{Format, SelectedStreams, Settings};
    use crate::stream::Stream;

    fn lines(settings: &Settings, events: &[RunEvent]) -> Vec<Json> {
        let text = written(Format::Jsonl, settings, events);
        text.lines().map(|line| serde_json::from_str(line).expect("one document per line")).collect()
    }

    fn all_streams() -> Settings {
        Settings { streams: SelectedStreams::all(), ..settings() }
    }

    #[test]
    fn every_line_matches_the_schema() {
        let mut script = Script::new(&["web01", "web02"]);
        let mut events = vec![script.started()];
        let values =
            [Value::Null, Value::str("a\nb"), Value::I64(i64::MAX), bag(vec![("x", Value::Bool(true))]).into()];
        events.extend(values.map(|value| script.record(0, Stream::Output, value)));
        for stream in
            [Stream::Error, Stream::Warning, Stream::Verbose, Stream::Debug, Stream::Information, Stream::Progress]
        {
            events.push(script.record(1, stream, Value::str("text")));
            events.push(script.record(1, stream, bag(vec![("ErrorCategory_Category", Value::I32(13))])));
        }
        events.extend(Outcome::ALL.iter().map(|outcome| script.finished(0, *outcome)));
        for reason in Reason::ALL {
            let mut event = script.finished(1, Outcome::Failed);
            if let RunEventKind::TargetFinished(Finished { reason: place, hint, exit_code, .. }) = &mut event.kind {
                (*place, *hint, *exit_code) = (Some(*reason), Some("try again".into()), Some(3));
            }
            events.push(event);
        }
        let mut left = script.finished(1, Outcome::Cancelled);
        if let RunEventKind::TargetFinished(finished) = &mut left.kind {
            finished.shell_may_remain = true;
        }
        events.push(left);
        for refusal in [None, Some("web01 is not well".to_owned())] {
            let end = StepEnd { step: 1, steps: 2, targets: 1, refusal };
            events.push(script.event(3, RunEventKind::StepFinished(end)));
        }
        events.push(script.run_finished());
        let lines = lines(&all_streams(), &events);
        assert_eq!(lines.len(), events.len() - 1);
        let schema = schema::Schema::read(SCHEMA);
        for line in &lines {
            schema.check(line);
        }
        for line in self::lines(&Settings { types: true, ..all_streams() }, &events) {
            schema.check(&line);
        }
        for (field, wrong) in [("v", json!(2)), ("type", json!("objects")), ("host", json!(7)), ("extra", json!(1))] {
            let mut line = lines[0].clone();
            line[field] = wrong;
            assert!(!schema.accepts(&line), "{field}");
        }
    }

    #[test]
    fn a_line_of_each_kind() {
        let mut script = Script::new(&["web01"]);
        let events = [
            script.started(),
            script.record(0, Stream::Output, Value::I32(42)),
            script.finished(0, Outcome::Ok),
            script.run_finished(),
        ];
        insta::assert_snapshot!(written(Format::Jsonl, &settings(), &events), @r#"
        {"v":1,"seq":2,"type":"object","run":"00000000-0000-0000-0000-000000000007","host":"web01","t":"2026-11-18T11:06:41.000Z","data":42}
        {"v":1,"seq":3,"type":"host_done","run":"00000000-0000-0000-0000-000000000007","host":"web01","t":"2026-11-18T11:06:42.000Z","data":{"outcome":"ok","reason":null,"message":"","hint":null,"exit_code":null,"attempts":1,"duration_ms":800,"errors":0,"objects":1}}
        {"v":1,"seq":4,"type":"run_done","run":"00000000-0000-0000-0000-000000000007","host":null,"t":"2026-11-18T11:06:43.000Z","data":{"counts":{"ok":1,"ok_with_errors":0,"failed":0,"timeout":0,"unreachable":0,"auth":0,"cancelled":0,"skipped":0,"not_started":0,"lost":0,"detached":0},"target_count":1,"duration_ms":3200,"exit_code":0}}
        "#);
    }

    #[test]
    fn streams_are_filtered() {
        let mut script = Script::new(&["web01"]);
        let events = [
            script.started(),
            script.record(0, Stream::Warning, Value::str("w")),
            script.record(0, Stream::Progress, Value::str("p")),
            script.record(0, Stream::Output, Value::str("o")),
        ];
        let types = |settings: &Settings| -> Vec<String> {
            lines(settings, &events).iter().map(|line| line["type"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(types(&settings()), ["warning", "object"]);
        assert_eq!(types(&all_streams()), ["warning", "progress", "object"]);
        assert_eq!(types(&Settings { streams: SelectedStreams::none(), ..settings() }), ["object"]);
    }

    #[test]
    fn selection_keeps_order_and_fills_with_null() {
        let mut script = Script::new(&["web01"]);
        let object = bag(vec![("Name", Value::str("W32Time")), ("Status", Value::I32(4)), ("Other", Value::Null)]);
        let events = [script.started(), script.record(0, Stream::Output, object)];
        let settings = Settings { select: vec!["status".into(), "Missing".into(), "n*".into()], ..settings() };
        assert_eq!(lines(&settings, &events)[0]["data"].to_string(), r#"{"Status":4,"Missing":null,"Name":"W32Time"}"#);
    }

    #[test]
    fn a_selected_host_stands_in_the_data() {
        let mut script = Script::new(&["web01"]);
        let object = bag(vec![("Name", Value::str("W32Time")), ("PSComputerName", Value::str("inner"))]);
        let events = [script.started(), script.record(0, Stream::Output, object)];
        let data = |select: &[&str]| {
            let select = select.iter().map(|name| (*name).to_owned()).collect();
            lines(&Settings { select, ..settings() }, &events)[0]["data"].to_string()
        };
        assert_eq!(data(&["PSComputerName"]), r#"{"PSComputerName":"web01"}"#);
        assert_eq!(data(&["Name", "pscomputername", "name"]), r#"{"PSComputerName":"web01","Name":"W32Time"}"#);
        assert_eq!(data(&["Gone", "gone"]), r#"{"Gone":null}"#);
    }

    #[test]
    fn types_lose_nothing() {
        let mut script = Script::new(&["web01"]);
        let object = Object { type_names: TypeNames::new(["T"]), ..bag(vec![("n", Value::U8(7))]) };
        let document = Document::new(object.into());
        let events = [script.started(), script.record(0, Stream::Output, document.root.clone())];
        let text = lines(&Settings { types: true, ..settings() }, &events)[0]["data"].to_string();
        assert_eq!(read_typed(text.as_bytes()).unwrap(), document, "{text}");
    }

    #[test]
    fn on_a_terminal_no_control_is_raw() {
        let mut script = Script::new(&["web01"]);
        let hostile = "\u{1b}[31m\u{9b}2J\u{85}\u{7f}\u{202e}\u{200b}\u{feff}\u{e0041}ü😀";
        let mut done = script.finished(0, Outcome::Failed);
        if let RunEventKind::TargetFinished(Finished { message, hint, .. }) = &mut done.kind {
            (*message, *hint) = (hostile.to_owned(), Some(hostile.to_owned()));
        }
        let events =
            [script.started(), script.record(0, Stream::Output, Value::str(hostile)), done, script.run_finished()];
        let terminal = Settings { terminal: true, ..settings() };
        let unsafe_char = |c: char| crate::output::sanitize::is_hidden(c) && c != '\n';
        for format in [Format::Json, Format::Jsonl] {
            let text = written(format, &terminal, &events);
            assert!(!text.contains(unsafe_char), "{text:?}");
            assert!(written(format, &settings(), &events).contains('\u{202e}'));
        }
        let document: Json = serde_json::from_str(&written(Format::Json, &terminal, &events)).expect("JSON");
        assert_eq!(document["targets"][0]["message"], hostile);
        assert_eq!(document["targets"][0]["hint"], hostile);
        assert_eq!(document["records"][0]["data"], hostile);
        assert_eq!(lines(&terminal, &events)[0]["data"], hostile);
    }
}
