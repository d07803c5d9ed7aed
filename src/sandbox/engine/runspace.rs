//! The state that lives as long as a runspace pool.

use std::collections::HashMap;
use std::sync::Arc;

use super::errors::ErrorRecord;
use super::eval::{Evaluator, Flow, RawArg, Run, Stage, State, ToClient, invoke_script};
use super::parser;
use super::value::Val;
use super::wire::{Open, from_value};
use super::{Argument, Command, EndState, Ended, Invocation, Machine, Runtime};

/// One runspace: a machine, and the variables and functions that scripts leave behind.
#[derive(Debug)]
pub struct Runspace {
    machine: Arc<Machine>,
    /// Made by the first pipeline: most hosts of a big fleet never get there.
    state: Option<Box<State>>,
}

impl Runspace {
    /// A fresh runspace on a machine.
    pub fn new(machine: Arc<Machine>) -> Self {
        Self { machine, state: None }
    }

    /// The machine it runs on.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Runs one pipeline to its end on the calling thread, whose stack must have what [`Runtime::stack`] says (2 MiB,
    /// the default of std and tokio, unless the runtime says otherwise). Blocks where the runtime blocks: in `emit` and in `sleep`.
    pub fn invoke(&mut self, invocation: &Invocation, runtime: &mut dyn Runtime) -> Ended {
        let state = self.state.get_or_insert_default();
        let open = |sealed: &[u8]| runtime.open_secret(sealed);
        let value = |(key, value): &(String, _)| Some((using_text(key)?, from_value(value, &open)));
        let using: HashMap<String, Val> = invocation.using.iter().filter_map(value).collect();
        let done = run(&mut Evaluator::new(Arc::clone(&self.machine), state, runtime, using), invocation);
        state.reset_to_global();
        self.machine.settle();
        let ended = |state, exit_code| Ended { state, exit_code };
        match done {
            Err(Flow::Exit(code)) => ended(EndState::Completed, Some(code)),
            Err(Flow::Throw(record)) => ended(EndState::Failed(record.to_wire()), None),
            Err(Flow::Stopped) => ended(EndState::Stopped(ErrorRecord::stopped().to_wire()), None),
            // A `break` without loop ends the script, as PowerShell has it.
            Ok(()) | Err(_) => ended(EndState::Completed, None),
        }
    }
}

/// Windows ends what a session started, as its processes belong to the job of the session's own one.
impl Drop for Runspace {
    fn drop(&mut self) {
        if let Some(state) = self.state.as_ref().filter(|state| !state.started.is_empty()) {
            self.machine.end_started(&state.started);
        }
    }
}

impl Ended {
    /// The end of a pipeline under which the engine itself failed.
    pub(crate) fn broken() -> Self {
        let message = "The sandbox's engine failed in this script: that is a fault of psfleet, not of the script.";
        let record = ErrorRecord::new("System.InvalidOperationException", message, "SandboxFailed", 7);
        Self { state: EndState::Failed(record.to_wire()), exit_code: None }
    }
}

fn run(evaluator: &mut Evaluator<'_>, invocation: &Invocation) -> Run<()> {
    let mut stages = invocation.commands.iter().map(|command| stage(evaluator, command)).collect::<Run<Vec<_>>>()?;
    if !invocation.input {
        return evaluator.run_stages(&mut stages, &mut ToClient, false, |_, _| Ok(()));
    }
    evaluator.run_fed(&mut stages, &mut ToClient)
}

fn stage(evaluator: &mut Evaluator<'_>, command: &Command) -> Run<Stage> {
    let open = |sealed: &[u8]| evaluator.runtime.open_secret(sealed);
    let args = command.arguments.iter().map(|argument| raw(argument, &open)).collect();
    if !command.is_script {
        return Stage::named(evaluator, &command.text, args);
    }
    let script = parser::parse(&command.text)
        .map_err(|error| ErrorRecord::of_parse_error(&error, &command.text.as_str().into()))?;
    invoke_script(script, args)
}

fn raw(argument: &Argument, open: Open<'_>) -> RawArg {
    let value = from_value(&argument.value, open);
    match &argument.name {
        Some(name) => RawArg::Parameter(name.trim_start_matches('-').into(), Some(value)),
        None => RawArg::Value(value),
    }
}

/// The text of a using expression, from its key on the wire.
fn using_text(key: &str) -> Option<String> {
    let bytes = base64_simd::STANDARD.decode_to_vec(key).ok()?;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::{Runspace, using_text};

    #[test]
    fn keys_of_using_expressions() {
        // What PowerShell 7.6 sends for `$using:x`.
        assert_eq!(using_text("JAB1AHMAaQBuAGcAOgB4AA==").as_deref(), Some("$using:x"));
        assert_eq!(using_text("no base64"), None);
    }

    /// Workers move runspaces between threads.
    #[test]
    fn runspaces_are_send() {
        fn is_send<T: Send>() {}
        is_send::<Runspace>();
    }
}
