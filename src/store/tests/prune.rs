//! What is removed, and what is spared.

use super::*;
use crate::left_shell::LeftShell;

/// A text that cannot be packed into much less.
fn noise() -> String {
    let mut number = 1u32;
    let mut next = || {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + (number >> 24) as u8 % 90)
    };
    (0..40_000).map(|_| next()).collect()
}

#[test]
fn old_runs_go_and_those_at_work_stay() {
    let folder = TempDir::new().expect("a folder");
    let headers: Vec<Header> = (0..4).map(|_| header(None)).collect();
    for header in &headers {
        let events = [
            event(0, started(header, &targets(1))),
            event(1, record(0, Stream::Output, &noise())),
            event(2, finished(0, Outcome::Ok)),
        ];
        keep(&folder, header, &targets(1), &events, true);
    }
    let mut store = opened(&folder);
    let runs = store.runs().expect("readable");
    let at_work = opened(&folder).claim(&runs[3]).expect("free");
    let all = Retention { age: Duration::from_secs(10), bytes: u64::MAX };
    assert_eq!(store.prune(all, None, at(9_000)).expect("pruned"), Pruned::default());
    let small = Retention { bytes: store.bytes().expect("a number") - 1, ..all };
    let pruned = store.prune(small, None, at(9_000)).expect("pruned");
    assert_eq!(pruned.runs.iter().map(|run| run.id).collect::<Vec<_>>(), [runs[2].id], "the oldest that may go");
    assert!(pruned.bytes > 10_000, "{}", pruned.bytes);
    let pruned = store.prune(all, None, at(60_000)).expect("pruned");
    assert_eq!(pruned.runs.iter().map(|run| run.id).collect::<Vec<_>>(), [runs[1].id, runs[0].id]);
    assert_eq!(store.runs().expect("readable").len(), 1);
    drop(at_work);
    assert_eq!(store.prune(all, None, at(60_000)).expect("pruned").runs.len(), 1);
    let rows: u64 = store
        .db
        .query_row("SELECT (SELECT count(*) FROM chunks) + (SELECT count(*) FROM outcomes)", [], |row| row.get(0))
        .expect("a number");
    assert_eq!(rows, 0, "what belongs to a run goes with it");
}

/// A run of two hosts, one of which was left running for an hour.
pub(super) fn left(folder: &TempDir, end: Outcome) -> Header {
    let (header, targets) = (header(None), targets(2));
    let (pool, pipeline) = (Uuid::nil(), Uuid::nil());
    let shell = LeftShell {
        pool,
        shell: "S".to_owned(),
        pipeline,
        command: "C".to_owned(),
        wrapped: false,
        keep_for: 3600,
        process: None,
    };
    let RunEventKind::TargetFinished(detached) = finished(0, Outcome::Detached) else { panic!("an end") };
    let detached = RunEventKind::TargetFinished(Finished { left: Some(Box::new(shell)), ..detached });
    let kinds = [started(&header, &targets), detached, finished(1, end), ended(&header, 2, &[Outcome::Detached, end])];
    let events: Vec<Emission> = (0..).zip(kinds).map(|(millis, kind)| event(millis, kind)).collect();
    keep(folder, &header, &targets, &events, true);
    header
}

/// The runs that a prune removes, and those that it spares because something of them is not collected.
fn pruned(folder: &TempDir, retention: Retention, ended: Option<Uuid>, now: Timestamp) -> (Vec<Uuid>, Vec<Uuid>) {
    let pruned = opened(folder).prune(retention, ended, now).expect("pruned");
    let ids = |runs: &[Run]| runs.iter().map(|run| run.id).collect::<Vec<_>>();
    (ids(&pruned.runs), ids(&pruned.awaited))
}

const NOTHING: Retention = Retention { age: Duration::ZERO, bytes: 0 };
const HOUR: i64 = 3_600_000;

#[test]
fn what_hosts_keep_for_a_run_keeps_the_run() {
    let folder = TempDir::new().expect("a folder");
    let waiting = left(&folder, Outcome::Ok);
    let resumable = left(&folder, Outcome::NotStarted);
    let both = vec![waiting.run, resumable.run];
    for retention in [NOTHING, Retention { bytes: u64::MAX, ..NOTHING }] {
        assert_eq!(pruned(&folder, retention, None, at(HOUR)), (vec![], both.clone()));
    }
    // Somebody collected for a while, and was killed: the host counts from there.
    let run = opened(&folder).find(&waiting.run.to_string()).expect("kept");
    let claim = opened(&folder).claim(&run).expect("free");
    let mut recorder = opened(&folder).go_on(&run, claim).expect("a journal");
    recorder.note(&[event(HOUR, started(&waiting, &targets(2)))]).expect("noted");
    drop(recorder);
    let an_hour_later = pruned(&folder, NOTHING, None, at(HOUR + 1000));
    assert_eq!(an_hour_later, (vec![resumable.run], vec![waiting.run]), "nobody can collect the other one any more");
    assert_eq!(pruned(&folder, NOTHING, None, at(2 * HOUR + 1000)), (vec![waiting.run], vec![]));
}

#[test]
fn a_run_does_not_remove_itself_at_its_own_end() {
    let folder = TempDir::new().expect("a folder");
    let headers: Vec<Header> = (0..2).map(|_| header(None)).collect();
    for header in &headers {
        keep(
            &folder,
            header,
            &targets(1),
            &[event(0, started(header, &targets(1))), event(1, finished(0, Outcome::Ok))],
            true,
        );
    }
    let (older, own) = (headers[0].run, headers[1].run);
    assert_eq!(pruned(&folder, NOTHING, Some(own), at(9_000)), (vec![older], vec![]));
    assert_eq!(pruned(&folder, NOTHING, None, at(9_000)), (vec![own], vec![]), "for the next one it is any other");
}

#[test]
fn for_want_of_room_unfinished_runs_go_last() {
    let folder = TempDir::new().expect("a folder");
    let headers: Vec<Header> = (0..3).map(|_| header(None)).collect();
    for (place, header) in headers.iter().enumerate() {
        let end = if place == 0 { Outcome::NotStarted } else { Outcome::Ok };
        let kinds = [started(header, &targets(1)), record(0, Stream::Output, &noise()), finished(0, end)];
        let events: Vec<Emission> = (0..).zip(kinds).map(|(millis, kind)| event(millis, kind)).collect();
        keep(&folder, header, &targets(1), &events, true);
    }
    let [unfinished, old, new] = [0, 1, 2].map(|place: usize| headers[place].run);
    let bytes = opened(&folder).bytes().expect("a number");
    let age = Duration::from_secs(60);
    assert_eq!(pruned(&folder, Retention { age, bytes: bytes - 1 }, Some(new), at(9_000)), (vec![old], vec![]));
    assert_eq!(pruned(&folder, Retention { age, bytes: 0 }, Some(new), at(9_000)), (vec![unfinished], vec![]));
}
