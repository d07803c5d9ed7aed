//! The half that asks for files, and fetches those that come beside the session.

use std::io;

use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;

use super::arriving::Arriving;
use super::{Begun, Request, State, Verdict};
use crate::clixml::Document;
use crate::copy::answer::Listed;
use crate::copy::cause::Cause;
use crate::copy::place::Place;
use crate::copy::report::Ledger;
use crate::copy::watched::Watched;
use crate::copy::{SideChannel, frame, hash};

/// Files that are asked for at once, so that small ones need no round trip each.
const AHEAD: usize = 64;

/// Asks one host for its files.
pub(super) struct Requester<'a, 'b> {
    /// Files that are here already are wanted, too.
    pub force: bool,
    pub shared: &'a Watched<State>,
    pub ledger: &'a Mutex<Ledger<'b>>,
    pub input: mpsc::Sender<Document>,
    pub beside: SideChannel,
}

/// What is to be done next.
enum Step {
    Ask(Listed, Place),
    Fetch(Box<Begun>),
}

impl Requester<'_, '_> {
    /// Asks for files as they are listed, and fetches them as the host has opened them.
    pub(super) async fn run(mut self) {
        while let Some(step) = self.next().await {
            let done = match step {
                Step::Ask(listed, place) => Ok(self.ask(listed, place).await),
                Step::Fetch(begun) => self.fetch(*begun).await,
            };
            match done {
                Ok(true) => {}
                Ok(false) => return,
                Err(cause) => {
                    self.shared.change(|state| state.given_up = true);
                    self.ledger.lock().await.failure(cause).await;
                    return;
                }
            }
        }
    }

    /// The next step; `None` when there is none any more.
    async fn next(&self) -> Option<Step> {
        let step = self.shared.wait_for(|state| {
            if state.closed || state.given_up {
                return Some(None);
            }
            let room = state.requests.len() + state.beside.len() < AHEAD;
            if let Some((listed, place)) = state.listed.pop_front_if(|_| room) {
                return Some(Some(Step::Ask(listed, place)));
            }
            if let Some(begun) = state.begun.pop_front() {
                return Some(Some(Step::Fetch(Box::new(begun))));
            }
            // What comes beside may have to be asked for again.
            let pending = !state.beside.is_empty() || state.requests.values().any(|request| request.beside);
            (state.complete && state.listed.is_empty() && !pending).then_some(None)
        });
        step.await
    }

    /// Asks for a file. False if the pipeline takes no more.
    async fn ask(&mut self, listed: Listed, place: Place) -> bool {
        let begun = match place.begun().await {
            Ok(begun) => begun.filter(|(length, _)| *length <= listed.size),
            Err(cause) => {
                // The host need not be asked for what has no place here; the others have theirs.
                self.ledger.lock().await.failure(cause).await;
                return true;
            }
        };
        let whole = if self.force { None } else { place.whole(listed.size).await };
        let beginning = begun.as_ref().map(|(length, hash)| (*length, hash::finish(hash.clone())));
        let missing = listed.size - beginning.as_ref().map_or(0, |(length, _)| *length);
        let beside = tokio::select! {
            channel = self.beside.channel(missing) => channel.is_some(),
            () = self.input.closed() => false,
        };
        let number = listed.number;
        let frame = frame::request(number, beginning, whole.clone(), beside);
        let request = Request { listed, place, begun, whole, beside, asked: Instant::now() };
        self.shared.change(|state| drop(state.requests.insert(number, request)));
        self.input.send(frame).await.is_ok()
    }

    /// Fetches a file beside the session; what cannot be had so, the session has to bring. False if the pipeline has
    /// ended.
    async fn fetch(&mut self, begun: Begun) -> Result<bool, Cause> {
        let Begun { request, action, offset, hash, length } = begun;
        let number = request.listed.number;
        let mut arriving = Arriving::open(request, action, offset, hash).await?;
        self.ledger.lock().await.moved(offset).await;
        let fetched = match self.beside.channel(length).await {
            None => Ok(Err(io::Error::other("the channel was given up"))),
            Some(files) => tokio::select! {
                fetched = arriving.fetch(files, length, self.ledger) => fetched,
                () = self.input.closed() => return Ok(false),
            },
        };
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(cause) => {
                arriving.discard().await;
                return Err(cause);
            }
        };
        let verdict = self.shared.wait_for(|state| match state.beside.get(&number) {
            Some(Verdict::Awaited) => state.closed.then_some(None),
            _ => Some(state.beside.remove(&number)),
        });
        match verdict.await {
            Some(Verdict::Hash(theirs)) => self.settle(arriving, fetched, &theirs).await,
            Some(Verdict::Failed) => drop(arriving.discard().await),
            Some(Verdict::Awaited) | None => return Ok(false),
        }
        Ok(true)
    }

    /// Moves a fetched file to its place if it is what the host says, else lists it anew for the session.
    async fn settle(&mut self, arriving: Arriving, fetched: io::Result<()>, theirs: &str) {
        let mut ledger = self.ledger.lock().await;
        let here = arriving.length();
        let (why, request) = match fetched {
            Ok(()) if arriving.sha256() == theirs => return arriving.finish(theirs, &mut ledger).await,
            Ok(()) => (io::Error::other("what came is not what PowerShell sees"), arriving.discard().await),
            // What has come is gone on with.
            Err(error) => (error, arriving.leave()),
        };
        self.beside.give_up(&request.listed.path, &why);
        ledger.expect(here);
        self.shared.change(|state| state.listed.push_front((request.listed, request.place)));
    }
}
