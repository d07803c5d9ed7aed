//! Events made by hand, for the tests of the reading side.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Format, Settings, Sink, open};
use crate::clixml::{Document, Object, Value};
use crate::event::{Finished, RunEvent, RunEventKind, RunHeader, Summary};
use crate::exit::ExitFacts;
use crate::outcome::{Counts, Outcome};
use crate::record::Record;
use crate::stream::Stream;
use crate::target::{Endpoint, LocalEndpoint, Target, TargetId, Timeouts};

/// Seconds after the start of every run in a test.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + seconds).expect("in range")
}

/// Numbers the events of a run.
pub(crate) struct Script {
    header: Arc<RunHeader>,
    seq: u64,
    counts: Counts,
}

impl Script {
    /// A run on hosts of these names.
    pub(crate) fn new(hosts: &[&str]) -> Self {
        let targets = hosts.iter().map(|name| Arc::new(target(name))).collect();
        Self { header: Arc::new(RunHeader::new(Uuid::from_u128(7), targets)), seq: 0, counts: Counts::default() }
    }

    /// Something happens this many seconds after the start.
    pub(crate) fn event(&mut self, seconds: i64, kind: RunEventKind) -> RunEvent {
        self.seq += 1;
        RunEvent { seq: self.seq, at: at(seconds), kind }
    }

    /// The first event.
    pub(crate) fn started(&mut self) -> RunEvent {
        let header = Arc::clone(&self.header);
        self.event(0, RunEventKind::RunStarted(header))
    }

    /// A value on a stream of a target.
    pub(crate) fn record(&mut self, target: u32, stream: Stream, value: impl Into<Value>) -> RunEvent {
        let record =
            Record { target: TargetId(target), stream, value: Document::new(value.into()), terminating: false };
        self.event(1, RunEventKind::Record(record))
    }

    /// A target has its outcome.
    pub(crate) fn finished(&mut self, target: u32, outcome: Outcome) -> RunEvent {
        self.counts.add(outcome);
        let finished = Finished {
            target: TargetId(target),
            outcome,
            reason: None,
            message: String::new(),
            hint: None,
            exit_code: None,
            auth: None,
            attempts: 1,
            duration: Duration::from_millis(800),
            errors: 0,
            objects: 1,
            shell_may_remain: false,
            left: None,
        };
        self.event(2, RunEventKind::TargetFinished(finished))
    }

    /// The summary of what has finished so far.
    pub(crate) fn summary(&self) -> Summary {
        Summary {
            run: self.header.run,
            counts: self.counts,
            target_count: self.header.targets.len() as u64,
            duration: Duration::from_millis(3200),
            exit: ExitFacts::default(),
            shells_left: Vec::new(),
        }
    }

    /// The last event.
    pub(crate) fn run_finished(&mut self) -> RunEvent {
        let summary = Arc::new(self.summary());
        self.event(3, RunEventKind::RunFinished(summary))
    }
}

/// A property bag.
pub(crate) fn bag(notes: Vec<(&str, Value)>) -> Object {
    Object { notes: notes.into_iter().map(|(name, value)| (name.into(), value)).collect(), ..Object::default() }
}

fn target(name: &str) -> Target {
    Target {
        name: name.into(),
        endpoint: Endpoint::Local(LocalEndpoint { pwsh: "pwsh".into() }),
        credential: None,
        vars: Default::default(),
        labels: Default::default(),
        timeouts: Timeouts::default(),
    }
}

/// A writer whose text the test reads later.
#[derive(Clone, Default)]
pub(crate) struct Capture(Arc<Mutex<Vec<u8>>>);

impl Capture {
    /// What was written so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("UTF-8")
    }
}

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Plain settings: every stream but progress, 80 columns, no colours.
pub(crate) fn settings() -> Settings {
    Settings { width: 80, ..Settings::default() }
}

/// What a sink of this format writes for these events.
pub(crate) fn written<'a>(
    format: Format,
    settings: &Settings,
    events: impl IntoIterator<Item = &'a RunEvent>,
) -> String {
    let capture = Capture::default();
    let mut sink = open(format, Box::new(capture.clone()), settings);
    for event in events {
        tell(&mut *sink, event);
    }
    drop(sink);
    capture.text()
}

/// Gives a sink an event as a run does: before the last one it completes.
pub(crate) fn tell(sink: &mut dyn Sink, event: &RunEvent) {
    if let RunEventKind::RunFinished(summary) = &event.kind {
        sink.complete(summary).expect("a writer that takes all");
    }
    sink.event(event).expect("a writer that takes all");
}

/// A checker of the part of JSON Schema that our schemas use; it refuses a schema that uses more.
pub(crate) mod schema {
    use serde_json::Value as Json;

    const KNOWN: [&str; 17] = [
        "$schema",
        "$defs",
        "$ref",
        "title",
        "description",
        "format",
        "type",
        "const",
        "enum",
        "required",
        "properties",
        "additionalProperties",
        "items",
        "oneOf",
        "anyOf",
        "minimum",
        "maximum",
    ];

    /// A schema.
    pub(crate) struct Schema(Json);

    impl Schema {
        /// Reads a schema.
        pub(crate) fn read(text: &str) -> Self {
            Self(serde_json::from_str(text).expect("JSON"))
        }

        /// Fails the test if the value does not match.
        pub(crate) fn check(&self, value: &Json) {
            if let Err(why) = self.matches(&self.0, value) {
                panic!("{why}\nin {value}");
            }
        }

        /// Whether the value matches.
        pub(crate) fn accepts(&self, value: &Json) -> bool {
            self.matches(&self.0, value).is_ok()
        }

        fn matches(&self, schema: &Json, value: &Json) -> Result<(), String> {
            let rules = schema.as_object().expect("a schema is an object");
            for (keyword, rule) in rules {
                assert!(KNOWN.contains(&keyword.as_str()), "unknown keyword {keyword}");
                if !self.rule(keyword, rule, rules, value)? {
                    return Err(format!("{keyword} {rule} does not hold for {value}"));
                }
            }
            Ok(())
        }

        fn rule(
            &self,
            keyword: &str,
            rule: &Json,
            rules: &serde_json::Map<String, Json>,
            value: &Json,
        ) -> Result<bool, String> {
            let list = || rule.as_array().expect("a list");
            Ok(match keyword {
                "$ref" => {
                    let pointer = rule.as_str().and_then(|name| name.strip_prefix('#')).expect("local");
                    self.matches(self.0.pointer(pointer).expect("defined"), value)?;
                    true
                }
                "type" => match rule {
                    Json::Array(types) => types.iter().any(|one| has_type(one, value)),
                    one => has_type(one, value),
                },
                "const" => rule == value,
                "enum" => list().contains(value),
                "required" => {
                    let missing = list().iter().any(|name| value.get(name.as_str().expect("a name")).is_none());
                    !value.is_object() || !missing
                }
                "properties" => {
                    for (name, schema) in rule.as_object().expect("schemas") {
                        if let Some(value) = value.get(name) {
                            self.matches(schema, value)?;
                        }
                    }
                    true
                }
                "additionalProperties" => {
                    let known = rules.get("properties").and_then(Json::as_object);
                    let others = value.as_object().into_iter().flatten();
                    let mut others = others.filter(|(name, _)| !known.is_some_and(|known| known.contains_key(*name)));
                    match rule {
                        Json::Bool(false) => others.next().is_none(),
                        schema => {
                            others.try_for_each(|(_, other)| self.matches(schema, other))?;
                            true
                        }
                    }
                }
                "items" => {
                    for item in value.as_array().into_iter().flatten() {
                        self.matches(rule, item)?;
                    }
                    true
                }
                "oneOf" => {
                    let results: Vec<_> = list().iter().map(|schema| self.matches(schema, value)).collect();
                    if results.iter().filter(|result| result.is_ok()).count() != 1 {
                        return Err(results.into_iter().filter_map(Result::err).collect::<Vec<_>>().join("\n"));
                    }
                    true
                }
                "anyOf" => list().iter().any(|schema| self.matches(schema, value).is_ok()),
                "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().expect("a number")),
                "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().expect("a number")),
                _ => true,
            })
        }
    }

    fn has_type(name: &Json, value: &Json) -> bool {
        match name.as_str().expect("a name") {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("unknown type {other}"),
        }
    }
}
