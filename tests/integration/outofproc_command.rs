//! Pipelines that a server behind two streams never began, or perhaps did.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use psfleet::channel::Priority;
use psfleet::event::Finished;
use psfleet::outcome::{Outcome, Reason};
use psfleet::outofproc::{Packet, Verb, read_line, write_control, write_data};
use psfleet::psrp::cut;
use psfleet::psrp::message::{Destination, Header, MessageType};
use psfleet::target::Target;
use psfleet::transport::outofproc::{OutOfProcCarrier, Peer};
use psfleet::transport::{Admission, Carrier, Connector, Error, Step};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::support::run::{run_over, spec};
use crate::support::winrm::target;

const CAPABILITY: &str =
    r#"<Obj RefId="0"><MS><Version N="PSVersion">2.0</Version><Version N="protocolversion">2.3</Version></MS></Obj>"#;
const PRIVATE_DATA: &str = r#"<Obj RefId="0"><MS><Nil N="ApplicationPrivateData"/></MS></Obj>"#;
const OPENED: &str = r#"<Obj RefId="0"><MS><I32 N="RunspaceState">2</I32></MS></Obj>"#;
const COMPLETED: &str = r#"<Obj RefId="0"><MS><I32 N="PipelineState">4</I32></MS></Obj>"#;

/// When the server goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaves {
    /// When the pool has opened: before or while it is asked for a pipeline.
    Opened,
    /// When it is asked for a pipeline.
    AtCommand,
    /// The same, but only its output ends: whatever is sent to it goes nowhere.
    DeafAtCommand,
    /// When it has all of the pipeline, before it has said so.
    AtData,
    Never,
}

fn message(kind: MessageType, data: &str) -> Vec<u8> {
    cut(1, &[&Header::write(Destination::Client, kind, Uuid::nil(), Uuid::nil()), data.as_bytes()], 32_768).concat()
}

/// Serves one session.
async fn serve(input: DuplexStream, output: DuplexStream, leaves: Leaves) {
    let (mut input, mut output) = (BufReader::new(input), Some(output));
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line).await.is_ok_and(|length| length > 0) {
        let packet = read_line(&line).expect("a packet");
        line.clear();
        let mut answer = Vec::new();
        match packet {
            Some(Packet::Data { id, .. }) if id.is_nil() => {
                write_control(&mut answer, Verb::DataAck, id);
                let opening = [
                    message(MessageType::SessionCapability, CAPABILITY),
                    message(MessageType::ApplicationPrivateData, PRIVATE_DATA),
                    message(MessageType::RunspacePoolState, OPENED),
                ];
                opening.iter().for_each(|one| write_data(&mut answer, Priority::Default, id, &[one]));
                if leaves == Leaves::Opened {
                    let _ = output.as_mut().expect("open").write_all(&answer).await;
                    return;
                }
            }
            Some(Packet::Data { .. }) if leaves == Leaves::AtData => return,
            Some(Packet::Data { id, .. }) => {
                write_control(&mut answer, Verb::DataAck, id);
                write_data(&mut answer, Priority::Default, id, &[message(MessageType::PipelineState, COMPLETED)]);
            }
            Some(Packet::Control { verb: Verb::Command, .. }) if leaves == Leaves::AtCommand => return,
            Some(Packet::Control { verb: Verb::Command, .. }) if leaves == Leaves::DeafAtCommand => output = None,
            Some(Packet::Control { verb: Verb::Command, id }) => write_control(&mut answer, Verb::CommandAck, id),
            Some(Packet::Control { verb: Verb::Signal, id }) => write_control(&mut answer, Verb::SignalAck, id),
            Some(Packet::Control { id, .. }) => write_control(&mut answer, Verb::CloseAck, id),
            None => {}
        }
        if let Some(output) = &mut output {
            let _ = output.write_all(&answer).await;
        }
    }
}

struct Silent;

#[async_trait]
impl Peer for Silent {
    async fn obituary(&self) -> Option<String> {
        None
    }

    fn never_started(&self) -> Option<&'static str> {
        None
    }

    async fn end(&self, _mute: bool) {}
}

/// Leads to a server that leaves, the first time, and to one that stays after that.
struct Memory {
    leaves: Leaves,
    times: usize,
    connected: AtomicUsize,
}

#[async_trait]
impl Connector for Memory {
    async fn connect(&self, _target: &Target, admission: &Admission) -> Result<Box<dyn Carrier>, Error> {
        admission.ask(Step::Begin).await?;
        let first = self.connected.fetch_add(1, Ordering::SeqCst) < self.times;
        let (near_input, far_output) = tokio::io::duplex(1 << 20);
        let (far_input, near_output) = tokio::io::duplex(1 << 20);
        tokio::spawn(serve(far_input, far_output, if first { self.leaves } else { Leaves::Never }));
        Ok(Box::new(OutOfProcCarrier::new(near_input, near_output, Box::new(Silent))))
    }
}

async fn end(leaves: Leaves, times: usize) -> Finished {
    let connector = Arc::new(Memory { leaves, times, connected: AtomicUsize::new(0) });
    // There is nobody to log on as.
    let mut spec = spec(vec![Target { credential: None, ..target(1) }], "1");
    spec.retry.retries = 1;
    spec.retry.delay = Duration::from_millis(1);
    run_over(spec, connector, mpsc::channel(1).1).await.ends.remove(0)
}

const NEVER_BEGUN: [Leaves; 3] = [Leaves::Opened, Leaves::AtCommand, Leaves::DeafAtCommand];

#[tokio::test]
async fn a_pipeline_that_was_never_acknowledged_is_unreachable() {
    for leaves in NEVER_BEGUN {
        let end = end(leaves, usize::MAX).await;
        let found = (end.outcome, end.reason, end.attempts);
        assert_eq!(found, (Outcome::Unreachable, Some(Reason::LinkBroken), 2), "{leaves:?}: {}", end.message);
    }
}

#[tokio::test]
async fn a_pipeline_that_was_never_acknowledged_is_tried_again() {
    for leaves in NEVER_BEGUN {
        let end = end(leaves, 1).await;
        assert_eq!((end.outcome, end.reason, end.attempts), (Outcome::Ok, None, 2), "{leaves:?}: {}", end.message);
    }
}

#[tokio::test]
async fn a_pipeline_that_was_sent_may_have_begun() {
    let end = end(Leaves::AtData, usize::MAX).await;
    assert_eq!(
        (end.outcome, end.reason, end.attempts),
        (Outcome::Lost, Some(Reason::LinkBroken), 1),
        "{}",
        end.message
    );
}
