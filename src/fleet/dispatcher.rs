//! The dispatcher: the one owner of a run's state.

mod ending;
mod progress;
mod steps;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::attempt_end::AttemptEnd;
use super::checkpoint::Checkpoint;
use super::cohort;
use super::credentials;
use super::departure::Departure;
use super::emission::Emission;
use super::executor::{Executor, Order};
use super::forward::{Forward, Traces};
use super::gatekeeper::{Milestone, Reply, Reports};
use super::interrupt::Interrupt;
use super::log::log;
use super::room::Room;
use super::spec::RunSpec;
use super::trip;
use crate::event::{Finished, RunEventKind, Summary};
use crate::exit::ExitFacts;
use crate::outcome::{Counts, Outcome, Reason};
use crate::schedule::{Gate, Next, Proof, Schedule};
use crate::target::TargetId;
use crate::transport::{Authenticated, Leave, Step};

use progress::Progress;

pub(super) struct Dispatcher {
    spec: Arc<RunSpec>,
    executor: Arc<dyn Executor>,
    /// Of a run whose events go through a journal: cancelled when that cannot be written any more.
    journal: Option<CancellationToken>,
    schedule: Schedule,
    /// Of each target: what is known of its credential.
    standings: Vec<Arc<credentials::Standing>>,
    workers: JoinSet<AttemptEnd>,
    /// Which worker is at which target, with the attempt's number.
    at_work: HashMap<Id, (TargetId, u32)>,
    progress: Vec<Progress>,
    counts: Counts,
    events: mpsc::Sender<Emission>,
    room: Room,
    /// Events that wait for room in the channel: the dispatcher itself must never be stuck behind a slow reader.
    outbox: VecDeque<Emission>,
    /// Connected targets that wait for leave to go on.
    questions: HashMap<TargetId, oneshot::Sender<Reply>>,
    reached: mpsc::UnboundedSender<(TargetId, Milestone)>,
    milestones: mpsc::UnboundedReceiver<(TargetId, Milestone)>,
    begin: Instant,
    stop: CancellationToken,
    departure: Departure,
    /// Why no more targets start.
    halted: Option<(Reason, Arc<str>)>,
    /// Why what runs is being stopped.
    stopped: Option<Reason>,
    /// Looks at the targets of each step.
    checkpoint: Option<Arc<dyn Checkpoint>>,
    /// The checkpoint at work.
    checking: Option<steps::Check>,
    exit: ExitFacts,
    /// The reader of the output took no more.
    sated: bool,
}

/// What the loop woke up for.
enum Wake {
    Ended(Result<(Id, AttemptEnd), JoinError>),
    Reached(TargetId, Milestone),
    Interrupted(Interrupt),
    Room(mpsc::OwnedPermit<Emission>),
    ReadersGone,
    ReadersStuck,
    JournalBroken,
    Deadline,
    Checked(steps::Answer),
    Time,
}

impl Dispatcher {
    pub(super) fn new(
        spec: RunSpec,
        executor: Arc<dyn Executor>,
        events: mpsc::Sender<Emission>,
        journal: Option<CancellationToken>,
        departure: Departure,
        checkpoint: Option<Arc<dyn Checkpoint>>,
    ) -> Self {
        let targets = &spec.header.targets;
        let credentials = credentials::numbered(targets);
        let done = spec.header.done.iter().map(|(target, _)| *target);
        let schedule = Schedule::new(spec.limits, Gate::new(spec.auth_fail_limit), credentials.clone(), done)
            .with_brake(spec.brake.clone())
            .with_cohorts(cohort::cohorts(&spec.limits_per, targets));
        let schedule = if spec.adaptive { schedule.at_its_own_pace() } else { schedule };
        let standings = credentials::standings(&credentials, &schedule);
        let mut progress: Vec<Progress> = targets.iter().map(|_| Progress::default()).collect();
        let (reached, milestones) = mpsc::unbounded_channel();
        let mut counts = Counts::default();
        for (target, outcome) in &spec.header.done {
            counts.add(*outcome);
            progress[target.index()].outcome = Some(*outcome);
        }
        let exit = ExitFacts {
            strict: spec.strict,
            exit_zero: spec.exit_zero,
            awaits_end: spec.work.awaits_end(),
            ..ExitFacts::default()
        };
        Self {
            sated: false,
            spec: Arc::new(spec),
            executor,
            journal,
            schedule,
            standings,
            workers: JoinSet::new(),
            at_work: HashMap::new(),
            progress,
            counts,
            events,
            room: Room::new(),
            outbox: VecDeque::new(),
            questions: HashMap::new(),
            reached,
            milestones,
            begin: Instant::now(),
            stop: CancellationToken::new(),
            departure,
            halted: None,
            stopped: None,
            checkpoint,
            checking: None,
            exit,
        }
    }

    /// Makes the run.
    pub(super) async fn run(mut self, mut interrupts: mpsc::Receiver<Interrupt>) -> Summary {
        self.emit(RunEventKind::RunStarted(Arc::clone(&self.spec.header)));
        loop {
            let wait_until = match self.start_due() {
                Some(wait_until) => wait_until,
                None if self.outbox.is_empty() && self.checking.is_none() => break,
                None => None,
            };
            match self.wake(wait_until, &mut interrupts).await {
                Wake::Ended(ended) => self.worker_ended(ended),
                Wake::Reached(target, milestone) => self.reached(target, milestone),
                Wake::Interrupted(interrupt) => self.interrupt(interrupt),
                Wake::Room(permit) => {
                    if let Some(emission) = self.outbox.pop_front() {
                        permit.send(emission);
                    }
                }
                Wake::ReadersGone => {
                    self.outbox.clear();
                    self.interrupt(Interrupt::Enough);
                }
                Wake::ReadersStuck => self.outbox.clear(),
                Wake::JournalBroken => {
                    self.exit.journal_failed = true;
                    self.close(
                        Reason::NotKept,
                        "the run's journal could not be written, so the run ended before its turn",
                    );
                }
                Wake::Deadline => {
                    self.exit.stopped_early = true;
                    self.halt(Reason::Deadline, "the deadline passed before its turn");
                }
                Wake::Checked(answer) => self.answered(answer),
                Wake::Time => {}
            }
        }
        self.finish(interrupts).await
    }

    /// Starts whatever may start now. `None` when the run is over, else until when there is nothing to start.
    fn start_due(&mut self) -> Option<Option<Instant>> {
        // With events still in the outbox the readers are behind; more targets would only add to it.
        while self.outbox.len() <= 1 {
            match self.schedule.next(self.begin.elapsed()) {
                Next::Start { target, attempt } => self.start(target, attempt),
                Next::Admit { target, alone } => self.admit(target, if alone { Leave::Alone } else { Leave::Freely }),
                Next::Skip(target) => self.skip(target),
                Next::WaitUntil(at) => return Some(Some(self.begin + at)),
                Next::Check(step) => self.check(step),
                Next::Pause(step) => self.pause(step),
                Next::Stop(overrun) => self.overrun(overrun),
                Next::Wait => return Some(None),
                Next::Done => return None,
            }
        }
        Some(None)
    }

    async fn wake(&mut self, until: Option<Instant>, interrupts: &mut mpsc::Receiver<Interrupt>) -> Wake {
        let deadline = self.spec.deadline.map(|deadline| self.begin + deadline);
        let readers_known = !self.stop.is_cancelled();
        tokio::select! {
            biased;
            Some(interrupt) = interrupts.recv() => Wake::Interrupted(interrupt),
            () = self.departure.left(), if readers_known => Wake::Interrupted(Interrupt::Leave),
            Some((target, milestone)) = self.milestones.recv() => Wake::Reached(target, milestone),
            permit = self.events.clone().reserve_owned(), if !self.outbox.is_empty() => match permit {
                Ok(permit) => Wake::Room(permit),
                Err(_) => Wake::ReadersGone,
            },
            Some(ended) = self.workers.join_next_with_id() => Wake::Ended(ended),
            answer = steps::answer(self.checking.as_mut()) => Wake::Checked(answer),
            () = self.events.closed(), if readers_known => Wake::ReadersGone,
            () = gives_up(&self.departure, self.journal.is_some()), if !self.outbox.is_empty() => Wake::ReadersStuck,
            () = cancelled(self.journal.as_ref()), if !self.exit.journal_failed => Wake::JournalBroken,
            () = sleep_until(until), if until.is_some() => Wake::Time,
            () = sleep_until(deadline), if deadline.is_some() && readers_known => Wake::Deadline,
        }
    }

    fn start(&mut self, id: TargetId, attempt: u32) {
        let Some(target) = self.spec.header.targets.get(id.index()).cloned() else { return };
        let progress = &mut self.progress[id.index()];
        let stop = self.stop.child_token();
        progress.begin(attempt, stop.clone());
        self.emit(RunEventKind::TargetStarted { target: id, attempt });
        let reports =
            Reports { target: id, milestones: self.reached.clone(), standing: Arc::clone(&self.standings[id.index()]) };
        let forward = Forward {
            target: id,
            events: self.events.clone(),
            is_journaled: self.journal.is_some(),
            room: self.room.clone(),
            reports: reports.clone(),
            departure: self.departure.clone(),
            traces: Arc::new(Traces::default()),
        };
        let work = Arc::clone(&self.spec.work);
        let departure = self.departure.clone();
        let order = Order { id, number: attempt, target, work, forward, reports, stop, departure };
        let task = self.workers.spawn(self.executor.attempt(order));
        self.at_work.insert(task.id(), (id, attempt));
    }

    fn reached(&mut self, target: TargetId, milestone: Milestone) {
        match milestone {
            // It is called back already, and hears that when its line to us is cut.
            Milestone::Asks(..) if self.halted.is_some() && !self.progress[target.index()].admitted => {}
            Milestone::Asks(step, reply) => {
                self.progress[target.index()].in_line = Some(Instant::now());
                self.questions.insert(target, reply);
                self.schedule.asks(target, step == Step::Prove);
            }
            Milestone::Authenticated(how) => {
                tracing::debug!(host = self.spec.header.host(target), ?how, "logged on");
                if let Authenticated::By(name) = how {
                    self.progress[target.index()].auth = Some(name);
                }
                self.schedule.authenticated(target);
            }
            Milestone::Opened => self.schedule.opened(self.progress[target.index()].time_of_attempt()),
            Milestone::Closing => self.schedule.closing(target),
        }
    }

    fn admit(&mut self, target: TargetId, leave: Leave) {
        let progress = &mut self.progress[target.index()];
        progress.admitted = true;
        progress.waited += progress.in_line.take().map_or(Duration::ZERO, |since| since.elapsed());
        if let Some(reply) = self.questions.remove(&target) {
            // Whoever waits no more is about to end.
            let _ = reply.send(Ok(leave));
        }
    }

    fn worker_ended(&mut self, ended: Result<(Id, AttemptEnd), JoinError>) {
        let (task, mut end) = match ended {
            Ok((task, end)) => (task, end),
            Err(error) => (error.id(), AttemptEnd::panicked()),
        };
        let Some((target, attempt)) = self.at_work.remove(&task) else { return };
        // A milestone that was reported just before the end must count before it.
        while let Ok((target, milestone)) = self.milestones.try_recv() {
            self.reached(target, milestone);
        }
        self.questions.remove(&target);
        self.progress[target.index()].stop = None;
        if end.is_strain() {
            self.schedule.strained();
        }
        // A worker knows only that it was stopped.
        if (end.outcome, self.stopped) == (Outcome::Cancelled, Some(Reason::Deadline)) {
            end.reason = Some(Reason::Deadline);
            end.message = format!("the deadline passed: {}", end.message);
        }
        if end.outcome == Outcome::Cancelled && !self.progress[target.index()].admitted {
            self.schedule.ended(target, Outcome::NotStarted, end.proof);
            self.not_started(target, attempt - 1);
        } else if end.retryable
            && end.proof != Proof::Refused
            && self.halted.is_none()
            && let Some(retry_in) = self.next_attempt(target, attempt, &end)
        {
            self.retry(target, attempt, retry_in, end);
        } else {
            self.schedule.ended(target, self.judged(end.outcome), end.proof);
            self.note_trip(target);
            self.finished(target, attempt, end);
        }
    }

    /// Lets those at work know whose credential is not sent any more.
    fn note_trip(&self, target: TargetId) {
        if let Some(trip) = self.schedule.trip(target) {
            let refusal = || trip::refusal(&self.spec.header, target, trip);
            self.standings[target.index()].tripped.get_or_init(refusal);
        }
    }

    /// When the next attempt on a target is due after one that may be repeated, if there is another.
    fn next_attempt(&mut self, target: TargetId, attempt: u32, end: &AttemptEnd) -> Option<Duration> {
        let progress = &mut self.progress[target.index()];
        if end.waits_for_quota() {
            let patience = self.spec.header.targets[target.index()].timeouts.open;
            let (refusals, waited) = progress.refused_by_quota();
            return self.spec.retry.after_quota(refusals, waited, patience, chance());
        }
        let refusals = progress.quota.map_or(0, |(refusals, _)| refusals);
        self.spec.retry.after(attempt - refusals, chance())
    }

    fn retry(&mut self, target: TargetId, attempt: u32, retry_in: Duration, end: AttemptEnd) {
        self.schedule.retry(target, attempt + 1, self.begin.elapsed() + retry_in, end.proof);
        self.note_trip(target);
        self.progress[target.index()].shell_may_remain |= end.shell_may_remain;
        self.emit(RunEventKind::AttemptFailed {
            target,
            attempt,
            reason: end.reason.unwrap_or(Reason::Network),
            message: end.message.clone(),
            retry_in,
        });
        self.progress[target.index()].failure = Some(end);
    }

    /// Its credential is not sent any more: a worker that asked for leave to send it gets to know, any other has none.
    fn skip(&mut self, target: TargetId) {
        let Some(trip) = self.schedule.trip(target) else { return };
        let error = trip::refusal(&self.spec.header, target, trip);
        match self.questions.remove(&target) {
            // Whoever waits no more is about to end.
            Some(reply) => drop(reply.send(Err(error))),
            None => {
                let end = AttemptEnd::new(Outcome::Skipped, Some(error.reason), error.message);
                let attempts = self.progress[target.index()].attempts;
                self.finished(target, attempts, AttemptEnd { hint: error.hint, ..end });
            }
        }
    }

    fn interrupt(&mut self, interrupt: Interrupt) {
        let mut why = "the run was interrupted before its turn";
        match interrupt {
            Interrupt::GoOn => return self.schedule.go_on(),
            Interrupt::EndHere => return self.end_at_pause("the run was ended at its pause"),
            Interrupt::Stop | Interrupt::Terminate => {}
            Interrupt::Leave => self.departure.leave(),
            Interrupt::Enough => {
                // Perhaps nothing is left to be stopped: what is will tell.
                self.sated = true;
                why = "the reader of the output took no more, so the run ended before its turn";
            }
            Interrupt::Unwritable => {
                self.exit.stopped_early = true;
                why = "the output could not be written, so the run ended before its turn";
            }
        }
        self.exit.interrupted = self.exit.interrupted.or(interrupt.exit_code());
        self.halt(Reason::Interrupted, why);
    }

    /// Starts no more and stops what runs; `why` is what those say that have not started.
    fn halt(&mut self, reason: Reason, why: &str) {
        self.stop.cancel();
        if self.stopped.is_none() {
            self.stopped = Some(reason);
            self.emit(RunEventKind::RunStopping { reason });
        }
        self.start_no_more(reason, why);
    }

    /// What an outcome is to budgets and to the steps of a run: whoever is strict takes errors for a failure.
    fn judged(&self, outcome: Outcome) -> Outcome {
        if self.spec.strict && outcome == Outcome::OkWithErrors { Outcome::Failed } else { outcome }
    }

    /// The run ended before a target's turn, or before its next attempt's. It may have been connected, but no more.
    fn not_started(&mut self, target: TargetId, attempts: u32) {
        self.exit.stopped_early |= self.sated;
        let progress = &mut self.progress[target.index()];
        if progress.failure.is_none() {
            progress.started = None;
        }
        let (reason, why) = self.halted.clone().unzip();
        let hint =
            reason.filter(Reason::may_go_on).map(|_| "`psfleet runs resume` goes on with the hosts that are left");
        let end = AttemptEnd::new(Outcome::NotStarted, reason, &*why.unwrap_or_default());
        self.finished(target, attempts, AttemptEnd { hint: hint.map(str::to_owned), ..end });
    }

    fn finished(&mut self, target: TargetId, attempts: u32, end: AttemptEnd) {
        let progress = &mut self.progress[target.index()];
        let end = match (end.outcome, progress.failure.take()) {
            // Whoever was not let go on has still failed before.
            (Outcome::Skipped | Outcome::NotStarted, Some(failure)) => failure,
            _ => end,
        };
        let end = self.spec.work.settled(target, end);
        let end = match end.outcome {
            Outcome::Skipped | Outcome::NotStarted | Outcome::Unreachable | Outcome::Auth
                if self.spec.header.lost.contains(&target) =>
            {
                still_lost(end)
            }
            _ => end,
        };
        if progress.outcome.replace(end.outcome).is_some() {
            tracing::error!(?target, "a second outcome for one target was dropped");
            return;
        }
        progress.shell_may_remain |= end.shell_may_remain;
        let shell_may_remain = progress.shell_may_remain;
        let auth = progress.auth.map(str::to_owned);
        self.counts.add(end.outcome);
        let duration =
            progress.started.map_or(Duration::ZERO, |started| started.elapsed().saturating_sub(progress.waited));
        self.emit(RunEventKind::TargetFinished(Finished {
            target,
            outcome: end.outcome,
            reason: end.reason,
            message: end.message,
            hint: end.hint,
            exit_code: end.exit_code,
            auth,
            attempts,
            duration,
            errors: end.errors,
            objects: end.objects,
            shell_may_remain,
            left: end.left,
        }));
    }

    fn emit(&mut self, kind: RunEventKind) {
        log(&kind, &self.spec.header);
        self.outbox.push_back(Emission::now(kind));
    }
}

/// The end of a target that was lost before and did not run once more: it is as lost as it was.
fn still_lost(end: AttemptEnd) -> AttemptEnd {
    let separator = if end.message.is_empty() { "" } else { ": " };
    AttemptEnd {
        outcome: Outcome::Lost,
        message: format!(
            "nobody knows how far it came in an earlier part of the run, and it has not run once more{separator}{}",
            end.message
        ),
        hint: Some("`psfleet runs resume --lost` runs it once more".to_owned()),
        ..end
    }
}

/// A number from 0 up to 1 that nobody can foresee.
fn chance() -> f64 {
    // The last 32 bits of such an id are all random.
    f64::from(Uuid::new_v4().as_u128() as u32) / f64::from(u32::MAX)
}

/// Waits until the user has left and gives up whoever takes the events.
async fn gives_up(departure: &Departure, is_journaled: bool) {
    if is_journaled { departure.gives_up_journal().await } else { departure.gives_up_readers().await }
}

async fn cancelled(token: Option<&CancellationToken>) {
    match token {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
