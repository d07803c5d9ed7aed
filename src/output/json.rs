//! json: one document. Records wait in a spool, because the counts come before them.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use anyhow::Context;
use serde::Serialize;

use super::append::append;
use super::line::{CountsJson, EventLines, HostDone, VERSION};
use super::spool::Spool;
use super::{Flow, Group, Settings, Sink, flow};
use crate::event::{Finished, RunEvent, RunEventKind, Summary};
use crate::target::TargetId;

/// Writes one document when the run is over.
pub(super) struct Json {
    writer: BufWriter<Box<dyn Write + Send>>,
    lines: EventLines,
    targets: BTreeMap<TargetId, Vec<u8>>,
    records: Spool,
    /// What the targets are called: they may be groups of hosts.
    name: &'static str,
}

#[derive(Serialize)]
struct GroupEntry<'a> {
    hosts: &'a str,
    count: u64,
    #[serde(flatten)]
    group: &'a Group,
}

#[derive(Serialize)]
struct TargetEntry<'a> {
    host: &'a str,
    #[serde(flatten)]
    done: HostDone<'a>,
}

impl Json {
    /// Opens the sink on a writer.
    pub(super) fn new(writer: Box<dyn Write + Send>, settings: &Settings) -> Self {
        Self {
            writer: BufWriter::new(writer),
            lines: EventLines::new(settings),
            targets: BTreeMap::new(),
            records: Spool::new(),
            name: if settings.groups.is_some() { "groups" } else { "targets" },
        }
    }

    fn target(&mut self, finished: &Finished) {
        let mut entry = Vec::new();
        match self.lines.group(finished.target) {
            Some(group) => append(&mut entry, &GroupEntry { hosts: &group.hosts, count: group.count, group }),
            None => {
                let host = self.lines.host(finished.target);
                append(&mut entry, &TargetEntry { host, done: HostDone::new(finished) });
            }
        }
        self.lines.make_safe(&mut entry);
        self.targets.insert(finished.target, entry);
    }

    fn record(&mut self, event: &RunEvent) -> io::Result<()> {
        let mut record = Vec::new();
        if self.lines.write_entry(event, &mut record) {
            let separator: &[u8] = if self.records.len() == 0 { b"\n" } else { b",\n" };
            self.records.write_all(separator)?;
            self.records.write_all(&record)?;
        }
        Ok(())
    }

    /// Everything but the exit code.
    fn document(&mut self, summary: &Summary) -> io::Result<()> {
        let mut head = format!("{{\"v\":{VERSION},\"run\":").into_bytes();
        append(&mut head, &summary.run);
        head.extend_from_slice(b",\"counts\":");
        append(&mut head, &CountsJson(summary.counts));
        write!(head, ",\"target_count\":{},\"{}\":[", summary.target_count, self.name)?;
        self.writer.write_all(&head)?;
        let mut separator = "\n";
        for target in std::mem::take(&mut self.targets).values() {
            self.writer.write_all(separator.as_bytes())?;
            self.writer.write_all(target)?;
            separator = ",\n";
        }
        self.writer.write_all(b"],\"records\":[")?;
        let records = std::mem::replace(&mut self.records, Spool::new());
        io::copy(&mut records.into_reader()?, &mut self.writer)?;
        self.writer.flush()
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        writeln!(self.writer, "],\"exit_code\":{}}}", summary.exit_code())?;
        self.writer.flush()
    }
}

impl Sink for Json {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        match &event.kind {
            RunEventKind::RunStarted(_) => self.lines.start(event),
            RunEventKind::TargetFinished(finished) => self.target(finished),
            RunEventKind::Record(_) => {
                self.record(event).context("cannot keep the records in a temporary file")?;
            }
            RunEventKind::RunFinished(summary) => return flow(self.end(summary)),
            _ => {}
        }
        Ok(Flow::Continue)
    }

    fn complete(&mut self, summary: &Summary) -> anyhow::Result<Flow> {
        flow(self.document(summary))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::Json as Sink;
    use crate::clixml::Value;
    use crate::outcome::Outcome;
    use crate::output::testing::{Capture, Script, bag, settings, written};
    use crate::output::{Format, Sink as _};
    use crate::stream::Stream;

    #[test]
    fn one_document() {
        let mut script = Script::new(&["web01", "web02"]);
        let events = [
            script.started(),
            script.record(1, Stream::Output, bag(vec![("Name", Value::str("b"))])),
            script.record(0, Stream::Warning, bag(vec![("InformationalRecord_Message", Value::str("low"))])),
            script.record(0, Stream::Progress, bag(vec![("Activity", Value::str("not asked for"))])),
            script.finished(1, Outcome::Ok),
            script.finished(0, Outcome::Failed),
            script.run_finished(),
        ];
        let text = written(Format::Json, &settings(), &events);
        let document: Json = serde_json::from_str(&text).unwrap();
        let keys: Vec<_> = document.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["v", "run", "counts", "target_count", "targets", "records", "exit_code"]);
        assert_eq!(document["counts"]["failed"], 1);
        assert_eq!(document["counts"]["lost"], 0);
        let hosts =
            [&document["targets"][0], &document["targets"][1]].map(|target| (&target["host"], &target["outcome"]));
        assert_eq!(hosts, [(&json!("web01"), &json!("failed")), (&json!("web02"), &json!("ok"))]);
        assert_eq!(
            document["records"],
            json!([
                {"seq": 2, "type": "object", "host": "web02", "t": "2026-11-18T11:06:41.000Z", "data": {"Name": "b"}},
                {"seq": 3, "type": "warning", "host": "web01", "t": "2026-11-18T11:06:41.000Z", "data": {"message": "low"}},
            ])
        );
    }

    #[test]
    fn an_empty_run_is_a_document_too() {
        let mut script = Script::new(&[]);
        let text = written(Format::Json, &settings(), &[script.started(), script.run_finished()]);
        let document: Json = serde_json::from_str(&text).unwrap();
        assert_eq!((&document["records"], &document["targets"]), (&json!([]), &json!([])));
    }

    #[test]
    fn records_wait_on_disk_not_in_memory() {
        let capture = Capture::default();
        let mut sink = Sink::new(Box::new(capture.clone()), &settings());
        let mut script = Script::new(&["web01"]);
        sink.event(&script.started()).unwrap();
        for number in 0..20_000 {
            sink.event(&script.record(0, Stream::Output, bag(vec![("Number", Value::I32(number))]))).unwrap();
        }
        assert!(sink.records.on_disk() && capture.text().is_empty());
        sink.complete(&script.summary()).unwrap();
        sink.event(&script.run_finished()).unwrap();
        let document: Json = serde_json::from_str(&capture.text()).unwrap();
        assert_eq!(document["records"].as_array().unwrap().len(), 20_000);
        assert_eq!(document["records"][19_999]["data"]["Number"], 19_999);
    }
}
