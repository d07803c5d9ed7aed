//! A server that gives recorded answers to a live client.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::FutureExt;
use psfleet::target::{Target, Tls};
use uuid::Uuid;

use super::channel::{Channel, Message, decode, payloads};
use super::recording::{RecordedCommand, Recording};
use crate::support::http::{Act, HttpServer, Request};
use crate::support::tls::self_signed;
use crate::support::winrm::{action, attribute, envelope, fault, target_with};

/// The server with what it has seen.
pub(super) struct Replay {
    server: HttpServer,
    state: Arc<Mutex<State>>,
}

struct State {
    created: String,
    deleted: String,
    left: String,
    attached: String,
    lists: [String; 2],
    shell_id: String,
    pool: Uuid,
    live_shell: String,
    live_pool: Uuid,
    to_pool: Channel,
    pool_answers: VecDeque<String>,
    coming: VecDeque<RecordedCommand>,
    running: Vec<Running>,
    actions: Vec<String>,
}

/// A recorded command that the live client has started.
struct Running {
    recorded: RecordedCommand,
    answers: VecDeque<(usize, String)>,
    live_id: String,
    live_pipeline: Uuid,
    sent: Channel,
}

impl Replay {
    /// Starts the server of one recording.
    pub(super) async fn start(recording: &Recording) -> Self {
        let state = Arc::new(Mutex::new(State {
            created: recording.created.clone(),
            deleted: recording.deleted.clone(),
            left: recording.left.clone(),
            attached: recording.attached.clone(),
            lists: recording.lists.clone(),
            shell_id: recording.shell_id.clone(),
            pool: recording.pool,
            live_shell: String::new(),
            live_pool: Uuid::nil(),
            to_pool: Channel::default(),
            pool_answers: recording.pool_answers.iter().cloned().collect(),
            coming: recording.commands.iter().cloned().collect(),
            running: Vec::new(),
            actions: Vec::new(),
        }));
        let seen = Arc::clone(&state);
        let handler = move |request: Request| {
            let state = Arc::clone(&seen);
            async move {
                lock(&state).note(&request);
                // An answer waits until the client has sent what the recorded one had.
                loop {
                    if let Some(text) = lock(&state).answer(&request) {
                        let status = if text.contains(":Fault>") { 500 } else { 200 };
                        return Act::soap(status, text);
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
            .boxed()
        };
        // What the recordings hold was encrypted when it was recorded; keys are exchanged over nothing less.
        let (config, _) = self_signed(|_| {});
        Self { server: HttpServer::start(Some(config), handler).await, state }
    }

    /// The server as a target.
    pub(super) fn target(&self) -> Target {
        target_with(self.server.port, |endpoint| {
            endpoint.tls = Tls::On { ca: None, insecure: true, pins: Vec::new(), min: Default::default() }
        })
    }

    /// The actions of the client in order.
    pub(super) fn actions(&self) -> Vec<String> {
        lock(&self.state).actions.clone()
    }

    /// What the client sent to the pool.
    pub(super) fn pool_messages(&self) -> Vec<Message> {
        lock(&self.state).to_pool.messages.clone()
    }

    /// What the client sent to each command.
    pub(super) fn command_messages(&self) -> Vec<Vec<Message>> {
        lock(&self.state).running.iter().map(|running| running.sent.messages.clone()).collect()
    }

    /// Answers of commands that nobody asked for.
    pub(super) fn unread(&self) -> usize {
        let state = lock(&self.state);
        state.running.iter().map(|running| running.answers.len()).sum::<usize>() + state.coming.len()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl State {
    /// Takes what a request brings, once.
    fn note(&mut self, request: &Request) {
        let action = action(&request.body).to_owned();
        match action.as_str() {
            "Create" => {
                self.to_pool.push(&request.body);
                self.live_pool = self.to_pool.messages[0].header.pool;
                self.live_shell = attribute(&request.body, "ShellId").expect("a ShellId").to_owned();
            }
            "Command" => {
                let recorded = self.coming.pop_front().expect("a further command");
                let live_id = attribute(&request.body, "CommandId").expect("a CommandId").to_owned();
                let answers = recorded.answers.iter().cloned().collect();
                let live_pipeline = live_id.parse().expect("a GUID");
                let mut sent = Channel::default();
                sent.push(&request.body);
                self.running.push(Running { recorded, answers, live_id, live_pipeline, sent });
            }
            "Connect" => self.to_pool.push(&request.body),
            "Send" => match self.of(request) {
                Some(running) => running.sent.push(&request.body),
                None => self.to_pool.push(&request.body),
            },
            _ => {}
        }
        self.actions.push(action);
    }

    /// The recorded answer, if its time has come.
    fn answer(&mut self, request: &Request) -> Option<String> {
        let text = match action(&request.body) {
            "Create" => self.created.clone(),
            "Delete" => self.deleted.clone(),
            "Disconnect" => self.left.clone(),
            "Connect" if attribute(&request.body, "CommandId").is_some() => envelope("<rsp:ConnectResponse/>"),
            "Connect" => self.attached.clone(),
            "Enumerate" => self.lists[usize::from(request.body.contains("Filter"))].clone(),
            "Receive" => match self.of(request) {
                Some(running) => {
                    let (after, _) = running.answers.front()?;
                    if running.sent.messages.len() < *after {
                        return None;
                    }
                    running.answers.pop_front()?.1
                }
                None => self.pool_answer()?,
            },
            "Command" => self.of(request)?.recorded.started.clone(),
            "Signal" => match &*self.of(request)?.recorded.signal {
                "" => envelope("<rsp:SignalResponse/>"),
                recorded => recorded.to_owned(),
            },
            "Send" => envelope("<rsp:SendResponse/>"),
            other => panic!("{other} is not replayed"),
        };
        Some(self.rewrite(request, &text))
    }

    /// The answer to a Receive of the shell; none from a server that kept silent.
    fn pool_answer(&mut self) -> Option<String> {
        match self.pool_answers.front() {
            Some(silence) if silence.is_empty() => None,
            Some(_) => self.pool_answers.pop_front(),
            // No more to say: a quiet poll.
            None => Some(fault(2_150_858_793)),
        }
    }

    /// The running command that a request names.
    fn of(&mut self, request: &Request) -> Option<&mut Running> {
        let id = attribute(&request.body, "CommandId")?;
        self.running.iter_mut().find(|running| running.live_id == id)
    }

    /// Puts the live ids in place of the recorded ones, in the SOAP text and in the headers of messages.
    fn rewrite(&mut self, request: &Request, text: &str) -> String {
        let mut ids = vec![(self.pool, self.live_pool)];
        let command = self.of(request).map(|running| {
            ids.push((running.recorded.pipeline(), running.live_pipeline));
            (running.recorded.id.clone(), running.live_id.clone())
        });
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for (at, base64) in payloads(text) {
            let mut bytes = decode(base64);
            for (old, new) in &ids {
                replace(&mut bytes, &old.to_bytes_le(), &new.to_bytes_le());
            }
            out.push_str(&text[end..at]);
            base64_simd::STANDARD.encode_append(&bytes, &mut out);
            end = at + base64.len();
        }
        out.push_str(&text[end..]);
        let out = out.replace(&self.shell_id, &self.live_shell);
        match command {
            Some((recorded, live)) => out.replace(&recorded, &live),
            None => out,
        }
    }
}

fn replace(bytes: &mut [u8], old: &[u8; 16], new: &[u8; 16]) {
    for at in 0..bytes.len().saturating_sub(15) {
        if bytes[at..at + 16] == *old {
            bytes[at..at + 16].copy_from_slice(new);
        }
    }
}
