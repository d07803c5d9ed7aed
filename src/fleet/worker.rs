//! A worker: one attempt on one target, from the connection to its end.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::constrained::Constrained;
use super::gatekeeper::{Milestone, Reports, ThrottleSlot};
use super::native;
use super::room::Room;
use super::{Commands, Emission, NoCommands, RunSpec, Site, TaskEnd, Work};
use crate::clixml::Document;
use crate::event::RunEventKind;
use crate::outcome::{Outcome, Reason};
use crate::psrp::{Command, Opening};
use crate::record::{Record, error_message};
use crate::schedule::Proof;
use crate::session::{self, ConnectionKey, Ending, Records, RunOptions, RunReport, Session, Sessions, Unconfirmed};
use crate::stream::Stream;
use crate::target::{Target, TargetId};
use crate::transport::{Admission, Carrier, Connector, Gatekeeper, Step};

/// How long closes may take once the user wants to leave.
pub(super) const LEAVE_WAIT: Duration = Duration::from_secs(2);

/// What a server did not say, if that is why the script may still run.
fn silence(unconfirmed: Unconfirmed) -> String {
    match unconfirmed {
        Unconfirmed::Start => "the host never confirmed its start: it may still run".to_owned(),
        Unconfirmed::Stop => {
            let seconds = session::STOP_WAIT.as_secs();
            format!("the host did not confirm the stop within {seconds} s: it may still run")
        }
    }
}

/// Everything an attempt needs.
pub(super) struct Attempt {
    pub id: TargetId,
    pub target: Arc<Target>,
    pub spec: Arc<RunSpec>,
    pub connector: Arc<dyn Connector>,
    /// Where open sessions are kept, if they are.
    pub sessions: Option<Arc<Sessions>>,
    /// What other attempts of the run have learned of endpoints.
    pub constrained: Arc<Constrained>,
    pub events: mpsc::Sender<Emission>,
    /// For the records among them.
    pub room: Room,
    /// Tells the dispatcher how far it is, and asks it.
    pub reports: Reports,
    /// Stop in order.
    pub stop: CancellationToken,
    /// Leave at once.
    pub leave: CancellationToken,
}

/// What became of an attempt.
#[derive(Debug)]
pub(super) struct AttemptEnd {
    pub outcome: Outcome,
    pub reason: Option<Reason>,
    pub message: String,
    pub hint: Option<String>,
    pub exit_code: Option<i32>,
    pub errors: u64,
    pub objects: u64,
    /// Nothing had started, and another attempt may help.
    pub retryable: bool,
    /// What it says about the credential.
    pub proof: Proof,
    /// The server may still hold our shell.
    pub shell_may_remain: bool,
}

impl AttemptEnd {
    pub fn new(outcome: Outcome, reason: Option<Reason>, message: impl Into<String>) -> Self {
        Self {
            outcome,
            reason,
            message: message.into(),
            hint: None,
            exit_code: None,
            errors: 0,
            objects: 0,
            retryable: false,
            proof: Proof::Settled,
            shell_may_remain: false,
        }
    }

    /// The end of an attempt that panicked.
    pub fn panicked() -> Self {
        let message = "a worker panicked: this is a bug in psfleet; please report it";
        Self::new(Outcome::Failed, Some(Reason::Internal), message)
    }
}

impl Attempt {
    /// Runs the attempt; once the user wants to leave, only the closing is waited for, and not for long.
    pub async fn run(self) -> AttemptEnd {
        let leave = self.leave.clone();
        let traces = Arc::new(Traces::default());
        let late = async {
            leave.cancelled().await;
            tokio::time::sleep(LEAVE_WAIT).await;
        };
        let end = tokio::select! {
            end = self.guarded(&traces) => end,
            () = late => AttemptEnd::new(
                Outcome::Cancelled,
                Some(Reason::Interrupted),
                "interrupted, and its end was not waited for",
            ),
        };
        AttemptEnd {
            errors: traces.errors.load(Ordering::Relaxed),
            objects: traces.objects.load(Ordering::Relaxed),
            shell_may_remain: traces.carrier().as_ref().is_some_and(|carrier| carrier.shell_may_remain()),
            ..end
        }
    }

    /// The course, and the closing that it owes even if it panics.
    async fn guarded(self, traces: &Arc<Traces>) -> AttemptEnd {
        // What the panic may have left half-changed is dropped with the attempt; traces are atomic or whole.
        match AssertUnwindSafe(self.course(traces)).catch_unwind().await {
            Ok(end) => end,
            Err(_) => {
                let carrier = traces.carrier().clone();
                if let Some(carrier) = carrier {
                    session::close(&*carrier).await;
                }
                AttemptEnd::panicked()
            }
        }
    }

    async fn course(self, traces: &Arc<Traces>) -> AttemptEnd {
        let mut session = match self.take_or_open(traces).await {
            Ok(session) => session,
            Err(error) => return not_opened(&error),
        };
        let _ = self.events.send(Emission::now(RunEventKind::TargetRunning { target: self.id })).await;
        let mut records = Forward {
            target: self.id,
            events: self.events.clone(),
            room: self.room.clone(),
            reports: self.reports.clone(),
            leave: self.leave.clone(),
            traces: Arc::clone(traces),
        };
        let result = tokio::select! {
            end = self.work(&mut session, &mut records) => Some(end),
            () = self.leave.cancelled() => None,
        };
        let end = result.unwrap_or_else(|| {
            AttemptEnd::new(Outcome::Cancelled, Some(Reason::Interrupted), "interrupted while it was running")
        });
        self.put_away(session, traces).await;
        end
    }

    async fn work(&self, session: &mut Session, records: &mut Forward) -> AttemptEnd {
        let timeout = self.target.timeouts.run;
        match &self.spec.work {
            Work::Script(commands) => self.script(&**commands, session, records).await,
            Work::Task(task) => {
                let deadline = Instant::now() + timeout;
                let site = Site {
                    id: self.id,
                    target: &self.target,
                    session,
                    forward: &mut *records,
                    deadline,
                    stop: &self.stop,
                };
                match task.perform(site).await {
                    Ok(TaskEnd::Ran(report)) if report.refuses_text() => {
                        // Its record holds the whole script, which is not the user's own.
                        let hint = "take an endpoint that allows it, with --configuration-name or over SSH".to_owned();
                        let message = "the endpoint allows no script text, which this needs";
                        let end = AttemptEnd::new(Outcome::Failed, Some(Reason::NoLanguage), message);
                        AttemptEnd { hint: Some(hint), ..end }
                    }
                    Ok(TaskEnd::Ran(report)) => self.ended(report, records).await,
                    Ok(TaskEnd::Failed { reason, message, hint }) => {
                        AttemptEnd { hint, ..AttemptEnd::new(Outcome::Failed, Some(reason), message) }
                    }
                    Err(error) => {
                        let end = broke_off(&error);
                        let retryable = end.retryable || end.outcome == Outcome::Lost;
                        AttemptEnd { retryable, hint: error.hint(), ..end }
                    }
                }
            }
        }
    }

    /// Runs the script: its text, unless the endpoint takes commands alone.
    async fn script(&self, commands: &dyn Commands, session: &mut Session, records: &mut Forward) -> AttemptEnd {
        let deadline = Instant::now() + self.target.timeouts.run;
        let endpoint = &self.target.endpoint;
        let known = match self.constrained.contains(endpoint) {
            true if self.spec.native_errors => return native::unreadable(),
            true => commands.without_text(self.id, session.server()).ok(),
            false => None,
        };
        let is_text = known.is_none();
        let command = known.unwrap_or_else(|| commands.command(self.id, session.server()));
        let report = match self.pipeline(&command, session, deadline, records).await {
            Ok(report) => report,
            Err(error) => return broke_off(&error),
        };
        if !(is_text && report.refuses_text() && records.is_untouched()) {
            return self.ended_with_programs(report, session, deadline, records).await;
        }
        // Nothing of the script has run: sending it in another form repeats nothing.
        self.constrained.insert(endpoint);
        if self.spec.native_errors {
            return native::unreadable();
        }
        match commands.without_text(self.id, session.server()) {
            Ok(command) => match self.pipeline(&command, session, deadline, records).await {
                Ok(report) => self.ended(report, records).await,
                Err(error) => broke_off(&error),
            },
            Err(NoCommands { message, hint }) => {
                let message =
                    format!("the endpoint allows no script text, and this script cannot go as commands: {message}");
                let end = self.ended(report, records).await;
                AttemptEnd { reason: Some(Reason::NoLanguage), message, hint: Some(hint), ..end }
            }
        }
    }

    async fn pipeline(
        &self,
        command: &Command,
        session: &mut Session,
        deadline: Instant,
        records: &mut Forward,
    ) -> Result<RunReport, session::Error> {
        session.run(command, Uuid::new_v4(), &self.options(deadline), records).await
    }

    pub(super) fn options(&self, deadline: Instant) -> RunOptions {
        let timeout = deadline.saturating_duration_since(Instant::now());
        RunOptions { timeout, stop: self.stop.clone(), reuse: self.sessions.is_some() }
    }

    /// An idle session of this target and identity if sessions are kept, else a new one.
    async fn take_or_open(&self, traces: &Arc<Traces>) -> Result<Session, session::Error> {
        let key = ConnectionKey::from(&*self.target);
        let Some(session) = self.sessions.as_ref().and_then(|sessions| sessions.take(&key)) else {
            return self.open(traces).await;
        };
        *traces.carrier() = Some(Arc::clone(session.carrier()));
        let leave = tokio::select! {
            leave = self.reports.ask(Step::Begin) => leave.map_err(session::Error::from),
            () = self.stop.cancelled() => Err(session::Error::Stopped),
        };
        match leave {
            Ok(_) => {
                self.reports.accepted();
                Ok(session)
            }
            Err(error) => {
                self.put_away(session, traces).await;
                Err(error)
            }
        }
    }

    /// Keeps the session where sessions are kept, else closes it.
    async fn put_away(&self, session: Session, traces: &Arc<Traces>) {
        let left = match &self.sessions {
            Some(sessions) => sessions.give_back(ConnectionKey::from(&*self.target), session),
            None => Some(session),
        };
        match left {
            Some(session) => {
                self.reports.reached(Milestone::Closing);
                session.close().await;
            }
            None => *traces.carrier() = None,
        }
    }

    /// Connects and opens a session. What the host takes for that is limited, what it has to wait for is not.
    async fn open(&self, traces: &Arc<Traces>) -> Result<Session, session::Error> {
        let timeout = self.target.timeouts.open;
        let begin = Instant::now();
        let admission = Admission::new(Arc::new(self.reports.clone()));
        let connecting = self.connector.connect(&self.target, &admission);
        let carrier = tokio::select! {
            carrier = admission.clock().within(timeout, connecting) => carrier,
            () = self.stop.cancelled() => return Err(session::Error::Stopped),
        };
        let carrier: Arc<dyn Carrier> = carrier.ok_or_else(|| not_connected(timeout))??.into();
        *traces.carrier() = Some(Arc::clone(&carrier));
        let taken = begin.elapsed().saturating_sub(admission.clock().stood());
        let left = timeout.saturating_sub(taken);
        let opened = Session::open(Opening::of_a_run(), carrier, Uuid::new_v4(), left, &self.stop).await;
        opened.map_err(|error| match error {
            // What the user has set, not what connecting had left of it.
            session::Error::OpenTimeout(_) => session::Error::OpenTimeout(timeout),
            error => error,
        })
    }

    pub(super) async fn ended(&self, report: RunReport, records: &mut Forward) -> AttemptEnd {
        let mut end = match report.ending {
            Ending::Completed => match report.exit_code {
                Some(code) if code != 0 => {
                    AttemptEnd::new(Outcome::Failed, Some(Reason::ExitCode), format!("exit code {code}"))
                }
                _ if records.errors() > 0 => {
                    let message = format!("{} error record(s)", records.errors());
                    AttemptEnd::new(Outcome::OkWithErrors, Some(Reason::ErrorRecords), message)
                }
                _ => AttemptEnd::new(Outcome::Ok, None, ""),
            },
            Ending::Failed(error) => {
                let message = error.as_ref().map_or_else(|| "the script failed".to_owned(), message_of);
                if let Some(error) = error {
                    // A terminating error comes in the state message alone, and belongs to the error stream.
                    let _ = records.cause(error).await;
                }
                AttemptEnd::new(Outcome::Failed, Some(Reason::ScriptError), message)
            }
            Ending::HostStopped(error) => {
                let words = error.as_ref().map_or_else(|| "it gave no reason".to_owned(), message_of);
                let message = format!("the host stopped the script, though nobody here asked: {words}");
                AttemptEnd::new(Outcome::Failed, Some(Reason::HostStopped), message)
            }
            Ending::TimedOut => {
                let seconds = self.target.timeouts.run.as_secs_f32();
                let message = match report.unconfirmed {
                    Some(Unconfirmed::Start) => {
                        format!("no result after {seconds} s, and {}", silence(Unconfirmed::Start))
                    }
                    Some(Unconfirmed::Stop) => {
                        format!("still running after {seconds} s, and {}", silence(Unconfirmed::Stop))
                    }
                    None => format!("still running after {seconds} s, so it was stopped"),
                };
                let mut end = AttemptEnd::new(Outcome::Timeout, Some(Reason::RunTimeout), message);
                end.hint = Some("raise --timeout if it should have longer".into());
                end
            }
            Ending::Stopped => {
                let message = match report.unconfirmed {
                    Some(unconfirmed) => format!("stopped while it was running, but {}", silence(unconfirmed)),
                    None => "stopped while it was running".to_owned(),
                };
                AttemptEnd::new(Outcome::Cancelled, Some(Reason::Interrupted), message)
            }
        };
        end.exit_code = report.exit_code;
        end
    }
}

/// What an attempt has done so far, and what it leaves behind even if it is dropped half-way.
#[derive(Default)]
struct Traces {
    /// What carries its session, unless that is kept for others.
    carrier: Mutex<Option<Arc<dyn Carrier>>>,
    errors: AtomicU64,
    objects: AtomicU64,
}

impl Traces {
    fn carrier(&self) -> MutexGuard<'_, Option<Arc<dyn Carrier>>> {
        self.carrier.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends records on to the sinks and counts them.
pub struct Forward {
    target: TargetId,
    events: mpsc::Sender<Emission>,
    room: Room,
    reports: Reports,
    leave: CancellationToken,
    traces: Arc<Traces>,
}

impl Forward {
    /// Whether nothing has come.
    fn is_untouched(&self) -> bool {
        self.errors() == 0 && self.traces.objects.load(Ordering::Relaxed) == 0
    }

    fn errors(&self) -> u64 {
        self.traces.errors.load(Ordering::Relaxed)
    }

    /// The place of its target, for who takes the records of a pipeline in its stead.
    pub(crate) fn slot(&self) -> ThrottleSlot {
        ThrottleSlot::from(&self.reports)
    }

    /// Sends the error record that the target's outcome repeats: people are told of it there.
    pub(crate) async fn cause(&mut self, error: Document) -> ControlFlow<()> {
        self.send(Stream::Error, error, true).await
    }

    async fn send(&mut self, stream: Stream, value: Document, terminating: bool) -> ControlFlow<()> {
        let count = match stream {
            Stream::Error => Some(&self.traces.errors),
            Stream::Output => Some(&self.traces.objects),
            _ => None,
        };
        count.map(|count| count.fetch_add(1, Ordering::Relaxed));
        let record = Record { target: self.target, stream, value, terminating };
        let admitted = async { self.events.send(self.room.admit(record).await).await };
        tokio::select! {
            sent = admitted => match sent {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            },
            () = self.leave.cancelled() => ControlFlow::Break(()),
        }
    }
}

impl Records for Forward {
    async fn take(&mut self, stream: Stream, value: Document) -> ControlFlow<()> {
        self.send(stream, value, false).await
    }

    fn stopping(&mut self) {
        // A host that does not confirm must not hold up the others.
        self.slot().give_away();
    }
}

/// A host that takes longer to be connected to than the whole opening may take.
fn not_connected(timeout: Duration) -> session::Error {
    let message = format!("no connection within the open timeout of {} s", timeout.as_secs_f32());
    session::Error::Transport(
        crate::transport::Error::new(Reason::ConnectTimeout, message)
            .with_hint("the host is down, or what listens there does not answer; --open-timeout waits longer")
            // If it had leave to send a proof by then.
            .behind_proof(),
    )
}

/// The end of an attempt whose session could not be opened.
fn not_opened(error: &session::Error) -> AttemptEnd {
    let reason = error.reason();
    let outcome = match reason {
        Reason::LogonDenied | Reason::AccountLocked | Reason::AuthMethod | Reason::EndpointDenied => Outcome::Auth,
        Reason::Interrupted => Outcome::Cancelled,
        Reason::CredentialTripped => Outcome::Skipped,
        _ => Outcome::Unreachable,
    };
    AttemptEnd {
        hint: error.hint(),
        retryable: error.is_retryable(),
        proof: proof_of(error),
        ..AttemptEnd::new(outcome, Some(reason), error.to_string())
    }
}

/// What a fault says about the credential.
fn proof_of(error: &session::Error) -> Proof {
    match error {
        error if error.is_credential_refused() => Proof::Refused,
        error if error.is_proof_unanswered() => Proof::Unanswered,
        _ => Proof::Settled,
    }
}

/// The end of an attempt on an open session that brought no result: refused before anything ran, or broken off.
fn broke_off(error: &session::Error) -> AttemptEnd {
    if error.ran_nothing() {
        return not_opened(error);
    }
    if matches!(error, session::Error::TooLarge(_)) {
        return AttemptEnd {
            hint: error.hint(),
            proof: proof_of(error),
            ..AttemptEnd::new(Outcome::Failed, Some(error.reason()), error.to_string())
        };
    }
    AttemptEnd {
        hint: Some("what the script had done by then is unknown; look before you run it again".into()),
        // A connection that is made anew in mid-run proves the credential again.
        proof: proof_of(error),
        ..AttemptEnd::new(Outcome::Lost, Some(error.reason()), error.to_string())
    }
}

/// What is said of the error record that ended the script.
pub(super) fn message_of(error: &Document) -> String {
    error_message(error).map_or_else(|| "the script failed without a message".to_owned(), Cow::into_owned)
}
