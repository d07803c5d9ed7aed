//! Sessions against servers that say anything: no panic, and an end within the deadlines.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use proptest::prelude::*;
use psfleet::clixml::{Document, Value};
use psfleet::outcome::Reason;
use psfleet::psrp::message::{Destination, Header, MessageType};
use psfleet::psrp::{Argument, Command, Invocation, Opening, SecretArgument, cut};
use psfleet::secret::Secret;
use psfleet::session::{Records, RunOptions, Session};
use psfleet::stream::Stream;
use psfleet::transport::{Carrier, Channel, Error, Priority, Received};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Every message type that a server sends, and some that it should not.
const TYPES: [MessageType; 18] = [
    MessageType::SessionCapability,
    MessageType::EncryptedSessionKey,
    MessageType::PublicKeyRequest,
    MessageType::RunspaceAvailability,
    MessageType::RunspacePoolState,
    MessageType::CreatePipeline,
    MessageType::UserEvent,
    MessageType::ApplicationPrivateData,
    MessageType::RunspacePoolHostCall,
    MessageType::PipelineOutput,
    MessageType::ErrorRecord,
    MessageType::PipelineState,
    MessageType::WarningRecord,
    MessageType::ProgressRecord,
    MessageType::InformationRecord,
    MessageType::PipelineHostCall,
    MessageType::EndOfPipelineInput,
    MessageType::PipelineHostResponse,
];

/// Data that fits some of them.
const DATA: [&str; 12] = [
    "",
    "<S></S>",
    "<I32>1</I32>",
    "<Nil />",
    "<Obj",
    r#"<Obj RefId="0"><MS><Version N="PSVersion">2.0</Version><Version N="protocolversion">2.3</Version></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I32 N="RunspaceState">2</I32></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I32 N="RunspaceState">5</I32></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I32 N="PipelineState">4</I32></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I64 N="ci">1</I64><I32 N="mi">11</I32></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><I64 N="ci">-100</I64><I32 N="mi">16</I32><Obj N="mp" RefId="1"><LST><S>x</S></LST></Obj></MS></Obj>"#,
    r#"<Obj RefId="0"><MS><S N="EncryptedSessionKey">AQIAABBmAAAApAAA</S><S N="MessageData">x</S></MS></Obj>"#,
];

/// A message by its place in [`TYPES`] and [`DATA`].
type Message = (usize, usize);

/// What a server does.
#[derive(Debug, Clone)]
struct Script {
    /// It opens the pool as it should before it says anything else.
    opens: bool,
    to_pool: Vec<Message>,
    to_pipeline: Vec<Message>,
    /// The lengths of the pieces in which bytes arrive, in turn.
    pieces: Vec<usize>,
    /// A byte that is changed, by its place and its new value.
    damage: Option<(usize, u8)>,
    /// The link breaks when all is said; else nothing comes any more.
    breaks: bool,
    /// The server's own calls that never return, a bit each.
    hangs: u8,
    pushes: bool,
    secret: bool,
    input: bool,
    stops: bool,
}

fn script() -> impl Strategy<Value = Script> {
    let messages = || prop::collection::vec((0..TYPES.len(), 0..DATA.len()), 0..6);
    let server = (prop::bool::weighted(0.8), messages(), messages(), prop::collection::vec(1_usize..200, 1..4));
    let link = (prop::option::weighted(0.2, (0_usize..2000, any::<u8>())), any::<bool>(), any::<u8>(), any::<bool>());
    (server, link, any::<[bool; 3]>()).prop_map(|(server, link, [secret, input, stops])| {
        let ((opens, to_pool, to_pipeline, pieces), (damage, breaks, hangs, pushes)) = (server, link);
        Script { opens, to_pool, to_pipeline, pieces, damage, breaks, hangs, pushes, secret, input, stops }
    })
}

/// The carrier to such a server.
struct Scripted {
    script: Script,
    pool: Mutex<VecDeque<Vec<u8>>>,
    pipeline: Mutex<VecDeque<Vec<u8>>>,
}

impl Scripted {
    fn new(script: Script) -> Self {
        let opening = [(0, 5), (7, 1), (4, 6)];
        let to_pool: Vec<Message> =
            opening.into_iter().filter(|_| script.opens).chain(script.to_pool.iter().copied()).collect();
        let pieces = |messages: &[Message]| Mutex::new(pieces(messages, &script));
        Self { pool: pieces(&to_pool), pipeline: pieces(&script.to_pipeline), script }
    }

    /// Returns, or does not.
    async fn act(&self, bit: u8) -> Result<(), Error> {
        if self.script.hangs & bit != 0 {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

/// The bytes of messages, in pieces.
fn pieces(messages: &[Message], script: &Script) -> VecDeque<Vec<u8>> {
    let mut bytes = Vec::new();
    for (id, (kind, data)) in (1..).zip(messages) {
        let header = Header::write(Destination::Client, TYPES[*kind], Uuid::nil(), Uuid::nil());
        cut(id, &[&header, DATA[*data].as_bytes()], 300).iter().for_each(|fragment| bytes.extend_from_slice(fragment));
    }
    if let Some((at, value)) = script.damage
        && let Some(byte) = bytes.get_mut(at)
    {
        *byte = value;
    }
    let mut rest = &bytes[..];
    let mut found = VecDeque::new();
    for length in script.pieces.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(rest.len().min(*length));
        found.push_back(piece.to_vec());
        rest = after;
    }
    found
}

#[async_trait]
impl Carrier for Scripted {
    fn max_fragment(&self) -> usize {
        32_768
    }

    fn is_private(&self) -> bool {
        true
    }

    fn pushes(&self) -> bool {
        self.script.pushes
    }

    async fn create(&self, _pool: Uuid, _fragments: Vec<Bytes>) -> Result<(), Error> {
        self.act(1).await
    }

    async fn command(&self, _pipeline: Uuid, _fragments: Vec<Bytes>) -> Result<(), Error> {
        self.act(2).await
    }

    async fn send(&self, to: Channel, _priority: Priority, _fragments: Vec<Bytes>) -> Result<(), Error> {
        self.act(if to == Channel::Pool { 4 } else { 8 }).await
    }

    async fn receive(&self, from: Channel) -> Result<Received, Error> {
        let queue = if from == Channel::Pool { &self.pool } else { &self.pipeline };
        let next = queue.lock().expect("no panic").pop_front();
        match next {
            Some(payload) => Ok(Received { payload, done: false }),
            None if self.script.breaks => Err(Error::new(Reason::LinkBroken, "scripted")),
            None => std::future::pending().await,
        }
    }

    async fn signal(&self, _pipeline: Uuid) -> Result<(), Error> {
        self.act(16).await
    }

    async fn release(&self, _pipeline: Uuid) -> Result<(), Error> {
        self.act(32).await
    }

    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

struct Ignored;

impl Records for Ignored {
    async fn take(&mut self, _stream: Stream, _value: Document) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Opens a session and runs a pipeline, whatever comes of it; how long each took.
async fn live(script: Script) -> [Duration; 2] {
    let begin = Instant::now();
    let stop = CancellationToken::new();
    let (stops, secret, input) = (script.stops, script.secret, script.input);
    let carrier = Arc::new(Scripted::new(script));
    let opened = Session::open(Opening::of_a_run(), carrier, Uuid::new_v4(), Duration::from_secs(20), &stop).await;
    let opening = begin.elapsed();
    let Ok(mut session) = opened else { return [opening, Duration::ZERO] };
    let secrets: Vec<_> =
        secret.then(|| SecretArgument::new(Uuid::from_u128(7), Secret::new("s".into()))).into_iter().collect();
    let arguments = secrets.iter().map(|secret| Argument { name: None, value: secret.secure_string() }).collect();
    let objects = if input { vec![Document::new(Value::I32(1))] } else { Vec::new() };
    let command = Command::new(&Invocation { script: "1".into(), arguments, input }, &objects).with_secrets(&secrets);
    let options = RunOptions::within(Duration::from_secs(10), stop.clone(), true);
    let begin = Instant::now();
    let stopping = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        if stops {
            stop.cancel();
        }
    };
    // What came of it is the server's doing; that it comes to an end is ours.
    let mut records = Ignored;
    let _ = tokio::join!(session.run(&command, Uuid::new_v4(), &options, &mut records), stopping);
    let running = begin.elapsed();
    session.close().await;
    [opening, running]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_server_says_a_session_ends_in_time(script in script()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let living = async { tokio::time::timeout(Duration::from_secs(3600), live(script)).await };
        let [opening, running] = runtime.expect("a runtime").block_on(living).expect("an end");
        prop_assert!(opening <= Duration::from_secs(21), "{opening:?}");
        // The key and the run within 10 s each, the stop and what is still being sent within 30 s each, the slot within
        // 10 s.
        prop_assert!(running <= Duration::from_secs(91), "{running:?}");
    }
}
