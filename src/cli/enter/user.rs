//! The user as the host of a session: sees what scripts write, answers what they ask.

use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use anstyle::{AnsiColor, Color, Style};
use tokio_util::sync::CancellationToken;

use super::input::Input;
use super::question;
use crate::clixml::{Document, Value};
use crate::output::{Shown, console_color, sanitize};
use crate::psrp::{HostCall, HostMethod};
use crate::record::{Record, Stream};
use crate::session::{HostReply, Records};
use crate::target::TargetId;

/// The user of one pipeline.
pub struct User {
    /// Where answers come from.
    pub input: Arc<Mutex<Input>>,
    /// Stops the pipeline when the user leaves a question by Ctrl-C.
    pub stop: CancellationToken,
    /// The user wants to leave the session, by `Exit-PSSession`.
    pub leaves: bool,
}

impl Records for User {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        // The formatter on the other side has written everything else to the host already.
        if stream == Stream::Error || stream == Stream::Output {
            show(stream, value);
        }
        ControlFlow::Continue(())
    }

    async fn host_call(&mut self, call: &HostCall) -> HostReply {
        if call.method() == HostMethod::PopRunspace {
            self.leaves = true;
            return HostReply::Done;
        }
        if !call.wants_answer() {
            write_call(call);
            return HostReply::Done;
        }
        if !call.method().needs_user() {
            return HostReply::Refused;
        }
        let (input, call) = (Arc::clone(&self.input), call.clone());
        let asking = tokio::task::spawn_blocking(move || {
            let mut input = input.lock().unwrap_or_else(PoisonError::into_inner);
            question::ask(&call, &mut |prompt, hidden| if hidden { input.hidden(prompt) } else { input.line(prompt) })
        });
        match asking.await {
            Ok(Ok(Some(answer))) => HostReply::Answer(answer),
            // Ctrl-C, Ctrl-D or a broken terminal: there will be no answer.
            _ => {
                self.stop.cancel();
                HostReply::Refused
            }
        }
    }
}

/// Shows a record, as an error unless it is output that nothing has formatted.
pub fn show(stream: Stream, value: Document) {
    let shown = Shown::of(&Record { target: TargetId(0), stream, value, terminating: false }, true);
    write(&format!("{}\n", shown.text), shown.style);
}

/// Writes a text as an error.
pub fn write_error(text: &str) {
    write(text, Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red))));
}

/// Writes what a call wants to have written; other calls that want no answer (titles, colours) mean nothing here.
fn write_call(call: &HostCall) {
    let color = |value: &Value| value.as_i64().and_then(console_color).map(Color::Ansi);
    let (text, style) = match &*call.parameters {
        [] => (None, Style::new()),
        [text] => (text.as_text(), Style::new()),
        [foreground, background, text, ..] => {
            (text.as_text(), Style::new().fg_color(color(foreground)).bg_color(color(background)))
        }
        _ => return,
    };
    let text = text.map(|text| text.to_str_lossy()).unwrap_or_default();
    let yellow = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
    match (call.method(), &*call.name) {
        (HostMethod::Write, _) => write(&text, style),
        (HostMethod::WriteLine, _) => write(&format!("{text}\n"), style),
        (HostMethod::WriteErrorLine, _) => write_error(&format!("{text}\n")),
        (HostMethod::WriteRecord, "WriteWarningLine") => write(&format!("WARNING: {text}\n"), yellow),
        (HostMethod::WriteRecord, "WriteVerboseLine") => write(&format!("VERBOSE: {text}\n"), yellow),
        (HostMethod::WriteRecord, "WriteDebugLine") => write(&format!("DEBUG: {text}\n"), yellow),
        _ => {}
    }
}

/// Writes text of the other side, made safe, in its colours if somebody looks.
pub fn write(text: &str, style: Style) {
    let mut out = io::stdout().lock();
    let text = sanitize(text);
    let body = text.trim_end_matches('\n');
    let end = &text[body.len()..];
    // A reader that went away ends the session by its own means: the input ends too, or the user sees it.
    let _ = if io::stdout().is_terminal() && style != Style::new() {
        write!(out, "{style}{body}{style:#}{end}")
    } else {
        write!(out, "{text}")
    };
    let _ = out.flush();
}
