//! The report for people: hosts that are fine in one line, then warnings, then causes, each with what to do there.

use std::collections::{BTreeSet, HashSet};
use std::io::Write;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};

use super::diagnoses::Diagnoses;
use crate::cli::terminal::{Console, ConsoleWriter};
use crate::doctor::{Cause, Finding, Status};
use crate::event::{RunEvent, RunEventKind};
use crate::hostlist::fold;
use crate::output::{Flow, Sink, sanitize_line};
use crate::target::TargetId;

/// Writes the report to stdout when the run is over.
pub(super) struct Report {
    out: ConsoleWriter,
    color: bool,
    found: Diagnoses,
    /// Causes whose commands have been shown.
    shown: BTreeSet<Cause>,
}

impl Report {
    pub(super) fn new(console: &Arc<Console>) -> Self {
        let found = Diagnoses::in_full(console.verbose());
        Self { out: console.stdout(), color: console.stdout_color(), found, shown: BTreeSet::new() }
    }

    fn end(&mut self) -> String {
        let mut page = String::new();
        for (host, stages) in &self.found.stages {
            page.push_str(&format!("{}\n", sanitize_line(self.found.name(*host))));
            stages.iter().for_each(|finding| page.push_str(&stage(finding)));
        }
        if !self.found.fine.is_empty() {
            let label = self.styled(AnsiColor::Green, "ok");
            page.push_str(&format!("{label} {}\n", self.hosts(&self.found.fine)));
        }
        for warned in &self.found.warnings {
            let Finding { stage, detail, cause, next, .. } = &warned.finding;
            let label = self.styled(AnsiColor::Yellow, &format!("warning at {stage}"));
            let such = if warned.varies { "such as: " } else { "" };
            page.push_str(&format!("{label} {}: {such}{}\n", self.hosts(&warned.hosts), sanitize_line(detail)));
            let users = self.found.users(&warned.hosts);
            page.push_str(&todo(&mut self.shown, next.as_deref(), *cause, &users));
        }
        for group in self.found.causes.groups() {
            let members: HashSet<&str> = group.hosts.iter().map(|name| &**name).collect();
            let is_of = |host: &TargetId| members.contains(self.found.name(*host));
            let hosts: Vec<TargetId> = self.found.ends.keys().copied().filter(is_of).collect();
            let end = hosts.first().and_then(|host| self.found.ends.get(host));
            let label = match end {
                Some(Finding { stage, status: Status::Failed, .. }) => {
                    self.styled(AnsiColor::Red, &format!("failed at {stage}"))
                }
                _ => self.styled(AnsiColor::Yellow, &group.outcome.code().replace('_', " ")),
            };
            let code = group.reason.map(|reason| format!(" [{reason}]")).unwrap_or_default();
            let names = named(group.hosts.iter().map(|host| &**host), group.hosts.len());
            page.push_str(&format!("{label} {names}: {}{code}\n", sanitize_line(group.message())));
            let cause = end.and_then(|end| end.cause);
            let next = group.hint().or(cause.map(Cause::next));
            page.push_str(&todo(&mut self.shown, next, cause, &self.found.users(&hosts)));
        }
        page
    }

    fn hosts(&self, hosts: &[TargetId]) -> String {
        named(hosts.iter().map(|host| self.found.name(*host)), hosts.len())
    }

    fn styled(&self, color: AnsiColor, text: &str) -> String {
        let style: Style = color.on_default().bold();
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// `web07`, or `web[01-38,40]: 39 hosts`.
fn named<'a>(names: impl Iterator<Item = &'a str>, count: usize) -> String {
    let names = fold(names);
    let names = sanitize_line(&names);
    if count == 1 { names.into_owned() } else { format!("{names}: {count} hosts") }
}

/// One line of a host that is shown in full.
fn stage(finding: &Finding) -> String {
    let mark = match finding.status {
        Status::Ok => "",
        Status::Warning => "warning: ",
        Status::Failed => "failed: ",
        Status::Skipped => "skipped: ",
    };
    let time = format!("{} ms", finding.took.as_millis());
    format!("  {:<10} {time:>9}  {mark}{}\n", sanitize_line(&finding.stage), sanitize_line(&finding.detail))
}

/// The next step, and the commands to run on the hosts; those that were shown before are only named.
fn todo(shown: &mut BTreeSet<Cause>, next: Option<&str>, cause: Option<Cause>, users: &[&str]) -> String {
    let mut lines = next.map(|next| format!("  next: {}\n", sanitize_line(next))).unwrap_or_default();
    let Some(cause) = cause else { return lines };
    if !shown.insert(cause) {
        lines.push_str(&format!("  there: as above for {}\n", cause.code()));
        return lines;
    }
    lines.push_str(&format!("  there ({}):\n", cause.code()));
    for command in cause.commands(users) {
        lines.push_str(&format!("    {}\n", sanitize_line(&command)));
    }
    lines
}

impl Sink for Report {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        self.found.apply(event);
        if let RunEventKind::RunFinished(_) = event.kind {
            let page = self.end();
            self.out.write_all(page.as_bytes())?;
            self.out.flush()?;
        }
        Ok(Flow::Continue)
    }
}
