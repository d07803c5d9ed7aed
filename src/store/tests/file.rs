//! The file: whose it is, and what is no store.

use super::*;

#[test]
fn other_files_are_refused() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(FILE);
    std::fs::write(&path, "not a database, though long enough to look like one: ".repeat(40)).expect("written");
    let refused = || Store::open(folder.path()).expect_err("refused").to_string();
    assert!(refused().contains("is not a store of psfleet"), "{}", refused());
    for (setup, what) in [
        ("CREATE TABLE x (y)", "it has tables of something else"),
        ("PRAGMA user_version = 1", "it belongs to another program"),
        ("PRAGMA user_version = 99; PRAGMA application_id = 1886611052", "is of a newer psfleet (its layout is 99"),
    ] {
        std::fs::remove_file(&path).expect("removed");
        Connection::open(&path).expect("a file").execute_batch(setup).expect("set up");
        assert!(refused().contains(what), "{}", refused());
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().expect("a folder");
    let state = folder.path().join("a/b");
    let _recorder = Store::open(&state).expect("a store").begin(&header(None), &targets(1)).expect("a journal");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    let files: Vec<_> = std::fs::read_dir(&state).expect("a folder").map(|entry| entry.expect("one").path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for path in files {
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn one_that_cannot_be_written_is_read() {
    let folder = TempDir::new().expect("a folder");
    let (header, targets) = (header(Some("monday")), targets(3));
    keep(&folder, &header, &targets, &story(&header, &targets), true);
    let expected = replayed(&opened(&folder), &opened(&folder).find("last").expect("the run"));
    let before = std::fs::read_dir(folder.path()).expect("a folder").count();
    let store = Store::read_only(folder.path()).expect("readable");
    let run = store.find("monday").expect("the run");
    assert_eq!(replayed(&store, &run), expected);
    let bundle = folder.path().join("bundle");
    store.export(&run, &bundle).expect("exported");
    std::fs::remove_file(bundle).expect("ours");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), before, "nothing is made beside it");
    let refused = store.begin(&super::header(None), &targets).err().expect("refused").to_string();
    assert!(refused.contains("runs.db in the state folder cannot be written"), "{refused}");
}

#[test]
fn one_with_something_beside_it_is_read_together_with_that() {
    let folder = TempDir::new().expect("a folder");
    let (header, targets) = (header(None), targets(1));
    let mut recorder = opened(&folder).begin(&header, &targets).expect("a journal");
    recorder.note(&[event(0, started(&header, &targets)), event(1, finished(0, Outcome::Ok))]).expect("noted");
    let beside = folder.path().join("runs.db-wal");
    assert!(std::fs::metadata(beside).expect("there").len() > 0, "what was noted is not in the file yet");
    let store = Store::read_only(folder.path()).expect("readable");
    assert_eq!(store.ends(&store.find("last").expect("the run")).expect("readable").len(), 1);
}

#[test]
fn one_of_another_layout_is_not_read_as_it_is() {
    let folder = TempDir::new().expect("a folder");
    drop(opened(&folder));
    for (layout, what) in [(1, "is of an older psfleet (layout 1)"), (99, "is of a newer psfleet")] {
        Connection::open(folder.path().join(FILE))
            .expect("a file")
            .pragma_update(None, "user_version", layout)
            .expect("set");
        let refused = Store::read_only(folder.path()).expect_err("refused").to_string();
        assert!(refused.contains(what), "{refused}");
    }
}

/// Whoever closes a descriptor of a file gives up all locks that its process has on that file: a second look at the store
/// must not take the first one's away.
#[cfg(target_os = "linux")]
#[test]
fn a_store_that_is_open_stays_locked_when_it_is_opened_again() {
    use std::os::unix::fs::MetadataExt;
    let folder = TempDir::new().expect("a folder");
    let _recorder = opened(&folder).begin(&header(None), &targets(1)).expect("a journal");
    let path = folder.path().join(FILE);
    let file = format!(":{}", std::fs::metadata(&path).expect("there").ino());
    // POSIX locks of this process on the file: "1: POSIX  ADVISORY  READ 4711 fe:00:1234 128 128".
    let locks = || {
        let all = std::fs::read_to_string("/proc/locks").expect("Linux tells");
        let ours = std::process::id().to_string();
        let is_ours =
            |line: &&str| line.split_whitespace().any(|word| word == ours) && line.contains(&format!("{file} "));
        all.lines().filter(is_ours).count()
    };
    let before = locks();
    assert!(before > 0, "SQLite locks the file while it is open");
    drop(opened(&folder));
    drop(Store::open_to_read(folder.path()).expect("readable"));
    super::own::file(&path).expect("ours");
    assert_eq!(locks(), before);
}

#[test]
fn one_that_a_full_disk_left_empty_is_filled_later_and_not_called_foreign() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(FILE);
    // As far as it comes where there is room for one page.
    let begun = Connection::open(&path).expect("a file");
    begun.pragma_update(None, "auto_vacuum", "INCREMENTAL").expect("set");
    begun.pragma_update(None, "journal_mode", "WAL").expect("set");
    drop(begun);
    assert!(std::fs::metadata(&path).expect("there").len() > 0);
    let said = Store::read_only(folder.path()).expect_err("nothing is in it").to_string();
    assert!(said.contains("never filled") && !said.contains("another program"), "{said}");
    opened(&folder).begin(&header(None), &targets(1)).expect("a journal");
}

/// Somebody tidies up below a run.
#[cfg(unix)]
#[test]
fn a_run_is_not_kept_in_a_file_that_was_removed() {
    let removals: [fn(&Path) -> std::io::Result<()>; 3] = [
        |folder| std::fs::remove_file(folder.join(FILE)),
        |folder| std::fs::remove_dir_all(folder),
        |folder| std::fs::remove_dir_all(folder.join("at-work")),
    ];
    for remove in removals {
        let folder = TempDir::new().expect("a folder");
        let (header, targets) = (header(None), targets(1));
        let mut recorder = opened(&folder).begin(&header, &targets).expect("a journal");
        recorder.note(&[event(1, started(&header, &targets))]).expect("kept");
        remove(folder.path()).expect("ours");
        let refused =
            recorder.note(&[event(2, finished(0, Outcome::Ok))]).expect_err("nobody would find it").to_string();
        assert!(refused.contains("removed while a run was being kept in it"), "{refused}");
        std::fs::create_dir_all(folder.path()).expect("the guard removes it");
    }
}
