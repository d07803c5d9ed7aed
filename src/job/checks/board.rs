//! Verdicts of the events of a run.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::mark::Mark;
use super::planned::Planned;
use super::verdict_records::judge;
use crate::check::{CheckReport, HostReport, Judgement, Report, Verdict};
use crate::event::{Finished, RunEvent, RunEventKind, RunHeader};
use crate::output::sanitize_line;
use crate::target::TargetId;

/// A check on a host: its place among the checks, and the host.
type Cell = (usize, TargetId);

/// The verdicts of a run, while it is made or replayed.
pub struct Board {
    planned: Arc<Vec<Planned>>,
    header: Option<Arc<RunHeader>>,
    /// What each host is being asked.
    open: HashMap<TargetId, Open>,
    rows: BTreeMap<Cell, Row>,
    told: HashSet<Cell>,
}

/// A check that a host is being asked for.
struct Open {
    check: usize,
    asked: u32,
    began: Timestamp,
    judgement: Judgement,
}

struct Row {
    verdict: Verdict,
    took: Duration,
    /// How often the host was asked.
    asked: u32,
}

impl Board {
    /// A board for these checks.
    pub fn new(planned: Arc<Vec<Planned>>) -> Self {
        Self { planned, header: None, open: HashMap::new(), rows: BTreeMap::new(), told: HashSet::new() }
    }

    /// Takes an event; gives the verdicts that count from now on, each with its check.
    pub fn event(&mut self, event: &RunEvent) -> Vec<(String, HostReport)> {
        match &event.kind {
            RunEventKind::RunStarted(header) => {
                self.header = Some(Arc::clone(header));
                Vec::new()
            }
            RunEventKind::Record(record) => match Mark::of(record) {
                Some(mark) => self.mark(record.target, &mark, event.at),
                None => {
                    if let Some(open) = self.open.get_mut(&record.target) {
                        judge(&mut open.judgement, record.stream, &record.value);
                    }
                    Vec::new()
                }
            },
            RunEventKind::TargetFinished(finished) => {
                self.finished(finished, event.at);
                self.tell(finished.target, None)
            }
            _ => Vec::new(),
        }
    }

    /// All verdicts so far.
    pub fn report(&self) -> Report {
        let check = |(place, planned): (usize, &Planned)| {
            let hosts = self.targets().filter_map(|target| self.host((place, target))).collect();
            CheckReport::new(Arc::clone(&planned.definition), hosts)
        };
        Report { checks: self.planned.iter().enumerate().map(check).collect() }
    }

    fn targets(&self) -> impl Iterator<Item = TargetId> {
        let count = self.header.as_ref().map_or(0, |header| header.targets.len());
        (0..u32::try_from(count).unwrap_or(u32::MAX)).map(TargetId)
    }

    fn host(&self, cell: Cell) -> Option<HostReport> {
        let row = self.rows.get(&cell)?;
        let target = self.header.as_ref()?.targets.get(cell.1.index())?;
        Some(HostReport {
            host: target.name.to_string(),
            labels: target.labels.clone(),
            verdict: row.verdict.clone(),
            took: row.took,
            asked: row.asked,
            last: None,
        })
    }

    fn mark(&mut self, target: TargetId, mark: &Mark, at: Timestamp) -> Vec<(String, HostReport)> {
        let Some(check) = self.planned.iter().position(|planned| planned.definition.name == mark.check) else {
            return Vec::new();
        };
        match &mark.end {
            None => {
                let told = self.tell(target, Some(check));
                let name = self.header.as_ref().map_or("", |header| header.host(target));
                if let Some(variant) = self.planned.get(check).and_then(|planned| planned.of(target)) {
                    let judgement = Judgement::new(Arc::clone(&variant.definition), Arc::from(name));
                    self.open.insert(target, Open { check, asked: mark.asked, began: at, judgement });
                }
                told
            }
            Some(failure) => {
                self.close(target, failure.as_deref(), at);
                Vec::new()
            }
        }
    }

    /// The verdict of what a host was being asked.
    fn close(&mut self, target: TargetId, failure: Option<&str>, at: Timestamp) {
        if let Some(Open { check, asked, began, judgement }) = self.open.remove(&target) {
            let took = Duration::try_from(at.duration_since(began)).unwrap_or_default();
            let row = Row { verdict: judgement.finish(failure), took, asked };
            self.rows.insert((check, target), row);
        }
    }

    /// Nobody can tell what a host was not asked for.
    fn finished(&mut self, finished: &Finished, at: Timestamp) {
        let target = finished.target;
        let why = match finished.message.is_empty() {
            true => finished.outcome.code().replace('_', " "),
            false => finished.message.clone(),
        };
        self.close(target, Some(&why), at);
        for (place, planned) in self.planned.iter().enumerate() {
            if planned.of(target).is_some() {
                let unknown = || Row { verdict: Verdict::unknown(sanitize_line(&why)), took: Duration::ZERO, asked: 0 };
                self.rows.entry((place, target)).or_insert_with(unknown);
            }
        }
    }

    /// The verdicts of a host that have not been told yet, but for those of a check that is asked for once more.
    fn tell(&mut self, target: TargetId, but: Option<usize>) -> Vec<(String, HostReport)> {
        let mut new = Vec::new();
        for (place, planned) in self.planned.iter().enumerate().filter(|(place, _)| Some(*place) != but) {
            if let Some(report) = self.host((place, target))
                && self.told.insert((place, target))
            {
                new.push((planned.definition.name.clone(), report));
            }
        }
        new
    }
}
