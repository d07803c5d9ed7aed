//! A tape is played to its end, what is new on it is handed on, and it is put away once that is kept.

use std::ops::ControlFlow;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Known, gone, still_running};
use crate::clixml::Document;
use crate::fleet::{AttemptEnd, Forward};
use crate::left_shell::LeftShell;
use crate::outcome::{Outcome, Reason};
use crate::session::{self, Cut, Followed, Played, Records, Session};
use crate::stream::Stream;
use crate::target::Target;

/// What stands in place of a tape that was collected, for whoever knows all its records and not how it ended: a process
/// that was killed between the two.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    records: u64,
    end: AttemptEnd,
}

impl Note {
    /// A note of the host's, if it speaks of the end and of just these records.
    fn read(text: &str, records: u64) -> Option<Self> {
        let note: Self = serde_json::from_str(text).ok()?;
        let is_end = matches!(note.end.outcome, Outcome::Ok | Outcome::OkWithErrors | Outcome::Failed | Outcome::Lost);
        // What the host keeps is another's word: each error and object was a record.
        let counted = note.end.errors.checked_add(note.end.objects)?;
        (is_end && note.records == records && counted <= records).then_some(note)
    }
}

/// Plays the tape of a target.
///
/// # Errors
/// The link to the host broke: the tape stays as it is.
pub(super) async fn play(
    session: &mut Session,
    known: &Known,
    target: &Target,
    waiting: (Option<Duration>, &CancellationToken),
    forward: &mut Forward,
) -> Result<AttemptEnd, session::Error> {
    let shell = &known.shell;
    let mut records = NewRecords { forward, kept: known.records, seen: 0 };
    let played = session.play_tape(shell, Uuid::new_v4(), waiting, &mut records).await?;
    let NewRecords { forward, kept, mut seen } = records;
    let end = match played {
        Played::Followed(Followed::Left(_)) => return Ok(still_running(shell.clone())),
        Played::Followed(Followed::Ended(report)) => {
            let before = forward.came();
            let end = match kept > seen {
                true => forward.ended_before(&report, target.timeouts.run),
                false => forward.ended(report, target.timeouts.run).await,
            };
            // Its terminating error is a record, too.
            seen += forward.came().0 - before.0;
            end
        }
        Played::Cut(cut) => cut_short(cut, shell),
        // Somebody may want to look at it: the host removes it when its time is over.
        Played::Damaged(error) => return Ok(damaged(&error)),
        Played::Noted(note) => return Ok(noted(&note, known.records, forward)),
        Played::Gone => return Ok(gone()),
        Played::Elsewhere(path) => return Ok(elsewhere(shell, &path)),
        Played::Strange => {
            let message = "what stands where it was kept is not what psfleet writes; it was left alone";
            return Ok(AttemptEnd { message: message.to_owned(), ..gone() });
        }
        Played::Busy => return Ok(busy(shell)),
    };
    // Before it is gone there: a process that is killed now finds it again.
    if forward.kept().await {
        let (errors, objects) = forward.came();
        let note = Note { records: seen, end: AttemptEnd { errors, objects, ..end.clone() } };
        let text = serde_json::to_string(&note).unwrap_or_default();
        if !session.forget_tape(shell, Uuid::new_v4(), &text).await.is_ok_and(|is_gone| is_gone) {
            tracing::debug!("what was collected could not be removed on the host");
        }
    }
    Ok(end)
}

/// Hands on those records of a tape that are not kept yet.
struct NewRecords<'a> {
    forward: &'a mut Forward,
    /// So many of the first ones are.
    kept: u64,
    seen: u64,
}

impl Records for NewRecords<'_> {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        self.seen += 1;
        if self.seen <= self.kept {
            self.forward.count(stream, 1);
            return ControlFlow::Continue(());
        }
        self.forward.take(stream, value).await
    }

    fn stopping(&mut self) {
        self.forward.stopping();
    }
}

fn cut_short(cut: Cut, shell: &LeftShell) -> AttemptEnd {
    let why = match cut {
        Cut::Expired => {
            format!("nobody collected it for {}, so the host stopped it", shell.kept_for())
        }
        Cut::Exited(Some(code)) => format!("PowerShell ended on the host in its midst, with exit code {code}"),
        Cut::Exited(None) => "PowerShell ended on the host in its midst".to_owned(),
        Cut::Full => "the host had no room to keep what it wrote, so it was stopped".to_owned(),
        Cut::Large => "it wrote more than 1 GiB, which is all that the host keeps, so it was stopped".to_owned(),
        Cut::Broken => "the process that kept it on the host met a fault, and stopped it".to_owned(),
        Cut::Dead => {
            "the process that kept it on the host is gone: the host restarted, or somebody ended it".to_owned()
        }
    };
    let end = AttemptEnd::new(
        Outcome::Lost,
        Some(Reason::LinkBroken),
        format!("{why}; what it had written by then was collected"),
    );
    AttemptEnd { hint: gone().hint, ..end }
}

fn damaged(error: &session::Error) -> AttemptEnd {
    let message = format!("what the host has kept of it is damaged: {error}");
    let hint = error.hint().or(gone().hint);
    AttemptEnd { hint, ..AttemptEnd::new(Outcome::Lost, Some(error.reason()), message) }
}

fn busy(shell: &LeftShell) -> AttemptEnd {
    let message = "somebody else is collecting it right now";
    let end = AttemptEnd::new(Outcome::Detached, Some(Reason::InUse), message);
    AttemptEnd { left: Some(Box::new(shell.clone())), ..end }
}

/// The end of what was looked for in another place than the one in which it was left.
fn elsewhere(shell: &LeftShell, path: &str) -> AttemptEnd {
    let message = format!("it was left in {}, and was looked for in {path}", shell.shell);
    let hint = "the folder is that of the user, in XDG_STATE_HOME or HOME (LOCALAPPDATA on Windows): collect it as the \
                same user, with the same variables";
    let end = AttemptEnd::new(Outcome::Detached, Some(Reason::NoShell), message);
    AttemptEnd { hint: Some(hint.to_owned()), left: Some(Box::new(shell.clone())), ..end }
}

/// The end that a note tells of, to those who have all records that it speaks of.
fn noted(note: &str, records: u64, forward: &Forward) -> AttemptEnd {
    match Note::read(note, records) {
        Some(Note { end: AttemptEnd { outcome, reason, message, hint, exit_code, errors, objects, .. }, .. }) => {
            forward.count(Stream::Error, errors);
            forward.count(Stream::Output, objects);
            AttemptEnd { hint, exit_code, ..AttemptEnd::new(outcome, reason, message) }
        }
        None => AttemptEnd { message: "it was collected already, by somebody else".to_owned(), ..gone() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_speaks_of_the_records_that_are_kept() {
        let note = |records, errors, objects| {
            let end = AttemptEnd { errors, objects, ..AttemptEnd::new(Outcome::Ok, None, "") };
            serde_json::to_string(&Note { records, end }).unwrap()
        };
        assert!(Note::read(&note(3, 1, 2), 3).is_some());
        for (records, errors, objects) in [(4, 1, 2), (3, 2, 2), (3, u64::MAX, 0), (3, u64::MAX, u64::MAX)] {
            assert!(Note::read(&note(records, errors, objects), 3).is_none(), "{records} {errors} {objects}");
        }
        assert!(Note::read("{", 3).is_none());
    }
}
