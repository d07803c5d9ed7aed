//! `psfleet enter`: an interactive prompt in one session.
//!
//! Each line is one pipeline that ends in Out-Default, so the other side formats what it gives for our window and
//! writes it to the host: that is the user. An endpoint that refuses the text of a line gets it, and all that follow,
//! as [`commands`].

mod commands;
mod input;
mod question;
mod screen;
mod user;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use futures::FutureExt;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::input::{Input, Line};
use self::screen::Screen;
use self::user::User;
use super::args::connect::ConnectArgs;
use super::args::log::LogArgs;
use super::args::request;
use super::args::targets::TargetArgs;
use super::sandbox_on_demand::OnDemand;
use super::targets;
use crate::clixml::Document;
use crate::config::Machine;
use crate::exit::SIGINT_CODE;
use crate::output::sanitize_line;
use crate::psrp::{Command, CommandCall, HostInfo, Opening};
use crate::script::ScriptError;
use crate::session::{self, ConnectionKey, Ending, Lease, Records, RunOptions, RunReport, Session, Sessions};
use crate::stream::Stream;
use crate::target::Target;
use crate::transport::Admission;
use crate::transport::network::Network;

/// A pipeline at a prompt may take as long as its user wants.
const PATIENCE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long the prompt function may take.
const PROMPT_PATIENCE: Duration = Duration::from_secs(30);

/// How long a host may hold up the prompt's end once nothing came of the session.
const LAST_CLOSE: Duration = Duration::from_secs(2);

/// What PowerShell's parser says of text that goes on in the next line.
const INCOMPLETE: &str = "System.Management.Automation.IncompleteParseException";

/// An interactive prompt in one PSSession (Enter-PSSession)
#[derive(Debug, Args)]
#[command(mut_arg("timeout", |arg| arg.hide(true).env(None::<&str>).value_parser(no_limit)))]
pub(super) struct EnterArgs {
    /// The host: a name of the inventory, an address, or a URL such as ssh://user@host
    #[arg(value_name = "TARGET")]
    target: String,

    /// Inventory file that knows the host (repeatable)
    #[arg(short = 'i', long, value_name = "FILE", env = "PSFLEET_INVENTORY", value_delimiter = '\n')]
    inventory: Vec<String>,

    #[command(flatten)]
    connect: ConnectArgs,

    #[command(flatten)]
    pub(super) log: LogArgs,
}

/// `--timeout` is for scripts.
fn no_limit(_: &str) -> Result<Duration, String> {
    Err("a line at the prompt has no time limit; Ctrl-C stops it".to_owned())
}

/// Opens the session, reads and runs lines until `exit` or the end of the input, and returns the exit code.
///
/// # Errors
/// Whatever keeps the session from being opened, and the terminal's own errors.
pub(super) fn run(args: &EnterArgs, mut machine: Machine) -> anyhow::Result<u8> {
    let mut sandbox = OnDemand::default();
    let wanted =
        TargetArgs { targets: vec![args.target.clone()], inventory: args.inventory.clone(), ..TargetArgs::default() };
    let resolved = targets::resolve(&request(&wanted, &args.connect), &mut sandbox, &mut machine)?;
    resolved.warnings.iter().for_each(|warning| anstream::eprintln!("warning: {warning}"));
    let [target] = &resolved.targets[..] else {
        bail!("{} names {} hosts; enter takes one", args.target, resolved.targets.len());
    };
    let input = Arc::new(Mutex::new(Input::detect().context("cannot use the terminal")?));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let code = runtime.block_on(async {
        // From now on a Ctrl-C is ours, also one that comes before anything waits for it.
        let _ = tokio::signal::ctrl_c().now_or_never();
        // One session, which is closed on every way out.
        let sessions = Arc::new(Sessions::keeping_none());
        let Some(session) = open(target, &sessions).await? else { return Ok(SIGINT_CODE) };
        let (host, screen) = (target.name.to_string(), Screen::detect());
        let mut prompt = Prompt { host, session, input, screen, takes_text: true };
        let code = prompt.converse().await;
        prompt.session.close().await;
        code
    });
    // Name look-ups and a read from stdin cannot be interrupted; they must not hold up the end.
    runtime.shutdown_background();
    code
}

/// Opens the session; `None` if the user has pressed Ctrl-C meanwhile.
async fn open(target: &Target, sessions: &Arc<Sessions>) -> anyhow::Result<Option<Lease>> {
    let (height, width) = console::Term::stdout().size_checked().unwrap_or((50, 120));
    let host = HostInfo { width: width.max(20), height: height.max(5), ..HostInfo::default() };
    let (network, admission, stop) = (Network::default(), Admission::free(), CancellationToken::new());
    let opening = Opening::new(&host);
    let opened = Session::connect(&network, target, &admission, &opening, &stop, |_| {});
    let opened = until_stopped(opened, &stop);
    // What was opened half-way is closed before that returns; a host that does not answer takes its time for this, too.
    let opened = tokio::select! {
        opened = opened => opened,
        () = tokio::time::sleep(target.timeouts.open + LAST_CLOSE) => {
            Err(session::Error::OpenTimeout(target.timeouts.open))
        }
        () = async { stop.cancelled().await; tokio::time::sleep(LAST_CLOSE).await } => Err(session::Error::Stopped),
    };
    let mut session = match opened {
        Ok(session) => session,
        Err(session::Error::Stopped) => return Ok(None),
        Err(error) => {
            let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            anyhow::bail!("{}: {error}{hint}", target.name);
        }
    };
    // Questions for secrets cannot wait for a key, so there is one from the beginning. Without it they are refused.
    if let Err(error) = session.agree_on_key(target.timeouts.open).await {
        tracing::debug!(%error, "no key: nobody will be asked for secrets");
    }
    Ok(Some(sessions.hold(ConnectionKey::from(target), session, sessions.place().await)))
}

/// Waits for something that ends in order once it is stopped, which Ctrl-C does.
async fn until_stopped<T>(action: impl Future<Output = T>, stop: &CancellationToken) -> T {
    tokio::pin!(action);
    loop {
        tokio::select! {
            end = &mut action => return end,
            Ok(()) = tokio::signal::ctrl_c() => stop.cancel(),
        }
    }
}

/// The prompt of a session.
struct Prompt {
    host: String,
    session: Lease,
    input: Arc<Mutex<Input>>,
    screen: Screen,
    /// Whether the endpoint takes script text, as far as is known.
    takes_text: bool,
}

/// What came of a line.
enum Entered {
    Done,
    /// The user wants to leave, with this exit code.
    Left(i32),
    Failed(Mistake),
}

/// Why a line failed.
enum Mistake {
    /// The other side says so.
    Remote(Document),
    /// It cannot be sent to an endpoint that takes commands alone.
    Unsendable(ScriptError),
}

impl Prompt {
    async fn converse(&mut self) -> anyhow::Result<u8> {
        loop {
            let prompt = self.prompt().await?;
            match self.read(prompt).await? {
                Line::End => return Ok(0),
                Line::Text(text) if !text.trim().is_empty() => {
                    if let ControlFlow::Break(code) = self.enter(text).await? {
                        return Ok(code);
                    }
                }
                Line::Text(_) | Line::Interrupted => {}
            }
        }
    }

    /// Runs a line, and further ones if it goes on in them.
    async fn enter(&mut self, mut text: String) -> anyhow::Result<ControlFlow<u8>> {
        loop {
            let mistake = match self.execute(&text).await? {
                Entered::Left(code) => return Ok(ControlFlow::Break(code as u8)),
                Entered::Done => return Ok(ControlFlow::Continue(())),
                Entered::Failed(mistake) => mistake,
            };
            // Nothing has run yet when the parser wants more; an empty line says that there is no more.
            if mistake.wants_more() {
                match self.read(">> ".to_owned()).await? {
                    Line::Text(more) if !more.trim().is_empty() => {
                        text.push('\n');
                        text.push_str(&more);
                        continue;
                    }
                    Line::Interrupted => return Ok(ControlFlow::Continue(())),
                    Line::Text(_) | Line::End => {}
                }
            }
            mistake.show(&mut self.screen);
            return Ok(ControlFlow::Continue(()));
        }
    }

    /// Runs a text, in the form that the endpoint takes.
    async fn execute(&mut self, text: &str) -> anyhow::Result<Entered> {
        if self.takes_text {
            let (report, left) = self.pipeline(&Command::interactive(text)).await?;
            if !report.refuses_text() {
                return Ok(Entered::of(report, left));
            }
            // Nothing of it has run: sending it in another form repeats nothing.
            self.takes_text = false;
        }
        if let Some(code) = commands::exit_code(text) {
            return Ok(Entered::Left(code));
        }
        match commands::of_line(text) {
            Ok(Some(command)) => self.pipeline(&command).await.map(|(report, left)| Entered::of(report, left)),
            Ok(None) => Ok(Entered::Done),
            Err(error) => Ok(Entered::Failed(Mistake::Unsendable(error))),
        }
    }

    /// Runs a command; Ctrl-C stops it and nothing else. Tells whether the user wants to leave after it.
    async fn pipeline(&mut self, command: &Command) -> anyhow::Result<(RunReport, bool)> {
        let stop = CancellationToken::new();
        let options = RunOptions::within(PATIENCE, stop.clone(), true);
        let mut user =
            User { input: Arc::clone(&self.input), screen: &mut self.screen, stop: stop.clone(), leaves: false };
        let report = {
            let running = self.session.run(command, Uuid::new_v4(), &options, &mut user);
            until_stopped(running, &stop).await
        };
        let report = report.with_context(|| format!("{}: the session is lost", self.host))?;
        let leaves = user.leaves;
        self.screen.settle();
        Ok((report, leaves))
    }

    /// What the session's own prompt function says, after the host's name.
    async fn prompt(&mut self) -> anyhow::Result<String> {
        let call = CommandCall { name: "prompt".into(), arguments: Vec::new(), merge: None };
        let options = RunOptions::within(PROMPT_PATIENCE, CancellationToken::new(), true);
        let mut said = Said::default();
        let command = Command::of_calls(&[vec![call]], None);
        let report = self.session.run(&command, Uuid::new_v4(), &options, &mut said).await;
        report.with_context(|| format!("{}: the session is lost", self.host))?;
        let text = if said.0.is_empty() { "PS> " } else { &said.0 };
        Ok(format!("[{}]: {}", self.host, sanitize_line(text)))
    }

    async fn read(&self, prompt: String) -> anyhow::Result<Line> {
        io::stdout().flush()?;
        let input = Arc::clone(&self.input);
        let reading =
            tokio::task::spawn_blocking(move || input.lock().unwrap_or_else(PoisonError::into_inner).command(&prompt));
        reading.await.context("the input is broken")?.context("cannot read the next command")
    }
}

impl Entered {
    fn of(report: RunReport, left: bool) -> Self {
        match (report.exit_code.or(left.then_some(0)), report.ending) {
            (Some(code), _) => Self::Left(code),
            (None, Ending::Failed(Some(error)) | Ending::HostStopped(Some(error))) => {
                Self::Failed(Mistake::Remote(error))
            }
            (None, _) => Self::Done,
        }
    }
}

impl Mistake {
    /// Whether the text goes on in the next line.
    fn wants_more(&self) -> bool {
        match self {
            Self::Remote(error) => {
                let exception = error.root.member("Exception").and_then(|exception| exception.as_object());
                exception.is_some_and(|exception| exception.type_names.contains(INCOMPLETE))
            }
            Self::Unsendable(error) => matches!(error, ScriptError::EndsEarly { .. }),
        }
    }

    fn show(self, screen: &mut Screen) {
        match self {
            Self::Remote(error) => screen.record(Stream::Error, error),
            Self::Unsendable(error) => screen.error(&format!(
                "This endpoint allows no script text, and the line cannot be sent as commands: {error}"
            )),
        }
    }
}

/// The text of a pipeline's output.
#[derive(Default)]
struct Said(String);

impl Records for Said {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        if let (Stream::Output, Some(text)) = (stream, value.root.as_text()) {
            self.0.push_str(&text.to_str_lossy());
        }
        ControlFlow::Continue(())
    }
}
