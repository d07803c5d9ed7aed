//! Where verdicts go: stdout and files.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use anstyle::{AnsiColor, Style};
use anyhow::Context;

use crate::check::{Form, Look, State, fleet_line, host_line};
use crate::cli::args::check::CheckArgs;
use crate::cli::terminal::Console;
use crate::event::{RunEvent, Summary};
use crate::job::checks::{Board, Planned};
use crate::output::{Flow, Sink};

/// The worst state of a run, once it is known.
#[derive(Debug, Clone)]
pub(super) struct Worst(Arc<AtomicU8>);

impl Default for Worst {
    fn default() -> Self {
        Self(Arc::new(AtomicU8::new(u8::MAX)))
    }
}

impl Worst {
    /// The state; none before the end.
    pub(super) fn state(&self) -> Option<State> {
        let number = self.0.load(Ordering::Relaxed);
        State::WORST_FIRST.into_iter().find(|state| state.number() == number)
    }
}

/// Writes verdicts: as lines when they are known, in all other formats at the end.
pub(super) struct Verdicts {
    board: Board,
    outputs: Vec<Output>,
    worst: Worst,
}

struct Output {
    name: String,
    form: Form,
    look: Look,
    writer: Box<dyn Write + Send>,
}

impl Verdicts {
    /// Opens stdout and the files of `--out`.
    ///
    /// # Errors
    /// A file that cannot be created.
    pub(super) fn open(
        planned: Arc<Vec<Planned>>,
        form: Form,
        args: &CheckArgs,
        console: &Arc<Console>,
        worst: &Worst,
    ) -> anyhow::Result<Self> {
        let plain = Look { width: None, paint: None, all: args.output.verbose };
        let look = Look {
            width: console.stdout_is_terminal().then(|| console.width()),
            paint: console.stdout_color().then_some(painted),
            ..plain
        };
        let stdout = Output { name: "stdout".to_owned(), form, look, writer: Box::new(console.stdout()) };
        let mut outputs = vec![stdout];
        for file in &args.output.out {
            let name = file.path.display().to_string();
            let writer = File::create(&file.path).with_context(|| format!("cannot create {name}"))?;
            outputs.push(Output { name, form: file.form, look: plain, writer: Box::new(writer) });
        }
        Ok(Self { board: Board::new(planned), outputs, worst: worst.clone() })
    }

    fn write(&mut self, is_for: impl Fn(Form) -> bool, text: impl Fn(&Output) -> String) -> anyhow::Result<Flow> {
        for output in self.outputs.iter_mut().filter(|output| is_for(output.form)) {
            let text = text(output);
            let written = output.writer.write_all(text.as_bytes()).and_then(|()| output.writer.flush());
            match written {
                // The verdict is the exit code: whoever has read enough still gets it.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                written => written.with_context(|| format!("cannot write to {}", output.name))?,
            }
        }
        Ok(Flow::Continue)
    }
}

fn painted(state: State, text: &str) -> String {
    let color = match state {
        State::Ok => AnsiColor::Green,
        State::Warning => AnsiColor::Yellow,
        State::Critical => AnsiColor::Red,
        State::Unknown => AnsiColor::Magenta,
    };
    let style: Style = color.on_default().bold();
    format!("{style}{text}{style:#}")
}

impl Sink for Verdicts {
    fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
        let told = self.board.event(event);
        let lines: String = told.iter().map(|(check, host)| host_line(check, host)).collect();
        if lines.is_empty() {
            return Ok(Flow::Continue);
        }
        self.write(|form| form == Form::Jsonl, |_| lines.clone())
    }

    fn complete(&mut self, _summary: &Summary) -> anyhow::Result<Flow> {
        let report = self.board.report();
        self.worst.0.store(report.state().number(), Ordering::Relaxed);
        let lines: String = report.checks.iter().map(fleet_line).collect();
        self.write(
            |_| true,
            |output| match output.form {
                Form::Jsonl => lines.clone(),
                form => form.write(&report, &output.look),
            },
        )
    }
}
