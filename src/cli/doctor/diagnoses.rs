//! What was found, gathered host by host.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::doctor::{Cause, Finding, Status};
use crate::event::{Finished, RunEvent, RunEventKind, RunHeader};
use crate::outcome::Outcome;
use crate::report::Causes;
use crate::stream::Stream;
use crate::target::TargetId;

/// The findings of all hosts: in full of those that are asked for, else what is wrong.
#[derive(Default)]
pub(super) struct Diagnoses {
    /// Keep every stage.
    pub(super) in_full: bool,
    pub(super) header: Option<Arc<RunHeader>>,
    /// Why hosts failed, in a run's own words.
    pub(super) causes: Causes,
    /// Stages of hosts, where every one is kept.
    pub(super) stages: BTreeMap<TargetId, Vec<Finding>>,
    /// What has a warning, by stage, cause and next step.
    pub(super) warnings: Vec<Warned>,
    /// Where hosts have failed.
    pub(super) ends: BTreeMap<TargetId, Finding>,
    /// Hosts that are fine.
    pub(super) fine: Vec<TargetId>,
}

/// Hosts with the same warning.
pub(super) struct Warned {
    /// As the first host has it.
    pub(super) finding: Finding,
    /// Others have it in other words, such as another number.
    pub(super) varies: bool,
    pub(super) hosts: Vec<TargetId>,
}

impl Diagnoses {
    pub(super) fn in_full(in_full: bool) -> Self {
        Self { in_full, ..Self::default() }
    }

    /// Takes the next event.
    pub(super) fn apply(&mut self, event: &RunEvent) {
        self.causes.apply(event);
        match &event.kind {
            RunEventKind::RunStarted(header) => {
                // One host, or a few, are shown step by step without being asked.
                self.in_full |= header.targets.len() == 1;
                self.header = Some(Arc::clone(header));
            }
            RunEventKind::Record(record) if record.stream == Stream::Output => {
                if let Some(finding) = Finding::of_document(&record.value) {
                    self.found(record.target, finding);
                }
            }
            RunEventKind::TargetFinished(Finished { target, outcome: Outcome::Ok, .. }) => self.fine.push(*target),
            _ => {}
        }
    }

    fn found(&mut self, target: TargetId, finding: Finding) {
        match finding.status {
            Status::Warning => self.warned(target, &finding),
            Status::Failed | Status::Skipped => {
                self.ends.insert(target, finding.clone());
            }
            Status::Ok => {}
        }
        if self.in_full {
            self.stages.entry(target).or_default().push(finding);
        }
    }

    fn warned(&mut self, target: TargetId, finding: &Finding) {
        let key = |finding: &Finding| (finding.stage.clone(), finding.cause, finding.next.clone());
        let known = self.warnings.iter_mut().find(|known| key(&known.finding) == key(finding));
        match known {
            Some(known) => {
                known.varies |= known.finding.detail != finding.detail;
                known.hosts.push(target);
            }
            None => self.warnings.push(Warned { finding: finding.clone(), varies: false, hosts: vec![target] }),
        }
    }

    /// The name of a host.
    pub(super) fn name(&self, target: TargetId) -> &str {
        self.header.as_ref().map_or("", |header| header.host(target))
    }

    /// Who logs on to these hosts, each once.
    pub(super) fn users(&self, hosts: &[TargetId]) -> Vec<&str> {
        let Some(header) = &self.header else { return Vec::new() };
        let targets = hosts.iter().filter_map(|host| header.targets.get(host.index()));
        let mut users: Vec<_> =
            targets.filter_map(|target| target.credential.as_ref().and_then(|credential| credential.user())).collect();
        users.sort_unstable();
        users.dedup();
        users
    }

    /// The hosts of each cause that has a remedy.
    pub(super) fn with_remedies(&self) -> BTreeMap<Cause, Vec<TargetId>> {
        let ends = self.ends.iter().filter_map(|(host, finding)| Some((finding.cause?, *host)));
        let warned = self.warnings.iter().filter_map(|warned| Some((warned.finding.cause?, &warned.hosts)));
        let warned = warned.flat_map(|(cause, hosts)| hosts.iter().map(move |host| (cause, *host)));
        let mut found: BTreeMap<Cause, Vec<TargetId>> = BTreeMap::new();
        for (cause, host) in ends.chain(warned) {
            found.entry(cause).or_default().push(host);
        }
        found
    }
}
