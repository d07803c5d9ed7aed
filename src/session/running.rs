//! A running pipeline: it is received from, answered and fed until it has ended. What is sent next and when it is
//! stopped is decided without I/O, in [`Outgoing`] and [`Stopping`](super::stopping::Stopping).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::halt::Halting;
use super::leaving::{LAST_WORDS, Leaving};
use super::outgoing::Outgoing;
use super::records::{HostReply, Records};
use super::stopping::{Halt, STOP_WAIT};
use super::{Error, Session};
use crate::clixml::Document;
use crate::psrp::{HostCall, HostWriter, Pipeline, PipelineEnd, PipelineEvent};
use crate::stream::Stream;
use crate::transport::{self, Carrier, Channel, Priority, Received, offload_on};

/// Longer than any pipeline runs, and short enough to be added to any time.
pub(super) const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// One pipeline on its way.
pub(super) struct RunningPipeline<'a, R> {
    session: &'a mut Session,
    carrier: Arc<dyn Carrier>,
    pipeline: Pipeline,
    records: &'a mut R,
    halting: Halting,
    /// The caller knows that it is being stopped.
    told: bool,
    /// The script's exit code, if it called `exit`.
    pub(super) exit_code: Option<i32>,
    /// How it ended.
    pub(super) ended: Option<PipelineEnd>,
    /// What the script writes to the host.
    host: HostWriter,
    /// What waits to be sent.
    pub(super) outgoing: Outgoing,
    /// Input objects that are still to come.
    input: Option<mpsc::Receiver<Document>>,
    /// What is on its way, until it has arrived.
    sending: Option<BoxFuture<'static, Result<(), transport::Error>>>,
    /// There may be messages that have arrived and are not decoded yet.
    has_arrived: bool,
    /// Nothing more will arrive.
    is_done: bool,
    /// Of a pipeline that is left where others would be stopped: when that is.
    leaving: Option<Leaving>,
}

impl<'a, R: Records> RunningPipeline<'a, R> {
    pub(super) fn new(
        session: &'a mut Session,
        pipeline: Pipeline,
        records: &'a mut R,
        input: Option<mpsc::Receiver<Document>>,
        deadline: Instant,
        stop: CancellationToken,
    ) -> Self {
        let carrier = Arc::clone(&session.carrier);
        Self {
            session,
            halting: Halting::new(Arc::clone(&carrier), pipeline.id(), deadline, stop),
            carrier,
            pipeline,
            records,
            told: false,
            exit_code: None,
            ended: None,
            host: HostWriter::default(),
            outgoing: Outgoing::default(),
            input,
            sending: None,
            has_arrived: false,
            is_done: false,
            leaving: None,
        }
    }

    /// A pipeline that is left running, and not stopped, when the caller wants so, its records are not wanted any more,
    /// or a time has come.
    pub(super) fn to_be_left(
        session: &'a mut Session,
        pipeline: Pipeline,
        records: &'a mut R,
        leaving: Leaving,
    ) -> Self {
        // It has no end but its own.
        let never = (Instant::now() + NEVER, CancellationToken::new());
        Self { leaving: Some(leaving), ..Self::new(session, pipeline, records, None, never.0, never.1) }
    }

    /// Why the pipeline was stopped, if it was.
    pub(super) fn halt(&self) -> Option<Halt> {
        self.halting.why()
    }

    /// Receives until the pipeline has ended or, once stopped, its time to do so is over.
    pub(super) async fn follow(&mut self) -> Result<(), Error> {
        let carrier = Arc::clone(&self.carrier);
        let id = self.pipeline.id();
        // A receive must not be dropped half-way: over HTTP that costs a connection. So it is kept over the turns.
        let mut receiving = receive(&carrier, Channel::Pipeline(id));
        let mut pool = news(&carrier);
        while self.ended.is_none() && !self.halting.is_over() && !self.may_leave() {
            if self.halting.why().is_some() && !std::mem::replace(&mut self.told, true) {
                self.input = None;
                self.records.stopping();
            }
            self.send_next();
            let listens = self.outgoing.listens();
            // In this order, so that nothing that arrives keeps us from stopping.
            tokio::select! {
                biased;
                () = self.halting.step() => {}
                () = step(self.leaving.as_mut()), if self.leaving.is_some() => {}
                Some(sent) = async { Some(self.sending.as_mut()?.as_mut().await) }, if self.sending.is_some() => {
                    self.sent(sent)?;
                }
                received = &mut pool => {
                    pool = news(&carrier);
                    let handling = self.session.handle_pool(received?.payload);
                    // Without end, an answer is stuck half-way.
                    self.halting.unless_over(handling).await.transpose()?;
                }
                Some(object) = async { Some(self.input.as_mut()?.recv().await) },
                    if self.input.is_some() && self.outgoing.is_idle() => self.feed(object),
                received = &mut receiving, if !self.has_arrived && listens => {
                    receiving = receive(&carrier, Channel::Pipeline(id));
                    self.arrived(received?);
                }
                // Work without waiting gives way to others now and then.
                () = tokio::task::consume_budget(), if self.has_arrived && listens => self.take_next().await?,
            }
        }
        if let Some(sending) = self.sending.take()
            && self.outgoing.has_input_on_its_way()
        {
            // A message must not be left half-way: what follows it would be taken for its rest.
            let _ = tokio::time::timeout(STOP_WAIT, sending).await;
        }
        if self.ended.is_none()
            && let Some(leaving) = &mut self.leaving
        {
            let leave = carrier.leave(leaving.keep_for);
            // What was on its way to us belongs to us.
            let (left, received) = tokio::join!(leave, tokio::time::timeout(LAST_WORDS, receiving));
            leaving.left_for = left.as_ref().ok().copied();
            if let Ok(Ok(received)) = received {
                self.arrived(received);
                while self.has_arrived && self.ended.is_none() {
                    self.take_next().await?;
                }
            }
            // Nothing is lost of what had come, though the shell could not be left.
            left?;
        }
        Ok(())
    }

    /// For how long the server keeps the pipeline that was left.
    pub(super) fn left_for(&self) -> Option<Duration> {
        self.leaving.as_ref()?.left_for
    }

    /// Whether it is to be left, and now is the time for that.
    fn may_leave(&self) -> bool {
        let is_between = !self.has_arrived && self.outgoing.is_idle();
        self.leaving.as_ref().is_some_and(|leaving| leaving.is_due(is_between && self.pipeline.is_between_messages()))
    }

    fn arrived(&mut self, received: Received) {
        self.pipeline.push(&received.payload);
        self.is_done |= received.done;
        self.has_arrived = true;
    }

    /// Decodes the next message that has arrived and hands it on.
    async fn take_next(&mut self) -> Result<(), Error> {
        let Some(message) = self.pipeline.next_message()? else {
            self.has_arrived = false;
            if let Some(leaving) = &mut self.leaving
                && self.records.caught_up().await.is_break()
            {
                leaving.begin();
            }
            return if self.is_done { Err(Error::Vanished) } else { Ok(()) };
        };
        let read = offload_on(message.len(), &mut self.pipeline, move |pipeline| pipeline.read(message));
        match read.await? {
            None => {}
            Some(PipelineEvent::Ended(end)) => self.ended = Some(end),
            Some(PipelineEvent::Record(stream, value)) => {
                self.host.note(stream, &value);
                self.hand_on(stream, value).await;
            }
            Some(PipelineEvent::HostCall(call)) => {
                let reply = self.halting.during(self.records.host_call(&call)).await;
                self.answer(&call, &reply);
                let record = if matches!(reply, HostReply::Refused) { self.host.record(&call) } else { None };
                if let Some((stream, value)) = record {
                    self.hand_on(stream, value).await;
                }
            }
        }
        Ok(())
    }

    /// Hands a record to the caller. However long that takes, the pipeline is stopped when its time is up.
    async fn hand_on(&mut self, stream: Stream, value: Document) {
        if self.halting.during(self.records.take(stream, value)).await.is_break() {
            match &mut self.leaving {
                Some(leaving) => leaving.begin(),
                None => self.halting.begin(Halt::Stop),
            }
        }
    }

    fn answer(&mut self, call: &HostCall, reply: &HostReply) {
        if let Some(code) = call.exit_code() {
            self.exit_code = Some(code);
        }
        if call.wants_answer() {
            let id = self.pipeline.id();
            let (pool, max) = (&mut self.session.pool, self.carrier.max_fragment());
            self.outgoing.answer(match reply {
                HostReply::Answer(answer) => pool.host_answer(id, call, answer, max),
                HostReply::Refused | HostReply::Done => pool.host_response(id, call.refusal(), max),
            });
        }
    }

    /// Begins to send what waits to be sent, if nothing is on its way: answers first, then input that the command
    /// brought.
    fn send_next(&mut self) {
        let is_stopped = self.halting.why().is_some();
        let (pool, pipeline, max) = (&mut self.session.pool, &mut self.pipeline, self.carrier.max_fragment());
        let portion = || if is_stopped { None } else { pool.more_input(pipeline, max) };
        if let Some((priority, fragments)) = self.outgoing.next(portion) {
            self.send(priority, fragments);
        }
    }

    /// Begins to send an input object, or the end of the input.
    fn feed(&mut self, object: Option<Document>) {
        let (id, max_fragment) = (self.pipeline.id(), self.carrier.max_fragment());
        let fragments = match object {
            Some(object) => self.session.pool.input(id, &object, max_fragment),
            None => {
                self.input = None;
                self.session.pool.end_of_input(id, max_fragment)
            }
        };
        let priority = self.outgoing.input();
        self.send(priority, fragments);
    }

    fn send(&mut self, priority: Priority, fragments: Vec<Bytes>) {
        let (carrier, id) = (Arc::clone(&self.carrier), self.pipeline.id());
        self.sending = Some(Box::pin(async move { carrier.send(Channel::Pipeline(id), priority, fragments).await }));
    }

    /// What was on its way has arrived, or has not.
    fn sent(&mut self, sent: Result<(), transport::Error>) -> Result<(), Error> {
        self.sending = None;
        if !self.outgoing.sent(sent)? {
            self.halting.begin(Halt::Input);
        }
        Ok(())
    }
}

async fn step(leaving: Option<&mut Leaving>) {
    match leaving {
        Some(leaving) => leaving.step().await,
        None => std::future::pending().await,
    }
}

fn receive(carrier: &Arc<dyn Carrier>, channel: Channel) -> BoxFuture<'static, Result<Received, transport::Error>> {
    let carrier = Arc::clone(carrier);
    Box::pin(async move { carrier.receive(channel).await })
}

fn news(carrier: &Arc<dyn Carrier>) -> BoxFuture<'static, Result<Received, transport::Error>> {
    let carrier = Arc::clone(carrier);
    Box::pin(async move { carrier.news().await })
}
