//! The store: how fast a run is kept and replayed, and how much room it takes beside its jsonl.
//!
//! `cargo bench --bench store` keeps 200,000 records of 200 hosts, `-- --full` a million. Keeping is compared with what
//! a run does with each record anyway: decoding it, and writing it as a line of jsonl. Then, how long a target waits
//! until its start is durable, before anything is sent to be run: 2 ms more than without a store is what it may be.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use psfleet::clixml::Decoder;
use psfleet::event::{Finished, RunEvent, RunEventKind, RunHeader, Summary};
use psfleet::exit::ExitFacts;
use psfleet::fleet::{AttemptEnd, Emission, Executor, Journal, Limits, Order, Run, RunSpec, Script};
use psfleet::outcome::{Counts, Outcome};
use psfleet::output::{Format, Settings, open};
use psfleet::psrp::{Command, Invocation};
use psfleet::record::Record;
use psfleet::store::{Attempts, Header, Store};
use psfleet::stream::Stream;
use psfleet::target::{Endpoint, LocalEndpoint, Target, TargetId, Timeouts};
use tokio::sync::mpsc;
use uuid::Uuid;

const FEW: u64 = 200_000;
const MANY: u64 = 1_000_000;
const TARGETS: u32 = 200;
/// Events that are noted together: what comes while the disk is written.
const TOGETHER: usize = 64;

fn main() {
    let records = if std::env::args().any(|argument| argument == "--full") { MANY } else { FEW };
    let folder = tempfile::TempDir::new().expect("a folder");
    let targets: Vec<Arc<Target>> = (0..TARGETS).map(|number| Arc::new(target(number))).collect();
    let header = RunHeader::new(Uuid::now_v7(), targets);

    let (written, lines) = write_lines(&header, records);
    println!("decoded, written as jsonl  {:>9.0} records/s, {} MB", rate(records, written), lines >> 20);

    let store = Store::open(folder.path()).expect("a store");
    let mut recorder = store.begin(&kept_header(&header), &header.snapshot()).expect("a journal");
    let begin = Instant::now();
    let mut batch = Vec::new();
    events(&header, records, |kind| {
        batch.push(Emission::new(Timestamp::now(), kind));
        if batch.len() == TOGETHER {
            recorder.note(&batch).expect("kept");
            batch.clear();
        }
    });
    recorder.note(&batch).expect("kept");
    let kept = begin.elapsed();
    drop(recorder);
    println!("decoded, kept              {:>9.0} records/s", rate(records, kept));

    let store = Store::open(folder.path()).expect("a store");
    let size = std::fs::metadata(store.path()).expect("a file").len();
    println!("file                       {} MB, {:.2} of the jsonl", size >> 20, size as f64 / lines as f64);

    let run = store.find("last").expect("the run");
    let begin = Instant::now();
    let mut count = 0;
    let replayed = store.replay(&run, Attempts::Last, |(_, kind)| {
        count += u64::from(matches!(kind, RunEventKind::Record(_)));
        true
    });
    replayed.expect("readable");
    assert_eq!(count, records);
    println!("replayed                   {:>9.0} records/s", rate(records, begin.elapsed()));

    for throttle in [1, 32, 128] {
        let [kept, not_kept] = [Some(folder.path()), None].map(|folder| starts(folder, throttle));
        let added = |part: f64| quantile(&kept, part).saturating_sub(quantile(&not_kept, part)).as_secs_f64() * 1e3;
        println!(
            "start kept, throttle {throttle:<4}  {:>9.2} ms added in the middle, {:.2} ms for one in twenty",
            added(0.5),
            added(0.95)
        );
    }
}

/// What a target takes besides: three round trips of 20 ms before its start, one behind it. Without them the journal
/// would be measured at its limit, where everything waits for it.
const OPENING: Duration = Duration::from_millis(60);
const RUNNING: Duration = Duration::from_millis(20);

/// How long each target of a run waits until its start is noted, the shortest first.
fn starts(folder: Option<&Path>, throttle: usize) -> Vec<Duration> {
    let invocation = Invocation { script: String::new(), arguments: Vec::new(), input: false };
    let work = Arc::new(Script::new(Arc::new(Command::new(&invocation, &[]))));
    let count = 20 * throttle.max(5) as u32;
    let targets = (0..count).map(|number| Arc::new(target(number))).collect();
    let limits = Limits::new(std::num::NonZeroUsize::new(throttle).expect("not 0"));
    let spec = RunSpec { limits, ..RunSpec::new(work, targets) };
    let header = &spec.header;
    let recorder = folder.map(|folder| {
        let store = Store::open(folder).expect("a store");
        store.begin(&kept_header(header), &header.snapshot()).expect("a journal")
    });
    let starts = Starts::default();
    let run = Run::new(spec, Arc::new(starts.clone()));
    let run = match recorder {
        Some(recorder) => run.journaled(Box::new(recorder)),
        None => run,
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (events, mut received) = mpsc::channel::<Emission>(256);
        let drain = tokio::spawn(async move { while received.recv().await.is_some() {} });
        let (_interrupt, interrupts) = mpsc::channel(1);
        run.go(events, interrupts).await;
        drain.await.expect("drains");
    });
    let mut waited = std::mem::take(&mut *starts.0.lock().expect("not poisoned"));
    assert_eq!(waited.len(), count as usize);
    waited.sort_unstable();
    waited
}

/// Does nothing on its targets but start.
#[derive(Clone, Default)]
struct Starts(Arc<Mutex<Vec<Duration>>>);

impl Executor for Starts {
    fn attempt(&self, order: Order) -> BoxFuture<'static, AttemptEnd> {
        let starts = self.clone();
        async move {
            tokio::time::sleep(OPENING).await;
            let begin = Instant::now();
            assert!(order.forward.running().await, "the journal can be written");
            starts.0.lock().expect("not poisoned").push(begin.elapsed());
            tokio::time::sleep(RUNNING).await;
            AttemptEnd::new(Outcome::Ok, None, "")
        }
        .boxed()
    }
}

/// The value that such a part of the sorted ones does not exceed.
fn quantile(sorted: &[Duration], part: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * part) as usize]
}

fn rate(records: u64, time: Duration) -> f64 {
    records as f64 / time.as_secs_f64()
}

/// The events of a run of so many records, interleaved as a fleet delivers them.
fn events(header: &RunHeader, records: u64, mut each: impl FnMut(RunEventKind)) {
    each(RunEventKind::RunStarted(Arc::new(RunHeader::new(header.run, header.targets.clone()))));
    (0..TARGETS).for_each(|number| each(RunEventKind::TargetRunning { target: TargetId(number) }));
    let mut decoder = Decoder::default();
    for number in 0..records {
        let target = TargetId((number % u64::from(TARGETS)) as u32);
        let value = decoder.decode(object(number).as_bytes()).expect("decodes");
        each(RunEventKind::Record(Record { target, stream: Stream::Output, value, terminating: false }));
    }
    let mut counts = Counts::default();
    for number in 0..TARGETS {
        counts.add(Outcome::Ok);
        each(RunEventKind::TargetFinished(finished(TargetId(number), records / u64::from(TARGETS))));
    }
    each(RunEventKind::RunFinished(Arc::new(Summary {
        run: header.run,
        counts,
        target_count: TARGETS.into(),
        duration: Duration::from_secs(1),
        exit: ExitFacts::default(),
        shells_left: Vec::new(),
    })));
}

/// Counts what is written.
struct Counted(Arc<AtomicU64>);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the run as jsonl; how long that takes, and how many bytes it is.
fn write_lines(header: &RunHeader, records: u64) -> (Duration, u64) {
    let written = Arc::new(AtomicU64::new(0));
    let mut sink = open(Format::Jsonl, Box::new(Counted(Arc::clone(&written))), &Settings::default());
    let begin = Instant::now();
    let mut seq = 0;
    events(header, records, |kind| {
        seq += 1;
        let event = RunEvent { seq, at: Timestamp::now(), kind };
        if let RunEventKind::RunFinished(summary) = &event.kind {
            sink.complete(summary).expect("a writer that takes all");
        }
        sink.event(&event).expect("a writer that takes all");
    });
    (begin.elapsed(), written.load(Ordering::Relaxed))
}

/// A service as WinRM sends it: what differs from record to record is what differs on hosts.
fn object(number: u64) -> String {
    let random = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 20;
    format!(
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Deserialized.System.Diagnostics.Process</T><T>System.Object</T></TN>\
         <ToString>System.Diagnostics.Process (svc{number})</ToString><Props><S N=\"Name\">svc{number}</S>\
         <I32 N=\"Id\">{}</I32><I64 N=\"WorkingSet64\">{random}</I64><B N=\"Responding\">{}</B>\
         <DT N=\"StartTime\">2026-11-{:02}T08:{:02}:{:02}.{:07}Z</DT><TS N=\"TotalProcessorTime\">PT{}.{:03}S</TS>\
         <S N=\"Path\">C:\\Program Files\\Contoso\\{:x}\\svc.exe</S></Props></Obj>",
        number % 65_536,
        number.is_multiple_of(7),
        1 + number % 28,
        number % 60,
        random % 60,
        random % 10_000_000,
        number % 900,
        random % 1_000,
        random % 4_096,
    )
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
        duration: Duration::from_secs(1),
        errors: 0,
        objects,
        shell_may_remain: false,
        auth: None,
        left: None,
    }
}

fn kept_header(header: &RunHeader) -> Header {
    Header {
        run: header.run,
        begun: Timestamp::now(),
        label: None,
        title: "Get-Process".to_owned(),
        command: "run".to_owned(),
        hash: String::new(),
        words: Vec::new(),
        given: Vec::new(),
        machine: String::new(),
        folder: "/".into(),
        names: BTreeMap::new(),
        stdin: None,
        work: serde_json::Value::Null,
        settings: serde_json::Value::Null,
    }
}
