mod bundle;
mod facts;
mod file;
mod left;
mod names;
mod prune;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::clixml::{Decoder, Document, Value};
use crate::event::{Finished, RunEventKind, RunHeader, StepEnd, Summary};
use crate::exit::ExitFacts;
use crate::fleet::{Emission, Journal};
use crate::outcome::{Counts, Outcome, Reason};
use crate::record::Record;
use crate::stream::Stream;
use crate::target::{Endpoint, LocalEndpoint, Target, TargetId, TargetSnapshot, Timeouts};

fn targets(count: u32) -> Vec<TargetSnapshot> {
    let target = |n| TargetSnapshot {
        name: format!("web{n:02}"),
        endpoint: Endpoint::Local(LocalEndpoint { pwsh: "pwsh".into() }),
        user: None,
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts: Timeouts::default(),
    };
    (1..=count).map(target).collect()
}

fn header(label: Option<&str>) -> Header {
    Header {
        run: Uuid::now_v7(),
        // A clock that is finer than what the store keeps.
        begun: at(0) + Duration::from_nanos(789),
        label: label.map(str::to_owned),
        title: "Get-Date".to_owned(),
        command: "run".to_owned(),
        hash: "0".to_owned(),
        words: vec!["run".to_owned(), "Get-Date".to_owned()],
        given: Vec::new(),
        machine: "here".to_owned(),
        folder: "/".into(),
        names: BTreeMap::new(),
        stdin: None,
        work: json!({ "text": "Get-Date" }),
        settings: json!({}),
    }
}

/// A moment of the tests.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_764_000_000_000 + millis).expect("a time")
}

fn event(millis: i64, kind: RunEventKind) -> Emission {
    Emission::new(at(millis), kind)
}

fn started(header: &Header, targets: &[TargetSnapshot]) -> RunEventKind {
    let targets: Vec<Arc<Target>> = targets.iter().map(|target| Arc::new(target.clone().with(None))).collect();
    RunEventKind::RunStarted(Arc::new(RunHeader::new(header.run, targets)))
}

fn running(target: u32) -> RunEventKind {
    RunEventKind::TargetRunning { target: TargetId(target) }
}

fn record(target: u32, stream: Stream, text: &str) -> RunEventKind {
    let value = Document::new(Value::str(text));
    RunEventKind::Record(Record { target: TargetId(target), stream, value, terminating: stream == Stream::Error })
}

fn finished(target: u32, outcome: Outcome) -> RunEventKind {
    RunEventKind::TargetFinished(Finished {
        target: TargetId(target),
        outcome,
        reason: (outcome != Outcome::Ok).then_some(Reason::ScriptError),
        message: if outcome == Outcome::Ok { String::new() } else { "it threw <&>".to_owned() },
        hint: (outcome == Outcome::Failed).then(|| "look".to_owned()),
        exit_code: (outcome == Outcome::Failed).then_some(-1),
        auth: (outcome == Outcome::Ok).then(|| "Kerberos".to_owned()),
        attempts: 2,
        duration: Duration::from_micros(1_234_567),
        errors: 3,
        objects: 4,
        shell_may_remain: outcome == Outcome::Lost,
        left: None,
    })
}

fn ended(header: &Header, count: u64, outcomes: &[Outcome]) -> RunEventKind {
    let mut counts = Counts::default();
    outcomes.iter().for_each(|&outcome| counts.add(outcome));
    let exit = ExitFacts { stopped_early: true, strict: true, ..ExitFacts::default() };
    let duration = Duration::from_millis(77);
    let shells_left = vec![TargetId(1)];
    RunEventKind::RunFinished(Arc::new(Summary {
        run: header.run,
        counts,
        target_count: count,
        duration,
        exit,
        shells_left,
    }))
}

/// All that a reader could tell of an event.
fn told(at: Timestamp, kind: &RunEventKind) -> String {
    match kind {
        RunEventKind::RunStarted(header) => format!("{at} {:?}", header.snapshot()),
        kind => format!("{at} {kind:?}"),
    }
}

fn replayed(store: &Store, run: &Run) -> Vec<String> {
    let mut all = Vec::new();
    let read = store.replay(run, Attempts::Last, |(at, kind)| {
        all.push(told(at, &kind));
        true
    });
    read.expect("readable");
    all
}

fn opened(folder: &TempDir) -> Store {
    Store::open(folder.path()).expect("a store")
}

/// Keeps these events, each in a note of its own or all in one.
fn keep(folder: &TempDir, header: &Header, targets: &[TargetSnapshot], events: &[Emission], together: bool) {
    let mut recorder = opened(folder).begin(header, targets).expect("a journal");
    let chunks = if together { events.chunks(events.len().max(1)) } else { events.chunks(1) };
    chunks.for_each(|events| recorder.note(events).expect("noted"));
}

fn story(header: &Header, targets: &[TargetSnapshot]) -> Vec<Emission> {
    let long = "x".repeat(30_000);
    let failed = RunEventKind::AttemptFailed {
        target: TargetId(2),
        attempt: 1,
        reason: Reason::Refused,
        message: "nobody listens".to_owned(),
        retry_in: Duration::from_secs(2),
    };
    let mut kinds = vec![started(header, targets)];
    kinds.extend((0..3).map(|target| RunEventKind::TargetStarted { target: TargetId(target), attempt: 1 }));
    kinds.extend([running(0), running(1), failed]);
    for n in 0..9 {
        kinds.push(record(n % 2, Stream::Output, &format!("{n} {long}")));
        kinds.push(record(1, [Stream::Warning, Stream::Verbose, Stream::Debug][n as usize % 3], "said"));
    }
    kinds.extend([record(0, Stream::Error, "boom"), finished(0, Outcome::Failed), running(2)]);
    kinds.extend([
        record(1, Stream::Progress, "50 %"),
        record(2, Stream::Information, "host"),
        record(2, Stream::Output, ""),
    ]);
    let step = StepEnd { step: 1, steps: 2, targets: 1, refusal: None };
    kinds.extend([
        RunEventKind::RunPaused(step.clone()),
        RunEventKind::StepFinished(StepEnd { refusal: Some("web02 is not well".to_owned()), ..step }),
        RunEventKind::RunClosed { reason: Reason::Gate, message: "after step 1".to_owned(), at_work: 3 },
        RunEventKind::RunStopping { reason: Reason::Deadline },
        finished(2, Outcome::Ok),
        finished(1, Outcome::Lost),
    ]);
    kinds.push(ended(header, 3, &[Outcome::Failed, Outcome::Ok, Outcome::Lost]));
    kinds.into_iter().enumerate().map(|(n, kind)| event(n as i64 * 3, kind)).collect()
}

#[test]
fn what_was_noted_is_replayed() {
    for together in [false, true] {
        let folder = TempDir::new().expect("a folder");
        let (header, targets) = (header(Some("monday")), targets(3));
        let events = story(&header, &targets);
        keep(&folder, &header, &targets, &events, together);
        let store = opened(&folder);
        let run = store.find("last").expect("the run");
        let expected: Vec<String> = events.iter().map(|event| told(event.at, &event.kind)).collect();
        assert_eq!(replayed(&store, &run), expected);
        assert_eq!((store.header(&run).expect("readable"), store.targets(&run).expect("readable")), (header, targets));
        assert_eq!((run.state, run.exit_code, run.counts.total(), run.target_count), (State::Done, Some(5), 3, 3));
        assert_eq!((run.begun, run.ended), (at(0), Some(events.last().expect("one").at)));
    }
}

#[test]
fn what_ended_in_its_midst_is_known_as_far_as_it_came() {
    let (header, targets) = (header(None), targets(3));
    let events = story(&header, &targets);
    for noted in 0..events.len() {
        let folder = TempDir::new().expect("a folder");
        keep(&folder, &header, &targets, &events[..noted], false);
        let store = opened(&folder);
        let run = store.find("last").expect("the run");
        let is_kind = |wanted: fn(&RunEventKind) -> Option<u32>| {
            events[..noted].iter().filter_map(|event| wanted(&event.kind)).collect::<Vec<_>>()
        };
        let mut ends =
            is_kind(|kind| if let RunEventKind::TargetFinished(end) = kind { Some(end.target.0) } else { None });
        let mut ran =
            is_kind(|kind| if let RunEventKind::TargetRunning { target } = kind { Some(target.0) } else { None });
        ran.retain(|target| !ends.contains(target));
        ends.sort_unstable();
        let known = store.ends(&run).expect("readable");
        let (lost, known): (Vec<_>, Vec<_>) = known.into_iter().partition(|(target, _)| ran.contains(&target.0));
        let known: Vec<u32> = known.iter().map(|(target, _)| target.0).collect();
        assert_eq!(known, ends, "after {noted} events");
        assert!(lost.len() == ran.len() && lost.iter().all(|(_, outcome)| *outcome == Outcome::Lost), "{lost:?}");
        // With an outcome, all records of its target are there.
        let expected: Vec<String> = events[..noted].iter().map(|event| told(event.at, &event.kind)).collect();
        let again = replayed(&store, &run);
        for event in &events[..noted] {
            if let RunEventKind::Record(record) = &event.kind
                && ends.contains(&record.target.0)
            {
                assert!(again.contains(&told(event.at, &event.kind)), "after {noted} events");
            }
        }
        let (kept, made): (Vec<_>, Vec<_>) = again[1..again.len() - 1].iter().partition(|told| expected.contains(told));
        if noted < events.len() {
            assert_eq!(made.len(), 3 - ends.len(), "each target has one end: {made:?}");
            assert_eq!(made.iter().filter(|told| told.contains("Lost")).count(), lost.len(), "after {noted} events");
        }
        assert!(kept.is_sorted_by_key(|told| expected.iter().position(|known| known == *told)), "in their order");
        assert_eq!(run.state == State::Done, ends.len() == 3, "after {noted} events");
    }
}

#[test]
fn a_run_goes_on_where_it_ended() {
    let folder = TempDir::new().expect("a folder");
    let (header, targets) = (header(None), targets(2));
    let first = [
        event(0, started(&header, &targets)),
        event(1, running(0)),
        event(2, record(0, Stream::Output, "one")),
        event(3, finished(0, Outcome::Ok)),
        event(4, running(1)),
        event(5, finished(1, Outcome::NotStarted)),
        event(6, ended(&header, 2, &[Outcome::Ok, Outcome::NotStarted])),
    ];
    keep(&folder, &header, &targets, &first, false);
    let run = opened(&folder).last_unfinished(false).expect("it");
    assert_eq!((run.state, run.id), (State::Unfinished, header.run));
    let second = [
        event(10, started(&header, &targets)),
        event(11, running(1)),
        event(12, record(1, Stream::Output, "two")),
        event(13, finished(1, Outcome::Failed)),
        event(14, ended(&header, 2, &[Outcome::Ok, Outcome::Failed])),
    ];
    let claim = opened(&folder).claim(&run).expect("free");
    let mut recorder = opened(&folder).go_on(&run, claim).expect("a journal");
    assert!(matches!(opened(&folder).claim(&run), Err(Error::AtWork(_))), "one at a time");
    assert_eq!(opened(&folder).find("last").expect("it").state, State::AtWork);
    let busy = opened(&folder).last_unfinished(false).expect_err("somebody is at work on it").to_string();
    assert!(busy.contains(&format!("no run is unfinished but {}", header.run)), "{busy}");
    recorder.note(&second).expect("noted");
    drop(recorder);
    let store = opened(&folder);
    let run = store.find("last").expect("it");
    assert!(store.parts(&run).expect("readable").iter().all(|part| part.exit_code == Some(5)), "both have their end");
    let again = replayed(&store, &run);
    let both = first.iter().take(5).chain(&second[1..]);
    let expected: Vec<String> = both.map(|event| told(event.at, &event.kind)).collect();
    assert_eq!(again, expected, "one run, each target with its last outcome");
    assert_eq!((run.state, run.exit_code), (State::Done, Some(5)));
}

#[test]
fn a_closed_run_is_not_offered_until_it_goes_on() {
    let folder = TempDir::new().expect("a folder");
    let (header, targets) = (header(None), targets(3));
    keep(&folder, &header, &targets, &[event(0, started(&header, &targets))], true);
    let store = opened(&folder);
    let run = store.last_unfinished(false).expect("it");
    let held = store.claim(&run).expect("free");
    assert!(matches!(store.close(&run, at(5)), Err(Error::AtWork(_))), "somebody is at work on it");
    drop(held);
    assert!(store.close(&run, at(5)).expect("closed"));
    assert!(store.last_unfinished(false).is_err());
    let run = store.find("last").expect("it");
    assert_eq!((run.state, store.close(&run, at(6)).expect("nothing to do")), (State::Closed, false));
    let claim = store.claim(&run).expect("free");
    drop(store.go_on(&run, claim).expect("it goes on"));
    assert_eq!(opened(&folder).last_unfinished(false).expect("it").id, run.id);
}

#[test]
fn what_ran_after_its_last_outcome_is_lost() {
    let folder = TempDir::new().expect("a folder");
    let (header, targets) = (header(None), targets(3));
    let first = [
        event(0, started(&header, &targets)),
        event(1, finished(0, Outcome::NotStarted)),
        event(2, finished(1, Outcome::Skipped)),
        event(3, running(2)),
        event(4, finished(2, Outcome::Ok)),
    ];
    keep(&folder, &header, &targets, &first, false);
    let run = opened(&folder).last_unfinished(false).expect("it");
    assert_eq!(opened(&folder).lost(&run).expect("readable"), []);
    let claim = opened(&folder).claim(&run).expect("free");
    let mut recorder = opened(&folder).go_on(&run, claim).expect("a journal");
    recorder.note(&[event(5, started(&header, &targets)), event(6, running(0)), event(7, running(1))]).expect("noted");
    drop(recorder);
    let store = opened(&folder);
    let run = store.find("last").expect("it");
    let lost = store.lost(&run).expect("readable");
    assert_eq!(lost, [TargetId(0), TargetId(1)]);
    // A part that begins with what was lost has its end too.
    let claim = store.claim(&run).expect("free");
    let mut recorder = opened(&folder).go_on(&run, claim).expect("a journal");
    recorder.lose(&lost).expect("noted");
    let outcomes = [Outcome::Lost, Outcome::Lost, Outcome::Ok];
    recorder.note(&[event(8, started(&header, &targets)), event(9, ended(&header, 3, &outcomes))]).expect("noted");
    drop(recorder);
    let store = opened(&folder);
    let run = store.find("last").expect("it");
    assert_eq!((run.state, run.exit_code, run.ended), (State::Done, Some(5), Some(at(9))));
    assert!(store.last_unfinished(false).is_err());
    assert_eq!(store.last_unfinished(true).expect("what is lost may run once more").id, run.id);
}

/// Goes on with the last run.
fn go_on(folder: &TempDir, events: &[Emission]) {
    let run = opened(folder).find("last").expect("the run");
    let claim = opened(folder).claim(&run).expect("free");
    let mut recorder = opened(folder).go_on(&run, claim).expect("a journal");
    recorder.note(events).expect("noted");
    recorder.keep().expect("noted");
}

#[test]
fn records_are_those_of_the_last_attempt() {
    let folder = TempDir::new().expect("a folder");
    let (header, targets) = (header(None), targets(4));
    let texts = |attempts| {
        let store = opened(&folder);
        let mut texts = Vec::new();
        let read = store.replay(&store.find("last").expect("the run"), attempts, |(_, kind)| {
            if let RunEventKind::Record(record) = kind {
                texts.push(crate::clixml::text(&record.value.root).into_owned());
            }
            true
        });
        read.expect("readable");
        texts
    };
    let counts = |is_earlier: bool| {
        let store = opened(&folder);
        let run = store.find("last").expect("the run");
        let found = if is_earlier { store.earlier_records(&run) } else { store.records(&run) }.expect("readable");
        found.into_iter().map(|(target, count)| (target.0, count)).collect::<Vec<_>>()
    };
    let out = |target, text: &str| event(2, record(target, Stream::Output, text));
    // Killed while three ran; the first was left running.
    let mut events = vec![event(0, started(&header, &targets))];
    events.extend((0..4).map(|target| event(1, running(target))));
    events.extend([out(0, "0a"), out(1, "1a"), out(2, "2a"), out(3, "3a"), event(3, finished(0, Outcome::Detached))]);
    keep(&folder, &header, &targets, &events[..events.len() - 1], true);
    assert!(texts(Attempts::Last).is_empty(), "nothing said that it should be kept");
    opened(&folder).db.execute("DELETE FROM runs", []).expect("removed");
    let mut recorder = opened(&folder).begin(&header, &targets).expect("a journal");
    recorder.note(&events).expect("noted");
    recorder.keep().expect("noted");
    drop(recorder);
    let first = ["0a", "1a", "2a", "3a"];
    assert_eq!(texts(Attempts::Last), first, "what it had written is there as long as nothing else is");
    // Two run again, and one of them is cut off once more before it wrote anything.
    let again = [event(5, started(&header, &targets)), event(6, running(1)), event(6, running(2)), out(1, "1b")];
    go_on(&folder, &again);
    assert_eq!(texts(Attempts::Last), ["0a", "3a", "1b"]);
    assert_eq!(texts(Attempts::All), ["0a", "1a", "2a", "3a", "1b"]);
    // Another part goes on with what was left running, and with one whose attempts all came to nothing.
    let collected = [
        event(8, started(&header, &targets)),
        out(0, "0b"),
        event(9, finished(0, Outcome::Ok)),
        event(9, finished(3, Outcome::Unreachable)),
    ];
    go_on(&folder, &collected);
    assert_eq!(texts(Attempts::Last), ["0a", "3a", "1b", "0b"]);
    assert_eq!(counts(false), [(0, 2), (1, 1), (3, 1)]);
    assert_eq!(counts(true), [(1, 1), (2, 1)]);
    let store = opened(&folder);
    let mut by_target = store.by_target(&store.find("last").expect("the run")).expect("readable");
    let mut one = Vec::new();
    let read = by_target.of(TargetId(1), &[Stream::Output], |record, _| {
        one.push(crate::clixml::text(&record.value.root).into_owned());
        true
    });
    read.expect("readable");
    assert_eq!(one, ["1b"]);
}

#[test]
fn a_run_that_cannot_be_read_hides_no_other() {
    let folder = TempDir::new().expect("a folder");
    let (header, targets) = (header(None), targets(1));
    let events = [event(0, started(&header, &targets)), event(1, ended(&header, 1, &[Outcome::Ok]))];
    keep(&folder, &header, &targets, &events, false);
    let store = opened(&folder);
    store.db.execute("UPDATE parts SET summary = '{'", []).expect("changed");
    let runs = store.runs().expect("readable");
    assert_eq!(runs.iter().map(|run| run.state).collect::<Vec<_>>(), [State::Damaged]);
}

#[test]
fn a_target_that_the_run_has_not_is_damage() {
    let folder = TempDir::new().expect("a folder");
    let (header, targets) = (header(None), targets(2));
    keep(&folder, &header, &targets, &[event(0, running(2))], false);
    let store = opened(&folder);
    let run = store.find("last").expect("it");
    assert!(matches!(store.lost(&run), Err(Error::Damaged(what)) if what.contains("has no target 2")));
}

#[test]
fn a_view_is_of_one_moment() {
    let folder = TempDir::new().expect("a folder");
    let header = header(None);
    let events = [event(0, started(&header, &targets(1))), event(1, finished(0, Outcome::Ok))];
    keep(&folder, &header, &targets(1), &events, true);
    let store = opened(&folder);
    let view = store.view().expect("the first");
    assert!(store.view().is_err(), "one at a time");
    let run = store.find("last").expect("kept");
    let none = Retention { age: Duration::ZERO, bytes: 0 };
    assert_eq!(opened(&folder).prune(none, None, at(9_000)).expect("pruned").runs.len(), 1);
    assert_eq!(store.targets(&run).expect("still seen").len(), 1);
    drop(view);
    assert!(store.find("last").is_err() && store.view().is_ok());
}
