//! A command that outlives a session whose server ends with its connection: a deck on the host runs it.
//!
//! A **deck** is a process of ours on the host, with a PowerShell server of its own as its child. All that this server
//! writes goes to a file of the user's, the **tape**. A script in the session, the **relay**, stands between us and the
//! deck: it starts one, to which we then talk as to any server until it has the command with all its input; or it reads
//! what is on the tape of one that was started before. So a detached command is sent, run, serialized and decoded like
//! any other.
//!
//! What is on a tape stays there until [`Session::forget_tape`]: reading it again gives the same records in the same order.
//! What a user has left on a host is [listed](Session::decks) there, and [ended](Session::end_deck).

mod cut;
mod lines;
mod list;
mod talk;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::cut::Cut;
pub use self::list::{Deck, DeckEnd};
use self::talk::{DeckPeer, Replies, Said, Talk};
use super::detach::{Followed, Left};
use super::open::text_of;
use super::records::Records;
use super::run::{Ending, RunOptions, RunReport};
use super::{Error, Session};
use crate::clixml::{Document, Value};
use crate::left_shell::LeftShell;
use crate::outcome::Reason;
use crate::psrp::{Argument, Command, Invocation, Opening};
use crate::transport::outofproc::OutOfProcCarrier;
use crate::transport::wsman::our_label;
use crate::transport::{self, Carrier};

const RELAY: &str = include_str!("deck/relay.ps1");
const DECK: &str = include_str!("deck/deck.ps1");

/// Bytes on their way between a carrier and the relay, in each direction.
const ROOM: usize = 1 << 20;

/// The ids of what is made on a host.
#[derive(Debug, Clone, Copy)]
pub struct DeckIds {
    /// The relay's pipeline, in the session.
    pub relay: Uuid,
    /// The deck's pool, which is its name.
    pub pool: Uuid,
    /// The command's pipeline, in the deck's pool.
    pub pipeline: Uuid,
}

/// What became of the tape of a command that was left running.
#[derive(Debug)]
pub enum Played {
    /// It was followed.
    Followed(Followed),
    /// It ends without the command's end: why.
    Cut(Cut),
    /// It was put away before, with this note.
    Noted(String),
    /// There is none.
    Gone,
    /// There is none where it is looked for today, which is not where it was put.
    Elsewhere(String),
    /// What is there in its place is not of our making.
    Strange,
    /// Somebody else reads it.
    Busy,
    /// What is on it makes no sense.
    Damaged(Error),
}

impl Session {
    /// Whether a command is left running on a deck here, since the session's server ends with its connection.
    pub fn needs_deck(&self) -> bool {
        self.carrier.pushes()
    }

    /// Starts a command on a deck of its own, and leaves it running there once its server has it with all its input.
    /// This session stays as it was.
    ///
    /// # Errors
    /// Those of [`run`](Self::run), and of [`open`](Self::open) for the deck's server, which has `opening` for that.
    pub async fn leave_on_deck(
        &mut self,
        command: &Command,
        ids: DeckIds,
        options: &RunOptions,
        (keep_for, opening): (Duration, Duration),
    ) -> Result<Left, Error> {
        let relay = relay(ids.pool, Errand::Start { pipeline: ids.pipeline, keep_for });
        let (replies, talk, input) = Talk::new();
        let talking = self.relay(&relay, ids.relay, options, replies, input);
        let leaving = start_and_leave(talk, command, ids, options, (keep_for, opening));
        let (report, left) = tokio::join!(talking, leaving);
        match (report, left) {
            (_, Ok(Left::Running(left))) => Ok(Left::Running(left)),
            (Err(error), _) => Err(error),
            // Why the relay did not come to its end is why the rest did not.
            (Ok(report), _) if report.ending != Ending::Completed => Ok(Left::Not(report)),
            (Ok(_), left) => left,
        }
    }

    /// Hands on the records that are on the tape of a command that was left on a deck, and those that still come, until
    /// it has ended or, after so long or by `stop`, is to be left again.
    ///
    /// # Errors
    /// Those of [`run`](Self::run): the link to the host broke, not that of the deck to its server.
    pub async fn play_tape<R: Records>(
        &mut self,
        shell: &LeftShell,
        id: Uuid,
        (wait, stop): (Option<Duration>, &CancellationToken),
        records: &mut R,
    ) -> Result<Played, Error> {
        let relay = relay(shell.pool, Errand::Play);
        let (replies, talk, input) = Talk::new();
        // It ends when we have what we want of it; one that does not is stopped.
        let halt = CancellationToken::new();
        let options = RunOptions::within(super::running::NEVER, halt.clone(), true);
        let talking = self.relay(&relay, id, &options, replies, input);
        let playing = play(talk, shell, (wait, stop), records);
        tokio::pin!(talking, playing);
        let (report, played) = tokio::select! {
            played = &mut playing => {
                let ended = tokio::time::timeout(RELAY_WAIT, &mut talking).await;
                halt.cancel();
                match ended {
                    Ok(report) => (report, played),
                    Err(_) => (talking.await, played),
                }
            }
            report = &mut talking => (report, playing.await),
        };
        match played {
            // Whatever holds the relay up: nothing more is wanted of it.
            Played::Followed(_) => Ok(played),
            played => completed(report?).map(|()| played),
        }
    }

    /// Puts a note in place of the tape, and of all that belongs to it; whether it was still there for us alone.
    ///
    /// # Errors
    /// Those of [`run`](Self::run).
    pub async fn forget_tape(&mut self, shell: &LeftShell, id: Uuid, note: &str) -> Result<bool, Error> {
        let relay = relay(shell.pool, Errand::Forget { note });
        let (replies, mut talk, input) = Talk::new();
        let options = RunOptions::within(FORGET_WAIT, CancellationToken::new(), true);
        let talking = self.relay(&relay, id, &options, replies, input);
        let (report, said) = tokio::join!(talking, async move { talk.hear().await });
        completed(report?)?;
        Ok(said.as_deref() == Some("removed"))
    }

    /// Runs a relay. Whoever waits for its next answer learns that it has ended by the end of `replies`.
    async fn relay(
        &mut self,
        command: &Command,
        id: Uuid,
        options: &RunOptions,
        mut replies: Replies,
        input: mpsc::Receiver<Document>,
    ) -> Result<RunReport, Error> {
        self.converse(command, id, options, &mut replies, input).await
    }
}

/// How long a relay may take to say what it has found, and at least may: it waits for another reader, and sweeps.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const SHORTEST_FIRST_WAIT: Duration = Duration::from_secs(10);

/// How long a relay may take to end when nothing more is asked of it.
const RELAY_WAIT: Duration = Duration::from_secs(5);

/// How long it may take to remove a tape.
const FORGET_WAIT: Duration = Duration::from_secs(30);

/// What a relay is to do.
#[derive(Debug, Clone, Copy)]
enum Errand<'a> {
    /// Start a deck.
    Start { pipeline: Uuid, keep_for: Duration },
    /// Read a deck's tape.
    Play,
    /// Put a note in place of a tape.
    Forget { note: &'a str },
    /// List all decks.
    List,
    /// End a deck, and remove all that it has.
    End,
}

/// The script of a relay, for the deck of a pool.
fn relay(pool: Uuid, errand: Errand<'_>) -> Command {
    let text = |name: &str, value: &str| Argument { name: Some(name.to_owned()), value: Value::str(value) };
    let mut arguments = vec![text("Name", &pool.to_string())];
    match errand {
        Errand::Start { pipeline, keep_for } => {
            let keep_for = i64::try_from(keep_for.as_secs()).unwrap_or(i64::MAX).min(MOST_SECONDS);
            arguments.extend([text("Deck", DECK), text("Pipeline", &pipeline.to_string())]);
            arguments.push(Argument { name: Some("Keep".to_owned()), value: Value::I64(keep_for) });
            arguments.push(text("Label", &our_label().to_string()));
        }
        Errand::Play => {}
        Errand::Forget { note } => arguments.push(text("Note", note)),
        Errand::List => arguments.push(text("Look", "all")),
        Errand::End => arguments.push(text("Look", "end")),
    }
    Command::new(&Invocation { script: RELAY.to_owned(), arguments, input: true }, &[])
}

/// As many seconds as a tape's first line has room for.
const MOST_SECONDS: i64 = 999_999_999_999;

/// Talks to the server of a new deck.
async fn start_and_leave(
    mut talk: Talk,
    command: &Command,
    ids: DeckIds,
    options: &RunOptions,
    (keep_for, opening): (Duration, Duration),
) -> Result<Left, Error> {
    let Said::Started { process, tape } = talk.first().await else { return Err(Error::Vanished) };
    let (peer, leaving) = DeckPeer::starting();
    let (near, far) = tokio::io::duplex(ROOM);
    let (reader, writer) = tokio::io::split(near);
    let carrier: Arc<dyn Carrier> = Arc::new(OutOfProcCarrier::new(reader, writer, Box::new(peer)));
    let work = async {
        let opened = Session::open(Opening::of_a_run(), carrier, ids.pool, opening, &options.stop).await;
        let mut session = opened.map_err(not_begun)?;
        let left = session.leave_running(command, ids.pipeline, options, keep_for).await;
        if !matches!(left, Ok(Left::Running(_))) {
            session.close().await;
        }
        left
    };
    let left = tokio::select! {
        left = work => left?,
        () = forever(talk.carry(far, Some(leaving))) => return Err(Error::Vanished),
    };
    Ok(match left {
        Left::Running(left) => Left::Running(LeftShell { shell: tape, process: Some(process), ..left }),
        not => not,
    })
}

/// The fault of a deck's server that has been given nothing to run.
fn not_begun(error: Error) -> Error {
    match error {
        Error::Stopped => error,
        error => {
            let message = format!("a PowerShell beside the session does not start: {error}");
            let fault = transport::Error::new(error.reason(), message).before_anything_ran();
            Error::Refused(error.hint().into_iter().fold(fault, transport::Error::with_hint))
        }
    }
}

/// Reads a tape.
async fn play<R: Records>(
    mut talk: Talk,
    shell: &LeftShell,
    (wait, stop): (Option<Duration>, &CancellationToken),
    records: &mut R,
) -> Played {
    let limit = wait.unwrap_or(FIRST_WAIT).clamp(SHORTEST_FIRST_WAIT, FIRST_WAIT);
    let first = stop.run_until_cancelled(tokio::time::timeout(limit, talk.first()));
    let Some(Ok(said)) = first.await else { return Played::Followed(Followed::Left(shell.keep_for)) };
    match said {
        Said::Tape => {}
        Said::Noted(note) => return Played::Noted(note),
        Said::Busy => return Played::Busy,
        Said::Strange => return Played::Strange,
        Said::Missing(path) if path != shell.shell => return Played::Elsewhere(path),
        Said::Started { .. } | Said::Missing(_) | Said::Nothing => return Played::Gone,
    }
    let (near, far) = tokio::io::duplex(ROOM);
    let (reader, writer) = tokio::io::split(near);
    let peer = DeckPeer::playing();
    let carrier: Arc<dyn Carrier> = Arc::new(OutOfProcCarrier::new(reader, writer, Box::new(peer)));
    let follow = async {
        let mut session = Session::over(Arc::clone(&carrier), shell.pool);
        carrier.attach(shell, Vec::new()).await?;
        session.follow(shell, wait, stop, records).await
    };
    let mut cut = None;
    let followed = tokio::select! {
        followed = follow => followed,
        () = forever(async { cut = talk.carry(far, None).await; }) => Err(Error::Vanished),
    };
    match (followed, cut) {
        (Ok(followed), _) => Played::Followed(followed),
        (Err(_), Some(cut)) => Played::Cut(cut),
        (Err(error), None) => Played::Damaged(error),
    }
}

/// Does something, and never returns: what it leaves behind ends somebody else.
async fn forever<T>(action: impl Future<Output = T>) {
    action.await;
    std::future::pending().await
}

/// The end of a relay that was to be read or removed by; anything else than its own end is a fault.
fn completed(report: RunReport) -> Result<(), Error> {
    let why = match report.ending {
        Ending::Completed => return Ok(()),
        Ending::Failed(error) | Ending::HostStopped(error) => text_of(error),
        Ending::TimedOut | Ending::Stopped => "PowerShell there did not answer in time".to_owned(),
    };
    let message = format!("what was left running cannot be read on the host: {why}");
    let hint = "see what PowerShell is busy with there; what was left stays as it is, and can be collected again";
    Err(transport::Error::new(Reason::ScriptError, message).with_hint(hint).into())
}
