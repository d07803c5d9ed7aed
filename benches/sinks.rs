//! Memory of the sinks: fed with millions of records, each must hold no more than with thousands.
//!
//! `cargo bench --bench sinks` compares 50,000 records with 500,000, `-- --full` with 5,000,000; names of sinks as
//! further arguments select some of them. Every figure is the VmHWM of a process of its own. Fails if one grows.

use std::collections::BTreeMap;
use std::io::sink;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use psfleet::clixml::Decoder;
use psfleet::event::{Finished, RunEvent, RunEventKind, RunHeader, Summary};
use psfleet::exit::ExitFacts;
use psfleet::outcome::{Counts, Outcome};
use psfleet::output::{Format, SelectedStreams, Settings, Sink, Sorted, open};
use psfleet::record::Record;
use psfleet::stream::Stream;
use psfleet::target::{Endpoint, LocalEndpoint, Target, TargetId, Timeouts};
use uuid::Uuid;

const SINKS: [&str; 7] = ["jsonl", "json", "csv", "sort-by", "table", "list", "text"];
const FEW: u64 = 50_000;
const TARGETS: u32 = 100;
/// How much more the large run may hold than the small one.
const ALLOWED: f64 = 1.2;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [command, name, records] = &arguments[..]
        && command == "--feed"
    {
        feed(name, records.parse().expect("a number"));
        println!("{}", peak());
        return;
    }
    let many = if arguments.iter().any(|argument| argument == "--full") { 100 * FEW } else { 10 * FEW };
    let chosen: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let mut grown = Vec::new();
    for name in SINKS.into_iter().filter(|name| chosen.is_empty() || chosen.iter().any(|chosen| chosen == name)) {
        let (small, large) = (measured(name, FEW), measured(name, many));
        let ratio = large as f64 / small as f64;
        println!("{name:<8} {FEW} records {small:>8} KiB, {many} records {large:>8} KiB, {ratio:.2} x");
        if ratio > ALLOWED {
            grown.push(name);
        }
    }
    assert!(grown.is_empty(), "these sinks grow with the run: {grown:?}");
}

/// The peak of a child that feeds a sink, in KiB.
fn measured(name: &str, records: u64) -> u64 {
    let program = std::env::current_exe().expect("our own path");
    let output = Command::new(program).args(["--feed", name, &records.to_string()]).output().expect("a child");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}

/// Our own VmHWM in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("VmHWM");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

fn opened(name: &str) -> Box<dyn Sink> {
    let settings = Settings { streams: SelectedStreams::all(), ..Settings::default() };
    let plain = |format| open(format, Box::new(sink()), &settings);
    match name {
        "json" => plain(Format::Json),
        "csv" => plain(Format::Csv),
        "table" => plain(Format::Table),
        "list" => plain(Format::List),
        "text" => plain(Format::Text),
        "sort-by" => Box::new(Sorted::new(vec!["Name".parse().expect("a property")], plain(Format::Jsonl))),
        _ => plain(Format::Jsonl),
    }
}

/// A whole run of so many records, from a generator.
fn feed(name: &str, records: u64) {
    let mut sink = opened(name);
    let mut seq = 0;
    let mut tell = |kind| {
        seq += 1;
        let event = RunEvent { seq, at: Timestamp::UNIX_EPOCH + Duration::from_millis(seq), kind };
        if let RunEventKind::RunFinished(summary) = &event.kind {
            sink.complete(summary).expect("a writer that takes all");
        }
        sink.event(&event).expect("a writer that takes all");
    };
    let header = RunHeader::new(Uuid::nil(), (0..TARGETS).map(|number| Arc::new(target(number))).collect());
    tell(RunEventKind::RunStarted(Arc::new(header)));
    let mut decoder = Decoder::default();
    for number in 0..records {
        let target = TargetId((number % u64::from(TARGETS)) as u32);
        let value = decoder.decode(object(number).as_bytes()).expect("decodes");
        tell(RunEventKind::Record(Record { target, stream: Stream::Output, value, terminating: false }));
    }
    let mut counts = Counts::default();
    for number in 0..TARGETS {
        counts.add(Outcome::Ok);
        tell(RunEventKind::TargetFinished(finished(TargetId(number), records / u64::from(TARGETS))));
    }
    tell(RunEventKind::RunFinished(Arc::new(Summary {
        run: Uuid::nil(),
        counts,
        target_count: TARGETS.into(),
        duration: Duration::ZERO,
        exit: ExitFacts::default(),
        shells_left: Vec::new(),
    })));
}

fn target(number: u32) -> Target {
    Target {
        name: format!("web{number:03}").into(),
        endpoint: Endpoint::Local(LocalEndpoint { pwsh: "pwsh".into() }),
        credential: None,
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts: Timeouts::default(),
    }
}

fn finished(target: TargetId, objects: u64) -> Finished {
    Finished {
        target,
        outcome: Outcome::Ok,
        reason: None,
        message: String::new(),
        hint: None,
        exit_code: None,
        attempts: 1,
        duration: Duration::ZERO,
        errors: 0,
        objects,
        shell_may_remain: false,
        auth: None,
        left: None,
    }
}

/// An object of one of a few shapes, so that there is a union of properties to find.
fn object(number: u64) -> String {
    // Scatters the names, so that they do not come in order.
    let name = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    format!(
        "<Obj RefId=\"0\"><MS><S N=\"Name\">service {name}</S><I64 N=\"Size\">{number}</I64><S N=\"Status\">Running</S>\
         <DT N=\"Since\">2026-11-22T10:20:30.1234567Z</DT><S N=\"Extra{}\">some more text</S></MS></Obj>",
        number % 40
    )
}
