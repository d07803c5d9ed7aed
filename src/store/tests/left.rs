//! What was left running on hosts.

use super::prune::left;
use super::*;

#[test]
fn what_a_part_had_received_that_broke_off_may_not_be_kept() {
    let folder = TempDir::new().expect("a folder");
    let header = left(&folder, Outcome::Ok);
    let unclear = || {
        let store = opened(&folder);
        store.left_unclear(&store.find("last").expect("it")).expect("readable")
    };
    assert!(unclear().is_empty(), "the part that left it has its end");
    go_on(&folder, &[event(10, started(&header, &targets(2)))]);
    assert!(unclear().is_empty(), "nobody had attached to it");
    go_on(
        &folder,
        &[event(11, started(&header, &targets(2))), event(12, RunEventKind::TargetRunning { target: TargetId(0) })],
    );
    assert_eq!(unclear().into_iter().collect::<Vec<_>>(), [TargetId(0)]);
    let store = opened(&folder);
    assert_eq!(store.lost(&store.find("last").expect("it")).expect("readable"), [], "it runs on, or has ended there");
    drop(store);
    let ended = ended(&header, 2, &[Outcome::Detached, Outcome::Ok]);
    go_on(
        &folder,
        &[event(20, started(&header, &targets(2))), event(21, finished(0, Outcome::Detached)), event(22, ended)],
    );
    assert!(unclear().is_empty(), "whoever collected since has said so");
}
