//! Runs a block on one target, and compares what came with what must come.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use psfleet::event::RunEvent;
use psfleet::fleet::{self, Emission, Limits, RetryRule, RunSpec, Script};
use psfleet::output::{self, Format, SelectedStreams, Settings};
use psfleet::psrp::Command;
use psfleet::target::{Target, Timeouts};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::block::Block;
use super::route::Route;

/// What a block has brought.
pub(super) struct Observed {
    /// The data of the records, as JSON, by stream.
    streams: HashMap<String, Vec<String>>,
    done: Done,
}

/// `data` of `host_done`, as far as it is compared.
#[derive(Debug, Deserialize)]
struct Done {
    outcome: String,
    reason: Option<String>,
    message: String,
    exit_code: Option<i32>,
    objects: usize,
    errors: usize,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// Runs a block as a run of its own.
pub(super) async fn run(block: &Block, route: &Route) -> Observed {
    let timeouts = Timeouts { run: block.timeout(), connect: Duration::from_secs(60), open: Duration::from_secs(120) };
    let target = Target {
        name: "host".into(),
        endpoint: route.endpoint(),
        credential: route.credential(),
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts,
    };
    let script = Script::new(Arc::new(Command::new(&block.invocation(), &[])));
    let spec = RunSpec {
        limits: Limits::new(NonZeroUsize::MIN),
        retry: RetryRule { retries: 0, delay: Duration::ZERO },
        ..RunSpec::new(Arc::new(script), vec![Arc::new(target)])
    };
    let (emissions, mut emitted) = mpsc::channel::<Emission>(64);
    let (_interrupt, interrupts) = mpsc::channel(1);
    let text = Text::default();
    let writer = text.clone();
    let sink = tokio::task::spawn_blocking(move || {
        let mut sink = output::open(Format::Jsonl, Box::new(writer), &settings());
        for seq in 1.. {
            let Some(emission) = emitted.blocking_recv() else { break };
            sink.event(&RunEvent { seq, at: emission.at, kind: emission.kind }).expect("memory takes everything");
        }
    });
    fleet::run(spec, route.connector(), emissions, interrupts).await;
    sink.await.expect("the sink does not panic");
    Observed::read(&text.0.lock().expect("no panic"))
}

fn settings() -> Settings {
    Settings { streams: SelectedStreams::all(), ..Settings::default() }
}

/// Text in memory that the sink writes and we read.
#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Observed {
    fn read(jsonl: &[u8]) -> Self {
        let mut streams: HashMap<String, Vec<String>> = HashMap::new();
        for line in jsonl.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let line: Line<'_> = serde_json::from_slice(line).expect("a line of JSON");
            streams.entry(line.kind).or_default().push(line.data.get().to_owned());
        }
        let done = streams.remove("host_done").expect("a host_done");
        assert_eq!(done.len(), 1, "one outcome");
        streams.remove("run_done").expect("a run_done");
        Self { streams, done: serde_json::from_str(&done[0]).expect("the fields of host_done") }
    }

    /// What differs from the block's expectation, in words.
    pub(super) fn differences(&self, block: &Block) -> Vec<String> {
        let mut found = Vec::new();
        let mut differ = |what: &str, expected: String, observed: String| {
            if expected != observed {
                found.push(format!("{}: {what}\n  expected {expected}\n  observed {observed}", block.covers));
            }
        };
        let outcome =
            |outcome: &str, reason: &Option<String>, code| format!("{outcome}, {reason:?}, exit code {code:?}");
        differ(
            &format!("outcome ({})", self.done.message),
            outcome(&block.outcome, &block.reason, block.exit_code),
            outcome(&self.done.outcome, &self.done.reason, self.done.exit_code),
        );
        for (stream, expected) in block.streams() {
            let none = Vec::new();
            let observed = self.streams.get(stream).unwrap_or(&none);
            if let ("object", Some(bulk)) = (stream, &block.objects) {
                let text = observed.iter().map(|line| format!("{line}\n")).collect::<String>();
                let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
                let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
                let bulk = format!("{} objects, {} bytes, {}", bulk.count, bulk.bytes, bulk.sha256);
                differ(stream, bulk, format!("{} objects, {} bytes, {digest}", observed.len(), text.len()));
            } else {
                let expected: Vec<&str> = expected.lines().filter(|line| !line.trim().is_empty()).collect();
                if expected.len() == observed.len()
                    && expected.iter().zip(observed).all(|(one, other)| fits(one, other))
                {
                    continue;
                }
                differ(stream, format!("\n{}", expected.join("\n")), format!("\n{}", observed.join("\n")));
            }
        }
        let counts = |objects, errors| format!("{objects} objects, {errors} errors");
        let of = |stream: &str| self.streams.get(stream).map_or(0, Vec::len);
        differ("counts", counts(of("object"), of("error")), counts(self.done.objects, self.done.errors));
        found
    }
}

/// Whether a record is what was expected: the same text, or an error record with the same fields as far as they are
/// listed. Where in a script an error was made is told differently by some builds of PowerShell.
fn fits(expected: &str, observed: &str) -> bool {
    if expected == observed {
        return true;
    }
    let fields = |json| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json).ok();
    match (fields(expected), fields(observed)) {
        (Some(expected), Some(observed)) => {
            expected.contains_key("fully_qualified_error_id")
                && expected.iter().all(|(name, value)| observed.get(name) == Some(value))
        }
        _ => false,
    }
}
