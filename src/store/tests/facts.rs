//! What earlier runs tell of hosts.

use super::*;

/// An object of a class with a version, as CIM gives it.
fn of_class(target: u32, stream: Stream, class: &str, version: &str) -> RunEventKind {
    let xml = format!(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Microsoft.Management.Infrastructure.CimInstance#root/cimv2/{class}</T>\
         <T>System.Object</T></TN><Props><S N=\"Version\">{version}</S><I32 N=\"Build\">{}</I32></Props></Obj>",
        version.len()
    );
    let value = Decoder::default().decode(xml.as_bytes()).expect("an object");
    RunEventKind::Record(Record { target: TargetId(target), stream, value, terminating: false })
}

#[test]
fn facts_are_those_of_the_latest_run_that_knows() {
    let folder = TempDir::new().expect("a folder");
    let headers: Vec<Header> = [None, None, None].map(header).into();
    let versions = |version: &str| -> Vec<Emission> {
        let records = (0..3).map(|target| of_class(target, Stream::Output, "Win32_OS", version));
        let ends = (0..3).map(|target| finished(target, Outcome::Ok));
        records.chain(ends).map(|kind| event(1, kind)).collect()
    };
    keep(&folder, &headers[0], &targets(3), &versions("10.1"), true);
    let second = [
        event(1, of_class(0, Stream::Output, "Win32_OS", "10.2")),
        event(2, of_class(0, Stream::Output, "Win32_OS", "10.3")),
        event(2, of_class(0, Stream::Output, "Win32_OS", "10.2")),
        event(3, of_class(1, Stream::Output, "Win32_OSX", "11")),
        event(4, of_class(2, Stream::Error, "Win32_OS", "12")),
        event(5, record(1, Stream::Output, "Win32_OS")),
        event(6, finished(0, Outcome::Ok)),
        event(6, finished(1, Outcome::Ok)),
        event(6, finished(2, Outcome::Ok)),
    ];
    keep(&folder, &headers[1], &targets(3), &second, true);
    let store = opened(&folder);
    let facts = |kind: &str, property: &str, only: Option<&[&str]>, until: &str| {
        let only = only.map(|only| only.iter().map(|host| (*host).to_owned()).collect());
        let until = store.find(until).expect("a run");
        let found = store.facts(kind, property, only.as_ref(), &until).expect("readable");
        let run = |run: &Run| headers.iter().position(|header| header.run == run.id).expect("one of these");
        let shown = |found: &HostFacts| format!("{} {} {}", found.host, found.values.join("+"), run(&found.run));
        found.iter().map(shown).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(facts("Win32_OS", "Version", None, "last"), "web01 10.2+10.3 1, web02 10.1 0, web03 10.1 0");
    assert_eq!(facts("win32_os", "build", Some(&["web01", "web09"]), "last"), "web01 4 1");
    assert_eq!(facts("Win32_OS", "Version", None, "last~1"), "web01 10.1 0, web02 10.1 0, web03 10.1 0");
    assert_eq!(facts("Win32_OS", "Serial", None, "last"), "");
    assert_eq!(facts("Win32", "Version", None, "last"), "");
}
