//! The same blocks through psfleet's run side and its jsonl writer, with and without `--types`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use psfleet::clixml::{Document, read_typed, value_from_json};
use psfleet::event::RunEvent;
use psfleet::fleet::{Emission, Local, Run, Script};
use psfleet::output::{self, Format, SelectedStreams, Settings, Sink};
use psfleet::psrp::{Argument, Command, Input, Invocation};
use psfleet::script::Source;
use psfleet::script::using::{Definitions, WireForm};
use psfleet::session::Sessions;
use psfleet::target::{Endpoint, Target, Timeouts};
use serde_json::Value as Json;
use tokio::sync::mpsc;

use super::block::Block;
use super::tree::{self, Given};
use crate::support::run::spec;
use crate::support::ssh_only::SshOnly;
use crate::support::sshd::Sshd;

/// Runs before every block, so that none sees what another has left in the session.
pub(super) const BETWEEN: &str = include_str!("between.ps1");

/// Runs every block, all on one session unless a block needs its own.
pub(super) async fn run_all(server: &Sshd, blocks: &[Block]) -> Vec<Given> {
    let sessions = Arc::new(Sessions::default());
    let mut given = Vec::with_capacity(blocks.len());
    for block in blocks {
        if block.new_session {
            sessions.close_all().await;
        }
        run(server, &sessions, Command::new(&invocation(BETWEEN), &[])).await;
        let lines = run(server, &sessions, command(block)).await;
        given.push(tree::given(&lines));
    }
    sessions.close_all().await;
    given
}

fn invocation(script: &str) -> Invocation {
    Invocation { script: script.to_owned(), arguments: Vec::new(), input: false }
}

/// What the command line makes of a script, its arguments and its `--using` values.
fn command(block: &Block) -> Command {
    let values = block.using.as_object().expect("an object").iter();
    let values: BTreeMap<_, _> = values.map(|(name, value)| (name.clone(), value_from_json(value))).collect();
    let definitions = Definitions { values: &values, environment: &BTreeMap::new(), lenient: false };
    let source = Source::new(&*block.script).unwrap_or_else(|error| panic!("{}: {error:?}", block.covers));
    let evaluated = definitions.evaluate(&source).unwrap_or_else(|error| panic!("{}: {error:?}", block.covers));
    let sent = evaluated.send(&source, WireForm::Dictionary);
    let positional = block.arguments.as_array().into_iter().flatten();
    let positional = positional.map(|json| Argument { name: None, value: value_from_json(json) });
    let input: Option<Input> = block.input.as_array().map(|objects| {
        let objects: Vec<_> = objects.iter().map(|json| Document::new(value_from_json(json))).collect();
        objects.iter().collect()
    });
    let arguments = positional.chain(sent.arguments).collect();
    let invocation = Invocation { script: sent.script, arguments, input: input.is_some() };
    match input {
        Some(input) => Command::with_input(&invocation, Arc::new(input)),
        None => Command::new(&invocation, &[]),
    }
}

/// A record as both forms of the jsonl writer show it.
pub(super) struct Line {
    /// Its stream as JSON names it.
    pub stream: String,
    /// The data of `--types`, read again.
    pub typed: Document,
    /// The plain data.
    pub plain: Json,
}

/// Everything that a run wrote.
pub(super) struct Lines {
    /// Records in order.
    pub records: Vec<Line>,
    /// The reason of the one target's outcome.
    pub reason: Option<String>,
}

async fn run(server: &Sshd, sessions: &Arc<Sessions>, command: Command) -> Lines {
    let target = Target {
        name: "host".into(),
        endpoint: Endpoint::Ssh(server.endpoint()),
        credential: None,
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts: Timeouts { run: Duration::from_secs(120), ..Timeouts::default() },
    };
    let mut spec = spec(vec![target], "");
    spec.work = Arc::new(Script::new(Arc::new(command)));
    let (emissions, mut emitted) = mpsc::channel::<Emission>(64);
    let (_interrupt, interrupts) = mpsc::channel(1);
    let texts = [Text::default(), Text::default()];
    let mut sinks = [sink(&texts[0], true), sink(&texts[1], false)];
    let reader = tokio::task::spawn_blocking(move || {
        for seq in 1.. {
            let Some(emission) = emitted.blocking_recv() else { break };
            let event = RunEvent { seq, at: emission.at, kind: emission.kind };
            for sink in &mut sinks {
                sink.event(&event).expect("memory takes everything");
            }
        }
    });
    let executor = Local::new(Arc::new(SshOnly(server.client())), Some(Arc::clone(sessions)));
    Run::new(spec, Arc::new(executor)).go(emissions, interrupts).await;
    reader.await.expect("the sinks do not panic");
    let [typed, plain] = texts.map(|text| text.0.lock().expect("no panic").clone());
    lines(&typed, &plain)
}

fn sink(text: &Text, types: bool) -> Box<dyn Sink> {
    let settings = Settings { streams: SelectedStreams::all(), types, ..Settings::default() };
    output::open(Format::Jsonl, Box::new(text.clone()), &settings)
}

fn lines(typed: &[u8], plain: &[u8]) -> Lines {
    let mut lines = Lines { records: Vec::new(), reason: None };
    let split = |text: &[u8]| text.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    for (typed, plain) in split(typed).iter().zip(&split(plain)).filter(|(line, _)| !line.is_empty()) {
        let envelope: Json = tree::read_json(plain);
        let stream = envelope["type"].as_str().expect("a type").to_owned();
        match &*stream {
            "host_done" => lines.reason = envelope["data"]["reason"].as_str().map(str::to_owned),
            "run_done" => {}
            _ => {
                let data = tree::data_of(typed);
                let typed =
                    read_typed(data).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(data)));
                lines.records.push(Line { stream, typed, plain: envelope["data"].clone() });
            }
        }
    }
    lines
}

/// Text in memory that a sink writes and we read.
#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
