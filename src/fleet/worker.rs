//! A worker: one attempt on one target, from the connection to its end.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::time::Instant;

use super::attempt_end::AttemptEnd;
use super::entrance::Entrance;
use super::executor::Order;
use super::forward::Traces;
use super::gatekeeper::Milestone;
use super::task::{Approach, Refusal, Site, TaskEnd};
use crate::outcome::{Outcome, Reason};
use crate::psrp::Opening;
use crate::session::{self, ConnectionKey, Lease, Return, Session, Sessions};
use crate::transport::{Admission, Authenticated, Clock, Connector, Gatekeeper, Step};

/// An attempt with what it needs of this process.
pub(super) struct Attempt {
    pub order: Order,
    pub connector: Arc<dyn Connector>,
    pub sessions: Arc<Sessions>,
    /// Its session is kept for others.
    pub keeps: bool,
    /// The journal has noted that it runs.
    pub is_noted: bool,
    /// How long it took to open a session, or to find out that there is none.
    pub took: Duration,
    /// What proved the user, once this attempt has logged on.
    pub proved_by: Option<&'static str>,
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
        let mut lease = match self.lease_or_open().await {
            Ok(lease) => lease,
            Err(error) => return self.not_opened(&error).await,
        };
        let departure = self.order.departure.clone();
        let end = loop {
            let worked = tokio::select! {
                biased;
                () = departure.left() => None,
                worked = self.work(&mut lease) => Some(worked),
            };
            match worked {
                None => {
                    let message = "interrupted while it was running";
                    break AttemptEnd::new(Outcome::Cancelled, Some(Reason::Interrupted), message);
                }
                Some(Ok(end)) => break end,
                Some(Err(error)) if error.ran_nothing() && lease.is_untried() => {
                    tracing::debug!(%error, "a session that was open before is of no more use");
                    // Its place is needed, perhaps.
                    drop(lease);
                    lease = match self.open().await {
                        Ok(lease) => lease,
                        Err(error) => return self.not_opened(&error).await,
                    };
                }
                Some(Err(error)) => break self.broken_off(&error),
            }
        };
        *self.traces().end() = Some(end.clone());
        self.put_away(lease).await;
        end
    }

    /// What becomes of an attempt without a session, once its task knows.
    async fn not_opened(&mut self, error: &session::Error) -> AttemptEnd {
        let took = self.took;
        let Order { target, work, forward, .. } = &mut self.order;
        let end = AttemptEnd::not_opened(error);
        work.not_opened(Refusal { target, forward, error, took }, end).await
    }

    /// What the task does without a session; `Some` if it has its end by then.
    async fn approach(&mut self) -> Option<AttemptEnd> {
        let Order { id, target, work, forward, reports, stop, .. } = &mut self.order;
        let admission = Admission::new(Arc::new(reports.clone()));
        let end = work.approach(Approach { id: *id, target, forward, admission, stop }).await?;
        Some(self.ended(end).await)
    }

    /// Does the task in a session, once it is noted that it begins.
    async fn work(&mut self, session: &mut Session) -> Result<AttemptEnd, session::Error> {
        if !self.is_noted {
            let Order { forward, stop, .. } = &self.order;
            self.is_noted = tokio::select! {
                is_noted = forward.running() => is_noted,
                () = stop.cancelled() => return Ok(AttemptEnd::not_opened(&session::Error::Stopped)),
            };
        }
        if !self.is_noted {
            let message = "the run's journal could not be written, so nothing was sent";
            return Ok(AttemptEnd::new(Outcome::NotStarted, Some(Reason::NotKept), message));
        }
        let Order { id, target, work, forward, stop, .. } = &mut self.order;
        let deadline = Instant::now() + target.timeouts.run;
        let site =
            Site { id: *id, target, session, forward, deadline, stop, reuse: self.keeps, proved_by: self.proved_by };
        let end = work.perform(site).await?;
        Ok(self.ended(end).await)
    }

    /// The end of an attempt whose task broke off.
    fn broken_off(&self, error: &session::Error) -> AttemptEnd {
        let end = AttemptEnd::broken_off(error);
        match self.order.work.is_repeatable() {
            true => {
                let retryable = end.retryable || end.outcome == Outcome::Lost;
                AttemptEnd { retryable, hint: error.hint(), ..end }
            }
            false => end,
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

    /// An idle session of this target and identity if there is one that is alive, else a new one.
    async fn lease_or_open(&mut self) -> Result<Lease, session::Error> {
        if !self.sessions.keeps() {
            // The usual run has none, and needs no key to find out.
            return self.open().await;
        }
        let key = ConnectionKey::from(&*self.order.target);
        let leased = tokio::select! {
            leased = self.sessions.lease(&key) => leased,
            () = self.order.stop.cancelled() => return Err(session::Error::Stopped),
        };
        let Some(lease) = leased else { return self.open().await };
        *self.traces().carrier() = Some(Arc::clone(lease.carrier()));
        let leave = tokio::select! {
            leave = self.order.reports.ask(Step::Begin) => leave.map_err(session::Error::from),
            () = self.order.stop.cancelled() => Err(session::Error::Stopped),
        };
        match leave {
            Ok(_) => {
                self.order.reports.accepted(Authenticated::Before);
                Ok(lease)
            }
            Err(error) => {
                self.put_away(lease).await;
                Err(error)
            }
        }
    }

    /// Keeps the session where sessions are kept, else closes it.
    async fn put_away(&self, lease: Lease) {
        let left = match self.keeps {
            true => lease.give_back(),
            false => Return::Refused(lease),
        };
        if let Return::Kept | Return::KeptFor(_) = &left {
            *self.traces().carrier() = None;
        }
        if let Return::KeptFor(lease) | Return::Refused(lease) = left {
            self.order.reports.reached(Milestone::Closing);
            lease.close().await;
        }
    }

    async fn open(&mut self) -> Result<Lease, session::Error> {
        let begin = Instant::now();
        let clock = Clock::default();
        let opened = self.opened(&clock).await;
        self.took = begin.elapsed().saturating_sub(clock.stood());
        opened
    }

    async fn opened(&mut self, clock: &Clock) -> Result<Lease, session::Error> {
        let Order { target, reports, stop, .. } = &self.order;
        let entrance = Arc::new(Entrance::new(reports.clone(), Arc::clone(&self.sessions)));
        let admission = Admission::on(clock, Arc::clone(&entrance) as Arc<dyn Gatekeeper>);
        let connected = |carrier: &_| *self.traces().carrier() = Some(Arc::clone(carrier));
        let opening = Opening::of_a_run();
        let session = Session::connect(&*self.connector, target, &admission, opening, stop, connected).await?;
        reports.reached(Milestone::Opened);
        let place = entrance.place().await;
        self.proved_by = entrance.proved_by();
        Ok(self.sessions.hold(ConnectionKey::from(&**target), session, place))
    }
}
