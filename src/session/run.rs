//! Running one pipeline.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::open::{State, text_of};
use super::records::Records;
use super::running::RunningPipeline;
use super::stopping::{Halt, STOP_WAIT};
use super::{Error, Session};
use crate::clixml::Document;
use crate::outcome::Reason;
use crate::psrp::{Command, Pipeline, PipelineEnd, ProtocolError};
use crate::transport;

/// How long the slot of a pipeline that has ended may take to be given back.
const RELEASE_WAIT: Duration = Duration::from_secs(10);

/// How to run a pipeline.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// When the pipeline is stopped. A key for its secrets must be there by then, too.
    pub deadline: Instant,
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
    /// The server stopped it, though nobody here wanted so; with its reason.
    HostStopped(Option<Document>),
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
    /// What the server did not confirm, so that it may still be running.
    pub unconfirmed: Option<Unconfirmed>,
}

/// What we asked of a server without ever hearing that it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unconfirmed {
    /// The start: there was nothing to be stopped yet.
    Start,
    /// The stop, within [`STOP_WAIT`].
    Stop,
}

impl RunReport {
    /// The report of a pipeline that came to an end that we know of.
    pub(super) fn of(ending: Ending) -> Self {
        Self { ending, exit_code: None, unconfirmed: None }
    }
}

impl RunOptions {
    /// The options of a pipeline that may take so long from now.
    pub fn within(time: Duration, stop: CancellationToken, reuse: bool) -> Self {
        Self { deadline: Instant::now() + time, stop, reuse }
    }
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
    /// Those of [`run`](Self::run).
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
        let before = std::mem::replace(&mut self.state, State::Busy);
        let mut deadline = options.deadline;
        if command.has_secrets() {
            let begin = Instant::now();
            tokio::select! {
                agreed = self.agree_on_key(deadline.saturating_duration_since(begin)) => agreed?,
                () = options.stop.cancelled() => return Ok(RunReport::of(Ending::Stopped)),
            }
            // The script's own time has not begun.
            deadline += begin.elapsed();
        }
        if let State::Holding(last) = before {
            self.release(last).await;
        }
        let Some(started) = in_time(deadline, &options.stop, self.start(command, pipeline)).await else {
            // Whether it has begun is not known, nor can it be stopped; the session's end stops it.
            let ending = if options.stop.is_cancelled() { Ending::Stopped } else { Ending::TimedOut };
            return Ok(RunReport { unconfirmed: Some(Unconfirmed::Start), ..RunReport::of(ending) });
        };
        let pipeline = started?;
        self.pipelines += 1;
        let id = pipeline.id();
        let mut running = RunningPipeline::new(self, pipeline, records, input, deadline, options.stop.clone());
        running.follow().await?;
        let (end, halted, exit_code) = (running.ended.take(), running.halt(), running.exit_code);
        let undelivered = running.outgoing.undelivered.take();
        self.state = if end.is_none() {
            // The server holds on to it: asking for more would only take more time.
            State::Spoiled
        } else if options.reuse || self.carrier.pushes() {
            // The pipeline has its result whatever comes of this; only the session is of no more use.
            if self.release(id).await { State::Idle } else { State::Spoiled }
        } else {
            State::Holding(id)
        };
        let unconfirmed = matches!(end, None | Some(PipelineEnd::Disconnected(_))).then_some(Unconfirmed::Stop);
        Ok(RunReport { ending: ending(end, halted, undelivered)?, exit_code, unconfirmed })
    }

    /// Gives the slot of a pipeline that has ended back to the server; says whether that went well.
    pub(super) async fn release(&self, id: Uuid) -> bool {
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

    pub(super) async fn start(&mut self, command: &Command, id: Uuid) -> Result<Pipeline, Error> {
        let max_fragment = self.carrier.max_fragment();
        let (pipeline, fragments) = self.pool.create_pipeline(command, id, max_fragment).map_err(unsent)?;
        let refused = match self.carrier.command(id, fragments).await {
            Ok(()) => return Ok(pipeline),
            Err(error) if error.nothing_ran => error,
            Err(error) => return Err(error.into()),
        };
        if self.opened || self.carrier.pushes() || refused.fault.is_none() {
            return Err(Error::Refused(refused));
        }
        // The private data proved the server to be open inside, but this one wants its Opened message out first.
        tracing::debug!(error = %refused, "an early command was refused; waiting for the opened message");
        if self.wait_for_opened().await.is_err() {
            return Err(Error::Refused(refused));
        }
        let (pipeline, fragments) = self.pool.create_pipeline(command, id, max_fragment).map_err(unsent)?;
        match self.carrier.command(id, fragments).await {
            Ok(()) => Ok(pipeline),
            Err(error) if error.nothing_ran => Err(Error::Refused(error)),
            Err(error) => Err(error.into()),
        }
    }
}

/// How a pipeline ended that the server and we have said this of.
pub(super) fn ending(
    end: Option<PipelineEnd>,
    halted: Option<Halt>,
    undelivered: Option<transport::Error>,
) -> Result<Ending, Error> {
    Ok(match (end, halted, undelivered) {
        // The race between our stop and the script's own end is decided by what the server says.
        (Some(PipelineEnd::Completed), _, _) => Ending::Completed,
        (Some(PipelineEnd::Failed(error)), None | Some(Halt::Input), _) => Ending::Failed(error),
        (Some(PipelineEnd::Stopped(error)), None, _) => Ending::HostStopped(error),
        (Some(PipelineEnd::Disconnected(error)), None, _) => return Err(Error::Disconnected(text_of(error))),
        (_, Some(Halt::Input), Some(error)) => return Err(error.into()),
        (_, Some(Halt::Timeout), _) => Ending::TimedOut,
        (_, Some(Halt::Stop | Halt::Input) | None, _) => Ending::Stopped,
    })
}

/// The error of a command that was never sent.
fn unsent(error: ProtocolError) -> Error {
    Error::Refused(transport::Error::new(Reason::Protocol, error.to_string()).before_anything_ran())
}

/// The result of what the server must do for us by the deadline, or soon after a stop; `None` if it does not.
pub(super) async fn in_time<T>(
    deadline: Instant,
    stop: &CancellationToken,
    action: impl Future<Output = T>,
) -> Option<T> {
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
