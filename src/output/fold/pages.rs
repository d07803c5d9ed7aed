//! Groups for people: a line with the hosts over what they have sent.

use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use uuid::Uuid;

use super::delta::{self, Change};
use super::{Group, Groups};
use crate::event::{RunEvent, RunEventKind, RunHeader, Summary};
use crate::exit::ExitFacts;
use crate::outcome::{Counts, Outcome};
use crate::output::table::{Hidden, write_hidden};
use crate::output::{Flow, Settings, Shown, Sink, flow, sanitize, sanitize_line, style, wrapped};
use crate::record::Record;
use crate::stream::Stream;
use crate::target::TargetId;

/// Makes a sink for the objects of one group.
pub(in crate::output) type Open = Box<dyn Fn(Box<dyn Write + Send>) -> Box<dyn Sink> + Send>;

/// Shows each group by a sink of its own, as if it were the only target of a run.
pub(in crate::output) struct Pages {
    writer: Shared,
    open: Open,
    /// What the tables of all groups hide.
    hidden: Hidden,
    groups: Groups,
    color: bool,
    /// Columns of a line, where people read it on a terminal.
    columns: Option<usize>,
    header: Option<Arc<RunHeader>>,
    /// The group at hand.
    page: Option<Page>,
}

/// A group that is being shown.
struct Page {
    target: TargetId,
    /// What a run is that has this group alone.
    summary: Summary,
    /// What shows its objects; none once they are over.
    sink: Option<Box<dyn Sink>>,
}

/// A writer that one sink after the other writes to.
#[derive(Clone)]
struct Shared(Arc<Mutex<Sheet>>);

struct Sheet {
    writer: BufWriter<Box<dyn Write + Send>>,
    /// The last bytes that were written.
    end: [u8; 2],
}

impl Pages {
    /// Shows groups on a writer.
    pub(in crate::output) fn new(
        writer: Box<dyn Write + Send>,
        settings: &Settings,
        groups: Groups,
        (open, hidden): (Open, Hidden),
    ) -> Self {
        let sheet = Sheet { writer: BufWriter::new(writer), end: [b'\n'; 2] };
        let writer = Shared(Arc::new(Mutex::new(sheet)));
        let columns = settings.terminal.then_some(settings.width);
        Self { writer, open, hidden, groups, color: settings.color, columns, header: None, page: None }
    }

    /// Begins the page of a group, unless it is the one at hand.
    fn turn_to(&mut self, target: TargetId, event: &RunEvent) -> anyhow::Result<Flow> {
        let (Some(header), Some(group)) = (&self.header, self.groups.of(target)) else { return Ok(Flow::Continue) };
        if self.page.as_ref().is_some_and(|page| page.target == target) {
            return Ok(Flow::Continue);
        }
        let title = style::title(self.color);
        let blank = if self.writer.is_blank() { "" } else { "\n" };
        let heading = self.fitted(heading(group, self.groups.are_deltas()));
        let written = writeln!(self.writer, "{blank}{title}{heading}{title:#}");
        let alone = RunHeader::new(header.run, vec![Arc::clone(&header.targets[target.index()])]);
        let mut sink = (self.open)(Box::new(self.writer.clone()));
        sink.event(&RunEvent { kind: RunEventKind::RunStarted(Arc::new(alone)), ..event.clone() })?;
        self.page = Some(Page { target, summary: summary(header.run, group.outcome), sink: Some(sink) });
        flow(written)
    }

    fn record(&mut self, record: &Record, event: &RunEvent) -> anyhow::Result<Flow> {
        let turned = self.turn_to(record.target, event)?;
        let (Some(page), Flow::Continue) = (&mut self.page, turned) else { return Ok(turned) };
        if self.groups.are_deltas() && record.stream == Stream::Output {
            return self.delta(record);
        }
        let record = Record { target: TargetId(0), ..record.clone() };
        if let (Some(sink), Stream::Output) = (&mut page.sink, record.stream) {
            return sink.event(&RunEvent { kind: RunEventKind::Record(record), ..event.clone() });
        }
        // The objects stand before it.
        let closed = page.close()?;
        let text = Shown::of(&record, false).text;
        let red = if self.color { AnsiColor::Red.on_default().bold() } else { Style::new() };
        let written = flow(writeln!(self.writer, "{red}error:{red:#} {}", sanitize(text.trim_end())))?;
        Ok(if closed == Flow::Continue { written } else { closed })
    }

    fn delta(&mut self, record: &Record) -> anyhow::Result<Flow> {
        let (change, line) = delta::line(&record.value);
        let color = match change {
            Change::Added => AnsiColor::Green,
            Change::Removed => AnsiColor::Red,
            Change::Changed | Change::Reordered => AnsiColor::Yellow,
        };
        let style = if self.color { color.on_default() } else { Style::new() };
        let line = self.fitted(sanitize_line(&line).into_owned());
        flow(writeln!(self.writer, "{style}{line}{style:#}"))
    }

    fn fitted(&self, line: String) -> String {
        match self.columns {
            Some(columns) => wrapped(&line, columns),
            None => line,
        }
    }

    fn finish(&mut self, target: TargetId, event: &RunEvent) -> anyhow::Result<Flow> {
        match (self.turn_to(target, event)?, self.page.take()) {
            (Flow::Continue, Some(mut page)) => page.close(),
            (turned, _) => Ok(turned),
        }
    }
}

impl Page {
    fn close(&mut self) -> anyhow::Result<Flow> {
        self.sink.take().map_or(Ok(Flow::Continue), |mut sink| sink.complete(&self.summary))
    }
}

/// A run whose only target ended so.
fn summary(run: Uuid, outcome: Outcome) -> Summary {
    let mut counts = Counts::default();
    counts.add(outcome);
    let exit = ExitFacts::default();
    Summary { run, counts, target_count: 1, duration: Duration::ZERO, exit, shells_left: Vec::new() }
}

/// `--- web[01-38,40] (39 hosts)`, and what there is to say of them besides.
fn heading(group: &Group, are_deltas: bool) -> String {
    let mut facts = format!("{} host{}", group.count, if group.count == 1 { "" } else { "s" });
    match (group.outcome, group.reason) {
        (Outcome::Ok, _) => {}
        // The errors stand below.
        (outcome @ Outcome::OkWithErrors, _) | (outcome, None) => facts.push_str(&format!(", {outcome}")),
        (outcome, Some(reason)) => facts.push_str(&format!(", {outcome}: {reason}")),
    }
    if let Some(code) = group.exit_code {
        facts.push_str(&format!(", exit code {code}"));
    }
    match are_deltas {
        true if group.reference => facts.push_str(", reference"),
        true if !group.is_whole() => facts.push_str(", not compared"),
        false if group.outcome == Outcome::Ok && group.objects == 0 => facts.push_str(", no objects"),
        _ => {}
    }
    format!("--- {} ({facts})", sanitize_line(&group.hosts))
}

impl Sink for Pages {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        match &event.kind {
            RunEventKind::RunStarted(header) => self.header = Some(Arc::clone(header)),
            RunEventKind::Record(record) => return self.record(record, event),
            RunEventKind::TargetFinished(finished) => return self.finish(finished.target, event),
            _ => {}
        }
        Ok(Flow::Continue)
    }

    fn complete(&mut self, _summary: &Summary) -> anyhow::Result<Flow> {
        if !self.hidden.is_empty() {
            // It belongs to all groups.
            if flow(writeln!(self.writer))? == Flow::Enough {
                return Ok(Flow::Enough);
            }
        }
        let hidden = write_hidden(&mut self.writer, &self.hidden, self.color, self.columns);
        flow(hidden.and_then(|()| self.writer.flush()))
    }
}

impl Shared {
    fn sheet(&self) -> MutexGuard<'_, Sheet> {
        // Valid after any panic: what was written, was written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing was written yet, or a blank line last.
    fn is_blank(&self) -> bool {
        self.sheet().end == *b"\n\n"
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut sheet = self.sheet();
        let written = sheet.writer.write(bytes)?;
        for byte in &bytes[written.saturating_sub(2)..written] {
            sheet.end = [sheet.end[1], *byte];
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sheet().writer.flush()
    }
}
