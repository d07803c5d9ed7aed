use proptest::prelude::*;

use crate::clixml::{Content, ListKind, Object, TypeNames, Value};
use crate::event::RunEvent;
use crate::outcome::Outcome;
use crate::output::testing::{Capture, Script, bag, settings, written};
use crate::output::{Filtered, Format, Losses, Settings, Sink as _, Where, open};
use crate::stream::Stream;

/// The ids of PowerShell's classes.
const FORMAT_START: &str = "033ecb2bc07a4d43b5ef94ed5a35d280";
const FORMAT_END: &str = "cf522b78d86c486691226b40aa69e95c";
const GROUP_START: &str = "9e210fe47d09416682b841769c78b8a3";
const GROUP_END: &str = "4ec4f0187cb04f4cb6973460dfe252df";
const ENTRY: &str = "27c87ef9bbda4f709f6b4002fa4af63c";
const TABLE_HEADER: &str = "e3b7a39c089845d388b2e84c5d38f5dd";
const COLUMN: &str = "7572aa4155ec4558817a615acf7dd92e";
const LIST_HEADER: &str = "830bdcb24c1642258724e441512233a4";
const WIDE_HEADER: &str = "b2e2775d33d544c794d0081f27021b5c";
const CUSTOM_HEADER: &str = "5197dd85ca6f4cce9ae9e6fd6ded9d76";
const AUTOSIZE: &str = "a27f094f0eec4d64845801a4c06a32ae";
const ROW: &str = "0e59526e2dd441aa91e7fc952caf4a36";
const LIST_ENTRY: &str = "cf58f450baa848ef8eb3504008be6978";
const LIST_FIELD: &str = "b761477330ce4fb2a665999879324d73";
const WIDE_ENTRY: &str = "59bf79de63354a7b9e4d1697940ff188";
const CUSTOM_ENTRY: &str = "22e7ef3c896449d4a6f2dedea05dd737";
const RAW_TEXT: &str = "29ED81BA914544d4BC430F027EE053E9";
const NESTED: &str = "fba029a113a5458d932a2ed4871fadf2";
const TEXT: &str = "b8d9e369024a43a580b9e0c9279e3354";
const NEW_LINE: &str = "de7e8b96fbd84db5a43aa82eb34580ec";
const FRAME: &str = "091C9E762E33499eBE318901B6EFB733";
const FIELD: &str = "78b102e894f742aca8c1d6737b6ff86a";

fn node(class: &str, members: Vec<(&str, Value)>) -> Value {
    let mut object = bag(members);
    object.props = std::mem::take(&mut object.notes);
    object.props.insert(0, ("ClassId2e4f51ef21dd47e99d3c952918aff9cd".into(), Value::str(class)));
    object.type_names =
        TypeNames::new(["Microsoft.PowerShell.Commands.Internal.Format.FormatInfoData", "System.Object"]);
    object.into()
}

fn list(items: Vec<Value>) -> Value {
    Object { content: Content::List(ListKind::List, items), ..Object::default() }.into()
}

fn start(header: Value, autosize: bool) -> Value {
    let autosize = if autosize { node(AUTOSIZE, vec![("objectCount", Value::I32(0))]) } else { Value::Null };
    node(FORMAT_START, vec![("shapeInfo", header), ("autosizeInfo", autosize)])
}

fn table_start(columns: &[(&str, i32, i32)], autosize: bool) -> Value {
    let columns = columns.iter().map(|(name, width, alignment)| {
        let members = vec![
            ("width", Value::I32(*width)),
            ("alignment", Value::I32(*alignment)),
            ("label", Value::Null),
            ("propertyName", Value::str(*name)),
        ];
        node(COLUMN, members)
    });
    start(node(TABLE_HEADER, vec![("tableColumnInfoList", list(columns.collect()))]), autosize)
}

fn field(text: &str) -> Value {
    node(FIELD, vec![("propertyValue", Value::str(text)), ("alignment", Value::I32(0))])
}

fn entry(inner: Value) -> Value {
    node(ENTRY, vec![("formatEntryInfo", inner), ("outOfBand", Value::Bool(false))])
}

fn row(cells: &[&str]) -> Value {
    entry(node(ROW, vec![("formatPropertyFieldList", list(cells.iter().map(|cell| field(cell)).collect()))]))
}

fn item(text: &str) -> Value {
    entry(node(WIDE_ENTRY, vec![("formatPropertyField", field(text))]))
}

fn aside(text: &str) -> Value {
    node(
        ENTRY,
        vec![("formatEntryInfo", node(RAW_TEXT, vec![("text", Value::str(text))])), ("outOfBand", Value::Bool(true))],
    )
}

/// A sheet of Format-Table with these rows.
fn table(rows: &[[&str; 2]]) -> Vec<Value> {
    let mut orders = vec![table_start(&[("Id", 0, 3), ("Name", 0, 1)], false), node(GROUP_START, vec![])];
    orders.extend(rows.iter().map(|cells| row(cells)));
    orders.extend([node(GROUP_END, vec![]), node(FORMAT_END, vec![])]);
    orders
}

fn of_one(values: Vec<Value>) -> Vec<RunEvent> {
    let mut script = Script::new(&["web01"]);
    let started = script.started();
    let records: Vec<_> = values.into_iter().map(|value| script.record(0, Stream::Output, value)).collect();
    [vec![started], records, vec![script.finished(0, Outcome::Ok), script.run_finished()]].concat()
}

fn shown(format: Format, events: &[RunEvent]) -> String {
    written(format, &Settings { width: 40, ..settings() }, events)
}

#[test]
fn all_forms_for_people_print_it_alike() {
    let events = of_one(table(&[["1", "a"], ["200", "b"]]));
    insta::assert_snapshot!(shown(Format::Text, &events), @r"

     Id Name
     -- ----
      1 a
    200 b

    ");
    for format in [Format::Table, Format::List] {
        assert_eq!(shown(format, &events), shown(Format::Text, &events), "{format:?}");
    }
}

#[test]
fn what_stands_around_it_keeps_its_place() {
    let mut values = vec![Value::str("before")];
    values.extend(table(&[["1", "a"]]));
    values.push(bag(vec![("Size", Value::I32(7))]).into());
    values.push(Value::str("after"));
    insta::assert_snapshot!(shown(Format::Text, &of_one(values.clone())), @r"
    before

    Id Name
    -- ----
     1 a


    Size
    ----
       7
    after

    ");
    insta::assert_snapshot!(shown(Format::List, &of_one(values)), @r"
    web01: before

    Id Name
    -- ----
     1 a

    PSComputerName : web01
    Size           : 7

    web01: after
    ");
}

#[test]
fn the_sheet_of_each_host_is_whole_and_named() {
    let mut script = Script::new(&["web01", "web02"]);
    let mut events = vec![script.started()];
    for (one, other) in table(&[["1", "a"], ["2", "b"]]).into_iter().zip(table(&[["3", "c"], ["4", "d"]])) {
        events.push(script.record(0, Stream::Output, one));
        events.push(script.record(1, Stream::Output, Value::str("text")));
        events.push(script.record(1, Stream::Output, other));
    }
    events.extend([script.finished(0, Outcome::Ok), script.finished(1, Outcome::Ok), script.run_finished()]);
    insta::assert_snapshot!(shown(Format::Text, &events), @r"
    text
    text
    text
    text
    text

       PSComputerName: web01

    Id Name
    -- ----
     1 a
     2 b

    text

       PSComputerName: web02

    Id Name
    -- ----
     3 c
     4 d

    ");
    assert_eq!(shown(Format::Table, &events), shown(Format::Text, &events).replace("text\n", "web02: text\n"));
}

#[test]
fn a_sheet_that_is_cut_short_is_shown_as_far_as_it_came() {
    // | Select-Object -First: no end; the next one begins.
    let mut values = table(&[["1", "a"], ["2", "b"]]);
    values.truncate(3);
    values.extend(table(&[["3", "c"]]));
    insta::assert_snapshot!(shown(Format::Text, &of_one(values)), @r"

    Id Name
    -- ----
     1 a


    Id Name
    -- ----
     3 c

    ");
    // | Select-Object -Skip: no start, so that no one knows its columns.
    let mut values = table(&[["1", "a"], ["2", "b"]]);
    values.drain(..2);
    insta::assert_snapshot!(shown(Format::Text, &of_one(values)), @r"

    1 a
    2 b

    ");
    // The host is gone.
    let mut script = Script::new(&["web01", "web02"]);
    let mut events = vec![script.started()];
    events.extend(table(&[["1", "a"]]).into_iter().take(3).map(|value| script.record(1, Stream::Output, value)));
    events.extend([script.finished(1, Outcome::Lost), script.run_finished()]);
    insta::assert_snapshot!(shown(Format::Table, &events), @r"

       PSComputerName: web02

    Id Name
    -- ----
     1 a

    ");
}

#[test]
fn rows_come_while_the_host_still_works_unless_all_are_to_be_seen_first() {
    let rows = |autosize: bool| {
        let capture = Capture::default();
        let mut sink = open(Format::Text, Box::new(capture.clone()), &settings());
        let mut script = Script::new(&["web01"]);
        sink.event(&script.started()).expect("takes it");
        for value in [table_start(&[("Id", 0, 3)], autosize), node(GROUP_START, vec![]), row(&["1"])] {
            sink.event(&script.record(0, Stream::Output, value)).expect("takes it");
        }
        sink.idle().expect("takes it");
        let early = capture.text();
        sink.event(&script.record(0, Stream::Output, row(&["1000"]))).expect("takes it");
        sink.complete(&script.summary()).expect("takes it");
        (early, capture.text())
    };
    assert_eq!(rows(false), ("\nId\n--\n 1\n".to_owned(), "\nId\n--\n 1\n1…\n\n".replace("1…", "…0")));
    assert_eq!(rows(true), ("\n".to_owned(), "\n  Id\n  --\n   1\n1000\n\n".to_owned()));
}

#[test]
fn text_through_format_is_text() {
    assert_eq!(shown(Format::Text, &of_one(vec![aside("a"), aside("b\u{1b}[31m")])), "a\nb\n");
    assert_eq!(shown(Format::Table, &of_one(vec![aside("a")])), "a\n");
    assert_eq!(shown(Format::List, &of_one(vec![aside("a")])), "web01: a\n");
}

#[test]
fn a_filter_and_a_selection_leave_sheets_whole() {
    let events = of_one(table(&[["1", "a"]]));
    let select = Settings { width: 40, select: vec!["Name".to_owned()], ..settings() };
    assert_eq!(written(Format::Text, &select, &events), shown(Format::Text, &events));
    let capture = Capture::default();
    let inner = open(Format::Text, Box::new(capture.clone()), &Settings { width: 40, ..settings() });
    let expression: Where = "Id -gt 5".parse().expect("an expression");
    let mut sink = Filtered::new(expression, inner);
    for event in &events {
        sink.event(event).expect("takes it");
    }
    assert_eq!(capture.text(), shown(Format::Text, &events));
}

#[test]
fn formats_for_programs_keep_the_records_and_say_once_what_to_do() {
    let twice = [table(&[["1", "a"]]), table(&[["2", "b"]])].concat();
    for (format, types) in [(Format::Csv, false), (Format::Json, false), (Format::Jsonl, false), (Format::Jsonl, true)]
    {
        let losses = Losses::default();
        let text = written(format, &Settings { losses: losses.clone(), types, ..settings() }, &of_one(twice.clone()));
        assert!(text.contains("ClassId2e4f51ef21dd47e99d3c952918aff9cd"), "{format:?}");
        let told = losses.take();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with(
                "web01: the script uses Format-Table, which returns formatting instructions instead of objects"
            ),
            "{told:?}"
        );
        assert!(told[0].contains("--select Id,Name "), "{told:?}");
    }
    for (header, cmdlet) in
        [(LIST_HEADER, "Format-List"), (WIDE_HEADER, "Format-Wide"), (CUSTOM_HEADER, "Format-Custom")]
    {
        let losses = Losses::default();
        let events = of_one(vec![start(node(header, vec![]), false), node(FORMAT_END, vec![])]);
        written(Format::Csv, &Settings { losses: losses.clone(), ..settings() }, &events);
        let told = losses.take();
        assert!(told[0].contains(&format!("uses {cmdlet},")) && told[0].contains("--select NAME,..."), "{told:?}");
    }
    // A name that the shell or a terminal would take for something else is not repeated.
    let losses = Losses::default();
    let events = of_one(vec![table_start(&[("a;rm\u{1b}[2J", 0, 1)], false)]);
    written(Format::Csv, &Settings { losses: losses.clone(), ..settings() }, &events);
    assert!(losses.take()[0].contains("--select NAME,..."));
}

#[test]
fn what_cannot_be_selected_says_so_once_in_every_format() {
    let select = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let twice = [table(&[["1", "a"]]), table(&[["2", "b"]])].concat();
    for (format, result) in [
        (Format::Text, "all of it is shown"),
        (Format::List, "all of it is shown"),
        (Format::Table, "all of it is shown"),
        (Format::Csv, "there is nothing of theirs"),
        (Format::Json, "there is nothing of theirs"),
        (Format::Jsonl, "there is nothing of theirs"),
    ] {
        for names in [&["Id"][..], &["PSComputerName", "N*"]] {
            let losses = Losses::default();
            let settings = Settings { losses: losses.clone(), select: select(names), ..settings() };
            written(format, &settings, &of_one(twice.clone()));
            let told = losses.take();
            assert_eq!(told.len(), 1, "{format:?}: {told:?}");
            assert!(told[0].starts_with("web01: the script uses Format-Table, "), "{told:?}");
            assert!(
                told[0].contains("--select has no properties to choose from") && told[0].contains(result),
                "{told:?}"
            );
        }
    }
    // Without it, a sheet is what was wanted.
    for format in [Format::Text, Format::List, Format::Table] {
        let losses = Losses::default();
        written(format, &Settings { losses: losses.clone(), ..settings() }, &of_one(twice.clone()));
        assert!(losses.take().is_empty(), "{format:?}");
    }
}

#[test]
fn numbers_from_the_host_have_bounds() {
    let huge = i32::MAX;
    let columns: Vec<_> = (0..5000).map(|number| format!("c{number}")).collect();
    let columns: Vec<_> = columns.iter().map(|name| (name.as_str(), huge, -7)).collect();
    let cells = vec!["x"; 5000];
    let frame =
        |left: i32| node(FRAME, vec![("leftIndentation", Value::I32(left)), ("firstLine", Value::I32(i32::MIN))]);
    let framed = |left: i32| {
        let inner = node(
            NESTED,
            vec![
                ("formatValueList", list(vec![node(TEXT, vec![("text", Value::str("deep"))]), node(NEW_LINE, vec![])])),
                ("frameInfo", frame(left)),
            ],
        );
        entry(node(
            CUSTOM_ENTRY,
            vec![("formatValueList", list(vec![node(NESTED, vec![("formatValueList", list(vec![inner]))])]))],
        ))
    };
    let values = vec![
        table_start(&columns, true),
        row(&cells),
        start(node(WIDE_HEADER, vec![("columns", Value::I32(huge))]), false),
        item("a"),
        item("b"),
        start(node(WIDE_HEADER, vec![("columns", Value::I32(-huge))]), false),
        item("c"),
        start(node(CUSTOM_HEADER, vec![]), false),
        framed(huge),
        framed(-huge),
        framed(8),
    ];
    let text = shown(Format::Text, &of_one(values));
    assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 40), "{text}");
    for wanted in ["c0", "a  b\n", "\nc\n", "        deep\n", "\ndeep\n"] {
        assert!(text.contains(wanted), "{wanted:?} in {text}");
    }
}

#[test]
fn nesting_and_cycles_end() {
    let mut deep = node(TEXT, vec![("text", Value::str("bottom"))]);
    for _ in 0..200 {
        deep = node(NESTED, vec![("formatValueList", list(vec![deep]))]);
    }
    let Value::Object(mut cycle) = node(NESTED, vec![("formatValueList", list(vec![Value::Ref(9), Value::Ref(9)]))])
    else {
        unreachable!("an object")
    };
    cycle.id = Some(9);
    let values = [deep, Value::Object(cycle)];
    let entries = values.map(|value| entry(node(CUSTOM_ENTRY, vec![("formatValueList", list(vec![value]))])));
    let text = shown(Format::Text, &of_one(entries.into()));
    assert!(!text.contains("bottom") && text.len() < 100, "{text}");
}

/// An order with members that may have any values.
fn order() -> impl Strategy<Value = Value> {
    let classes = [
        FORMAT_START,
        FORMAT_END,
        GROUP_START,
        GROUP_END,
        ENTRY,
        TABLE_HEADER,
        COLUMN,
        LIST_HEADER,
        WIDE_HEADER,
        CUSTOM_HEADER,
        AUTOSIZE,
        ROW,
        LIST_ENTRY,
        LIST_FIELD,
        WIDE_ENTRY,
        CUSTOM_ENTRY,
        RAW_TEXT,
        NESTED,
        TEXT,
        NEW_LINE,
        FRAME,
        FIELD,
        "unknown",
    ];
    let names = [
        "shapeInfo",
        "autosizeInfo",
        "groupingEntry",
        "formatEntryInfo",
        "outOfBand",
        "tableColumnInfoList",
        "hideHeader",
        "width",
        "alignment",
        "label",
        "propertyName",
        "propertyValue",
        "formatPropertyFieldList",
        "multiLine",
        "columns",
        "listViewFieldList",
        "formatPropertyField",
        "formatValueList",
        "frameInfo",
        "leftIndentation",
        "firstLine",
        "text",
    ];
    let leaf = prop_oneof![
        any::<i32>().prop_map(Value::I32),
        "[ -~\\t\\n\u{1b}日é]{0,40}".prop_map(Value::str),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        (0_u32..3).prop_map(Value::Ref),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        let members = proptest::collection::vec((proptest::sample::select(names.to_vec()), inner.clone()), 0..6);
        prop_oneof![
            4 => (proptest::sample::select(classes.to_vec()), members).prop_map(|(class, members)| node(class, members)),
            1 => proptest::collection::vec(inner, 0..6).prop_map(list),
        ]
    })
}

proptest! {
    #[test]
    fn no_host_breaks_the_page(orders in proptest::collection::vec(order(), 0..12), width in 1_usize..60) {
        for format in [Format::Text, Format::Table, Format::List] {
            let text = written(format, &Settings { width, ..settings() }, &of_one(orders.clone()));
            let escapes = text.contains('\u{1b}');
            prop_assert!(!escapes);
        }
    }
}
