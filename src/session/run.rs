//! Running one pipeline.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Error, Session};
use crate::clixml::Document;
use crate::psrp::{Command, HostAnswer, HostCall, HostWriter, Pipeline, PipelineEnd, PipelineEvent};
use crate::record::Stream;
use crate::transport::{self, Carrier, Channel, Priority, Received};

/// How long a stopped pipeline may take to report that it has stopped. `finally` blocks run in this time.
const STOP_WAIT: Duration = Duration::from_secs(30);
/// How long the slot of a pipeline that has ended may take to be given back.
const RELEASE_WAIT: Duration = Duration::from_secs(10);

/// Takes the records of a pipeline. Waiting in [`Records::take`] slows the remote pipeline down.
pub trait Records: Send {
    /// Takes the next record; `Break` when no more are wanted: the pipeline is then stopped.
    fn take(&mut self, stream: Stream, value: Document) -> impl Future<Output = ControlFlow<()>> + Send;

    /// Is the host that scripts write to and ask. A run without a user takes what is written as records.
    fn host_call(&mut self, _call: &HostCall) -> impl Future<Output = HostReply> + Send {
        std::future::ready(HostReply::Refused)
    }
}

/// What a host does with a call.
#[derive(Debug)]
pub enum HostReply {
    /// There is no user: what is written becomes a record, what is asked fails.
    Refused,
    /// It was shown.
    Done,
    /// The user's answer.
    Answer(HostAnswer),
}

/// How to run a pipeline.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Time from CREATE_PIPELINE on until the pipeline is stopped. A key for its secrets must be there within as much.
    pub timeout: Duration,
    /// Stops the pipeline on the server.
    pub stop: CancellationToken,
    /// The session will be used again, so the pipeline's slot on the server is given back at its end; else before the
    /// next pipeline, should there be one after all.
    pub reuse: bool,
}

/// How a pipeline ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// It ran to the end.
    Completed,
    /// A terminating error, with its record.
    Failed(Option<Document>),
    /// We stopped it because its time was up.
    TimedOut,
    /// We stopped it because the caller wanted so.
    Stopped,
}

/// What is known of a pipeline that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReport {
    /// How it ended.
    pub ending: Ending,
    /// The script's exit code, if it called `exit`.
    pub exit_code: Option<i32>,
}

/// Why we stop a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Halt {
    Timeout,
    Stop,
    /// Its input could not be delivered.
    Input,
}

impl Session {
    /// Runs a command to its end and hands every record to `records` as it arrives.
    ///
    /// # Errors
    /// The link broke, or the server broke the protocol, while it ran: what it did until then is unknown.
    pub async fn run<R: Records>(
        &mut self,
        command: &Command,
        pipeline: Uuid,
        options: &RunOptions,
        records: &mut R,
    ) -> Result<RunReport, Error> {
        self.drive(command, pipeline, options, records, None).await
    }

    /// Runs a command whose invocation announced input, and feeds it while it runs: each object is sent when the server
    /// has taken the one before; when the channel closes, the input ends. The channel's other end finds out by its
    /// closing that the pipeline takes no more.
    ///
    /// An input that ends without an object, before the script has started, may count as none for the server (7.6.9):
    /// its `process` block then runs once. [`Command::with_input`] knows a way around that.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn converse<R: Records>(
        &mut self,
        command: &Command,
        pipeline: Uuid,
        options: &RunOptions,
        records: &mut R,
        input: mpsc::Receiver<Document>,
    ) -> Result<RunReport, Error> {
        self.drive(command, pipeline, options, records, Some(input)).await
    }

    /// The largest fragment that travels in one piece, in bytes: what a single input object should fit into.
    pub fn max_fragment(&self) -> usize {
        self.carrier.max_fragment()
    }

    async fn drive<R: Records>(
        &mut self,
        command: &Command,
        pipeline: Uuid,
        options: &RunOptions,
        records: &mut R,
        input: Option<mpsc::Receiver<Document>>,
    ) -> Result<RunReport, Error> {
        self.spoiled = true;
        if command.has_secrets() {
            tokio::select! {
                agreed = self.agree_on_key(options.timeout) => agreed?,
                () = options.stop.cancelled() => {
                    return Ok(RunReport { ending: Ending::Stopped, exit_code: None });
                }
            }
        }
        let deadline = Instant::now() + options.timeout;
        if let Some(last) = self.unreleased.take() {
            self.release(last).await;
        }
        let Some(started) = in_time(deadline, &options.stop, self.start(command, pipeline)).await else {
            // Whether it has begun is not known, nor can it be stopped; the session's end stops it.
            let ending = if options.stop.is_cancelled() { Ending::Stopped } else { Ending::TimedOut };
            return Ok(RunReport { ending, exit_code: None });
        };
        let pipeline = started?;
        let mut course = Course {
            session: self,
            pipeline,
            records,
            exit_code: None,
            ended: None,
            host: HostWriter::default(),
            answers: FuturesUnordered::new(),
            input,
            undelivered: None,
        };
        let halted = course.follow(deadline, &options.stop).await?;
        let (id, end, exit_code) = (course.pipeline.id(), course.ended, course.exit_code);
        let undelivered = course.undelivered;
        self.spoiled = end.is_none();
        if options.reuse || self.carrier.pushes() {
            // The pipeline has its result whatever comes of this; only the session is of no more use.
            self.spoiled |= !self.release(id).await;
        } else {
            self.unreleased = Some(id);
        }
        let ending = match (end, halted, undelivered) {
            // The race between our stop and the script's own end is decided by what the server says.
            (Some(PipelineEnd::Completed), _, _) => Ending::Completed,
            (Some(PipelineEnd::Failed(error)), None | Some(Halt::Input), _) => Ending::Failed(error),
            (_, Some(Halt::Input), Some(error)) => return Err(error.into()),
            (_, Some(Halt::Timeout), _) => Ending::TimedOut,
            (_, Some(Halt::Stop | Halt::Input) | None, _) => Ending::Stopped,
        };
        Ok(RunReport { ending, exit_code })
    }

    /// Gives the slot of a pipeline that has ended back to the server; says whether that went well.
    async fn release(&self, id: Uuid) -> bool {
        match tokio::time::timeout(RELEASE_WAIT, self.carrier.release(id)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the pipeline's slot could not be given back");
                false
            }
            Err(_) => {
                tracing::debug!("the pipeline's slot was not given back in time");
                false
            }
        }
    }

    async fn start(&mut self, command: &Command, id: Uuid) -> Result<Pipeline, Error> {
        let max_fragment = self.carrier.max_fragment();
        let (pipeline, fragments) = self.pool.create_pipeline(command, id, max_fragment)?;
        let refused = match self.carrier.command(id, fragments).await {
            Ok(()) => return Ok(pipeline),
            Err(error) if error.fault.is_some() => error,
            Err(error) => return Err(error.into()),
        };
        if self.opened || self.carrier.pushes() {
            return Err(Error::Refused(refused));
        }
        // The private data proved the server to be open inside, but this one wants its Opened message out first.
        tracing::debug!(error = %refused, "an early command was refused; waiting for the opened message");
        if self.wait_for_opened().await.is_err() {
            return Err(Error::Refused(refused));
        }
        let (pipeline, fragments) = self.pool.create_pipeline(command, id, max_fragment)?;
        match self.carrier.command(id, fragments).await {
            Ok(()) => Ok(pipeline),
            Err(error) if error.fault.is_some() => Err(Error::Refused(error)),
            Err(error) => Err(error.into()),
        }
    }
}

/// One pipeline on its way.
struct Course<'a, R> {
    session: &'a mut Session,
    pipeline: Pipeline,
    records: &'a mut R,
    exit_code: Option<i32>,
    ended: Option<PipelineEnd>,
    /// What the script writes to the host.
    host: HostWriter,
    /// Answers to host calls that are still being sent.
    answers: FuturesUnordered<BoxFuture<'static, Result<(), transport::Error>>>,
    /// Input objects that are still to come.
    input: Option<mpsc::Receiver<Document>>,
    /// Why input could not be delivered.
    undelivered: Option<transport::Error>,
}

impl<R: Records> Course<'_, R> {
    /// Receives until the pipeline has ended or, once stopped, its time to do so is over.
    async fn follow(&mut self, deadline: Instant, stop: &CancellationToken) -> Result<Option<Halt>, Error> {
        let carrier = Arc::clone(&self.session.carrier);
        let id = self.pipeline.id();
        // A receive must not be dropped half-way: over HTTP that costs a connection. So it is kept over the turns.
        let mut receiving = receive(&carrier, Channel::Pipeline(id));
        let mut pool = news(&carrier);
        let mut signalling: Option<BoxFuture<'static, Result<(), transport::Error>>> = None;
        // Input that is being sent. Answers wait for it and it for answers: one send at a time.
        let mut feeding: Option<BoxFuture<'static, Result<(), transport::Error>>> = None;
        let mut halted = None;
        let mut stopping = false;
        let mut deadline = deadline;
        while self.ended.is_none() {
            if feeding.is_none() && !stopping && self.answers.is_empty() {
                feeding = self.feed_more();
            }
            let wanted = tokio::select! {
                received = &mut receiving => {
                    receiving = receive(&carrier, Channel::Pipeline(id));
                    self.take(received?).await?
                }
                received = &mut pool => {
                    pool = news(&carrier);
                    let payload = received?.payload;
                    match in_time(deadline, stop, self.session.handle_pool(&payload)).await {
                        Some(handled) => handled?,
                        // An answer is stuck half-way.
                        None => return Ok(halted.or(Some(if stop.is_cancelled() { Halt::Stop } else { Halt::Timeout }))),
                    }
                    ControlFlow::Continue(())
                }
                Some(sent) = self.answers.next(), if feeding.is_none() => { sent?; ControlFlow::Continue(()) }
                Some(sent) = async { Some(feeding.as_mut()?.await) }, if feeding.is_some() => {
                    feeding = None;
                    match sent {
                        Ok(()) => ControlFlow::Continue(()),
                        // The script may have ended for a reason of its own: that is still to be received.
                        Err(error) => {
                            self.undelivered = Some(error);
                            halted.get_or_insert(Halt::Input);
                            ControlFlow::Break(())
                        }
                    }
                }
                Some(object) = async { Some(self.input.as_mut()?.recv().await) },
                    if self.input.is_some() && feeding.is_none() && self.answers.is_empty() =>
                {
                    feeding = Some(self.feed(object));
                    ControlFlow::Continue(())
                }
                Some(sent) = async { Some(signalling.as_mut()?.await) }, if signalling.is_some() => {
                    signalling = None;
                    if let Err(error) = sent {
                        // The receive will tell the rest, or the wait for it ends.
                        tracing::debug!(%error, "the stop signal failed");
                    }
                    ControlFlow::Continue(())
                }
                () = tokio::time::sleep_until(deadline) => {
                    if stopping {
                        return Ok(halted);
                    }
                    halted = Some(Halt::Timeout);
                    ControlFlow::Break(())
                }
                () = stop.cancelled(), if halted.is_none() => { halted = Some(Halt::Stop); ControlFlow::Break(()) }
            };
            if wanted.is_break() && !stopping && self.ended.is_none() {
                stopping = true;
                self.input = None;
                halted.get_or_insert(Halt::Stop);
                deadline = Instant::now() + STOP_WAIT;
                let carrier = Arc::clone(&carrier);
                signalling = Some(Box::pin(async move { carrier.signal(id).await }));
            }
        }
        if let Some(feeding) = feeding {
            // A message must not be left half-way: what follows it would be taken for its rest.
            let _ = tokio::time::timeout(STOP_WAIT, feeding).await;
        }
        Ok(halted)
    }

    /// Begins to send the next portion of the input that the command brought.
    fn feed_more(&mut self) -> Option<BoxFuture<'static, Result<(), transport::Error>>> {
        let carrier = Arc::clone(&self.session.carrier);
        let fragments = self.session.pool.more_input(&mut self.pipeline, carrier.max_fragment())?;
        let id = self.pipeline.id();
        Some(Box::pin(async move { carrier.send(Channel::Pipeline(id), Priority::Default, fragments).await }))
    }

    /// Begins to send an input object, or the end of the input.
    fn feed(&mut self, object: Option<Document>) -> BoxFuture<'static, Result<(), transport::Error>> {
        let carrier = Arc::clone(&self.session.carrier);
        let (id, max_fragment) = (self.pipeline.id(), carrier.max_fragment());
        let fragments = match object {
            Some(object) => self.session.pool.input(id, &object, max_fragment),
            None => {
                self.input = None;
                self.session.pool.end_of_input(id, max_fragment)
            }
        };
        Box::pin(async move { carrier.send(Channel::Pipeline(id), Priority::Default, fragments).await })
    }

    async fn take(&mut self, received: Received) -> Result<ControlFlow<()>, Error> {
        self.pipeline.handle(&received.payload)?;
        let mut wanted = ControlFlow::Continue(());
        while let Some(event) = self.pipeline.poll_event() {
            match event {
                PipelineEvent::Record(stream, value) => {
                    self.host.note(stream, &value);
                    if wanted.is_continue() {
                        wanted = self.records.take(stream, value).await;
                    }
                }
                PipelineEvent::HostCall(call) => {
                    let reply = self.records.host_call(&call).await;
                    self.answer(&call, &reply);
                    let record = if matches!(reply, HostReply::Refused) { self.host.record(&call) } else { None };
                    if let Some((stream, value)) = record.filter(|_| wanted.is_continue()) {
                        wanted = self.records.take(stream, value).await;
                    }
                }
                PipelineEvent::Ended(end) => self.ended = Some(end),
            }
        }
        if received.done && self.ended.is_none() {
            return Err(Error::Vanished);
        }
        Ok(wanted)
    }

    fn answer(&mut self, call: &HostCall, reply: &HostReply) {
        if let Some(code) = call.exit_code() {
            self.exit_code = Some(code);
        }
        if call.wants_answer() {
            let carrier = Arc::clone(&self.session.carrier);
            let id = self.pipeline.id();
            let (pool, max) = (&mut self.session.pool, carrier.max_fragment());
            let answer = match reply {
                HostReply::Answer(answer) => pool.host_answer(id, call, answer, max),
                HostReply::Refused | HostReply::Done => pool.host_response(id, call.refusal(), max),
            };
            self.answers.push(Box::pin(async move {
                carrier.send(Channel::Pipeline(id), Priority::PromptResponse, answer).await
            }));
        }
    }
}

/// The result of what the server must do for us by the deadline, or soon after a stop; `None` if it does not.
async fn in_time<T>(deadline: Instant, stop: &CancellationToken, action: impl Future<Output = T>) -> Option<T> {
    let stopped = async {
        stop.cancelled().await;
        tokio::time::sleep(STOP_WAIT).await;
    };
    tokio::select! {
        done = action => Some(done),
        () = tokio::time::sleep_until(deadline) => None,
        () = stopped => None,
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
