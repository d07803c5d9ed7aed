//! Bundles: whole, damaged, and made by somebody with other plans.

use super::*;

/// A store with a run, and the run's bundle.
fn bundled() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let (header, targets) = (header(Some("monday")), targets(3));
    keep(&folder, &header, &targets, &story(&header, &targets), true);
    let other = self::header(None);
    keep(&folder, &other, &targets, &story(&other, &targets)[..9], true);
    let file = folder.path().join("monday.psfleet");
    let store = opened(&folder);
    store.export(&store.find("monday").expect("kept"), &file).expect("exported");
    (folder, file)
}

fn import(folder: &TempDir, file: &Path) -> Result<Imported, String> {
    opened(folder).import(file, at(1_000_000)).map_err(|error| error.to_string())
}

#[test]
fn a_bundle_is_the_run_on_another_machine() {
    let (here, file) = bundled();
    let there = TempDir::new().expect("a folder");
    let own = header(None);
    keep(&there, &own, &targets(1), &[event(0, started(&own, &targets(1)))], true);
    assert!(matches!(import(&there, &file), Ok(Imported::New(_))));
    let (one, two) = (opened(&here), opened(&there));
    let (was, is) = (one.find("monday").expect("kept"), two.find("monday").expect("imported"));
    assert_eq!(replayed(&one, &was), replayed(&two, &is));
    assert_eq!((one.header(&was).expect("readable"), was.state), (two.header(&is).expect("readable"), is.state));
    assert_eq!(two.find("last").expect("kept").id, own.run, "the last run is one that was made here");
    assert_eq!(is.imported, Some(at(1_000_000)));
    // Again, and after a change.
    assert!(matches!(import(&there, &file), Ok(Imported::Already(_))));
    assert!(matches!(import(&here, &file), Ok(Imported::Already(_))));
    two.db.execute("UPDATE outcomes SET at = at + 1 WHERE target = 0", []).expect("changed");
    assert!(import(&there, &file).expect_err("refused").contains("is here already, with other contents"));
    assert_eq!(two.runs().expect("readable").len(), 2);
    // Its age counts from its import, not from its begin.
    let retention = Retention { age: Duration::from_secs(60), bytes: u64::MAX };
    let removed = opened(&there).prune(retention, None, at(1_030_000)).expect("pruned");
    assert_eq!(removed.runs.iter().map(|run| run.id).collect::<Vec<_>>(), [own.run]);
}

#[test]
fn hosts_of_a_bundle_have_names_of_hosts() {
    let (_here, file) = bundled();
    let there = TempDir::new().expect("a folder");
    let db = rusqlite::Connection::open(&file).expect("a bundle");
    let packed: Vec<u8> = db.query_row("SELECT targets FROM runs", [], |row| row.get(0)).expect("targets");
    let targets = crate::store::unpack(&packed).expect("packed by us");
    for name in ["", "../../x", "-oProxyCommand=x", "web\u{9b}2J", "a b", "web\u{202e}1", "x\ny", "a,b", "@all"] {
        let mut changed: serde_json::Value = serde_json::from_str(&targets).expect("JSON");
        changed[0]["name"] = name.into();
        let packed = zstd::bulk::compress(changed.to_string().as_bytes(), 3).expect("packed");
        db.execute("UPDATE runs SET targets = ?1", [packed]).expect("changed");
        checksum::note(&db).expect("as we would");
        let error = import(&there, &file).expect_err(name);
        assert!(error.contains(&format!("'{name}' is not the name of a host")), "{error}");
    }
}

#[test]
fn a_bundle_holds_nothing_of_other_runs() {
    let (here, file) = bundled();
    let other = opened(&here).find("last").expect("kept").id.to_string();
    let bytes = std::fs::read(&file).expect("a file");
    assert!(!bytes.windows(other.len()).any(|window| window == other.as_bytes()));
    assert!(!file.with_extension("psfleet-journal").exists() && !file.with_extension("psfleet-wal").exists());
}

#[test]
fn crafted_files_are_refused_and_leave_nothing() {
    let bomb = zstd::bulk::compress(&vec![b'x'; 64 << 20], 3).expect("packed");
    let mut wrong = Vec::new();
    for (change, what) in [
        ("CREATE TRIGGER t AFTER INSERT ON runs BEGIN SELECT 1; END", "its tables are not those"),
        ("CREATE VIEW v AS SELECT 1", "its tables are not those"),
        ("CREATE TABLE more (x)", "its tables are not those"),
        ("CREATE INDEX more ON runs (begun)", "its tables are not those"),
        ("ALTER TABLE runs ADD COLUMN more INTEGER AS (abs(begun))", "its tables are not those"),
        ("DROP TABLE chunks", "its tables are not those"),
        ("DELETE FROM runs", "it has no run"),
        (
            "INSERT INTO runs SELECT 2, 'x', begun, label, title, target_count, header, targets, 1, NULL, checksum FROM runs",
            "more than one",
        ),
        ("UPDATE runs SET run = 'x'", "damaged"),
        ("UPDATE runs SET run = '019a0000-0000-7000-8000-000000000000'", "its header is of another run"),
        ("UPDATE runs SET begun = -1", "its header is of another run"),
        ("UPDATE runs SET title = 'x'", "its header is of another run"),
        ("UPDATE runs SET target_count = 4", "targets are missing"),
        ("UPDATE runs SET target_count = -1", "damaged"),
        ("UPDATE runs SET header = ?1", "damaged"),
        ("UPDATE runs SET targets = zeroblob(1000)", "damaged"),
        ("UPDATE parts SET first = -1", "there is no place -1"),
        ("UPDATE parts SET last = 0", "there is no place 0"),
        ("UPDATE parts SET ended = 9223372036854775807", "damaged"),
        (
            "UPDATE parts SET summary = '{\"counts\":[[\"ok\",18446744073709551615],[\"ok\",2]],\"micros\":1}'",
            "more outcomes",
        ),
        ("UPDATE parts SET summary = '{\"counts\":[],\"micros\":1,\"shells_left\":[7]}'", "has no target 7"),
        ("UPDATE parts SET run = 2", "rows of another run"),
        ("UPDATE events SET place = 9223372036854775807 WHERE place = (SELECT max(place) FROM events)", "no place"),
        ("UPDATE events SET data = replace(data, '\"target\":2', '\"target\":3')", "has no target 3"),
        ("UPDATE events SET data = '['", "damaged"),
        ("UPDATE outcomes SET target = 3 WHERE target = 2", "has no target 3"),
        ("UPDATE outcomes SET outcome = 'fine'", "'fine' is not an outcome"),
        ("UPDATE outcomes SET at = 9223372036854775807", "damaged"),
        ("UPDATE outcomes SET data = '{}'", "damaged"),
        ("UPDATE chunks SET target = 3", "has no target 3"),
        ("UPDATE chunks SET target = -1", "damaged"),
        ("UPDATE chunks SET last = last + 1", "not what its row says"),
        ("UPDATE chunks SET last = first", "not in order"),
        ("UPDATE chunks SET records = records + 1", "not what its row says"),
        ("UPDATE chunks SET size = -1", "damaged"),
        ("UPDATE chunks SET size = 1000000000", "larger than any record"),
        ("UPDATE chunks SET data = ?1", "larger than it may be"),
        ("UPDATE chunks SET data = ?1, size = 67108864", "damaged"),
        ("UPDATE chunks SET data = zeroblob(120000000)", "damaged"),
        ("PRAGMA application_id = 1", "not a file of psfleet runs export"),
        ("PRAGMA user_version = 0", "not a file of psfleet runs export"),
        ("PRAGMA user_version = 99", "it is of a newer psfleet (its layout is 99"),
        ("PRAGMA journal_mode = WAL", "not a file of psfleet runs export"),
    ] {
        let (_here, file) = bundled();
        let db = Connection::open(&file).expect("a file");
        db.pragma_update(None, "foreign_keys", false).expect("set");
        match change.contains("?1") {
            true => drop(db.execute(change, [&bomb]).expect(change)),
            false => db.execute_batch(change).expect(change),
        }
        // Whoever makes one up sees to that, where there is still something to sum up.
        let _ = checksum::note(&db);
        drop(db);
        let there = TempDir::new().expect("a folder");
        match import(&there, &file) {
            Err(refused) if refused.starts_with("cannot import ") && refused.contains(what) => {}
            other => wrong.push(format!("{change}: {other:?}")),
        }
        assert!(opened(&there).runs().expect("readable").is_empty(), "{change}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn damaged_files_are_refused_or_whole() {
    let (here, file) = bundled();
    let whole = std::fs::read(&file).expect("a file");
    let there = TempDir::new().expect("a folder");
    let damaged = there.path().join("damaged.psfleet");
    let try_it = |bytes: &[u8]| {
        std::fs::write(&damaged, bytes).expect("written");
        import(&there, &damaged)
    };
    for length in [0, 1, 99, 100, 4096, whole.len() / 2, whole.len() - 1] {
        try_it(&whole[..length]).expect_err("cut");
    }
    try_it(&b"not a database, though long enough to look like one: ".repeat(40)).expect_err("text");
    import(&there, there.path()).expect_err("a folder");
    import(&there, Path::new("/nowhere/x.psfleet")).expect_err("nothing");
    let mut number = 7u64;
    let mut draw = |limit: usize| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (number >> 33) as usize % limit
    };
    let mut refused = 0;
    let is = replayed(&opened(&here), &opened(&here).find("monday").expect("kept"));
    let written: Vec<usize> = (0..whole.len()).filter(|&at| whole[at] != 0).collect();
    for _ in 0..150 {
        let mut bytes = whole.clone();
        let bit = draw(8);
        let at = written[draw(written.len())];
        bytes[at] ^= 1 << bit;
        match try_it(&bytes) {
            Ok(Imported::New(run)) => {
                // What was not noticed is in what nobody reads.
                let mut store = opened(&there);
                assert_eq!(replayed(&store, &run), is, "bit {bit} of byte {at}");
                assert!(store.remove(&run).expect("removed"));
            }
            Ok(Imported::Already(_)) => panic!("nothing is here"),
            Err(said) => refused += usize::from(said.contains("export the run again where it was made")),
        }
    }
    assert!(refused > 75, "{refused}");
}

#[test]
fn bundles_from_before_there_were_checksums_are_taken() {
    let (here, file) = bundled();
    let db = Connection::open(&file).expect("a file");
    db.execute_batch("ALTER TABLE runs DROP COLUMN checksum; PRAGMA user_version = 3").expect("as it was");
    drop(db);
    let there = TempDir::new().expect("a folder");
    assert!(matches!(import(&there, &file), Ok(Imported::New(_))));
    let run = |folder: &TempDir| replayed(&opened(folder), &opened(folder).find("monday").expect("there"));
    assert_eq!(run(&here), run(&there));
    // One that should have a checksum and has none is no older one.
    let (_here, file) = bundled();
    Connection::open(&file).expect("a file").execute("UPDATE runs SET checksum = NULL", []).expect("changed");
    assert!(
        import(&TempDir::new().expect("a folder"), &file).expect_err("refused").contains("do not fit its checksum")
    );
}

#[test]
fn records_are_read_by_target() {
    let (here, _) = bundled();
    let store = opened(&here);
    let run = store.find("monday").expect("kept");
    let mut by_target = store.by_target(&run).expect("readable");
    let mut texts = Vec::new();
    let read = by_target.of(TargetId(1), &[Stream::Output], |record, _| {
        texts.push(crate::clixml::text(&record.value.root).chars().take(2).collect::<String>());
        texts.len() < 3
    });
    read.expect("readable");
    assert_eq!(texts, ["1 ", "3 ", "5 "]);
    by_target.of(TargetId(9), &[Stream::Output], |_, _| panic!("nobody")).expect("readable");
}
