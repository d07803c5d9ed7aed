//! A worker: one attempt on one target, from the connection to its end.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use tokio::time::Instant;

use super::attempt_end::AttemptEnd;
use super::executor::Order;
use super::forward::Traces;
use super::gatekeeper::Milestone;
use super::task::{Approach, Site, TaskEnd};
use crate::outcome::{Outcome, Reason};
use crate::psrp::Opening;
use crate::session::{self, ConnectionKey, Session, Sessions};
use crate::transport::{Admission, Authenticated, Connector, Gatekeeper, Step};

/// An attempt with what it needs of this process.
pub(super) struct Attempt {
    pub order: Order,
    pub connector: Arc<dyn Connector>,
    /// Where open sessions are kept, if they are.
    pub sessions: Option<Arc<Sessions>>,
}

impl Attempt {
    /// Runs the attempt; once the user wants to leave, only the closing is waited for, and not for long.
    pub(super) async fn run(self) -> AttemptEnd {
        let departure = self.order.departure.clone();
        let traces = Arc::clone(&self.order.forward.traces);
        let end = tokio::select! {
            end = self.guarded() => end,
            // A close that takes too long changes nothing about how the work ended.
            () = departure.gives_up_closes() => traces.end().take().unwrap_or_else(|| {
                AttemptEnd::new(Outcome::Cancelled, Some(Reason::Interrupted), "interrupted without waiting for its end")
            }),
        };
        AttemptEnd {
            errors: traces.errors(),
            objects: traces.objects(),
            shell_may_remain: traces.carrier().as_ref().is_some_and(|carrier| carrier.shell_may_remain()),
            ..end
        }
    }

    /// The attempt, and the closing that it owes even if it panics.
    async fn guarded(self) -> AttemptEnd {
        let traces = Arc::clone(self.traces());
        // What the panic may have left half-changed is dropped with the attempt; traces are atomic or whole.
        match AssertUnwindSafe(self.make()).catch_unwind().await {
            Ok(end) => end,
            Err(_) => {
                let carrier = traces.carrier().clone();
                if let Some(carrier) = carrier {
                    session::close(&*carrier).await;
                }
                AttemptEnd::panicked()
            }
        }
    }

    async fn make(mut self) -> AttemptEnd {
        if let Some(end) = self.approach().await {
            return end;
        }
        let mut session = match self.take_or_open().await {
            Ok(session) => session,
            Err(error) => return AttemptEnd::not_opened(&error),
        };
        let departure = self.order.departure.clone();
        let result = tokio::select! {
            biased;
            () = departure.left() => None,
            end = self.work(&mut session) => Some(end),
        };
        let end = result.unwrap_or_else(|| {
            AttemptEnd::new(Outcome::Cancelled, Some(Reason::Interrupted), "interrupted while it was running")
        });
        *self.traces().end() = Some(end.clone());
        self.put_away(session).await;
        end
    }

    /// What the task does without a session; `Some` if it has its end by then.
    async fn approach(&mut self) -> Option<AttemptEnd> {
        let Order { id, target, work, forward, reports, stop, .. } = &mut self.order;
        let admission = Admission::new(Arc::new(reports.clone()));
        let end = work.approach(Approach { id: *id, target, forward, admission, stop }).await?;
        Some(self.ended(end).await)
    }

    async fn work(&mut self, session: &mut Session) -> AttemptEnd {
        let Order { forward, stop, .. } = &self.order;
        let is_noted = tokio::select! {
            is_noted = forward.running() => is_noted,
            () = stop.cancelled() => return AttemptEnd::not_opened(&session::Error::Stopped),
        };
        if !is_noted {
            let message = "the run's journal could not be written, so nothing was sent";
            return AttemptEnd::new(Outcome::NotStarted, Some(Reason::NotKept), message);
        }
        let Order { id, target, work, forward, stop, .. } = &mut self.order;
        let deadline = Instant::now() + target.timeouts.run;
        let site = Site { id: *id, target, session, forward, deadline, stop, reuse: self.sessions.is_some() };
        match work.perform(site).await {
            Ok(end) => self.ended(end).await,
            Err(error) if self.order.work.is_repeatable() => {
                let end = AttemptEnd::broken_off(&error);
                let retryable = end.retryable || end.outcome == Outcome::Lost;
                AttemptEnd { retryable, hint: error.hint(), ..end }
            }
            Err(error) => AttemptEnd::broken_off(&error),
        }
    }

    /// What a task's end is for its target.
    async fn ended(&mut self, end: TaskEnd) -> AttemptEnd {
        match end {
            TaskEnd::Ran(report) if report.refuses_text() => {
                // Its record holds the whole script, which is not the user's own.
                let hint = "use an endpoint that allows it, with --configuration-name or over SSH".to_owned();
                let message = "the endpoint allows no script text, which this needs";
                let end = AttemptEnd::new(Outcome::Failed, Some(Reason::NoLanguage), message);
                AttemptEnd { hint: Some(hint), ..end }
            }
            TaskEnd::Ran(report) => self.order.forward.ended(report, self.order.target.timeouts.run).await,
            TaskEnd::Failed { reason, message, hint } => {
                AttemptEnd { hint, ..AttemptEnd::new(Outcome::Failed, Some(reason), message) }
            }
            TaskEnd::Ended(end) => end,
        }
    }

    fn traces(&self) -> &Arc<Traces> {
        &self.order.forward.traces
    }

    /// An idle session of this target and identity if sessions are kept, else a new one.
    async fn take_or_open(&self) -> Result<Session, session::Error> {
        let key = ConnectionKey::from(&*self.order.target);
        let Some(session) = self.sessions.as_ref().and_then(|sessions| sessions.take(&key)) else {
            return self.open().await;
        };
        *self.traces().carrier() = Some(Arc::clone(session.carrier()));
        let leave = tokio::select! {
            leave = self.order.reports.ask(Step::Begin) => leave.map_err(session::Error::from),
            () = self.order.stop.cancelled() => Err(session::Error::Stopped),
        };
        match leave {
            Ok(_) => {
                self.order.reports.accepted(Authenticated::Before);
                Ok(session)
            }
            Err(error) => {
                self.put_away(session).await;
                Err(error)
            }
        }
    }

    /// Keeps the session where sessions are kept, else closes it.
    async fn put_away(&self, session: Session) {
        let left = match &self.sessions {
            Some(sessions) => sessions.give_back(ConnectionKey::from(&*self.order.target), session),
            None => Some(session),
        };
        match left {
            Some(session) => {
                self.order.reports.reached(Milestone::Closing);
                session.close().await;
            }
            None => *self.traces().carrier() = None,
        }
    }

    async fn open(&self) -> Result<Session, session::Error> {
        let Order { target, reports, stop, .. } = &self.order;
        let admission = Admission::new(Arc::new(reports.clone()));
        let connected = |carrier: &_| *self.traces().carrier() = Some(Arc::clone(carrier));
        let opening = Opening::of_a_run();
        let session = Session::connect(&*self.connector, target, &admission, opening, stop, connected).await?;
        reports.reached(Milestone::Opened);
        Ok(session)
    }
}
