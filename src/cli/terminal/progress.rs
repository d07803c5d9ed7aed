//! How far the run is, and how it ended.

use std::sync::Arc;
use std::time::Duration;

use anstyle::AnsiColor;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Console, CutNote, words};
use crate::cli::args::output::ProgressMode;
use crate::event::{Finished, Outcome, Reason, RunEvent, RunEventKind, RunHeader, Summary};
use crate::output::{Flow, MessageData, Sink, progress_text, sanitize, sanitize_line};
use crate::record::{Record, Stream};
use crate::report::{Cause, Causes, Phase};

/// Shows progress while the run lasts; at its end why hosts failed, and the totals.
pub struct ProgressLine {
    console: Arc<Console>,
    header: Option<Arc<RunHeader>>,
    bar: Option<ProgressBar>,
    causes: Causes,
    cuts: Option<CutNote>,
    /// What a host last said of its own progress.
    remote: String,
}

impl ProgressLine {
    /// Shows progress on this console; says at the end what was cut, if that is wanted.
    pub fn new(console: &Arc<Console>, cuts: Option<CutNote>) -> Self {
        let causes = Causes::default();
        Self { console: Arc::clone(console), header: None, bar: None, causes, cuts, remote: String::new() }
    }

    fn start(&mut self, header: &Arc<RunHeader>) {
        self.header = Some(Arc::clone(header));
        if self.console.progress() == ProgressMode::Bar {
            let bar = self.console.add_bar(ProgressBar::new(header.targets.len() as u64).with_style(style()));
            bar.enable_steady_tick(Duration::from_millis(100));
            self.bar = Some(bar);
        }
    }

    fn finished(&mut self, finished: &Finished) {
        let Some(header) = &self.header else { return };
        let plain = self.console.progress() == ProgressMode::Plain;
        if plain || (self.console.verbose() && !self.console.quiet()) {
            let host = header.host(finished.target);
            let state = self.console.state();
            let line = words::finished(state.counts().total(), state.target_count(), host, finished);
            drop(state);
            self.console.note(&line);
        }
    }

    fn remote(&mut self, record: &Record) {
        let Some(header) = self.header.as_ref().filter(|_| self.bar.is_some()) else { return };
        if let MessageData::Progress(progress) = MessageData::of(record) {
            let text = format!("  {}: {}", header.host(record.target), progress_text(&progress));
            self.remote = if progress.completed { String::new() } else { sanitize_line(&text).into_owned() };
        }
    }

    fn draw(&self) {
        let Some(bar) = &self.bar else { return };
        let state = self.console.state();
        let mut parts: Vec<_> =
            Some(words::counts(state.counts())).filter(|text| !text.is_empty()).into_iter().collect();
        for (phase, word) in [(Phase::Running, "running"), (Phase::Opening, "connecting"), (Phase::Waiting, "waiting")]
        {
            let count = state.count(phase);
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        bar.set_position(state.counts().total());
        drop(state);
        bar.set_message(parts.join(", ") + &self.remote);
    }

    fn end(&mut self, summary: &Summary) -> anyhow::Result<()> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        for line in self.cuts.iter().flat_map(|cuts| cuts.lines(self.console.verbose())) {
            self.console.note(&format!("{} {line}", self.console.warning()));
        }
        for cause in self.causes.groups() {
            self.cause(cause);
        }
        if let Some(header) = &self.header {
            self.console.note_shells_left(header, summary);
        }
        if !self.console.quiet() {
            self.console.note(&words::summary(summary));
        }
        if self.console.verbose() {
            let state = self.console.state();
            let (objects, errors) = (state.objects(), state.errors());
            drop(state);
            let counted = format!("{}, {}", words::counted(objects, "object"), words::counted(errors, "error record"));
            self.console.note(&format!("run {}: {counted}", summary.run));
        }
        self.console.state().check(summary).map_err(anyhow::Error::new)
    }

    fn cause(&self, cause: &Cause) {
        let verbose = self.console.verbose();
        let label = match cause.outcome {
            Outcome::Ok => return,
            // Its error records have been shown one by one.
            Outcome::OkWithErrors if !verbose || cause.message().is_empty() => return,
            Outcome::OkWithErrors | Outcome::Cancelled | Outcome::Skipped | Outcome::NotStarted => {
                let label = format!("{}:", cause.outcome.code().replace('_', " "));
                self.console.styled(AnsiColor::Yellow.on_default().bold(), &label)
            }
            _ => self.console.styled(AnsiColor::Red.on_default().bold(), "error:"),
        };
        let code = cause.reason.filter(|_| verbose).map(|reason| format!(" [{}, {reason}]", cause.outcome));
        let message = match cause.message() {
            "" => cause.outcome.code().replace('_', " "),
            message => sanitize(message).trim_end().replace('\n', "\n  "),
        };
        self.console.note(&format!("{label} {}: {message}{}", words::hosts(cause, verbose), code.unwrap_or_default()));
        if let Some(hint) = cause.hint() {
            let label = self.console.styled(AnsiColor::Cyan.on_default().bold(), "hint:");
            self.console.note(&format!("{label} {}", sanitize(hint)));
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
        match &event.kind {
            RunEventKind::RunStarted(header) => self.start(header),
            RunEventKind::TargetFinished(finished) => self.finished(finished),
            RunEventKind::RunStopping { reason: Reason::Deadline } if !self.console.quiet() => {
                let running = words::counted(self.console.state().count(Phase::Running), "host");
                self.console.note(&format!("the deadline has passed: stopping the script on {running}"));
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

fn style() -> ProgressStyle {
    // The template is a constant; were it wrong, the default style would show.
    ProgressStyle::with_template("{spinner} [{bar:24}] {pos}/{len} {elapsed} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
