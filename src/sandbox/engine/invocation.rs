//! What the engine is asked to run, how it talks back, and how a run ends.

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;

use super::stack::USUAL;
use crate::clixml::Value;
use crate::secret::Secret;
use crate::stream::Stream;

/// One pipeline to run: what a CREATE_PIPELINE message says (MS-PSRP 2.2.2.10), as far as an engine cares.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// The commands, piped into each other; usually one script.
    pub commands: Vec<Command>,
    /// Values of `$using:` expressions by their wire key: base64 of the UTF-16LE text of the expression.
    pub using: Vec<(String, Value)>,
    /// Whether there is input for `$input` or the first command: see [`Runtime::next_input`].
    pub input: bool,
}

/// One command of an [`Invocation`].
#[derive(Debug, Clone)]
pub struct Command {
    /// Script text, or the name of a command.
    pub text: String,
    /// Whether `text` is a script.
    pub is_script: bool,
    /// Arguments in order.
    pub arguments: Vec<Argument>,
}

/// One argument of a [`Command`].
#[derive(Debug, Clone)]
pub struct Argument {
    /// The parameter's name, with or without a dash; `None` for a positional argument. A switch is a name with `true`.
    pub name: Option<String>,
    /// The value.
    pub value: Value,
}

impl Invocation {
    /// A script with positional arguments.
    pub fn script(text: impl Into<String>, arguments: impl IntoIterator<Item = Value>) -> Self {
        let arguments = arguments.into_iter().map(|value| Argument { name: None, value }).collect();
        Self { commands: vec![Command { text: text.into(), is_script: true, arguments }], ..Self::default() }
    }
}

/// What the engine needs from outside: somewhere to put records, and time.
///
/// Each answer may be [`ControlFlow::Break`], which stops the pipeline as a Signal does.
pub trait Runtime {
    /// Takes one record, ready to be the data of its PSRP message (MS-PSRP 2.2.2.19 and following). May block while
    /// the client is slow.
    fn emit(&mut self, stream: Stream, value: Value) -> ControlFlow<()>;

    /// What a SecureString of the client holds, if its key is known.
    fn open_secret(&self, _sealed: &[u8]) -> Option<Secret<String>> {
        None
    }

    /// A text as a SecureString that the client opens; nothing where none travels.
    fn seal_secret(&self, _plain: &Secret<String>) -> Option<Vec<u8>> {
        None
    }

    /// Writes a line to the client's host, beside all records; nothing where the client has none.
    fn write_line(&mut self, text: &str) -> ControlFlow<()>;

    /// The next object of the input of an invocation that has some; nothing when it has ended. Waits for it, or breaks
    /// as soon as the pipeline is stopped.
    fn next_input(&mut self) -> ControlFlow<(), Option<Value>>;

    /// Waits, or breaks as soon as the pipeline is stopped.
    fn sleep(&mut self, time: Duration) -> ControlFlow<()>;

    /// Whether the pipeline was stopped; asked often, so it must be cheap.
    fn poll_stop(&mut self) -> ControlFlow<()>;

    /// Takes the host down a moment later, with all its sessions; whether it `comes_back`.
    fn shut_down(&mut self, comes_back: bool);

    /// The time on the machine that the sandbox runs on; the host's clock may be off.
    fn now(&self) -> Timestamp;

    /// Bytes of stack of the thread that runs the engine: how deep scripts may call each other.
    fn stack(&self) -> usize {
        USUAL
    }
}

/// How an [`Invocation`] ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The pipeline's last state.
    pub state: EndState,
    /// What `exit` said; the server reports it by the host call SetShouldExit before the last state.
    pub exit_code: Option<i32>,
}

/// The last state of a pipeline (MS-PSRP 2.2.3.5).
#[derive(Debug, Clone, PartialEq)]
pub enum EndState {
    /// Ran to its end.
    Completed,
    /// A terminating error: the error record of the state message.
    Failed(Value),
    /// Stopped by the [`Runtime`]: the error record of the state message (`PipelineStopped`).
    Stopped(Value),
}
