use proptest::prelude::*;

use crate::clixml::{Content, ListKind, Object, TypeNames, Value};
use crate::event::RunEvent;
use crate::outcome::Outcome;
use crate::output::sanitize::is_hidden;
use crate::output::testing::{Script, bag, settings, written};
use crate::output::{Format, Settings};
use crate::stream::Stream;

fn text(events: &[RunEvent], width: usize) -> String {
    written(Format::Text, &Settings { width, ..settings() }, events)
}

/// What one host's objects look like.
pub(super) fn printed(objects: Vec<Value>) -> String {
    text(&of_one(objects), 120)
}

fn service(status: &str, name: &str, display: &str) -> Object {
    let mut object = bag(vec![
        ("CanStop", Value::Bool(true)),
        ("DisplayName", Value::str(display)),
        ("Name", Value::str(name)),
        ("Status", Value::str(status)),
    ]);
    object.type_names = TypeNames::new(["Deserialized.System.ServiceProcess.ServiceController"]);
    object
}

fn file(folder: &str, name: &str, unix: bool) -> Object {
    let mut notes = vec![
        ("PSParentPath", Value::str(format!("Microsoft.PowerShell.Core\\FileSystem::{folder}"))),
        ("Mode", Value::str("-a---")),
        ("LastWriteTime", Value::DateTime("2020-01-02T03:04:05.6+01:00".into())),
        ("Length", Value::I64(1320)),
        ("Name", Value::str(name)),
    ];
    if unix {
        let more = [("UnixMode", "-rw-r--r--"), ("User", "root"), ("Group", "root")];
        notes.extend(more.map(|(name, value)| (name, Value::str(value))));
        notes.push(("Size", Value::I64(1320)));
    }
    let mut object = bag(notes);
    object.type_names = TypeNames::new(["Deserialized.System.IO.FileInfo", "Deserialized.System.Object"]);
    object
}

fn few(name: &str, size: i32) -> Object {
    bag(vec![("Name", Value::str(name)), ("Size", Value::I32(size))])
}

/// All these objects from one host.
fn of_one(objects: Vec<Value>) -> Vec<RunEvent> {
    let mut script = Script::new(&["web01"]);
    let started = script.started();
    let records = objects.into_iter().map(|object| script.record(0, Stream::Output, object));
    let records: Vec<_> = records.collect();
    [vec![started], records, vec![script.finished(0, Outcome::Ok), script.run_finished()]].concat()
}

#[test]
fn two_hosts_are_told_apart_in_tables() {
    let mut script = Script::new(&["web01", "database01"]);
    let events = [
        script.started(),
        script.record(0, Stream::Output, few("a", 1)),
        script.record(1, Stream::Output, few("much longer", 123_456)),
        script.record(1, Stream::Output, Value::str("bare text")),
        script.finished(0, Outcome::Ok),
        script.record(1, Stream::Output, few("longer than the widths that hold", 7)),
        script.finished(1, Outcome::Ok),
        script.run_finished(),
    ];
    insta::assert_snapshot!(text(&events, 60), @r"
    Name          Size PSComputerName
    ----          ---- --------------
    a                1 web01
    much longer 123456 database01
    bare text
    longer tha…      7 database01
    ");
}

#[test]
fn two_hosts_are_told_apart_in_lists() {
    let mut script = Script::new(&["web01", "web02"]);
    let object = |number| {
        bag("abcde".split("").filter(|name| !name.is_empty()).map(|name| (name, Value::I32(number))).collect())
    };
    let events = [
        script.started(),
        script.record(0, Stream::Output, object(1)),
        script.record(1, Stream::Output, object(2)),
        script.record(0, Stream::Output, Value::F64(0.5)),
        script.run_finished(),
    ];
    insta::assert_snapshot!(text(&events, 60), @r"
    a              : 1
    b              : 1
    c              : 1
    d              : 1
    e              : 1
    PSComputerName : web01

    a              : 2
    b              : 2
    c              : 2
    d              : 2
    e              : 2
    PSComputerName : web02

    0.5
    ");
}

#[test]
fn the_name_of_the_host_is_never_cut_away() {
    let mut script = Script::new(&["web01", "web02"]);
    let events = [
        script.started(),
        script.record(0, Stream::Output, service("Running", "W32Time", "Windows Time")),
        script.record(1, Stream::Output, service("Stopped", "a service with quite a long name", "")),
        script.run_finished(),
    ];
    insta::assert_snapshot!(text(&events, 60), @r"
    Status   Name               DisplayName       PSComputerName
    ------   ----               -----------       --------------
    Running  W32Time            Windows Time      web01
    Stopped  a service with qu…                   web02
    ");
}

#[test]
fn selected_properties_are_a_table_or_a_list() {
    let service = || service("Running", "W32Time", "Windows Time").into();
    let select = |names: &[&str]| {
        let select = names.iter().map(|name| (*name).to_owned()).collect();
        written(Format::Text, &Settings { select, ..settings() }, &of_one(vec![service(), service()]))
    };
    insta::assert_snapshot!(select(&["name", "can*", "no"]), @r"
    Name    CanStop no
    ----    ------- --
    W32Time    True
    W32Time    True
    ");
    insta::assert_snapshot!(select(&["name", "status", "display*", "can*", "no"]), @r"
    Name        : W32Time
    Status      : Running
    DisplayName : Windows Time
    CanStop     : True
    no          :

    Name        : W32Time
    Status      : Running
    DisplayName : Windows Time
    CanStop     : True
    no          :
    ");
}

#[test]
fn files_stand_below_their_folder() {
    let windows = vec![file("C:\\a", "x.txt", false).into(), file("C:\\b", "y.txt", false).into()];
    insta::assert_snapshot!(text(&of_one(windows), 70), @r"
        Directory: C:\a

    Mode                 LastWriteTime         Length Name
    ----                 -------------         ------ ----
    -a---          01/02/2020    03:04           1320 x.txt

        Directory: C:\b

    Mode                 LastWriteTime         Length Name
    ----                 -------------         ------ ----
    -a---          01/02/2020    03:04           1320 y.txt
    ");
    let unix =
        vec![file("/etc", "passwd", true).into(), file("/etc", "a name that is too long for its column", true).into()];
    insta::assert_snapshot!(text(&of_one(unix), 90), @r"
        Directory: /etc

    UnixMode         User Group         LastWriteTime         Size Name
    --------         ---- -----         -------------         ---- ----
    -rw-r--r--       root root       01/02/2020 03:04         1320 passwd
    -rw-r--r--       root root       01/02/2020 03:04         1320 a name that is too long for
                                                                    its column
    ");
}

#[test]
fn the_first_object_decides() {
    let list = Object {
        content: Content::List(ListKind::List, vec![few("in a list", 5).into(), Value::Null, Value::I32(3)]),
        ..Object::default()
    };
    let other = bag(vec![("Other", Value::I32(1))]);
    let objects = vec![few("first", 1).into(), Value::Null, other.into(), Value::str("text"), list.into()];
    insta::assert_snapshot!(text(&of_one(objects), 60), @r"
    Name      Size
    ----      ----
    first        1

    text
    in a list    5

    3
    ");
    let objects = vec![service("Running", "WinRM", "Remote").into(), few("no service", 1).into(), Value::Bool(true)];
    insta::assert_snapshot!(text(&of_one(objects), 70), @r"
    Status   Name               DisplayName
    ------   ----               -----------
    Running  WinRM              Remote

    Name : no service
    Size : 1

    True
    ");
}

#[test]
fn hostile_text_is_made_safe() {
    let evil = "\x1b]0;title\x07a\u{202e}\x1b[2J\x07b";
    let mut table = bag(vec![(evil, Value::str(evil)), ("Size", Value::str("two\x1b[31m\r\nlines"))]);
    table.type_names = TypeNames::new([evil]);
    insta::assert_snapshot!(text(&of_one(vec![table.clone().into(), Value::str(evil)]), 60), @r"
    a\u{202e}␇b Size
    ----------- ----
    a\u{202e}␇b two…
    a\u{202e}␇b
    ");
    table.notes.extend((0..4).map(|number| (format!("P{number}").into(), Value::str(evil))));
    insta::assert_snapshot!(text(&of_one(vec![table.into()]), 40), @r"
    a\u{202e}␇b : a\u{202e}␇b
    Size        : two
                  lines
    P0          : a\u{202e}␇b
    P1          : a\u{202e}␇b
    P2          : a\u{202e}␇b
    P3          : a\u{202e}␇b
    ");
    let group = file(evil, evil, false);
    insta::assert_snapshot!(text(&of_one(vec![group.into()]), 70), @r"
        Directory: a\u{202e}␇b

    Mode                 LastWriteTime         Length Name
    ----                 -------------         ------ ----
    -a---          01/02/2020    03:04           1320 a\u{202e}␇b
    ");
}

#[test]
fn lines_are_as_wide_as_the_reader_wants() {
    let long = "word ".repeat(12);
    let narrow = vec![few(&long, 1).into()];
    insta::assert_snapshot!(text(&of_one(narrow), 30), @r"
    Name
    ----
    word word word word word word…
    ");
    let mut object = few(&long, 1);
    object.notes.extend((0..3).map(|number| (format!("Property{number}").into(), Value::Null)));
    insta::assert_snapshot!(text(&of_one(vec![object.into()]), 30), @r"
    Name      : word word word wor
                d word word word w
                ord word word word
                 word
    Size      : 1
    Property0 :
    Property1 :
    Property2 :
    ");
    // No width is too small.
    for width in 0..4 {
        let objects = vec![few("日本", 1).into(), service("Running", "WinRM", "Remote").into(), Value::str("text")];
        assert!(!text(&of_one(objects), width).is_empty());
    }
}

#[test]
fn headers_and_names_are_coloured() {
    let colored = |objects| written(Format::Text, &Settings { color: true, ..settings() }, &of_one(objects));
    assert!(colored(vec![few("a", 1).into()]).starts_with("\n\x1b[1m\x1b[32mName Size\x1b[0m\n"));
    let many = bag(["a", "b", "c", "d", "e"].map(|name| (name, Value::Null)).into());
    assert!(colored(vec![many.into()]).starts_with("\n\x1b[1m\x1b[32ma :\x1b[0m\n"));
}

#[test]
fn rows_do_not_wait_for_ever() {
    let mut script = Script::new(&["web01"]);
    let mut events = vec![script.started()];
    events.extend((0..300).map(|number| script.record(0, Stream::Output, few("a", number))));
    let text = text(&events, 60);
    assert_eq!(text.lines().take(4).collect::<Vec<_>>(), ["", "Name Size", "---- ----", "a       0"]);
    assert!(text.lines().count() > 250);
}

/// Values of every kind inside each other, with references to each other and types that have views.
fn any_value() -> impl Strategy<Value = Value> {
    let text = "[ -~\u{1b}\u{7}\r\n\t日é\u{202e}]{0,12}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_map(Value::F64),
        any::<i64>().prop_map(Value::I64),
        text.prop_map(Value::str),
        text.prop_map(|text| Value::Uri(text.into())),
        text.prop_map(|text| Value::Xml(text.into())),
        "[0-9T:.Z-]{0,20}".prop_map(|text| Value::DateTime(text.into())),
        "-?P[0-9]{1,12}DT[0-9]{1,9}S".prop_map(|text| Value::TimeSpan(text.into())),
        "[0-9]{1,9}\\.[0-9]".prop_map(|text| Value::Version(text.into())),
        "-?[0-9]{0,30}\\.[0-9]{0,5}".prop_map(|text| Value::Decimal(text.into())),
        (0_u32..4).prop_map(Value::Ref),
    ];
    let kinds = prop::sample::select(vec![
        "System.Enum",
        "System.Diagnostics.Process",
        "System.IO.FileInfo",
        "System.Management.Automation.PSDriveInfo",
        "System.Management.Automation.PSModuleInfo",
        "System.Management.Automation.ErrorRecord",
        "System.Management.Automation.PSCustomObject",
        "Other",
    ]);
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let content = prop_oneof![
            Just(Content::None),
            inner.clone().prop_map(Content::Value),
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| Content::List(ListKind::List, items)),
            prop::collection::vec((inner.clone(), inner.clone()), 0..6).prop_map(Content::Dict),
        ];
        let names =
            prop::sample::select(vec!["Name", "CPU", "Used", "PSParentPath", "LastWriteTime", "a\u{1b}\nb", ""]);
        let members = prop::collection::vec((names, inner), 0..7);
        (content, members, kinds.clone(), prop::option::of(0_u32..4), prop::option::of(text)).prop_map(
            |(content, members, kind, id, own)| {
                let notes = members.into_iter().map(|(name, value)| (name.into(), value)).collect();
                let (type_names, to_string) = (TypeNames::new([kind]), own.map(Into::into));
                Object { id, type_names, to_string, content, notes, ..Object::default() }.into()
            },
        )
    })
}

proptest! {
    #[test]
    fn nothing_that_a_host_sends_breaks_the_page(
        values in prop::collection::vec(any_value(), 0..8),
        width in 0_usize..120,
        hosts in 1_usize..3,
    ) {
        let mut script = Script::new(&["web01", "a\u{1b}[2Jb"][..hosts]);
        let mut events = vec![script.started()];
        for (place, value) in values.into_iter().enumerate() {
            events.push(script.record((place % hosts) as u32, Stream::Output, value));
        }
        events.push(script.run_finished());
        let text = text(&events, width);
        prop_assert!(!text.chars().any(|c| is_hidden(c) && c != '\n' && c != '\t'), "{text:?}");
    }
}
