//! Takes the events of a run and hands on its groups.

use std::collections::HashMap;
use std::io::BufReader;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;

use super::canonical::{self, Digest};
use super::compare::{Side, compare};
use super::streams::Streams;
use super::{Group, Groups, Ignore, Notes, record};
use crate::clixml::{Decoder, Limits};
use crate::event::{Finished, RunEvent, RunEventKind, RunHeader, Summary};
use crate::hostlist;
use crate::outcome::{Outcome, Reason};
use crate::output::{Flow, Select, Sink};
use crate::record::{Record, error_message};
use crate::stream::Stream;
use crate::target::{Target, TargetId};

/// Bytes of the streams of all hosts together that are kept in memory.
const IN_MEMORY: usize = 64 << 20;

/// Objects and errors of a group that a diff looks at, and bytes of them.
const COMPARED: (usize, usize) = (50_000, 32 << 20);

/// What makes hosts equal, and what is shown of groups.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    /// Properties that don't count.
    pub ignore: Ignore,
    /// Properties that count at all.
    pub select: Select,
    /// Errors don't count.
    pub without_errors: bool,
    /// Deltas are shown instead of objects.
    pub diff: Option<Diff>,
    /// What people should know besides.
    pub notes: Notes,
}

/// What groups are compared with.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// The group of this host; none for the largest one that is ok.
    pub to: Option<String>,
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
        let mut groups: Vec<Group> = alike.iter().map(|alike| alike.group(&header)).collect();
        let mut reference = None;
        if let Some(diff) = &self.fold.diff {
            match diff.reference(&header, &alike, &groups) {
                Ok(place) => {
                    groups[place].reference = true;
                    reference = Some((place, self.side(&alike[place], &groups[place])?));
                }
                Err(why) => self.fold.notes.tell(why),
            }
        }
        let target = |(alike, group): (&Alike, &Group)| {
            let one = &header.targets[alike.finished.target.index()];
            Arc::new(Target { name: group.hosts.as_str().into(), ..(**one).clone() })
        };
        let targets = alike.iter().zip(&groups).map(target).collect();
        self.groups.tell(groups.clone());
        let header = Arc::new(RunHeader::new(header.run, targets));
        let mut flow = self.pass(began, RunEventKind::RunStarted(header))?;
        for ((place, alike), group) in (0..).map(TargetId).zip(&alike).zip(&groups) {
            match (&self.fold.diff, &reference) {
                (None, _) => {
                    for stream in [Stream::Output, Stream::Error] {
                        if flow != Flow::Enough {
                            flow = self.hand_on_stream(place, alike, stream)?;
                        }
                    }
                }
                (Some(_), Some((known, side))) if *known != place.index() && group.is_whole() => {
                    let other = self.side(alike, group)?;
                    for delta in compare(side, &other, &self.fold.select) {
                        if flow != Flow::Enough {
                            let value = delta.into_document();
                            let record = Record { target: place, stream: Stream::Output, value, terminating: false };
                            flow = self.pass(alike.at, RunEventKind::Record(record))?;
                        }
                    }
                }
                _ => {}
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
        let mut decoder = Decoder::new(Limits::OF_KEPT);
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

    /// What a host of a group has sent, as far as it is compared.
    fn side(&mut self, alike: &Alike, group: &Group) -> anyhow::Result<Side> {
        let mut side = Side::default();
        let mut decoder = Decoder::new(Limits::OF_KEPT);
        for stream in [Stream::Output, Stream::Error] {
            let mut bytes = BufReader::new(self.streams.reader(alike.finished.target.0));
            let mut left = COMPARED;
            while let Some(kept) =
                record::read(&mut decoder, &mut bytes, stream).context("cannot read the objects back")?
            {
                let room = kept.value.memory();
                if left.0 == 0 || left.1 < room {
                    let what = if stream == Stream::Output { "objects" } else { "errors" };
                    let first = COMPARED.0 - left.0;
                    self.fold.notes.tell(format!("only the first {first} {what} of {} are compared", group.hosts));
                    break;
                }
                left = (left.0 - 1, left.1 - room);
                match stream {
                    Stream::Output => side.objects.push(kept.value),
                    _ => side.errors.push(error_message(&kept.value).unwrap_or_default().into_owned()),
                }
            }
        }
        Ok(side)
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

impl Diff {
    /// Whether the run has the host to compare with.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check<'a>(&self, mut hosts: impl Iterator<Item = &'a str>) -> anyhow::Result<()> {
        match &self.to {
            Some(host) if !hosts.any(|name| name.eq_ignore_ascii_case(host)) => {
                bail!("--diff-to {host}: the run has no host of this name");
            }
            _ => Ok(()),
        }
    }

    /// The place of the group to compare with, or why there is none.
    fn reference(&self, header: &RunHeader, alike: &[Alike], groups: &[Group]) -> Result<usize, String> {
        if let Some(host) = &self.to {
            let is_host = |target: &TargetId| header.host(*target).eq_ignore_ascii_case(host);
            let place = alike.iter().position(|alike| alike.members.iter().any(is_host));
            return match place.map(|place| (place, &groups[place])) {
                Some((place, group)) if group.is_whole() => Ok(place),
                Some((_, group)) => {
                    Err(format!("{host} is {}, so there is nothing to compare the others with", group.outcome))
                }
                None => Err(format!("{host} has no outcome here, so there is nothing to compare the others with")),
            };
        }
        let largest = |outcome| groups.iter().position(|group| group.outcome == outcome);
        let place = largest(Outcome::Ok).or_else(|| largest(Outcome::OkWithErrors));
        place.ok_or_else(|| "no host is ok, so there is nothing to compare the others with".to_owned())
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
            RunEventKind::RunStarted(header) => {
                if let Some(diff) = &self.fold.diff {
                    diff.check(header.targets.iter().map(|target| &*target.name))?;
                }
                self.header = Some((Arc::clone(header), event.at));
            }
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
