//! The decks that a user has on a host.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::talk::Talk;
use super::{Errand, completed, relay};
use crate::psrp::Opening;
use crate::session::run::RunOptions;
use crate::session::{Error, Session};
use crate::target::Target;
use crate::transport::{Admission, Connector};

/// How long a host may take to list them, or to end one.
const LIST_WAIT: Duration = Duration::from_secs(60);

/// As many are listed of one host.
const MOST: usize = 10_000;

/// A deck on a host, or what is left of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deck {
    /// Its pool, which is its name.
    pub pool: Uuid,
    /// Its script runs; otherwise it has ended, and its tape is there.
    pub is_running: bool,
    /// How long ago it began.
    pub age: Duration,
    /// How long ago it last had a client.
    pub idle: Duration,
    /// The user that it has on the host.
    pub owner: String,
    /// The label of the process that started it, if it tells.
    pub label: Option<String>,
}

/// What became of a deck that was to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeckEnd {
    /// It is gone, with its script and all that it kept.
    Removed,
    /// It was gone already.
    Gone,
    /// Somebody reads its tape right now.
    Busy,
    /// It runs, or its tape is there, in spite of all.
    Stays,
}

impl Session {
    /// Opens a session to look after the decks of a target.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    pub async fn to_decks(
        connector: &dyn Connector,
        target: &Target,
        admission: &Admission,
        stop: &CancellationToken,
    ) -> Result<Self, Error> {
        Self::connect(connector, target, admission, Opening::of_a_run(), stop, |_| {}).await
    }

    /// What the user of this session has left on decks here.
    ///
    /// # Errors
    /// Those of [`run`](Self::run).
    pub async fn decks(&mut self, id: Uuid) -> Result<Vec<Deck>, Error> {
        let mut decks = Vec::new();
        let mut owner = String::new();
        self.ask_relay(Uuid::nil(), Errand::List, id, |line| match line.strip_prefix("owner ") {
            Some(name) => name.clone_into(&mut owner),
            None if decks.len() < MOST => decks.extend(Deck::read(line, &owner)),
            None => {}
        })
        .await?;
        Ok(decks)
    }

    /// Ends a deck and its script, and removes what it kept.
    ///
    /// # Errors
    /// Those of [`run`](Self::run).
    pub async fn end_deck(&mut self, pool: Uuid, id: Uuid) -> Result<DeckEnd, Error> {
        let mut end = DeckEnd::Stays;
        self.ask_relay(pool, Errand::End, id, |word| {
            end = match word.split(' ').next() {
                Some("removed") => DeckEnd::Removed,
                Some("none" | "end") => DeckEnd::Gone,
                Some("busy") => DeckEnd::Busy,
                _ => DeckEnd::Stays,
            }
        })
        .await?;
        Ok(end)
    }

    /// Hears all that a relay says.
    async fn ask_relay(
        &mut self,
        pool: Uuid,
        errand: Errand<'_>,
        id: Uuid,
        mut heard: impl FnMut(&str),
    ) -> Result<(), Error> {
        let (replies, mut talk, input) = Talk::new();
        let options = RunOptions::within(LIST_WAIT, CancellationToken::new(), true);
        let relay = relay(pool, errand);
        let talking = self.relay(&relay, id, &options, replies, input);
        let hearing = async {
            while let Some(text) = talk.hear().await {
                heard(&text);
            }
        };
        let (report, ()) = tokio::join!(talking, hearing);
        completed(report?)
    }
}

impl Deck {
    /// Reads a line of the list.
    fn read(line: &str, owner: &str) -> Option<Self> {
        /// Longer than any label of ours.
        const LONGEST: usize = 200;
        let mut words = line.splitn(6, ' ');
        let mut next = || words.next();
        if next() != Some("deck") {
            return None;
        }
        let pool = next()?.parse().ok()?;
        let is_running = match next()? {
            "Running" => true,
            "Ended" => false,
            _ => return None,
        };
        let mut seconds = || next()?.parse().ok().map(Duration::from_secs);
        let (age, idle) = (seconds()?, seconds()?);
        let label = words.next().filter(|label| !label.is_empty() && label.len() <= LONGEST).map(str::to_owned);
        let owner = owner.chars().take(LONGEST).collect();
        Some(Self { pool, is_running, age, idle, owner, label })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_list_is_a_deck() {
        let name = "01234567-89ab-cdef-0123-456789abcdef";
        let deck = |is_running, label: Option<&str>| Deck {
            pool: name.parse().expect("an id"),
            is_running,
            age: Duration::from_secs(90),
            idle: Duration::from_secs(5),
            owner: "ada".to_owned(),
            label: label.map(str::to_owned),
        };
        let read = |line: &str| Deck::read(line, "ada");
        let (running, ended) =
            (format!("deck {name} Running 90 5 psfleet-ada@pc-7"), format!("deck {name} Ended 90 5 "));
        assert_eq!(read(&running), Some(deck(true, Some("psfleet-ada@pc-7"))));
        assert_eq!(read(&ended), Some(deck(false, None)));
        let long = format!("{ended}{}", "x".repeat(201));
        assert_eq!(read(&long), Some(deck(false, None)), "no label of ours");
        for other in
            ["", "deck", "deck x Running 1 1 y", &running.replace("90", "-1"), &running.replace("Running", "?")]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
