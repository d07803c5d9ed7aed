//! Exit codes of native programs, where these count (`--native-errors`).

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::attempt_end::{AttemptEnd, message_of};
use super::gatekeeper::ThrottleSlot;
use super::task::Site;
use crate::clixml::Document;
use crate::outcome::{Outcome, Reason};
use crate::psrp::{Command, Invocation};
use crate::session::{self, Ending, Records, RunOptions, RunReport, Session};
use crate::stream::Stream;

/// What PowerShell sets after each native program, and after no other command.
const CODE: &str = "$global:LASTEXITCODE";

/// A script that has used all its time and ended in it is not to fail for this question.
const LEAST: Duration = Duration::from_secs(10);

/// Keeps the last object of a pipeline.
struct Last {
    object: Option<Document>,
    slot: ThrottleSlot,
}

impl Records for Last {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        if stream == Stream::Output {
            self.object = Some(value);
        }
        ControlFlow::Continue(())
    }

    fn stopping(&mut self) {
        self.slot.give_away();
    }
}

/// The end of a script that has run: if it said no exit code itself, that of its last native program.
pub(super) async fn ended(report: RunReport, site: &mut Site<'_>) -> AttemptEnd {
    if report.ending != Ending::Completed || report.exit_code.is_some() {
        return site.ended(report).await;
    }
    let mut options = site.options();
    options.deadline = options.deadline.max(Instant::now() + LEAST);
    let (asked, code) = match last_exit_code(site.session, &options, site.forward.slot()).await {
        Ok(answer) => answer,
        Err(error) => {
            // The script is not to be run again for that.
            let message = format!("the script ran to its end, but $LASTEXITCODE could not be read: {error}");
            return AttemptEnd::new(Outcome::Lost, Some(error.reason()), message);
        }
    };
    match (&asked.ending, code) {
        (Ending::Completed, Some(code)) if code != 0 => {
            let message = format!("exit code {code} of a native program");
            let end = AttemptEnd::new(Outcome::Failed, Some(Reason::ExitCode), message);
            AttemptEnd { exit_code: Some(code), ..end }
        }
        (Ending::Completed, _) => site.ended(report).await,
        (Ending::Failed(error), _) => {
            let why = error.as_ref().map_or_else(|| "it gave no reason".to_owned(), message_of);
            let message = format!("the script ran to its end, but $LASTEXITCODE cannot be read there: {why}");
            let end = AttemptEnd::new(Outcome::Failed, Some(Reason::ScriptError), message);
            AttemptEnd { hint: Some(HINT.to_owned()), ..end }
        }
        _ => site.ended(asked).await,
    }
}

/// What can be done where nothing can be read.
const HINT: &str = "leave --native-errors out for this endpoint, or use one that allows script text";

/// The end of an attempt on an endpoint that allows no script text, and so lets nobody read a variable.
pub(super) fn unreadable() -> AttemptEnd {
    let message = "--native-errors reads $LASTEXITCODE, and this endpoint allows no script text; nothing has run";
    let end = AttemptEnd::new(Outcome::Failed, Some(Reason::NoLanguage), message);
    AttemptEnd { hint: Some(HINT.to_owned()), ..end }
}

/// The report of the question, and the exit code of the session's last native program if it had any.
async fn last_exit_code(
    session: &mut Session,
    options: &RunOptions,
    slot: ThrottleSlot,
) -> Result<(RunReport, Option<i32>), session::Error> {
    let invocation = Invocation { script: CODE.to_owned(), arguments: Vec::new(), input: false };
    let mut last = Last { object: None, slot };
    let report = session.run(&Command::new(&invocation, &[]), Uuid::new_v4(), options, &mut last).await?;
    let code = last.object.and_then(|document| document.root.as_i64());
    Ok((report, code.and_then(|code| i32::try_from(code).ok())))
}
