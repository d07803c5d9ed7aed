//! One pipeline on the built-in engine: its input, its thread, its end.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::messages::{self, Order, Writer};
use crate::clixml::Value;
use crate::psrp::message::MessageType;
use crate::record::Stream;
use crate::sandbox::engine::{EndState, Ended, Runspace, Runtime};
use crate::sandbox::outbox::{End, Outbox, Urgency};

/// PSInvocationState of the last state of a pipeline.
const STOPPED: i32 = 3;
const COMPLETED: i32 = 4;
const FAILED: i32 = 5;

/// One pipeline of a pool.
pub struct Pipeline {
    id: Uuid,
    outbox: Arc<Outbox>,
    stop: CancellationToken,
    phase: Mutex<Phase>,
}

/// How far a pipeline is.
enum Phase {
    /// CREATE_PIPELINE has not come yet.
    Registered,
    /// Input comes.
    Gathering(Order, Vec<Value>),
    /// It runs, or has run.
    Started,
}

impl Pipeline {
    /// A pipeline that knows nothing but its id.
    pub fn new(id: Uuid, outbox: Arc<Outbox>) -> Self {
        Self { id, outbox, stop: CancellationToken::new(), phase: Mutex::new(Phase::Registered) }
    }

    /// Stops it: at once, or as soon as it would start.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Takes a message; returns the order when it is time to run it.
    pub fn take(&self, message_type: MessageType, data: Option<Value>) -> Option<Order> {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        match (&mut *phase, message_type) {
            (Phase::Registered, MessageType::CreatePipeline) => match messages::order(&data.unwrap_or(Value::Null)) {
                Ok(order) if order.input => *phase = Phase::Gathering(order, Vec::new()),
                Ok(order) => return start(&mut phase, order),
                Err(error) => {
                    // As a real server: the message is dropped, and the client learns nothing.
                    tracing::warn!(%error, "a pipeline cannot be created");
                }
            },
            // A null comes without any data.
            (Phase::Gathering(_, input), MessageType::PipelineInput) => input.push(data.unwrap_or(Value::Null)),
            (Phase::Gathering(order, input), MessageType::EndOfPipelineInput) => {
                let mut order = Order { statements: std::mem::take(&mut order.statements), input: true };
                if let Some(first) = order.statements.first_mut() {
                    first.input = std::mem::take(input);
                }
                return start(&mut phase, order);
            }
            _ => {}
        }
        None
    }

    /// What is to run when it is stopped before all of its input was there.
    pub fn take_unfinished(&self) -> Option<Order> {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *phase {
            Phase::Gathering(order, _) => {
                let order = Order { statements: std::mem::take(&mut order.statements), input: true };
                start(&mut phase, order)
            }
            _ => None,
        }
    }

    /// Runs to the end. Blocks its thread while the script sleeps and while the client is slow.
    pub fn run(&self, order: &Order, runspace: &mut Runspace, writer: &Writer, runtime: &Handle) {
        let mut ended = Ended { state: EndState::Completed, exit_code: None };
        for statement in &order.statements {
            let mut surroundings = Surroundings { pipeline: self, writer, runtime };
            ended = runspace.invoke(statement, &mut surroundings);
            if ended.state != EndState::Completed || ended.exit_code.is_some() {
                break;
            }
        }
        self.finish(ended, writer);
    }

    fn finish(&self, ended: Ended, writer: &Writer) {
        if let Some(code) = ended.exit_code {
            self.push(writer, MessageType::PipelineHostCall, &messages::set_should_exit(code));
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

fn start(phase: &mut Phase, order: Order) -> Option<Order> {
    *phase = Phase::Started;
    Some(order)
}

/// What the engine gets from the server.
struct Surroundings<'a> {
    pipeline: &'a Pipeline,
    writer: &'a Writer,
    runtime: &'a Handle,
}

impl Runtime for Surroundings<'_> {
    fn emit(&mut self, stream: Stream, value: Value) -> ControlFlow<()> {
        self.pipeline.push(self.writer, messages::record_type(stream), &value);
        self.runtime.block_on(async {
            tokio::select! {
                () = self.pipeline.stop.cancelled() => {}
                () = self.pipeline.outbox.room() => {}
            }
        });
        self.poll_stop()
    }

    fn sleep(&mut self, time: Duration) -> ControlFlow<()> {
        // The time passes, or the pipeline is stopped: poll_stop tells which.
        let _ = self.runtime.block_on(timeout(time, self.pipeline.stop.cancelled()));
        self.poll_stop()
    }

    fn poll_stop(&mut self) -> ControlFlow<()> {
        if self.pipeline.stop.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
