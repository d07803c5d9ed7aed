use std::io::Write;

use proptest::prelude::*;

use super::{Csv, MAX_COLUMNS};
use crate::clixml::{Content, ListKind, Object, TypeNames, Value};
use crate::event::RunEvent;
use crate::output::testing::{Capture, Script, bag, settings, written};
use crate::output::{CsvSettings, Flow, Format, Settings, Sink};
use crate::stream::Stream;

/// The document of these objects, each on the target of this place.
fn csv(settings: &Settings, hosts: &[&str], objects: Vec<(u32, Value)>) -> String {
    let mut script = Script::new(hosts);
    let mut events = vec![script.started()];
    events.extend(objects.into_iter().map(|(target, value)| script.record(target, Stream::Output, value)));
    events.push(script.record(0, Stream::Error, Value::str("not data")));
    events.push(script.run_finished());
    written(Format::Csv, settings, &events)
}

/// What a strict reader finds: rows of equal width.
fn read(document: &str, delimiter: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(document.as_bytes());
    reader.records().map(|row| row.expect("equal width").iter().map(str::to_owned).collect()).collect()
}

fn row(members: Vec<(&str, Value)>) -> Value {
    bag(members).into()
}

#[test]
fn columns_are_the_union_in_inventory_order() {
    let objects = vec![
        (1, row(vec![("Only2", Value::I32(2)), ("Name", Value::str("b"))])),
        (0, row(vec![("Name", Value::str("a")), ("Size", Value::I64(7))])),
        (0, row(vec![("Late", Value::Null), ("name", Value::str("c"))])),
        (0, Value::str("just text")),
    ];
    let document = csv(&settings(), &["web01", "web02"], objects);
    assert_eq!(
        document,
        "PSComputerName,Name,Size,Late,Value,Only2\r\nweb02,b,,,,2\r\nweb01,a,7,,,\r\nweb01,c,,,,\r\nweb01,,,,just text,\r\n"
    );
}

#[test]
fn cells_are_typed() {
    let status = Object {
        type_names: TypeNames::new(["System.DayOfWeek", "System.Enum"]),
        to_string: Some("Friday".into()),
        content: Content::Value(Value::I32(5)),
        ..Object::default()
    };
    let list = Object {
        content: Content::List(ListKind::List, vec![Value::I32(1), Value::str("a,\"b")]),
        ..Object::default()
    };
    let object = row(vec![
        ("null", Value::Null),
        ("empty", Value::str("")),
        ("yes", Value::Bool(true)),
        ("negative", Value::I32(-5)),
        ("real", Value::F64(0.1)),
        ("when", Value::DateTime("2026-11-22T19:51:31Z".into())),
        ("span", Value::TimeSpan("-PT5M".into())),
        ("day", status.into()),
        ("list", list.into()),
        ("lines", Value::str("a\r\nb")),
        ("bytes", Value::Bytes([1, 2].into())),
        ("secret", Value::SecureString([1].into())),
    ]);
    let document = csv(&settings(), &["h"], vec![(0, object)]);
    let cells = document.split_once("\r\n").unwrap().1;
    assert_eq!(
        cells,
        "h,,\"\",True,-5,0.1,2026-11-22T19:51:31Z,-PT5M,Friday,\"[1,\"\"a,\\\"\"b\"\"]\",\"a\r\nb\",AQI=,\r\n"
    );
}

#[test]
fn spreadsheets_run_no_formula_of_a_host() {
    let texts = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "a=b", "'=x"];
    let objects = texts.iter().map(|text| (0, Value::str(*text))).collect::<Vec<_>>();
    let values = |settings: &Settings| -> Vec<String> {
        read(&csv(settings, &["h"], objects.clone()), b',').into_iter().skip(1).map(|row| row[1].clone()).collect()
    };
    assert_eq!(values(&settings()), ["'=cmd|' /C calc'!A0", "'+1", "'-1", "'@SUM(A1)", "'\tx", "'\rx", "a=b", "'=x"]);
    let raw = Settings { csv: CsvSettings { raw: true, ..settings().csv }, ..settings() };
    assert_eq!(values(&raw), texts);
    let names = read(&csv(&settings(), &["h"], vec![(0, row(vec![("=1+1", Value::I32(1))]))]), b',');
    assert_eq!(names, [["PSComputerName", "'=1+1"], ["h", "1"]]);
}

#[test]
fn delimiter_and_byte_order_mark() {
    let semicolon = CsvSettings { delimiter: b';', bom: true, raw: false };
    let object = row(vec![("a", Value::str("x;y")), ("b", Value::str("x,y"))]);
    let document = csv(&Settings { csv: semicolon, ..settings() }, &["h"], vec![(0, object)]);
    assert_eq!(document, "\u{feff}PSComputerName;a;b\r\nh;\"x;y\";x,y\r\n");
}

#[test]
fn selection_orders_the_columns() {
    let select = Settings { select: vec!["missing".into(), "b*".into(), "a".into()], ..settings() };
    let object = row(vec![("a", Value::I32(1)), ("Bee", Value::I32(2)), ("c", Value::I32(3))]);
    assert_eq!(csv(&select, &["h"], vec![(0, object)]), "PSComputerName,missing,Bee,a\r\nh,,2,1\r\n");
    assert_eq!(csv(&select, &["h"], vec![]), "PSComputerName,missing,a\r\n");
}

#[test]
fn the_host_is_one_column_however_it_is_asked_for() {
    let object = || row(vec![("PSComputerName", Value::str("inner")), ("Name", Value::str("n"))]);
    let written = |select: &[&str]| {
        let select = select.iter().map(|name| (*name).to_owned()).collect();
        csv(&Settings { select, ..settings() }, &["h"], vec![(0, object())])
    };
    assert_eq!(written(&["PSComputerName"]), "PSComputerName\r\nh\r\n");
    assert_eq!(written(&["name", "pscomputername", "Name"]), "PSComputerName,Name\r\nh,n\r\n");
    assert_eq!(written(&["PS*", "gone", "GONE"]), "PSComputerName,gone\r\nh,\r\n");
    assert_eq!(written(&[]), "PSComputerName,Name\r\nh,n\r\n");
}

#[test]
fn nothing_is_a_header_alone() {
    assert_eq!(csv(&settings(), &["h"], vec![]), "PSComputerName\r\n");
}

#[test]
fn data_in_names_is_refused() {
    let mut script = Script::new(&["h"]);
    let mut sink = Csv::new(Box::new(Capture::default()), &settings());
    let mut last = sink.event(&script.started());
    for place in 0..=MAX_COLUMNS {
        last = sink.event(&script.record(0, Stream::Output, row(vec![(&format!("p{place}"), Value::Null)])));
    }
    assert!(last.unwrap_err().to_string().contains("--select"));
}

#[test]
fn on_a_terminal_cells_are_safe() {
    let terminal = Settings { terminal: true, ..settings() };
    let document = csv(&terminal, &["h"], vec![(0, Value::str("\x1b]0;title\x07\u{9b}2J\x08=x"))]);
    assert_eq!(document, "PSComputerName,Value\r\nh,␈=x\r\n");
}

proptest! {
    #[test]
    fn a_strict_reader_finds_every_cell(
        rows in proptest::collection::vec(proptest::collection::btree_map("[a-c]{1,2}", any::<String>(), 0..4), 0..8),
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|')],
    ) {
        let csv_settings = CsvSettings { delimiter, bom: false, raw: true };
        let objects = rows.iter().filter(|row| !row.is_empty());
        let objects: Vec<_> = objects.map(|cells| cells.iter().map(|(name, text)| (name.as_str(), Value::str(text.clone()))).collect()).map(|members| (0, row(members))).collect();
        let document = csv(&Settings { csv: csv_settings, ..settings() }, &["h"], objects.clone());
        let mut found = read(&document, delimiter).into_iter();
        let header = found.next().unwrap();
        let found: Vec<_> = found.collect();
        prop_assert_eq!(found.len(), objects.len());
        for (cells, row) in rows.iter().filter(|row| !row.is_empty()).zip(&found) {
            for (name, cell) in header.iter().zip(row).skip(1) {
                prop_assert_eq!(cells.get(name).map_or("", String::as_str), cell.as_str());
            }
        }
    }
}

/// Counts bytes and holds none.
struct Counter(std::sync::Arc<std::sync::atomic::AtomicU64>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.fetch_add(bytes.len() as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn rows_wait_on_disk_not_in_memory() {
    let written = std::sync::Arc::default();
    let mut sink = Csv::new(Box::new(Counter(std::sync::Arc::clone(&written))), &settings());
    let mut script = Script::new(&["web01", "web02"]);
    let mut send = |event: &RunEvent| assert_eq!(sink.event(event).unwrap(), Flow::Continue);
    send(&script.started());
    for number in 0..60_000 {
        let object = row(vec![("Number", Value::I32(number)), ("Text", Value::str("x".repeat(40)))]);
        send(&script.record(number as u32 % 2, Stream::Output, object));
    }
    assert_eq!(written.load(std::sync::atomic::Ordering::Relaxed), 0);
    assert!(sink.rows.on_disk() && sink.rows.len() > 60_000 * 40);
    assert_eq!((sink.columns.all.len(), sink.columns.by_spelling.len(), sink.seen.len()), (2, 2, 2));
    sink.complete(&script.summary()).unwrap();
    assert!(written.load(std::sync::atomic::Ordering::Relaxed) > 60_000 * 50);
}
