//! How runs are named.

use super::*;

#[test]
fn runs_have_names() {
    let folder = TempDir::new().expect("a folder");
    let headers: Vec<Header> = [Some("patch"), None, Some("patch"), None].map(header).into();
    headers.iter().for_each(|header| keep(&folder, header, &targets(1), &[], true));
    let store = opened(&folder);
    let found = |name: &str| store.find(name).map(|run| run.id).map_err(|error| error.to_string());
    let ids: Vec<Uuid> = headers.iter().map(|header| header.run).collect();
    for (name, run) in [("last", 3), ("last~0", 3), ("last~1", 2), ("last~3", 0), ("patch", 2)] {
        assert_eq!(found(name), Ok(ids[run]), "{name}");
    }
    for id in &ids {
        assert_eq!(found(&id.to_string()), Ok(*id));
        assert_eq!(found(&id.to_string()[..30].to_uppercase()), Ok(*id));
    }
    assert!(found("last~4").unwrap_err().contains("4 are kept in"));
    assert!(found("pathc").unwrap_err().contains("did you mean 'patch'?"));
    assert!(found("0").unwrap_err().starts_with("'0' is the begin of 4 runs:"));
    for name in ["", "zz", "latest", "last~", "last~x", "%", "'"] {
        assert!(found(name).unwrap_err().contains("psfleet runs ls"), "{name}");
    }
    let all: Vec<Uuid> = store.runs().expect("readable").iter().map(|run| run.id).collect();
    assert_eq!(all, ids.iter().rev().copied().collect::<Vec<_>>());
    let empty = TempDir::new().expect("a folder");
    assert!(opened(&empty).find("last").unwrap_err().to_string().starts_with("no run is kept in "));
}

#[test]
fn a_run_that_was_imported_is_not_the_last_one() {
    let folder = TempDir::new().expect("a folder");
    keep(&folder, &header(Some("theirs")), &targets(1), &[], true);
    let store = opened(&folder);
    store.db.execute("UPDATE runs SET imported = 1", []).expect("changed");
    let refused = store.find("last").unwrap_err().to_string();
    assert!(refused.contains("name one of the 1 that were imported") && store.find("theirs").is_ok(), "{refused}");
}

#[test]
fn checks_that_were_cut_off_are_not_what_is_resumed() {
    let folder = TempDir::new().expect("a folder");
    for header in [header(Some("first")), Header { command: "check".to_owned(), ..header(Some("second")) }] {
        let mut recorder = opened(&folder).begin(&header, &targets(2)).expect("a journal");
        recorder.note(&[event(1, started(&header, &targets(2)))]).expect("kept");
    }
    let store = opened(&folder);
    assert_eq!(store.find("second").expect("the check").state, State::Closed);
    assert_eq!(store.last_unfinished(true).expect("a run").label.as_deref(), Some("first"));
}
