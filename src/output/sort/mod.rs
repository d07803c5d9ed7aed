//! `--sort-by`: objects in the order of their properties, once the run is over.
//!
//! Objects wait as CLIXML in an external merge sort, so that memory holds a few megabytes whatever a run sends. The
//! ends of the targets wait behind them, since a target's end stands behind its objects; all other events pass at once.

mod exact;
mod key;
mod merge;

use anyhow::{Context, bail};
use jiff::Timestamp;

pub(super) use self::exact::{Version, exact, exact_text};
pub use self::key::SortKey;
pub(super) use self::key::{instant, is_null, number};
use self::merge::Merge;
use super::{Flow, Sink};
use crate::clixml::{Decoder, Limits, encode};
use crate::error_text;
use crate::event::{RunEvent, RunEventKind, Summary};
use crate::record::Record;
use crate::stream::Stream;
use crate::target::TargetId;

/// Bytes of objects that are sorted in memory before they go to disk.
const IN_MEMORY: usize = 8 << 20;

/// Hands on the objects of a run in order, just before its last event.
pub struct Sorted {
    keys: Vec<SortKey>,
    merge: Merge,
    /// The ends of targets, small and one each.
    ended: Vec<RunEvent>,
    /// The number of the last event that was handed on: readers are given events in another order, numbered in theirs.
    seq: u64,
    /// Why no more objects are kept.
    failed: Option<String>,
    inner: Box<dyn Sink>,
}

impl Sorted {
    /// Sorts for this sink.
    pub fn new(keys: Vec<SortKey>, inner: Box<dyn Sink>) -> Self {
        Self { keys, merge: Merge::new(IN_MEMORY), ended: Vec::new(), seq: 0, failed: None, inner }
    }

    fn keep(&mut self, event: &RunEvent, record: &Record) -> anyhow::Result<()> {
        let mut key = Vec::new();
        for sort in &self.keys {
            sort.push(record, &mut key);
        }
        let mut item = Vec::new();
        item.extend_from_slice(&event.at.as_millisecond().to_le_bytes());
        item.extend_from_slice(&record.target.0.to_le_bytes());
        item.push(u8::from(record.value.has_refs));
        item.extend_from_slice(encode(&record.value).as_bytes());
        self.merge.push(key, item).context("cannot keep the objects in a temporary file")
    }

    fn hand_on(&mut self) -> anyhow::Result<Flow> {
        let merge = std::mem::replace(&mut self.merge, Merge::new(IN_MEMORY));
        let mut decoder = Decoder::new(Limits::OF_KEPT);
        for item in merge.into_sorted().context("cannot read the objects back")? {
            let event = read(&mut decoder, &item.context("cannot read the objects back")?)?;
            if self.pass(event)? == Flow::Enough {
                return Ok(Flow::Enough);
            }
        }
        Ok(Flow::Continue)
    }

    fn hand_on_ends(&mut self) -> anyhow::Result<Flow> {
        let mut flow = Flow::Continue;
        for event in std::mem::take(&mut self.ended) {
            flow = self.pass(event)?;
        }
        Ok(flow)
    }

    /// What came of keeping and reading back objects. Where that fails, the run is to end, and what is written be
    /// complete.
    fn unless_failed(&mut self, kept: anyhow::Result<Flow>) -> Flow {
        kept.unwrap_or_else(|error| {
            self.failed.get_or_insert_with(|| error_text::chain(error.chain()));
            Flow::End
        })
    }

    /// Hands on an event under the next number.
    fn pass(&mut self, event: RunEvent) -> anyhow::Result<Flow> {
        self.seq += 1;
        self.inner.event(&RunEvent { seq: self.seq, ..event })
    }
}

impl Sink for Sorted {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        match &event.kind {
            RunEventKind::Record(record) if record.stream == Stream::Output => {
                let kept = if self.failed.is_none() { self.keep(event, record) } else { Ok(()) };
                Ok(self.unless_failed(kept.map(|()| Flow::Continue)))
            }
            RunEventKind::TargetFinished(_) => {
                self.ended.push(event.clone());
                Ok(Flow::Continue)
            }
            _ => self.pass(event.clone()),
        }
    }

    fn idle(&mut self) -> anyhow::Result<Flow> {
        self.inner.idle()
    }

    fn complete(&mut self, summary: &Summary) -> anyhow::Result<Flow> {
        let handed = self.hand_on();
        match self.unless_failed(handed) {
            Flow::Enough => Ok(Flow::Enough),
            // What is written is to be complete, whatever became of the order.
            handed => {
                self.hand_on_ends()?;
                self.inner.complete(summary).map(|flow| if handed == Flow::End { handed } else { flow })
            }
        }
    }

    fn failures(&self) -> Vec<String> {
        self.failed.iter().cloned().chain(self.inner.failures()).collect()
    }
}

fn read(decoder: &mut Decoder, item: &[u8]) -> anyhow::Result<RunEvent> {
    let Some((head, xml)) = item.split_first_chunk::<13>() else { bail!("an object was cut short on its way back") };
    let at = i64::from_le_bytes(std::array::from_fn(|place| head[place]));
    let target = u32::from_le_bytes(std::array::from_fn(|place| head[8 + place]));
    let mut value = decoder.decode(xml).context("an object did not survive its way back")?;
    value.has_refs = head[12] != 0;
    let record = Record { target: TargetId(target), stream: Stream::Output, value, terminating: false };
    let at = Timestamp::from_millisecond(at)?;
    // It is numbered when it is handed on.
    Ok(RunEvent { seq: 0, at, kind: RunEventKind::Record(record) })
}

#[cfg(test)]
mod tests {
    use super::{SortKey, Sorted};
    use crate::clixml::Value;
    use crate::output::testing::{Capture, Script, bag, settings, tell};
    use crate::output::{Format, Settings, open};
    use crate::stream::Stream;

    fn sorted(keys: &[&str], objects: Vec<(u32, Value)>) -> String {
        let capture = Capture::default();
        let settings = Settings { types: true, ..settings() };
        let keys = keys.iter().map(|key| key.parse::<SortKey>().unwrap()).collect();
        let mut sink = Sorted::new(keys, open(Format::Jsonl, Box::new(capture.clone()), &settings));
        let mut script = Script::new(&["web02", "web01"]);
        let mut events = vec![script.started()];
        events.extend(objects.into_iter().map(|(target, value)| script.record(target, Stream::Output, value)));
        events.push(script.run_finished());
        events.iter().for_each(|event| tell(&mut sink, event));
        let lines = capture.text();
        let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let shown = lines.filter(|line| line["type"] == "object").map(|line| {
            let notes = &line["data"]["notes"];
            format!("{}:{}{}", line["host"].as_str().unwrap(), notes["Name"].as_str().unwrap_or("-"), notes["Size"])
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    fn object(name: &str, size: i32) -> Value {
        bag(vec![("Name", Value::str(name)), ("Size", Value::I32(size))]).into()
    }

    #[test]
    fn by_one_property_and_another() {
        let objects = vec![
            (0, object("b", 10)),
            (1, object("A", 9)),
            (1, object("a", -2)),
            (0, Value::str("no properties")),
            (0, object("B", 100)),
        ];
        assert_eq!(sorted(&["name", "size"], objects.clone()), "web02:-null web01:a-2 web01:A9 web02:b10 web02:B100");
        assert_eq!(sorted(&["Size:desc"], objects.clone()), "web02:B100 web02:b10 web01:A9 web01:a-2 web02:-null");
        assert_eq!(sorted(&["PSComputerName", "Size"], objects), "web02:-null web02:b10 web02:B100 web01:a-2 web01:A9");
    }
}
