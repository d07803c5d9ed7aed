//! The commands that our converter makes are those that PowerShell's own client puts on the wire.
//!
//! Each file holds blocks with a line of dashes between them: `commands.txt` those that both convert, `text.txt` those
//! that PowerShell sends as text and we refuse, `computed.txt` those that PowerShell converts by computing what we do
//! not.

use std::collections::BTreeMap;

use psfleet::clixml::{Decoder, Document, Limits, Value, value_from_json};
use psfleet::psrp::{Argument, Command};
use psfleet::script::using::{Definitions, Evaluation, Sent, WireForm};
use psfleet::script::{Inputs, Parameters, ScriptError, Source, commands};
use serde_json::{Value as Json, json};

use super::{blocks, recorder, theirs};
use crate::clixml::meaning::meaning_of;
use crate::support::pwsh;
use crate::support::sshd::{Setup, Sshd};

const COMMANDS: &str = include_str!("commands.txt");
const TEXT: &str = include_str!("text.txt");
const COMPUTED: &str = include_str!("computed.txt");

/// What a block is given: the arguments and variables of `client.ps1`.
pub(super) struct Given {
    source: Source,
    parameters: Parameters,
    pub arguments: Vec<Argument>,
    using: Evaluation,
}

impl Given {
    pub(super) fn of(block: &str) -> Result<Self, ScriptError> {
        let source = Source::new(block)?;
        let parameters = Parameters::read(&source)?;
        let arguments = json!([6, "seven", [8, 9], {"k": 1}]);
        let arguments = arguments.as_array().into_iter().flatten().map(argument).collect();
        let values = json!({
            "number": 9, "list": [1, 2], "table": {"y": 1, "Force": true}, "single": {"y": 1}, "text": "text",
            "nested": {"a": {"b": 7}}, "nothing": null,
        });
        let values = values.as_object().expect("an object").iter();
        let values: BTreeMap<String, Value> =
            values.map(|(name, json)| (name.clone(), value_from_json(json))).collect();
        let environment = BTreeMap::from([("HOME".to_owned(), std::env::var("HOME").unwrap_or_default())]);
        let definitions = Definitions { values: &values, environment: &environment, lenient: false };
        let using = definitions.evaluate(&source).expect("every name has a value");
        Ok(Self { source, parameters, arguments, using })
    }

    /// What goes with the text.
    pub(super) fn sent(&self) -> Sent {
        self.using.send(&self.source, WireForm::Dictionary)
    }

    /// What goes to an endpoint that refuses text.
    pub(super) fn calls(&self) -> Result<Command, ScriptError> {
        let inputs = Inputs { parameters: &self.parameters, arguments: &self.arguments, using: &self.using };
        Ok(Command::of_calls(&commands(&self.source, inputs)?, None))
    }
}

/// The message of a block.
fn message(block: &str) -> Result<Document, ScriptError> {
    let command = Given::of(block)?.calls()?;
    let mut decoder = Decoder::new(Limits::default());
    let element = decoder.elements(command.create_pipeline()).next().expect("an element");
    Ok(element.expect("CLIXML").document)
}

fn argument(json: &Json) -> Argument {
    Argument { name: None, value: value_from_json(json) }
}

/// The statements of a message: each a list of commands, each with everything that is said of it.
fn statements(document: &Document) -> Json {
    let powershell = document.root.member("PowerShell").expect("a PowerShell");
    let of = |holder: &Value| {
        let commands = holder.member("Cmds").and_then(Value::as_list).expect("a list");
        Json::Array(commands.iter().map(|command| tree(document, command)).collect())
    };
    let extra = powershell.member("ExtraCmds").and_then(Value::as_list);
    let extra: Option<Vec<Json>> = extra.map(|extra| extra.iter().map(of).collect());
    json!({"first": of(powershell), "all": extra.unwrap_or_default()})
}

fn tree(document: &Document, command: &Value) -> Json {
    let of = |value: &Value| meaning_of(document, value);
    let members = [
        "Cmd",
        "IsScript",
        "UseLocalScope",
        "MergeMyResult",
        "MergeToResult",
        "MergePreviousResults",
        "MergeError",
        "MergeWarning",
        "MergeVerbose",
        "MergeDebug",
        "MergeInformation",
    ];
    let members = members.map(|name| short(of(command.member(name).expect("each is there"))));
    let pair = |argument: &Value| ["N", "V"].map(|name| short(of(argument.member(name).expect("both are there"))));
    let arguments = command.member("Args").and_then(Value::as_list).expect("a list").iter().map(pair);
    json!([members, arguments.collect::<Vec<_>>()])
}

/// Strings, numbers and enums as they would be written, so that a report can be read.
fn short(meaning: Json) -> Json {
    let value =
        meaning["value"].as_str().map(|value| format!("{} {value}", meaning["type"].as_str().unwrap_or_default()));
    match (value, meaning["text"].as_str()) {
        (Some(value), Some(text)) => json!(format!("{value} {text}")),
        (Some(value), None) => json!(value),
        (None, _) => meaning,
    }
}

fn is_text(document: &Document) -> bool {
    let commands = document.root.member("PowerShell").and_then(|shell| shell.member("Cmds")).and_then(Value::as_list);
    commands.expect("a list").iter().any(|command| command.member("IsScript").and_then(Value::as_bool) == Some(true))
}

#[test]
fn converted_blocks_are_those_of_invoke_command() {
    let Some(pwsh) = pwsh() else { return };
    let wire = crate::support::folder::Folder::new("recorder");
    let file = wire.path().join("wire");
    let subsystem = format!("tee {} | {} -sshs -NoLogo -NoProfile", file.display(), pwsh.display());
    let Some(server) = Sshd::start(&Setup { subsystem: Some(subsystem), ..Setup::with_powershell(&pwsh) }) else {
        return;
    };
    let (converted, text, computed) = (blocks(COMMANDS), blocks(TEXT), blocks(COMPUTED));
    let all: Vec<String> = [&converted, &text, &computed].into_iter().flatten().cloned().collect();
    theirs::run(&pwsh, &server, "powershell", &all);
    let sent = recorder::pipelines(&std::fs::read(&file).expect("a recording"));
    assert_eq!(sent.len(), all.len(), "each block is one pipeline");
    let mut differences = Vec::new();
    for (place, (block, theirs)) in all.iter().zip(&sent).enumerate() {
        let ours = message(block);
        let expects_text = (converted.len()..converted.len() + text.len()).contains(&place);
        if is_text(theirs) != expects_text {
            differences
                .push(format!("{block}\n  Invoke-Command sends {}", if expects_text { "commands" } else { "text" }));
        }
        match &ours {
            Ok(ours) if place < converted.len() => {
                let (ours, theirs) = (statements(ours), statements(theirs));
                if ours != theirs {
                    differences.push(format!("{block}\n  psfleet        {ours}\n  Invoke-Command {theirs}"));
                }
            }
            Err(ScriptError::NotCommands { .. }) if expects_text => {}
            Err(ScriptError::NotConstant { .. }) if place >= converted.len() + text.len() => {}
            ours => differences.push(format!("{block}\n  psfleet: {ours:?}\n Invoke-Command {}", statements(theirs))),
        }
    }
    eprintln!("wire: {} blocks as commands, {} as text, {} computed", converted.len(), text.len(), computed.len());
    assert!(differences.is_empty(), "{} differ:\n\n{}", differences.len(), differences.join("\n\n"));
}
