//! The half that takes what the script on a host lists and sends.

use std::ops::ControlFlow;

use tokio::sync::Mutex;

use super::arriving::Arriving;
use super::{Begun, Request, State, Verdict};
use crate::clixml::Document;
use crate::copy::answer::{Answer, Listed};
use crate::copy::cause::Cause;
use crate::copy::hash;
use crate::copy::place::Place;
use crate::copy::report::{Action, Ledger};
use crate::copy::watched::Watched;
use crate::fleet::ThrottleSlot;
use crate::session::Records;
use crate::stream::Stream;

/// Files that one host may list.
const MOST_FILES: usize = 1_000_000;

/// Takes what the script on a host lists and sends.
pub(super) struct Replies<'a, 'b> {
    pub ledger: &'a Mutex<Ledger<'b>>,
    pub shared: &'a Watched<State>,
    /// The folder of the host.
    pub home: &'a Place,
    /// The file whose bytes are coming.
    pub current: Option<Arriving>,
    pub slot: ThrottleSlot,
}

impl Records for Replies<'_, '_> {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        if stream != Stream::Output {
            return self.ledger.lock().await.forward.take(stream, value).await;
        }
        if self.shared.change(|state| state.given_up) {
            return ControlFlow::Break(());
        }
        let taken = match Answer::read(value) {
            Some(answer) => self.answer(answer).await,
            None => Err(nonsense()),
        };
        match taken {
            Ok(()) => ControlFlow::Continue(()),
            Err(cause) => {
                self.shared.change(|state| state.given_up = true);
                self.ledger.lock().await.failure(cause).await;
                if let Some(arriving) = self.current.take() {
                    arriving.discard().await;
                }
                ControlFlow::Break(())
            }
        }
    }

    fn stopping(&mut self) {
        self.slot.give_away();
    }
}

fn nonsense() -> Cause {
    let message = "the host's answer makes no sense here".to_owned();
    Cause { path: String::new(), message, hint: None }
}

impl Replies<'_, '_> {
    /// Acts on an answer; `Err` when no more can be taken.
    async fn answer(&mut self, answer: Answer) -> Result<(), Cause> {
        match answer {
            Answer::Folder { parts } => match self.local(&parts, &parts.join("/")) {
                Ok(place) => place.make().await?,
                Err(cause) => self.ledger.lock().await.failure(cause).await,
            },
            Answer::File(listed) => match self.local(&listed.parts, &listed.path) {
                Ok(place) => self.list(listed, place).await?,
                Err(cause) => self.ledger.lock().await.failure(cause).await,
            },
            Answer::Complete => self.shared.change(|state| state.complete = true),
            Answer::Same { number, .. } => {
                let request = self.request(number)?;
                let sha256 = request.whole.clone().ok_or_else(nonsense)?;
                let mut ledger = self.ledger.lock().await;
                ledger.moved(request.listed.size).await;
                request.report(&mut ledger, Action::Same, request.listed.size, &sha256).await;
            }
            Answer::Begin { number, offset, length } => self.begin(number, offset, length).await?,
            Answer::Data(bytes) => {
                self.current.as_mut().ok_or_else(nonsense)?.write(&bytes).await?;
                self.ledger.lock().await.moved(bytes.len() as u64).await;
            }
            Answer::Done { number, hash, .. } => self.done(number, hash).await?,
            Answer::Fail { number, cause } => {
                if let Some(number) = number {
                    self.fail(number).await?;
                }
                self.ledger.lock().await.failure(cause).await;
            }
            Answer::Want { .. } | Answer::Took => return Err(nonsense()),
        }
        Ok(())
    }

    /// The place of a file or folder below the host's own, or why there is none.
    fn local(&self, parts: &[String], shown: &str) -> Result<Place, Cause> {
        self.home.below(parts).map_err(|why| {
            let message = format!("its name cannot be used here: {why}");
            Cause { path: shown.to_owned(), message, hint: Some("rename it on the host, or copy it alone") }
        })
    }

    async fn list(&mut self, listed: Listed, place: Place) -> Result<(), Cause> {
        self.ledger.lock().await.expect(listed.size);
        let many = self.shared.change(|state| {
            state.listed.push_back((listed, place));
            state.count += 1;
            state.count > MOST_FILES
        });
        if many {
            let message = format!("the host lists more than {MOST_FILES} files");
            return Err(Cause { path: String::new(), message, hint: Some("copy fewer at once") });
        }
        Ok(())
    }

    fn request(&self, number: usize) -> Result<Request, Cause> {
        self.shared.change(|state| state.requests.remove(&number)).ok_or_else(nonsense)
    }

    async fn begin(&mut self, number: usize, offset: u64, length: Option<u64>) -> Result<(), Cause> {
        if self.current.is_some() {
            return Err(nonsense());
        }
        let request = self.request(number)?;
        let (hash, action) = match &request.begun {
            Some((length, hash)) if *length == offset && offset > 0 => (hash.clone(), Action::Resumed),
            _ if offset == 0 => (hash::new(), Action::Copied),
            _ => return Err(nonsense()),
        };
        if request.beside {
            let length = length.filter(|length| *length >= offset).ok_or_else(nonsense)?;
            let begun = Begun { request, action, offset, hash, length };
            self.shared.change(|state| {
                state.begun.push_back(begun);
                state.beside.insert(number, Verdict::Awaited);
            });
            return Ok(());
        }
        self.current = Some(Arriving::open(request, action, offset, hash).await?);
        self.ledger.lock().await.moved(offset).await;
        Ok(())
    }

    /// Notes what the host says of a file that comes beside the session; false if this one does not.
    fn judge(&self, number: usize, verdict: Verdict) -> bool {
        self.shared.change(|state| match state.beside.get_mut(&number) {
            Some(awaited @ Verdict::Awaited) => {
                *awaited = verdict;
                true
            }
            _ => false,
        })
    }

    async fn done(&mut self, number: usize, hash: String) -> Result<(), Cause> {
        if self.judge(number, Verdict::Hash(hash.clone())) {
            return Ok(());
        }
        let arrived = self.current.take().filter(|arriving| arriving.number() == number).ok_or_else(nonsense)?;
        arrived.finish(&hash, &mut *self.ledger.lock().await).await;
        Ok(())
    }

    async fn fail(&mut self, number: usize) -> Result<(), Cause> {
        if self.judge(number, Verdict::Failed) {
            return Ok(());
        }
        match self.current.take() {
            Some(arriving) => drop(arriving.discard().await),
            None => drop(self.request(number)?),
        }
        Ok(())
    }
}
