//! Gates: scripts that the hosts of a step must pass before others start.

use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::script::{CommandSets, HostVariables, Secrets, Using};
use super::truth::is_true;
use crate::clixml::{self, Document, Value};
use crate::config::System;
use crate::event::RunEventKind;
use crate::fleet::{
    AttemptEnd, Checkpoint, Commands, Departure, Emission, Interrupt, LabelLimit, Limits, Local, RetryRule, Run,
    RunSpec, Site, Task, TaskEnd, ThrottleSlot,
};
use crate::outcome::{Outcome, Reason};
use crate::record::error_message;
use crate::session::{self, ConnectionKey, Records, Sessions};
use crate::stream::Stream;
use crate::target::{Target, TargetId};
use crate::transport::Connector;

/// Characters of a gate's text that are shown.
const SHOWN: usize = 60;

/// Scripts that each host of a step must pass: they end without an error, and the last thing that they return is true
/// as PowerShell sees it.
pub struct Gates(Vec<Gate>);

struct Gate {
    /// What it is called: its file, or the beginning of its text.
    name: String,
    commands: CommandSets,
}

impl Gates {
    /// Reads gates, each a text or a `FILE.ps1`; they may use the `$using:` values of the run's script.
    /// None where none is asked for.
    ///
    /// # Errors
    /// Those of a script, with the gate that they are in.
    pub fn read(
        codes: &[String],
        using: &Using,
        (targets, no_input): (&[Arc<Target>], bool),
        around: &mut dyn System,
    ) -> anyhow::Result<Option<Arc<Self>>> {
        let gate = |code: &String| {
            let commands = using.call(code, around).and_then(|call| call.commands(targets, no_input, around));
            let name = name(code);
            Ok(Gate { commands: commands.with_context(|| format!("--gate '{name}'"))?, name })
        };
        let gates: Vec<Gate> = codes.iter().map(gate).collect::<anyhow::Result<_>>()?;
        Ok((!gates.is_empty()).then(|| Arc::new(Self(gates))))
    }

    /// Whether gates could be read for these hosts; nobody is asked for anything.
    ///
    /// # Errors
    /// Those of a script, with the gate that they are in.
    pub fn rehearse(
        codes: &[String],
        using: &Using,
        hosts: &[HostVariables],
        around: &mut dyn System,
    ) -> anyhow::Result<()> {
        let mut gate = |code: &String| {
            let sets = using.call(code, around).and_then(|call| CommandSets::new(call, &Secrets::default(), hosts));
            sets.with_context(|| format!("--gate '{}'", name(code)))
        };
        codes.iter().try_for_each(|code| gate(code).map(drop))
    }
}

/// The beginning of a text, in one line.
fn name(code: &str) -> String {
    let line = code.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The pool that a run and its gates share.
pub(super) struct SessionsOfGates {
    pub sessions: Arc<Sessions>,
    /// Others use it, too.
    pub is_shared: bool,
}

/// Gates on the hosts of a run, each time as a run of its own within the same limits.
pub(super) struct GateRuns {
    gates: Arc<Gates>,
    connector: Arc<dyn Connector>,
    pool: SessionsOfGates,
    /// All targets of the run that they are for.
    targets: Vec<Arc<Target>>,
    limits: Limits,
    limits_per: Vec<LabelLimit>,
    adaptive: bool,
    retry: RetryRule,
    auth_fail_limit: u32,
    /// The user of that run.
    departure: Departure,
}

impl GateRuns {
    /// Gates for this run and its user.
    pub(super) fn new(
        gates: Arc<Gates>,
        connector: Arc<dyn Connector>,
        pool: SessionsOfGates,
        run: &RunSpec,
        departure: Departure,
    ) -> Self {
        Self {
            gates,
            connector,
            pool,
            targets: run.header.targets.clone(),
            limits: run.limits,
            limits_per: run.limits_per.clone(),
            adaptive: run.adaptive,
            retry: run.retry,
            auth_fail_limit: run.auth_fail_limit,
            departure,
        }
    }
}

#[async_trait]
impl Checkpoint for GateRuns {
    async fn pass(&self, mut done: Vec<TargetId>, stop: CancellationToken) -> Result<(), String> {
        let SessionsOfGates { sessions, is_shared } = &self.pool;
        // Hosts whose session is still open come first: the sessions of others would take its place.
        done.sort_by_key(|target| !sessions.has_idle(&ConnectionKey::from(&*self.targets[target.index()])));
        let targets: Vec<_> = done.iter().map(|target| Arc::clone(&self.targets[target.index()])).collect();
        let work = Arc::new(GateTask { gates: Arc::clone(&self.gates), of_run: done });
        let spec = RunSpec {
            limits: self.limits,
            limits_per: self.limits_per.clone(),
            adaptive: self.adaptive,
            retry: self.retry,
            auth_fail_limit: self.auth_fail_limit,
            ..RunSpec::new(work, targets.clone())
        };
        // It closes what it opened by itself, at other times than the run.
        let user = Departure::default();
        let executor = Local::new(Arc::clone(&self.connector), Some(Arc::clone(sessions)));
        let executor = if *is_shared { executor } else { executor.closing() };
        let run = Run::new(spec, Arc::new(executor)).departing(user.clone());
        let (events, received) = mpsc::channel(1);
        let (interrupt, interrupts) = mpsc::channel(1);
        let stopped = async {
            stop.cancelled().await;
            // A run that is over needs no interrupt.
            let _ = interrupt.send(Interrupt::Stop).await;
            self.departure.left().await;
            user.leave();
            std::future::pending().await
        };
        tokio::select! {
            (_, refusals) = async { tokio::join!(run.go(events, interrupts), refusals(received, &targets)) } => {
                if !is_shared {
                    // Those of hosts that have not ended well: none is idle while the run pauses.
                    sessions.close_idle().await;
                }
                refused(&refusals, targets.len())
            }
            never = stopped => never,
        }
    }
}

/// What the hosts say that do not pass.
async fn refusals(mut events: mpsc::Receiver<Emission>, targets: &[Arc<Target>]) -> Vec<String> {
    let mut refusals = Vec::new();
    while let Some(Emission { kind, .. }) = events.recv().await {
        let RunEventKind::TargetFinished(end) = kind else { continue };
        let host = &targets[end.target.index()].name;
        match (end.outcome, end.reason) {
            (Outcome::Ok, _) => {}
            (_, Some(Reason::Gate)) => refusals.push(format!("{host} did not pass the gate {}", end.message)),
            _ => refusals.push(format!("{host} could not be asked at the gate: {}", end.message)),
        }
    }
    refusals
}

/// The first that does not pass, and how many others do not.
fn refused(refusals: &[String], hosts: usize) -> Result<(), String> {
    match refusals {
        [] => Ok(()),
        [one] => Err(one.clone()),
        [first, _] => Err(format!("{first} (and 1 other of {hosts} hosts)")),
        [first, others @ ..] => Err(format!("{first} (and {} others of {hosts} hosts)", others.len())),
    }
}

/// The gates on one host after the other.
struct GateTask {
    gates: Arc<Gates>,
    /// The places of its targets in the run that the gates are for.
    of_run: Vec<TargetId>,
}

#[async_trait]
impl Task for GateTask {
    async fn perform(&self, mut site: Site<'_>) -> Result<TaskEnd, session::Error> {
        let target = self.of_run[site.id.index()];
        for gate in &self.gates.0 {
            let command = gate.commands.command(target, site.session.server());
            let mut said = Said { last: None, error: None, slot: site.forward.slot() };
            let options = session::RunOptions { reuse: true, ..site.options() };
            let report = site.session.run(&command, Uuid::new_v4(), &options, &mut said).await?;
            if report.refuses_text() {
                return Ok(TaskEnd::Ran(report));
            }
            let end = site.ended(report).await;
            if let Some(why) = refusal(&end, &said) {
                let message = format!("'{}': {why}", gate.name);
                return Ok(TaskEnd::Failed { reason: Reason::Gate, message, hint: end.hint });
            }
        }
        Ok(TaskEnd::Ended(AttemptEnd::new(Outcome::Ok, None, "")))
    }
}

/// What a gate has said.
struct Said {
    /// The last object.
    last: Option<Value>,
    /// The first error record.
    error: Option<Document>,
    slot: ThrottleSlot,
}

impl Records for Said {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        match stream {
            Stream::Output => self.last = Some(value.root),
            Stream::Error => {
                self.error.get_or_insert(value);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn stopping(&mut self) {
        self.slot.give_away();
    }
}

/// Why a host does not pass, if it does not.
fn refusal(end: &AttemptEnd, said: &Said) -> Option<String> {
    if end.outcome != Outcome::Ok {
        return Some(end.message.clone());
    }
    if let Some(error) = &said.error {
        let message = error_message(error).map_or_else(|| "without a message".to_owned(), |text| text.into_owned());
        return Some(format!("it wrote an error: {message}"));
    }
    match &said.last {
        Some(value) if is_true(value) => None,
        Some(Value::Null) => Some("it returned $null".to_owned()),
        Some(Value::Bool(_)) => Some("it returned $false".to_owned()),
        Some(value) => match clixml::text(value) {
            text if text.is_empty() => Some("it returned an empty value".to_owned()),
            text => Some(format!("it returned {text}")),
        },
        None => Some("it returned nothing".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_refusals_are_one_sentence() {
        let said = |hosts: &[&str]| refused(&hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>(), 5);
        assert_eq!(said(&[]), Ok(()));
        assert_eq!(said(&["web1 is not well"]), Err("web1 is not well".to_owned()));
        assert_eq!(said(&["web1 is not well", "b"]), Err("web1 is not well (and 1 other of 5 hosts)".to_owned()));
        assert_eq!(said(&["web1 is not well", "b", "c"]), Err("web1 is not well (and 2 others of 5 hosts)".to_owned()));
    }

    #[test]
    fn a_gate_is_called_by_the_beginning_of_its_text() {
        assert_eq!(name("Test-Path\n  C:\\ok"), "Test-Path C:\\ok");
        assert_eq!(name(&"ä".repeat(70)), format!("{}…", "ä".repeat(60)));
    }
}
