//! How far the run is, and how it ended.

use std::sync::Arc;

use anstyle::AnsiColor;
use jiff::Timestamp;

use super::{Console, CutNote, wording};
use crate::cli::args::output::ProgressMode;
use crate::event::{Finished, RunEvent, RunEventKind, RunHeader, Summary};
use crate::outcome::{Outcome, Reason};
use crate::output::{Flow, MessageData, Sink, cut, progress_text, sanitize, sanitize_line};
use crate::record::Record;
use crate::report::{Cause, Causes, Phase};
use crate::stream::Stream;

/// Columns that a host may fill with its own progress.
const REMOTE_WIDTH: usize = 100;

/// Shows progress while the run lasts; at its end why hosts failed, and the totals.
pub struct ProgressLine {
    console: Arc<Console>,
    header: Option<Arc<RunHeader>>,
    causes: Causes,
    cuts: Option<CutNote>,
    /// Says why hosts failed.
    says_causes: bool,
    /// Says who finds out more.
    names_doctor: bool,
    /// What a host last said of its own progress.
    remote: String,
    /// Why no other host started, where that has been said.
    closed: Option<String>,
    /// When it was made.
    opened: Timestamp,
}

impl ProgressLine {
    /// Shows progress on this console; says at the end what was cut, if that is wanted.
    pub fn new(console: &Arc<Console>, cuts: Option<CutNote>) -> Self {
        let causes = Causes::default();
        Self {
            console: Arc::clone(console),
            header: None,
            causes,
            cuts,
            remote: String::new(),
            closed: None,
            opened: Timestamp::now(),
            says_causes: true,
            names_doctor: true,
        }
    }

    /// The same for the doctor, to whom nobody need be sent; without a word on why hosts failed if a report says it.
    pub fn of_doctor(mut self, has_report: bool) -> Self {
        self.names_doctor = false;
        self.says_causes = !has_report;
        self
    }

    fn start(&mut self, header: &Arc<RunHeader>, at: Timestamp) {
        self.header = Some(Arc::clone(header));
        // Not one of old, which is replayed.
        if at >= self.opened {
            self.console.watch_slow();
        }
        if self.has_bar() {
            self.console.bar().start(header.targets.len() as u64);
        }
    }

    fn finished(&mut self, finished: &Finished) {
        let Some(header) = &self.header else { return };
        let plain = self.console.progress() == ProgressMode::Plain;
        if plain || (self.console.verbose() && !self.console.quiet()) {
            let host = header.host(finished.target);
            let state = self.console.state();
            // Why no other host starts is said once.
            let is_told = self.closed.as_ref().is_some_and(|message| *message == finished.message);
            let shown = if is_told { "" } else { &*finished.message };
            let mut line = wording::finished(state.counts().total(), state.target_count(), (host, shown), finished);
            if let Some(auth) = finished.auth.as_ref().filter(|_| self.console.verbose()) {
                line.push_str(&format!(" (logged on by {auth})"));
            }
            drop(state);
            self.console.note(&line);
        }
    }

    fn remote(&mut self, record: &Record) {
        let (Some(header), MessageData::Progress(progress)) = (&self.header, MessageData::of(record)) else { return };
        let text = match progress.completed {
            true => String::new(),
            false => cut(&sanitize_line(&progress_text(&progress)), REMOTE_WIDTH),
        };
        let host = sanitize_line(header.host(record.target));
        self.remote = if text.is_empty() { String::new() } else { format!("  {host}: {text}") };
        self.console.state().said(record.target, text);
    }

    fn closed(&mut self, message: &str, at_work: u64) {
        self.console.ask_no_more();
        if !self.console.quiet() {
            self.closed = Some(message.to_owned());
            self.console.note(&wording::closed(message, at_work));
        }
    }

    fn has_bar(&self) -> bool {
        self.console.progress() == ProgressMode::Bar
    }

    fn draw(&self) {
        if !self.has_bar() {
            return;
        }
        let state = self.console.state();
        let mut parts: Vec<_> =
            Some(wording::counts(state.counts())).filter(|text| !text.is_empty()).into_iter().collect();
        for (phase, word) in [(Phase::Running, "running"), (Phase::Opening, "connecting"), (Phase::Waiting, "waiting")]
        {
            let count = state.count(phase);
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        let done = state.counts().total();
        drop(state);
        self.console.bar().update(done, parts.join(", ") + &self.remote);
    }

    fn end(&mut self, summary: &Summary) -> anyhow::Result<()> {
        self.console.watch_no_more();
        self.console.bar().end();
        for line in self.cuts.iter().flat_map(|cuts| cuts.lines(self.console.verbose())) {
            self.console.note(&format!("{} {line}", self.console.warning()));
        }
        if self.says_causes {
            self.causes();
        }
        if let Some(header) = &self.header {
            self.console.note_shells_left(&wording::with_shells_left(header, summary));
        }
        if !self.console.quiet() {
            self.console.note(&wording::summary(summary));
        }
        if self.console.verbose() {
            let state = self.console.state();
            let (objects, errors) = (state.objects(), state.errors());
            drop(state);
            let counted =
                format!("{}, {}", wording::counted(objects, "object"), wording::counted(errors, "error record"));
            self.console.note(&format!("run {}: {counted}", summary.run));
        }
        self.console.state().check(summary).map_err(anyhow::Error::new)
    }

    fn causes(&self) {
        let causes = self.causes.groups();
        causes.iter().for_each(|cause| self.cause(cause));
        let unreached = |cause: &&&Cause| matches!(cause.outcome, Outcome::Unreachable | Outcome::Auth);
        let hosts = causes.iter().filter(unreached).flat_map(|cause| cause.hosts.iter().map(|host| &**host));
        let says = self.names_doctor && !self.console.quiet();
        if let Some(hint) = wording::doctor(hosts).filter(|_| says) {
            let label = self.console.styled(AnsiColor::Cyan.on_default().bold(), "hint:");
            self.console.note(&format!("{label} {hint}"));
        }
    }

    fn cause(&self, cause: &Cause) {
        let verbose = self.console.verbose();
        let label = match cause.outcome {
            Outcome::Ok => return,
            // Where all went as it was meant to, there is nothing to explain.
            Outcome::Detached if cause.reason.is_none() && !verbose => return,
            // Its error records have been shown one by one.
            Outcome::OkWithErrors if !verbose || cause.message().is_empty() => return,
            Outcome::OkWithErrors | Outcome::Cancelled | Outcome::Skipped | Outcome::NotStarted | Outcome::Detached => {
                let label = format!("{}:", cause.outcome.code().replace('_', " "));
                self.console.styled(AnsiColor::Yellow.on_default().bold(), &label)
            }
            _ => self.console.styled(AnsiColor::Red.on_default().bold(), "error:"),
        };
        let code = cause.reason.filter(|_| verbose).map(|reason| format!(" [{}, {reason}]", cause.outcome));
        let message = match cause.message() {
            // It was said when it happened.
            message if self.closed.as_deref() == Some(message) => String::new(),
            "" => format!(": {}", cause.outcome.code().replace('_', " ")),
            message => format!(": {}", sanitize(message).trim_end().replace('\n', "\n  ")),
        };
        let hosts = wording::hosts(cause, verbose);
        self.console.note(&format!("{label} {hosts}{message}{}", code.unwrap_or_default()));
        // How such a run goes on is said together with its id, where it is kept.
        if let Some(hint) = cause.hint().filter(|_| !cause.reason.is_some_and(|reason| reason.may_go_on())) {
            self.console.hint(&sanitize(hint));
        }
    }
}

impl Sink for ProgressLine {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        self.console.state().apply(event);
        self.causes.apply(event);
        if let Some(cuts) = &mut self.cuts {
            cuts.apply(event);
        }
        if matches!(event.kind, RunEventKind::RunStopping { .. }) {
            self.console.ask_no_more();
        }
        match &event.kind {
            RunEventKind::RunStarted(header) => self.start(header, event.at),
            RunEventKind::TargetFinished(finished) => self.finished(finished),
            RunEventKind::StepFinished(end) if end.refusal.is_none() && !self.console.quiet() => {
                let all = self.console.state().target_count();
                self.console.note(&wording::step_done(end, all));
            }
            RunEventKind::RunPaused(end) => self.console.ask_to_go_on(end),
            RunEventKind::RunClosed { message, at_work, .. } => self.closed(message, *at_work),
            RunEventKind::RunStopping { reason: Reason::Deadline } if !self.console.quiet() => {
                self.console.note(&wording::deadline_passed(self.console.state().count(Phase::Running)));
            }
            RunEventKind::Record(record) if record.stream == Stream::Progress => self.remote(record),
            RunEventKind::Record(_) => return Ok(Flow::Continue),
            RunEventKind::RunFinished(summary) => {
                self.end(summary)?;
                return Ok(Flow::Continue);
            }
            _ => {}
        }
        self.draw();
        Ok(Flow::Continue)
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        // A run that did not come to its end leaves no bar behind either.
        self.console.watch_no_more();
        self.console.bar().end();
    }
}
