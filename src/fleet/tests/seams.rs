//! What may stand in another place: who does attempts, who keeps the journal, what is done before a session is open,
//! and where a run begins and ends.

use std::io;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::*;
use crate::clixml::{Document, Value};
use crate::event::RunHeader;
use crate::outcome::Counts;
use crate::session::{self, Records};
use crate::stream::Stream;
use crate::target::{TargetId, TargetSnapshot};

/// Does attempts elsewhere: each target is sent there, and what became of it comes back, both as text.
pub(super) struct Elsewhere(pub fn(&TargetSnapshot) -> AttemptEnd);

impl Executor for Elsewhere {
    fn attempt(&self, mut order: Order) -> BoxFuture<'static, AttemptEnd> {
        let sent = serde_json::to_string(&TargetSnapshot::from(&*order.target)).expect("plain data");
        let does = self.0;
        async move {
            if !order.forward.running().await {
                return AttemptEnd::new(Outcome::NotStarted, None, "not noted");
            }
            let _ = order.forward.take(Stream::Output, Document::new(Value::str(sent.as_str()))).await;
            let end = does(&serde_json::from_str(&sent).expect("a target"));
            serde_json::from_str(&serde_json::to_string(&end).expect("plain data")).expect("an end")
        }
        .boxed()
    }
}

pub(super) fn fine(_: &TargetSnapshot) -> AttemptEnd {
    AttemptEnd::new(Outcome::Ok, None, "")
}

pub(super) fn unreachable(target: &TargetSnapshot) -> AttemptEnd {
    AttemptEnd::new(Outcome::Unreachable, Some(Reason::Refused), format!("nobody listens at {}", target.name))
}

/// Makes a run of this many hosts, and returns what readers got.
pub(super) async fn made(run: Run, interrupts: mpsc::Receiver<Interrupt>) -> (Summary, Vec<RunEventKind>) {
    let (events, mut received) = mpsc::channel::<Emission>(4);
    let reader = async {
        let mut all = Vec::new();
        while let Some(emission) = received.recv().await {
            all.push(emission.kind);
        }
        all
    };
    tokio::join!(run.go(events, interrupts), reader)
}

pub(super) fn finished(events: &[RunEventKind]) -> Vec<(u32, Outcome, Option<Reason>)> {
    let mut ends: Vec<_> = events
        .iter()
        .filter_map(|kind| match kind {
            RunEventKind::TargetFinished(end) => Some((end.target.0, end.outcome, end.reason)),
            _ => None,
        })
        .collect();
    ends.sort_unstable();
    ends
}

pub(super) fn hosts(count: usize) -> RunSpec {
    spec(&vec![Host::Refused; count], 1).0
}

#[tokio::test]
async fn attempts_may_be_done_elsewhere() {
    let (summary, events) = made(Run::new(hosts(3), Arc::new(Elsewhere(unreachable))), quiet()).await;
    assert_eq!((summary.counts.of(Outcome::Unreachable), summary.exit_code()), (3, 3));
    assert_eq!(finished(&events).len(), 3);
    let messages = events.iter().filter(|kind| {
        matches!(kind, RunEventKind::TargetFinished(end)
        if end.message.starts_with("nobody listens at h") && end.objects == 0)
    });
    assert_eq!(messages.count(), 3);
    assert_eq!(events.iter().filter(|kind| matches!(kind, RunEventKind::Record(_))).count(), 3);
}

/// A journal in memory: notes events in order, up to a number of them.
#[derive(Clone, Default)]
struct Memory {
    noted: Arc<Mutex<Vec<RunEventKind>>>,
    room: Option<usize>,
    /// An earlier part of the run has left all targets running.
    left: bool,
}

impl Journal for Memory {
    fn note(&mut self, events: &[Emission]) -> io::Result<()> {
        let mut noted = self.noted.lock().expect("not poisoned");
        if self.room.is_some_and(|room| noted.len() + events.len() > room) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left"));
        }
        noted.extend(events.iter().map(|event| event.kind.clone()));
        Ok(())
    }

    fn left_running(&self, _: TargetId) -> bool {
        self.left
    }
}

/// Says whether the journal has noted of each target that it may run, and whether it could.
struct Witness(Memory, Mutex<Vec<bool>>);

impl Executor for Arc<Witness> {
    fn attempt(&self, order: Order) -> BoxFuture<'static, AttemptEnd> {
        let witness = Arc::clone(self);
        async move {
            if !order.forward.running().await {
                return AttemptEnd::new(Outcome::NotStarted, Some(Reason::NotKept), "not noted");
            }
            let is_start =
                |kind: &RunEventKind| matches!(kind, RunEventKind::TargetRunning { target } if *target == order.id);
            let is_noted = witness.0.noted.lock().expect("not poisoned").iter().any(is_start);
            witness.1.lock().expect("not poisoned").push(is_noted);
            AttemptEnd::new(Outcome::Ok, None, "")
        }
        .boxed()
    }
}

#[tokio::test]
async fn the_journal_has_every_start_before_anything_is_sent() {
    let journal = Memory::default();
    let witness = Arc::new(Witness(journal.clone(), Mutex::default()));
    let run = Run::new(hosts(20), Arc::new(Arc::clone(&witness))).journaled(Box::new(journal.clone()));
    let (summary, events) = made(run, quiet()).await;
    assert_eq!(summary.counts.of(Outcome::Ok), 20);
    assert_eq!(*witness.1.lock().expect("not poisoned"), [true; 20]);
    let noted = journal.noted.lock().expect("not poisoned");
    assert_eq!(noted.len(), events.len(), "readers get what is noted, and the run ends when its end is");
    let Some(RunEventKind::RunStarted(header)) = noted.first() else { panic!("a header first: {noted:?}") };
    assert_eq!(header.snapshot().len(), 20);
    assert!(matches!(noted.last(), Some(RunEventKind::RunFinished(_))));
}

#[tokio::test]
async fn a_run_whose_journal_is_full_shows_no_outcome_that_is_not_kept() {
    for (room, left) in (0..24).flat_map(|room| [(room, false), (room, true)]) {
        let journal = Memory { room: Some(room), left, ..Memory::default() };
        let witness = Arc::new(Witness(journal.clone(), Mutex::default()));
        let run = Run::new(hosts(5), Arc::new(Arc::clone(&witness))).journaled(Box::new(journal.clone()));
        let (summary, events) = made(run, quiet()).await;
        let noted = journal.noted.lock().expect("not poisoned");
        let ran = noted.iter().filter(|kind| matches!(kind, RunEventKind::TargetRunning { .. })).count();
        assert_eq!(witness.1.lock().expect("not poisoned").len(), ran, "nothing is sent that is not noted");
        let kept = finished(&noted);
        let shown = finished(&events);
        assert_eq!(shown.len(), 5, "every target has its outcome");
        for end in shown.iter().filter(|end| !kept.contains(end)) {
            let may_have_run =
                noted.iter().any(|kind| matches!(kind, RunEventKind::TargetRunning { target } if target.0 == end.0));
            // What was left running is that still, whether or not somebody had attached to it.
            let told = match may_have_run {
                _ if left => Outcome::Detached,
                true => Outcome::Lost,
                false => Outcome::NotStarted,
            };
            assert_eq!((end.1, end.2), (told, Some(Reason::NotKept)), "with room for {room}");
        }
        let mut counts = Counts::default();
        shown.iter().for_each(|end| counts.add(end.1));
        // The run's begin and end, and of each host that it starts, runs and ends.
        let code = if room < 2 + 3 * 5 { 2 } else { 0 };
        assert_eq!((summary.counts, summary.exit_code()), (counts, code), "with room for {room}");
        let Some(RunEventKind::RunFinished(told)) = events.last() else { panic!("an end") };
        assert_eq!((told.counts, told.exit), (summary.counts, summary.exit), "one summary for all");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_stuck_keeps_nothing_from_the_journal() {
    let journal = Memory::default();
    let run = Run::new(hosts(40), Arc::new(Elsewhere(fine))).journaled(Box::new(journal.clone()));
    // Never read, and never closed.
    let (events, _unread) = mpsc::channel(4);
    let (send, interrupts) = mpsc::channel(1);
    send.send(Interrupt::Leave).await.expect("the run listens");
    let summary = run.go(events, interrupts).await;
    let noted = journal.noted.lock().expect("not poisoned");
    assert_eq!(finished(&noted).len(), 40, "all outcomes are kept");
    assert!(matches!(noted.last(), Some(RunEventKind::RunFinished(_))));
    assert_eq!(summary.counts.total(), 40);
}

/// Finds out what it wants to know before there is a session.
struct Looks;

#[async_trait]
impl Task for Looks {
    async fn approach(&self, approach: Approach<'_>) -> Option<TaskEnd> {
        let _ = approach.forward.take(Stream::Output, Document::new(Value::str("seen"))).await;
        (approach.id.index() == 0).then(|| TaskEnd::Ended(AttemptEnd::new(Outcome::Ok, None, "")))
    }

    async fn perform(&self, _: Site<'_>) -> Result<TaskEnd, session::Error> {
        unreachable!("no host of these tests opens a session")
    }
}

#[test]
fn a_task_may_begin_and_end_before_a_session_is_open() {
    let (spec, known) = spec(&[Host::Refused, Host::Refused], 1);
    let spec = RunSpec { work: Arc::new(Looks), ..spec };
    let (_, mut ends, known) = in_virtual_time(run_all((spec, known), quiet()));
    ends.sort_by_key(|end| end.target);
    let ends: Vec<_> = ends.iter().map(|end| (end.outcome, end.objects)).collect();
    assert_eq!(ends, [(Outcome::Ok, 1), (Outcome::Unreachable, 1)]);
    assert_eq!(*known.connects.lock().expect("not poisoned"), ["h1"]);
}

#[tokio::test]
async fn targets_that_are_done_count_and_are_left_alone() {
    let done = vec![(TargetId(0), Outcome::Failed), (TargetId(2), Outcome::Ok)];
    let spec = hosts(3);
    let header = RunHeader { done, ..RunHeader::new(spec.header.run, spec.header.targets.clone()) };
    let spec = RunSpec { header: Arc::new(header), ..spec };
    let (summary, events) = made(Run::new(spec, Arc::new(Elsewhere(fine))), quiet()).await;
    assert_eq!(finished(&events), [(1, Outcome::Ok, None)]);
    assert_eq!((summary.counts.of(Outcome::Ok), summary.counts.of(Outcome::Failed), summary.target_count), (2, 1, 3));
    assert_eq!(summary.exit_code(), 1);
}

/// Leaves something open on its second target until the run ends, and cannot close it then.
struct Leaving(Arc<AtomicUsize>);

impl Executor for Leaving {
    fn attempt(&self, order: Order) -> BoxFuture<'static, AttemptEnd> {
        Elsewhere(fine).attempt(order)
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        let closed = Arc::clone(&self.0);
        async move {
            closed.fetch_add(1, Ordering::SeqCst);
        }
        .boxed()
    }

    fn shells_left(&self) -> Vec<session::ConnectionKey> {
        vec![session::ConnectionKey::from(&Target {
            endpoint: Endpoint::Local(LocalEndpoint { pwsh: "left".into() }),
            ..Target::clone(&target("h1", None))
        })]
    }
}

#[tokio::test]
async fn what_the_end_of_a_run_cannot_close_is_in_its_summary() {
    let mut spec = hosts(3);
    let mut targets = spec.header.targets.clone();
    let endpoint = Endpoint::Local(LocalEndpoint { pwsh: "left".into() });
    targets[1] = Arc::new(Target { endpoint, credential: None, ..Target::clone(&targets[1]) });
    spec.header = Arc::new(RunHeader::new(spec.header.run, targets));
    let closed = Arc::new(AtomicUsize::new(0));
    let (summary, _) = made(Run::new(spec, Arc::new(Leaving(Arc::clone(&closed)))), quiet()).await;
    assert_eq!((summary.counts.of(Outcome::Ok), closed.load(Ordering::SeqCst)), (3, 1));
    assert_eq!(summary.shells_left, [TargetId(1)]);
}
