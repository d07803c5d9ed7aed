//! What blocks give on an endpoint without a language: the same as with Invoke-Command, refusals included.

use std::collections::BTreeMap;
use std::sync::Arc;

use psfleet::clixml::{self, Value};
use psfleet::fleet::{Commands, Local, NoCommands, Script};
use psfleet::outcome::{Outcome, Reason};
use psfleet::psrp::{Command, Invocation, ServerInfo};
use psfleet::sandbox::{Engine, Options};
use psfleet::script::ScriptError;
use psfleet::session::Sessions;
use psfleet::stream::Stream;
use psfleet::target::{AuthMethod, Endpoint, Target, TargetId, Timeouts};
use tokio::sync::mpsc;

use super::theirs::Given;
use super::wire::Given as Input;
use super::{blocks, program, theirs};
use crate::support::folder::Folder;
use crate::support::run::{Ran, run_by, spec, targets};
use crate::support::ssh_only::SshOnly;
use crate::support::sshd::{Setup, Sshd};
use crate::support::{pwsh, sandbox};

const BLOCKS: &str = include_str!("endpoint.txt");

/// A block as text, and as commands if it is no more.
struct Both {
    text: Command,
    calls: Result<Command, ScriptError>,
}

impl Both {
    fn of(block: &str) -> Self {
        let input = Input::of(block).expect("a block");
        let mut arguments = input.arguments.clone();
        arguments.extend(input.sent().arguments);
        let text = Command::new(&Invocation { script: block.to_owned(), arguments, input: false }, &[]);
        Self { text, calls: input.calls() }
    }
}

impl Commands for Both {
    fn command(&self, _target: TargetId, _server: &ServerInfo) -> Command {
        self.text.clone()
    }

    fn without_text(&self, _target: TargetId, _server: &ServerInfo) -> Result<Command, NoCommands> {
        let none = |error: ScriptError| NoCommands { message: error.to_string(), hint: String::new() };
        self.calls.clone().map_err(none)
    }
}

async fn run(server: &Sshd, sessions: &Arc<Sessions>, block: &str) -> Ran {
    let target = Target {
        name: "host".into(),
        endpoint: Endpoint::Ssh(server.endpoint()),
        credential: None,
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts: Timeouts::default(),
    };
    let mut spec = spec(vec![target], "");
    spec.work = Arc::new(Script::new(Arc::new(Both::of(block))));
    let executor = Local::new(Arc::new(SshOnly(server.client())), Some(Arc::clone(sessions)));
    run_by(spec, executor, mpsc::channel(1).1).await
}

/// Objects and errors, each kind in its order: Invoke-Command hands them out as two streams.
fn sorted(given: &Given) -> Given {
    let mut sorted = given.clone();
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    sorted
}

fn given(ran: &Ran) -> Given {
    let record = |(_, stream, value): &(String, Stream, clixml::Document)| match stream {
        Stream::Output => Some(("object".to_owned(), text(&value.root))),
        Stream::Error => {
            let id = value.root.member("FullyQualifiedErrorId").and_then(Value::as_text).expect("an id");
            Some(("error".to_owned(), id.to_string()))
        }
        _ => None,
    };
    ran.records.iter().filter_map(record).collect()
}

/// An object as it stands in a string: an error that became output is its message.
fn text(value: &Value) -> String {
    let own = value.as_object().and_then(|object| object.to_string.as_ref()).map(ToString::to_string);
    own.unwrap_or_else(|| clixml::text(value).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_give_what_invoke_command_gives() {
    let Some(pwsh) = pwsh() else { return };
    let configuration = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/constrained/endpoint.pssc");
    let subsystem = format!("{} -sshs -NoLogo -NoProfile -ConfigurationFile {configuration}", pwsh.display());
    let Some(server) = Sshd::start(&Setup { subsystem: Some(subsystem), ..Setup::with_powershell(&pwsh) }) else {
        return;
    };
    let blocks = blocks(BLOCKS);
    let theirs = theirs::run(&pwsh, &server, "powershell", &blocks);
    let sessions = Arc::new(Sessions::default());
    let (mut differences, mut refused) = (Vec::new(), 0);
    for (block, theirs) in blocks.iter().zip(&theirs) {
        let ran = run(&server, &sessions, block).await;
        let ours = given(&ran);
        if sorted(&ours) != sorted(theirs) {
            differences.push(format!("{block}\n  psfleet        {ours:?} {:?}\n  Invoke-Command {theirs:?}", ran.ends));
        }
        if ours == [("error".to_owned(), "ScriptsNotAllowed".to_owned())] {
            refused += 1;
            assert_eq!(
                (ran.ends[0].outcome, ran.ends[0].reason),
                (Outcome::Failed, Some(Reason::NoLanguage)),
                "{block}"
            );
        }
    }
    sessions.close_all().await;
    assert!(differences.is_empty(), "{} differ:\n\n{}", differences.len(), differences.join("\n\n"));
    assert_eq!(refused, 11, "of {} blocks", blocks.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_go_over_winrm() {
    let Some(pwsh) = pwsh() else { return };
    let folder = Folder::new("constrained");
    let pwsh = program::with_configuration(folder.path(), &pwsh, &program::configuration());
    // The refused command must not keep the only slot.
    let options = Options { engine: Engine::Pwsh, hosts: 2, pwsh, commands_per_shell: 1, ..Options::default() };
    let fleet = sandbox::fleet(options).await;
    let mut spec = spec(targets(&fleet, AuthMethod::Negotiate, None), "");
    spec.work = Arc::new(Script::new(Arc::new(Both::of("param($p) Get-Answer $p | Show-Input; Write-Problem x 2>&1"))));
    let ran = crate::support::run::run(spec).await;
    assert_eq!(ran.summary.counts.of(Outcome::Ok), 2, "{:?}", ran.ends);
    let mut objects: Vec<String> = given(&ran).into_iter().map(|(_, text)| text).collect();
    objects.sort();
    assert_eq!(objects, ["after x", "after x", "in answer 6  False", "in answer 6  False", "x", "x"]);
    sandbox::assert_clean(fleet).await;
}
