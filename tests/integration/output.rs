//! What the sinks make of the objects of real PowerShell.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use psfleet::clixml::Document;
use psfleet::event::{RunEvent, RunEventKind, RunHeader, Summary};
use psfleet::exit::ExitFacts;
use psfleet::outcome::Counts;
use psfleet::output::{Format, SelectedStreams, Settings, Where, open};
use psfleet::record::Record;
use psfleet::stream::Stream;
use psfleet::target::{Endpoint, LocalEndpoint, Target, TargetId, Timeouts};

use crate::support::{pwsh, run};

/// Objects of several shapes and every stream.
const SCRIPT: &str = r#"
Write-Host 'half ' -NoNewline -ForegroundColor Red
Write-Host 'a line'
Write-Warning 'low disk'
Write-Verbose 'said' -Verbose
Write-Debug 'looked' -Debug
Write-Information 'noted' -InformationAction Continue -Tags a, b
Write-Progress -Activity Copying -Status '1 of 2' -PercentComplete 50
Get-Item /no/such/folder
Write-Error -Message 'own' -RecommendedAction 'try again' -ErrorId Mine -Category ObjectNotFound
[pscustomobject]@{ Name = '=1+1'; Size = 3GB; When = [datetime]'2026-11-22T19:51:31'; Took = [timespan]'1.02:03:04'; Day = [DayOfWeek]'Friday'; None = $null }
[pscustomobject]@{ Size = -5; Name = "two`r`nlines, `"quoted`""; Tags = 'a', 'b'; Nested = @{ k = 1 } }
'text'
,@(1, 2)
42
"#;

fn local(pwsh: &std::path::Path, name: &str) -> Target {
    Target {
        name: name.into(),
        endpoint: Endpoint::Local(LocalEndpoint { pwsh: pwsh.to_owned() }),
        credential: None,
        vars: BTreeMap::new(),
        labels: BTreeMap::new(),
        timeouts: Timeouts::default(),
    }
}

/// The events of a run on these targets, objects in order of arrival.
async fn events(targets: Vec<Target>, script: &str) -> Vec<RunEvent> {
    let spec = run::spec(targets, script);
    let header = Arc::clone(&spec.header);
    let ran = run::run(spec).await;
    let mut kinds = vec![RunEventKind::RunStarted(Arc::clone(&header))];
    kinds.extend(ran.records.into_iter().map(|(host, stream, value)| record(&header, &host, stream, value)));
    kinds.extend(ran.ends.into_iter().map(RunEventKind::TargetFinished));
    kinds.push(RunEventKind::RunFinished(Arc::new(Summary { ..ran.summary })));
    let at = Timestamp::now();
    (1..).zip(kinds).map(|(seq, kind)| RunEvent { seq, at, kind }).collect()
}

fn record(header: &RunHeader, host: &str, stream: Stream, value: Document) -> RunEventKind {
    let place = header.targets.iter().position(|target| &*target.name == host).expect("a target of the run");
    RunEventKind::Record(Record { target: TargetId(place as u32), stream, value, terminating: false })
}

fn settings() -> Settings {
    Settings { streams: SelectedStreams::all(), width: 100, ..Settings::default() }
}

#[derive(Clone, Default)]
struct Capture(Arc<Mutex<Vec<u8>>>);

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(format: Format, events: &[RunEvent]) -> String {
    let capture = Capture::default();
    let mut sink = open(format, Box::new(capture.clone()), &settings());
    for event in events {
        if let RunEventKind::RunFinished(summary) = &event.kind {
            sink.complete(summary).expect("a writer that takes all");
        }
        sink.event(event).expect("a writer that takes all");
    }
    drop(sink);
    String::from_utf8(capture.0.lock().expect("not poisoned").clone()).expect("UTF-8")
}

/// What a sink writes of objects that one host sent.
pub(crate) fn written_of(format: Format, objects: Vec<Document>) -> String {
    let target = Arc::new(local(std::path::Path::new("pwsh"), "host"));
    let header = Arc::new(RunHeader::new(uuid::Uuid::now_v7(), vec![target]));
    let records = objects.into_iter().map(|value| record(&header, "host", Stream::Output, value));
    let (counts, duration) = (Counts::default(), Duration::ZERO);
    let summary = Summary {
        run: header.run,
        counts,
        target_count: 1,
        duration,
        exit: ExitFacts::default(),
        shells_left: Vec::new(),
    };
    let summary = RunEventKind::RunFinished(Arc::new(summary));
    let kinds: Vec<_> = records.chain([summary]).collect();
    let kinds = [RunEventKind::RunStarted(Arc::clone(&header))].into_iter().chain(kinds);
    let events: Vec<_> = (1..).zip(kinds).map(|(seq, kind)| RunEvent { seq, at: Timestamp::now(), kind }).collect();
    written(format, &events)
}

#[tokio::test]
async fn objects_of_powershell_in_every_format() {
    let Some(pwsh) = pwsh() else { return };
    let events = events(vec![local(&pwsh, "web01"), local(&pwsh, "web02")], SCRIPT).await;

    let table = csv::Reader::from_reader(written(Format::Csv, &events).as_bytes())
        .records()
        .map(|row| row.expect("rows of equal width").iter().map(str::to_owned).collect::<Vec<_>>())
        .collect::<Vec<_>>();
    assert_eq!(table.len(), 10);
    let of_one: Vec<_> = table.iter().filter(|row| row[0] == "web01").map(|row| row[1..].join("|")).collect();
    assert_eq!(
        of_one,
        [
            "'=1+1|3221225472|2026-11-22T19:51:31|P1DT2H3M4S|Friday||||",
            "two\r\nlines, \"quoted\"|-5|||||[\"a\",\"b\"]|{\"k\":1}|",
            "||||||||text",
            "||||||||[1,2]",
            "||||||||42",
        ]
    );

    let lines = written(Format::Jsonl, &events);
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let data = |kind: &str| -> Vec<&serde_json::Value> {
        lines.iter().filter(|line| line["type"] == kind && line["host"] == "web02").map(|line| &line["data"]).collect()
    };
    assert_eq!(data("warning"), [&serde_json::json!({"message": "low disk"})]);
    assert_eq!(data("verbose"), [&serde_json::json!({"message": "said"})]);
    assert_eq!(data("debug"), [&serde_json::json!({"message": "looked"})]);
    let messages: Vec<_> = data("information").iter().map(|data| data["message"].clone()).collect();
    assert_eq!(messages, ["half ", "a line", "noted"]);
    assert_eq!(data("information")[0]["no_newline"], true);
    assert_eq!(data("information")[2]["tags"], serde_json::json!(["a", "b"]));
    assert!(data("progress").iter().any(|data| data["percent_complete"] == 50 && data["activity"] == "Copying"));
    let errors = data("error");
    assert_eq!(errors.len(), 2);
    assert_eq!(errors[0]["category"], "ObjectNotFound");
    assert_eq!(errors[0]["target"], "/no/such/folder");
    assert!(errors[0]["message"].as_str().expect("text").contains("/no/such/folder"));
    assert!(errors[0]["position"].as_str().expect("text").contains("Get-Item /no/such/folder"));
    assert_eq!((&errors[1]["message"], &errors[1]["recommended_action"]), (&"own".into(), &"try again".into()));
    assert_eq!(data("object").len(), 5);
    assert_eq!(data("host_done")[0]["outcome"], "ok_with_errors");

    let list = written(Format::List, &events);
    assert!(list.contains("Took           : 1.02:03:04\n") && list.contains("web02: text\n"), "{list}");
}

/// Expressions that both PowerShell's script blocks and `--where` read, over every type of property.
const EXPRESSIONS: &[&str] = &[
    "$_.Name -eq 'W32TIME'",
    "$_.Name -like 'w*m?'",
    "$_.Name -gt 'abc'",
    "$_.Size -gt 2GB",
    "$_.Size -lt '3000'",
    "$_.Size -eq 3GB",
    "$_.Real -le 0.5",
    "$_.Real -eq '0.5'",
    "$_.None -eq $null",
    "$_.Missing -eq $null",
    "$_.Name -ne $null",
    "$_.On",
    "-not $_.On",
    "$_.Off -eq $false",
    "$_.Day -eq 'friday'",
    "$_.Day -eq 5",
    "$_.Day -ne 'Monday'",
    "$_.When -gt '2026-11-22 19:00'",
    "$_.When -lt '2026-11-22'",
    "$_.Took -ge '00:01:30'",
    "$_.Took -lt '1.00:00:00'",
    "$_.Version -gt '9.9'",
    "$_.Version -eq '10.0.1'",
    "$_.Tags -contains 'A'",
    "$_.Tags -notcontains 'c'",
    "$_.Name -in 'x', 'w32time'",
    "$_.Name -notin 'x', 'y'",
    "$_.Empty",
    "$_.Zero",
    "($_.Zero -or $_.On) -and -not ($_.Off)",
    "$_.Nested.Deep -eq 'x y'",
    "$_.Char -eq 'c'",
    "$_.Decimal -eq 1.1",
    "$_.Big -gt 5",
    "$_.Big -lt '100'",
    "$_.Big -gt 1180591620717411303424",
    "$_.ZeroBig",
    "$_.Switch",
    "$_.Switch -eq $false",
    "$_.Address -eq '10.0.0.1'",
    "$_.Address -like '10.*'",
    "$_.Address -in 'a', '10.0.0.1'",
    "$_.Offset -gt '2024-01-01'",
    "$_.Offset -lt '2024-01-02T01:04:06Z'",
    "$_.Offset.Year -eq 2024",
    "$_.Date -lt '2024-02-01'",
    "$_.Time -gt '03:00'",
    "$_.Semantic -gt '1.9.0'",
    "$_.Semantic -lt '1.10.0'",
    "$_.Pattern -like '*web*'",
    "$_.Half -ge 1.5",
];

#[tokio::test]
async fn where_agrees_with_powershell() {
    let Some(pwsh) = pwsh() else { return };
    let object = r#"$o = [pscustomobject]@{ Name = 'W32Time'; Size = 3GB; Real = 0.5; None = $null; On = $true; Off = $false;
        Day = [DayOfWeek]'Friday'; When = [datetime]'2026-11-22T19:51:31'; Took = [timespan]'0:1:30'; Version = [version]'10.0.1';
        Tags = 'a', 'b'; Empty = ''; Zero = 0; Nested = [pscustomobject]@{ Deep = 'x y' }; Char = [char]'c'; Decimal = 1.10d;
        Big = [bigint]20; ZeroBig = [bigint]0; Switch = [switch]$false; Address = [ipaddress]'10.0.0.1'; Date = [dateonly]'2024-01-02';
        Offset = [datetimeoffset]'2024-01-02T03:04:05+02:00'; Time = [timeonly]'03:04:05'; Semantic = [semver]'1.10.0-rc.1';
        Pattern = [regex]'^web'; Half = [half]1.5 }
        $o
        "#;
    let verdicts =
        EXPRESSIONS.iter().map(|text| format!("[bool]($o | Where-Object {{ {text} }})\n")).collect::<String>();
    let ran = run::run(run::spec(vec![local(&pwsh, "h")], &format!("{object}{verdicts}"))).await;
    let mut output = ran.records.iter().filter(|(_, stream, _)| *stream == Stream::Output).map(|(_, _, value)| value);
    let object = output.next().expect("the object comes first");
    let verdicts: Vec<_> = output.map(|value| value.root.as_bool().expect("a verdict")).collect();
    assert_eq!(verdicts.len(), EXPRESSIONS.len());
    let differ: Vec<_> = EXPRESSIONS
        .iter()
        .zip(verdicts)
        .filter(|(text, verdict)| text.parse::<Where>().expect("parses").holds(object, "h") != *verdict)
        .collect();
    assert!(differ.is_empty(), "PowerShell says otherwise: {differ:?}");
}
