//! The talk with a relay: a word from us, an answer from it, and so on; and the bytes of a carrier in both.

use std::ops::ControlFlow;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{mpsc, oneshot};

use super::cut::Cut;
use super::lines::Lines;
use crate::clixml::{Document, Value};
use crate::outcome::Reason;
use crate::session::records::Records;
use crate::stream::Stream;
use crate::transport::Error;
use crate::transport::outofproc::Peer;

/// Bytes of one word.
const WORD: usize = 256 << 10;

/// How long nothing is asked while nothing comes: from there to here.
const SHORTEST: Duration = Duration::from_millis(40);
const LONGEST_OF_START: Duration = Duration::from_millis(80);
const LONGEST: Duration = Duration::from_secs(1);

/// Characters of a path that are kept; it is shown, and leads nowhere.
const LONGEST_PATH: usize = 4096;

/// Our side of the talk.
pub(super) struct Talk {
    words: mpsc::Sender<Document>,
    answers: mpsc::Receiver<String>,
}

/// The relay's side of it: its answers, as they come.
pub(super) struct Replies(mpsc::Sender<String>);

/// What a relay says first.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It has started a deck.
    Started { process: u32, tape: String },
    /// There is a tape, and it is ours to read.
    Tape,
    /// There is a note in place of the tape.
    Noted(String),
    /// Somebody else reads it.
    Busy,
    /// What is there is no tape.
    Strange,
    /// There is nothing where it looked for the tape.
    Missing(String),
    /// It has ended.
    Nothing,
}

impl Talk {
    /// The two sides, and the words on their way to the relay.
    pub(super) fn new() -> (Replies, Self, mpsc::Receiver<Document>) {
        let (words, input) = mpsc::channel(1);
        let (replies, answers) = mpsc::channel(1);
        (Replies(replies), Self { words, answers }, input)
    }

    /// What the relay says by itself; `None` if it has ended.
    pub(super) async fn hear(&mut self) -> Option<String> {
        self.answers.recv().await
    }

    /// What the relay says first.
    pub(super) async fn first(&mut self) -> Said {
        self.hear().await.map_or(Said::Nothing, |text| Said::read(&text))
    }

    async fn ask(&mut self, word: String) -> Option<String> {
        self.words.send(Document::new(Value::str(word))).await.ok()?;
        self.hear().await
    }

    /// Carries bytes from a carrier to the deck, and from its tape to the carrier, until either has ended; why the tape
    /// did if it says so. `leaving` gives the word to leave.
    pub(super) async fn carry(
        &mut self,
        far: DuplexStream,
        mut leaving: Option<mpsc::Receiver<oneshot::Sender<()>>>,
    ) -> Option<Cut> {
        let longest = if leaving.is_some() { LONGEST_OF_START } else { LONGEST };
        let (mut from, mut to) = tokio::io::split(far);
        let mut bytes = vec![0; WORD];
        let mut lines = Lines::default();
        let mut pause = SHORTEST;
        loop {
            let word = tokio::select! {
                biased;
                count = from.read(&mut bytes) => match count {
                    Ok(count @ 1..) => format!("+{}", String::from_utf8_lossy(&bytes[..count])),
                    _ => return None,
                },
                Some(told) = next(&mut leaving) => {
                    if self.ask("L".to_owned()).await.as_deref() == Some("left") {
                        // The carrier may have gone meanwhile.
                        let _ = told.send(());
                    }
                    continue;
                }
                () = tokio::time::sleep(pause) => "?".to_owned(),
            };
            let answer = self.ask(word).await?;
            pause = match answer.len() {
                0 => (pause * 2).min(longest),
                _ if leaving.is_none() => Duration::ZERO,
                _ => SHORTEST,
            };
            let (whole, cut) = lines.take(&answer)?;
            pause = pause.max(if whole.is_empty() { SHORTEST } else { Duration::ZERO });
            to.write_all(whole.as_bytes()).await.ok()?;
            if cut.is_some() {
                // What came before it is read first.
                to.shutdown().await.ok()?;
                return cut;
            }
        }
    }
}

async fn next(leaving: &mut Option<mpsc::Receiver<oneshot::Sender<()>>>) -> Option<oneshot::Sender<()>> {
    match leaving {
        Some(leaving) => leaving.recv().await,
        None => std::future::pending().await,
    }
}

impl Records for Replies {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        if stream != Stream::Output {
            return ControlFlow::Continue(());
        }
        let Some(text) = value.root.as_text() else { return ControlFlow::Break(()) };
        match self.0.send(text.to_str_lossy().into_owned()).await {
            Ok(()) => ControlFlow::Continue(()),
            // Nobody waits for it: its input has ended, too.
            Err(_) => ControlFlow::Continue(()),
        }
    }
}

impl Said {
    fn read(text: &str) -> Self {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        match word {
            "started" => {
                let (process, tape) = rest.split_once(' ').unwrap_or((rest, ""));
                process.parse().map_or(Self::Nothing, |process| Self::Started { process, tape: path(tape) })
            }
            "tape" => Self::Tape,
            "end" => Self::Noted(rest.to_owned()),
            "busy" => Self::Busy,
            "strange" => Self::Strange,
            "none" => Self::Missing(path(rest)),
            _ => Self::Nothing,
        }
    }
}

/// A path that a host tells.
fn path(text: &str) -> String {
    text.chars().take(LONGEST_PATH).collect()
}

/// What stands behind the streams of a deck's carrier.
pub(super) struct DeckPeer {
    /// Takes the wish to leave, of one who starts it.
    leaving: Option<mpsc::Sender<oneshot::Sender<()>>>,
}

impl DeckPeer {
    /// The peer of a carrier over which a command is started.
    pub(super) fn starting() -> (Self, mpsc::Receiver<oneshot::Sender<()>>) {
        let (leaving, wishes) = mpsc::channel(1);
        (Self { leaving: Some(leaving) }, wishes)
    }

    /// The peer of a carrier that a tape is read from.
    pub(super) fn playing() -> Self {
        Self { leaving: None }
    }
}

#[async_trait]
impl Peer for DeckPeer {
    async fn obituary(&self) -> Option<String> {
        None
    }

    fn never_started(&self) -> Option<&'static str> {
        Some("is there room for another PowerShell on the host? it runs beside the session")
    }

    async fn end(&self, _mute: bool) {}

    fn keeps_output(&self) -> bool {
        self.leaving.is_some()
    }

    async fn leave(&self, keep_for: Duration) -> Result<Duration, Error> {
        let Some(leaving) = &self.leaving else { return Ok(keep_for) };
        let (told, left) = oneshot::channel();
        let gone =
            |_| Error::new(Reason::LinkBroken, "the script that stands between the session and its deck is gone");
        leaving.send(told).await.map_err(|_| gone(()))?;
        left.await.map_err(|_| gone(()))?;
        Ok(keep_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_relay_says_is_its_own_word() {
        let tape = "/home/a b/x.tape".to_owned();
        assert_eq!(Said::read("started 7 /home/a b/x.tape"), Said::Started { process: 7, tape });
        assert_eq!(Said::read("none /home/x.tape"), Said::Missing("/home/x.tape".to_owned()));
        assert_eq!(Said::read("end {}"), Said::Noted("{}".to_owned()));
        for nonsense in ["", "started", "started x y", "\0", "tapes"] {
            assert_eq!(Said::read(nonsense), Said::Nothing, "{nonsense:?}");
        }
    }
}
