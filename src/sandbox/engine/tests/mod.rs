//! The engine from outside: invocations in, records out.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::machine::Machine;
use super::{Argument, Command, EndState, Ended, Invocation, Runspace, Runtime};
use crate::clixml::Value;
use crate::stream::Stream;

mod accounts;
mod attributes;
mod checks;
mod cim;
mod cmdlets;
mod discovery;
mod events;
mod facts;
mod features;
mod hostile;
mod items;
mod native;
mod network;
mod power;
mod processes;
mod protection;
mod registry;
mod services;
mod tasks;
mod web;

/// Keeps records and sleeps; says stop after this many polls.
#[derive(Default)]
struct Recorder {
    records: Vec<(Stream, Value)>,
    /// Lines to the client's host.
    lines: Vec<String>,
    /// Whether the host went down, and comes back.
    went_down: Option<bool>,
    slept: Duration,
    stop_after_polls: Option<u32>,
    stops_sleep: bool,
    /// Bytes of stack of its thread, if it has more than others.
    stack: Option<usize>,
    input: VecDeque<Value>,
}

impl Runtime for Recorder {
    fn emit(&mut self, stream: Stream, value: Value) -> ControlFlow<()> {
        self.records.push((stream, value));
        ControlFlow::Continue(())
    }

    fn write_line(&mut self, text: &str) -> ControlFlow<()> {
        self.lines.push(text.to_owned());
        ControlFlow::Continue(())
    }

    fn next_input(&mut self) -> ControlFlow<(), Option<Value>> {
        let next = self.input.pop_front();
        if next.is_some() {
            self.records.push((Stream::Debug, Value::str("read")));
        }
        ControlFlow::Continue(next)
    }

    fn sleep(&mut self, time: Duration) -> ControlFlow<()> {
        self.slept += time;
        if self.stops_sleep { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn poll_stop(&mut self) -> ControlFlow<()> {
        match &mut self.stop_after_polls {
            Some(0) => ControlFlow::Break(()),
            Some(left) => {
                *left -= 1;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Continue(()),
        }
    }

    fn shut_down(&mut self, comes_back: bool) {
        self.went_down = Some(comes_back);
    }

    fn now(&self) -> Timestamp {
        now()
    }

    fn stack(&self) -> usize {
        self.stack.unwrap_or(2 << 20)
    }
}

impl Recorder {
    fn of(&self, wanted: Stream) -> Vec<&Value> {
        self.records.iter().filter(|(stream, _)| *stream == wanted).map(|(_, value)| value).collect()
    }

    fn texts(&self) -> Vec<String> {
        self.of(Stream::Output)
            .into_iter()
            .map(|value| value.as_text().map_or_else(String::new, ToString::to_string))
            .collect()
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("a valid time")
}

fn runspace() -> Runspace {
    Runspace::new(Arc::new(Machine::draw(1, 0, now())))
}

/// An evaluator of the first host, for what is not asked by scripts.
pub(super) fn with_evaluator<R>(work: impl FnOnce(&mut super::eval::Evaluator<'_>) -> R) -> R {
    let (mut state, mut recorder) = (super::eval::State::default(), Recorder::default());
    let machine = Arc::new(Machine::draw(1, 0, now()));
    work(&mut super::eval::Evaluator::new(machine, &mut state, &mut recorder, HashMap::new()))
}

fn run(script: &str) -> (Recorder, Ended) {
    run_on(0, script)
}

/// Runs a script on the host at a place of the fleet.
fn run_on(index: u32, script: &str) -> (Recorder, Ended) {
    let mut recorder = Recorder::default();
    let mut runspace = Runspace::new(Arc::new(Machine::draw(1, index, now())));
    let ended = runspace.invoke(&Invocation::script(script, []), &mut recorder);
    (recorder, ended)
}

fn texts(script: &str) -> Vec<String> {
    run(script).0.texts()
}

/// The texts of all that a script gives, whatever its types.
fn shown(script: &str) -> Vec<String> {
    shown_on(0, script)
}

fn shown_on(index: u32, script: &str) -> Vec<String> {
    run_on(index, &format!("& {{ {script} }} | ForEach-Object {{ \"$_\" }}")).0.texts()
}

/// Ids and messages of the errors that a script writes.
fn errors(script: &str) -> Vec<(String, String)> {
    let text = |value: Option<&Value>| value.and_then(Value::as_text).map_or_else(String::new, ToString::to_string);
    let (recorder, _) = run(script);
    let records = recorder.of(Stream::Error).into_iter();
    records
        .map(|record| {
            let message = record.member("Exception").and_then(|exception| exception.member("Message"));
            (text(record.member("FullyQualifiedErrorId")), text(message))
        })
        .collect()
}

/// The ids of the errors that a script writes.
fn error_ids(script: &str) -> Vec<String> {
    errors(script).into_iter().map(|(id, _)| id).collect()
}

fn failure_id(ended: &Ended) -> String {
    match &ended.state {
        EndState::Failed(record) | EndState::Stopped(record) => record
            .member("FullyQualifiedErrorId")
            .and_then(Value::as_text)
            .map_or_else(String::new, ToString::to_string),
        EndState::Completed => String::new(),
    }
}

#[test]
fn the_first_command_of_the_readme() {
    let (recorder, ended) = run("Get-Service | Where-Object Status -eq Stopped");
    assert_eq!(ended, Ended { state: EndState::Completed, exit_code: None });
    let services = recorder.of(Stream::Output);
    assert!(services.len() > 5, "{}", services.len());
    for service in services {
        let object = service.as_object().expect("an object");
        assert_eq!(object.type_names.first(), Some("System.ServiceProcess.ServiceController"));
        // An enum of an adapted property is a string at remoting's depth.
        assert_eq!(service.member("Status"), Some(&Value::str("Stopped")));
        assert_eq!(service.member("Name"), service.member("ServiceName"));
    }
}

#[test]
fn selected_enums_keep_their_number() {
    let (recorder, _) = run("Get-Service WinRM | Select-Object Name, Status");
    let selected = recorder.of(Stream::Output)[0];
    let status = selected.member("Status").and_then(Value::as_object).expect("an enum");
    assert!(status.is_enum());
    assert_eq!(selected.member("Status").and_then(Value::as_i64), Some(4));
    assert_eq!(
        selected.as_object().and_then(|object| object.type_names.first()),
        Some("Selected.System.ServiceProcess.ServiceController")
    );
}

#[test]
fn hosts_answer_with_their_own_facts() {
    assert_eq!(texts("$env:COMPUTERNAME; hostname; [Environment]::MachineName"), ["WEB001"; 3]);
    let script = "(Get-CimInstance Win32_LogicalDisk -Filter 'DriveType = 3').DeviceID -join ','";
    assert_eq!(texts(script), ["C:"]);
    let script = "$os = Get-CimInstance -ClassName Win32_OperatingSystem; \"$($os.FreePhysicalMemory -lt $os.TotalVisibleMemorySize)\"; \
                  \"$(((Get-Date) - $os.LastBootUpTime).TotalDays -gt 0)\"; $os.GetType().Name";
    assert_eq!(texts(script)[..2], ["True", "True"]);
    assert_eq!(texts("\"$((Get-HotFix).Count -gt 2)\"; \"$(@(Get-Process svchost).Count -gt 3)\""), ["True", "True"]);
    assert_eq!(
        texts(
            "(Get-CimInstance Win32_Service -Filter \"Name LIKE 'Win%' AND State='Running'\" | Where-Object Name -eq WinRM).StartMode"
        ),
        ["Auto"]
    );
}

#[test]
fn unknown_names_of_things_are_error_records() {
    for (script, id) in [
        ("Get-Service nosuch", "NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand"),
        ("Get-Process -Id 1", "NoProcessFoundForGivenId,Microsoft.PowerShell.Commands.GetProcessCommand"),
        (
            "Get-CimInstance Win32_Nothing",
            "HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand",
        ),
        ("Get-Nothing C:\\", "CommandNotFoundException"),
    ] {
        let (recorder, ended) = run(script);
        assert_eq!(ended.state, EndState::Completed, "{script}");
        let errors = recorder.of(Stream::Error);
        assert_eq!(errors[0].member("FullyQualifiedErrorId"), Some(&Value::str(id)), "{script}");
    }
}

#[test]
fn errors_have_the_layout_of_the_wire() {
    let (_, ended) = run("'x'\n  throw 'bad'");
    let EndState::Failed(record) = ended.state else { panic!("{ended:?}") };
    assert_eq!(record.member("ErrorCategory_Category"), Some(&Value::I32(14)));
    assert_eq!(
        record.member("ErrorCategory_Message"),
        Some(&Value::str("OperationStopped: (bad:String) [], RuntimeException"))
    );
    let exception = record.member("Exception").expect("an exception");
    assert_eq!(exception.member("Message"), Some(&Value::str("bad")));
    assert_eq!(exception.member("WasThrownFromThrowStatement"), Some(&Value::Bool(true)));
    let position = record.member("InvocationInfo").and_then(|info| info.member("PositionMessage"));
    assert_eq!(position, Some(&Value::str("At line:2 char:3\n+   throw 'bad'\n+   ~~~~~~~~~~~")));
}

#[test]
fn parse_errors_say_where() {
    let (_, ended) = run("$x = (1 2");
    assert_eq!(failure_id(&ended), "UnexpectedToken");
    let EndState::Failed(record) = ended.state else { panic!("no failure") };
    let text =
        record.as_object().and_then(|object| object.to_string.as_ref()).map(ToString::to_string).unwrap_or_default();
    assert!(text.starts_with("At line:1 char:"), "{text}");
}

#[test]
fn arguments_bind_by_place_and_name() {
    let mut invocation = Invocation::script("param($a, [int]$b) \"$a $b $args\"", [Value::str("x")]);
    let named = Argument { name: Some("-B".into()), value: Value::str("7") };
    invocation.commands[0].arguments.push(named);
    invocation.commands[0].arguments.push(Argument { name: None, value: Value::I32(9) });
    let mut recorder = Recorder::default();
    runspace().invoke(&invocation, &mut recorder);
    assert_eq!(recorder.texts(), ["x 7 9"]);
}

#[test]
fn using_values_and_input() {
    let key = |text: &str| {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        base64_simd::STANDARD.encode_to_string(bytes)
    };
    let mut invocation = Invocation::script("\"$using:X $($using:o.Deep)\"; $input | ForEach-Object { $_ * 2 }", []);
    invocation.using = vec![(key("$using:x"), Value::str("u")), (key("$using:o.Deep"), Value::str("d"))];
    invocation.input = true;
    let mut recorder = Recorder { input: [Value::I32(1), Value::I32(2)].into(), ..Recorder::default() };
    runspace().invoke(&invocation, &mut recorder);
    assert_eq!(recorder.of(Stream::Output), [&Value::str("u d"), &Value::I32(2), &Value::I32(4)]);
    assert_eq!(failure_id(&run("$using:missing").1), "UsingVariableIsUndefined");
}

#[test]
fn input_is_read_when_it_is_asked_for() {
    let given = |script: &str, input: &[i32]| {
        let invocation = Invocation { input: true, ..Invocation::script(script, []) };
        let input = input.iter().copied().map(Value::I32).collect();
        let mut recorder = Recorder { input, ..Recorder::default() };
        let mut runspace = runspace();
        runspace.invoke(&invocation, &mut recorder);
        let mut later = Recorder::default();
        runspace.invoke(&Invocation::script("\"[$input]\"", []), &mut later);
        assert_eq!(later.texts(), ["[]"], "{script}");
        let text = |(_, value): &(Stream, Value)| value.as_text().map_or_else(|| "?".into(), ToString::to_string);
        recorder.records.iter().map(text).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(given("process { \"<$_>\" } end { 'end' }", &[1, 2]), "read <1> read <2> end");
    assert_eq!(given("process { 'once' } end { 'end' }", &[]), "end");
    assert_eq!(given("'first'; $input | ForEach-Object { \"<$_>\" }", &[1, 2]), "first read read <1> <2>");
    assert_eq!(given("'no one asks'", &[1, 2]), "no one asks");
    assert_eq!(given("function f { \"f$input\" } 5 | f; \"g$input\"", &[1]), "f5 read g1");
    assert_eq!(given("@() | & { process { 'never' } end { 'end' } }; & { process { 'once' } }", &[]), "end once");
}

#[test]
fn commands_by_name_are_piped() {
    let command = |text: &str, arguments| Command { text: text.into(), is_script: false, arguments };
    let select = vec![Argument { name: Some("First".into()), value: Value::I32(1) }];
    let invocation = Invocation {
        commands: vec![command("Get-Service", Vec::new()), command("Select-Object", select)],
        ..Invocation::default()
    };
    let mut recorder = Recorder::default();
    assert_eq!(runspace().invoke(&invocation, &mut recorder).state, EndState::Completed);
    assert_eq!(recorder.records.len(), 1);
}

#[test]
fn variables_outlive_a_pipeline_and_scopes_do_not() {
    let mut runspace = runspace();
    let mut recorder = Recorder::default();
    let mut invoke = |script: &str| runspace.invoke(&Invocation::script(script, []), &mut recorder);
    invoke("$x = 5; function f { 'f' }; function g { $inner = 1; throw 'out' }");
    invoke("g");
    invoke("\"$x $(f) [$inner]\"");
    assert_eq!(recorder.texts(), ["5 f []"]);
}

#[test]
fn exit_codes() {
    assert_eq!(run("exit 3; 'never'").1, Ended { state: EndState::Completed, exit_code: Some(3) });
    assert_eq!(run("function f { exit 4 }; f").1.exit_code, Some(4));
    assert_eq!(run("'no exit'").1.exit_code, None);
}

#[test]
fn streams_and_preferences() {
    let (recorder, _) = run(
        "Write-Warning w; Write-Verbose v; $VerbosePreference = 'Continue'; Write-Verbose v2; Write-Debug d -Debug; \
         Write-Information i -Tags a, b; Write-Host h -ForegroundColor Red; Write-Progress act -Status s -PercentComplete 50",
    );
    let message = |stream| recorder.of(stream)[0].member("InformationalRecord_Message").cloned();
    assert_eq!(message(Stream::Warning), Some(Value::str("w")));
    assert_eq!(message(Stream::Verbose), Some(Value::str("v2")));
    assert_eq!(message(Stream::Debug), Some(Value::str("d")));
    let information = recorder.of(Stream::Information);
    assert_eq!(information[0].member("MessageData"), Some(&Value::str("i")));
    assert_eq!(information[0].member("Tags").and_then(Value::as_list).map(<[Value]>::len), Some(2));
    let host = information[1].member("MessageData").expect("a message");
    assert_eq!(host.member("ForegroundColor"), Some(&Value::str("Red")));
    let progress = recorder.of(Stream::Progress)[0];
    assert_eq!(progress.member("PercentComplete"), Some(&Value::I32(50)));
}

#[test]
fn stops_when_told() {
    let mut recorder = Recorder { stop_after_polls: Some(10), ..Recorder::default() };
    let ended = runspace().invoke(&Invocation::script("while ($true) { }", []), &mut recorder);
    assert_eq!(failure_id(&ended), "PipelineStopped");
    let mut recorder = Recorder { stops_sleep: true, ..Recorder::default() };
    let ended =
        runspace().invoke(&Invocation::script("try { Start-Sleep 600 } catch { 'no' }; 'never'", []), &mut recorder);
    assert!(matches!(ended.state, EndState::Stopped(_)));
    assert_eq!((recorder.slept, recorder.records.len()), (Duration::from_secs(600), 0));
}

#[test]
fn recursion_and_growth_end_in_errors() {
    assert_eq!(failure_id(&run("function f { f }; f").1), "CallDepthOverflow");
    let (recorder, ended) = run("function f { 1 + (f) }; $x = f; 'never'");
    assert_eq!((failure_id(&ended).as_str(), recorder.records.len()), ("CallDepthOverflow", 0));
    assert_eq!(failure_id(&run("$s = 'x'; while ($true) { $s += $s }").1), "SandboxLimit");
    assert_eq!(failure_id(&run("try { $a = 1..3000000; $a * 2 } catch { 'not caught' }").1), "SandboxLimit");
    // Deep nesting must neither overflow the stack when it is written nor when it is dropped.
    let (recorder, ended) = run("$a = 1; foreach ($i in 1..50000) { $a = @(, $a) }; , $a");
    assert_eq!((ended.state, recorder.records.len()), (EndState::Completed, 1));
    let (recorder, _) = run(
        "$h = @{}; $h.self = $h; $h; \"$h\"; $o = [pscustomobject]@{ me = 1 }; $o.me = $o; \"$($o.me.me -ne $null)\"",
    );
    assert_eq!(recorder.records.len(), 3);
}

#[test]
fn a_great_stack_bears_deep_recursion() {
    const STACK: usize = 128 << 20;
    let deep = || {
        let mut recorder = Recorder { stack: Some(STACK), ..Recorder::default() };
        let script = "function g($n) { if ($n -eq 0) { 0 } else { 1 + (g ($n - 1)) } }; g 1500; function f { f }; f";
        let ended = runspace().invoke(&Invocation::script(script, []), &mut recorder);
        (recorder.texts().len(), recorder.of(Stream::Output)[0].clone(), failure_id(&ended))
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(deep).expect("a thread");
    assert_eq!(thread.join().expect("no panic"), (1, Value::I32(1500), "CallDepthOverflow".to_owned()));
}

#[test]
fn output_flows_while_the_script_runs() {
    // Had the engine collected first, the error would come before everything.
    let (recorder, _) = run("1..3 | ForEach-Object { $_; if ($_ -eq 2) { Write-Error 'two' } }");
    let streams: Vec<_> = recorder.records.iter().map(|(stream, _)| *stream).collect();
    assert_eq!(streams, [Stream::Output, Stream::Output, Stream::Error, Stream::Output]);
}

#[test]
fn a_text_that_goes_on_is_told_from_a_wrong_one() {
    let is_incomplete = |text: &str| {
        let EndState::Failed(error) = run(text).1.state else { panic!("{text} is a script") };
        let exception = error.member("Exception").and_then(Value::as_object).expect("an exception");
        assert!(exception.type_names.contains("System.Management.Automation.ParseException"), "{text}");
        exception.type_names.contains("System.Management.Automation.IncompleteParseException")
    };
    for text in [
        "1..3 | % {",
        "1..3 |",
        "if ($true) { 'a'",
        "foreach ($x in 1..3",
        "'text",
        "$(1",
        "@{ a = 1",
        "1 +",
        "if ($true)",
        "Get-Date `",
        "$x = 1 `",
        "`",
    ] {
        assert!(is_incomplete(text), "{text}");
    }
    for text in ["1..3 | % { } }", "if { }", "1 + )", "foreach ($x of 1) { }"] {
        assert!(!is_incomplete(text), "{text}");
    }
}
