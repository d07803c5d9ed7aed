//! The half that takes what the script on a host answers.

use std::ops::ControlFlow;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{State, Verdict, Wanted};
use crate::clixml::Document;
use crate::copy::Source;
use crate::copy::answer::Answer;
use crate::copy::cause::Cause;
use crate::copy::report::{Action, Ledger};
use crate::copy::watched::Watched;
use crate::fleet::ThrottleSlot;
use crate::session::Records;
use crate::stream::Stream;

/// Takes what the script on a host answers.
pub(super) struct Replies<'a, 'b> {
    pub files: &'a [Source],
    pub ledger: &'a Mutex<Ledger<'b>>,
    pub shared: &'a Watched<State>,
    pub slot: ThrottleSlot,
}

impl Records for Replies<'_, '_> {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        if stream != Stream::Output {
            return self.ledger.lock().await.forward.take(stream, value).await;
        }
        let taken = match Answer::read(value) {
            Some(answer) => self.answer(answer).await,
            None => None,
        };
        if taken.is_none() {
            self.shared.change(|state| state.nonsense = true);
            let message = "the host's answer makes no sense here".to_owned();
            self.ledger.lock().await.failure(Cause { path: String::new(), message, hint: None }).await;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn stopping(&mut self) {
        self.slot.give_away();
    }
}

impl Replies<'_, '_> {
    /// Acts on an answer; `None` if it makes no sense.
    async fn answer(&mut self, answer: Answer) -> Option<()> {
        match answer {
            Answer::Want { number, offset, hash, temporary } => {
                let there = offset.min(self.files.get(number)?.size);
                let wanted = Verdict::Want(Wanted { there, hash, temporary });
                self.shared.change(|state| drop(state.verdicts.insert(number, wanted)));
            }
            Answer::Same { number, path } => {
                let source = self.files.get(number)?;
                self.shared.change(|state| {
                    state.settle(number);
                    state.verdicts.insert(number, Verdict::Skip);
                });
                self.ledger.lock().await.moved(source.size).await;
                self.report(source, Action::Same, &path, Instant::now()).await;
            }
            Answer::Took => {
                let length = self.shared.change(|state| {
                    let length = state.on_way.pop_front()?;
                    state.on_way_bytes -= length;
                    Some(length)
                })?;
                self.ledger.lock().await.moved(length as u64).await;
            }
            Answer::Done { number, path, hash } => {
                let source = self.files.get(number)?;
                let begun = self.shared.change(|state| {
                    state.settle(number);
                    state.begun.remove(&number)
                });
                let (begun, resumed) = begun?;
                let ours = source.sha256().await.ok()?;
                if hash != ours {
                    self.ledger.lock().await.failure(Cause::damaged(path, &hash, ours)).await;
                    return Some(());
                }
                let action = if resumed { Action::Resumed } else { Action::Copied };
                self.report(source, action, &path, begun).await;
            }
            Answer::Fail { number, cause } => {
                if let Some(number) = number {
                    self.files.get(number)?;
                    self.shared.change(|state| {
                        state.settle(number);
                        state.failed.insert(number);
                        state.verdicts.insert(number, Verdict::Skip);
                    });
                }
                self.ledger.lock().await.failure(cause).await;
            }
            _ => return None,
        }
        Some(())
    }

    async fn report(&mut self, source: &Source, action: Action, path: &str, begun: Instant) {
        // It was computed before the file was announced.
        let Ok(sha256) = source.sha256().await else { return };
        let from = source.path.display().to_string();
        self.ledger.lock().await.file(action, &from, path, source.size, sha256, begun.elapsed()).await;
    }
}
