//! One pipeline on the built-in engine: its input, its thread, its end.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::host_calls;
use super::key::PoolKey;
use super::messages::{self, Writer};
use crate::clixml::Value;
use crate::psrp::message::MessageType;
use crate::sandbox::backend::ShutDown;
use crate::sandbox::engine::{EndState, Ended, Invocation, Runspace, Runtime};
use crate::sandbox::outbox::{End, Outbox, Urgency};
use crate::secret::Secret;
use crate::stream::Stream;

/// PSInvocationState of the last state of a pipeline.
const STOPPED: i32 = 3;
const COMPLETED: i32 = 4;
const FAILED: i32 = 5;

/// One pipeline of a pool.
pub(super) struct Pipeline {
    id: Uuid,
    outbox: Arc<Outbox>,
    stop: CancellationToken,
    phase: Mutex<Phase>,
}

/// How far a pipeline is.
enum Phase {
    /// CREATE_PIPELINE has not come yet.
    Registered,
    /// It runs, or has run; where its input goes, until that ends.
    Started(Option<UnboundedSender<Value>>),
}

/// What a pipeline is to run, and where its input comes from.
pub(super) struct Order {
    statements: Vec<Invocation>,
    input: UnboundedReceiver<Value>,
}

impl Pipeline {
    /// A pipeline that knows nothing but its id.
    pub(super) fn new(id: Uuid, outbox: Arc<Outbox>) -> Self {
        Self { id, outbox, stop: CancellationToken::new(), phase: Mutex::new(Phase::Registered) }
    }

    /// Stops it.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// Takes a message; returns the order when it is time to run it. Like a real server, it does not wait for input.
    pub(super) fn take(&self, message_type: MessageType, data: Option<Value>) -> Option<Order> {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        match (&mut *phase, message_type) {
            (Phase::Registered, MessageType::CreatePipeline) => {
                match messages::statements(&data.unwrap_or(Value::Null)) {
                    Ok(statements) => {
                        let (sender, input) = unbounded_channel();
                        *phase = Phase::Started(Some(sender));
                        return Some(Order { statements, input });
                    }
                    Err(error) => {
                        // As a real server: the message is dropped, and the client learns nothing.
                        tracing::warn!(%error, "a pipeline cannot be created");
                    }
                }
            }
            // A null comes without any data. Nobody takes what comes after the pipeline's end.
            (Phase::Started(Some(input)), MessageType::PipelineInput) => drop(input.send(data.unwrap_or(Value::Null))),
            (Phase::Started(input), MessageType::EndOfPipelineInput) => *input = None,
            _ => {}
        }
        None
    }

    /// Runs to the end. Blocks its thread while the script sleeps or waits for input, and while the client is slow.
    pub(super) fn run(
        &self,
        order: Order,
        runspace: &mut Runspace,
        writer: &Writer,
        shut_down: &ShutDown,
        key: &PoolKey,
        thread: &Thread,
    ) {
        let mut ended = Ended { state: EndState::Completed, exit_code: None };
        let mut surroundings = Surroundings { pipeline: self, writer, shut_down, key, thread, input: order.input };
        for statement in &order.statements {
            ended = runspace.invoke(statement, &mut surroundings);
            if ended.state != EndState::Completed || ended.exit_code.is_some() {
                break;
            }
        }
        self.finish(ended, writer);
    }

    /// Tells the client that the engine failed under the pipeline, which otherwise would wait for its end.
    pub(super) fn break_down(&self, writer: &Writer) {
        self.finish(Ended::broken(), writer);
    }

    fn finish(&self, ended: Ended, writer: &Writer) {
        if let Some(code) = ended.exit_code {
            self.push(writer, MessageType::PipelineHostCall, &host_calls::set_should_exit(code));
        }
        let (state, error) = match ended.state {
            EndState::Completed => (COMPLETED, None),
            EndState::Failed(error) => (FAILED, Some(error)),
            EndState::Stopped(error) => (STOPPED, Some(error)),
        };
        self.push(writer, MessageType::PipelineState, &messages::pipeline_state(state, error));
        self.outbox.end(End::Done);
    }

    fn push(&self, writer: &Writer, message_type: MessageType, data: &Value) {
        for fragment in writer.write(message_type, self.id, data) {
            self.outbox.push(fragment, Urgency::Linger);
        }
    }
}

/// What a pipeline runs on.
pub(super) struct Thread {
    /// Of the server, for waiting.
    pub(super) runtime: Handle,
    /// Bytes.
    pub(super) stack: usize,
}

/// What the engine gets from the server.
struct Surroundings<'a> {
    pipeline: &'a Pipeline,
    writer: &'a Writer,
    shut_down: &'a ShutDown,
    key: &'a PoolKey,
    thread: &'a Thread,
    input: UnboundedReceiver<Value>,
}

impl Runtime for Surroundings<'_> {
    fn open_secret(&self, sealed: &[u8]) -> Option<Secret<String>> {
        self.key.get().decrypt(sealed).ok()
    }

    fn seal_secret(&self, plain: &Secret<String>) -> Option<Vec<u8>> {
        self.key.get().encrypt(plain).ok()
    }

    fn emit(&mut self, stream: Stream, value: Value) -> ControlFlow<()> {
        self.pipeline.push(self.writer, messages::record_type(stream), &value);
        if let Some(call) = host_calls::of_record(stream, &value).filter(|_| self.writer.has_interface) {
            self.pipeline.push(self.writer, MessageType::PipelineHostCall, &call);
        }
        self.thread.runtime.block_on(async {
            tokio::select! {
                () = self.pipeline.stop.cancelled() => {}
                () = self.pipeline.outbox.room() => {}
            }
        });
        self.poll_stop()
    }

    fn write_line(&mut self, text: &str) -> ControlFlow<()> {
        if self.writer.has_interface {
            self.pipeline.push(self.writer, MessageType::PipelineHostCall, &host_calls::write_line(text));
        }
        self.poll_stop()
    }

    fn next_input(&mut self) -> ControlFlow<(), Option<Value>> {
        self.thread.runtime.block_on(async {
            tokio::select! {
                () = self.pipeline.stop.cancelled() => ControlFlow::Break(()),
                next = self.input.recv() => ControlFlow::Continue(next),
            }
        })
    }

    fn sleep(&mut self, time: Duration) -> ControlFlow<()> {
        // The time passes, or the pipeline is stopped: poll_stop tells which.
        let _ = self.thread.runtime.block_on(async { timeout(time, self.pipeline.stop.cancelled()).await });
        self.poll_stop()
    }

    fn poll_stop(&mut self) -> ControlFlow<()> {
        if self.pipeline.stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn shut_down(&mut self, comes_back: bool) {
        (self.shut_down)(comes_back);
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn stack(&self) -> usize {
        self.thread.stack
    }
}
