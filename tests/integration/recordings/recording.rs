//! A recording, taken apart: what was sent to each channel, what was answered.

use std::path::Path;

use psfleet::clixml::{Document, Value};
use psfleet::psrp::message::MessageType;
use psfleet::psrp::{Argument, Command, Invocation};
use psfleet::stream::Stream;
use serde::Deserialize;
use uuid::Uuid;

use super::channel::{Channel, Message};
use super::text;
use crate::support::winrm::{action, attribute, between};

#[derive(Deserialize)]
struct File {
    messages: Vec<Exchange>,
}

#[derive(Deserialize)]
struct Exchange {
    request: String,
    #[serde(default)]
    response: String,
    /// Seconds after which the recorder stopped waiting.
    timeout: Option<u32>,
}

/// One recorded shell.
pub(super) struct Recording {
    /// The answer to Create.
    pub created: String,
    /// The ShellId in it.
    pub shell_id: String,
    /// The pool's id in the messages.
    pub pool: Uuid,
    /// The messages to the pool: those that opened it, and a key. RESET_RUNSPACE_STATE is left out: psfleet does not
    /// use it.
    pub to_pool: Vec<Message>,
    /// The answers to Receives of the shell; an empty one for a server that kept silent.
    pub pool_answers: Vec<String>,
    /// Its commands in order.
    pub commands: Vec<RecordedCommand>,
    /// The answer to Delete.
    pub deleted: String,
    /// The answer to Disconnect.
    pub left: String,
    /// The answer to Connect.
    pub attached: String,
    /// The answer to Enumerate: the shells of the host, and the commands in this one.
    pub lists: [String; 2],
    /// The answer to the last Get, by which pypsrp asks whether the shell is alive.
    pub probed: String,
}

/// One command of a recorded shell.
#[derive(Clone, Default)]
pub(super) struct RecordedCommand {
    /// The CommandId.
    pub id: String,
    /// The answer to Command.
    pub started: String,
    /// The answer to Signal.
    pub signal: String,
    /// It was signalled when it was done.
    pub signalled: bool,
    /// What the client had sent in all.
    pub sent: Vec<Message>,
    /// How many messages the client had sent before each answer, and the answer to a Receive.
    pub answers: Vec<(usize, String)>,
}

impl Recording {
    /// Reads a file of one shell.
    pub(super) fn load(file: &Path) -> Self {
        let mut shells = Self::load_all(file);
        assert_eq!(shells.len(), 1, "{}", file.display());
        shells.remove(0)
    }

    /// Reads a file: its PowerShell shells in order. Shells of cmd are left out.
    pub(super) fn load_all(file: &Path) -> Vec<Self> {
        let yaml = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let File { messages } =
            serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let is_shell = |place: &usize| {
            let request = &messages[*place].request;
            action(request) == "Create" && request.contains("/powershell/")
        };
        (0..messages.len()).filter(is_shell).map(|place| Self::of_shell(&messages[place..])).collect()
    }

    fn of_shell(messages: &[Exchange]) -> Self {
        let mut opening = Channel::default();
        opening.push(&messages[0].request);
        let created = messages[0].response.clone();
        let shell_id = between(&created, "<rsp:ShellId>", "<").expect("a ShellId").to_owned();
        let mut recording = Self {
            created,
            shell_id,
            pool: opening.messages[0].header.pool,
            to_pool: opening.messages,
            pool_answers: Vec::new(),
            commands: Vec::new(),
            deleted: String::new(),
            left: String::new(),
            attached: String::new(),
            lists: Default::default(),
            probed: String::new(),
        };
        let mut sent = Channel::default();
        for exchange in &messages[1..] {
            recording.add(exchange, &mut sent);
        }
        recording
    }

    /// `sent` is what the client has sent to the command in progress.
    fn add(&mut self, exchange: &Exchange, sent: &mut Channel) {
        let answer = exchange.response.clone();
        // Other shells of the same host are left out.
        if between(&exchange.request, "Name=\"ShellId\">", "<").is_some_and(|shell| shell != self.shell_id) {
            return;
        }
        match (action(&exchange.request), self.commands.last_mut()) {
            ("Receive", Some(command)) if exchange.request.contains("DesiredStream CommandId") => {
                command.answers.push((sent.messages.len(), answer));
            }
            ("Receive", _) if exchange.timeout.is_some() => self.pool_answers.push(String::new()),
            ("Receive", _) => self.pool_answers.push(answer),
            ("Command", _) => {
                *sent = Channel::default();
                sent.push(&exchange.request);
                let id = attribute(&exchange.request, "CommandId").expect("a CommandId").to_owned();
                let sent = sent.messages.clone();
                self.commands.push(RecordedCommand { id, started: answer, sent, ..RecordedCommand::default() });
            }
            ("Send", _) if attribute(&exchange.request, "CommandId").is_none() => {
                let mut channel = Channel::default();
                channel.push(&exchange.request);
                let is_known = |message: &Message| message.header.message_type.is_some();
                self.to_pool.extend(channel.messages.into_iter().filter(is_known));
            }
            ("Send", Some(command)) => {
                sent.push(&exchange.request);
                command.sent = sent.messages.clone();
            }
            ("Signal", Some(command)) => (command.signal, command.signalled) = (answer, true),
            ("Delete", _) => self.deleted = answer,
            ("Disconnect", _) => self.left = answer,
            ("Connect", _) => self.attached = answer,
            ("Enumerate", _) => self.lists[usize::from(exchange.request.contains("Filter"))] = answer,
            // Another shell; how pypsrp returns to one that it has left itself.
            ("Create" | "Reconnect", _) => {}
            ("Get", _) => self.probed = answer,
            (other, _) => panic!("{other} is not replayed"),
        }
    }
}

impl RecordedCommand {
    /// The pipeline's id in the messages.
    pub(super) fn pipeline(&self) -> Uuid {
        self.sent[0].header.pipeline
    }

    /// The same command for us to run, with another script where given.
    pub(super) fn command(&self, script: Option<&str>) -> Command {
        let document = self.sent[0].document().expect("CLIXML");
        let mut invocation = invocation(&document);
        if let Some(script) = script {
            (invocation.script, invocation.arguments) = (script.to_owned(), Vec::new());
        }
        let is_input = |message: &&Message| message.header.message_type == Some(MessageType::PipelineInput);
        let input: Vec<Document> =
            self.sent.iter().filter(is_input).map(|message| message.document().expect("CLIXML")).collect();
        Command::new(&invocation, &input)
    }

    /// All messages of the server.
    fn answered(&self) -> Vec<Message> {
        let mut channel = Channel::default();
        for (_, answer) in &self.answers {
            channel.push(answer);
        }
        channel.messages
    }

    /// The records that the answers hold.
    pub(super) fn records(&self) -> Vec<(Stream, Document)> {
        let stream = |kind| match kind {
            MessageType::PipelineOutput => Some(Stream::Output),
            MessageType::ErrorRecord => Some(Stream::Error),
            MessageType::WarningRecord => Some(Stream::Warning),
            MessageType::VerboseRecord => Some(Stream::Verbose),
            MessageType::DebugRecord => Some(Stream::Debug),
            MessageType::InformationRecord => Some(Stream::Information),
            MessageType::ProgressRecord => Some(Stream::Progress),
            _ => None,
        };
        let messages = self.answered().into_iter();
        messages.filter_map(|message| Some((stream(message.header.message_type?)?, message.document()?))).collect()
    }

    /// The number of the terminal state.
    pub(super) fn end_state(&self) -> i64 {
        let last = self.answered().pop().expect("a state");
        assert_eq!(last.header.message_type, Some(MessageType::PipelineState));
        last.document().and_then(|document| document.root.member("PipelineState")?.as_i64()).expect("a state")
    }
}

/// The first command of a CREATE_PIPELINE as an invocation.
pub(super) fn invocation(document: &Document) -> Invocation {
    let root = &document.root;
    let commands = root.member("PowerShell").and_then(|powershell| powershell.member("Cmds"));
    let command = commands.and_then(Value::as_list).and_then(<[Value]>::first).expect("a command");
    let arguments = command.member("Args").and_then(Value::as_list).unwrap_or_default();
    let argument = |argument: &Value| Argument {
        name: argument.member("N").and_then(Value::as_text).map(|name| name.to_str_lossy().into_owned()),
        value: argument.member("V").cloned().unwrap_or(Value::Null),
    };
    Invocation {
        script: command.member("Cmd").map(text).expect("a text"),
        arguments: arguments.iter().map(argument).collect(),
        input: root.member("NoInput").and_then(Value::as_bool) == Some(false),
    }
}
