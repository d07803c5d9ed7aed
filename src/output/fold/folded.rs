//! Takes the events of a run and hands on its groups.

use std::collections::HashMap;
use std::io::BufReader;
use std::sync::Arc;

use anyhow::Context as _;
use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;

use super::canonical::{self, Digest};
use super::streams::Streams;
use super::{Group, Groups, Ignore, record};
use crate::clixml::Decoder;
use crate::event::{Finished, RunEvent, RunEventKind, RunHeader, Summary};
use crate::hostlist;
use crate::outcome::{Outcome, Reason};
use crate::output::{Flow, Select, Sink};
use crate::record::{Record, error_message};
use crate::stream::Stream;
use crate::target::{Target, TargetId};

/// Bytes of the streams of all hosts together that are kept in memory.
const IN_MEMORY: usize = 64 << 20;

/// What makes hosts equal.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    /// Properties that don't count.
    pub ignore: Ignore,
    /// Properties that count at all.
    pub select: Select,
    /// Errors don't count.
    pub without_errors: bool,
}

/// Folds the hosts of a run into groups, and hands these on once the run is over.
pub struct Folded {
    fold: Fold,
    header: Option<(Arc<RunHeader>, Timestamp)>,
    /// Hosts that are at work.
    hosts: HashMap<TargetId, Host>,
    /// What they have sent, and what one host of each group has.
    streams: Streams,
    alike: Vec<Alike>,
    by_key: HashMap<Key, usize>,
    groups: Groups,
    /// The number of the last event that was handed on.
    seq: u64,
    inner: Box<dyn Sink>,
}

/// What a host has sent so far. Objects and errors count apart: their order among each other is left to chance.
struct Host {
    objects: Context,
    errors: Context,
    counts: (u64, u64),
}

/// What the hosts of a group have in common.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    outcome: Outcome,
    reason: Option<Reason>,
    exit_code: Option<i32>,
    objects: Digest,
    errors: Digest,
}

/// Hosts that are equal so far.
struct Alike {
    members: Vec<TargetId>,
    /// The end of the first one, whose stream is kept.
    finished: Finished,
    at: Timestamp,
    counts: (u64, u64),
}

impl Folded {
    /// Folds for this sink, which finds what the groups are in `groups`.
    pub fn new(fold: Fold, groups: Groups, inner: Box<dyn Sink>) -> Self {
        Self::with_memory(IN_MEMORY, fold, groups, inner)
    }

    /// [`Folded::new`], with this many bytes of all streams in memory.
    pub(super) fn with_memory(limit: usize, fold: Fold, groups: Groups, inner: Box<dyn Sink>) -> Self {
        Self {
            fold,
            header: None,
            hosts: HashMap::new(),
            streams: Streams::new(limit),
            alike: Vec::new(),
            by_key: HashMap::new(),
            groups,
            seq: 0,
            inner,
        }
    }

    fn take(&mut self, record: &Record, at: Timestamp) -> anyhow::Result<()> {
        let host = self.hosts.entry(record.target).or_insert_with(Host::new);
        let kept = match record.stream {
            Stream::Output => {
                let pruned = self.fold.ignore.prune(&record.value);
                host.objects.update(&canonical::of_object(&pruned, &self.fold.select));
                host.counts.0 += 1;
                record::write(at, record.stream, false, &pruned)
            }
            _ => {
                let message = error_message(&record.value).unwrap_or_default();
                host.errors.update(&canonical::sha256(message.as_bytes()));
                host.counts.1 += 1;
                record::write(at, record.stream, record.terminating, &record.value)
            }
        };
        self.streams.append(record.target.0, &kept).context("cannot keep the objects in a temporary file")
    }

    fn finish(&mut self, finished: &Finished, at: Timestamp) {
        let target = finished.target;
        let host = self.hosts.remove(&target).unwrap_or_else(Host::new);
        let counts = host.counts;
        let key = Key {
            outcome: finished.outcome,
            reason: finished.reason,
            exit_code: finished.exit_code,
            objects: whole(host.objects),
            errors: whole(host.errors),
        };
        let place = *self.by_key.entry(key).or_insert(self.alike.len());
        match self.alike.get_mut(place) {
            Some(alike) => {
                self.streams.drop(target.0);
                alike.members.push(target);
            }
            None => self.alike.push(Alike { members: vec![target], finished: finished.clone(), at, counts }),
        }
    }

    /// The groups in the order in which they are shown.
    fn ordered(&mut self) -> Vec<Alike> {
        let mut alike = std::mem::take(&mut self.alike);
        alike.iter_mut().for_each(|alike| alike.members.sort_unstable());
        alike.sort_by(|one, other| {
            other.members.len().cmp(&one.members.len()).then_with(|| one.members.cmp(&other.members))
        });
        alike
    }

    fn hand_on(&mut self) -> anyhow::Result<Flow> {
        let Some((header, began)) = self.header.take() else { return Ok(Flow::Continue) };
        let alike = self.ordered();
        let groups: Vec<Group> = alike.iter().map(|alike| alike.group(&header)).collect();
        let target = |(alike, group): (&Alike, &Group)| {
            let one = &header.targets[alike.finished.target.index()];
            Arc::new(Target { name: group.hosts.as_str().into(), ..(**one).clone() })
        };
        let targets = alike.iter().zip(&groups).map(target).collect();
        self.groups.tell(groups);
        let header = Arc::new(RunHeader::new(header.run, targets));
        let mut flow = self.pass(began, RunEventKind::RunStarted(header))?;
        for (place, alike) in (0..).map(TargetId).zip(&alike) {
            for stream in [Stream::Output, Stream::Error] {
                if flow != Flow::Enough {
                    flow = self.hand_on_stream(place, alike, stream)?;
                }
            }
            if flow != Flow::Enough {
                let finished = Finished { target: place, ..alike.finished.clone() };
                flow = self.pass(alike.at, RunEventKind::TargetFinished(finished))?;
            }
        }
        Ok(flow)
    }

    fn hand_on_stream(&mut self, place: TargetId, alike: &Alike, stream: Stream) -> anyhow::Result<Flow> {
        let Self { streams, inner, seq, .. } = self;
        let mut bytes = BufReader::new(streams.reader(alike.finished.target.0));
        let mut decoder = Decoder::default();
        while let Some(kept) = record::read(&mut decoder, &mut bytes, stream).context("cannot read the objects back")? {
            let record = Record { target: place, stream, value: kept.value, terminating: kept.terminating };
            *seq += 1;
            let event = RunEvent { seq: *seq, at: kept.at, kind: RunEventKind::Record(record) };
            if inner.event(&event)? == Flow::Enough {
                return Ok(Flow::Enough);
            }
        }
        Ok(Flow::Continue)
    }

    /// Hands on an event under the next number.
    fn pass(&mut self, at: Timestamp, kind: RunEventKind) -> anyhow::Result<Flow> {
        self.seq += 1;
        self.inner.event(&RunEvent { seq: self.seq, at, kind })
    }
}

impl Host {
    fn new() -> Self {
        Self { objects: Context::new(&SHA256), errors: Context::new(&SHA256), counts: (0, 0) }
    }
}

impl Alike {
    fn group(&self, header: &RunHeader) -> Group {
        Group {
            hosts: hostlist::fold(self.members.iter().map(|target| header.host(*target))),
            count: self.members.len() as u64,
            outcome: self.finished.outcome,
            reason: self.finished.reason,
            exit_code: self.finished.exit_code,
            objects: self.counts.0,
            errors: self.counts.1,
            reference: false,
        }
    }
}

fn whole(context: Context) -> Digest {
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

impl Sink for Folded {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        match &event.kind {
            RunEventKind::RunStarted(header) => self.header = Some((Arc::clone(header), event.at)),
            RunEventKind::Record(record) => {
                let counts = match record.stream {
                    Stream::Output => true,
                    Stream::Error => !self.fold.without_errors,
                    _ => false,
                };
                if counts {
                    self.take(record, event.at)?;
                }
            }
            RunEventKind::TargetFinished(finished) => self.finish(finished, event.at),
            RunEventKind::RunFinished(_) => return self.pass(event.at, event.kind.clone()),
            _ => {}
        }
        Ok(Flow::Continue)
    }

    fn complete(&mut self, summary: &Summary) -> anyhow::Result<Flow> {
        match self.hand_on()? {
            Flow::Enough => Ok(Flow::Enough),
            flow => {
                let completed = self.inner.complete(summary)?;
                Ok(if flow == Flow::End { flow } else { completed })
            }
        }
    }

    fn failures(&self) -> Vec<String> {
        self.inner.failures()
    }
}
