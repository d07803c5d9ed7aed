//! psfleet: PowerShell's Invoke-Command at scale.
//!
//! An inventory of hosts goes in, a script block runs on all of them through a bounded pool of PowerShell remoting
//! sessions, and deserialized objects come out as events that sinks turn into tables, CSV and JSON.
//!
//! # The map
//!
//! Each stage takes one noun and hands on the next:
//!
//! ```text
//! inventory --Target--> schedule --Next--> fleet ----> session -------> pipeline
//! (files, CLI)          (who, when)       (drives)    (an open pool,    (one run of one command)
//!                                                      leased, reused)        |
//! exit code <-- report, output <---RunEvent, bounded--- fleet <----Record-----+
//! ```
//!
//! - The ground floor, plain data that stands on nothing of the run: [`outcome`] (what becomes of a target, and why),
//!   [`stream`] (PowerShell's), [`secret`], [`channel`], [`certificate`] (X.509), [`hostlist`] (`web[01-40]`),
//!   [`sheet`] (CSV that is read), [`metrics`] (Prometheus' text), [`error_text`] (what the system and libraries say, for people), [`whole_file`]
//!   (files that are read up to a limit), [`left_shell`] (what it takes to attach to one),
//!   [`local_user`] (who runs this process), [`nearest`] (what a mistyped name was
//!   meant to be), [`pattern`] (names with `*` and `?`).
//! - The nouns of a run: [`target`], [`record`], [`event`], [`exit`] (the codes of the process).
//! - [`directory`]: what a directory (LDAP) is asked for and what it knows of computers, as plain data.
//! - Protocol cores, bytes and numbers in, bytes and events out: [`clixml`] (objects), [`psrp`] (pools and pipelines),
//!   [`wsman`] (envelopes and faults), [`outofproc`] (the framing over SSH and stdio), [`auth`] (logon and sealing).
//! - Drivers: [`transport`] moves bytes over HTTP, SSH or a child's streams, and asks directories; [`session`] joins one pool to one carrier.
//! - The run: [`inventory`] and [`config`] make targets, [`schedule`] decides who may start, [`fleet`] owns the run.
//! - [`calendar`]: when something is due: cron lines, intervals, time zones, and what was missed.
//! - [`alert`]: who is told what of checks, when, and once: grouping, silences, an outbox, and what channels are sent.
//! - [`script`]: what a script takes and uses, read before it is sent: `param()`, `$using:`, what can go as commands.
//! - [`check`]: health checks as files, and what their rules say of the objects that came back.
//! - [`copy`]: files to and from the targets, as the task of a run.
//! - [`collect`]: what was left running on hosts, attached to again, as the task of a run.
//! - [`doctor`]: what keeps a host from being reached, stage by stage, as the task of a run.
//! - [`shells`]: the shells that hosts hold, listed, removed and taken over, as tasks of a run.
//! - The reading side: [`output`] has a sink per format, [`report`] folds events into what people read at the end.
//! - [`secret_places`]: where secrets are kept besides the environment: an encrypted file, the keyring, a server.
//! - [`store`]: every run as data, kept while it is made: the journal of a run that is under way, and all earlier ones.
//! - [`web`]: what the checks found, as pages, metrics and JSON over HTTP. It is told what there is, and runs nothing.
//! - [`sandbox`]: an embedded fleet on loopback for trying out, tests and benches.
//! - [`job`]: what an application does with the run, without a command line: a script with what it is given, a run with
//!   its readers.
//! - [`cli`]: what was typed, and the one place that prints.
//!
//! # What is absent on purpose
//!
//! - No core reads a clock, a socket or a file; `tokio` lives in `transport`, `session`, `fleet`, `copy`, `collect`,
//!   `shells`, `sandbox`, `job`, `web` and `cli`.
//! - The run side and the reading side meet only in [`event`] and the nouns below it: a new sink never touches the
//!   fleet, a new transport never touches the output.
//! - A session does not know which transport carries it, and nothing between an inventory and the wire knows the
//!   sandbox.
//! - The fleet prints nothing; only `cli` does. It says why a host has its outcome, in one sentence and a hint.
//!
//! `tests/integration/architecture.rs` holds the modules to this: every arrow between them, what each may touch, and
//! that files don't import each other in circles. [Contributing](docs::contributing) says where something new goes,
//! [the glossary](docs::glossary) what each word means here.
//!
//! # Use as a library
//!
//! A script on the hosts of an inventory, with what comes back as lines of JSON. Here the hosts are a sandbox, so that
//! this runs anywhere. Elsewhere `inventories` name files, `sandbox` is `&mut |_| Err("none here".to_owned())`, a
//! [`Config`] is loaded from psfleet.toml where it shall count, `request.settings` holds user and password, and what
//! [`resolve`] warns of is worth showing.
//!
//! ```
//! use std::sync::Arc;
//!
//! use psfleet::output::{Settings, open};
//! use psfleet::{Call, Config, Format, Interrupts, Job, Machine, Request, RunSpec, Script, ScriptInput, execute, resolve};
//!
//! # #[tokio::main]
//! # async fn main() -> anyhow::Result<()> {
//! let fleet = psfleet::sandbox::Fleet::start(psfleet::sandbox::Options { hosts: 3, ..Default::default() }).await?;
//! let mut machine = Machine::default();
//! let inventories = vec!["inventories/sandbox.toml".to_owned()];
//! let request = Request { targets: vec!["@all".to_owned()], inventories, ..Request::default() };
//! let sandbox = &mut |_: &_| Ok(fleet.inventory_toml());
//! let targets = resolve(&request, &Config::default(), &mut machine, sandbox)?.targets;
//! let script = ScriptInput { code: Some("2 * 21".to_owned()), ..ScriptInput::default() };
//! let commands = Call::read(&script, &mut machine)?.commands(&targets, true, &mut machine)?;
//!
//! let lines = open(Format::Jsonl, Box::new(std::io::stdout()), &Settings::default());
//! let job = Job::new(RunSpec::new(Arc::new(Script::new(Arc::new(commands))), targets), lines);
//! let finished = execute(job, Interrupts::new()).await;
//! finished.written?;
//! assert_eq!(finished.summary.exit_code(), 0);
//! # fleet.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Jobs that are given the same [`session::Sessions`], as `job.sessions`, use the same open sessions: nobody logs on again,
//! and what one script sets is there for the next. Whoever made the pool closes it ([`session::Sessions::close_all`]).
//!
//! A sink is whatever takes events. This one adds up the numbers of each host; it would take the place of `lines`
//! above. A record names its target by a number; the host's name is in the header, which is the first event:
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::Arc;
//!
//! use psfleet::event::RunHeader;
//! use psfleet::{Flow, RunEvent, RunEventKind, Sink, Stream};
//!
//! #[derive(Default)]
//! struct Totals {
//!     header: Option<Arc<RunHeader>>,
//!     totals: BTreeMap<String, f64>,
//! }
//!
//! impl Sink for Totals {
//!     fn event(&mut self, event: &RunEvent) -> anyhow::Result<Flow> {
//!         match (&event.kind, &self.header) {
//!             (RunEventKind::RunStarted(header), _) => self.header = Some(Arc::clone(header)),
//!             (RunEventKind::Record(record), Some(header)) if record.stream == Stream::Output => {
//!                 let number: f64 = psfleet::clixml::text(&record.value.root).parse().unwrap_or(0.0);
//!                 *self.totals.entry(header.host(record.target).to_owned()).or_default() += number;
//!             }
//!             (RunEventKind::RunFinished(_), _) => println!("{:?}", self.totals),
//!             _ => {}
//!         }
//!         Ok(Flow::Continue)
//!     }
//! }
//! # let _: Box<dyn Sink> = Box::new(Totals::default());
//! ```
//!
//! # Features
//!
//! All are on by default, but for `keyring`, which adds the system's keyring to the places of secrets. Without them the
//! crate reaches hosts over WinRM, and this machine.
//!
//! - `ldap` adds inventories of directories: an `[ldap]` table.
//! - `secrets` adds [`secret_places`], and the command `secret`.
//! - `serve` adds [`web`].
//! - `ssh` adds SSH. Without it a target that wants SSH is refused before the run.
//! - `sandbox` adds [`sandbox`], the command of that name, and what an inventory's `[sandbox]` table asks for. The
//!   examples and tests need it.

pub mod alert;
pub mod auth;
pub mod calendar;
mod certificate;
pub mod channel;
pub mod check;
pub mod cli;
pub mod clixml;
pub mod collect;
pub mod config;
pub mod copy;
pub mod directory;
pub mod doctor;
mod error_text;
pub mod event;
pub mod exit;
pub mod fleet;
pub mod hostlist;
pub mod inventory;
pub mod job;
pub mod left_shell;
mod local_user;
pub mod metrics;
mod nearest;
pub mod outcome;
pub mod outofproc;
pub mod output;
mod pattern;
pub mod psrp;
pub mod record;
pub mod report;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod schedule;
pub mod script;
pub mod secret;
#[cfg(feature = "secrets")]
pub mod secret_places;
pub mod session;
mod sheet;
pub mod shells;
pub mod store;
pub mod stream;
pub mod target;
pub mod transport;
#[cfg(feature = "serve")]
pub mod web;
mod whole_file;
pub mod wsman;

pub use config::{Config, Machine};
pub use event::{RunEvent, RunEventKind, Summary};
pub use fleet::{Interrupt, RunSpec, Script, Task};
pub use inventory::{Request, resolve};
pub use job::script::{Call, ScriptInput};
pub use job::{Interrupts, Job, execute};
pub use outcome::{Outcome, Reason};
pub use output::{Flow, Format, Sink};
pub use record::Record;
pub use stream::Stream;
pub use target::Target;

/// Pages for those who change it.
pub mod docs {
    #[doc = include_str!("docs/enable_psremoting.md")]
    pub mod enable_psremoting {}

    #[doc = include_str!("docs/identity_matrix.md")]
    pub mod identity_matrix {}

    #[doc = include_str!("docs/contributing.md")]
    pub mod contributing {}

    #[doc = include_str!("docs/glossary.md")]
    pub mod glossary {}
}
