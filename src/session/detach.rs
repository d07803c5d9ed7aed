//! A command that is left running without its client, and attached to later, by whoever knows its shell.
//!
//! WSMan has two ways back to a shell that was disconnected: Connect, for any client of its user, and Reconnect, for the one
//! that has disconnected and still has its state. Here a process ends once it has left, and a link that breaks in the
//! midst of a run leaves nobody who knows what the server had sent by then; so Reconnect is never sent.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::leaving::Leaving;
use super::open::{State, late};
use super::records::Records;
use super::run::{Ending, RunOptions, RunReport, Unconfirmed, ending, in_time};
use super::running::RunningPipeline;
use super::{Error, Session};
use crate::left_shell::LeftShell;
use crate::psrp::{Command, Opening, PoolState};
use crate::transport::{Carrier, Channel, Priority};

/// How long it may take to leave a shell again.
const LEAVE_WAIT: Duration = Duration::from_secs(10);

/// What became of a command that was to be left running.
#[derive(Debug, Clone, PartialEq)]
pub enum Left {
    /// It runs, in a shell that is nobody's.
    Running(LeftShell),
    /// It was not left running in time, or not any more: the session's end stops what may run of it.
    Not(RunReport),
}

/// What came of a pipeline that was attached to.
#[derive(Debug, Clone, PartialEq)]
pub enum Followed {
    /// It has ended.
    Ended(RunReport),
    /// It was left again, for so many seconds.
    Left(u64),
}

impl Session {
    /// Starts a command, and leaves it running without a client once the server has it with all its input. The session
    /// is of no more use then.
    ///
    /// # Errors
    /// Those of [`run`](Self::run); the server knows no shells without a client.
    pub async fn leave_running(
        &mut self,
        command: &Command,
        pipeline: Uuid,
        options: &RunOptions,
        keep_for: Duration,
    ) -> Result<Left, Error> {
        let before = std::mem::replace(&mut self.state, State::Busy);
        if command.has_secrets() {
            let time = options.deadline.saturating_duration_since(Instant::now());
            tokio::select! {
                agreed = self.agree_on_key(time) => agreed?,
                () = options.stop.cancelled() => return Ok(Left::Not(RunReport::of(Ending::Stopped))),
            }
        }
        if let State::Holding(last) = before {
            self.release(last).await;
        }
        let leaving = self.start_and_leave(command, pipeline, keep_for);
        match in_time(options.deadline, &options.stop, leaving).await {
            Some(left) => Ok(Left::Running(left?)),
            None => {
                let ending = if options.stop.is_cancelled() { Ending::Stopped } else { Ending::TimedOut };
                Ok(Left::Not(RunReport { unconfirmed: Some(Unconfirmed::Start), ..RunReport::of(ending) }))
            }
        }
    }

    async fn start_and_leave(&mut self, command: &Command, id: Uuid, keep_for: Duration) -> Result<LeftShell, Error> {
        let mut pipeline = self.start(command, id).await?;
        self.pipelines += 1;
        let max_fragment = self.carrier.max_fragment();
        while let Some(input) = self.pool.more_input(&mut pipeline, max_fragment) {
            self.carrier.send(Channel::Pipeline(id), Priority::Default, input).await?;
        }
        // A server may answer nothing else before it has got rid of its report.
        self.wait_for_opened().await?;
        let ids = self.carrier.ids(id);
        let keep_for = self.carrier.leave(keep_for).await?.as_secs();
        self.state = State::Spoiled;
        let (shell, command_id) = ids.unwrap_or_default();
        let wrapped = command.is_wrapped();
        Ok(LeftShell {
            pool: self.pool.id(),
            shell,
            pipeline: id,
            command: command_id,
            wrapped,
            keep_for,
            process: None,
        })
    }

    /// Attaches to a shell that was left, over a connected carrier. Whatever goes wrong, what runs in the shell goes on.
    ///
    /// # Errors
    /// The transport's or the protocol's fault, [`Error::OpenTimeout`] after `timeout`, [`Error::Stopped`] by `stop`.
    pub async fn attach(
        carrier: Arc<dyn Carrier>,
        shell: &LeftShell,
        timeout: Duration,
        stop: &CancellationToken,
    ) -> Result<Self, Error> {
        let mut session = Self::over(carrier, shell.pool);
        let carrier = Arc::clone(&session.carrier);
        let attaching = tokio::time::timeout(timeout, session.join(shell));
        let result = tokio::select! {
            result = attaching => result.unwrap_or_else(|_| Err(late(&*carrier, timeout))),
            () = stop.cancelled() => Err(Error::Stopped),
        };
        match result {
            Ok(()) => Ok(session),
            Err(error) => {
                leave_again(&*carrier, shell).await;
                Err(error)
            }
        }
    }

    async fn join(&mut self, shell: &LeftShell) -> Result<(), Error> {
        let fragments = self.pool.connect(Opening::of_a_run(), self.carrier.max_fragment())?;
        let said = self.carrier.attach(shell, fragments).await?;
        self.handle_pool(said).await?;
        while self.pool.state() == PoolState::Opening {
            self.receive_pool().await?;
        }
        self.state = State::Busy;
        Ok(())
    }

    /// Hands the records of the pipeline that was attached to on, those first that the server has kept, until it has
    /// ended, or it is to be left again: after so long, when `stop` is cancelled, or when no more records are wanted.
    ///
    /// # Errors
    /// Those of [`run`](Self::run).
    pub async fn follow<R: Records>(
        &mut self,
        shell: &LeftShell,
        wait: Option<Duration>,
        stop: &CancellationToken,
        records: &mut R,
    ) -> Result<Followed, Error> {
        let pipeline = self.pool.join_pipeline(shell.pipeline, shell.wrapped);
        let until = wait.map(|wait| Instant::now() + wait);
        let leaving = Leaving::new(until, stop.clone(), Duration::from_secs(shell.keep_for));
        let carrier = Arc::clone(&self.carrier);
        let mut running = RunningPipeline::to_be_left(self, pipeline, records, leaving);
        if let Err(error) = running.follow().await {
            leave_again(&*carrier, shell).await;
            return Err(error);
        }
        let (end, left_for, exit_code) = (running.ended.take(), running.left_for(), running.exit_code);
        self.state = State::Spoiled;
        if let (None, Some(left_for)) = (&end, left_for) {
            return Ok(Followed::Left(left_for.as_secs()));
        }
        if left_for.is_some() {
            // It has ended at the very moment at which it was left: nobody will come for its shell.
            carrier.own_again();
        }
        Ok(Followed::Ended(RunReport { exit_code, ..RunReport::of(ending(end, None, None)?) }))
    }
}

impl Session {
    /// Leaves a shell that was attached to and whose pipeline has ended, as far as that can be done.
    pub async fn leave_idle(self, shell: &LeftShell) {
        self.release(shell.pipeline).await;
        leave_again(&*self.carrier, shell).await;
    }
}

/// Leaves a shell that was attached to in vain, as far as that can be done.
async fn leave_again(carrier: &dyn Carrier, shell: &LeftShell) {
    if !carrier.shell_may_remain() {
        return;
    }
    let leaving = carrier.leave(Duration::from_secs(shell.keep_for));
    match tokio::time::timeout(LEAVE_WAIT, leaving).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a shell could not be left again"),
        Err(_) => tracing::debug!("a shell could not be left again in time"),
    }
}
