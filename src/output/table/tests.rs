use crate::clixml::{Object, TypeNames, Value};
use crate::event::RunEvent;
use crate::outcome::Outcome;
use crate::output::Format;
use crate::output::testing::{Script, bag, settings, written};
use crate::stream::Stream;

fn service(script: &mut Script, target: u32, status: &str, name: &str, display: &str) -> RunEvent {
    let mut object = bag(vec![
        ("CanStop", Value::Bool(true)),
        ("DisplayName", Value::str(display)),
        ("Name", Value::str(name)),
        ("Status", Value::str(status)),
    ]);
    object.type_names = TypeNames::new(["System.ServiceProcess.ServiceController", "System.Object"]);
    script.record(target, Stream::Output, object)
}

fn table(events: &[RunEvent], width: usize) -> String {
    written(Format::Table, &crate::output::Settings { width, ..settings() }, events)
}

#[test]
fn rows_of_a_shape_stand_together() {
    let mut script = Script::new(&["web01", "database01"]);
    let events = [
        script.started(),
        service(&mut script, 0, "Running", "W32Time", "Windows Time"),
        service(&mut script, 1, "Stopped", "Spooler", "Print Spooler"),
        script.finished(0, Outcome::Ok),
        service(
            &mut script,
            1,
            "Running",
            "a service with quite a long name",
            "and a display name that is longer still",
        ),
        script.record(1, Stream::Output, Value::str("two\x1b[31m\r\nlines")),
        service(&mut script, 1, "Running", "WinRM", "Windows Remote Management"),
        script.finished(1, Outcome::Ok),
        script.run_finished(),
    ];
    insta::assert_snapshot!(table(&events, 72), @r"
    PSComputerName  Status       Name         DisplayName
    --------------  ------       ----         -----------
    web01           Running      W32Time      Windows Time
    database01      Stopped      Spooler      Print Spooler
    database01      Running      a service …  and a display name that is lo…
    database01: two
    database01: lines
    database01      Running      WinRM        Windows Remote Management
    (1 property of ServiceController not shown: CanStop; use -o list, or choose with --select)
    ");
}

#[test]
fn numbers_stand_right_and_one_host_needs_no_name() {
    let mut script = Script::new(&["web01"]);
    let mut events = vec![script.started()];
    for (name, size) in [("C:", Value::I64(42)), ("D:", Value::U64(123_456)), ("E:", Value::Null)] {
        events.push(script.record(0, Stream::Output, bag(vec![("Drive", Value::str(name)), ("Free", size)])));
    }
    events.push(script.run_finished());
    insta::assert_snapshot!(table(&events, 40), @r"
    Drive    Free
    -----    ----
    C:         42
    D:     123456
    E:
    ");
}

#[test]
fn what_does_not_fit_is_told() {
    let mut script = Script::new(&["web01"]);
    let names: Vec<_> = (0..12).map(|number| format!("Property{number}")).collect();
    let object = bag(names.iter().map(|name| (name.as_str(), Value::str("some text"))).collect());
    let events = [script.started(), script.record(0, Stream::Output, object), script.run_finished()];
    insta::assert_snapshot!(table(&events, 50), @r"
    Property0  Property1  Property2  Property3
    ---------  ---------  ---------  ---------
    some text  some text  some text  some text
    (8 properties not shown: Property4, Property5, Property6, Property7, Property8, Property9, …; use -o list, or choose with --select)
    ");
}

#[test]
fn selected_properties_are_the_columns() {
    let mut script = Script::new(&["web01"]);
    let events = [script.started(), service(&mut script, 0, "Running", "WinRM", "Remote"), script.run_finished()];
    let settings = crate::output::Settings { select: vec!["name".into(), "can*".into(), "no".into()], ..settings() };
    insta::assert_snapshot!(written(Format::Table, &settings, &events), @r"
    Name   CanStop  no
    ----   -------  --
    WinRM  True
    ");
}

#[test]
fn a_selected_host_is_a_column_of_one_host_too() {
    let mut script = Script::new(&["web01"]);
    let events = [script.started(), service(&mut script, 0, "Running", "WinRM", "Remote"), script.run_finished()];
    let select = |names: &[&str]| crate::output::Settings {
        select: names.iter().map(|name| (*name).to_owned()).collect(),
        ..settings()
    };
    insta::assert_snapshot!(written(Format::Table, &select(&["name", "PSComputerName"]), &events), @r"
    PSComputerName  Name
    --------------  ----
    web01           WinRM
    ");
    insta::assert_snapshot!(written(Format::Table, &select(&["pscomputername"]), &events), @r"
    PSComputerName
    --------------
    web01
    ");
    let text = written(Format::Text, &select(&["name", "PSComputerName"]), &events);
    assert!(text.contains("PSComputerName") && text.contains("web01") && text.contains("WinRM"), "{text}");
    let list = written(Format::List, &select(&["PSComputerName"]), &events);
    assert_eq!(list, "PSComputerName : web01\n\n");
}

#[test]
fn objects_without_properties_are_text() {
    let mut script = Script::new(&["web01"]);
    let plain = Object { to_string: Some("127.0.0.1".into()), ..Object::default() };
    let events = [script.started(), script.record(0, Stream::Output, plain), script.run_finished()];
    assert_eq!(table(&events, 40), "127.0.0.1\n");
}

#[test]
fn what_the_script_has_selected_is_shown_whole() {
    for kind in [
        "Selected.System.Diagnostics.Process",
        "Selected.Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Service",
        "Deserialized.Selected.System.IO.FileInfo",
    ] {
        let mut object = bag(vec![
            ("PSPath", Value::str("here")),
            ("Name", Value::str("a")),
            ("ProcessId", Value::I32(1)),
            ("Mode", Value::str("d")),
        ]);
        object.type_names = TypeNames::new([kind, "System.Management.Automation.PSCustomObject"]);
        let mut script = Script::new(&["web01"]);
        let events = [script.started(), script.record(0, Stream::Output, object), script.run_finished()];
        assert_eq!(
            table(&events, 60),
            "PSPath  Name  ProcessId  Mode\n------  ----  ---------  ----\nhere    a             1  d\n",
            "{kind}"
        );
    }
}

#[test]
fn what_is_left_out_is_told_once_for_each_type() {
    let mut script = Script::new(&["web01"]);
    let mut events = vec![script.started()];
    for _ in 0..2 {
        events.push(service(&mut script, 0, "Running", "W32Time", "Windows Time"));
        events.push(script.record(0, Stream::Output, bag(vec![("A", Value::I32(1)), ("B", Value::I32(2))])));
        events.push(script.finished(0, Outcome::Ok));
    }
    events.push(script.run_finished());
    let text = table(&events, 60);
    let note = "(1 property of ServiceController not shown: CanStop; use -o list, or choose with --select)\n";
    assert!(text.ends_with(note) && text.matches("not shown").count() == 1, "{text}");
}

#[test]
fn scalars_between_rows_stand_where_they_came_and_repeat_no_header() {
    let mut script = Script::new(&["web01"]);
    let mut events = vec![script.started()];
    for number in 0..3 {
        let row =
            bag(vec![("Name", Value::str("x".repeat(number + 1))), ("Size", Value::I64(10_i64.pow(number as u32)))]);
        events.push(script.record(0, Stream::Output, row));
        events.push(script.record(0, Stream::Output, Value::I32(number as i32)));
        events.push(script.record(0, Stream::Output, Value::str("text")));
    }
    events.push(script.finished(0, Outcome::Ok));
    events.push(script.record(0, Stream::Output, Value::Bool(true)));
    events.push(script.record(0, Stream::Output, bag(vec![("Name", Value::str("y")), ("Size", Value::I64(5))])));
    events.push(script.run_finished());
    insta::assert_snapshot!(table(&events, 40), @r"
    Name      Size
    ----      ----
    x            1
    0
    text
    xx          10
    1
    text
    xxx        100
    2
    text
    True
    y            5
    ");
}

#[test]
fn a_number_that_finds_no_room_loses_its_begin() {
    let mut script = Script::new(&["web01"]);
    let row = |size: f64| bag(vec![("Text", Value::str("t".repeat(30))), ("Size", Value::F64(size))]);
    let events = [
        script.started(),
        script.record(0, Stream::Output, row(1.0 / 3.0)),
        script.record(0, Stream::Output, row(123_456_789_012_345.5)),
        script.run_finished(),
    ];
    insta::assert_snapshot!(table(&events, 24), @r"
    Text                Size
    ----                ----
    tttttttttt…        0.333
    tttttttttt…  …89012345.5
    ");
}

#[test]
fn the_host_is_cut_last() {
    let mut script = Script::new(&["web01.a-long-domain.example", "web02"]);
    let row = bag(vec![("Text", Value::str("t".repeat(60))), ("More", Value::str("m".repeat(60)))]);
    let events = [script.started(), script.record(0, Stream::Output, row), script.run_finished()];
    insta::assert_snapshot!(table(&events, 60), @r"
    PSComputerName               Text             More
    --------------               ----             ----
    web01.a-long-domain.example  tttttttttttttt…  mmmmmmmmmmmmm…
    ");
}
